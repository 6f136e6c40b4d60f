/* The automaton: states of 16 bytes, edges of 16 bytes found by a hash table, and from each state a list of its edges. A
 * sequence of n tokens has at most 2n states and 3n edges. */
#include <config.h>

#include "engine/run/suffix.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct state {
    int32_t length; /* of the longest string that ends here */
    int32_t link;   /* the state of its longest end that ends elsewhere too; -1: the first state's */
    int32_t end;    /* where the last token of such a string stands */
    int32_t edges;  /* the newest edge; -1: none */
};

struct edge {
    int32_t from, id, to;
    int32_t next; /* of the same state */
};

struct suffix {
    size_t most;
    int32_t *ids;         /* (n) */
    struct state *states; /* (n_states) */
    struct edge *edges;   /* (n_edges) */
    int32_t *table;       /* (table_size): edges by state and token, -1: free */
    size_t n, n_states, n_edges;
    size_t capacity, table_size; /* tokens that there is room for; a power of two */
    int32_t last;                /* the state of the whole sequence */
    struct suffix_match own;
};

/* ---- edges ------------------------------------------------------------------------------------------------------ */

static size_t slot_of(const struct suffix *s, int32_t from, int32_t id)
{
    const uint64_t key = (uint64_t)(uint32_t)from << 32 | (uint32_t)id;
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (s->table_size - 1);
}

/* The slot of this edge, or the free one where it belongs. */
static size_t find_slot(const struct suffix *s, int32_t from, int32_t id)
{
    size_t i = slot_of(s, from, id);
    while (s->table[i] >= 0 && (s->edges[s->table[i]].from != from || s->edges[s->table[i]].id != id))
        i = (i + 1) & (s->table_size - 1);
    return i;
}

/* -1: there is none. */
static int32_t find_edge(const struct suffix *s, int32_t from, int32_t id)
{
    return s->table_size > 0 ? s->table[find_slot(s, from, id)] : -1;
}

static void add_edge(struct suffix *s, int32_t from, int32_t id, int32_t to)
{
    const int32_t e = (int32_t)s->n_edges++;
    s->edges[e] = (struct edge){from, id, to, s->states[from].edges};
    s->states[from].edges = e;
    s->table[find_slot(s, from, id)] = e;
}

static int32_t add_state(struct suffix *s, int32_t length, int32_t link, int32_t end)
{
    s->states[s->n_states] = (struct state){length, link, end, -1};
    return (int32_t)s->n_states++;
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

struct suffix *suffix_new(size_t most)
{
    struct suffix *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->most = most < INT32_MAX / 4 ? most : INT32_MAX / 4;
    return s;
}

void suffix_free(struct suffix *s)
{
    if (s == NULL)
        return;
    free(s->ids);
    free(s->states);
    free(s->edges);
    free(s->table);
    free(s);
}

void suffix_clear(struct suffix *s)
{
    s->n = s->n_states = s->n_edges = 0;
    s->own = (struct suffix_match){0};
    if (s->table_size > 0)
        memset(s->table, -1, s->table_size * sizeof *s->table);
}

/* Puts all edges into a table of this size. */
static bool grow_table(struct suffix *s, size_t size)
{
    int32_t *table = malloc(size * sizeof *table);
    if (table == NULL)
        return false;
    memset(table, -1, size * sizeof *table);
    free(s->table);
    s->table = table;
    s->table_size = size;
    for (size_t e = 0; e < s->n_edges; e++)
        s->table[find_slot(s, s->edges[e].from, s->edges[e].id)] = (int32_t)e;
    return true;
}

static bool grow_arrays(struct suffix *s, size_t capacity)
{
    int32_t *ids = realloc(s->ids, capacity * sizeof *ids);
    s->ids = ids != NULL ? ids : s->ids;
    struct state *states = realloc(s->states, (2 * capacity + 1) * sizeof *states);
    s->states = states != NULL ? states : s->states;
    struct edge *edges = realloc(s->edges, (3 * capacity + 1) * sizeof *edges);
    s->edges = edges != NULL ? edges : s->edges;
    return ids != NULL && states != NULL && edges != NULL;
}

/* Makes room for one more token. */
static bool reserve_token(struct suffix *s)
{
    if (s->n == s->most)
        return false;
    if (s->n < s->capacity)
        return true;
    const size_t capacity = s->capacity > 0 ? 2 * s->capacity : 256;
    if (!grow_arrays(s, capacity) || !grow_table(s, 4 * capacity))
        return false;
    s->capacity = capacity;
    return true;
}

/* ---- growing ---------------------------------------------------------------------------------------------------- */

/* A state for those strings of q that also end in the new token: it gets q's edges. */
static int32_t split_state(struct suffix *s, int32_t p, int32_t q, int32_t id)
{
    const int32_t clone = add_state(s, s->states[p].length + 1, s->states[q].link, s->states[q].end);
    for (int32_t e = s->states[q].edges; e >= 0; e = s->edges[e].next)
        add_edge(s, clone, s->edges[e].id, s->edges[e].to);
    for (int32_t e; p >= 0 && (e = find_edge(s, p, id)) >= 0 && s->edges[e].to == q; p = s->states[p].link)
        s->edges[e].to = clone;
    s->states[q].link = clone;
    return clone;
}

static void extend(struct suffix *s, int32_t id)
{
    const int32_t now = add_state(s, (int32_t)s->n + 1, 0, (int32_t)s->n);
    int32_t p = s->last, e = -1;
    while (p >= 0 && (e = find_edge(s, p, id)) < 0) {
        add_edge(s, p, id, now);
        p = s->states[p].link;
    }
    if (p >= 0) {
        const int32_t q = s->edges[e].to;
        s->states[now].link = s->states[q].length == s->states[p].length + 1 ? q : split_state(s, p, q, id);
    }
    s->last = now;
    s->ids[s->n++] = id;
}

struct suffix_match suffix_follow(const struct suffix *s, struct suffix_match m, int32_t id)
{
    int32_t e = -1;
    if (s->n_states == 0 || id < 0)
        return (struct suffix_match){0};
    while ((e = find_edge(s, m.state, id)) < 0 && m.state > 0) {
        m.state = s->states[m.state].link;
        m.length = (size_t)s->states[m.state].length;
    }
    if (e < 0)
        return (struct suffix_match){0};
    m.state = s->edges[e].to;
    m.length++;
    m.next = (size_t)s->states[m.state].end + 1;
    return m;
}

bool suffix_append(struct suffix *s, int32_t id)
{
    if (!reserve_token(s))
        return false;
    if (s->n_states == 0)
        s->last = add_state(s, 0, -1, -1);
    struct suffix_match own = suffix_follow(s, s->own, id);
    extend(s, id);
    /* What matches may be the shorter strings of a state that is split now; this is their newest place. */
    while (own.length > 0 && (size_t)s->states[s->states[own.state].link].length >= own.length)
        own.state = s->states[own.state].link;
    if (own.length > 0)
        s->states[own.state].end = (int32_t)s->n - 1;
    s->own = own;
    return true;
}

const int32_t *suffix_ids(const struct suffix *s)
{
    return s->ids;
}

size_t suffix_length(const struct suffix *s)
{
    return s->n;
}

struct suffix_match suffix_own(const struct suffix *s)
{
    return s->own;
}
