/* The threads: one pool that runs a function on all of its threads and waits for them.
 *
 * The thread that calls pool_run takes part as thread 0. Between runs the others spin briefly, then sleep. */
#ifndef PALAVER_ENGINE_RUN_POOL_H
#define PALAVER_ENGINE_RUN_POOL_H

#include <stdint.h>

#include "base/error.h"

struct pool;

/* threads >= 1, the caller counted. */
struct pool *pool_new(int32_t threads, struct error *err);
void pool_free(struct pool *p);
int32_t pool_threads(const struct pool *p);

typedef void pool_work(void *context, int32_t thread, int32_t threads);
/* Runs work once on every thread and returns when all are done. */
void pool_run(struct pool *p, pool_work *work, void *context);
/* Inside a run: waits until every thread of the pool has come here. */
void pool_barrier(struct pool *p, int32_t thread);
/* Inside a run: each call by any thread gives the next of 0, 1, 2, ...; the caller knows which number is too large.
 * The counter starts at 0 with each pool_run and after each pool_barrier. */
uint32_t pool_take(struct pool *p);

#endif
