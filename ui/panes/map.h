/* Map: the messages of a conversation as rows of a tree, for the pane that shows it.
 *
 * Messages that follow each other without a parting stand below each other; where several follow one, each begins a
 * branch, a level further in. The middle of a long run is one row until it is opened, and so is what is below a message
 * that is folded. Some thousand messages; building and folding take a time in proportion to their number. */
#ifndef PALAVER_UI_PANES_MAP_H
#define PALAVER_UI_PANES_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_NONE SIZE_MAX

/* A message. Nodes are told in any order in which parents come before their children, and siblings in theirs. One whose
 * parent was not told is left out. */
struct map_node {
    int64_t id, parent; /* parent 0: a first message */
};
struct map;

struct map_row {
    size_t node;   /* its index as it was told; of a run's middle, the first one in it */
    size_t hidden; /* of a run's middle: how many messages; 0: this is a message */
};

/* NULL when out of memory. */
struct map *map_new(const struct map_node *nodes, size_t n);
void map_free(struct map *m);

size_t map_rows(const struct map *m);
struct map_row map_row(const struct map *m, size_t row);
/* The row of a node, or of what hides it. */
size_t map_find(const struct map *m, size_t node);
/* The index of an id; MAP_NONE: it is not there. */
size_t map_node_of(const struct map *m, int64_t id);

/* Numbers of messages, from 1, in the order of the rows when nothing is hidden. 0 and MAP_NONE: none. */
size_t map_number(const struct map *m, size_t node);
size_t map_numbered(const struct map *m, size_t number);
size_t map_count(const struct map *m);

size_t map_parent(const struct map *m, size_t node);
size_t map_children(const struct map *m, size_t node);
size_t map_below(const struct map *m, size_t node); /* messages below it */
/* How many branches it is inside of, and whether the branch of that level (from 1) has another one below it. */
size_t map_level(const struct map *m, size_t node);
bool map_goes_on(const struct map *m, size_t node, size_t level);
bool map_begins_branch(const struct map *m, size_t node);
/* The nearest message above at which paths part; MAP_NONE: there is none. */
size_t map_parting(const struct map *m, size_t node);
/* The last message before the next parting or the end, below a message. */
size_t map_run_end(const struct map *m, size_t node);
/* The next leaf after a node in the order of rows, or (step < 0) the one before it; MAP_NONE: there is none. */
size_t map_leaf(const struct map *m, size_t node, int step);

/* Folds what is below a message, or unfolds it; opens the middle of a run. */
void map_fold(struct map *m, size_t node);
bool map_is_folded(const struct map *m, size_t node);
void map_open_run(struct map *m, size_t node);
/* Unfolds and opens whatever hides a message. */
void map_reveal(struct map *m, size_t node);

#endif
