/* Where weights go that vector.h unpacks: into a panel, and while they are in registers into the sums of a few columns.
 *
 * A panel is made of words: 4 bytes of each row, or a number. These are the words of a block, and of a group of K types,
 * whose blocks come first:
 *     Q32          q[8] ws, and wm or negative_sum
 *     Q32 of K     q[8] scale, 8 times; minima[4] d dmin
 *     Q16 of K     q[8] scale[2], 8 times; pairs[8] d dmin
 * Minima and pairs are 16-bit numbers of two blocks or of the two halves of one; pairs are minima too where the type has
 * them, else scales; of signed weights the first of the minima is scale * negative_sum. dmin is negative. With HALVES a
 * scale is there twice, in 16 bits, as v_widen takes it. */
#ifndef PALAVER_ENGINE_KERNELS_SINK_H
#define PALAVER_ENGINE_KERNELS_SINK_H

#include <stdbool.h>
#include <string.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/prepare.h"

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
/* Loops over a tile's columns and a block's words are spelled out, so that the sums stay in registers. Where a
 * sanitizer watches, gcc cannot do so and would warn. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

enum { LANES = 4 * UNITS, ROWS = LANES * PAIR };

enum {
    WORD = PAIR * (int)sizeof(V),
    WORDS_Q32 = 10,
    WORDS_K32 = 9,
    WORDS_K16 = 10,
    WORDS_MOST = 12,
};

/* What the words of a panel mean. */
enum scheme { Q32_PLAIN, Q32_MINIMA, K32_PLAIN, K32_MINIMA, K16_PLAIN, K16_MINIMA };
struct form {
    enum scheme scheme;
    int bits;   /* of a weight; 8: signed if SIGNED8 */
    int offset; /* that is to be subtracted from it */
};

/* Takes blocks of LANES rows. */
struct sink {
    uint8_t *panel; /* where the next block goes */
    bool rest;      /* whether columns will be multiplied from there */
    struct form form;
    /* And what is multiplied at once: `straight` columns of x. Sums of a group, the whole ones of K types. */
    int straight, block;
    const struct tile_column *x;
    V whole[STRAIGHT];
    VF t[STRAIGHT];
};

INLINE void put_word(struct sink *s, V v)
{
    v_store(s->panel, v);
    s->panel += WORD;
}

INLINE void put_number(struct sink *s, VF v)
{
    vf_store((float *)s->panel, v);
    s->panel += WORD;
}

INLINE void put_values(struct sink *s, const V q[8])
{
    UNROLL
    for (int j = 0; j < 8; j++)
        put_word(s, q[j]);
}

/* The numbers of low and of high as 16 bits side by side. */
INLINE V v_both(V low, V high)
{
    return v_or(v_and(low, v_set1(0xffff)), v_shl(high, 16));
}

/* ---- products of weights in registers ----------------------------------------------------------------------------- */

/* Where the sum of a block starts, so that its offset is subtracted. */
INLINE V start_sum(const struct tile_column *x, int block, const int offset)
{
    const int which = offset == 8 ? OFFSET_8 : offset == 16 ? OFFSET_16 : OFFSET_128;
    return offset == 0 ? v_set1(0) : v_bcast((const uint8_t *)&x->start[which][block]);
}

#ifdef HALVES
static const int16_t ones[WORD / 2] = {[0 ... WORD / 2 - 1] = 1};

/* How many products of two may be added in 16 bits: 2 * 127 * (2^bits - 1) each, while more gain something. */
INLINE int halves_deep(const int bits)
{
    return bits <= 5 ? 4 : 2;
}

/* sum + scale * (start + the products of 4 * words columns); scale NULL: 1. Signed weights have no start. */
INLINE V add_straight(V sum, V start, const V *q, const int8_t *x, const int words, const int bits, const V *scale)
{
    const int deep = bits == 8 ? 1 : halves_deep(bits);
    V by = scale != NULL ? *scale : v_load(ones);
    if (scale == NULL)
        sum = v_add(sum, start);
    UNROLL
    for (int j = 0; j < words; j += deep) {
        V half = v_set1(0);
        UNROLL
        for (int k = j; k < j + deep; k++) {
            V four = v_bcast((const uint8_t *)x + 4 * k);
            V products = bits == 8 ? v_half(v_magnitude(q[k]), v_sign(four, q[k])) : v_half(q[k], four);
            half = k == j ? products : v_half_add(half, products);
        }
        sum = v_widen(sum, half, by);
    }
    return sum;
}

/* For several columns from a panel a signed weight is multiplied as |w| * (x ^ negative), since v_sign shares its units
 * with the products on many processors. Where w is negative that is |w| too little, as ~x is -x - 1. How much that is
 * for 32 columns of x; all sums begin with it. */
INLINE V negative_sum(const V q[8])
{
    V half = v_set1(0);
    UNROLL
    for (int j = 0; j < 8; j++)
        half = v_half_add(half, v_half(v_and(v_magnitude(q[j]), v_negative(q[j])), v_set1(0x01010101)));
    return v_widen(v_set1(0), half, v_load(ones));
}
#else
INLINE V add_dot(V sum, V w, V x, const int bits)
{
    return bits == 8 ? v_dot8(sum, w, x) : v_dot(sum, w, x);
}

INLINE V add_straight(V sum, V start, const V *q, const int8_t *x, const int words, const int bits, const V *scale)
{
    V chains[2] = {start, v_set1(0)}; /* one would wait for each product */
    UNROLL
    for (int k = 0; k < words; k++)
        chains[k % 2] = add_dot(chains[k % 2], q[k], v_bcast((const uint8_t *)x + 4 * k), bits);
    V products = v_add(chains[0], chains[1]);
    return v_add(sum, scale != NULL ? v_mul(products, *scale) : products);
}

INLINE V negative_sum(const V q[8])
{
    (void)q;
    return v_set1(0); /* is not used */
}
#endif

/* ---- what a type hands over --------------------------------------------------------------------------------------- */

/* The products of 32 columns with the scale and the minimum of a block. */
INLINE void multiply_block(struct sink *s, const V q[8], VF ws, VF wm)
{
    UNROLL
    for (int c = 0; c < s->straight; c++) {
        const struct tile_column *x = &s->x[c];
        V start = start_sum(x, s->block, s->form.scheme == Q32_PLAIN ? s->form.offset : 0);
        V sum = add_straight(v_set1(0), start, q, x->i + KERNEL_BLOCK * s->block, 8, s->form.bits, NULL);
        s->t[c] = vf_fma(vf_int(sum), ws, s->t[c]);
        if (s->form.scheme == Q32_MINIMA)
            s->t[c] = vf_fma(wm, vf_set1(x->sums[s->block]), s->t[c]);
    }
    s->block++;
}

/* Takes 32 columns of every row with their scale and minimum. */
INLINE void put_block(struct sink *s, const V q[8], VF ws, VF wm)
{
    put_values(s, q);
    put_number(s, ws);
    put_number(s, wm);
    multiply_block(s, q, ws, wm);
}

/* The same for types without a minimum. */
INLINE void put_plain(struct sink *s, const V q[8], VF ws)
{
    put_values(s, q);
    put_number(s, ws);
    s->panel += WORD;
    multiply_block(s, q, ws, ws);
}

/* The same for weights of 8 bits. */
INLINE void put_plain8(struct sink *s, const V q[8], VF ws)
{
    put_values(s, q);
    put_number(s, ws);
    put_word(s, s->rest ? negative_sum(q) : v_set1(0));
    multiply_block(s, q, ws, ws);
}

/* A scale as it is multiplied with. */
INLINE V scale_word(V scale)
{
#ifdef HALVES
    scale = v_both(scale, scale);
#endif
    return scale;
}

/* Takes the columns of sub-block i of every row with a scale that is a whole number. */
INLINE void put_scaled(struct sink *s, const int i, const V q[8], V scale)
{
    struct sink to = {.panel = s->panel + i * WORDS_K32 * WORD};
    scale = scale_word(scale);
    put_values(&to, q);
    put_word(&to, scale);
    UNROLL
    for (int c = 0; c < s->straight; c++) {
        const struct tile_column *x = &s->x[c];
        V start = start_sum(x, i, s->form.scheme == K32_PLAIN ? s->form.offset : 0);
        s->whole[c] = add_straight(s->whole[c], start, q, x->i + KERNEL_BLOCK * i, 8, s->form.bits, &scale);
    }
}

/* The same with a scale for each half of them. */
INLINE void put_halves(struct sink *s, const int i, const V q[8], V left, V right)
{
    const V none = v_set1(0);
    struct sink to = {.panel = s->panel + i * WORDS_K16 * WORD};
    left = scale_word(left);
    right = scale_word(right);
    put_values(&to, q);
    put_word(&to, left);
    put_word(&to, right);
    UNROLL
    for (int c = 0; c < s->straight; c++) {
        const int8_t *x = s->x[c].i + KERNEL_BLOCK * i;
        s->whole[c] = add_straight(s->whole[c], none, q, x, 4, s->form.bits, &left);
        s->whole[c] = add_straight(s->whole[c], none, q + 4, x + 16, 4, s->form.bits, &right);
    }
}

/* The last words of a group of these. */
INLINE void put_halves_tail(struct sink *s, const V pairs[8], VF d, VF dmin)
{
    s->panel += KERNEL_GROUP_BLOCKS * WORDS_K16 * WORD;
    UNROLL
    for (int i = 0; i < 8; i++)
        put_word(s, pairs[i]);
    put_number(s, d);
    put_number(s, dmin);
}

#endif
