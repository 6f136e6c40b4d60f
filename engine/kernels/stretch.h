/* What products of several panels share: their sums, and how rows are read straight from the file.
 *
 * The file that includes this defines V, VF, their loads and stores as for vector.h, ROWS, TILE, INLINE and UNROLL. */
#ifndef PALAVER_ENGINE_KERNELS_STRETCH_H
#define PALAVER_ENGINE_KERNELS_STRETCH_H

#include <stddef.h>
#include <stdint.h>

/* ---- sums -------------------------------------------------------------------------------------------------------- */

enum { PANELS = 3 }; /* whose sums fit the registers beside each other, with a whole tile */

/* Sums of n panels and w columns: panel p's of column c is acc[p * w + c]. */
INLINE void sums_load(VF acc[], const int n, const int w, const float *out, size_t stride, const float *init)
{
    UNROLL
    for (int p = 0; p < n; p++) {
        UNROLL
        for (int c = 0; c < w; c++)
            acc[p * w + c] = vf_load((init != NULL ? init : out + (size_t)c * stride) + p * ROWS);
    }
}

INLINE void sums_store(const VF acc[], const int n, const int w, float *out, size_t stride)
{
    UNROLL
    for (int p = 0; p < n; p++) {
        UNROLL
        for (int c = 0; c < w; c++)
            vf_store(out + (size_t)c * stride + p * ROWS, acc[p * w + c]);
    }
}

/* ---- stretches of rows ------------------------------------------------------------------------------------------- */

/* Of each row a stretch is copied, then multiplied: in a file rows lie whole pages apart, and would drive each other out
 * of the first cache before a line is used up. */
enum { STRETCH = 256, STRETCH_APART = STRETCH + 64, SIDE_ROWS = 32 };

/* Bytes [at, at + part) of each of n rows. */
INLINE void copy_stretch(const uint8_t *rows, size_t stride, int n, size_t part, uint8_t *to)
{
    for (int r = 0; r < n; r++, rows += stride, to += STRETCH_APART)
        for (size_t at = 0; at < part; at += sizeof(V))
            v_store(to + at, v_load(rows + at));
}

/* Asks for what lies AHEAD bytes further in n rows, evenly spread over the steps in which a stretch is multiplied:
 * asked for at once, it would keep the copying waiting. (Measured: 20 GB/s of one core's 20; 16 when the next rows are
 * asked for in the order of memory, 10 when nothing is.) */
enum { AHEAD = 512 };

struct asking {
    uintptr_t row;
    size_t stride, part;
    int n, steps, due;
};

INLINE struct asking ask_for(const uint8_t *rows, size_t stride, size_t row_bytes, size_t done, size_t part, int n,
                             size_t step)
{
    const size_t at = done + AHEAD < row_bytes ? done + AHEAD : done + AHEAD - row_bytes + (size_t)n * stride;
    return (struct asking){(uintptr_t)rows + at, stride, part, n, (int)(part / step), 0};
}

INLINE void ask_step(struct asking *a)
{
    for (a->due += a->n; a->due >= a->steps; a->due -= a->steps, a->row += a->stride)
        for (size_t at = 0; at < a->part; at += 64)
            __builtin_prefetch((const void *)(a->row + at), 0, 2);
}

#endif
