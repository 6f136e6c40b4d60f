/* Tests of what rounding activations to 8 bits costs: values that stand out are kept, and a real model's predictions stay
 * near those of the exact mode. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/prepare.h"
#include "tests/cmocka.h"
#include "tests/sanitized.h"
#include "tests/source.h"
#include "tests/unit/vectors.h"

enum { COLS = 576 };

/* Values between -1 and 1, in no order. */
static void fill(float x[COLS])
{
    for (int i = 0; i < COLS; i++)
        x[i] = (float)((i * 7919 + 13) % 2001 - 1000) / 1000.0f;
}

/* A tile of one column: its groups. */
static const struct tile_column *prepare_column(const float *x)
{
    static uint8_t tile[3 * TILE_GROUP] __attribute__((aligned(64)));
    kernels_portable.prepare(x, COLS, 1, COLS / KERNEL_BLOCK, tile);
    return (const struct tile_column *)tile;
}

static const struct tile_column *group_at(const struct tile_column *first, int group)
{
    return (const struct tile_column *)((const uint8_t *)first + (size_t)group * TILE_GROUP);
}

static void a_value_that_stands_out_is_kept(void **state)
{
    (void)state;
    float x[COLS];
    fill(x);
    x[300] = -90.0f;
    const struct tile_column *first = prepare_column(x), *second = group_at(first, 1);
    assert_int_equal(first->outliers, 0);
    assert_int_equal(second->outliers, 1);
    assert_int_equal(tile_outliers(second, 1, 0)->at, 300 - 256);
    assert_true(tile_outliers(second, 1, 0)->x[0] == -90.0f);
    assert_int_equal(second->i[300 - 256], 0);
    for (int i = 0; i < 256; i++) /* and the others have all of the 8 bits */
        if (i != 300 - 256)
            assert_true(fabsf(second->scale * (float)second->i[i] - x[256 + i]) <= 0.5001f / 127.0f);
}

static void only_so_many_are_kept_and_the_largest(void **state)
{
    (void)state;
    float x[COLS];
    memset(x, 0, sizeof x);
    for (int i = 0; i < 12; i++)
        x[20 * i + 1] = (float)(i + 20);
    const struct tile_column *first = prepare_column(x);
    assert_int_equal(first->outliers, OUTLIERS);
    for (int k = 0; k < OUTLIERS; k++)
        assert_int_equal(tile_outliers(first, 1, 0)[k].at, 20 * (k + 12 - OUTLIERS) + 1);
    assert_true(fabsf(first->scale * 127.0f - (float)(20 + 12 - OUTLIERS - 1)) < 1e-4f);
}

static void four_columns_share_a_list(void **state)
{
    (void)state;
    enum { W = 5 };
    static uint8_t tile[W * TILE_GROUP] __attribute__((aligned(64)));
    static float x[W][KERNEL_GROUP];
    for (int c = 0; c < W; c++)
        for (int i = 0; i < KERNEL_GROUP; i++)
            x[c][i] = (float)((i * 7919 + 13 * c) % 2001 - 1000) / 1000.0f;
    x[0][200] = x[2][200] = 50.0f;
    x[3][7] = -60.0f;
    x[4][9] = 70.0f;
    kernels_portable.prepare(x[0], KERNEL_GROUP, W, KERNEL_GROUP_BLOCKS, tile);
    const struct tile_column *columns = (const struct tile_column *)tile;
    const struct tile_outlier *list = tile_outliers(columns, W, 0);
    assert_int_equal(columns[0].outliers, 2);
    assert_int_equal(list[0].at, 7);
    assert_int_equal(list[1].at, 200);
    for (int c = 0; c < SHARED; c++) {
        assert_true(list[0].x[c] == (c == 3 ? -60.0f : 0.0f));
        assert_true(list[1].x[c] == (c == 0 || c == 2 ? 50.0f : 0.0f));
    }
    assert_int_equal(columns[SHARED].outliers, 1);
    assert_int_equal(tile_outliers(columns, W, SHARED)->at, 9);
    assert_true(tile_outliers(columns, W, SHARED)->x[0] == 70.0f);
}

/* -log p of the tokens after the first. */
static void score(const struct model *model, bool exact, const struct ids *ids, float *nll)
{
    struct error err = {0};
    const struct session_options options = {.context = 1024, .threads = 2, .batch = 256, .exact = exact};
    struct session *s = session_open(model, &options, &err);
    assert_non_null(s);
    assert_int_equal(session_score(s, ids->at, ids->n, nll, NULL, NULL, &err), ERR_NONE);
    session_free(s);
}

/* The first tokens of a text of this project. */
static void read_text(const struct model *model, size_t n, struct ids *ids)
{
    struct error err = {0};
    char path[4096], text[4000];
    snprintf(path, sizeof path, "%s/docs/developing.md", source_folder());
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_int_equal(tokenizer_encode(model_tokenizer(model), text, size, ids, &err), ERR_NONE);
    assert_true(ids->n >= n);
    ids->n = n;
}

/* Plain 8 bits with a scale for 32 values are 0.06 off, without a second thought about what stands out 0.07. Other texts
 * and more tokens: docs/performance.md. */
static void predictions_stay_near_the_exact_ones(void **state)
{
    (void)state;
    enum { N = 600 };
    struct error err = {0};
    char *path = vectors_default_model();
    if (path == NULL) {
        print_message("the model is not here: skipped\n");
        skip();
    }
    struct model *model = model_open(path, NULL, &err);
    assert_non_null(model);
    struct ids ids = {0};
    static float exact[N], fast[N];
    read_text(model, N, &ids);
    score(model, true, &ids, exact);
    score(model, false, &ids, fast);
    double off = 0, sum = 0, reference = 0;
    for (size_t i = 0; i + 1 < N; i++) {
        off += fabs((double)fast[i] - (double)exact[i]);
        sum += fast[i];
        reference += exact[i];
    }
    print_message("a token's nll is %.4f off, their mean %+.3f%%\n", off / (N - 1), 100 * (sum / reference - 1));
    assert_true(off / (N - 1) < 0.05);
    assert_true(fabs(sum / reference - 1) < 0.003);
    ids_free(&ids);
    model_free(model);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_that_stands_out_is_kept),
        cmocka_unit_test(only_so_many_are_kept_and_the_largest),
        cmocka_unit_test(four_columns_share_a_list),
        cmocka_unit_test(predictions_stay_near_the_exact_ones),
    };
    if (SANITIZED) /* the same functions as in test-forward, on 600 tokens */
        cmocka_set_skip_filter("predictions_stay_near_the_exact_ones");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
