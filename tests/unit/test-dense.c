/* Tests of the products of weights as float32: every table and every part of the work gives the bits of the plain sum. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kernels/dense.h"
#include "engine/kernels/half.h"
#include "engine/kernels/kernels.h"
#include "engine/run/dense.h"
#include "engine/run/pool.h"
#include "tests/cmocka.h"

enum { ROWS = 123, COLS = 2 * DENSE_SPAN + 37, N = 19, MOST_TABLES = 3 };

static float number_at(uint32_t i)
{
    i = (i + 1) * 2654435761u;
    return (float)(int32_t)(i ^ i >> 15) / 2147483648.0f;
}

/* The words of a type, and what they are in float32. */
static uint8_t *make_weights(enum tensor_type type, size_t n, float *unpacked)
{
    const size_t size = tensor_traits(type)->block_bytes;
    uint8_t *data = malloc(n * size);
    assert_non_null(data);
    for (uint32_t i = 0; i < n; i++) {
        const float value = number_at(i);
        const uint16_t half = half_from_float(value);
        const char *from = type == TENSOR_BF16 ? (const char *)&value + 2 : (const char *)&value;
        memcpy(data + i * size, type == TENSOR_F16 ? (const void *)&half : from, size);
    }
    tensor_traits(type)->unpack(data, unpacked, n);
    return data;
}

/* out[c][r], by the definition. */
static void multiply_plainly(const float *weights, const float *bias, const float *x, float *out)
{
    for (size_t c = 0; c < N; c++)
        for (size_t r = 0; r < ROWS; r++) {
            float sum = bias != NULL ? bias[r] : 0.0f;
            for (size_t k = 0; k < COLS; k++)
                sum = fmaf(weights[r * COLS + k], x[c * COLS + k], sum);
            out[c * ROWS + r] = sum;
        }
}

/* ---- all threads ------------------------------------------------------------------------------------------------- */

static float x[N * COLS], bias[ROWS], want[N * ROWS], got[N * ROWS], unpacked[ROWS * COLS];

struct running {
    struct dense *dense;
    struct matmul_job job;
    size_t n;
};

static void run_product(void *context, int32_t thread, int32_t threads)
{
    const struct running *r = context;
    (void)threads;
    dense_run(r->dense, thread, &r->job, 1, x, COLS, r->n);
}

static void check_products(const struct tensor *weights, const float *with_bias, int32_t threads)
{
    struct error err = {0};
    struct pool *pool = pool_new(threads, &err);
    struct running r = {dense_new(pool, COLS, &err), {weights, with_bias, got, ROWS}, 0};
    assert_non_null(r.dense);
    for (r.n = 1; r.n <= N; r.n++) {
        memset(got, 0, sizeof got);
        pool_run(pool, run_product, &r);
        assert_memory_equal(got, want, r.n * ROWS * sizeof *got);
    }
    dense_free(r.dense);
    pool_free(pool);
}

static void products_are_plain_sums_for_any_batch_and_threads(void **state)
{
    static const enum tensor_type types[] = {TENSOR_F32, TENSOR_F16, TENSOR_BF16};
    (void)state;
    for (uint32_t i = 0; i < N * COLS; i++)
        x[i] = number_at(i + 77);
    for (uint32_t i = 0; i < ROWS; i++)
        bias[i] = number_at(i + 7);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        uint8_t *data = make_weights(types[t], (size_t)ROWS * COLS, unpacked);
        const struct tensor weights = {.type = types[t], .rows = ROWS, .cols = COLS, .data = data};
        multiply_plainly(unpacked, bias, x, want);
        check_products(&weights, bias, (int32_t)(1 + t));
        free(data);
    }
}

/* Weights that lie in two places are gathered. */
static void weights_in_pieces_are_multiplied_too(void **state)
{
    enum { FIRST = 50 };
    (void)state;
    uint8_t *data = make_weights(TENSOR_F32, (size_t)ROWS * COLS, unpacked);
    const size_t row = COLS * sizeof(float);
    uint8_t *second = malloc((ROWS - FIRST) * row);
    assert_non_null(second);
    memcpy(second, data + FIRST * row, (ROWS - FIRST) * row);
    memset(data + FIRST * row, 0, (ROWS - FIRST) * row);
    const struct tensor_piece pieces[] = {
        {.data = data, .row = 0, .rows = FIRST, .cols = COLS},
        {.data = second, .row = FIRST, .rows = ROWS - FIRST, .cols = COLS},
    };
    const struct tensor weights = {.type = TENSOR_F32, .rows = ROWS, .cols = COLS, .pieces = pieces, .n_pieces = 2};
    multiply_plainly(unpacked, NULL, x, want);
    check_products(&weights, NULL, 2);
    free(second);
    free(data);
}

/* ---- one panel --------------------------------------------------------------------------------------------------- */

static size_t find_tables(const struct dense_kernels *out[MOST_TABLES])
{
    size_t n = 0;
    out[n++] = &dense_portable;
#ifdef CPU_X86
    for (int i = 0; kernels_at(i) != NULL; i++) {
        if (strcmp(kernels_at(i)->name, "avx2") == 0)
            out[n++] = &dense_avx2;
        if (strcmp(kernels_at(i)->name, "avx512") == 0)
            out[n++] = &dense_avx512;
    }
#endif
    return n;
}

/* Of `rows` rows and cols columns, in two goes: the second adds to what is there. */
static void check_panel(const struct dense_kernels *k, size_t rows, size_t cols)
{
    static float panel[DENSE_SPAN * DENSE_ROWS_MAX], zeros[DENSE_ROWS_MAX], out[N * DENSE_ROWS_MAX];
    const size_t whole = (rows + k->vector - 1) / k->vector * k->vector, half = cols / 2;
    const uint8_t *weights = (const uint8_t *)unpacked;
    k->f32(weights, COLS * sizeof(float), rows, half, 0, panel);
    k->multiply(panel, whole, half, x, COLS, N, zeros, out, whole);
    k->f32(weights + half * sizeof(float), COLS * sizeof(float), rows, cols - half, 0, panel);
    k->multiply(panel, whole, cols - half, x + half, COLS, N, NULL, out, whole);
    for (size_t c = 0; c < N; c++)
        for (size_t r = 0; r < whole; r++) {
            float sum = 0;
            for (size_t i = 0; r < rows && i < cols; i++)
                sum = fmaf(unpacked[r * COLS + i], x[c * COLS + i], sum);
            assert_memory_equal(&out[c * whole + r], &sum, sizeof sum);
        }
}

static void every_table_multiplies_panels_of_any_shape(void **state)
{
    static const size_t shapes[] = {1, 2, 8, 15, 16, 17, 31, 33, 48};
    const struct dense_kernels *tables[MOST_TABLES];
    const size_t n = find_tables(tables), shapes_n = sizeof shapes / sizeof *shapes;
    (void)state;
    free(make_weights(TENSOR_F32, (size_t)ROWS * COLS, unpacked));
    for (size_t t = 0; t < n; t++)
        for (size_t r = 0; r < shapes_n && shapes[r] <= tables[t]->rows; r++)
            for (size_t c = 0; c < shapes_n; c++)
                check_panel(tables[t], shapes[r], shapes[c]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_plain_sums_for_any_batch_and_threads),
        cmocka_unit_test(weights_in_pieces_are_multiplied_too),
        cmocka_unit_test(every_table_multiplies_panels_of_any_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
