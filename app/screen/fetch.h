/* Fetch: a model is fetched in a thread of its own while the chat goes on. */
#ifndef PALAVER_APP_SCREEN_FETCH_H
#define PALAVER_APP_SCREEN_FETCH_H

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_fetch *screen_fetch_new(void);
/* Stops what is being fetched; it is continued by the next attempt. */
void screen_fetch_free(struct screen_fetch *fetch);

/* Begins to fetch what remote knows by this name. ERR_BUSY: another model is being fetched. */
enum error_code screen_fetch_begin(struct screen *s, const char *name, struct error *err);
void screen_fetch_stop(struct screen *s);
/* What is being fetched, "smollm2"; NULL: nothing. */
const char *screen_fetch_name(const struct screen *s);
/* Takes what the thread did. When there is no model, the one that has come is loaded. */
void screen_fetch_tick(struct screen *s);
/* Milliseconds until the next tick; -1: none is needed. */
int screen_fetch_due(const struct screen *s);

#endif
