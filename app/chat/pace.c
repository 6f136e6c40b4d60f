/* Pace: reading memory that is far larger than the caches. */
#include <config.h>

#include "app/chat/pace.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { THREADS_MOST = 8, ROUNDS = 3 };
#define BYTES (64UL << 20) /* of one thread */
/* Of what memory gives, engines reach about so much while they write. */
#define REACHED 0.8

struct reader {
    pthread_t thread;
    const uint64_t *from;
    volatile uint64_t sum; /* so that nothing is left out */
};

static void *read_all(void *context)
{
    struct reader *r = context;
    uint64_t sums[8] = {0};
    for (size_t i = 0; i < BYTES / sizeof *r->from; i += 8)
        for (size_t j = 0; j < 8; j++)
            sums[j] += r->from[i + j];
    for (size_t j = 0; j < 8; j++)
        r->sum += sums[j];
    return NULL;
}

/* Seconds of one round of all threads; 0: a thread can't be had. */
static double read_round(struct reader *readers, int n)
{
    const double started = clock_seconds();
    int running = 0;
    while (running < n && pthread_create(&readers[running].thread, NULL, read_all, &readers[running]) == 0)
        running++;
    for (int i = 0; i < running; i++)
        pthread_join(readers[i].thread, NULL);
    return running == n ? clock_seconds() - started : 0;
}

double pace_memory(void)
{
    struct reader readers[THREADS_MOST] = {0};
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const int n = cores < 1 ? 1 : cores > THREADS_MOST ? THREADS_MOST : (int)cores;
    char *memory = malloc((size_t)n * BYTES);
    double best = 0;
    if (memory == NULL)
        return 0;
    memset(memory, 1, (size_t)n * BYTES);
    for (int i = 0; i < n; i++)
        readers[i].from = (const uint64_t *)(const void *)(memory + (size_t)i * BYTES);
    for (int i = 0; i < ROUNDS; i++) {
        const double seconds = read_round(readers, n);
        if (seconds > 0 && (best <= 0 || seconds < best))
            best = seconds;
    }
    free(memory);
    return best > 0 ? (double)n * (double)BYTES / best : 0;
}

double pace_tokens(double memory, uint64_t weights)
{
    return weights > 0 ? REACHED * memory / (double)weights : 0;
}
