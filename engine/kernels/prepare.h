/* Activations into tiles, as plain loops that the compiler vectorises for the flags of the file that includes this.
 * All tables round alike, so that they agree to the bit. */
#ifndef PALAVER_ENGINE_KERNELS_PREPARE_H
#define PALAVER_ENGINE_KERNELS_PREPARE_H

#include <assert.h>
#include <math.h>
#include <string.h>

#include "engine/kernels/kernels.h"

/* A value beyond so many times the root mean square of its row is an outlier; docs/performance.md has what was tried. */
#define OUTLIER 3.0f

enum { OUTLIERS = 8 }; /* of a group, at most */

/* What weights of one offset subtract from each value, as their integers lie in a panel. */
enum offset { OFFSET_8, OFFSET_16, OFFSET_128, OFFSETS };

/* A group of one column: x = scale * i, but for outliers, where i is 0. A group of fewer than 256 columns ends with
 * zeros that nobody reads. */
struct tile_column {
    int8_t i[KERNEL_GROUP];
    int32_t start[OFFSETS][KERNEL_GROUP / 32]; /* the offset times the sum of i over 32, negative */
    float sums[KERNEL_GROUP / 32];             /* of i over 32 */
    int16_t sums16[KERNEL_GROUP / 16], sums32[KERNEL_GROUP / 32];
    float scale;
    int32_t end;       /* outliers of this column and those before it in the tile */
    uint32_t outlying; /* blocks that have outliers, a bit each */
} __attribute__((aligned(64)));

struct tile_outlier {
    uint16_t at, column; /* in the group, in the tile */
    float x;
};

/* A group of w columns: struct tile_column[w], then room for as many outliers as they may have, by column and place. */
enum { TILE_GROUP = KERNEL_GROUP_BLOCKS * KERNEL_TILE_BYTES };
static_assert(sizeof(struct tile_column) + OUTLIERS * sizeof(struct tile_outlier) == TILE_GROUP, "no gaps");

static inline const struct tile_outlier *tile_outliers(const struct tile_column *group, int w)
{
    return (const struct tile_outlier *)(group + w);
}

/* Of a block. */
static inline float largest_magnitude(const float *restrict x)
{
    uint32_t bits[KERNEL_BLOCK], largest = 0;
    memcpy(bits, x, sizeof bits);
    for (int i = 0; i < KERNEL_BLOCK; i++) {
        uint32_t magnitude = bits[i] & 0x7fffffff;
        largest = magnitude > largest ? magnitude : largest;
    }
    float max;
    memcpy(&max, &largest, sizeof max);
    return max;
}

/* The sum of squares by 16 lanes, so that it can be vectorised and is still one order. */
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

/* A group on its way into a tile. */
struct group {
    int blocks;
    const float *x[KERNEL_GROUP_BLOCKS]; /* blocks, as they are or without their outliers */
    float max[KERNEL_GROUP_BLOCKS];
    float without[KERNEL_GROUP];
    int outliers;
    uint16_t at[OUTLIERS + 1];
};

static inline float group_value(const struct group *g, int at)
{
    return g->x[at / KERNEL_BLOCK][at % KERNEL_BLOCK];
}

/* One more outlier than there is room for: the least, of several the last, is none. */
static inline void group_drop_least(struct group *g)
{
    int least = 0;
    for (int k = 1; k <= OUTLIERS; k++)
        if (fabsf(group_value(g, g->at[k])) <= fabsf(group_value(g, g->at[least])))
            least = k;
    memmove(g->at + least, g->at + least + 1, (size_t)(OUTLIERS - least) * sizeof *g->at);
    g->outliers--;
}

static inline void group_find_outliers(struct group *g, float bound)
{
    for (int b = 0; b < g->blocks; b++)
        for (int i = 0; g->max[b] > bound && i < KERNEL_BLOCK; i++)
            if (fabsf(g->x[b][i]) > bound) {
                g->at[g->outliers++] = (uint16_t)(KERNEL_BLOCK * b + i);
                if (g->outliers > OUTLIERS)
                    group_drop_least(g);
            }
}

/* Puts zeros in the places of outliers, in a copy. */
static inline void group_take_out(struct group *g)
{
    for (int k = 0; k < g->outliers; k++) {
        const int b = g->at[k] / KERNEL_BLOCK;
        float *copy = g->without + KERNEL_BLOCK * b;
        if (g->x[b] != copy)
            memcpy(copy, g->x[b], KERNEL_BLOCK * sizeof *copy);
        g->x[b] = copy;
        copy[g->at[k] % KERNEL_BLOCK] = 0;
    }
    for (int b = 0; b < g->blocks; b++)
        if (g->x[b] == g->without + KERNEL_BLOCK * b)
            g->max[b] = largest_magnitude(g->x[b]);
}

static inline float group_max(const struct group *g)
{
    uint32_t largest = 0;
    for (int b = 0; b < g->blocks; b++) {
        uint32_t bits; /* ordered as the numbers are, and NaN is beyond them all */
        memcpy(&bits, &g->max[b], sizeof bits);
        largest = bits > largest ? bits : largest;
    }
    float max;
    memcpy(&max, &largest, sizeof max);
    return max;
}

/* i = rint(x * inverse) of a block, and the sums of its halves. */
static inline void round_block(const float *restrict x, float inverse, int8_t *restrict q, int32_t sums[2])
{
    sums[0] = sums[1] = 0;
    for (int part = 0; part < 2; part++)
        for (int i = 16 * part; i < 16 * part + 16; i++) {
            /* adding 1.5 * 2^23 leaves the nearest integer in the low bits */
            float shifted = x[i] * inverse + 12582912.0f;
            int32_t whole;
            memcpy(&whole, &shifted, sizeof whole);
            whole -= 0x4b400000;
            q[i] = (int8_t)whole;
            sums[part] += whole;
        }
}

static inline void round_group(const struct group *g, float inverse, struct tile_column *restrict to)
{
    int32_t halves[2 * KERNEL_GROUP_BLOCKS] = {0}, sums[KERNEL_GROUP_BLOCKS];
    for (int b = 0; b < g->blocks; b++)
        round_block(g->x[b], inverse, to->i + KERNEL_BLOCK * b, halves + 2 * b);
    for (int i = 0; i < 2 * KERNEL_GROUP_BLOCKS; i++)
        to->sums16[i] = (int16_t)halves[i];
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++)
        sums[b] = halves[2 * b] + halves[2 * b + 1];
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++) {
        to->start[OFFSET_8][b] = -8 * sums[b];
        to->start[OFFSET_16][b] = -16 * sums[b];
        to->start[OFFSET_128][b] = -128 * sums[b];
        to->sums[b] = (float)sums[b];
        to->sums32[b] = (int16_t)sums[b];
    }
}

/* A group of column c into a tile of w; end: outliers of the columns before, and then of this one too. NaN or infinity
 * in x makes scale NaN, so that every result shows it. */
static inline void prepare_group(const float *x, int blocks, float bound, struct tile_column *tile, int c, int w,
                                 int32_t *end)
{
    static const float zeros[KERNEL_BLOCK];
    struct group g;
    g.blocks = blocks;
    g.outliers = 0;
    for (int b = 0; b < blocks; b++) {
        g.x[b] = x + KERNEL_BLOCK * b;
        g.max[b] = largest_magnitude(g.x[b]);
    }
    tile[c].outlying = 0;
    float max = group_max(&g);
    if (max > bound && max < INFINITY) {
        struct tile_outlier *list = (struct tile_outlier *)(tile + w);
        group_find_outliers(&g, bound);
        for (int k = 0; k < g.outliers; k++) {
            list[(*end)++] = (struct tile_outlier){g.at[k], (uint16_t)c, group_value(&g, g.at[k])};
            tile[c].outlying |= 1u << g.at[k] / KERNEL_BLOCK;
        }
        group_take_out(&g);
        max = group_max(&g);
    }
    const bool sound = max < INFINITY && max > 0x1p-120f;
    for (int b = 0; !sound && b < blocks; b++)
        g.x[b] = zeros;
    round_group(&g, sound ? 127.0f / max : 0.0f, &tile[c]);
    tile[c].scale = sound ? max / 127.0f : max <= 0x1p-120f ? 0.0f : NAN;
    tile[c].end = *end;
}

static inline void prepare_q8(const float *x, size_t x_stride, int w, size_t blocks, void *tile)
{
    const size_t n = blocks * KERNEL_BLOCK;
    float bound[KERNEL_TILE_MAX];
    for (int c = 0; c < w; c++)
        bound[c] = OUTLIER * sqrtf(sum_of_squares(x + (size_t)c * x_stride, n) / (float)n);
    uint8_t *to = tile;
    for (size_t b = 0; b < blocks; b += KERNEL_GROUP_BLOCKS, to += (size_t)w * TILE_GROUP) {
        const size_t count = blocks - b < KERNEL_GROUP_BLOCKS ? blocks - b : KERNEL_GROUP_BLOCKS;
        int32_t end = 0;
        for (int c = 0; c < w; c++)
            prepare_group(x + (size_t)c * x_stride + b * KERNEL_BLOCK, (int)count, bound[c], (void *)to, c, w, &end);
    }
}

#endif
