/* List: rows of conversations under headings of days. */
#include <config.h>

#include "ui/panes/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ui/panes/marked.h"
#include "ui/text/text.h"

struct entry {
    int64_t id, changed;
    char *title;
    bool pinned, archived, once, answering, unread;
};

struct list {
    struct entry *at;
    size_t n, selected;
    int64_t current;
    int top;        /* first row shown, headings counted */
    int64_t *marks; /* ids of those that are marked */
    size_t n_marks;
};

struct list *list_new(void)
{
    return calloc(1, sizeof(struct list));
}

static void clear_entries(struct list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->at[i].title);
    free(l->at);
    l->at = NULL;
    l->n = 0;
}

void list_free(struct list *l)
{
    if (l == NULL)
        return;
    clear_entries(l);
    free(l->marks);
    free(l);
}

/* No more of a title than could ever be seen is kept. */
static char *clean_title(const char *title)
{
    char start[1000];
    snprintf(start, sizeof start, "%s", title);
    return text_clean_line(start);
}

static void select_id(struct list *l, int64_t id)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i].id == id)
            l->selected = i;
}

bool list_set(struct list *l, const struct ui_conversation *conversations, size_t n, int64_t current)
{
    int64_t selected = list_selected(l);
    size_t place = l->selected;
    struct entry *at = calloc(n + 1, sizeof *at);
    if (at == NULL)
        return false;
    clear_entries(l);
    l->at = at;
    for (; l->n < n; l->n++) {
        const struct ui_conversation *c = &conversations[l->n];
        at[l->n] = (struct entry){.id = c->id,
                                  .changed = c->changed,
                                  .title = clean_title(c->title),
                                  .pinned = c->pinned,
                                  .archived = c->archived,
                                  .once = c->once,
                                  .answering = c->answering,
                                  .unread = c->unread};
    }
    if (current != l->current)
        selected = current;
    l->current = current;
    l->selected = place < n ? place : n > 0 ? n - 1 : 0;
    select_id(l, selected);
    return true;
}

/* ---- days ------------------------------------------------------------------------------------------------------- */

/* Days since some day, in local time. */
static long day_number(time_t when)
{
    struct tm day;
    localtime_r(&when, &day);
    return (long)day.tm_yday + 366L * day.tm_year;
}

static void write_heading(const struct entry *e, char *out, size_t size)
{
    time_t now = time(NULL), then = (time_t)(e->changed / 1000);
    long days = day_number(now) - day_number(then);
    struct tm day;
    localtime_r(&then, &day);
    if (e->pinned)
        snprintf(out, size, "Pinned");
    else if (e->once)
        snprintf(out, size, "One-shot");
    else if (days <= 0)
        snprintf(out, size, "Today");
    else if (days == 1)
        snprintf(out, size, "Yesterday");
    else if (days < 7)
        strftime(out, size, "%A", &day);
    else
        strftime(out, size, "%B %Y", &day);
}

static bool has_heading(const struct list *l, size_t i, char *out, size_t size)
{
    char before[64] = "";
    write_heading(&l->at[i], out, size);
    if (i > 0)
        write_heading(&l->at[i - 1], before, sizeof before);
    return i == 0 || strcmp(before, out) != 0;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* The row of a conversation, and all rows, headings counted. */
static int row_of(const struct list *l, size_t index)
{
    char text[64];
    int row = 0;
    for (size_t i = 0; i < l->n && i <= index; i++)
        row += has_heading(l, i, text, sizeof text) + (i < index);
    return row;
}

static void keep_in_view(struct list *l, int rows)
{
    int row = row_of(l, l->selected);
    if (row < l->top + (row > 0))
        l->top = row > 0 ? row - 1 : 0;
    if (row >= l->top + rows)
        l->top = row - rows + 1;
}

/* The place of a conversation among those that are marked; their number when it is not. */
static size_t find_mark(const struct list *l, int64_t id)
{
    size_t i = 0;
    while (i < l->n_marks && l->marks[i] != id)
        i++;
    return i;
}

static void draw_entry(const struct list *l, struct canvas *s, const struct area *a, int row, size_t index, bool focus)
{
    const struct entry *e = &l->at[index];
    bool ascii = canvas_is_ascii(s), here = e->id == l->current;
    unsigned style = focus && index == l->selected ? STYLE_SELECTED : here ? STYLE_TEXT | STYLE_BOLD : STYLE_TEXT;
    canvas_blank(s, a, row, 0, a->columns, style);
    if (find_mark(l, e->id) < l->n_marks)
        canvas_puts(s, a, row, 0, STYLE_MARK, ascii ? "+" : "✓");
    else
        canvas_puts(s, a, row, 0, style, here ? ascii ? ">" : "▸" : " ");
    marked_draw(s, a, row, 1, a->columns - 3, style, e->title != NULL && *e->title != '\0' ? e->title : "(no title)",
                NULL);
    if (e->answering)
        canvas_puts(s, a, row, a->columns - 1, STYLE_ANSWERING, ascii ? "*" : "●");
    else if (e->unread)
        canvas_puts(s, a, row, a->columns - 1, STYLE_UNREAD, ascii ? "!" : "◆");
    else if (e->archived)
        canvas_puts(s, a, row, a->columns - 1, STYLE_DIM, "a");
}

static void draw_list(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct list *l = pane;
    struct area inner = {a->y + 1, a->x + 1, a->rows - 2, a->columns - 2};
    char text[64];
    int row = 0;
    for (int i = 0; i < inner.rows; i++)
        canvas_blank(s, &inner, i, 0, inner.columns, STYLE_TEXT);
    canvas_box(s, a, focus ? STYLE_BORDER_FOCUS : STYLE_BORDER, "Conversations");
    if (l->n == 0)
        canvas_puts(s, &inner, 0, 1, STYLE_DIM, "none yet");
    keep_in_view(l, inner.rows);
    for (size_t i = 0; i < l->n && row - l->top < inner.rows; i++) {
        if (has_heading(l, i, text, sizeof text)) {
            if (row >= l->top)
                canvas_puts(s, &inner, row - l->top, 0, STYLE_DAY, text);
            row++;
        }
        if (row >= l->top && row - l->top < inner.rows)
            draw_entry(l, s, &inner, row - l->top, i, focus);
        row++;
    }
}

/* ---- marks ------------------------------------------------------------------------------------------------------ */

void list_mark(struct list *l)
{
    int64_t id = list_selected(l);
    size_t at = find_mark(l, id);
    if (id == 0)
        return;
    if (at < l->n_marks) {
        l->marks[at] = l->marks[--l->n_marks];
        return;
    }
    int64_t *marks = realloc(l->marks, (l->n_marks + 1) * sizeof *marks);
    if (marks == NULL)
        return;
    l->marks = marks;
    l->marks[l->n_marks++] = id;
}

const int64_t *list_marked(const struct list *l, size_t *n)
{
    *n = l->n_marks;
    return l->marks;
}

void list_clear_marks(struct list *l)
{
    l->n_marks = 0;
}

/* ---- moving ----------------------------------------------------------------------------------------------------- */

void list_move(struct list *l, int step)
{
    long to = (long)l->selected + step;
    long last = (long)l->n - 1;
    l->selected = to < 0 || last < 0 ? 0 : to > last ? (size_t)last : (size_t)to;
}

bool list_at_end(const struct list *l)
{
    return l->selected + 1 >= l->n;
}

int64_t list_selected(const struct list *l)
{
    return l->selected < l->n ? l->at[l->selected].id : 0;
}

int64_t list_beside(const struct list *l, int step)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i].id == l->current)
            return (step < 0 ? i > 0 : i + 1 < l->n) ? l->at[step < 0 ? i - 1 : i + 1].id : 0;
    return l->n > 0 ? l->at[0].id : 0;
}

/* ---- keys and mouse --------------------------------------------------------------------------------------------- */

static struct pane_reaction list_key(void *pane, const struct key *key, bool busy)
{
    (void)pane;
    return pane_leave(key, busy, false, "composer");
}

/* Selects the conversation at a row of the pane; false when there is none. */
static bool select_row(struct list *l, int row)
{
    row += l->top - 1; /* the frame's */
    for (size_t i = 0; i < l->n; i++)
        if (row_of(l, i) == row) {
            l->selected = i;
            return true;
        }
    return false;
}

static struct pane_reaction list_mouse(void *pane, const struct area *a, const struct key *key)
{
    if (pane_key_is_wheel(key))
        list_move(pane, key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3);
    else if (key->mouse.kind == MOUSE_PRESS && select_row(pane, key->mouse.y - a->y))
        return pane_run("list-open");
    return pane_taken();
}

static void list_about(const void *pane, struct ui_action *action)
{
    action->about = UI_ABOUT_CONVERSATION;
    action->id = list_selected(pane);
}

const struct pane list_pane = {
    .at = LAYOUT_LIST,
    .place = PLACE_LIST,
    .folds = true,
    .hints = {{"keys", "keys"}, {"list-open", "open"}, {"/rename", "rename"}, {"/delete", "delete"}},
    .draw = draw_list,
    .key = list_key,
    .mouse = list_mouse,
    .about = list_about,
};
