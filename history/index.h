/* The search index's words. */
#ifndef PALAVER_HISTORY_INDEX_H
#define PALAVER_HISTORY_INDEX_H

#include "history/store.h"

/* Appends text in the form that is indexed and searched, at most three times its size; false when out of memory. */
bool index_words(struct buf *out, const char *text, size_t size);

enum index_table { INDEX_TEXTS, INDEX_TITLES };
/* Adds or removes the words of a message's text or a conversation's title. The index keeps no texts: to drop, text
 * must be exactly what was added. */
enum error_code index_add(struct store *s, enum index_table table, int64_t id, const char *text, size_t size,
                          struct error *err);
enum error_code index_drop(struct store *s, enum index_table table, int64_t id, const char *text, size_t size,
                           struct error *err);

#endif
