/* Products of float weights: AVX-512. */
#include "engine/kernels/floats-avx512.h"

#include "engine/kernels/floats-bf16.h"
#include "engine/kernels/floats-loops.h"

FLOAT_COLUMNS_AND_PACK(f32, 4, load_f32, add_product)
FLOAT_COLUMNS_AND_PACK(f16, 2, load_f16, add_product)
FLOAT_COLUMNS_AND_PACK(bf16, 2, load_bf16, add_product)
FLOAT_SWEEP(sweep, add_product)

const struct float_kernels floats_avx512 = {
    .name = "avx512",
    .vector = VECTOR,
    .tile = TILE,
    .f32 = {4, false, columns_f32, pack_f32, sweep},
    .f16 = {2, false, columns_f16, pack_f16, sweep},
    .bf16 = {2, false, columns_bf16, pack_bf16, sweep},
};

const struct float_kernels floats_avx512bf16 = {
    .name = "avx512bf16",
    .vector = VECTOR,
    .tile = TILE,
    .f32 = {4, false, columns_f32, pack_f32, sweep},
    .f16 = {2, false, columns_f16, pack_f16, sweep},
    .bf16 = {4, true, floats_columns_pairs, floats_pack_pairs, floats_sweep_pairs},
};
