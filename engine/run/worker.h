/* Internals of workers.
 *
 * A service is one thread with one model and one runner; each of its workers is a sequence with its own requests and
 * events. The thread does one thing at a time for the worker whose turn it is (enum task): reads a prompt, makes a
 * token, tells what may come next. So answers of several workers take turns, and none waits inside the thread.
 *   worker.c         what the other thread calls: starting, orders, settings, ending
 *   worker-thread.c  the service: whose turn it is, opening, ending
 *   worker-answer.c  an answer, step by step
 *   worker-queue.c   the events
 * Calls follow this order downwards. */
#ifndef PALAVER_ENGINE_RUN_WORKER_H
#define PALAVER_ENGINE_RUN_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/chooser.h"
#include "engine/run/keeper.h"
#include "engine/run/saved-folder.h"
#include "engine/run/speculation.h"
#include "engine/run/suffix.h"
#include "engine/text/textstream.h"

enum {
    LONGEST_PIECE = 1 << 20,   /* bytes of a token */
    LONGEST_HISTORY = 1 << 16, /* tokens that guesses come from: 7 MB */
    WORKER_RING = 256,         /* events */
};

/* What is to be answered: ids, or messages that become ids on the thread. */
struct question {
    int32_t *ids; /* (n_ids); NULL for messages */
    size_t n_ids;
    struct message *messages; /* (n_messages), one block with their texts */
    size_t n_messages;
    const struct chat_template *template;
    size_t limit; /* of prompt_render */
};

/* Stop strings that a template adds to the settings of its requests. */
struct added_stops {
    int32_t n;
    char at[SAMPLING_STOPS][SAMPLING_STOP_BYTES];
};

/* A request as it was ordered. */
struct order {
    uint64_t request; /* its number */
    bool pending;     /* not yet taken by the thread */
    bool running;     /* pending, or its end is not yet told */
    bool stop;
    struct question question; /* while it is pending; the thread takes it */
    struct sampling settings;
    uint32_t settings_number;
    struct added_stops stops; /* in the settings, and to be added to those that replace them */
};

/* One request on its way. Owned by the thread. */
struct answer {
    bool active;
    struct worker *worker;
    struct order *order;
    struct session *session;
    struct chooser *chooser;
    struct speculation *speculation; /* NULL: nothing is guessed */
    uint64_t request;
    struct question question;
    struct ids ids; /* the prompt and the answer so far */
    struct sampling settings;
    uint32_t settings_number;
    struct textstream stream;
    struct buf text; /* of the event being made */
    struct timings timings;
    double started, prompt_read;
    bool waits; /* for its turn, and what may come next was told */
    double wait_began, waited;
    bool stop;                  /* the answer ends with this step */
    int32_t forced;             /* the next token, put by worker_force; -1: none */
    char keep[SAVED_NAME_MOST]; /* what the session is saved as; "": it is not */
};

struct service {
    pthread_t thread;
    pthread_mutex_t lock;           /* guards all down to `lesson`, and what struct worker says */
    pthread_cond_t changed;         /* the thread waits for it: an order, room in a ring, an end */
    pthread_cond_t stepped;         /* the thread is done with a task */
    struct worker *workers, *ended; /* lists by `next`; the thread frees those that ended */
    struct worker *current;         /* the thread works for it */
    bool failed;                    /* the model did not open */
    struct ids lesson;              /* of worker_teach, until the thread takes it */
    const struct model *model;      /* NULL before it is open */

    char *model_path; /* below: the thread's own once it runs */
    enum model_load load;
    struct session_options options;
    struct model *own;
    struct runner *runner; /* the other thread may ask for its plan once the model is open */
    char *saved_folder;    /* NULL: none */
    uint64_t saved_most;
    struct keeper *keeper;  /* NULL: nothing is saved */
    struct suffix *history; /* what was written before; NULL: out of memory */
};

struct worker {
    struct service *service;
    struct worker *next;
    int wake;           /* eventfd */
    struct event *ring; /* (WORKER_RING); the service's lock guards it and all down to `rendered` */
    size_t first, waiting;
    bool quit;
    bool opened;       /* LOADED or FAILED is told */
    bool failed;       /* there is no session */
    uint64_t requests; /* number of the last request */
    struct order main, aside;
    bool preview; /* one is asked for, with these settings */
    struct sampling preview_settings;
    int32_t pace;               /* tokens that may still be made; -1: any number */
    int32_t forced;             /* the next token; -1: it is drawn */
    char keep[SAVED_NAME_MOST]; /* of the next request */
    bool has_rendered;
    struct prompt rendered; /* of the last request made of messages, until it is taken */

    const struct model *model_shown; /* the other thread's: written and read by worker_next's caller alone */

    int32_t context; /* below: the thread's own once it runs */
    bool guest;      /* as in struct worker_options */
    struct session *session;
    struct chooser chooser;
    enum speculate speculate;
    struct speculation *speculation;
    struct answer main_answer, aside_answer;
};

/* worker-queue.c */
/* Waits while the ring is full. */
void worker_send(struct worker *w, const struct event *event);

/* worker-answer.c: on the thread */
/* Whether the answer ends before its next token. */
bool answer_must_stop_locked(const struct answer *a);
/* Whether the answer may make no token now because of the pace. */
bool answer_must_wait_locked(const struct answer *a);
/* Takes over the newest settings. */
void answer_take_settings_locked(struct answer *a);
/* Takes over the newest settings, stop, a forced token and one step of the pace: answer_step follows. */
void answer_take_turn_locked(struct answer *a);
/* Takes the order and reads its prompt, after sharing what another session of the service has read; afterwards the
 * answer is active unless it ended. Its session and chooser are set. */
void answer_begin(struct answer *a);
/* Makes one token, or ends the answer. */
void answer_step(struct answer *a);
/* Tells what the next token may be, to a reader whose pace makes the answer wait. */
void answer_tell_preview(struct answer *a);
/* Tells the end of an answer that has not begun: stopped, or failed when err says so. */
void answer_refuse(struct answer *a, const struct error *err);
/* Releases what the answer holds; idempotent. */
void answer_free(struct answer *a);
void question_free(struct question *q);
/* What the settings make of the logits after the last token of the worker's session, if there are any. */
void chooser_preview(struct worker *w, const struct sampling *settings);

/* worker-thread.c */
void *service_run(void *service);

#endif
