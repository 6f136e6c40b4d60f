/* The forward pass of a Llama model: token ids in, logits out.
 *
 * A batch runs as one pool_run in which every thread goes through all layers; they meet at the barriers of matmul_run
 * and, when there is more than one position, once in attention. Everything else is split by rows or by heads in between. */
#ifndef PALAVER_ENGINE_RUN_FORWARD_H
#define PALAVER_ENGINE_RUN_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/model/model.h"
#include "engine/run/pool.h"

struct forward;

struct forward_options {
    int32_t context; /* positions */
    int32_t batch;   /* rows of a batch at most */
    bool exact;
};

/* model and pool are the caller's and stay. NULL on failure. */
struct forward *forward_new(const struct model *model, struct pool *pool, const struct forward_options *options,
                            struct error *err);
void forward_free(struct forward *f);
const char *forward_kernels(const struct forward *f);

/* Which rows of a batch have their last layer finished, so that logits can be had. */
enum forward_want { FORWARD_NONE, FORWARD_LAST, FORWARD_ALL };

/* Asked by one thread twice in every layer with the part of the batch's work that is done, 0 to 1; false stops. */
typedef bool forward_progress(void *context, double done);

struct forward_batch {
    const int32_t *ids;      /* (n), each within the vocabulary */
    int32_t n;               /* 1 to options.batch */
    int32_t position;        /* of ids[0]; the positions before it are in the cache */
    enum forward_want want;
    float *logits;           /* (vocab) of the last row; NULL when they are not needed, with FORWARD_NONE always */
    forward_progress *progress; /* may be NULL */
    void *context;
};
/* Evaluates a batch. False when progress stopped it: the cache before `position` is as it was. */
bool forward_run(struct forward *f, const struct forward_batch *batch);
/* After a batch with FORWARD_ALL: the logits of rows [first, first + n), (n, vocab). */
void forward_logits(struct forward *f, int32_t first, int32_t n, float *logits);

#endif
