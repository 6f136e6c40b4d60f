/* Kernels in portable C: panels of one row. The reference that the other tables are tested against, and what runs on
 * processors without one; also takes the last rows of a matrix whose row count is no multiple of a panel's. */
#include "engine/kernels/kernels.h"

#include <string.h>

#include "engine/kernels/blocks.h"
#include "engine/kernels/half.h"
#include "engine/kernels/prepare.h"

/* One block of a panel of one row. */
struct panel_q32 {
    uint8_t q[32];
    float ws, wm;
};
struct panel_q16 {
    uint8_t q[32];
    float ws[2], wm[2];
};

static void pack_q4_0(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q4_0 *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks--, b++, p++) {
        p->ws = half_to_float(b->d);
        p->wm = -8.0f * p->ws;
        for (int i = 0; i < 16; i++) {
            p->q[i] = b->q[i] & 15;
            p->q[i + 16] = b->q[i] >> 4;
        }
    }
}

static void pack_q4_1(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q4_1 *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks--, b++, p++) {
        p->ws = half_to_float(b->d);
        p->wm = half_to_float(b->m);
        for (int i = 0; i < 16; i++) {
            p->q[i] = b->q[i] & 15;
            p->q[i + 16] = b->q[i] >> 4;
        }
    }
}

static uint8_t fifth(const uint8_t high[4], int i)
{
    return (uint8_t)((high[i / 8] >> (i % 8) & 1) << 4);
}

static void pack_q5_0(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q5_0 *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks--, b++, p++) {
        p->ws = half_to_float(b->d);
        p->wm = -16.0f * p->ws;
        for (int i = 0; i < 16; i++) {
            p->q[i] = (b->q[i] & 15) | fifth(b->high, i);
            p->q[i + 16] = b->q[i] >> 4 | fifth(b->high, i + 16);
        }
    }
}

static void pack_q5_1(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q5_1 *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks--, b++, p++) {
        p->ws = half_to_float(b->d);
        p->wm = half_to_float(b->m);
        for (int i = 0; i < 16; i++) {
            p->q[i] = (b->q[i] & 15) | fifth(b->high, i);
            p->q[i + 16] = b->q[i] >> 4 | fifth(b->high, i + 16);
        }
    }
}

static void pack_q8_0(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q8_0 *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks--, b++, p++) {
        p->ws = half_to_float(b->d);
        p->wm = -128.0f * p->ws;
        for (int i = 0; i < 32; i++)
            p->q[i] = (uint8_t)(b->q[i] + 128);
    }
}

static const int8_t levels[16] = IQ4_LEVELS;

static void pack_iq4_nl(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_iq4_nl *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks--, b++, p++) {
        p->ws = half_to_float(b->d);
        p->wm = -128.0f * p->ws;
        for (int i = 0; i < 16; i++) {
            p->q[i] = (uint8_t)(levels[b->q[i] & 15] + 128);
            p->q[i + 16] = (uint8_t)(levels[b->q[i] >> 4] + 128);
        }
    }
}

static void pack_iq4_xs(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_iq4_xs *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks -= 8, b++) {
        float d = half_to_float(b->d);
        for (int s = 0; s < 8; s++, p++) {
            p->ws = d * (float)iq4_xs_scale(b, s);
            p->wm = -128.0f * p->ws;
            for (int i = 0; i < 16; i++) {
                p->q[i] = (uint8_t)(levels[b->q[16 * s + i] & 15] + 128);
                p->q[i + 16] = (uint8_t)(levels[b->q[16 * s + i] >> 4] + 128);
            }
        }
    }
}

static void pack_q4_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q4_k *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks -= 8, b++) {
        float d = half_to_float(b->d), dmin = half_to_float(b->dmin);
        for (int s = 0; s < 8; s++, p++) {
            uint8_t scale, minimum;
            q4_k_scale(b->scales, s, &scale, &minimum);
            p->ws = d * (float)scale;
            p->wm = -dmin * (float)minimum;
            for (int i = 0; i < 32; i++)
                p->q[i] = b->q[s / 2 * 32 + i] >> (s % 2 * 4) & 15;
        }
    }
}

static void pack_q5_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q5_k *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks -= 8, b++) {
        float d = half_to_float(b->d), dmin = half_to_float(b->dmin);
        for (int s = 0; s < 8; s++, p++) {
            uint8_t scale, minimum;
            q4_k_scale(b->scales, s, &scale, &minimum);
            p->ws = d * (float)scale;
            p->wm = -dmin * (float)minimum;
            for (int i = 0; i < 32; i++)
                p->q[i] = (uint8_t)((b->q[s / 2 * 32 + i] >> (s % 2 * 4) & 15) | (b->high[i] >> s & 1) << 4);
        }
    }
}

static void pack_q2_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q2_k *b = (const void *)rows;
    struct panel_q16 *p = panel;
    for (; blocks > 0; blocks -= 8, b++) {
        float d = half_to_float(b->d), dmin = half_to_float(b->dmin);
        for (int s = 0; s < 8; s++, p++) {
            for (int h = 0; h < 2; h++) {
                p->ws[h] = d * (float)(b->scales[2 * s + h] & 15);
                p->wm[h] = -dmin * (float)(b->scales[2 * s + h] >> 4);
            }
            for (int i = 0; i < 32; i++)
                p->q[i] = b->q[s / 4 * 32 + i] >> (s % 4 * 2) & 3;
        }
    }
}

static void pack_q3_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q3_k *b = (const void *)rows;
    struct panel_q16 *p = panel;
    for (; blocks > 0; blocks -= 8, b++) {
        float d = half_to_float(b->d);
        for (int s = 0; s < 8; s++, p++) {
            for (int h = 0; h < 2; h++) {
                p->ws[h] = d * (float)q3_k_scale(b->scales, 2 * s + h);
                p->wm[h] = -4.0f * p->ws[h];
            }
            for (int i = 0; i < 32; i++)
                p->q[i] = (uint8_t)((b->q[s / 4 * 32 + i] >> (s % 4 * 2) & 3) | (b->high[i] >> s & 1) << 2);
        }
    }
}

static void pack_q6_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q6_k *b = (const void *)rows;
    struct panel_q16 *p = panel;
    for (; blocks > 0; blocks -= 8, b++) {
        float d = half_to_float(b->d);
        for (int s = 0; s < 8; s++, p++) {
            int half = s / 4, quarter = s % 4;
            for (int h = 0; h < 2; h++) {
                p->ws[h] = d * (float)b->scales[2 * s + h];
                p->wm[h] = -32.0f * p->ws[h];
            }
            for (int i = 0; i < 32; i++) {
                int low = b->low[64 * half + quarter % 2 * 32 + i] >> (quarter / 2 * 4) & 15;
                p->q[i] = (uint8_t)(low | (b->high[32 * half + i] >> (2 * quarter) & 3) << 4);
            }
        }
    }
}

static void pack_f32(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    memcpy(panel, rows, blocks * KERNEL_BLOCK * sizeof(float));
}

static void pack_f16(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    tensor_traits(TENSOR_F16)->unpack(rows, panel, blocks * KERNEL_BLOCK);
}

static void pack_bf16(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    tensor_traits(TENSOR_BF16)->unpack(rows, panel, blocks * KERNEL_BLOCK);
}

/* sum(q * i) of n pairs. */
static int32_t dot(const uint8_t *q, const int8_t *x, int n)
{
    int32_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += q[i] * x[i];
    return sum;
}

/* How many planes a block of a tile of w columns has. */
static int32_t planes_of(const uint8_t *block, int w)
{
    int32_t planes;
    memcpy(&planes, block + 2 * PLANE_BYTES * w, sizeof planes);
    return planes;
}

static void gemm_q32(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride,
                     const float *init)
{
    for (int c = 0; c < w; c++) {
        const struct panel_q32 *p = panel;
        const uint8_t *block = tile;
        float sum = init != NULL ? init[0] : out[(size_t)c * stride];
        for (size_t b = 0; b < blocks; b++, p++, block += TILE_BLOCK * w) {
            const uint8_t *x = block;
            for (int32_t planes = planes_of(block, w); planes > 0; planes--, x += PLANE_BYTES * w) {
                const float *numbers = (const float *)(x + 32 * w);
                float product = (float)dot(p->q, (const int8_t *)x + 32 * c, 32);
                sum = fmaf(product, p->ws * numbers[c], sum);
                sum = fmaf(p->wm, numbers[w + c], sum);
            }
        }
        out[(size_t)c * stride] = sum;
    }
}

static void gemm_q16(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride,
                     const float *init)
{
    for (int c = 0; c < w; c++) {
        const struct panel_q16 *p = panel;
        const uint8_t *block = tile;
        float sum = init != NULL ? init[0] : out[(size_t)c * stride];
        for (size_t b = 0; b < blocks; b++, p++, block += TILE_BLOCK * w) {
            const uint8_t *x = block;
            for (int32_t planes = planes_of(block, w); planes > 0; planes--, x += PLANE_BYTES * w) {
                const float *numbers = (const float *)(x + 32 * w);
                for (int h = 0; h < 2; h++) {
                    float product = (float)dot(p->q + 16 * h, (const int8_t *)x + 32 * c + 16 * h, 16);
                    sum = fmaf(product, p->ws[h] * numbers[c], sum);
                    sum = fmaf(p->wm[h], numbers[2 * w + 2 * c + h], sum);
                }
            }
        }
        out[(size_t)c * stride] = sum;
    }
}

static void gemm_f32(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride,
                     const float *init)
{
    const float *weights = panel, *x = tile;
    for (int c = 0; c < w; c++) {
        float sum = init != NULL ? init[0] : out[(size_t)c * stride];
        for (size_t k = 0; k < blocks * KERNEL_BLOCK; k++)
            sum = fmaf(weights[k], x[k * (size_t)w + (size_t)c], sum);
        out[(size_t)c * stride] = sum;
    }
}

const struct kernels kernels_portable = {
    .name = "portable",
    .rows = 1,
    .tile = KERNEL_TILE_MAX,
    .types =
        {
            [TENSOR_F32] = {PANEL_F32, pack_f32, gemm_f32, NULL},
            [TENSOR_F16] = {PANEL_F32, pack_f16, gemm_f32, NULL},
            [TENSOR_BF16] = {PANEL_F32, pack_bf16, gemm_f32, NULL},
            [TENSOR_Q4_0] = {PANEL_Q32, pack_q4_0, gemm_q32, NULL},
            [TENSOR_Q4_1] = {PANEL_Q32, pack_q4_1, gemm_q32, NULL},
            [TENSOR_Q5_0] = {PANEL_Q32, pack_q5_0, gemm_q32, NULL},
            [TENSOR_Q5_1] = {PANEL_Q32, pack_q5_1, gemm_q32, NULL},
            [TENSOR_Q8_0] = {PANEL_Q32, pack_q8_0, gemm_q32, NULL},
            [TENSOR_Q2_K] = {PANEL_Q16, pack_q2_k, gemm_q16, NULL},
            [TENSOR_Q3_K] = {PANEL_Q16, pack_q3_k, gemm_q16, NULL},
            [TENSOR_Q4_K] = {PANEL_Q32, pack_q4_k, gemm_q32, NULL},
            [TENSOR_Q5_K] = {PANEL_Q32, pack_q5_k, gemm_q32, NULL},
            [TENSOR_Q6_K] = {PANEL_Q16, pack_q6_k, gemm_q16, NULL},
            [TENSOR_IQ4_NL] = {PANEL_Q32, pack_iq4_nl, gemm_q32, NULL},
            [TENSOR_IQ4_XS] = {PANEL_Q32, pack_iq4_xs, gemm_q32, NULL},
        },
    .prepare = {[TILE_Q8] = prepare_q8, [TILE_F32] = prepare_f32},
};
