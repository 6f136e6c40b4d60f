/* Where two products of signed 8-bit weights may be added in 16 bits, with AVX2.
 *
 * A product of two words puts two products of bytes into 16 bits, which |w| * x fills nearly: 2 * 127 * 127. Four fit as
 * long as |w|'s norm times that of x, over these four columns, is small enough (Cauchy and Schwarz). Weights and
 * activations with much the same spread nearly always leave room for that, but where both are large at once: so norms of
 * each two words are kept, the largest of a panel's rows and of a tile's columns, and whoever multiplies looks first.
 * The sums are the same integers in any case.
 *
 * Norms are in units of 2, rounded up and one more: for -128, for x ^ negative, which may be one larger than x in each
 * column, and for rounding. */
#ifndef PALAVER_ENGINE_KERNELS_NORMS_H
#define PALAVER_ENGINE_KERNELS_NORMS_H

#include <immintrin.h>
#include <stdint.h>

#include "engine/kernels/prepare.h"

enum {
    NORMS = 4,                               /* of a block of 32 columns: one for each two words */
    NORMS_GROUP = NORMS * KERNEL_GROUP / 32, /* a vector of bytes */
    /* of 32: more are as slow by branches that are not foreseen as without any sum in 16 bits */
    LARGE_MOST = 6,
    NORM_PRODUCT = 8191, /* 4 times that, and more is no longer 16 bits */
};

/* The squares of bytes, added in pairs; -128 counts as -127. */
static inline __m256i norm_squares(__m256i bytes)
{
    const __m256i magnitude = _mm256_min_epu8(_mm256_abs_epi8(bytes), _mm256_set1_epi8(127));
    return _mm256_maddubs_epi16(magnitude, magnitude);
}

/* Four sums of squares as norms. */
static inline uint32_t norms_of(__m128i squares)
{
    const __m128 root = _mm_sqrt_ps(_mm_cvtepi32_ps(_mm_cvtepu16_epi32(squares)));
    const __m128 halves = _mm_ceil_ps(_mm_mul_ps(root, _mm_set1_ps(0.5f)));
    const __m128i norms = _mm_add_epi32(_mm_cvtps_epi32(halves), _mm_set1_epi32(1));
    const __m128i words = _mm_packus_epi32(norms, norms);
    return (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(words, words));
}

/* The norms of a block of a panel: 8 words of two vectors each. */
static inline uint32_t norms_of_rows(const __m256i *block)
{
    __m256i most[NORMS];
    for (int j = 0; j < NORMS; j++, block += 4) {
        const __m256i left = _mm256_add_epi16(norm_squares(block[0]), norm_squares(block[2]));
        const __m256i right = _mm256_add_epi16(norm_squares(block[1]), norm_squares(block[3]));
        most[j] = _mm256_max_epu16(left, right);
    }
    const __m256i a =
        _mm256_max_epu16(_mm256_unpacklo_epi16(most[0], most[1]), _mm256_unpackhi_epi16(most[0], most[1]));
    const __m256i b =
        _mm256_max_epu16(_mm256_unpacklo_epi16(most[2], most[3]), _mm256_unpackhi_epi16(most[2], most[3]));
    const __m256i c = _mm256_max_epu16(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    const __m128i d = _mm_max_epu16(_mm256_castsi256_si128(c), _mm256_extracti128_si256(c, 1));
    return norms_of(_mm_max_epu16(d, _mm_unpackhi_epi64(d, d)));
}

/* Those of a block of w columns. */
static inline uint32_t norms_of_columns(const struct tile_column *x, int w, int block)
{
    __m256i most = _mm256_setzero_si256();
    for (int c = 0; c < w; c++) {
        const __m256i squares = norm_squares(_mm256_load_si256((const __m256i *)x[c].i + block));
        most = _mm256_max_epu16(most, _mm256_add_epi16(squares, _mm256_srli_epi64(squares, 32)));
    }
    /* The two sums of each two words lie in the low half of 64 bits. */
    most = _mm256_max_epu16(most, _mm256_srli_epi32(most, 16));
    const __m256i four = _mm256_permute4x64_epi64(_mm256_shuffle_epi32(most, 0x08), 0x08);
    return norms_of(
        _mm_packus_epi32(_mm_and_si128(_mm256_castsi256_si128(four), _mm_set1_epi32(0xffff)), _mm_setzero_si128()));
}

/* The norms of a group of a tile lie where offsets of unsigned weights would, for which there is no use here. */
static inline uint8_t *tile_norms(const struct tile_column *x)
{
    return (uint8_t *)x->start[OFFSET_128];
}

/* Puts the norms of w columns into their tile. */
static inline void add_tile_norms(void *tile, int w, size_t blocks)
{
    struct tile_column *x = tile;
    for (size_t b = 0; b < blocks; b += KERNEL_GROUP_BLOCKS) {
        for (int i = 0; i < KERNEL_GROUP_BLOCKS; i++) {
            const uint32_t norms = norms_of_columns(x, w, i);
            memcpy(tile_norms(x) + NORMS * i, &norms, sizeof norms);
        }
        x = (void *)((char *)x + (size_t)w * TILE_GROUP);
    }
}

/* A bit for each two words of a group whose products do not fit in 16 bits together. */
static inline uint32_t too_large(__m256i rows, __m256i columns)
{
    const __m256i zero = _mm256_setzero_si256(), most = _mm256_set1_epi16(NORM_PRODUCT);
    const __m256i low = _mm256_mullo_epi16(_mm256_unpacklo_epi8(rows, zero), _mm256_unpacklo_epi8(columns, zero));
    const __m256i high = _mm256_mullo_epi16(_mm256_unpackhi_epi8(rows, zero), _mm256_unpackhi_epi8(columns, zero));
    return (uint32_t)_mm256_movemask_epi8(
        _mm256_packs_epi16(_mm256_cmpgt_epi16(low, most), _mm256_cmpgt_epi16(high, most)));
}

#endif
