/* The primitives of vector.h that AVX2 and AVX-VNNI have in common. Panels have 16 rows: three columns' sums fill six
 * of the sixteen registers, and what is multiplied needs most of the others. Whoever includes this defines TILE after. */
#ifndef PALAVER_ENGINE_KERNELS_AVX2_H
#define PALAVER_ENGINE_KERNELS_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m256i V;
typedef __m256 VF;
#define UNITS 2
#define PAIR 2
#define SUB 3
#define PANELS 1
#define STRAIGHT 1
#define STRAIGHT_REST 0

#define AVX2_INLINE static inline __attribute__((always_inline))

AVX2_INLINE V v_rows(const uint8_t *p, size_t stride, size_t i)
{
    p += i * stride;
    return _mm256_loadu2_m128i((const void *)(p + 4 * stride), (const void *)p);
}

#define v_low32 _mm256_unpacklo_epi32
#define v_high32 _mm256_unpackhi_epi32
#define v_low64 _mm256_unpacklo_epi64
#define v_high64 _mm256_unpackhi_epi64
#define v_and _mm256_and_si256
#define v_or _mm256_or_si256
#define v_xor _mm256_xor_si256
#define v_set1 _mm256_set1_epi32
#define v_shl _mm256_slli_epi32
#define v_shr _mm256_srli_epi32
#define v_sar _mm256_srai_epi32
#define v_add _mm256_add_epi32
#define v_sub _mm256_sub_epi32
#define v_or_and(a, b, c) v_or(a, v_and(b, c))
#define v_sar16 _mm256_srai_epi16
#define v_mul _mm256_mullo_epi32
#define v_table(table, index) \
    _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(table))), index)
#define v_bytes(v, index) _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(index))))
#define v_load(p) _mm256_loadu_si256((const void *)(p))
#define v_store(p, v) _mm256_storeu_si256((void *)(p), v)
#define vf_cast _mm256_castsi256_ps
#define vf_int _mm256_cvtepi32_ps
#define vf_mul _mm256_mul_ps
#define vf_fma _mm256_fmadd_ps
#define vf_set1 _mm256_set1_ps
#define vf_load _mm256_loadu_ps
#define vf_store _mm256_storeu_ps

AVX2_INLINE V v_bcast(const uint8_t *p)
{
    int x;
    __builtin_memcpy(&x, p, 4);
    return _mm256_set1_epi32(x);
}

/* Bits 4j..4j+3 of each lane, each as bit 4 of a byte. */
AVX2_INLINE V v_fifths(V high, const int j)
{
    static const uint8_t copies[4][16] = {
        {0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12},
        {1, 1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9, 13, 13, 13, 13},
        {2, 2, 2, 2, 6, 6, 6, 6, 10, 10, 10, 10, 14, 14, 14, 14},
        {3, 3, 3, 3, 7, 7, 7, 7, 11, 11, 11, 11, 15, 15, 15, 15},
    };
    const V bits = v_set1(j % 2 == 0 ? 0x08040201 : (int)0x80402010), copied = v_bytes(high, copies[j / 2]);
    return v_and(_mm256_cmpeq_epi8(v_and(copied, bits), bits), v_set1(0x10101010));
}
#define v_fifths v_fifths

AVX2_INLINE VF vf_half_low(V v)
{
    V low = v_and(v, v_set1(0xffff));
    V packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
    return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
}

#define vf_half_high(v) vf_half_low(v_shr(v, 16))

#endif
