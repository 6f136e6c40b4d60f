/* An exchange: one request of a client, and what is sent back. The connection's thread and the engine's thread hold it
 * together; the last one frees it. Internal to the server. */
#ifndef PALAVER_SERVE_EXCHANGE_H
#define PALAVER_SERVE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include <microhttpd.h>

#include "base/buf.h"
#include "serve/internal.h"

struct exchange;

/* What the engine has left to be sent, as the connection sees it. */
enum exchange_state {
    EXCHANGE_WAITS,  /* nothing yet */
    EXCHANGE_STREAM, /* the answer comes in pieces */
    EXCHANGE_DONE,   /* the whole answer is there, with its status */
};

/* One holder. method and path are copied. NULL when out of memory. */
struct exchange *exchange_new(struct serve *s, struct MHD_Connection *connection, const char *method, const char *path);
/* One more holder. */
void exchange_hold(struct exchange *e);
/* One holder less. */
void exchange_release(struct exchange *e);

/* ---- by the connection's thread */
/* The body, as it comes; false when it is too large, from then on. */
bool exchange_receive(struct exchange *e, const char *bytes, size_t size);
bool exchange_too_large(const struct exchange *e);
const struct buf *exchange_body(const struct exchange *e);
const char *exchange_method(const struct exchange *e);
const char *exchange_path(const struct exchange *e);
/* The engine has it from now on: the connection sleeps until exchange_write or exchange_finish. */
void exchange_suspend(struct exchange *e);
bool exchange_is_handed_over(const struct exchange *e);
/* What can be sent; *status and *body with EXCHANGE_DONE, body owned by the exchange. */
enum exchange_state exchange_look(struct exchange *e, unsigned *status, const struct buf **body);
/* Takes up to size bytes of a stream into out. With nothing there the connection sleeps, and it is 0. */
enum { EXCHANGE_ENDED = -1, EXCHANGE_BROKEN = -2 }; /* its end; it was given up before that */
long exchange_take(struct exchange *e, char *out, size_t size);
/* The connection is over: told by its thread alone. */
void exchange_gone(struct exchange *e);

/* ---- by the engine's thread */
/* Whether the client has gone away. */
bool exchange_is_gone(struct exchange *e);
/* Sends a piece of a stream. It waits in memory until the client reads it; one that lets too much gather is gone. */
void exchange_write(struct exchange *e, const char *bytes, size_t size);
/* Ends a stream, or gives the whole answer of a request that is none: its status and its body. */
void exchange_finish(struct exchange *e, unsigned status, const char *body, size_t size);

/* ---- by both: figures for the note that is made when the last one lets go */
void exchange_count(struct exchange *e, size_t prompt, size_t cached, size_t answer);
void exchange_set_status(struct exchange *e, unsigned status);

#endif
