/* What the parts of quantize.h hand each other.
 *
 * A sub-block is the 16 or 32 elements that share one scale. 16 sub-blocks are packed together, one in each lane of the
 * vectors: every sum runs over a lane's own elements in their order, so that its bits are the same in vectors of any
 * width and beside any other sub-blocks. */
#ifndef PALAVER_ENGINE_KERNELS_QUANTIZE_TILE_H
#define PALAVER_ENGINE_KERNELS_QUANTIZE_TILE_H

#include <stdbool.h>
#include <stdint.h>

enum { QUANTIZE_LANES = 16, QUANTIZE_LENGTH = 32 /* elements of a sub-block at most */ };

struct quantize_tile {
    _Alignas(64) float x[QUANTIZE_LENGTH][QUANTIZE_LANES]; /* in units: the largest of a block is in [1, 2) */
    _Alignas(64) float w[QUANTIZE_LENGTH][QUANTIZE_LANES]; /* weights of squared errors, > 0 */
    bool weighted;                                         /* whether weights differ */
    float unit[QUANTIZE_LANES];                            /* powers of two, one for all sub-blocks of a block */
};

enum quantize_codes {
    CODES_LINEAR, /* scale * q */
    CODES_LEVELS, /* scale * level of q */
    CODES_AFFINE, /* scale * q - minimum */
};

struct quantize_packed {
    uint8_t code[QUANTIZE_LENGTH][QUANTIZE_LANES];         /* q - low; the number of a level */
    int8_t scale[QUANTIZE_LANES], minimum[QUANTIZE_LANES]; /* of sub-blocks, in units of their block's d and m */
    uint16_t d[QUANTIZE_LANES], m[QUANTIZE_LANES];         /* halves; of a block, in the lane of its first sub-block */
};

struct quantize_form {
    enum quantize_codes codes;
    int length, subs;            /* elements of a sub-block; sub-blocks of a block */
    float low, high;             /* the least and the largest q or level */
    float scale_low, scale_high; /* the same of a sub-block's scale and minimum; unless subs is 1 */
    int tries; /* inverse scales tried: 1 + step * (-tries ... tries) times what just fits; with weights
                                  * to 3 * tries, as what counts may be smaller than what is largest */
    float step;
    bool mirrored; /* whether scales of the other sign are tried too */
    /* Writes the block whose first sub-block lies in that lane. */
    void (*pack)(const struct quantize_packed *p, int lane, void *block);
};

/* Blocks that follow each other in rows without gaps. */
struct quantize_stretch {
    const float *x;
    int blocks;
    const float *importance; /* (cols) or NULL */
    uint64_t col, cols;      /* of the first block; of a row */
};

struct quantize_kernels {
    /* Puts as many blocks as there are, and zeros after them. */
    void (*fill)(struct quantize_tile *t, const struct quantize_form *form, const struct quantize_stretch *from);
    /* Chooses scales and codes of all lanes. */
    void (*choose)(const struct quantize_tile *t, const struct quantize_form *form, struct quantize_packed *out);
};
extern const struct quantize_kernels quantize_portable, quantize_avx2, quantize_avx512;
/* The table that goes with the matrix kernels. */
const struct quantize_kernels *quantize_choose(void);

/* How each type with blocks is packed; NULL for others. */
const struct quantize_form *quantize_form(uint32_t type);

/* Writers of blocks. */
void quantize_pack_q4_0(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_q4_1(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_q5_0(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_q5_1(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_q8_0(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_iq4_nl(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_q2_k(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_q3_k(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_q4_k(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_q5_k(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_q6_k(const struct quantize_packed *p, int lane, void *block);
void quantize_pack_iq4_xs(const struct quantize_packed *p, int lane, void *block);

#endif
