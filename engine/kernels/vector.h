/* Kernels for every instruction set with vectors, written once over a few primitives.
 *
 * The file that includes this defines a vector V of UNITS times 16 bytes, a float vector VF of as many lanes, how many
 * vectors of rows a panel has (PAIR), the largest tile (TILE), how many of its columns are computed at once (SUB), how
 * many panels at most (PANELS; if more than one, SUB_SEVERAL columns), how many, 1 or 8, may be while weights are unpacked
 * (STRAIGHT), and how many are where others follow (STRAIGHT_REST), and
 *     v_rows(p, stride, i)    16 bytes of each of the rows i, i + 4, i + 8, ... (UNITS of them)
 *     v_low32 v_high32 v_low64 v_high64 (a, b)   interleave within each 16 bytes
 *     v_and v_or v_xor v_set1 v_shl v_shr (logical, 32-bit lanes) v_sar v_add v_sub v_mul
 *     v_or_and(a, b, c)       a | (b & c)
 *     v_table(table, index)   16-byte table look-up per byte
 *     v_bytes(v, index)       the same of each 16 bytes of v; 0 where the index has its top bit set
 *     v_sar16                 of 16-bit lanes
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

/* ---- quantised types: one description each -----------------------------------------------------------------------
 *
 * Each takes 16 bytes of every row after another and hands over the columns that they hold, 16 at a time, so that few
 * registers are in use at once. */

INLINE void low_nibbles(const V d[4], V q[4])
{
    UNROLL
    for (int j = 0; j < 4; j++)
        q[j] = v_and(d[j], v_set1(0x0f0f0f0f));
}

INLINE void high_nibbles(const V d[4], V q[4])
{
    UNROLL
    for (int j = 0; j < 4; j++)
        q[j] = v_and(v_shr(d[j], 4), v_set1(0x0f0f0f0f));
}

/* Low nibbles are elements 0..15, high nibbles 16..31. */
INLINE void put_nibbles(struct sink *s, const V d[4])
{
    V q[4];
    low_nibbles(d, q);
    put_half(s, 0, q);
    high_nibbles(d, q);
    put_half(s, 1, q);
}

INLINE void block_q4_0(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4];
    load16(rows + 2, stride, d);
    put_nibbles(s, d);
    end_block(s, vf_half_low(first4(rows, stride)), vf_set1(0.0f));
}

INLINE void block_q4_1(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], scales = first4(rows, stride);
    load16(rows + 4, stride, d);
    put_nibbles(s, d);
    end_block(s, vf_half_low(scales), vf_half_high(scales));
}

#ifndef v_fifths
/* Bits 4j..4j+3 of each lane, each as bit 4 of a byte. One multiplication takes four bits to their bytes: no two of the
 * sixteen places that it takes them to are the same. */
INLINE V v_fifths(V high, const int j)
{
    const V spread = v_set1(1 << 4 | 1 << 11 | 1 << 18 | 1 << 25);
    return v_and(v_mul(v_and(v_shr(high, 4 * j), v_set1(15)), spread), v_set1(0x10101010));
}
#endif

/* Nibbles with a fifth bit from high: bit i of a lane belongs to element i. */
INLINE void put_fives(struct sink *s, const V d[4], V high)
{
    V q[4];
    UNROLL
    for (int half = 0; half < 2; half++) {
        UNROLL
        for (int j = 0; j < 4; j++)
            q[j] = v_or_and(v_fifths(high, 4 * half + j), half == 0 ? d[j] : v_shr(d[j], 4), v_set1(0x0f0f0f0f));
        put_half(s, half, q);
    }
}

INLINE void block_q5_0(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], head[2];
    load8(rows, stride, head);
    load16(rows + 6, stride, d);
    put_fives(s, d, v_or(v_shr(head[0], 16), v_shl(head[1], 16)));
    end_block(s, vf_half_low(head[0]), vf_set1(0.0f));
}

INLINE void block_q5_1(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], head[2];
    load8(rows, stride, head);
    load16(rows + 8, stride, d);
    put_fives(s, d, head[1]);
    end_block(s, vf_half_low(head[0]), vf_half_high(head[0]));
}

INLINE void block_q8_0(const uint8_t *rows, size_t stride, struct sink *s)
{
    V q[4];
    UNROLL
    for (int half = 0; half < 2; half++) {
        load16(rows + 2 + 16 * half, stride, q);
        UNROLL
        for (int j = 0; j < 4; j++)
            q[j] = SIGNED8 ? q[j] : v_xor(q[j], v_set1((int)0x80808080));
        put_half(s, half, q);
    }
    end_block(s, vf_half_low(first4(rows, stride)), vf_set1(0.0f));
}

/* The levels of IQ4 plus 128, or as they are. */
#if SIGNED8
static const int8_t levels[16] = IQ4_LEVELS;
#else
static const uint8_t levels[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
#endif

/* The levels of the low or high nibbles. */
INLINE void look_up(const V d[4], const int half, V q[4])
{
    if (half == 0)
        low_nibbles(d, q);
    else
        high_nibbles(d, q);
    UNROLL
    for (int j = 0; j < 4; j++)
        q[j] = v_table((const uint8_t *)levels, q[j]);
}

INLINE void block_iq4_nl(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[4];
    load16(rows + 2, stride, d);
    UNROLL
    for (int half = 0; half < 2; half++) {
        look_up(d, half, q);
        put_half(s, half, q);
    }
    end_block(s, vf_half_low(first4(rows, stride)), vf_set1(0.0f));
}

/* In the scales of IQ4_XS and Q3_K 6 bits less 32 are wanted: with the topmost turned and two places up they are a
 * signed byte, four times too large. */
INLINE void iq4_xs_scales(V low, V two, V scales[2])
{
    two = v_and(v_or(two, v_shl(two, 8)), v_set1(0x00ff00ff));
    two = v_or(two, v_shl(two, 4)); /* four bits in each byte, for an even and an odd block */
    UNROLL
    for (int odd = 0; odd < 2; odd++) {
        V four = v_and(odd == 0 ? v_shl(low, 2) : v_shr(low, 2), v_set1(0x3c3c3c3c));
        scales[odd] = v_xor(v_or_and(four, v_shl(two, 6 - 2 * odd), v_set1((int)0xc0c0c0c0)), v_set1((int)0x80808080));
    }
}

INLINE void block_iq4_xs(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], q[4], head[2], scales[2];
    load8(rows, stride, head);
    iq4_xs_scales(head[1], v_shr(head[0], 16), scales);
    put_scales(s, vf_half_low(head[0]), vf_set1(0.0f));
    UNROLL
    for (int i = 0; i < 8; i++) {
        load16(rows + 8 + 16 * i, stride, d);
        UNROLL
        for (int half = 0; half < 2; half++) {
            look_up(d, half, q);
            put_of_group(s, i, half, q, signed_scale(scales[i % 2], i / 2, 2));
        }
    }
    if (s->rest)
        put_tail(s, 0, s->negative);
}

/* What Q4_K and Q5_K begin with, d, dmin and 12 bytes of 6-bit scales and minima: of blocks 0..3 they lie together, of
 * 4..7 in nibbles, and their upper two bits beside the former. */
INLINE void put_k_head(struct sink *s, const uint8_t *rows, size_t stride, V scales[2])
{
    V head[4];
    load16(rows, stride, head);
    const V six = v_set1(0x3f3f3f3f), nibble = v_set1(0x0f0f0f0f), two = v_set1(0x30303030);
    const V minima[2] = {v_and(head[2], six), v_or_and(v_and(v_shr(head[3], 4), nibble), v_shr(head[2], 2), two)};
    scales[0] = v_and(head[1], six);
    scales[1] = v_or_and(v_and(head[3], nibble), v_shr(head[1], 2), two);
    UNROLL
    for (int i = 0; i < 8; i += 2)
        put_pair(s, i / 2, pair_of_bytes(minima[i / 4], i % 4));
    put_scales(s, vf_half_low(head[0]), vf_mul(vf_half_high(head[0]), vf_set1(-1.0f)));
}

INLINE void block_q4_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[2][4], q[4], scales[2];
    put_k_head(s, rows, stride, scales);
    UNROLL
    for (int i = 0; i < 8; i++) {
        if (i % 2 == 0) {
            load16(rows + 16 + 16 * i, stride, d[0]);
            load16(rows + 32 + 16 * i, stride, d[1]);
        }
        UNROLL
        for (int half = 0; half < 2; half++) {
            if (i % 2 == 0)
                low_nibbles(d[half], q);
            else
                high_nibbles(d[half], q);
            put_of_group(s, i, half, q, scale_byte(scales[i / 4], i % 4));
        }
    }
}

/* Bit `from` of every byte at place `to`, the others being anything. */
INLINE V moved(V v, const int from, const int to)
{
    return from == to ? v : from < to ? v_shl(v, to - from) : v_shr(v, from - to);
}

INLINE void block_q5_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[2][4], q[4], high[2][4], scales[2];
    put_k_head(s, rows, stride, scales);
    load16(rows + 16, stride, high[0]);
    load16(rows + 32, stride, high[1]);
    UNROLL
    for (int i = 0; i < 8; i++) {
        if (i % 2 == 0) {
            load16(rows + 48 + 16 * i, stride, d[0]);
            load16(rows + 64 + 16 * i, stride, d[1]);
        }
        UNROLL
        for (int half = 0; half < 2; half++) {
            UNROLL
            for (int j = 0; j < 4; j++)
                q[j] = v_or_and(v_and(i % 2 == 0 ? d[half][j] : v_shr(d[half][j], 4), v_set1(0x0f0f0f0f)),
                                moved(high[half][j], i, 4), v_set1(0x10101010));
            put_of_group(s, i, half, q, scale_byte(scales[i / 4], i % 4));
        }
    }
}

INLINE void put_q6_k_head(struct sink *s, const uint8_t *rows, size_t stride, V scales[4])
{
    load16(rows + 192, stride, scales);
    UNROLL
    for (int i = 0; i < 8; i++)
        put_pair(s, i, pair_of_signed(scales[i / 2], 2 * i % 4, 0));
    put_scales(s, vf_half_high(last4(rows + 194, stride)), vf_set1(0.0f));
}

INLINE void block_q6_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V low[4], high[4], q[4], scales[4];
    put_q6_k_head(s, rows, stride, scales);
    UNROLL
    for (int part = 0; part < 4; part++) {
        const int right = part / 2, half = part % 2; /* blocks 0..3, then 4..7 */
        load16(rows + 128 + 32 * right + 16 * half, stride, high);
        UNROLL
        for (int n = 0; n < 4; n++) {
            const int i = n / 2 + 2 * (n % 2); /* 0 2 1 3: two after each other share their low bits */
            if (n % 2 == 0)
                load16(rows + 64 * right + 32 * i + 16 * half, stride, low);
            UNROLL
            for (int j = 0; j < 4; j++)
                q[j] = v_or_and(v_and(n % 2 == 0 ? low[j] : v_shr(low[j], 4), v_set1(0x0f0f0f0f)),
                                moved(high[j], 2 * i, 4), v_set1(0x30303030));
            put_of_group(s, 4 * right + i, half, q, signed_scale(scales[2 * right + i / 2], 2 * i % 4 + half, 0));
        }
    }
}

INLINE void put_q3_k_head(struct sink *s, const uint8_t *rows, size_t stride, V scales[4])
{
    V packed[4]; /* the 12 bytes of scales are packed[1..3]: nibbles of 16 scales, then their upper two bits */
    load16(rows + 92, stride, packed);
    UNROLL
    for (int n = 0; n < 4; n++) {
        V low = v_and(n < 2 ? v_shl(packed[1 + n], 2) : v_shr(packed[n - 1], 2), v_set1(0x3c3c3c3c));
        scales[n] = v_or_and(low, moved(packed[3], 2 * n, 6), v_set1((int)0xc0c0c0c0));
        scales[n] = v_xor(scales[n], v_set1((int)0x80808080));
        put_pair(s, 2 * n, pair_of_signed(scales[n], 0, 2));
        put_pair(s, 2 * n + 1, pair_of_signed(scales[n], 2, 2));
    }
    put_scales(s, vf_half_high(last4(rows + 94, stride)), vf_set1(0.0f));
}

/* The two bits of block i of four that lie in d: of an odd one two places up. */
INLINE V two_bits(const V d[4], const V down[4], const int j, const int i)
{
    return v_and(i % 4 < 2 ? d[j] : down[j], v_set1(i % 2 == 0 ? 0x03030303 : 0x0c0c0c0c));
}

INLINE void shift_down(const V d[4], V down[4])
{
    UNROLL
    for (int j = 0; j < 4; j++)
        down[j] = v_shr(d[j], 4);
}

INLINE void block_q3_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], down[4], high[4], q[4], scales[4];
    const bool up = s->form.up > 0;
    put_q3_k_head(s, rows, stride, scales);
    UNROLL
    for (int half = 0; half < 2; half++) {
        load16(rows + 16 * half, stride, high);
        UNROLL
        for (int i = 0; i < 8; i++) {
            if (i % 4 == 0) {
                load16(rows + 32 + 8 * i + 16 * half, stride, d);
                shift_down(d, down);
            }
            UNROLL
            for (int j = 0; j < 4; j++) {
                const bool above = up && i % 2 == 1;
                V two = two_bits(d, down, j, i);
                q[j] = v_or_and(i % 2 == 1 && !up ? v_shr(two, 2) : two, moved(high[j], i, above ? 4 : 2),
                                v_set1(above ? 0x10101010 : 0x04040404));
            }
            put_of_group(s, i, half, q, signed_scale(scales[i / 2], 2 * i % 4 + half, up && i % 2 == 0 ? 0 : 2));
        }
    }
}

INLINE void put_q2_k_head(struct sink *s, const uint8_t *rows, size_t stride, V scales[4])
{
    V packed[4], tail = last4(rows + 68, stride); /* a scale in each low nibble, a minimum in the high one */
    load16(rows, stride, packed);
    UNROLL
    for (int n = 0; n < 4; n++) { /* two blocks: scales of the even one are four times as large */
        V minima = v_and(v_shr(packed[n], 4), v_set1(0x0f0f0f0f));
        scales[n] = v_or_and(v_and(v_shl(packed[n], 2), v_set1(0x00003c3c)), packed[n], v_set1(0x0f0f0000));
        put_pair(s, 2 * n, pair_of_bytes(minima, 0));
        put_pair(s, 2 * n + 1, pair_of_bytes(minima, 2));
    }
    put_scales(s, vf_half_low(tail), vf_mul(vf_half_high(tail), vf_set1(-1.0f)));
}

INLINE void block_q2_k(const uint8_t *rows, size_t stride, struct sink *s)
{
    V d[4], down[4], q[4], scales[4];
    put_q2_k_head(s, rows, stride, scales);
    UNROLL
    for (int part = 0; part < 4; part++) {
        const int right = part / 2, half = part % 2;
        load16(rows + 16 + 16 * part, stride, d);
        shift_down(d, down);
        UNROLL
        for (int i = 0; i < 4; i++) {
            UNROLL
            for (int j = 0; j < 4; j++)
                q[j] = two_bits(d, down, j, i);
            put_of_group(s, 4 * right + i, half, q, scale_byte(scales[2 * right + i / 2], 2 * i % 4 + half));
        }
    }
}

#endif
