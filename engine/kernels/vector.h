/* Kernels for every instruction set with vectors, written once over a few primitives.
 *
 * The file that includes this defines a vector V of UNITS times 16 bytes, a float vector VF of as many lanes, how many
 * vectors of rows a panel has (PAIR), the largest tile (TILE) and how many of its columns are computed at once (SUB), and
 *     v_rows(p, stride, i)    16 bytes of each of the rows i, i + 4, i + 8, ... (UNITS of them)
 *     v_dwords(p, stride)     4 bytes of each of the 4 * UNITS rows
 *     v_low32 v_high32 v_low64 v_high64 (a, b)   interleave within each 16 bytes
 *     v_and v_or v_xor v_set1 v_shl v_shr (logical, 32-bit lanes) v_sar v_add v_sub v_mul
 *     v_table(table, index)   16-byte table look-up per byte
 *     v_bcast(p)              4 bytes in all lanes
 *     v_pairs(acc, a, b)      acc += the 2 products of 16-bit numbers of each lane
 *     vf_half_low vf_half_high (v)   the half-precision number in the low or high 16 bits of each lane
 *     vf_cast(v) vf_int(v) vf_mul vf_fma(a, b, c) vf_set1 vf_load vf_store v_load v_store
 * and either
 *     v_dot(acc, w, x) v_dot8(acc, w, x)         acc += the 4 products of each lane
 * or, with HALVES, where products are added in 16 bits as long as they fit,
 *     v_half(w, x) v_half_add(a, b)              2 products of each 16 bits; such numbers added
 *     v_widen(acc, half, scale)                  acc += half * scale, of which each lane has two
 *     v_magnitude(w) v_negative(w) v_sign(x, w)  |w|; all bits set where w < 0; x with the sign of w, byte by byte
 * w is unsigned and has up to 7 bits but in v_dot8. There, and in the last three, it is signed if SIGNED8 is 1.
 * A row is a lane: byte p of row r in v_rows(., ., r % 4) after the transposition is in lane r. */
#ifndef PALAVER_ENGINE_KERNELS_VECTOR_H
#define PALAVER_ENGINE_KERNELS_VECTOR_H

#include <stdbool.h>
#include <string.h>

#include "engine/kernels/blocks.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/prepare.h"

#define INLINE static inline __attribute__((always_inline))
/* Loops over a tile's columns and a block's words are spelled out, so that the sums stay in registers. Where a
 * sanitizer watches, gcc cannot do so and would warn. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

enum { LANES = 4 * UNITS, ROWS = LANES * PAIR };

/* 16 bytes of every row at p: d[j] holds bytes 4j..4j+3 of row r in lane r. */
INLINE void load16(const uint8_t *p, size_t stride, V d[4])
{
    V a0 = v_rows(p, stride, 0), a1 = v_rows(p, stride, 1), a2 = v_rows(p, stride, 2), a3 = v_rows(p, stride, 3);
    V t0 = v_low32(a0, a1), t1 = v_high32(a0, a1), t2 = v_low32(a2, a3), t3 = v_high32(a2, a3);
    d[0] = v_low64(t0, t2);
    d[1] = v_high64(t0, t2);
    d[2] = v_low64(t1, t3);
    d[3] = v_high64(t1, t3);
}

/* Asks for the stretch of memory that the rows of a block will be in one panel later: memory is read in its order,
 * which the rows of a panel are not. */
INLINE void prefetch(uintptr_t ahead, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch((const void *)(ahead + at), 0, 2);
}

/* ---- quantised types: one description each ----------------------------------------------------------------------- */

/* A panel is made of words: 4 bytes of each row, or a number. These are the words of a block, and of a group of K types,
 * whose blocks come first:
 *     Q32          q[8] ws, and wm or negative_sum
 *     Q32 of K     q[8] scale, 8 times; minima[4] d dmin
 *     Q16 of K     q[8] scale[2], 8 times; pairs[8] d dmin
 * Minima and pairs are 16-bit numbers of two blocks or of the two halves of one; pairs are minima too where the type has
 * them, else scales; of signed weights the first of the minima is scale * negative_sum. dmin is negative. With HALVES a scale is there twice, in 16 bits, as v_widen takes it. */
enum {
    WORD = PAIR * (int)sizeof(V),
    WORDS_Q32 = 10,
    WORDS_K32 = 9,
    WORDS_K16 = 10,
    WORDS_MOST = 12,
};

/* Where the next block of LANES rows goes; alone: it is for one column only. */
struct sink {
    uint8_t *panel;
    bool alone;
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

/* Takes 32 columns of every row with their scale and minimum. */
INLINE void put_block(struct sink *s, const V q[8], VF ws, VF wm)
{
    put_values(s, q);
    put_number(s, ws);
    put_number(s, wm);
}

/* The same for types without a minimum. */
INLINE void put_plain(struct sink *s, const V q[8], VF ws)
{
    put_values(s, q);
    put_number(s, ws);
    s->panel += WORD;
}

#ifdef HALVES
static const int16_t ones[WORD / 2] = {[0 ... WORD / 2 - 1] = 1};

/* For several columns a signed weight is multiplied as |w| * (x ^ negative), since v_sign shares its units with the
 * products on many processors. Where w is negative that is |w| too little, as ~x is -x - 1. How much that is for 32
 * columns of x; all sums begin with it. */
INLINE V negative_sum(const V q[8])
{
    V half = v_set1(0);
    UNROLL
    for (int j = 0; j < 8; j++)
        half = v_half_add(half, v_half(v_and(v_magnitude(q[j]), v_negative(q[j])), v_set1(0x01010101)));
    return v_widen(v_set1(0), half, v_load(ones));
}
#else
INLINE V negative_sum(const V q[8])
{
    (void)q;
    return v_set1(0); /* is not used */
}
#endif

/* The same for weights of 8 bits. */
INLINE void put_plain8(struct sink *s, const V q[8], VF ws)
{
    put_values(s, q);
    put_number(s, ws);
    put_word(s, s->alone ? v_set1(0) : negative_sum(q));
}

/* The numbers of low and of high as 16 bits side by side. */
INLINE V v_both(V low, V high)
{
    return v_or(v_and(low, v_set1(0xffff)), v_shl(high, 16));
}

INLINE void put_scale(struct sink *s, V scale)
{
#ifdef HALVES
    scale = v_both(scale, scale);
#endif
    put_word(s, scale);
}

/* Low nibbles are elements 0..15, high nibbles 16..31. */
INLINE void nibbles(const V d[4], V q[8])
{
    V mask = v_set1(0x0f0f0f0f);
    UNROLL
    for (int j = 0; j < 4; j++) {
        q[j] = v_and(d[j], mask);
        q[j + 4] = v_and(v_shr(d[j], 4), mask);
    }
}

INLINE void block_q4_0(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[8];
    load16(rows + 2, stride, d);
    nibbles(d, q);
    put_plain(s, q, vf_half_low(v_dwords(rows, stride)));
}

INLINE void block_q4_1(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[8], scales = v_dwords(rows, stride);
    load16(rows + 4, stride, d);
    nibbles(d, q);
    put_block(s, q, vf_half_low(scales), vf_half_high(scales));
}

/* Nibbles with a fifth bit from high: bit i of a lane belongs to element i. One multiplication takes four bits to their
 * bytes: no two of the sixteen places that it takes them to are the same. */
INLINE void fives(const V d[4], V high, V q[8])
{
    V mask = v_set1(0x0f0f0f0f), spread = v_set1(1 << 4 | 1 << 11 | 1 << 18 | 1 << 25);
    UNROLL
    for (int j = 0; j < 8; j++) {
        V bits = v_and(v_mul(v_and(v_shr(high, 4 * j), v_set1(15)), spread), v_set1(0x10101010));
        q[j] = v_or(v_and(j < 4 ? d[j % 4] : v_shr(d[j % 4], 4), mask), bits);
    }
}

INLINE void block_q5_0(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[8];
    load16(rows + 6, stride, d);
    fives(d, v_dwords(rows + 2, stride), q);
    put_plain(s, q, vf_half_low(v_dwords(rows, stride)));
}

INLINE void block_q5_1(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[8], scales = v_dwords(rows, stride);
    load16(rows + 8, stride, d);
    fives(d, v_dwords(rows + 4, stride), q);
    put_block(s, q, vf_half_low(scales), vf_half_high(scales));
}

INLINE void block_q8_0(const uint8_t *rows, size_t stride, struct sink *s)
{
    V q[8];
    load16(rows + 2, stride, q);
    load16(rows + 18, stride, q + 4);
    UNROLL
    for (int j = 0; j < 8; j++)
        q[j] = SIGNED8 ? q[j] : v_xor(q[j], v_set1((int)0x80808080));
    put_plain8(s, q, vf_half_low(v_dwords(rows, stride)));
}

/* The levels of IQ4 plus 128, or as they are. */
#if SIGNED8
static const int8_t levels[16] = IQ4_LEVELS;
#else
static const uint8_t levels[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
#endif

INLINE void look_up(V q[8])
{
    UNROLL
    for (int j = 0; j < 8; j++)
        q[j] = v_table((const uint8_t *)levels, q[j]);
}

INLINE void block_iq4_nl(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[8];
    load16(rows + 2, stride, d);
    nibbles(d, q);
    look_up(q);
    put_plain8(s, q, vf_half_low(v_dwords(rows, stride)));
}

INLINE void block_iq4_xs(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[8], head = v_dwords(rows, stride), low = v_dwords(rows + 4, stride), negative = v_set1(0);
    UNROLL
    for (int i = 0; i < 8; i++) {
        V four = v_and(v_shr(low, 4 * i), v_set1(15)), two = v_and(v_shr(head, 16 + 2 * i), v_set1(3));
        load16(rows + 8 + 16 * i, stride, d);
        nibbles(d, q);
        look_up(q);
        V scale = v_add(v_or(four, v_shl(two, 4)), v_set1(-32));
        put_values(s, q);
        put_scale(s, scale);
        if (!s->alone)
            negative = v_add(negative, v_mul(scale, negative_sum(q)));
    }
    put_word(s, negative);
    s->panel += 3 * WORD;
    put_number(s, vf_half_low(head));
    s->panel += WORD;
}

/* Scale and minimum of sub-block i of Q4_K and Q5_K: head holds d, dmin and the 12 packed bytes of each row. */
INLINE V k_scale(const V head[4], const int i)
{
    const int shift = 8 * (i % 4);
    if (i < 4)
        return v_and(v_shr(head[1], shift), v_set1(63));
    V low = v_and(v_shr(head[3], shift), v_set1(15));
    return v_or(low, v_shl(v_and(v_shr(head[1], shift + 6), v_set1(3)), 4));
}

INLINE V k_minimum(const V head[4], const int i)
{
    const int shift = 8 * (i % 4);
    if (i < 4)
        return v_and(v_shr(head[2], shift), v_set1(63));
    V high = v_and(v_shr(head[3], shift + 4), v_set1(15));
    return v_or(high, v_shl(v_and(v_shr(head[2], shift + 6), v_set1(3)), 4));
}

/* The last words of a group of Q4_K and Q5_K. */
INLINE void put_k_tail(struct sink *s, const V head[4])
{
    UNROLL
    for (int i = 0; i < 8; i += 2)
        put_word(s, v_both(k_minimum(head, i), k_minimum(head, i + 1)));
    put_number(s, vf_half_low(head[0]));
    put_number(s, vf_mul(vf_half_high(head[0]), vf_set1(-1.0f)));
}

INLINE void block_q4_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V head[4], d[8], q[8];
    load16(rows, stride, head);
    UNROLL
    for (int i = 0; i < 8; i++) {
        if (i % 2 == 0) {
            load16(rows + 16 + 16 * i, stride, d);
            load16(rows + 32 + 16 * i, stride, d + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++)
            q[j] = v_and(i % 2 == 0 ? d[j] : v_shr(d[j], 4), v_set1(0x0f0f0f0f));
        put_values(s, q);
        put_scale(s, k_scale(head, i));
    }
    put_k_tail(s, head);
}

INLINE void block_q5_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V head[4], d[8], q[8], high[8];
    load16(rows, stride, head);
    load16(rows + 16, stride, high);
    load16(rows + 32, stride, high + 4);
    UNROLL
    for (int i = 0; i < 8; i++) {
        if (i % 2 == 0) {
            load16(rows + 48 + 16 * i, stride, d);
            load16(rows + 64 + 16 * i, stride, d + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++) {
            V fifth = v_shl(v_and(v_shr(high[j], i), v_set1(0x01010101)), 4);
            q[j] = v_or(v_and(i % 2 == 0 ? d[j] : v_shr(d[j], 4), v_set1(0x0f0f0f0f)), fifth);
        }
        put_values(s, q);
        put_scale(s, k_scale(head, i));
    }
    put_k_tail(s, head);
}

/* Takes 32 columns of every row with a scale for each half of them. */
INLINE void put_halves(struct sink *s, const V q[8], const V scales[2])
{
    put_values(s, q);
    put_scale(s, scales[0]);
    put_scale(s, scales[1]);
}

/* The last words of a group of these. */
INLINE void put_halves_tail(struct sink *s, const V pairs[16], VF d, VF dmin)
{
    UNROLL
    for (int i = 0; i < 16; i += 2)
        put_word(s, v_both(pairs[i], pairs[i + 1]));
    put_number(s, d);
    put_number(s, dmin);
}

/* Byte i of the 16 in d, as a signed number. */
INLINE V signed_byte(const V d[4], const int i)
{
    return v_sar(v_shl(d[i / 4], 24 - 8 * (i % 4)), 24);
}

INLINE void block_q6_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V packed[4], scales[16], low[16], high[8], q[8];
    load16(rows + 192, stride, packed);
    UNROLL
    for (int i = 0; i < 16; i++)
        scales[i] = signed_byte(packed, i);
    UNROLL
    for (int i = 0; i < 8; i++) {
        const int half = i / 4, quarter = i % 4;
        if (quarter == 0) {
            load16(rows + 128 + 32 * half, stride, high);
            load16(rows + 144 + 32 * half, stride, high + 4);
        }
        if (quarter < 2) {
            load16(rows + 64 * half + 32 * quarter, stride, low + 8 * quarter);
            load16(rows + 64 * half + 32 * quarter + 16, stride, low + 8 * quarter + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++) {
            V four = low[8 * (quarter % 2) + j], two = v_and(v_shr(high[j], 2 * quarter), v_set1(0x03030303));
            q[j] = v_or(v_and(quarter < 2 ? four : v_shr(four, 4), v_set1(0x0f0f0f0f)), v_shl(two, 4));
        }
        put_halves(s, q, scales + 2 * i);
    }
    put_halves_tail(s, scales, vf_half_high(v_dwords(rows + 206, stride)), vf_set1(0.0f));
}

INLINE void block_q3_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V packed[4], scales[16], d[8], high[8], q[8];
    load16(rows + 92, stride, packed); /* the 12 bytes are packed[1..3] */
    load16(rows, stride, high);
    load16(rows + 16, stride, high + 4);
    UNROLL
    for (int i = 0; i < 16; i++) {
        V four = v_and(v_shr(packed[1 + i % 8 / 4], 8 * (i % 4) + 4 * (i / 8)), v_set1(15));
        V two = v_and(v_shr(packed[3], 8 * (i % 4) + 2 * (i / 4)), v_set1(3));
        scales[i] = v_add(v_or(four, v_shl(two, 4)), v_set1(-32));
    }
    UNROLL
    for (int i = 0; i < 8; i++) {
        if (i % 4 == 0) {
            load16(rows + 32 + 8 * i, stride, d);
            load16(rows + 48 + 8 * i, stride, d + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++) {
            V third = v_shl(v_and(v_shr(high[j], i), v_set1(0x01010101)), 2);
            q[j] = v_or(v_and(v_shr(d[j], i % 4 * 2), v_set1(0x03030303)), third);
        }
        put_halves(s, q, scales + 2 * i);
    }
    put_halves_tail(s, scales, vf_half_high(v_dwords(rows + 106, stride)), vf_set1(0.0f));
}

INLINE void block_q2_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V packed[4], scales[16], minima[16], d[8], q[8], tail = v_dwords(rows + 80, stride);
    load16(rows, stride, packed);
    UNROLL
    for (int i = 0; i < 16; i++) {
        V byte = v_shr(packed[i / 4], 8 * (i % 4));
        scales[i] = v_and(byte, v_set1(15));
        minima[i] = v_and(v_shr(byte, 4), v_set1(15));
    }
    UNROLL
    for (int i = 0; i < 8; i++) {
        if (i % 4 == 0) {
            load16(rows + 16 + 8 * i, stride, d);
            load16(rows + 32 + 8 * i, stride, d + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++)
            q[j] = v_and(v_shr(d[j], i % 4 * 2), v_set1(0x03030303));
        put_halves(s, q, scales + 2 * i);
    }
    put_halves_tail(s, minima, vf_half_low(tail), vf_mul(vf_half_high(tail), vf_set1(-1.0f)));
}

#endif
