/* Products of weights as float32 for encoders. A unit of work is a panel of weights times a part of the rows of X: all of
 * them, unless there are so few panels that some threads would go without. */
#include "config.h"

#include "engine/run/dense.h"

#include <stdlib.h>
#include <string.h>

#include "engine/kernels/dense.h"
#include "engine/kernels/tensor.h"

enum {
    UNITS_A_THREAD = 4, /* at least */
    LEAST_ROWS = 64,    /* of X in a unit, for which packing a panel pays */
    EDGE = 8,           /* rows of X at a time where a panel is not full */
};

struct dense_scratch {
    float *panel;    /* (DENSE_SPAN, DENSE_ROWS_MAX) */
    float *unpacked; /* (DENSE_ROWS_MAX, max_cols) of weights of other types or in several places */
};

struct dense {
    struct pool *pool;
    const struct dense_kernels *kernels;
    struct dense_scratch *scratch; /* one a thread */
};

static size_t panel_bytes(void)
{
    return DENSE_SPAN * DENSE_ROWS_MAX * sizeof(float);
}

static size_t unpacked_bytes(uint64_t max_cols)
{
    return ((size_t)max_cols * DENSE_ROWS_MAX * sizeof(float) + 63) / 64 * 64;
}

struct dense *dense_new(struct pool *pool, uint64_t max_cols, struct error *err)
{
    struct dense *d = calloc(1, sizeof *d);
    bool ok = d != NULL && (d->scratch = calloc((size_t)pool_threads(pool), sizeof *d->scratch)) != NULL;
    for (int32_t i = 0; ok && i < pool_threads(pool); i++) {
        d->pool = pool;
        d->kernels = dense_choose();
        d->scratch[i].panel = aligned_alloc(64, panel_bytes());
        d->scratch[i].unpacked = aligned_alloc(64, unpacked_bytes(max_cols));
        ok = d->scratch[i].panel != NULL && d->scratch[i].unpacked != NULL;
    }
    if (ok)
        return d;
    error_memory(err);
    dense_free(d);
    return NULL;
}

void dense_free(struct dense *d)
{
    if (d == NULL)
        return;
    for (int32_t i = 0; d->scratch != NULL && i < pool_threads(d->pool); i++) {
        free(d->scratch[i].panel);
        free(d->scratch[i].unpacked);
    }
    free(d->scratch);
    free(d);
}

uint64_t dense_bytes(uint64_t max_cols, int32_t threads)
{
    return (uint64_t)threads * (panel_bytes() + unpacked_bytes(max_cols));
}

/* ---- one unit ---------------------------------------------------------------------------------------------------- */

/* Rows of weights that can be packed. */
struct dense_rows {
    const uint8_t *rows;
    size_t stride, n, word; /* bytes from row to row; rows; bytes of a column */
    dense_pack *pack;
};

/* What they are multiplied with. */
struct dense_input {
    const float *x;
    size_t stride, n, cols;
};

/* Rows [first, first + n), unpacked to the scratch where they cannot be packed as they lie. */
static struct dense_rows rows_at(const struct dense *d, struct dense_scratch *s, const struct tensor *w, uint64_t first,
                                 size_t n)
{
    dense_pack *pack = w->n_pieces == 0 ? dense_packs(d->kernels, w->type) : NULL;
    const size_t stride = tensor_row_bytes(w), cols = (size_t)w->cols;
    if (pack != NULL)
        return (struct dense_rows){(const uint8_t *)w->data + first * stride, stride, n, stride / cols, pack};
    for (size_t i = 0; i < n; i++)
        tensor_unpack_row(w, first + i, s->unpacked + i * cols);
    return (struct dense_rows){(const uint8_t *)s->unpacked, cols * sizeof(float), n, sizeof(float), d->kernels->f32};
}

static size_t whole_vectors(const struct dense *d, size_t rows)
{
    return (rows + d->kernels->vector - 1) / d->kernels->vector * d->kernels->vector;
}

/* A panel whose rows fill no whole vectors: through a tile with room for them. */
static void multiply_edge(const struct dense *d, const float *panel, size_t rows, size_t cols,
                          const struct dense_input *in, const float *init, float *out, size_t out_stride)
{
    float tile[EDGE * DENSE_ROWS_MAX] = {0}, bias[DENSE_ROWS_MAX] = {0};
    const size_t whole = whole_vectors(d, rows);
    if (init != NULL)
        memcpy(bias, init, rows * sizeof *bias);
    for (size_t c = 0, w; c < in->n; c += w) {
        w = in->n - c < EDGE ? in->n - c : EDGE;
        for (size_t i = 0; i < w; i++)
            memcpy(tile + i * whole, init != NULL ? bias : out + (c + i) * out_stride, rows * sizeof *tile);
        d->kernels->multiply(panel, whole, cols, in->x + c * in->stride, in->stride, w, NULL, tile, whole);
        for (size_t i = 0; i < w; i++)
            memcpy(out + (c + i) * out_stride, tile + i * whole, rows * sizeof *tile);
    }
}

/* Adds to out, (n, rows of the job), or begins there with init. */
static void multiply_panel(const struct dense *d, const float *panel, size_t rows, size_t cols,
                           const struct dense_input *in, const float *init, float *out, size_t out_stride)
{
    if (rows == whole_vectors(d, rows))
        d->kernels->multiply(panel, rows, cols, in->x, in->stride, in->n, init, out, out_stride);
    else
        multiply_edge(d, panel, rows, cols, in, init, out, out_stride);
}

/* Rows [first, first + panel) of the job. */
static void multiply_rows(const struct dense *d, struct dense_scratch *s, const struct matmul_job *job, uint64_t first,
                          const struct dense_input *in, float *out)
{
    static const float zeros[DENSE_ROWS_MAX];
    const size_t left = (size_t)(job->weights->rows - first), n = left < d->kernels->rows ? left : d->kernels->rows;
    const struct dense_rows r = rows_at(d, s, job->weights, first, n);
    const size_t ahead = d->kernels->rows * (size_t)pool_threads(d->pool) * r.stride;
    for (size_t at = 0, cols; at < in->cols; at += cols) {
        cols = in->cols - at < DENSE_SPAN ? in->cols - at : DENSE_SPAN;
        const struct dense_input part = {in->x + at, in->stride, in->n, cols};
        r.pack(r.rows + at * r.word, r.stride, n, cols, ahead, s->panel);
        multiply_panel(d, s->panel, n, cols, &part,
                       at > 0              ? NULL
                       : job->bias != NULL ? job->bias + first
                                           : zeros,
                       out + first, job->stride);
    }
}

/* ---- all ---------------------------------------------------------------------------------------------------------- */

static uint64_t panels_of(const struct dense *d, const struct matmul_job *job)
{
    return (job->weights->rows + d->kernels->rows - 1) / d->kernels->rows;
}

/* Rows of X of a unit. */
static size_t rows_a_unit(const struct dense *d, const struct matmul_job *jobs, int n_jobs, size_t n)
{
    uint64_t panels = 0;
    for (int j = 0; j < n_jobs; j++)
        panels += panels_of(d, &jobs[j]);
    const uint64_t wanted = UNITS_A_THREAD * (uint64_t)pool_threads(d->pool);
    const size_t parts = (size_t)((wanted + panels - 1) / panels), rows = (n + parts - 1) / parts;
    return rows > LEAST_ROWS ? rows : LEAST_ROWS;
}

void dense_run(struct dense *d, int32_t thread, const struct matmul_job *jobs, int n_jobs, const float *x,
               size_t x_stride, size_t n)
{
    const size_t rows = rows_a_unit(d, jobs, n_jobs, n), parts = (n + rows - 1) / rows;
    pool_barrier(d->pool, thread);
    uint64_t unit = pool_take(d->pool), before = 0;
    for (int j = 0; j < n_jobs; j++) {
        const uint64_t units = panels_of(d, &jobs[j]) * parts;
        for (; unit < before + units; unit = pool_take(d->pool)) {
            const size_t at = (size_t)((unit - before) % parts) * rows;
            const struct dense_input in = {x + at * x_stride, x_stride, n - at < rows ? n - at : rows,
                                           (size_t)jobs[j].weights->cols};
            multiply_rows(d, &d->scratch[thread], &jobs[j], (unit - before) / parts * d->kernels->rows, &in,
                          jobs[j].out + at * jobs[j].stride);
        }
        before += units;
    }
    pool_barrier(d->pool, thread);
}
