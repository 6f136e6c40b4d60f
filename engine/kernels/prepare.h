/* Activations into tiles. All tables round alike, so that they agree to the bit. */
#ifndef PALAVER_ENGINE_KERNELS_PREPARE_H
#define PALAVER_ENGINE_KERNELS_PREPARE_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/prepare-lanes.h"

/* A value beyond so many times the root mean square of its row is an outlier; docs/performance.md has what was tried. */
#define OUTLIER 3.0f

enum { OUTLIERS = 8 }; /* of a group, at most */

/* What weights of one offset subtract from each value, as their integers lie in a panel. */
enum offset { OFFSET_8, OFFSET_16, OFFSET_128, OFFSETS };
/* The same of weights that are scaled in a panel: their products lie between -124 and 128. */
enum { SCALED_OFFSET = 127 };

/* A group of one column: x = scale * i, but for outliers, where i is 0. A group of fewer than 256 columns ends with
 * zeros. */
struct tile_column {
    int8_t i[KERNEL_GROUP];
    int32_t start[OFFSETS][KERNEL_GROUP / 32]; /* the offset times the sum of i over 32, negative */
    float sums[KERNEL_GROUP / 32];             /* of i over 32 */
    int16_t sums16[KERNEL_GROUP / 16], sums32[KERNEL_GROUP / 32];
    float scale;
    int32_t start_scaled; /* -SCALED_OFFSET times the sum of i */
    int32_t outliers;     /* of the columns that share a list, where this is the first of them */
    uint32_t outlying;    /* blocks that have outliers of this column, a bit each */
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

/* One more outlier than there is room for: the least, of several the last, is none. Returns its magnitude. */
static inline float drop_least(const float *x, uint16_t at[OUTLIERS + 1])
{
    int least = 0;
    for (int k = 1; k <= OUTLIERS; k++)
        if (fabsf(x[at[k]]) <= fabsf(x[at[least]]))
            least = k;
    const float size = fabsf(x[at[least]]);
    memmove(at + least, at + least + 1, (size_t)(OUTLIERS - least) * sizeof *at);
    return size;
}

/* Where more values are beyond the bound than there is room for outliers, the largest stay; the others are of the rest. */
static inline void keep_outliers(const float *x, struct magnitudes *m)
{
    int count = 0;
    uint16_t at[OUTLIERS + 1];
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++)
        for (uint32_t bits = m->beyond[b]; bits != 0; bits &= bits - 1) {
            at[count++] = (uint16_t)(KERNEL_BLOCK * b + __builtin_ctz(bits));
            if (count > OUTLIERS) {
                const float size = drop_least(x, at);
                m->rest = size > m->rest ? size : m->rest;
                count = OUTLIERS;
            }
        }
    memset(m->beyond, 0, sizeof m->beyond);
    for (int k = 0; k < count; k++)
        m->beyond[at[k] / KERNEL_BLOCK] |= 1u << at[k] % KERNEL_BLOCK;
}

/* Leaves the outliers of a group in m->beyond. */
static inline void find_outliers(const float *x, struct magnitudes *m)
{
    int count = 0;
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++)
        count += __builtin_popcount(m->beyond[b]);
    if (count > OUTLIERS)
        keep_outliers(x, m);
}

static inline void round_group(const float *x, int n, float inverse, const uint32_t *apart, struct tile_column *to)
{
    int32_t all = 0;
    round_values(x, n, inverse, apart, to->i, to->sums16, to->sums32);
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++) {
        const int32_t sum = to->sums32[b];
        to->start[OFFSET_8][b] = -8 * sum;
        to->start[OFFSET_16][b] = -16 * sum;
        to->start[OFFSET_128][b] = -128 * sum;
        to->sums[b] = (float)sum;
        all += sum;
    }
    to->start_scaled = -SCALED_OFFSET * all;
}

/* A group of one column, without its outliers, for which m->beyond has bits. NaN or infinity in x makes scale NaN, so that
 * every result shows it. */
static inline void prepare_group(const float *x, int n, float bound, struct tile_column *to, struct magnitudes *m)
{
    static const float zeros[KERNEL_GROUP];
    measure(x, n, bound, m);
    to->outlying = 0;
    if (m->largest > bound && m->largest < INFINITY) {
        find_outliers(x, m);
        for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++)
            to->outlying |= (uint32_t)(m->beyond[b] != 0) << b;
    } else {
        m->rest = m->largest;
        memset(m->beyond, 0, sizeof m->beyond);
    }
    const bool sound = m->rest < INFINITY && m->rest > 0x1p-120f;
    round_group(sound ? x : zeros, n, sound ? 127.0f / m->rest : 0.0f, m->beyond, to);
    to->scale = sound ? m->rest / 127.0f : m->rest <= 0x1p-120f ? 0.0f : NAN;
}

/* x, or 0 if keep is 0. */
static inline float kept(float x, uint32_t keep)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= -keep;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The list of w columns, x_stride apart; returns its length. */
static inline int32_t list_outliers(const float *x, size_t x_stride, int w, const struct magnitudes *m,
                                    struct tile_outlier *list)
{
    int32_t n = 0;
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++) {
        uint32_t bits = 0;
        for (int c = 0; c < w; c++)
            bits |= m[c].beyond[b];
        for (; bits != 0; bits &= bits - 1, n++) {
            const uint32_t bit = (uint32_t)__builtin_ctz(bits);
            list[n] = (struct tile_outlier){.at = KERNEL_BLOCK * (uint32_t)b + bit};
            for (int c = 0; c < w; c++)
                list[n].x[c] = kept(x[(size_t)c * x_stride + list[n].at], m[c].beyond[b] >> bit & 1);
        }
    }
    return n;
}

/* A group of w columns that share a list, the first of them column `first` of the tile's `all`. */
static inline void prepare_shared(const float *x, size_t x_stride, int n, const float *bound, struct tile_column *tile,
                                  int first, int w, int all)
{
    struct magnitudes m[SHARED];
    for (int c = 0; c < w; c++) {
        prepare_group(x + (size_t)c * x_stride, n, bound[c], &tile[first + c], &m[c]);
        tile[first + c].outliers = 0;
    }
    tile[first].outliers = list_outliers(x, x_stride, w, m, tile_outliers(tile, all, first));
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
