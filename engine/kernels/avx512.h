/* The primitives of vector.h in AVX-512 (F, BW, VL, DQ, VNNI). */
#ifndef PALAVER_ENGINE_KERNELS_AVX512_H
#define PALAVER_ENGINE_KERNELS_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m512i V;
typedef __m512 VF;
#define UNITS 4
#define TILE 8

#define AVX512_INLINE static inline __attribute__((always_inline))

AVX512_INLINE V v_rows(const uint8_t *p, size_t stride, size_t i)
{
    p += i * stride;
    V v = _mm512_castsi128_si512(_mm_loadu_si128((const void *)p));
    v = _mm512_mask_broadcast_i32x4(v, 0x00f0, _mm_loadu_si128((const void *)(p + 4 * stride)));
    v = _mm512_mask_broadcast_i32x4(v, 0x0f00, _mm_loadu_si128((const void *)(p + 8 * stride)));
    return _mm512_mask_broadcast_i32x4(v, 0xf000, _mm_loadu_si128((const void *)(p + 12 * stride)));
}

AVX512_INLINE __m128i four_dwords(const uint8_t *p, size_t stride)
{
    __m128i v = _mm_loadu_si32(p);
    int second, third, fourth;
    __builtin_memcpy(&second, p + stride, 4);
    __builtin_memcpy(&third, p + 2 * stride, 4);
    __builtin_memcpy(&fourth, p + 3 * stride, 4);
    return _mm_insert_epi32(_mm_insert_epi32(_mm_insert_epi32(v, second, 1), third, 2), fourth, 3);
}

AVX512_INLINE V v_dwords(const uint8_t *p, size_t stride)
{
    V v = _mm512_castsi128_si512(four_dwords(p, stride));
    v = _mm512_inserti32x4(v, four_dwords(p + 4 * stride, stride), 1);
    v = _mm512_inserti32x4(v, four_dwords(p + 8 * stride, stride), 2);
    return _mm512_inserti32x4(v, four_dwords(p + 12 * stride, stride), 3);
}

#define v_low16 _mm512_unpacklo_epi16
#define v_high16 _mm512_unpackhi_epi16
#define v_low32 _mm512_unpacklo_epi32
#define v_high32 _mm512_unpackhi_epi32
#define v_low64 _mm512_unpacklo_epi64
#define v_high64 _mm512_unpackhi_epi64
#define v_and _mm512_and_si512
#define v_or _mm512_or_si512
#define v_xor _mm512_xor_si512
#define v_set1 _mm512_set1_epi32
#define v_shl(a, n) _mm512_slli_epi32(a, (unsigned)(n))
#define v_shr(a, n) _mm512_srli_epi32(a, (unsigned)(n))
#define v_sar(a, n) _mm512_srai_epi32(a, (unsigned)(n))
#define v_add _mm512_add_epi32
#define v_table(table, index) _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const void *)(table))), index)
#define v_dot _mm512_dpbusd_epi32
#define v_dot_wide _mm512_dpbusd_epi32
#define v_load(p) _mm512_loadu_si512((const void *)(p))
#define v_store(p, v) _mm512_storeu_si512((void *)(p), v)
#define vf_cast _mm512_castsi512_ps
#define vf_int _mm512_cvtepi32_ps
#define vf_mul _mm512_mul_ps
#define vf_fma _mm512_fmadd_ps
#define vf_set1 _mm512_set1_ps
#define vf_load _mm512_loadu_ps
#define vf_store _mm512_storeu_ps

AVX512_INLINE V v_bcast(const uint8_t *p)
{
    int x;
    __builtin_memcpy(&x, p, 4);
    return _mm512_set1_epi32(x);
}

AVX512_INLINE VF vf_half_low(V v)
{
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v));
}

AVX512_INLINE VF vf_half_high(V v)
{
    return vf_half_low(v_shr(v, 16));
}

AVX512_INLINE void vf_halves(V v, VF two[2])
{
    v = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), v);
    two[0] = _mm512_cvtph_ps(_mm512_castsi512_si256(v));
    two[1] = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(v, 1));
}

#endif
