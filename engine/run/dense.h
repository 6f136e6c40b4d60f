/* Float weights times activations by OpenBLAS, for encoders: as matmul.h, in calls of one shape.
 *
 * How OpenBLAS sums depends on the shape of a call. Rows of X therefore go DENSE_ROWS at a time, whatever their number,
 * and a row's result is the same to the bit whatever rows are beside it. */
#ifndef PALAVER_ENGINE_RUN_DENSE_H
#define PALAVER_ENGINE_RUN_DENSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/run/matmul.h"
#include "engine/run/pool.h"

enum { DENSE_ROWS = 64 };

struct dense;

/* max_cols bounds the weights' columns. NULL on failure. */
struct dense *dense_new(struct pool *pool, uint64_t max_cols, struct error *err);
void dense_free(struct dense *d);
/* As matmul_run, for weights of float types. X and Y must have room for n rounded up to DENSE_ROWS rows: what stands in
 * X beyond n is multiplied too, and must be finite. */
void dense_run(struct dense *d, int32_t thread, const struct matmul_job *jobs, int n_jobs, const float *x,
               size_t x_stride, size_t n);

#endif
