/* Kernels for x86-64 processors with AVX2, FMA and F16C (Haswell, Zen 1 and later): panels of 8 rows. */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m256i V;
typedef __m256 VF;
#define UNITS 2
#define TILE 4

#define AVX2_INLINE static inline __attribute__((always_inline))

AVX2_INLINE V v_rows(const uint8_t *p, size_t stride, size_t i)
{
    p += i * stride;
    return _mm256_loadu2_m128i((const void *)(p + 4 * stride), (const void *)p);
}

AVX2_INLINE __m128i four_dwords(const uint8_t *p, size_t stride)
{
    int at[4];
    for (size_t r = 0; r < 4; r++)
        __builtin_memcpy(at + r, p + r * stride, 4);
    return _mm_insert_epi32(_mm_insert_epi32(_mm_insert_epi32(_mm_cvtsi32_si128(at[0]), at[1], 1), at[2], 2), at[3], 3);
}

#define v_dwords(p, stride) \
    _mm256_inserti128_si256(_mm256_castsi128_si256(four_dwords(p, stride)), four_dwords((p) + 4 * (stride), stride), 1)
#define v_low16 _mm256_unpacklo_epi16
#define v_high16 _mm256_unpackhi_epi16
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
#define v_table(table, index) \
    _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)(table))), index)
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

/* Two products of up to 63 * 127 fit the 16-bit sums of vpmaddubsw. */
AVX2_INLINE V v_dot(V acc, V w, V x)
{
    return v_add(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), _mm256_set1_epi16(1)));
}

/* With weights up to 255 they do not: even and odd bytes as 16-bit numbers instead. */
AVX2_INLINE V v_dot_wide(V acc, V w, V x)
{
    V even = _mm256_madd_epi16(v_and(w, v_set1(0x00ff00ff)), _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8));
    V odd = _mm256_madd_epi16(_mm256_srli_epi16(w, 8), _mm256_srai_epi16(x, 8));
    return v_add(acc, v_add(even, odd));
}

AVX2_INLINE VF vf_half_low(V v)
{
    V low = v_and(v, v_set1(0xffff));
    V packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
    return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
}

#define vf_half_high(v) vf_half_low(v_shr(v, 16))

AVX2_INLINE void vf_halves(V v, VF two[2])
{
    v = _mm256_permute4x64_epi64(v, 0xd8);
    two[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(v));
    two[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(v, 1));
}

#include "engine/kernels/vector.h"
/* after vector.h */
#include "engine/kernels/floats.h"

const struct kernels kernels_avx2 = {
    .name = "avx2",
    .rows = ROWS,
    .tile = TILE,
    .types = {VECTOR_TYPES, FLOAT_TYPES, FLOAT_BF16},
    .prepare = {[TILE_Q8] = prepare_q8, [TILE_F32] = prepare_f32},
};
