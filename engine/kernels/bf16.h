/* What avx512bf16.c adds to the AVX-512 table. */
#ifndef PALAVER_ENGINE_KERNELS_BF16_H
#define PALAVER_ENGINE_KERNELS_BF16_H

#include "engine/kernels/kernels.h"

kernel_pack bf16_pack;
kernel_sweep bf16_sweep;
kernel_columns bf16_columns;
kernel_prepare bf16_prepare;

#endif
