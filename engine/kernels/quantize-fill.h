/* Elements into the lanes of a tile: blocks of x, each made about as large as 1, and turned so that a lane has a
 * sub-block. */
#ifndef PALAVER_ENGINE_KERNELS_QUANTIZE_FILL_H
#define PALAVER_ENGINE_KERNELS_QUANTIZE_FILL_H

#include <float.h>
#include <stddef.h>
#include <string.h>

#include "engine/kernels/quantize-lanes.h"
#include "engine/kernels/quantize-tile.h"

/* An importance of 0 still counts this much beside the largest of its block, so that scales are always determined. */
#define LEAST_WEIGHT 0x1p-20f

/* The power of two below a finite number >= 0. Very small ones get a larger one, so that it has an inverse. */
static inline float power_below(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0x7f800000;
    memcpy(&x, &bits, sizeof x);
    return x > 0x1p-100f ? x : 0x1p-100f;
}

/* Copies n numbers, a multiple of 16, each at least `least` and at most FLT_MAX; a NaN becomes 0. Returns the power of
 * two below the largest absolute value. */
LANES_INLINE float block_copy(const float *x, int n, float least, float *out)
{
    lanes largest = lanes_set(0.0f);
    float side[LANES];
    for (int i = 0; i < n; i += LANES) {
        const lanes v = lanes_load(x + i), finite = lanes_min(lanes_max(v, lanes_set(least)), lanes_set(FLT_MAX));
        const lanes kept = lanes_same(v, v, finite, lanes_set(0.0f));
        largest = lanes_max(largest, lanes_abs(kept));
        lanes_store(out + i, kept);
    }
    lanes_store(side, largest);
    for (int k = 1; k < LANES; k++)
        side[0] = side[k] > side[0] ? side[k] : side[0];
    return power_below(side[0]);
}

/* The elements and the weights of a block, the largest of each about 1; returns the unit of the elements. */
LANES_INLINE float block_fill(const float *x, const float *importance, int n, float *elements, float *weights)
{
    const float unit = block_copy(x, n, -FLT_MAX, elements), inverse = 1.0f / unit;
    for (int i = 0; i < n; i++)
        elements[i] *= inverse;
    const float weight = importance == NULL ? 0.0f : 1.0f / block_copy(importance, n, 0.0f, weights);
    for (int i = 0; i < n; i++)
        weights[i] = importance == NULL ? 1.0f : weights[i] * weight + LEAST_WEIGHT;
    return unit;
}

/* to[i][lane] = from[lane * length + i] */
LANES_INLINE void lanes_turn(const float *from, int length, float to[QUANTIZE_LENGTH][QUANTIZE_LANES])
{
    for (int i = 0; i < length; i++)
        for (int lane = 0; lane < QUANTIZE_LANES; lane++)
            to[i][lane] = from[lane * length + i];
}

static void fill(struct quantize_tile *t, const struct quantize_form *form, const struct quantize_stretch *from)
{
    _Alignas(64) float x[QUANTIZE_LANES * QUANTIZE_LENGTH], w[QUANTIZE_LANES * QUANTIZE_LENGTH];
    const int block = form->length * form->subs;
    uint64_t col = from->col;
    t->weighted = from->importance != NULL;
    for (int b = 0; b < QUANTIZE_LANES / form->subs; b++) {
        static const float zeros[256];
        const bool there = b < from->blocks, weighted = there && from->importance != NULL;
        const float unit = block_fill(there ? from->x + (size_t)b * (size_t)block : zeros,
                                      weighted ? from->importance + col : NULL, block, x + b * block, w + b * block);
        for (int sub = 0; sub < form->subs; sub++)
            t->unit[b * form->subs + sub] = unit;
        col = (col + (uint64_t)block) % from->cols;
    }
    lanes_turn(x, form->length, t->x);
    lanes_turn(w, form->length, t->w);
}

#endif
