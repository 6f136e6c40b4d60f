/* Products of panels and tiles for every instruction set with vectors, over the primitives of vector.h: what kernels.h
 * asks of each type, written once. The file that includes this defines those primitives before. */
#ifndef PALAVER_ENGINE_KERNELS_PRODUCTS_H
#define PALAVER_ENGINE_KERNELS_PRODUCTS_H

#include "engine/kernels/groups.h"

/* What a group adds to the sums of W columns, but for their scales. */
INLINE void group_of(VF (*t)[VECTORS], const struct panels p, const struct tile_column *x, size_t blocks, const int W,
                     const struct form f)
{
    if (f.scheme == Q32_PLAIN || f.scheme == Q32_MINIMA)
        group_q32(t, p, x, blocks, W, f);
    else
        group_k(t, p, x, W, f);
}

/* One group of the columns from `first` on, W of them. */
INLINE void add_columns(sums_row *acc, const struct panels p, const struct tile_column *tile, int first, size_t blocks,
                        const int W, const struct form f)
{
    VF t[TILE][VECTORS];
    group_of(t, p, tile + first, blocks, W, f);
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            put_group(acc + first, c, v, t[c][v], tile + first);
    }
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

#define CALL(W) add_columns(acc, p, x, first, blocks, W, f)
#ifdef HALVES
/* Norms of a group's signed weights are the upper halves of its first block's last word, or of K types a word of their own
 * behind all blocks. */
INLINE void put_norms(uint8_t *group, size_t blocks, const struct form f)
{
    const bool k = f.scheme == K32_PLAIN;
    uint32_t norms[KERNEL_GROUP_BLOCKS] = {0};
    for (size_t b = 0; b < blocks; b++)
        norms[b] = norms_of_rows((const V *)(group + b * (k ? WORDS_K32 : WORDS_Q32) * WORD));
    const V all = v_load(norms);
    V *to = (V *)(group + (k ? KERNEL_GROUP_BLOCKS * WORDS_K32 + 1 : 9) * WORD);
    if (k) {
        to[0] = all;
        return;
    }
    to[0] = v_both(to[0], _mm256_unpacklo_epi16(all, v_set1(0)));
    to[1] = v_both(to[1], _mm256_unpackhi_epi16(all, v_set1(0)));
}

INLINE V get_norms(const struct panels p, const struct form f)
{
    if (f.scheme == K32_PLAIN)
        return v_load(word_at(p, KERNEL_GROUP_BLOCKS * WORDS_K32 + 1, 0));
    return _mm256_packus_epi32(v_shr(v_load(word_at(p, 9, 0)), 16), v_shr(v_load(word_at(p, 9, 1)), 16));
}

/* A whole tile, one vector of rows after the other. */
INLINE void add_tile(sums_row *acc, const struct panels p, const struct tile_column *x, size_t blocks,
                     const struct form f)
{
    uint32_t large = p.too_large != 0 ? p.too_large : too_large(get_norms(p, f), v_load(tile_norms(x)));
    if (__builtin_popcount(large) > LARGE_MOST)
        large = UINT32_MAX;
    for (int v = 0; v < PAIR; v++) {
        const struct panels one = {p.at + (size_t)v * sizeof(V), 0, 1, large};
        add_columns((sums_row *)(acc[0] + v * LANES), one, x, 0, blocks, TILE, f);
    }
}

/* Whether four columns are multiplied at once: where no sums of a group have to stay in registers beside those of 16
 * bits, or need to be there only once for each block. */
INLINE bool by_four(const struct form f)
{
    return f.bits == 4 ? !has_half_scales(f) : f.bits == 5 && (f.scheme == Q32_PLAIN || f.scheme == Q32_MINIMA);
}

/* One group of the columns from `first` on, and the outliers of all. */
INLINE void add_group(sums_row *acc, const struct panels p, const struct tile_column *x, int w, int first,
                      size_t blocks, const struct form f)
{
    if (by_four(f)) {
        for (; first < w; first += 4) {
            FOR_4(w - first, CALL)
        }
    } else if (f.bits == 8 && w - first == TILE) {
        add_tile(acc, p, x, blocks, f);
    } else {
        for (; first < w; first += SUB) {
            FOR_WIDTHS(w - first, CALL)
        }
    }
    add_outliers_of(acc, p, x, w, f);
}
#else
INLINE void add_group(sums_row *acc, const struct panels p, const struct tile_column *x, int w, int first,
                      size_t blocks, const struct form f)
{
    for (; first < w; first += SUB) {
        FOR_WIDTHS(w - first, CALL)
    }
    add_outliers_of(acc, p, x, w, f);
}

INLINE void put_norms(uint8_t *group, size_t blocks, const struct form f)
{
    (void)group, (void)blocks, (void)f;
}
#endif

#if PANELS > 1
/* One group and its outliers of the W columns from `first` on, which share a list. */
INLINE void add_shared(sums_row *acc, const struct panels p, const struct tile_column *tile, int w, int first,
                       size_t blocks, const int W, const struct form f)
{
    VF y[SUB][VECTORS];
    group_of(y, p, tile + first, blocks, W, f);
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            y[c][v] = with_group(acc + first, c, v, y[c][v], tile + first);
    }
    multiply_outliers(y, p, tile_outliers(tile, w, first), tile[first].outliers, W, f);
    UNROLL
    for (int c = 0; c < W; c++) {
        UNROLL
        for (int v = 0; v < p.vectors; v++)
            vf_store(sums_at(acc + first, c, v), y[c][v]);
    }
}

/* The same with several panels, whose sums leave room for as many columns as share a list. */
INLINE void add_group_several(sums_row *acc, const struct panels p, const struct tile_column *x, int w, size_t blocks,
                              const struct form f)
{
#define CALL_SHARED(W) add_shared(acc, p, x, w, first, blocks, W, f)
    static_assert(SUB_SEVERAL == SHARED, "lists and sums are of the same columns");
    for (int first = 0; first < w; first += SUB_SEVERAL) {
        FOR_4(w - first, CALL_SHARED)
    }
#undef CALL_SHARED
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
            put_group(acc, c, v,
                      end_k(v, s->whole[c], s->pairs[c], (struct panels){tail, 0, PAIR, 0}, &s->x[c], s->form), s->x);
}

/* Whether panels have norms, for whole tiles; for a single tile they cost more than they save. */
INLINE bool has_norms(const struct form f)
{
    return starts_signed(f);
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
        add_group_several(acc, (struct panels){panel, apart, VECTORS, 0}, x, w, blocks, form_of_many(form_##type)); \
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

/* All columns of a tile straight from registers. */
#define DOT(type, w) dot_some_##type(rows, stride, blocks, ahead, tile, w, out, out_stride, init, w, false)
#if STRAIGHT == 8
#define DOT_STRAIGHT(type) \
    switch (w) { \
    case 1: DOT(type, 1); break; \
    case 2: DOT(type, 2); break; \
    case 3: DOT(type, 3); break; \
    case 4: DOT(type, 4); break; \
    case 5: DOT(type, 5); break; \
    case 6: DOT(type, 6); break; \
    case 7: DOT(type, 7); break; \
    default: DOT(type, 8); break; \
    }
#else
#define DOT_STRAIGHT(type) DOT(type, 1);
#endif

/* So many columns straight from registers are cheaper to multiply with their scales each than the weights are to be
 * scaled. */
enum { ALONE = 4 };

/* The functions of a type: `subs` blocks of 32 in one of the file's, words of a panel's block. */
#define QUANTISED(type, subs, words, ...) \
    static const struct form form_##type = {__VA_ARGS__}; \
    INLINE void panel_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, uint8_t *panel) \
    { \
        for (size_t b = 0; b < blocks; b += subs, rows += sizeof(struct block_##type)) { \
            for (int v = 0; v < PAIR; v++) { \
                struct sink s; \
                start_sink(&s, panel + b * words * WORD + (size_t)v * sizeof(V), ahead, NULL, 0, true, \
                           form_of_many(form_##type)); \
                block_##type(rows + (size_t)v * LANES * stride, stride, &s); \
                ahead += LANES * sizeof(struct block_##type); \
            } \
        } \
    } \
    static void pack_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, void *panel) \
    { \
        panel_##type(rows, stride, blocks, ahead, panel); \
        for (size_t b = 0; has_norms(form_##type) && b < blocks; b += KERNEL_GROUP_BLOCKS) \
            put_norms((uint8_t *)panel + b * words * WORD, group_blocks(blocks, b), form_##type); \
    } \
    static NOINLINE void group_##type(sums_row *acc, const uint8_t *panel, const struct tile_column *x, int w, \
                                      int first, size_t blocks, uint32_t too_large) \
    { \
        add_group(acc, (struct panels){panel, 0, PAIR, too_large}, x, w, first, blocks, form_of_many(form_##type)); \
    } \
    static void gemm_##type(const void *panel, const void *tile, int w, size_t blocks, float *out, size_t stride, \
                            const float *init) \
    { \
        sums_row acc[TILE_SUMS] __attribute__((aligned(64))); \
        load_sums(acc, w, out, stride, init); \
        for (size_t b = 0; b < blocks; b += KERNEL_GROUP_BLOCKS) \
            group_##type(acc, (const uint8_t *)panel + b * words * WORD, tile_at(tile, b, w), w, 0, \
                         group_blocks(blocks, b), 0); \
        store_sums(out, stride, w, acc); \
    } \
    SEVERAL(type, words) \
    /* A group; its first columns are multiplied meanwhile. */ \
    INLINE void straight_##type(sums_row *acc, const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, \
                                uint8_t *panel, const struct tile_column *x, const int straight, const bool rest, \
                                const struct form form) \
    { \
        struct sink left, right; /* no array, whose elements the compiler would keep in memory */ \
        start_sink(&left, panel, ahead, x, straight, rest, form); \
        start_sink(&right, panel + sizeof(V), ahead + LANES * sizeof(struct block_##type), x, straight, rest, form); \
        for (size_t b = 0; b < blocks; b += subs, rows += sizeof(struct block_##type)) { \
            block_##type(rows, stride, &left); \
            if (PAIR == 2) \
                block_##type(rows + LANES * stride, stride, &right); \
        } \
        end_sink(acc, &left, 0, panel + words_before_tail(form) * WORD); \
        if (PAIR == 2) \
            end_sink(acc, &right, 1, panel + words_before_tail(form) * WORD); \
    } \
    INLINE void dot_some_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, const void *tile, \
                                int w, float *out, size_t out_stride, const float *init, const int straight, \
                                const bool rest) \
    { \
        uint8_t panel[KERNEL_GROUP_BLOCKS * WORDS_MOST * WORD] __attribute__((aligned(64))); \
        const struct form form = rest || straight > ALONE ? form_of_many(form_##type) : form_##type; \
        sums_row acc[TILE_SUMS] __attribute__((aligned(64))); \
        load_sums(acc, w, out, out_stride, init); \
        for (size_t b = 0, n; b < blocks; b += n) { \
            const struct tile_column *x = tile_at(tile, b, w); \
            n = group_blocks(blocks, b); \
            if (straight > 0) \
                straight_##type(acc, rows, stride, n, ahead, panel, x, straight, rest, form); \
            else \
                panel_##type(rows, stride, n, ahead, panel); \
            rows += n / subs * sizeof(struct block_##type); \
            ahead += n / subs * ROWS * sizeof(struct block_##type); \
            const struct panels p = {panel, 0, PAIR, 0}; \
            if (rest) { \
                group_##type(acc, panel, x, w, straight, n, UINT32_MAX); \
                continue; \
            } \
            if (straight == 1) \
                add_outliers(acc, p, tile_outliers(x, 1, 0), x->outliers, 1, form); \
            else \
                add_outliers_of(acc, p, x, w, form); \
        } \
        store_sums(out, out_stride, w, acc); \
    } \
    static void dot_##type(const uint8_t *rows, size_t stride, size_t blocks, uintptr_t ahead, const void *tile, \
                           int w, float *out, size_t out_stride, const float *init) \
    { \
        if (TILE > STRAIGHT && w > STRAIGHT) { \
            dot_some_##type(rows, stride, blocks, ahead, tile, w, out, out_stride, init, STRAIGHT_REST, true); \
            return; \
        } \
        DOT_STRAIGHT(type) \
    }

/* Where weights are scaled to be put down, a block is shorter. */
#if SCALES_FIT
enum { WORDS_SMALL = 10 };
#define PANEL_SMALL PANEL_Q32
#else
enum { WORDS_SMALL = 12 };
#define PANEL_SMALL PANEL_Q16
#endif

/* The offset of types with 8 bits. */
#define OFFSET8 (SIGNED8 ? 0 : 128)

QUANTISED(q4_0, 1, WORDS_Q32, Q32_PLAIN, 4, 8, 0, sizeof(struct block_q4_0))
QUANTISED(q4_1, 1, WORDS_Q32, Q32_MINIMA, 4, 0, 0, sizeof(struct block_q4_1))
QUANTISED(q5_0, 1, WORDS_Q32, Q32_PLAIN, 5, 16, 0, sizeof(struct block_q5_0))
QUANTISED(q5_1, 1, WORDS_Q32, Q32_MINIMA, 5, 0, 0, sizeof(struct block_q5_1))
QUANTISED(q8_0, 1, WORDS_Q32, Q32_PLAIN, 8, OFFSET8, 0, sizeof(struct block_q8_0))
QUANTISED(iq4_nl, 1, WORDS_Q32, Q32_PLAIN, 8, OFFSET8, 0, sizeof(struct block_iq4_nl))
QUANTISED(iq4_xs, 8, 10, K32_PLAIN, 8, OFFSET8, 0, sizeof(struct block_iq4_xs))
QUANTISED(q2_k, 8, WORDS_SMALL, K16_MINIMA, 4, 0, 2, sizeof(struct block_q2_k))
QUANTISED(q3_k, 8, WORDS_SMALL, K16_PLAIN, 5, 4, 2, sizeof(struct block_q3_k))
QUANTISED(q4_k, 8, 10, K32_MINIMA, 4, 0, 0, sizeof(struct block_q4_k))
QUANTISED(q5_k, 8, 10, K32_MINIMA, 5, 0, 0, sizeof(struct block_q5_k))
QUANTISED(q6_k, 8, 12, K16_PLAIN, 6, 32, 0, sizeof(struct block_q6_k))

#define VECTOR_TYPES \
    [TENSOR_Q4_0] = {PANEL_Q32, pack_q4_0, gemm_q4_0, SEVERAL_OF(q4_0), dot_q4_0}, \
    [TENSOR_Q4_1] = {PANEL_Q32, pack_q4_1, gemm_q4_1, SEVERAL_OF(q4_1), dot_q4_1}, \
    [TENSOR_Q5_0] = {PANEL_Q32, pack_q5_0, gemm_q5_0, SEVERAL_OF(q5_0), dot_q5_0}, \
    [TENSOR_Q5_1] = {PANEL_Q32, pack_q5_1, gemm_q5_1, SEVERAL_OF(q5_1), dot_q5_1}, \
    [TENSOR_Q8_0] = {PANEL_Q32, pack_q8_0, gemm_q8_0, SEVERAL_OF(q8_0), dot_q8_0}, \
    [TENSOR_Q2_K] = {PANEL_SMALL, pack_q2_k, gemm_q2_k, SEVERAL_OF(q2_k), dot_q2_k}, \
    [TENSOR_Q3_K] = {PANEL_SMALL, pack_q3_k, gemm_q3_k, SEVERAL_OF(q3_k), dot_q3_k}, \
    [TENSOR_Q4_K] = {PANEL_Q32, pack_q4_k, gemm_q4_k, SEVERAL_OF(q4_k), dot_q4_k}, \
    [TENSOR_Q5_K] = {PANEL_Q32, pack_q5_k, gemm_q5_k, SEVERAL_OF(q5_k), dot_q5_k}, \
    [TENSOR_Q6_K] = {PANEL_Q16, pack_q6_k, gemm_q6_k, SEVERAL_OF(q6_k), dot_q6_k}, \
    [TENSOR_IQ4_NL] = {PANEL_Q32, pack_iq4_nl, gemm_iq4_nl, SEVERAL_OF(iq4_nl), dot_iq4_nl}, \
    [TENSOR_IQ4_XS] = {PANEL_Q32, pack_iq4_xs, gemm_iq4_xs, SEVERAL_OF(iq4_xs), dot_iq4_xs}

#endif
