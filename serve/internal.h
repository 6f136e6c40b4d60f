/* What the parts of the server share. Internal to it. */
#ifndef PALAVER_SERVE_INTERNAL_H
#define PALAVER_SERVE_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include <microhttpd.h>

#include "serve/serve.h"

enum {
    BODY_MOST = 32 << 20,   /* bytes of a request */
    ANSWER_MOST = 1 << 30,  /* bytes of an answer */
    UNREAD_MOST = 16 << 20, /* bytes of a stream that a client leaves unread */
    QUEUE_MOST = 1024,      /* requests that wait for the engine */
    CONNECTIONS_MOST = 512,
    IDLE_SECONDS = 75, /* a connection that sends nothing, or takes nothing */
};

struct embedder;
struct mhd;
struct work;

/* Read-only once serve_start has returned; what changes belongs to the parts. */
struct serve {
    struct serve_options options;
    const struct model *model;
    const struct tokenizer *tokenizer;
    const struct chat_template *template;
    int32_t context; /* tokens of a sequence */
    char fingerprint[32];
    time_t started;
    bool loopback; /* it listens on this machine's own address alone */
    uint16_t port;
    struct work *work;         /* NULL when the model is an encoder */
    struct embedder *embedder; /* NULL when it is none */
    const struct mhd *mhd;     /* http's */
    struct MHD_Daemon *daemon;
    int listener;           /* the socket, -1 none; http's */
    pthread_mutex_t noting; /* held while options.note runs */
};

#endif
