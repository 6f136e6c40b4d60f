/* Kernels for every instruction set with vectors, written once over a few primitives.
 *
 * The file that includes this defines a vector V of UNITS times 16 bytes, a float vector VF of as many lanes, how many
 * vectors of rows a panel has (PAIR), the largest tile (TILE), how many of its columns are computed at once (SUB), how
 * many panels at most (PANELS; if more than one, SUB_SEVERAL columns) or, at most, while weights are unpacked (STRAIGHT; for a tile of one STRAIGHT_ONE(form), for one of STRAIGHT and more
 * STRAIGHT_FEW(form)), and
 *     v_rows(p, stride, i)    16 bytes of each of the rows i, i + 4, i + 8, ... (UNITS of them)
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

#include "engine/kernels/blocks.h"
#include "engine/kernels/sink.h"

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

/* The same of the first 8 of 16 bytes; and only the first, and only the last 4. */
INLINE void load8(const uint8_t *p, size_t stride, V d[2])
{
    V t0 = v_low32(v_rows(p, stride, 0), v_rows(p, stride, 1)),
      t2 = v_low32(v_rows(p, stride, 2), v_rows(p, stride, 3));
    d[0] = v_low64(t0, t2);
    d[1] = v_high64(t0, t2);
}

INLINE V first4(const uint8_t *p, size_t stride)
{
    V d[2];
    load8(p, stride, d);
    return d[0];
}

INLINE V last4(const uint8_t *p, size_t stride)
{
    V d[4];
    load16(p, stride, d);
    return d[3];
}

/* Asks for the stretch of memory that the rows of a block will be in one panel later: memory is read in its order,
 * which the rows of a panel are not. */
INLINE void prefetch(uintptr_t ahead, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch((const void *)(ahead + at), 0, 2);
}

/* ---- quantised types: one description each ----------------------------------------------------------------------- */

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
    put_plain(s, q, vf_half_low(first4(rows, stride)));
}

INLINE void block_q4_1(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[8], scales = first4(rows, stride);
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
    V d[4], q[8], head[2];
    load16(rows + 6, stride, d);
    load8(rows, stride, head);
    fives(d, v_or(v_shr(head[0], 16), v_shl(head[1], 16)), q);
    put_plain(s, q, vf_half_low(head[0]));
}

INLINE void block_q5_1(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[8], head[2];
    load16(rows + 8, stride, d);
    load8(rows, stride, head);
    fives(d, head[1], q);
    put_block(s, q, vf_half_low(head[0]), vf_half_high(head[0]));
}

INLINE void block_q8_0(const uint8_t *rows, size_t stride, struct sink *s)
{
    V q[8];
    load16(rows + 2, stride, q);
    load16(rows + 18, stride, q + 4);
    UNROLL
    for (int j = 0; j < 8; j++)
        q[j] = SIGNED8 ? q[j] : v_xor(q[j], v_set1((int)0x80808080));
    put_plain8(s, q, vf_half_low(first4(rows, stride)));
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
    put_plain8(s, q, vf_half_low(first4(rows, stride)));
}

INLINE void block_iq4_xs(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[8], head[2], negative = v_set1(0);
    load8(rows, stride, head);
    UNROLL
    for (int i = 0; i < 8; i++) {
        V four = v_and(v_shr(head[1], 4 * i), v_set1(15)), two = v_and(v_shr(head[0], 16 + 2 * i), v_set1(3));
        load16(rows + 8 + 16 * i, stride, d);
        nibbles(d, q);
        look_up(q);
        V scale = v_add(v_or(four, v_shl(two, 4)), v_set1(-32));
        put_scaled(s, i, q, scale);
        if (s->rest)
            negative = v_add(negative, v_mul(scale, negative_sum(q)));
    }
    s->panel += KERNEL_GROUP_BLOCKS * WORDS_K32 * WORD;
    put_word(s, negative);
    s->panel += 3 * WORD;
    put_number(s, vf_half_low(head[0]));
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
    s->panel += KERNEL_GROUP_BLOCKS * WORDS_K32 * WORD;
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
        put_scaled(s, i, q, k_scale(head, i));
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
        put_scaled(s, i, q, k_scale(head, i));
    }
    put_k_tail(s, head);
}

/* Byte i of the 16 in d, as a signed number. */
INLINE V signed_byte(const V d[4], const int i)
{
    return v_sar(v_shl(d[i / 4], 24 - 8 * (i % 4)), 24);
}

INLINE void block_q6_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V packed[4], low[8], high[8], q[8];
    load16(rows + 192, stride, packed);
    UNROLL
    for (int i = 0; i < 8; i++) {
        /* sub-blocks 0 2 1 3 of each half: two after each other share their low bits */
        const int half = i / 4, quarter = i % 4 / 2 + 2 * (i % 2);
        if (i % 4 == 0) {
            load16(rows + 128 + 32 * half, stride, high);
            load16(rows + 144 + 32 * half, stride, high + 4);
        }
        if (i % 2 == 0) {
            load16(rows + 64 * half + 32 * quarter, stride, low);
            load16(rows + 64 * half + 32 * quarter + 16, stride, low + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++) {
            V two = quarter < 3 ? v_and(quarter < 2 ? v_shl(high[j], 4 - 2 * quarter) : high[j], v_set1(0x30303030))
                                : v_and(v_shr(high[j], 2), v_set1(0x30303030));
            q[j] = v_or(v_and(quarter < 2 ? low[j] : v_shr(low[j], 4), v_set1(0x0f0f0f0f)), two);
        }
        const int at = 4 * half + quarter;
        put_halves(s, at, q, signed_byte(packed, 2 * at), signed_byte(packed, 2 * at + 1));
    }
    V pairs[8];
    UNROLL
    for (int i = 0; i < 8; i++)
        pairs[i] = v_both(signed_byte(packed, 2 * i), signed_byte(packed, 2 * i + 1));
    put_halves_tail(s, pairs, vf_half_high(last4(rows + 194, stride)), vf_set1(0.0f));
}

/* A scale of Q3_K; packed: the last four words of 16 bytes that end with the twelve of the scales. */
INLINE V q3_scale(const V packed[4], const int i)
{
    V four = v_and(v_shr(packed[1 + i % 8 / 4], 8 * (i % 4) + 4 * (i / 8)), v_set1(15));
    V two = v_and(v_shr(packed[3], 8 * (i % 4) + 2 * (i / 4)), v_set1(3));
    return v_add(v_or(four, v_shl(two, 4)), v_set1(-32));
}

INLINE void block_q3_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V packed[4], d[8], high[8], q[8], pairs[8];
    load16(rows + 92, stride, packed); /* the 12 bytes are packed[1..3] */
    load16(rows, stride, high);
    load16(rows + 16, stride, high + 4);
    UNROLL
    for (int i = 0; i < 8; i++) {
        if (i % 4 == 0) {
            load16(rows + 32 + 8 * i, stride, d);
            load16(rows + 48 + 8 * i, stride, d + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++) {
            V third = v_and(i < 2 ? v_shl(high[j], 2 - i) : v_shr(high[j], i - 2), v_set1(0x04040404));
            q[j] = v_or(v_and(v_shr(d[j], i % 4 * 2), v_set1(0x03030303)), third);
        }
        V left = q3_scale(packed, 2 * i), right = q3_scale(packed, 2 * i + 1);
        put_halves(s, i, q, left, right);
        pairs[i] = v_both(left, right);
    }
    put_halves_tail(s, pairs, vf_half_high(last4(rows + 94, stride)), vf_set1(0.0f));
}

INLINE void block_q2_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V packed[4], d[8], q[8], pairs[8], tail = last4(rows + 68, stride);
    load16(rows, stride, packed);
    UNROLL
    for (int i = 0; i < 8; i++) {
        if (i % 4 == 0) {
            load16(rows + 16 + 8 * i, stride, d);
            load16(rows + 32 + 8 * i, stride, d + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++)
            q[j] = v_and(v_shr(d[j], i % 4 * 2), v_set1(0x03030303));
        V both = v_shr(packed[i / 2], 16 * (i % 2)); /* a scale, a minimum, a scale, a minimum: four bits each */
        put_halves(s, i, q, v_and(both, v_set1(15)), v_and(v_shr(both, 8), v_set1(15)));
        pairs[i] = v_or(v_and(v_shr(both, 4), v_set1(15)), v_and(v_shl(both, 4), v_set1(15 << 16)));
    }
    put_halves_tail(s, pairs, vf_half_low(tail), vf_mul(vf_half_high(tail), vf_set1(-1.0f)));
}

#endif
