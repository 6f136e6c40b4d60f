/* Transcript: drawing. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "ui/panes/marked.h"
#include "ui/panes/transcript-internal.h"
#include "ui/text/formula.h"
#include "ui/text/render.h"
#include "ui/text/text.h"

enum { INDENT = TRANSCRIPT_INDENT };

/* What is drawn, and where. */
struct drawing {
    const struct transcript *t;
    struct canvas *s;
    const struct area *a;
    bool ascii;
};

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* "12:04", with the date when that is another day. */
static void write_time(int64_t milliseconds, char *out, size_t size)
{
    time_t then = (time_t)(milliseconds / 1000), now = time(NULL);
    struct tm day, today;
    localtime_r(&then, &day);
    localtime_r(&now, &today);
    bool same = day.tm_year == today.tm_year && day.tm_yday == today.tm_yday;
    if (strftime(out, size,
                 same                           ? "%H:%M"
                 : day.tm_year == today.tm_year ? "%b %-d %H:%M"
                                                : "%Y-%m-%d %H:%M",
                 &day) == 0)
        *out = '\0';
}

static void draw_name(const struct drawing *d, int row, const struct message *x)
{
    unsigned style = x->speaker == UI_YOU ? STYLE_USER : STYLE_ASSISTANT;
    int column = canvas_puts(d->s, d->a, row, INDENT - 1, style, x->speaker == UI_YOU ? "You" : "Palaver");
    char time_text[40] = "", about[400];
    if (x->siblings > 1)
        column = canvas_printf(d->s, d->a, row, column + 1, STYLE_KEY, d->ascii ? "<%d/%d>" : "‹%d/%d›", x->sibling + 1,
                               x->siblings);
    if (x->time != 0)
        write_time(x->time, time_text, sizeof time_text);
    column = canvas_puts(d->s, d->a, row, column + (*time_text != '\0' ? 2 : 0), STYLE_DIM, time_text);
    if (x->about == NULL || *x->about == '\0')
        return;
    snprintf(about, sizeof about, d->ascii ? " - %s" : " · %s", x->about);
    canvas_fit(d->s, d->a, row, column, STYLE_DIM, about);
}

static void draw_window(const struct drawing *d, int row, const char *label)
{
    int width = text_columns(label, strlen(label), 0) + 2;
    int columns = d->t->centred ? INDENT + message_lines_look(d->t->lines)->width + TRANSCRIPT_MARGIN : d->a->columns;
    int left = (columns - width) / 2;
    canvas_hline(d->s, d->a, row, 0, columns, STYLE_WINDOW);
    if (left >= 0)
        canvas_printf(d->s, d->a, row, left, STYLE_WINDOW, " %s ", label);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/* Where on a row the next text goes; columns [from, to) of the text are reversed. */
struct pen {
    int row, column, from, to;
};

static void write_text(const struct drawing *d, struct pen *pen, unsigned style, const char *text, size_t size)
{
    while (size > 0) {
        bool inside = pen->column >= INDENT + pen->from && pen->column < INDENT + pen->to;
        int border = pen->column < INDENT + pen->from ? INDENT + pen->from : inside ? INDENT + pen->to : 1 << 20;
        size_t piece = border - pen->column < d->a->columns ? text_fit(text, size, border - pen->column) : size;
        if (piece == 0)
            piece = size;
        unsigned shown = inside ? style ^ STYLE_REVERSE : style;
        pen->column = canvas_text(d->s, d->a, pen->row, pen->column, shown, text, piece);
        text += piece;
        size -= piece;
    }
}

/* Writes a span that stands as a whole for what is at its source: a sign of a formula. */
static void write_whole(const struct drawing *d, struct pen *pen, size_t index, const struct render_span *span,
                        const char *text)
{
    const struct buf *message = &messages_at(d->t->messages, index)->text;
    bool inside = false, is_shown = false;
    if (span->source < message->size) {
        const char *from = message->data + span->source;
        size_t size = formula_token(from, message->size - span->source);
        if (matches_stretch(d->t->matches, index, span->source, size, &inside, &is_shown) < size && !inside)
            matches_stretch(d->t->matches, index, span->source + (uint32_t)size - 1, 1, &inside, &is_shown);
    }
    unsigned style = inside ? STYLE_MATCH | (is_shown ? STYLE_BOLD | STYLE_UNDERLINE : 0u) : span->style;
    write_text(d, pen, style, text, span->size);
}

/* Writes a span, of which parts may be in matches and in tokens of different shades. */
static void write_span(const struct drawing *d, struct pen *pen, size_t index, const struct render_span *span,
                       const char *text)
{
    if (span->source != RENDER_NO_SOURCE && (span->style & STYLE_FORMULA) != 0) {
        write_whole(d, pen, index, span, text);
        return;
    }
    for (size_t at = 0, size; at < span->size; at += size) {
        bool inside = false, is_shown = false;
        unsigned style = span->style;
        size = span->size - at;
        if (span->source != RENDER_NO_SOURCE) {
            size = matches_stretch(d->t->matches, index, span->source + at, size, &inside, &is_shown);
            size = lens_cursor_shade(d->t->lens, index, span->source + at, size, &style);
        }
        if (inside)
            style = STYLE_MATCH | (is_shown ? STYLE_BOLD | STYLE_UNDERLINE : 0u);
        write_text(d, pen, style, text + at, size);
    }
}

/* ---- remarks ---------------------------------------------------------------------------------------------------- */

/* The column after the text of a line, which the blank line below a message has too. */
static int line_end(const struct rendering *r, int line)
{
    int end = INDENT;
    const struct render_line *l = line < (int)r->n_lines ? &r->lines[line] : NULL;
    for (uint32_t i = 0; l != NULL && i < l->n_spans; i++) {
        const struct render_span *span = &r->spans[l->span + i];
        end += text_columns(buf_text(&r->text) + span->start, span->size, end - INDENT);
    }
    return end;
}

/* Where the texts of remarks end at the right: near the text, also in a wide window. */
static int marks_edge(const struct drawing *d)
{
    enum { BESIDE = 40 };
    int edge = INDENT + message_lines_look(d->t->lines)->width + BESIDE, last = d->a->columns - 1;
    return edge < last ? edge : last;
}

/* The remarks whose texts stand on a line: on their own, or on the first below that has room for them; what is too long
 * for any stands below the message. Their number; at[] has the first of them. */
static size_t find_marks(const struct drawing *d, const struct message *x, const struct rendering *r, int line,
                         size_t *at, size_t most)
{
    int below = (int)r->n_lines, edge = marks_edge(d), here = 0, free_columns = edge - line_end(r, 0);
    size_t n = 0;
    for (size_t i = 0; i < x->n_marks; i++) {
        int own = (int)rendering_line_at(r, x->marks[i].at);
        int width = text_columns(x->marks[i].text, strlen(x->marks[i].text), 0) + 2;
        if (own > here) {
            here = own;
            free_columns = edge - line_end(r, here);
        }
        for (; here < below && free_columns < width; free_columns = edge - line_end(r, here))
            here++;
        free_columns -= width;
        if (here == line && n < most)
            at[n++] = i;
    }
    return n;
}

/* A sign in the margin of the line on which something is remarked, and the texts that stand on this line. */
static void draw_marks(const struct drawing *d, int row, const struct message *x, const struct rendering *r, int line)
{
    enum { MARKS_MOST = 16 };
    size_t marks[MARKS_MOST], n = find_marks(d, x, r, line, marks, MARKS_MOST);
    int right = marks_edge(d), left = line_end(r, line);
    for (size_t i = 0; i < x->n_marks && line < (int)r->n_lines; i++)
        if (rendering_line_at(r, x->marks[i].at) == (size_t)line)
            canvas_puts(d->s, d->a, row, INDENT - 1, STYLE_MARK, d->ascii ? "^" : "▲");
    while (n-- > 0 && right > left + 2) {
        const char *text = x->marks[marks[n]].text;
        int width = text_columns(text, strlen(text), 0), room = right - left;
        right = width < room ? right - width : left;
        marked_draw(d->s, d->a, row, right--, room, STYLE_MARK, text, NULL);
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static void draw_line(const struct drawing *d, int row, size_t index, int line)
{
    const struct message *x = messages_at(d->t->messages, index);
    const struct rendering *r = message_lines_text(d->t->lines, index);
    const struct render_line *l = &r->lines[line];
    struct pen pen = {.row = row, .column = INDENT};
    selection_columns(d->t->selection, index, line, &pen.from, &pen.to);
    for (uint32_t i = 0; i < l->n_spans; i++) {
        const struct render_span *span = &r->spans[l->span + i];
        canvas_set_link(d->s, rendering_link(r, span));
        write_span(d, &pen, index, span, buf_text(&r->text) + span->start);
    }
    canvas_set_link(d->s, NULL);
    draw_marks(d, row, x, r, line);
    if (x->running && line + 1 == (int)r->n_lines)
        canvas_puts(d->s, d->a, row, pen.column, STYLE_ASSISTANT, d->ascii ? "_" : "▌");
}

static void draw_row(const struct drawing *d, int row, const struct view_line *at, bool focus)
{
    const struct transcript *t = d->t;
    int lines = (int)message_lines_text(t->lines, at->message)->n_lines;
    int line = at->line - message_lines_above(t->lines, at->message);
    size_t selected_message = view_selected(t->view);
    /* a line that two messages share belongs to both */
    bool shared = line == 0 && at->message == selected_message + 1 && message_lines_is_joined(t->lines, at->message);
    bool selected = focus && (at->message == selected_message || shared);
    const char *window = message_lines_window(t->lines, at->message);
    const struct message *x = messages_at(t->messages, at->message);
    bool is_name = line == -1 && !message_lines_look(t->lines)->base;
    if (line >= 0 && line < lines)
        draw_line(d, row, at->message, line);
    else if (is_name)
        draw_name(d, row, x);
    else if (line < 0 && window != NULL)
        draw_window(d, row, window);
    else if (line == lines)
        draw_marks(d, row, x, message_lines_text(t->lines, at->message), line);
    if (selected && (is_name || (line >= 0 && line < lines)))
        canvas_puts(d->s, d->a, row, 0, STYLE_SELECTED, d->ascii ? ">" : "▌");
}

/* What the last row says when the end is not in view: no text stands there then. */
static void draw_more(const struct drawing *d)
{
    char text[80];
    int lines = view_new_lines(d->t->view), last = d->a->rows - 1;
    if (view_follows(d->t->view))
        return;
    if (lines > 0)
        snprintf(text, sizeof text, d->ascii ? " %d new line%s (End) " : " ↓ %d new line%s (End) ", lines,
                 lines == 1 ? "" : "s");
    else
        snprintf(text, sizeof text, d->ascii ? " more below (End) " : " ↓ more below (End) ");
    int width = text_columns(text, strlen(text), 0);
    if (width + 2 < d->a->columns)
        canvas_puts(d->s, d->a, last, d->a->columns - width - 1, lines > 0 ? STYLE_UNREAD : STYLE_DIM, text);
}

static int text_width(const struct transcript *t, const struct area *a)
{
    int width = a->columns - INDENT - TRANSCRIPT_MARGIN;
    if (t->widest > 0 && width > t->widest)
        width = t->widest;
    return width > 2 ? width : 2;
}

struct area transcript_column(const struct transcript *t, const struct area *a)
{
    int rest = a->columns - INDENT - TRANSCRIPT_MARGIN - text_width(t, a), left = t->centred && rest > 0 ? rest / 2 : 0;
    return (struct area){a->y, a->x + left, a->rows, a->columns - left};
}

void transcript_draw(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct transcript *t = pane;
    struct area column = transcript_column(t, a);
    struct drawing d = {t, s, &column, canvas_is_ascii(s)};
    struct message_look look = *message_lines_look(t->lines);
    look.width = text_width(t, a);
    look.ascii = d.ascii;
    message_lines_set_look(t->lines, &look);
    t->drawn = 0;
    int rows = a->rows > 2 && !view_follows(t->view) ? a->rows - 1 : a->rows;
    view_settle(t->view, rows);
    size_t n = messages_count(t->messages);
    if (n == 0)
        welcome_draw(t->welcome, s, a);
    if (n == 0 || a->rows < 1)
        return;
    struct view_line at = *view_top(t->view);
    for (int row = 0; row < rows; row++, at.line++) {
        while (at.message < n && at.line >= message_lines_height(t->lines, at.message))
            at = (struct view_line){.message = at.message + 1};
        if (at.message >= n)
            break;
        draw_row(&d, row, &at, focus);
        t->drawn = at.message + 1;
    }
    draw_more(&d);
    message_lines_trim(t->lines, view_top(t->view)->message);
}
