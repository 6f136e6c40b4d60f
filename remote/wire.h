/* Wire: one HTTP request at a time to one host, in the caller's poll loop. Internal to remote.
 *
 * libcurl's sockets and its timer stand in an epoll set, whose descriptor the caller waits for with all else that it
 * waits for; wire_step does what there is to do and returns. Connections are kept for the next request. Nothing limits
 * how long an answer may take in all, as a processor may read a prompt for minutes; `idle` limits the time without a
 * byte. A redirect is followed to the same host alone. */
#ifndef PALAVER_REMOTE_WIRE_H
#define PALAVER_REMOTE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct wire;

/* How a request ended. */
struct wire_end {
    long status;         /* 0: no answer came */
    int64_t retry_after; /* seconds; -1: not told */
    bool html;           /* the answer says that it is a page */
    enum wire_trouble {
        WIRE_GOOD,
        WIRE_REFUSED, /* nobody listens there, or there is no such host */
        WIRE_TLS,
        WIRE_IDLE,
        WIRE_BROKEN,    /* the connection ended too soon */
        WIRE_ELSEWHERE, /* a redirect to another host, which is in `words` */
    } trouble;
    char words[300]; /* libcurl's; "" when all is well */
};

struct wire_taker {
    void *context;
    /* Bytes of the body, with the status of the answer. Returns false to end the request. */
    bool (*take)(void *context, long status, const char *bytes, size_t n);
    /* The request is through, but not when wire_cancel ended it. Another may be sent from here. */
    void (*end)(void *context, const struct wire_end *end);
    /* The time of wire_alarm has come. */
    void (*alarm)(void *context);
    /* A descriptor given to wire_watch is readable. */
    void (*ready)(void *context);
};

/* taker and ca (NULL: none) stay the caller's. NULL on failure. */
struct wire *wire_new(const struct wire_taker *taker, const char *ca, struct error *err);
void wire_free(struct wire *w);
int wire_fd(const struct wire *w);
/* Never waits. */
void wire_step(struct wire *w);

struct wire_request {
    const char *url;
    const char *body; /* size bytes of JSON, POSTed; NULL: GET */
    size_t size;
    const char *key; /* NULL: none */
    int32_t idle;    /* seconds; 0: no limit */
};
/* All of it is copied. One request at a time. */
enum error_code wire_send(struct wire *w, const struct wire_request *request, struct error *err);
/* Closes the connection of the request under way, if any. */
void wire_cancel(struct wire *w);
/* Milliseconds from now; negative: never. 0 makes the descriptor readable at once. */
void wire_alarm(struct wire *w, int64_t milliseconds);
/* Waits for a descriptor of the caller's too; -1: no longer. One at a time. */
enum error_code wire_watch(struct wire *w, int fd, struct error *err);

#endif
