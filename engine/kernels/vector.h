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
INLINE void prefetch(uintptr_t ahead, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch((const void *)(ahead + at), 0, 2);
}

/* ---- one description of each type, for packing and for decoding ----------------------------------------- */

/* Where the blocks of a few rows go: into a panel, or, when there is one activation column, straight into the sums, by
 * the same arithmetic as a panel's. */
enum sink_kind { SINK_PANEL, SINK_SUMS };

struct sink {
    uint8_t *panel;
    const uint8_t *x; /* the tile's next block */
    VF acc;
};

/* One plane of a block of one column. */
INLINE VF add_plane(VF acc, const V q[8], const VF *ws, const VF *wm, const uint8_t *x, const int parts, const int wide)
{
    const float *numbers = (const float *)(x + KERNEL_BLOCK);
    UNROLL
    for (int part = 0; part < parts; part++) {
        V even = v_set1(0), odd = v_set1(0); /* integers: two chains give the same sum as one */
        UNROLL
        for (int j = part * 8 / parts; j < (part + 1) * 8 / parts; j += 2) {
            V first = v_bcast(x + 4 * j), second = v_bcast(x + 4 * j + 4);
            even = wide ? v_dot_wide(even, q[j], first) : v_dot(even, q[j], first);
            odd = wide ? v_dot_wide(odd, q[j + 1], second) : v_dot(odd, q[j + 1], second);
        }
        float sum = parts == 1 ? numbers[1] : numbers[2 + part];
        acc = vf_fma(vf_int(v_add(even, odd)), vf_mul(ws[part], vf_set1(numbers[0])), acc);
        acc = vf_fma(wm[part], vf_set1(sum), acc);
    }
    return acc;
}

/* Takes 32 columns of every row: values, and scales for one or two parts of them. */
INLINE void put_block(struct sink *s, const enum sink_kind kind, const V q[8], const VF *ws, const VF *wm,
                      const int parts, const int wide)
{
    if (kind == SINK_PANEL) {
        UNROLL
        for (int j = 0; j < 8; j++)
            v_store(s->panel + (size_t)j * sizeof(V), q[j]);
        float *scales = (float *)(s->panel + 8 * sizeof(V));
        for (int part = 0; part < parts; part++) {
            vf_store(scales + part * ROWS, ws[part]);
            vf_store(scales + (parts + part) * ROWS, wm[part]);
        }
        s->panel += (size_t)(8 + 2 * parts) * sizeof(V);
        return;
    }
    int32_t planes;
    memcpy(&planes, s->x + 2 * PLANE_BYTES, sizeof planes);
    s->acc = add_plane(s->acc, q, ws, wm, s->x, parts, wide);
    if (planes == 2)
        s->acc = add_plane(s->acc, q, ws, wm, s->x + PLANE_BYTES, parts, wide);
    s->x += TILE_BLOCK;
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

INLINE void block_q4_0(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V d[4], q[8];
    VF ws = vf_half_low(v_dwords(rows, stride)), wm = vf_mul(ws, vf_set1(-8.0f));
    load16(rows + 2, stride, d);
    nibbles(d, q);
    put_block(s, kind, q, &ws, &wm, 1, 0);
}

INLINE void block_q4_1(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V d[4], q[8], scales = v_dwords(rows, stride);
    VF ws = vf_half_low(scales), wm = vf_half_high(scales);
    load16(rows + 4, stride, d);
    nibbles(d, q);
    put_block(s, kind, q, &ws, &wm, 1, 0);
}

/* Nibbles with a fifth bit from high: bit i of a lane belongs to element i. */
INLINE void fives(const V d[4], V high, V q[8])
{
    V mask = v_set1(0x0f0f0f0f);
    UNROLL
    for (int j = 0; j < 8; j++) {
        V four = v_shr(high, 4 * j);
        V bits = v_or(v_or(v_and(v_shl(four, 4), v_set1(0x10)), v_and(v_shl(four, 11), v_set1(0x1000))),
                      v_or(v_and(v_shl(four, 18), v_set1(0x100000)), v_and(v_shl(four, 25), v_set1(0x10000000))));
        q[j] = v_or(v_and(j < 4 ? d[j % 4] : v_shr(d[j % 4], 4), mask), bits);
    }
}

INLINE void block_q5_0(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V d[4], q[8];
    VF ws = vf_half_low(v_dwords(rows, stride)), wm = vf_mul(ws, vf_set1(-16.0f));
    load16(rows + 6, stride, d);
    fives(d, v_dwords(rows + 2, stride), q);
    put_block(s, kind, q, &ws, &wm, 1, 0);
}

INLINE void block_q5_1(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V d[4], q[8], scales = v_dwords(rows, stride);
    VF ws = vf_half_low(scales), wm = vf_half_high(scales);
    load16(rows + 8, stride, d);
    fives(d, v_dwords(rows + 4, stride), q);
    put_block(s, kind, q, &ws, &wm, 1, 0);
}

INLINE void block_q8_0(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V q[8], flip = v_set1((int)0x80808080);
    VF ws = vf_half_low(v_dwords(rows, stride)), wm = vf_mul(ws, vf_set1(-128.0f));
    load16(rows + 2, stride, q);
    load16(rows + 18, stride, q + 4);
    UNROLL
    for (int j = 0; j < 8; j++)
        q[j] = v_xor(q[j], flip);
    put_block(s, kind, q, &ws, &wm, 1, 1);
}

/* The levels of IQ4 plus 128. */
static const uint8_t levels[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};

INLINE void look_up(V q[8])
{
    UNROLL
    for (int j = 0; j < 8; j++)
        q[j] = v_table(levels, q[j]);
}

INLINE void block_iq4_nl(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V d[4], q[8];
    VF ws = vf_half_low(v_dwords(rows, stride)), wm = vf_mul(ws, vf_set1(-128.0f));
    load16(rows + 2, stride, d);
    nibbles(d, q);
    look_up(q);
    put_block(s, kind, q, &ws, &wm, 1, 1);
}

INLINE void block_iq4_xs(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V d[4], q[8], head = v_dwords(rows, stride), low = v_dwords(rows + 4, stride);
    VF scale = vf_half_low(head);
    UNROLL
    for (int i = 0; i < 8; i++) {
        V four = v_and(v_shr(low, 4 * i), v_set1(15)), two = v_and(v_shr(head, 16 + 2 * i), v_set1(3));
        VF ws = vf_mul(scale, vf_int(v_add(v_or(four, v_shl(two, 4)), v_set1(-32))));
        VF wm = vf_mul(ws, vf_set1(-128.0f));
        load16(rows + 8 + 16 * i, stride, d);
        nibbles(d, q);
        look_up(q);
        put_block(s, kind, q, &ws, &wm, 1, 1);
    }
}

/* Scale and minimum of sub-block i of Q4_K and Q5_K: head holds d, dmin and the 12 packed bytes of each row. */
INLINE void k_scales(const V head[4], const int i, VF *ws, VF *wm)
{
    const int shift = 8 * (i % 4);
    V scale, minimum;
    if (i < 4) {
        scale = v_and(v_shr(head[1], shift), v_set1(63));
        minimum = v_and(v_shr(head[2], shift), v_set1(63));
    } else {
        V low = v_and(v_shr(head[3], shift), v_set1(15)), high = v_and(v_shr(head[3], shift + 4), v_set1(15));
        scale = v_or(low, v_shl(v_and(v_shr(head[1], shift + 6), v_set1(3)), 4));
        minimum = v_or(high, v_shl(v_and(v_shr(head[2], shift + 6), v_set1(3)), 4));
    }
    VF d = vf_half_low(head[0]), dmin = vf_mul(vf_half_high(head[0]), vf_set1(-1.0f));
    *ws = vf_mul(d, vf_int(scale));
    *wm = vf_mul(dmin, vf_int(minimum));
}

INLINE void block_q4_k(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V head[4], d[8], q[8];
    load16(rows, stride, head);
    UNROLL
    for (int i = 0; i < 8; i++) {
        VF ws, wm;
        k_scales(head, i, &ws, &wm);
        if (i % 2 == 0) {
            load16(rows + 16 + 16 * i, stride, d);
            load16(rows + 32 + 16 * i, stride, d + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++)
            q[j] = v_and(i % 2 == 0 ? d[j] : v_shr(d[j], 4), v_set1(0x0f0f0f0f));
        put_block(s, kind, q, &ws, &wm, 1, 0);
    }
}

INLINE void block_q5_k(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V head[4], d[8], q[8], high[8];
    load16(rows, stride, head);
    load16(rows + 16, stride, high);
    load16(rows + 32, stride, high + 4);
    UNROLL
    for (int i = 0; i < 8; i++) {
        VF ws, wm;
        k_scales(head, i, &ws, &wm);
        if (i % 2 == 0) {
            load16(rows + 48 + 16 * i, stride, d);
            load16(rows + 64 + 16 * i, stride, d + 4);
        }
        UNROLL
        for (int j = 0; j < 8; j++) {
            V fifth = v_shl(v_and(v_shr(high[j], i), v_set1(0x01010101)), 4);
            q[j] = v_or(v_and(i % 2 == 0 ? d[j] : v_shr(d[j], 4), v_set1(0x0f0f0f0f)), fifth);
        }
        put_block(s, kind, q, &ws, &wm, 1, 0);
    }
}

/* Byte i of the 16 in d, as a signed number. */
INLINE V signed_byte(const V d[4], const int i)
{
    return v_sar(v_shl(d[i / 4], 24 - 8 * (i % 4)), 24);
}

INLINE void block_q6_k(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V scales[4], low[16], high[8], q[8];
    VF d = vf_half_high(v_dwords(rows + 206, stride));
    load16(rows + 192, stride, scales);
    UNROLL
    for (int i = 0; i < 8; i++) {
        const int half = i / 4, quarter = i % 4;
        VF ws[2], wm[2];
        if (quarter == 0) {
            load16(rows + 128 + 32 * half, stride, high);
            load16(rows + 144 + 32 * half, stride, high + 4);
        }
        if (quarter < 2) {
            load16(rows + 64 * half + 32 * quarter, stride, low + 8 * quarter);
            load16(rows + 64 * half + 32 * quarter + 16, stride, low + 8 * quarter + 4);
        }
        UNROLL
        for (int part = 0; part < 2; part++) {
            ws[part] = vf_mul(d, vf_int(signed_byte(scales, 2 * i + part)));
            wm[part] = vf_mul(ws[part], vf_set1(-32.0f));
        }
        UNROLL
        for (int j = 0; j < 8; j++) {
            V four = low[8 * (quarter % 2) + j], two = v_and(v_shr(high[j], 2 * quarter), v_set1(0x03030303));
            q[j] = v_or(v_and(quarter < 2 ? four : v_shr(four, 4), v_set1(0x0f0f0f0f)), v_shl(two, 4));
        }
        put_block(s, kind, q, ws, wm, 2, 0);
    }
}

INLINE void block_q3_k(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V scales[4], d[8], high[8], q[8];
    VF scale = vf_half_high(v_dwords(rows + 106, stride));
    load16(rows + 92, stride, scales); /* the 12 bytes are scales[1..3] */
    load16(rows, stride, high);
    load16(rows + 16, stride, high + 4);
    UNROLL
    for (int i = 0; i < 8; i++) {
        VF ws[2], wm[2];
        if (i % 4 == 0) {
            load16(rows + 32 + 8 * i, stride, d);
            load16(rows + 48 + 8 * i, stride, d + 4);
        }
        UNROLL
        for (int part = 0; part < 2; part++) {
            const int at = 2 * i + part;
            V four = v_and(v_shr(scales[1 + at % 8 / 4], 8 * (at % 4) + 4 * (at / 8)), v_set1(15));
            V two = v_and(v_shr(scales[3], 8 * (at % 4) + 2 * (at / 4)), v_set1(3));
            ws[part] = vf_mul(scale, vf_int(v_add(v_or(four, v_shl(two, 4)), v_set1(-32))));
            wm[part] = vf_mul(ws[part], vf_set1(-4.0f));
        }
        UNROLL
        for (int j = 0; j < 8; j++) {
            V third = v_shl(v_and(v_shr(high[j], i), v_set1(0x01010101)), 2);
            q[j] = v_or(v_and(v_shr(d[j], i % 4 * 2), v_set1(0x03030303)), third);
        }
        put_block(s, kind, q, ws, wm, 2, 0);
    }
}

INLINE void block_q2_k(const uint8_t *rows, size_t stride, struct sink *s, const enum sink_kind kind)
{
    V scales[4], d[8], q[8], tail = v_dwords(rows + 80, stride);
    VF scale = vf_half_low(tail), minimum = vf_mul(vf_half_high(tail), vf_set1(-1.0f));
    load16(rows, stride, scales);
    UNROLL
    for (int i = 0; i < 8; i++) {
        VF ws[2], wm[2];
        if (i % 4 == 0) {
            load16(rows + 16 + 8 * i, stride, d);
            load16(rows + 32 + 8 * i, stride, d + 4);
        }
        UNROLL
        for (int part = 0; part < 2; part++) {
            V byte = v_shr(scales[(2 * i + part) / 4], 8 * ((2 * i + part) % 4));
            ws[part] = vf_mul(scale, vf_int(v_and(byte, v_set1(15))));
            wm[part] = vf_mul(minimum, vf_int(v_and(v_shr(byte, 4), v_set1(15))));
        }
        UNROLL
        for (int j = 0; j < 8; j++)
            q[j] = v_and(v_shr(d[j], i % 4 * 2), v_set1(0x03030303));
        put_block(s, kind, q, ws, wm, 2, 0);
    }
}

/* The two functions of a type; `subs` blocks of 32 in one of the file's. */
#define QUANTISED(type, subs) \
    static void pack_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel) \
    { \
        struct sink s = {.panel = panel}; \
        for (size_t b = 0; b < blocks; b += subs, rows += sizeof(struct block_##type)) { \
            prefetch(ahead, ROWS * sizeof(struct block_##type)); \
            ahead += ROWS * sizeof(struct block_##type); \
            block_##type(rows, stride, &s, SINK_PANEL); \
        } \
    } \
    static void dot_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, const void *tile, \
                           float *out, const float *init) \
    { \
        struct sink s = {.x = tile, .acc = vf_load(init)}; \
        for (size_t b = 0; b < blocks; b += subs, rows += sizeof(struct block_##type)) { \
            prefetch(ahead, ROWS * sizeof(struct block_##type)); \
            ahead += ROWS * sizeof(struct block_##type); \
            block_##type(rows, stride, &s, SINK_SUMS); \
        } \
        vf_store(out, s.acc); \
    }

QUANTISED(q4_0, 1)
QUANTISED(q4_1, 1)
QUANTISED(q5_0, 1)
QUANTISED(q5_1, 1)
QUANTISED(q8_0, 1)
QUANTISED(iq4_nl, 1)
QUANTISED(iq4_xs, 8)
QUANTISED(q2_k, 8)
QUANTISED(q3_k, 8)
QUANTISED(q4_k, 8)
QUANTISED(q5_k, 8)
QUANTISED(q6_k, 8)

/* ---- products --------------------------------------------------------------------------------------------------- */

INLINE void start(VF acc[], int w, const float *out, size_t stride, const float *init)
{
    UNROLL
    for (int c = 0; c < w; c++)
        acc[c] = vf_load(init != NULL ? init : out + (size_t)c * stride);
}

/* Adds one block of a panel times one plane of a tile to the sums of W columns; parts: how many scales a block has (1
 * for Q32, 2 for Q16). */
INLINE void add_block(VF acc[TILE], const uint8_t *panel, const uint8_t *x, const int W, const int parts,
                      const int wide)
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

#define VECTOR_TYPES \
    [TENSOR_Q4_0] = {PANEL_Q32, pack_q4_0, gemm_q32, dot_q4_0}, \
    [TENSOR_Q4_1] = {PANEL_Q32, pack_q4_1, gemm_q32, dot_q4_1}, \
    [TENSOR_Q5_0] = {PANEL_Q32, pack_q5_0, gemm_q32, dot_q5_0}, \
    [TENSOR_Q5_1] = {PANEL_Q32, pack_q5_1, gemm_q32, dot_q5_1}, \
    [TENSOR_Q8_0] = {PANEL_Q32, pack_q8_0, gemm_q32_wide, dot_q8_0}, \
    [TENSOR_Q2_K] = {PANEL_Q16, pack_q2_k, gemm_q16, dot_q2_k}, \
    [TENSOR_Q3_K] = {PANEL_Q16, pack_q3_k, gemm_q16, dot_q3_k}, \
    [TENSOR_Q4_K] = {PANEL_Q32, pack_q4_k, gemm_q32, dot_q4_k}, \
    [TENSOR_Q5_K] = {PANEL_Q32, pack_q5_k, gemm_q32, dot_q5_k}, \
    [TENSOR_Q6_K] = {PANEL_Q16, pack_q6_k, gemm_q16, dot_q6_k}, \
    [TENSOR_IQ4_NL] = {PANEL_Q32, pack_iq4_nl, gemm_q32_wide, dot_iq4_nl}, \
    [TENSOR_IQ4_XS] = {PANEL_Q32, pack_iq4_xs, gemm_q32_wide, dot_iq4_xs}

#endif
