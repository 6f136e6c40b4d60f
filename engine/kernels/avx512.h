/* The primitives of vector.h in AVX-512 (F, BW, VL, DQ, VNNI). */
#ifndef PALAVER_ENGINE_KERNELS_AVX512_H
#define PALAVER_ENGINE_KERNELS_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m512i V;
typedef __m512 VF;
#define UNITS 4
#define PAIR 1
#define TILE 8
#define SUB 8
/* A vector is loaded each cycle, and a product needs four bytes of X in all lanes of one: two panels share them. */
#define PANELS 2
#define SUB_SEVERAL 4
#define STRAIGHT 8
#define STRAIGHT_REST 0
#define SIGNED8 0

#define AVX512_INLINE static inline __attribute__((always_inline))

AVX512_INLINE V v_rows(const uint8_t *p, size_t stride, size_t i)
{
    p += i * stride;
    const __m256i low = _mm256_loadu2_m128i((const void *)(p + 4 * stride), (const void *)p);
    p += 8 * stride;
    const __m256i high = _mm256_loadu2_m128i((const void *)(p + 4 * stride), (const void *)p);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

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
#define v_sub _mm512_sub_epi32
#define v_or_and(a, b, c) _mm512_ternarylogic_epi32(a, b, c, 0xf8)
#define v_sar16(a, n) _mm512_srai_epi16(a, (unsigned)(n))
#define v_mul _mm512_mullo_epi32
#define v_pairs _mm512_dpwssd_epi32
#define v_table(table, index) _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const void *)(table))), index)
#define v_bytes(v, index) _mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)(index))))
#define v_dot _mm512_dpbusd_epi32
#define v_dot8 _mm512_dpbusd_epi32
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

/* By a table of what becomes of four bits; only these are the index. */
AVX512_INLINE V v_fifths(V high, const int j)
{
    static const uint32_t spread[16] = {
        0x00000000, 0x00000010, 0x00001000, 0x00001010, 0x00100000, 0x00100010, 0x00101000, 0x00101010,
        0x10000000, 0x10000010, 0x10001000, 0x10001010, 0x10100000, 0x10100010, 0x10101000, 0x10101010,
    };
    return _mm512_permutexvar_epi32(v_shr(high, 4 * j), _mm512_loadu_si512(spread));
}
#define v_fifths v_fifths

AVX512_INLINE VF vf_half_low(V v)
{
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v));
}

AVX512_INLINE VF vf_half_high(V v)
{
    return vf_half_low(v_shr(v, 16));
}

#endif
