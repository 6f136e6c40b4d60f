/* Bookmarks: messages of the open conversation that the user wants to find again. */
#ifndef PALAVER_APP_SCREEN_BOOKMARKS_H
#define PALAVER_APP_SCREEN_BOOKMARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_bookmarks *screen_bookmarks_new(void);
void screen_bookmarks_free(struct screen_bookmarks *b);

bool screen_bookmarks_has(const struct screen *s, int64_t message);
/* Sets one, or removes it; *on: which of these it was. message 0: it is not stored, ERR_NOT_FOUND. */
enum error_code screen_bookmarks_flip(struct screen *s, int64_t message, bool *on, struct error *err);

#endif
