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
    const char *name; /* as GGUF spells it */
    uint32_t block;   /* elements a block; 1 for float types */
    uint32_t block_bytes;
    /* Unpacks n elements, a multiple of block, from blocks into out. */
    void (*unpack)(const void *blocks, float *out, size_t n);
};
/* NULL for a type that Palaver does not know. */
const struct tensor_traits *tensor_traits(uint32_t type);

/* A rectangle of a matrix that lies in one place, row by row without gaps. */
struct tensor_piece {
    uint64_t row, col; /* of its first element in the matrix */
    uint64_t rows, cols;
    const void *data;
};

/* Where the rows of a query or key projection stand that a rotary position embedding turns together. */
enum row_order {
    ROWS_PAIRED, /* rows 2i and 2i+1 of a head: GGUF, Meta */
    ROWS_HALVES, /* rows i and i+n of a head of which 2n rows are turned: Hugging Face */
};

/* A matrix of rows × cols elements; a vector has one row. data lies in a read-only map, row by row without gaps, and
 * has at least 32-byte alignment in GGUF files, but only that of a byte is relied on. A matrix that lies in several
 * places has pieces, which cover it without overlap and cut it along the same rows and columns all through, never
 * inside a block; data is then that of the first. data is NULL where a model has no such tensor. */
struct tensor {
    enum tensor_type type;
    uint64_t rows, cols;
    const void *data;
    const struct tensor_piece *pieces; /* (n_pieces); the source's */
    size_t n_pieces;                   /* 0: one place */
    enum row_order order;
};

/* Bytes of one row; cols is a multiple of the block. */
size_t tensor_row_bytes(const struct tensor *t);
/* Unpacks row `row` into out, (cols). */
void tensor_unpack_row(const struct tensor *t, uint64_t row, float *out);

/* The stretch of a tensor from an element on that lies in one place. */
struct tensor_run {
    const uint8_t *data; /* the block that begins with the element */
    size_t stride;       /* bytes from a row to the next */
    uint64_t rows, cols; /* that follow in this place, the element's own counted */
};
/* col is a multiple of the type's block. */
struct tensor_run tensor_at(const struct tensor *t, uint64_t row, uint64_t col);
/* Stretch number i of memory that the tensor lies in, *size bytes; NULL past the last. */
const void *tensor_stretch(const struct tensor *t, size_t i, uint64_t *size);
/* Whether the pieces lie inside the matrix, cover it, and are cut alike all through, between blocks. */
bool tensor_is_sound(const struct tensor *t);

#endif
