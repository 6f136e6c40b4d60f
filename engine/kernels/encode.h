/* What an encoder computes beside products of matrices: norms of rows, GELU, attention in both directions.
 *
 * One table of functions per instruction set, all made from the same loops (encode-loops.h): sums have one order and the
 * compiler joins nothing by itself, so that every table gives the same bits. A text of n tokens has n x n scores a head;
 * n is at most some thousands, mostly below a hundred. */
#ifndef PALAVER_ENGINE_KERNELS_ENCODE_H
#define PALAVER_ENGINE_KERNELS_ENCODE_H

#include <stddef.h>
#include <stdint.h>

enum { ENCODE_LANES = 16, ENCODE_TOGETHER = 4 }; /* elements and queries taken side by side */

/* One head of one text. */
struct encode_head {
    const float *q, *k, *v; /* (n, head_width), stride elements from one row to the next */
    size_t stride;
    size_t n, head_width;
    float *out; /* (n, head_width), out_stride */
    size_t out_stride;
    float *scratch; /* encode_scratch(n, head_width) elements, aligned to 64 bytes */
};

struct encode_kernels {
    /* x = (x + add - mean) / sqrt(variance + epsilon) * weight + bias; add may be NULL. In place, n elements. */
    void (*norm)(float *x, const float *add, const float *weight, const float *bias, size_t n, float epsilon);
    /* x times the normal distribution's function of x, by the error function as BERT has it (not by tanh). In place. */
    void (*gelu)(float *x, size_t n);
    /* softmax(q k' / sqrt(head_width)) v; every token sees all. */
    void (*attend)(const struct encode_head *h);
};

/* Elements of scratch that attend needs. */
size_t encode_scratch(size_t n, size_t head_width);

extern const struct encode_kernels encode_portable, encode_avx2, encode_avx512;
/* The table that goes with the matrix kernels. */
const struct encode_kernels *encode_choose(void);

#endif
