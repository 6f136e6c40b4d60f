/* Packing float32: the table of types, and rows cut into the tiles that quantize-tile.h describes. */
#include "engine/kernels/quantize.h"

#include <float.h>
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
    [TENSOR_Q3_K] = {CODES_LINEAR, 16, 16, -4, 3, -32, 31, 10, 0.02f, true, quantize_pack_q3_k},
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

/* The power of two below a finite number > 0. Very small ones get a larger one, so that it has an inverse. */
static float power_below(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0x7f800000;
    memcpy(&x, &bits, sizeof x);
    return x > 0x1p-100f ? x : 0x1p-100f;
}

/* Copies n <= 256 numbers; NaN becomes 0, what is infinite the largest number. Returns the largest absolute value. */
static float block_clean(const float *restrict x, int n, float *restrict out)
{
    float largest = 0;
    for (int i = 0; i < n; i++) {
        float v = x[i] == x[i] ? x[i] : 0.0f;
        v = v < FLT_MAX ? v : FLT_MAX;
        v = v > -FLT_MAX ? v : -FLT_MAX;
        out[i] = v;
        largest = v > largest ? v : -v > largest ? -v : largest;
    }
    return largest;
}

/* An importance of 0 still counts this much beside the largest of its block, so that scales are always determined. */
#define LEAST_WEIGHT 0x1p-20f

/* The weights of a block, the largest about 1. */
static void block_weigh(const float *restrict importance, int n, float *restrict out)
{
    if (importance == NULL) {
        for (int i = 0; i < n; i++)
            out[i] = 1.0f;
        return;
    }
    float largest = 0;
    for (int i = 0; i < n; i++) {
        const float v = importance[i] > 0.0f ? importance[i] : 0.0f;
        out[i] = v < FLT_MAX ? v : FLT_MAX;
        largest = out[i] > largest ? out[i] : largest;
    }
    const float inverse = 1.0f / power_below(largest);
    for (int i = 0; i < n; i++)
        out[i] = out[i] * inverse + LEAST_WEIGHT;
}

/* Puts a block's sub-blocks into the lanes from lane on. */
static void tile_fill(struct quantize_tile *t, const struct quantize_form *form, int lane, const float *x,
                      const float *importance)
{
    float clean[256], weight[256];
    const int n = form->length * form->subs;
    const float unit = power_below(block_clean(x, n, clean)), inverse = 1.0f / unit;
    block_weigh(importance, n, weight);
    for (int sub = 0; sub < form->subs; sub++) {
        t->unit[lane + sub] = unit;
        for (int i = 0; i < form->length; i++) {
            t->x[i][lane + sub] = clean[sub * form->length + i] * inverse;
            t->w[i][lane + sub] = weight[sub * form->length + i];
        }
    }
}

/* Packs as many blocks as a tile holds; col: of the first. */
static void blocks_pack(const struct quantize_kernels *kernels, const struct tensor_traits *traits,
                        const struct quantize_form *form, const float *x, int blocks, uint64_t col, uint64_t cols,
                        const float *importance, uint8_t *out)
{
    struct quantize_tile t = {.x = {{0}}};
    struct quantize_packed p;
    for (int b = 0; b < QUANTIZE_LANES / form->subs; b++) {
        if (b >= blocks) { /* lanes that nobody reads */
            static const float zeros[256];
            tile_fill(&t, form, b * form->subs, zeros, NULL);
            continue;
        }
        tile_fill(&t, form, b * form->subs, x + (size_t)b * traits->block,
                  importance == NULL ? NULL : importance + col);
        col = (col + traits->block) % cols;
    }
    kernels->choose(&t, form, &p);
    for (int b = 0; b < blocks; b++)
        form->pack(&p, b * form->subs, out + (size_t)b * traits->block_bytes);
}

bool quantize_can(enum tensor_type type)
{
    return tensor_traits(type) != NULL;
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
        const int here = (int)(blocks - b < most ? blocks - b : most);
        blocks_pack(kernels, traits, form, x + b * traits->block, here, b * traits->block % cols, cols, importance,
                    (uint8_t *)out + b * traits->block_bytes);
    }
}
