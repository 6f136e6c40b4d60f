/* Selection: from one character of the view to another. */
#include <config.h>

#include "ui/panes/selection.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/text/render.h"
#include "ui/text/text.h"

enum { TEXT_MOST = 64 << 20, WHOLE_LINE = 1 << 20 }; /* the last is a column past all text */

/* A character of the view: a line of a message's text and a column in it. */
struct point {
    size_t message;
    int line, column;
};

struct selection {
    const struct messages *messages;
    struct message_lines *lines;
    struct view *view;
    int indent;
    bool pressed; /* the button is down */
    bool exists;  /* from and to are its ends, in either order */
    struct point from, to;
};

struct selection *selection_new(const struct messages *messages, struct message_lines *lines, struct view *view,
                                int indent)
{
    struct selection *s = calloc(1, sizeof *s);
    if (s != NULL)
        *s = (struct selection){.messages = messages, .lines = lines, .view = view, .indent = indent};
    return s;
}

void selection_free(struct selection *s)
{
    free(s);
}

static bool point_at(const struct selection *s, int row, int column, struct point *out)
{
    struct view_line at;
    if (!view_at_row(s->view, row, &at))
        return false;
    int line = at.line - message_lines_above(s->lines, at.message);
    *out = (struct point){at.message, line, column > s->indent ? column - s->indent : 0};
    return true;
}

void selection_press(struct selection *s, int row, int column)
{
    s->exists = false;
    s->pressed = true;
    if (!point_at(s, row, column, &s->from))
        s->from.message = SIZE_MAX;
    s->to = s->from;
}

void selection_drag(struct selection *s, int row, int column)
{
    if (s->pressed && s->from.message < messages_count(s->messages) && point_at(s, row, column, &s->to))
        s->exists = true;
}

bool selection_release(struct selection *s)
{
    bool pressed = s->pressed;
    s->pressed = false;
    return pressed;
}

bool selection_exists(const struct selection *s)
{
    return s->exists;
}

void selection_clear(struct selection *s)
{
    s->exists = false;
}

/* ---- what is selected ------------------------------------------------------------------------------------------- */

static bool point_is_before(const struct point *a, const struct point *b)
{
    if (a->message != b->message)
        return a->message < b->message;
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

bool selection_columns(const struct selection *s, size_t message, int line, int *from, int *to)
{
    const struct point *first = &s->from, *last = &s->to;
    *from = *to = 0;
    if (!s->exists)
        return false;
    if (point_is_before(last, first)) {
        first = &s->to;
        last = &s->from;
    }
    struct point begin = {message, line, 0}, end = {message, line, WHOLE_LINE};
    if (point_is_before(&end, first) || point_is_before(last, &begin))
        return false;
    *from = first->message == message && first->line == line ? first->column : 0;
    *to = last->message == message && last->line == line ? last->column : WHOLE_LINE;
    return *from < *to;
}

/* Appends the columns [from, to) of a span, which may begin before it; a formula as it is written, once. */
static void append_span(const struct rendering *r, const struct render_span *span, const struct message *x, int from,
                        int to, const struct render_formula **last, struct buf *out)
{
    const char *text = buf_text(&r->text) + span->start;
    const struct render_formula *formula = rendering_formula(r, span);
    size_t begin = from > 0 ? text_fit(text, span->size, from) : 0, end = to > 0 ? text_fit(text, span->size, to) : 0;
    if (end <= begin || (formula != NULL && formula == *last))
        return;
    if (formula == NULL)
        buf_append(out, text + begin, end - begin);
    else if (formula->end <= x->text.size)
        buf_append(out, x->text.data + formula->source, formula->end - formula->source);
    if (formula != NULL || span->source != RENDER_NO_SOURCE)
        *last = formula;
}

/* The formula that a line begins with, after its margins, or ends with; NULL: there is none. */
static const struct render_formula *formula_at_edge(const struct rendering *r, int line, bool end)
{
    const struct render_line *l = &r->lines[line];
    for (uint32_t i = 0; i < l->n_spans; i++) {
        const struct render_span *span = &r->spans[l->span + (end ? l->n_spans - 1 - i : i)];
        if (span->source != RENDER_NO_SOURCE)
            return rendering_formula(r, span);
    }
    return NULL;
}

/* Appends the selected columns of a line. */
static void append_columns(const struct rendering *r, int line, const struct message *x, int from, int to,
                           const struct render_formula **last, struct buf *out)
{
    const struct render_line *l = &r->lines[line];
    size_t start = out->size;
    int column = 0;
    bool goes_on = *last != NULL && formula_at_edge(r, line, false) == *last;
    for (uint32_t i = 0; i < l->n_spans; i++) {
        const struct render_span *span = &r->spans[l->span + i];
        bool margin = goes_on && span->source == RENDER_NO_SOURCE;
        goes_on = goes_on && margin;
        if (!margin)
            append_span(r, span, x, from - column, to - column, last, out);
        column += text_columns(buf_text(&r->text) + span->start, span->size, column);
    }
    while (out->size > start && to >= WHOLE_LINE && out->data[out->size - 1] == ' ')
        buf_truncate(out, out->size - 1);
}

/* Whether a line and the next are lines of one formula. */
static bool is_in_formula(const struct rendering *r, int line)
{
    const struct render_formula *formula = formula_at_edge(r, line, true);
    return formula != NULL && line + 1 < (int)r->n_lines && formula_at_edge(r, line + 1, false) == formula;
}

/* Whether a line and the next are one in the message and were only broken to fit. */
static bool is_wrapped(const struct message *x, const struct rendering *r, int line)
{
    const struct render_line *l = &r->lines[line];
    if (line + 1 >= (int)r->n_lines || l[1].source <= l->source || l->block >= 0)
        return false;
    return memchr(buf_text(&x->text) + l->source, '\n', l[1].source - l->source) == NULL;
}

char *selection_text(const struct selection *s)
{
    struct buf out;
    size_t first = s->from.message < s->to.message ? s->from.message : s->to.message;
    size_t last = s->from.message < s->to.message ? s->to.message : s->from.message;
    buf_init(&out, TEXT_MOST);
    for (size_t i = first; s->exists && i <= last && i < messages_count(s->messages); i++) {
        const struct rendering *r = message_lines_text(s->lines, i);
        const struct message *x = messages_at(s->messages, i);
        const struct render_formula *formula = NULL; /* the one that was appended last */
        for (int line = 0; line < (int)r->n_lines; line++) {
            int from, to;
            if (!selection_columns(s, i, line, &from, &to))
                continue;
            append_columns(r, line, x, from, to, &formula, &out);
            if (to >= WHOLE_LINE && !is_in_formula(r, line))
                buf_putc(&out, is_wrapped(x, r, line) ? ' ' : '\n');
        }
    }
    if (out.size > 0)
        return buf_take(&out);
    buf_free(&out);
    return NULL;
}
