/* Kernels: what multiplies weights and activations, one table per instruction set, chosen once at run time.
 *
 * All tables work in the same way. A group of weight rows is packed, a stretch of columns at a time, into a panel in
 * which one vector lane is one row; a tile of a few activation columns is swept over it. So the order of every sum is
 * the order of the columns, whichever table, batch or thread computes it, and a batch of one gives the bits of a batch
 * of many. Columns are counted in blocks of 32.
 *
 * Quantised weights are w = ws * q + wm with q in 0..255 and ws, wm per row and 32 (or 16) columns. Activations are
 * x = scale * i with i in -127..127 per block of 32. A block adds, in this order and in float32,
 *     fma(sum(q * i), ws * scale, .)   and   fma(wm, scale * sum(i), .)
 * where sum(q * i) is an exact integer.
 *
 * A few channels of a Llama's activations are far larger than the rest, and would leave the others of their block
 * hardly any of the 8 bits. Blocks with such a channel have a second plane: what the first one's rounding left over,
 * in the same form, added right after it. */
#ifndef PALAVER_ENGINE_KERNELS_KERNELS_H
#define PALAVER_ENGINE_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/tensor.h"

enum {
    KERNEL_BLOCK = 32,    /* columns */
    KERNEL_ROWS_MAX = 16, /* rows of a panel */
    KERNEL_TILE_MAX = 8,  /* activation columns of a tile */
};

/* What a panel holds for each block of 32 columns and R rows. */
enum panel_kind {
    PANEL_Q32,  /* u8 q[8][R][4], float ws[R], wm[R] */
    PANEL_Q16,  /* u8 q[8][R][4], float ws[2][R], wm[2][R]: scales per 16 columns */
    PANEL_F32,  /* float w[32][R] */
    PANEL_BF16, /* bfloat16 w[16][R][2] */
};

/* What a tile of w activation columns holds for each block of 32. */
enum tile_kind {
    TILE_Q8,   /* two planes of int8 i[w][32], float scale[w], sum32[w], sum16[w][2], the sums times scale; then
                 * int32 planes, 2 where the second counts for one of the columns, and room up to 8 bytes a column */
    TILE_F32,  /* float x[32][w] */
    TILE_BF16, /* bfloat16 x[16][w][2] */
    TILE_KINDS,
};

/* Packs `blocks` blocks of R rows that lie stride bytes apart; blocks is a multiple of 8 for types with blocks of 256.
 * As many bytes from the address `ahead` on are asked for meanwhile, because they will be packed soon; they need not
 * exist, so it is a number and no pointer. */
typedef void kernel_pack(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel);
/* out[c * stride + r] = start + the products of panel and tile, for w columns c and R rows r. start is init[r], or what
 * out holds when init is NULL. */
typedef void kernel_gemm(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride,
                         const float *init);
/* kernel_gemm for n panels that lie `apart` bytes from one to the next; the results of panel i begin at out + i * R. */
typedef void kernel_sweep(const void *panels, size_t apart, int n, const void *tile, int w, size_t blocks, float *out,
                          size_t stride, const float *init);
/* The same bits without panels, for a tile of few columns: rows [0, n * R) as they lie in the file. */
typedef void kernel_columns(const uint8_t *rows, size_t stride, int n, size_t blocks, const void *tile, int w,
                            float *out, size_t out_stride, const float *init);
/* out[r] = init[r] + the products of R rows and a tile of one column, without a panel: the same bits as by one. */
typedef void kernel_dot(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, const void *tile,
                        float *out, const float *init);
/* Converts w rows of X, x_stride elements apart, into a tile. */
typedef void kernel_prepare(const float *x, size_t x_stride, int w, size_t blocks, void *tile);

struct kernel_type {
    enum panel_kind kind;
    kernel_pack *pack;
    kernel_gemm *gemm;
    kernel_dot *dot;         /* NULL: as with more columns */
    kernel_sweep *sweep;     /* NULL: gemm, panel by panel */
    kernel_columns *columns; /* NULL: panels also for a tile alone */
};

struct kernels {
    const char *name;
    int rows, tile; /* R and the largest w */
    struct kernel_type types[TENSOR_TYPE_LIMIT];
    kernel_prepare *prepare[TILE_KINDS];
};

extern const struct kernels kernels_portable;
extern const struct kernels kernels_avx2, kernels_avx512, kernels_avx512bf16, kernels_neon;

/* The best table for this processor, or the one that PALAVER_KERNELS in the environment names if the processor can run
 * it. */
const struct kernels *kernels_choose(void);
/* ERR_ARGUMENT when PALAVER_KERNELS names a table that is unknown or that this processor cannot run. */
enum error_code kernels_check(struct error *err);
/* All tables that this processor can run, best first; NULL past the end. */
const struct kernels *kernels_at(int index);

size_t panel_bytes(enum panel_kind kind, int rows); /* of one block */
size_t tile_bytes(enum tile_kind kind);             /* of one block and one column */
enum tile_kind panel_tile(enum panel_kind kind);    /* the tile that goes with a panel */

#endif
