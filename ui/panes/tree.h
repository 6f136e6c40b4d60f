/* Tree: a conversation as a map of its branches, over the other panes. */
#ifndef PALAVER_UI_PANES_TREE_H
#define PALAVER_UI_PANES_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "ui/panes/pane.h"
#include "ui/ui.h"

struct tree;
extern const struct pane tree_pane;

struct tree *tree_new(void);
void tree_free(struct tree *t);
/* Replaces what it shows: see ui_tree. */
void tree_set(struct tree *t, const struct ui_node *nodes, size_t n, const struct ui_tree_acts *acts);

#endif
