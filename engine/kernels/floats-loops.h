/* The loops of floats.h, for each file that makes a table of them with its instruction set.
 *
 * The file that includes this defines a float vector VF of VECTOR lanes, and
 *     vf_zero() vf_load vf_store vf_add
 *     vf_all(p)              the word at p in all lanes
 *     vf_transpose(w)        VECTOR vectors, in place
 *     TILE                   columns of a tile whose sums the registers hold with those of three panels
 *     FEW_SUMS               sums that the registers hold beside rows of weights, in vectors: 12 or 24 */
#ifndef PALAVER_ENGINE_KERNELS_FLOATS_LOOPS_H
#define PALAVER_ENGINE_KERNELS_FLOATS_LOOPS_H

#include "engine/kernels/floats.h"

#define INLINE static inline __attribute__((always_inline))
/* Loops over sums are spelled out, so that they stay in registers; under a sanitizer gcc would only warn. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

enum {
    PARTS = FLOAT_LANES / VECTOR, /* vectors of a step */
    SIDE = 4,                     /* rows side by side at most */
    PASS = FEW_SUMS / 4,          /* columns at a time at most */
    PAGE = 4096,
};

typedef VF float_load(const uint8_t *words);
typedef VF float_add(VF acc, VF w, VF x); /* acc + w * x */

/* ---- few columns, straight from the file ------------------------------------------------------------------------- */

/* A span of G rows and W columns, N vectors of a step from `first` on, into sums[g * W + c]. The span after it, at
 * `next`, is asked for meanwhile, evenly: of it as great a part as is multiplied here. A single row is read in the
 * order of memory, which processors ask for themselves. */
INLINE void add_span(const uint8_t *rows, size_t stride, size_t words, uintptr_t next, const float *x, size_t x_stride,
                     float *sums, const int first, const int G, const int W, const int N, const size_t word,
                     float_load *load, float_add *add)
{
    VF acc[PARTS * FEW_SUMS];
    UNROLL
    for (int i = 0; i < G * W * N; i++)
        acc[i] = vf_zero();
    next += (size_t)first * words * word / PARTS;
    for (size_t k = (size_t)first * VECTOR; k < words; k += FLOAT_LANES, next += FLOAT_LANES * word * N / PARTS) {
        UNROLL
        for (int part = 0; part < N; part++) {
            const size_t at = k + (size_t)(part * VECTOR);
            VF w[SIDE];
            UNROLL
            for (int g = 0; g < G; g++) {
                if (part == 0 && G > 1)
                    __builtin_prefetch((const void *)(next + (size_t)g * stride), 0, 2);
                w[g] = load(rows + (size_t)g * stride + at * word);
            }
            UNROLL
            for (int c = 0; c < W; c++) {
                VF column = vf_load(x + (size_t)c * x_stride + at);
                UNROLL
                for (int g = 0; g < G; g++)
                    acc[(g * W + c) * N + part] = add(acc[(g * W + c) * N + part], w[g], column);
            }
        }
    }
    for (int i = 0; i < G * W; i++) {
        float lanes[FLOAT_LANES];
        for (int part = 0; part < N; part++)
            vf_store(lanes + part * VECTOR, acc[i * N + part]);
        for (int lane = 0; lane < N * VECTOR; lane++)
            sums[i] += lanes[lane];
    }
}

/* What a call multiplies. */
struct few {
    const uint8_t *rows;
    size_t stride, words;
    const float *x;
    size_t x_stride;
    float *out;
    size_t out_stride;
    const float *init;
    struct float_ahead ahead;
};

/* G rows from row `row` on times W columns from column `first` on. */
INLINE void multiply_few(const struct few *f, size_t row, int first, const int G, const int W, const size_t word,
                         float_load *load, float_add *add)
{
    float sums[SIDE * FLOAT_FEW];
    for (int i = 0; i < G * W; i++)
        sums[i] = f->init != NULL ? f->init[row + (size_t)(i / W)] : 0.0f;
    const float *x = f->x + (size_t)first * f->x_stride;
    const uint8_t *rows = f->rows + row * f->stride;
    const uintptr_t end = (uintptr_t)rows + G * f->stride, after = end < f->ahead.end ? end : f->ahead.then;
    for (size_t at = 0, count; at < f->words; at += count) {
        count = f->words - at < FLOAT_SPAN ? f->words - at : FLOAT_SPAN;
        const uint8_t *from = rows + at * word;
        const uintptr_t next = at + count < f->words ? (uintptr_t)rows + (at + count) * word : after;
        if (W == 1)
            add_span(from, f->stride, count, next, x + at, f->x_stride, sums, 0, G, W, PARTS, word, load, add);
        for (int part = 0; W > 1 && part < PARTS; part++)
            add_span(from, f->stride, count, next, x + at, f->x_stride, sums, part, G, W, 1, word, load, add);
    }
    for (int i = 0; i < G * W; i++)
        f->out[(size_t)(first + i % W) * f->out_stride + row + (size_t)(i / W)] = sums[i];
}

/* Rows [row, end) times W columns. */
INLINE void multiply_pass(const struct few *f, size_t row, size_t end, int first, const int W, const size_t word,
                          float_load *load, float_add *add)
{
    const int beside = W * SIDE <= FEW_SUMS ? SIDE : FEW_SUMS / W;
    /* Memory brings rows of up to a page faster one by one, if all that is read beside them is one column. */
    const bool one_by_one = W == 1 && f->words * word <= PAGE;
    for (; !one_by_one && row + (size_t)beside <= end; row += (size_t)beside)
        multiply_few(f, row, first, beside, W, word, load, add);
    for (; row < end; row++)
        multiply_few(f, row, first, 1, W, word, load, add);
}

/* More columns than the registers have sums for go in passes of like size over some rows that stay in the cache. */
INLINE void multiply_columns(const struct few *f, size_t n, int w, const size_t word, float_load *load, float_add *add)
{
    const int passes = (w + PASS - 1) / PASS;
    const size_t some = passes > 1 ? SIDE : n;
    for (size_t row = 0, end; row < n; row = end) {
        end = n - row < some ? n : row + some;
        for (int pass = 0, first = 0, count; pass < passes; pass++, first += count) {
            count = (w - first + passes - pass - 1) / (passes - pass);
            switch (count) {
            case 1: multiply_pass(f, row, end, first, 1, word, load, add); break;
            case 2: multiply_pass(f, row, end, first, 2, word, load, add); break;
#if FEW_SUMS == 24
            case 3: multiply_pass(f, row, end, first, 3, word, load, add); break;
            case 4: multiply_pass(f, row, end, first, 4, word, load, add); break;
            case 5: multiply_pass(f, row, end, first, 5, word, load, add); break;
#endif
            default: multiply_pass(f, row, end, first, PASS, word, load, add); break;
            }
        }
    }
}

/* ---- panels ------------------------------------------------------------------------------------------------------ */

INLINE void pack_panels(const uint8_t *rows, size_t stride, size_t n, size_t words, int lane, float *panel,
                        const size_t word, float_load *load)
{
    const size_t apart = float_lane_apart(words, VECTOR);
    for (size_t row = 0; row < n; row += VECTOR, panel += VECTOR * apart, rows += VECTOR * stride)
        for (size_t k = 0; k < words; k += FLOAT_LANES) {
            VF w[VECTOR];
            for (int r = 0; r < VECTOR; r++)
                w[r] = load(rows + (size_t)r * stride + (k + (size_t)lane) * word);
            vf_transpose(w);
            for (int i = 0; i < VECTOR; i++)
                vf_store(panel + (size_t)i * apart + k / FLOAT_LANES * VECTOR, w[i]);
        }
}

/* One lane of P panels times W columns, added to sums[p * W + c]. */
INLINE void sweep_lane(const float *panel, size_t panel_apart, const float *tile, size_t steps, VF *sums, const int P,
                       const int W, float_add *add)
{
    VF acc[3 * TILE];
    UNROLL
    for (int i = 0; i < P * W; i++)
        acc[i] = vf_zero();
    for (; steps > 0; steps--, panel += VECTOR, tile += W) {
        VF w[3];
        UNROLL
        for (int p = 0; p < P; p++)
            w[p] = vf_load(panel + (size_t)p * panel_apart);
        UNROLL
        for (int c = 0; c < W; c++) {
            VF x = vf_all(tile + c);
            UNROLL
            for (int p = 0; p < P; p++)
                acc[p * W + c] = add(acc[p * W + c], w[p], x);
        }
    }
    UNROLL
    for (int i = 0; i < P * W; i++)
        sums[i] = vf_add(sums[i], acc[i]);
}

/* All lanes of P panels. Sums wait beside each other, as rows of Y may lie whole pages apart. */
INLINE void sweep_lanes(const float *panel, const float *tile, size_t words, float *out, size_t stride, const int P,
                        const int W, float_add *add)
{
    const size_t steps = words / FLOAT_LANES, apart = float_lane_apart(words, VECTOR);
    VF sums[3 * TILE];
    for (int i = 0; i < P * W; i++)
        sums[i] = vf_load(out + (size_t)(i % W) * stride + i / W * VECTOR);
    for (size_t lane = 0; lane < VECTOR; lane++)
        sweep_lane(panel + lane * apart, VECTOR * apart, tile + lane * steps * W, steps, sums, P, W, add);
    for (int i = 0; i < P * W; i++)
        vf_store(out + (size_t)(i % W) * stride + i / W * VECTOR, sums[i]);
}

/* Panels go by threes, the last four by twos. */
INLINE void sweep_panels(const float *panel, size_t n, const float *tile, size_t words, float *out, size_t stride,
                         const int W, float_add *add)
{
    for (size_t left = n / VECTOR, count; left > 0; left -= count) {
        count = left == 4 ? 2 : left < 3 ? left : 3;
        if (count == 3)
            sweep_lanes(panel, tile, words, out, stride, 3, W, add);
        else if (count == 2)
            sweep_lanes(panel, tile, words, out, stride, 2, W, add);
        else
            sweep_lanes(panel, tile, words, out, stride, 1, W, add);
        panel += count * VECTOR * float_lane_apart(words, VECTOR);
        out += count * VECTOR;
    }
}

INLINE void sweep_tile(const float *panel, size_t n, const float *tile, int w, size_t words, float *out, size_t stride,
                       float_add *add)
{
    switch (w) {
    case 1: sweep_panels(panel, n, tile, words, out, stride, 1, add); break;
    case 2: sweep_panels(panel, n, tile, words, out, stride, 2, add); break;
    case 3: sweep_panels(panel, n, tile, words, out, stride, 3, add); break;
    case 4: sweep_panels(panel, n, tile, words, out, stride, 4, add); break;
#if TILE > 4
    case 5: sweep_panels(panel, n, tile, words, out, stride, 5, add); break;
    case 6: sweep_panels(panel, n, tile, words, out, stride, 6, add); break;
    case 7: sweep_panels(panel, n, tile, words, out, stride, 7, add); break;
    default: sweep_panels(panel, n, tile, words, out, stride, 8, add); break;
#endif
    }
}

/* The functions of a type: bytes of a word, how a vector of words is read, and what adds a product. */
#define FLOAT_COLUMNS_AND_PACK(type, word, load, add) \
    static void columns_##type(const uint8_t *rows, size_t stride, size_t n, size_t words, const float *x, \
                               size_t x_stride, int w, float *out, size_t out_stride, const float *init, \
                               struct float_ahead ahead) \
    { \
        const struct few f = {rows, stride, words, x, x_stride, out, out_stride, init, ahead}; \
        multiply_columns(&f, n, w, word, load, add); \
    } \
    static void pack_##type(const uint8_t *rows, size_t stride, size_t n, size_t words, int lane, float *panel) \
    { \
        pack_panels(rows, stride, n, words, lane, panel, word, load); \
    }
#define FLOAT_SWEEP(name, add) \
    static void name(const float *panel, size_t n, const float *tile, int w, size_t words, float *out, size_t stride) \
    { \
        sweep_tile(panel, n, tile, w, words, out, stride, add); \
    }

#endif
