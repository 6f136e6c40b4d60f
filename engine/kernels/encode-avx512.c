/* What an encoder computes beside products: AVX-512. */
#include "engine/kernels/encode-loops.h"

const struct encode_kernels encode_avx512 = ENCODE_TABLE;
