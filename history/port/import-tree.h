/* Trees of messages in other programs' files: nodes that name their parent, their children, or both.
 *
 * Nodes are added in any order and linked at the end; the tree is walked with a stack of its own, so that a hundred
 * thousand nodes above or beside each other cost no more than as many in a line. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_TREE_H
#define PALAVER_HISTORY_PORT_IMPORT_TREE_H

#include "history/port/import-entry.h"

struct import_tree;

/* Fills an entry, which is empty but for its time, from a node's value. */
typedef enum error_code import_read_node(struct import *im, const json_t *value, struct import_entry *e);

struct import_tree_form {
    import_read_node *read;
    const char *place; /* of the nodes in the file, for messages: "mapping" */
    bool strict;       /* a link to a missing node, or to one node from two, is an error; else it is counted */
};

/* NULL when out of memory. */
struct import_tree *import_tree_new(struct import *im, const struct import_tree_form *form);
void import_tree_free(struct import_tree *t);
/* Adds a node. key and parent are strings or whole numbers; parent may be NULL or null. children is an array of keys,
 * NULL or null for none. All are borrowed. ERR_FORMAT when the key is there already or is none. */
enum error_code import_tree_node(struct import_tree *t, const json_t *key, const json_t *parent, const json_t *children,
                                 const json_t *value);
/* Adds the messages of all nodes to the conversation, parents first and siblings in their order; a node without text
 * is left out and its children move up. Then ends the conversation at node `current` (NULL or null: at the last one).
 * ERR_FORMAT when nodes of a strict form can't be reached from any root. created is the time of messages without
 * one. */
enum error_code import_tree_add(struct import_tree *t, int64_t conversation, int64_t created, const json_t *current);

#endif
