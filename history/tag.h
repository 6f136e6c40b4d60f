/* Tags, for the import. */
#ifndef PALAVER_HISTORY_TAG_H
#define PALAVER_HISTORY_TAG_H

#include "history/store.h"

/* Adds a tag by its stored name; having it already is no error. Needs a write transaction. */
enum error_code tag_add(struct store *s, int64_t conversation, const char *tag, struct error *err);

#endif
