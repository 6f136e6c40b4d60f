/* Writers of the blocks of 256: Q2_K to Q6_K and IQ4_XS. */
#include <string.h>

#include "engine/kernels/blocks.h"
#include "engine/kernels/quantize-tile.h"

/* The codes of a block in the order of its elements, from sub-blocks of as many. */
static void codes_gather(const struct quantize_packed *p, int lane, int length, uint8_t code[256])
{
    for (int sub = 0; sub < 256 / length; sub++)
        for (int i = 0; i < length; i++)
            code[sub * length + i] = p->code[i][lane + sub];
}

/* The low two bits of each, as in Q2_K and Q3_K. */
static void pairs_pack(const uint8_t code[256], uint8_t q[64])
{
    for (int half = 0; half < 2; half++, code += 128, q += 32)
        for (int j = 0; j < 32; j++)
            q[j] = (uint8_t)((code[j] & 3) | (code[j + 32] & 3) << 2 | (code[j + 64] & 3) << 4 | code[j + 96] << 6);
}

/* The low four bits of each, as in Q4_K and Q5_K. */
static void nibbles_pack(const uint8_t code[256], uint8_t q[128])
{
    for (int pair = 0; pair < 4; pair++, code += 64, q += 32)
        for (int j = 0; j < 32; j++)
            q[j] = (uint8_t)((code[j] & 15) | code[j + 32] << 4);
}

/* What q4_k_scale reads. */
static void scales_pack(const struct quantize_packed *p, int lane, uint8_t packed[12])
{
    for (int i = 0; i < 4; i++) {
        const uint8_t scale = (uint8_t)p->scale[lane + 4 + i], minimum = (uint8_t)p->minimum[lane + 4 + i];
        packed[i] = (uint8_t)((uint8_t)p->scale[lane + i] | scale >> 4 << 6);
        packed[4 + i] = (uint8_t)((uint8_t)p->minimum[lane + i] | minimum >> 4 << 6);
        packed[8 + i] = (uint8_t)((scale & 15) | minimum << 4);
    }
}

void quantize_pack_q2_k(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q2_k *b = block;
    uint8_t code[256];
    codes_gather(p, lane, 16, code);
    pairs_pack(code, b->q);
    for (int i = 0; i < 16; i++)
        b->scales[i] = (uint8_t)(p->scale[lane + i] | p->minimum[lane + i] << 4);
    b->d = p->d[lane];
    b->dmin = p->m[lane];
}

void quantize_pack_q3_k(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q3_k *b = block;
    uint8_t code[256];
    codes_gather(p, lane, 16, code);
    pairs_pack(code, b->q);
    memset(b->high, 0, sizeof b->high);
    for (int i = 0; i < 256; i++)
        b->high[i % 32] |= (uint8_t)((code[i] >> 2) << (i / 32));
    memset(b->scales, 0, sizeof b->scales);
    for (int i = 0; i < 16; i++) {
        const int scale = p->scale[lane + i] + 32;
        b->scales[i % 8] |= (uint8_t)((scale & 15) << (i / 8 * 4));
        b->scales[8 + i % 4] |= (uint8_t)((scale >> 4) << (i / 4 * 2));
    }
    b->d = p->d[lane];
}

void quantize_pack_q4_k(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q4_k *b = block;
    uint8_t code[256];
    codes_gather(p, lane, 32, code);
    nibbles_pack(code, b->q);
    scales_pack(p, lane, b->scales);
    b->d = p->d[lane];
    b->dmin = p->m[lane];
}

void quantize_pack_q5_k(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q5_k *b = block;
    uint8_t code[256];
    codes_gather(p, lane, 32, code);
    nibbles_pack(code, b->q);
    memset(b->high, 0, sizeof b->high);
    for (int i = 0; i < 256; i++)
        b->high[i % 32] |= (uint8_t)((code[i] >> 4) << (i / 32));
    scales_pack(p, lane, b->scales);
    b->d = p->d[lane];
    b->dmin = p->m[lane];
}

void quantize_pack_q6_k(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q6_k *b = block;
    uint8_t code[256];
    codes_gather(p, lane, 16, code);
    for (int half = 0; half < 2; half++) {
        const uint8_t *c = code + 128 * half;
        for (int j = 0; j < 64; j++)
            b->low[64 * half + j] = (uint8_t)((c[j] & 15) | c[j + 64] << 4);
        for (int j = 0; j < 32; j++)
            b->high[32 * half + j] =
                (uint8_t)(c[j] >> 4 | (c[j + 32] >> 4) << 2 | (c[j + 64] >> 4) << 4 | (c[j + 96] >> 4) << 6);
    }
    memcpy(b->scales, p->scale + lane, sizeof b->scales);
    b->d = p->d[lane];
}

void quantize_pack_iq4_xs(const struct quantize_packed *p, int lane, void *block)
{
    struct block_iq4_xs *b = block;
    uint8_t code[256];
    codes_gather(p, lane, 32, code);
    for (int i = 0; i < 128; i++)
        b->q[i] = (uint8_t)(code[i / 16 * 32 + i % 16] | code[i / 16 * 32 + 16 + i % 16] << 4);
    b->scales_high = 0;
    memset(b->scales_low, 0, sizeof b->scales_low);
    for (int i = 0; i < 8; i++) {
        const int scale = p->scale[lane + i] + 32;
        b->scales_low[i / 2] |= (uint8_t)((scale & 15) << (i % 2 * 4));
        b->scales_high = (uint16_t)(b->scales_high | (scale >> 4) << (2 * i));
    }
    b->d = p->d[lane];
}
