/* What avx512bf16.c adds to the AVX-512 table. */
#ifndef PALAVER_ENGINE_KERNELS_BF16_H
#define PALAVER_ENGINE_KERNELS_BF16_H

#include "engine/kernels/kernels.h"

kernel_pack bf16_pack;
kernel_gemm bf16_gemm;
kernel_prepare bf16_prepare;

#endif
