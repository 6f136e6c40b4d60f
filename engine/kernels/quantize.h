/* Packing float32 into the element types of tensor.h.
 *
 * What can be chosen freely, a block's scales and how each value is rounded, is chosen for the least sum of squared
 * errors, each weighted by its column's importance. The result depends on the values alone: not on how rows are divided
 * among calls and threads, nor on the processor's instruction set. */
#ifndef PALAVER_ENGINE_KERNELS_QUANTIZE_H
#define PALAVER_ENGINE_KERNELS_QUANTIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/kernels/tensor.h"

/* Packs x, (rows, cols), into blocks of any type of tensor_traits at out, row by row without gaps: rows *
 * tensor_row_bytes. cols is a multiple of the type's block. importance: (cols), how much an error in a column counts,
 * >= 0, or NULL: all alike.
 *
 * x should be finite. In types with blocks a NaN is packed as 0 and an infinity as the largest float32, beside which
 * the rest of its block is lost; what is too large for the half-precision scale of a block is packed as the largest
 * that it can hold. Float types keep both. An importance that is NaN or negative is taken as 0, and columns of
 * importance 0 are rounded to what is nearest with the scales that the others chose. */
void quantize_rows(enum tensor_type type, const float *x, uint64_t rows, uint64_t cols, const float *importance,
                   void *out);

#endif
