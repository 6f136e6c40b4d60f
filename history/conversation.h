/* Rows of the table conversation, for the other files of the history. All but reading need a write
 * transaction. */
#ifndef PALAVER_HISTORY_CONVERSATION_H
#define PALAVER_HISTORY_CONVERSATION_H

#include "history/store.h"

/* ERR_NOT_FOUND when there is no such row. */
enum error_code conversation_exists(struct store *s, int64_t conversation, struct error *err);
/* Makes a row with this public id (NULL: a new one), created and changed at when (UTC milliseconds). */
enum error_code conversation_insert(struct store *s, const char *public_id, int64_t when, int64_t *id,
                                    struct error *err);
/* Sets the title and indexes its words. */
enum error_code conversation_title(struct store *s, int64_t conversation, const char *title, enum store_titled by,
                                   struct error *err);
/* A message was added or ended at when: moves the conversation to the top of the list. */
enum error_code conversation_touch(struct store *s, int64_t conversation, int64_t when, struct error *err);
/* Something else changed: raises the revision. ERR_NOT_FOUND when there is no such row. */
enum error_code conversation_revise(struct store *s, int64_t conversation, struct error *err);
/* After an UPDATE of one row: ERR_NOT_FOUND when it matched none. */
enum error_code conversation_updated(struct store *s, struct error *err);
/* Reads one row; whole: with system prompt, settings and draft, which are NULL otherwise. */
enum error_code conversation_read(struct store *s, int64_t id, bool whole, struct store_conversation *out,
                                  struct error *err);

#endif
