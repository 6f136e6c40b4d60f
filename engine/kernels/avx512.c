/* Kernels for x86-64 processors with AVX-512 and VNNI (Ice Lake, Zen 4 and later): panels of 16 rows. */
#include "engine/kernels/avx512.h"

#include "engine/kernels/bf16.h"
#include "engine/kernels/vector.h"
/* after vector.h */
#include "engine/kernels/floats.h"

const struct kernels kernels_avx512 = {
    .name = "avx512",
    .rows = ROWS,
    .tile = TILE,
    .types = {VECTOR_TYPES, FLOAT_TYPES, FLOAT_BF16},
    .prepare = {[TILE_Q8] = prepare_q8, [TILE_F32] = prepare_f32},
};

const struct kernels kernels_avx512bf16 = {
    .name = "avx512bf16",
    .rows = ROWS,
    .tile = TILE,
    .types = {VECTOR_TYPES, FLOAT_TYPES, [TENSOR_BF16] = {PANEL_BF16, bf16_pack, NULL, NULL, bf16_sweep, bf16_columns}},
    .prepare = {[TILE_Q8] = prepare_q8, [TILE_F32] = prepare_f32, [TILE_BF16] = bf16_prepare},
};
