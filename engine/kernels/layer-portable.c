/* Layer kernels in plain C: what the others equal to the bit, and those of the exact mode.
 *
 * Sums run over KV_LANES accumulators side by side and are added up in halves, as the widest vectors do it. */
#include "engine/kernels/layer.h"

#include <math.h>
#include <string.h>

#include "engine/kernels/fused.h"
#include "engine/kernels/half.h"
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

static void portable_store(const float *key, const float *value, void *keys, void *values, int32_t at,
                           int32_t head_width, int32_t padded)
{
    uint16_t *k = (uint16_t *)keys + at, *v = (uint16_t *)values + (size_t)at * (size_t)padded;
    for (int32_t i = 0; i < head_width; i++) {
        k[i * KV_BLOCK] = half_from_float(key[i]);
        v[i] = half_from_float(value[i]);
    }
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

/* How the two tables of this file differ: the exact one has a float32 cache, libm's exponential and no fused sums. */
static inline float cached(const void *elements, size_t i, bool exact)
{
    return exact ? ((const float *)elements)[i] : half_to_float(((const uint16_t *)elements)[i]);
}

static inline float add_product(float a, float b, float c, bool exact)
{
    return exact ? c + a * b : fused(a, b, c);
}

static inline float power_of_two(float x, bool exact)
{
    return exact ? exp2f(x) : exp2_lane(x);
}

/* scores[0..KV_BLOCK) of one query against a block of keys. */
static inline void score_block(const struct layer_span *s, const float *query, const void *keys, bool exact,
                               float *scores)
{
    memset(scores, 0, KV_BLOCK * sizeof *scores);
    for (size_t i = 0; i < (size_t)s->head_width; i++)
        for (size_t j = 0; j < KV_BLOCK; j++)
            scores[j] = add_product(query[i], cached(keys, i * KV_BLOCK + j, exact), scores[j], exact);
}

/* Turns scores into weights 2^(score - max) with the new max, 0 beyond seen; returns the factor that ages what was
 * summed before. */
static inline float weigh_block(float *scores, int32_t seen, float *max, float *sum, bool exact)
{
    float top = *max, lanes[KV_LANES];
    for (int32_t j = 0; j < seen; j++)
        top = scores[j] > top ? scores[j] : top;
    for (int32_t j = 0; j < KV_BLOCK; j++)
        scores[j] = j < seen ? power_of_two(scores[j] - top, exact) : 0.0f;
    for (int i = 0; i < KV_LANES; i++)
        lanes[i] = (scores[i] + scores[KV_LANES + i]) + (scores[2 * KV_LANES + i] + scores[3 * KV_LANES + i]);
    float age = power_of_two(*max - top, exact);
    *max = top;
    *sum = *sum * age + sum_lanes(lanes);
    return age;
}

static inline void add_values(const struct layer_span *s, const float *weights, int32_t seen, float age,
                              const void *values, bool exact, float *out)
{
    const size_t padded = (size_t)s->padded;
    for (size_t i = 0; i < padded; i++)
        out[i] *= age;
    for (size_t j = 0; j < (size_t)seen; j++)
        for (size_t i = 0; i < padded; i++)
            out[i] = add_product(weights[j], cached(values, j * padded + i, exact), out[i], exact);
}

static inline void span_rows(const struct layer_span *s, bool exact)
{
    for (int32_t r = 0; r < s->rows; r++) {
        float *out = s->out + (size_t)r * (size_t)s->padded;
        float scores[KV_BLOCK];
        s->max[r] = -INFINITY;
        s->sum[r] = 0;
        memset(out, 0, (size_t)s->padded * sizeof *out);
        for (int32_t first = 0; first < s->visible[r]; first += KV_BLOCK) {
            const char *block = s->blocks[first / KV_BLOCK];
            int32_t seen = s->visible[r] - first < KV_BLOCK ? s->visible[r] - first : KV_BLOCK;
            score_block(s, (const float *)s->queries + (size_t)r * (size_t)s->padded, block + s->keys, exact, scores);
            float age = weigh_block(scores, seen, &s->max[r], &s->sum[r], exact);
            add_values(s, scores, seen, age, block + s->values, exact, out);
        }
    }
}

static void portable_span(const struct layer_span *s)
{
    span_rows(s, false);
}

static void exact_span(const struct layer_span *s)
{
    span_rows(s, true);
}

/* ---- 8 bits ----------------------------------------------------------------------------------------------------- */

static void portable_store_q8(const float *key, const float *value, void *keys, void *values, int32_t at,
                              int32_t head_width, int32_t padded)
{
    (void)padded;
    q8_store(key, value, keys, values, at, head_width);
}

static void portable_pack(const float *query, void *packed, int32_t head_width)
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

static void add_values_q8(const struct layer_span *s, const float *weights, int32_t seen, float age, const char *values,
                          float *out)
{
    const size_t padded = (size_t)s->padded, groups = q8_groups(s->head_width), row = groups * Q8_GROUP;
    const uint16_t *scales = (const uint16_t *)(const void *)(values + row * KV_BLOCK);
    for (size_t i = 0; i < padded; i++)
        out[i] *= age;
    for (size_t j = 0; j < (size_t)seen; j++)
        for (size_t i = 0; i < padded; i++) {
            const float weight = weights[j] * half_to_float(scales[j * groups + i / Q8_GROUP]);
            out[i] = fused(weight, (float)(int8_t)values[j * row + i], out[i]);
        }
}

static void portable_span_q8(const struct layer_span *s)
{
    const size_t groups = q8_groups(s->head_width);
    for (int32_t r = 0; r < s->rows; r++) {
        float *out = s->out + (size_t)r * (size_t)s->padded, scores[KV_BLOCK];
        s->max[r] = -INFINITY;
        s->sum[r] = 0;
        memset(out, 0, (size_t)s->padded * sizeof *out);
        for (int32_t first = 0; first < s->visible[r]; first += KV_BLOCK) {
            const char *block = s->blocks[first / KV_BLOCK];
            int32_t seen = s->visible[r] - first < KV_BLOCK ? s->visible[r] - first : KV_BLOCK;
            score_block_q8((const struct q8_query *)s->queries + (size_t)r * groups, groups, block + s->keys, scores);
            float age = weigh_block(scores, seen, &s->max[r], &s->sum[r], false);
            add_values_q8(s, scores, seen, age, block + s->values, out);
        }
    }
}

static inline void merge_rows(float *max, float *sum, float *out, float later_max, float later_sum, const float *later,
                              int32_t padded, bool exact)
{
    float top = *max > later_max ? *max : later_max;
    float a = power_of_two(*max - top, exact), b = power_of_two(later_max - top, exact);
    *max = top;
    *sum = *sum * a + later_sum * b;
    for (int32_t i = 0; i < padded; i++)
        out[i] = add_product(later[i], b, out[i] * a, exact);
}

static void portable_merge(float *max, float *sum, float *out, float later_max, float later_sum, const float *later,
                           int32_t padded)
{
    merge_rows(max, sum, out, later_max, later_sum, later, padded, false);
}

static void exact_merge(float *max, float *sum, float *out, float later_max, float later_sum, const float *later,
                        int32_t padded)
{
    merge_rows(max, sum, out, later_max, later_sum, later, padded, true);
}

const struct layer_kernels layer_portable = {
    .name = "portable",
    .cache = KV_F16,
    .norm = portable_norm,
    .gate = portable_gate,
    .rotate = portable_rotate,
    .store = portable_store,
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
    .pack = portable_pack,
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
