/* Pace: reading memory that is far larger than the caches, and what models reached of that. */
#include <config.h>

#include "app/chat/pace.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { THREADS_MOST = 8, ROUNDS = 3 };
#define BYTES (64UL << 20) /* of one thread */
/* Of what memory gives, engines reach about so much while they write, as long as no model ran here. */
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

static double measure_memory(void)
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

void pace_measure(struct pace *p)
{
    if (p->memory <= 0)
        p->memory = measure_memory();
}

void pace_learn(struct pace *p, uint64_t weights, double tokens)
{
    if (p->n == PACE_RUNS || p->memory <= 0 || weights == 0 || tokens <= 0)
        return;
    const double share = tokens * (double)weights / p->memory;
    p->runs[p->n++] = (struct pace_run){.weights = (double)weights, .share = share};
}

/* What part of memory's speed a model of this size will reach. More than all of it was reached by guessing tokens, which
 * the next text may not allow. */
static double expected_share(const struct pace *p, uint64_t weights)
{
    double share = REACHED, nearest = INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        const double distance = fabs(log(p->runs[i].weights / (double)weights));
        if (distance >= nearest)
            continue;
        nearest = distance;
        share = p->runs[i].share < 1 ? p->runs[i].share : 1;
    }
    return share;
}

struct pace_rate pace_rate(const struct pace *p, uint64_t weights, double measured)
{
    if (measured > 0)
        return (struct pace_rate){PACE_MEASURED, measured};
    if (p->memory <= 0 || weights == 0)
        return (struct pace_rate){PACE_UNKNOWN, 0};
    return (struct pace_rate){PACE_EXPECTED, expected_share(p, weights) * p->memory / (double)weights};
}

const char *pace_kind_text(enum pace_kind kind)
{
    static const char *const texts[] = {"", [PACE_EXPECTED] = "expected", [PACE_MEASURED] = "measured"};
    return texts[kind];
}

const char *pace_text(struct pace_rate rate, char out[PACE_TEXT])
{
    *out = '\0';
    if (rate.kind != PACE_UNKNOWN)
        snprintf(out, PACE_TEXT, "%s%.*f t/s %s", rate.kind == PACE_EXPECTED ? "~" : "", rate.tokens < 10, rate.tokens,
                 pace_kind_text(rate.kind));
    return out;
}
