/* Reading messages, and what made them. */
#ifndef PALAVER_HISTORY_MESSAGE_H
#define PALAVER_HISTORY_MESSAGE_H

#include "base/error.h"
#include "history/history.h"

/* store_message_get without the place among siblings, which is 0 of 0: for calls over many messages. */
enum error_code message_read(struct store *s, int64_t message, struct store_message *out, struct error *err);

/* Frees the strings of what made an answer and zeroes it. */
void making_free(struct store_making *made);

#endif
