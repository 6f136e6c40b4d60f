/* Tests of the matrix products: every table against plain sums, against the portable table to the bit, and against
 * itself for any batch and any number of threads. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kernels/half.h"
#include "engine/kernels/kernels.h"
#include "engine/run/matmul.h"
#include "tests/cmocka.h"

static const enum tensor_type types[] = {
    TENSOR_F32,  TENSOR_F16,  TENSOR_BF16, TENSOR_Q4_0, TENSOR_Q4_1, TENSOR_Q5_0,   TENSOR_Q5_1,   TENSOR_Q8_0,
    TENSOR_Q2_K, TENSOR_Q3_K, TENSOR_Q4_K, TENSOR_Q5_K, TENSOR_Q6_K, TENSOR_IQ4_NL, TENSOR_IQ4_XS,
};
enum { N_TYPES = sizeof types / sizeof *types, COLS = 768, MAX_ROWS = 150, MAX_N = 41 };

static uint32_t random_state = 1;

static uint32_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static float random_float(void)
{
    return (float)(int32_t)random_bits() / 2147483648.0f;
}

static void put_half(uint8_t *at, float value)
{
    uint16_t h = half_from_float(value);
    memcpy(at, &h, 2);
}

/* Where the blocks of a type keep their half-precision scales; -1 ends. */
static const int *scale_offsets(enum tensor_type type)
{
    static const int first[] = {0, -1}, two[] = {0, 2, -1}, q2[] = {80, 82, -1}, q3[] = {108, -1}, q6[] = {208, -1};
    switch (type) {
    case TENSOR_Q4_1:
    case TENSOR_Q5_1:
    case TENSOR_Q4_K:
    case TENSOR_Q5_K: return two;
    case TENSOR_Q2_K: return q2;
    case TENSOR_Q3_K: return q3;
    case TENSOR_Q6_K: return q6;
    default: return first;
    }
}

enum fill { FILL_RANDOM, FILL_ZERO, FILL_ONES, FILL_EXTREME };

static struct tensor make_weights(enum tensor_type type, uint64_t rows, uint64_t cols, enum fill fill)
{
    const struct tensor_traits *traits = tensor_traits(type);
    struct tensor t = {.type = type, .rows = rows, .cols = cols};
    size_t bytes = tensor_row_bytes(&t) * rows;
    uint8_t *data = malloc(bytes);
    assert_non_null(data);
    for (size_t i = 0; i < bytes; i++)
        data[i] = fill == FILL_ZERO ? 0 : fill == FILL_ONES ? 0xff : (uint8_t)random_bits();
    for (size_t at = 0; at < bytes; at += traits->block_bytes) {
        float scale = fill == FILL_EXTREME ? (random_bits() & 1 ? 6e-8f : -60000.0f) : random_float() * 0.1f;
        if (type == TENSOR_F32) {
            memcpy(data + at, &scale, 4);
        } else if (type == TENSOR_F16) {
            put_half(data + at, scale);
        } else if (type == TENSOR_BF16) {
            memcpy(data + at, (const char *)&scale + 2, 2);
        } else {
            for (const int *offset = scale_offsets(type); *offset >= 0; offset++)
                put_half(data + at + *offset, *offset == 0 ? scale : random_float() * 0.1f);
        }
    }
    t.data = data;
    return t;
}

struct run {
    struct matmul *m;
    const struct matmul_job *jobs;
    int n_jobs;
    const float *x;
    size_t n;
};

static void work(void *context, int32_t thread, int32_t threads)
{
    (void)threads;
    const struct run *run = context;
    matmul_run(run->m, thread, run->jobs, run->n_jobs, run->x, COLS, run->n, NULL);
}

/* Y for n rows of x by one table on some threads. */
static void multiply(const char *table, int threads, bool exact, const struct matmul_job *jobs, int n_jobs,
                     const float *x, size_t n)
{
    struct error err = {0};
    setenv("PALAVER_KERNELS", table, 1);
    struct pool *pool = pool_new(threads, &err);
    assert_non_null(pool);
    struct matmul *m = matmul_new(pool, COLS, MAX_N, exact, &err);
    assert_non_null(m);
    assert_true(exact || strcmp(matmul_kernels(m), table) == 0);
    struct run run = {m, jobs, n_jobs, x, n};
    pool_run(pool, work, &run);
    matmul_free(m);
    pool_free(pool);
}

static float *random_x(void)
{
    float *x = malloc(MAX_N * COLS * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < MAX_N * COLS; i++)
        x[i] = random_float() * (i % 97 == 0 ? 20.0f : 1.0f);
    return x;
}

/* Weights times x in double precision; sizes receives the sum of the products' magnitudes. */
static double plain(const struct tensor *t, uint64_t row, const float *x, double *size)
{
    float *w = malloc(t->cols * sizeof *w);
    tensor_unpack_row(t, row, w);
    double sum = 0;
    *size = 0;
    for (uint64_t k = 0; k < t->cols; k++) {
        sum += (double)w[k] * x[k];
        *size += fabs((double)w[k] * x[k]);
    }
    free(w);
    return sum;
}

/* Rounding activations to 8 bits costs at most 1/254 of the largest of a block in each product; BF16 rounds to 8 bits
 * of mantissa. As part of the sum of magnitudes of random products the error is far below that. */
static void products_are_right(void **state)
{
    (void)state;
    float *x = random_x();
    static float out[MAX_N * MAX_ROWS];
    for (int i = 0; i < N_TYPES; i++) {
        struct tensor t = make_weights(types[i], 37, COLS, FILL_RANDOM);
        for (int exact = 0; exact < 2; exact++) {
            struct matmul_job job = {&t, NULL, out, MAX_ROWS};
            multiply("portable", 2, exact == 1, &job, 1, x, 9);
            double worst = 0;
            for (uint64_t row = 0; row < t.rows; row++)
                for (size_t c = 0; c < 9; c++) {
                    double size, want = plain(&t, row, x + c * COLS, &size);
                    double off = fabs(out[c * MAX_ROWS + row] - want) / (size + 1e-30);
                    worst = off > worst ? off : worst;
                }
            double bound = exact || t.type == TENSOR_F32 || t.type == TENSOR_F16 || t.type == TENSOR_BF16 ? 1e-6 : 0.02;
            print_message("%-6s %s largest error %.2g of the sum of magnitudes\n", tensor_traits(t.type)->name,
                          exact ? "exact" : "fast ", worst);
            assert_true(worst < bound);
        }
        free((void *)t.data);
    }
    free(x);
}

static void tables_agree(void **state)
{
    (void)state;
    static float want[MAX_N * MAX_ROWS], got[MAX_N * MAX_ROWS];
    static const enum fill fills[] = {FILL_RANDOM, FILL_ZERO, FILL_ONES, FILL_EXTREME};
    float *x = random_x();
    for (int table = 0; kernels_at(table) != NULL; table++)
        for (int i = 0; i < N_TYPES; i++)
            for (int fill = 0; fill < 4; fill++) {
                if (fills[fill] == FILL_ONES && types[i] <= TENSOR_F16)
                    continue; /* all bits set are NaN there */
                struct tensor t = make_weights(types[i], 83, COLS, fills[fill]);
                struct matmul_job a = {&t, NULL, want, MAX_ROWS}, b = {&t, NULL, got, MAX_ROWS};
                multiply("portable", 1, false, &a, 1, x, 11);
                multiply(kernels_at(table)->name, 1, false, &b, 1, x, 11);
                bool rounded = t.type == TENSOR_BF16 && strcmp(kernels_at(table)->name, "avx512bf16") == 0;
                for (uint64_t row = 0; row < t.rows; row++)
                    for (size_t c = 0; c < 11; c++) {
                        float w = want[c * MAX_ROWS + row], g = got[c * MAX_ROWS + row];
                        double size;
                        if (rounded) {
                            plain(&t, row, x + c * COLS, &size);
                            assert_true(fabsf(w - g) <= size * 0.004);
                        } else if (!(isnan(w) && isnan(g)) && memcmp(&w, &g, 4) != 0) {
                            fail_msg("%s %s row %d column %d: %.9g, portable %.9g", kernels_at(table)->name,
                                     tensor_traits(t.type)->name, (int)row, (int)c, g, w);
                        }
                    }
                free((void *)t.data);
            }
    free(x);
}

/* Rows and columns whose products all have one sign and as much as their norms allow: what is added in 16 bits must be
 * known to fit. In Q8_0 a few stretches of eight columns are about as large as may be, 64.5 beside 127. */
static struct tensor make_coherent(enum tensor_type type, uint64_t rows, const float *x)
{
    struct tensor t = make_weights(type, rows, COLS, FILL_ONES);
    for (uint64_t row = 0; row < rows && type == TENSOR_Q8_0; row++)
        for (int k = 0, most = 0; k < COLS; k++) {
            if (k % 8 == 0)
                most = (int)(k / 8 % 8 == 3 ? 58 + random_bits() % 12 : 1 + random_bits() % 30);
            uint8_t *block = (uint8_t *)t.data + row * tensor_row_bytes(&t) + (size_t)(k / 32 * 34);
            block[2 + k % 32] = (uint8_t)(x[k] < 0 ? -most : most);
        }
    for (size_t at = 0; at < tensor_row_bytes(&t) * rows; at += tensor_traits(type)->block_bytes)
        for (const int *offset = scale_offsets(type); *offset >= 0; offset++)
            put_half((uint8_t *)t.data + at + *offset, 0.01f);
    return t;
}

static void the_largest_products_agree(void **state)
{
    (void)state;
    static float want[MAX_N * MAX_ROWS], got[MAX_N * MAX_ROWS], x[MAX_N * COLS];
    for (int alike = 0; alike < 2; alike++) {
        for (size_t i = 0; i < MAX_N * COLS; i++) {
            const float size = i % 32 == 0 || alike ? 127 : (float)(60 + (i / 4 * 7919) % 68);
            x[i] = i % COLS * 2654435761u >> 31 && !alike ? -size : size;
        }
        for (int table = 0; kernels_at(table) != NULL; table++)
            for (int i = 0; i < N_TYPES; i++) {
                if (tensor_traits(types[i])->block == 1)
                    continue;
                struct tensor t = make_coherent(types[i], 48, x);
                struct matmul_job a = {&t, NULL, want, MAX_ROWS}, b = {&t, NULL, got, MAX_ROWS};
                multiply("portable", 1, false, &a, 1, x, MAX_N);
                multiply(kernels_at(table)->name, 1, false, &b, 1, x, MAX_N);
                for (size_t c = 0; c < MAX_N; c++)
                    if (memcmp(got + c * MAX_ROWS, want + c * MAX_ROWS, t.rows * 4) != 0)
                        fail_msg("%s %s: column %d differs", kernels_at(table)->name, tensor_traits(t.type)->name,
                                 (int)c);
                free((void *)t.data);
            }
    }
}

static void any_batch_and_any_threads_give_the_same_bits(void **state)
{
    (void)state;
    static const size_t batches[] = {1, 2, 7, 8, 9, MAX_N};
    static const uint64_t rows[] = {1, 5, 63, 65, 130};
    static const int threads[] = {1, 2, 3, 8};
    static float want[2][MAX_N * MAX_ROWS], got[2][MAX_N * MAX_ROWS];
    float *x = random_x(), bias[MAX_ROWS];
    for (int i = 0; i < MAX_ROWS; i++)
        bias[i] = random_float();
    for (int table = 0; kernels_at(table) != NULL; table++)
        for (int i = 0; i < N_TYPES; i++)
            for (int r = 0; r < 5; r++) {
                const char *name = kernels_at(table)->name;
                struct tensor t[2] = {make_weights(types[i], rows[r], COLS, FILL_RANDOM),
                                      make_weights(types[(i + 3) % N_TYPES], 33, COLS, FILL_RANDOM)};
                struct matmul_job jobs[2] = {{&t[0], bias, want[0], MAX_ROWS}, {&t[1], NULL, want[1], MAX_ROWS}};
                multiply(name, 1, false, jobs, 2, x, MAX_N);
                for (int b = 0; b < 6; b++) {
                    jobs[0].out = got[0];
                    jobs[1].out = got[1];
                    multiply(name, threads[(b + r) % 4], false, jobs, 2, x, batches[b]);
                    for (int j = 0; j < 2; j++)
                        for (size_t c = 0; c < batches[b]; c++)
                            if (memcmp(got[j] + c * MAX_ROWS, want[j] + c * MAX_ROWS, t[j].rows * 4) != 0)
                                fail_msg("%s %s: %d rows, column %d of %d differs on %d threads", name,
                                         tensor_traits(t[j].type)->name, (int)t[j].rows, (int)c, (int)batches[b],
                                         threads[(b + r) % 4]);
                }
                free((void *)t[0].data);
                free((void *)t[1].data);
            }
    free(x);
}

static void exact_products_do_not_depend_on_threads(void **state)
{
    (void)state;
    static float want[MAX_N * MAX_ROWS], got[MAX_N * MAX_ROWS];
    float *x = random_x();
    struct tensor t = make_weights(TENSOR_Q4_1, 150, COLS, FILL_RANDOM);
    for (int threads = 1; threads <= 8; threads++) {
        struct matmul_job job = {&t, NULL, threads == 1 ? want : got, MAX_ROWS};
        multiply("portable", threads, true, &job, 1, x, MAX_N);
        for (size_t c = 0; threads > 1 && c < MAX_N; c++)
            assert_memory_equal(got + c * MAX_ROWS, want + c * MAX_ROWS, t.rows * 4);
    }
    free((void *)t.data);
    free(x);
}

static void not_a_number_is_not_hidden(void **state)
{
    (void)state;
    static float out[2 * MAX_ROWS];
    float *x = random_x();
    struct tensor t = make_weights(TENSOR_Q4_0, 20, COLS, FILL_RANDOM);
    uint16_t nan = 0x7e00;
    memcpy((char *)t.data + 3 * tensor_row_bytes(&t), &nan, 2);
    for (int table = 0; kernels_at(table) != NULL; table++) {
        struct matmul_job job = {&t, NULL, out, MAX_ROWS};
        float kept = x[COLS + 5];
        x[COLS + 5] = NAN;
        multiply(kernels_at(table)->name, 1, false, &job, 1, x, 2);
        x[COLS + 5] = kept;
        for (int row = 0; row < 20; row++) {
            assert_int_equal(isnan(out[row]) != 0, row == 3);
            assert_true(isnan(out[MAX_ROWS + row]));
        }
    }
    free((void *)t.data);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_right),
        cmocka_unit_test(tables_agree),
        cmocka_unit_test(the_largest_products_agree),
        cmocka_unit_test(any_batch_and_any_threads_give_the_same_bits),
        cmocka_unit_test(exact_products_do_not_depend_on_threads),
        cmocka_unit_test(not_a_number_is_not_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
