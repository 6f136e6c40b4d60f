/* The primitives of floats-loops.h and dense-loops.h in AVX-512 (F, BW, DQ). */
#ifndef PALAVER_ENGINE_KERNELS_FLOATS_AVX512_H
#define PALAVER_ENGINE_KERNELS_FLOATS_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m512 VF;
#define VECTOR 16
#define TILE 8
#define FEW_SUMS 24

#define vf_zero _mm512_setzero_ps
#define vf_load _mm512_loadu_ps
#define vf_store _mm512_storeu_ps
#define vf_add _mm512_add_ps
#define vf_all(p) _mm512_set1_ps(*(p))

/* Turns 4 vectors' units of 4 lanes into columns. */
static inline __attribute__((always_inline)) void transpose_units(VF w[4])
{
    VF a = _mm512_unpacklo_ps(w[0], w[1]), b = _mm512_unpackhi_ps(w[0], w[1]);
    VF c = _mm512_unpacklo_ps(w[2], w[3]), d = _mm512_unpackhi_ps(w[2], w[3]);
    w[0] = _mm512_shuffle_ps(a, c, 0x44);
    w[1] = _mm512_shuffle_ps(a, c, 0xee);
    w[2] = _mm512_shuffle_ps(b, d, 0x44);
    w[3] = _mm512_shuffle_ps(b, d, 0xee);
}

static inline __attribute__((always_inline)) void vf_transpose(VF w[16])
{
    for (int i = 0; i < 16; i += 4)
        transpose_units(w + i);
    for (int i = 0; i < 4; i++) { /* vector 4j + i: rows 4j to 4j + 3 of columns i, i + 4, i + 8 and i + 12 */
        VF a = _mm512_shuffle_f32x4(w[i], w[i + 4], 0x88), b = _mm512_shuffle_f32x4(w[i], w[i + 4], 0xdd);
        VF c = _mm512_shuffle_f32x4(w[i + 8], w[i + 12], 0x88), d = _mm512_shuffle_f32x4(w[i + 8], w[i + 12], 0xdd);
        w[i] = _mm512_shuffle_f32x4(a, c, 0x88);
        w[i + 8] = _mm512_shuffle_f32x4(a, c, 0xdd);
        w[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
        w[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
}

static inline __attribute__((always_inline)) VF load_f32(const uint8_t *words)
{
    return _mm512_loadu_ps(words);
}

static inline __attribute__((always_inline)) VF load_f16(const uint8_t *words)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)words));
}

static inline __attribute__((always_inline)) VF load_bf16(const uint8_t *words)
{
    __m512i halves = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)words));
    return _mm512_castsi512_ps(_mm512_slli_epi32(halves, 16));
}

static inline __attribute__((always_inline)) VF add_product(VF acc, VF w, VF x)
{
    return _mm512_fmadd_ps(w, x, acc);
}

#endif
