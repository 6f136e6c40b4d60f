/* Times the matrix products alone: `make bench/kernels && bench/kernels [THREADS]`.
 *
 * For each type a matrix of a 7B model's shape: decode (one activation row) in GB/s of weights, prefill (512 rows) in
 * GOP/s. The best of several repetitions is shown: other work on the machine only ever slows them. */
#include "config.h"

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
        matmul_run(run->m, thread, &job, 1, run->x, COLS, run->n);
    }
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds for one product, the best of several tries. */
static double best(struct pool *pool, struct run *run, int tries)
{
    double fastest = 1e9;
    for (int i = 0; i < tries; i++) {
        double start = seconds();
        pool_run(pool, work, run);
        double took = (seconds() - start) / run->copies;
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
        x[i] = (float)(i * 2654435761u % 1000) / 500.0f - 1.0f;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        measure(pool, types[i], x, out);
    free(x);
    free(out);
    pool_free(pool);
    return 0;
}
