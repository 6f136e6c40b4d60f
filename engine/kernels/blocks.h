/* Block formats of quantised tensors, as they lie in GGUF files (described after ggml's block structures).
 *
 * A weight of the legacy types is d * (q - offset) or d * q + m; the K types have blocks of 256 with sub-blocks of 16
 * or 32, whose own scales are small integers times the block's d (and dmin). d, m and dmin are half-precision. */
#ifndef PALAVER_ENGINE_KERNELS_BLOCKS_H
#define PALAVER_ENGINE_KERNELS_BLOCKS_H

#include <assert.h>
#include <stdint.h>

/* clang-format off */

/* 32 weights: element i is the low nibble of q[i], element i + 16 the high one. */
struct block_q4_0 { uint16_t d; uint8_t q[16]; } __attribute__((packed));
struct block_q4_1 { uint16_t d, m; uint8_t q[16]; } __attribute__((packed));
/* The same with a fifth bit for element i in bit i of high. */
struct block_q5_0 { uint16_t d; uint8_t high[4], q[16]; } __attribute__((packed));
struct block_q5_1 { uint16_t d, m; uint8_t high[4], q[16]; } __attribute__((packed));
struct block_q8_0 { uint16_t d; int8_t q[32]; } __attribute__((packed));

/* 256 weights, 16 sub-blocks of 16: low nibble of scales[i] times d, high nibble times dmin to subtract. Two bits each:
 * q[32*half + j] holds elements 128*half + j + 32*{0,1,2,3}, lowest bits first. */
struct block_q2_k { uint8_t scales[16], q[64]; uint16_t d, dmin; } __attribute__((packed));
/* Two bits as above, a third in bit 4*half + k of high[j] (0 there subtracts 4); 6-bit scales minus 32. */
struct block_q3_k { uint8_t high[32], q[64], scales[12]; uint16_t d; } __attribute__((packed));
/* 8 sub-blocks of 32 with 6-bit scales and minima packed in 12 bytes. q[32*pair + j] holds element 64*pair + j (low)
 * and 64*pair + 32 + j (high). */
struct block_q4_k { uint16_t d, dmin; uint8_t scales[12], q[128]; } __attribute__((packed));
/* The fifth bit of sub-block s, element j is bit s of high[j]. */
struct block_q5_k { uint16_t d, dmin; uint8_t scales[12], high[32], q[128]; } __attribute__((packed));
/* 16 sub-blocks of 16 with 8-bit scales; 6-bit values minus 32: four low bits in low, two in high. */
struct block_q6_k { uint8_t low[128], high[64]; int8_t scales[16]; uint16_t d; } __attribute__((packed));
/* Nibbles index a table of 16 uneven levels. */
struct block_iq4_nl { uint16_t d; uint8_t q[16]; } __attribute__((packed));
/* 256 weights, 8 sub-blocks of 32 with 6-bit scales minus 32 (four bits in scales_low, two in scales_high). */
struct block_iq4_xs { uint16_t d, scales_high; uint8_t scales_low[4], q[128]; } __attribute__((packed));

/* clang-format on */

static_assert(sizeof(struct block_q4_0) == 18, "Q4_0");
static_assert(sizeof(struct block_q4_1) == 20, "Q4_1");
static_assert(sizeof(struct block_q5_0) == 22, "Q5_0");
static_assert(sizeof(struct block_q5_1) == 24, "Q5_1");
static_assert(sizeof(struct block_q8_0) == 34, "Q8_0");
static_assert(sizeof(struct block_q2_k) == 84, "Q2_K");
static_assert(sizeof(struct block_q3_k) == 110, "Q3_K");
static_assert(sizeof(struct block_q4_k) == 144, "Q4_K");
static_assert(sizeof(struct block_q5_k) == 176, "Q5_K");
static_assert(sizeof(struct block_q6_k) == 210, "Q6_K");
static_assert(sizeof(struct block_iq4_nl) == 18, "IQ4_NL");
static_assert(sizeof(struct block_iq4_xs) == 136, "IQ4_XS");

/* The levels of IQ4_NL and IQ4_XS. */
/* clang-format off */
#define IQ4_LEVELS {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}
/* clang-format on */

/* Scale and minimum of sub-block i of the 12 packed bytes of Q4_K and Q5_K: the first four of each lie in the low six
 * bits of bytes 0-3 and 4-7, the last four in the nibbles of bytes 8-11 with the top two bits of the former. */
static inline void q4_k_scale(const uint8_t packed[12], int i, uint8_t *scale, uint8_t *minimum)
{
    if (i < 4) {
        *scale = packed[i] & 63;
        *minimum = packed[i + 4] & 63;
    } else {
        *scale = (uint8_t)((packed[i + 4] & 15) | (packed[i - 4] >> 6) << 4);
        *minimum = (uint8_t)((packed[i + 4] >> 4) | (packed[i] >> 6) << 4);
    }
}

/* Scale of sub-block i of Q3_K, -32..31: low nibbles in bytes 0-7, two high bits in bytes 8-11. */
static inline int q3_k_scale(const uint8_t packed[12], int i)
{
    int low = i < 8 ? packed[i] & 15 : packed[i - 8] >> 4;
    return (low | (packed[8 + i % 4] >> (2 * (i / 4)) & 3) << 4) - 32;
}

/* Scale of sub-block i of IQ4_XS, -32..31. */
static inline int iq4_xs_scale(const struct block_iq4_xs *b, int i)
{
    return ((b->scales_low[i / 2] >> (4 * (i % 2)) & 15) | (b->scales_high >> (2 * i) & 3) << 4) - 32;
}

#endif
