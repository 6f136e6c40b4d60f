/* A job: a request that the engine works at, and what has come of it. Owned by the engine's thread once it is handed
 * over. Internal to the server. */
#ifndef PALAVER_SERVE_JOB_H
#define PALAVER_SERVE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "serve/exchange.h"
#include "serve/request.h"

/* Tokens with their likelihoods, growable. */
struct tokens {
    int32_t *ids;
    float *logp;           /* NAN for the first of a prompt, which nothing stands before */
    struct likely *likely; /* (n, top); -1 where there is none */
    size_t n, room;
    int32_t top;
};

enum part_state {
    PART_SCORE, /* the likelihoods of the prompt's tokens are wanted */
    PART_WAITS, /* for a place among the answers that are made */
    PART_READS, /* the prompt is being read */
    PART_STEPS, /* tokens are being made */
    PART_DONE,
};

/* One prompt of a job and its answer. */
struct part {
    enum part_state state;
    struct generation *generation; /* while it has one */
    struct tokens tokens;          /* of prompt (echo) and answer, when likelihoods are wanted */
    struct buf text;               /* of the answer, with echo of the prompt in front */
    size_t answer_tokens, cached;
    size_t guessed, guessed_right; /* of the answer's tokens, see generation_guesses */
    size_t scored;                 /* tokens of the prompt, while others were answered */
    const char *finish;            /* "stop" or "length"; NULL until it ends */
    size_t told_tokens, told_text; /* what a stream has sent */
    size_t offset;                 /* characters before the next token that is told */
};

struct job {
    struct job *next;
    struct exchange *exchange; /* held */
    struct request request;
    struct part *parts; /* (request.n_prompts) */
    size_t left;        /* parts that are not done */
    char id[48];
    time_t created;
};

/* Takes over the request; holds the exchange. NULL when out of memory, and the request is freed then too. */
struct job *job_new(struct exchange *e, struct request *request);
void job_free(struct job *j);
/* Appends a token; likely may be NULL. False when out of memory. */
bool tokens_add(struct tokens *t, int32_t id, float logp, const struct likely *likely, int32_t n_likely);

#endif
