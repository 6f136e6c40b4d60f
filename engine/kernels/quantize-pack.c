/* Writers of the blocks of 32: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL. */
#include <string.h>

#include "engine/kernels/blocks.h"
#include "engine/kernels/quantize-tile.h"

/* The low four bits of elements i and i + 16. */
static void nibbles_pack(const struct quantize_packed *p, int lane, uint8_t q[16])
{
    for (int i = 0; i < 16; i++)
        q[i] = (uint8_t)((p->code[i][lane] & 15) | p->code[i + 16][lane] << 4);
}

/* The fifth bits, element i in bit i. */
static void fifth_bits_pack(const struct quantize_packed *p, int lane, uint8_t high[4])
{
    memset(high, 0, 4);
    for (int i = 0; i < 32; i++)
        high[i / 8] |= (uint8_t)((p->code[i][lane] >> 4) << (i % 8));
}

void quantize_pack_q4_0(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q4_0 *b = block;
    b->d = p->d[lane];
    nibbles_pack(p, lane, b->q);
}

void quantize_pack_q4_1(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q4_1 *b = block;
    b->d = p->d[lane];
    b->m = p->m[lane] ^ 0x8000; /* added there, subtracted here */
    nibbles_pack(p, lane, b->q);
}

void quantize_pack_q5_0(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q5_0 *b = block;
    b->d = p->d[lane];
    nibbles_pack(p, lane, b->q);
    fifth_bits_pack(p, lane, b->high);
}

void quantize_pack_q5_1(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q5_1 *b = block;
    b->d = p->d[lane];
    b->m = p->m[lane] ^ 0x8000;
    nibbles_pack(p, lane, b->q);
    fifth_bits_pack(p, lane, b->high);
}

void quantize_pack_q8_0(const struct quantize_packed *p, int lane, void *block)
{
    struct block_q8_0 *b = block;
    b->d = p->d[lane];
    for (int i = 0; i < 32; i++)
        b->q[i] = (int8_t)(p->code[i][lane] - 127);
}

void quantize_pack_iq4_nl(const struct quantize_packed *p, int lane, void *block)
{
    struct block_iq4_nl *b = block;
    b->d = p->d[lane];
    nibbles_pack(p, lane, b->q);
}
