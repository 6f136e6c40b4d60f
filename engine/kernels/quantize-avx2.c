/* Packing float32: AVX2. */
#include "engine/kernels/quantize-fill.h"
#include "engine/kernels/quantize-loops.h"

const struct quantize_kernels quantize_avx2 = {fill, choose};
