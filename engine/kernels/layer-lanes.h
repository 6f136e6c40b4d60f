/* Layer kernels by vectors, for layer-avx2.c and layer-avx512.c, which say before what a vector is:
 *
 * LANES                        how many floats: 8 or 16
 * V, I, X, M                   floats; 32-bit numbers, or pairs of 16-bit ones; a pair for all lanes; a mask
 * v_set, v_load, v_store, v_add, v_sub, v_mul, v_div, v_min, v_max, v_fma, v_round
 * v_first, v_store_first       the first `left` lanes alone, others being 0; left may be negative
 * v_low                        the first `left` lanes, others being -infinity
 * v_above, v_pick              which lanes of one vector are above another's; lanes of one where the mask is set
 * v_swap                       each lane's neighbour
 * v_top, v_total               the largest lane; the sum of KV_LANES lanes in halves, as sum_lanes in layer-portable.c
 * v_power, v_keep, v_raise     2^whole; v, but 0 where x is below -126; p * 2^whole so, for x of at most 0
 * v_half                       LANES 16-bit floats
 * i_zero, i_load, i_store, i_set, i_float, i_bytes (2 * LANES bytes widened to 16 bits)
 * x_pair, i_dot                sum += both products of a pair
 * q8_start, q8_key, q8_dot     products of four bytes: sums at the start, LANES keys, sum += products with four of a query
 * store_whole                  KV_LANES floats rounded to 16-bit numbers
 * TILE_WIDTH(rows)             how many vectors of sums so many rows have at once, in registers
 * Q8_WIDTH(rows)               the same for products of four bytes
 *
 * A lane is a key while scores are made and a column of the head while values are added, so nothing is summed across
 * lanes but the weights themselves. Tiles of six rows share each load. */
#include <float.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/kernels/layer-i16.h"
#include "engine/kernels/layer-q8.h"
#include "engine/kernels/layer.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    ROWS = 6,
    VECTORS = KV_BLOCK / LANES, /* of a block's positions */
    PARTS = KV_LANES / LANES,   /* of KV_LANES numbers */
};

/* ---- 2^x -------------------------------------------------------------------------------------------------------- */

/* 2^f for f in [-1/2, 1/2]. */
INLINE V exp2_fraction(V f)
{
    V p = v_set(0x1.41fb8ep-13f);
    p = v_fma(p, f, v_set(0x1.5f3e54p-10f));
    p = v_fma(p, f, v_set(0x1.3b2d4ep-7f));
    p = v_fma(p, f, v_set(0x1.c6aee8p-5f));
    p = v_fma(p, f, v_set(0x1.ebfbdcp-3f));
    p = v_fma(p, f, v_set(0x1.62e430p-1f));
    return v_fma(p, f, v_set(1.0f));
}

/* 2^x within 2 ulp, 0 below -126; see exp2_lane in layer-portable.c. */
INLINE V exp2_any(V x)
{
    const V inside = v_max(v_set(-126.0f), v_min(v_set(128.0f), x)), whole = v_round(inside);
    return v_keep(x, v_mul(exp2_fraction(v_sub(inside, whole)), v_power(whole)));
}

/* The same bits for x that is at most 0, where nothing overflows. */
INLINE V exp2_weight(V x)
{
    const V whole = v_round(x);
    return v_raise(x, exp2_fraction(v_sub(x, whole)), whole);
}

static inline float exp2_1(float x)
{
    float out[LANES];
    v_store(out, exp2_any(v_set(x)));
    return out[0];
}

/* ---- norms, gates, positions ------------------------------------------------------------------------------------ */

/* Adds `left` numbers of add (NULL: none) to x; returns sum plus their squares. */
INLINE V add_squares(float *x, const float *add, int64_t left, V sum)
{
    V v = v_first(x, left);
    if (add != NULL) {
        v = v_add(v, v_first(add, left));
        v_store_first(x, left, v);
    }
    return v_fma(v, v, sum);
}

static void norm(float *x, const float *add, const float *weight, float *out, size_t n, float epsilon)
{
    const int64_t end = (int64_t)n;
    V sums[PARTS];
    for (int h = 0; h < PARTS; h++)
        sums[h] = v_set(0);
    for (int64_t i = 0; i < end; i += KV_LANES)
        for (int h = 0; h < PARTS; h++)
            if (i + h * LANES < end)
                sums[h] = add_squares(x + i + h * LANES, add != NULL ? add + i + h * LANES : NULL, end - i - h * LANES,
                                      sums[h]);
    const __m128 mean = _mm_set_ss(v_total(sums) / (float)n + epsilon);
    const V scale = v_set(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(mean)));
    for (int64_t i = 0; i < end; i += LANES)
        v_store_first(out + i, end - i, v_mul(v_mul(v_first(x + i, end - i), scale), v_first(weight + i, end - i)));
}

static void gate(float *g, const float *up, size_t n)
{
    const int64_t end = (int64_t)n;
    for (int64_t i = 0; i < end; i += LANES) {
        const V x = v_first(g + i, end - i), e = exp2_any(v_mul(x, v_set(-0x1.715476p+0f)));
        const V y = v_div(x, v_add(e, v_set(1.0f)));
        v_store_first(g + i, end - i, v_mul(y, v_first(up + i, end - i)));
    }
}

static void rotate(const float *x, const float *turn, float scale, float *out, size_t n)
{
    const int64_t end = (int64_t)n;
    for (int64_t i = 0; i < end; i += LANES) {
        const V v = v_first(x + i, end - i), y = v_mul(v, v_first(turn + i, end - i));
        const V turned = v_fma(v_swap(v), v_first(turn + n + i, end - i), y);
        v_store_first(out + i, end - i, v_mul(turned, v_set(scale)));
    }
}

/* ---- a tile of rows with a block of keys ------------------------------------------------------------------------ */

/* What weigh_whole in layer-portable.c has of one row, side by side, so that no row waits for another's. */
struct tile {
    int32_t seen[ROWS], most;         /* keys of the block that each row sees, and any */
    float scores[ROWS * KV_BLOCK];    /* then 2^(score - top) */
    int16_t weights[ROWS * KV_BLOCK]; /* those as whole numbers of this step, the inverse of which: */
    float inverse[LANES];
    float top[LANES], total[LANES], largest[LANES]; /* score, weights, scale of a value; 0 in lanes without a row */
    float age[LANES], part[LANES];                  /* what earlier sums and those of the block count by */
    float step[LANES];                              /* part times the step */
};

INLINE void tile_begin(struct tile *t, const int rows, const struct layer_span *s, int32_t row, int32_t block)
{
    for (int r = 0; r < rows; r++)
        t->seen[r] = s->visible[row + r] - block * KV_BLOCK;
    t->most = t->seen[rows - 1] < KV_BLOCK ? t->seen[rows - 1] : KV_BLOCK;
    for (int r = rows; r < LANES; r++)
        t->largest[r] = t->top[r] = t->total[r] = 0;
}

/* sums = the products of `pairs` pairs of 16-bit integers of each row, rows a_step bytes apart, with those of `width`
 * vectors of 16-bit integers, or of bytes, pairs b_step bytes apart. Rows or vectors, whichever are fewer, all stay in
 * registers; of the others one at a time has to. */
INLINE void multiply(const int rows, const int width, const bool bytes, size_t pairs, const char *a, size_t a_step,
                     const char *b, size_t b_step, I sums[ROWS][VECTORS])
{
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < width; c++)
            sums[r][c] = i_zero();
    for (size_t p = 0; p < pairs; p++, b += b_step) {
        I lanes[VECTORS];
        X x[ROWS];
#pragma GCC unroll 8
        for (int c = 0; c < width; c++)
            lanes[c] = bytes ? i_bytes(b + c * LANES * 2) : i_load(b + c * LANES * I16_PAIR);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
            x[r] = x_pair(a + (size_t)r * a_step + p * I16_PAIR);
#pragma GCC unroll 32
        for (int i = 0; i < rows * width; i++) {
            const int r = rows > width ? i / width : i % rows, c = rows > width ? i % width : i / rows;
            i_dot(&sums[r][c], lanes[c], x[r]);
        }
    }
}

/* The largest of a block's scales, of those that are seen. */
INLINE float largest_scale(const float *scales, int32_t seen)
{
    V top = v_first(scales, seen);
#pragma GCC unroll 8
    for (int c = 1; c < VECTORS; c++)
        top = v_max(top, v_first(scales + c * LANES, seen - c * LANES));
    return v_top(top);
}

INLINE void largest_scales(struct tile *t, const int rows, const float *scales)
{
    const float all = largest_scale(scales, t->most);
    for (int r = 0; r < rows; r++)
        t->largest[r] = t->seen[r] < KV_BLOCK ? largest_scale(scales, t->seen[r]) : all;
}

/* Scores become 2^(score - top); returns their sum. Of a row that sees nothing all are 0. */
INLINE float raise_scores(float *scores, float top)
{
    const V most = v_set(top > -FLT_MAX ? top : -FLT_MAX);
    V v[VECTORS], sums[PARTS];
#pragma GCC unroll 8
    for (int c = 0; c < VECTORS; c++) {
        v[c] = exp2_weight(v_sub(v_load(scores + c * LANES), most));
        v_store(scores + c * LANES, v[c]);
    }
#pragma GCC unroll 2
    for (int h = 0; h < PARTS; h++)
        sums[h] = v_add(v_add(v[h], v[h + PARTS]), v_add(v[h + 2 * PARTS], v[h + 3 * PARTS]));
    return v_total(sums);
}

/* Weights of all rows, whose scores and tops are known; lanes are rows. Adds the block to max and sum. */
INLINE void add_block(struct tile *t, const int rows, float *max, float *sum)
{
    for (int r = 0; r < rows; r++)
        t->total[r] = raise_scores(t->scores + r * KV_BLOCK, t->top[r]);
    const V before = v_first(max, rows), top = v_load(t->top), one = v_set(1.0f);
    const M above = v_above(top, before);
    const V power = exp2_any(v_pick(above, v_sub(before, top), v_sub(top, before)));
    const V age = v_pick(above, power, one), part = v_pick(above, one, power);
    v_store_first(max, rows, v_pick(above, top, before));
    v_store_first(sum, rows, v_add(v_mul(v_first(sum, rows), age), v_mul(v_load(t->total), part)));
    v_store(t->age, age);
    v_store(t->part, part);
}

/* Weights times the values' scales become whole numbers; `unit`: their step, by row, for a largest scale of 1. */
INLINE void round_weights(struct tile *t, const int rows, const float *scales, V unit)
{
    const V step = v_mul(v_load(t->largest), unit), least = v_set(I16_LEAST);
    const V inverse = v_pick(v_above(least, step), v_set(0), v_div(v_set(1.0f), step));
    v_store(t->inverse, inverse);
    v_store(t->step, v_mul(step, v_load(t->part)));
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int c = 0; c < KV_BLOCK; c += KV_LANES) {
            V v[PARTS];
#pragma GCC unroll 2
            for (int h = 0; h < PARTS; h++) {
                const int at = c + h * LANES;
                const V scale = v_first(scales + at, t->seen[r] - at);
                v[h] = v_mul(v_mul(v_load(t->scores + r * KV_BLOCK + at), scale), v_set(t->inverse[r]));
            }
            store_whole(t->weights + r * KV_BLOCK + c, v);
        }
}

/* out = out * age + weights × values, times the step, for `width` vectors of columns. */
INLINE void add_columns(const int rows, const int width, const bool bytes, const struct tile *t, const char *values,
                        size_t step, int32_t padded, float *out)
{
    I sums[ROWS][VECTORS];
    multiply(rows, width, bytes, ((size_t)t->most + 1) / 2, (const char *)t->weights, KV_BLOCK * sizeof *t->weights,
             values, step, sums);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < width; c++) {
            float *to = out + (size_t)r * (size_t)padded + c * LANES;
            const V aged = v_mul(v_load(to), v_set(t->age[r]));
            v_store(to, v_fma(i_float(sums[r][c]), v_set(t->step[r]), aged));
        }
}

/* ---- 16 bits ---------------------------------------------------------------------------------------------------- */

static void store(const float *key, const float *value, void *keys, void *values, int32_t at, int32_t head_width,
                  int32_t padded)
{
    i16_store(key, value, keys, values, at, head_width, padded);
}

static void pack(const float *query, void *packed, int32_t head_width)
{
    i16_query(query, packed, head_width);
}

/* Products of `rows` queries with `width` vectors of keys. */
INLINE void score_rows(const int rows, const int width, const char *queries, size_t step, int32_t head_width,
                       const char *keys, int32_t *products)
{
    I sums[ROWS][VECTORS];
    multiply(rows, width, false, ((size_t)head_width + 1) / 2, queries + I16_QUERY, step, keys, KV_BLOCK * I16_PAIR,
             sums);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < width; c++)
            i_store(products + r * KV_BLOCK + c * LANES, sums[r][c]);
}

/* Products with `width` vectors of keys that no row sees. */
INLINE void no_products(const int rows, const int width, int32_t *products)
{
    for (int r = 0; r < rows; r++)
        memset(products + r * KV_BLOCK, 0, (size_t)(width * LANES) * sizeof *products);
}

/* Products of a query with a block's keys become scores, -infinity beyond seen; returns the largest. */
INLINE float scale_products(const int32_t *products, float query, const float *keys, int32_t seen, float *scores)
{
    V top = v_set(-__builtin_inff());
#pragma GCC unroll 8
    for (int c = 0; c < VECTORS; c++) {
        const V both = v_mul(v_load(keys + c * LANES), v_set(query));
        const V whole = i_float(i_load((const char *)(products + c * LANES)));
        const V v = v_low(v_mul(whole, both), seen - c * LANES);
        top = v_max(top, v);
        v_store(scores + c * LANES, v);
    }
    return v_top(top);
}

INLINE void block_rows(const int rows, const struct layer_span *s, int32_t row, int32_t block)
{
    const int width = TILE_WIDTH(rows);
    int32_t products[ROWS * KV_BLOCK];
    struct tile t;
    const size_t query_step = i16_query_bytes(s->padded), offset = (size_t)row * (size_t)s->padded;
    const char *queries = (const char *)s->queries + (size_t)row * query_step;
    const char *keys = s->blocks[block] + s->keys, *values = s->blocks[block] + s->values;
    const float *key_scales = (const float *)(keys + i16_keys(s->head_width));
    const float *value_scales = (const float *)(values + i16_values(s->padded));
    tile_begin(&t, rows, s, row, block);
    if (width == VECTORS && t.most <= KV_BLOCK / 2) {
        score_rows(rows, width / 2, queries, query_step, s->head_width, keys, products);
        no_products(rows, width / 2, products + KV_BLOCK / 2);
    } else {
        for (int c = 0; c < VECTORS; c += width)
            if (c * LANES < t.most)
                score_rows(rows, width, queries, query_step, s->head_width, keys + c * LANES * I16_PAIR,
                           products + c * LANES);
            else
                no_products(rows, width, products + c * LANES);
    }
    for (int r = 0; r < rows; r++)
        t.top[r] = scale_products(products + r * KV_BLOCK, i16_query_scale(queries + (size_t)r * query_step),
                                  key_scales, t.seen[r], t.scores + r * KV_BLOCK);
    add_block(&t, rows, s->max + row, s->sum + row);
    largest_scales(&t, rows, value_scales);
    const V by_sum = v_mul(v_load(t.total), v_set(1.0f / I16_WEIGHTS)); /* weights_step in layer-portable.c */
    round_weights(&t, rows, value_scales, v_max(by_sum, v_set(1.0f / I16_NUMBER)));
    const size_t step = (size_t)s->padded * I16_PAIR;
    int32_t c = 0;
    for (; c + LANES * width <= s->padded; c += LANES * width)
        add_columns(rows, width, false, &t, values + c * I16_PAIR, step, s->padded, s->out + offset + c);
    for (; c < s->padded; c += KV_LANES)
        add_columns(rows, PARTS, false, &t, values + c * I16_PAIR, step, s->padded, s->out + offset + c);
}

/* ---- 8 bits ----------------------------------------------------------------------------------------------------- */

static void store_q8(const float *key, const float *value, void *keys, void *values, int32_t at, int32_t head_width,
                     int32_t padded)
{
    (void)padded;
    q8_store(key, value, keys, values, at, head_width);
}

static void pack_q8(const float *query, void *packed, int32_t head_width)
{
    q8_query(query, packed, head_width);
}

/* Adds one group's part to the scores of `rows` queries, which stand `groups` apart, against `width` vectors of keys. */
INLINE void score_group(const int rows, const int width, const struct q8_query *q, size_t groups, const char *keys,
                        const uint16_t *scales, float *scores)
{
    I sums[ROWS][VECTORS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < width; c++)
            sums[r][c] = q8_start(q[(size_t)r * groups].shift);
    for (int f = 0; f < Q8_FOURS; f++) {
        I k[VECTORS];
#pragma GCC unroll 8
        for (int c = 0; c < width; c++)
            k[c] = q8_key(keys + (f * KV_BLOCK + c * LANES) * 4);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, q[(size_t)r * groups].at + 4 * f, sizeof four);
            const I x = i_set(four);
#pragma GCC unroll 8
            for (int c = 0; c < width; c++)
                sums[r][c] = q8_dot(sums[r][c], k[c], x);
        }
    }
#pragma GCC unroll 8
    for (int c = 0; c < width; c++) {
        const V scale = v_half(scales + c * LANES);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            const V both = v_mul(scale, v_set(q[(size_t)r * groups].scale));
            float *at = scores + r * KV_BLOCK + c * LANES;
            v_store(at, v_fma(i_float(sums[r][c]), both, v_load(at)));
        }
    }
}

/* Scores beyond seen become -infinity; returns the largest. */
INLINE float hide_scores(float *scores, int32_t seen)
{
    V top = v_set(-__builtin_inff());
#pragma GCC unroll 8
    for (int c = 0; c < VECTORS; c++) {
        const V v = v_low(v_load(scores + c * LANES), seen - c * LANES);
        top = v_max(top, v);
        v_store(scores + c * LANES, v);
    }
    return v_top(top);
}

INLINE void block_rows_q8(const int rows, const struct layer_span *s, int32_t row, int32_t block)
{
    const int width = Q8_WIDTH(rows), columns = TILE_WIDTH(rows) < 2 * PARTS ? TILE_WIDTH(rows) : 2 * PARTS;
    struct tile t;
    const size_t groups = q8_groups(s->head_width), bytes = q8_bytes(s->head_width);
    const size_t step = 2 * q8_columns(s->head_width), offset = (size_t)row * (size_t)s->padded;
    const char *keys = s->blocks[block] + s->keys, *values = s->blocks[block] + s->values;
    const struct q8_query *q = (const struct q8_query *)s->queries + (size_t)row * groups;
    tile_begin(&t, rows, s, row, block);
    memset(t.scores, 0, (size_t)(rows * KV_BLOCK) * sizeof *t.scores);
    for (size_t g = 0; g < groups; g++)
        for (int c = 0; c * LANES < t.most; c += width)
            score_group(rows, width, q + g, groups, keys + g * Q8_GROUP * KV_BLOCK + (size_t)c * LANES * 4,
                        (const uint16_t *)(keys + bytes) + g * KV_BLOCK + c * LANES, t.scores + c * LANES);
    for (int r = 0; r < rows; r++)
        t.top[r] = hide_scores(t.scores + r * KV_BLOCK, t.seen[r]);
    add_block(&t, rows, s->max + row, s->sum + row);
    for (int32_t g = 0; g * Q8_GROUP < s->padded; g++) {
        float scales[KV_BLOCK];
        for (int c = 0; c < KV_BLOCK; c += LANES)
            v_store(scales + c, v_half((const uint16_t *)(values + bytes) + g * KV_BLOCK + c));
        largest_scales(&t, rows, scales);
        round_weights(&t, rows, scales, v_set(1.0f / I16_NUMBER));
        const int32_t end = (g + 1) * Q8_GROUP < s->padded ? (g + 1) * Q8_GROUP : s->padded;
        int32_t c = g * Q8_GROUP;
        for (; c + LANES * columns <= end; c += LANES * columns)
            add_columns(rows, columns, true, &t, values + 2 * c, step, s->padded, s->out + offset + c);
        for (; c < end; c += KV_LANES)
            add_columns(rows, PARTS, true, &t, values + 2 * c, step, s->padded, s->out + offset + c);
    }
}

/* ---- spans ------------------------------------------------------------------------------------------------------ */

static void clear(const struct layer_span *s)
{
    for (int32_t r = 0; r < s->rows; r++) {
        s->max[r] = -__builtin_inff();
        s->sum[r] = 0;
    }
    memset(s->out, 0, (size_t)s->rows * (size_t)s->padded * sizeof *s->out);
}

/* Six rows at a time, or as many as are left: each count is a kernel of its own, whose sums live in registers. */
#define SPAN(name, block_rows) \
    static void name(const struct layer_span *s) \
    { \
        clear(s); \
        const int32_t blocks = (s->visible[s->rows - 1] + KV_BLOCK - 1) / KV_BLOCK; \
        for (int32_t b = 0; b < blocks; b++) \
            for (int32_t r = 0; r < s->rows; r += ROWS) { \
                const int32_t rows = s->rows - r < ROWS ? s->rows - r : ROWS; \
                if (s->visible[r + rows - 1] <= b * KV_BLOCK) \
                    continue; \
                switch (rows) { \
                case 1: block_rows(1, s, r, b); break; \
                case 2: block_rows(2, s, r, b); break; \
                case 3: block_rows(3, s, r, b); break; \
                case 4: block_rows(4, s, r, b); break; \
                case 5: block_rows(5, s, r, b); break; \
                default: block_rows(6, s, r, b); break; \
                } \
            } \
    }

SPAN(span, block_rows)
SPAN(span_q8, block_rows_q8)

static void merge(float *max, float *sum, float *out, float later_max, float later_sum, const float *later,
                  int32_t padded)
{
    float top = *max > later_max ? *max : later_max;
    float a = exp2_1(*max - top), b = exp2_1(later_max - top);
    *max = top;
    *sum = *sum * a + later_sum * b;
    for (int32_t i = 0; i < padded; i += LANES)
        v_store(out + i, v_fma(v_load(later + i), v_set(b), v_mul(v_load(out + i), v_set(a))));
}

/* Both tables of layer kernels under this name. */
#define LAYER_TABLES(layer_16, layer_8, its_name) \
    const struct layer_kernels layer_16 = { \
        .name = its_name, \
        .cache = KV_I16, \
        .norm = norm, \
        .gate = gate, \
        .rotate = rotate, \
        .store = store, \
        .pack = pack, \
        .span = span, \
        .merge = merge, \
    }; \
    const struct layer_kernels layer_8 = { \
        .name = its_name, \
        .cache = KV_Q8_0, \
        .norm = norm, \
        .gate = gate, \
        .rotate = rotate, \
        .store = store_q8, \
        .pack = pack_q8, \
        .span = span_q8, \
        .merge = merge, \
    }
