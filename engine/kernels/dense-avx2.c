/* Products of weights as float32: AVX2, FMA and F16C. */
#include "engine/kernels/floats-avx2.h"

#define PANELS 2
#define COLUMNS 6
#include "engine/kernels/dense-loops.h"

DENSE_PACK(f32, 4)
DENSE_PACK(f16, 2)
DENSE_PACK(bf16, 2)

const struct dense_kernels dense_avx2 = {PANELS * VECTOR, VECTOR, pack_f32, pack_f16, pack_bf16, multiply};
