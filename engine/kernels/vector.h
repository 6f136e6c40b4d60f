/* Kernels for every instruction set with vectors, written once over a few primitives.
 *
 * The file that includes this defines a vector V of UNITS times 16 bytes, a float vector VF of as many lanes, and
 *     v_rows(p, stride, i)    16 bytes of each of the rows i, i + 4, i + 8, ... (UNITS of them)
 *     v_dwords(p, stride)     4 bytes of each of the R = 4 * UNITS rows
 *     v_low32 v_high32 v_low64 v_high64 (a, b)   interleave within each 16 bytes
 *     v_and v_or v_xor v_set1 v_shl v_shr (logical, 32-bit lanes) v_sar v_add
 *     v_table(table, index)   16-byte table look-up per byte
 *     v_dot(acc, w, x) v_dot_wide(acc, w, x)     acc += the 4 products of each lane; u8 weights up to 63, up to 255
 *     v_bcast(p)              4 bytes in all lanes
 *     vf_half_low vf_half_high (v)   the half-precision number in the low or high 16 bits of each lane
 *     vf_cast(v) vf_int(v) vf_mul vf_fma(a, b, c) vf_set1 vf_load vf_store v_load v_store
 * A row is a lane: byte p of row r in v_rows(., ., r % 4) after the transposition is in lane r. */
#ifndef PALAVER_ENGINE_KERNELS_VECTOR_H
#define PALAVER_ENGINE_KERNELS_VECTOR_H

#include <string.h>

#include "engine/blocks.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/prepare.h"

#define INLINE static inline __attribute__((always_inline))
/* Loops over a tile's columns and a block's words are spelled out, so that the sums stay in registers. Where a sanitizer
 * watches, gcc cannot do so and would warn. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

enum { ROWS = 4 * UNITS, Q32_BYTES = 10 * 4 * ROWS, Q16_BYTES = 12 * 4 * ROWS };

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
INLINE void prefetch(const uint8_t *ahead, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch(ahead + at, 0, 2);
}

INLINE void put_q(uint8_t *panel, int j, V q)
{
    v_store(panel + (size_t)j * sizeof(V), q);
}

/* The four scale vectors behind the q of a block; for Q32 panels ws is number 0, wm number 1. */
INLINE void put_scale(uint8_t *panel, int i, VF value)
{
    vf_store((float *)(panel + (size_t)(8 + i) * sizeof(V)), value);
}

/* Low nibbles become elements 0..15, high nibbles 16..31. */
INLINE void put_nibbles(uint8_t *panel, const V d[4])
{
    V mask = v_set1(0x0f0f0f0f);
    UNROLL
    for (int j = 0; j < 4; j++) {
        put_q(panel, j, v_and(d[j], mask));
        put_q(panel, j + 4, v_and(v_shr(d[j], 4), mask));
    }
}

static void pack_q4_0(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b++, rows += sizeof(struct block_q4_0), to += Q32_BYTES) {
        prefetch(ahead + b * ROWS * sizeof(struct block_q4_0), ROWS * sizeof(struct block_q4_0));
        V d[4];
        VF ws = vf_half_low(v_dwords(rows, stride));
        load16(rows + 2, stride, d);
        put_nibbles(to, d);
        put_scale(to, 0, ws);
        put_scale(to, 1, vf_mul(ws, vf_set1(-8.0f)));
    }
}

static void pack_q4_1(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b++, rows += sizeof(struct block_q4_1), to += Q32_BYTES) {
        prefetch(ahead + b * ROWS * sizeof(struct block_q4_1), ROWS * sizeof(struct block_q4_1));
        V d[4], scales = v_dwords(rows, stride);
        load16(rows + 4, stride, d);
        put_nibbles(to, d);
        put_scale(to, 0, vf_half_low(scales));
        put_scale(to, 1, vf_half_high(scales));
    }
}

/* Nibbles with a fifth bit from high: bit i of a lane belongs to element i. */
INLINE void put_fives(uint8_t *panel, const V d[4], V high)
{
    V mask = v_set1(0x0f0f0f0f);
    UNROLL
    for (int j = 0; j < 8; j++) {
        V four = v_shr(high, 4 * j);
        V bits = v_or(v_or(v_and(v_shl(four, 4), v_set1(0x10)), v_and(v_shl(four, 11), v_set1(0x1000))),
                      v_or(v_and(v_shl(four, 18), v_set1(0x100000)), v_and(v_shl(four, 25), v_set1(0x10000000))));
        V low = v_and(j < 4 ? d[j % 4] : v_shr(d[j % 4], 4), mask);
        put_q(panel, j, v_or(low, bits));
    }
}

static void pack_q5_0(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b++, rows += sizeof(struct block_q5_0), to += Q32_BYTES) {
        prefetch(ahead + b * ROWS * sizeof(struct block_q5_0), ROWS * sizeof(struct block_q5_0));
        V d[4];
        VF ws = vf_half_low(v_dwords(rows, stride));
        load16(rows + 6, stride, d);
        put_fives(to, d, v_dwords(rows + 2, stride));
        put_scale(to, 0, ws);
        put_scale(to, 1, vf_mul(ws, vf_set1(-16.0f)));
    }
}

static void pack_q5_1(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b++, rows += sizeof(struct block_q5_1), to += Q32_BYTES) {
        prefetch(ahead + b * ROWS * sizeof(struct block_q5_1), ROWS * sizeof(struct block_q5_1));
        V d[4], scales = v_dwords(rows, stride);
        load16(rows + 8, stride, d);
        put_fives(to, d, v_dwords(rows + 4, stride));
        put_scale(to, 0, vf_half_low(scales));
        put_scale(to, 1, vf_half_high(scales));
    }
}

static void pack_q8_0(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b++, rows += sizeof(struct block_q8_0), to += Q32_BYTES) {
        prefetch(ahead + b * ROWS * sizeof(struct block_q8_0), ROWS * sizeof(struct block_q8_0));
        V d[4], flip = v_set1((int)0x80808080);
        VF ws = vf_half_low(v_dwords(rows, stride));
        UNROLL
        for (int part = 0; part < 2; part++) {
            load16(rows + 2 + 16 * part, stride, d);
            UNROLL
            for (int j = 0; j < 4; j++)
                put_q(to, 4 * part + j, v_xor(d[j], flip));
        }
        put_scale(to, 0, ws);
        put_scale(to, 1, vf_mul(ws, vf_set1(-128.0f)));
    }
}

/* The levels of IQ4 plus 128. */
static const uint8_t levels[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};

INLINE void put_levels(uint8_t *panel, const V d[4])
{
    V mask = v_set1(0x0f0f0f0f);
    UNROLL
    for (int j = 0; j < 4; j++) {
        put_q(panel, j, v_table(levels, v_and(d[j], mask)));
        put_q(panel, j + 4, v_table(levels, v_and(v_shr(d[j], 4), mask)));
    }
}

static void pack_iq4_nl(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b++, rows += sizeof(struct block_iq4_nl), to += Q32_BYTES) {
        prefetch(ahead + b * ROWS * sizeof(struct block_iq4_nl), ROWS * sizeof(struct block_iq4_nl));
        V d[4];
        VF ws = vf_half_low(v_dwords(rows, stride));
        load16(rows + 2, stride, d);
        put_levels(to, d);
        put_scale(to, 0, ws);
        put_scale(to, 1, vf_mul(ws, vf_set1(-128.0f)));
    }
}

static void pack_iq4_xs(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b += 8, rows += sizeof(struct block_iq4_xs)) {
        prefetch(ahead + b / 8 * ROWS * sizeof(struct block_iq4_xs), ROWS * sizeof(struct block_iq4_xs));
        V d[4], head = v_dwords(rows, stride), low = v_dwords(rows + 4, stride);
        VF scale = vf_half_low(head);
        for (int s = 0; s < 8; s++, to += Q32_BYTES) {
            V four = v_and(v_shr(low, 4 * s), v_set1(15)), two = v_and(v_shr(head, 16 + 2 * s), v_set1(3));
            VF ws = vf_mul(scale, vf_int(v_add(v_or(four, v_shl(two, 4)), v_set1(-32))));
            load16(rows + 8 + 16 * s, stride, d);
            put_levels(to, d);
            put_scale(to, 0, ws);
            put_scale(to, 1, vf_mul(ws, vf_set1(-128.0f)));
        }
    }
}

/* The scales and minima of Q4_K and Q5_K: head holds d, dmin and the 12 packed bytes of each row. */
INLINE void put_k_scales(uint8_t *panel, const V head[4], int s)
{
    int shift = 8 * (s % 4);
    V scale, minimum;
    if (s < 4) {
        scale = v_and(v_shr(head[1], shift), v_set1(63));
        minimum = v_and(v_shr(head[2], shift), v_set1(63));
    } else {
        V low = v_and(v_shr(head[3], shift), v_set1(15)), high = v_and(v_shr(head[3], shift + 4), v_set1(15));
        scale = v_or(low, v_shl(v_and(v_shr(head[1], shift + 6), v_set1(3)), 4));
        minimum = v_or(high, v_shl(v_and(v_shr(head[2], shift + 6), v_set1(3)), 4));
    }
    VF d = vf_half_low(head[0]), dmin = vf_mul(vf_half_high(head[0]), vf_set1(-1.0f));
    put_scale(panel, 0, vf_mul(d, vf_int(scale)));
    put_scale(panel, 1, vf_mul(dmin, vf_int(minimum)));
}

static void pack_q4_k(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    V mask = v_set1(0x0f0f0f0f);
    for (size_t b = 0; b < blocks; b += 8, rows += sizeof(struct block_q4_k)) {
        prefetch(ahead + b / 8 * ROWS * sizeof(struct block_q4_k), ROWS * sizeof(struct block_q4_k));
        V head[4], d[4];
        load16(rows, stride, head);
        for (int s = 0; s < 8; s++)
            put_k_scales(to + s * Q32_BYTES, head, s);
        for (int pair = 0; pair < 4; pair++, to += 2 * Q32_BYTES) {
            UNROLL
            for (int part = 0; part < 2; part++) {
                load16(rows + 16 + 32 * pair + 16 * part, stride, d);
                UNROLL
                for (int j = 0; j < 4; j++) {
                    put_q(to, 4 * part + j, v_and(d[j], mask));
                    put_q(to + Q32_BYTES, 4 * part + j, v_and(v_shr(d[j], 4), mask));
                }
            }
        }
    }
}

static void pack_q5_k(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    V mask = v_set1(0x0f0f0f0f), one = v_set1(0x01010101);
    for (size_t b = 0; b < blocks; b += 8, rows += sizeof(struct block_q5_k)) {
        prefetch(ahead + b / 8 * ROWS * sizeof(struct block_q5_k), ROWS * sizeof(struct block_q5_k));
        V head[4], d[4], high[8];
        load16(rows, stride, head);
        load16(rows + 16, stride, high);
        load16(rows + 32, stride, high + 4);
        for (int s = 0; s < 8; s++)
            put_k_scales(to + s * Q32_BYTES, head, s);
        for (int pair = 0; pair < 4; pair++, to += 2 * Q32_BYTES) {
            UNROLL
            for (int part = 0; part < 2; part++) {
                load16(rows + 48 + 32 * pair + 16 * part, stride, d);
                UNROLL
                for (int j = 0; j < 4; j++) {
                    V bits = v_shr(high[4 * part + j], 2 * pair);
                    V fifth = v_shl(v_and(bits, one), 4), next = v_shl(v_and(v_shr(bits, 1), one), 4);
                    put_q(to, 4 * part + j, v_or(v_and(d[j], mask), fifth));
                    put_q(to + Q32_BYTES, 4 * part + j, v_or(v_and(v_shr(d[j], 4), mask), next));
                }
            }
        }
    }
}

/* Byte i of the 16 in d, as a signed number. */
INLINE V signed_byte(const V d[4], int i)
{
    return v_sar(v_shl(d[i / 4], 24 - 8 * (i % 4)), 24);
}

static void pack_q6_k(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b += 8, rows += sizeof(struct block_q6_k)) {
        prefetch(ahead + b / 8 * ROWS * sizeof(struct block_q6_k), ROWS * sizeof(struct block_q6_k));
        V scales[4], low[4], high[4];
        VF d = vf_half_high(v_dwords(rows + 206, stride));
        load16(rows + 192, stride, scales);
        for (int i = 0; i < 16; i++) {
            VF ws = vf_mul(d, vf_int(signed_byte(scales, i)));
            put_scale(to + i / 2 * Q16_BYTES, i % 2, ws);
            put_scale(to + i / 2 * Q16_BYTES, 2 + i % 2, vf_mul(ws, vf_set1(-32.0f)));
        }
        for (int half = 0; half < 2; half++, to += 4 * Q16_BYTES) {
            UNROLL
            for (int part = 0; part < 4; part++) { /* 16 of the 64 low bytes */
                load16(rows + 64 * half + 16 * part, stride, low);
                load16(rows + 128 + 32 * half + 16 * (part % 2), stride, high);
                uint8_t *first = to + part / 2 * Q16_BYTES, *second = first + 2 * Q16_BYTES;
                UNROLL
                for (int j = 0; j < 4; j++) {
                    V bits = part / 2 == 0 ? high[j] : v_shr(high[j], 2);
                    V two = v_shl(v_and(bits, v_set1(0x03030303)), 4);
                    V later = v_shl(v_and(v_shr(bits, 4), v_set1(0x03030303)), 4);
                    put_q(first, part % 2 * 4 + j, v_or(v_and(low[j], v_set1(0x0f0f0f0f)), two));
                    put_q(second, part % 2 * 4 + j, v_or(v_and(v_shr(low[j], 4), v_set1(0x0f0f0f0f)), later));
                }
            }
        }
    }
}

static void pack_q3_k(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b += 8, rows += sizeof(struct block_q3_k)) {
        prefetch(ahead + b / 8 * ROWS * sizeof(struct block_q3_k), ROWS * sizeof(struct block_q3_k));
        V scales[4], d[4], high[8];
        VF scale = vf_half_high(v_dwords(rows + 106, stride));
        load16(rows + 92, stride, scales); /* the 12 bytes are scales[1..3] */
        for (int i = 0; i < 16; i++) {
            V four = v_and(v_shr(scales[1 + i % 8 / 4], 8 * (i % 4) + 4 * (i / 8)), v_set1(15));
            V two = v_and(v_shr(scales[3], 8 * (i % 4) + 2 * (i / 4)), v_set1(3));
            VF ws = vf_mul(scale, vf_int(v_add(v_or(four, v_shl(two, 4)), v_set1(-32))));
            put_scale(to + i / 2 * Q16_BYTES, i % 2, ws);
            put_scale(to + i / 2 * Q16_BYTES, 2 + i % 2, vf_mul(ws, vf_set1(-4.0f)));
        }
        load16(rows, stride, high);
        load16(rows + 16, stride, high + 4);
        for (int s = 0; s < 8; s++, to += Q16_BYTES)
            UNROLL
            for (int part = 0; part < 2; part++) {
                load16(rows + 32 + s / 4 * 32 + 16 * part, stride, d);
                UNROLL
                for (int j = 0; j < 4; j++) {
                    V two = v_and(v_shr(d[j], s % 4 * 2), v_set1(0x03030303));
                    V third = v_shl(v_and(v_shr(high[4 * part + j], s), v_set1(0x01010101)), 2);
                    put_q(to, 4 * part + j, v_or(two, third));
                }
            }
    }
}

static void pack_q2_k(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t b = 0; b < blocks; b += 8, rows += sizeof(struct block_q2_k)) {
        prefetch(ahead + b / 8 * ROWS * sizeof(struct block_q2_k), ROWS * sizeof(struct block_q2_k));
        V scales[4], d[4], tail = v_dwords(rows + 80, stride);
        VF scale = vf_half_low(tail), minimum = vf_mul(vf_half_high(tail), vf_set1(-1.0f));
        load16(rows, stride, scales);
        for (int i = 0; i < 16; i++) {
            V byte = v_shr(scales[i / 4], 8 * (i % 4));
            put_scale(to + i / 2 * Q16_BYTES, i % 2, vf_mul(scale, vf_int(v_and(byte, v_set1(15)))));
            put_scale(to + i / 2 * Q16_BYTES, 2 + i % 2,
                      vf_mul(minimum, vf_int(v_and(v_shr(byte, 4), v_set1(15)))));
        }
        for (int s = 0; s < 8; s++, to += Q16_BYTES)
            UNROLL
            for (int part = 0; part < 2; part++) {
                load16(rows + 16 + s / 4 * 32 + 16 * part, stride, d);
                UNROLL
                for (int j = 0; j < 4; j++)
                    put_q(to, 4 * part + j, v_and(v_shr(d[j], s % 4 * 2), v_set1(0x03030303)));
            }
    }
}

static void pack_f32(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t i = 0; i < blocks * 8; i++, rows += 16, to += 4 * sizeof(V)) {
        prefetch(ahead + i * 16 * ROWS, 16 * ROWS);
        V d[4];
        load16(rows, stride, d);
        UNROLL
        for (int j = 0; j < 4; j++)
            put_q(to, j, d[j]);
    }
}

static void pack_f16(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    float *to = panel;
    for (size_t i = 0; i < blocks * 4; i++, rows += 16) {
        prefetch(ahead + i * 16 * ROWS, 16 * ROWS);
        V d[4];
        load16(rows, stride, d);
        UNROLL
        for (int j = 0; j < 4; j++, to += 2 * ROWS) {
            vf_store(to, vf_half_low(d[j]));
            vf_store(to + ROWS, vf_half_high(d[j]));
        }
    }
}

static void pack_bf16(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *ahead, void *panel)
{
    float *to = panel;
    for (size_t i = 0; i < blocks * 4; i++, rows += 16) {
        prefetch(ahead + i * 16 * ROWS, 16 * ROWS);
        V d[4];
        load16(rows, stride, d);
        UNROLL
        for (int j = 0; j < 4; j++, to += 2 * ROWS) {
            vf_store(to, vf_cast(v_shl(d[j], 16)));
            vf_store(to + ROWS, vf_cast(v_and(d[j], v_set1((int)0xffff0000))));
        }
    }
}

/* ---- products --------------------------------------------------------------------------------------------------- */

INLINE void start(VF acc[], int w, const float *out, size_t stride, const float *init)
{
    UNROLL
    for (int c = 0; c < w; c++)
        acc[c] = vf_load(init != NULL ? init : out + (size_t)c * stride);
}

/* Adds one block of a panel times one plane of a tile to the sums of W columns; parts: how many scales a block has (1
 * for Q32, 2 for Q16). */
INLINE void add_block(VF acc[TILE], const uint8_t *panel, const uint8_t *x, const int W, const int parts, const int wide)
{
    const float *numbers = (const float *)(x + 32 * W);
    for (int part = 0; part < parts; part++) {
        V sums[TILE];
        UNROLL
        for (int c = 0; c < W; c++)
            sums[c] = v_set1(0);
        UNROLL
        for (int j = part * 8 / parts; j < (part + 1) * 8 / parts; j++) {
            V weights = v_load(panel + (size_t)j * sizeof(V));
            UNROLL
            for (int c = 0; c < W; c++) {
                V four = v_bcast(x + 32 * c + 4 * j);
                sums[c] = wide ? v_dot_wide(sums[c], weights, four) : v_dot(sums[c], weights, four);
            }
        }
        VF ws = vf_load((const float *)(panel + (size_t)(8 + part) * sizeof(V)));
        VF wm = vf_load((const float *)(panel + (size_t)(8 + parts + part) * sizeof(V)));
        UNROLL
        for (int c = 0; c < W; c++) {
            float sum = parts == 1 ? numbers[W + c] : numbers[2 * W + 2 * c + part];
            acc[c] = vf_fma(vf_int(sums[c]), vf_mul(ws, vf_set1(numbers[c])), acc[c]);
            acc[c] = vf_fma(wm, vf_set1(sum), acc[c]);
        }
    }
}

/* Panels of quantised weights with W columns. */
INLINE void gemm_q(const uint8_t *panel, const uint8_t *tile, size_t blocks, float *out, size_t stride,
                   const float *init, const int W, const int parts, const int wide)
{
    VF acc[TILE];
    start(acc, W, out, stride, init);
    for (size_t b = 0; b < blocks; b++, panel += (8 + 2 * parts) * sizeof(V), tile += TILE_BLOCK * W) {
        int32_t planes;
        memcpy(&planes, tile + 2 * PLANE_BYTES * W, sizeof planes);
        const uint8_t *x = tile;
        do {
            add_block(acc, panel, x, W, parts, wide);
            x += PLANE_BYTES * W;
        } while (--planes > 0);
    }
    UNROLL
    for (int c = 0; c < W; c++)
        vf_store(out + (size_t)c * stride, acc[c]);
}

INLINE void gemm_f(const float *panel, const float *tile, size_t blocks, float *out, size_t stride, const float *init,
                   const int W)
{
    VF acc[TILE];
    start(acc, W, out, stride, init);
    for (size_t k = 0; k < blocks * KERNEL_BLOCK; k++, panel += ROWS, tile += W) {
        VF weights = vf_load(panel);
        UNROLL
        for (int c = 0; c < W; c++)
            acc[c] = vf_fma(weights, vf_set1(tile[c]), acc[c]);
    }
    UNROLL
    for (int c = 0; c < W; c++)
        vf_store(out + (size_t)c * stride, acc[c]);
}

/* Spells a call out for each width of a tile, so that the sums live in registers. */
#if TILE == 8
#define FOR_WIDTHS(w, call) \
    switch (w) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    case 3: call(3); break; \
    case 4: call(4); break; \
    case 5: call(5); break; \
    case 6: call(6); break; \
    case 7: call(7); break; \
    default: call(8); break; \
    }
#else
#define FOR_WIDTHS(w, call) \
    switch (w) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    case 3: call(3); break; \
    default: call(4); break; \
    }
#endif

static void gemm_q32(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride,
                     const float *init)
{
#define CALL(W) gemm_q(panel, tile, blocks, out, stride, init, W, 1, 0)
    FOR_WIDTHS(w, CALL)
#undef CALL
}

static void gemm_q32_wide(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride,
                          const float *init)
{
#define CALL(W) gemm_q(panel, tile, blocks, out, stride, init, W, 1, 1)
    FOR_WIDTHS(w, CALL)
#undef CALL
}

static void gemm_q16(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride,
                     const float *init)
{
#define CALL(W) gemm_q(panel, tile, blocks, out, stride, init, W, 2, 0)
    FOR_WIDTHS(w, CALL)
#undef CALL
}

static void gemm_f32(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride,
                     const float *init)
{
#define CALL(W) gemm_f(panel, tile, blocks, out, stride, init, W)
    FOR_WIDTHS(w, CALL)
#undef CALL
}

#define QUANTISED_TYPES \
    [TENSOR_F32] = {PANEL_F32, pack_f32, gemm_f32}, \
    [TENSOR_F16] = {PANEL_F32, pack_f16, gemm_f32}, \
    [TENSOR_Q4_0] = {PANEL_Q32, pack_q4_0, gemm_q32}, \
    [TENSOR_Q4_1] = {PANEL_Q32, pack_q4_1, gemm_q32}, \
    [TENSOR_Q5_0] = {PANEL_Q32, pack_q5_0, gemm_q32}, \
    [TENSOR_Q5_1] = {PANEL_Q32, pack_q5_1, gemm_q32}, \
    [TENSOR_Q8_0] = {PANEL_Q32, pack_q8_0, gemm_q32_wide}, \
    [TENSOR_Q2_K] = {PANEL_Q16, pack_q2_k, gemm_q16}, \
    [TENSOR_Q3_K] = {PANEL_Q16, pack_q3_k, gemm_q16}, \
    [TENSOR_Q4_K] = {PANEL_Q32, pack_q4_k, gemm_q32}, \
    [TENSOR_Q5_K] = {PANEL_Q32, pack_q5_k, gemm_q32}, \
    [TENSOR_Q6_K] = {PANEL_Q16, pack_q6_k, gemm_q16}, \
    [TENSOR_IQ4_NL] = {PANEL_Q32, pack_iq4_nl, gemm_q32_wide}, \
    [TENSOR_IQ4_XS] = {PANEL_Q32, pack_iq4_xs, gemm_q32_wide}

#endif
