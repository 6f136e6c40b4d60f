/* Inflow: the body of an answer, as it comes, as events. Internal to remote.
 *
 * It is server-sent events, or plain JSON from a server that does not stream, or an error, or a page of a proxy: its first
 * byte and its end tell. */
#ifndef PALAVER_REMOTE_INFLOW_H
#define PALAVER_REMOTE_INFLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/chunk.h"
#include "remote/endpoint.h"
#include "remote/events.h"
#include "remote/sse.h"

struct inflow {
    struct events *events; /* where they go; the caller's */
    struct sse sse;
    struct buf plain; /* a body that is no stream, or an error's */
    enum { INFLOW_UNKNOWN, INFLOW_EVENTS, INFLOW_PLAIN } form;
    bool said;         /* text came */
    bool thinking;     /* and the last of it was reasoning */
    const char *mark;  /* that stands before the next text; NULL: none */
    struct buf marked; /* the text with it */
    bool done;         /* "[DONE]" came */
    bool finished;     /* or why the answer ends */
    enum endpoint_finish finish;
    struct endpoint_usage usage; /* as far as it was told */
    char fingerprint[64];
    /* an error that the server told */
    bool failed;
    char fault[300], fault_kind[64];
    int64_t fault_prompt, fault_context;
};

void inflow_init(struct inflow *s, struct events *events);
void inflow_free(struct inflow *s);
/* Forgets all and begins anew. */
void inflow_reset(struct inflow *s);
/* plain: whatever it is, it is no answer, and is read at the end. Returns false when no more is wanted: after [DONE], an
 * error of the server's, or one of ours, which err tells. */
bool inflow_take(struct inflow *s, bool plain, const char *bytes, size_t n, struct error *err);
/* The body has ended. */
void inflow_end(struct inflow *s, struct error *err);

#endif
