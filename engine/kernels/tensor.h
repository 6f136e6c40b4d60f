/* Tensors: element types, the block formats of quantised types, and unpacking to float32.
 *
 * A block is a run of consecutive elements of one row that share scales. The formats are those of GGUF files
 * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md and ggml's block structures). */
#ifndef PALAVER_ENGINE_KERNELS_TENSOR_H
#define PALAVER_ENGINE_KERNELS_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers are GGUF's. */
enum tensor_type {
    TENSOR_F32 = 0,
    TENSOR_F16 = 1,
    TENSOR_Q4_0 = 2,
    TENSOR_Q4_1 = 3,
    TENSOR_Q5_0 = 6,
    TENSOR_Q5_1 = 7,
    TENSOR_Q8_0 = 8,
    TENSOR_Q2_K = 10,
    TENSOR_Q3_K = 11,
    TENSOR_Q4_K = 12,
    TENSOR_Q5_K = 13,
    TENSOR_Q6_K = 14,
    TENSOR_IQ4_NL = 20,
    TENSOR_IQ4_XS = 23,
    TENSOR_BF16 = 30,
    TENSOR_TYPE_LIMIT = 64,
};

struct tensor_traits {
    const char *name;       /* as GGUF spells it */
    uint32_t block;         /* elements a block; 1 for float types */
    uint32_t block_bytes;
    /* Unpacks n elements, a multiple of block, from blocks into out. */
    void (*unpack)(const void *blocks, float *out, size_t n);
};
/* NULL for a type that Palaver does not know. */
const struct tensor_traits *tensor_traits(uint32_t type);

/* A matrix of rows × cols elements, row by row without gaps; a vector has one row. data lies in a read-only map and has
 * at least 32-byte alignment in GGUF files, but only that of a byte is relied on. */
struct tensor {
    enum tensor_type type;
    uint64_t rows, cols;
    const void *data;
};
/* Bytes of one row; cols is a multiple of the block. */
size_t tensor_row_bytes(const struct tensor *t);
/* Unpacks row `row` into out, (cols). */
void tensor_unpack_row(const struct tensor *t, uint64_t row, float *out);

#endif
