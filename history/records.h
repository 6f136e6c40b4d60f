/* Token records in their packed form. */
#ifndef PALAVER_HISTORY_RECORDS_H
#define PALAVER_HISTORY_RECORDS_H

#include "history/store.h"

#define RECORD_TOKEN_MAX 160 /* bytes that one packed token never exceeds */

/* Appends one token; false, with out unchanged, when out is full or out of memory. */
bool records_pack(struct buf *out, const struct store_token *t);
/* Appends the tokens of one part; false when it is not well-formed (those before the fault are kept). */
bool records_unpack(const unsigned char *data, size_t size, struct store_records *out);
/* Tells of each token of one part how many bytes of the text it completes, and its epoch, without working out what else
 * there is of it; false as above. */
typedef void records_each(void *context, uint32_t bytes, uint32_t epoch);
bool records_walk(const unsigned char *data, size_t size, records_each *each, void *context);
/* Adds a part after those that the message has; an empty one is no part. */
enum error_code records_add(struct store *s, int64_t message, const struct buf *packed, struct error *err);
/* The settings (compact JSON) that came into force under this number, from 1. */
enum error_code records_add_epoch(struct store *s, int64_t message, uint32_t number, const char *settings,
                                  struct error *err);
/* Copies the parts and epochs of one message to another that has none. */
enum error_code records_copy(struct store *s, int64_t from, int64_t to, struct error *err);

#endif
