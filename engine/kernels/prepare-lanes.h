/* What is done with all values of a group when activations are prepared, once with AVX2's and AVX-512's instructions and
 * once in plain C. All give the same bits. A group has n values, a multiple of 32, at most KERNEL_GROUP. */
#ifndef PALAVER_ENGINE_KERNELS_PREPARE_LANES_H
#define PALAVER_ENGINE_KERNELS_PREPARE_LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined __AVX2__
#include <immintrin.h>
#endif

#include "engine/kernels/kernels.h"

/* How large values are, and which stand out. Magnitudes are compared as whole numbers, so that NaN is beyond all. */
struct magnitudes {
    float largest;                        /* of all */
    float rest;                           /* of those that are not beyond the bound */
    uint32_t beyond[KERNEL_GROUP_BLOCKS]; /* a bit for each value that is */
};

#if defined __AVX512F__

static inline float float_of(uint32_t bits)
{
    return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128((int)bits)));
}

static inline void measure(const float *x, int n, float bound, struct magnitudes *m)
{
    const __m512 most = _mm512_set1_ps(bound);
    __m512i all = _mm512_setzero_si512(), rest = all;
    memset(m->beyond, 0, sizeof m->beyond);
    for (int i = 0; i < n; i += 32) {
        const __m512 a = _mm512_abs_ps(_mm512_loadu_ps(x + i)), b = _mm512_abs_ps(_mm512_loadu_ps(x + i + 16));
        const __m512i ai = _mm512_castps_si512(a), bi = _mm512_castps_si512(b);
        const __mmask16 far_a = _mm512_cmp_ps_mask(a, most, _CMP_GT_OQ),
                        far_b = _mm512_cmp_ps_mask(b, most, _CMP_GT_OQ);
        all = _mm512_max_epu32(all, _mm512_max_epu32(ai, bi));
        rest = _mm512_mask_max_epu32(rest, _knot_mask16(far_a), rest, ai);
        rest = _mm512_mask_max_epu32(rest, _knot_mask16(far_b), rest, bi);
        m->beyond[i / 32] = (uint32_t)far_a | (uint32_t)far_b << 16;
    }
    m->largest = float_of(_mm512_reduce_max_epu32(all));
    m->rest = float_of(_mm512_reduce_max_epu32(rest));
}

#elif defined __AVX2__

static inline float largest_of(__m256i v)
{
    __m128i m = _mm_max_epu32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0x4e));
    return _mm_cvtss_f32(_mm_castsi128_ps(_mm_max_epu32(m, _mm_shuffle_epi32(m, 0xb1))));
}

static inline void measure(const float *x, int n, float bound, struct magnitudes *m)
{
    const __m256 sign = _mm256_set1_ps(-0.0f), most = _mm256_set1_ps(bound);
    __m256i all = _mm256_setzero_si256(), rest = all;
    memset(m->beyond, 0, sizeof m->beyond);
    for (int i = 0; i < n; i += 32) {
        uint32_t bits = 0;
        for (int j = 0; j < 32; j += 8) {
            const __m256 a = _mm256_andnot_ps(sign, _mm256_loadu_ps(x + i + j));
            const __m256 far = _mm256_cmp_ps(a, most, _CMP_GT_OQ);
            all = _mm256_max_epu32(all, _mm256_castps_si256(a));
            rest = _mm256_max_epu32(rest, _mm256_castps_si256(_mm256_andnot_ps(far, a)));
            bits |= (uint32_t)_mm256_movemask_ps(far) << j;
        }
        m->beyond[i / 32] = bits;
    }
    m->largest = largest_of(all);
    m->rest = largest_of(rest);
}

#else

/* By 16 lanes, so that it can be vectorised. */
static inline float largest_magnitude(const float *x, int n)
{
    uint32_t lanes[16] = {0}, largest = 0;
    float size;
    for (int i = 0; i < n; i += 16)
        for (int j = 0; j < 16; j++) {
            uint32_t bits;
            memcpy(&bits, &x[i + j], sizeof bits);
            bits &= 0x7fffffff;
            lanes[j] = bits > lanes[j] ? bits : lanes[j];
        }
    for (int j = 0; j < 16; j++)
        largest = lanes[j] > largest ? lanes[j] : largest;
    memcpy(&size, &largest, sizeof size);
    return size;
}

static inline void measure(const float *x, int n, float bound, struct magnitudes *m)
{
    float without[KERNEL_GROUP];
    m->largest = m->rest = largest_magnitude(x, n);
    memset(m->beyond, 0, sizeof m->beyond);
    if (!(m->largest > bound))
        return;
    for (int i = 0; i < n; i += 16) {
        uint32_t bits = 0;
        for (int j = 0; j < 16; j++)
            bits |= (uint32_t)(fabsf(x[i + j]) > bound) << j;
        for (int j = 0; j < 16; j++)
            without[i + j] = fabsf(x[i + j]) > bound ? 0 : x[i + j];
        m->beyond[i / 32] |= bits << i % 32;
    }
    m->rest = largest_magnitude(without, n);
}

#endif

#if defined __AVX2__

/* Of 32 values the nearest integers, 0 where `apart` has a bit. */
static inline __m256i round_block(const float *x, __m256 inverse, uint32_t apart)
{
    __m256i v[4];
    for (int k = 0; k < 4; k++)
        v[k] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 8 * k), inverse));
    __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
    bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    const __m256i which = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((int64_t)0x8040201008040201);
    const __m256i bits = _mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)apart), which);
    return _mm256_andnot_si256(_mm256_cmpeq_epi8(_mm256_and_si256(bits, bit), bit), bytes);
}

/* The sums over 16 of four blocks, of which `eights` has those over 8: of their first halves, then of their second. */
static inline __m256i sum_sixteens(const __m256i *eights)
{
    const __m256i low = _mm256_packus_epi32(eights[0], eights[1]), high = _mm256_packus_epi32(eights[2], eights[3]);
    return _mm256_madd_epi16(_mm256_packus_epi32(low, high), _mm256_set1_epi16(1));
}

/* x * inverse to the nearest integers, KERNEL_GROUP with zeros at the end, 0 where `apart` has a bit; and their sums over
 * 16 and 32. */
static inline void round_values(const float *x, int n, float inverse, const uint32_t *apart, int8_t *to,
                                int16_t *sums16, int16_t *sums32)
{
    __m256i eights[KERNEL_GROUP_BLOCKS]; /* sums over 8, each number 128 more */
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++) {
        __m256i i = _mm256_setzero_si256();
        if (b < n / 32)
            i = round_block(x + 32 * b, _mm256_set1_ps(inverse), apart[b]);
        _mm256_storeu_si256((__m256i *)to + b, i);
        eights[b] = _mm256_sad_epu8(_mm256_xor_si256(i, _mm256_set1_epi8(-128)), _mm256_setzero_si256());
    }
    __m256i sums = _mm256_packs_epi32(sum_sixteens(eights), sum_sixteens(eights + 4));
    sums = _mm256_sub_epi16(sums, _mm256_set1_epi16(16 * 128));
    const __m128i first = _mm256_castsi256_si128(sums), second = _mm256_extracti128_si256(sums, 1);
    _mm_storeu_si128((__m128i *)sums16, _mm_unpacklo_epi16(first, second));
    _mm_storeu_si128((__m128i *)sums16 + 1, _mm_unpackhi_epi16(first, second));
    _mm_storeu_si128((__m128i *)sums32, _mm_add_epi16(first, second));
}

#else

static inline void round_values(const float *x, int n, float inverse, const uint32_t *apart, int8_t *to,
                                int16_t *sums16, int16_t *sums32)
{
    for (int i = 0; i < n; i++) {
        /* adding 1.5 * 2^23 leaves the nearest integer in the low bits */
        const float shifted = x[i] * inverse + 12582912.0f;
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        to[i] = (int8_t)bits;
    }
    memset(to + n, 0, (size_t)(KERNEL_GROUP - n));
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++)
        for (uint32_t bits = apart[b]; bits != 0; bits &= bits - 1)
            to[32 * b + __builtin_ctz(bits)] = 0;
    for (int k = 0; k < KERNEL_GROUP / 16; k++) {
        int32_t sum = 0;
        for (int j = 0; j < 16; j++)
            sum += to[16 * k + j];
        sums16[k] = (int16_t)sum;
    }
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++)
        sums32[b] = (int16_t)(sums16[2 * b] + sums16[2 * b + 1]);
}

#endif

#endif
