/* The loops of dense.h, for each file that makes a table of them with its instruction set.
 *
 * The file that includes this has the primitives of floats-avx2.h or floats-avx512.h and defines
 *     PANELS    vectors of rows side by side
 *     COLUMNS   rows of X whose sums the registers hold with them, at most 8 */
#ifndef PALAVER_ENGINE_KERNELS_DENSE_LOOPS_H
#define PALAVER_ENGINE_KERNELS_DENSE_LOOPS_H

#include "engine/kernels/dense.h"

#define INLINE static inline __attribute__((always_inline))
/* Loops over sums are spelled out, so that they stay in registers; under a sanitizer gcc would only warn. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

typedef VF dense_load(const uint8_t *words);

/* ---- packing ----------------------------------------------------------------------------------------------------- */

/* VECTOR columns of n rows, VECTOR at most. */
INLINE void pack_square(const uint8_t *rows, size_t stride, const size_t n, size_t ahead, float *panel, size_t apart,
                        dense_load *load)
{
    VF w[VECTOR];
    UNROLL
    for (size_t r = 0; r < VECTOR; r++) {
        __builtin_prefetch((const void *)((uintptr_t)rows + r * stride + ahead), 0, 2);
        w[r] = r < n ? load(rows + r * stride) : vf_zero();
    }
    vf_transpose(w);
    UNROLL
    for (size_t i = 0; i < VECTOR; i++)
        vf_store(panel + i * apart, w[i]);
}

/* VECTOR rows of which the first n are there; word: bytes of a column. */
INLINE void pack_vector(const uint8_t *rows, size_t stride, size_t n, size_t cols, size_t ahead, float *panel,
                        size_t apart, const size_t word, dense_load *load)
{
    const size_t whole = cols / VECTOR * VECTOR, left = cols - whole;
    for (size_t k = 0; k < whole; k += VECTOR)
        if (n == VECTOR)
            pack_square(rows + k * word, stride, VECTOR, ahead, panel + k * apart, apart, load);
        else
            pack_square(rows + k * word, stride, n, ahead, panel + k * apart, apart, load);
    for (size_t r = 0; left > 0 && r < VECTOR; r++) {
        uint8_t words[VECTOR * sizeof(float)] = {0};
        float lanes[VECTOR];
        if (r < n)
            __builtin_memcpy(words, rows + r * stride + whole * word, left * word);
        vf_store(lanes, load(words));
        for (size_t i = 0; i < left; i++)
            panel[(whole + i) * apart + r] = lanes[i];
    }
}

INLINE void pack_rows(const uint8_t *rows, size_t stride, size_t n, size_t cols, size_t ahead, float *panel,
                      const size_t word, dense_load *load)
{
    const size_t apart = (n + VECTOR - 1) / VECTOR * VECTOR;
    for (size_t row = 0; row < n; row += VECTOR)
        pack_vector(rows + row * stride, stride, n - row < VECTOR ? n - row : VECTOR, cols, ahead, panel + row, apart,
                    word, load);
}

#define DENSE_PACK(type, word) \
    static void pack_##type(const uint8_t *rows, size_t stride, size_t n, size_t cols, size_t ahead, float *panel) \
    { \
        pack_rows(rows, stride, n, cols, ahead, panel, word, load_##type); \
    }

/* ---- products ---------------------------------------------------------------------------------------------------- */

/* P vectors of rows times W rows of X. */
INLINE void multiply_tile(const float *panel, size_t cols, const float *x, size_t x_stride, const float *init,
                          float *out, size_t out_stride, const int P, const int W)
{
    VF acc[PANELS * COLUMNS];
    UNROLL
    for (int c = 0; c < W; c++)
        UNROLL
    for (int p = 0; p < P; p++)
        acc[c * P + p] = vf_load(init != NULL ? init + p * VECTOR : out + (size_t)c * out_stride + p * VECTOR);
    for (size_t k = 0; k < cols; k++, panel += P * VECTOR) {
        VF w[PANELS];
        UNROLL
        for (int p = 0; p < P; p++)
            w[p] = vf_load(panel + p * VECTOR);
        UNROLL
        for (int c = 0; c < W; c++) {
            const VF all = vf_all(x + (size_t)c * x_stride + k);
            UNROLL
            for (int p = 0; p < P; p++)
                acc[c * P + p] = add_product(acc[c * P + p], w[p], all);
        }
    }
    UNROLL
    for (int c = 0; c < W; c++)
        UNROLL
    for (int p = 0; p < P; p++)
        vf_store(out + (size_t)c * out_stride + p * VECTOR, acc[c * P + p]);
}

INLINE void multiply_panel(const float *panel, size_t cols, const float *x, size_t x_stride, size_t n,
                           const float *init, float *out, size_t out_stride, const int P)
{
    for (; n >= COLUMNS; n -= COLUMNS, x += COLUMNS * x_stride, out += COLUMNS * out_stride)
        multiply_tile(panel, cols, x, x_stride, init, out, out_stride, P, COLUMNS);
    switch (n) {
    case 0: break;
    case 1: multiply_tile(panel, cols, x, x_stride, init, out, out_stride, P, 1); break;
    case 2: multiply_tile(panel, cols, x, x_stride, init, out, out_stride, P, 2); break;
    case 3: multiply_tile(panel, cols, x, x_stride, init, out, out_stride, P, 3); break;
    case 4: multiply_tile(panel, cols, x, x_stride, init, out, out_stride, P, 4); break;
    case 5: multiply_tile(panel, cols, x, x_stride, init, out, out_stride, P, 5); break;
#if COLUMNS > 6
    case 6: multiply_tile(panel, cols, x, x_stride, init, out, out_stride, P, 6); break;
    default: multiply_tile(panel, cols, x, x_stride, init, out, out_stride, P, 7); break;
#endif
    }
}

static void multiply(const float *panel, size_t rows, size_t cols, const float *x, size_t x_stride, size_t n,
                     const float *init, float *out, size_t out_stride)
{
    switch (rows / VECTOR) {
    case 1: multiply_panel(panel, cols, x, x_stride, n, init, out, out_stride, 1); break;
#if PANELS > 2
    case 2: multiply_panel(panel, cols, x, x_stride, n, init, out, out_stride, 2); break;
#endif
    default: multiply_panel(panel, cols, x, x_stride, n, init, out, out_stride, PANELS); break;
    }
}

#endif
