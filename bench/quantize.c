/* Times packing: `make bench/quantize && bench/quantize`.
 *
 * For each type rows of a 7B model's width, by one thread, without and with an importance of columns: millions of
 * elements a second, and rows, of processor time. The best of several repetitions is shown: other work on the machine
 * only ever slows them. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/engine.h"
#include "engine/kernels/quantize.h"
#include "engine/kernels/tensor.h"

enum { ROWS = 32, COLS = 4096, TRIES = 8 };

/* Of this process's processor time. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Rows a second, the best of several tries. */
static double best(enum tensor_type type, const float *x, const float *importance, void *out)
{
    double fastest = 1e9;
    for (int i = 0; i < TRIES; i++) {
        const double start = seconds();
        quantize_rows(type, x, ROWS, COLS, importance, out);
        const double took = seconds() - start;
        fastest = took < fastest ? took : fastest;
    }
    return ROWS / fastest;
}

/* Nearly normal. */
static float bell(void)
{
    float sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (float)(rand() % 2001 - 1000) * 1e-5f;
    return sum;
}

int main(void)
{
    float *x = malloc(sizeof *x * ROWS * COLS), *importance = malloc(sizeof *importance * COLS);
    void *out = malloc(sizeof *x * ROWS * COLS);
    if (x == NULL || importance == NULL || out == NULL) {
        fprintf(stderr, "bench/quantize: no memory\n");
        return 1;
    }
    srand(1);
    for (int i = 0; i < ROWS * COLS; i++)
        x[i] = bell();
    for (int i = 0; i < COLS; i++)
        importance[i] = (float)(rand() % 1000 + 1);
    printf("kernels %s, rows of %d\n", engine_kernels(), COLS);
    for (uint32_t type = 0; type < TENSOR_TYPE_LIMIT; type++) {
        if (tensor_traits(type) == NULL)
            continue;
        const double plain = best(type, x, NULL, out), weighted = best(type, x, importance, out);
        printf("%-6s %8.0f rows/s %7.1f M/s   with importance %8.0f rows/s %7.1f M/s\n", tensor_traits(type)->name,
               plain, plain * COLS * 1e-6, weighted, weighted * COLS * 1e-6);
    }
    free(x);
    free(importance);
    free(out);
    return 0;
}
