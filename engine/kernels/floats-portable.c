/* Products of float weights in plain C: what the other tables equal to the bit. Compilers use vectors for the lanes
 * where the processor has a fused multiply-add. */
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/floats.h"
#include "engine/kernels/fused.h"

/* One row times one column. */
static float multiply_row(const uint8_t *row, size_t words, const float *x, float sum, const struct tensor_traits *t)
{
    for (size_t at = 0, end; at < words; at = end) {
        float lanes[FLOAT_LANES] = {0}, w[FLOAT_LANES];
        end = words - at < FLOAT_SPAN ? words : at + FLOAT_SPAN;
        for (size_t k = at; k < end; k += FLOAT_LANES) {
            t->unpack(row + k * t->block_bytes, w, FLOAT_LANES);
            for (int i = 0; i < FLOAT_LANES; i++)
                lanes[i] = fused(w[i], x[k + (size_t)i], lanes[i]);
        }
        for (int i = 0; i < FLOAT_LANES; i++)
            sum += lanes[i];
    }
    return sum;
}

static void multiply(const uint8_t *rows, size_t stride, size_t n, size_t words, const float *x, size_t x_stride, int w,
                     float *out, size_t out_stride, const float *init, enum tensor_type type)
{
    for (size_t r = 0; r < n; r++)
        for (size_t c = 0; c < (size_t)w; c++)
            out[c * out_stride + r] = multiply_row(rows + r * stride, words, x + c * x_stride,
                                                   init != NULL ? init[r] : 0.0f, tensor_traits(type));
}

#define COLUMNS(name, type) \
    static void name(const uint8_t *rows, size_t stride, size_t n, size_t words, const float *x, size_t x_stride, \
                     int w, float *out, size_t out_stride, const float *init, struct float_ahead ahead) \
    { \
        (void)ahead; \
        multiply(rows, stride, n, words, x, x_stride, w, out, out_stride, init, type); \
    }

COLUMNS(columns_f32, TENSOR_F32)
COLUMNS(columns_f16, TENSOR_F16)
COLUMNS(columns_bf16, TENSOR_BF16)

const struct float_kernels floats_portable = {
    .name = "portable",
    .vector = 1,
    .tile = FLOAT_FEW,
    .f32 = {.word = 4, .columns = columns_f32},
    .f16 = {.word = 2, .columns = columns_f16},
    .bf16 = {.word = 2, .columns = columns_bf16},
};
