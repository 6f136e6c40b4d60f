/* Packing float32: the table of types, and rows cut into the tiles that quantize-tile.h describes. */
#include "engine/kernels/quantize.h"

#include <stddef.h>
#include <string.h>

#include "engine/kernels/half.h"
#include "engine/kernels/quantize-tile.h"

/* ---- float types ------------------------------------------------------------------------------------------------- */

static void pack_f16(const float *x, uint64_t n, uint8_t *out)
{
    for (uint64_t i = 0; i < n; i++) {
        const uint16_t half = half_from_float(x[i]);
        memcpy(out + 2 * i, &half, sizeof half);
    }
}

static uint16_t bf16_from_float(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40); /* a NaN stays one, whichever bits are cut off */
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void pack_bf16(const float *x, uint64_t n, uint8_t *out)
{
    for (uint64_t i = 0; i < n; i++) {
        const uint16_t half = bf16_from_float(x[i]);
        memcpy(out + 2 * i, &half, sizeof half);
    }
}

/* ---- types with blocks ------------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct quantize_form forms[TENSOR_TYPE_LIMIT] = {
    [TENSOR_Q4_0] = {CODES_LINEAR, 32, 1, -8, 7, 0, 0, 10, 0.012f, true, quantize_pack_q4_0},
    [TENSOR_Q4_1] = {CODES_AFFINE, 32, 1, 0, 15, 0, 0, 10, 0.012f, false, quantize_pack_q4_1},
    [TENSOR_Q5_0] = {CODES_LINEAR, 32, 1, -16, 15, 0, 0, 10, 0.006f, true, quantize_pack_q5_0},
    [TENSOR_Q5_1] = {CODES_AFFINE, 32, 1, 0, 31, 0, 0, 10, 0.006f, false, quantize_pack_q5_1},
    [TENSOR_Q8_0] = {CODES_LINEAR, 32, 1, -127, 127, 0, 0, 2, 0.002f, false, quantize_pack_q8_0},
    [TENSOR_Q2_K] = {CODES_AFFINE, 16, 16, 0, 3, 0, 15, 10, 0.03f, false, quantize_pack_q2_k},
    [TENSOR_Q3_K] = {CODES_LINEAR, 16, 16, -4, 3, -32, 31, 10, 0.026f, true, quantize_pack_q3_k},
    [TENSOR_Q4_K] = {CODES_AFFINE, 32, 8, 0, 15, 0, 63, 10, 0.012f, false, quantize_pack_q4_k},
    [TENSOR_Q5_K] = {CODES_AFFINE, 32, 8, 0, 31, 0, 63, 10, 0.006f, false, quantize_pack_q5_k},
    [TENSOR_Q6_K] = {CODES_LINEAR, 16, 16, -32, 31, -128, 127, 10, 0.003f, false, quantize_pack_q6_k},
    [TENSOR_IQ4_NL] = {CODES_LEVELS, 32, 1, -127, 113, 0, 0, 10, 0.008f, true, quantize_pack_iq4_nl},
    [TENSOR_IQ4_XS] = {CODES_LEVELS, 32, 8, -127, 113, -32, 31, 10, 0.008f, true, quantize_pack_iq4_xs},
};
/* clang-format on */

const struct quantize_form *quantize_form(uint32_t type)
{
    return type < TENSOR_TYPE_LIMIT && forms[type].length > 0 ? &forms[type] : NULL;
}

static void tile_pack(const struct quantize_kernels *kernels, const struct quantize_form *form,
                      const struct quantize_stretch *from, uint8_t *out, size_t block_bytes)
{
    struct quantize_tile t;
    struct quantize_packed p;
    kernels->fill(&t, form, from);
    kernels->choose(&t, form, &p);
    for (int b = 0; b < from->blocks; b++)
        form->pack(&p, b * form->subs, out + (size_t)b * block_bytes);
}

void quantize_rows(enum tensor_type type, const float *x, uint64_t rows, uint64_t cols, const float *importance,
                   void *out)
{
    const uint64_t n = rows * cols;
    const struct quantize_form *form = quantize_form(type);
    if (type == TENSOR_F32)
        memcpy(out, x, (size_t)n * sizeof *x);
    else if (type == TENSOR_F16)
        pack_f16(x, n, out);
    else if (type == TENSOR_BF16)
        pack_bf16(x, n, out);
    if (form == NULL)
        return;
    const struct tensor_traits *traits = tensor_traits(type);
    const struct quantize_kernels *kernels = quantize_choose();
    const uint64_t blocks = n / traits->block, most = (uint64_t)(QUANTIZE_LANES / form->subs);
    for (uint64_t b = 0; b < blocks; b += most) {
        const struct quantize_stretch from = {x + b * traits->block, (int)(blocks - b < most ? blocks - b : most),
                                              importance, b * traits->block % cols, cols};
        tile_pack(kernels, form, &from, (uint8_t *)out + b * traits->block_bytes, traits->block_bytes);
    }
}
