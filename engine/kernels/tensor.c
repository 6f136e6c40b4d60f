/* Tensors: the table of types and unpacking to float32. Speed matters little here: the exact mode, embeddings and tests
 * use it, the fast paths have kernels of their own. */
#include "engine/kernels/tensor.h"

#include <stdbool.h>
#include <stdint.h>
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

static size_t bytes_of(enum tensor_type type, uint64_t cols)
{
    return (size_t)(cols / traits[type].block) * traits[type].block_bytes;
}

size_t tensor_row_bytes(const struct tensor *t)
{
    return bytes_of(t->type, t->cols);
}

static bool piece_holds(const struct tensor_piece *p, uint64_t row, uint64_t col)
{
    return row >= p->row && row - p->row < p->rows && col >= p->col && col - p->col < p->cols;
}

struct tensor_run tensor_at(const struct tensor *t, uint64_t row, uint64_t col)
{
    const struct tensor_piece all = {0, 0, t->rows, t->cols, t->data}, *p = t->n_pieces > 0 ? t->pieces : &all;
    while (!piece_holds(p, row, col))
        p++;
    const size_t stride = bytes_of(t->type, p->cols);
    return (struct tensor_run){
        .data = (const uint8_t *)p->data + (size_t)(row - p->row) * stride + bytes_of(t->type, col - p->col),
        .stride = stride,
        .rows = p->row + p->rows - row,
        .cols = p->col + p->cols - col,
    };
}

void tensor_unpack_row(const struct tensor *t, uint64_t row, float *out)
{
    for (uint64_t col = 0; col < t->cols;) {
        const struct tensor_run run = tensor_at(t, row, col);
        traits[t->type].unpack(run.data, out + col, (size_t)run.cols);
        col += run.cols;
    }
}

/* Whether a piece lies inside the matrix and begins and ends with a block. */
static bool piece_is_sound(const struct tensor *t, const struct tensor_piece *p)
{
    const uint32_t block = traits[t->type].block;
    return p->rows > 0 && p->cols > 0 && p->row < t->rows && p->rows <= t->rows - p->row && p->col < t->cols &&
           p->cols <= t->cols - p->col && p->col % block == 0 && p->cols % block == 0;
}

const void *tensor_stretch(const struct tensor *t, size_t i, uint64_t *size)
{
    const struct tensor_traits *type = tensor_traits(t->type);
    const struct tensor_piece all = {0, 0, t->rows, t->cols, t->data}, *p = t->n_pieces > 0 ? &t->pieces[i] : &all;
    if (i >= (t->n_pieces > 0 ? t->n_pieces : 1))
        return NULL;
    *size = p->rows * (p->cols / type->block) * type->block_bytes;
    return p->data;
}

bool tensor_is_sound(const struct tensor *t)
{
    uint64_t elements = 0;
    for (size_t i = 0; i < t->n_pieces; i++) {
        const struct tensor_piece *p = &t->pieces[i];
        if (!piece_is_sound(t, p))
            return false;
        for (size_t k = 0; k < i; k++) { /* no overlap, and the same cuts all through */
            const struct tensor_piece *q = &t->pieces[k];
            bool rows = p->row == q->row && p->rows == q->rows, cols = p->col == q->col && p->cols == q->cols;
            bool above = p->row + p->rows <= q->row || q->row + q->rows <= p->row;
            bool beside = p->col + p->cols <= q->col || q->col + q->cols <= p->col;
            if (!(rows || above) || !(cols || beside) || (rows && cols))
                return false;
        }
        elements += p->rows * p->cols;
    }
    return t->n_pieces == 0 || elements == t->rows * t->cols;
}
