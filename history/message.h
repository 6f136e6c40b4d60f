/* Reading messages, and what made them. */
#ifndef PALAVER_HISTORY_MESSAGE_H
#define PALAVER_HISTORY_MESSAGE_H

#include <sqlite3.h>

#include "base/error.h"
#include "history/history.h"

/* store_message_get without the place among siblings, which is 0 of 0: for calls over many messages. */
enum error_code message_read(struct store *s, int64_t message, struct store_message *out, struct error *err);

/* The columns that making_read reads, of "message m LEFT JOIN maker k". */
#define MAKING_COLUMNS \
    "k.model, k.fingerprint, k.template, k.settings, m.seed, m.finish, m.prompt_tokens, m.reused_tokens, " \
    "m.answer_tokens, m.prefill_seconds, m.first_token_seconds, m.decode_seconds"
/* Fills out from them, the first at number column. Strings are malloc'ed, NULL when empty or out of memory. */
void making_read(sqlite3_stmt *q, int column, struct store_making *out);
/* Frees the strings and zeroes it. */
void making_free(struct store_making *made);

#endif
