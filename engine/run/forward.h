/* The forward pass of a model: token ids of one or several sequences in, logits out.
 *
 * A batch runs as one pool_run in which every thread goes through all layers; they meet at the barriers of
 * matmul_run and, when there is more than one position, once in attention. Everything else is split by rows or by
 * heads in between. */
#ifndef PALAVER_ENGINE_RUN_FORWARD_H
#define PALAVER_ENGINE_RUN_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/layer.h"
#include "engine/model/model.h"
#include "engine/run/attention.h"
#include "engine/run/kv.h"
#include "engine/run/matmul.h"
#include "engine/run/pool.h"

struct forward;

struct forward_options {
    int32_t context; /* positions of a sequence at most */
    int32_t batch;   /* rows of a batch at most */
    bool exact;
    enum kv_type cache; /* KV_F32 when exact */
};

/* model and pool are the caller's and stay. NULL on failure. */
struct forward *forward_new(const struct model *model, struct pool *pool, const struct forward_options *options,
                            struct error *err);
void forward_free(struct forward *f);
/* Bytes that forward_new takes and touches, but for what grows with the context. types: of the matrices, bit i is enum
 * tensor_type i. */
uint64_t forward_bytes(const struct model *model, const struct forward_options *options, int32_t threads,
                       uint64_t types);
/* See matmul_tell. */
void forward_tell(struct forward *f, matmul_begun *begun, void *context);
const char *forward_kernels(const struct forward *f);
/* Who sees what the matrices are multiplied with, see matmul_observe. */
void forward_observe(struct forward *f, matmul_observer *observer, void *context);
/* An empty key/value cache for a sequence of this model, see kv_init. */
bool forward_kv_init(const struct forward *f, struct kv *kv, int32_t capacity, struct error *err);

/* Which rows of a batch have their last layer finished, so that logits can be had. */
enum forward_want { FORWARD_NONE, FORWARD_LAST, FORWARD_ALL };

/* Asked by one thread twice in every layer with the part of the batch's work that is done, 0 to 1; false stops. */
typedef bool forward_progress(void *context, double done);

struct forward_batch {
    const struct batch_row *rows; /* (n), ids within the vocabulary; a sequence's rows in order of their positions */
    int32_t n;                    /* 1 to options.batch */
    enum forward_want want;
    float *logits;              /* (vocab) of the last row; NULL when they are not needed, with FORWARD_NONE always */
    forward_progress *progress; /* may be NULL */
    void *context;
};
/* Evaluates a batch. False when progress stopped it: the caches before the rows' positions are as they were. */
bool forward_run(struct forward *f, const struct forward_batch *batch);
/* After a batch with FORWARD_ALL: the logits of rows [first, first + n), (n, vocab). */
void forward_logits(struct forward *f, int32_t first, int32_t n, float *logits);

#endif
