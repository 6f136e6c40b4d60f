/* Products of bfloat16 in pairs, for processors with AVX512_BF16 (Cooper Lake, Zen 4 and later); sums are float32. */
#include "engine/kernels/floats-avx512.h"

#include "engine/kernels/floats-bf16.h"
#include "engine/kernels/floats-loops.h"

INLINE VF load_pairs(const uint8_t *words)
{
    return _mm512_loadu_ps(words);
}

INLINE VF add_pairs(VF acc, VF w, VF x)
{
    return _mm512_dpbf16_ps(acc, (__m512bh)w, (__m512bh)x);
}

FLOAT_COLUMNS_AND_PACK(pairs, 4, load_pairs, add_pairs)
FLOAT_SWEEP(sweep_pairs, add_pairs)

void floats_columns_pairs(const uint8_t *rows, size_t stride, size_t n, size_t words, const float *x, size_t x_stride,
                          int w, float *out, size_t out_stride, const float *init, struct float_ahead ahead)
{
    columns_pairs(rows, stride, n, words, x, x_stride, w, out, out_stride, init, ahead);
}

void floats_pack_pairs(const uint8_t *rows, size_t stride, size_t n, size_t words, int lane, float *panel)
{
    pack_pairs(rows, stride, n, words, lane, panel);
}

void floats_sweep_pairs(const float *panel, size_t n, const float *tile, int w, size_t words, float *out, size_t stride)
{
    sweep_pairs(panel, n, tile, w, words, out, stride);
}
