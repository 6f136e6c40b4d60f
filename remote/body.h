/* Body: a question as the JSON that a kind of server takes. Internal to remote. */
#ifndef PALAVER_REMOTE_BODY_H
#define PALAVER_REMOTE_BODY_H

#include <stddef.h>

#include <jansson.h>

#include "base/error.h"
#include "remote/endpoint.h"

/* malloc'ed, *size bytes; NULL when out of memory. */
char *body_write(const struct endpoint_place *place, enum endpoint_kind kind, const struct endpoint_question *q,
                 size_t *size, struct error *err);
/* A text of any bytes; what is no UTF-8 is sent as U+FFFD. A new reference. */
json_t *body_text(const char *text, size_t size);
/* A list of the messages; a new reference. */
json_t *body_messages(const struct endpoint_question *q);

#endif
