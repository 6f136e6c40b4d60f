/* Layer kernels in plain C: what the others are tested against, and the exact mode's.
 *
 * Sums run over KV_LANES accumulators side by side so that compilers can use vectors. */
#include "engine/kernels/layer.h"

#include <math.h>
#include <string.h>

#include "engine/kernels/half.h"

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

static void portable_norm(float *x, const float *add, const float *weight, float *out, size_t n, float epsilon)
{
    float sums[KV_LANES] = {0}, sum = 0;
    add_into(x, add, n);
    for (size_t i = 0; i < n; i++)
        sums[i % KV_LANES] += x[i] * x[i];
    for (int i = 0; i < KV_LANES; i++)
        sum += sums[i];
    norm_apply(x, weight, out, n, 1.0f / sqrtf(sum / (float)n + epsilon));
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
        gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
}

static void portable_rotate(const float *x, const float *turn, float scale, float *out, size_t n)
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

static void exact_store(const float *key, const float *value, void *keys, void *values, int32_t at,
                        int32_t head_width, int32_t padded)
{
    float *k = (float *)keys + at, *v = (float *)values + (size_t)at * (size_t)padded;
    for (int32_t i = 0; i < head_width; i++) {
        k[i * KV_BLOCK] = key[i];
        v[i] = value[i];
    }
}

/* scores[0..KV_BLOCK) of one query against a block of keys. */
static inline void score_block(const struct layer_span *s, const float *query, const void *keys, bool half,
                               float *scores)
{
    memset(scores, 0, KV_BLOCK * sizeof *scores);
    for (int32_t i = 0; i < s->head_width; i++) {
        const float q = query[i];
        const uint16_t *h = (const uint16_t *)keys + i * KV_BLOCK;
        const float *f = (const float *)keys + i * KV_BLOCK;
        for (int j = 0; j < KV_BLOCK; j++)
            scores[j] += q * (half ? half_to_float(h[j]) : f[j]);
    }
}

/* Turns scores into weights 2^(score - max) with the new max; returns the factor that ages what was summed before. */
static float weigh_block(float *scores, int32_t seen, float *max, float *sum)
{
    float top = *max, total = 0;
    for (int32_t j = 0; j < seen; j++)
        top = scores[j] > top ? scores[j] : top;
    for (int32_t j = 0; j < seen; j++) {
        scores[j] = exp2f(scores[j] - top);
        total += scores[j];
    }
    float age = exp2f(*max - top);
    *max = top;
    *sum = *sum * age + total;
    return age;
}

static inline void add_values(const struct layer_span *s, const float *weights, int32_t seen, float age,
                              const void *values, bool half, float *out)
{
    for (int32_t i = 0; i < s->padded; i++)
        out[i] *= age;
    for (int32_t j = 0; j < seen; j++) {
        const uint16_t *h = (const uint16_t *)values + (size_t)j * (size_t)s->padded;
        const float *f = (const float *)values + (size_t)j * (size_t)s->padded;
        for (int32_t i = 0; i < s->padded; i++)
            out[i] += weights[j] * (half ? half_to_float(h[i]) : f[i]);
    }
}

static inline void span_rows(const struct layer_span *s, bool half)
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
            score_block(s, s->queries + (size_t)r * (size_t)s->padded, block + s->keys, half, scores);
            float age = weigh_block(scores, seen, &s->max[r], &s->sum[r]);
            add_values(s, scores, seen, age, block + s->values, half, out);
        }
    }
}

static void portable_span(const struct layer_span *s)
{
    span_rows(s, true);
}

static void exact_span(const struct layer_span *s)
{
    span_rows(s, false);
}

static void portable_merge(float *max, float *sum, float *out, float later_max, float later_sum, const float *later,
                           int32_t padded)
{
    float top = *max > later_max ? *max : later_max;
    float a = exp2f(*max - top), b = exp2f(later_max - top);
    *max = top;
    *sum = *sum * a + later_sum * b;
    for (int32_t i = 0; i < padded; i++)
        out[i] = out[i] * a + later[i] * b;
}

const struct layer_kernels layer_portable = {
    .name = "portable",
    .half = true,
    .norm = portable_norm,
    .gate = portable_gate,
    .rotate = portable_rotate,
    .store = portable_store,
    .span = portable_span,
    .merge = portable_merge,
};

const struct layer_kernels layer_exact = {
    .name = "exact",
    .half = false,
    .norm = exact_norm,
    .gate = portable_gate,
    .rotate = portable_rotate,
    .store = exact_store,
    .span = exact_span,
    .merge = portable_merge,
};
