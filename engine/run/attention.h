/* Attention over the key/value cache, shared out among the threads of a pool.
 *
 * Several query heads share a key head (grouped-query attention); they are computed together. While a batch is read, a
 * piece of work is a key head and a run of positions; for a single position it is a key head and a span of keys, and
 * whoever ends a head's last span merges them. Both ways make the same bits. */
#ifndef PALAVER_ENGINE_RUN_ATTENTION_H
#define PALAVER_ENGINE_RUN_ATTENTION_H

#include <stdint.h>

#include "base/error.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"

struct attention;

/* pool, kv and kernels are the caller's and stay. NULL when there is no memory. */
struct attention *attention_new(struct pool *pool, const struct kv *kv, const struct layer_kernels *kernels,
                                int32_t heads, int32_t kv_heads, struct error *err);
void attention_free(struct attention *a);

/* One layer's part of a batch: queries, keys and values as the projections give them, not yet turned. */
struct attention_job {
    int32_t layer;
    int32_t n;               /* rows of the batch */
    int32_t first;           /* out is wanted from this row on; n: only the cache is filled */
    int32_t position;        /* of row 0 */
    const float *q, *k, *v;  /* (n, q_stride) and (n, kv_stride) */
    const float *turn;       /* (n, 2 * head_width): cosines and signed sines, see layer_kernels.rotate */
    float *out;              /* (n, q_stride) */
    size_t q_stride, kv_stride;
};
/* To be called by every thread of a pool_run, after a barrier; ends without one. */
void attention_run(struct attention *a, const struct attention_job *job, int32_t thread);

#endif
