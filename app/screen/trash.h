/* Trash: what was deleted last, and bringing it back. */
#ifndef PALAVER_APP_SCREEN_TRASH_H
#define PALAVER_APP_SCREEN_TRASH_H

#include <stddef.h>
#include <stdint.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_trash *screen_trash_new(void);
void screen_trash_free(struct screen_trash *trash);

/* Deletes message number index with all below it. */
enum error_code screen_trash_delete_message(struct screen *s, size_t index, struct error *err);
/* Deletes conversations, all of them or none; the open one is left first. */
enum error_code screen_trash_delete(struct screen *s, const int64_t *ids, size_t n, struct error *err);
/* Brings back what was deleted last. */
enum error_code screen_trash_restore(struct screen *s, struct error *err);

#endif
