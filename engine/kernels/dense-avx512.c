/* Products of weights as float32: AVX-512. */
#include "engine/kernels/floats-avx512.h"

#define PANELS 3
#define COLUMNS 8
#include "engine/kernels/dense-loops.h"

DENSE_PACK(f32, 4)
DENSE_PACK(f16, 2)
DENSE_PACK(bf16, 2)

const struct dense_kernels dense_avx512 = {PANELS * VECTOR, VECTOR, pack_f32, pack_f16, pack_bf16, multiply};
