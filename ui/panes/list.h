/* List: the conversations, grouped by day. */
#ifndef PALAVER_UI_PANES_LIST_H
#define PALAVER_UI_PANES_LIST_H

#include "ui/draw/canvas.h"
#include "ui/ui.h"

struct list;

struct list *list_new(void);
void list_free(struct list *l);
/* The selected conversation stays selected as long as it is there. */
bool list_set(struct list *l, const struct ui_conversation *conversations, size_t n, int64_t current);
void list_draw(struct list *l, struct canvas *s, const struct area *a, bool focus);
void list_move(struct list *l, int step); /* to the first or last with a large step */
bool list_at_end(const struct list *l);
int64_t list_selected(const struct list *l); /* 0: none */
int64_t list_current(const struct list *l);
/* The one step from the open one; 0: none. */
int64_t list_beside(const struct list *l, int step);
/* Selects the one at a row of the area last drawn; false when there is none. */
bool list_select_row(struct list *l, int row);
void list_select(struct list *l, int64_t id);

#endif
