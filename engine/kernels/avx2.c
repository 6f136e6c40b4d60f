/* Kernels for x86-64 processors with AVX2, FMA and F16C (Haswell, Zen 1 and later): panels of 16 rows. */
#include "engine/kernels/avx2.h"

#define TILE 8
#define HALVES
#define SIGNED8 1
#define v_pairs(acc, a, b) v_add(acc, _mm256_madd_epi16(a, b))
#define v_half _mm256_maddubs_epi16
#define v_magnitude _mm256_abs_epi8
#define v_sign _mm256_sign_epi8
#define v_negative(w) _mm256_cmpgt_epi8(_mm256_setzero_si256(), w)

/* Left to itself the compiler computes all products first and then adds them as a tree, for which it has not nearly
 * enough registers. */
AVX2_INLINE V in_order(V sum)
{
    __asm__("" : "+x"(sum));
    return sum;
}

#define v_half_add(a, b) in_order(_mm256_add_epi16(a, b))
#define v_widen(acc, half, scale) in_order(v_add(acc, _mm256_madd_epi16(half, scale)))

#include "engine/kernels/products.h"

static void prepare(const float *x, size_t x_stride, int w, size_t blocks, void *tile)
{
    prepare_q8(x, x_stride, w, blocks, tile);
    if (w == TILE)
        add_tile_norms(tile, w, blocks);
}

const struct kernels kernels_avx2 = {
    .name = "avx2",
    .rows = ROWS,
    .tile = TILE,
    .panels = PANELS,
    .types = {VECTOR_TYPES},
    .prepare = prepare,
};
