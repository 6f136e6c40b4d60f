/* Activations into tiles, mostly as plain loops that the compiler vectorises for the flags of the file that includes this.
 * All tables round alike, so that they agree to the bit. */
#ifndef PALAVER_ENGINE_KERNELS_PREPARE_H
#define PALAVER_ENGINE_KERNELS_PREPARE_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#if defined __AVX2__
#include <immintrin.h>
#endif

#include "engine/kernels/kernels.h"

/* A value beyond so many times the root mean square of its row is an outlier; docs/performance.md has what was tried. */
#define OUTLIER 3.0f

enum { OUTLIERS = 8 }; /* of a group, at most */

/* What weights of one offset subtract from each value, as their integers lie in a panel. */
enum offset { OFFSET_8, OFFSET_16, OFFSET_128, OFFSETS };

/* A group of one column: x = scale * i, but for outliers, where i is 0. A group of fewer than 256 columns ends with
 * zeros. */
struct tile_column {
    int8_t i[KERNEL_GROUP];
    int32_t start[OFFSETS][KERNEL_GROUP / 32]; /* the offset times the sum of i over 32, negative */
    float sums[KERNEL_GROUP / 32];             /* of i over 32 */
    int16_t sums16[KERNEL_GROUP / 16], sums32[KERNEL_GROUP / 32];
    float scale;
    int32_t outliers;  /* of the columns that share a list, where this is the first of them */
    uint32_t outlying; /* blocks that have outliers of this column, a bit each */
} __attribute__((aligned(64)));

/* Columns share a list of outliers: what stands out does so mostly in the same places, and a weight is unpacked once for
 * all. Places ascend. */
enum { SHARED = 4 };
struct tile_outlier {
    uint32_t at;     /* in the group */
    float x[SHARED]; /* 0 for columns where it is none */
};

/* A group of w columns: struct tile_column[w], then room for as many outliers as they may have, column after column. */
enum { TILE_GROUP = KERNEL_GROUP_BLOCKS * KERNEL_TILE_BYTES };
static_assert(sizeof(struct tile_column) + OUTLIERS * sizeof(struct tile_outlier) <= TILE_GROUP, "there is room");

/* Those of columns [first, first + SHARED). */
static inline struct tile_outlier *tile_outliers(const struct tile_column *group, int w, int first)
{
    const size_t room = TILE_GROUP - sizeof *group;
    return (struct tile_outlier *)((char *)(group + w) + room * (size_t)first);
}

/* Of n, a multiple of 16: by 16 lanes, as all of these, so that it can be vectorised. NaN is beyond all numbers. */
static inline float largest_magnitude(const float *restrict x, int n)
{
    uint32_t lanes[16] = {0}, largest = 0;
    for (int i = 0; i < n; i += 16)
        for (int j = 0; j < 16; j++) {
            uint32_t bits; /* ordered as the numbers are */
            memcpy(&bits, &x[i + j], sizeof bits);
            bits &= 0x7fffffff;
            lanes[j] = bits > lanes[j] ? bits : lanes[j];
        }
    for (int j = 0; j < 16; j++)
        largest = lanes[j] > largest ? lanes[j] : largest;
    float max;
    memcpy(&max, &largest, sizeof max);
    return max;
}

/* The sum of squares in one order. */
static inline float sum_of_squares(const float *restrict x, size_t n)
{
    float lanes[16] = {0}, sum = 0;
    for (size_t i = 0; i < n; i += 16)
        for (size_t j = 0; j < 16; j++)
            lanes[j] += x[i + j] * x[i + j];
    for (int j = 0; j < 16; j++)
        sum += lanes[j];
    return sum;
}

/* Which of 16 values are larger than the bound, as bits. */
static inline uint32_t beyond(const float *x, float bound)
{
#if defined __AVX512F__
    const __m512 magnitude = _mm512_abs_ps(_mm512_loadu_ps(x));
    return _mm512_cmp_ps_mask(magnitude, _mm512_set1_ps(bound), _CMP_GT_OQ);
#elif defined __AVX2__
    const __m256 sign = _mm256_set1_ps(-0.0f), most = _mm256_set1_ps(bound);
    const __m256 low = _mm256_andnot_ps(sign, _mm256_loadu_ps(x)),
                 high = _mm256_andnot_ps(sign, _mm256_loadu_ps(x + 8));
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(low, most, _CMP_GT_OQ)) |
           (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(high, most, _CMP_GT_OQ)) << 8;
#else
    uint32_t bits = 0;
    for (int j = 0; j < 16; j++)
        bits |= (uint32_t)(fabsf(x[j]) > bound) << j;
    return bits;
#endif
}

/* The sum of each 8 numbers, 128 more for each. */
static inline void sum_eights(const int8_t *i, uint64_t sums[KERNEL_GROUP / 8])
{
#if defined __AVX512BW__
    for (int k = 0; k < KERNEL_GROUP / 64; k++) {
        const __m512i more = _mm512_xor_si512(_mm512_loadu_si512(i + 64 * k), _mm512_set1_epi8(-128));
        _mm512_storeu_si512(sums + 8 * k, _mm512_sad_epu8(more, _mm512_setzero_si512()));
    }
#elif defined __AVX2__
    for (int k = 0; k < KERNEL_GROUP / 32; k++) {
        const __m256i more = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)i + k), _mm256_set1_epi8(-128));
        _mm256_storeu_si256((__m256i *)sums + k, _mm256_sad_epu8(more, _mm256_setzero_si256()));
    }
#else
    for (int k = 0; k < KERNEL_GROUP / 8; k++) {
        sums[k] = 0;
        for (int j = 0; j < 8; j++)
            sums[k] += (uint64_t)(i[8 * k + j] + 128);
    }
#endif
}

/* One more outlier than there is room for: the least, of several the last, is none. */
static inline void drop_least(const float *x, uint16_t at[OUTLIERS + 1])
{
    int least = 0;
    for (int k = 1; k <= OUTLIERS; k++)
        if (fabsf(x[at[k]]) <= fabsf(x[at[least]]))
            least = k;
    memmove(at + least, at + least + 1, (size_t)(OUTLIERS - least) * sizeof *at);
}

/* A bit for each value of a group. */
enum { PLACES = KERNEL_GROUP / 64 };

/* Where the outliers of n values are; how many. */
static inline int find_outliers(const float *x, int n, float bound, uint16_t at[OUTLIERS + 1])
{
    uint64_t places[PLACES] = {0};
    int count = 0;
    for (int i = 0; i < n; i += 16)
        places[i / 64] |= (uint64_t)beyond(x + i, bound) << i % 64;
    for (int i = 0; i < PLACES; i++)
        for (uint64_t bits = places[i]; bits != 0; bits &= bits - 1) {
            at[count++] = (uint16_t)(64 * i + __builtin_ctzll(bits));
            if (count > OUTLIERS) {
                drop_least(x, at);
                count = OUTLIERS;
            }
        }
    return count;
}

/* i = rint(x * inverse) of n values. */
static inline void round_values(const float *restrict x, int n, float inverse, int8_t *restrict i)
{
    for (int j = 0; j < n; j++) {
        /* adding 1.5 * 2^23 leaves the nearest integer in the low bits */
        const float shifted = x[j] * inverse + 12582912.0f;
        uint32_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        i[j] = (int8_t)bits;
    }
    memset(i + n, 0, (size_t)(KERNEL_GROUP - n));
}

static inline void round_group(const float *x, int n, float inverse, struct tile_column *to)
{
    uint64_t eights[KERNEL_GROUP / 8];
    int32_t sums[KERNEL_GROUP_BLOCKS];
    round_values(x, n, inverse, to->i);
    sum_eights(to->i, eights);
    for (int k = 0; k < 2 * KERNEL_GROUP_BLOCKS; k++)
        to->sums16[k] = (int16_t)((int32_t)(eights[2 * k] + eights[2 * k + 1]) - 16 * 128);
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++)
        sums[b] = to->sums16[2 * b] + to->sums16[2 * b + 1];
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++) {
        to->start[OFFSET_8][b] = -8 * sums[b];
        to->start[OFFSET_16][b] = -16 * sums[b];
        to->start[OFFSET_128][b] = -128 * sums[b];
        to->sums[b] = (float)sums[b];
        to->sums32[b] = (int16_t)sums[b];
    }
}

/* The outliers of a column. */
struct standing_out {
    int count;
    uint16_t at[OUTLIERS + 1];
};

/* A group of one column, without its outliers. NaN or infinity in x makes scale NaN, so that every result shows it. */
static inline void prepare_group(const float *x, int n, float bound, struct tile_column *to, struct standing_out *out)
{
    static const float zeros[KERNEL_GROUP];
    float without[KERNEL_GROUP], max = largest_magnitude(x, n);
    out->count = 0;
    to->outlying = 0;
    if (max > bound && max < INFINITY) {
        out->count = find_outliers(x, n, bound, out->at);
        for (int i = 0; i < n; i += 16)
            memcpy(without + i, x + i, 16 * sizeof *x);
        for (int k = 0; k < out->count; k++) {
            without[out->at[k]] = 0;
            to->outlying |= 1u << out->at[k] / KERNEL_BLOCK;
        }
        x = without;
        max = largest_magnitude(x, n);
    }
    const bool sound = max < INFINITY && max > 0x1p-120f;
    round_group(sound ? x : zeros, n, sound ? 127.0f / max : 0.0f, to);
    to->scale = sound ? max / 127.0f : max <= 0x1p-120f ? 0.0f : NAN;
}

/* The list of w columns, x_stride apart; returns its length. */
static inline int32_t list_outliers(const float *x, size_t x_stride, int w, const struct standing_out *out,
                                    struct tile_outlier *list)
{
    uint64_t places[PLACES] = {0};
    uint8_t slots[KERNEL_GROUP];
    int32_t n = 0;
    for (int c = 0; c < w; c++)
        for (int k = 0; k < out[c].count; k++)
            places[out[c].at[k] / 64] |= 1ull << out[c].at[k] % 64;
    for (int i = 0; i < PLACES; i++)
        for (uint64_t bits = places[i]; bits != 0; bits &= bits - 1) {
            const uint32_t at = (uint32_t)(64 * i + __builtin_ctzll(bits));
            slots[at] = (uint8_t)n;
            list[n++] = (struct tile_outlier){.at = at};
        }
    for (int c = 0; c < w; c++)
        for (int k = 0; k < out[c].count; k++) {
            const uint16_t at = out[c].at[k];
            list[slots[at]].x[c] = x[(size_t)c * x_stride + at];
        }
    return n;
}

/* A group of w columns that share a list, the first of them column `first` of the tile's `all`. */
static inline void prepare_shared(const float *x, size_t x_stride, int n, const float *bound, struct tile_column *tile,
                                  int first, int w, int all)
{
    struct standing_out out[SHARED];
    for (int c = 0; c < w; c++) {
        prepare_group(x + (size_t)c * x_stride, n, bound[c], &tile[first + c], &out[c]);
        tile[first + c].outliers = 0;
    }
    tile[first].outliers = list_outliers(x, x_stride, w, out, tile_outliers(tile, all, first));
}

static inline void prepare_q8(const float *x, size_t x_stride, int w, size_t blocks, void *tile)
{
    const size_t n = blocks * KERNEL_BLOCK;
    float bound[KERNEL_TILE_MAX];
    for (int c = 0; c < w; c++)
        bound[c] = OUTLIER * sqrtf(sum_of_squares(x + (size_t)c * x_stride, n) / (float)n);
    uint8_t *to = tile;
    for (size_t at = 0; at < n; at += KERNEL_GROUP, to += (size_t)w * TILE_GROUP) {
        const size_t count = n - at < KERNEL_GROUP ? n - at : KERNEL_GROUP;
        for (int c = 0; c < w; c += SHARED)
            prepare_shared(x + (size_t)c * x_stride + at, x_stride, (int)count, bound + c, (void *)to, c,
                           w - c < SHARED ? w - c : SHARED, w);
    }
}

#endif
