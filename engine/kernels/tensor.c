/* Tensors: the table of types and unpacking to float32. Speed matters little here: the exact mode, embeddings and tests
 * use it, the fast paths have kernels of their own. */
#include "engine/kernels/tensor.h"

#include <string.h>

#include "engine/kernels/blocks.h"
#include "engine/kernels/half.h"

static void unpack_f32(const void *blocks, float *out, size_t n)
{
    memcpy(out, blocks, n * sizeof *out);
}

static void unpack_f16(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (size_t i = 0; i < n; i++) {
        uint16_t h;
        memcpy(&h, b + 2 * i, 2);
        out[i] = half_to_float(h);
    }
}

static void unpack_bf16(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (size_t i = 0; i < n; i++) {
        uint16_t h;
        memcpy(&h, b + 2 * i, 2);
        uint32_t bits = (uint32_t)h << 16;
        memcpy(out + i, &bits, 4);
    }
}

static void unpack_q4_0(const void *blocks, float *out, size_t n)
{
    const struct block_q4_0 *b = blocks;
    for (; n > 0; n -= 32, b++, out += 32) {
        float d = half_to_float(b->d);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)((b->q[i] & 15) - 8);
            out[i + 16] = d * (float)((b->q[i] >> 4) - 8);
        }
    }
}

static void unpack_q4_1(const void *blocks, float *out, size_t n)
{
    const struct block_q4_1 *b = blocks;
    for (; n > 0; n -= 32, b++, out += 32) {
        float d = half_to_float(b->d), m = half_to_float(b->m);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)(b->q[i] & 15) + m;
            out[i + 16] = d * (float)(b->q[i] >> 4) + m;
        }
    }
}

/* The fifth bit of element i, in place. */
static int fifth(const uint8_t high[4], int i)
{
    return (high[i / 8] >> (i % 8) & 1) << 4;
}

static void unpack_q5_0(const void *blocks, float *out, size_t n)
{
    const struct block_q5_0 *b = blocks;
    for (; n > 0; n -= 32, b++, out += 32) {
        float d = half_to_float(b->d);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)(((b->q[i] & 15) | fifth(b->high, i)) - 16);
            out[i + 16] = d * (float)(((b->q[i] >> 4) | fifth(b->high, i + 16)) - 16);
        }
    }
}

static void unpack_q5_1(const void *blocks, float *out, size_t n)
{
    const struct block_q5_1 *b = blocks;
    for (; n > 0; n -= 32, b++, out += 32) {
        float d = half_to_float(b->d), m = half_to_float(b->m);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)((b->q[i] & 15) | fifth(b->high, i)) + m;
            out[i + 16] = d * (float)((b->q[i] >> 4) | fifth(b->high, i + 16)) + m;
        }
    }
}

static void unpack_q8_0(const void *blocks, float *out, size_t n)
{
    const struct block_q8_0 *b = blocks;
    for (; n > 0; n -= 32, b++, out += 32) {
        float d = half_to_float(b->d);
        for (int i = 0; i < 32; i++)
            out[i] = d * (float)b->q[i];
    }
}

static void unpack_q2_k(const void *blocks, float *out, size_t n)
{
    const struct block_q2_k *b = blocks;
    for (; n > 0; n -= 256, b++, out += 256) {
        float d = half_to_float(b->d), dmin = half_to_float(b->dmin);
        for (int i = 0; i < 256; i++) {
            int q = b->q[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3, scale = b->scales[i / 16];
            out[i] = d * (float)(scale & 15) * (float)q - dmin * (float)(scale >> 4);
        }
    }
}

static void unpack_q3_k(const void *blocks, float *out, size_t n)
{
    const struct block_q3_k *b = blocks;
    for (; n > 0; n -= 256, b++, out += 256) {
        float d = half_to_float(b->d);
        for (int i = 0; i < 256; i++) {
            int q = b->q[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
            int high = b->high[i % 32] >> (i / 32) & 1;
            out[i] = d * (float)q3_k_scale(b->scales, i / 16) * (float)(q + 4 * high - 4);
        }
    }
}

static void unpack_q4_k(const void *blocks, float *out, size_t n)
{
    const struct block_q4_k *b = blocks;
    for (; n > 0; n -= 256, b++, out += 256) {
        float d = half_to_float(b->d), dmin = half_to_float(b->dmin);
        for (int s = 0; s < 8; s++) {
            uint8_t scale, minimum;
            q4_k_scale(b->scales, s, &scale, &minimum);
            float ds = d * (float)scale, ms = dmin * (float)minimum;
            for (int i = 0; i < 32; i++)
                out[32 * s + i] = ds * (float)(b->q[s / 2 * 32 + i] >> (s % 2 * 4) & 15) - ms;
        }
    }
}

static void unpack_q5_k(const void *blocks, float *out, size_t n)
{
    const struct block_q5_k *b = blocks;
    for (; n > 0; n -= 256, b++, out += 256) {
        float d = half_to_float(b->d), dmin = half_to_float(b->dmin);
        for (int s = 0; s < 8; s++) {
            uint8_t scale, minimum;
            q4_k_scale(b->scales, s, &scale, &minimum);
            float ds = d * (float)scale, ms = dmin * (float)minimum;
            for (int i = 0; i < 32; i++) {
                int q = (b->q[s / 2 * 32 + i] >> (s % 2 * 4) & 15) | (b->high[i] >> s & 1) << 4;
                out[32 * s + i] = ds * (float)q - ms;
            }
        }
    }
}

static void unpack_q6_k(const void *blocks, float *out, size_t n)
{
    const struct block_q6_k *b = blocks;
    for (; n > 0; n -= 256, b++, out += 256) {
        float d = half_to_float(b->d);
        for (int i = 0; i < 256; i++) {
            int half = i / 128, quarter = i % 128 / 32, j = i % 32;
            int low = b->low[64 * half + quarter % 2 * 32 + j] >> (quarter / 2 * 4) & 15;
            int high = b->high[32 * half + j] >> (2 * quarter) & 3;
            out[i] = d * (float)b->scales[i / 16] * (float)((low | high << 4) - 32);
        }
    }
}

static const int8_t iq4_levels[16] = IQ4_LEVELS;

static void unpack_iq4_nl(const void *blocks, float *out, size_t n)
{
    const struct block_iq4_nl *b = blocks;
    for (; n > 0; n -= 32, b++, out += 32) {
        float d = half_to_float(b->d);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)iq4_levels[b->q[i] & 15];
            out[i + 16] = d * (float)iq4_levels[b->q[i] >> 4];
        }
    }
}

static void unpack_iq4_xs(const void *blocks, float *out, size_t n)
{
    const struct block_iq4_xs *b = blocks;
    for (; n > 0; n -= 256, b++, out += 256) {
        float d = half_to_float(b->d);
        for (int s = 0; s < 8; s++) {
            float ds = d * (float)iq4_xs_scale(b, s);
            for (int i = 0; i < 16; i++) {
                out[32 * s + i] = ds * (float)iq4_levels[b->q[16 * s + i] & 15];
                out[32 * s + i + 16] = ds * (float)iq4_levels[b->q[16 * s + i] >> 4];
            }
        }
    }
}

static const struct tensor_traits traits[TENSOR_TYPE_LIMIT] = {
    [TENSOR_F32] = {"F32", 1, 4, unpack_f32},
    [TENSOR_F16] = {"F16", 1, 2, unpack_f16},
    [TENSOR_BF16] = {"BF16", 1, 2, unpack_bf16},
    [TENSOR_Q4_0] = {"Q4_0", 32, sizeof(struct block_q4_0), unpack_q4_0},
    [TENSOR_Q4_1] = {"Q4_1", 32, sizeof(struct block_q4_1), unpack_q4_1},
    [TENSOR_Q5_0] = {"Q5_0", 32, sizeof(struct block_q5_0), unpack_q5_0},
    [TENSOR_Q5_1] = {"Q5_1", 32, sizeof(struct block_q5_1), unpack_q5_1},
    [TENSOR_Q8_0] = {"Q8_0", 32, sizeof(struct block_q8_0), unpack_q8_0},
    [TENSOR_Q2_K] = {"Q2_K", 256, sizeof(struct block_q2_k), unpack_q2_k},
    [TENSOR_Q3_K] = {"Q3_K", 256, sizeof(struct block_q3_k), unpack_q3_k},
    [TENSOR_Q4_K] = {"Q4_K", 256, sizeof(struct block_q4_k), unpack_q4_k},
    [TENSOR_Q5_K] = {"Q5_K", 256, sizeof(struct block_q5_k), unpack_q5_k},
    [TENSOR_Q6_K] = {"Q6_K", 256, sizeof(struct block_q6_k), unpack_q6_k},
    [TENSOR_IQ4_NL] = {"IQ4_NL", 32, sizeof(struct block_iq4_nl), unpack_iq4_nl},
    [TENSOR_IQ4_XS] = {"IQ4_XS", 256, sizeof(struct block_iq4_xs), unpack_iq4_xs},
};

const struct tensor_traits *tensor_traits(uint32_t type)
{
    return type < TENSOR_TYPE_LIMIT && traits[type].name != NULL ? &traits[type] : NULL;
}

size_t tensor_row_bytes(const struct tensor *t)
{
    return (size_t)(t->cols / traits[t->type].block) * traits[t->type].block_bytes;
}

void tensor_unpack_row(const struct tensor *t, uint64_t row, float *out)
{
    traits[t->type].unpack((const char *)t->data + row * tensor_row_bytes(t), out, (size_t)t->cols);
}
