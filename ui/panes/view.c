/* View: moving by lines, across messages of which most are not lines yet. */
#include <config.h>

#include "ui/panes/view.h"

#include <stdlib.h>

struct view {
    const struct messages *messages;
    struct message_lines *lines;
    unsigned edition; /* of the lines that top counts */
    struct view_line top;
    bool held; /* the end came into view by itself, of a larger window: top.source is the place to come back to */
    bool follow;
    size_t left_message; /* the end when the view left it: the message, and how many bytes of it there were */
    uint32_t left_size;
    int rows; /* of the last drawing; 0: none yet */
    size_t selected;
};

struct view *view_new(const struct messages *messages, struct message_lines *lines)
{
    struct view *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->messages = messages;
    v->lines = lines;
    v->follow = true;
    return v;
}

void view_free(struct view *v)
{
    free(v);
}

static bool is_drawn(const struct view *v)
{
    return messages_count(v->messages) > 0 && message_lines_look(v->lines)->width > 0;
}

const struct view_line *view_top(const struct view *v)
{
    return &v->top;
}

bool view_follows(const struct view *v)
{
    return v->follow;
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

static int line_of_byte(struct view *v, size_t message, uint32_t source)
{
    const struct rendering *text = message_lines_text(v->lines, message);
    return message_lines_above(v->lines, message) + (int)rendering_line_at(text, source);
}

/* Finds the top line again after the look changed: it holds the byte that it held. */
static void refresh_top(struct view *v)
{
    if (v->edition == message_lines_edition(v->lines))
        return;
    v->edition = message_lines_edition(v->lines);
    if (v->top.message < messages_count(v->messages) && v->top.line >= message_lines_above(v->lines, v->top.message))
        v->top.line = line_of_byte(v, v->top.message, v->top.source);
}

/* Remembers the byte on the top line, for other looks. */
static void anchor_top(struct view *v)
{
    v->top.source = 0;
    if (v->top.message >= messages_count(v->messages))
        return;
    const struct rendering *text = message_lines_text(v->lines, v->top.message);
    int line = v->top.line - message_lines_above(v->lines, v->top.message);
    if (line >= 0 && line < (int)text->n_lines)
        v->top.source = text->lines[line].source;
}

static bool is_before(const struct view_line *a, const struct view_line *b)
{
    return a->message < b->message || (a->message == b->message && a->line < b->line);
}

/* Moves the top by lines, as far as there are some; false when there were none. */
static bool move_top(struct view *v, int lines)
{
    bool moved = false;
    size_t n = messages_count(v->messages);
    for (; lines < 0; lines++) {
        while (v->top.line == 0 && v->top.message > 0)
            v->top.line = message_lines_height(v->lines, --v->top.message);
        if (v->top.line == 0)
            break;
        v->top.line--;
        moved = true;
    }
    for (; lines > 0; lines--) {
        struct view_line next = {.message = v->top.message, .line = v->top.line + 1};
        while (next.message < n && next.line >= message_lines_height(v->lines, next.message))
            next = (struct view_line){.message = next.message + 1};
        if (next.message >= n)
            break;
        v->top = next;
        moved = true;
    }
    return moved;
}

/* The top line with which the end is on the last row. */
static struct view_line end_top(struct view *v)
{
    struct view_line top = {.message = messages_count(v->messages)};
    int rows = v->rows;
    while (top.message > 0 && rows > 0) {
        int height = message_lines_height(v->lines, --top.message);
        top.line = height > rows ? height - rows : 0;
        rows -= height;
    }
    return top;
}

static void settle_top(struct view *v)
{
    if (messages_count(v->messages) == 0)
        return;
    refresh_top(v);
    if (v->held)
        v->top.line = line_of_byte(v, v->top.message, v->top.source);
    struct view_line end = end_top(v);
    v->held = !v->follow && is_before(&end, &v->top) && end.message == v->top.message;
    if (v->held)
        v->top.line = end.line;
    else if (v->follow || is_before(&end, &v->top))
        v->top = end;
    if (v->follow)
        anchor_top(v);
}

void view_settle(struct view *v, int rows)
{
    v->rows = rows;
    settle_top(v);
}

bool view_at_row(struct view *v, int row, struct view_line *out)
{
    if (!is_drawn(v) || row < 0)
        return false;
    refresh_top(v);
    struct view_line top = v->top;
    bool ok = true;
    for (; ok && row > 0; row--)
        ok = move_top(v, 1);
    *out = v->top;
    v->top = top;
    return ok;
}

/* ---- moving ----------------------------------------------------------------------------------------------------- */

/* After the user moved the view: it follows the end exactly when it shows it. */
static void end_move(struct view *v)
{
    struct view_line end = end_top(v);
    bool follow = !is_before(&v->top, &end);
    if (!follow && v->follow) {
        v->left_message = messages_count(v->messages) - 1;
        v->left_size = (uint32_t)messages_at(v->messages, v->left_message)->text.size;
    }
    v->follow = follow;
    v->held = false;
    if (follow)
        v->top = end;
    anchor_top(v);
}

void view_scroll(struct view *v, int lines)
{
    if (!is_drawn(v))
        return;
    settle_top(v);
    move_top(v, lines);
    end_move(v);
}

void view_page(struct view *v, int halves)
{
    int page = v->rows > 2 ? v->rows - 1 : 1;
    view_scroll(v, halves % 2 == 0 ? halves / 2 * page : halves * (page / 2 + 1));
}

void view_home(struct view *v)
{
    if (!is_drawn(v))
        return;
    refresh_top(v);
    v->top = (struct view_line){0};
    v->selected = 0;
    end_move(v);
}

void view_stay(struct view *v)
{
    if (!is_drawn(v))
        return;
    settle_top(v);
    anchor_top(v);
    v->follow = false;
    v->left_message = SIZE_MAX; /* what comes now is not new, so that nothing of it is counted */
}

void view_end(struct view *v)
{
    size_t n = messages_count(v->messages);
    v->follow = true;
    if (n > 0)
        v->selected = n - 1;
}

void view_show(struct view *v, size_t message, int line)
{
    struct view_line wanted = {.message = message, .line = line};
    if (message >= messages_count(v->messages))
        return;
    v->selected = message;
    if (!is_drawn(v)) {
        v->top = wanted;
        v->follow = false;
        return;
    }
    settle_top(v);
    struct view_line kept = v->top;
    move_top(v, v->rows - 1);
    bool after = is_before(&v->top, &wanted);
    v->top = kept;
    if (after || is_before(&wanted, &kept)) {
        v->top = wanted;
        move_top(v, -(v->rows / 3));
    }
    end_move(v);
}

void view_show_byte(struct view *v, size_t message, uint32_t source)
{
    if (message < messages_count(v->messages) && is_drawn(v))
        view_show(v, message, line_of_byte(v, message, source));
}

int view_new_lines(struct view *v)
{
    size_t n = messages_count(v->messages);
    if (v->follow || v->left_message >= n)
        return 0;
    const struct rendering *left = message_lines_text(v->lines, v->left_message);
    int lines = 0;
    if (messages_at(v->messages, v->left_message)->text.size > v->left_size)
        lines = (int)left->n_lines - 1 - (int)rendering_line_at(left, v->left_size);
    for (size_t i = v->left_message + 1; i < n; i++)
        lines += message_lines_height(v->lines, i);
    return lines > 0 ? lines : 0;
}

/* ---- the selected message --------------------------------------------------------------------------------------- */

size_t view_selected(const struct view *v)
{
    size_t n = messages_count(v->messages);
    return v->selected < n ? v->selected : n;
}

void view_select_visible(struct view *v)
{
    if (!is_drawn(v))
        return;
    refresh_top(v);
    struct view_line top = v->top;
    move_top(v, v->rows - 1);
    v->selected = v->top.message;
    v->top = top;
}

void view_select(struct view *v, int step)
{
    size_t n = messages_count(v->messages);
    if (n == 0 || (step < 0 && v->selected == 0))
        return;
    if (step > 0 && v->selected + 1 >= n)
        view_end(v);
    else
        view_show(v, v->selected + (size_t)(step > 0 ? 1 : -1), 0);
}

void view_cut(struct view *v)
{
    size_t n = messages_count(v->messages);
    if (v->top.message >= n) {
        v->top = (struct view_line){0};
        v->follow = true;
        v->held = false;
    }
    if (v->selected >= n)
        v->selected = n;
}
