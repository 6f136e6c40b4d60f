/* Activations into tiles, as plain loops that the compiler vectorises for the flags of the file that includes this.
 * All tables round alike, so that they agree to the bit. */
#ifndef PALAVER_ENGINE_KERNELS_PREPARE_H
#define PALAVER_ENGINE_KERNELS_PREPARE_H

#include <math.h>
#include <string.h>

#include "engine/kernels/kernels.h"

/* A block whose largest value is beyond so many times the root mean square of its row has a second plane. */
#define OUTLIER 3.0f

enum { PLANE_BYTES = 48, TILE_BLOCK = 2 * PLANE_BYTES + 8 };

static inline float largest_magnitude(const float *restrict x)
{
    uint32_t bits[KERNEL_BLOCK], largest = 0;
    memcpy(bits, x, sizeof bits);
    for (int i = 0; i < KERNEL_BLOCK; i++) {
        uint32_t magnitude = bits[i] & 0x7fffffff;
        largest = magnitude > largest ? magnitude : largest;
    }
    float max;
    memcpy(&max, &largest, sizeof max);
    return max;
}

/* The sum of squares by 16 lanes, so that it can be vectorised and is still one order. */
static inline float sum_of_squares(const float *restrict x, size_t n)
{
    float lanes[16] = {0}, sum = 0;
    for (size_t i = 0; i < n; i += 16)
        for (size_t j = 0; j < 16; j++)
            lanes[j] += x[i + j] * x[i + j];
    for (int j = 0; j < 16; j++)
        sum += lanes[j];
    return sum;
}

/* One block of one column into column c of a plane of w: i = rint(x / scale), scale = max / 127. rest receives what is
 * left, x - i * scale. NaN or infinity in x makes scale NaN, so that every result shows it. */
static inline void prepare_block(const float *restrict x, float max, uint8_t *restrict plane, int c, int w,
                                 float *restrict rest)
{
    int8_t *q = (int8_t *)plane + c * KERNEL_BLOCK;
    float *numbers = (float *)(plane + (size_t)w * KERNEL_BLOCK);
    bool sound = max < INFINITY && max > 0x1p-120f;
    float inverse = sound ? 127.0f / max : 0.0f, scale = sound ? max / 127.0f : max <= 0x1p-120f ? 0.0f : NAN;
    int32_t sums[2] = {0, 0};
    for (int part = 0; part < 2; part++)
        for (int i = 16 * part; i < 16 * part + 16; i++) {
            /* adding 1.5 * 2^23 leaves the nearest integer in the low bits */
            float shifted = (sound ? x[i] : 0.0f) * inverse + 12582912.0f;
            int32_t whole;
            memcpy(&whole, &shifted, sizeof whole);
            whole -= 0x4b400000;
            q[i] = (int8_t)whole;
            sums[part] += whole;
            rest[i] = x[i] - (float)whole * scale;
        }
    numbers[c] = scale;
    numbers[w + c] = scale * (float)(sums[0] + sums[1]);
    numbers[2 * w + 2 * c] = scale * (float)sums[0];
    numbers[2 * w + 2 * c + 1] = scale * (float)sums[1];
}

static void prepare_q8(const float *x, size_t x_stride, int w, size_t blocks, void *tile)
{
    float bound[KERNEL_TILE_MAX], max[KERNEL_TILE_MAX], rest[KERNEL_BLOCK], left[KERNEL_BLOCK];
    static const float none[KERNEL_BLOCK] = {0};
    size_t n = blocks * KERNEL_BLOCK, plane = (size_t)w * PLANE_BYTES;
    for (int c = 0; c < w; c++)
        bound[c] = OUTLIER * OUTLIER * sum_of_squares(x + (size_t)c * x_stride, n) / (float)n;
    uint8_t *to = tile;
    for (size_t b = 0; b < blocks; b++, to += (size_t)w * TILE_BLOCK) {
        int32_t planes = 1;
        for (int c = 0; c < w; c++) {
            max[c] = largest_magnitude(x + (size_t)c * x_stride + b * KERNEL_BLOCK);
            if (max[c] * max[c] > bound[c])
                planes = 2;
        }
        for (int c = 0; c < w; c++) {
            prepare_block(x + (size_t)c * x_stride + b * KERNEL_BLOCK, max[c], to, c, w, rest);
            if (planes == 2 && max[c] * max[c] > bound[c])
                prepare_block(rest, largest_magnitude(rest), to + plane, c, w, left);
            else if (planes == 2)
                prepare_block(none, 0.0f, to + plane, c, w, left);
        }
        memcpy(to + 2 * plane, &planes, sizeof planes);
    }
}

static void prepare_f32(const float *x, size_t x_stride, int w, size_t blocks, void *tile)
{
    float *to = tile;
    for (int c = 0; c < w; c++)
        for (size_t k = 0; k < blocks * KERNEL_BLOCK; k++)
            to[k * (size_t)w + (size_t)c] = x[(size_t)c * x_stride + k];
}

#endif
