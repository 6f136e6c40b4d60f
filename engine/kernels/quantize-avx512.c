/* Packing float32: AVX-512. */
#include "engine/kernels/quantize-fill.h"
#include "engine/kernels/quantize-loops.h"

const struct quantize_kernels quantize_avx512 = {fill, choose};
