/* Popup: a list to choose from by typing, or a text to read, over the other panes. */
#ifndef PALAVER_UI_PANES_POPUP_H
#define PALAVER_UI_PANES_POPUP_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/panes/pane.h"
#include "ui/ui.h"

struct popup;
extern const struct pane popup_pane;

struct popup *popup_new(void);
void popup_free(struct popup *p);
/* Each puts something else into the popup: items to choose from (see ui_pick), a text to read (see ui_view),
 * nothing. */
void popup_set_pick(struct popup *p, const char *title, const struct ui_item *items, size_t n, enum ui_pick kind);
void popup_set_view(struct popup *p, const char *title, const char *text, size_t size,
                    const struct ui_stretch *stretches, size_t n);
void popup_clear(struct popup *p);
/* Replaces the items to choose from; what was typed filters them unless the popup asks for items. */
void popup_set_items(struct popup *p, const struct ui_item *items, size_t n);
/* The same for what was typed already; the item that is selected stays so if it is among them. */
void popup_add_items(struct popup *p, const struct ui_item *items, size_t n);
bool popup_asks(const struct popup *p);
/* Tells which item is selected, until it is cleared. */
void popup_tell_selected(struct popup *p);
/* Replaces what was typed. */
void popup_set_query(struct popup *p, const char *text);

#endif
