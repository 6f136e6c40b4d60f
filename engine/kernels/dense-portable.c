/* Products of weights as float32 in plain C: what the other tables equal to the bit. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/kernels/dense.h"
#include "engine/kernels/fused.h"

enum { VECTOR = 16 };

static void pack_f32(const uint8_t *rows, size_t stride, size_t n, size_t cols, size_t ahead, float *panel)
{
    (void)ahead;
    for (size_t k = 0; k < cols; k++)
        for (size_t r = 0; r < VECTOR; r++) {
            float *to = &panel[k * VECTOR + r];
            *to = 0;
            if (r < n)
                memcpy(to, rows + r * stride + k * sizeof *to, sizeof *to);
        }
}

static void multiply(const float *panel, size_t rows, size_t cols, const float *x, size_t x_stride, size_t n,
                     const float *init, float *out, size_t out_stride)
{
    (void)rows;
    for (size_t c = 0; c < n; c++, x += x_stride, out += out_stride) {
        float sums[VECTOR];
        memcpy(sums, init != NULL ? init : out, sizeof sums);
        for (size_t k = 0; k < cols; k++)
            for (size_t r = 0; r < VECTOR; r++)
                sums[r] = fused(panel[k * VECTOR + r], x[k], sums[r]);
        memcpy(out, sums, sizeof sums);
    }
}

const struct dense_kernels dense_portable = {.rows = VECTOR, .vector = VECTOR, .f32 = pack_f32, .multiply = multiply};
