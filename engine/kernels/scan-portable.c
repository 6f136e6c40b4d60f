/* Passes over logits: plain C. */
#include "engine/kernels/scan-loops.h"

const struct scan_kernels scan_portable = SCAN_TABLE;
