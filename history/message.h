/* Reading what made a message. */
#ifndef PALAVER_HISTORY_MESSAGE_H
#define PALAVER_HISTORY_MESSAGE_H

#include <sqlite3.h>

#include "history/history.h"

/* The columns that making_read reads, of "message m LEFT JOIN maker k". */
#define MAKING_COLUMNS \
    "k.model, k.fingerprint, k.template, k.settings, m.seed, m.finish, m.prompt_tokens, m.reused_tokens, " \
    "m.answer_tokens, m.prefill_seconds, m.first_token_seconds, m.decode_seconds"
/* Fills out from them, the first at number column. Strings are malloc'ed, NULL when empty or out of memory. */
void making_read(sqlite3_stmt *q, int column, struct store_making *out);
/* Frees the strings and zeroes it. */
void making_free(struct store_making *made);

#endif
