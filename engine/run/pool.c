/* The threads: a run counter that starts them, a barrier that joins them.
 *
 * Waiting is a short spin on a word, then a futex. The spin is long enough for the gaps between the stages of a small
 * model's layer (some microseconds); where there are more threads than processors, none spins. */
#include "config.h"

#include "engine/run/pool.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/run/cores.h"

enum { SPINS = 4000 };

/* A word that threads wait on, alone on its cache line. */
struct gate {
    _Alignas(64) _Atomic uint32_t word;
    _Atomic uint32_t sleepers;
};

struct thread_start {
    struct pool *pool;
    int32_t thread;
};

struct pool {
    struct gate runs;  /* counts pool_run calls; threads wait for the next */
    struct gate phase; /* counts barriers passed */
    _Alignas(64) _Atomic uint32_t arrived;
    _Alignas(64) _Atomic uint32_t taken;
    pool_work *work;
    void *context;
    bool quit;
    int32_t threads, started;
    int spins;
    pthread_t *handles;
    struct thread_start *starts;
};

static inline void relax(void)
{
#if defined __x86_64__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

/* Returns once the word is no longer `old`. */
static void gate_wait(struct gate *g, uint32_t old, int spins)
{
    for (int i = 0; i < spins; i++) {
        if (atomic_load_explicit(&g->word, memory_order_acquire) != old)
            return;
        relax();
    }
    while (atomic_load(&g->word) == old) {
        atomic_fetch_add(&g->sleepers, 1);
        syscall(SYS_futex, &g->word, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
        atomic_fetch_sub(&g->sleepers, 1);
    }
}

static void gate_open(struct gate *g)
{
    atomic_fetch_add(&g->word, 1);
    if (atomic_load(&g->sleepers) > 0)
        syscall(SYS_futex, &g->word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void pool_barrier(struct pool *p, int32_t thread)
{
    (void)thread;
    if (p->threads == 1) {
        atomic_store_explicit(&p->taken, 0, memory_order_relaxed);
        return;
    }
    uint32_t phase = atomic_load_explicit(&p->phase.word, memory_order_relaxed);
    if (atomic_fetch_add(&p->arrived, 1) + 1 == (uint32_t)p->threads) {
        atomic_store_explicit(&p->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&p->taken, 0, memory_order_relaxed);
        gate_open(&p->phase);
    } else {
        gate_wait(&p->phase, phase, p->spins);
    }
}

uint32_t pool_take(struct pool *p)
{
    return atomic_fetch_add_explicit(&p->taken, 1, memory_order_relaxed);
}

static void *pool_serve(void *start)
{
    struct pool *p = ((struct thread_start *)start)->pool;
    int32_t thread = ((struct thread_start *)start)->thread;
    for (uint32_t run = 0;; run++) {
        gate_wait(&p->runs, run, p->spins);
        if (p->quit)
            return NULL;
        p->work(p->context, thread, p->threads);
        pool_barrier(p, thread);
    }
}

void pool_run(struct pool *p, pool_work *work, void *context)
{
    p->work = work;
    p->context = context;
    atomic_store_explicit(&p->taken, 0, memory_order_relaxed);
    gate_open(&p->runs);
    work(context, 0, p->threads);
    pool_barrier(p, 0);
}

int32_t pool_threads(const struct pool *p)
{
    return p->threads;
}

struct pool *pool_new(int32_t threads, struct error *err)
{
    struct pool *p = aligned_alloc(64, (sizeof *p + 63) / 64 * 64);
    if (p == NULL) {
        error_memory(err);
        return NULL;
    }
    *p = (struct pool){.threads = threads, .started = 1};
    p->spins = threads <= cores_processors() ? SPINS : 0;
    p->handles = calloc((size_t)threads, sizeof *p->handles);
    p->starts = calloc((size_t)threads, sizeof *p->starts);
    if (p->handles == NULL || p->starts == NULL) {
        error_memory(err);
        pool_free(p);
        return NULL;
    }
    for (; p->started < threads; p->started++) {
        struct thread_start *start = &p->starts[p->started];
        *start = (struct thread_start){p, p->started};
        int failed = pthread_create(&p->handles[p->started], NULL, pool_serve, start);
        if (failed != 0) {
            error_system(err, ERR_MEMORY, failed, "cannot start thread %d of %d (use fewer with --threads)",
                         (int)p->started + 1, (int)threads);
            pool_free(p);
            return NULL;
        }
    }
    return p;
}

void pool_free(struct pool *p)
{
    if (p == NULL)
        return;
    p->quit = true;
    gate_open(&p->runs);
    for (int32_t i = 1; i < p->started; i++)
        pthread_join(p->handles[i], NULL);
    free(p->handles);
    free(p->starts);
    free(p);
}
