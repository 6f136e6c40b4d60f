/* Picker: items to choose from by typing, in groups, for the popup. */
#ifndef PALAVER_UI_PANES_PICKER_H
#define PALAVER_UI_PANES_PICKER_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/panes/pane.h"
#include "ui/ui.h"

struct picker;

/* NULL when out of memory. */
struct picker *picker_new(void);
void picker_free(struct picker *p);
/* Forgets the items and what was typed. asks, pairs: see ui_pick. */
void picker_clear(struct picker *p, bool asks, bool pairs);
void picker_set_items(struct picker *p, const struct ui_item *items, size_t n);
/* The same when more was found: the item that is selected stays so, if it has an act. */
void picker_add_items(struct picker *p, const struct ui_item *items, size_t n);
/* The command of the selected item; "": none is. Valid until the items change. */
const char *picker_selected(const struct picker *p);
void picker_set_query(struct picker *p, const char *text);
/* Rows that it would like to have in so many columns. */
int picker_rows(const struct picker *p, int columns);
/* What the selected row, as it was drawn last, had no room for: its detail, with single blanks; false when all is there. */
bool picker_cut(const struct picker *p, char *out, size_t size);
void picker_draw(struct picker *p, struct canvas *s, const struct area *a);
/* The column of the cursor in the first row; -1: nothing can be typed. */
int picker_cursor(const struct picker *p, const struct area *a);
/* Keys that move the selection or change what is typed. */
struct pane_reaction picker_key(struct picker *p, const struct key *key);
void picker_move(struct picker *p, long step);
/* Selects the item at a place of the area, as it was drawn last; false when none is there. */
bool picker_select_at(struct picker *p, int row, int column);
/* What choosing the selected item does. */
struct pane_reaction picker_choose(const struct picker *p);

#endif
