/* Popup: a list to choose from by typing, or a text to read, over the other panes. */
#ifndef PALAVER_UI_PANES_POPUP_H
#define PALAVER_UI_PANES_POPUP_H

#include "ui/keys/key.h"
#include "ui/canvas.h"
#include "ui/ui.h"

struct popup;

struct popup *popup_pick(const char *title, const struct ui_item *items, size_t n, bool asks);
struct popup *popup_view(const char *title, const char *text, size_t size, const struct ui_stretch *stretches, size_t n);
void popup_free(struct popup *p);
void popup_set_items(struct popup *p, const struct ui_item *items, size_t n);
/* Draws in the middle of the area; the cursor's place is put into y, x, or left alone. */
void popup_draw(struct popup *p, struct canvas *s, const struct area *a, int *y, int *x);

enum popup_result { POPUP_NOTHING, POPUP_CLOSED, POPUP_CHOSEN, POPUP_ASKED, POPUP_COPY };
enum popup_result popup_key(struct popup *p, const struct key *key);
/* The item that is selected, with its command, act, a and b; act 0 and command "" when there is none. Owned by the popup. */
struct ui_item popup_selected(const struct popup *p);
/* The text that is read, to be copied; what is typed. Owned by the popup. */
const char *popup_text(const struct popup *p);
void popup_set_query(struct popup *p, const char *text);
const char *popup_query(const struct popup *p);

#endif
