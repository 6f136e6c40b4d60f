/* bfloat16 products for processors with AVX512_BF16 (Cooper Lake, Zen 4 and later): activations are rounded to
 * bfloat16 too, sums are float32. */
#include "engine/kernels/bf16.h"

#include <string.h>

#include "engine/kernels/avx512.h"

#define INLINE AVX512_INLINE
/* Loops over columns are spelled out, so that the sums stay in registers; under a sanitizer gcc would only warn. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

enum { ROWS = 16 };

#include "engine/kernels/stretch.h"

/* Asks for what 16 bytes of each row take, of rows that come later. */
INLINE void ask_ahead(uintptr_t ahead)
{
    for (size_t at = 0; at < 16 * ROWS; at += 64)
        __builtin_prefetch((const void *)(ahead + at), 0, 2);
}

/* 8 columns of every row, in pairs. */
INLINE void take_pairs(const uint8_t *rows, size_t stride, V pairs[4])
{
    V a0 = v_rows(rows, stride, 0), a1 = v_rows(rows, stride, 1);
    V a2 = v_rows(rows, stride, 2), a3 = v_rows(rows, stride, 3);
    V t0 = v_low32(a0, a1), t1 = v_high32(a0, a1), t2 = v_low32(a2, a3), t3 = v_high32(a2, a3);
    pairs[0] = v_low64(t0, t2);
    pairs[1] = v_high64(t0, t2);
    pairs[2] = v_low64(t1, t3);
    pairs[3] = v_high64(t1, t3);
}

void bf16_pack(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t i = 0; i < blocks * 4; i++, rows += 16, to += 4 * sizeof(V), ahead += 16 * ROWS) {
        V pairs[4];
        ask_ahead(ahead);
        take_pairs(rows, stride, pairs);
        for (int j = 0; j < 4; j++)
            v_store(to + j * sizeof(V), pairs[j]);
    }
}

/* Rounds to nearest, ties to even; NaN stays NaN. */
static uint16_t round_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : rounded);
}

void bf16_prepare(const float *x, size_t x_stride, int w, size_t blocks, void *tile)
{
    uint16_t *to = tile;
    for (int c = 0; c < w; c++, x += x_stride)
        for (size_t k = 0; k < blocks * KERNEL_BLOCK; k += 2) {
            uint16_t *pair = to + k * (size_t)w + 2 * (size_t)c;
            pair[0] = round_bf16(x[k]);
            pair[1] = round_bf16(x[k + 1]);
        }
}

INLINE VF bf16_dot(VF acc, V weights, const uint8_t *x)
{
    return _mm512_dpbf16_ps(acc, (__m512bh)weights, (__m512bh)v_bcast(x));
}

/* ---- panels times a tile ----------------------------------------------------------------------------------------- */

INLINE void sweep_panels(const uint8_t *panel, size_t apart, const uint8_t *tile, size_t blocks, float *out,
                         size_t stride, const float *init, const int N, const int W)
{
    VF acc[PANELS * TILE];
    sums_load(acc, N, W, out, stride, init);
    for (size_t k = 0; k < blocks * 16; k++, panel += sizeof(V), tile += 4 * W) {
        V weights[PANELS];
        UNROLL
        for (int p = 0; p < N; p++)
            weights[p] = v_load(panel + (size_t)p * apart);
        UNROLL
        for (int c = 0; c < W; c++) {
            UNROLL
            for (int p = 0; p < N; p++)
                acc[p * W + c] = bf16_dot(acc[p * W + c], weights[p], tile + 4 * c);
        }
    }
    sums_store(acc, N, W, out, stride);
}

/* Panels go by threes, the last four by twos. */
INLINE void sweep_tile(const uint8_t *panel, size_t apart, int n, const uint8_t *tile, size_t blocks, float *out,
                       size_t stride, const float *init, const int W)
{
    for (int step; n > 0; n -= step) {
        step = n < PANELS ? n : n == PANELS + 1 ? 2 : PANELS;
        if (step == 1)
            sweep_panels(panel, apart, tile, blocks, out, stride, init, 1, W);
        else if (step == 2)
            sweep_panels(panel, apart, tile, blocks, out, stride, init, 2, W);
        else
            sweep_panels(panel, apart, tile, blocks, out, stride, init, PANELS, W);
        panel += (size_t)step * apart;
        out += step * ROWS;
        init = init != NULL ? init + step * ROWS : NULL;
    }
}

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

void bf16_sweep(const void *panels, size_t apart, int n, const void *tile, int w, size_t blocks, float *out,
                size_t stride, const float *init){
#define CALL(W) sweep_tile(panels, apart, n, tile, blocks, out, stride, init, W)
    FOR_WIDTHS(w, CALL)
#undef CALL
}

/* ---- few columns, straight from the file ------------------------------------------------------------------------- */

/* 8 columns of the rows of a panel. */
INLINE void add_pairs(VF acc[], const uint8_t *rows, const uint8_t *tile, const int W)
{
    V pairs[4];
    take_pairs(rows, STRETCH_APART, pairs);
    UNROLL
    for (int j = 0; j < 4; j++) {
        UNROLL
        for (int c = 0; c < W; c++)
            acc[c] = bf16_dot(acc[c], pairs[j], tile + 4 * (j * W + c));
    }
}

/* The rows of N panels. */
INLINE void multiply_rows(const uint8_t *rows, size_t stride, size_t blocks, const uint8_t *tile, float *out,
                          size_t out_stride, const float *init, const int N, const int W)
{
    uint8_t copy[SIDE_ROWS * STRETCH_APART] __attribute__((aligned(64)));
    const size_t bytes = blocks * 64;
    VF acc[SIDE_ROWS / ROWS * TILE];
    sums_load(acc, N, W, out, out_stride, init);
    for (size_t done = 0, part; done < bytes; done += part) {
        part = bytes - done < STRETCH ? bytes - done : STRETCH;
        copy_stretch(rows + done, stride, N * ROWS, part, copy);
        struct asking ahead = ask_for(rows, stride, bytes, done, part, N * ROWS, 16);
        for (size_t at = 0; at < part; at += 16, tile += 16 * W) {
            ask_step(&ahead);
            UNROLL
            for (int p = 0; p < N; p++)
                add_pairs(acc + p * W, copy + p * ROWS * STRETCH_APART + at, tile, W);
        }
    }
    sums_store(acc, N, W, out, out_stride);
}

/* With few columns several panels go side by side, since a sum waits for the one before it. */
INLINE void multiply_columns(const uint8_t *rows, size_t stride, int n, size_t blocks, const uint8_t *tile, float *out,
                             size_t out_stride, const float *init, const int W)
{
    const int side = W < 4 ? SIDE_ROWS / ROWS : 1;
    for (int step; n > 0; n -= step) {
        step = n >= side ? side : 1;
        if (step == side)
            multiply_rows(rows, stride, blocks, tile, out, out_stride, init, side, W);
        else
            multiply_rows(rows, stride, blocks, tile, out, out_stride, init, 1, W);
        rows += (size_t)(step * ROWS) * stride;
        out += step * ROWS;
        init = init != NULL ? init + step * ROWS : NULL;
    }
}

void bf16_columns(const uint8_t *rows, size_t stride, int n, size_t blocks, const void *tile, int w, float *out,
                  size_t out_stride, const float *init)
{
#define CALL(W) multiply_columns(rows, stride, n, blocks, tile, out, out_stride, init, W)
    FOR_WIDTHS(w, CALL)
#undef CALL
}
