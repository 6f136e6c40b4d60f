/* Markdown tables: one pass over the lines, which leaves code alone. */
#include <config.h>

#include "ui/text/markdown-tables.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/text/fence.h"
#include "ui/text/render.h"

enum { DASHES = 3 };

struct tables {
    const struct buf *text;
    const struct text_origin *origin;
    struct buf out;
    uint32_t *to; /* the origins of out */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static uint32_t origin_of(const struct tables *t, size_t at)
{
    return at < t->origin->n ? t->origin->at[at] : RENDER_NO_SOURCE;
}

static void copy_text(struct tables *t, size_t at, size_t end)
{
    for (size_t i = at; i < end; i++)
        t->to[t->out.size + i - at] = origin_of(t, i);
    buf_append(&t->out, t->text->data + at, end - at);
}

static void add_text(struct tables *t, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        t->to[t->out.size + i] = RENDER_NO_SOURCE;
    buf_append(&t->out, text, size);
}

/* Where the line after the one that begins at text[at] begins. */
static size_t next_line(const struct buf *text, size_t at)
{
    const char *newline = at < text->size ? memchr(text->data + at, '\n', text->size - at) : NULL;
    return newline != NULL ? (size_t)(newline - text->data) + 1 : text->size;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* The end of the code that begins with the backticks at line[at]; the end of the backticks when it never ends. */
static size_t code_end(const char *line, size_t size, size_t at)
{
    size_t from = at;
    while (from < size && line[from] == '`')
        from++;
    for (size_t i = from, run; i<size; i += run> 0 ? run : 1) {
        for (run = 0; i + run < size && line[i + run] == '`';)
            run++;
        if (run == from - at)
            return i + run;
    }
    return from;
}

/* Counts the cells of a row. in_code: bars in code divide cells too, as for GitHub; md4c takes them for code. */
static size_t count_cells(const char *line, size_t size, bool in_code)
{
    size_t n = 1, from = 0;
    while (from < size && is_blank(line[from]))
        from++;
    while (size > from && (is_blank(line[size - 1]) || line[size - 1] == '\n'))
        size--;
    from += from < size && line[from] == '|';
    if (size > from && line[size - 1] == '|' && (size - 1 == from || line[size - 2] != '\\'))
        size--;
    for (size_t i = from; i < size;) {
        n += line[i] == '|' && (i == from || line[i - 1] != '\\');
        i = line[i] == '`' && !in_code ? code_end(line, size, i) : i + 1;
    }
    return n;
}

size_t tables_count_cells(const char *line, size_t size)
{
    return count_cells(line, size, false);
}

/* The size of what quotes put before a line, and of its indent. */
static size_t quote_size(const char *line, size_t size)
{
    size_t n = 0;
    while (n < size && (is_blank(line[n]) || line[n] == '>'))
        n++;
    return n;
}

/* The size of the marks of list items at the beginning of a line, with the blanks after them; 0: there are none. */
static size_t item_size(const char *line, size_t size)
{
    size_t n = 0;
    for (;;) {
        size_t mark = n;
        while (mark < size && line[mark] >= '0' && line[mark] <= '9')
            mark++;
        bool item = mark > n ? mark < size && (line[mark] == '.' || line[mark] == ')')
                             : mark < size && strchr("-*+", line[mark]) != NULL;
        if (!item || mark + 1 >= size || !is_blank(line[mark + 1]))
            return n;
        n = mark + 1;
        while (n < size && is_blank(line[n]))
            n++;
    }
}

/* The cells of a line of dashes, the second one of a table; 0: it is none. */
static size_t count_dashes(const char *line, size_t size)
{
    size_t at = 0;
    bool pipe = memchr(line, '|', size) != NULL;
    while (size > 0 && (is_blank(line[size - 1]) || line[size - 1] == '\n'))
        size--;
    at += at < size && line[at] == '|';
    for (bool first = true; first || at < size; first = false) {
        while (at < size && is_blank(line[at]))
            at++;
        at += at < size && line[at] == ':';
        if (at == size || line[at] != '-')
            return 0;
        while (at < size && line[at] == '-')
            at++;
        at += at < size && line[at] == ':';
        while (at < size && is_blank(line[at]))
            at++;
        if (at < size && line[at++] != '|')
            return 0;
    }
    return pipe ? tables_count_cells(line, size) : 0;
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

enum below { NO_DASHES, OTHER_DASHES, ITS_DASHES };

/* What is below the line text[at..end), which may be the head of a table: no line of dashes, one for another number of
 * cells, or its own. */
static enum below look_below(const struct tables *t, size_t at, size_t end)
{
    const char *head = t->text->data + at, *below = t->text->data + end;
    size_t size = end - at, below_size = next_line(t->text, end) - end;
    size_t from = quote_size(head, size), below_from = quote_size(below, below_size);
    size_t cells = count_dashes(below + below_from, below_size - below_from);
    from += item_size(head + from, size - from);
    if (cells == 0 || from + 1 >= size)
        return NO_DASHES;
    bool same = cells == count_cells(head + from, size - from, false) ||
                cells == count_cells(head + from, size - from, true);
    return same ? ITS_DASHES : OTHER_DASHES;
}

/* Ends the paragraph before a head, inside of the same quotes. */
static void add_empty_line(struct tables *t, size_t at, size_t end)
{
    const char *head = t->text->data + at;
    size_t quote = quote_size(head, end - at);
    if (item_size(head + quote, end - at - quote) > 0)
        return; /* the item begins a paragraph of its own */
    add_text(t, head, quote);
    add_text(t, "\n", 1);
}

/* Copies a line of dashes, with at least DASHES in a row. */
static void copy_dashes(struct tables *t, size_t at, size_t end)
{
    const char *data = t->text->data;
    for (size_t next; at < end; at = next) {
        next = at + 1;
        while (data[at] == '-' && next < end && data[next] == '-')
            next++;
        copy_text(t, at, next);
        if (data[at] == '-' && next - at < DASHES)
            add_text(t, "---", DASHES - (next - at));
    }
}

static bool is_empty(const char *line, size_t size)
{
    size_t n = quote_size(line, size);
    return n == size || line[n] == '\n';
}

/* Copies the line of dashes text[at..end) so that it makes a table, or none. */
static void take_dashes(struct tables *t, size_t at, size_t end, enum below kind)
{
    size_t from = at + quote_size(t->text->data + at, end - at);
    if (kind == ITS_DASHES) {
        copy_dashes(t, at, end);
        return;
    }
    copy_text(t, at, from);
    add_text(t, "\\", 1); /* md4c would leave out cells of the head */
    copy_text(t, from, end);
}

static void prepare_all(struct tables *t)
{
    struct fence fence = {0};
    bool in_table = false, after_text = false;
    for (size_t at = 0, end; at < t->text->size; at = end) {
        const char *line = t->text->data + at;
        end = next_line(t->text, at);
        bool code = fence_line(&fence, line, end - at), text = !code && !is_empty(line, end - at);
        enum below below = text && !in_table && end < t->text->size ? look_below(t, at, end) : NO_DASHES;
        if (below == ITS_DASHES && after_text)
            add_empty_line(t, at, end);
        copy_text(t, at, end);
        if (below != NO_DASHES) {
            at = end;
            end = next_line(t->text, at);
            take_dashes(t, at, end, below);
        }
        in_table = below == ITS_DASHES || (in_table && text);
        after_text = text && line[quote_size(line, end - at)] != '#';
    }
}

bool tables_prepare(struct buf *text, struct text_origin *origin)
{
    const char *data = buf_text(text);
    if (strchr(data, '|') == NULL)
        return true;
    struct tables t = {.text = text, .origin = origin};
    size_t capacity = 3 * text->size + 2; /* a dash and its bar may become four bytes, and a head get an empty line */
    t.to = malloc(capacity * sizeof *t.to);
    if (t.to == NULL)
        return false;
    buf_init(&t.out, text->max);
    prepare_all(&t);
    if (buf_failed(&t.out)) {
        free(t.to);
        buf_free(&t.out);
        return false;
    }
    bool cut = origin->n > text->size; /* text was cut: where it continues is known */
    if (cut)
        t.to[t.out.size] = origin->at[text->size];
    text_origin_free(origin);
    *origin = (struct text_origin){t.to, t.out.size + cut, capacity};
    buf_free(text);
    *text = t.out;
    return true;
}
