/* Popup: filtering, choosing, scrolling. Lists have some thousand items at most, texts a few megabytes. */
#include <config.h>

#include "ui/panes/popup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "ui/text/text.h"

enum { TEXT_MOST = 64 << 20 };
#define PROMPT "> "

struct item {
    char *label, *detail, *command;
    int act; /* these as in struct ui_item */
    int64_t a, b;
    int score; /* -1: filtered out */
};

struct popup {
    char *title;
    bool picks, asks;
    /* picks: */
    struct item *items;
    size_t n;
    size_t *shown; /* items by their score */
    size_t n_shown, selected;
    struct buf query;
    bool tells;     /* which item is selected */
    bool previewed; /* an item was told */
    /* reads: */
    struct buf text;
    struct text_origin origin;
    struct ui_stretch *stretches;
    size_t n_stretches;
    char *copied; /* the text as it was given, for the clipboard */
    /* both: */
    size_t top;
    int rows;       /* when drawn last */
    size_t n_lines; /* of the text, when drawn last */
};

/* ---- making ----------------------------------------------------------------------------------------------------- */

static void free_items(struct popup *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->items[i].label);
        free(p->items[i].detail);
        free(p->items[i].command);
    }
    free(p->items);
    free(p->shown);
    p->items = NULL;
    p->shown = NULL;
    p->n = p->n_shown = 0;
}

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
    buf_init(&p->query, 4096);
    buf_init(&p->text, TEXT_MOST);
    return p;
}

void popup_free(struct popup *p)
{
    if (p == NULL)
        return;
    popup_clear(p);
    buf_free(&p->query);
    buf_free(&p->text);
    free(p);
}

void popup_clear(struct popup *p)
{
    free_items(p);
    free_view(p);
    buf_clear(&p->query);
    buf_clear(&p->text);
    free(p->title);
    p->title = NULL;
    p->picks = p->asks = p->tells = p->previewed = false;
    p->selected = p->top = p->n_lines = 0;
}

/* ---- filtering -------------------------------------------------------------------------------------------------- */

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Where a label contains a word; NULL: nowhere. */
static const char *find_word(const char *label, const char *word, size_t size)
{
    for (; *label != '\0'; label++)
        if (strncasecmp(label, word, size) == 0)
            return label;
    return NULL;
}

/* How well a word of the query fits a label: best when the label contains it, at the beginning of a word above all;
 * else when it has its letters in that order, better side by side and at the beginning of words; -1: not at all. */
static int score_word(const char *label, const char *word, size_t size)
{
    int score = 0, run = 0;
    size_t at = 0;
    const char *whole = find_word(label, word, size);
    if (whole != NULL)
        return 100 + 10 * (int)size + (whole == label || !isalnum((unsigned char)whole[-1]) ? 50 : 0);
    for (const char *p = label; *p != '\0' && at < size; p++) {
        if (!same_letter(*p, word[at])) {
            run = 0;
            continue;
        }
        bool begins = p == label || !isalnum((unsigned char)p[-1]);
        score += 1 + 2 * run + (begins ? 6 : 0);
        run++;
        at++;
    }
    return at == size ? score : -1;
}

static int score_label(const char *label, const char *query)
{
    int score = 0;
    while (*query != '\0') {
        size_t size = strcspn(query, " ");
        int part = size > 0 ? score_word(label, query, size) : 0;
        if (part < 0)
            return -1;
        score += part;
        query += size;
        query += strspn(query, " ");
    }
    return score * 64 - (int)(strlen(label) < 60 ? strlen(label) : 60);
}

/* The best first; equal ones keep their order. */
static int by_score(const void *a, const void *b, void *context)
{
    const struct item *items = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    int x = items[i].score, y = items[j].score;
    return x != y ? (x < y) - (x > y) : (i > j) - (i < j);
}

static void filter_items(struct popup *p)
{
    const char *query = buf_text(&p->query);
    p->n_shown = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct item *item = &p->items[i];
        item->score = p->asks || *query == '\0' ? 0 : score_label(item->label, query);
        if (item->score != -1)
            p->shown[p->n_shown++] = i;
    }
    if (!p->asks && *query != '\0')
        qsort_r(p->shown, p->n_shown, sizeof *p->shown, by_score, p->items);
    p->selected = 0;
    p->top = 0;
}

void popup_set_items(struct popup *p, const struct ui_item *items, size_t n)
{
    free_items(p);
    p->items = calloc(n + 1, sizeof *p->items);
    p->shown = calloc(n + 1, sizeof *p->shown);
    if (p->items == NULL || p->shown == NULL) {
        free_items(p);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct ui_item *from = &items[i];
        struct item item = {.act = from->act, .a = from->a, .b = from->b};
        item.label = text_clean_line(from->label);
        item.detail = text_clean_line(from->detail != NULL ? from->detail : "");
        item.command = strdup(from->command != NULL ? from->command : "");
        p->items[p->n++] = item;
        if (item.label == NULL || item.detail == NULL || item.command == NULL) {
            free_items(p); /* out of memory */
            return;
        }
    }
    filter_items(p);
}

void popup_add_items(struct popup *p, const struct ui_item *items, size_t n)
{
    struct item selected = {0};
    const size_t top = p->top;
    if (p->selected > 0 && p->selected < p->n_shown)
        selected = p->items[p->shown[p->selected]];
    popup_set_items(p, items, n);
    for (size_t i = 0; selected.act != 0 && i < p->n_shown; i++) {
        const struct item *item = &p->items[p->shown[i]];
        if (item->act == selected.act && item->a == selected.a && item->b == selected.b) {
            p->selected = i;
            p->top = top;
        }
    }
}

bool popup_asks(const struct popup *p)
{
    return p->picks && p->asks;
}

void popup_set_pick(struct popup *p, const char *title, const struct ui_item *items, size_t n, bool asks)
{
    popup_clear(p);
    p->title = text_clean_line(title);
    p->picks = true;
    p->asks = asks;
    popup_set_items(p, items, n);
}

void popup_tell_selected(struct popup *p)
{
    p->tells = true;
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
    buf_clear(&p->query);
    for (; *text != '\0'; text++)
        buf_putc(&p->query, (unsigned char)*text < ' ' ? ' ' : *text);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void draw_item(const struct popup *p, struct canvas *s, const struct area *a, int row, size_t place)
{
    const struct item *item = &p->items[p->shown[place]];
    bool selected = place == p->selected;
    unsigned style = selected ? STYLE_SELECTED : STYLE_TEXT;
    canvas_blank(s, a, row, 0, a->columns, style);
    int width = text_columns(item->detail, strlen(item->detail), 0);
    int label = text_columns(item->label, strlen(item->label), 0);
    if (label > a->columns - 4 - width && width > a->columns / 2)
        width = a->columns / 2;
    bool room = label + 3 + width < a->columns || width <= a->columns / 2;
    struct area left = {a->y, a->x, a->rows, room && width > 0 ? a->columns - width - 2 : a->columns};
    canvas_puts(s, &left, row, 1, style, item->label);
    if (room && width > 0)
        canvas_text(s, a, row, a->columns - width - 1, selected ? STYLE_SELECTED : STYLE_DIM, item->detail,
                    text_fit(item->detail, strlen(item->detail), width));
}

static void draw_picker(struct popup *p, struct canvas *s, const struct area *a)
{
    struct area rows = {a->y + 1, a->x, a->rows - 1, a->columns};
    canvas_puts(s, a, 0, canvas_puts(s, a, 0, 1, STYLE_KEY, PROMPT), STYLE_TEXT, buf_text(&p->query));
    p->rows = rows.rows;
    if (p->selected >= p->top + (size_t)rows.rows)
        p->top = p->selected - (size_t)rows.rows + 1;
    if (p->selected < p->top)
        p->top = p->selected;
    for (int row = 0; row < rows.rows && p->top + (size_t)row < p->n_shown; row++)
        draw_item(p, s, &rows, row, p->top + (size_t)row);
    if (p->n_shown == 0)
        canvas_puts(s, &rows, 0, 1, STYLE_DIM, p->asks && p->query.size == 0 ? "type a few letters" : "nothing found");
}

/* The role of byte at of the clean text. *until moves to where the role can end. */
static unsigned role_at(const struct popup *p, size_t at, size_t *until)
{
    size_t source = at < p->origin.n ? p->origin.at[at] : at;
    for (size_t i = 0; i < p->n_stretches; i++) {
        if (source >= p->stretches[i].end)
            continue;
        while (*until < p->origin.n && p->origin.at[*until] < p->stretches[i].end)
            ++*until;
        const int role = p->stretches[i].role != NULL ? style_find(p->stretches[i].role) : -1;
        return role >= 0 ? (unsigned)role : STYLE_TEXT;
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

/* The popup's frame, in the middle of an area. */
static struct area popup_box(const struct popup *p, const struct area *a)
{
    int columns = a->columns > 90 ? 84 : a->columns - 4;
    int most = a->rows - 2, rows;
    if (columns < 20)
        columns = a->columns;
    if (p->picks)
        rows = p->asks ? most : (int)(p->n < 40 ? p->n : 40) + 3;
    else
        rows = (int)count_lines(p, columns - 4, 400) + 2;
    if (rows > most)
        rows = most;
    if (rows < 4)
        rows = 4;
    return (struct area){a->y + (a->rows - rows) / 2, a->x + (a->columns - columns) / 2, rows, columns};
}

static void draw_popup(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct popup *p = pane;
    struct area box = popup_box(p, a);
    struct area inner = {box.y + 1, box.x + 1, box.rows - 2, box.columns - 2};
    (void)focus;
    for (int row = 0; row < inner.rows; row++)
        canvas_blank(s, &inner, row, 0, inner.columns, STYLE_TEXT);
    canvas_box(s, &box, STYLE_BORDER_FOCUS, p->title);
    if (p->picks)
        draw_picker(p, s, &inner);
    else
        draw_text(p, s, &inner);
    struct area bottom = {box.y + box.rows - 1, box.x + 2, 1, box.columns - 4};
    canvas_puts(s, &bottom, 0, 0, STYLE_DIM, p->picks ? " Enter chooses, Esc leaves " : " Esc leaves, y copies ");
}

static void put_cursor(const void *pane, const struct area *a, bool focus, int *y, int *x)
{
    const struct popup *p = pane;
    struct area box = popup_box(p, a);
    int width = box.columns - 2, from = 1 + (int)strlen(PROMPT);
    (void)focus;
    *y = -1;
    if (!p->picks)
        return;
    const char *query = buf_text(&p->query);
    *y = box.y + 1;
    *x = box.x + 1 + from + text_columns(query, text_fit(query, p->query.size, width - from), 0);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void move_by(struct popup *p, long step)
{
    long last = p->picks ? (long)p->n_shown - 1 : (long)p->n_lines - p->rows;
    size_t *place = p->picks ? &p->selected : &p->top;
    long to = (long)*place + step;
    *place = to > last ? (size_t)(last > 0 ? last : 0) : to < 0 ? 0 : (size_t)to;
}

static bool take_movement(struct popup *p, const struct key *key)
{
    long page = p->rows > 2 ? p->rows - 1 : 1;
    bool ctrl = key->code == KEYS_CHARACTER && key->modifiers == KEY_CTRL;
    bool plain = !p->picks && key->code == KEYS_CHARACTER && key->modifiers == 0;
    wchar_t c = key->character;
    if (key->code == KEYS_DOWN || (ctrl && c == L'n') || (plain && c == L'j'))
        move_by(p, 1);
    else if (key->code == KEYS_UP || (ctrl && c == L'p') || (plain && c == L'k'))
        move_by(p, -1);
    else if (key->code == KEYS_PAGE_DOWN || (plain && c == L' '))
        move_by(p, page);
    else if (key->code == KEYS_PAGE_UP)
        move_by(p, -page);
    else if (key->code == KEYS_HOME || (plain && c == L'g'))
        move_by(p, -1000000000);
    else if (key->code == KEYS_END || (plain && c == L'G'))
        move_by(p, 1000000000);
    else
        return false;
    return true;
}

/* Another item may be selected now. */
static struct pane_reaction tell_selected(struct popup *p)
{
    const struct item *item = p->picks && p->selected < p->n_shown ? &p->items[p->shown[p->selected]] : NULL;
    if (!p->tells)
        return pane_taken();
    p->previewed = true;
    const char *text = item != NULL ? item->command : "";
    return pane_tell_text(UI_PREVIEW, text, strlen(text));
}

/* The query changed: asks the program for items, or filters those there are. */
static struct pane_reaction take_change(struct popup *p)
{
    if (p->asks)
        return pane_tell_text(UI_QUERY, buf_text(&p->query), p->query.size);
    filter_items(p);
    return tell_selected(p);
}

static struct pane_reaction take_query(struct popup *p, const struct key *key)
{
    char bytes[4];
    if (key->code == KEYS_BACKSPACE && p->query.size > 0) {
        buf_truncate(&p->query, p->query.size - text_cluster_before(p->query.data, p->query.size));
        return take_change(p);
    }
    if (pane_key_is_ctrl(key, L'u') || pane_key_is_ctrl(key, L'w')) {
        buf_clear(&p->query);
        return take_change(p);
    }
    if (key->code == KEYS_PASTE) {
        for (size_t i = 0; i < key->text_size && key->text[i] != '\n'; i++)
            if ((unsigned char)key->text[i] >= ' ' && key->text[i] != 127)
                buf_putc(&p->query, key->text[i]);
        return take_change(p);
    }
    if (key->code != KEYS_CHARACTER || key->modifiers != 0 || utf8_is_unsafe((uint32_t)key->character))
        return pane_taken();
    buf_append(&p->query, bytes, utf8_encode((uint32_t)key->character, bytes));
    return take_change(p);
}

static struct pane_reaction close_popup(struct popup *p)
{
    struct pane_reaction r = p->previewed ? pane_tell_text(UI_PREVIEW, "", 0) : pane_taken();
    r.closes = true;
    popup_clear(p);
    return r;
}

/* Tells the act of the selected item, or runs its command. */
static struct pane_reaction choose_item(struct popup *p)
{
    if (p->selected >= p->n_shown)
        return pane_taken();
    struct item *item = &p->items[p->shown[p->selected]];
    struct pane_reaction r = pane_run(item->command);
    if (item->act > 0)
        r = pane_tell(UI_CHOICE);
    r.action.text = item->command;
    r.action.act = item->act;
    r.action.a = item->a;
    r.action.b = item->b;
    r.text = item->command; /* the reaction has it now */
    item->command = NULL;
    r.closes = true;
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
    if (take_movement(p, key))
        return tell_selected(p);
    if (p->picks && (key->code == KEYS_ENTER || key->code == KEYS_TAB))
        return choose_item(p);
    if (p->picks)
        return take_query(p, key);
    if (pane_key_is_letter(key, L'y'))
        return copy_view(p);
    return key->code == KEYS_ENTER || pane_key_is_letter(key, L'q') ? close_popup(p) : pane_taken();
}

static struct pane_reaction popup_mouse(void *pane, const struct area *a, const struct key *key)
{
    (void)a;
    if (!pane_key_is_wheel(key))
        return pane_taken();
    move_by(pane, key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3);
    return tell_selected(pane);
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
