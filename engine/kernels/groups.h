/* What a group of 256 columns adds to the results, and its outliers: floats, in the order that kernels.h gives.
 *
 * Sums of a few columns and all rows of a panel stay in registers for one block of legacy types, and for a group of K
 * types; the group's result goes to memory, where outliers are added too. */
#ifndef PALAVER_ENGINE_KERNELS_GROUPS_H
#define PALAVER_ENGINE_KERNELS_GROUPS_H

#include "engine/kernels/sums.h"

/* Sums of columns and rows in memory, (column, row), of as many columns as share lists; those of the next panel lie
 * behind them. */
typedef float sums_row[ROWS];
enum { TILE_SUMS = (TILE + SHARED - 1) / SHARED * SHARED };

INLINE float *sums_at(sums_row *acc, int c, int v)
{
    return acc[c + v / PAIR * TILE_SUMS] + v % PAIR * LANES;
}

/* The sum with a group's t. */
INLINE VF with_group(sums_row *acc, int c, int v, VF t, const struct tile_column *x)
{
    return vf_fma(t, vf_set1(x[c].scale), vf_load(sums_at(acc, c, v)));
}

INLINE void put_group(sums_row *acc, int c, int v, VF t, const struct tile_column *x)
{
    vf_store(sums_at(acc, c, v), with_group(acc, c, v, t, x));
}

INLINE void group_q32(VF (*t)[VECTORS], struct panels p, const struct tile_column *x, size_t blocks, const int W,
                      const struct form f)
{
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            t[c][v] = vf_set1(0.0f);
    }
    for (int b = 0; b < (int)blocks; b++, p.at += WORDS_Q32 * WORD) {
        SUMS(sums, TILE);
        if (starts_signed(f))
            start_signed(sums, panels_from(p, 9), W, f);
        else
            start_sums(sums, x, b, W, p.vectors, f.scheme == Q32_PLAIN ? f.offset : 0);
        add_products(sums, p, x, KERNEL_BLOCK * b, W, 8, f, NO_SCALE);
        UNROLL
        for (int c = 0; c < W; c++) {
            UNROLL
            for (int v = 0; v < p.vectors; v++) {
                if (starts_signed(f) && W == TILE)
                    __asm__("" : "+m"(t[c][v])); /* in memory: the sums need the registers */
                t[c][v] = vf_fma(vf_int(sums[c][v]), number_at(p, 8, v), t[c][v]);
                if (f.scheme == Q32_MINIMA)
                    t[c][v] = vf_fma(number_at(p, 9, v), vf_set1(x[c].sums[b]), t[c][v]);
            }
        }
    }
}

/* The sum of minima, or scales, times sums of x; n words from the first on. */
INLINE V pair_sum(const struct panels tail, int v, const int16_t *x, const int n)
{
    V sum = v_set1(0);
    UNROLL
    for (int i = 0; i < n; i++)
        sum = v_pairs(sum, v_load(word_at(tail, i, v)), v_bcast((const uint8_t *)(x + 2 * i)));
    return sum;
}

INLINE V tail_pairs(const struct panels tail, int v, const struct tile_column *x, const struct form f)
{
    const int n = words_of_pairs(f);
    const bool none = f.scheme == K32_PLAIN || f.scheme == SCALED_PLAIN;
    return none ? v_set1(0) : pair_sum(tail, v, n == 8 ? x->sums16 : x->sums32, n);
}

INLINE VF end_k(int v, V sum, V pairs, const struct panels tail, const struct tile_column *x, const struct form f)
{
    const int n = words_of_pairs(f);
    if (f.up > 0)
        sum = v_sar(sum, f.up);
    if (f.scheme == SCALED_PLAIN)
        sum = v_add(sum, v_bcast((const uint8_t *)&x->start_scaled));
    if (f.scheme == K16_PLAIN)
        sum = v_sub(sum, v_shl(pairs, f.offset == 32 ? 5 : 2));
    VF t = vf_mul(vf_int(sum), number_at(tail, n, v));
    return has_minima(f) ? vf_fma(vf_int(pairs), number_at(tail, n + 1, v), t) : t;
}

INLINE void group_k(VF (*t)[VECTORS], struct panels p, const struct tile_column *x, const int W, const struct form f)
{
    const bool halves = has_half_scales(f);
    SUMS(sums, TILE);
    if (starts_signed(f))
        start_signed(sums, panels_from(p, KERNEL_GROUP_BLOCKS * WORDS_K32), W, f);
    else
        start_sums(sums, x, 0, W, p.vectors, 0);
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++, p.at += words_of_block(f) * WORD) {
        if (is_scaled(f)) {
            add_products(sums, p, x, 32 * b, W, 8, f, NO_SCALE);
        } else if (halves) {
            add_products(sums, p, x, 32 * b, W, 4, f, 8);
            add_products(sums, panels_from(p, 4), x, 32 * b + 16, W, 4, f, 9 - 4);
        } else {
            add_products(sums, p, x, 32 * b, W, 8, f, 8);
        }
    }
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            t[c][v] = end_k(v, sums[c][v], tail_pairs(p, v, &x[c], f), p, &x[c], f);
    }
}

/* ---- outliers ----------------------------------------------------------------------------------------------------- */

/* The value of one column of a block, less an offset. */
INLINE V value_at(const struct panels block, unsigned column, int v, const struct form f, const int offset)
{
    V q = v_load(word_at(block, (int)(column / 4), v) + column % 4);
    q = f.bits == 8 && SIGNED8 ? v_sar(v_shl(q, 24), 24) : v_and(q, v_set1(255));
    return offset != 0 ? v_sub(q, v_set1(offset)) : q;
}

/* The left or right of the two 16-bit numbers of a word. Read from where it begins: which one is chance, and a branch would
 * not be foreseen. */
INLINE V one_of_both(const struct panels words, int word, unsigned which, int v)
{
    return v_sar(v_shl(v_load(word_at(words, word, v) + 2 * which), 16), 16);
}

/* A scale that is a whole number. */
INLINE V scale_at(const struct panels block, int word, int v)
{
#ifdef HALVES
    return one_of_both(block, word, 0, v);
#else
    return v_load(word_at(block, word, v));
#endif
}

/* A weight that is scaled in the panel. */
INLINE VF weight_scaled(const struct panels p, unsigned column, int v, const struct form f)
{
    const int n = words_of_pairs(f);
    const unsigned b = column / 32, half = column / 16 % 2;
    const struct panels block = panels_from(p, (int)b * WORDS_SCALED), tail = panels_from(p, words_before_tail(f));
    V value = value_at(block, column % 32, v, f, f.offset);
    if (f.scheme == SCALED_PLAIN)
        return vf_mul(vf_int(value), number_at(tail, n, v));
    V minimum = one_of_both(tail, (int)b, half, v);
    return vf_fma(vf_int(v_sar(value, f.up)), number_at(tail, n, v),
                  vf_mul(vf_int(minimum), number_at(tail, n + 1, v)));
}

INLINE VF weight_k(const struct panels p, unsigned column, int v, const struct form f)
{
    if (is_scaled(f))
        return weight_scaled(p, column, v, f);
    const bool halves = has_half_scales(f);
    const int words = words_of_block(f), n = words_of_pairs(f);
    const unsigned b = column / 32, half = column / 16 % 2;
    const struct panels block = panels_from(p, (int)b * words), tail = panels_from(p, words_before_tail(f));
    V scale = scale_at(block, 8 + (halves ? (int)half : 0), v);
    V value = v_mul(value_at(block, column % 32, v, f, f.up > 0 ? 0 : f.offset), scale);
    if (f.scheme == K32_PLAIN)
        return vf_mul(vf_int(value), number_at(tail, n, v));
    V minimum = one_of_both(tail, (int)(halves ? b : b / 2), halves ? half : b % 2, v);
    if (f.up > 0)
        value = v_sub(v_sar(value, f.up), v_mul(minimum, v_set1(f.offset)));
    if (f.scheme == K16_PLAIN) /* a pair of these is one of scales */
        return vf_mul(vf_int(value), number_at(tail, n, v));
    return vf_fma(vf_int(value), number_at(tail, n, v), vf_mul(vf_int(minimum), number_at(tail, n + 1, v)));
}

INLINE VF weight_q32(const struct panels p, unsigned column, int v, const struct form f)
{
    const struct panels block = panels_from(p, (int)(column / 32) * WORDS_Q32);
    VF value = vf_int(value_at(block, column % 32, v, f, f.offset)), scale = number_at(block, 8, v);
    return f.scheme == Q32_MINIMA ? vf_fma(value, scale, number_at(block, 9, v)) : vf_mul(value, scale);
}

/* Adds to y the outliers of W columns that share a list of n. */
INLINE void multiply_outliers(VF (*y)[VECTORS], const struct panels p, const struct tile_outlier *o, int32_t n,
                              const int W, const struct form f)
{
    for (const struct tile_outlier *end = o + n; o < end; o++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++) {
            VF w = f.scheme == Q32_PLAIN || f.scheme == Q32_MINIMA ? weight_q32(p, o->at, v, f)
                                                                   : weight_k(p, o->at, v, f);
            UNROLL
            for (int c = 0; c < W; c++)
                y[c][v] = vf_fma(w, vf_set1(o->x[c]), y[c][v]);
        }
    }
}

INLINE void add_outliers(sums_row *acc, const struct panels p, const struct tile_outlier *o, int32_t n, const int W,
                         const struct form f)
{
    VF y[SHARED][VECTORS];
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            y[c][v] = vf_load(sums_at(acc, c, v));
    }
    multiply_outliers(y, p, o, n, W, f);
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            vf_store(sums_at(acc, c, v), y[c][v]);
    }
}

/* The same for all w columns of a tile. Sums of columns that are not there are added to for nothing. */
INLINE void add_outliers_of(sums_row *acc, const struct panels p, const struct tile_column *tile, int w,
                            const struct form f)
{
    for (int first = 0; first < w; first += SHARED)
        if (tile[first].outliers > 0)
            add_outliers(acc + first, p, tile_outliers(tile, w, first), tile[first].outliers, SHARED, f);
}

#endif
