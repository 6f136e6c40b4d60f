/* Markdown formulas: see the header. */
#include <config.h>

#include "ui/text/markdown-formulas.h"

#include <string.h>

#include "ui/text/formula.h"
#include "ui/text/text.h"

enum { INDENT = 2 }; /* of a formula on lines of its own */

/* A formula in a stretch: bytes [from, to), with its delimiters. */
struct found {
    const struct guard_formula *formula;
    size_t from, to;
    size_t begin; /* of the text it stands in */
};

/* Finds the next formula at or after byte `at` of the stretch; out->begin stays. */
static bool find_next(const struct guard_formulas *formulas, size_t *next, const struct stretch *s, size_t at,
                      struct found *out)
{
    for (size_t i = at; i < s->n && *next < formulas->n; i++) {
        if (s->source[i] == RENDER_NO_SOURCE)
            continue;
        while (*next < formulas->n && formulas->at[*next].from < s->source[i])
            ++*next;
        if (*next == formulas->n || formulas->at[*next].from > s->source[i])
            continue;
        *out = (struct found){&formulas->at[(*next)++], i, i, out->begin};
        for (size_t j = i; j < s->n && (s->source[j] == RENDER_NO_SOURCE || s->source[j] < out->formula->to); j++)
            if (s->source[j] != RENDER_NO_SOURCE)
                out->to = j + 1;
        return true;
    }
    return false;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}

/* Whether what was found is a formula, and all of it. */
static bool is_whole(const struct stretch *s, const struct found *f)
{
    size_t delimiter = f->formula->delimiter;
    if (f->to - f->from <= 2 * delimiter || s->source[f->to - 1] != f->formula->to - 1)
        return false;
    for (size_t i = f->from; i < f->to; i++)
        if (s->style[i] == STYLE_CONTROL)
            return false;
    if (!f->formula->dollar)
        return true;
    bool inside_word = (f->from > f->begin && is_word(s->text[f->from - 1])) ||
                       (f->to < s->n && is_word(s->text[f->to]));
    return !inside_word && formula_is_plausible(s->text + f->from + 1, f->to - f->from - 2);
}

static bool write_formula(const struct stretch *s, const struct found *f, enum formula_shape shape, struct stretch *out)
{
    size_t delimiter = f->formula->delimiter, from = f->from + delimiter;
    struct formula_place place = {.shape = shape,
                                  .strict = f->formula->dollar,
                                  .style = s->style[f->from],
                                  .whole = f->formula->from};
    return is_whole(s, f) &&
           formula_write(s->text + from, f->to - f->from - 2 * delimiter, s->source + from, &place, out);
}

/* Appends a formula in one line, as it is written when there is no other way. */
static void add_in_line(struct page *l, const struct stretch *s, const struct found *f, struct stretch *out)
{
    if (write_formula(s, f, FORMULA_LINE, out))
        page_add_formula(l, f->formula->from, f->formula->to);
    else
        stretch_copy(out, s, f->from, f->to);
}

/* The columns of the widest line. */
static int widest_line(const struct stretch *s)
{
    int widest = 0;
    for (size_t at = 0, end; at < s->n; at = end + 1) {
        const char *newline = memchr(s->text + at, '\n', s->n - at);
        end = newline != NULL ? (size_t)(newline - s->text) : s->n;
        int columns = text_columns(s->text + at, end - at, 0);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

/* Writes the lines of a formula. Each begins with a blank that belongs to it, so that a selection knows them. */
static void write_lines(struct page *l, const struct stretch *s, int indent, const struct found *f, uint16_t style)
{
    struct stretch margin = {0};
    stretch_add_whole(&margin, "  ", (size_t)indent, f->formula->from, style | STYLE_FORMULA);
    for (size_t at = 0, end; at < s->n; at = end + 1) {
        const char *newline = memchr(s->text + at, '\n', s->n - at);
        end = newline != NULL ? (size_t)(newline - s->text) : s->n;
        page_begin_line(l);
        page_put_stretch(l, &margin, 0, margin.n);
        page_put_stretch(l, s, at, end);
        page_end_line(l);
    }
    l->failed = l->failed || margin.failed;
    stretch_free(&margin);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Writes the text before a formula that has lines of its own, without the blanks at its end. */
static void write_before(struct page *l, struct stretch *line)
{
    while (line->n > 0 && is_space(line->text[line->n - 1]))
        line->n--;
    page_wrap(l, line, 0, line->n);
    line->n = 0;
}

/* Writes a formula on lines of its own, after the text of the line before it. False, and nothing is written: it is not
 * to be understood. */
static bool write_display(struct page *l, const struct stretch *s, const struct found *f, struct stretch *line)
{
    struct stretch block = {0};
    bool shown = write_formula(s, f, FORMULA_BLOCK, &block);
    int room = shown ? page_width(l) - widest_line(&block) : 0;
    if (room < 1) {
        block.n = 0;
        shown = write_formula(s, f, FORMULA_LINE, &block);
    }
    if (shown) {
        write_before(l, line);
        page_add_formula(l, f->formula->from, f->formula->to);
    }
    if (shown && room >= 1)
        write_lines(l, &block, room >= INDENT ? INDENT : 1, f, s->style[f->from]);
    else if (shown)
        page_wrap(l, &block, 0, block.n);
    l->failed = l->failed || block.failed;
    stretch_free(&block);
    return shown;
}

void formulas_wrap(struct page *l, const struct guard_formulas *formulas, size_t *next, const struct stretch *s)
{
    struct stretch line = {0};
    struct found f = {.begin = 0};
    size_t at = 0;
    if (s->failed || l->options->ascii || !find_next(formulas, next, s, 0, &f)) {
        page_wrap(l, s, 0, s->n);
        return;
    }
    do {
        stretch_copy(&line, s, at, f.from);
        at = f.to;
        if (!f.formula->display || !write_display(l, s, &f, &line))
            add_in_line(l, s, &f, &line);
        else
            while (at < s->n && is_space(s->text[at]))
                at++;
    } while (find_next(formulas, next, s, at, &f));
    stretch_copy(&line, s, at, s->n);
    page_wrap(l, &line, 0, line.n);
    l->failed = l->failed || line.failed;
    stretch_free(&line);
}

bool formulas_in_line(struct page *l, const struct guard_formulas *formulas, size_t *next, struct stretch *s,
                      size_t from)
{
    struct stretch line = {0};
    struct found f = {.begin = from};
    size_t at = from;
    if (s->failed || l->options->ascii || !find_next(formulas, next, s, from, &f))
        return !s->failed;
    do {
        stretch_copy(&line, s, at, f.from);
        add_in_line(l, s, &f, &line);
        at = f.to;
    } while (find_next(formulas, next, s, at, &f));
    stretch_copy(&line, s, at, s->n);
    s->n = from;
    stretch_copy(s, &line, 0, line.n);
    bool ok = !line.failed && !s->failed;
    stretch_free(&line);
    return ok;
}
