/* Popup: its frame, and texts of a few megabytes; picker.c has the items. */
#include <config.h>

#include "ui/panes/popup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/panes/marked.h"
#include "ui/panes/picker.h"
#include "ui/text/text.h"

enum { TEXT_MOST = 64 << 20 };

struct popup {
    char *title;
    bool picks, asks, pairs;
    bool tells, told; /* which item is selected; it was told once */
    struct picker *picker;
    /* reads: */
    struct buf text;
    struct text_origin origin;
    struct ui_stretch *stretches;
    size_t n_stretches;
    char *copied; /* the text as it was given, for the clipboard */
    size_t top;
    int rows;       /* when drawn last */
    size_t n_lines; /* of the text, when drawn last */
};

/* ---- making ----------------------------------------------------------------------------------------------------- */

static void free_view(struct popup *p)
{
    text_origin_free(&p->origin);
    for (size_t i = 0; i < p->n_stretches; i++)
        free((char *)p->stretches[i].role);
    free(p->stretches);
    free(p->copied);
    p->stretches = NULL;
    p->n_stretches = 0;
    p->copied = NULL;
}

struct popup *popup_new(void)
{
    struct popup *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    buf_init(&p->text, TEXT_MOST);
    p->picker = picker_new();
    if (p->picker != NULL)
        return p;
    popup_free(p);
    return NULL;
}

void popup_free(struct popup *p)
{
    if (p == NULL)
        return;
    if (p->picker != NULL)
        popup_clear(p);
    picker_free(p->picker);
    buf_free(&p->text);
    free(p);
}

void popup_clear(struct popup *p)
{
    picker_clear(p->picker, false, false);
    free_view(p);
    buf_clear(&p->text);
    free(p->title);
    p->title = NULL;
    p->picks = p->asks = p->pairs = p->tells = p->told = false;
    p->top = p->n_lines = 0;
}

void popup_set_items(struct popup *p, const struct ui_item *items, size_t n)
{
    picker_set_items(p->picker, items, n);
}

void popup_add_items(struct popup *p, const struct ui_item *items, size_t n)
{
    picker_add_items(p->picker, items, n);
}

bool popup_asks(const struct popup *p)
{
    return p->picks && p->asks;
}

void popup_tell_selected(struct popup *p)
{
    p->tells = true;
}

void popup_set_pick(struct popup *p, const char *title, const struct ui_item *items, size_t n, enum ui_pick kind)
{
    popup_clear(p);
    p->title = text_clean_line(title);
    p->picks = true;
    p->asks = kind == UI_PICK_ASKS;
    p->pairs = kind == UI_PICK_PAIRS;
    picker_clear(p->picker, kind == UI_PICK_ASKS, kind == UI_PICK_PAIRS);
    picker_set_items(p->picker, items, n);
}

void popup_set_view(struct popup *p, const char *title, const char *text, size_t size,
                    const struct ui_stretch *stretches, size_t n)
{
    popup_clear(p);
    p->title = text_clean_line(title);
    text_clean(text, size, &p->text, &p->origin);
    p->stretches = calloc(n + 1, sizeof *p->stretches);
    for (size_t i = 0; p->stretches != NULL && i < n; i++)
        p->stretches[p->n_stretches++] = (struct ui_stretch){stretches[i].end, strdup(stretches[i].role)};
    p->copied = strndup(text, size);
}

void popup_set_query(struct popup *p, const char *text)
{
    picker_set_query(p->picker, text);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* The role of byte at of the clean text. *until moves to where the role can end. */
static unsigned role_at(const struct popup *p, size_t at, size_t *until)
{
    size_t source = at < p->origin.n ? p->origin.at[at] : at;
    for (size_t i = 0; i < p->n_stretches; i++) {
        if (source >= p->stretches[i].end)
            continue;
        while (*until < p->origin.n && p->origin.at[*until] < p->stretches[i].end)
            ++*until;
        for (int role = 0; role < STYLE_ROLES; role++)
            if (p->stretches[i].role != NULL && strcmp(style_name((enum style_role)role), p->stretches[i].role) == 0)
                return (unsigned)role;
        return STYLE_TEXT;
    }
    *until = p->text.size;
    return STYLE_TEXT;
}

static void draw_text_line(const struct popup *p, struct canvas *s, const struct area *a, int row, size_t start,
                           size_t end)
{
    int column = 1;
    for (size_t at = start; at < end;) {
        size_t until = at;
        unsigned style = role_at(p, at, &until);
        if (until <= at)
            until = at + 1;
        if (until > end)
            until = end;
        column = canvas_text(s, a, row, column, style, p->text.data + at, until - at);
        at = until;
    }
}

static void draw_text(struct popup *p, struct canvas *s, const struct area *a)
{
    size_t line = 0, at = 0;
    p->rows = a->rows;
    while (at < p->text.size) {
        size_t end, next = at + text_wrap(p->text.data + at, p->text.size - at, a->columns - 2, &end);
        if (line >= p->top && line < p->top + (size_t)a->rows)
            draw_text_line(p, s, a, (int)(line - p->top), at, at + end);
        at = next;
        line++;
    }
    p->n_lines = line;
}

/* Lines that the text takes at a width, but at most `most`. */
static size_t count_lines(const struct popup *p, int width, size_t most)
{
    size_t line = 0, end;
    for (size_t at = 0; at < p->text.size && line < most; line++)
        at += text_wrap(p->text.data + at, p->text.size - at, width, &end);
    return line;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The popup's frame, in the middle of an area. */
static struct area popup_box(const struct popup *p, const struct area *a)
{
    int columns = a->columns > 90 ? least(a->columns - 6, p->pairs ? 150 : p->picks ? 110 : 90) : a->columns - 4;
    int most = a->rows - 2, rows;
    if (columns < 40)
        columns = a->columns;
    if (p->picks)
        rows = p->asks ? most : picker_rows(p->picker, columns - 2) + 2;
    else
        rows = (int)count_lines(p, columns - 4, 400) + 2;
    if (rows > most)
        rows = most;
    if (rows < 4)
        rows = 4;
    return (struct area){a->y + (a->rows - rows) / 2, a->x + (a->columns - columns) / 2, rows, columns};
}

static struct area inside(const struct area *box)
{
    return (struct area){box->y + 1, box->x + 1, box->rows - 2, box->columns - 2};
}

/* How much of a text is above the end of the view; "" when all of it is shown. */
static void write_place(const struct popup *p, char *out, size_t size)
{
    size_t end = p->top + (size_t)p->rows;
    *out = '\0';
    if (!p->picks && p->n_lines > (size_t)p->rows)
        snprintf(out, size, "line %zu of %zu ·", end < p->n_lines ? end : p->n_lines, p->n_lines);
}

/* What the keys do, and what the selected row had no room for, or only that where there is no room for both. */
static void draw_hint(const struct popup *p, struct canvas *s, const struct area *a)
{
    const char *hint = p->pairs && *picker_selected(p->picker) == '\0' ? " Esc leaves " : " Enter chooses, Esc leaves ";
    char detail[200] = " ";
    int column = 0, hinted = (int)strlen(hint), width = 0;
    if (picker_cut(p->picker, detail + 1, sizeof detail - 2)) {
        strcat(detail, " ");
        width = text_columns(detail, strlen(detail), 0);
    }
    if (width == 0 || hinted + 2 + width <= a->columns)
        column = canvas_puts(s, a, 0, 0, STYLE_DIM, hint) + 2;
    if (width > 0)
        marked_draw(s, a, 0, column, a->columns - column, STYLE_TEXT, detail, NULL);
}

static void draw_popup(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct popup *p = pane;
    struct area box = popup_box(p, a), inner = inside(&box);
    char place[48];
    (void)focus;
    for (int row = 0; row < inner.rows; row++)
        canvas_blank(s, &inner, row, 0, inner.columns, STYLE_TEXT);
    canvas_box(s, &box, STYLE_BORDER_FOCUS, p->title);
    if (p->picks)
        picker_draw(p->picker, s, &inner);
    else
        draw_text(p, s, &inner);
    write_place(p, place, sizeof place);
    struct area bottom = {box.y + box.rows - 1, box.x + 2, 1, box.columns - 4};
    if (p->picks)
        draw_hint(p, s, &bottom);
    else
        canvas_printf(s, &bottom, 0, 0, STYLE_DIM, " %s%sEsc leaves, y copies ", place, *place != '\0' ? " " : "");
}

static void put_cursor(const void *pane, const struct area *a, bool focus, int *y, int *x)
{
    const struct popup *p = pane;
    struct area box = popup_box(p, a), inner = inside(&box);
    (void)focus;
    *y = -1;
    int column = p->picks ? picker_cursor(p->picker, &inner) : -1;
    if (column < 0)
        return;
    *y = inner.y;
    *x = inner.x + column;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void scroll_text(struct popup *p, long step)
{
    long last = (long)p->n_lines - p->rows, to = (long)p->top + step;
    p->top = to > last ? (size_t)(last > 0 ? last : 0) : to < 0 ? 0 : (size_t)to;
}

static bool take_scrolling(struct popup *p, const struct key *key)
{
    long page = p->rows > 2 ? p->rows - 1 : 1;
    if (key->code == KEYS_DOWN || pane_key_is_ctrl(key, L'n') || pane_key_is_letter(key, L'j'))
        scroll_text(p, 1);
    else if (key->code == KEYS_UP || pane_key_is_ctrl(key, L'p') || pane_key_is_letter(key, L'k'))
        scroll_text(p, -1);
    else if (key->code == KEYS_PAGE_DOWN || pane_key_is_letter(key, L' '))
        scroll_text(p, page);
    else if (key->code == KEYS_PAGE_UP)
        scroll_text(p, -page);
    else if (key->code == KEYS_HOME || pane_key_is_letter(key, L'g'))
        scroll_text(p, -1000000000);
    else if (key->code == KEYS_END || pane_key_is_letter(key, L'G'))
        scroll_text(p, 1000000000);
    else
        return false;
    return true;
}

/* Another item may be selected now. */
static struct pane_reaction tell_selected(struct popup *p)
{
    const char *command = picker_selected(p->picker);
    p->told = true;
    return pane_tell_text(UI_PREVIEW, command, strlen(command));
}

static struct pane_reaction close_popup(struct popup *p)
{
    struct pane_reaction r = p->told ? pane_tell_text(UI_PREVIEW, "", 0) : pane_taken();
    r.closes = true;
    popup_clear(p);
    return r;
}

static struct pane_reaction choose_item(struct popup *p)
{
    struct pane_reaction r = picker_choose(p->picker); /* it has copies */
    if (r.closes)
        popup_clear(p);
    return r;
}

static struct pane_reaction copy_view(const struct popup *p)
{
    const char *text = p->copied != NULL ? p->copied : "";
    struct pane_reaction r = pane_tell_text(UI_COPY, text, strlen(text));
    r.action.what = "text";
    return r;
}

static struct pane_reaction popup_key(void *pane, const struct key *key)
{
    struct popup *p = pane;
    if (key->code == KEYS_ESCAPE || pane_key_is_ctrl(key, L'c') || pane_key_is_ctrl(key, L'g'))
        return close_popup(p);
    if (p->picks && (key->code == KEYS_ENTER || key->code == KEYS_TAB))
        return choose_item(p);
    if (p->picks) {
        struct pane_reaction r = picker_key(p->picker, key);
        return p->tells && r.does == PANE_TAKEN ? tell_selected(p) : r;
    }
    if (take_scrolling(p, key))
        return pane_taken();
    if (pane_key_is_letter(key, L'y'))
        return copy_view(p);
    return key->code == KEYS_ENTER || pane_key_is_letter(key, L'q') ? close_popup(p) : pane_taken();
}

static bool is_outside(const struct area *box, const struct key *key)
{
    int row = key->mouse.y - box->y, column = key->mouse.x - box->x;
    return row < 0 || row >= box->rows || column < 0 || column >= box->columns;
}

/* A click chooses an item, or leaves where it is beside the popup. */
static struct pane_reaction popup_mouse(void *pane, const struct area *a, const struct key *key)
{
    struct popup *p = pane;
    struct area box = popup_box(p, a), inner = inside(&box);
    int row = key->mouse.y - inner.y, column = key->mouse.x - inner.x;
    if (key->mouse.kind == MOUSE_PRESS && is_outside(&box, key))
        return close_popup(p);
    if (pane_key_is_wheel(key) && p->picks)
        picker_move(p->picker, key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3);
    else if (pane_key_is_wheel(key))
        scroll_text(p, key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3);
    else if (p->picks && key->mouse.kind == MOUSE_PRESS && row >= 0 && row < inner.rows && column >= 0 &&
             column < inner.columns && picker_select_at(p->picker, row, column))
        return choose_item(p);
    return p->tells ? tell_selected(p) : pane_taken();
}

const struct pane popup_pane = {
    .at = LAYOUT_ALL,
    .place = PLACE_COMPOSER,
    .modal = true,
    .draw = draw_popup,
    .cursor = put_cursor,
    .first_key = popup_key,
    .mouse = popup_mouse,
};
