/* a * b + c with one rounding, the same bits on every processor.
 *
 * Where the compiler may use the instruction it is one. Elsewhere the product is exact in double, the sum is rounded to
 * odd there (Boldo and Melquiond 2008, "Emulation of FMA and correctly rounded sums") and then to float: no call, no
 * branch, so that loops become vectors. */
#ifndef PALAVER_ENGINE_KERNELS_FUSED_H
#define PALAVER_ENGINE_KERNELS_FUSED_H

#include <stdint.h>
#include <string.h>

static inline float fused(float a, float b, float c)
{
#if defined __FMA__ || defined __aarch64__
    return __builtin_fmaf(a, b, c);
#else
    const double product = (double)a * (double)b, sum = product + (double)c;
    const double back = sum - product, lost = (product - (sum - back)) + ((double)c - back);
    int64_t bits, away;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&away, &lost, sizeof away);
    /* Something was lost (not NaN, as beside infinities) and the last bit is even: one step towards what was lost. */
    const int64_t even = (bits & 1) - 1, inexact = -(int64_t)((lost < 0) | (lost > 0));
    const int64_t step = 1 + 2 * ((bits ^ away) >> 63);
    bits += step & even & inexact;
    double odd;
    memcpy(&odd, &bits, sizeof odd);
    return (float)odd;
#endif
}

#endif
