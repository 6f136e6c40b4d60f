/* Browse: the models that there are and those that can be fetched, with what one wants to know before choosing. */
#ifndef PALAVER_APP_SCREEN_BROWSE_H
#define PALAVER_APP_SCREEN_BROWSE_H

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_browse *screen_browse_new(void);
void screen_browse_free(struct screen_browse *browse);

/* Opens the list; what takes a while to find out joins it. */
void screen_browse_open(struct screen *s, struct error *err);
/* Fills the list once all is known. */
void screen_browse_tick(struct screen *s);
/* Milliseconds until the next tick; -1: none is needed. */
int screen_browse_due(const struct screen *s);
/* The list was closed. */
void screen_browse_left(struct screen *s);

#endif
