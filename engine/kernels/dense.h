/* Products of weights as float32, for encoders: one table per instruction set.
 *
 * A result is its bias with the products of all columns added one after another, each fused. Other than in the order of
 * floats.h the sums of a tile stay in registers from the first column to the last, and rows of X are read as they lie; the
 * price is that weights have to be packed for few rows of X too, which the products of an encoder's texts outweigh. All
 * tables agree to the bit. */
#ifndef PALAVER_ENGINE_KERNELS_DENSE_H
#define PALAVER_ENGINE_KERNELS_DENSE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/tensor.h"

enum {
    DENSE_ROWS_MAX = 48, /* of a panel */
    DENSE_SPAN = 768,    /* columns of a panel: it stays in the second cache while X is multiplied with it */
};

/* Packs n rows, stride bytes apart: (cols, whole vectors of rows), those beyond n zero. n is at most a panel's rows. What
 * lies so many bytes ahead of them is packed next, and is asked for. */
typedef void dense_pack(const uint8_t *rows, size_t stride, size_t n, size_t cols, size_t ahead, float *panel);

struct dense_kernels {
    size_t rows, vector; /* of a panel, which are some vectors; of one of these */
    dense_pack *f32, *f16, *bf16;
    /* out[c * out_stride + r] = init[r] + panel times row c of x, n of these; init NULL: what is in out instead. rows: whole
     * vectors, as packed. */
    void (*multiply)(const float *panel, size_t rows, size_t cols, const float *x, size_t x_stride, size_t n,
                     const float *init, float *out, size_t out_stride);
};

extern const struct dense_kernels dense_portable, dense_avx2, dense_avx512;
/* The table that goes with the matrix kernels. */
const struct dense_kernels *dense_choose(void);
/* How rows of this type are packed; NULL: they have to be unpacked to float32 before. */
dense_pack *dense_packs(const struct dense_kernels *k, enum tensor_type type);

#endif
