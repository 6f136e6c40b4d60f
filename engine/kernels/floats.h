/* Kernels of float weights, included after vector.h: over its primitives and
 *     v_low16 v_high16 (a, b)        interleave 16-bit numbers within each 16 bytes
 *     vf_halves(v, VF two[2])        v's units are column k of 4 rows, then column k + 1: both columns as floats
 *
 * A product is one fma per column and row, in the order of the columns; a fma waits for the one before it. So several
 * panels go side by side, in a panel's sweep and where few columns are multiplied straight from the file. */
#ifndef PALAVER_ENGINE_KERNELS_FLOATS_H
#define PALAVER_ENGINE_KERNELS_FLOATS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/stretch.h"

/* ---- columns of every row as vectors ----------------------------------------------------------------------------- */

enum { FLOAT_COLUMNS = 8 }; /* taken at a time */

INLINE void take_f32(const uint8_t *rows, size_t stride, VF w[FLOAT_COLUMNS])
{
    V d[8];
    load16(rows, stride, d);
    load16(rows + 16, stride, d + 4);
    UNROLL
    for (int j = 0; j < 8; j++)
        w[j] = vf_cast(d[j]);
}

INLINE void take_f16(const uint8_t *rows, size_t stride, VF w[FLOAT_COLUMNS])
{
    V a0 = v_rows(rows, stride, 0), a1 = v_rows(rows, stride, 1);
    V a2 = v_rows(rows, stride, 2), a3 = v_rows(rows, stride, 3);
    V t0 = v_low16(a0, a1), t1 = v_high16(a0, a1), t2 = v_low16(a2, a3), t3 = v_high16(a2, a3);
    vf_halves(v_low32(t0, t2), w);
    vf_halves(v_high32(t0, t2), w + 2);
    vf_halves(v_low32(t1, t3), w + 4);
    vf_halves(v_high32(t1, t3), w + 6);
}

INLINE void take_bf16(const uint8_t *rows, size_t stride, VF w[FLOAT_COLUMNS])
{
    V d[4];
    load16(rows, stride, d);
    UNROLL
    for (int j = 0; j < 4; j++) {
        w[2 * j] = vf_cast(v_shl(d[j], 16));
        w[2 * j + 1] = vf_cast(v_and(d[j], v_set1((int)0xffff0000)));
    }
}

typedef void float_take(const uint8_t *rows, size_t stride, VF w[FLOAT_COLUMNS]);

INLINE void pack_floats(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, float *to,
                        const size_t size, float_take *take)
{
    for (size_t i = 0; i < blocks * KERNEL_BLOCK; i += FLOAT_COLUMNS, to += FLOAT_COLUMNS * ROWS) {
        prefetch(ahead + i * size * ROWS, FLOAT_COLUMNS * size * ROWS);
        VF w[FLOAT_COLUMNS];
        take(rows + i * size, stride, w);
        UNROLL
        for (int j = 0; j < FLOAT_COLUMNS; j++)
            vf_store(to + j * ROWS, w[j]);
    }
}

/* ---- panels times a tile ----------------------------------------------------------------------------------------- */

/* N panels, `apart` floats from one to the next, times W columns. */
INLINE void sweep_panels(const float *panel, size_t apart, const float *tile, size_t blocks, float *out, size_t stride,
                         const float *init, const int N, const int W)
{
    VF acc[PANELS * TILE];
    sums_load(acc, N, W, out, stride, init);
    for (size_t k = 0; k < blocks * KERNEL_BLOCK; k++, panel += ROWS, tile += W) {
        VF weights[PANELS];
        UNROLL
        for (int p = 0; p < N; p++)
            weights[p] = vf_load(panel + (size_t)p * apart);
        UNROLL
        for (int c = 0; c < W; c++) {
            VF x = vf_set1(tile[c]);
            UNROLL
            for (int p = 0; p < N; p++)
                acc[p * W + c] = vf_fma(weights[p], x, acc[p * W + c]);
        }
    }
    sums_store(acc, N, W, out, stride);
}

/* Panels go by threes, the last four by twos. */
INLINE void sweep_floats(const float *panel, size_t apart, int n, const float *tile, size_t blocks, float *out,
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

static void sweep_f32(const void *panels, size_t apart, int n, const void *tile, int w, size_t blocks, float *out,
                      size_t stride, const float *init)
{
#define CALL(W) sweep_floats(panels, apart / sizeof(float), n, tile, blocks, out, stride, init, W)
    FOR_WIDTHS(w, CALL)
#undef CALL
}

/* ---- few columns, straight from the file ------------------------------------------------------------------------- */

/* Where the next panel's rows lie, and where their sums go. */
struct float_rows {
    const uint8_t *rows;
    size_t stride, blocks;
    const float *tile;
    float *out;
    size_t out_stride;
    const float *init;
};

INLINE void add_columns(VF acc[], const VF w[FLOAT_COLUMNS], const float *tile, const int W)
{
    UNROLL
    for (int j = 0; j < FLOAT_COLUMNS; j++) {
        UNROLL
        for (int c = 0; c < W; c++)
            acc[c] = vf_fma(w[j], vf_set1(tile[j * W + c]), acc[c]);
    }
}

/* The rows of N panels times W columns. */
INLINE void multiply_floats(struct float_rows *f, const int N, const int W, const size_t size, float_take *take)
{
    uint8_t copy[SIDE_ROWS * STRETCH_APART] __attribute__((aligned(64)));
    const size_t bytes = f->blocks * KERNEL_BLOCK * size;
    const float *tile = f->tile;
    VF acc[SIDE_ROWS / ROWS * TILE];
    sums_load(acc, N, W, f->out, f->out_stride, f->init);
    for (size_t done = 0, part; done < bytes; done += part) {
        part = bytes - done < STRETCH ? bytes - done : STRETCH;
        copy_stretch(f->rows + done, f->stride, N * ROWS, part, copy);
        struct asking ahead = ask_for(f->rows, f->stride, bytes, done, part, N * ROWS, FLOAT_COLUMNS * size);
        for (size_t at = 0; at < part; at += FLOAT_COLUMNS * size, tile += FLOAT_COLUMNS * W) {
            ask_step(&ahead);
            UNROLL
            for (int p = 0; p < N; p++) {
                VF w[FLOAT_COLUMNS];
                take(copy + p * ROWS * STRETCH_APART + at, STRETCH_APART, w);
                add_columns(acc + p * W, w, tile, W);
            }
        }
    }
    sums_store(acc, N, W, f->out, f->out_stride);
    f->rows += (size_t)N * ROWS * f->stride;
    f->out += N * ROWS;
    f->init = f->init != NULL ? f->init + N * ROWS : NULL;
}

/* With few columns several panels go side by side. */
INLINE void float_columns(struct float_rows f, int n, const int W, const size_t size, float_take *take)
{
    const int side = W == 1 ? SIDE_ROWS / ROWS : W < 4 ? 2 : 1;
    for (; n >= side; n -= side)
        multiply_floats(&f, side, W, size, take);
    for (; n > 0; n--)
        multiply_floats(&f, 1, W, size, take);
}

/* The functions of a type whose numbers have `size` bytes. */
#define FLOATS(type, size) \
    static void pack_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel) \
    { \
        pack_floats(rows, stride, blocks, ahead, panel, size, take_##type); \
    } \
    static void columns_##type(const uint8_t *rows, size_t stride, int n, size_t blocks, const void *tile, int w, \
                               float *out, size_t out_stride, const float *init) \
    { \
        const struct float_rows f = {rows, stride, blocks, tile, out, out_stride, init}; \
        FOR_WIDTHS(w, CALL_##type) \
    }

#define CALL_f32(W) float_columns(f, n, W, 4, take_f32)
#define CALL_f16(W) float_columns(f, n, W, 2, take_f16)
#define CALL_bf16(W) float_columns(f, n, W, 2, take_bf16)
FLOATS(f32, 4)
FLOATS(f16, 2)
FLOATS(bf16, 2)

#define FLOAT_TYPES \
    [TENSOR_F32] = {PANEL_F32, pack_f32, NULL, NULL, sweep_f32, columns_f32}, [TENSOR_F16] = {PANEL_F32, pack_f16, \
                                                                                              NULL,      NULL, \
                                                                                              sweep_f32, columns_f16}
#define FLOAT_BF16 [TENSOR_BF16] = {PANEL_F32, pack_bf16, NULL, NULL, sweep_f32, columns_bf16}

#endif
