/* Popup: filtering, choosing, scrolling. */
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

struct item { char *label, *detail, *command; int act; int64_t a, b; int score; };

struct popup {
    char *title;
    bool picks, asks;
    /* picks: */
    struct item *items;
    size_t n;
    size_t *shown;       /* items by their score */
    size_t n_shown, selected;
    struct buf query;
    /* reads: */
    struct buf text;
    struct text_origin origin;
    struct ui_stretch *stretches;
    size_t n_stretches;
    char *copied;
    /* both: */
    size_t top;
    int rows, width;
    size_t n_lines;
};

/* ---- making ----------------------------------------------------------------------------------------------------- */

static char *clean(const char *text)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    if (text != NULL)
        text_clean(text, strlen(text), &out, NULL);
    for (size_t i = 0; i < out.size; i++)
        if (out.data[i] == '\n')
            out.data[i] = ' ';
    return buf_take(&out);
}

static struct popup *make(const char *title)
{
    struct popup *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    buf_init(&p->query, 4096);
    buf_init(&p->text, TEXT_MOST);
    p->title = clean(title);
    return p;
}

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

void popup_free(struct popup *p)
{
    if (p == NULL)
        return;
    free_items(p);
    buf_free(&p->query);
    buf_free(&p->text);
    text_origin_free(&p->origin);
    for (size_t i = 0; i < p->n_stretches; i++)
        free((char *)p->stretches[i].role);
    free(p->stretches);
    free(p->copied);
    free(p->title);
    free(p);
}

/* ---- filtering -------------------------------------------------------------------------------------------------- */

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Where a word stands in a label as it is; NULL: nowhere. */
static const char *find_word(const char *label, const char *word, size_t size)
{
    for (; *label != '\0'; label++)
        if (strncasecmp(label, word, size) == 0)
            return label;
    return NULL;
}

/* How well a word of the query fits: best as it is, at the beginning of a word; else its letters in order, better together
 * and at the beginning of words; -1: not at all. */
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

/* The better first, equals in their order. */
static int by_score(const void *a, const void *b, void *context)
{
    const struct item *items = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    int x = items[i].score, y = items[j].score;
    return x != y ? (x < y) - (x > y) : (i > j) - (i < j);
}

static void filter(struct popup *p)
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
    for (; p->n < n; p->n++)
        p->items[p->n] = (struct item){clean(items[p->n].label), clean(items[p->n].detail),
                                       strdup(items[p->n].command != NULL ? items[p->n].command : ""), items[p->n].act,
                                       items[p->n].a, items[p->n].b, 0};
    filter(p);
}

struct popup *popup_pick(const char *title, const struct ui_item *items, size_t n, bool asks)
{
    struct popup *p = make(title);
    if (p == NULL)
        return NULL;
    p->picks = true;
    p->asks = asks;
    popup_set_items(p, items, n);
    return p;
}

struct popup *popup_view(const char *title, const char *text, size_t size, const struct ui_stretch *stretches, size_t n)
{
    struct popup *p = make(title);
    if (p == NULL)
        return NULL;
    text_clean(text, size, &p->text, &p->origin);
    p->stretches = calloc(n + 1, sizeof *p->stretches);
    for (size_t i = 0; p->stretches != NULL && i < n; i++)
        p->stretches[p->n_stretches++] = (struct ui_stretch){stretches[i].end, strdup(stretches[i].role)};
    free(p->copied);
    p->copied = strndup(text, size);
    return p;
}

struct ui_item popup_selected(const struct popup *p)
{
    if (!p->picks || p->selected >= p->n_shown)
        return (struct ui_item){.command = ""};
    const struct item *item = &p->items[p->shown[p->selected]];
    return (struct ui_item){item->label, item->detail, item->command, item->act, item->a, item->b};
}

const char *popup_text(const struct popup *p)
{
    return p->copied != NULL ? p->copied : "";
}

void popup_set_query(struct popup *p, const char *text)
{
    buf_clear(&p->query);
    for (; *text != '\0'; text++)
        buf_putc(&p->query, (unsigned char)*text < ' ' ? ' ' : *text);
}

const char *popup_query(const struct popup *p)
{
    return buf_text(&p->query);
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

static void draw_picker(struct popup *p, struct canvas *s, const struct area *a, int *y, int *x)
{
    struct area rows = {a->y + 1, a->x, a->rows - 1, a->columns};
    int column = canvas_puts(s, a, 0, 1, STYLE_KEY, "> ");
    *x = a->x + canvas_puts(s, a, 0, column, STYLE_TEXT, buf_text(&p->query));
    *y = a->y;
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

/* The role of a byte of the text. */
static unsigned role_at(const struct popup *p, size_t at, size_t *until)
{
    size_t source = at < p->origin.n ? p->origin.at[at] : at;
    for (size_t i = 0; i < p->n_stretches; i++) {
        if (source >= p->stretches[i].end)
            continue;
        while (*until < p->origin.n && p->origin.at[*until] < p->stretches[i].end)
            ++*until;
        for (int role = 0; role < STYLE_ROLES; role++)
            if (strcmp(style_name((enum style_role)role), p->stretches[i].role) == 0)
                return (unsigned)role;
        return STYLE_TEXT;
    }
    *until = p->text.size;
    return STYLE_TEXT;
}

static void draw_text_line(const struct popup *p, struct canvas *s, const struct area *a, int row, size_t start, size_t end)
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
    p->width = a->columns - 2;
    while (at < p->text.size) {
        size_t end, next = at + text_wrap(p->text.data + at, p->text.size - at, p->width, &end);
        if (line >= p->top && line < p->top + (size_t)a->rows)
            draw_text_line(p, s, a, (int)(line - p->top), at, at + end);
        at = next;
        line++;
    }
    p->n_lines = line;
}

/* Lines that the text takes at a width; counts no further than needed. */
static size_t count_lines(const struct popup *p, int width, size_t most)
{
    size_t line = 0, end;
    for (size_t at = 0; at < p->text.size && line < most; line++)
        at += text_wrap(p->text.data + at, p->text.size - at, width, &end);
    return line;
}

void popup_draw(struct popup *p, struct canvas *s, const struct area *a, int *y, int *x)
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
    struct area box = {a->y + (a->rows - rows) / 2, a->x + (a->columns - columns) / 2, rows, columns};
    struct area inner = {box.y + 1, box.x + 1, box.rows - 2, box.columns - 2};
    for (int row = 0; row < inner.rows; row++)
        canvas_blank(s, &inner, row, 0, inner.columns, STYLE_TEXT);
    canvas_box(s, &box, STYLE_BORDER_FOCUS, p->title);
    if (p->picks)
        draw_picker(p, s, &inner, y, x);
    else
        draw_text(p, s, &inner);
    struct area bottom = {box.y + box.rows - 1, box.x + 2, 1, box.columns - 4};
    canvas_puts(s, &bottom, 0, 0, STYLE_DIM, p->picks ? " Enter chooses, Esc leaves " : " Esc leaves, y copies ");
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void move(struct popup *p, long step)
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
        move(p, 1);
    else if (key->code == KEYS_UP || (ctrl && c == L'p') || (plain && c == L'k'))
        move(p, -1);
    else if (key->code == KEYS_PAGE_DOWN || (plain && c == L' '))
        move(p, page);
    else if (key->code == KEYS_PAGE_UP)
        move(p, -page);
    else if (key->code == KEYS_HOME || (plain && c == L'g'))
        move(p, -1000000000);
    else if (key->code == KEYS_END || (plain && c == L'G'))
        move(p, 1000000000);
    else if (key->code == KEYS_MOUSE && key->mouse.kind == MOUSE_WHEEL_DOWN)
        move(p, 3);
    else if (key->code == KEYS_MOUSE && key->mouse.kind == MOUSE_WHEEL_UP)
        move(p, -3);
    else
        return false;
    return true;
}

static enum popup_result typed(struct popup *p)
{
    if (p->asks)
        return POPUP_ASKED;
    filter(p);
    return POPUP_NOTHING;
}

static enum popup_result take_query(struct popup *p, const struct key *key)
{
    char bytes[4];
    if (key->code == KEYS_BACKSPACE && p->query.size > 0) {
        buf_truncate(&p->query, p->query.size - text_cluster_before(p->query.data, p->query.size));
        return typed(p);
    }
    if (key->code == KEYS_CHARACTER && key->modifiers == KEY_CTRL && (key->character == L'u' || key->character == L'w')) {
        buf_clear(&p->query);
        return typed(p);
    }
    if (key->code == KEYS_PASTE) {
        for (size_t i = 0; i < key->text_size && key->text[i] != '\n'; i++)
            if ((unsigned char)key->text[i] >= ' ' && key->text[i] != 127)
                buf_putc(&p->query, key->text[i]);
        return typed(p);
    }
    if (key->code != KEYS_CHARACTER || key->modifiers != 0 || utf8_is_unsafe((uint32_t)key->character))
        return POPUP_NOTHING;
    buf_append(&p->query, bytes, utf8_encode((uint32_t)key->character, bytes));
    return typed(p);
}

enum popup_result popup_key(struct popup *p, const struct key *key)
{
    bool ctrl_c = key->code == KEYS_CHARACTER && key->modifiers == KEY_CTRL &&
                  (key->character == L'c' || key->character == L'g');
    if (key->code == KEYS_ESCAPE || ctrl_c)
        return POPUP_CLOSED;
    if (take_movement(p, key))
        return POPUP_NOTHING;
    if (p->picks && (key->code == KEYS_ENTER || key->code == KEYS_TAB))
        return p->selected < p->n_shown ? POPUP_CHOSEN : POPUP_NOTHING;
    if (p->picks)
        return take_query(p, key);
    if (key->code == KEYS_CHARACTER && key->modifiers == 0 && key->character == L'y')
        return POPUP_COPY;
    if (key->code == KEYS_ENTER || (key->code == KEYS_CHARACTER && key->modifiers == 0 && key->character == L'q'))
        return POPUP_CLOSED;
    return POPUP_NOTHING;
}
