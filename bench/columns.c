/* Times products with a few columns: `make bench/columns && bench/columns [THREADS [TYPE ...]]`.
 *
 * What a step of several tokens costs against a step of one decides whether drafts pay, and how many answers a machine
 * makes side by side. For each type: GB/s of weights with one column and the share of what plain reading of the same
 * memory reaches; then the cost of 2 to 16 columns relative to one. All are measured in turn, and the best of many
 * short rounds is shown, as other work on the machine only ever slows them. With one thread its processor time is
 * taken, so that sharing the processor does not show. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "engine/kernels/half.h"
#include "engine/run/matmul.h"

enum { ROWS = 2048, COLS = 4096, BYTES = 160 << 20, ROUNDS = 15 };
static const size_t columns[] = {1, 2, 3, 4, 5, 6, 8, 12, 16};
enum { N_COLUMNS = sizeof columns / sizeof *columns, N_MAX = 16 };

struct run {
    struct matmul *m;
    struct tensor weights;
    const float *x;
    float *out;
    size_t n; /* 0: the weights are only read */
    size_t copies, bytes;
    uint64_t sums[64];
};

static void read_part(struct run *run, int32_t thread, int32_t threads)
{
    const uint64_t *at = run->weights.data;
    const size_t words = run->bytes * run->copies / sizeof *at, first = words / (size_t)threads * (size_t)thread;
    uint64_t sums[8] = {0};
    for (size_t i = first; i + 8 <= first + words / (size_t)threads; i += 8)
        for (size_t j = 0; j < 8; j++)
            sums[j] += at[i + j];
    run->sums[thread % 64] = sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
}

static void work(void *context, int32_t thread, int32_t threads)
{
    struct run *run = context;
    if (run->n == 0) {
        read_part(run, thread, threads);
        return;
    }
    for (size_t copy = 0; copy < run->copies; copy++) {
        struct tensor t = run->weights;
        t.data = (const char *)t.data + copy * run->bytes;
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

static void measure(struct pool *pool, struct run *run, double reading, double best[N_COLUMNS])
{
    for (int round = 0; round < ROUNDS; round++)
        for (int i = -1; i < N_COLUMNS; i++) {
            run->n = i < 0 ? 0 : columns[i];
            const double start = seconds(pool);
            pool_run(pool, work, run);
            const double took = seconds(pool) - start;
            double *to = i < 0 ? &reading : &best[i];
            *to = round == 0 || took < *to ? took : *to;
        }
    const double total = (double)(run->bytes * run->copies);
    printf("%-7s %-10s %6.1f GB/s, %3.0f%% of reading's %.1f;", tensor_traits(run->weights.type)->name,
           matmul_kernels(run->m), total / best[0] * 1e-9, 100 * reading / best[0], total / reading * 1e-9);
    for (int i = 1; i < N_COLUMNS; i++)
        printf("  %d: %.2f", (int)columns[i], best[i] / best[0]);
    printf("\n");
    fflush(stdout);
}

/* Scales of normal size: denormal numbers take longer. */
static void fill(uint8_t *data, size_t bytes, uint32_t block_bytes)
{
    uint32_t state = 1;
    for (size_t i = 0; i < bytes; i++) {
        state = state * 1664525 + 1013904223;
        data[i] = (uint8_t)(state >> 24) & 0x3b;
    }
    const uint16_t one = half_from_float(0.01f);
    for (size_t at = 0; block_bytes >= 16 && at < bytes; at += block_bytes)
        memcpy(data + at, &one, sizeof one);
}

static void measure_type(struct pool *pool, enum tensor_type type, const float *x, float *out)
{
    struct error err = {0};
    struct run run = {.weights = {.type = type, .rows = ROWS, .cols = COLS}, .x = x, .out = out};
    run.bytes = tensor_row_bytes(&run.weights) * ROWS;
    run.copies = BYTES / run.bytes;
    uint8_t *data = malloc(run.bytes * run.copies);
    run.m = matmul_new(pool, COLS, N_MAX, false, &err);
    if (data == NULL || run.m == NULL) {
        fprintf(stderr, "%s\n", data == NULL ? "no memory" : err.message);
        exit(1);
    }
    fill(data, run.bytes * run.copies, tensor_traits(type)->block_bytes);
    run.weights.data = data;
    double best[N_COLUMNS];
    measure(pool, &run, 0, best);
    matmul_free(run.m);
    free(data);
}

static bool wanted(enum tensor_type type, char **names, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], tensor_traits(type)->name) == 0)
            return true;
    return n <= 0;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct pool *pool = pool_new(argc > 1 ? atoi(argv[1]) : engine_cores(), &err);
    float *x = malloc((size_t)N_MAX * COLS * sizeof *x), *out = malloc((size_t)N_MAX * ROWS * sizeof *out);
    if (pool == NULL || x == NULL || out == NULL) {
        fprintf(stderr, "%s\n", pool == NULL ? err.message : "no memory");
        return 1;
    }
    for (size_t i = 0; i < (size_t)N_MAX * COLS; i++)
        x[i] = (float)(i * 2654435761u % 1000) / 500.0f - 1.0f;
    for (enum tensor_type type = 0; type < TENSOR_TYPE_LIMIT; type++)
        if (tensor_traits(type) != NULL && wanted(type, argv + 2, argc - 2))
            measure_type(pool, type, x, out);
    free(x);
    free(out);
    pool_free(pool);
    return 0;
}
