/* Activations into tiles, as plain loops that the compiler vectorises for the flags of the file that includes this.
 * All tables round alike, so that they agree to the bit. */
#ifndef PALAVER_ENGINE_KERNELS_PREPARE_H
#define PALAVER_ENGINE_KERNELS_PREPARE_H

#include <math.h>
#include <string.h>

#include "engine/kernels/kernels.h"

/* One block of 32 of one column: i = rint(x / scale), scale = max|x| / 127. NaN or infinity in x makes scale NaN, so
 * that every result shows it. */
static inline void prepare_block(const float *restrict x, int8_t *restrict q, float *scale, int32_t *low, int32_t *high)
{
    uint32_t bits[KERNEL_BLOCK], largest = 0;
    memcpy(bits, x, sizeof bits);
    for (int i = 0; i < KERNEL_BLOCK; i++) {
        uint32_t magnitude = bits[i] & 0x7fffffff;
        largest = magnitude > largest ? magnitude : largest;
    }
    float max;
    memcpy(&max, &largest, sizeof max);
    bool sound = largest < 0x7f800000 && largest > 0x00800000; /* finite and not denormal */
    float inverse = sound ? 127.0f / max : 0.0f;
    *scale = sound ? max / 127.0f : largest >= 0x7f800000 ? NAN : 0.0f;
    int32_t sums[2] = {0, 0};
    for (int part = 0; part < 2; part++)
        for (int i = 0; i < 16; i++) {
            /* adding 1.5 * 2^23 leaves the nearest integer in the low bits */
            float shifted = (sound ? x[16 * part + i] : 0.0f) * inverse + 12582912.0f;
            int32_t whole;
            memcpy(&whole, &shifted, sizeof whole);
            whole -= 0x4b400000;
            q[16 * part + i] = (int8_t)whole;
            sums[part] += whole;
        }
    *low = sums[0];
    *high = sums[1];
}

static void prepare_q8(const float *x, size_t x_stride, int w, size_t blocks, void *tile)
{
    for (int c = 0; c < w; c++) {
        const float *column = x + (size_t)c * x_stride;
        for (size_t b = 0; b < blocks; b++) {
            uint8_t *to = (uint8_t *)tile + b * (size_t)w * 48;
            float *numbers = (float *)(to + (size_t)w * KERNEL_BLOCK);
            float scale;
            int32_t low, high;
            prepare_block(column + b * KERNEL_BLOCK, (int8_t *)to + c * KERNEL_BLOCK, &scale, &low, &high);
            numbers[c] = scale;
            numbers[w + c] = scale * (float)(low + high);
            numbers[2 * w + 2 * c] = scale * (float)low;
            numbers[2 * w + 2 * c + 1] = scale * (float)high;
        }
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
