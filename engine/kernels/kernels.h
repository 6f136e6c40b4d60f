/* Kernels: what multiplies weights and activations, one table per instruction set, chosen once at run time.
 *
 * All tables work in the same way. A group of weight rows is packed, a stretch of columns at a time, into a panel in
 * which one vector lane is one row; a tile of a few activation columns is swept over it. So the order of every sum is
 * the order of the columns, whichever table, batch or thread computes it, and a batch of one gives the bits of a batch
 * of many. Columns are counted in blocks of 32.
 *
 * Quantised weights are multiplied by groups of 256 columns, the last of a row perhaps fewer. Activations of a group are
 * x = scale * i with i in -127..127, but for outliers: a few channels of a Llama's activations are far larger than the
 * rest and would leave the others hardly any of the 8 bits, so i is 0 there and x is kept. Integers are exact, floats
 * float32, and a group adds in this order:
 *
 *     t = fma(sum((q - offset) * i), ws, t)  for 32 columns after 32, and where the type has minima fma(wm, sum(i), t)
 *     t = sum(scale * sum((q - offset) * i)) * d, K types, whose scales of 32 or 16 columns are integers, and where the
 *                                                 type has minima fma(sum(minimum * sum(i)), -dmin, t)
 *     y = fma(t, scale of x, y)
 *     y = fma(w, x, y)                       for one outlier after another; w is the weight as a number. Columns share
 *                                            a list, with x = 0 where one has none: that adds nothing, as weights
 *                                            are finite */
#ifndef PALAVER_ENGINE_KERNELS_KERNELS_H
#define PALAVER_ENGINE_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/tensor.h"

enum {
    KERNEL_BLOCK = 32,  /* columns */
    KERNEL_GROUP = 256, /* columns */
    KERNEL_GROUP_BLOCKS = KERNEL_GROUP / KERNEL_BLOCK,
    KERNEL_ROWS_MAX = 16,   /* rows of a panel */
    KERNEL_PANELS_MAX = 2,  /* multiplied at once */
    KERNEL_TILE_MAX = 8,    /* activation columns of a tile */
    KERNEL_TILE_BYTES = 80, /* of a tile for each column and block, with room for whole groups; see prepare.h */
    KERNEL_ARITHMETIC = 3,  /* counts up whenever the same weights and activations give other bits than before */
};

/* How large a panel is for each block of 32 columns; what lies where is the table's own affair. */
enum panel_kind {
    PANEL_Q32, /* u8 q[32], and 8 bytes for scales, of each row */
    PANEL_Q16, /* u8 q[32], and 16 bytes, of each row */
};

/* Packs `blocks` blocks of R rows that lie stride bytes apart, from the beginning of a group on; blocks is a multiple of 8
 * for types with blocks of 256.
 * As many bytes from the address `ahead` on are asked for meanwhile, because they will be packed soon; they need not
 * exist, so it is a number and no pointer. */
typedef void kernel_pack(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel);
/* out[c * stride + r] = start + the products of panel and tile, for w columns c and R rows r. start is init[r], or what
 * out holds when init is NULL. */
typedef void kernel_gemm(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride,
                         const float *init);
/* Both in one, for R rows that are multiplied by one tile only. */
typedef void kernel_dot(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, const void *tile, int w,
                        float *out, size_t out_stride, const float *init);
/* Converts w rows of X, x_stride elements apart, into a tile. */
typedef void kernel_prepare(const float *x, size_t x_stride, int w, size_t blocks, void *tile);

struct kernel_type {
    enum panel_kind kind;
    kernel_pack *pack;
    kernel_gemm *gemm;
    kernel_gemm *several; /* the same for `panels` panels, one after another in memory; NULL: there is none */
    kernel_dot *dot;      /* NULL: pack and gemm */
};

struct kernels {
    const char *name;
    int rows, tile; /* R and the largest w */
    int panels;     /* that are multiplied at once where there are as many */
    struct kernel_type types[TENSOR_TYPE_LIMIT];
    kernel_prepare *prepare;
};

extern const struct kernels kernels_portable;
extern const struct kernels kernels_avx2, kernels_avx2vnni, kernels_avx512, kernels_avx512bf16, kernels_neon;

/* The best table for this processor, or the one that PALAVER_KERNELS in the environment names if the processor can run
 * it. */
const struct kernels *kernels_choose(void);
/* ERR_ARGUMENT when PALAVER_KERNELS names a table that is unknown or that this processor cannot run. */
enum error_code kernels_check(struct error *err);
/* All tables that this processor can run, best first; NULL past the end. */
const struct kernels *kernels_at(int index);

size_t panel_bytes(enum panel_kind kind, int rows); /* of one block */

#endif
