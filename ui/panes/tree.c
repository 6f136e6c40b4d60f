/* Tree: keys and drawing; map.c has the rows. Only what is in view is looked at when it is drawn. */
#include <config.h>

#include "ui/panes/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/panes/map.h"
#include "ui/panes/marked.h"
#include "ui/text/text.h"

/* Columns of a level, and of the levels that are drawn at most: deeper ones are told as a number. */
enum { LEVEL = 2, LEVELS_MOST = 12 };

struct node {
    int64_t id;
    char *label;
    enum ui_speaker speaker;
    bool here, bookmarked;
};

struct tree {
    struct map *map;
    struct node *nodes;
    size_t n, row, top;
    size_t leaf;     /* of the open path; MAP_NONE: none */
    size_t compared; /* the node that the next one is compared with; MAP_NONE: none */
    size_t typed;    /* the number being typed; 0: none */
    int rows;        /* when drawn last */
    struct ui_tree_acts acts;
};

struct tree *tree_new(void)
{
    struct tree *t = calloc(1, sizeof *t);
    if (t != NULL)
        t->leaf = t->compared = MAP_NONE;
    return t;
}

static void clear_tree(struct tree *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->nodes[i].label);
    free(t->nodes);
    map_free(t->map);
    *t = (struct tree){.leaf = MAP_NONE, .compared = MAP_NONE};
}

void tree_free(struct tree *t)
{
    if (t != NULL)
        clear_tree(t);
    free(t);
}

static void go_to(struct tree *t, size_t node)
{
    if (node == MAP_NONE || map_number(t->map, node) == 0)
        return;
    map_reveal(t->map, node);
    t->row = map_find(t->map, node);
}

/* Marks the path that ends at a leaf as open, and selects its end. */
static void show_path(struct tree *t, int64_t leaf)
{
    t->leaf = map_node_of(t->map, leaf);
    for (size_t i = t->leaf; i != MAP_NONE; i = map_parent(t->map, i))
        t->nodes[i].here = true;
    go_to(t, t->leaf);
}

void tree_set(struct tree *t, const struct ui_node *nodes, size_t n, const struct ui_tree_acts *acts)
{
    clear_tree(t);
    struct map_node *places = calloc(n + 1, sizeof *places);
    t->nodes = calloc(n + 1, sizeof *t->nodes);
    for (size_t i = 0; places != NULL && t->nodes != NULL && i < n; i++) {
        places[i] = (struct map_node){nodes[i].id, nodes[i].parent};
        t->nodes[t->n++] = (struct node){.id = nodes[i].id,
                                         .label = text_clean_line(nodes[i].label),
                                         .speaker = nodes[i].speaker,
                                         .bookmarked = nodes[i].bookmarked};
    }
    t->map = places != NULL && t->nodes != NULL ? map_new(places, n) : NULL;
    free(places);
    t->acts = *acts;
    if (t->map != NULL)
        show_path(t, acts->leaf);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* The lines that show in which branches a row is: a column pair for each level. */
static int draw_levels(const struct tree *t, struct canvas *s, const struct area *a, int row, int column,
                       const struct map_row *r)
{
    bool ascii = canvas_is_ascii(s), begins = r->hidden == 0 && map_begins_branch(t->map, r->node);
    size_t level = map_level(t->map, r->node), first = 1;
    if (level > LEVELS_MOST) {
        first = level - LEVELS_MOST + 1;
        column = canvas_printf(s, a, row, column, STYLE_DIM, "‹%zu›", first - 1);
    }
    for (size_t i = first; i <= level; i++) {
        bool on = map_goes_on(t->map, r->node, i);
        const char *line = begins && i == level ? on ? "├╴" : "└╴" : on ? "│ " : "  ";
        const char *plain = begins && i == level ? on ? "+-" : "`-" : on ? "| " : "  ";
        column = canvas_puts(s, a, row, column, STYLE_BORDER, ascii ? plain : line);
    }
    return column;
}

static void draw_message(const struct tree *t, struct canvas *s, const struct area *a, int row, int column,
                         size_t index, unsigned style)
{
    const struct node *node = &t->nodes[index];
    bool plain = style != STYLE_SELECTED;
    char after[60] = "";
    size_t children = map_children(t->map, index);
    if (map_is_folded(t->map, index))
        snprintf(after, sizeof after, " +%zu", map_below(t->map, index));
    else if (children > 1)
        snprintf(after, sizeof after, " %zu ways on", children);
    column = canvas_puts(s, a, row, column, plain ? node->speaker == UI_YOU ? STYLE_USER : STYLE_ASSISTANT : style,
                         node->speaker == UI_YOU ? "You " : "Palaver ");
    if (node->bookmarked)
        column = canvas_puts(s, a, row, column, plain ? STYLE_MARK : style, canvas_is_ascii(s) ? "* " : "★ ");
    if (index == t->compared)
        column = canvas_puts(s, a, row, column, plain ? STYLE_MARK : style, "[compare] ");
    int room = a->columns - column - (int)strlen(after) - 1;
    unsigned text = !plain ? style : node->here ? STYLE_TEXT | STYLE_BOLD : STYLE_TEXT;
    column = marked_draw(s, a, row, column, room, text, node->label != NULL ? node->label : "", NULL);
    canvas_puts(s, a, row, column, plain ? STYLE_NOTE : style, after);
}

static void draw_row(const struct tree *t, struct canvas *s, const struct area *a, int row, size_t place, int digits)
{
    struct map_row r = map_row(t->map, place);
    unsigned style = place == t->row ? STYLE_SELECTED : STYLE_TEXT;
    canvas_blank(s, a, row, 0, a->columns, style);
    int column = 1;
    if (r.hidden == 0)
        canvas_printf(s, a, row, column, STYLE_DIM, "%*zu", digits, map_number(t->map, r.node));
    column += digits + 1;
    bool here = r.hidden == 0 && r.node == t->leaf;
    canvas_puts(s, a, row, column, STYLE_MARK, here ? canvas_is_ascii(s) ? ">" : "▸" : " ");
    column = draw_levels(t, s, a, row, column + 1, &r);
    if (r.hidden > 0)
        canvas_printf(s, a, row, column, style == STYLE_TEXT ? STYLE_DIM : style, "%s %zu messages",
                      canvas_is_ascii(s) ? ":" : "⋮", r.hidden);
    else
        draw_message(t, s, a, row, column, r.node, style);
}

static void draw_frame(const struct tree *t, struct canvas *s, const struct area *a)
{
    static const char *const hints[] = {
        " Enter goes there · ← → partings · Tab ends · Space folds · c compares · a number goes to it · Esc leaves ",
        " Enter goes · ← → partings · Tab ends · Space folds · c compares · Esc ",
        " Enter goes · ← → partings · Esc ",
    };
    char title[80];
    struct area bottom = {a->y + a->rows - 1, a->x + 2, 1, a->columns - 4};
    size_t i = 0;
    if (t->typed > 0)
        snprintf(title, sizeof title, "Message %zu", t->typed);
    else
        snprintf(title, sizeof title, "Map of %zu message%s", map_count(t->map), map_count(t->map) == 1 ? "" : "s");
    canvas_box(s, a, STYLE_BORDER_FOCUS, title);
    while (i + 1 < sizeof hints / sizeof hints[0] && text_columns(hints[i], strlen(hints[i]), 0) > bottom.columns)
        i++;
    canvas_puts(s, &bottom, 0, 0, STYLE_DIM, hints[i]);
}

static void draw_tree(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct tree *t = pane;
    struct area inner = {a->y + 1, a->x + 1, a->rows - 2, a->columns - 2};
    char number[24];
    (void)focus;
    if (t->map == NULL)
        return;
    for (int row = 0; row < inner.rows; row++)
        canvas_blank(s, &inner, row, 0, inner.columns, STYLE_TEXT);
    draw_frame(t, s, a);
    t->rows = inner.rows;
    if (t->row < t->top)
        t->top = t->row;
    if (t->row >= t->top + (size_t)inner.rows)
        t->top = t->row - (size_t)inner.rows + 1;
    int digits = snprintf(number, sizeof number, "%zu", map_count(t->map));
    for (int row = 0; row < inner.rows && t->top + (size_t)row < map_rows(t->map); row++)
        draw_row(t, s, &inner, row, t->top + (size_t)row, digits);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static struct pane_reaction close_tree(struct tree *t)
{
    struct pane_reaction r = pane_taken();
    r.closes = true;
    clear_tree(t);
    return r;
}

static struct pane_reaction choose(struct tree *t, int act, size_t a, size_t b)
{
    struct pane_reaction r = pane_tell(UI_CHOICE);
    r.action.act = act;
    r.action.a = t->nodes[a].id;
    r.action.b = b != MAP_NONE ? t->nodes[b].id : 0;
    r.closes = true;
    clear_tree(t);
    return r;
}

static void move_by(struct tree *t, long step)
{
    long last = (long)map_rows(t->map) - 1, to = (long)t->row + step;
    t->row = (size_t)(to < 0 ? 0 : to > last ? last : to);
}

/* Down along the open branch to where it parts or ends, and from a parting into its first branch. */
static void go_down(struct tree *t, size_t node)
{
    size_t end = map_run_end(t->map, node);
    if (end == node && map_children(t->map, node) > 1)
        end = map_numbered(t->map, map_number(t->map, node) + 1);
    go_to(t, end);
}

static void fold_row(struct tree *t, struct map_row r)
{
    if (r.hidden > 0)
        map_open_run(t->map, r.node);
    else
        map_fold(t->map, r.node);
    t->row = map_find(t->map, r.node);
}

/* Digits go to the message of that number. */
static bool take_digit(struct tree *t, const struct key *key)
{
    bool digit = key->code == KEYS_CHARACTER && key->modifiers == 0 && key->character >= L'0' && key->character <= L'9';
    if (digit && t->typed <= map_count(t->map))
        t->typed = 10 * t->typed + (size_t)(key->character - L'0');
    else if (key->code == KEYS_BACKSPACE && t->typed > 0)
        t->typed /= 10;
    else
        t->typed = digit ? t->typed : 0;
    if (digit)
        go_to(t, map_numbered(t->map, t->typed));
    return digit || key->code == KEYS_BACKSPACE;
}

static bool take_movement(struct tree *t, const struct key *key, size_t node)
{
    long page = t->rows > 2 ? t->rows - 1 : 1;
    if (key->code == KEYS_DOWN || pane_key_is_letter(key, L'j'))
        move_by(t, 1);
    else if (key->code == KEYS_UP || pane_key_is_letter(key, L'k'))
        move_by(t, -1);
    else if (key->code == KEYS_PAGE_DOWN || key->code == KEYS_PAGE_UP)
        move_by(t, key->code == KEYS_PAGE_DOWN ? page : -page);
    else if (key->code == KEYS_HOME || pane_key_is_letter(key, L'g'))
        t->row = 0;
    else if (key->code == KEYS_END || pane_key_is_letter(key, L'G'))
        move_by(t, (long)map_rows(t->map));
    else if (key->code == KEYS_LEFT || pane_key_is_letter(key, L'h'))
        go_to(t, map_parting(t->map, node));
    else if (key->code == KEYS_RIGHT || pane_key_is_letter(key, L'l'))
        go_down(t, node);
    else if (key->code == KEYS_TAB)
        go_to(t, map_leaf(t->map, node, key->modifiers & KEY_SHIFT ? -1 : 1));
    else
        return false;
    return true;
}

/* The first message to compare is remembered, the second one is compared with it. */
static struct pane_reaction take_compare(struct tree *t, size_t node)
{
    if (t->compared == MAP_NONE || t->compared == node) {
        t->compared = t->compared == node ? MAP_NONE : node;
        return pane_taken();
    }
    return choose(t, t->acts.compare, t->compared, node);
}

static struct pane_reaction tree_key(void *pane, const struct key *key)
{
    struct tree *t = pane;
    if (t->map == NULL || map_rows(t->map) == 0 || key->code == KEYS_ESCAPE || pane_key_is_ctrl(key, L'c') ||
        pane_key_is_letter(key, L'q'))
        return close_tree(t);
    struct map_row r = map_row(t->map, t->row);
    if (take_digit(t, key) || take_movement(t, key, r.node))
        return pane_taken();
    if (key->code == KEYS_ENTER && r.hidden == 0)
        return choose(t, t->acts.go, r.node, MAP_NONE);
    if (key->code == KEYS_ENTER || pane_key_is_letter(key, L' '))
        fold_row(t, r);
    else if (pane_key_is_letter(key, L'c') && r.hidden == 0)
        return take_compare(t, r.node);
    return pane_taken();
}

static struct pane_reaction tree_mouse(void *pane, const struct area *a, const struct key *key)
{
    struct tree *t = pane;
    int row = key->mouse.y - a->y - 1;
    if (t->map == NULL)
        return pane_taken();
    if (pane_key_is_wheel(key))
        move_by(t, key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3);
    else if (key->mouse.kind == MOUSE_PRESS && row >= 0 && t->top + (size_t)row < map_rows(t->map))
        t->row = t->top + (size_t)row;
    return pane_taken();
}

const struct pane tree_pane = {
    .at = LAYOUT_ALL,
    .place = PLACE_COMPOSER,
    .modal = true,
    .draw = draw_tree,
    .first_key = tree_key,
    .mouse = tree_mouse,
};
