/* List: the pane of conversations, and the connection that it reads the history by. */
#ifndef PALAVER_APP_SCREEN_LIST_H
#define PALAVER_APP_SCREEN_LIST_H

#include "app/screen/parts.h"

struct store;

/* NULL when out of memory. */
struct screen_list *screen_list_new(void);
void screen_list_free(struct screen_list *list);

/* The history for reading, of all that is kept, also while the open conversation is temporary. NULL with a message when
 * there is none. Owned by the list. */
struct store *screen_list_store(struct screen *s, struct error *err);
/* Reads the list and shows it. */
void screen_list_show(struct screen *s);
/* Something in it changed: it is read in the next turn of the loop. */
void screen_list_changed(struct screen *s);
/* Its end was reached: it grows by a page, if there is more. */
void screen_list_grow(struct screen *s);
/* Reads it again when this or another program changed the history. Cheap when called early. */
void screen_list_tick(struct screen *s);
/* Milliseconds until screen_list_tick looks again. */
int screen_list_due(const struct screen *s);

#endif
