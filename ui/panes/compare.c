/* Compare: columns where there is room for them, else one below the other. */
#include <config.h>

#include "ui/panes/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/text/text.h"

enum { TEXT_MOST = 64 << 20, LEAST_COLUMNS = 26 };

struct column {
    char *label, *about;
    struct buf text;          /* safe to show */
    unsigned char *different; /* (text.size) */
    bool running;
    int lines;                /* as drawn last */
};

struct compare_view {
    char *title;
    struct column columns[UI_COMPARED];
    size_t n, chosen;
    int scrolled;             /* lines above the end; 0: the end is followed */
    int rows;                 /* of a column's text, as drawn last */
    bool stale;               /* differences are to be found */
};

struct compare_view *compare_new(void)
{
    return calloc(1, sizeof(struct compare_view));
}

static void clear(struct compare_view *v)
{
    for (size_t i = 0; i < v->n; i++) {
        struct column *c = &v->columns[i];
        free(c->label);
        free(c->about);
        free(c->different);
        buf_free(&c->text);
    }
    free(v->title);
    v->title = NULL;
    v->n = 0;
}

void compare_free(struct compare_view *v)
{
    if (v == NULL)
        return;
    clear(v);
    free(v);
}

/* One line of safe text. */
static char *clean_line(const char *text)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    text_clean(text, strlen(text), &out, NULL);
    for (size_t i = 0; i < out.size; i++)
        if (out.data[i] == '\n')
            out.data[i] = ' ';
    return buf_take(&out);
}

/* Each is compared with the first, the first with the second. */
static void find_differences(struct compare_view *v)
{
    for (size_t i = 0; i < v->n && v->n > 1; i++) {
        struct column *c = &v->columns[i];
        const struct buf *other = &v->columns[i == 0].text;
        free(c->different);
        c->different = malloc(c->text.size + 1);
        if (c->different != NULL)
            compare_words(buf_text(&c->text), c->text.size, buf_text(other), other->size, c->different);
    }
}

void compare_set(struct compare_view *v, const char *title, const struct ui_compared *sides, size_t n)
{
    clear(v);
    v->title = clean_line(title);
    for (v->n = 0; v->n < n && v->n < UI_COMPARED; v->n++) {
        struct column *c = &v->columns[v->n];
        const struct ui_compared *side = &sides[v->n];
        *c = (struct column){.label = clean_line(side->label), .about = clean_line(side->about), .running = side->running};
        buf_init(&c->text, TEXT_MOST);
        text_clean(side->text, side->size, &c->text, NULL);
    }
    if (v->chosen >= v->n)
        v->chosen = 0;
    v->stale = true;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void draw_line(const struct column *c, struct canvas *s, const struct area *a, int row, size_t from, size_t to)
{
    int column = 0;
    for (size_t at = from; at < to;) {
        bool different = c->different != NULL && c->different[at] != 0;
        size_t end = at;
        while (end < to && (c->different != NULL && c->different[end] != 0) == different)
            end++;
        unsigned style = different ? STYLE_TEXT | STYLE_UNDERLINE | STYLE_BOLD : STYLE_TEXT;
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
static struct area area_of(const struct compare_view *v, size_t index, const struct area *a)
{
    int n = (int)v->n, i = (int)index;
    bool beside = a->columns / n >= LEAST_COLUMNS;
    int whole = beside ? a->columns : a->rows, from = whole * i / n, to = whole * (i + 1) / n;
    if (beside)
        return (struct area){a->y, a->x + from, a->rows, to - from};
    return (struct area){a->y + from, a->x, to - from, a->columns};
}

void compare_draw(struct compare_view *v, struct canvas *s, const struct area *a)
{
    static const char help[] = "← → choose, Enter keeps that answer, Esc stops, and leaves; all of them stay as alternatives";
    struct area inner = {a->y + 1, a->x, a->rows - 2, a->columns};
    if (v->stale)
        find_differences(v);
    v->stale = false;
    for (int row = 0; row < a->rows; row++)
        canvas_blank(s, a, row, 0, a->columns, STYLE_TEXT);
    canvas_puts(s, a, 0, 1, STYLE_TITLE, v->title != NULL ? v->title : "");
    for (size_t i = 0; i < v->n; i++) {
        struct area one = area_of(v, i, &inner);
        draw_column(v, i, s, &one);
    }
    canvas_puts(s, a, a->rows - 1, 1, STYLE_DIM, help);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

void compare_scroll(struct compare_view *v, int lines)
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

size_t compare_chosen(const struct compare_view *v)
{
    return v->chosen;
}

enum compare_result compare_key(struct compare_view *v, const struct key *key)
{
    bool ctrl = key->code == KEYS_CHARACTER && key->modifiers == KEY_CTRL;
    size_t n = v->n > 0 ? v->n : 1;
    if (key->code == KEYS_ESCAPE || (ctrl && key->character == L'c'))
        return COMPARE_STOP;
    if (key->code == KEYS_ENTER)
        return COMPARE_KEEP;
    if (key->code == KEYS_RIGHT || key->code == KEYS_TAB)
        v->chosen = (v->chosen + 1) % n;
    else if (key->code == KEYS_LEFT)
        v->chosen = (v->chosen + n - 1) % n;
    else if (key->code == KEYS_UP || key->code == KEYS_DOWN)
        compare_scroll(v, key->code == KEYS_UP ? -1 : 1);
    else if (key->code == KEYS_PAGE_UP || key->code == KEYS_PAGE_DOWN)
        compare_scroll(v, key->code == KEYS_PAGE_UP ? -v->rows : v->rows);
    else if (key->code == KEYS_END || key->code == KEYS_HOME)
        compare_scroll(v, key->code == KEYS_HOME ? -1000000 : 1000000);
    return COMPARE_NOTHING;
}
