/* What an encoder computes beside products: AVX2. */
#include "engine/kernels/encode-loops.h"

const struct encode_kernels encode_avx2 = ENCODE_TABLE;
