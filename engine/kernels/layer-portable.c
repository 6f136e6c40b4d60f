/* Layer kernels in plain C: what the others equal to the bit, and those of the exact mode.
 *
 * Sums run over KV_LANES accumulators side by side and are added up in halves, as the widest vectors do it. */
#include "engine/kernels/layer.h"

#include <math.h>
#include <string.h>

#include "engine/kernels/fused.h"
#include "engine/kernels/half.h"
#include "engine/kernels/layer-i16.h"
#include "engine/kernels/layer-q8.h"

static void norm_apply(const float *x, const float *weight, float *out, size_t n, float scale)
{
    for (size_t i = 0; i < n; i++)
        out[i] = x[i] * scale * weight[i];
}

static void add_into(float *x, const float *add, size_t n)
{
    for (size_t i = 0; add != NULL && i < n; i++)
        x[i] += add[i];
}

/* The sum of all lanes; in place. */
static float sum_lanes(float *lanes)
{
    for (int half = KV_LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            lanes[i] += lanes[i + half];
    return lanes[0];
}

/* 2^x: a polynomial of degree 6 (minimax on [-1/2, 1/2]) on what rounding x leaves; 0 below -126. All tables compute it
 * by the same operations. */
static float exp2_lane(float x)
{
    const float round = 0x1.8p23f; /* what is added to it is rounded to a whole number */
    const float inside = x < -126.0f ? -126.0f : x > 128.0f ? 128.0f : x == x ? x : 0.0f;
    const float whole = (inside + round) - round, f = inside - whole;
    float p = 0x1.41fb8ep-13f, power;
    p = fused(p, f, 0x1.5f3e54p-10f);
    p = fused(p, f, 0x1.3b2d4ep-7f);
    p = fused(p, f, 0x1.c6aee8p-5f);
    p = fused(p, f, 0x1.ebfbdcp-3f);
    p = fused(p, f, 0x1.62e430p-1f);
    p = fused(p, f, 1.0f);
    const int32_t bits = ((int32_t)whole + 127) << 23;
    memcpy(&power, &bits, sizeof power);
    return x < -126.0f ? 0.0f : x == x ? p * power : x;
}

static void portable_norm(float *x, const float *add, const float *weight, float *out, size_t n, float epsilon)
{
    float sums[KV_LANES] = {0};
    add_into(x, add, n);
    for (size_t i = 0; i < n; i++)
        sums[i % KV_LANES] = fused(x[i], x[i], sums[i % KV_LANES]);
    norm_apply(x, weight, out, n, 1.0f / sqrtf(sum_lanes(sums) / (float)n + epsilon));
}

static void exact_norm(float *x, const float *add, const float *weight, float *out, size_t n, float epsilon)
{
    double sum = 0;
    add_into(x, add, n);
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    norm_apply(x, weight, out, n, (float)(1.0 / sqrt(sum / (double)n + (double)epsilon)));
}

static void portable_gate(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gate[i] = gate[i] / (exp2_lane(gate[i] * -0x1.715476p+0f) + 1.0f) * up[i];
}

static void exact_gate(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
}

static void portable_rotate(const float *x, const float *turn, float scale, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = fused(x[i ^ 1], turn[n + i], x[i] * turn[i]) * scale;
}

static void exact_rotate(const float *x, const float *turn, float scale, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (x[i] * turn[i] + x[i ^ 1] * turn[n + i]) * scale;
}

static void exact_store(const float *key, const float *value, void *keys, void *values, int32_t at, int32_t head_width,
                        int32_t padded)
{
    float *k = (float *)keys + at, *v = (float *)values + (size_t)at * (size_t)padded;
    for (int32_t i = 0; i < head_width; i++) {
        k[i * KV_BLOCK] = key[i];
        v[i] = value[i];
    }
}

/* scores[0..KV_BLOCK) of one query against a block of keys. */
static void score_block(const struct layer_span *s, const float *query, const float *keys, float *scores)
{
    memset(scores, 0, KV_BLOCK * sizeof *scores);
    for (size_t i = 0; i < (size_t)s->head_width; i++)
        for (size_t j = 0; j < KV_BLOCK; j++)
            scores[j] += query[i] * keys[i * KV_BLOCK + j];
}

/* Turns scores into weights 2^(score - max) with the new max, 0 beyond seen; returns the factor that ages what was
 * summed before. */
static float weigh_block(float *scores, int32_t seen, float *max, float *sum)
{
    float top = *max, lanes[KV_LANES];
    for (int32_t j = 0; j < seen; j++)
        top = scores[j] > top ? scores[j] : top;
    for (int32_t j = 0; j < KV_BLOCK; j++)
        scores[j] = j < seen ? exp2f(scores[j] - top) : 0.0f;
    for (int i = 0; i < KV_LANES; i++)
        lanes[i] = (scores[i] + scores[KV_LANES + i]) + (scores[2 * KV_LANES + i] + scores[3 * KV_LANES + i]);
    float age = exp2f(*max - top);
    *max = top;
    *sum = *sum * age + sum_lanes(lanes);
    return age;
}

static void add_values(const struct layer_span *s, const float *weights, int32_t seen, float age, const float *values,
                       float *out)
{
    const size_t padded = (size_t)s->padded;
    for (size_t i = 0; i < padded; i++)
        out[i] *= age;
    for (size_t j = 0; j < (size_t)seen; j++)
        for (size_t i = 0; i < padded; i++)
            out[i] += weights[j] * values[j * padded + i];
}

/* Begins a row: nothing is seen yet. */
static float *begin_row(const struct layer_span *s, int32_t r)
{
    float *out = s->out + (size_t)r * (size_t)s->padded;
    s->max[r] = -INFINITY;
    s->sum[r] = 0;
    memset(out, 0, (size_t)s->padded * sizeof *out);
    return out;
}

/* How many of the keys from `first` on row r sees, of one block. */
static int32_t seen_from(const struct layer_span *s, int32_t r, int32_t first)
{
    return s->visible[r] - first < KV_BLOCK ? s->visible[r] - first : KV_BLOCK;
}

static void exact_span(const struct layer_span *s)
{
    for (int32_t r = 0; r < s->rows; r++) {
        float *out = begin_row(s, r), scores[KV_BLOCK];
        const float *query = (const float *)s->queries + (size_t)r * (size_t)s->padded;
        for (int32_t first = 0; first < s->visible[r]; first += KV_BLOCK) {
            const char *block = s->blocks[first / KV_BLOCK];
            const int32_t seen = seen_from(s, r, first);
            score_block(s, query, (const float *)(const void *)(block + s->keys), scores);
            float age = weigh_block(scores, seen, &s->max[r], &s->sum[r]);
            add_values(s, scores, seen, age, (const float *)(const void *)(block + s->values), out);
        }
    }
}

/* ---- 16 bits ---------------------------------------------------------------------------------------------------- */

static void portable_store(const float *key, const float *value, void *keys, void *values, int32_t at,
                           int32_t head_width, int32_t padded)
{
    i16_store(key, value, keys, values, at, head_width, padded);
}

static void portable_pack(const float *query, void *packed, int32_t head_width)
{
    i16_query(query, packed, head_width);
}

/* sums[0..n) = the products of `pairs` pairs of numbers with those of n lanes, which `step` numbers further has the next
 * pair of. What is more than 32 bits on the way wraps. */
static void multiply(size_t pairs, const int16_t *a, const int16_t *b, size_t step, size_t n, uint32_t *sums)
{
    memset(sums, 0, n * sizeof *sums);
    for (size_t p = 0; p < pairs; p++)
        for (size_t i = 0; i < n; i++)
            sums[i] += (uint32_t)(a[2 * p] * b[p * step + 2 * i]) + (uint32_t)(a[2 * p + 1] * b[p * step + 2 * i + 1]);
}

/* What a row's earlier sums and those of a block count by. */
struct share {
    float age, part;
};

/* Adds a block to a row's max and sum: its largest score and the sum of its weights 2^(score - top). */
static struct share add_block(float top, float total, float *max, float *sum)
{
    const bool higher = top > *max;
    const float power = exp2_lane(higher ? *max - top : top - *max), age = higher ? power : 1.0f;
    const float part = higher ? 1.0f : power;
    *max = higher ? top : *max;
    *sum = *sum * age + total * part;
    return (struct share){age, part};
}

/* Scores, of which a row sees so many, become 2^(score - top), 0 beyond; returns top. *total: their sum. */
static float raise_scores(float *scores, int32_t seen, float *total)
{
    float lanes[KV_LANES], top = -INFINITY;
    for (int32_t j = 0; j < seen; j++)
        top = scores[j] > top ? scores[j] : top;
    for (int32_t j = 0; j < KV_BLOCK; j++)
        scores[j] = j < seen ? exp2_lane(scores[j] - top) : 0.0f;
    for (int i = 0; i < KV_LANES; i++)
        lanes[i] = (scores[i] + scores[KV_LANES + i]) + (scores[2 * KV_LANES + i] + scores[3 * KV_LANES + i]);
    *total = sum_lanes(lanes);
    return top;
}

static float largest_scale(const float *scales, int32_t seen)
{
    float largest = 0;
    for (int32_t j = 0; j < seen; j++)
        largest = scales[j] > largest ? scales[j] : largest;
    return largest;
}

/* 2^(score - top) times the values' scales, as whole numbers of this step. */
static void round_weights(const float *raised, const float *scales, int32_t seen, float step, int16_t *weights)
{
    const float inverse = i16_inverse(step);
    for (int32_t j = 0; j < KV_BLOCK; j += KV_LANES) {
        float scaled[KV_LANES];
        for (int32_t i = 0; i < KV_LANES; i++)
            scaled[i] = j + i < seen ? raised[j + i] * scales[j + i] : 0.0f;
        i16_round(scaled, inverse, weights + j);
    }
}

/* The step of a row's weights, each at most 1 and together `sum`, times the values' scales, of which `largest` is the
 * largest: as small as lets each and their sum fit. */
static float weights_step(float largest, float sum)
{
    const float by_sum = sum * (1.0f / I16_WEIGHTS), by_one = 1.0f / I16_NUMBER;
    return largest * (by_sum > by_one ? by_sum : by_one);
}

/* Turns a row's products with a block's keys into weights: 2^(score - top), 0 beyond seen, times the values' scales, as
 * whole numbers of such a step that they fit. Adds the block to max and sum. */
static struct share weigh_whole(const uint32_t *products, float query, const float *key_scales,
                                const float *value_scales, int32_t seen, float *max, float *sum, int16_t *weights)
{
    float scores[KV_BLOCK], total;
    for (int32_t j = 0; j < seen; j++)
        scores[j] = (float)(int32_t)products[j] * (key_scales[j] * query);
    const float top = raise_scores(scores, seen, &total), step = weights_step(largest_scale(value_scales, seen), total);
    round_weights(scores, value_scales, seen, step, weights);
    const struct share share = add_block(top, total, max, sum);
    return (struct share){share.age, share.part * step};
}

enum { COLUMNS = 64 }; /* of values at a time */

static void add_whole(const struct layer_span *s, const int16_t *weights, int32_t seen, struct share share,
                      const int16_t *values, float *out)
{
    const size_t padded = (size_t)s->padded;
    for (size_t c = 0; c < padded; c += COLUMNS) {
        uint32_t sums[COLUMNS];
        const size_t n = padded - c < COLUMNS ? padded - c : COLUMNS;
        multiply(((size_t)seen + 1) / 2, weights, values + 2 * c, 2 * padded, n, sums);
        for (size_t i = 0; i < n; i++)
            out[c + i] = fused((float)(int32_t)sums[i], share.part, out[c + i] * share.age);
    }
}

static void portable_span(const struct layer_span *s)
{
    for (int32_t r = 0; r < s->rows; r++) {
        float *out = begin_row(s, r);
        const char *query = (const char *)s->queries + (size_t)r * i16_query_bytes(s->padded);
        for (int32_t first = 0; first < s->visible[r]; first += KV_BLOCK) {
            const char *keys = s->blocks[first / KV_BLOCK] + s->keys, *values = s->blocks[first / KV_BLOCK] + s->values;
            const float *key_scales = (const float *)(const void *)(keys + i16_keys(s->head_width));
            const float *value_scales = (const float *)(const void *)(values + i16_values(s->padded));
            const int32_t seen = seen_from(s, r, first);
            uint32_t products[KV_BLOCK];
            int16_t weights[KV_BLOCK];
            multiply(((size_t)s->head_width + 1) / 2, (const int16_t *)(const void *)(query + I16_QUERY),
                     (const int16_t *)(const void *)keys, 2 * KV_BLOCK, KV_BLOCK, products);
            const struct share share = weigh_whole(products, i16_query_scale(query), key_scales, value_scales, seen,
                                                   &s->max[r], &s->sum[r], weights);
            add_whole(s, weights, seen, share, (const int16_t *)(const void *)values, out);
        }
    }
}

/* ---- 8 bits ----------------------------------------------------------------------------------------------------- */

static void portable_store_q8(const float *key, const float *value, void *keys, void *values, int32_t at,
                              int32_t head_width, int32_t padded)
{
    (void)padded;
    q8_store(key, value, keys, values, at, head_width);
}

static void portable_pack_q8(const float *query, void *packed, int32_t head_width)
{
    q8_query(query, packed, head_width);
}

static void score_block_q8(const struct q8_query *query, size_t groups, const char *keys, float *scores)
{
    const uint16_t *scales = (const uint16_t *)(const void *)(keys + groups * Q8_GROUP * KV_BLOCK);
    memset(scores, 0, KV_BLOCK * sizeof *scores);
    for (size_t g = 0; g < groups; g++)
        for (size_t j = 0; j < KV_BLOCK; j++) {
            int32_t sum = 0;
            for (size_t i = 0; i < Q8_GROUP; i++)
                sum += query[g].at[i] * (int8_t)keys[((g * Q8_FOURS + i / 4) * KV_BLOCK + j) * 4 + i % 4];
            scores[j] = fused((float)sum, half_to_float(scales[g * KV_BLOCK + j]) * query[g].scale, scores[j]);
        }
}

static void add_values_q8(const struct layer_span *s, const float *raised, int32_t seen, struct share share,
                          const char *values, float *out)
{
    const size_t padded = (size_t)s->padded, columns = q8_columns(s->head_width);
    const uint16_t *halves = (const uint16_t *)(const void *)(values + q8_bytes(s->head_width));
    for (size_t c = 0; c < padded; c += Q8_GROUP, halves += KV_BLOCK) {
        float scales[KV_BLOCK];
        int16_t weights[KV_BLOCK];
        for (size_t j = 0; j < KV_BLOCK; j++)
            scales[j] = half_to_float(halves[j]);
        const float step = largest_scale(scales, seen) * (1.0f / I16_NUMBER), part = step * share.part;
        round_weights(raised, scales, seen, step, weights);
        for (size_t i = c; i < padded && i < c + Q8_GROUP; i++) {
            int32_t sum = 0;
            for (size_t j = 0; j < KV_BLOCK; j++)
                sum += weights[j] * (int8_t)values[2 * (j / 2 * columns + i) + j % 2];
            out[i] = fused((float)sum, part, out[i] * share.age);
        }
    }
}

static void portable_span_q8(const struct layer_span *s)
{
    const size_t groups = q8_groups(s->head_width);
    for (int32_t r = 0; r < s->rows; r++) {
        float *out = begin_row(s, r), scores[KV_BLOCK];
        for (int32_t first = 0; first < s->visible[r]; first += KV_BLOCK) {
            const char *block = s->blocks[first / KV_BLOCK];
            const int32_t seen = seen_from(s, r, first);
            score_block_q8((const struct q8_query *)s->queries + (size_t)r * groups, groups, block + s->keys, scores);
            float total;
            const float top = raise_scores(scores, seen, &total);
            add_values_q8(s, scores, seen, add_block(top, total, &s->max[r], &s->sum[r]), block + s->values, out);
        }
    }
}

static void portable_merge(float *max, float *sum, float *out, float later_max, float later_sum, const float *later,
                           int32_t padded)
{
    const float top = *max > later_max ? *max : later_max;
    const float a = exp2_lane(*max - top), b = exp2_lane(later_max - top);
    *max = top;
    *sum = *sum * a + later_sum * b;
    for (int32_t i = 0; i < padded; i++)
        out[i] = fused(later[i], b, out[i] * a);
}

static void exact_merge(float *max, float *sum, float *out, float later_max, float later_sum, const float *later,
                        int32_t padded)
{
    const float top = *max > later_max ? *max : later_max;
    const float a = exp2f(*max - top), b = exp2f(later_max - top);
    *max = top;
    *sum = *sum * a + later_sum * b;
    for (int32_t i = 0; i < padded; i++)
        out[i] = out[i] * a + later[i] * b;
}

const struct layer_kernels layer_portable = {
    .name = "portable",
    .cache = KV_I16,
    .norm = portable_norm,
    .gate = portable_gate,
    .rotate = portable_rotate,
    .store = portable_store,
    .pack = portable_pack,
    .span = portable_span,
    .merge = portable_merge,
};

const struct layer_kernels layer_portable_q8 = {
    .name = "portable",
    .cache = KV_Q8_0,
    .norm = portable_norm,
    .gate = portable_gate,
    .rotate = portable_rotate,
    .store = portable_store_q8,
    .pack = portable_pack_q8,
    .span = portable_span_q8,
    .merge = portable_merge,
};

const struct layer_kernels layer_exact = {
    .name = "exact",
    .cache = KV_F32,
    .norm = exact_norm,
    .gate = exact_gate,
    .rotate = exact_rotate,
    .store = exact_store,
    .span = exact_span,
    .merge = exact_merge,
};
