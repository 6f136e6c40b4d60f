/* Weights times activations: who computes what, in which order of memory.
 *
 * The unit of work is a few panels of rows over all columns and all of X; units are handed out one by one, so that a
 * thread that loses its processor for a while takes fewer. Columns go in chunks: the packed panels of a chunk stay in
 * the cache while the tiles of X are swept over them, sums wait in Y between chunks. */
#include "engine/run/matmul.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/tensor.h"
#include "engine/run/blas.h"
#include "engine/run/pool.h"

enum {
    CHUNK_BLOCKS = 64,       /* blocks of 32 columns packed at a time when several tiles use the panel */
    CHUNK_BLOCKS_ONE = 16,   /* and when there is one tile: the panel need only reach the next loop, in L1 */
    PANEL_ROWS = 64,         /* rows of a unit */
    EXACT_ROWS = 64,
};

struct scratch {
    void *panels;            /* PANEL_ROWS rows of CHUNK_BLOCKS blocks */
    void *tiles[TILE_KINDS]; /* one tile of all columns, for small n */
    float *unpacked;         /* (EXACT_ROWS, max_cols) in exact mode */
};

struct matmul {
    struct pool *pool;
    const struct kernels *kernels;
    uint64_t max_cols, max_n;
    blas_product *product;   /* exact mode, else NULL */
    void *tiles[TILE_KINDS]; /* all of X, for large n */
    struct scratch *scratch; /* one a thread */
};

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static void *allocate(size_t bytes)
{
    return aligned_alloc(64, round_up(bytes, 64));
}

static bool allocate_scratch(struct matmul *m, struct scratch *s)
{
    if (m->product != NULL) {
        s->unpacked = allocate(EXACT_ROWS * m->max_cols * sizeof(float));
        return s->unpacked != NULL;
    }
    size_t blocks = round_up(m->max_cols, KERNEL_BLOCK) / KERNEL_BLOCK;
    s->panels = allocate(panel_bytes(PANEL_F32, PANEL_ROWS) * CHUNK_BLOCKS);
    bool ok = s->panels != NULL;
    for (int kind = 0; kind < TILE_KINDS; kind++) {
        s->tiles[kind] = allocate(tile_bytes((enum tile_kind)kind) * KERNEL_TILE_MAX * blocks);
        ok = ok && s->tiles[kind] != NULL;
    }
    return ok;
}

struct matmul *matmul_new(struct pool *pool, uint64_t max_cols, uint64_t max_n, bool exact, struct error *err)
{
    struct matmul *m = calloc(1, sizeof *m);
    if (m == NULL) {
        error_set(err, ERR_MEMORY, "no memory for the work buffers");
        return NULL;
    }
    m->pool = pool;
    m->kernels = kernels_choose();
    m->max_cols = max_cols;
    m->max_n = max_n;
    if (exact && (m->product = blas_load(err)) == NULL)
        goto failed;
    m->scratch = calloc((size_t)pool_threads(pool), sizeof *m->scratch);
    bool ok = m->scratch != NULL;
    for (int32_t i = 0; ok && i < pool_threads(pool); i++)
        ok = allocate_scratch(m, &m->scratch[i]);
    size_t blocks = round_up(max_cols, KERNEL_BLOCK) / KERNEL_BLOCK;
    for (int kind = 0; ok && !exact && kind < TILE_KINDS; kind++) {
        m->tiles[kind] = allocate(tile_bytes((enum tile_kind)kind) * max_n * blocks);
        ok = m->tiles[kind] != NULL;
    }
    if (ok)
        return m;
    error_set(err, ERR_MEMORY, "no memory for the work buffers of %zu columns", (size_t)max_cols);
failed:
    matmul_free(m);
    return NULL;
}

void matmul_free(struct matmul *m)
{
    if (m == NULL)
        return;
    for (int32_t i = 0; m->scratch != NULL && i < pool_threads(m->pool); i++) {
        free(m->scratch[i].panels);
        free(m->scratch[i].unpacked);
        for (int kind = 0; kind < TILE_KINDS; kind++)
            free(m->scratch[i].tiles[kind]);
    }
    for (int kind = 0; kind < TILE_KINDS; kind++)
        free(m->tiles[kind]);
    free(m->scratch);
    free(m);
}

uint64_t matmul_bytes(uint64_t max_cols, uint64_t max_n, int32_t threads, bool exact, uint64_t types)
{
    if (exact)
        return (uint64_t)threads * EXACT_ROWS * max_cols * sizeof(float);
    const struct kernels *k = kernels_choose();
    const uint64_t blocks = round_up(max_cols, KERNEL_BLOCK) / KERNEL_BLOCK;
    uint64_t panel = 0, sum = 0;
    unsigned kinds = 0;
    for (int type = 0; type < TENSOR_TYPE_LIMIT; type++)
        if ((types >> type & 1) != 0) {
            const uint64_t bytes = panel_bytes(k->types[type].kind, PANEL_ROWS) * (blocks < CHUNK_BLOCKS ? blocks : CHUNK_BLOCKS);
            panel = bytes > panel ? bytes : panel;
            kinds |= 1u << panel_tile(k->types[type].kind);
        }
    for (int kind = 0; kind < TILE_KINDS; kind++)
        if ((kinds >> kind & 1) != 0)
            sum += tile_bytes((enum tile_kind)kind) * blocks * (max_n + (uint64_t)threads * (uint64_t)k->tile);
    return sum + (uint64_t)threads * panel;
}

const char *matmul_kernels(const struct matmul *m)
{
    return m->product != NULL ? "exact (OpenBLAS)" : m->kernels->name;
}

/* ---- one unit --------------------------------------------------------------------------------------------------- */

/* What one call multiplies. */
struct call {
    const struct matmul_job *jobs;
    int n_jobs;
    const float *x;
    size_t x_stride, n;
    uint64_t cols;
};

static const struct kernel_type *type_of(const struct kernels *k, const struct tensor *weights)
{
    return &k->types[weights->type];
}

/* Panels that the table's vector code can take: rows that fill whole panels, columns in whole blocks. */
static uint64_t vector_rows(const struct kernels *k, const struct tensor *weights)
{
    return weights->cols % KERNEL_BLOCK == 0 ? weights->rows / (uint64_t)k->rows * (uint64_t)k->rows : 0;
}

/* Rows [first, last) of one job, at most PANEL_ROWS, over all columns and all of X, by one table; tiles hold tile_w
 * columns each. */
static void multiply_panels(const struct kernels *k, size_t tile_w, const struct matmul_job *job, uint64_t first, uint64_t last,
                     const struct call *call, const char *tiles, void *panels)
{
    const struct tensor *weights = job->weights;
    const struct kernel_type *type = type_of(k, weights);
    const struct tensor_traits *traits = tensor_traits(weights->type);
    static const float zeros[KERNEL_ROWS_MAX];
    size_t stride = tensor_row_bytes(weights), blocks = (size_t)weights->cols / KERNEL_BLOCK;
    size_t panel_block = panel_bytes(type->kind, k->rows), column = tile_bytes(panel_tile(type->kind));
    size_t chunk = call->n <= tile_w ? CHUNK_BLOCKS_ONE : CHUNK_BLOCKS;
    for (size_t at = 0; at < blocks; at += chunk) {
        size_t count = blocks - at < chunk ? blocks - at : chunk;
        const uint8_t *rows = (const uint8_t *)weights->data + first * stride +
                              at * KERNEL_BLOCK / traits->block * traits->block_bytes;
        char *panel = panels;
        /* the panels behind these are packed next: their bytes are asked for in the order of memory */
        const uint8_t *ahead = (const uint8_t *)weights->data + last * stride +
                               (size_t)(last - first) * at * KERNEL_BLOCK / traits->block * traits->block_bytes;
        for (uint64_t row = first; row < last; row += (uint64_t)k->rows, rows += (size_t)k->rows * stride) {
            type->pack(rows, stride, count, ahead, panel);
            panel += panel_block * count;
            ahead += (size_t)k->rows * (count * KERNEL_BLOCK / traits->block) * traits->block_bytes;
        }
        for (size_t c = 0; c < call->n; c += tile_w) {
            size_t w = call->n - c < tile_w ? call->n - c : tile_w;
            const char *tile = tiles + column * (c * blocks + at * w);
            panel = panels;
            for (uint64_t row = first; row < last; row += (uint64_t)k->rows, panel += panel_block * count) {
                const float *init = at > 0 ? NULL : job->bias != NULL ? job->bias + row : zeros;
                type->gemm(panel, tile, (int)w, count, job->out + c * job->stride + row, job->stride, init);
            }
        }
    }
}

/* One panel's rows, all columns, one row of X. */
static void multiply_one(const struct kernels *k, const struct matmul_job *job, uint64_t row, const char *tile)
{
    static const float zeros[KERNEL_ROWS_MAX];
    const struct tensor *weights = job->weights;
    size_t stride = tensor_row_bytes(weights);
    const uint8_t *rows = (const uint8_t *)weights->data + row * stride;
    type_of(k, weights)->dot(rows, stride, (size_t)weights->cols / KERNEL_BLOCK, rows + (size_t)k->rows * stride, tile,
                             job->out + row, job->bias != NULL ? job->bias + row : zeros);
}

/* Any number of rows. With one tile each panel is used once, so one is packed at a time. */
static void multiply(const struct kernels *k, size_t tile_w, const struct matmul_job *job, uint64_t first, uint64_t last,
                     const struct call *call, const char *tiles, void *panels)
{
    uint64_t step = call->n <= tile_w ? (uint64_t)k->rows : PANEL_ROWS;
    for (uint64_t row = first; row < last; row += step)
        if (call->n == 1 && type_of(k, job->weights)->dot != NULL)
            multiply_one(k, job, row, tiles);
        else
            multiply_panels(k, tile_w, job, row, last - row < step ? last : row + step, call, tiles, panels);
}

/* A matrix whose columns do not come in whole blocks (never a quantised one): plain sums. */
static void multiply_plain(const struct matmul_job *job, uint64_t first, uint64_t last, const struct call *call,
                           float *unpacked)
{
    for (uint64_t row = first; row < last; row++) {
        tensor_unpack_row(job->weights, row, unpacked);
        for (size_t c = 0; c < call->n; c++) {
            const float *x = call->x + c * call->x_stride;
            float sum = job->bias != NULL ? job->bias[row] : 0.0f;
            for (uint64_t k = 0; k < job->weights->cols; k++)
                sum += unpacked[k] * x[k];
            job->out[c * job->stride + row] = sum;
        }
    }
}

static void multiply_exact(struct matmul *m, struct scratch *s, const struct matmul_job *job, uint64_t first,
                           uint64_t last, const struct call *call)
{
    size_t cols = (size_t)call->cols;
    for (uint64_t row = first; row < last; row++)
        tensor_unpack_row(job->weights, row, s->unpacked + (row - first) * cols);
    m->product(call->x, (int)call->x_stride, s->unpacked, (int)cols, job->out + first, (int)job->stride, (int)call->n,
               (int)(last - first), (int)cols);
    for (size_t c = 0; job->bias != NULL && c < call->n; c++)
        for (uint64_t row = first; row < last; row++)
            job->out[c * job->stride + row] += job->bias[row];
}

static void multiply_unit(struct matmul *m, struct scratch *s, const struct matmul_job *job, uint64_t first,
                          uint64_t last, const struct call *call)
{
    if (m->product != NULL) {
        multiply_exact(m, s, job, first, last, call);
        return;
    }
    if (call->cols % KERNEL_BLOCK != 0) {
        multiply_plain(job, first, last, call, s->tiles[TILE_F32]);
        return;
    }
    uint64_t whole = vector_rows(m->kernels, job->weights);
    uint64_t split = last < whole ? last : whole;
    enum tile_kind kind = panel_tile(type_of(m->kernels, job->weights)->kind);
    size_t tile_w = (size_t)m->kernels->tile;
    const char *tiles = call->n <= tile_w ? s->tiles[kind] : m->tiles[kind];
    if (first < split)
        multiply(m->kernels, tile_w, job, first, split, call, tiles, s->panels);
    if (split < last) {
        /* the rows left over: the portable table takes the same tiles, but for BF16 ones */
        enum tile_kind plain = panel_tile(type_of(&kernels_portable, job->weights)->kind);
        tiles = call->n <= tile_w ? s->tiles[plain] : m->tiles[plain];
        multiply(&kernels_portable, tile_w, job, split < first ? first : split, last, call, tiles, s->panels);
    }
}

/* ---- the call --------------------------------------------------------------------------------------------------- */

/* The kinds of tiles that the jobs need, as bits. */
static unsigned kinds_needed(const struct kernels *k, const struct call *call)
{
    unsigned kinds = 0;
    for (int j = 0; j < call->n_jobs; j++) {
        const struct tensor *weights = call->jobs[j].weights;
        kinds |= 1u << panel_tile(type_of(k, weights)->kind);
        if (vector_rows(k, weights) < weights->rows)
            kinds |= 1u << panel_tile(type_of(&kernels_portable, weights)->kind);
    }
    return kinds;
}

static void prepare(const struct matmul *m, const struct call *call, unsigned kinds, size_t c, size_t w,
                    void *const tiles[TILE_KINDS])
{
    size_t blocks = (size_t)call->cols / KERNEL_BLOCK;
    for (int kind = 0; kind < TILE_KINDS; kind++)
        if ((kinds >> kind & 1) != 0)
            m->kernels->prepare[kind](call->x + c * call->x_stride, call->x_stride, (int)w, blocks,
                                      (char *)tiles[kind] + tile_bytes((enum tile_kind)kind) * c * blocks);
}

/* Rows of one unit: whole panels, few enough that every thread gets several. With one tile of X a unit has no other
 * bound, since long stretches of memory are read faster than short ones. */
static uint64_t unit_rows(const struct matmul *m, const struct call *call)
{
    if (m->product != NULL)
        return EXACT_ROWS;
    uint64_t total = 0, panel = (uint64_t)m->kernels->rows;
    for (int j = 0; j < call->n_jobs; j++)
        total += call->jobs[j].weights->rows;
    uint64_t rows = total / ((uint64_t)pool_threads(m->pool) * 4) / panel * panel;
    uint64_t most = call->n <= (size_t)m->kernels->tile ? UINT64_MAX : PANEL_ROWS / panel * panel;
    return rows < panel ? panel : rows > most ? most : rows;
}

void matmul_run(struct matmul *m, int32_t thread, const struct matmul_job *jobs, int n_jobs, const float *x,
                size_t x_stride, size_t n)
{
    const struct call call = {jobs, n_jobs, x, x_stride, n, jobs[0].weights->cols};
    struct scratch *s = &m->scratch[thread];
    pool_barrier(m->pool, thread);
    if (m->product == NULL && call.cols % KERNEL_BLOCK == 0) {
        unsigned kinds = kinds_needed(m->kernels, &call);
        size_t tile = (size_t)m->kernels->tile;
        if (n <= tile) {
            prepare(m, &call, kinds, 0, n, s->tiles); /* each thread its own: cheaper than waiting for one another */
        } else {
            for (size_t c; (c = pool_take(m->pool) * tile) < n;)
                prepare(m, &call, kinds, c, n - c < tile ? n - c : tile, m->tiles);
            pool_barrier(m->pool, thread);
        }
    }
    uint64_t rows = unit_rows(m, &call), unit = pool_take(m->pool), before = 0;
    for (int j = 0; j < n_jobs; j++) {
        uint64_t units = (jobs[j].weights->rows + rows - 1) / rows;
        for (; unit < before + units; unit = pool_take(m->pool)) {
            uint64_t first = (unit - before) * rows;
            uint64_t last = first + rows < jobs[j].weights->rows ? first + rows : jobs[j].weights->rows;
            multiply_unit(m, s, &jobs[j], first, last, &call);
        }
        before += units;
    }
    pool_barrier(m->pool, thread);
}
