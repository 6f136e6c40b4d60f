/* View: the messages on the screen are those of the chat. */
#ifndef PALAVER_APP_SCREEN_VIEW_H
#define PALAVER_APP_SCREEN_VIEW_H

#include <stddef.h>

#include "app/screen/parts.h"

/* NULL when out of memory. */
struct screen_view *screen_view_new(void);
void screen_view_free(struct screen_view *v);

/* Adds and removes messages until the screen has those of the chat. Cheap when nothing changed. */
void screen_view_sync(struct screen *s);
/* Forgets the messages from this index on: they are others now. */
/* What is said about message number index changed. */
void screen_view_refresh(struct screen *s, size_t index);
void screen_view_cut(struct screen *s, size_t from);
/* The last message grew by text[0..size). */
void screen_view_grow(struct screen *s, const char *text, size_t size);

#endif
