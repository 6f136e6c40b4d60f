/* Float weights times activations. Of a unit's rows a span of columns is packed at a time, some lanes of it, so that
 * the panels stay in the cache while the tiles of X are swept over them. */
#include "engine/run/matmul-floats.h"

#include <stdlib.h>
#include <string.h>

#include "engine/kernels/floats.h"

/* Up to so many rows of X are multiplied straight from the file, in two goes: packing costs more. */
enum { FEW_ROWS = 2 * FLOAT_FEW };
/* Between two rows of X: rows whole pages apart would drive each other out of the cache. */
enum { FEW_APART = 16 };

struct floats_scratch {
    float *panel;      /* of FLOAT_PANEL_ROWS rows, one vector of lanes */
    uint8_t *gathered; /* (FLOAT_PANEL_ROWS, max_cols) of weights that lie in several places */
    float *few;        /* (FEW_ROWS, max_cols + FEW_APART) rows of X in words */
};

struct floats {
    const struct float_kernels *kernels;
    int32_t threads;
    float *tiles[2]; /* X by spans, tiles, lanes and steps: in floats, in pairs */
    struct floats_scratch *scratch;
};

static size_t panel_floats(const struct float_kernels *k)
{
    return FLOAT_PANEL_ROWS * float_lane_apart(FLOAT_SPAN, k->vector);
}

static void *allocate(uint64_t bytes, bool *ok)
{
    void *at = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    *ok = *ok && at != NULL;
    return at;
}

struct floats *floats_new(const char *kernels, int32_t threads, uint64_t max_cols, uint64_t max_n)
{
    struct floats *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->kernels = floats_choose(kernels);
    f->threads = threads;
    f->scratch = calloc((size_t)threads, sizeof *f->scratch);
    bool ok = f->scratch != NULL;
    f->tiles[0] = allocate(max_n * max_cols * sizeof(float), &ok);
    f->tiles[1] = allocate(max_n * max_cols / 2 * sizeof(float), &ok);
    for (int32_t i = 0; ok && i < threads; i++) {
        f->scratch[i].panel = allocate(panel_floats(f->kernels) * sizeof(float), &ok);
        f->scratch[i].gathered = allocate(FLOAT_PANEL_ROWS * max_cols * sizeof(float), &ok);
        f->scratch[i].few = allocate(FEW_ROWS * (max_cols + FEW_APART) * sizeof(float), &ok);
    }
    if (ok)
        return f;
    floats_free(f);
    return NULL;
}

void floats_free(struct floats *f)
{
    if (f == NULL)
        return;
    for (int32_t i = 0; f->scratch != NULL && i < f->threads; i++) {
        free(f->scratch[i].panel);
        free(f->scratch[i].gathered);
        free(f->scratch[i].few);
    }
    free(f->scratch);
    free(f->tiles[0]);
    free(f->tiles[1]);
    free(f);
}

uint64_t floats_bytes(const char *kernels, int32_t threads, uint64_t max_cols, uint64_t max_n, uint64_t types)
{
    const struct float_kernels *k = floats_choose(kernels);
    static const enum tensor_type all[] = {TENSOR_F32, TENSOR_F16, TENSOR_BF16};
    bool kinds[2] = {false, false};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if ((types >> all[i] & 1) != 0)
            kinds[floats_type(k, all[i])->pairs] = true;
    const bool any = kinds[0] || kinds[1];
    const uint64_t few = any ? FEW_ROWS * (max_cols + FEW_APART) : 0, panel = any ? panel_floats(k) : 0;
    return ((kinds[0] ? max_n * max_cols : 0) + (kinds[1] ? max_n * max_cols / 2 : 0) +
            (uint64_t)threads * (few + panel)) *
           sizeof(float);
}

/* ---- activations ------------------------------------------------------------------------------------------------- */

bool floats_is_few(size_t n)
{
    return n <= FEW_ROWS;
}

/* Rounds to nearest, ties to even; NaN stays NaN. */
static uint32_t round_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : rounded;
}

/* Word k of a row of X. */
static inline float word_of(const float *x, size_t k, bool pairs)
{
    if (!pairs)
        return x[k];
    const uint32_t both = round_bf16(x[2 * k]) | round_bf16(x[2 * k + 1]) << 16;
    float word;
    memcpy(&word, &both, sizeof word);
    return word;
}

/* A tile of w columns, for all spans: a span's lanes of a tile lie at (n * span's first word) + (c * its words). */
static void prepare_tile(float *tiles, const struct floats_input *in, size_t words, size_t c, size_t w, bool pairs)
{
    for (size_t at = 0, count; at < words; at += count) {
        count = words - at < FLOAT_SPAN ? words - at : FLOAT_SPAN;
        float *tile = tiles + at * in->n + c * count;
        const size_t steps = count / FLOAT_LANES;
        for (size_t i = 0; i < w; i++) {
            const float *x = in->x + (c + i) * in->stride;
            for (size_t k = 0; k < count; k++)
                tile[(k % FLOAT_LANES * steps + k / FLOAT_LANES) * w + i] = word_of(x, at + k, pairs);
        }
    }
}

static size_t words_of(const struct float_type *type, size_t cols)
{
    return type->pairs ? cols / 2 : cols;
}

/* Rows [first, first + n) of X. */
static void prepare_few(struct floats *f, int32_t thread, const struct float_type *type, const struct floats_input *in,
                        size_t first, size_t n)
{
    const size_t words = words_of(type, in->cols);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < words; k++)
            f->scratch[thread].few[i * (words + FEW_APART) + k] =
                word_of(in->x + (first + i) * in->stride, k, type->pairs);
}

static bool takes_tiles(const struct float_type *type, size_t n)
{
    return type->pack != NULL && !floats_is_few(n);
}

void floats_prepare(struct floats *f, int32_t thread, enum tensor_type type, const struct floats_input *in,
                    size_t first)
{
    const struct float_type *t = floats_type(f->kernels, type);
    const size_t words = words_of(t, in->cols), tile = (size_t)f->kernels->tile;
    if (takes_tiles(t, in->n)) {
        const size_t end = in->n - first < FLOATS_PREPARED ? in->n : first + FLOATS_PREPARED;
        for (size_t c = first; c < end; c += tile)
            prepare_tile(f->tiles[t->pairs], in, words, c, end - c < tile ? end - c : tile, t->pairs);
    } else if (floats_is_few(in->n) && (t->pairs || in->n > 1)) {
        prepare_few(f, thread, t, in, 0, in->n);
    }
}

/* ---- products ---------------------------------------------------------------------------------------------------- */

/* Rows that lie in one place. */
struct float_rows {
    const struct float_type *type;
    const uint8_t *rows;
    size_t stride, words;
    float *out;
    size_t out_stride;
    const float *bias; /* NULL: none */
    struct float_ahead ahead;
};

/* Rows [first, first + n). Many rows of X have been put into tiles only, and are here for rows of weights that fill no
 * vector. */
static void multiply_columns(struct floats *f, int32_t thread, const struct float_rows *r, size_t first, size_t n,
                             const struct floats_input *in)
{
    const bool few = floats_is_few(in->n), as_it_is = in->n == 1 && !r->type->pairs;
    const size_t x_stride = as_it_is ? in->stride : r->words + FEW_APART;
    for (size_t c = 0, w; c < in->n; c += w) {
        const float *x = as_it_is ? in->x : f->scratch[thread].few + (few ? c * x_stride : 0);
        w = in->n - c < FLOAT_FEW ? in->n - c : FLOAT_FEW;
        if (!few)
            prepare_few(f, thread, r->type, in, c, w);
        r->type->columns(r->rows + first * r->stride, r->stride, n, r->words, x, x_stride, (int)w,
                         r->out + c * r->out_stride + first, r->out_stride, r->bias != NULL ? r->bias + first : NULL,
                         r->ahead);
    }
}

/* Rows in whole vectors. */
static void multiply_panels(const struct floats *f, int32_t thread, const struct float_rows *r, size_t n,
                            const struct floats_input *in)
{
    const size_t tile = (size_t)f->kernels->tile, vector = (size_t)f->kernels->vector;
    float *panel = f->scratch[thread].panel;
    for (size_t c = 0; c < in->n; c++)
        for (size_t i = 0; i < n; i++)
            r->out[c * r->out_stride + i] = r->bias != NULL ? r->bias[i] : 0.0f;
    for (size_t at = 0, count; at < r->words; at += count) {
        count = r->words - at < FLOAT_SPAN ? r->words - at : FLOAT_SPAN;
        for (size_t lane = 0; lane < FLOAT_LANES; lane += vector) {
            r->type->pack(r->rows + at * r->type->word, r->stride, n, count, (int)lane, panel);
            for (size_t c = 0, w; c < in->n; c += w) {
                const size_t left = FLOATS_PREPARED - c % FLOATS_PREPARED, most = tile < left ? tile : left;
                w = in->n - c < most ? in->n - c : most;
                const float *from = f->tiles[r->type->pairs] + at * in->n + c * count +
                                    lane * (count / FLOAT_LANES) * w;
                r->type->sweep(panel, n, from, (int)w, count, r->out + c * r->out_stride, r->out_stride);
            }
        }
    }
}

/* Copies rows [first, first + n) to one place. */
static void gather(const struct tensor *weights, uint64_t first, uint64_t n, uint8_t *to)
{
    const size_t size = tensor_row_bytes(weights) / weights->cols;
    for (uint64_t row = first; row < first + n; row++)
        for (uint64_t col = 0; col < weights->cols;) {
            const struct tensor_run run = tensor_at(weights, row, col);
            const uint64_t cols = run.cols < weights->cols - col ? run.cols : weights->cols - col;
            memcpy(to, run.data, cols * size);
            to += cols * size;
            col += cols;
        }
}

/* At most FLOAT_PANEL_ROWS rows. */
static void multiply_rows(struct floats *f, int32_t thread, const struct float_rows *r, size_t n,
                          const struct floats_input *in)
{
    const size_t whole = takes_tiles(r->type, in->n) ? n / (size_t)f->kernels->vector * (size_t)f->kernels->vector : 0;
    if (whole > 0)
        multiply_panels(f, thread, r, whole, in);
    if (whole < n)
        multiply_columns(f, thread, r, whole, n - whole, in);
}

void floats_multiply(struct floats *f, int32_t thread, const struct matmul_job *job, const struct floats_input *in,
                     uint64_t first, uint64_t last, uintptr_t then)
{
    const struct tensor *weights = job->weights;
    const struct float_type *type = floats_type(f->kernels, weights->type);
    struct float_rows r = {.type = type,
                           .stride = tensor_row_bytes(weights),
                           .words = words_of(type, in->cols),
                           .out_stride = job->stride,
                           .ahead = {(uintptr_t)weights->data + last * tensor_row_bytes(weights), then}};
    for (uint64_t row = first, n; row < last; row += n) {
        n = last - row < FLOAT_PANEL_ROWS ? last - row : FLOAT_PANEL_ROWS;
        r.rows = (const uint8_t *)weights->data + row * r.stride;
        if (weights->n_pieces > 0) {
            gather(weights, row, n, f->scratch[thread].gathered);
            r.rows = f->scratch[thread].gathered;
            r.ahead.end = UINTPTR_MAX; /* what follows lies somewhere else */
        }
        r.out = job->out + row;
        r.bias = job->bias != NULL ? job->bias + row : NULL;
        multiply_rows(f, thread, &r, (size_t)n, in);
    }
}
