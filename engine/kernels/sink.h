/* Where weights go that vector.h unpacks: into the sums of a few columns while they are in registers, and into a panel
 * those that are wanted there.
 *
 * A panel is made of words: 4 bytes of each row, or a number. These are the words of a block, and of a group of K types,
 * whose blocks come first:
 *     Q32          q[8] ws, and wm or negative_sum
 *     Q32 of K     q[8] scale, 8 times; minima[4] d dmin
 *     Q16 of K     q[8] scale[2], 8 times; pairs[8] d dmin
 *     scaled       q[8], 8 times; pairs[8] with minima; d dmin
 * Minima and pairs are 16-bit numbers of two blocks or of the two halves of one; pairs are minima too where the type has
 * them, else scales; of signed weights the first of the minima is scale * negative_sum. dmin is negative. With HALVES a
 * scale is there twice, in 16 bits, as v_widen takes it.
 *
 * Weights of 2 and 3 bits times their scales fit into bytes. Where four bytes are multiplied at once they are put into a
 * panel so, since a multiplication for each 16 columns would take a fifth of its time. */
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
    WORDS_SCALED = 8,
    WORDS_MOST = 12,
};

/* What the words of a panel mean. */
enum scheme { Q32_PLAIN, Q32_MINIMA, K32_PLAIN, K32_MINIMA, K16_PLAIN, K16_MINIMA, SCALED_PLAIN, SCALED_MINIMA };
struct form {
    enum scheme scheme;
    int bits;   /* of a weight; 8: signed if SIGNED8 */
    int offset; /* that is to be subtracted from it */
    /* Weights of odd blocks are so many bits up, where they lie in the file, and so are scales of even ones: that saves
     * half of the shifts, and a group's sum is shifted back. */
    int up;
    int bytes; /* of a block in the file */
};

INLINE bool has_half_scales(const struct form f)
{
    return f.scheme == K16_PLAIN || f.scheme == K16_MINIMA;
}

INLINE bool is_scaled(const struct form f)
{
    return f.scheme == SCALED_PLAIN || f.scheme == SCALED_MINIMA;
}

#if defined HALVES || SIGNED8
#define SCALES_FIT 0
#else
#define SCALES_FIT 1
#endif

/* Of K types. */
INLINE bool has_minima(const struct form f)
{
    return f.scheme == K32_MINIMA || f.scheme == K16_MINIMA || f.scheme == SCALED_MINIMA;
}

/* The form of a panel for several columns, whose weights are scaled if they can be. With an offset a byte has no room for
 * products that are four times as large. */
INLINE struct form form_of_many(struct form f)
{
    if (!SCALES_FIT || !has_half_scales(f) || f.up == 0)
        return f;
    f.scheme = f.offset > 0 ? SCALED_PLAIN : SCALED_MINIMA;
    f.up = f.offset > 0 ? 0 : f.up;
    f.offset = f.offset > 0 ? SCALED_OFFSET : 0;
    f.bits = 8;
    return f;
}

INLINE int words_of_block(const struct form f)
{
    return is_scaled(f) ? WORDS_SCALED : has_half_scales(f) ? WORDS_K16 : WORDS_K32;
}

/* Words with minima or pairs, behind the blocks of a group. */
INLINE int words_of_pairs(const struct form f)
{
    return f.scheme == SCALED_PLAIN ? 0 : has_half_scales(f) || f.scheme == SCALED_MINIMA ? 8 : 4;
}

/* Takes blocks of LANES rows. */
struct sink {
    uint8_t *panel;    /* of the group, or of the next block of types without groups */
    bool rest;         /* whether columns will be multiplied from there */
    uint32_t outlying; /* blocks whose values are wanted there in any case, a bit each */
    struct form form;
    int block;       /* the next, of types without groups */
    uintptr_t ahead; /* memory that is asked for meanwhile, evenly: as much as is multiplied */
    int asked;       /* how many halves of blocks asked so far */
    V negative;      /* see add_negative() */
    /* What is multiplied at once: `straight` columns of x. Sums of a block, or of a group of K types, and of a group. */
    int straight;
    const struct tile_column *x;
    V whole[STRAIGHT], some[STRAIGHT], pairs[STRAIGHT];
    VF t[STRAIGHT];
};

INLINE void put_word(struct sink *s, const int at, V v)
{
    v_store(s->panel + at * WORD, v);
}

INLINE void put_number(struct sink *s, const int at, VF v)
{
    vf_store((float *)(s->panel + at * WORD), v);
}

/* Whether anybody will ask for what is in a block. */
INLINE bool is_wanted(const struct sink *s, const int block)
{
    return s->rest || (s->outlying >> block & 1) != 0;
}

INLINE void put_values(uint8_t *to, const V q[4])
{
    UNROLL
    for (int j = 0; j < 4; j++)
        v_store(to + j * WORD, q[j]);
}

/* The numbers of low and of high as 16 bits side by side. */
INLINE V v_both(V low, V high)
{
    return v_or(v_and(low, v_set1(0xffff)), v_shl(high, 16));
}

/* ---- scales ------------------------------------------------------------------------------------------------------- */

/* 16 bytes for v_bytes: of each lane's four the ones at a, b, c, d, or 0 where that is NONE. */
enum { NONE = 128 };
#define OF_LANES(a, b, c, d) \
    { \
        a, b, c, d, 4 + a, 4 + b, 4 + c, 4 + d, 8 + a, 8 + b, 8 + c, 8 + d, 12 + a, 12 + b, 12 + c, 12 + d \
    }

/* Byte k of each lane, unsigned, as a scale is multiplied with; and with HALVES both of a pair. */
INLINE V scale_byte(V bytes, const int k)
{
#ifdef HALVES
    static const uint8_t twice[4][16] = {OF_LANES(0, NONE, 0, NONE), OF_LANES(1, NONE, 1, NONE),
                                         OF_LANES(2, NONE, 2, NONE), OF_LANES(3, NONE, 3, NONE)};
    return v_bytes(bytes, twice[k]);
#else
    static const uint8_t once[4][16] = {OF_LANES(0, NONE, NONE, NONE), OF_LANES(1, NONE, NONE, NONE),
                                        OF_LANES(2, NONE, NONE, NONE), OF_LANES(3, NONE, NONE, NONE)};
    return v_bytes(bytes, once[k]);
#endif
}

/* The same of signed bytes; down: shifted right by so many bits. */
INLINE V signed_scale(V bytes, const int k, const int down)
{
#ifdef HALVES
    static const uint8_t twice[4][16] = {OF_LANES(NONE, 0, NONE, 0), OF_LANES(NONE, 1, NONE, 1),
                                         OF_LANES(NONE, 2, NONE, 2), OF_LANES(NONE, 3, NONE, 3)};
    return v_sar16(v_bytes(bytes, twice[k]), 8 + down);
#else
    return v_sar(v_shl(bytes, 24 - 8 * k), 24 + down);
#endif
}

/* Bytes k and k + 1 of each lane as 16 bits side by side, k even. */
INLINE V pair_of_bytes(V bytes, const int k)
{
    static const uint8_t pairs[2][16] = {OF_LANES(0, NONE, 1, NONE), OF_LANES(2, NONE, 3, NONE)};
    return v_bytes(bytes, pairs[k / 2]);
}

INLINE V pair_of_signed(V bytes, const int k, const int down)
{
    static const uint8_t pairs[2][16] = {OF_LANES(NONE, 0, NONE, 1), OF_LANES(NONE, 2, NONE, 3)};
    return v_sar16(v_bytes(bytes, pairs[k / 2]), 8 + down);
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

/* How many products of two may be added in 16 bits, of so many: 2 * 127 * (2^bits - 1) each. */
INLINE int halves_deep(const int bits, const int words)
{
    const int most = bits == 4 ? 8 : bits == 5 ? 4 : 2;
    return most < words ? most : words;
}

/* sum + scale * the products of 16 columns. */
INLINE V add_straight(V sum, V scale, const V q[4], const int8_t *x, const int bits)
{
    const int deep = bits == 8 ? 1 : halves_deep(bits, 4);
    UNROLL
    for (int j = 0; j < 4; j += deep) {
        V half = v_set1(0);
        UNROLL
        for (int k = j; k < j + deep; k++) {
            V four = v_bcast((const uint8_t *)x + 4 * k);
            V products = bits == 8 ? v_half(v_magnitude(q[k]), v_sign(four, q[k])) : v_half(q[k], four);
            half = k == j ? products : v_half_add(half, products);
        }
        sum = v_widen(sum, half, scale);
    }
    return sum;
}

/* For several columns from a panel a signed weight is multiplied as |w| * (x ^ negative), since v_sign shares its units
 * with the products on many processors. Where w is negative that is |w| too little, as ~x is -x - 1. How much that is
 * for 16 columns of x, times their scale; all sums begin with it. */
INLINE V add_negative(V sum, V scale, const V q[4])
{
    V half = v_set1(0);
    UNROLL
    for (int j = 0; j < 4; j++)
        half = v_half_add(half, v_half(v_and(v_magnitude(q[j]), v_negative(q[j])), v_set1(0x01010101)));
    return v_widen(sum, half, scale);
}
#else
INLINE V add_dot(V sum, V w, V x, const int bits)
{
    return bits == 8 ? v_dot8(sum, w, x) : v_dot(sum, w, x);
}

/* sum + the products of 16 columns. */
INLINE V add_four(V sum, const V q[4], const int8_t *x, const int bits)
{
    UNROLL
    for (int k = 0; k < 4; k++)
        sum = add_dot(sum, q[k], v_bcast((const uint8_t *)x + 4 * k), bits);
    return sum;
}

INLINE V add_negative(V sum, V scale, const V q[4])
{
    (void)scale, (void)q;
    return sum; /* is not used */
}
#endif

/* sum + the products of 16 columns. Without HALVES these are added on their own, as a sum waits for each of them. */
INLINE V add_plain(V sum, const V q[4], const int8_t *x, const int bits)
{
#ifdef HALVES
    return add_straight(sum, v_load(ones), q, x, bits);
#else
    return v_add(sum, add_four(v_set1(0), q, x, bits));
#endif
}

/* ---- what a type hands over --------------------------------------------------------------------------------------- */

/* Asks for the stretch of memory that the rows of a group will be read later: memory is read in its order, which
 * the rows of a panel are not. All at once these would be more than a processor has in flight. */
INLINE void ask_ahead(struct sink *s)
{
    const int parts = s->form.scheme == Q32_PLAIN || s->form.scheme == Q32_MINIMA ? 2 : 2 * KERNEL_GROUP_BLOCKS;
    const int lines = (LANES * s->form.bytes + 63) / 64, first = lines * s->asked / parts;
    s->asked++;
    UNROLL
    for (int line = first; line < lines * s->asked / parts; line++)
        __builtin_prefetch((const void *)(s->ahead + 64 * (uintptr_t)line), 0, 2);
}

/* Half a block of types without groups: the left half first. */
INLINE void put_half(struct sink *s, const int half, const V q[4])
{
    ask_ahead(s);
    if (is_wanted(s, s->block))
        put_values(s->panel + 4 * half * WORD, q);
#ifdef HALVES
    if (s->rest && s->form.bits == 8)
        s->negative = add_negative(half == 0 ? v_set1(0) : s->negative, v_load(ones), q);
#endif
    UNROLL
    for (int c = 0; c < s->straight; c++) {
        const struct tile_column *x = &s->x[c];
        if (half == 0)
            s->whole[c] = start_sum(x, s->block, s->form.scheme == Q32_PLAIN ? s->form.offset : 0);
        s->whole[c] = add_plain(s->whole[c], q, x->i + KERNEL_BLOCK * s->block + 16 * half, s->form.bits);
    }
}

/* Ends a block, with its scale and its minimum if it has one. */
INLINE void end_block(struct sink *s, VF ws, VF wm)
{
    put_number(s, 8, ws);
    if (s->form.scheme == Q32_MINIMA)
        put_number(s, 9, wm);
    else if (s->rest && s->form.bits == 8)
        put_word(s, 9, s->negative);
    UNROLL
    for (int c = 0; c < s->straight; c++) {
        s->t[c] = vf_fma(vf_int(s->whole[c]), ws, s->t[c]);
        if (s->form.scheme == Q32_MINIMA)
            s->t[c] = vf_fma(wm, vf_set1(s->x[c].sums[s->block]), s->t[c]);
    }
    s->panel += WORDS_Q32 * WORD;
    s->ahead += ROWS * (uintptr_t)s->form.bytes;
    s->asked = 0;
    s->block++;
}

/* Bytes times a scale. Four at once: what one carries into the next is what the next lacks, as each fits in the end. */
INLINE void scale_bytes(const V q[4], V scale, const struct form f, V to[4])
{
    const V offset = v_sub(v_set1(SCALED_OFFSET * 0x01010101), v_mul(scale, v_set1(0x04040404)));
    UNROLL
    for (int j = 0; j < 4; j++) {
        to[j] = v_mul(q[j], scale);
        if (f.scheme == SCALED_PLAIN)
            to[j] = v_add(to[j], offset);
    }
}

/* Half of block i of a group that is put down scaled. */
INLINE void put_scaled(struct sink *s, const int i, const int half, const V q[4], V scale)
{
    V w[4];
    scale_bytes(q, scale, s->form, w);
    if (is_wanted(s, i))
        put_values(s->panel + (i * WORDS_SCALED + 4 * half) * WORD, w);
    UNROLL
    for (int c = 0; c < s->straight; c++)
        s->whole[c] = add_plain(s->whole[c], w, s->x[c].i + KERNEL_BLOCK * i + 16 * half, s->form.bits);
}

/* Column c of half of block i of a group. */
INLINE void multiply_half(struct sink *s, const int c, const int i, const int half, const V q[4], V scale)
{
    const int8_t *x = s->x[c].i + KERNEL_BLOCK * i + 16 * half;
#ifdef HALVES
    s->whole[c] = add_straight(s->whole[c], scale, q, x, s->form.bits);
#else
    const bool joint = !has_half_scales(s->form), plain = s->form.scheme == K32_PLAIN;
    if (half == 0 || !joint)
        s->some[c] = start_sum(&s->x[c], i, plain ? s->form.offset : 0);
    s->some[c] = add_four(s->some[c], q, x, s->form.bits);
    if (half == 1 || !joint)
        s->whole[c] = v_add(s->whole[c], v_mul(s->some[c], scale));
#endif
}

/* Half of block i of a group, with its scale. The left halves of blocks of 32-column scales come right before the others. */
INLINE void put_of_group(struct sink *s, const int i, const int half, const V q[4], V scale)
{
    const bool halves = has_half_scales(s->form);
    uint8_t *block = s->panel + i * words_of_block(s->form) * WORD;
    ask_ahead(s);
    if (is_scaled(s->form)) {
        put_scaled(s, i, half, q, scale);
        return;
    }
    if (is_wanted(s, i)) {
        put_values(block + 4 * half * WORD, q);
        v_store(block + (halves ? 8 + half : 8) * WORD, scale);
    }
    if (s->rest && s->form.bits == 8)
        s->negative = add_negative(s->negative, scale, q);
    UNROLL
    for (int c = 0; c < s->straight; c++)
        multiply_half(s, c, i, half, q, scale);
}

/* Where the last words of a group begin. */
INLINE int words_before_tail(const struct form f)
{
    return KERNEL_GROUP_BLOCKS * words_of_block(f);
}

INLINE void put_tail(struct sink *s, const int at, V v)
{
    put_word(s, words_before_tail(s->form) + at, v);
}

/* Minima or scales of two blocks, or of both halves of one. */
INLINE void put_pair(struct sink *s, const int at, V pair)
{
    const bool halves = words_of_pairs(s->form) == 8;
    if (s->form.scheme == SCALED_PLAIN)
        return;
    if (halves ? is_wanted(s, at) : is_wanted(s, 2 * at) || is_wanted(s, 2 * at + 1))
        put_tail(s, at, pair);
    UNROLL
    for (int c = 0; c < s->straight; c++) {
        const int16_t *x = (halves ? s->x[c].sums16 : s->x[c].sums32) + 2 * at;
        s->pairs[c] = v_pairs(s->pairs[c], pair, v_bcast((const uint8_t *)x));
    }
}

/* The scale of a group and, negative, that of its minima. */
INLINE void put_scales(struct sink *s, VF d, VF dmin)
{
    const int at = words_before_tail(s->form) + words_of_pairs(s->form);
    put_number(s, at, d);
    if (has_minima(s->form))
        put_number(s, at + 1, dmin);
}

#endif
