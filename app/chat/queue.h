/* Queue: messages that were sent while an answer was under way, in their order. They wait until an answer has ended by
 * itself; one that was stopped or failed leaves them waiting. */
#ifndef PALAVER_APP_CHAT_QUEUE_H
#define PALAVER_APP_CHAT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct queue;

/* NULL when out of memory. */
struct queue *queue_new(void);
void queue_free(struct queue *q);

size_t queue_count(const struct queue *q);
/* Valid until the queue changes. */
const char *queue_text(const struct queue *q, size_t index);

/* Inserts a copy of text[0..size) before message index (queue_count: behind all), a NUL in it as a blank. False when out
 * of memory. */
bool queue_insert(struct queue *q, size_t index, const char *text, size_t size);
/* Takes a message out; malloc'ed. */
char *queue_take(struct queue *q, size_t index);
void queue_clear(struct queue *q);

/* Whether the first message may be sent: an answer ended by itself since the last one was. */
void queue_set_due(struct queue *q, bool due);
bool queue_is_due(const struct queue *q);

/* The messages as one text to be kept, and from it again: as many as it has whole. False when out of memory. */
bool queue_write(const struct queue *q, struct buf *out);
bool queue_read(struct queue *q, const char *kept);

#endif
