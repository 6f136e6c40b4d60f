/* bfloat16 products for processors with AVX512_BF16 (Cooper Lake, Zen 4 and later): activations are rounded to
 * bfloat16 too, sums are float32. */
#include "engine/kernels/bf16.h"

#include <string.h>

#include "engine/kernels/avx512.h"

enum { ROWS = 16 };

void bf16_pack(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    uint8_t *to = panel;
    for (size_t i = 0; i < blocks * 4; i++, rows += 16, to += 4 * sizeof(V)) {
        for (size_t at = 0; at < 16 * ROWS; at += 64)
            __builtin_prefetch((const void *)(ahead + i * 16 * ROWS + at), 0, 2);
        V a0 = v_rows(rows, stride, 0), a1 = v_rows(rows, stride, 1);
        V a2 = v_rows(rows, stride, 2), a3 = v_rows(rows, stride, 3);
        V t0 = v_low32(a0, a1), t1 = v_high32(a0, a1), t2 = v_low32(a2, a3), t3 = v_high32(a2, a3);
        v_store(to, v_low64(t0, t2));
        v_store(to + sizeof(V), v_high64(t0, t2));
        v_store(to + 2 * sizeof(V), v_low64(t1, t3));
        v_store(to + 3 * sizeof(V), v_high64(t1, t3));
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

AVX512_INLINE void products(const uint8_t *panel, const uint8_t *tile, size_t blocks, float *out, size_t stride,
                            const float *init, const int w)
{
    VF acc[TILE];
    _Pragma("GCC unroll 8") for (int c = 0; c < w; c++)
        acc[c] = vf_load(init != NULL ? init : out + (size_t)c * stride);
    for (size_t k = 0; k < blocks * 16; k++, panel += sizeof(V), tile += 4 * w) {
        V weights = v_load(panel);
        _Pragma("GCC unroll 8") for (int c = 0; c < w; c++)
            acc[c] = _mm512_dpbf16_ps(acc[c], (__m512bh)weights, (__m512bh)v_bcast(tile + 4 * c));
    }
    _Pragma("GCC unroll 8") for (int c = 0; c < w; c++) vf_store(out + (size_t)c * stride, acc[c]);
}

void bf16_gemm(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride, const float *init)
{
    switch (w) {
    case 1: products(panel, tile, blocks, out, stride, init, 1); break;
    case 2: products(panel, tile, blocks, out, stride, init, 2); break;
    case 3: products(panel, tile, blocks, out, stride, init, 3); break;
    case 4: products(panel, tile, blocks, out, stride, init, 4); break;
    case 5: products(panel, tile, blocks, out, stride, init, 5); break;
    case 6: products(panel, tile, blocks, out, stride, init, 6); break;
    case 7: products(panel, tile, blocks, out, stride, init, 7); break;
    default: products(panel, tile, blocks, out, stride, init, 8); break;
    }
}
