/* Products of float weights for encoders. A unit of work is some rows of weights times one block of rows of X. */
#include "config.h"

#include "engine/run/dense.h"

#include <stdlib.h>

#include "engine/kernels/tensor.h"
#include "engine/run/blas.h"

enum { WEIGHT_ROWS = 64 };

struct dense {
    struct pool *pool;
    blas_product *product;
    float **unpacked; /* (WEIGHT_ROWS, max_cols) a thread, for weights that are no float32 in one place */
};

struct dense *dense_new(struct pool *pool, uint64_t max_cols, struct error *err)
{
    const size_t threads = (size_t)pool_threads(pool);
    struct dense *d = calloc(1, sizeof *d);
    if (d == NULL) {
        error_memory(err);
        return NULL;
    }
    d->pool = pool;
    d->product = blas_load(err);
    d->unpacked = calloc(threads, sizeof *d->unpacked);
    bool ok = d->unpacked != NULL;
    for (size_t i = 0; ok && i < threads; i++)
        ok = (d->unpacked[i] = malloc(WEIGHT_ROWS * (size_t)max_cols * sizeof(float))) != NULL;
    if (ok && d->product != NULL)
        return d;
    if (!ok)
        error_memory(err);
    dense_free(d);
    return NULL;
}

void dense_free(struct dense *d)
{
    if (d == NULL)
        return;
    for (int32_t i = 0; d->unpacked != NULL && i < pool_threads(d->pool); i++)
        free(d->unpacked[i]);
    free(d->unpacked);
    free(d);
}

/* Rows [first, last) of the weights as float32. */
static const float *weight_rows(const struct tensor *weights, uint64_t first, uint64_t last, float *unpacked)
{
    if (weights->type == TENSOR_F32 && weights->n_pieces == 0 && (uintptr_t)weights->data % sizeof(float) == 0)
        return (const float *)weights->data + first * weights->cols;
    for (uint64_t row = first; row < last; row++)
        tensor_unpack_row(weights, row, unpacked + (row - first) * weights->cols);
    return unpacked;
}

static void multiply_unit(const struct dense *d, float *unpacked, const struct matmul_job *job, uint64_t first,
                          const float *x, size_t x_stride, size_t at)
{
    const struct tensor *w = job->weights;
    const uint64_t last = w->rows - first < WEIGHT_ROWS ? w->rows : first + WEIGHT_ROWS;
    float *out = job->out + at * job->stride;
    d->product(x + at * x_stride, (int)x_stride, weight_rows(w, first, last, unpacked), (int)w->cols, out + first,
               (int)job->stride, DENSE_ROWS, (int)(last - first), (int)w->cols);
    for (size_t r = 0; job->bias != NULL && r < DENSE_ROWS; r++)
        for (uint64_t i = first; i < last; i++)
            out[r * job->stride + i] += job->bias[i];
}

void dense_run(struct dense *d, int32_t thread, const struct matmul_job *jobs, int n_jobs, const float *x,
               size_t x_stride, size_t n)
{
    const uint64_t blocks = (n + DENSE_ROWS - 1) / DENSE_ROWS;
    pool_barrier(d->pool, thread);
    uint64_t unit = pool_take(d->pool), before = 0;
    for (int j = 0; j < n_jobs; j++) {
        const uint64_t units = (jobs[j].weights->rows + WEIGHT_ROWS - 1) / WEIGHT_ROWS * blocks;
        for (; unit < before + units; unit = pool_take(d->pool))
            multiply_unit(d, d->unpacked[thread], &jobs[j], (unit - before) / blocks * WEIGHT_ROWS, x, x_stride,
                          (size_t)((unit - before) % blocks) * DENSE_ROWS);
        before += units;
    }
    pool_barrier(d->pool, thread);
}
