/* Tests of the thread pool: everyone takes part, barriers hold, numbers are handed out once. */
#include <stdatomic.h>
#include <stdlib.h>

#include "engine/run/pool.h"
#include "tests/cmocka.h"

enum { MOST = 8, STAGES = 50, RUNS = 200 };

struct shared {
    struct pool *pool;
    int64_t plain[MOST]; /* written by its thread, read by all after a barrier: ThreadSanitizer looks on */
    _Atomic uint64_t taken;
    _Atomic int wrong;
};

static void stages(void *context, int32_t thread, int32_t threads)
{
    struct shared *s = context;
    for (int stage = 1; stage <= STAGES; stage++) {
        s->plain[thread] = stage;
        for (uint32_t n; (n = pool_take(s->pool)) < 20;)
            atomic_fetch_add(&s->taken, (uint64_t)n + 1);
        pool_barrier(s->pool, thread);
        for (int32_t other = 0; other < threads; other++)
            if (s->plain[other] != stage)
                atomic_fetch_add(&s->wrong, 1);
        pool_barrier(s->pool, thread);
    }
}

static void barriers_hold_and_numbers_come_once(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= MOST; threads = threads == 3 ? 8 : threads + 1) {
        struct error err = {0};
        struct shared s = {.pool = pool_new(threads, &err)};
        assert_non_null(s.pool);
        assert_int_equal(pool_threads(s.pool), threads);
        int runs = threads == 8 ? RUNS / 10 : RUNS;
        for (int run = 0; run < runs; run++)
            pool_run(s.pool, stages, &s);
        assert_int_equal(s.wrong, 0);
        assert_int_equal(s.taken, (uint64_t)runs * STAGES * 210);
        pool_free(s.pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(barriers_hold_and_numbers_come_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
