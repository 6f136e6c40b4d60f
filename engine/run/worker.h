/* Internals of the worker: worker.c has the thread and its orders, worker-queue.c the events; worker-answer.c makes answers
 * on the thread. */
#ifndef PALAVER_ENGINE_RUN_WORKER_H
#define PALAVER_ENGINE_RUN_WORKER_H

#include <pthread.h>

#include "engine/engine.h"
#include "engine/text/textstream.h"

enum {
    LONGEST_PIECE = 1 << 20, /* bytes of a token */
    WORKER_RING = 256,       /* events */
};

/* A request as it was ordered. */
struct order {
    uint64_t request;               /* its number */
    bool pending;                   /* not yet taken by the thread */
    bool running;                   /* pending, or its end is not yet told */
    bool stop;
    int32_t *prompt;                /* (n_prompt) while it is pending; the thread takes it */
    size_t n_prompt;
    struct sampling settings;
    uint32_t settings_number;
};

/* A sampler, and whose sequence breakers it has. */
struct chooser {
    struct sampler *sampler;
    bool has_breakers;
    char breakers[SAMPLING_BREAKERS][SAMPLING_BREAKER_BYTES];
    int32_t n_breakers;
};

struct worker {
    pthread_t thread;
    int wake;                       /* eventfd */
    pthread_mutex_t lock;           /* guards all down to `model_shown` */
    pthread_cond_t orders, space;
    struct event *ring;             /* (WORKER_RING) */
    size_t first, waiting;
    bool quit;
    bool failed;                    /* the model did not open */
    uint64_t requests;              /* number of the last request */
    struct order main, aside;
    bool preview;                   /* one is asked for, with these settings */
    struct sampling preview_settings;
    int32_t pace;                   /* tokens that may still be made; -1: any number */
    int32_t forced;                 /* the next token; -1: it is drawn */
    const struct model *model_shown;

    char *model_path;               /* below: the thread's own once it runs */
    struct session_options options;
    const struct model *model;
    struct model *own;              /* NULL: it is another worker's */
    struct session *session;
    struct chooser chooser;
};

/* One request on its way. */
struct answer {
    struct worker *worker;
    struct order *order;
    struct session *session;
    struct chooser *chooser;
    uint64_t request;
    struct ids ids;                 /* the prompt and the answer so far */
    struct sampling settings;
    uint32_t settings_number;
    struct textstream stream;
    struct buf text;                /* of the event being made */
    struct timings timings;
    double started, prompt_read, waited;
    int32_t forced;                 /* the next token, put by somebody; -1: none */
};

/* worker-queue.c */
/* Seconds, monotonic. */
double worker_clock(void);
/* Waits while the ring is full. */
void worker_send(struct worker *w, const struct event *event);

/* worker-answer.c: on the thread */
/* The answer is to stop before its next token. */
bool answer_must_stop(struct answer *a);
/* Reads the prompt and makes tokens until the answer ends; tells all of it. */
void answer_make(struct answer *a);
/* Gives the sampler the sequence breakers of settings that need them. */
void chooser_use(const struct worker *w, struct chooser *c, const struct sampling *settings);
/* Entropy and survivors of what the sampler looked at last. */
void chooser_tell(const struct chooser *c, struct event *event);

#endif
