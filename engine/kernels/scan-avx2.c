/* Passes over logits: AVX2. */
#include "engine/kernels/scan-loops.h"

const struct scan_kernels scan_avx2 = SCAN_TABLE;
