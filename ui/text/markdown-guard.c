/* Markdown guard: one pass over the text, which leaves code alone. */
#include <config.h>

#include "ui/text/markdown-guard.h"

#include <stdlib.h>
#include <string.h>

#include "ui/text/fence.h"
#include "ui/text/render.h"

/* How formulas begin and end. */
static const struct {
    char open[3], close[3];
} delimiters[] = {{"\\(", "\\)"}, {"\\[", "\\]"}, {"$$", "$$"}, {"$", "$"}};
enum { FORMULAS = sizeof delimiters / sizeof *delimiters, BRACKETS = 0, DOLLAR = FORMULAS - 1 };

struct guard {
    const struct buf *text;
    const uint32_t *origin;
    struct buf out;
    uint32_t *to; /* the origins of out */
    struct guard_formulas *formulas;
    bool failed; /* out of memory for formulas */
    struct fence fence;
    size_t paragraph;        /* the end of the current one, once it was looked for */
    size_t no_end[FORMULAS]; /* no formula of a kind ends before here: its end was looked for */
    size_t no_tick[8];       /* the same for code in lines, by the number of backticks */
};

static void copy_text(struct guard *g, size_t at, size_t end)
{
    if (end == at)
        return;
    memcpy(g->to + g->out.size, g->origin + at, (end - at) * sizeof *g->to);
    buf_append(&g->out, g->text->data + at, end - at);
}

static void put_backslash(struct guard *g)
{
    g->to[g->out.size] = RENDER_NO_SOURCE;
    buf_putc(&g->out, '\\');
}

static size_t line_end(const struct guard *g, size_t at)
{
    const char *newline = memchr(g->text->data + at, '\n', g->text->size - at);
    return newline != NULL ? (size_t)(newline - g->text->data) + 1 : g->text->size;
}

/* The end of the paragraph around text[at]. */
static size_t paragraph_end(struct guard *g, size_t at)
{
    const char *data = g->text->data;
    if (at < g->paragraph)
        return g->paragraph;
    for (at = line_end(g, at); at < g->text->size; at = line_end(g, at)) {
        const char *line = data + at + strspn(data + at, " \t>");
        if (*line == '\n' || strncmp(line, "```", 3) == 0)
            break;
    }
    g->paragraph = at;
    return at;
}

/* The bracket that begins a definition in the line text[at..end); end: there is none. */
static size_t find_definition(const struct guard *g, size_t at, size_t end)
{
    const char *data = g->text->data;
    at += strspn(data + at, " \t>*+-0123456789.)");
    if (at >= end || data[at] != '[')
        return end;
    const char *close = memchr(data + at, ']', end - at);
    while (close != NULL && close[-1] == '\\')
        close = memchr(close + 1, ']', end - (size_t)(close + 1 - data));
    return close != NULL && close[1] == ':' ? at : end;
}

/* Where the code that begins with the backticks at text[at] ends; the end of the backticks when it never does. */
static size_t code_end(struct guard *g, size_t at)
{
    const char *data = g->text->data;
    size_t n = strspn(data + at, "`"), from = at + n, end = paragraph_end(g, at);
    size_t *none = n < sizeof g->no_tick / sizeof *g->no_tick ? &g->no_tick[n] : NULL;
    if (none != NULL && at < *none)
        return from;
    for (size_t i = from, run; i < end; i += run) {
        i += strcspn(data + i, "`");
        run = strspn(data + i, "`");
        if (i < end && run == n)
            return i + n;
    }
    if (none != NULL)
        *none = end;
    return from;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\0';
}

/* Whether text[i] is a dollar that can end a formula; in prices it cannot. */
static bool is_dollar_end(const char *data, size_t i)
{
    bool digit_follows = data[i + 1] >= '0' && data[i + 1] <= '9';
    return data[i] == '$' && !is_space(data[i - 1]) && data[i - 1] != '\\' && !digit_follows;
}

/* Notes a formula that has ended. */
static void add_formula(struct guard *g, int kind, size_t at, size_t end)
{
    struct guard_formulas *f = g->formulas;
    if (f->n == f->capacity) {
        size_t capacity = 2 * f->n + 16;
        struct guard_formula *more = realloc(f->at, capacity * sizeof *more);
        g->failed = g->failed || more == NULL;
        if (more == NULL)
            return;
        f->at = more;
        f->capacity = capacity;
    }
    f->at[f->n++] = (struct guard_formula){.from = g->origin[at],
                                           .to = g->origin[end - 1] + 1,
                                           .delimiter = (uint8_t)strlen(delimiters[kind].open),
                                           .display = kind != BRACKETS && kind != DOLLAR,
                                           .dollar = kind == DOLLAR};
}

/* Where a formula of this kind, which would begin at text[at], ends; 0: there is none. */
static size_t formula_end(struct guard *g, int kind, size_t at)
{
    const char *data = g->text->data;
    if (at < g->no_end[kind] || (kind == DOLLAR && is_space(data[at + 1])))
        return 0;
    size_t open = strlen(delimiters[kind].open), limit = paragraph_end(g, at), i = at + open;
    for (; i < limit && (kind != DOLLAR || (data[i] != '`' && data[i] != '\n')); i++) {
        if (kind == DOLLAR ? is_dollar_end(data, i) : strncmp(data + i, delimiters[kind].close, 2) == 0) {
            add_formula(g, kind, at, i + open);
            return i + open;
        }
        i += kind != DOLLAR && data[i] == '\\';
    }
    g->no_end[kind] = i;
    return kind != DOLLAR && limit == g->text->size ? limit : 0; /* it is still being written */
}

/* Where a formula of any kind that begins at text[at] ends; 0: there is none. */
static size_t find_formula(struct guard *g, size_t at)
{
    for (int kind = 0; kind < FORMULAS; kind++)
        if (strncmp(g->text->data + at, delimiters[kind].open, strlen(delimiters[kind].open)) == 0)
            return formula_end(g, kind, at);
    return 0;
}

static void copy_formula(struct guard *g, size_t at, size_t end)
{
    const char *data = g->text->data;
    for (size_t next; at < end; at = next) {
        char c = data[at];
        next = at + 1;
        if (c == '\n')
            next += strspn(data + next, " \t>");
        if (next > end)
            next = end;
        if (c == '\n' || (c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z')))
            put_backslash(g);
        copy_text(g, at, next);
    }
}

/* Copies a line of code whole, or a definition up to its bracket. Returns where to continue. */
static size_t begin_line(struct guard *g, size_t at)
{
    size_t end = line_end(g, at);
    if (fence_line(&g->fence, g->text->data + at, end - at)) {
        copy_text(g, at, end);
        return end;
    }
    size_t bracket = find_definition(g, at, end);
    if (bracket == end)
        return at;
    copy_text(g, at, bracket);
    put_backslash(g);
    copy_text(g, bracket, bracket + 1);
    return bracket + 1;
}

/* Copies the next piece of a line. Returns its end. */
static size_t take_piece(struct guard *g, size_t at)
{
    const char *data = g->text->data;
    size_t end = at + strcspn(data + at, "`\\$\n");
    if (end == at && data[at] == '`') {
        end = code_end(g, at);
    } else if (end == at && data[at] != '\n') {
        end = find_formula(g, at);
        if (end > 0) {
            copy_formula(g, at, end);
            return end;
        }
        end = at + 1 + (data[at] == '\\' && at + 1 < g->text->size && data[at + 1] != '\n');
    } else if (end < g->text->size && data[end] == '\n') {
        end++;
    }
    copy_text(g, at, end);
    return end;
}

static void guard_all(struct guard *g)
{
    for (size_t at = 0; at < g->text->size;) {
        if (at == 0 || g->text->data[at - 1] == '\n') {
            size_t next = begin_line(g, at);
            if (next > at) {
                at = next;
                continue;
            }
        }
        at = take_piece(g, at);
    }
}

bool guard_text(struct buf *text, struct text_origin *origin, struct guard_formulas *formulas)
{
    const char *data = buf_text(text);
    if (strstr(data, "]:") == NULL && strpbrk(data, "\\$") == NULL)
        return true;
    struct guard g = {.text = text, .origin = origin->at, .formulas = formulas};
    size_t capacity = 2 * text->size + 2;
    g.to = malloc(capacity * sizeof *g.to);
    if (g.to == NULL)
        return false;
    buf_init(&g.out, text->max);
    guard_all(&g);
    if (buf_failed(&g.out) || g.failed) {
        free(g.to);
        buf_free(&g.out);
        return false;
    }
    text_origin_free(origin);
    *origin = (struct text_origin){g.to, g.out.size, capacity};
    buf_free(text);
    *text = g.out;
    return true;
}
