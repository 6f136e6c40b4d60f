/* Products of float weights: F32, F16 and BF16, one table per instruction set.
 *
 * A sum runs over FLOAT_LANES lanes: lane l has the words l, l + 16, l + 32 ... of a span of FLOAT_SPAN words, fused
 * one after another from 0 on. Then the lanes are added to the result one after another, and the next span follows. A
 * row of weights can be multiplied so as it lies in the file, by vectors of its columns, and as well in panels, by
 * vectors of rows, a lane at a time: both make the same bits, and each runs as fast as the processor reads or
 * multiplies.
 *
 * A word is a column; only where the processor multiplies bfloat16 in pairs a word of BF16 is two columns, and
 * activations are rounded to bfloat16 too. All other tables agree to the bit. */
#ifndef PALAVER_ENGINE_KERNELS_FLOATS_H
#define PALAVER_ENGINE_KERNELS_FLOATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/tensor.h"

enum {
    FLOAT_LANES = 16,
    FLOAT_SPAN = 2048,    /* words; rows have a multiple of FLOAT_LANES */
    FLOAT_FEW = 8,        /* activation rows multiplied straight from the file at once */
    FLOAT_PANEL_ROWS = 48 /* packed at a time: three vectors side by side, as many as the registers hold sums for */
};

/* Where the rows end that a thread multiplies in one go, and what it reads after them, 0 if that is not known: it is
 * asked for while the last rows are multiplied. */
struct float_ahead {
    uintptr_t end, then;
};

/* out[c * out_stride + r] = init[r] + the products of n rows, stride bytes apart, with w rows of x, 1 to FLOAT_FEW;
 * init NULL: 0. x_stride in words. */
typedef void float_columns(const uint8_t *rows, size_t stride, size_t n, size_t words, const float *x, size_t x_stride,
                           int w, float *out, size_t out_stride, const float *init, struct float_ahead ahead);
/* Packs `words` words of a span, lanes [lane, lane + lanes of the table), of n rows: (rows / vector, lanes, steps,
 * vector), with float_lane_apart floats from a lane to the next. n is a multiple of a vector. */
typedef void float_pack(const uint8_t *rows, size_t stride, size_t n, size_t words, int lane, float *panel);
/* Adds to out, (w, n) with stride floats between rows, a panel times a tile of w columns: (lanes, steps, w). */
typedef void float_sweep(const float *panel, size_t n, const float *tile, int w, size_t words, float *out,
                         size_t stride);

struct float_type {
    size_t word; /* bytes in the file */
    bool pairs;  /* a word is two columns */
    float_columns *columns;
    float_pack *pack; /* NULL: columns only */
    float_sweep *sweep;
};

struct float_kernels {
    const char *name;
    int vector; /* rows of a vector; lanes packed at a time */
    int tile;   /* activation columns of a tile */
    struct float_type f32, f16, bf16;
};

extern const struct float_kernels floats_portable, floats_avx2, floats_avx512, floats_avx512bf16;

/* The table that goes with the matrix kernels' name. */
const struct float_kernels *floats_choose(const char *name);
/* NULL for types that are no floats. */
const struct float_type *floats_type(const struct float_kernels *k, enum tensor_type type);

/* Floats from one lane of a panel's vector to the next: a cache line more than they take, since lanes that lie whole
 * pages apart would drive each other out of the cache. */
static inline size_t float_lane_apart(size_t words, int vector)
{
    return words / FLOAT_LANES * (size_t)vector + 16;
}

#endif
