/* List: the conversations, grouped by day. */
#ifndef PALAVER_UI_PANES_LIST_H
#define PALAVER_UI_PANES_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/panes/pane.h"
#include "ui/ui.h"

struct list;
extern const struct pane list_pane;

struct list *list_new(void);
void list_free(struct list *l);
/* Replaces the conversations; current is the open one's id. The selected conversation stays selected while it exists;
 * when another one is opened, that one is selected. False when out of memory; the list is unchanged then. */
bool list_set(struct list *l, const struct ui_conversation *conversations, size_t n, int64_t current);
/* Moves the selection by step conversations, at most to the first or last. */
void list_move(struct list *l, int step);
bool list_at_end(const struct list *l);
/* Marks the selected conversation, or takes its mark away; those that are marked, and none any more. Marks stay while the
 * list changes. */
void list_mark(struct list *l);
const int64_t *list_marked(const struct list *l, size_t *n);
void list_clear_marks(struct list *l);
/* The selected conversation's id; 0: none. */
int64_t list_selected(const struct list *l);
/* The id of the one above (-1) or below (1) the open one; 0: none. */
int64_t list_beside(const struct list *l, int step);

#endif
