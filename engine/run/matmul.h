/* Weights times activations: Y = X Wᵀ + bias. Almost all of the run time is spent here.
 *
 * X is (n, cols) float32 row by row, Y is (n, rows). A result depends on its own row of X alone: the same bits whatever
 * n is, however many threads there are, and whichever other matrices are multiplied in the same call. So a token's
 * logits are the same whether it was read in a batch or evaluated alone, and a reply can be repeated exactly.
 * (The exact mode's BLAS holds this for threads, not for n: its results agree to float32 rounding only.) */
#ifndef PALAVER_ENGINE_RUN_MATMUL_H
#define PALAVER_ENGINE_RUN_MATMUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/tensor.h"
#include "engine/run/pool.h"

struct matmul; /* work buffers: quantised activations, packed panels */

/* max_cols and max_n bound what matmul_run is called with. exact: weights unpacked to float32, activations float32,
 * multiplied by BLAS. NULL on failure. */
struct matmul *matmul_new(struct pool *pool, uint64_t max_cols, uint64_t max_n, bool exact, struct error *err);
void matmul_free(struct matmul *m);
const char *matmul_kernels(const struct matmul *m);
/* Bytes of its buffers that products with weights of these types touch; bit i of types is enum tensor_type i. */
uint64_t matmul_bytes(uint64_t max_cols, uint64_t max_n, int32_t threads, bool exact, uint64_t types);

/* Called on one thread when the product of these weights (of the first job) begins and what was before it is done. */
typedef void matmul_begun(void *context, const struct tensor *weights);
/* At first nobody is told. Not to be called while matmul_run runs. */
void matmul_tell(struct matmul *m, matmul_begun *begun, void *context);
/* Sees what matrices are multiplied with: x (n, cols of the weights), x_stride elements from one row to the next. Called
 * by every thread of the pool before each product, with the same arguments but for `thread`. */
typedef void matmul_observer(void *context, int32_t thread, int32_t threads, const struct tensor *weights,
                             const float *x, size_t x_stride, size_t n);
/* NULL: nobody looks, as at first. Not to be called during a pool_run. */
void matmul_observe(struct matmul *m, matmul_observer *observer, void *context);

struct matmul_job {
    const struct tensor *weights; /* (rows, cols) */
    const float *bias;            /* (rows) or NULL */
    float *out;                   /* (n, rows), stride elements from one row to the next */
    size_t stride;
};
enum { MATMUL_JOBS = 3 };
/* The weights of the call after this one, in the order of its jobs, NULL where there are fewer. Where memory bounds the
 * speed each thread asks for what it will begin with there as soon as it has nothing more to read here. */
struct matmul_next {
    const struct tensor *weights[MATMUL_JOBS];
};
/* All jobs, at most MATMUL_JOBS, share X (n, cols; x_stride elements from one row to the next): q, k and v, or gate and
 * up. To be called by every thread inside a pool_run with the same arguments; begins and ends with a barrier, so that X
 * may have been written by any thread just before, and all of Y is there when it returns. next: of the same n; NULL: not
 * known. */
void matmul_run(struct matmul *m, int32_t thread, const struct matmul_job *jobs, int n_jobs, const float *x,
                size_t x_stride, size_t n, const struct matmul_next *next);

#endif
