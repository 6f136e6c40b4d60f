/* What graphs share with forward.c: the buffers of the forward pass, and the pass at hand. Internal to the forward
 * pass.
 *
 * A graph is one architecture's way from token ids to the last layer's norm. Every thread of a pool_run goes through
 * all of it; what is common to all architectures (buffers, the output matrix) is in forward.c. */
#ifndef PALAVER_ENGINE_RUN_GRAPH_H
#define PALAVER_ENGINE_RUN_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/layer.h"
#include "engine/model/model.h"
#include "engine/run/attention.h"
#include "engine/run/forward.h"
#include "engine/run/matmul.h"
#include "engine/run/pool.h"

/* The float vectors of one layer, unpacked so that they are aligned whatever the file does. Biases may be NULL. */
struct vectors {
    float *attn_norm, *ffn_norm;
    float *bq, *bk, *bv, *bo, *gate, *up, *down;
};

struct forward {
    const struct model *model;
    struct pool *pool;
    struct matmul *matmul;
    struct attention *attention;
    const struct layer_kernels *kernels;
    struct vectors *vectors;                   /* (layers) */
    float *output_norm;                        /* (width) */
    int32_t batch;                             /* rows of the buffers below */
    size_t width, q_width, kv_width, ff_width; /* their strides, multiples of 16 */
    float *x;                                  /* (batch, width): the residual stream */
    float *normed;                             /* (batch, width) */
    float *added;                              /* (batch, width): what attention and MLP add to x */
    float *q, *mixed;                          /* (batch, q_width); mixed is attention's result */
    float *k, *v;                              /* (batch, kv_width) */
    float *gate, *up;                          /* (batch, ff_width) */
    float *turn;                               /* (batch, 2 * head_width): see layer_kernels.rotate */
};

/* One pool_run over the rows of a batch. `stopped` is written by thread 0 before a matmul_run and read by all right
 * after it: the next matmul_run's barriers lie between that and the next writing. */
struct forward_pass {
    struct forward *f;
    const struct forward_batch *batch;
    bool stopped;
};

/* The first row whose last layer the batch wants finished; n: none. */
static inline int32_t forward_first_row(const struct forward_batch *batch)
{
    return batch->want == FORWARD_ALL ? 0 : batch->want == FORWARD_LAST ? batch->n - 1 : batch->n;
}

/* Leaves the final norm of the rows from forward_first_row on in f->normed; false, on every thread alike, when
 * stopped. */
typedef bool forward_graph(struct forward_pass *pass, int32_t thread, int32_t threads);
forward_graph graph_llama; /* graph-llama.c */

#endif
