/* Rows of a source's tensor in GGUF's order, whatever order and places they lie in. */
#ifndef PALAVER_ENGINE_CONVERT_ROWS_H
#define PALAVER_ENGINE_CONVERT_ROWS_H

#include <stdint.h>

#include "engine/kernels/tensor.h"

struct rows {
    struct tensor t;
    uint64_t head;   /* rows of a head; a bias has these elements in one row */
    uint64_t turned; /* of them, the first ones, which a rotary position embedding turns */
};

/* Row `row`, in GGUF's order, as float32: (cols). scratch: (cols) too. */
void rows_unpack(const struct rows *r, uint64_t row, float *out, float *scratch);
/* The same row as its bytes. Not for a vector in Hugging Face's order. */
void rows_copy(const struct rows *r, uint64_t row, void *out);
/* Widens [from, to) to whole heads where rows are taken from all over a head. */
void rows_span(const struct rows *r, uint64_t *from, uint64_t *to);

#endif
