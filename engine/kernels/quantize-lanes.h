/* Vectors of float32 lanes for quantize-search.h: as wide as the instruction set has them.
 *
 * They are the compiler's own vector types, which know + - * /; what those lack stands here. */
#ifndef PALAVER_ENGINE_KERNELS_QUANTIZE_LANES_H
#define PALAVER_ENGINE_KERNELS_QUANTIZE_LANES_H

#include <stdint.h>
#include <string.h>

#define LANES_INLINE static inline __attribute__((always_inline))

#if defined __AVX512F__
#include <immintrin.h>
typedef __m512 lanes;
enum { LANES = 16 };
#define lanes_set _mm512_set1_ps
#define lanes_min _mm512_min_ps
#define lanes_max _mm512_max_ps
/* a < b ? yes : no */
#define lanes_less(a, b, yes, no) _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes)
/* a == b ? yes : no */
#define lanes_same(a, b, yes, no) _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ), no, yes)
#elif defined __AVX2__
#include <immintrin.h>
typedef __m256 lanes;
enum { LANES = 8 };
#define lanes_set _mm256_set1_ps
#define lanes_min _mm256_min_ps
#define lanes_max _mm256_max_ps
#define lanes_less(a, b, yes, no) _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ))
#define lanes_same(a, b, yes, no) _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_EQ_OQ))
#else
typedef float lanes __attribute__((vector_size(16)));
typedef int32_t lanes_mask __attribute__((vector_size(16)));
enum { LANES = 4 };
LANES_INLINE lanes lanes_set(float x)
{
    return (lanes){x, x, x, x};
}
LANES_INLINE lanes lanes_chosen(lanes_mask m, lanes yes, lanes no)
{
    return (lanes)((m & (lanes_mask)yes) | (~m & (lanes_mask)no));
}
#define lanes_less(a, b, yes, no) lanes_chosen((a) < (b), yes, no)
#define lanes_same(a, b, yes, no) lanes_chosen((a) == (b), yes, no)
#define lanes_min(a, b) lanes_less(a, b, a, b)
#define lanes_max(a, b) lanes_less(b, a, a, b)
#endif

LANES_INLINE lanes lanes_load(const float *p)
{
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

LANES_INLINE void lanes_store(float *p, lanes v)
{
    memcpy(p, &v, sizeof v);
}

LANES_INLINE lanes lanes_abs(lanes v)
{
    return lanes_max(v, -v);
}

/* To the nearest integer, ties to even, for |v| < 2^22: nothing is left of a fraction beside 1.5 * 2^23. */
LANES_INLINE lanes lanes_round(lanes v)
{
    const lanes shift = lanes_set(12582912.0f);
    return (v + shift) - shift;
}

/* 1 / v, and 0 for 0. */
LANES_INLINE lanes lanes_inverse(lanes v)
{
    const lanes zero = lanes_set(0.0f), one = lanes_set(1.0f);
    const lanes some = lanes_less(zero, lanes_abs(v), v, one);
    return lanes_less(zero, lanes_abs(v), one / some, zero);
}

#endif
