/* Products of panels and tiles for every instruction set with vectors, over the primitives of vector.h, which the file
 * that includes this includes first.
 *
 * A block's products are exact integers, so that each instruction set may add them in its own way; floats are added in
 * the order that kernels.h gives. Sums of a few columns and all rows of a panel stay in registers for one block of
 * legacy types, and for a group of K types; the group's result goes to memory, where outliers are added too. */
#ifndef PALAVER_ENGINE_KERNELS_PRODUCTS_H
#define PALAVER_ENGINE_KERNELS_PRODUCTS_H

#include "engine/kernels/vector.h"

/* Vectors of rows that are multiplied at once, at most. */
#define VECTORS (PAIR * PANELS)

/* Sums of columns: LANES rows in each vector. */
#define SUMS(name, W) V name[W][VECTORS]

/* The panels that are multiplied at once, one or PANELS: the same words of each lie `apart` bytes from the last's. */
struct panels {
    const uint8_t *at;
    size_t apart;
    int vectors; /* PAIR for each panel */
};

/* From some word of a block on. */
INLINE struct panels panels_from(struct panels p, int word)
{
    p.at += word * WORD;
    return p;
}

INLINE const uint8_t *word_at(const struct panels p, int word, int v)
{
    return p.at + (size_t)(v / PAIR) * p.apart + word * WORD + v % PAIR * (int)sizeof(V);
}

INLINE VF number_at(const struct panels p, int word, int v)
{
    return vf_load((const float *)word_at(p, word, v));
}

/* ---- sums of a block ---------------------------------------------------------------------------------------------- */

enum { NO_SCALE = -1 };

#ifdef HALVES
/* sums += scale * the products of 4 * words columns. */
INLINE void add_words(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                      const int words, const int bits, const struct panels scale)
{
    const int deep = halves_deep(bits);
    UNROLL
    for (int j = 0; j < words; j += deep) {
        V half[SUB][VECTORS];
        UNROLL
        for (int k = j; k < j + deep; k++) {
            UNROLL
            for (int c = 0; c < W; c++) {
                V four = v_bcast((const uint8_t *)x[c].i + at + 4 * k);
                UNROLL
                for (int v = 0; v < q.vectors; v++) {
                    V products = v_half(v_load(word_at(q, k, v)), four);
                    half[c][v] = k == j ? products : v_half_add(half[c][v], products);
                }
            }
        }
        UNROLL
        for (int c = 0; c < W; c++) {
            UNROLL
            for (int v = 0; v < q.vectors; v++)
                sums[c][v] = v_widen(sums[c][v], half[c][v], v_load(word_at(scale, 0, v)));
        }
    }
}

/* The same for signed weights of 8 bits, of which two products fill 16 bits. */
INLINE void add_signed(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                       const int words, const struct panels scale)
{
    UNROLL
    for (int k = 0; k < words; k++) {
        V magnitude[VECTORS], negative[VECTORS];
        UNROLL
        for (int v = 0; v < q.vectors; v++) {
            V w = v_load(word_at(q, k, v));
            magnitude[v] = v_magnitude(w);
            negative[v] = v_negative(w);
        }
        UNROLL
        for (int c = 0; c < W; c++) {
            V four = v_bcast((const uint8_t *)x[c].i + at + 4 * k);
            UNROLL
            for (int v = 0; v < q.vectors; v++) {
                V half = v_half(magnitude[v], v_xor(four, negative[v]));
                sums[c][v] = v_widen(sums[c][v], half, v_load(word_at(scale, 0, v)));
            }
        }
    }
}

/* sums += scale * the products of 4 * words columns; its word is `scale` behind those of q, or it is 1. */
INLINE void add_products(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                         const int words, const struct form f, const int scale)
{
    const struct panels one = {(const uint8_t *)ones, 0, q.vectors},
                        by = scale != NO_SCALE ? panels_from(q, scale) : one;
    if (f.bits == 8)
        add_signed(sums, q, x, at, W, words, by);
    else
        add_words(sums, q, x, at, W, words, f.bits, by);
}
#else
INLINE void add_words(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                      const int words, const int bits)
{
    UNROLL
    for (int k = 0; k < words; k++) {
        UNROLL
        for (int c = 0; c < W; c++) {
            V four = v_bcast((const uint8_t *)x[c].i + at + 4 * k);
            UNROLL
            for (int v = 0; v < q.vectors; v++)
                sums[c][v] = add_dot(sums[c][v], v_load(word_at(q, k, v)), four, bits);
        }
    }
}
#endif

/* Where the sums of a block start; K16 types subtract their offset for a whole group. */
INLINE void start_sums(V (*sums)[VECTORS], const struct tile_column *x, int block, const int W, const int vectors,
                       const int offset)
{
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            sums[c][v] = start_sum(&x[c], block, offset);
    }
}

/* The same for signed weights: from a word of the panel on. */
INLINE void start_signed(V (*sums)[VECTORS], const struct panels negatives, const int W)
{
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < negatives.vectors; v++)
            sums[c][v] = v_load(word_at(negatives, 0, v));
    }
}

/* Whether sums begin so. */
INLINE bool starts_signed(const struct form f)
{
#ifdef HALVES
    return f.bits == 8;
#else
    (void)f;
    return false;
#endif
}

#ifndef HALVES
INLINE void add_products(V (*sums)[VECTORS], const struct panels q, const struct tile_column *x, int at, const int W,
                         const int words, const struct form f, const int scale)
{
    if (scale == NO_SCALE) {
        add_words(sums, q, x, at, W, words, f.bits);
        return;
    }
    SUMS(some, SUB);
    start_sums(some, x, at / KERNEL_BLOCK, W, q.vectors, f.scheme == K32_PLAIN ? f.offset : 0);
    add_words(some, q, x, at, W, words, f.bits);
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < q.vectors; v++)
            sums[c][v] = v_add(sums[c][v], v_mul(some[c][v], v_load(word_at(q, scale, v))));
    }
}
#endif

/* ---- a group ------------------------------------------------------------------------------------------------------ */

/* Sums of columns and rows in memory, (column, row), of as many columns as share lists; those of the next panel lie
 * behind them. */
typedef float sums_row[ROWS];
enum { TILE_SUMS = (TILE + SHARED - 1) / SHARED * SHARED };

INLINE float *sums_at(sums_row *acc, int c, int v)
{
    return acc[c + v / PAIR * TILE_SUMS] + v % PAIR * LANES;
}

INLINE void put_group(sums_row *acc, int c, int v, VF t, const struct tile_column *x)
{
    float *to = sums_at(acc, c, v);
    vf_store(to, vf_fma(t, vf_set1(x[c].scale), vf_load(to)));
}

INLINE void group_q32(sums_row *acc, struct panels p, const struct tile_column *x, size_t blocks, const int W,
                      const struct form f)
{
    VF t[SUB][VECTORS];
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            t[c][v] = vf_set1(0.0f);
    }
    for (int b = 0; b < (int)blocks; b++, p.at += WORDS_Q32 * WORD) {
        SUMS(sums, SUB);
        if (starts_signed(f))
            start_signed(sums, panels_from(p, 9), W);
        else
            start_sums(sums, x, b, W, p.vectors, f.scheme == Q32_PLAIN ? f.offset : 0);
        add_products(sums, p, x, KERNEL_BLOCK * b, W, 8, f, NO_SCALE);
        UNROLL
        for (int c = 0; c < W; c++) {
            UNROLL
            for (int v = 0; v < p.vectors; v++) {
                t[c][v] = vf_fma(vf_int(sums[c][v]), number_at(p, 8, v), t[c][v]);
                if (f.scheme == Q32_MINIMA)
                    t[c][v] = vf_fma(number_at(p, 9, v), vf_set1(x[c].sums[b]), t[c][v]);
            }
        }
    }
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            put_group(acc, c, v, t[c][v], x);
    }
}

/* The sum of minima, or scales, times sums of x; n words from the first on. */
INLINE V pair_sum(const struct panels tail, int v, const int16_t *x, const int n)
{
    V sum = v_set1(0);
    UNROLL
    for (int i = 0; i < n; i++)
        sum = v_pairs(sum, v_load(word_at(tail, i, v)), v_bcast((const uint8_t *)(x + 2 * i)));
    return sum;
}

INLINE V tail_pairs(const struct panels tail, int v, const struct tile_column *x, const struct form f)
{
    const bool halves = has_half_scales(f);
    return f.scheme == K32_PLAIN ? v_set1(0) : pair_sum(tail, v, halves ? x->sums16 : x->sums32, halves ? 8 : 4);
}

INLINE void end_k(sums_row *acc, int c, int v, V sum, V pairs, const struct panels tail, const struct tile_column *x,
                  const struct form f)
{
    const int n = has_half_scales(f) ? 8 : 4;
    if (f.up > 0)
        sum = v_sar(sum, f.up);
    if (f.scheme == K16_PLAIN)
        sum = v_sub(sum, v_shl(pairs, f.offset == 32 ? 5 : 2));
    VF t = vf_mul(vf_int(sum), number_at(tail, n, v));
    if (f.scheme == K32_MINIMA || f.scheme == K16_MINIMA)
        t = vf_fma(vf_int(pairs), number_at(tail, n + 1, v), t);
    put_group(acc, c, v, t, x);
}

INLINE void group_k(sums_row *acc, struct panels p, const struct tile_column *x, const int W, const struct form f)
{
    const bool halves = has_half_scales(f);
    SUMS(sums, SUB);
    if (starts_signed(f))
        start_signed(sums, panels_from(p, KERNEL_GROUP_BLOCKS * WORDS_K32), W);
    else
        start_sums(sums, x, 0, W, p.vectors, 0);
    for (int b = 0; b < KERNEL_GROUP_BLOCKS; b++, p.at += (halves ? WORDS_K16 : WORDS_K32) * WORD) {
        if (halves) {
            add_products(sums, p, x, 32 * b, W, 4, f, 8);
            add_products(sums, panels_from(p, 4), x, 32 * b + 16, W, 4, f, 9 - 4);
        } else {
            add_products(sums, p, x, 32 * b, W, 8, f, 8);
        }
    }
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            end_k(acc, c, v, sums[c][v], tail_pairs(p, v, &x[c], f), p, x, f);
    }
}

/* ---- outliers ----------------------------------------------------------------------------------------------------- */

/* The value of one column of a block, less an offset. */
INLINE V value_at(const struct panels block, unsigned column, int v, const struct form f, const int offset)
{
    V q = v_load(word_at(block, (int)(column / 4), v) + column % 4);
    q = f.bits == 8 && SIGNED8 ? v_sar(v_shl(q, 24), 24) : v_and(q, v_set1(255));
    return offset != 0 ? v_sub(q, v_set1(offset)) : q;
}

/* The left or right of two 16-bit numbers. */
INLINE V one_of_both(V both, unsigned which)
{
    return which != 0 ? v_sar(both, 16) : v_sar(v_shl(both, 16), 16);
}

/* A scale that is a whole number, from its word. */
INLINE V scale_of(V word)
{
#ifdef HALVES
    return one_of_both(word, 0);
#else
    return word;
#endif
}

INLINE VF weight_k(const struct panels p, unsigned column, int v, const struct form f)
{
    const bool halves = has_half_scales(f);
    const int words = halves ? WORDS_K16 : WORDS_K32, n = halves ? 8 : 4;
    const unsigned b = column / 32, half = column / 16 % 2;
    const struct panels block = panels_from(p, (int)b * words), tail = panels_from(p, KERNEL_GROUP_BLOCKS * words);
    V scale = scale_of(v_load(word_at(block, 8 + (halves ? (int)half : 0), v)));
    V value = v_mul(value_at(block, column % 32, v, f, f.up > 0 ? 0 : f.offset), scale);
    if (f.scheme == K32_PLAIN)
        return vf_mul(vf_int(value), number_at(tail, n, v));
    V minimum = one_of_both(v_load(word_at(tail, (int)(halves ? b : b / 2), v)), halves ? half : b % 2);
    if (f.up > 0)
        value = v_sub(v_sar(value, f.up), v_mul(minimum, v_set1(f.offset)));
    if (f.scheme == K16_PLAIN) /* a pair of these is one of scales */
        return vf_mul(vf_int(value), number_at(tail, n, v));
    return vf_fma(vf_int(value), number_at(tail, n, v), vf_mul(vf_int(minimum), number_at(tail, n + 1, v)));
}

INLINE VF weight_q32(const struct panels p, unsigned column, int v, const struct form f)
{
    const struct panels block = panels_from(p, (int)(column / 32) * WORDS_Q32);
    VF value = vf_int(value_at(block, column % 32, v, f, f.offset)), scale = number_at(block, 8, v);
    return f.scheme == Q32_MINIMA ? vf_fma(value, scale, number_at(block, 9, v)) : vf_mul(value, scale);
}

/* Adds the outliers of W columns that share a list of n. */
INLINE void add_outliers(sums_row *acc, const struct panels p, const struct tile_outlier *o, int32_t n, const int W,
                         const struct form f)
{
    VF y[SHARED][VECTORS];
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            y[c][v] = vf_load(sums_at(acc, c, v));
    }
    for (const struct tile_outlier *end = o + n; o < end; o++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++) {
            VF w = f.scheme == Q32_PLAIN || f.scheme == Q32_MINIMA ? weight_q32(p, o->at, v, f)
                                                                   : weight_k(p, o->at, v, f);
            UNROLL
            for (int c = 0; c < W; c++)
                y[c][v] = vf_fma(w, vf_set1(o->x[c]), y[c][v]);
        }
    }
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            vf_store(sums_at(acc, c, v), y[c][v]);
    }
}

/* The same for all w columns of a tile. Sums of columns that are not there are added to for nothing. */
INLINE void add_outliers_of(sums_row *acc, const struct panels p, const struct tile_column *tile, int w,
                            const struct form f)
{
    for (int first = 0; first < w; first += SHARED)
        if (tile[first].outliers > 0)
            add_outliers(acc + first, p, tile_outliers(tile, w, first), tile[first].outliers, SHARED, f);
}

/* ---- a panel ------------------------------------------------------------------------------------------------------ */

/* One group of the columns from `first` on, W of them. */
INLINE void add_columns(sums_row *acc, const struct panels p, const struct tile_column *tile, int first, size_t blocks,
                        const int W, const struct form f)
{
    if (f.scheme == Q32_PLAIN || f.scheme == Q32_MINIMA)
        group_q32(acc + first, p, tile + first, blocks, W, f);
    else
        group_k(acc + first, p, tile + first, W, f);
}

/* Spells a call out for each number of columns, so that the sums live in registers. */
#define FOR_3(w, call) \
    switch (w) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    default: call(3); break; \
    }
#define FOR_4(w, call) \
    switch (w) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    case 3: call(3); break; \
    default: call(4); break; \
    }
#define FOR_8(w, call) \
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
#if SUB == 8
#define FOR_WIDTHS FOR_8
#elif SUB == 4
#define FOR_WIDTHS FOR_4
#else
#define FOR_WIDTHS FOR_3
#endif

INLINE const struct tile_column *tile_at(const void *tile, size_t block, int w)
{
    return (const void *)((const uint8_t *)tile + KERNEL_TILE_BYTES * block * (size_t)w);
}

/* What will be written is asked for now: a row of Y has left the caches since it was read last. */
INLINE void load_sums(sums_row *acc, int w, const float *out, size_t stride, const float *init)
{
    for (int c = 0; c < w; c++) {
        __builtin_prefetch(out + (size_t)c * stride, 1);
        memcpy(acc[c], init != NULL ? init : out + (size_t)c * stride, sizeof *acc);
    }
    for (int c = w; c % SHARED != 0; c++)
        memset(acc[c], 0, sizeof *acc);
}

INLINE void store_sums(float *out, size_t stride, int w, sums_row *acc)
{
    for (int c = 0; c < w; c++)
        memcpy(out + (size_t)c * stride, acc[c], sizeof *acc);
}

/* One group of the columns from `first` on, and the outliers of all. */
INLINE void add_group(sums_row *acc, const struct panels p, const struct tile_column *x, int w, int first,
                      size_t blocks, const struct form f)
{
#define CALL(W) add_columns(acc, p, x, first, blocks, W, f)
    for (; first < w; first += SUB) {
        FOR_WIDTHS(w - first, CALL)
    }
    add_outliers_of(acc, p, x, w, f);
}

#if PANELS > 1
/* The same with several panels, whose sums leave room for fewer columns. */
INLINE void add_group_several(sums_row *acc, const struct panels p, const struct tile_column *x, int w, size_t blocks,
                              const struct form f)
{
    for (int first = 0; first < w; first += SUB_SEVERAL) {
        FOR_4(w - first, CALL)
    }
    add_outliers_of(acc, p, x, w, f);
}
#endif
#undef CALL

/* What the first columns of a tile need to be multiplied while a group is unpacked. */
INLINE void start_sink(struct sink *s, uint8_t *panel, uintptr_t ahead, const struct tile_column *x, const int straight,
                       const bool rest, const struct form f)
{
    s->panel = panel;
    s->rest = rest;
    s->form = f;
    s->straight = straight;
    s->block = 0;
    s->negative = v_set1(0);
    s->ahead = ahead;
    s->asked = 0;
    s->x = x;
    s->outlying = 0;
    UNROLL
    for (int c = 0; c < straight; c++) {
        s->outlying |= x[c].outlying;
        s->whole[c] = v_set1(0);
        s->pairs[c] = v_set1(0);
        s->t[c] = vf_set1(0.0f);
    }
}

INLINE void end_sink(sums_row *acc, const struct sink *s, int v, const uint8_t *tail)
{
    UNROLL
    for (int c = 0; c < s->straight; c++)
        if (s->form.scheme == Q32_PLAIN || s->form.scheme == Q32_MINIMA)
            put_group(acc, c, v, s->t[c], s->x);
        else
            end_k(acc, c, v, s->whole[c], s->pairs[c], (struct panels){tail, 0, PAIR}, s->x, s->form);
}

/* Of the group that begins at block b. */
INLINE size_t group_blocks(size_t blocks, size_t b)
{
    return blocks - b < KERNEL_GROUP_BLOCKS ? blocks - b : KERNEL_GROUP_BLOCKS;
}

#if PANELS > 1
/* The product of PANELS panels of a type. */
#define SEVERAL(type, words) \
    static NOINLINE void several_group_##type(sums_row *acc, const uint8_t *panel, size_t apart, \
                                              const struct tile_column *x, int w, size_t blocks) \
    { \
        add_group_several(acc, (struct panels){panel, apart, VECTORS}, x, w, blocks, form_##type); \
    } \
    static void several_##type(const void *panels, const void *tile, int w, size_t blocks, float *out, size_t stride, \
                               const float *init) \
    { \
        const size_t apart = blocks * words * WORD; \
        sums_row acc[PANELS * TILE_SUMS] __attribute__((aligned(64))); \
        for (int p = 0; p < PANELS; p++) \
            load_sums(acc + p * TILE_SUMS, w, out + p * ROWS, stride, init != NULL ? init + p * ROWS : NULL); \
        for (size_t b = 0; b < blocks; b += KERNEL_GROUP_BLOCKS) \
            several_group_##type(acc, (const uint8_t *)panels + b * words * WORD, apart, tile_at(tile, b, w), w, \
                                 group_blocks(blocks, b)); \
        for (int p = 0; p < PANELS; p++) \
            store_sums(out + p * ROWS, stride, w, acc + p * TILE_SUMS); \
    }
#define SEVERAL_OF(type) several_##type
#else
#define SEVERAL(type, words)
#define SEVERAL_OF(type) NULL
#endif

/* The functions of a type: `subs` blocks of 32 in one of the file's, words of a panel's block. */
#define QUANTISED(type, subs, words, ...) \
    static const struct form form_##type = {__VA_ARGS__}; \
    INLINE void panel_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, uint8_t *panel) \
    { \
        for (size_t b = 0; b < blocks; b += subs, rows += sizeof(struct block_##type)) { \
            for (int v = 0; v < PAIR; v++) { \
                struct sink s; \
                start_sink(&s, panel + b * words * WORD + (size_t)v * sizeof(V), ahead, NULL, 0, true, form_##type); \
                block_##type(rows + (size_t)v * LANES * stride, stride, &s); \
                ahead += LANES * sizeof(struct block_##type); \
            } \
        } \
    } \
    static void pack_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel) \
    { \
        panel_##type(rows, stride, blocks, ahead, panel); \
    } \
    static NOINLINE void group_##type(sums_row *acc, const uint8_t *panel, const struct tile_column *x, int w, \
                                      int first, size_t blocks) \
    { \
        add_group(acc, (struct panels){panel, 0, PAIR}, x, w, first, blocks, form_##type); \
    } \
    static void gemm_##type(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride, \
                            const float *init) \
    { \
        sums_row acc[TILE_SUMS] __attribute__((aligned(64))); \
        load_sums(acc, w, out, stride, init); \
        for (size_t b = 0; b < blocks; b += KERNEL_GROUP_BLOCKS) \
            group_##type(acc, (const uint8_t *)panel + b * words * WORD, tile_at(tile, b, w), w, 0, \
                         group_blocks(blocks, b)); \
        store_sums(out, stride, w, acc); \
    } \
    SEVERAL(type, words) \
    /* A group; its first columns are multiplied meanwhile. */ \
    INLINE void straight_##type(sums_row *acc, const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, \
                                uint8_t *panel, const struct tile_column *x, const int straight, const bool rest) \
    { \
        struct sink left, right; /* no array, whose elements the compiler would keep in memory */ \
        start_sink(&left, panel, ahead, x, straight, rest, form_##type); \
        start_sink(&right, panel + sizeof(V), ahead + LANES * sizeof(struct block_##type), x, straight, rest, \
                   form_##type); \
        for (size_t b = 0; b < blocks; b += subs, rows += sizeof(struct block_##type)) { \
            block_##type(rows, stride, &left); \
            if (PAIR == 2) \
                block_##type(rows + LANES * stride, stride, &right); \
        } \
        end_sink(acc, &left, 0, panel + words_before_tail(form_##type) * WORD); \
        if (PAIR == 2) \
            end_sink(acc, &right, 1, panel + words_before_tail(form_##type) * WORD); \
    } \
    INLINE void dot_some_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, const void *tile, \
                                int w, float *out, size_t out_stride, const float *init, const int straight, \
                                const bool rest) \
    { \
        uint8_t panel[KERNEL_GROUP_BLOCKS * words * WORD] __attribute__((aligned(64))); \
        sums_row acc[TILE_SUMS] __attribute__((aligned(64))); \
        load_sums(acc, w, out, out_stride, init); \
        for (size_t b = 0, n; b < blocks; b += n) { \
            const struct tile_column *x = tile_at(tile, b, w); \
            n = group_blocks(blocks, b); \
            if (straight > 0) \
                straight_##type(acc, rows, stride, n, ahead, panel, x, straight, rest); \
            else \
                panel_##type(rows, stride, n, ahead, panel); \
            rows += n / subs * sizeof(struct block_##type); \
            ahead += n / subs * ROWS * sizeof(struct block_##type); \
            const struct panels p = {panel, 0, PAIR}; \
            if (rest) { \
                group_##type(acc, panel, x, w, straight, n); \
                continue; \
            } \
            if (straight == 1) \
                add_outliers(acc, p, tile_outliers(x, 1, 0), x->outliers, 1, form_##type); \
            else \
                add_outliers_of(acc, p, x, w, form_##type); \
        } \
        store_sums(out, out_stride, w, acc); \
    } \
    static void dot_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, const void *tile, \
                           int w, float *out, size_t out_stride, const float *init) \
    { \
        if (w == 1) \
            dot_some_##type(rows, stride, blocks, ahead, tile, 1, out, out_stride, init, 1, false); \
        else if (STRAIGHT == 8 && w == 8) \
            dot_some_##type(rows, stride, blocks, ahead, tile, 8, out, out_stride, init, STRAIGHT, false); \
        else if (STRAIGHT == 8 && w == 4) \
            dot_some_##type(rows, stride, blocks, ahead, tile, 4, out, out_stride, init, STRAIGHT / 2, false); \
        else if (STRAIGHT == 8 && w > 4) \
            dot_some_##type(rows, stride, blocks, ahead, tile, w, out, out_stride, init, STRAIGHT / 2, true); \
        else \
            dot_some_##type(rows, stride, blocks, ahead, tile, w, out, out_stride, init, STRAIGHT_REST, true); \
    }

/* The offset of types with 8 bits. */
#define OFFSET8 (SIGNED8 ? 0 : 128)

QUANTISED(q4_0, 1, WORDS_Q32, Q32_PLAIN, 4, 8, 0, sizeof(struct block_q4_0))
QUANTISED(q4_1, 1, WORDS_Q32, Q32_MINIMA, 4, 0, 0, sizeof(struct block_q4_1))
QUANTISED(q5_0, 1, WORDS_Q32, Q32_PLAIN, 5, 16, 0, sizeof(struct block_q5_0))
QUANTISED(q5_1, 1, WORDS_Q32, Q32_MINIMA, 5, 0, 0, sizeof(struct block_q5_1))
QUANTISED(q8_0, 1, WORDS_Q32, Q32_PLAIN, 8, OFFSET8, 0, sizeof(struct block_q8_0))
QUANTISED(iq4_nl, 1, WORDS_Q32, Q32_PLAIN, 8, OFFSET8, 0, sizeof(struct block_iq4_nl))
QUANTISED(iq4_xs, 8, 10, K32_PLAIN, 8, OFFSET8, 0, sizeof(struct block_iq4_xs))
QUANTISED(q2_k, 8, 12, K16_MINIMA, 4, 0, 2, sizeof(struct block_q2_k))
QUANTISED(q3_k, 8, 12, K16_PLAIN, 5, 4, 2, sizeof(struct block_q3_k))
QUANTISED(q4_k, 8, 10, K32_MINIMA, 4, 0, 0, sizeof(struct block_q4_k))
QUANTISED(q5_k, 8, 10, K32_MINIMA, 5, 0, 0, sizeof(struct block_q5_k))
QUANTISED(q6_k, 8, 12, K16_PLAIN, 6, 32, 0, sizeof(struct block_q6_k))

#define VECTOR_TYPES \
    [TENSOR_Q4_0] = {PANEL_Q32, pack_q4_0, gemm_q4_0, SEVERAL_OF(q4_0), dot_q4_0}, \
    [TENSOR_Q4_1] = {PANEL_Q32, pack_q4_1, gemm_q4_1, SEVERAL_OF(q4_1), dot_q4_1}, \
    [TENSOR_Q5_0] = {PANEL_Q32, pack_q5_0, gemm_q5_0, SEVERAL_OF(q5_0), dot_q5_0}, \
    [TENSOR_Q5_1] = {PANEL_Q32, pack_q5_1, gemm_q5_1, SEVERAL_OF(q5_1), dot_q5_1}, \
    [TENSOR_Q8_0] = {PANEL_Q32, pack_q8_0, gemm_q8_0, SEVERAL_OF(q8_0), dot_q8_0}, \
    [TENSOR_Q2_K] = {PANEL_Q16, pack_q2_k, gemm_q2_k, SEVERAL_OF(q2_k), dot_q2_k}, \
    [TENSOR_Q3_K] = {PANEL_Q16, pack_q3_k, gemm_q3_k, SEVERAL_OF(q3_k), dot_q3_k}, \
    [TENSOR_Q4_K] = {PANEL_Q32, pack_q4_k, gemm_q4_k, SEVERAL_OF(q4_k), dot_q4_k}, \
    [TENSOR_Q5_K] = {PANEL_Q32, pack_q5_k, gemm_q5_k, SEVERAL_OF(q5_k), dot_q5_k}, \
    [TENSOR_Q6_K] = {PANEL_Q16, pack_q6_k, gemm_q6_k, SEVERAL_OF(q6_k), dot_q6_k}, \
    [TENSOR_IQ4_NL] = {PANEL_Q32, pack_iq4_nl, gemm_iq4_nl, SEVERAL_OF(iq4_nl), dot_iq4_nl}, \
    [TENSOR_IQ4_XS] = {PANEL_Q32, pack_iq4_xs, gemm_iq4_xs, SEVERAL_OF(iq4_xs), dot_iq4_xs}

#endif
