/* Kernels in portable C: panels of one row. The reference that the other tables are tested against, and what runs on
 * processors without one; also takes the last rows of a matrix whose row count is no multiple of a panel's. */
#include "engine/kernels/kernels.h"

#include <string.h>

#include "engine/kernels/blocks.h"
#include "engine/kernels/half.h"
#include "engine/kernels/prepare.h"

/* A panel of one row: values less their offset. Legacy types have blocks of 32 columns, K types groups of 256 with
 * scales for 32 or for 16; wm and dmin are negative or 0 and for types that have minima. */
struct panel_q32 {
    int8_t q[32];
    float ws, wm;
};
struct panel_k32 {
    int8_t q[256];
    int16_t scale[8], minimum[8];
    float d, dmin;
};
struct panel_k16 {
    int8_t q[256];
    int16_t scale[16], minimum[16];
    float d, dmin;
};

static void pack_q4_0(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q4_0 *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks--, b++, p++) {
        p->ws = half_to_float(b->d);
        for (int i = 0; i < 16; i++) {
            p->q[i] = (int8_t)((b->q[i] & 15) - 8);
            p->q[i + 16] = (int8_t)((b->q[i] >> 4) - 8);
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
            p->q[i] = (int8_t)(b->q[i] & 15);
            p->q[i + 16] = (int8_t)(b->q[i] >> 4);
        }
    }
}

static int fifth(const uint8_t high[4], int i)
{
    return (high[i / 8] >> (i % 8) & 1) << 4;
}

static void pack_q5_0(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q5_0 *b = (const void *)rows;
    struct panel_q32 *p = panel;
    for (; blocks > 0; blocks--, b++, p++) {
        p->ws = half_to_float(b->d);
        for (int i = 0; i < 16; i++) {
            p->q[i] = (int8_t)(((b->q[i] & 15) | fifth(b->high, i)) - 16);
            p->q[i + 16] = (int8_t)((b->q[i] >> 4 | fifth(b->high, i + 16)) - 16);
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
            p->q[i] = (int8_t)((b->q[i] & 15) | fifth(b->high, i));
            p->q[i + 16] = (int8_t)(b->q[i] >> 4 | fifth(b->high, i + 16));
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
        memcpy(p->q, b->q, sizeof p->q);
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
        for (int i = 0; i < 16; i++) {
            p->q[i] = (int8_t)(levels[b->q[i] & 15]);
            p->q[i + 16] = (int8_t)(levels[b->q[i] >> 4]);
        }
    }
}

static void pack_iq4_xs(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_iq4_xs *b = (const void *)rows;
    struct panel_k32 *p = panel;
    for (; blocks > 0; blocks -= 8, b++, p++) {
        p->d = half_to_float(b->d);
        for (int s = 0; s < 8; s++) {
            p->scale[s] = (int16_t)iq4_xs_scale(b, s);
            for (int i = 0; i < 16; i++) {
                p->q[32 * s + i] = levels[b->q[16 * s + i] & 15];
                p->q[32 * s + i + 16] = levels[b->q[16 * s + i] >> 4];
            }
        }
    }
}

static void scales_k32(struct panel_k32 *p, const uint8_t packed[12], uint16_t d, uint16_t dmin)
{
    p->d = half_to_float(d);
    p->dmin = -half_to_float(dmin);
    for (int s = 0; s < 8; s++) {
        uint8_t scale, minimum;
        q4_k_scale(packed, s, &scale, &minimum);
        p->scale[s] = scale;
        p->minimum[s] = minimum;
    }
}

static void pack_q4_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q4_k *b = (const void *)rows;
    struct panel_k32 *p = panel;
    for (; blocks > 0; blocks -= 8, b++, p++) {
        scales_k32(p, b->scales, b->d, b->dmin);
        for (int i = 0; i < 256; i++)
            p->q[i] = (int8_t)(b->q[i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15);
    }
}

static void pack_q5_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q5_k *b = (const void *)rows;
    struct panel_k32 *p = panel;
    for (; blocks > 0; blocks -= 8, b++, p++) {
        scales_k32(p, b->scales, b->d, b->dmin);
        for (int i = 0; i < 256; i++)
            p->q[i] = (int8_t)((b->q[i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15) | (b->high[i % 32] >> (i / 32) & 1)
                                                                                           << 4);
    }
}

static void pack_q2_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q2_k *b = (const void *)rows;
    struct panel_k16 *p = panel;
    for (; blocks > 0; blocks -= 8, b++, p++) {
        p->d = half_to_float(b->d);
        p->dmin = -half_to_float(b->dmin);
        for (int s = 0; s < 16; s++) {
            p->scale[s] = b->scales[s] & 15;
            p->minimum[s] = b->scales[s] >> 4;
        }
        for (int i = 0; i < 256; i++)
            p->q[i] = (int8_t)(b->q[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3);
    }
}

static void pack_q3_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q3_k *b = (const void *)rows;
    struct panel_k16 *p = panel;
    for (; blocks > 0; blocks -= 8, b++, p++) {
        p->d = half_to_float(b->d);
        for (int s = 0; s < 16; s++)
            p->scale[s] = (int16_t)q3_k_scale(b->scales, s);
        for (int i = 0; i < 256; i++) {
            int low = b->q[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3;
            p->q[i] = (int8_t)((low | (b->high[i % 32] >> (i / 32) & 1) << 2) - 4);
        }
    }
}

static void pack_q6_k(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel)
{
    (void)stride;
    (void)ahead;
    const struct block_q6_k *b = (const void *)rows;
    struct panel_k16 *p = panel;
    for (; blocks > 0; blocks -= 8, b++, p++) {
        p->d = half_to_float(b->d);
        for (int s = 0; s < 16; s++)
            p->scale[s] = b->scales[s];
        for (int i = 0; i < 256; i++) {
            int half = i / 128, quarter = i / 32 % 4;
            int low = b->low[64 * half + quarter % 2 * 32 + i % 32] >> (quarter / 2 * 4) & 15;
            p->q[i] = (int8_t)((low | (b->high[32 * half + i % 32] >> (2 * quarter) & 3) << 4) - 32);
        }
    }
}

/* sum(q * i) of n pairs. */
static int32_t dot(const int8_t *q, const int8_t *x, int n)
{
    int32_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += q[i] * x[i];
    return sum;
}

/* ---- for each kind of panel: a group without its outliers, and the weight of one column as a number ---------------- */

static float group_plain(const void *panel, const struct tile_column *x, size_t blocks)
{
    const struct panel_q32 *p = panel;
    float t = 0;
    for (size_t b = 0; b < blocks; b++)
        t = fmaf((float)dot(p[b].q, x->i + 32 * b, 32), p[b].ws, t);
    return t;
}

static float weight_plain(const void *panel, int at)
{
    const struct panel_q32 *p = (const struct panel_q32 *)panel + at / 32;
    return (float)p->q[at % 32] * p->ws;
}

static float group_minima(const void *panel, const struct tile_column *x, size_t blocks)
{
    const struct panel_q32 *p = panel;
    float t = 0;
    for (size_t b = 0; b < blocks; b++) {
        t = fmaf((float)dot(p[b].q, x->i + 32 * b, 32), p[b].ws, t);
        t = fmaf(p[b].wm, x->sums[b], t);
    }
    return t;
}

static float weight_minima(const void *panel, int at)
{
    const struct panel_q32 *p = (const struct panel_q32 *)panel + at / 32;
    return fmaf((float)p->q[at % 32], p->ws, p->wm);
}

static float product_k32(const struct panel_k32 *p, const struct tile_column *x)
{
    int32_t sum = 0;
    for (int s = 0; s < 8; s++)
        sum += p->scale[s] * dot(p->q + 32 * s, x->i + 32 * s, 32);
    return (float)sum * p->d;
}

static float group_k32(const void *panel, const struct tile_column *x, size_t blocks)
{
    (void)blocks;
    return product_k32(panel, x);
}

static float weight_k32(const void *panel, int at)
{
    const struct panel_k32 *p = panel;
    return (float)(p->q[at] * p->scale[at / 32]) * p->d;
}

static float group_k32_minima(const void *panel, const struct tile_column *x, size_t blocks)
{
    (void)blocks;
    const struct panel_k32 *p = panel;
    int32_t sum = 0;
    for (int s = 0; s < 8; s++)
        sum += p->minimum[s] * x->sums32[s];
    return fmaf((float)sum, p->dmin, product_k32(p, x));
}

static float weight_k32_minima(const void *panel, int at)
{
    const struct panel_k32 *p = panel;
    return fmaf((float)(p->q[at] * p->scale[at / 32]), p->d, (float)p->minimum[at / 32] * p->dmin);
}

static float product_k16(const struct panel_k16 *p, const struct tile_column *x)
{
    int32_t sum = 0;
    for (int s = 0; s < 16; s++)
        sum += p->scale[s] * dot(p->q + 16 * s, x->i + 16 * s, 16);
    return (float)sum * p->d;
}

static float group_k16(const void *panel, const struct tile_column *x, size_t blocks)
{
    (void)blocks;
    return product_k16(panel, x);
}

static float weight_k16(const void *panel, int at)
{
    const struct panel_k16 *p = panel;
    return (float)(p->q[at] * p->scale[at / 16]) * p->d;
}

static float group_k16_minima(const void *panel, const struct tile_column *x, size_t blocks)
{
    (void)blocks;
    const struct panel_k16 *p = panel;
    int32_t sum = 0;
    for (int s = 0; s < 16; s++)
        sum += p->minimum[s] * x->sums16[s];
    return fmaf((float)sum, p->dmin, product_k16(p, x));
}

static float weight_k16_minima(const void *panel, int at)
{
    const struct panel_k16 *p = panel;
    return fmaf((float)(p->q[at] * p->scale[at / 16]), p->d, (float)p->minimum[at / 16] * p->dmin);
}

/* ---- products ----------------------------------------------------------------------------------------------------- */

struct kind {
    float (*group)(const void *panel, const struct tile_column *x, size_t blocks);
    float (*weight)(const void *panel, int at);
    size_t bytes; /* of a group */
};

static void gemm_by(const struct kind *kind, const char *panel, const char *tile, int w, size_t blocks, float *out,
                    size_t stride, const float *init)
{
    for (int c = 0; init != NULL && c < w; c++)
        out[(size_t)c * stride] = init[0];
    for (size_t b = 0; b < blocks; b += 8, panel += kind->bytes, tile += (size_t)w * TILE_GROUP) {
        const struct tile_column *x = (const void *)tile;
        for (int c = 0; c < w; c++) {
            const int first = c / SHARED * SHARED;
            const struct tile_outlier *o = tile_outliers(x, w, first), *end = o + x[first].outliers;
            float *y = out + (size_t)c * stride;
            *y = fmaf(kind->group(panel, &x[c], blocks - b < 8 ? blocks - b : 8), x[c].scale, *y);
            for (; o < end; o++)
                *y = fmaf(kind->weight(panel, (int)o->at), o->x[c - first], *y);
        }
    }
}

#define GEMM(name, group, weight, bytes) \
    static void gemm_##name(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride, \
                            const float *init) \
    { \
        static const struct kind kind = {group, weight, bytes}; \
        gemm_by(&kind, panel, tile, w, blocks, out, stride, init); \
    }

GEMM(plain, group_plain, weight_plain, 8 * sizeof(struct panel_q32))
GEMM(minima, group_minima, weight_minima, 8 * sizeof(struct panel_q32))
GEMM(k32, group_k32, weight_k32, sizeof(struct panel_k32))
GEMM(k32_minima, group_k32_minima, weight_k32_minima, sizeof(struct panel_k32))
GEMM(k16, group_k16, weight_k16, sizeof(struct panel_k16))
GEMM(k16_minima, group_k16_minima, weight_k16_minima, sizeof(struct panel_k16))

const struct kernels kernels_portable = {
    .name = "portable",
    .rows = 1,
    .tile = KERNEL_TILE_MAX,
    .panels = 1,
    .types =
        {
            [TENSOR_Q4_0] = {PANEL_Q32, pack_q4_0, gemm_plain, NULL, NULL},
            [TENSOR_Q4_1] = {PANEL_Q32, pack_q4_1, gemm_minima, NULL, NULL},
            [TENSOR_Q5_0] = {PANEL_Q32, pack_q5_0, gemm_plain, NULL, NULL},
            [TENSOR_Q5_1] = {PANEL_Q32, pack_q5_1, gemm_minima, NULL, NULL},
            [TENSOR_Q8_0] = {PANEL_Q32, pack_q8_0, gemm_plain, NULL, NULL},
            [TENSOR_Q2_K] = {PANEL_Q16, pack_q2_k, gemm_k16_minima, NULL, NULL},
            [TENSOR_Q3_K] = {PANEL_Q16, pack_q3_k, gemm_k16, NULL, NULL},
            [TENSOR_Q4_K] = {PANEL_Q32, pack_q4_k, gemm_k32_minima, NULL, NULL},
            [TENSOR_Q5_K] = {PANEL_Q32, pack_q5_k, gemm_k32_minima, NULL, NULL},
            [TENSOR_Q6_K] = {PANEL_Q16, pack_q6_k, gemm_k16, NULL, NULL},
            [TENSOR_IQ4_NL] = {PANEL_Q32, pack_iq4_nl, gemm_plain, NULL, NULL},
            [TENSOR_IQ4_XS] = {PANEL_Q32, pack_iq4_xs, gemm_k32, NULL, NULL},
        },
    .prepare = prepare_q8,
};
