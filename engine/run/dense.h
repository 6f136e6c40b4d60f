/* Products of weights as float32, for encoders: Y = X Wᵀ + bias, as matmul.h, by the tables of dense.h in engine/kernels.
 *
 * OpenBLAS is not used: on one core of a Zen 4 its sgemm took 4.5 seconds for what these products take 3.2 for, and its bits
 * depend on the shape of a call. */
#ifndef PALAVER_ENGINE_RUN_DENSE_H
#define PALAVER_ENGINE_RUN_DENSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/run/matmul.h"
#include "engine/run/pool.h"

struct dense; /* a panel of packed weights a thread */

/* max_cols bounds the weights' columns. NULL when out of memory. */
struct dense *dense_new(struct pool *pool, uint64_t max_cols, struct error *err);
void dense_free(struct dense *d);
/* Bytes of its buffers. */
uint64_t dense_bytes(uint64_t max_cols, int32_t threads);
/* As matmul_run, for weights of any type. */
void dense_run(struct dense *d, int32_t thread, const struct matmul_job *jobs, int n_jobs, const float *x,
               size_t x_stride, size_t n);

#endif
