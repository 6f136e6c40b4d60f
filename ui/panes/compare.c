/* Compare: columns where there is room for them, else one answer below the other. */
#include <config.h>

#include "ui/panes/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/text/text.h"

enum { TEXT_MOST = 64 << 20, LEAST_COLUMNS = 26 };

struct column {
    char *label, *about;
    struct buf text;      /* safe to show */
    unsigned char *marks; /* (text.size): enum compare_mark; NULL: nothing differs, or it is not known */
    bool running;
    int lines; /* when drawn last */
};

struct compare_view {
    char *title;
    char *typed; /* into the composer meanwhile, safe to show; NULL: nothing */
    int cursor;  /* the column after it, as last drawn */
    struct column columns[UI_COMPARED];
    size_t n, chosen;
    int scrolled; /* lines above the end; 0: the view follows the end */
    int rows;     /* of a column's text, when drawn last */
    bool stale;   /* the differences have to be found again */
};

struct compare_view *compare_new(void)
{
    return calloc(1, sizeof(struct compare_view));
}

static void clear_columns(struct compare_view *v)
{
    for (size_t i = 0; i < v->n; i++) {
        struct column *c = &v->columns[i];
        free(c->label);
        free(c->about);
        free(c->marks);
        buf_free(&c->text);
    }
    free(v->title);
    v->title = NULL;
    v->n = 0;
}

static void forget_typed(struct compare_view *v)
{
    free(v->typed);
    v->typed = NULL;
}

void compare_free(struct compare_view *v)
{
    if (v == NULL)
        return;
    clear_columns(v);
    forget_typed(v);
    free(v);
}

/* Each is compared with the first, the first with the second. */
static void find_differences(struct compare_view *v)
{
    for (size_t i = 0; i < v->n && v->n > 1; i++) {
        struct column *c = &v->columns[i];
        const struct buf *other = &v->columns[i == 0].text;
        free(c->marks);
        bool same = c->text.size == other->size && memcmp(buf_text(&c->text), buf_text(other), other->size) == 0;
        c->marks = same ? NULL : malloc(c->text.size + 1);
        if (c->marks != NULL)
            compare_words(buf_text(&c->text), c->text.size, buf_text(other), other->size, c->marks);
    }
}

void compare_set(struct compare_view *v, const char *title, const struct ui_compared *sides, size_t n)
{
    clear_columns(v);
    if (n == 0) {
        forget_typed(v);
        *v = (struct compare_view){0};
        return;
    }
    v->title = text_clean_line(title);
    for (v->n = 0; v->n < n && v->n < UI_COMPARED; v->n++) {
        struct column *c = &v->columns[v->n];
        const struct ui_compared *side = &sides[v->n];
        *c = (struct column){.running = side->running};
        c->label = text_clean_line(side->label);
        c->about = text_clean_line(side->about);
        buf_init(&c->text, TEXT_MOST);
        text_clean(side->text, side->size, &c->text, NULL);
    }
    if (v->chosen >= v->n)
        v->chosen = 0;
    v->stale = true;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* What all have in common steps back, and the word at which they part stands out. */
static void draw_line(const struct column *c, struct canvas *s, const struct area *a, int row, size_t from, size_t to)
{
    static const unsigned styles[] = {[COMPARE_SAME] = STYLE_DIM,
                                      [COMPARE_DIFFERENT] = STYLE_TEXT,
                                      [COMPARE_PARTS] = STYLE_TEXT | STYLE_UNDERLINE | STYLE_BOLD};
    int column = 0;
    for (size_t at = from; at < to;) {
        size_t end = at + 1;
        while (end < to && (c->marks == NULL || c->marks[end] == c->marks[at]))
            end++;
        unsigned style = c->marks != NULL ? styles[c->marks[at]] : STYLE_TEXT;
        column = canvas_text(s, a, row, column, style, buf_text(&c->text) + at, end - at);
        at = end;
    }
    if (c->running && to == c->text.size)
        canvas_puts(s, a, row, column, STYLE_ASSISTANT, canvas_is_ascii(s) ? "_" : "▌");
}

static int count_lines(const struct column *c, int width)
{
    int lines = 0;
    size_t end;
    for (size_t at = 0; at < c->text.size; lines++)
        at += text_wrap(buf_text(&c->text) + at, c->text.size - at, width, &end);
    return lines;
}

static void draw_column(struct compare_view *v, size_t index, struct canvas *s, const struct area *a)
{
    struct column *c = &v->columns[index];
    bool chosen = index == v->chosen;
    struct area inner = {a->y + 1, a->x + 2, a->rows - 2, a->columns - 4};
    canvas_box(s, a, chosen ? STYLE_BORDER_FOCUS : STYLE_BORDER, c->label != NULL ? c->label : "");
    if (inner.rows < 2 || inner.columns < 2)
        return;
    int rows = inner.rows - 1, width = inner.columns - 1, row = 0;
    c->lines = count_lines(c, width);
    v->rows = rows;
    int top = c->lines - rows - v->scrolled;
    size_t end;
    row = top < 0 ? 0 : -top;
    for (size_t at = 0; at < c->text.size && row < rows; row++) {
        size_t next = text_wrap(buf_text(&c->text) + at, c->text.size - at, width, &end);
        if (row >= 0)
            draw_line(c, s, &inner, row, at, at + next == c->text.size ? c->text.size : at + end);
        at += next;
    }
    if (c->about != NULL)
        canvas_puts(s, &inner, inner.rows - 1, 0, STYLE_DIM, c->about);
}

/* The area of column number index: beside or below each other. */
static struct area column_area(const struct compare_view *v, size_t index, const struct area *a)
{
    int n = (int)v->n, i = (int)index;
    bool beside = a->columns / n >= LEAST_COLUMNS;
    int whole = beside ? a->columns : a->rows, from = whole * i / n, to = whole * (i + 1) / n;
    if (beside)
        return (struct area){a->y, a->x + from, a->rows, to - from};
    return (struct area){a->y + from, a->x, to - from, a->columns};
}

/* The last line: the keys, or the end of what is typed into the composer. */
static void draw_foot(struct compare_view *v, struct canvas *s, const struct area *a)
{
    static const char help[] =
        "← → choose, Enter keeps that answer, Esc stops, and leaves; all of them stay as alternatives";
    static const char short_help[] = "← → choose, Enter keeps, Esc leaves";
    int row = a->rows - 1, columns;
    if (v->typed == NULL) {
        const bool fits = text_columns(help, strlen(help), 0) < a->columns;
        canvas_puts(s, a, row, 1, STYLE_DIM, fits ? help : short_help);
        return;
    }
    int column = canvas_puts(s, a, row, 1, STYLE_DIM, canvas_is_ascii(s) ? "in the composer: " : "in the composer › ");
    const char *text = v->typed;
    while (*text != '\0' && text_columns(text, strlen(text), 0) > a->columns - column - 1)
        text += text_cluster(text, strlen(text), &columns);
    v->cursor = canvas_puts(s, a, row, column, STYLE_COMPOSER, text);
}

static void draw_compare(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct compare_view *v = pane;
    (void)focus;
    struct area inner = {a->y + 1, a->x, a->rows - 2, a->columns};
    if (v->stale)
        find_differences(v);
    v->stale = false;
    for (int row = 0; row < a->rows; row++)
        canvas_blank(s, a, row, 0, a->columns, STYLE_TEXT);
    canvas_puts(s, a, 0, 1, STYLE_TITLE, v->title != NULL ? v->title : "");
    for (size_t i = 0; i < v->n; i++) {
        struct area one = column_area(v, i, &inner);
        draw_column(v, i, s, &one);
    }
    draw_foot(v, s, a);
}

static void place_cursor(const void *pane, const struct area *a, bool focus, int *y, int *x)
{
    const struct compare_view *v = pane;
    (void)focus;
    *y = v->typed != NULL ? a->y + a->rows - 1 : -1;
    *x = a->x + v->cursor;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void scroll_by(struct compare_view *v, int lines)
{
    int most = 0;
    for (size_t i = 0; i < v->n; i++)
        if (v->columns[i].lines - v->rows > most)
            most = v->columns[i].lines - v->rows;
    v->scrolled -= lines;
    if (v->scrolled > most)
        v->scrolled = most;
    if (v->scrolled < 0)
        v->scrolled = 0;
}

static struct pane_reaction keep_chosen(const struct compare_view *v)
{
    struct pane_reaction r = pane_tell(UI_KEEP);
    r.action.index = v->chosen;
    r.closes = true; /* what is typed from now on belongs to the composer, however long the sides take to stop */
    return r;
}

/* Stops the answers; when none is written, leaves them, and at once. */
static struct pane_reaction leave_all(const struct compare_view *v)
{
    struct pane_reaction r = pane_tell(UI_LEAVE_COMPARISON);
    r.closes = true;
    for (size_t i = 0; i < v->n; i++)
        r.closes = r.closes && !v->columns[i].running;
    return r;
}

static bool is_for_composer(const struct key *key)
{
    return key->code == KEYS_PASTE || key->code == KEYS_BACKSPACE ||
           (key->code == KEYS_CHARACTER && key->modifiers == 0 && key->character >= L' ');
}

static struct pane_reaction compare_key(void *pane, const struct key *key)
{
    struct compare_view *v = pane;
    size_t n = v->n > 0 ? v->n : 1;
    if (key->code == KEYS_ESCAPE || pane_key_is_ctrl(key, L'c'))
        return leave_all(v);
    if (key->code == KEYS_ENTER)
        return keep_chosen(v);
    if (key->code == KEYS_RIGHT || key->code == KEYS_TAB)
        v->chosen = (v->chosen + 1) % n;
    else if (key->code == KEYS_LEFT)
        v->chosen = (v->chosen + n - 1) % n;
    else if (key->code == KEYS_UP || key->code == KEYS_DOWN)
        scroll_by(v, key->code == KEYS_UP ? -1 : 1);
    else if (key->code == KEYS_PAGE_UP || key->code == KEYS_PAGE_DOWN)
        scroll_by(v, key->code == KEYS_PAGE_UP ? -v->rows : v->rows);
    else if (key->code == KEYS_END || key->code == KEYS_HOME)
        scroll_by(v, key->code == KEYS_HOME ? -1000000 : 1000000);
    else if (is_for_composer(key))
        return (struct pane_reaction){0};
    return pane_taken();
}

static void show_typed(void *pane, const char *text, size_t size)
{
    struct compare_view *v = pane;
    char *copy = size > 0 ? strndup(text, size) : NULL;
    forget_typed(v);
    v->typed = copy != NULL ? text_clean_line(copy) : NULL;
    free(copy);
}

static struct pane_reaction compare_mouse(void *pane, const struct area *a, const struct key *key)
{
    (void)a;
    if (pane_key_is_wheel(key))
        scroll_by(pane, key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3);
    return pane_taken();
}

const struct pane compare_pane = {
    .at = LAYOUT_ALL,
    .place = PLACE_COMPOSER,
    .modal = true,
    .draw = draw_compare,
    .cursor = place_cursor,
    .first_key = compare_key,
    .typed = show_typed,
    .mouse = compare_mouse,
};
