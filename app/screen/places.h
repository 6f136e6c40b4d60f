/* Places: going to a message, and back to where one was; messages with a bookmark. */
#ifndef PALAVER_APP_SCREEN_PLACES_H
#define PALAVER_APP_SCREEN_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/screen/parts.h"

/* NULL when out of memory. */
struct screen_places *screen_places_new(void);
void screen_places_free(struct screen_places *places);

/* The view is about to go elsewhere: remembers where it is. */
void screen_places_leave(struct screen *s);
/* Goes to a message of the open conversation, to which its path leads from now on. */
void screen_places_go(struct screen *s, int64_t message, struct error *err);
/* Goes back to where the view was before; the next call returns. */
void screen_places_back(struct screen *s, struct error *err);
/* Offers the user's own questions and the messages with a bookmark. */
void screen_places_pick(struct screen *s, struct error *err);

/* Sets a bookmark at message number index, or removes it. */
void screen_places_mark(struct screen *s, size_t index, struct error *err);
/* Whether a message of the open conversation has one. */
bool screen_places_is_marked(const struct screen *s, int64_t message);

#endif
