/* The key/value cache in 8 bits: its form, and putting numbers into it. Every table of layer kernels includes this, so that
 * the compiler makes it of that table's instructions; the operations, and so the bits, are the same.
 *
 * Heads are cut into groups of 32 elements, the last one filled up with zeros, and a group of one position has a scale of 16
 * bits: 8.5 bits an element, as Q8_0. Keys of a head in a block: by group and by four elements of it, four bytes for each
 * of KV_BLOCK positions, then by group the scales of KV_BLOCK positions; so a vector's lane is a position, and four bytes
 * of it are multiplied with four of a query at once. Values: by pairs of positions, the two bytes of each column, then by
 * group the scales of KV_BLOCK positions.
 *
 * Queries are brought to 8 bits too. A product of two groups is a whole number, the same in whatever order it is summed;
 * it is multiplied by the key's scale times the query's, and groups are added up in their order. Weights times the scales of
 * a group become whole numbers of 16 bits, as in layer-i16.h: their products with 64 bytes fit 32 bits. */
#ifndef PALAVER_ENGINE_KERNELS_LAYER_Q8_H
#define PALAVER_ENGINE_KERNELS_LAYER_Q8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/kernels/half.h"
#include "engine/kernels/layer.h"

enum { Q8_GROUP = 32, Q8_FOURS = Q8_GROUP / 4 };

/* A group of a query. */
struct q8_query {
    float scale;
    int32_t shift; /* -128 times the sum of `at`: for products with keys to which 128 was added */
    int8_t at[Q8_GROUP];
};

static inline size_t q8_groups(int32_t head_width)
{
    return ((size_t)head_width + Q8_GROUP - 1) / Q8_GROUP;
}

/* Bytes in front of the scales. */
static inline size_t q8_bytes(int32_t head_width)
{
    return q8_groups(head_width) * Q8_GROUP * KV_BLOCK;
}

/* 8 bits of 32 numbers, between -127 and 127; returns the scale. What is not finite makes one that is infinite, and
 * what is made of it NaN. */
static inline float q8_pack(const float *x, int8_t *out)
{
    const float round = 0x1.8p23f; /* what is added to it is rounded to a whole number */
    uint32_t top = 0, bits[Q8_GROUP];
    float most, moved[Q8_GROUP];
    memcpy(bits, x, sizeof bits);
    for (int i = 0; i < Q8_GROUP; i++) {
        const uint32_t size = bits[i] & 0x7fffffff;
        top = size > top ? size : top;
    }
    top = top > 0x7f800000 ? 0x7f800000 : top;
    memcpy(&most, &top, sizeof most);
    const float inverse = most >= 0x1p-100f ? 127.0f / most : 0.0f;
    for (int i = 0; i < Q8_GROUP; i++)
        moved[i] = x[i] * inverse + round;
    memcpy(bits, moved, sizeof bits);
    for (int i = 0; i < Q8_GROUP; i++)
        out[i] = (int8_t)(bits[i] & 0xff);
    return most / 127.0f;
}

/* Group g of a head, filled up. */
static inline void q8_load(const float *head, size_t g, int32_t head_width, float *out)
{
    const size_t left = (size_t)head_width - g * Q8_GROUP, n = left < Q8_GROUP ? left : Q8_GROUP;
    memset(out, 0, Q8_GROUP * sizeof *out);
    memcpy(out, head + g * Q8_GROUP, n * sizeof *out);
}

/* A head's columns in groups of 32. */
static inline size_t q8_columns(int32_t head_width)
{
    return q8_groups(head_width) * Q8_GROUP;
}

static inline void q8_store(const float *key, const float *value, void *keys, void *values, int32_t at,
                            int32_t head_width)
{
    const size_t groups = q8_groups(head_width), bytes = q8_bytes(head_width), position = (size_t)at;
    char *pairs = (char *)values + position / 2 * 2 * q8_columns(head_width) + position % 2;
    uint16_t *key_scales = (uint16_t *)(void *)((char *)keys + bytes);
    uint16_t *value_scales = (uint16_t *)(void *)((char *)values + bytes);
    for (size_t g = 0; g < groups; g++) {
        float x[Q8_GROUP];
        int8_t q[Q8_GROUP];
        q8_load(key, g, head_width, x);
        key_scales[g * KV_BLOCK + position] = half_from_float(q8_pack(x, q));
        for (size_t f = 0; f < Q8_FOURS; f++)
            memcpy((char *)keys + ((g * Q8_FOURS + f) * KV_BLOCK + position) * 4, q + 4 * f, 4);
        q8_load(value, g, head_width, x);
        value_scales[g * KV_BLOCK + position] = half_from_float(q8_pack(x, q));
        for (size_t i = 0; i < Q8_GROUP; i++)
            pairs[2 * (g * Q8_GROUP + i)] = (char)q[i];
    }
}

static inline void q8_query(const float *query, void *packed, int32_t head_width)
{
    struct q8_query *out = packed;
    for (size_t g = 0; g < q8_groups(head_width); g++) {
        float x[Q8_GROUP];
        int32_t sum = 0;
        q8_load(query, g, head_width, x);
        out[g].scale = q8_pack(x, out[g].at);
        for (int i = 0; i < Q8_GROUP; i++)
            sum += out[g].at[i];
        out[g].shift = -128 * sum;
    }
}

#endif
