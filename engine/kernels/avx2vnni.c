/* Kernels for x86-64 processors with AVX-VNNI but without AVX-512 (Intel's clients since Alder Lake): as AVX2's, but four
 * products are added to a sum by one instruction. */
#include "engine/kernels/avx2.h"

#define TILE 6
#define SIGNED8 0
#define v_dot _mm256_dpbusd_avx_epi32
#define v_dot8 _mm256_dpbusd_avx_epi32
#define v_pairs _mm256_dpwssd_avx_epi32

#include "engine/kernels/products.h"

const struct kernels kernels_avx2vnni = {
    .name = "avx2vnni",
    .rows = ROWS,
    .tile = TILE,
    .panels = PANELS,
    .types = {VECTOR_TYPES},
    .prepare = prepare_q8,
};
