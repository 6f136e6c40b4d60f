/* Sums of a block: what the words of one block or of two halves of a panel add to the sums of a few columns.
 *
 * The products are exact integers, so that each instruction set may add them in its own way. */
#ifndef PALAVER_ENGINE_KERNELS_SUMS_H
#define PALAVER_ENGINE_KERNELS_SUMS_H

#include "engine/kernels/vector.h"
#ifdef HALVES
#include "engine/kernels/norms.h"
#endif

/* Vectors of rows that are multiplied at once, at most. */
#define VECTORS (PAIR * PANELS)

/* Sums of columns: LANES rows in each vector. */
#define SUMS(name, W) V name[W][VECTORS]

/* The panels that are multiplied at once, one or PANELS: the same words of each lie `apart` bytes from the last's. */
struct panels {
    const uint8_t *at;
    size_t apart;
    int vectors;        /* PAIR for each panel */
    uint32_t too_large; /* signed weights with HALVES, see norms.h; 0 before a tile's norms were looked at */
};

/* From some word of a block on. */
INLINE struct panels panels_from(struct panels p, int word)
{
    p.at += word * WORD;
    return p;
}

INLINE const uint8_t *word_at(const struct panels p, int word, int v)
{
    return p.at + (size_t)(v / PAIR) * p.apart + word * WORD + v % PAIR * (int)sizeof(V);
}

INLINE VF number_at(const struct panels p, int word, int v)
{
    return vf_load((const float *)word_at(p, word, v));
}

enum { NO_SCALE = -1 };

#ifdef HALVES
/* sums += scale * the products of 4 * words columns. */
INLINE void add_words(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                      const int words, const int bits, const struct panels scale)
{
    const int deep = halves_deep(bits, words);
    UNROLL
    for (int j = 0; j < words; j += deep) {
        V half[TILE][VECTORS];
        UNROLL
        for (int k = j; k < j + deep; k++) {
            UNROLL
            for (int c = 0; c < W; c++) {
                V four = v_bcast((const uint8_t *)x[c].i + at + 4 * k);
                UNROLL
                for (int v = 0; v < q.vectors; v++) {
                    V products = v_half(v_load(word_at(q, k, v)), four);
                    half[c][v] = k == j ? products : v_half_add(half[c][v], products);
                }
            }
        }
        UNROLL
        for (int c = 0; c < W; c++) {
            UNROLL
            for (int v = 0; v < q.vectors; v++)
                sums[c][v] = v_widen(sums[c][v], half[c][v], v_load(word_at(scale, 0, v)));
        }
    }
}

/* Two words of signed weights of 8 bits, added in 16 bits if they fit; for one vector of rows. */
INLINE void add_two_words(V (*sums)[VECTORS], const V w[2], const uint8_t *x, const int W, const bool fit, V scale)
{
    const V left = v_magnitude(w[0]), right = v_magnitude(w[1]), minus = v_negative(w[0]),
            minus_right = v_negative(w[1]);
    UNROLL
    for (int c = 0; c < W; c++, x += sizeof(struct tile_column)) {
        V half = v_half(left, v_xor(v_bcast(x), minus)), other = v_half(right, v_xor(v_bcast(x + 4), minus_right));
        if (fit) {
            sums[c][0] = v_widen(sums[c][0], v_half_add(half, other), scale);
        } else {
            sums[c][0] = v_widen(sums[c][0], half, scale);
            sums[c][0] = v_widen(sums[c][0], other, scale);
        }
    }
}

/* sums += scale * the products of 4 * words columns of signed weights of 8 bits, for one vector of rows. Without the
 * empty asm statement what both ways have in common would be computed before they part, for which there are not enough
 * registers. */
INLINE void add_signed_wide(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                            const int words, const struct panels scale)
{
    const uint32_t too_large = q.too_large >> NORMS * (at / KERNEL_BLOCK);
    _Pragma("GCC unroll 1") for (int j = 0; j < words; j += 2)
    {
        const V w[2] = {v_load(word_at(q, j, 0)), v_load(word_at(q, j + 1, 0))}, by = v_load(word_at(scale, 0, 0));
        const uint8_t *eight = (const uint8_t *)x[0].i + at + 4 * j;
        if (__builtin_expect((too_large >> j / 2 & 1) == 0, 1)) {
            add_two_words(sums, w, eight, W, true, by);
        } else {
            __asm__ volatile("" : "+r"(eight));
            add_two_words(sums, w, eight, W, false, by);
        }
    }
}

/* The same for few columns of two vectors, a word at a time. */
INLINE void add_signed(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                       const int words, const struct panels scale)
{
    UNROLL
    for (int k = 0; k < words; k++) {
        V magnitude[VECTORS], negative[VECTORS];
        UNROLL
        for (int v = 0; v < q.vectors; v++) {
            V w = v_load(word_at(q, k, v));
            magnitude[v] = v_magnitude(w);
            negative[v] = v_negative(w);
        }
        UNROLL
        for (int c = 0; c < W; c++) {
            V four = v_bcast((const uint8_t *)x[c].i + at + 4 * k);
            UNROLL
            for (int v = 0; v < q.vectors; v++) {
                V half = v_half(magnitude[v], v_xor(four, negative[v]));
                sums[c][v] = v_widen(sums[c][v], half, v_load(word_at(scale, 0, v)));
            }
        }
    }
}

/* sums += scale * the products of 4 * words columns; its word is `scale` behind those of q, or it is 1. */
INLINE void add_products(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                         const int words, const struct form f, const int scale)
{
    const struct panels one = {(const uint8_t *)ones, 0, q.vectors, 0},
                        by = scale != NO_SCALE ? panels_from(q, scale) : one;
    if (f.bits == 8 && q.vectors == 1)
        add_signed_wide(sums, q, x, at, W, words, by);
    else if (f.bits == 8)
        add_signed(sums, q, x, at, W, words, by);
    else
        add_words(sums, q, x, at, W, words, f.bits, by);
}
#else
INLINE void add_words(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                      const int words, const int bits)
{
    UNROLL
    for (int k = 0; k < words; k++) {
        UNROLL
        for (int c = 0; c < W; c++) {
            V four = v_bcast((const uint8_t *)x[c].i + at + 4 * k);
            UNROLL
            for (int v = 0; v < q.vectors; v++)
                sums[c][v] = add_dot(sums[c][v], v_load(word_at(q, k, v)), four, bits);
        }
    }
}
#endif

/* Where the sums of a block start; K16 types subtract their offset for a whole group. */
INLINE void start_sums(V (*sums)[VECTORS], const struct tile_column *x, int block, const int W, const int vectors,
                       const int offset)
{
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            sums[c][v] = start_sum(&x[c], block, offset);
    }
}

/* The same for signed weights: from a word of the panel on. Types without groups have norms in its upper half. */
INLINE void start_signed(V (*sums)[VECTORS], const struct panels negatives, const int W, const struct form f)
{
    UNROLL
    for (int v = 0; v < negatives.vectors; v++) {
        V negative = v_load(word_at(negatives, 0, v));
        if (f.scheme == Q32_PLAIN)
            negative = v_sar(v_shl(negative, 16), 16);
        UNROLL
        for (int c = 0; c < W; c++)
            sums[c][v] = negative;
    }
}

/* Whether sums begin so. */
INLINE bool starts_signed(const struct form f)
{
#ifdef HALVES
    return f.bits == 8;
#else
    (void)f;
    return false;
#endif
}

#ifndef HALVES
INLINE void add_products(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                         const int words, const struct form f, const int scale)
{
    if (scale == NO_SCALE) {
        add_words(sums, q, x, at, W, words, f.bits);
        return;
    }
    SUMS(some, TILE);
    start_sums(some, x, at / KERNEL_BLOCK, W, q.vectors, f.scheme == K32_PLAIN ? f.offset : 0);
    add_words(some, q, x, at, W, words, f.bits);
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < q.vectors; v++)
            sums[c][v] = v_add(sums[c][v], v_mul(some[c][v], v_load(word_at(q, scale, v))));
    }
}
#endif

#endif
