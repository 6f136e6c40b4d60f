/* Tests of the key/value cache in 8 bits: all tables of kernels make the same bits, alone and in a tile, what they make is
 * near what it stands for, and a session with it is near one with 16 bits and takes half the memory. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/kernels/layer-q8.h"
#include "engine/kernels/layer.h"
#include "tests/cmocka.h"
#include "tests/source.h"

enum { ROWS = 7, WIDEST = 200 };

static const struct layer_kernels *tables[3];
static int n_tables;

static void find_tables(void)
{
    tables[n_tables++] = &layer_portable_q8;
#ifdef CPU_X86
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        tables[n_tables++] = &layer_avx2_q8;
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        tables[n_tables++] = &layer_avx512_q8;
#endif
}

static void fill(float *x, size_t n, float range)
{
    static uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = ((float)(state >> 8) / 8388608.0f - 1.0f) * range;
    }
}

/* ---- one span --------------------------------------------------------------------------------------------------- */

/* A span of one head, as a table stores and reads it. */
struct fixture {
    int32_t width, padded;
    size_t keys, query, block; /* bytes */
    char *cache, *packed;
    const char *blocks[KV_SPAN / KV_BLOCK];
    int32_t visible[ROWS];
    float max[ROWS], sum[ROWS], *out;
};

static void fixture_make(struct fixture *f, const struct layer_kernels *k, int32_t width, const float *keys,
                         const float *values, const float *queries)
{
    *f = (struct fixture){.width = width, .padded = (width + KV_LANES - 1) / KV_LANES * KV_LANES};
    f->keys = layer_keys_bytes(KV_Q8_0, width);
    f->query = layer_query_bytes(KV_Q8_0, width);
    f->block = f->keys + layer_values_bytes(KV_Q8_0, width);
    f->cache = calloc(KV_SPAN / KV_BLOCK, f->block);
    f->packed = calloc(ROWS, f->query);
    f->out = calloc(ROWS * (size_t)f->padded, sizeof *f->out);
    for (int32_t i = 0; i < KV_SPAN / KV_BLOCK; i++)
        f->blocks[i] = f->cache + (size_t)i * f->block;
    for (int32_t p = 0; p < KV_SPAN; p++) {
        char *block = f->cache + (size_t)(p / KV_BLOCK) * f->block;
        k->store(keys + p * width, values + p * width, block, block + f->keys, p % KV_BLOCK, width, f->padded);
    }
    for (int32_t r = 0; r < ROWS; r++) {
        k->pack(queries + r * width, f->packed + (size_t)r * f->query, width);
        f->visible[r] = r == ROWS - 1 ? KV_SPAN : 1 + 37 * r;
    }
}

static void fixture_run(struct fixture *f, const struct layer_kernels *k, int32_t first, int32_t rows)
{
    const struct layer_span span = {.blocks = f->blocks,
                                    .keys = 0,
                                    .values = f->keys,
                                    .head_width = f->width,
                                    .padded = f->padded,
                                    .rows = rows,
                                    .queries = f->packed + (size_t)first * f->query,
                                    .visible = f->visible + first,
                                    .max = f->max + first,
                                    .sum = f->sum + first,
                                    .out = f->out + (size_t)first * (size_t)f->padded};
    k->span(&span);
}

static void fixture_free(struct fixture *f)
{
    free(f->cache);
    free(f->packed);
    free(f->out);
}

static float keys[KV_SPAN * WIDEST], values[KV_SPAN * WIDEST], queries[ROWS * WIDEST];
static const int32_t widths[] = {4, 16, 20, 32, 48, 64, 80, 128, 200};

static void make_numbers(void)
{
    fill(keys, KV_SPAN * WIDEST, 4);
    fill(values, KV_SPAN * WIDEST, 3);
    fill(queries, ROWS * WIDEST, 0.3f);
    fill(keys + 300, 100, 60); /* some that stand out, and some that are nothing */
    memset(values + 500, 0, 100 * sizeof *values);
}

static void tables_give_the_same_bits(void **state)
{
    (void)state;
    make_numbers();
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        struct fixture f, g;
        fixture_make(&f, tables[0], widths[w], keys, values, queries);
        fixture_run(&f, tables[0], 0, ROWS);
        for (int t = 1; t < n_tables; t++) {
            fixture_make(&g, tables[t], widths[w], keys, values, queries);
            fixture_run(&g, tables[t], 0, ROWS);
            assert_memory_equal(g.cache, f.cache, KV_SPAN / KV_BLOCK * f.block);
            assert_memory_equal(g.packed, f.packed, ROWS * f.query);
            assert_memory_equal(g.max, f.max, sizeof f.max);
            assert_memory_equal(g.sum, f.sum, sizeof f.sum);
            assert_memory_equal(g.out, f.out, ROWS * (size_t)f.padded * sizeof *f.out);
            fixture_free(&g);
        }
        fixture_free(&f);
    }
}

static void a_row_alone_gives_the_same_bits(void **state)
{
    (void)state;
    make_numbers();
    for (int t = 0; t < n_tables; t++)
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            struct fixture f, g;
            fixture_make(&f, tables[t], widths[w], keys, values, queries);
            fixture_make(&g, tables[t], widths[w], keys, values, queries);
            for (int32_t r = 0; r < ROWS; r++)
                fixture_run(&f, tables[t], r, 1);
            for (int32_t tile = 2; tile <= ROWS; tile++) {
                for (int32_t r = 0; r < ROWS; r += tile)
                    fixture_run(&g, tables[t], r, r + tile > ROWS ? ROWS - r : tile);
                assert_memory_equal(g.sum, f.sum, sizeof f.sum);
                assert_memory_equal(g.out, f.out, ROWS * (size_t)f.padded * sizeof *f.out);
            }
            fixture_free(&f);
            fixture_free(&g);
        }
}

/* One row's attention in double. */
static void attend(const struct fixture *f, int32_t row, double *out)
{
    double sum = 0;
    memset(out, 0, (size_t)f->width * sizeof *out);
    for (int32_t p = 0; p < f->visible[row]; p++) {
        double score = 0;
        for (int32_t i = 0; i < f->width; i++)
            score += (double)queries[row * f->width + i] * keys[p * f->width + i];
        sum += exp2(score);
        for (int32_t i = 0; i < f->width; i++)
            out[i] += exp2(score) * values[p * f->width + i];
    }
    for (int32_t i = 0; i < f->width; i++)
        out[i] /= sum;
}

/* Of values up to 3; scores are off by the 8 bits of a query and a key. */
static void it_is_near_what_it_stands_for(void **state)
{
    (void)state;
    double expected[WIDEST], squares = 0;
    size_t n = 0;
    make_numbers();
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        struct fixture f;
        fixture_make(&f, tables[n_tables - 1], widths[w], keys, values, queries);
        fixture_run(&f, tables[n_tables - 1], 0, ROWS);
        for (int32_t r = 0; r < ROWS; r++) {
            attend(&f, r, expected);
            for (int32_t i = 0; i < f.width; i++, n++)
                squares += pow((double)(f.out[r * f.padded + i] / f.sum[r]) - expected[i], 2);
            for (int32_t i = f.width; i < f.padded; i++)
                assert_true(f.out[r * f.padded + i] == 0);
        }
        fixture_free(&f);
    }
    print_message("attention: off by %.4f (rms)\n", sqrt(squares / (double)n));
    assert_true(sqrt(squares / (double)n) < 0.03);
}

/* A damaged model must not go unnoticed. */
static void what_is_not_finite_stays_so(void **state)
{
    (void)state;
    static const float wrong[] = {NAN, INFINITY, -INFINITY};
    enum { WIDTH = 64, AT = 100 * WIDTH + 40 };
    for (int t = 0; t < n_tables; t++)
        for (int w = 0; w < 3; w++)
            for (int where = 0; where < 3; where++) {
                make_numbers();
                *(where == 0 ? keys + AT : where == 1 ? values + AT : queries + (ROWS - 1) * WIDTH + 40) = wrong[w];
                struct fixture f;
                fixture_make(&f, tables[t], WIDTH, keys, values, queries);
                fixture_run(&f, tables[t], 0, ROWS);
                bool finite = true;
                for (int32_t i = 0; i < WIDTH; i++)
                    finite = finite && isfinite(f.out[(ROWS - 1) * f.padded + i] / f.sum[ROWS - 1]);
                assert_false(finite);
                fixture_free(&f);
            }
}

static void numbers_come_back_within_half_a_step(void **state)
{
    (void)state;
    float x[Q8_GROUP];
    int8_t q[Q8_GROUP];
    const float ranges[] = {0, 1e-35f, 1e-20f, 0.1f, 1, 3e4f, 1e30f};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        fill(x, Q8_GROUP, ranges[i]);
        x[5] = ranges[i];
        const float scale = q8_pack(x, q);
        for (int k = 0; k < Q8_GROUP; k++)
            assert_true(fabsf(x[k] - scale * q[k]) <= (ranges[i] < 1e-30f ? ranges[i] : 0.5001f * scale));
        assert_true(ranges[i] < 1e-30f || q[5] == 127);
    }
    x[3] = NAN;
    assert_true(isinf(q8_pack(x, q))); /* which the largest of several never skips, as it may NaN */
    x[3] = -INFINITY;
    assert_true(isinf(q8_pack(x, q)));
}

/* ---- sessions --------------------------------------------------------------------------------------------------- */

enum { TOKENS = 150 };

static struct model *open_model(void)
{
    char path[4096];
    struct error err = {0};
    snprintf(path, sizeof path, "%s/tests/fixtures/tiny-llama.gguf", source_folder());
    struct model *model = model_open(path, NULL, &err);
    assert_non_null(model);
    return model;
}

static struct session *open_session(const struct model *model, enum cache_type cache, int32_t threads, int32_t batch)
{
    struct error err = {0};
    const struct session_options options = {.context = 200, .threads = threads, .batch = batch, .cache = cache};
    struct session *s = session_open(model, &options, &err);
    assert_non_null(s);
    return s;
}

static void a_session_has_the_same_bits_in_any_batch(void **state)
{
    (void)state;
    struct model *model = open_model();
    const size_t size = (size_t)model_info(model)->vocab * sizeof(float);
    struct session *one = open_session(model, CACHE_Q8_0, 2, 0), *other = open_session(model, CACHE_Q8_0, 3, 7);
    struct session *half = open_session(model, CACHE_F16, 2, 0);
    int32_t ids[TOKENS];
    for (int32_t i = 0; i < TOKENS; i++)
        ids[i] = 1 + i * 7919 % 250;
    assert_int_equal(session_sync(one, ids, TOKENS, NULL, NULL, NULL, NULL), ERR_NONE);
    assert_int_equal(session_sync(half, ids, TOKENS, NULL, NULL, NULL, NULL), ERR_NONE);
    assert_int_equal(session_sync(other, ids, 100, NULL, NULL, NULL, NULL), ERR_NONE);
    for (int32_t i = 100; i < TOKENS; i++)
        assert_int_equal(session_push(other, ids[i], NULL), ERR_NONE);
    assert_memory_equal(session_logits(one), session_logits(other), size);
    double off = 0, all = 0;
    for (int32_t i = 0; i < model_info(model)->vocab; i++) {
        off += pow((double)session_logits(one)[i] - session_logits(half)[i], 2);
        all += pow(session_logits(half)[i], 2);
    }
    print_message("logits: off by %.4f of their size\n", sqrt(off / all));
    assert_true(off > 0 && sqrt(off / all) < 0.25); /* random weights make much of little */
    session_free(one);
    session_free(other);
    session_free(half);
    model_free(model);
}

static void it_takes_about_half_the_memory(void **state)
{
    (void)state;
    struct model *model = open_model();
    struct memory_plan plans[2];
    for (int i = 0; i < 2; i++)
        model_plan(model, &(struct session_options){.context = 128, .cache = i == 0 ? CACHE_F16 : CACHE_Q8_0},
                   LOAD_AS_IS, false, &plans[i]);
    const double part = (double)plans[1].cache / (double)plans[0].cache;
    const int32_t width = model_info(model)->head_width, groups = (width + Q8_GROUP - 1) / Q8_GROUP;
    print_message("%.3f of the memory, heads of %d\n", part, (int)width);
    assert_true(fabs(part - 34.0 * groups / (2.0 * width + 4)) < 0.1);
    model_free(model);
}

static void the_exact_mode_has_no_8_bits(void **state)
{
    (void)state;
    struct error err = {0};
    struct model *model = open_model();
    assert_null(session_open(model, &(struct session_options){.exact = true, .cache = CACHE_Q8_0}, &err));
    assert_int_equal(err.code, ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "--cache-type"));
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_give_the_same_bits),
        cmocka_unit_test(a_row_alone_gives_the_same_bits),
        cmocka_unit_test(it_is_near_what_it_stands_for),
        cmocka_unit_test(what_is_not_finite_stays_so),
        cmocka_unit_test(numbers_come_back_within_half_a_step),
        cmocka_unit_test(a_session_has_the_same_bits_in_any_batch),
        cmocka_unit_test(it_takes_about_half_the_memory),
        cmocka_unit_test(the_exact_mode_has_no_8_bits),
    };
    find_tables();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
