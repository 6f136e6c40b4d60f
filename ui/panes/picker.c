/* Picker: filtering, groups, columns. Lists have some thousand items at most.
 *
 * While nothing is typed the items stand in their order, below the headings of their groups. What is typed is looked for
 * in labels and, if it stands there as it is, in details; the best group comes first, and in it the best item. */
#include <config.h>

#include "ui/panes/picker.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "ui/panes/marked.h"
#include "ui/text/fuzzy.h"
#include "ui/text/text.h"

#define PROMPT "> "
/* A detail of at most so many columns, and any of what a search found, stands at the right; columns of a pair's half; items for which a prompt helps. */
enum { SHORT_DETAIL = 18, HALF_LEAST = 58, PROMPT_FROM = 7 };

struct item {
    char *label, *detail, *command;
    size_t group;
    int act; /* these as in struct ui_item */
    int64_t a, b;
    struct fuzzy_marks marks; /* told by the program, for items that it found */
    int score;                /* -1: filtered out */
};

struct group {
    char *name;        /* "": it has no heading */
    int label, detail; /* columns of the widest shown */
    int score;         /* of its best item */
};

/* A row shows an item or, with heading set, the name of its group. */
struct row {
    size_t item;
    bool heading;
};

struct picker {
    bool asks, pairs;
    struct item *items;
    size_t n;
    struct group *groups;
    size_t n_groups;
    size_t *shown; /* items by their score */
    size_t n_shown;
    struct row *rows;
    size_t n_rows, most_rows; /* most_rows: when nothing was filtered out */
    size_t selected, top;     /* rows */
    struct buf query;
    int height, columns; /* when drawn last: rows of items, and columns of one half */
    bool prompts;        /* a prompt was drawn */
};

struct picker *picker_new(void)
{
    struct picker *p = calloc(1, sizeof *p);
    if (p != NULL)
        buf_init(&p->query, 4096);
    return p;
}

static void free_items(struct picker *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->items[i].label);
        free(p->items[i].detail);
        free(p->items[i].command);
    }
    for (size_t i = 0; i < p->n_groups; i++)
        free(p->groups[i].name);
    free(p->items);
    free(p->groups);
    free(p->shown);
    free(p->rows);
    p->items = NULL;
    p->groups = NULL;
    p->shown = NULL;
    p->rows = NULL;
    p->n = p->n_groups = p->n_shown = p->n_rows = 0;
}

void picker_free(struct picker *p)
{
    if (p == NULL)
        return;
    free_items(p);
    buf_free(&p->query);
    free(p);
}

void picker_clear(struct picker *p, bool asks, bool pairs)
{
    free_items(p);
    buf_clear(&p->query);
    p->asks = asks;
    p->pairs = pairs;
    p->selected = p->top = 0;
}

/* ---- filtering -------------------------------------------------------------------------------------------------- */

/* Labels before what stands around them: details, and the group, as in "theme mono". */
static int score_item(const struct picker *p, const struct item *item)
{
    enum { OF_LABELS = 1 << 20, WHOLE = 300 };
    char whole[WHOLE];
    const char *query = buf_text(&p->query);
    if (p->asks || p->query.size == 0)
        return 0;
    int score = fuzzy_match(item->label, query, p->query.size, NULL);
    if (score >= 0)
        return OF_LABELS + score;
    score = fuzzy_find(item->detail, query, p->query.size, NULL);
    if (score >= 0)
        return score;
    snprintf(whole, sizeof whole, "%s %s", p->groups[item->group].name, item->label);
    return fuzzy_match(whole, query, p->query.size, NULL);
}

/* The best group first, in it the best item; equal ones keep their order. */
static int by_score(const void *a, const void *b, void *context)
{
    const struct picker *p = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    const struct item *x = &p->items[i], *y = &p->items[j];
    int best_x = p->groups[x->group].score, best_y = p->groups[y->group].score;
    if (best_x != best_y)
        return best_x < best_y ? 1 : -1;
    if (x->group != y->group)
        return x->group > y->group ? 1 : -1;
    return x->score != y->score ? (x->score < y->score ? 1 : -1) : (i > j) - (i < j);
}

static void measure_item(struct picker *p, const struct item *item)
{
    struct group *g = &p->groups[item->group];
    int label = text_columns(item->label, strlen(item->label), 0);
    int detail = text_columns(item->detail, strlen(item->detail), 0);
    g->label = label > g->label ? label : g->label;
    g->detail = detail > g->detail ? detail : g->detail;
    g->score = item->score > g->score ? item->score : g->score;
}

static void list_rows(struct picker *p)
{
    p->n_rows = 0;
    for (size_t i = 0; i < p->n_shown; i++) {
        size_t group = p->items[p->shown[i]].group;
        bool begins = i == 0 || p->items[p->shown[i - 1]].group != group;
        if (begins && *p->groups[group].name != '\0')
            p->rows[p->n_rows++] = (struct row){p->shown[i], true};
        p->rows[p->n_rows++] = (struct row){p->shown[i], false};
    }
    p->selected = p->n_rows > 0 && p->rows[0].heading;
    p->top = 0;
}

static void filter_items(struct picker *p)
{
    p->n_shown = 0;
    for (size_t i = 0; i < p->n_groups; i++)
        p->groups[i].label = p->groups[i].detail = p->groups[i].score = 0;
    for (size_t i = 0; i < p->n; i++) {
        p->items[i].score = score_item(p, &p->items[i]);
        if (p->items[i].score < 0)
            continue;
        p->shown[p->n_shown++] = i;
        measure_item(p, &p->items[i]);
    }
    if (p->n_shown > 1)
        qsort_r(p->shown, p->n_shown, sizeof *p->shown, by_score, p);
    list_rows(p);
}

/* ---- items ------------------------------------------------------------------------------------------------------ */

/* The number of a group by its name; a new one when out of memory is the first. */
static size_t find_group(struct picker *p, const char *name)
{
    char *clean = text_clean_line(name != NULL ? name : "");
    size_t i = 0;
    while (clean != NULL && i < p->n_groups && strcmp(p->groups[i].name, clean) != 0)
        i++;
    if (clean == NULL || i < p->n_groups) {
        free(clean);
        return clean != NULL || p->n_groups == 0 ? i : 0;
    }
    p->groups[p->n_groups++] = (struct group){.name = clean};
    return i;
}

/* Where the program found something in a label; nothing where cleaning changed it. */
static void take_marks(struct item *item, const struct ui_item *from)
{
    for (size_t i = 0; i < from->n_marks && strcmp(item->label, from->label) == 0; i++)
        for (size_t at = from->marks[i].start; at < from->marks[i].end && item->marks.n < FUZZY_MARKS; at++)
            item->marks.at[item->marks.n++] = (unsigned short)at;
}

/* False when out of memory. */
static bool copy_item(struct picker *p, const struct ui_item *from)
{
    struct item *item = &p->items[p->n++];
    *item = (struct item){.act = from->act, .a = from->a, .b = from->b};
    item->label = text_clean_line(from->label);
    item->detail = text_clean_line(from->detail != NULL ? from->detail : "");
    item->command = strdup(from->command != NULL ? from->command : "");
    if (item->label == NULL || item->detail == NULL || item->command == NULL)
        return false;
    item->group = find_group(p, from->group);
    take_marks(item, from);
    return p->n_groups > 0;
}

void picker_set_items(struct picker *p, const struct ui_item *items, size_t n)
{
    free_items(p);
    p->items = calloc(n + 1, sizeof *p->items);
    p->groups = calloc(n + 1, sizeof *p->groups);
    p->shown = calloc(n + 1, sizeof *p->shown);
    p->rows = calloc(2 * n + 1, sizeof *p->rows);
    bool ok = p->items != NULL && p->groups != NULL && p->shown != NULL && p->rows != NULL;
    for (size_t i = 0; ok && i < n; i++)
        ok = copy_item(p, &items[i]);
    p->most_rows = ok ? n + p->n_groups : 0;
    if (ok)
        filter_items(p);
    else
        free_items(p); /* out of memory: there is nothing to choose */
}

void picker_add_items(struct picker *p, const struct ui_item *items, size_t n)
{
    const size_t top = p->top;
    const bool moved = p->n_rows > 0 && p->selected < p->n_rows && p->selected > p->rows[0].heading;
    const struct item before = moved ? p->items[p->rows[p->selected].item] : (struct item){0};
    picker_set_items(p, items, n);
    for (size_t i = 0; before.act != 0 && i < p->n_rows; i++) {
        const struct item *item = &p->items[p->rows[i].item];
        if (!p->rows[i].heading && item->act == before.act && item->a == before.a && item->b == before.b) {
            p->selected = i;
            p->top = top;
        }
    }
}

const char *picker_selected(const struct picker *p)
{
    return p->selected < p->n_rows ? p->items[p->rows[p->selected].item].command : "";
}

void picker_set_query(struct picker *p, const char *text)
{
    buf_clear(&p->query);
    for (; *text != '\0'; text++)
        buf_putc(&p->query, (unsigned char)*text < ' ' ? ' ' : *text);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static bool has_prompt(const struct picker *p)
{
    return p->asks || p->n >= PROMPT_FROM || p->query.size > 0;
}

static bool has_halves(const struct picker *p, int columns)
{
    return p->pairs && columns >= 2 * HALF_LEAST;
}

int picker_rows(const struct picker *p, int columns)
{
    size_t rows = has_halves(p, columns) ? (p->most_rows + 1) / 2 : p->most_rows;
    return has_prompt(p) + (int)(rows < 400 ? rows : 400);
}

/* Whether details stand at the right, one below the other's end, and not in a column of their own. */
static bool details_at_right(const struct picker *p, const struct group *g)
{
    return (g->detail <= SHORT_DETAIL || p->asks) && !p->pairs;
}

static int label_columns(const struct group *g, int room)
{
    return g->label < room * 2 / 5 ? g->label : room * 2 / 5;
}

bool picker_cut(const struct picker *p, char *out, size_t size)
{
    if (p->selected >= p->n_rows || p->rows[p->selected].heading)
        return false;
    const struct item *item = &p->items[p->rows[p->selected].item];
    const struct group *g = &p->groups[item->group];
    const int room = p->columns - (*g->name != '\0' ? 2 : 1) - 1;
    const char *detail = item->detail;
    size_t n = 0;
    if (details_at_right(p, g) || text_columns(detail, strlen(detail), 0) <= room - label_columns(g, room) - 2)
        return false;
    for (; *detail != '\0' && n + 1 < size; detail++)
        if (*detail != ' ' || (n > 0 && out[n - 1] != ' '))
            out[n++] = *detail;
    out[n - utf8_pending(out, n)] = '\0';
    return true;
}

static void draw_item(const struct picker *p, struct canvas *s, const struct area *a, int row, size_t place)
{
    const struct item *item = &p->items[p->rows[place].item];
    const struct group *g = &p->groups[item->group];
    struct fuzzy_marks label = item->marks, detail;
    const char *query = buf_text(&p->query);
    unsigned style = place == p->selected ? STYLE_SELECTED : STYLE_TEXT;
    unsigned dim = place == p->selected ? STYLE_SELECTED : STYLE_DIM;
    bool named = p->asks || fuzzy_match(item->label, query, p->query.size, &label) >= 0;
    bool told = !named && fuzzy_find(item->detail, query, p->query.size, &detail) >= 0;
    int indent = *g->name != '\0' ? 2 : 1, room = a->columns - indent - 1;
    canvas_blank(s, a, row, 0, a->columns, style);
    if (details_at_right(p, g)) {
        marked_draw(s, a, row, indent, room - (g->detail > 0 ? g->detail + 2 : 0), style, item->label,
                    named ? &label : NULL);
        int width = text_columns(item->detail, strlen(item->detail), 0);
        marked_draw(s, a, row, a->columns - 1 - width, width, dim, item->detail, told ? &detail : NULL);
        return;
    }
    int words = label_columns(g, room);
    marked_draw(s, a, row, indent, words, style, item->label, named ? &label : NULL);
    marked_draw(s, a, row, indent + words + 2, room - words - 2, dim, item->detail, told ? &detail : NULL);
}

static void draw_row(const struct picker *p, struct canvas *s, const struct area *a, int row, size_t place)
{
    if (place >= p->n_rows)
        return;
    if (p->rows[place].heading)
        marked_draw(s, a, row, 1, a->columns - 2, STYLE_DAY, p->groups[p->items[p->rows[place].item].group].name, NULL);
    else
        draw_item(p, s, a, row, place);
}

/* Keeps the selected row in view, and the heading above it. */
static void settle_top(struct picker *p, size_t page)
{
    size_t first = p->selected > 0 && p->rows[p->selected - 1].heading ? p->selected - 1 : p->selected;
    if (p->selected >= p->top + page)
        p->top = p->selected - page + 1;
    if (first < p->top)
        p->top = first;
}

static void draw_prompt(const struct picker *p, struct canvas *s, const struct area *a, size_t page)
{
    canvas_puts(s, a, 0, canvas_puts(s, a, 0, 1, STYLE_KEY, PROMPT), STYLE_TEXT, buf_text(&p->query));
    if (p->n_rows > page)
        canvas_printf(s, a, 0, a->columns - 14, STYLE_DIM, "%6zu of %zu", p->selected + 1, p->n_rows);
}

void picker_draw(struct picker *p, struct canvas *s, const struct area *a)
{
    bool halves = has_halves(p, a->columns);
    p->prompts = has_prompt(p);
    struct area left = {a->y + p->prompts, a->x, a->rows - p->prompts, halves ? a->columns / 2 : a->columns};
    struct area right = {left.y, left.x + left.columns, left.rows, a->columns - left.columns};
    p->height = left.rows > 0 ? left.rows : 1;
    p->columns = left.columns;
    size_t page = (size_t)p->height * (halves ? 2 : 1);
    if (p->n_rows > 0)
        settle_top(p, page);
    if (p->prompts)
        draw_prompt(p, s, a, page);
    for (int row = 0; row < left.rows; row++) {
        draw_row(p, s, &left, row, p->top + (size_t)row);
        if (halves)
            draw_row(p, s, &right, row, p->top + (size_t)(left.rows + row));
    }
    if (p->n_rows == 0)
        canvas_puts(s, &left, 0, 1, STYLE_DIM, p->asks && p->query.size == 0 ? "type a few letters" : "nothing found");
}

int picker_cursor(const struct picker *p, const struct area *a)
{
    int from = 1 + (int)strlen(PROMPT);
    const char *query = buf_text(&p->query);
    return has_prompt(p) ? from + text_columns(query, text_fit(query, p->query.size, a->columns - from), 0) : -1;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

void picker_move(struct picker *p, long step)
{
    long last = (long)p->n_rows - 1, to = (long)p->selected + step;
    if (last < 0)
        return;
    to = to < 0 ? 0 : to > last ? last : to;
    if (p->rows[to].heading) /* the item below it, or, upwards, the one above */
        to += step < 0 && to > 0 ? -1 : 1;
    p->selected = (size_t)to;
}

bool picker_select_at(struct picker *p, int row, int column)
{
    size_t place = p->top + (size_t)(row - p->prompts) + (size_t)(column >= p->columns ? p->height : 0);
    if (row < p->prompts || place >= p->n_rows || p->rows[place].heading)
        return false;
    p->selected = place;
    return true;
}

static bool take_movement(struct picker *p, const struct key *key)
{
    long page = p->height > 2 ? p->height - 1 : 1, all = (long)p->n_rows;
    if (key->code == KEYS_DOWN || pane_key_is_ctrl(key, L'n'))
        picker_move(p, 1);
    else if (key->code == KEYS_UP || pane_key_is_ctrl(key, L'p'))
        picker_move(p, -1);
    else if ((key->code == KEYS_RIGHT || key->code == KEYS_LEFT) && p->pairs)
        picker_move(p, key->code == KEYS_RIGHT ? p->height : -p->height);
    else if (key->code == KEYS_PAGE_DOWN || key->code == KEYS_PAGE_UP)
        picker_move(p, key->code == KEYS_PAGE_DOWN ? page : -page);
    else if (key->code == KEYS_HOME || key->code == KEYS_END)
        picker_move(p, key->code == KEYS_END ? all : -all);
    else
        return false;
    return true;
}

/* The query changed: asks the program for items, or filters those there are. */
static struct pane_reaction take_change(struct picker *p)
{
    if (p->asks)
        return pane_tell_text(UI_QUERY, buf_text(&p->query), p->query.size);
    filter_items(p);
    return pane_taken();
}

struct pane_reaction picker_key(struct picker *p, const struct key *key)
{
    char bytes[4];
    if (take_movement(p, key))
        return pane_taken();
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

struct pane_reaction picker_choose(const struct picker *p)
{
    if (p->selected >= p->n_rows)
        return pane_taken();
    const struct item *item = &p->items[p->rows[p->selected].item];
    struct pane_reaction r = item->act > 0 ? pane_tell(UI_CHOICE) : pane_run("");
    r.action.act = item->act;
    r.action.a = item->a;
    r.action.b = item->b;
    r.text = strdup(item->command);
    if (r.text == NULL || (item->act == 0 && *item->command == '\0'))
        r.does = PANE_TAKEN;
    r.command = r.text;
    r.action.text = r.text;
    r.closes = true;
    return r;
}
