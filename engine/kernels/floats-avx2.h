/* The primitives of floats-loops.h and dense-loops.h in AVX2 with FMA and F16C. */
#ifndef PALAVER_ENGINE_KERNELS_FLOATS_AVX2_H
#define PALAVER_ENGINE_KERNELS_FLOATS_AVX2_H

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

static inline __attribute__((always_inline)) VF load_f32(const uint8_t *words)
{
    return _mm256_loadu_ps((const void *)words);
}

static inline __attribute__((always_inline)) VF load_f16(const uint8_t *words)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)words));
}

static inline __attribute__((always_inline)) VF load_bf16(const uint8_t *words)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)words)), 16));
}

static inline __attribute__((always_inline)) VF add_product(VF acc, VF w, VF x)
{
    return _mm256_fmadd_ps(w, x, acc);
}

#endif
