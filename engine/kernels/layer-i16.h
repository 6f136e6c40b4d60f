/* The key/value cache in 16 bits: its form, and putting numbers into it. Every table of layer kernels includes this, so that
 * the compiler makes it of that table's instructions; the operations, and so the bits, are the same.
 *
 * Numbers are 16-bit integers, with a scale, a float, for the key and for the value of each position and head. Keys of a
 * head in a block: by pairs of elements, the two numbers of each of KV_BLOCK positions, then their scales. Values: by pairs
 * of positions, the two numbers of each column, then the scales. So a lane has two numbers, which one instruction multiplies
 * with two of a query, or with two weights, and adds: twice as many products as of floats.
 *
 * Keys and queries are scaled to a length (the root of the sum of squares) below 2^15.5, so that no product of two is more
 * than 2^31 (Cauchy and Schwarz), whatever their width is; sums on the way may wrap. Values have 14 bits, by their largest, and
 * weights as many as they need: none is more than 15 bits, nor the sum of a block's more than I16_WEIGHTS, so that a block's
 * products fit 32 bits. Integers give the same sums in whatever order; beside those of a float with 11 bits the errors
 * are smaller. */
#ifndef PALAVER_ENGINE_KERNELS_LAYER_I16_H
#define PALAVER_ENGINE_KERNELS_LAYER_I16_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/kernels/fused.h"
#include "engine/kernels/layer.h"

#define I16_LENGTH 46300.0f
#define I16_NUMBER 32767.0f
#define I16_VALUE 16383.0f
#define I16_WEIGHTS 131000.0f
#define I16_LEAST 0x1p-100f /* a smaller step counts as 0 */

/* Bytes of a pair, and of a block's scales. */
enum { I16_PAIR = 2 * sizeof(int16_t), I16_SCALES = KV_BLOCK * sizeof(float) };

/* A query's numbers follow its scale. */
enum { I16_QUERY = sizeof(float) };

/* Bytes in front of the scales. */
static inline size_t i16_keys(int32_t head_width)
{
    return ((size_t)head_width + 1) / 2 * KV_BLOCK * I16_PAIR;
}

static inline size_t i16_values(int32_t padded)
{
    return (size_t)padded * KV_BLOCK / 2 * I16_PAIR;
}

/* Numbers [i, i + KV_LANES) of x (n), zeros beyond. */
static inline void i16_load(const float *x, int32_t i, int32_t n, float *out)
{
    if (n - i >= KV_LANES) {
        memcpy(out, x + i, KV_LANES * sizeof *out);
        return;
    }
    memset(out, 0, KV_LANES * sizeof *out);
    memcpy(out, x + i, (size_t)(n - i) * sizeof *out);
}

/* Absolute values as whole numbers, of which those of larger floats are larger: the largest of x (KV_LANES) and top. */
static inline void i16_larger(const float *x, uint32_t *top)
{
    uint32_t bits[KV_LANES];
    memcpy(bits, x, sizeof bits);
    for (int c = 0; c < KV_LANES; c++) {
        const uint32_t size = bits[c] & 0x7fffffff;
        top[c] = size > top[c] ? size : top[c];
    }
}

/* The largest of those lanes. Infinite if one is not finite: so is the step then, and what is made of it NaN. */
static inline float i16_largest(const uint32_t *lanes)
{
    uint32_t top = 0;
    float largest;
    for (int c = 0; c < KV_LANES; c++)
        top = lanes[c] > top ? lanes[c] : top;
    top = top > 0x7f800000 ? 0x7f800000 : top;
    memcpy(&largest, &top, sizeof largest);
    return largest;
}

/* The step of a value's numbers. */
static inline float i16_value_step(const float *x, int32_t n)
{
    uint32_t top[KV_LANES] = {0};
    for (int32_t i = 0; i < n; i += KV_LANES) {
        float lanes[KV_LANES];
        i16_load(x, i, n, lanes);
        i16_larger(lanes, top);
    }
    return i16_largest(top) * (1.0f / I16_VALUE);
}

/* The step of a key's or query's numbers. */
static inline float i16_key_step(const float *x, int32_t n)
{
    float sums[KV_LANES] = {0};
    uint32_t top[KV_LANES] = {0};
    for (int32_t i = 0; i < n; i += KV_LANES) {
        float lanes[KV_LANES];
        i16_load(x, i, n, lanes);
        i16_larger(lanes, top);
        for (int c = 0; c < KV_LANES; c++)
            sums[c] = fused(lanes[c], lanes[c], sums[c]);
    }
    for (int half = KV_LANES / 2; half > 0; half /= 2)
        for (int c = 0; c < half; c++)
            sums[c] += sums[c + half];
    const float by_length = sqrtf(sums[0]) * (1.0f / I16_LENGTH), by_largest = i16_largest(top) * (1.0f / I16_NUMBER);
    return by_length > by_largest ? by_length : by_largest;
}

/* What numbers of this step are multiplied by. */
static inline float i16_inverse(float step)
{
    return step >= I16_LEAST ? 1.0f / step : 0.0f;
}

/* x * inverse, rounded: (KV_LANES). */
static inline void i16_round(const float *x, float inverse, int16_t *out)
{
    const float round = 0x1.8p23f; /* what is added to it is rounded to a whole number */
    float moved[KV_LANES];
    uint32_t bits[KV_LANES];
    for (int c = 0; c < KV_LANES; c++)
        moved[c] = x[c] * inverse + round;
    memcpy(bits, moved, sizeof bits);
    for (int c = 0; c < KV_LANES; c++)
        out[c] = (int16_t)(bits[c] & 0xffff);
}

static inline void i16_store(const float *key, const float *value, void *keys, void *values, int32_t at,
                             int32_t head_width, int32_t padded)
{
    const float scales[2] = {i16_key_step(key, head_width), i16_value_step(value, head_width)};
    const float key_inverse = i16_inverse(scales[0]), value_inverse = i16_inverse(scales[1]);
    int16_t *k = (int16_t *)keys + 2 * at, *v = (int16_t *)values + (size_t)(at / 2 * 2) * (size_t)padded + at % 2;
    for (int32_t i = 0; i < padded; i += KV_LANES) {
        float x[KV_LANES];
        int16_t q[KV_LANES];
        i16_load(key, i, head_width, x);
        i16_round(x, key_inverse, q);
        for (int32_t c = 0; c < KV_LANES && i + c < head_width; c += 2)
            memcpy(k + (i + c) * KV_BLOCK, q + c, I16_PAIR);
        i16_load(value, i, head_width, x);
        i16_round(x, value_inverse, q);
        for (int32_t c = 0; c < KV_LANES; c++)
            v[2 * (i + c)] = q[c];
    }
    memcpy((char *)keys + i16_keys(head_width) + (size_t)at * sizeof(float), &scales[0], sizeof(float));
    memcpy((char *)values + i16_values(padded) + (size_t)at * sizeof(float), &scales[1], sizeof(float));
}

static inline void i16_query(const float *query, void *packed, int32_t head_width)
{
    const float scale = i16_key_step(query, head_width), inverse = i16_inverse(scale);
    int16_t *out = (int16_t *)(void *)((char *)packed + I16_QUERY);
    memcpy(packed, &scale, sizeof scale);
    for (int32_t i = 0; i < head_width; i += KV_LANES) {
        float x[KV_LANES];
        i16_load(query, i, head_width, x);
        i16_round(x, inverse, out + i);
    }
}

static inline size_t i16_query_bytes(int32_t padded)
{
    return I16_QUERY + (size_t)padded * sizeof(int16_t);
}

static inline float i16_query_scale(const char *query)
{
    float scale;
    memcpy(&scale, query, sizeof scale);
    return scale;
}

#endif
