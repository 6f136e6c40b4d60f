/* Tests of the layer kernels: every table agrees with plain arithmetic, all tables but the exact one agree with each other
 * to the bit, and a row gives the same bits alone and among others. Sizes are odd on purpose. */
#include <config.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kernels/fused.h"
#include "engine/kernels/half.h"
#include "engine/kernels/layer.h"
#include "tests/cmocka.h"

enum { TABLES = 4, MAX_WIDTH = 4099 };

static const struct layer_kernels *tables[TABLES];
static int n_tables;

static void find_tables(void)
{
    tables[n_tables++] = &layer_exact;
    tables[n_tables++] = &layer_portable;
#ifdef CPU_X86
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        tables[n_tables++] = &layer_avx2;
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
        tables[n_tables++] = &layer_avx512;
#endif
}

/* Between -range and range, the same numbers every time. */
static void fill(float *x, size_t n, float range)
{
    static uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = ((float)(state >> 8) / 8388608.0f - 1.0f) * range;
    }
}

static void keep_largest(double *largest, double a, double b)
{
    double difference = fabs(a - b);
    *largest = isnan(difference) || difference > *largest ? difference : *largest;
}

static void half_numbers_round_to_nearest(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        const float value = half_to_float((uint16_t)h);
        if ((h & 0x7c00) == 0x7c00) {
            assert_true(h & 0x3ff ? isnan(value) : isinf(value));
            continue;
        }
        const double expected =
            ldexp((h & 0x7c00) ? 1024 + (h & 0x3ff) : (h & 0x3ff), (int)(h >> 10 & 31) - 25 + !(h & 0x7c00));
        assert_true(fabs(value) == expected && (signbit(value) != 0) == (h >> 15 != 0));
        assert_int_equal(half_from_float(value), h);
        /* Halfway to the next number: to the even one. A hair beyond: up. */
        const float next = half_to_float((uint16_t)(h + 1));
        if (isinf(next))
            continue;
        const float middle = (value + next) / 2;
        assert_int_equal(half_from_float(middle), h + (h & 1));
        assert_int_equal(half_from_float(nextafterf(middle, next)), h + 1);
    }
    assert_int_equal(half_from_float(1e6f), 0x7c00);
    assert_int_equal(half_from_float(NAN) & 0x7e00, 0x7e00);
}

static void norms_agree(void **state)
{
    (void)state;
    static float x[MAX_WIDTH], add[MAX_WIDTH], weight[MAX_WIDTH], sum[MAX_WIDTH], out[MAX_WIDTH];
    static const size_t widths[] = {1, 7, 16, 64, 100, 576, 4099};
    fill(add, MAX_WIDTH, 2);
    fill(weight, MAX_WIDTH, 2);
    for (int t = 0; t < n_tables; t++) {
        double largest = 0;
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            double squares = 0;
            fill(x, MAX_WIDTH, 30);
            for (size_t i = 0; i < widths[w]; i++) {
                sum[i] = x[i] + add[i];
                squares += (double)sum[i] * sum[i];
            }
            tables[t]->norm(x, add, weight, out, widths[w], 1e-5f);
            for (size_t i = 0; i < widths[w]; i++) {
                assert_true(x[i] == sum[i]);
                keep_largest(&largest, out[i], sum[i] / sqrt(squares / (double)widths[w] + 1e-5) * weight[i]);
            }
        }
        print_message("%-8s norm: largest difference %.2g\n", tables[t]->name, largest);
        assert_true(largest < 1e-5);
    }
}

static void gates_agree(void **state)
{
    (void)state;
    static float gate[MAX_WIDTH], up[MAX_WIDTH], out[MAX_WIDTH];
    fill(gate, MAX_WIDTH, 20);
    fill(up, MAX_WIDTH, 1);
    static const float extremes[] = {0, -0.0f, 1e-30f, -87, -88.8f, -104, 88.8f, 1000, -1000, 3e38f, -3e38f};
    memcpy(gate, extremes, sizeof extremes);
    for (int t = 0; t < n_tables; t++) {
        double largest = 0;
        memcpy(out, gate, sizeof out);
        tables[t]->gate(out, up, MAX_WIDTH);
        for (size_t i = 0; i < MAX_WIDTH; i++) {
            double expected = gate[i] / (1 + exp(-(double)gate[i])) * up[i];
            double scale = fabs(expected) > 1 ? fabs(expected) : 1;
            keep_largest(&largest, out[i] / scale, expected / scale);
        }
        print_message("%-8s gate: largest difference %.2g\n", tables[t]->name, largest);
        assert_true(largest < 1e-6);
    }
}

static void rotations_agree(void **state)
{
    (void)state;
    static float x[128], turn[256], out[128];
    fill(x, 128, 3);
    fill(turn, 256, 1);
    for (int t = 0; t < n_tables; t++)
        for (size_t n = 2; n <= 128; n += 2) {
            tables[t]->rotate(x, turn, 0.25f, out, n);
            for (size_t i = 0; i < n; i++)
                assert_true(fabs(out[i] - (x[i] * turn[i] + x[i ^ 1] * turn[n + i]) * 0.25) < 1e-6);
        }
}

/* ---- attention -------------------------------------------------------------------------------------------------- */

enum { ROWS = 11 };

/* A span's cache, filled through store, and the queries against it. */
struct fixture {
    int32_t width, padded;
    size_t at_values, block, query; /* bytes */
    char *cache;
    const char *blocks[KV_SPAN / KV_BLOCK];
    float *keys, *values; /* (KV_SPAN, width) */
    float *queries;       /* (ROWS, padded) */
    char *packed;         /* (ROWS, query): as the table takes them */
    int32_t visible[ROWS];
    float max[ROWS], sum[ROWS];
    float *out; /* (ROWS, padded) */
};

static void fixture_store(struct fixture *f, const struct layer_kernels *k)
{
    for (int32_t p = 0; p < KV_SPAN; p++) {
        char *block = f->cache + (size_t)(p / KV_BLOCK) * f->block;
        k->store(f->keys + p * f->width, f->values + p * f->width, block, block + f->at_values, p % KV_BLOCK, f->width,
                 f->padded);
    }
    for (size_t r = 0; r < ROWS; r++) {
        const float *query = f->queries + r * (size_t)f->padded;
        if (k->pack != NULL)
            k->pack(query, f->packed + r * f->query, f->width);
        else
            memcpy(f->packed + r * f->query, query, f->query);
    }
}

static void fixture_make(struct fixture *f, const struct layer_kernels *k, int32_t width)
{
    f->width = width;
    f->padded = (width + KV_LANES - 1) / KV_LANES * KV_LANES;
    f->at_values = layer_keys_bytes(k->cache, width);
    f->block = f->at_values + layer_values_bytes(k->cache, width);
    f->query = layer_query_bytes(k->cache, width);
    f->cache = calloc(KV_SPAN / KV_BLOCK, f->block);
    for (size_t b = 0; b < KV_SPAN / KV_BLOCK; b++)
        f->blocks[b] = f->cache + b * f->block;
    f->keys = calloc((size_t)width * KV_SPAN, sizeof(float));
    f->values = calloc((size_t)width * KV_SPAN, sizeof(float));
    f->queries = calloc((size_t)f->padded * ROWS, sizeof(float));
    f->packed = calloc(ROWS, f->query);
    f->out = calloc((size_t)f->padded * ROWS, sizeof(float));
    fill(f->keys, (size_t)width * KV_SPAN, 2);
    fill(f->values, (size_t)width * KV_SPAN, 2);
    for (size_t r = 0; r < ROWS; r++)
        fill(f->queries + r * (size_t)f->padded, (size_t)width, 1);
    fixture_store(f, k);
}

static void fixture_free(struct fixture *f)
{
    free(f->cache);
    free(f->keys);
    free(f->values);
    free(f->queries);
    free(f->packed);
    free(f->out);
}

static struct layer_span fixture_span(struct fixture *f, int32_t first, int32_t rows)
{
    return (struct layer_span){
        .blocks = f->blocks,
        .keys = 0,
        .values = f->at_values,
        .head_width = f->width,
        .padded = f->padded,
        .rows = rows,
        .queries = f->packed + (size_t)first * f->query,
        .visible = f->visible + first,
        .max = f->max + first,
        .sum = f->sum + first,
        .out = f->out + first * f->padded,
    };
}

/* One row's attention in double; half: on what a cache of 16-bit floats would leave. */
static void attend(const struct fixture *f, bool half, int32_t row, double *out)
{
    double sum = 0;
    memset(out, 0, (size_t)f->width * sizeof *out);
    for (int32_t p = 0; p < f->visible[row]; p++) {
        double score = 0;
        for (int32_t i = 0; i < f->width; i++) {
            float key = f->keys[p * f->width + i];
            score += f->queries[row * f->padded + i] * (half ? half_to_float(half_from_float(key)) : key);
        }
        sum += exp2(score);
        for (int32_t i = 0; i < f->width; i++) {
            float value = f->values[p * f->width + i];
            out[i] += exp2(score) * (half ? half_to_float(half_from_float(value)) : value);
        }
    }
    for (int32_t i = 0; i < f->width; i++)
        out[i] /= sum;
}

/* What a row is off by, the largest and the sum of squares. */
struct difference {
    double largest, squares;
};

static void compare_row(const struct fixture *f, int32_t r, struct difference *ours, struct difference *halves)
{
    double expected[256], rounded[256];
    attend(f, false, r, expected);
    attend(f, true, r, rounded);
    for (int32_t i = 0; i < f->padded; i++) {
        const double exact = i < f->width ? expected[i] : 0, got = f->out[r * f->padded + i] / f->sum[r];
        keep_largest(&ours->largest, got, exact);
        ours->squares += (got - exact) * (got - exact);
        if (i < f->width)
            halves->squares += (rounded[i] - exact) * (rounded[i] - exact);
    }
}

/* Whole numbers of 16 bits are to be nearer than floats of 16 bits. */
static void spans_agree(void **state)
{
    (void)state;
    static const int32_t widths[] = {4, 16, 20, 64, 80, 128, 200};
    for (int t = 0; t < n_tables; t++) {
        struct difference ours = {0}, halves = {0};
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            struct fixture f;
            fixture_make(&f, tables[t], widths[w]);
            for (int32_t r = 0; r < ROWS; r++)
                f.visible[r] = r == 0 ? 1 : r == ROWS - 1 ? KV_SPAN : 24 * r;
            const struct layer_span span = fixture_span(&f, 0, ROWS);
            tables[t]->span(&span);
            for (int32_t r = 0; r < ROWS; r++)
                compare_row(&f, r, &ours, &halves);
            fixture_free(&f);
        }
        print_message("%-8s attention: largest difference %.2g, %.2f of what halves differ by\n", tables[t]->name,
                      ours.largest, sqrt(ours.squares / halves.squares));
        assert_true(ours.largest < (tables[t]->cache == KV_F32 ? 1e-5 : 4e-3));
        assert_true(ours.squares < halves.squares);
    }
}

static void a_row_alone_gives_the_same_bits(void **state)
{
    (void)state;
    static const int32_t widths[] = {16, 64, 80, 128};
    for (int t = 0; t < n_tables; t++)
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            struct fixture f;
            fixture_make(&f, tables[t], widths[w]);
            float *alone = calloc(ROWS * (size_t)f.padded, sizeof *alone), sums[ROWS];
            for (int32_t r = 0; r < ROWS; r++)
                f.visible[r] = 58 + r * 2; /* across a block's border */
            for (int32_t r = 0; r < ROWS; r++) {
                const struct layer_span one = fixture_span(&f, r, 1);
                tables[t]->span(&one);
            }
            memcpy(alone, f.out, ROWS * (size_t)f.padded * sizeof *alone);
            memcpy(sums, f.sum, sizeof sums);
            for (int32_t tile = 2; tile <= ROWS; tile++) {
                for (int32_t r = 0; r < ROWS; r += tile) {
                    const struct layer_span many = fixture_span(&f, r, r + tile > ROWS ? ROWS - r : tile);
                    tables[t]->span(&many);
                }
                assert_memory_equal(sums, f.sum, sizeof sums);
                assert_memory_equal(alone, f.out, ROWS * (size_t)f.padded * sizeof *alone);
            }
            free(alone);
            fixture_free(&f);
        }
}

static void merging_is_one_softmax(void **state)
{
    (void)state;
    for (int t = 0; t < n_tables; t++) {
        float a[16], b[16], max = 3, sum = 2;
        fill(a, 16, 1);
        fill(b, 16, 1);
        float merged[16];
        memcpy(merged, a, sizeof merged);
        tables[t]->merge(&max, &sum, merged, 5, 7, b, 16);
        assert_true(max == 5);
        assert_true(fabs(sum - (2 * 0.25 + 7)) < 1e-6);
        for (int i = 0; i < 16; i++)
            assert_true(fabs(merged[i] - (a[i] * 0.25 + b[i])) < 1e-6);
    }
}

/* ---- the same bits in every table ------------------------------------------------------------------------------- */

/* The table of index t beside the portable one; false for those that promise nothing. */
static bool promises_bits(int t)
{
    return tables[t] != &layer_exact && tables[t] != &layer_portable;
}

static void fused_products_are_rounded_once(void **state)
{
    (void)state;
    static float x[3 * MAX_WIDTH];
    static const float hard[][3] = {
        {0x1.000002p0f, 0x1.000002p0f, -0x1.000004p0f},
        {0x1.fffffep127f, 2, -0x1.fffffep127f},
        {1e-30f, 1e-30f, 1e-38f},
        {0x1.000002p-75f, 0x1.fffffep-75f, 0x1p-149f},
        {1, 0x1p-25f, 1},
        {1, 0x1.000002p-25f, 1},
        {-1, 0x1p-25f, 1},
        {0x1.fffffep0f, 0x1.fffffep0f, -0x1p-149f},
        {3e38f, 3e38f, -3e38f},
        {INFINITY, 1, 1},
        {1, 0, -0.0f},
        {-1, 0, -0.0f},
    };
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
        float a = fused(hard[i][0], hard[i][1], hard[i][2]), b = fmaf(hard[i][0], hard[i][1], hard[i][2]);
        assert_memory_equal(&a, &b, sizeof a);
    }
    assert_true(isnan(fused(INFINITY, 0, 1)) && isnan(fused(INFINITY, 1, -INFINITY)));
    fill(x, 3 * MAX_WIDTH, 1);
    for (int power = -140; power <= 30; power += 10)
        for (size_t i = 0; i < MAX_WIDTH; i++) {
            const float c = ldexpf(x[3 * i + 2], power);
            float a = fused(x[3 * i], x[3 * i + 1], c), b = fmaf(x[3 * i], x[3 * i + 1], c);
            assert_memory_equal(&a, &b, sizeof a);
        }
}

static void tables_give_the_same_norms(void **state)
{
    (void)state;
    static float x[MAX_WIDTH], add[MAX_WIDTH], weight[MAX_WIDTH], y[MAX_WIDTH], out[MAX_WIDTH], expected[MAX_WIDTH];
    fill(add, MAX_WIDTH, 2);
    fill(weight, MAX_WIDTH, 2);
    for (size_t n = 1; n < MAX_WIDTH; n += n < 70 ? 1 : 501) {
        fill(x, n, 30);
        memcpy(y, x, n * sizeof *x);
        layer_portable.norm(y, add, weight, expected, n, 1e-5f);
        for (int t = 0; t < n_tables; t++) {
            if (!promises_bits(t))
                continue;
            memcpy(y, x, n * sizeof *x);
            tables[t]->norm(y, add, weight, out, n, 1e-5f);
            assert_memory_equal(out, expected, n * sizeof *out);
        }
    }
}

static void tables_give_the_same_gates_and_turns(void **state)
{
    (void)state;
    static float gate[MAX_WIDTH], up[MAX_WIDTH], out[MAX_WIDTH], expected[MAX_WIDTH];
    static const float extremes[] = {0,    -0.0f, 1e-30f, -87,  -87.34f, -88.3f, -88.72f, -88.8f,
                                     -104, 87.3f, 88.8f,  1000, -1000,   3e38f,  -3e38f};
    fill(up, MAX_WIDTH, 1);
    for (float range = 1; range < 200; range *= 3) {
        fill(gate, MAX_WIDTH, range);
        memcpy(gate, extremes, sizeof extremes);
        memcpy(expected, gate, sizeof gate);
        layer_portable.gate(expected, up, MAX_WIDTH);
        for (int t = 0; t < n_tables; t++)
            if (promises_bits(t)) {
                memcpy(out, gate, sizeof gate);
                tables[t]->gate(out, up, MAX_WIDTH);
                assert_memory_equal(out, expected, sizeof out);
            }
    }
    for (size_t n = 2; n <= 256; n += 2) {
        layer_portable.rotate(gate, up, 0.3f, expected, n);
        for (int t = 0; t < n_tables; t++)
            if (promises_bits(t)) {
                tables[t]->rotate(gate, up, 0.3f, out, n);
                assert_memory_equal(out, expected, n * sizeof *out);
            }
    }
}

/* Keys and queries are rows of one place each, so that many scores lie between two whole numbers. */
static void make_ties(struct fixture *f, const struct layer_kernels *k)
{
    memset(f->queries, 0, (size_t)f->padded * ROWS * sizeof *f->queries);
    memset(f->keys, 0, (size_t)f->width * KV_SPAN * sizeof *f->keys);
    for (int32_t r = 0; r < ROWS; r++)
        f->queries[r * f->padded + r % 2] = 0.5f * (float)(r + 1);
    for (int32_t p = 0; p < KV_SPAN; p++)
        f->keys[p * f->width + p % 2] = (float)(p % 9 - 4);
    fixture_store(f, k);
}

/* Spans of a cache of this head width, with rows that see more and more, merged two by two. */
static void check_spans(int32_t width, bool ties)
{
    struct fixture f, g;
    fixture_make(&f, &layer_portable, width);
    if (ties)
        make_ties(&f, &layer_portable);
    for (int32_t r = 0; r < ROWS; r++)
        f.visible[r] = r == 0 ? 1 : r == ROWS - 1 ? KV_SPAN : 24 * r;
    const struct layer_span span = fixture_span(&f, 0, ROWS);
    layer_portable.span(&span);
    for (int t = 0; t < n_tables; t++) {
        if (!promises_bits(t))
            continue;
        fixture_make(&g, tables[t], width);
        memcpy(g.cache, f.cache, KV_SPAN / KV_BLOCK * f.block);
        memcpy(g.packed, f.packed, ROWS * f.query);
        memcpy(g.visible, f.visible, sizeof f.visible);
        const struct layer_span other = fixture_span(&g, 0, ROWS);
        tables[t]->span(&other);
        assert_memory_equal(g.max, f.max, sizeof f.max);
        assert_memory_equal(g.sum, f.sum, sizeof f.sum);
        assert_memory_equal(g.out, f.out, ROWS * (size_t)f.padded * sizeof *f.out);
        float max[2] = {f.max[0], f.max[0]}, sum[2] = {f.sum[0], f.sum[0]};
        for (int32_t r = 1; r < ROWS; r++) {
            const size_t at = (size_t)r * (size_t)f.padded;
            float here[256];
            memcpy(here, f.out, (size_t)f.padded * sizeof *here);
            layer_portable.merge(&max[0], &sum[0], here, f.max[r], f.sum[r], f.out + at, f.padded);
            memcpy(g.out, f.out, (size_t)f.padded * sizeof *here);
            tables[t]->merge(&max[1], &sum[1], g.out, f.max[r], f.sum[r], f.out + at, f.padded);
            assert_memory_equal(g.out, here, (size_t)f.padded * sizeof *here);
            assert_memory_equal(&sum[0], &sum[1], sizeof *sum);
        }
        fixture_free(&g);
    }
    fixture_free(&f);
}

static void tables_give_the_same_attention(void **state)
{
    (void)state;
    static const int32_t widths[] = {4, 16, 20, 64, 80, 128, 200};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (int ties = 0; ties < 2; ties++)
            check_spans(widths[w], ties);
}

/* What one table puts into the cache, and makes of a query, is what another would. */
static void tables_store_the_same_numbers(void **state)
{
    (void)state;
    static const int32_t widths[] = {4, 20, 100, 128};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        struct fixture f, g;
        fixture_make(&f, &layer_portable, widths[w]);
        for (int32_t i = 0; i < f.width; i++) { /* small ones, nothing, and more than 16-bit floats have */
            f.keys[3 * f.width + i] *= 1e-6f;
            f.keys[4 * f.width + i] = 0;
            f.keys[5 * f.width + i] *= 1e6f;
            f.values[5 * f.width + i] *= 7e4f;
            f.values[6 * f.width + i] = 0;
        }
        f.values[7 * f.width] = 3e4f;
        fixture_store(&f, &layer_portable);
        for (int t = 0; t < n_tables; t++) {
            if (!promises_bits(t))
                continue;
            fixture_make(&g, tables[t], widths[w]);
            memcpy(g.keys, f.keys, (size_t)f.width * KV_SPAN * sizeof *f.keys);
            memcpy(g.values, f.values, (size_t)f.width * KV_SPAN * sizeof *f.values);
            memcpy(g.queries, f.queries, (size_t)f.padded * ROWS * sizeof *f.queries);
            fixture_store(&g, tables[t]);
            assert_memory_equal(f.cache, g.cache, KV_SPAN / KV_BLOCK * f.block);
            assert_memory_equal(f.packed, g.packed, ROWS * f.query);
            fixture_free(&g);
        }
        fixture_free(&f);
    }
}

/* A damaged model must not go unnoticed. */
static void what_is_not_finite_stays_so(void **state)
{
    (void)state;
    static const float wrong[] = {NAN, INFINITY, -INFINITY};
    enum { AT = 40 };
    for (int t = 0; t < n_tables; t++)
        for (int w = 0; tables[t]->cache != KV_F32 && w < 3; w++) /* a key of floats may weigh nothing */
            for (int where = 0; where < 3; where++) {
                struct fixture f;
                fixture_make(&f, tables[t], 20);
                *(where == 0 ? f.keys + AT * 20 + 3 : where == 1 ? f.values + AT * 20 + 3 : f.queries + 5) = wrong[w];
                fixture_store(&f, tables[t]);
                f.visible[0] = AT + 10;
                const struct layer_span span = fixture_span(&f, 0, 1);
                tables[t]->span(&span);
                bool finite = true;
                for (int32_t i = 0; i < f.width; i++)
                    finite = finite && isfinite(f.out[i] / f.sum[0]);
                assert_false(finite);
                fixture_free(&f);
            }
}

/* All numbers as large as they can be and of one sign: no sum is more than 32 bits. */
static void the_largest_products_fit(void **state)
{
    (void)state;
    static const int32_t widths[] = {4, 64, 128, 200};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (int t = 0; t < n_tables; t++)
            for (int sign = -1; sign <= 1; sign += 2) {
                struct fixture f;
                struct difference ours = {0}, halves = {0};
                fixture_make(&f, tables[t], widths[w]);
                for (int32_t i = 0; i < f.width * KV_SPAN; i++) {
                    f.keys[i] = (float)sign * 3.0f;
                    f.values[i] = (float)sign * 5.0f;
                }
                for (int32_t r = 0; r < ROWS; r++)
                    for (int32_t i = 0; i < f.width; i++)
                        f.queries[r * f.padded + i] = 0.1f;
                fixture_store(&f, tables[t]);
                for (int32_t r = 0; r < ROWS; r++)
                    f.visible[r] = r == ROWS - 1 ? KV_SPAN : 1 + 6 * r;
                const struct layer_span span = fixture_span(&f, 0, ROWS);
                tables[t]->span(&span);
                for (int32_t r = 0; r < ROWS; r++)
                    compare_row(&f, r, &ours, &halves);
                assert_true(ours.largest < 5 * 1e-3);
                fixture_free(&f);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_products_are_rounded_once),
        cmocka_unit_test(tables_give_the_same_norms),
        cmocka_unit_test(tables_give_the_same_gates_and_turns),
        cmocka_unit_test(tables_give_the_same_attention),
        cmocka_unit_test(tables_store_the_same_numbers),
        cmocka_unit_test(what_is_not_finite_stays_so),
        cmocka_unit_test(the_largest_products_fit),
        cmocka_unit_test(half_numbers_round_to_nearest),
        cmocka_unit_test(norms_agree),
        cmocka_unit_test(gates_agree),
        cmocka_unit_test(rotations_agree),
        cmocka_unit_test(spans_agree),
        cmocka_unit_test(a_row_alone_gives_the_same_bits),
        cmocka_unit_test(merging_is_one_softmax),
    };
    find_tables();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
