/* Map: links between nodes are made once; rows are listed anew when something is folded. */
#include <config.h>

#include "ui/panes/map.h"

#include <stdlib.h>
#include <string.h>

/* A run of at least so many messages has a middle that is one row. */
enum { RUN_LEAST = 6 };

struct link {
    size_t parent, child, last_child, next; /* MAP_NONE: none */
    size_t children, below;
    size_t head;   /* the message that begins the run it is in */
    size_t number; /* in the order of rows, from 1; 0: it is not in the tree */
    size_t level;
    bool folded, opened; /* opened: the run that it begins */
};

struct by_id {
    int64_t id;
    size_t node;
};

struct map {
    size_t n;
    struct link *at;
    struct by_id *ids; /* sorted */
    size_t *order;     /* nodes in the order of rows */
    size_t n_order;
    struct map_row *rows;
    size_t n_rows;
    size_t *row_of; /* by node */
    size_t first;   /* of the first messages */
};

/* ---- links ------------------------------------------------------------------------------------------------------ */

static int compare_ids(const void *a, const void *b)
{
    int64_t x = ((const struct by_id *)a)->id, y = ((const struct by_id *)b)->id;
    return (x > y) - (x < y);
}

size_t map_node_of(const struct map *m, int64_t id)
{
    const struct by_id key = {.id = id};
    const struct by_id *found = m->n > 0 ? bsearch(&key, m->ids, m->n, sizeof *m->ids, compare_ids) : NULL;
    return found != NULL ? found->node : MAP_NONE;
}

/* Links a node to its parent, told before it; *roots is the last of the first messages. */
static void link_node(struct map *m, const struct map_node *nodes, size_t i, size_t *roots)
{
    size_t parent = nodes[i].parent != 0 ? map_node_of(m, nodes[i].parent) : MAP_NONE;
    struct link *l = &m->at[i];
    if (nodes[i].parent != 0 && (parent == MAP_NONE || parent >= i))
        return;
    l->parent = parent;
    size_t *last = parent != MAP_NONE ? &m->at[parent].last_child : roots;
    if (*last != MAP_NONE)
        m->at[*last].next = i;
    else if (parent != MAP_NONE)
        m->at[parent].child = i;
    else
        m->first = i;
    *last = i;
    if (parent != MAP_NONE)
        m->at[parent].children++;
}

static void link_nodes(struct map *m, const struct map_node *nodes)
{
    size_t roots = MAP_NONE;
    for (size_t i = 0; i < m->n; i++) {
        m->at[i] = (struct link){.parent = MAP_NONE, .child = MAP_NONE, .last_child = MAP_NONE, .next = MAP_NONE};
        m->ids[i] = (struct by_id){nodes[i].id, i};
    }
    m->first = MAP_NONE;
    qsort(m->ids, m->n, sizeof *m->ids, compare_ids);
    for (size_t i = 0; i < m->n; i++)
        link_node(m, nodes, i, &roots);
}

/* Whether other messages follow the same one. */
static bool has_siblings(const struct map *m, size_t node)
{
    size_t parent = m->at[node].parent;
    size_t first = parent != MAP_NONE ? m->at[parent].child : m->first;
    return first != node || m->at[node].next != MAP_NONE;
}

static void place_node(struct map *m, size_t node)
{
    struct link *l = &m->at[node];
    bool begins = has_siblings(m, node);
    const struct link *parent = l->parent != MAP_NONE ? &m->at[l->parent] : NULL;
    l->level = (parent != NULL ? parent->level : 0) + begins;
    l->head = begins || parent == NULL ? node : parent->head;
    m->order[m->n_order++] = node;
    l->number = m->n_order;
}

/* The node after this one in the order of rows, below it unless skip. */
static size_t next_node(const struct map *m, size_t node, bool skip)
{
    if (!skip && m->at[node].child != MAP_NONE)
        return m->at[node].child;
    while (node != MAP_NONE && m->at[node].next == MAP_NONE)
        node = m->at[node].parent;
    return node != MAP_NONE ? m->at[node].next : MAP_NONE;
}

static void order_nodes(struct map *m)
{
    for (size_t node = m->first; node != MAP_NONE; node = next_node(m, node, false))
        place_node(m, node);
    for (size_t i = m->n_order; i-- > 0;) {
        const struct link *l = &m->at[m->order[i]];
        if (l->parent != MAP_NONE)
            m->at[l->parent].below += 1 + l->below;
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

size_t map_run_end(const struct map *m, size_t node)
{
    while (m->at[node].children == 1)
        node = m->at[node].child;
    return node;
}

static void add_row(struct map *m, size_t node, size_t hidden)
{
    m->row_of[node] = m->n_rows;
    m->rows[m->n_rows++] = (struct map_row){node, hidden};
}

/* What hides them has one row for all. */
static void hide_nodes(struct map *m, size_t from, size_t to, size_t row)
{
    for (size_t i = m->at[from].number; i <= m->at[to].number; i++)
        m->row_of[m->order[i - 1]] = row;
}

/* A run from its head on: all of it, or its ends and a row for its middle. Returns its last message. */
static size_t list_run(struct map *m, size_t head)
{
    size_t end = map_run_end(m, head), size = m->at[end].number - m->at[head].number + 1;
    add_row(m, head, 0);
    if (size < RUN_LEAST || m->at[head].opened)
        return head;
    size_t from = m->at[head].child, to = m->at[end].parent;
    add_row(m, from, size - 2);
    hide_nodes(m, from, to, m->n_rows - 1);
    add_row(m, end, 0);
    return end;
}

/* Folding inside a run opens it. */
static void list_rows(struct map *m)
{
    m->n_rows = 0;
    for (size_t node = m->first; node != MAP_NONE;) {
        size_t last = node;
        if (m->at[node].head == node && !m->at[node].folded)
            last = list_run(m, node);
        else
            add_row(m, node, 0);
        bool folded = m->at[last].folded;
        if (folded && m->at[last].below > 0)
            hide_nodes(m, m->at[last].child, m->order[m->at[last].number - 1 + m->at[last].below], m->n_rows - 1);
        node = next_node(m, last, folded);
    }
}

struct map *map_new(const struct map_node *nodes, size_t n)
{
    struct map *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->n = n;
    m->at = calloc(n + 1, sizeof *m->at);
    m->ids = calloc(n + 1, sizeof *m->ids);
    m->order = calloc(n + 1, sizeof *m->order);
    m->rows = calloc(n + 1, sizeof *m->rows);
    m->row_of = calloc(n + 1, sizeof *m->row_of);
    if (m->at == NULL || m->ids == NULL || m->order == NULL || m->rows == NULL || m->row_of == NULL) {
        map_free(m);
        return NULL;
    }
    link_nodes(m, nodes);
    order_nodes(m);
    list_rows(m);
    return m;
}

void map_free(struct map *m)
{
    if (m == NULL)
        return;
    free(m->at);
    free(m->ids);
    free(m->order);
    free(m->rows);
    free(m->row_of);
    free(m);
}

size_t map_rows(const struct map *m)
{
    return m->n_rows;
}

struct map_row map_row(const struct map *m, size_t row)
{
    return m->rows[row];
}

size_t map_find(const struct map *m, size_t node)
{
    return m->row_of[node];
}

size_t map_number(const struct map *m, size_t node)
{
    return m->at[node].number;
}

size_t map_numbered(const struct map *m, size_t number)
{
    return number > 0 && number <= m->n_order ? m->order[number - 1] : MAP_NONE;
}

size_t map_count(const struct map *m)
{
    return m->n_order;
}

/* ---- the tree --------------------------------------------------------------------------------------------------- */

size_t map_parent(const struct map *m, size_t node)
{
    return m->at[node].parent;
}

size_t map_children(const struct map *m, size_t node)
{
    return m->at[node].children;
}

size_t map_below(const struct map *m, size_t node)
{
    return m->at[node].below;
}

size_t map_level(const struct map *m, size_t node)
{
    return m->at[node].level;
}

bool map_begins_branch(const struct map *m, size_t node)
{
    return has_siblings(m, node);
}

bool map_goes_on(const struct map *m, size_t node, size_t level)
{
    size_t head = m->at[node].head;
    while (m->at[head].level > level && m->at[head].parent != MAP_NONE)
        head = m->at[m->at[head].parent].head;
    return m->at[head].next != MAP_NONE;
}

size_t map_parting(const struct map *m, size_t node)
{
    for (node = m->at[node].parent; node != MAP_NONE && m->at[node].children < 2; node = m->at[node].parent)
        ;
    return node;
}

size_t map_leaf(const struct map *m, size_t node, int step)
{
    size_t at = m->at[node].number - 1;
    while (step > 0 ? at + 1 < m->n_order : at > 0) {
        at = step > 0 ? at + 1 : at - 1;
        if (m->at[m->order[at]].children == 0)
            return m->order[at];
    }
    return MAP_NONE;
}

/* ---- folding ---------------------------------------------------------------------------------------------------- */

void map_fold(struct map *m, size_t node)
{
    if (m->at[node].children == 0)
        return;
    m->at[node].folded = !m->at[node].folded;
    if (m->at[node].folded && m->at[node].head != node && m->at[node].children == 1)
        m->at[m->at[node].head].opened = true;
    list_rows(m);
}

bool map_is_folded(const struct map *m, size_t node)
{
    return m->at[node].folded;
}

void map_open_run(struct map *m, size_t node)
{
    m->at[m->at[node].head].opened = true;
    list_rows(m);
}

void map_reveal(struct map *m, size_t node)
{
    for (size_t above = m->at[node].parent; above != MAP_NONE; above = m->at[above].parent)
        m->at[above].folded = false;
    list_rows(m);
    struct map_row row = m->rows[m->row_of[node]];
    if (row.hidden > 0)
        map_open_run(m, node);
}
