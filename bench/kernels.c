/* Times the matrix products alone: `make bench/kernels && bench/kernels [THREADS [TYPE...]]`.
 *
 * For each type a matrix of a 7B model's shape: decode (one activation row) in GB/s of weights, prefill (512 rows) in
 * GOP/s. Activations are as a model's: nearly all near zero, in each row a few that stand out, mostly in the same
 * columns. The best of several repetitions is shown: other work on the machine only ever slows them. With one thread its
 * processor time is taken, so that sharing the processor does not show. */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "engine/run/matmul.h"

enum { ROWS = 4096, COLS = 4096, COPIES = 24, N = 512 };

struct run {
    struct matmul *m;
    struct tensor weights;
    const float *x;
    float *out;
    size_t n;
    int copies;
};

static void work(void *context, int32_t thread, int32_t threads)
{
    (void)threads;
    const struct run *run = context;
    for (int copy = 0; copy < run->copies; copy++) {
        struct tensor t = run->weights;
        t.data = (const char *)t.data + (size_t)copy * tensor_row_bytes(&t) * ROWS;
        struct matmul_job job = {&t, NULL, run->out, ROWS};
        matmul_run(run->m, thread, &job, 1, run->x, COLS, run->n, NULL);
    }
}

static double seconds(struct pool *pool)
{
    struct timespec t;
    clock_gettime(pool_threads(pool) == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds for one product, the best of several tries. */
static double best(struct pool *pool, struct run *run, int tries)
{
    double fastest = 1e9;
    for (int i = 0; i < tries; i++) {
        double start = seconds(pool);
        pool_run(pool, work, run);
        double took = (seconds(pool) - start) / run->copies;
        fastest = took < fastest ? took : fastest;
    }
    return fastest;
}

static void measure(struct pool *pool, enum tensor_type type, const float *x, float *out)
{
    struct error err = {0};
    struct tensor t = {.type = type, .rows = ROWS, .cols = COLS};
    size_t bytes = tensor_row_bytes(&t) * ROWS;
    uint8_t *data = malloc(bytes * COPIES);
    struct matmul *m = matmul_new(pool, COLS, N, false, &err);
    if (data == NULL || m == NULL) {
        fprintf(stderr, "%s\n", data == NULL ? "no memory" : err.message);
        exit(1);
    }
    memset(data, 0x11, bytes * COPIES);
    t.data = data;
    struct run decode = {m, t, x, out, 1, COPIES}, prefill = {m, t, x, out, N, 1};
    double one = best(pool, &decode, 8), many = best(pool, &prefill, 8);
    printf("%-6s %-10s decode %6.1f GB/s   prefill %7.0f GOP/s\n", tensor_traits(type)->name, matmul_kernels(m),
           (double)bytes / one * 1e-9, 2.0 * ROWS * COLS * N / many * 1e-9);
    fflush(stdout);
    matmul_free(m);
    free(data);
}

/* Sums of six uniform numbers are near enough to a normal distribution. 0.7% stand out, most of them in 16 columns. */
static float activation(size_t row, size_t column)
{
    static uint32_t state = 1;
    float sum = -3;
    for (int i = 0; i < 6; i++) {
        state = state * 1664525 + 1013904223;
        sum += (float)(state >> 8) * 0x1p-24f;
    }
    const bool stands_out = column % (COLS / 16) == 7 || (row * 31 + column) % 300 == 0;
    return stands_out ? sum * 10 : sum;
}

static bool is_asked(const char *name, int n, char **names)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return n == 0;
}

int main(int argc, char **argv)
{
    static const enum tensor_type types[] = {
        TENSOR_Q4_0, TENSOR_Q4_1, TENSOR_Q5_0,   TENSOR_Q5_1,   TENSOR_Q8_0, TENSOR_Q2_K, TENSOR_Q3_K, TENSOR_Q4_K,
        TENSOR_Q5_K, TENSOR_Q6_K, TENSOR_IQ4_NL, TENSOR_IQ4_XS, TENSOR_BF16, TENSOR_F16,  TENSOR_F32,
    };
    struct error err = {0};
    struct pool *pool = pool_new(argc > 1 ? atoi(argv[1]) : engine_cores(), &err);
    float *x = malloc((size_t)N * COLS * sizeof *x), *out = malloc((size_t)N * ROWS * sizeof *out);
    if (pool == NULL || x == NULL || out == NULL) {
        fprintf(stderr, "%s\n", pool == NULL ? err.message : "no memory");
        return 1;
    }
    for (size_t i = 0; i < (size_t)N * COLS; i++)
        x[i] = activation(i / COLS, i % COLS);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is_asked(tensor_traits(types[i])->name, argc - 2 > 0 ? argc - 2 : 0, argv + 2))
            measure(pool, types[i], x, out);
    free(x);
    free(out);
    pool_free(pool);
    return 0;
}
