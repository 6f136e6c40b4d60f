/* Products of float weights: AVX2, FMA and F16C. */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m256 VF;
#define VECTOR 8
#define TILE 4
#define FEW_SUMS 12

#define vf_zero _mm256_setzero_ps
#define vf_load _mm256_loadu_ps
#define vf_store _mm256_storeu_ps
#define vf_add _mm256_add_ps
#define vf_all _mm256_broadcast_ss

static inline __attribute__((always_inline)) void vf_transpose(VF w[8])
{
    VF pairs[8], fours[8];
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm256_unpacklo_ps(w[i], w[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_ps(w[i], w[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            fours[i + 2 * j] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0x44);
            fours[i + 2 * j + 1] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0xee);
        }
    for (int i = 0; i < 4; i++) {
        w[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
        w[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
    }
}

#include "engine/kernels/floats-loops.h"

INLINE VF load_f32(const uint8_t *words)
{
    return _mm256_loadu_ps((const void *)words);
}

INLINE VF load_f16(const uint8_t *words)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)words));
}

INLINE VF load_bf16(const uint8_t *words)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)words)), 16));
}

INLINE VF add_product(VF acc, VF w, VF x)
{
    return _mm256_fmadd_ps(w, x, acc);
}

FLOAT_COLUMNS_AND_PACK(f32, 4, load_f32, add_product)
FLOAT_COLUMNS_AND_PACK(f16, 2, load_f16, add_product)
FLOAT_COLUMNS_AND_PACK(bf16, 2, load_bf16, add_product)
FLOAT_SWEEP(sweep, add_product)

const struct float_kernels floats_avx2 = {
    .name = "avx2",
    .vector = VECTOR,
    .tile = TILE,
    .f32 = {4, false, columns_f32, pack_f32, sweep},
    .f16 = {2, false, columns_f16, pack_f16, sweep},
    .bf16 = {2, false, columns_bf16, pack_bf16, sweep},
};
