/* Attention over the key/value cache, shared out among the threads of a pool.
 *
 * Several query heads share a key head (grouped-query attention); they are computed together. The rows of a batch
 * may belong to several sequences. A piece of work is a key head and a run of positions of one sequence; for a batch
 * of a single row it is a key head and a span of keys, and the thread that ends a head's last span merges them. Both
 * ways make the same bits. */
#ifndef PALAVER_ENGINE_RUN_ATTENTION_H
#define PALAVER_ENGINE_RUN_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/layer.h"
#include "engine/kernels/tensor.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"

struct attention;

/* What attention computes for, and the most that it is asked. */
struct attention_shape {
    int32_t heads, kv_heads, head_width;
    enum kv_type cache;
    int32_t positions, rows; /* of a sequence, of a batch */
};

/* pool and kernels are the caller's and stay. NULL when out of memory. */
struct attention *attention_new(struct pool *pool, const struct layer_kernels *kernels,
                                const struct attention_shape *shape, struct error *err);
void attention_free(struct attention *a);
/* Bytes that attention_new takes, the part that grows with `positions` left out. */
uint64_t attention_bytes(const struct attention_shape *shape, int32_t threads);

/* One row of a batch: a token, its sequence, and where it stands there. */
struct batch_row {
    int32_t id, position;
    const struct kv *kv; /* position is reserved; those before it are filled, by this batch at the latest */
};
/* Before a pool_run: the rows of the batch that the jobs are about; they stay the caller's until the run ends. */
void attention_begin(struct attention *a, const struct batch_row *rows, int32_t n);

/* One layer's part of a batch: queries, keys and values as the projections give them, not yet turned. */
struct attention_job {
    int32_t layer;
    int32_t first;          /* out is wanted from this row on; n: only the cache is filled */
    const float *q, *k, *v; /* (n, q_stride) and (n, kv_stride), n being the rows of the batch */
    const float *turn;      /* (n, 2 * head_width): cosines and signed sines, see layer_kernels.rotate */
    float *out;             /* (n, q_stride) */
    size_t q_stride, kv_stride;
    int32_t turned;                  /* elements of a head that are turned, for orders */
    enum row_order q_order, k_order; /* of the elements that q and k come in */
};
/* To be called by every thread of a pool_run, after a barrier; ends without one. */
void attention_run(struct attention *a, const struct attention_job *job, int32_t thread);

#endif
