/* Kernels for x86-64 processors with AVX-512 and VNNI (Ice Lake, Zen 4 and later): panels of 16 rows. */
#include "engine/kernels/avx512.h"

#include "engine/kernels/products.h"

const struct kernels kernels_avx512 = {
    .name = "avx512",
    .rows = ROWS,
    .tile = TILE,
    .panels = PANELS,
    .types = {VECTOR_TYPES},
    .prepare = prepare_q8,
};

const struct kernels kernels_avx512bf16 = {
    .name = "avx512bf16",
    .rows = ROWS,
    .tile = TILE,
    .panels = PANELS,
    .types = {VECTOR_TYPES},
    .prepare = prepare_q8,
};
