/* Packing float32: plain C. */
#include "engine/kernels/quantize-loops.h"

const struct quantize_kernels quantize_portable = {choose};
