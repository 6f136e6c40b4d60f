/* What this machine could do at best: `make bench/limits && bench/limits [THREADS]`, one JSON object.
 *
 * read: GB/s of memory read in order by all threads. int8: GOP/s of products of bytes added in 32 bits, by the widest
 * instructions at hand and by those of AVX2. float: GFLOP/s of fused multiply-adds. Nothing but registers is used for the
 * last three, so that no program can do better: the best of several rounds. Of reading it is the middle one, over more
 * than any cache holds, since what the memory of a shared machine brings changes by half from second to second. */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"

enum { ROUNDS = 7, MOST = 256, STEPS = 4000000, BYTES = 256 << 20 };

typedef double limit_work(const void *memory); /* how much was done */

struct limit_thread {
    pthread_t id;
    pthread_barrier_t *ready;
    limit_work *work;
    const void *memory;
    double done, seconds;
};

static double read_memory(const void *memory)
{
    const uint64_t *at = memory;
    uint64_t sums[8] = {0};
    for (size_t i = 0; i < BYTES / sizeof *at; i += 8)
        for (size_t j = 0; j < 8; j++)
            sums[j] += at[i + j];
    uint64_t sum = 0;
    for (size_t j = 0; j < 8; j++)
        sum += sums[j];
    __asm__ volatile("" : : "r"(sum));
    return BYTES;
}

#if defined CPU_X86
#include <immintrin.h>

/* Ten sums, so that none waits for its last product. */
#define TEN(step) step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9)

__attribute__((target("avx2,fma"))) static double float_avx2(const void *memory)
{
    (void)memory;
    __m256 sums[10] = {0}, a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(1.0f);
    for (int i = 0; i < STEPS; i++) {
#define STEP(n) \
    sums[n] = _mm256_fmadd_ps(sums[n], a, b); \
    __asm__ volatile("" : "+x"(sums[n]));
        TEN(STEP)
#undef STEP
    }
    return 10.0 * STEPS * 8 * 2;
}

__attribute__((target("avx512f"))) static double float_avx512(const void *memory)
{
    (void)memory;
    __m512 sums[10] = {0}, a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(1.0f);
    for (int i = 0; i < STEPS; i++) {
#define STEP(n) \
    sums[n] = _mm512_fmadd_ps(sums[n], a, b); \
    __asm__ volatile("" : "+v"(sums[n]));
        TEN(STEP)
#undef STEP
    }
    return 10.0 * STEPS * 16 * 2;
}

/* Products of two bytes added in 16 bits, these in 32. */
__attribute__((target("avx2"))) static double int8_avx2(const void *memory)
{
    (void)memory;
    __m256i sums[10] = {0}, w = _mm256_set1_epi8(3), x = w, ones = _mm256_set1_epi16(1);
    for (int i = 0; i < STEPS; i++) {
#define STEP(n) \
    sums[n] = _mm256_add_epi32(sums[n], _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), ones)); \
    __asm__ volatile("" : "+x"(sums[n]), "+x"(x));
        TEN(STEP)
#undef STEP
    }
    return 10.0 * STEPS * 32 * 2;
}

__attribute__((target("avx512f,avx512vnni"))) static double int8_avx512(const void *memory)
{
    (void)memory;
    __m512i sums[10] = {0}, w = _mm512_set1_epi32(0x03030303);
    for (int i = 0; i < STEPS; i++) {
#define STEP(n) \
    sums[n] = _mm512_dpbusd_epi32(sums[n], w, w); \
    __asm__ volatile("" : "+v"(sums[n]));
        TEN(STEP)
#undef STEP
    }
    return 10.0 * STEPS * 64 * 2;
}
#endif

/* Of this thread's work: other work on the machine is no limit of it. */
static double own_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *run_thread(void *context)
{
    struct limit_thread *t = context;
    pthread_barrier_wait(t->ready);
    const double started = own_seconds();
    t->done = t->work(t->memory);
    t->seconds = own_seconds() - started;
    return NULL;
}

static int by_rate(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The sums of the threads' rates in every round, the least first, in thousands of millions a second. */
static void measure(double rates[ROUNDS], limit_work *work, const uint8_t *memory, int threads)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct limit_thread all[MOST];
        pthread_barrier_t ready;
        double rate = 0;
        pthread_barrier_init(&ready, NULL, (unsigned)threads);
        for (int i = 0; i < threads; i++) {
            all[i] = (struct limit_thread){.ready = &ready,
                                           .work = work,
                                           .memory = memory == NULL ? NULL : memory + (size_t)i * BYTES};
            if (pthread_create(&all[i].id, NULL, run_thread, &all[i]) != 0) {
                fputs("no more threads can be started\n", stderr);
                exit(1);
            }
        }
        for (int i = 0; i < threads; i++) {
            pthread_join(all[i].id, NULL);
            rate += all[i].done / all[i].seconds * 1e-9;
        }
        pthread_barrier_destroy(&ready);
        rates[round] = rate;
    }
    qsort(rates, ROUNDS, sizeof *rates, by_rate);
}

static double best_rate(limit_work *work, int threads)
{
    double rates[ROUNDS];
    measure(rates, work, NULL, threads);
    return rates[ROUNDS - 1];
}

static double middle_rate(limit_work *work, const uint8_t *memory, int threads)
{
    double rates[ROUNDS];
    measure(rates, work, memory, threads);
    return rates[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    const int threads = argc > 1 ? atoi(argv[1]) : engine_cores();
    uint8_t *memory = threads > 0 && threads <= MOST ? malloc((size_t)threads * BYTES) : NULL;
    if (memory == NULL) {
        fprintf(stderr, "usage: limits [THREADS], 1 to %d, with %d MB of memory for each\n", MOST, BYTES >> 20);
        return 2;
    }
    memset(memory, 1, (size_t)threads * BYTES);
    printf("{\"threads\": %d, \"read\": %.1f", threads, middle_rate(read_memory, memory, threads));
#if defined CPU_X86
    const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni");
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        const double narrow = best_rate(int8_avx2, threads);
        printf(", \"int8_avx2\": %.0f, \"int8\": %.0f", narrow, wide ? best_rate(int8_avx512, threads) : narrow);
        printf(", \"float\": %.0f", best_rate(wide ? float_avx512 : float_avx2, threads));
    }
#endif
    puts("}");
    free(memory);
    return 0;
}
