/* Transcript: drawing, and selecting text with the mouse. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ui/text/text.h"
#include "ui/panes/transcript-internal.h"

/* Columns left and right of the text. */
enum { INDENT = 2, MARGIN = 1 };

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* "12:04", with the date when that is another day. */
static void write_time(int64_t milliseconds, char *out, size_t size)
{
    time_t then = (time_t)(milliseconds / 1000), now = time(NULL);
    struct tm day, today;
    localtime_r(&then, &day);
    localtime_r(&now, &today);
    bool same = day.tm_year == today.tm_year && day.tm_yday == today.tm_yday;
    if (strftime(out, size, same ? "%H:%M" : day.tm_year == today.tm_year ? "%b %-d %H:%M" : "%Y-%m-%d %H:%M", &day) == 0)
        *out = '\0';
}

static void draw_name(const struct transcript *t, struct canvas *s, const struct area *a, int row, const struct block *b,
                      bool selected)
{
    unsigned style = b->speaker == UI_YOU ? STYLE_USER : STYLE_ASSISTANT;
    int column = canvas_puts(s, a, row, INDENT - 1, style, b->speaker == UI_YOU ? "You" : "Palaver");
    char time_text[40] = "";
    if (b->siblings > 1)
        column = canvas_printf(s, a, row, column + 1, STYLE_KEY, t->ascii ? "<%d/%d>" : "‹%d/%d›", b->sibling + 1,
                               b->siblings);
    if (b->time != 0)
        write_time(b->time, time_text, sizeof time_text);
    column = canvas_puts(s, a, row, column + (*time_text != '\0' ? 2 : 0), STYLE_DIM, time_text);
    if (b->about != NULL && *b->about != '\0')
        canvas_printf(s, a, row, column, STYLE_DIM, t->ascii ? " - %s" : " · %s", b->about);
    if (selected)
        canvas_puts(s, a, row, 0, STYLE_SELECTED, t->ascii ? ">" : "▌");
}

static void draw_window(const struct transcript *t, struct canvas *s, const struct area *a, int row)
{
    int width = text_columns(t->window_label, strlen(t->window_label), 0) + 2;
    int left = (a->columns - width) / 2;
    canvas_hline(s, a, row, 0, a->columns, STYLE_WINDOW);
    if (left >= 0)
        canvas_printf(s, a, row, left, STYLE_WINDOW, " %s ", t->window_label);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static bool point_before(const struct point *a, const struct point *b)
{
    if (a->block != b->block)
        return a->block < b->block;
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* The columns of a line that are selected; false when none are. */
static bool selected_columns(const struct transcript *t, size_t block, int line, int *from, int *to)
{
    const struct point *first = &t->from, *last = &t->to;
    if (!t->dragging)
        return false;
    if (point_before(last, first)) {
        first = &t->to;
        last = &t->from;
    }
    struct point begin = {block, line, 0}, end = {block, line, 1 << 20};
    if (point_before(&end, first) || point_before(last, &begin))
        return false;
    *from = first->block == block && first->line == line ? first->column : 0;
    *to = last->block == block && last->line == line ? last->column : 1 << 20;
    return *from < *to;
}

/* How many bytes of text from source on have the same state: inside a match or outside. */
static size_t until_change(const struct transcript *t, size_t block, size_t source, size_t size, bool *inside, bool *now)
{
    *inside = *now = false;
    for (size_t i = 0; i < t->n_matches; i++) {
        const struct ui_match *m = &t->matches[i];
        if (m->message != block || m->end <= source)
            continue;
        if (m->start >= source + size)
            continue;
        if (m->start > source) {
            size = m->start - source;
            continue;
        }
        *inside = true;
        *now = i == t->match;
        return m->end - source < size ? m->end - source : size;
    }
    return size;
}

struct pen { struct canvas *s; const struct area *a; int row, column, from, to; };

/* Writes text, the selected columns reversed. */
static void write_text(struct pen *pen, unsigned style, const char *text, size_t size)
{
    while (size > 0) {
        bool inside = pen->column >= INDENT + pen->from && pen->column < INDENT + pen->to;
        int border = pen->column < INDENT + pen->from ? INDENT + pen->from : inside ? INDENT + pen->to : 1 << 20;
        size_t piece = border - pen->column < pen->a->columns ? text_fit(text, size, border - pen->column) : size;
        if (piece == 0)
            piece = size;
        int column = canvas_text(pen->s, pen->a, pen->row, pen->column, inside ? style ^ STYLE_REVERSE : style, text, piece);
        pen->column = column;
        text += piece;
        size -= piece;
    }
}

/* The remarks that belong to a line, from the right end inwards. */
static void draw_marks(const struct transcript *t, struct canvas *s, const struct area *a, int row, size_t index, int line)
{
    const struct block *b = &t->blocks[index];
    int right = a->columns - 1;
    for (size_t i = b->n_marks; i-- > 0;) {
        const struct mark *m = &b->marks[i];
        int width = text_columns(m->text, strlen(m->text), 0);
        if (rendering_line_at(&b->lines, m->at) != (size_t)line || right - width < INDENT + 8)
            continue;
        canvas_puts(s, a, row, right - width, STYLE_MARK, m->text);
        right -= width + 1;
    }
}

static void draw_line(const struct transcript *t, struct canvas *s, const struct area *a, int row, size_t index, int line)
{
    const struct rendering *r = &t->blocks[index].lines;
    const struct render_line *l = &r->lines[line];
    struct pen pen = {.s = s, .a = a, .row = row, .column = INDENT};
    selected_columns(t, index, line, &pen.from, &pen.to);
    for (uint32_t i = 0; i < l->n_spans; i++) {
        const struct render_span *span = &r->spans[l->span + i];
        const char *text = buf_text(&r->text) + span->start;
        for (size_t at = 0; at < span->size;) {
            bool inside = false, now = false;
            size_t size = span->size - at;
            if (span->source != RENDER_NO_SOURCE && t->n_matches > 0)
                size = until_change(t, index, span->source + at, size, &inside, &now);
            unsigned shade = span->style;
            if (span->source != RENDER_NO_SOURCE)
                size = transcript_shade(t, index, span->source + at, size, &shade);
            unsigned style = inside ? STYLE_MATCH | (now ? STYLE_BOLD | STYLE_UNDERLINE : 0u) : shade;
            write_text(&pen, style, text + at, size);
            at += size;
        }
    }
    draw_marks(t, s, a, row, index, line);
    if (t->blocks[index].running && line + 1 == (int)r->n_lines)
        canvas_puts(s, a, row, pen.column, STYLE_ASSISTANT, t->ascii ? "_" : "▌");
}

static void draw_row(struct transcript *t, struct canvas *s, const struct area *a, int row, const struct place_in *at,
                     bool focus)
{
    int above = transcript_above(t, at->block);
    const struct rendering *lines = transcript_lines(t, at->block);
    int line = at->line - above;
    /* a line that two messages share belongs to both */
    bool shared = line == 0 && at->block == t->selected + 1 && transcript_is_joined(t, at->block);
    bool selected = focus && (at->block == t->selected || shared);
    if (line >= 0 && line < (int)lines->n_lines)
        draw_line(t, s, a, row, at->block, line);
    else if (line == -1 && !t->base)
        draw_name(t, s, a, row, &t->blocks[at->block], selected);
    else if (line < 0)
        draw_window(t, s, a, row);
    if (selected && line >= 0 && line < (int)lines->n_lines)
        canvas_puts(s, a, row, 0, STYLE_SELECTED, t->ascii ? ">" : "▌");
}

/* What the last row says when the end is not in view. */
static void draw_more(struct transcript *t, struct canvas *s, const struct area *a)
{
    char text[80];
    int lines = transcript_new_lines(t);
    if (t->follow)
        return;
    if (lines > 0)
        snprintf(text, sizeof text, t->ascii ? " %d new line%s (End) " : " ↓ %d new line%s (End) ", lines,
                 lines == 1 ? "" : "s");
    else
        snprintf(text, sizeof text, t->ascii ? " more below (End) " : " ↓ more below (End) ");
    int width = text_columns(text, strlen(text), 0);
    if (width + 2 < a->columns)
        canvas_puts(s, a, a->rows - 1, a->columns - width - 1, lines > 0 ? STYLE_UNREAD : STYLE_DIM, text);
}

void transcript_draw(struct transcript *t, struct canvas *s, const struct area *a, bool focus)
{
    int width = a->columns - INDENT - MARGIN;
    t->width = width > 2 ? width : 2;
    t->rows = a->rows;
    t->ascii = canvas_is_ascii(s);
    if (t->n == 0 || a->rows < 1)
        return;
    transcript_settle(t);
    struct place_in at = t->top;
    for (int row = 0; row < a->rows; row++, at.line++) {
        while (at.block < t->n && at.line >= transcript_height(t, at.block))
            at = (struct place_in){.block = at.block + 1};
        if (at.block >= t->n)
            break;
        draw_row(t, s, a, row, &at, focus);
    }
    draw_more(t, s, a);
    transcript_forget(t);
}

/* ---- selecting text --------------------------------------------------------------------------------------------- */

static bool point_at(struct transcript *t, int row, int column, struct point *out)
{
    struct place_in at;
    if (!transcript_at_row(t, row, &at))
        return false;
    *out = (struct point){at.block, at.line - transcript_above(t, at.block), column > INDENT ? column - INDENT : 0};
    return true;
}

void transcript_drag_begin(struct transcript *t, int row, int column)
{
    t->dragging = false;
    if (point_at(t, row, column, &t->from))
        t->to = t->from;
    else
        t->from.block = t->n;
}

void transcript_drag(struct transcript *t, int row, int column)
{
    if (t->from.block < t->n && point_at(t, row, column, &t->to))
        t->dragging = true;
}

bool transcript_has_drag(const struct transcript *t)
{
    return t->dragging;
}

void transcript_drag_clear(struct transcript *t)
{
    t->dragging = false;
}

/* Appends the selected columns of a line. */
static void take_line(const struct rendering *r, int line, int from, int to, struct buf *out)
{
    const struct render_line *l = &r->lines[line];
    struct buf whole;
    buf_init(&whole, 1 << 20);
    for (uint32_t i = 0; i < l->n_spans; i++) {
        const struct render_span *span = &r->spans[l->span + i];
        buf_append(&whole, buf_text(&r->text) + span->start, span->size);
    }
    size_t begin = text_fit(buf_text(&whole), whole.size, from), end = text_fit(buf_text(&whole), whole.size, to);
    while (end > begin && to >= 1 << 20 && whole.data[end - 1] == ' ')
        end--;
    buf_append(out, buf_text(&whole) + begin, end - begin);
    buf_free(&whole);
}

/* True when two lines are one in the message, broken only to fit. */
static bool is_wrapped(const struct block *b, int line)
{
    const struct render_line *l = &b->lines.lines[line];
    if (line + 1 >= (int)b->lines.n_lines || l[1].source <= l->source || l->block >= 0)
        return false;
    return memchr(buf_text(&b->text) + l->source, '\n', l[1].source - l->source) == NULL;
}

char *transcript_drag_text(struct transcript *t)
{
    struct buf out;
    buf_init(&out, 64 << 20);
    size_t first = t->from.block < t->to.block ? t->from.block : t->to.block;
    size_t last = t->from.block < t->to.block ? t->to.block : t->from.block;
    for (size_t i = first; t->dragging && i <= last && i < t->n; i++) {
        const struct rendering *lines = transcript_lines(t, i);
        for (int line = 0; line < (int)lines->n_lines; line++) {
            int from, to;
            if (!selected_columns(t, i, line, &from, &to))
                continue;
            take_line(lines, line, from, to, &out);
            if (to >= 1 << 20)
                buf_putc(&out, is_wrapped(&t->blocks[i], line) ? ' ' : '\n');
        }
    }
    if (out.size == 0) {
        buf_free(&out);
        return NULL;
    }
    return buf_take(&out);
}
