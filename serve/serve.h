/* The server: one model behind HTTP, in the forms that OpenAI's clients and lm-evaluation-harness speak.
 *
 * This header is its face. It knows the engine's face, and nothing of terminals or databases.
 *   serve       starting and ending; what all parts share
 *   http        connections: methods, addresses, keys, bodies, answers; by libmicrohttpd, which mhd loads
 *   routes      what is answered at once: health, models, tokens
 *   embed       embeddings, when the model is an encoder
 *   refusal     what is wrong with a request
 *   exchange    one request and what is sent back, between the connection's thread and the engine's
 *   request     what a client asks, read from JSON; request-chat reads the messages of a chat
 *   job         a request that the engine works at
 *   work        the engine's thread: prompts read, tokens made side by side, texts scored together
 *   reply       answers as JSON; spell knows the texts of tokens
 * Calls follow this order downwards, but for the replies of the engine's thread, which wake a connection by exchange. */
#ifndef PALAVER_SERVE_SERVE_H
#define PALAVER_SERVE_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"

struct serve;

/* What became of a request, for people to read. */
struct serve_note {
    const char *method, *path; /* as asked, any bytes; until the call ends */
    unsigned status;           /* of HTTP */
    bool gone;                 /* the client went away before the end */
    size_t prompt_tokens, cached_tokens, answer_tokens;
    double seconds; /* from the request to the end of the answer */
};

struct serve_options {
    const char *host;         /* a name or an address; NULL: 127.0.0.1 */
    uint16_t port;            /* 0: any that is free */
    const char *key;          /* what clients have to send as a bearer token; NULL: nothing */
    const char *name;         /* of the model in answers */
    struct sampling settings; /* where a request says nothing */
    struct session_options session;
    enum speculate
        speculate;    /* whether answers are guessed ahead, each from its own text alone: what others were answered
                               * must not be told by how long an answer takes */
    int32_t parallel; /* answers that are made side by side, 1 to SERVE_PARALLEL */
    /* Called at the end of each request, on a thread of the server, one call at a time; may be NULL. */
    void (*note)(void *context, const struct serve_note *note);
    void *context;
};
#define SERVE_PARALLEL 64

/* Starts serving; a model that is an encoder makes embeddings alone, and t may be NULL for it. Strings of the options, the model and the template are the caller's and stay until serve_stop. NULL on
 * failure: the address is taken, or out of memory. */
struct serve *serve_start(const struct model *model, const struct chat_template *t, const struct serve_options *options,
                          struct error *err);
/* The port that it listens on. */
uint16_t serve_port(const struct serve *s);
/* What it is doing: requests that wait for the engine or are being answered, and tokens since the start. */
struct serve_activity {
    size_t requests;
    uint64_t read, written;
};
struct serve_activity serve_look(const struct serve *s);
/* Ends all requests, waits for the engine's step at hand, and frees everything. NULL is fine. */
void serve_stop(struct serve *s);

#endif
