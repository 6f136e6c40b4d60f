/* Passes over the logits of a whole vocabulary (to 256,000) for the sampler.
 *
 * One table of functions per instruction set, all made from the same loops (scan-loops.h): sums run over SCAN_LANES
 * accumulators side by side, and the compiler joins nothing by itself, so that every table gives the same bits. */
#ifndef PALAVER_ENGINE_KERNELS_SCAN_H
#define PALAVER_ENGINE_KERNELS_SCAN_H

#include <stdint.h>
#include <string.h>

enum { SCAN_LANES = 16, SCAN_STRETCH = 64 }; /* elements looked at together */

/* The sum of e^(x - max), and of e^(x - max) (x - max). */
struct moments {
    double sum, weighted;
};

struct scan_kernels {
    /* Copies; NaN becomes -infinity. */
    void (*clean)(const float *x, float *out, int32_t n);
    float (*largest)(const float *x, int32_t n);
    struct moments (*moments)(const float *x, int32_t n, float max);
    void (*divide)(float *x, int32_t n, float by);
    /* How many come before x[id] (larger, or as large with a smaller index), and 1. */
    int32_t (*rank)(const float *x, int32_t n, int32_t id);
    /* The first of start, start + SCAN_STRETCH ... from which on a stretch has an element > bound; n: none. */
    int32_t (*beyond)(const float *x, int32_t n, int32_t start, float bound);
};

extern const struct scan_kernels scan_portable, scan_avx2, scan_avx512;
/* The table that goes with the matrix kernels. */
const struct scan_kernels *scan_choose(void);

#define SCAN_LEAST (-88.0f) /* the exponential's least argument */

/* e^x for SCAN_LEAST <= x <= 0, to about (1 - x) 2e-7 of it; 0 below -87.7, where the power of two has no bits left.
 * 2^f on [-1/2, 1/2] by its Taylor series. */
static inline float scan_exponential_above(float x)
{
    float scaled = x * 1.44269504f, shifted = scaled + 12582912.0f;
    float f = (scaled - (shifted - 12582912.0f)) * 0.693147181f;
    float p = 1.0f + f * (1.0f + f * (0.5f + f * (1.0f / 6 + f * (1.0f / 24 + f * (1.0f / 120 + f * (1.0f / 720))))));
    uint32_t power;
    memcpy(&power, &shifted, sizeof power);
    power = (power - 0x4b400000u + 127) << 23;
    float two;
    memcpy(&two, &power, sizeof two);
    return p * two;
}

/* The same for any x <= 0. */
static inline float scan_exponential(float x)
{
    return scan_exponential_above(x > SCAN_LEAST ? x : SCAN_LEAST);
}

#endif
