/* Tests of the products of float weights: rows longer than a span, by each table, as few columns and as panels. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/kernels/floats.h"
#include "engine/kernels/half.h"
#include "engine/kernels/kernels.h"
#include "engine/run/matmul-floats.h"
#include "tests/cmocka.h"

enum { COLS = 2 * FLOAT_SPAN + 96, ROWS = 61, N = 31 };

static const enum tensor_type types[] = {TENSOR_F32, TENSOR_F16, TENSOR_BF16};
static const char *const tables[] = {"portable", "avx2", "avx512", "avx512bf16"};

static float number_at(uint32_t i)
{
    i = (i + 1) * 2654435761u;
    return (float)(int32_t)(i ^ i >> 15) / 2147483648.0f;
}

static uint8_t *make_weights(enum tensor_type type)
{
    const size_t size = tensor_traits(type)->block_bytes;
    uint8_t *data = malloc(ROWS * COLS * size);
    assert_non_null(data);
    for (uint32_t i = 0; i < ROWS * COLS; i++) {
        const float value = number_at(i);
        const uint16_t half = half_from_float(value);
        const char *from = type == TENSOR_BF16 ? (const char *)&value + 2 : (const char *)&value;
        memcpy(data + i * size, type == TENSOR_F16 ? (const void *)&half : from, size);
    }
    return data;
}

/* All rows of weights times n rows of x. */
static void multiply(const char *table, const struct tensor *weights, const float *x, size_t n, float *out)
{
    struct floats *f = floats_new(table, 1, COLS, N);
    assert_non_null(f);
    const struct floats_input in = {x, COLS, n, COLS};
    const struct matmul_job job = {weights, NULL, out, ROWS};
    for (size_t first = 0; first < n; first += floats_is_few(n) ? n : FLOATS_PREPARED)
        floats_prepare(f, 0, weights->type, &in, first);
    floats_multiply(f, 0, &job, &in, 0, ROWS, 0);
    floats_free(f);
}

static bool is_usable(const char *table)
{
    for (int i = 0; kernels_at(i) != NULL; i++)
        if (strcmp(kernels_at(i)->name, table) == 0)
            return true;
    return false;
}

static void each_table_gives_the_same_bits_for_any_batch(void **state)
{
    (void)state;
    static const size_t batches[] = {1, 2, 5, 8, 16, 17, N};
    static float x[N * COLS], want[N * ROWS], got[N * ROWS];
    for (uint32_t i = 0; i < N * COLS; i++)
        x[i] = number_at(i + 77);
    for (size_t type = 0; type < 3; type++) {
        uint8_t *data = make_weights(types[type]);
        const struct tensor weights = {.type = types[type], .rows = ROWS, .cols = COLS, .data = data};
        multiply("portable", &weights, x, N, want);
        for (size_t table = 0; table < sizeof tables / sizeof *tables; table++) {
            if (!is_usable(tables[table]))
                continue;
            if (strcmp(tables[table], "avx512bf16") == 0 && types[type] == TENSOR_BF16) /* rounds activations too */
                multiply(tables[table], &weights, x, N, want);
            for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
                multiply(tables[table], &weights, x, batches[b], got);
                assert_memory_equal(got, want, batches[b] * ROWS * sizeof *got);
            }
        }
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_table_gives_the_same_bits_for_any_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
