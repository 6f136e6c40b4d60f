/* Passes over logits: AVX-512. */
#include "engine/kernels/scan-loops.h"

const struct scan_kernels scan_avx512 = SCAN_TABLE;
