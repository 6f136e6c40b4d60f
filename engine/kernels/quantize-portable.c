/* Packing float32: plain C. */
#include "engine/kernels/quantize-fill.h"
#include "engine/kernels/quantize-loops.h"

const struct quantize_kernels quantize_portable = {fill, choose};
