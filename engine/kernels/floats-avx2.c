/* Products of float weights: AVX2, FMA and F16C. */
#include "engine/kernels/floats-avx2.h"

#include "engine/kernels/floats-loops.h"

FLOAT_COLUMNS_AND_PACK(f32, 4, load_f32, add_product)
FLOAT_COLUMNS_AND_PACK(f16, 2, load_f16, add_product)
FLOAT_COLUMNS_AND_PACK(bf16, 2, load_bf16, add_product)
FLOAT_SWEEP(sweep, add_product)

const struct float_kernels floats_avx2 = {
    .name = "avx2",
    .vector = VECTOR,
    .tile = TILE,
    .f32 = {4, false, columns_f32, pack_f32, sweep},
    .f16 = {2, false, columns_f16, pack_f16, sweep},
    .bf16 = {2, false, columns_bf16, pack_bf16, sweep},
};
