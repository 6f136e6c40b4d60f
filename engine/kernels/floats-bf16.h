/* What floats-avx512bf16.c adds to the AVX-512 table. */
#ifndef PALAVER_ENGINE_KERNELS_FLOATS_BF16_H
#define PALAVER_ENGINE_KERNELS_FLOATS_BF16_H

#include "engine/kernels/floats.h"

float_columns floats_columns_pairs;
float_pack floats_pack_pairs;
float_sweep floats_sweep_pairs;

#endif
