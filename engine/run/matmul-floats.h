/* Float weights times activations: what matmul.h's units of work are for F32, F16 and BF16.
 *
 * Few rows of X are multiplied straight from the file, more by panels. OpenBLAS is not used here: on one core of a Zen
 * 4 at 118 GFLOP/s the panels reach 111 to 114, its sgemm 102 (SkylakeX) and 108 (Haswell), and its bits depend on its
 * version and on the shape of a call. */
#ifndef PALAVER_ENGINE_RUN_MATMUL_FLOATS_H
#define PALAVER_ENGINE_RUN_MATMUL_FLOATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/tensor.h"
#include "engine/run/matmul.h"

struct floats; /* tables and work buffers */

/* kernels: the matrix kernels' name. NULL when out of memory. */
struct floats *floats_new(const char *kernels, int32_t threads, uint64_t max_cols, uint64_t max_n);
void floats_free(struct floats *f);
/* Bytes of its buffers that products with weights of these types touch; bit i of types is enum tensor_type i. */
uint64_t floats_bytes(const char *kernels, int32_t threads, uint64_t max_cols, uint64_t max_n, uint64_t types);

/* Rows of X, (n, cols). */
struct floats_input {
    const float *x;
    size_t stride, n, cols; /* cols: a multiple of 32 */
};
enum { FLOATS_PREPARED = 24, FLOATS_ROWS = 48 };
/* Whether preparing is a thread's own affair, done with one call with `first` 0, or all threads' with calls for each
 * multiple of FLOATS_PREPARED below n. All of it has to be done before a product. */
bool floats_is_few(size_t n);
void floats_prepare(struct floats *f, int32_t thread, enum tensor_type type, const struct floats_input *in,
                    size_t first);
/* Rows [first, last) of the job's weights; then: what is read after them, 0 if that is not known. */
void floats_multiply(struct floats *f, int32_t thread, const struct matmul_job *job, const struct floats_input *in,
                     uint64_t first, uint64_t last, uintptr_t then);

#endif
