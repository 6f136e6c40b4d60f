/* Caches: what the engine saves of conversations, so that they need not be read again: CACHE_DIR/sessions, a file for each
 * conversation under its id. Of temporary chats and of what is in the trash there is none. */
#ifndef PALAVER_APP_LIBRARY_CACHES_H
#define PALAVER_APP_LIBRARY_CACHES_H

#include <stdbool.h>
#include <stdint.h>

#include "app/options/options.h"
#include "base/error.h"
#include "history/history.h"

/* The folder, malloc'ed; NULL when nothing is to be saved there, or out of memory. */
char *caches_folder(const struct options *o);
/* Bytes that it may hold. */
uint64_t caches_most(const struct options *o);
/* The name for a conversation; false when there is none. */
bool caches_name(struct store *s, int64_t conversation, char out[STORE_ID_SIZE]);
/* store_delete, and what was saved of the conversation is gone. */
enum error_code caches_delete(const struct options *o, struct store *s, int64_t conversation, struct error *err);

#endif
