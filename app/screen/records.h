/* Records: how the tokens of a message came about, as the history has it. */
#ifndef PALAVER_APP_SCREEN_RECORDS_H
#define PALAVER_APP_SCREEN_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "app/screen/parts.h"
#include "base/error.h"

struct store_records;

/* NULL when out of memory. */
struct screen_records *screen_records_new(void);
void screen_records_free(struct screen_records *records);

/* The records of message index; NULL when it has none or (err) they can't be read. Valid until the next call. */
const struct store_records *screen_records_of(struct screen *s, size_t index, struct error *err);
/* How many tokens it has. */
size_t screen_records_count(struct screen *s, size_t index, struct error *err);
/* The bytes of message index before a token; *text is all of it. */
size_t screen_records_before(struct screen *s, size_t index, size_t token, const char **text, struct error *err);
/* The text of a token in the records read last, where a server told it, *size bytes; NULL: the model's vocabulary has it. */
const char *screen_records_word(const struct screen *s, int32_t id, size_t *size);
/* The history may have more of them now. */
void screen_records_forget(struct screen *s);

#endif
