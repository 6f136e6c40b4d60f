/* SSE: server-sent events as they come, in pieces of any size. Internal to remote.
 *
 * A line ends with LF, CR or CRLF, which may be cut between two pieces. Lines of data up to an empty line are one event,
 * joined by LF; comments, names but "error", numbers and times to try again are passed over. Beside what the standard
 * (html.spec.whatwg.org, "Server-sent events") has there is what servers of models send: lines "error: {...}", bare
 * JSON objects, and an end without an empty line.
 *
 * Knows nothing of what the data is. */
#ifndef PALAVER_REMOTE_SSE_H
#define PALAVER_REMOTE_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Bytes that an event may have. One token is a few hundred; a server that sends a whole answer at once sends more. */
#define SSE_EVENT_MOST ((size_t)32 << 20)

struct sse {
    struct buf line, data;
    size_t lines;   /* of data, that the event has so far */
    bool is_error;  /* it is named so */
    bool after_cr;  /* an LF that follows ends no other line */
    bool begun;     /* the first bytes, which may be a byte order mark, are past */
    size_t ignored; /* bytes of comments and unknown fields so far */
};

/* Takes one event: its data[0..size), not empty, NUL-terminated. Returns false to stop. */
typedef bool sse_taker(void *context, const char *data, size_t size);

void sse_init(struct sse *s);
void sse_free(struct sse *s);
/* Takes bytes[0..n). ERR_FORMAT when an event is longer than SSE_EVENT_MOST, ERR_STOPPED when the taker said so; then
 * nothing more may be fed. */
enum error_code sse_feed(struct sse *s, const char *bytes, size_t n, sse_taker *take, void *context, struct error *err);
/* The stream has ended: what was not ended by an empty line is an event all the same. */
enum error_code sse_end(struct sse *s, sse_taker *take, void *context, struct error *err);

#endif
