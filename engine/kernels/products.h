/* Products of panels and tiles for every instruction set with vectors, over the primitives of vector.h, which the file
 * that includes this includes first.
 *
 * A block's products are exact integers, so that each instruction set may add them in its own way; floats are added in
 * the order that kernels.h gives. Sums of a few columns and all rows of a panel stay in registers for one block of
 * legacy types, and for a group of K types; the group's result goes to memory, where outliers are added too. */
#ifndef PALAVER_ENGINE_KERNELS_PRODUCTS_H
#define PALAVER_ENGINE_KERNELS_PRODUCTS_H

#include "engine/kernels/vector.h"

/* What the words of a panel mean. */
enum scheme { Q32_PLAIN, Q32_MINIMA, K32_PLAIN, K32_MINIMA, K16_PLAIN, K16_MINIMA };
struct form {
    enum scheme scheme;
    int bits;   /* of a weight; 8: signed if SIGNED8 */
    int offset; /* that is to be subtracted from it */
};

/* One column of sums: LANES rows each. */
#define SUMS(name, W) V name[W][PAIR]

INLINE const uint8_t *word_at(const uint8_t *words, int word, int v)
{
    return words + word * WORD + v * (int)sizeof(V);
}

INLINE VF number_at(const uint8_t *words, int word, int v)
{
    return vf_load((const float *)word_at(words, word, v));
}

/* ---- sums of a block ---------------------------------------------------------------------------------------------- */

#ifdef HALVES
/* How many products of two may be added in 16 bits: 2 * 127 * (2^bits - 1) each, while more gain something. */
INLINE int halves_deep(const int bits)
{
    return bits <= 5 ? 4 : 2;
}

/* sums += scale * the products of 4 * words columns. */
INLINE void add_words(V (*sums)[PAIR], const uint8_t *q, const struct tile_column *x, int at, const int W,
                      const int words, const int bits, const uint8_t *scale)
{
    const int deep = halves_deep(bits);
    UNROLL
    for (int j = 0; j < words; j += deep) {
        V half[SUB][PAIR];
        UNROLL
        for (int k = j; k < j + deep; k++) {
            UNROLL
            for (int c = 0; c < W; c++) {
                V four = v_bcast((const uint8_t *)x[c].i + at + 4 * k);
                UNROLL
                for (int v = 0; v < PAIR; v++) {
                    V products = v_half(v_load(word_at(q, k, v)), four);
                    half[c][v] = k == j ? products : v_half_add(half[c][v], products);
                }
            }
        }
        UNROLL
        for (int c = 0; c < W; c++) {
            UNROLL
            for (int v = 0; v < PAIR; v++)
                sums[c][v] = v_widen(sums[c][v], half[c][v], v_load(word_at(scale, 0, v)));
        }
    }
}

/* The same for signed weights of 8 bits, of which two products fill 16 bits. */
INLINE void add_signed(V (*sums)[PAIR], const uint8_t *q, const struct tile_column *x, int at, const int W,
                       const int words, const uint8_t *scale)
{
    UNROLL
    for (int k = 0; k < words; k++) {
        V w[PAIR], magnitude[PAIR], negative[PAIR];
        UNROLL
        for (int v = 0; v < PAIR; v++) {
            w[v] = v_load(word_at(q, k, v));
            magnitude[v] = v_magnitude(w[v]);
            negative[v] = v_negative(w[v]);
        }
        UNROLL
        for (int c = 0; c < W; c++) {
            V four = v_bcast((const uint8_t *)x[c].i + at + 4 * k);
            UNROLL
            for (int v = 0; v < PAIR; v++) {
                V half = v_half(magnitude[v], W > 1 ? v_xor(four, negative[v]) : v_sign(four, w[v]));
                sums[c][v] = v_widen(sums[c][v], half, v_load(word_at(scale, 0, v)));
            }
        }
    }
}

/* sums += scale * the products of 4 * words columns; scale NULL: 1. */
INLINE void add_products(V (*sums)[PAIR], const uint8_t *q, const struct tile_column *x, int at, const int W,
                         const int words, const struct form f, const uint8_t *scale)
{
    const uint8_t *by = scale != NULL ? scale : (const uint8_t *)ones;
    if (f.bits == 8)
        add_signed(sums, q, x, at, W, words, by);
    else
        add_words(sums, q, x, at, W, words, f.bits, by);
}
#else
INLINE V add_dot(V sum, V w, V x, const int bits)
{
    return bits == 8 ? v_dot8(sum, w, x) : v_dot(sum, w, x);
}

/* The same for one column, by four chains of sums, as one would wait for each product. */
INLINE void add_words_one(V sums[PAIR], const uint8_t *q, const struct tile_column *x, int at, const int words,
                          const int bits)
{
    UNROLL
    for (int v = 0; v < PAIR; v++) {
        V chains[4] = {sums[v], v_set1(0), v_set1(0), v_set1(0)};
        UNROLL
        for (int k = 0; k < words; k++) {
            V four = v_bcast((const uint8_t *)x->i + at + 4 * k);
            chains[k % 4] = add_dot(chains[k % 4], v_load(word_at(q, k, v)), four, bits);
        }
        sums[v] = v_add(v_add(chains[0], chains[1]), v_add(chains[2], chains[3]));
    }
}

INLINE void add_words(V (*sums)[PAIR], const uint8_t *q, const struct tile_column *x, int at, const int W,
                      const int words, const int bits)
{
    if (W == 1) {
        add_words_one(sums[0], q, x, at, words, bits);
        return;
    }
    UNROLL
    for (int k = 0; k < words; k++) {
        UNROLL
        for (int c = 0; c < W; c++) {
            V four = v_bcast((const uint8_t *)x[c].i + at + 4 * k);
            UNROLL
            for (int v = 0; v < PAIR; v++)
                sums[c][v] = add_dot(sums[c][v], v_load(word_at(q, k, v)), four, bits);
        }
    }
}
#endif

/* Where the sums of a block start, so that its offset is subtracted; K16 types do so for a whole group. */
INLINE void start_sums(V (*sums)[PAIR], const struct tile_column *x, int block, const int W, const int offset)
{
    const int which = offset == 8 ? OFFSET_8 : offset == 16 ? OFFSET_16 : OFFSET_128;
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < PAIR; v++)
            sums[c][v] = offset == 0 ? v_set1(0) : v_bcast((const uint8_t *)&x[c].start[which][block]);
    }
}

/* The same for signed weights: from a word of the panel on. */
INLINE void start_signed(V (*sums)[PAIR], const uint8_t *negatives, const int W)
{
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < PAIR; v++)
            sums[c][v] = v_load(word_at(negatives, 0, v));
    }
}

/* Whether the sums of so many columns begin so. */
INLINE bool starts_signed(const struct form f, const int W)
{
#ifdef HALVES
    return f.bits == 8 && W > 1;
#else
    (void)f;
    (void)W;
    return false;
#endif
}

#ifndef HALVES
INLINE void add_products(V (*sums)[PAIR], const uint8_t *q, const struct tile_column *x, int at, const int W,
                         const int words, const struct form f, const uint8_t *scale)
{
    if (scale == NULL) {
        add_words(sums, q, x, at, W, words, f.bits);
        return;
    }
    SUMS(some, SUB);
    start_sums(some, x, at / KERNEL_BLOCK, W, f.scheme == K32_PLAIN ? f.offset : 0);
    add_words(some, q, x, at, W, words, f.bits);
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < PAIR; v++)
            sums[c][v] = v_add(sums[c][v], v_mul(some[c][v], v_load(word_at(scale, 0, v))));
    }
}
#endif

/* ---- a group ------------------------------------------------------------------------------------------------------ */

/* Sums of columns and rows in memory, (column, row). */
typedef float sums_row[ROWS];

INLINE void put_group(sums_row *acc, int c, int v, VF t, const struct tile_column *x)
{
    float *to = acc[c] + v * LANES;
    vf_store(to, vf_fma(t, vf_set1(x[c].scale), vf_load(to)));
}

INLINE void group_q32(sums_row *acc, const uint8_t *panel, const struct tile_column *x, size_t blocks, const int W,
                      const struct form f)
{
    VF t[SUB][PAIR];
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < PAIR; v++)
            t[c][v] = vf_set1(0.0f);
    }
    for (int b = 0; b < (int)blocks; b++, panel += WORDS_Q32 * WORD) {
        SUMS(sums, SUB);
        if (starts_signed(f, W))
            start_signed(sums, word_at(panel, 9, 0), W);
        else
            start_sums(sums, x, b, W, f.scheme == Q32_PLAIN ? f.offset : 0);
        add_products(sums, panel, x, KERNEL_BLOCK * b, W, 8, f, NULL);
        UNROLL
        for (int c = 0; c < W; c++) {
            UNROLL
            for (int v = 0; v < PAIR; v++) {
                t[c][v] = vf_fma(vf_int(sums[c][v]), number_at(panel, 8, v), t[c][v]);
                if (f.scheme == Q32_MINIMA)
                    t[c][v] = vf_fma(number_at(panel, 9, v), vf_set1(x[c].sums[b]), t[c][v]);
            }
        }
    }
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < PAIR; v++)
            put_group(acc, c, v, t[c][v], x);
    }
}

/* The sum of minima, or scales, times sums of x; n words from the given one on. */
INLINE V pair_sum(const uint8_t *tail, int v, const int16_t *x, const int n)
{
    V sum = v_set1(0);
    UNROLL
    for (int i = 0; i < n; i++)
        sum = v_pairs(sum, v_load(word_at(tail, i, v)), v_bcast((const uint8_t *)(x + 2 * i)));
    return sum;
}

INLINE void end_k(sums_row *acc, V (*sums)[PAIR], const uint8_t *tail, const struct tile_column *x, const int W,
                  const struct form f)
{
    const int halves = f.scheme == K16_PLAIN || f.scheme == K16_MINIMA, n = halves ? 8 : 4;
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < PAIR; v++) {
            const int16_t *numbers = halves ? x[c].sums16 : x[c].sums32;
            V sum = sums[c][v], pairs = f.scheme != K32_PLAIN ? pair_sum(tail, v, numbers, n) : v_set1(0);
            if (f.scheme == K16_PLAIN)
                sum = v_sub(sum, v_shl(pairs, f.offset == 32 ? 5 : 2));
            VF t = vf_mul(vf_int(sum), number_at(tail, n, v));
            if (f.scheme == K32_MINIMA || f.scheme == K16_MINIMA)
                t = vf_fma(vf_int(pairs), number_at(tail, n + 1, v), t);
            put_group(acc, c, v, t, x);
        }
    }
}

INLINE void group_k(sums_row *acc, const uint8_t *panel, const struct tile_column *x, const int W, const struct form f)
{
    const int halves = f.scheme == K16_PLAIN || f.scheme == K16_MINIMA;
    SUMS(sums, SUB);
    if (starts_signed(f, W))
        start_signed(sums, word_at(panel, KERNEL_GROUP_BLOCKS * WORDS_K32, 0), W);
    else
        start_sums(sums, x, 0, W, 0);
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++, panel += (halves ? WORDS_K16 : WORDS_K32) * WORD) {
        if (halves) {
            add_products(sums, panel, x, 32 * b, W, 4, f, word_at(panel, 8, 0));
            add_products(sums, word_at(panel, 4, 0), x, 32 * b + 16, W, 4, f, word_at(panel, 9, 0));
        } else {
            add_products(sums, panel, x, 32 * b, W, 8, f, word_at(panel, 8, 0));
        }
    }
    end_k(acc, sums, panel, x, W, f);
}

/* ---- outliers ----------------------------------------------------------------------------------------------------- */

/* The value of one column of a block, less its offset. */
INLINE V value_at(const uint8_t *block, int column, int v, const struct form f)
{
    V q = v_load(word_at(block, column / 4, v) + column % 4);
    q = f.bits == 8 && SIGNED8 ? v_sar(v_shl(q, 24), 24) : v_and(q, v_set1(255));
    return f.offset != 0 ? v_sub(q, v_set1(f.offset)) : q;
}

/* The left or right of two 16-bit numbers. */
INLINE V one_of_both(V both, int which)
{
    return which != 0 ? v_sar(both, 16) : v_sar(v_shl(both, 16), 16);
}

INLINE VF weight_k(const uint8_t *panel, int column, int v, const struct form f)
{
    const int halves = f.scheme == K16_PLAIN || f.scheme == K16_MINIMA, b = column / 32, half = column / 16 % 2;
    const int words = halves ? WORDS_K16 : WORDS_K32, n = halves ? 8 : 4;
    const uint8_t *block = panel + b * words * WORD, *tail = panel + KERNEL_GROUP_BLOCKS * words * WORD;
    V scale = one_of_both(v_load(word_at(block, 8 + (halves ? half : 0), v)), 0);
    V value = v_mul(value_at(block, column % 32, v, f), scale);
    if (f.scheme == K32_PLAIN || f.scheme == K16_PLAIN)
        return vf_mul(vf_int(value), number_at(tail, n, v));
    V minimum = one_of_both(v_load(word_at(tail, halves ? b : b / 2, v)), halves ? half : b % 2);
    return vf_fma(vf_int(value), number_at(tail, n, v), vf_mul(vf_int(minimum), number_at(tail, n + 1, v)));
}

INLINE VF weight_q32(const uint8_t *panel, int column, int v, const struct form f)
{
    const uint8_t *block = panel + column / 32 * WORDS_Q32 * WORD;
    VF value = vf_int(value_at(block, column % 32, v, f)), scale = number_at(block, 8, v);
    return f.scheme == Q32_MINIMA ? vf_fma(value, scale, number_at(block, 9, v)) : vf_mul(value, scale);
}

/* Adds outliers of columns from `first` on. */
INLINE void add_outliers(sums_row *acc, const uint8_t *panel, const struct tile_outlier *o,
                         const struct tile_outlier *end, int first, const struct form f)
{
    for (; o < end; o++) {
        float *to = acc[o->column - first];
        UNROLL
        for (int v = 0; v < PAIR; v++) {
            VF w = f.scheme == Q32_PLAIN || f.scheme == Q32_MINIMA ? weight_q32(panel, o->at, v, f)
                                                                   : weight_k(panel, o->at, v, f);
            vf_store(to + v * LANES, vf_fma(w, vf_set1(o->x), vf_load(to + v * LANES)));
        }
    }
}

/* ---- a panel ------------------------------------------------------------------------------------------------------ */

/* One group of the columns from `first` on, W of the tile's w. */
INLINE void add_group(sums_row *acc, const uint8_t *panel, const struct tile_column *tile, int w, int first,
                      size_t blocks, const int W, const struct form f)
{
    const struct tile_outlier *list = tile_outliers(tile, w);
    if (f.scheme == Q32_PLAIN || f.scheme == Q32_MINIMA)
        group_q32(acc + first, panel, tile + first, blocks, W, f);
    else
        group_k(acc + first, panel, tile + first, W, f);
    add_outliers(acc + first, panel, list + (first > 0 ? tile[first - 1].end : 0), list + tile[first + W - 1].end,
                 first, f);
}

/* Spells a call out for each number of columns, so that the sums live in registers. */
#if SUB == 8
#define FOR_WIDTHS(w, call) \
    switch (w) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    case 3: call(3); break; \
    case 4: call(4); break; \
    case 5: call(5); break; \
    case 6: call(6); break; \
    case 7: call(7); break; \
    default: call(8); break; \
    }
#elif SUB == 4
#define FOR_WIDTHS(w, call) \
    switch (w) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    case 3: call(3); break; \
    default: call(4); break; \
    }
#else
#define FOR_WIDTHS(w, call) \
    switch (w) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    default: call(3); break; \
    }
#endif

INLINE void load_sums(sums_row *acc, int w, const float *out, size_t stride, const float *init)
{
    for (int c = 0; c < w; c++)
        memcpy(acc[c], init != NULL ? init : out + (size_t)c * stride, sizeof *acc);
}

INLINE void store_sums(float *out, size_t stride, int w, sums_row *acc)
{
    for (int c = 0; c < w; c++)
        memcpy(out + (size_t)c * stride, acc[c], sizeof *acc);
}

INLINE void gemm_q(const uint8_t *panel, const uint8_t *tile, int w, size_t blocks, float *out, size_t stride,
                   const float *init, const int block_words, const struct form f)
{
    sums_row acc[TILE] __attribute__((aligned(64)));
    load_sums(acc, w, out, stride, init);
    for (size_t b = 0; b < blocks; b += KERNEL_GROUP_BLOCKS, tile += TILE_GROUP * w) {
        const size_t n = blocks - b < KERNEL_GROUP_BLOCKS ? blocks - b : KERNEL_GROUP_BLOCKS;
        const struct tile_column *x = (const struct tile_column *)tile;
        for (int first = 0; first < w; first += SUB) {
#define CALL(W) add_group(acc, panel, x, w, first, n, W, f)
            FOR_WIDTHS(w - first, CALL)
#undef CALL
        }
        panel += block_words * WORD * KERNEL_GROUP_BLOCKS;
    }
    store_sums(out, stride, w, acc);
}

/* The three functions of a type: `subs` blocks of 32 in one of the file's, words of a panel's block. */
#define QUANTISED(type, subs, words, ...) \
    INLINE const uint8_t *panel_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, \
                                       uint8_t *panel, const bool alone) \
    { \
        struct sink sinks[PAIR]; \
        for (int v = 0; v < PAIR; v++) \
            sinks[v] = (struct sink){panel + (size_t)v * sizeof(V), alone}; \
        for (size_t b = 0; b < blocks; b += subs, rows += sizeof(struct block_##type)) { \
            prefetch(ahead, ROWS * sizeof(struct block_##type)); \
            ahead += ROWS * sizeof(struct block_##type); \
            for (int v = 0; v < PAIR; v++) { \
                block_##type(rows + (size_t)v * LANES * stride, stride, &sinks[v]); \
                if (subs == 8) \
                    sinks[v].panel = panel + (b + 8) * words * WORD + (size_t)v * sizeof(V); \
            } \
        } \
        return rows; \
    } \
    static void pack_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel) \
    { \
        panel_##type(rows, stride, blocks, ahead, panel, false); \
    } \
    static void gemm_##type(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride, \
                            const float *init) \
    { \
        gemm_q(panel, tile, w, blocks, out, stride, init, words, (struct form){__VA_ARGS__}); \
    } \
    static void dot_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, const void *tile, \
                           float *out, const float *init) \
    { \
        uint8_t panel[KERNEL_GROUP_BLOCKS * words * WORD] __attribute__((aligned(64))); \
        sums_row acc[1] __attribute__((aligned(64))); \
        const struct tile_column *x = tile; \
        load_sums(acc, 1, out, 0, init); \
        for (size_t b = 0, n; b < blocks; b += n, x = (const void *)((const uint8_t *)x + TILE_GROUP)) { \
            n = blocks - b < KERNEL_GROUP_BLOCKS ? blocks - b : KERNEL_GROUP_BLOCKS; \
            rows = panel_##type(rows, stride, n, ahead, panel, true); \
            ahead += n / subs * ROWS * sizeof(struct block_##type); \
            add_group(acc, panel, x, 1, 0, n, 1, (struct form){__VA_ARGS__}); \
        } \
        store_sums(out, 0, 1, acc); \
    }

/* The offset of types with 8 bits. */
#define OFFSET8 (SIGNED8 ? 0 : 128)

QUANTISED(q4_0, 1, WORDS_Q32, Q32_PLAIN, 4, 8)
QUANTISED(q4_1, 1, WORDS_Q32, Q32_MINIMA, 4, 0)
QUANTISED(q5_0, 1, WORDS_Q32, Q32_PLAIN, 5, 16)
QUANTISED(q5_1, 1, WORDS_Q32, Q32_MINIMA, 5, 0)
QUANTISED(q8_0, 1, WORDS_Q32, Q32_PLAIN, 8, OFFSET8)
QUANTISED(iq4_nl, 1, WORDS_Q32, Q32_PLAIN, 8, OFFSET8)
QUANTISED(iq4_xs, 8, 10, K32_PLAIN, 8, OFFSET8)
QUANTISED(q2_k, 8, 12, K16_MINIMA, 2, 0)
QUANTISED(q3_k, 8, 12, K16_PLAIN, 3, 4)
QUANTISED(q4_k, 8, 10, K32_MINIMA, 4, 0)
QUANTISED(q5_k, 8, 10, K32_MINIMA, 5, 0)
QUANTISED(q6_k, 8, 12, K16_PLAIN, 6, 32)

#define VECTOR_TYPES \
    [TENSOR_Q4_0] = {PANEL_Q32, pack_q4_0, gemm_q4_0, dot_q4_0}, \
    [TENSOR_Q4_1] = {PANEL_Q32, pack_q4_1, gemm_q4_1, dot_q4_1}, \
    [TENSOR_Q5_0] = {PANEL_Q32, pack_q5_0, gemm_q5_0, dot_q5_0}, \
    [TENSOR_Q5_1] = {PANEL_Q32, pack_q5_1, gemm_q5_1, dot_q5_1}, \
    [TENSOR_Q8_0] = {PANEL_Q32, pack_q8_0, gemm_q8_0, dot_q8_0}, \
    [TENSOR_Q2_K] = {PANEL_Q16, pack_q2_k, gemm_q2_k, dot_q2_k}, \
    [TENSOR_Q3_K] = {PANEL_Q16, pack_q3_k, gemm_q3_k, dot_q3_k}, \
    [TENSOR_Q4_K] = {PANEL_Q32, pack_q4_k, gemm_q4_k, dot_q4_k}, \
    [TENSOR_Q5_K] = {PANEL_Q32, pack_q5_k, gemm_q5_k, dot_q5_k}, \
    [TENSOR_Q6_K] = {PANEL_Q16, pack_q6_k, gemm_q6_k, dot_q6_k}, \
    [TENSOR_IQ4_NL] = {PANEL_Q32, pack_iq4_nl, gemm_iq4_nl, dot_iq4_nl}, \
    [TENSOR_IQ4_XS] = {PANEL_Q32, pack_iq4_xs, gemm_iq4_xs, dot_iq4_xs}

#endif
