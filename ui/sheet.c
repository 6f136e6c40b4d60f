/* Sheet: a table above, a list below, a page over both. Keys go to the part in focus, then to the sheet's own table, then
 * to the program's. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/draw/canvas.h"
#include "ui/draw/theme.h"
#include "ui/keys/keys.h"
#include "ui/panes/blocks.h"
#include "ui/panes/pane.h"
#include "ui/panes/rows.h"
#include "ui/text/text.h"
#include "ui/ui.h"

enum { HELP_MOST = 1 << 16 }; /* bytes */

struct ui_sheet {
    struct canvas *canvas;
    struct keys keys;
    bool touched;
    const struct ui_sheet_key *own; /* (n_own): the program's keys */
    size_t n_own;
    char *title, *status, *page_title;
    struct rows *parts[UI_SHEET_PARTS];
    struct area areas[UI_SHEET_PARTS];
    enum ui_sheet_part focus;
    struct blocks *page, *help; /* empty: not shown; the help lies over the page */
    char *question;             /* NULL: none is asked */
    int answer;                 /* what it does */
};

/* Keys of the sheet's own, for its last line and its help. The first ones stand before the program's there. */
static const struct ui_sheet_key sheet_keys[] = {
    {"enter", UI_SHEET_OPENED, "opens", "open the selected row", true, false},
    {"escape", UI_SHEET_CLOSED, "back", "close the page", false, true},
    {"tab", UI_SHEET_OWN, "table/list", "from the table to the list and back", true, false},
    {"left", UI_SHEET_OWN, NULL, "columns that there is no room for", true, false},
    {"up", UI_SHEET_OWN, NULL, "up and down: also k and j, page-up, page-down, home, end", true, true},
    {"ctrl-z", UI_SHEET_SUSPEND, NULL, "suspend; fg comes back", true, true},
    {"ctrl-l", UI_SHEET_OWN, NULL, "draw the screen again", true, true},
    {"ctrl-c", UI_SHEET_INTERRUPT, NULL, "stop", true, true},
};
enum { SHEET_KEYS = sizeof sheet_keys / sizeof sheet_keys[0], FIRST_KEYS = 2 };

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool open_parts(struct ui_sheet *s)
{
    s->parts[UI_SHEET_TABLE] = rows_new();
    s->parts[UI_SHEET_LIST] = rows_new();
    s->page = blocks_new();
    s->help = blocks_new();
    return s->parts[UI_SHEET_TABLE] != NULL && s->parts[UI_SHEET_LIST] != NULL && s->page != NULL && s->help != NULL;
}

struct ui_sheet *ui_sheet_open(const struct ui_options *o, const struct ui_sheet_key *keys, size_t n, struct error *err)
{
    struct ui_sheet *s = calloc(1, sizeof *s);
    if (s == NULL || (keys_init(&s->keys), !open_parts(s))) {
        error_memory(err);
        ui_sheet_free(s);
        return NULL;
    }
    s->own = keys;
    s->n_own = n;
    s->touched = true;
    struct theme *theme = theme_load(o->theme, o->theme_folders, err);
    if (theme != NULL)
        s->canvas = canvas_open(o->term, theme, o->no_color, err);
    if (s->canvas == NULL) {
        ui_sheet_free(s);
        return NULL;
    }
    canvas_set_mouse(s->canvas, o->mouse);
    return s;
}

void ui_sheet_free(struct ui_sheet *s)
{
    if (s == NULL)
        return;
    canvas_free(s->canvas);
    keys_free(&s->keys);
    for (int i = 0; i < UI_SHEET_PARTS; i++)
        rows_free(s->parts[i]);
    blocks_free(s->page);
    blocks_free(s->help);
    free(s->title);
    free(s->status);
    free(s->page_title);
    free(s->question);
    free(s);
}

/* ---- what it shows ---------------------------------------------------------------------------------------------- */

static void replace_text(char **old, const char *text)
{
    free(*old);
    *old = text_clean_line(text);
}

void ui_sheet_set_head(struct ui_sheet *s, const char *title, const char *status)
{
    replace_text(&s->title, title);
    replace_text(&s->status, status);
    s->touched = true;
}

void ui_sheet_set_rows(struct ui_sheet *s, enum ui_sheet_part part, const struct ui_rows *rows)
{
    rows_set(s->parts[part], rows);
    s->touched = true;
}

size_t ui_sheet_selected(const struct ui_sheet *s, enum ui_sheet_part part)
{
    return rows_selected(s->parts[part]);
}

void ui_sheet_select(struct ui_sheet *s, enum ui_sheet_part part, size_t row)
{
    rows_select(s->parts[part], row);
    s->touched = true;
}

void ui_sheet_set_page(struct ui_sheet *s, const char *title, const struct ui_block *blocks, size_t n)
{
    char *before = s->page_title;
    s->page_title = text_clean_line(title);
    if (before == NULL || s->page_title == NULL || strcmp(before, s->page_title) != 0)
        blocks_rewind(s->page);
    free(before);
    blocks_set(s->page, blocks, n);
    s->touched = true;
}

bool ui_sheet_has_page(const struct ui_sheet *s)
{
    return !blocks_is_empty(s->page);
}

void ui_sheet_ask(struct ui_sheet *s, const char *question, int act)
{
    replace_text(&s->question, question);
    s->answer = act;
    s->touched = true;
}

/* ---- help ------------------------------------------------------------------------------------------------------- */

static void append_help(struct buf *out, const struct ui_sheet_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (keys[i].help != NULL)
            buf_printf(out, "%-10s %s\n", keys[i].key, keys[i].help);
}

static void show_help(struct ui_sheet *s)
{
    struct buf text;
    buf_init(&text, HELP_MOST);
    append_help(&text, s->own, s->n_own);
    append_help(&text, sheet_keys, SHEET_KEYS);
    const struct ui_block block = {.text = buf_text(&text), .size = text.size, .columns = 1};
    blocks_rewind(s->help);
    blocks_set(s->help, &block, 1);
    buf_free(&text);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static bool is_page(const struct ui_sheet *s)
{
    return ui_sheet_has_page(s) || !blocks_is_empty(s->help);
}

/* The program's key in a table; NULL when it is none. */
static const struct ui_sheet_key *find_own(const struct ui_sheet *s, const struct key *key)
{
    for (size_t i = 0; i < s->n_own; i++) {
        struct key named;
        const bool holds = ui_sheet_has_page(s) ? s->own[i].page : s->own[i].rows;
        if (holds && key_parse(s->own[i].key, &named) && key_equal(&named, key))
            return &s->own[i];
    }
    return NULL;
}

/* The answer to what the last line asks. */
static void take_answer(struct ui_sheet *s, const struct key *key, ui_sheet_act *act, void *context)
{
    const bool yes = key->code == KEYS_ENTER || pane_key_is_letter(key, L'y');
    free(s->question);
    s->question = NULL;
    if (yes)
        act(context, s->answer);
}

/* A key while the help is shown, which closes it unless it scrolls. */
static void take_help_key(struct ui_sheet *s, const struct key *key)
{
    if (!blocks_key(s->help, key))
        blocks_set(s->help, NULL, 0);
}

static void take_page_key(struct ui_sheet *s, const struct key *key, ui_sheet_act *act, void *context)
{
    const bool closes = key->code == KEYS_ESCAPE || key->code == KEYS_ENTER || key->code == KEYS_LEFT ||
                        key->code == KEYS_BACKSPACE;
    const struct ui_sheet_key *own = find_own(s, key);
    if (own != NULL) {
        act(context, own->act);
    } else if (closes) {
        blocks_set(s->page, NULL, 0);
        act(context, UI_SHEET_CLOSED);
    } else {
        blocks_key(s->page, key);
    }
}

static void move_focus(struct ui_sheet *s)
{
    s->focus = s->focus == UI_SHEET_TABLE ? UI_SHEET_LIST : UI_SHEET_TABLE;
}

/* Enter on the table goes to the list that lies behind its row. */
static void open_row(struct ui_sheet *s, ui_sheet_act *act, void *context)
{
    if (s->focus == UI_SHEET_TABLE)
        move_focus(s);
    else if (rows_count(s->parts[UI_SHEET_LIST]) > 0)
        act(context, UI_SHEET_OPENED);
}

static void take_rows_key(struct ui_sheet *s, const struct key *key, ui_sheet_act *act, void *context)
{
    const struct ui_sheet_key *own = find_own(s, key);
    if (own != NULL)
        act(context, own->act);
    else if (key->code == KEYS_TAB || (key->code == KEYS_ESCAPE && s->focus == UI_SHEET_LIST))
        move_focus(s);
    else if (key->code == KEYS_ENTER)
        open_row(s, act, context);
    else if (rows_key(s->parts[s->focus], key))
        act(context, UI_SHEET_MOVED);
}

static bool is_inside(const struct area *a, const struct key *key)
{
    const int row = key->mouse.y - a->y, column = key->mouse.x - a->x;
    return row >= 0 && row < a->rows && column >= 0 && column < a->columns;
}

static void take_mouse(struct ui_sheet *s, const struct key *key, ui_sheet_act *act, void *context)
{
    if (is_page(s)) {
        blocks_mouse(blocks_is_empty(s->help) ? s->page : s->help, key);
        return;
    }
    for (int i = 0; i < UI_SHEET_PARTS; i++) {
        if (!is_inside(&s->areas[i], key) || key->mouse.kind == MOUSE_RELEASE || key->mouse.kind == MOUSE_DRAG)
            continue;
        const bool again = s->focus == (enum ui_sheet_part)i && key->mouse.kind == MOUSE_PRESS;
        const size_t before = rows_selected(s->parts[i]);
        s->focus = (enum ui_sheet_part)i;
        if (!rows_mouse(s->parts[i], &s->areas[i], key))
            continue;
        if (again && before == rows_selected(s->parts[i]))
            open_row(s, act, context);
        else
            act(context, UI_SHEET_MOVED);
    }
}

static void take_key(struct ui_sheet *s, const struct key *key, ui_sheet_act *act, void *context)
{
    if (key->code == KEYS_MOUSE)
        take_mouse(s, key, act, context);
    else if (pane_key_is_ctrl(key, L'c'))
        act(context, UI_SHEET_INTERRUPT);
    else if (pane_key_is_ctrl(key, L'z'))
        act(context, UI_SHEET_SUSPEND);
    else if (pane_key_is_ctrl(key, L'l'))
        canvas_redraw(s->canvas);
    else if (s->question != NULL)
        take_answer(s, key, act, context);
    else if (!blocks_is_empty(s->help))
        take_help_key(s, key);
    else if (pane_key_is_letter(key, L'?') || key->code == KEYS_F1)
        show_help(s);
    else if (ui_sheet_has_page(s))
        take_page_key(s, key, act, context);
    else
        take_rows_key(s, key, act, context);
}

static void take_keys(struct ui_sheet *s, bool final, ui_sheet_act *act, void *context)
{
    struct key key;
    while (keys_next(&s->keys, final, &key) == KEYS_KEY) {
        s->touched = true;
        take_key(s, &key, act, context);
    }
}

void ui_sheet_type(struct ui_sheet *s, const char *bytes, size_t size, ui_sheet_act *act, void *context)
{
    keys_add(&s->keys, bytes, size); /* a paste that is too large is of no use here either */
    take_keys(s, false, act, context);
}

void ui_sheet_tick(struct ui_sheet *s, ui_sheet_act *act, void *context)
{
    if (keys_timeout(&s->keys) == 0)
        take_keys(s, true, act, context);
}

int ui_sheet_timeout(const struct ui_sheet *s)
{
    if (s->touched)
        return 0;
    return keys_timeout(&s->keys);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* The first line. Where there is no room for both, a page keeps its title, else the state of things is what counts. */
static void draw_head(const struct ui_sheet *s, struct canvas *c, const struct area *a)
{
    const char *title = ui_sheet_has_page(s) ? s->page_title : s->title, *status = s->status;
    const int wanted = title != NULL ? text_columns(title, strlen(title), 0) : 0;
    int width = status != NULL ? text_columns(status, strlen(status), 0) : 0;
    if (ui_sheet_has_page(s) && wanted + width + 4 > a->columns)
        width = 0;
    const struct area left = {a->y, a->x, 1, width > 0 ? a->columns - width - 3 : a->columns};
    if (title != NULL && left.columns > 0)
        canvas_puts(c, &left, 0, 1, STYLE_TITLE, title);
    if (width > 0)
        canvas_puts(c, a, 0, width + 1 < a->columns ? a->columns - width - 1 : 0, STYLE_STATUS, status);
}

/* "w wrong": as many as fit, after those before them. Returns the column that follows. */
static int draw_hints(const struct ui_sheet *s, struct canvas *c, const struct area *a, int column,
                      const struct ui_sheet_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const bool holds = ui_sheet_has_page(s) ? keys[i].page : keys[i].rows;
        char name[32];
        if (!holds || keys[i].hint == NULL)
            continue;
        snprintf(name, sizeof name, "%s", strcmp(keys[i].key, "escape") == 0 ? "esc" : keys[i].key);
        const int width = text_columns(name, strlen(name), 0) + 1 + text_columns(keys[i].hint, strlen(keys[i].hint), 0);
        if (column + width + 7 > a->columns)
            continue;
        column = canvas_puts(c, a, 0, column, STYLE_KEY, name);
        column = canvas_printf(c, a, 0, column, STYLE_DIM, " %s", keys[i].hint) + 2;
    }
    return column;
}

static void draw_foot(const struct ui_sheet *s, struct canvas *c, const struct area *a)
{
    canvas_blank(c, a, 0, 0, a->columns, STYLE_STATUS);
    if (s->question != NULL) {
        canvas_puts(c, a, 0, 1, STYLE_STATUS_BUSY, s->question);
        return;
    }
    if (!blocks_is_empty(s->help)) {
        canvas_puts(c, a, 0, canvas_puts(c, a, 0, 1, STYLE_KEY, "esc"), STYLE_DIM, " back");
        return;
    }
    int column = draw_hints(s, c, a, 1, sheet_keys, FIRST_KEYS);
    column = draw_hints(s, c, a, column, s->own, s->n_own);
    column = draw_hints(s, c, a, column, sheet_keys + FIRST_KEYS, SHEET_KEYS - FIRST_KEYS);
    canvas_puts(c, a, 0, canvas_puts(c, a, 0, column, STYLE_KEY, "?"), STYLE_DIM, " keys");
}

/* The table gets a third of the height, more where the list leaves room. */
static void lay_out(struct ui_sheet *s, int rows, int columns)
{
    const int room = rows - 2, table = rows_height(s->parts[UI_SHEET_TABLE]);
    const int list = rows_height(s->parts[UI_SHEET_LIST]);
    int height = room / 3 > 3 ? room / 3 : 3;
    if (room - list > height)
        height = room - list;
    if (height > table)
        height = table;
    s->areas[UI_SHEET_TABLE] = (struct area){1, 0, height, columns};
    s->areas[UI_SHEET_LIST] = (struct area){1 + height, 0, room - height, columns};
}

static void draw_parts(struct ui_sheet *s, int rows, int columns)
{
    const struct area head = {0, 0, 1, columns}, foot = {rows - 1, 0, 1, columns}, page = {1, 0, rows - 2, columns};
    draw_head(s, s->canvas, &head);
    draw_foot(s, s->canvas, &foot);
    if (is_page(s)) {
        blocks_draw(blocks_is_empty(s->help) ? s->page : s->help, s->canvas, &page);
        return;
    }
    lay_out(s, rows, columns);
    for (int i = 0; i < UI_SHEET_PARTS; i++)
        rows_draw(s->parts[i], s->canvas, &s->areas[i], s->focus == (enum ui_sheet_part)i);
}

void ui_sheet_draw(struct ui_sheet *s)
{
    const int rows = canvas_rows(s->canvas), columns = canvas_columns(s->canvas);
    const struct area all = {0, 0, rows, columns};
    if (!s->touched)
        return;
    s->touched = false;
    canvas_clear(s->canvas);
    if (rows < UI_LEAST_ROWS || columns < UI_LEAST_COLUMNS) {
        canvas_printf(s->canvas, &all, 0, 0, STYLE_TEXT, "Palaver needs %d x %d;", UI_LEAST_COLUMNS, UI_LEAST_ROWS);
        canvas_printf(s->canvas, &all, 1, 0, STYLE_TEXT, "this is %d x %d.", columns, rows);
    } else {
        draw_parts(s, rows, columns);
    }
    canvas_flush(s->canvas, -1, 0);
}

void ui_sheet_resize(struct ui_sheet *s)
{
    canvas_resize(s->canvas);
    s->touched = true;
}

void ui_sheet_leave(struct ui_sheet *s)
{
    canvas_leave(s->canvas);
}

void ui_sheet_return(struct ui_sheet *s)
{
    canvas_return(s->canvas);
    s->touched = true;
}
