/* What an encoder computes beside products: plain C. */
#include "engine/kernels/encode-loops.h"

const struct encode_kernels encode_portable = ENCODE_TABLE;
