/* Rows: columns as wide as their cells, as many as fit. A table has a dozen rows, a list ten thousand, of which only those
 * in view are asked for. */
#include <config.h>

#include "ui/panes/rows.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ui/panes/pane.h"
#include "ui/text/text.h"

enum { GAP = 2, MARK = 2, COLUMNS = 64 }; /* between columns; in front of the selected row; columns at most */

struct rows {
    struct ui_rows what;
    size_t selected, top;
    size_t left;     /* columns that are scrolled out, of those that do not stay */
    bool more_right; /* when drawn last, the last column did not fit */
    int shown;       /* rows that there was room for when drawn last */
};

/* Where the columns stand: at[i] and their widths; width 0: not shown. */
struct grid_plan {
    int at[COLUMNS], width[COLUMNS];
};

struct rows *rows_new(void)
{
    return calloc(1, sizeof(struct rows));
}

void rows_free(struct rows *r)
{
    free(r);
}

size_t rows_count(const struct rows *r)
{
    return r->what.n;
}

size_t rows_selected(const struct rows *r)
{
    return r->selected;
}

void rows_select(struct rows *r, size_t row)
{
    r->selected = row < r->what.n ? row : r->what.n > 0 ? r->what.n - 1 : 0;
}

void rows_set(struct rows *r, const struct ui_rows *what)
{
    r->what = *what;
    if (r->what.n_columns > COLUMNS)
        r->what.n_columns = COLUMNS;
    rows_select(r, r->selected);
}

static bool has_headings(const struct rows *r)
{
    for (size_t i = 0; i < r->what.n_columns; i++)
        if (r->what.columns[i].heading != NULL)
            return true;
    return false;
}

/* Rows above the first of the program's. */
static int rows_above(const struct rows *r)
{
    return (r->what.title != NULL) + has_headings(r);
}

int rows_height(const struct rows *r)
{
    const size_t n = r->what.n > 0 ? r->what.n : 1;
    return rows_above(r) + (n < INT_MAX / 2 ? (int)n : INT_MAX / 2);
}

/* ---- columns ---------------------------------------------------------------------------------------------------- */

/* Fills *out; the text is clean and malloc'ed, NULL when out of memory. */
static char *read_cell(const struct rows *r, size_t row, size_t column, struct ui_cell *out)
{
    out->text[0] = '\0';
    out->role = NULL;
    r->what.cell(r->what.context, row, column, out);
    return text_clean_line(out->text);
}

static int width_of(const char *text)
{
    return text != NULL ? text_columns(text, strlen(text), 0) : 0;
}

static int measure_column(const struct rows *r, size_t column)
{
    const struct ui_column *c = &r->what.columns[column];
    int width = width_of(c->heading);
    if (c->width > 0)
        return c->width;
    for (size_t row = 0; row < r->what.n; row++) {
        struct ui_cell cell;
        char *text = read_cell(r, row, column, &cell);
        const int here = width_of(text);
        width = here > width ? here : width;
        free(text);
    }
    return width;
}

/* Fills in the widths of all columns; one that takes what is left has 0. Returns what they take together. */
static int measure_columns(const struct rows *r, struct grid_plan *plan)
{
    int sum = MARK;
    for (size_t i = 0; i < r->what.n_columns; i++) {
        plan->width[i] = r->what.columns[i].width < 0 ? 0 : measure_column(r, i);
        sum += plan->width[i] + GAP;
    }
    return sum - GAP;
}

/* Places the columns from the left, without those that are scrolled out; one of which only a part fits is cut. */
static void plan_columns(struct rows *r, int columns, struct grid_plan *plan)
{
    int at = MARK;
    size_t movable = 0;
    if (measure_columns(r, plan) <= columns)
        r->left = 0; /* all of them fit */
    r->more_right = false;
    for (size_t i = 0; i < r->what.n_columns; i++) {
        const struct ui_column *c = &r->what.columns[i];
        const int left = columns > at ? columns - at : 0, width = c->width < 0 ? left : plan->width[i];
        plan->width[i] = 0;
        if (!c->stays && movable++ < r->left)
            continue;
        r->more_right |= width > left;
        plan->at[i] = at;
        plan->width[i] = width < left ? width : left;
        at += plan->width[i] > 0 ? plan->width[i] + GAP : 0;
    }
}

static void draw_cell(struct canvas *s, const struct area *a, int row, const struct grid_plan *plan, size_t column,
                      bool right, unsigned style, const char *text)
{
    const struct area cell = {a->y, a->x + plan->at[column], a->rows, plan->width[column]};
    const int width = width_of(text);
    if (text != NULL && cell.columns > 0)
        canvas_puts(s, &cell, row, right && width < cell.columns ? cell.columns - width : 0, style, text);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void draw_title(const struct rows *r, struct canvas *s, const struct area *a, bool focus)
{
    const unsigned style = focus ? STYLE_BORDER_FOCUS : STYLE_BORDER;
    canvas_hline(s, a, 0, 0, a->columns, style);
    const size_t fits = text_fit(r->what.title, strlen(r->what.title), a->columns - 4);
    const int end = canvas_text(s, a, 0, 2, STYLE_TITLE, r->what.title, fits);
    canvas_blank(s, a, 0, 1, 1, style);
    canvas_blank(s, a, 0, end, 1, style);
}

/* An arrow at an edge says that there are more columns. */
static void draw_headings(const struct rows *r, struct canvas *s, const struct area *a, int row,
                          const struct grid_plan *plan)
{
    for (size_t i = 0; i < r->what.n_columns; i++)
        draw_cell(s, a, row, plan, i, r->what.columns[i].right, STYLE_DIM, r->what.columns[i].heading);
    if (r->left > 0)
        canvas_puts(s, a, row, 0, STYLE_KEY, canvas_is_ascii(s) ? "<" : "←");
    if (r->more_right)
        canvas_puts(s, a, row, a->columns - 1, STYLE_KEY, canvas_is_ascii(s) ? ">" : "→");
}

static void draw_row(const struct rows *r, struct canvas *s, const struct area *a, int row, size_t number,
                     const struct grid_plan *plan, bool focus)
{
    const bool selected = number == r->selected;
    if (selected && focus)
        canvas_blank(s, a, row, 0, a->columns, STYLE_SELECTED);
    if (selected)
        canvas_puts(s, a, row, 0, focus ? STYLE_SELECTED : STYLE_KEY, canvas_is_ascii(s) ? ">" : "▸");
    for (size_t i = 0; i < r->what.n_columns; i++) {
        struct ui_cell cell;
        if (plan->width[i] == 0)
            continue;
        char *text = read_cell(r, number, i, &cell);
        const int role = cell.role != NULL ? style_find(cell.role) : STYLE_TEXT;
        draw_cell(s, a, row, plan, i, r->what.columns[i].right,
                  selected && focus ? STYLE_SELECTED : (unsigned)(role >= 0 ? role : STYLE_TEXT), text);
        free(text);
    }
}

/* Brings the selected row into view, and leaves no room below the last one. */
static void settle_top(struct rows *r)
{
    const size_t shown = r->shown > 0 ? (size_t)r->shown : 1;
    if (r->top + shown > r->what.n)
        r->top = r->what.n > shown ? r->what.n - shown : 0;
    if (r->selected < r->top)
        r->top = r->selected;
    if (r->selected >= r->top + shown)
        r->top = r->selected - shown + 1;
}

void rows_draw(struct rows *r, struct canvas *s, const struct area *a, bool focus)
{
    struct grid_plan plan;
    const int above = rows_above(r);
    r->shown = a->rows > above ? a->rows - above : 0;
    settle_top(r);
    plan_columns(r, a->columns, &plan);
    if (r->what.title != NULL)
        draw_title(r, s, a, focus);
    if (has_headings(r))
        draw_headings(r, s, a, above - 1, &plan);
    for (int row = 0; row < r->shown && r->top + (size_t)row < r->what.n; row++)
        draw_row(r, s, a, above + row, r->top + (size_t)row, &plan, focus);
    if (r->what.n == 0 && r->what.empty != NULL)
        canvas_puts(s, a, above, MARK, STYLE_DIM, r->what.empty);
}

/* ---- moving ----------------------------------------------------------------------------------------------------- */

static void move_by(struct rows *r, long step)
{
    const long to = (long)r->selected + step;
    rows_select(r, to > 0 ? (size_t)to : 0);
}

static size_t movable_columns(const struct rows *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->what.n_columns; i++)
        n += !r->what.columns[i].stays;
    return n;
}

bool rows_key(struct rows *r, const struct key *key)
{
    const long page = r->shown > 1 ? r->shown - 1 : 1;
    if (key->code == KEYS_DOWN || pane_key_is_letter(key, L'j'))
        move_by(r, 1);
    else if (key->code == KEYS_UP || pane_key_is_letter(key, L'k'))
        move_by(r, -1);
    else if (key->code == KEYS_PAGE_DOWN || pane_key_is_letter(key, L' '))
        move_by(r, page);
    else if (key->code == KEYS_PAGE_UP)
        move_by(r, -page);
    else if (key->code == KEYS_HOME || pane_key_is_letter(key, L'g'))
        rows_select(r, 0);
    else if (key->code == KEYS_END || pane_key_is_letter(key, L'G'))
        rows_select(r, r->what.n);
    else if (key->code == KEYS_RIGHT)
        r->left += r->more_right && r->left + 1 < movable_columns(r);
    else if (key->code == KEYS_LEFT)
        r->left -= r->left > 0;
    else
        return false;
    return true;
}

bool rows_mouse(struct rows *r, const struct area *a, const struct key *key)
{
    const int row = key->mouse.y - a->y - rows_above(r);
    if (pane_key_is_wheel(key)) {
        move_by(r, key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3);
        return true;
    }
    if (key->mouse.kind != MOUSE_PRESS || row < 0 || r->top + (size_t)row >= r->what.n)
        return false;
    rows_select(r, r->top + (size_t)row);
    return true;
}
