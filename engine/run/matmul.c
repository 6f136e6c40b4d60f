/* Weights times activations: who computes what, in which order of memory.
 *
 * The unit of work is a few panels of rows over all columns and all of X; each thread has a first one, the others are
 * handed out one by one, so that a thread that loses its processor for a while takes fewer. Columns go in chunks: the
 * packed panels of a chunk stay in the cache while the tiles of X are swept over them, sums wait in Y between chunks. */
#include "engine/run/matmul.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/tensor.h"
#include "engine/run/blas.h"
#include "engine/run/matmul-floats.h"
#include "engine/run/pool.h"

enum {
    CHUNK_BLOCKS = 64,     /* blocks of 32 columns packed at a time when several tiles use the panel */
    CHUNK_BLOCKS_FEW = 16, /* and for few columns of X: the panel need only reach the next loop, in L1 */
    FEW_COLUMNS = 16,      /* of X, for which one panel at a time is multiplied, by one tile after another */
    PANEL_ROWS = 64,       /* rows of a unit */
    EXACT_ROWS = 64,
    AHEAD_BYTES = 24 << 10, /* asked for before they are multiplied: some microseconds of a thread's memory */
    UNIT_BYTES = 256 << 10, /* of weights in a unit where X has few columns, at least */
};

struct scratch {
    void *panels;      /* PANEL_ROWS rows of CHUNK_BLOCKS blocks */
    uint8_t *gathered; /* the rows of one panel, CHUNK_BLOCKS blocks of any type */
    void *tile;        /* one of all columns, for small n */
    float *unpacked;   /* (EXACT_ROWS, max_cols) in exact mode, else one row */
};

struct matmul {
    struct pool *pool;
    const struct kernels *kernels;
    uint64_t max_cols, max_n;
    blas_product *product;   /* exact mode, else NULL */
    void *tiles;             /* all of X, for large n */
    struct scratch *scratch; /* one a thread */
    struct floats *floats;   /* NULL in exact mode */
    matmul_begun *begun;     /* NULL: nobody is told */
    void *begun_context;
    matmul_observer *observer;
    void *observer_context;
};

static bool is_float(enum tensor_type type)
{
    return tensor_traits(type)->block == 1;
}

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static void *allocate(size_t bytes)
{
    return aligned_alloc(64, round_up(bytes, 64));
}

/* Blocks that a tile of so many columns of the weights has room for: whole groups. */
static size_t tile_blocks(uint64_t cols)
{
    return round_up(cols, KERNEL_GROUP) / KERNEL_BLOCK;
}

static bool allocate_scratch(struct matmul *m, struct scratch *s)
{
    if (m->product != NULL) {
        s->unpacked = allocate(EXACT_ROWS * m->max_cols * sizeof(float));
        return s->unpacked != NULL;
    }
    const size_t blocks = tile_blocks(m->max_cols);
    s->panels = allocate(panel_bytes(PANEL_Q16, PANEL_ROWS) * CHUNK_BLOCKS);
    s->gathered = allocate(KERNEL_ROWS_MAX * CHUNK_BLOCKS * KERNEL_BLOCK * sizeof(float));
    s->tile = allocate(KERNEL_TILE_BYTES * KERNEL_TILE_MAX * blocks);
    s->unpacked = allocate(m->max_cols * sizeof(float));
    return s->panels != NULL && s->gathered != NULL && s->tile != NULL && s->unpacked != NULL;
}

struct matmul *matmul_new(struct pool *pool, uint64_t max_cols, uint64_t max_n, bool exact, struct error *err)
{
    struct matmul *m = calloc(1, sizeof *m);
    if (m == NULL) {
        error_memory(err);
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
    if (ok && !exact) {
        m->tiles = allocate(KERNEL_TILE_BYTES * max_n * tile_blocks(max_cols));
        m->floats = floats_new(m->kernels->name, pool_threads(pool), max_cols, max_n);
        ok = m->tiles != NULL && m->floats != NULL;
    }
    if (ok)
        return m;
    error_memory(err);
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
        free(m->scratch[i].gathered);
        free(m->scratch[i].unpacked);
        free(m->scratch[i].tile);
    }
    free(m->tiles);
    floats_free(m->floats);
    free(m->scratch);
    free(m);
}

uint64_t matmul_bytes(uint64_t max_cols, uint64_t max_n, int32_t threads, bool exact, uint64_t types)
{
    if (exact)
        return (uint64_t)threads * EXACT_ROWS * max_cols * sizeof(float);
    const struct kernels *k = kernels_choose();
    const uint64_t blocks = tile_blocks(max_cols);
    uint64_t panel = 0, sum = 0;
    for (int type = 0; type < TENSOR_TYPE_LIMIT; type++)
        if ((types >> type & 1) != 0 && !is_float((enum tensor_type)type)) {
            const uint64_t count = blocks < CHUNK_BLOCKS ? blocks : CHUNK_BLOCKS;
            const uint64_t bytes = panel_bytes(k->types[type].kind, PANEL_ROWS) * count;
            panel = bytes > panel ? bytes : panel;
        }
    if (panel > 0)
        sum = KERNEL_TILE_BYTES * blocks * (max_n + (uint64_t)threads * (uint64_t)k->tile);
    return sum + (uint64_t)threads * panel + floats_bytes(k->name, threads, max_cols, max_n, types);
}

void matmul_tell(struct matmul *m, matmul_begun *begun, void *context)
{
    m->begun = begun;
    m->begun_context = context;
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

/* What one unit works with. */
struct unit {
    const struct kernels *kernels; /* the table */
    const struct kernel_type *type;
    size_t tile_w; /* columns that a tile holds */
    size_t stride; /* bytes from a row to the next, where the weights lie in one place */
    const struct matmul_job *job;
    const struct call *call;
    const char *tiles;
    struct scratch *scratch;
    uintptr_t then; /* where this thread reads after the unit */
};

/* Blocks from block `at` on whose columns lie in one place, at most `most`: whole groups, as kernels begin at one. Where a
 * cut lies inside the next group, that group. */
static size_t blocks_at(const struct tensor *weights, uint64_t row, size_t at, size_t most)
{
    if (weights->n_pieces == 0)
        return most;
    const size_t group = most < KERNEL_GROUP_BLOCKS ? most : KERNEL_GROUP_BLOCKS;
    const size_t whole = (size_t)(tensor_at(weights, row, (uint64_t)at * KERNEL_BLOCK).cols / KERNEL_GROUP) *
                         KERNEL_GROUP_BLOCKS;
    return whole == 0 ? group : whole < most ? whole : most;
}

/* Copies rows [row, row + n) of `count` blocks from block `at` on to one place, without gaps. */
static void gather(const struct tensor *weights, uint64_t row, uint64_t n, size_t at, size_t count, uint8_t *to)
{
    const struct tensor_traits *traits = tensor_traits(weights->type);
    const uint64_t end = (uint64_t)(at + count) * KERNEL_BLOCK;
    for (uint64_t r = row; r < row + n; r++)
        for (uint64_t col = (uint64_t)at * KERNEL_BLOCK; col < end;) {
            const struct tensor_run run = tensor_at(weights, r, col);
            const uint64_t cols = run.cols < end - col ? run.cols : end - col;
            const size_t bytes = (size_t)(cols / traits->block) * traits->block_bytes;
            memcpy(to, run.data, bytes);
            to += bytes;
            col += cols;
        }
}

/* Bytes of `count` blocks of one row. */
static size_t block_bytes(const struct tensor *weights, size_t count)
{
    const struct tensor_traits *traits = tensor_traits(weights->type);
    return count * KERNEL_BLOCK / traits->block * traits->block_bytes;
}

/* The rows of a panel, `count` blocks from block `at` on: as they lie where that is one place, else gathered. */
static const uint8_t *panel_at(const struct unit *u, uint64_t row, size_t at, size_t count, size_t *stride)
{
    const struct tensor *weights = u->job->weights;
    const uint64_t n = (uint64_t)u->kernels->rows;
    *stride = u->stride;
    if (weights->n_pieces == 0)
        return (const uint8_t *)weights->data + row * u->stride + (at > 0 ? block_bytes(weights, at) : 0);
    const struct tensor_run run = tensor_at(weights, row, (uint64_t)at * KERNEL_BLOCK);
    *stride = run.stride;
    if (run.rows >= n && run.cols >= (uint64_t)count * KERNEL_BLOCK)
        return run.data;
    *stride = block_bytes(weights, count);
    gather(weights, row, n, at, count, u->scratch->gathered);
    return u->scratch->gathered;
}

/* Packs rows [first, last) of `count` blocks from block `at` on. The panels after these are packed next: their bytes
 * are asked for in the order of memory. */
static void pack_panels(const struct unit *u, uint64_t first, uint64_t last, size_t at, size_t count)
{
    const struct tensor *weights = u->job->weights;
    const uint64_t n = (uint64_t)u->kernels->rows;
    const size_t panel_size = panel_bytes(u->type->kind, u->kernels->rows) * count;
    const size_t step = n * block_bytes(weights, count);
    uintptr_t ahead = (uintptr_t)weights->data + last * u->stride + (last - first) * block_bytes(weights, at);
    char *panel = u->scratch->panels;
    for (uint64_t row = first; row < last; row += n, panel += panel_size, ahead += step) {
        size_t stride;
        const uint8_t *rows = panel_at(u, row, at, count, &stride);
        u->type->pack(rows, stride, count, ahead, panel);
    }
}

/* Rows [first, last), at most PANEL_ROWS, over all columns and all of X. */
static void multiply_panels(const struct unit *u, uint64_t first, uint64_t last)
{
    static const float zeros[KERNEL_ROWS_MAX * KERNEL_PANELS_MAX];
    const struct matmul_job *job = u->job;
    const struct call *call = u->call;
    const size_t blocks = (size_t)call->cols / KERNEL_BLOCK, n = (size_t)u->kernels->rows;
    const size_t several = u->type->several != NULL ? n * (size_t)u->kernels->panels : n;
    const size_t panel_block = panel_bytes(u->type->kind, u->kernels->rows);
    const size_t chunk = call->n <= FEW_COLUMNS ? CHUNK_BLOCKS_FEW : CHUNK_BLOCKS;
    for (size_t at = 0, count; at < blocks; at += count) {
        count = blocks_at(job->weights, first, at, blocks - at < chunk ? blocks - at : chunk);
        pack_panels(u, first, last, at, count);
        for (size_t c = 0; c < call->n; c += u->tile_w) {
            const size_t w = call->n - c < u->tile_w ? call->n - c : u->tile_w;
            const char *tile = u->tiles + KERNEL_TILE_BYTES * (c * tile_blocks(call->cols) + at * w),
                       *panel = u->scratch->panels;
            for (uint64_t row = first, step; row < last; row += step, panel += panel_block * count * (step / n)) {
                const float *init = at > 0 ? NULL : job->bias != NULL ? job->bias + row : zeros;
                float *out = job->out + c * job->stride + row;
                step = last - row >= several ? several : n;
                (step > n ? u->type->several : u->type->gemm)(panel, tile, (int)w, count, out, job->stride, init);
            }
        }
    }
}

/* What is asked for while the panel of row `row` is multiplied, in a unit that ends at row `last`: as many bytes, so far
 * ahead that they are there in time. The first column of a panel's last row is needed soon after it was asked for. */
static uintptr_t ask_for(const struct unit *u, const uint8_t *rows, size_t stride, uint64_t row, uint64_t last)
{
    const uint64_t n = (uint64_t)u->kernels->rows, panel = n * stride;
    const uint64_t then = row + (AHEAD_BYTES + panel - 1) / panel * n;
    return then < last ? (uintptr_t)rows + (then - row) * stride : u->then + (then - last) * stride;
}

/* One panel's rows, all columns, w rows of X from c on, which are one tile, in a unit that ends at row `last`; cut: the
 * weights lie in several places. */
static void multiply_tile(const struct unit *u, uint64_t row, uint64_t last, size_t c, size_t w, bool cut)
{
    static const float zeros[KERNEL_ROWS_MAX];
    const char *tile = u->tiles + KERNEL_TILE_BYTES * c * tile_blocks(u->call->cols);
    const struct tensor *weights = u->job->weights;
    const size_t blocks = (size_t)u->call->cols / KERNEL_BLOCK;
    const float *init = u->job->bias != NULL ? u->job->bias + row : zeros;
    for (size_t at = 0, count; at < blocks; at += count, init = NULL) {
        size_t stride, most = cut && blocks - at > CHUNK_BLOCKS ? CHUNK_BLOCKS : blocks - at;
        count = blocks_at(weights, row, at, most);
        const uint8_t *rows = panel_at(u, row, at, count, &stride);
        u->type->dot(rows, stride, count, ask_for(u, rows, stride, row, last), tile + KERNEL_TILE_BYTES * at * w,
                     (int)w, u->job->out + c * u->job->stride + row, u->job->stride, init);
    }
}

/* Any number of rows. With few columns each panel is used once or twice, so one is packed at a time. */
static void multiply_rows(const struct unit *u, uint64_t first, uint64_t last)
{
    const uint64_t step = u->call->n <= FEW_COLUMNS ? (uint64_t)u->kernels->rows : PANEL_ROWS;
    for (uint64_t row = first; row < last; row += step)
        if (u->call->n <= FEW_COLUMNS && u->type->dot != NULL)
            for (size_t c = 0; c < u->call->n; c += u->tile_w)
                multiply_tile(u, row, last, c, u->call->n - c < u->tile_w ? u->call->n - c : u->tile_w,
                              u->job->weights->n_pieces > 0);
        else
            multiply_panels(u, row, last - row < step ? last : row + step);
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

/* By one table. The portable one takes the tiles of all others. */
static void multiply_by(struct matmul *m, const struct kernels *kernels, struct scratch *s,
                        const struct matmul_job *job, uint64_t first, uint64_t last, const struct call *call,
                        uintptr_t then)
{
    const struct kernel_type *type = type_of(kernels, job->weights);
    struct unit u = {.kernels = kernels,
                     .type = type,
                     .tile_w = (size_t)m->kernels->tile,
                     .job = job,
                     .call = call,
                     .stride = tensor_row_bytes(job->weights),
                     .scratch = s,
                     .then = then};
    u.tiles = call->n <= u.tile_w ? s->tile : m->tiles;
    multiply_rows(&u, first, last);
}

static struct floats_input floats_input(const struct call *call)
{
    return (struct floats_input){call->x, call->x_stride, call->n, (size_t)call->cols};
}

static void multiply_unit(struct matmul *m, int32_t thread, const struct matmul_job *job, uint64_t first, uint64_t last,
                          const struct call *call, uintptr_t then)
{
    struct scratch *s = &m->scratch[thread];
    if (m->product != NULL) {
        multiply_exact(m, s, job, first, last, call);
        return;
    }
    if (call->cols % KERNEL_BLOCK != 0) {
        multiply_plain(job, first, last, call, s->unpacked);
        return;
    }
    if (is_float(job->weights->type)) {
        const struct floats_input in = floats_input(call);
        floats_multiply(m->floats, thread, job, &in, first, last, then);
        return;
    }
    uint64_t whole = vector_rows(m->kernels, job->weights);
    uint64_t split = last < whole ? last : whole;
    if (first < split)
        multiply_by(m, m->kernels, s, job, first, split, call, then);
    if (split < last) /* the rows left over */
        multiply_by(m, &kernels_portable, s, job, split < first ? first : split, last, call, then);
}

/* ---- the call --------------------------------------------------------------------------------------------------- */

static bool tiles_needed(const struct call *call)
{
    for (int j = 0; j < call->n_jobs; j++)
        if (!is_float(call->jobs[j].weights->type))
            return true;
    return false;
}

/* Rows [c, c + w) of X into a tile; tiles: the one of row 0. */
static void prepare(const struct matmul *m, const struct call *call, size_t c, size_t w, void *tiles)
{
    char *tile = (char *)tiles + KERNEL_TILE_BYTES * c * tile_blocks(call->cols);
    m->kernels->prepare(call->x + c * call->x_stride, call->x_stride, (int)w, (size_t)call->cols / KERNEL_BLOCK, tile);
}

/* The float types among the jobs' weights, as bits. */
static uint64_t floats_needed(const struct call *call)
{
    uint64_t types = 0;
    for (int j = 0; j < call->n_jobs; j++)
        if (is_float(call->jobs[j].weights->type))
            types |= 1ull << call->jobs[j].weights->type;
    return types;
}

static void prepare_floats(struct matmul *m, int32_t thread, const struct call *call, uint64_t types, size_t first)
{
    const struct floats_input in = floats_input(call);
    for (int type = 0; types >> type != 0; type++)
        if ((types >> type & 1) != 0)
            floats_prepare(m->floats, thread, (enum tensor_type)type, &in, first);
}

/* Puts X into the forms that the jobs' weights are multiplied with. Few rows are each thread's own affair: cheaper than
 * waiting for one another. */
static void prepare_all(struct matmul *m, int32_t thread, const struct call *call)
{
    const bool quantised = tiles_needed(call);
    const uint64_t floats = floats_needed(call);
    const size_t tile = (size_t)m->kernels->tile, n = call->n;
    const bool alone = n <= tile, floats_alone = floats_is_few(n);
    if (quantised && alone)
        prepare(m, call, 0, n, m->scratch[thread].tile);
    if (floats != 0 && floats_alone)
        prepare_floats(m, thread, call, floats, 0);
    const size_t tiles = !quantised || alone ? 0 : (n + tile - 1) / tile;
    const size_t parts = floats == 0 || floats_alone ? 0 : (n + FLOATS_PREPARED - 1) / FLOATS_PREPARED;
    if (tiles + parts == 0)
        return;
    for (size_t i; (i = pool_take(m->pool)) < tiles + parts;)
        if (i < tiles)
            prepare(m, call, i * tile, n - i * tile < tile ? n - i * tile : tile, m->tiles);
        else
            prepare_floats(m, thread, call, floats, (i - tiles) * FLOATS_PREPARED);
    pool_barrier(m->pool, thread);
}

/* ---- units ------------------------------------------------------------------------------------------------------- */

/* The weights of one call. */
struct weights {
    const struct tensor *of[MATMUL_JOBS];
    int n;
    size_t columns; /* of X */
    uint64_t rows;  /* of one unit */
};

/* Rows of a unit where X has many columns. All threads wait for the last unit to end, so a thread's share is cut into 16
 * rather than 4; but never into less than the two panels that are multiplied at once. */
static uint64_t unit_of_many(uint64_t share, uint64_t panel)
{
    const uint64_t two = 2 * panel, most = PANEL_ROWS / panel * panel;
    if (share / 4 < two)
        return share / 4 / panel * panel;
    const uint64_t rows = share / 16 / two * two;
    return rows < two ? two : rows > most ? most : rows;
}

/* Rows of a unit where X has few columns: the smaller the last units are, the less time all threads wait for them. But
 * most of a unit must have been asked for ahead, which its first AHEAD_BYTES may not have been. */
static uint64_t unit_of_few(uint64_t share, uint64_t row_bytes)
{
    const uint64_t least = UNIT_BYTES / row_bytes, rows = share / 16;
    return rows > least ? rows : least < share / 2 ? least : share / 2;
}

/* Rows of one unit: whole panels, few enough that every thread gets several. */
static uint64_t unit_rows(const struct matmul *m, const struct weights *w)
{
    if (m->product != NULL)
        return EXACT_ROWS;
    uint64_t total = 0, panel = (uint64_t)m->kernels->rows;
    for (int j = 0; j < w->n; j++)
        total += w->of[j]->rows;
    const uint64_t share = total / (uint64_t)pool_threads(m->pool);
    const bool floats = is_float(w->of[0]->type);
    uint64_t rows, most = UINT64_MAX;
    if (floats ? floats_is_few(w->columns) : w->columns <= FEW_COLUMNS) {
        rows = unit_of_few(share, tensor_row_bytes(w->of[0])) / panel * panel;
    } else if (floats) {
        rows = share / 4 / panel * panel;
        most = FLOATS_ROWS;
    } else {
        rows = unit_of_many(share, panel);
    }
    return rows < panel ? panel : rows > most ? most : rows;
}

/* The job of unit number `unit` and its first row; false: there are fewer units. */
static bool find_unit(const struct weights *w, uint64_t unit, int *job, uint64_t *first)
{
    for (*job = 0; *job < w->n; ++*job) {
        const uint64_t units = (w->of[*job]->rows + w->rows - 1) / w->rows;
        *first = unit * w->rows;
        if (unit < units)
            return true;
        unit -= units;
    }
    return false;
}

static uintptr_t unit_address(const struct weights *w, uint64_t unit)
{
    int job;
    uint64_t first;
    return find_unit(w, unit, &job, &first) ? (uintptr_t)tensor_at(w->of[job], first, 0).data : 0;
}

static uintptr_t next_address(const struct matmul *m, int32_t thread, const struct matmul_next *next, size_t n)
{
    struct weights w = {.columns = n};
    while (next != NULL && w.n < MATMUL_JOBS && next->weights[w.n] != NULL) {
        w.of[w.n] = next->weights[w.n];
        w.n++;
    }
    if (w.n == 0)
        return 0;
    w.rows = unit_rows(m, &w);
    return unit_address(&w, (uint64_t)thread);
}

void matmul_observe(struct matmul *m, matmul_observer *observer, void *context)
{
    m->observer = observer;
    m->observer_context = context;
}

static void show_input(const struct matmul *m, int32_t thread, const struct call *call)
{
    for (int j = 0; m->observer != NULL && j < call->n_jobs; j++)
        m->observer(m->observer_context, thread, pool_threads(m->pool), call->jobs[j].weights, call->x, call->x_stride,
                    call->n);
}

/* Each thread has a first unit of its own, which it may have asked for before, and takes others one by one; where memory
 * bounds the speed, one before it needs it, so that it is known what to ask for. */
static void multiply_all(struct matmul *m, int32_t thread, const struct call *call, const struct matmul_next *next)
{
    struct weights w = {.n = call->n_jobs, .columns = call->n};
    for (int j = 0; j < w.n; j++)
        w.of[j] = call->jobs[j].weights;
    w.rows = unit_rows(m, &w);
    int job;
    const uint64_t threads = (uint64_t)pool_threads(m->pool);
    uint64_t first, unit = (uint64_t)thread;
    while (find_unit(&w, unit, &job, &first)) {
        const uint64_t end = w.of[job]->rows, last = end - first < w.rows ? end : first + w.rows;
        uintptr_t then = 0;
        if (call->n <= FEW_COLUMNS) {
            unit = threads + pool_take(m->pool);
            then = unit_address(&w, unit);
            if (then == 0)
                then = next_address(m, thread, next, call->n);
        }
        multiply_unit(m, thread, &call->jobs[job], first, last, call, then);
        if (call->n > FEW_COLUMNS)
            unit = threads + pool_take(m->pool);
    }
}

void matmul_run(struct matmul *m, int32_t thread, const struct matmul_job *jobs, int n_jobs, const float *x,
                size_t x_stride, size_t n, const struct matmul_next *next)
{
    const struct call call = {jobs, n_jobs, x, x_stride, n, jobs[0].weights->cols};
    pool_barrier(m->pool, thread);
    if (thread == 0 && m->begun != NULL)
        m->begun(m->begun_context, jobs[0].weights);
    show_input(m, thread, &call);
    if (m->product == NULL && call.cols % KERNEL_BLOCK == 0)
        prepare_all(m, thread, &call);
    multiply_all(m, thread, &call, next);
    pool_barrier(m->pool, thread);
}
