/* The events of a worker: a ring of fixed size, and a descriptor that wakes the reader once for a burst. */
#include "config.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>

#include "engine/engine.h"
#include "engine/run/worker.h"

double worker_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void worker_send(struct worker *w, const struct event *event)
{
    pthread_mutex_lock(&w->lock);
    while (w->waiting == WORKER_RING && !w->quit)
        pthread_cond_wait(&w->space, &w->lock);
    if (w->waiting < WORKER_RING) {
        w->ring[(w->first + w->waiting++) % WORKER_RING] = *event;
        if (w->waiting == 1)
            eventfd_write(w->wake, 1);
    }
    if (event->kind == EVENT_DONE || event->kind == EVENT_FAILED)
        (event->request != 0 && event->request == w->aside.request ? &w->aside : &w->main)->running = false;
    pthread_mutex_unlock(&w->lock);
}

bool worker_next(struct worker *w, struct event *out)
{
    pthread_mutex_lock(&w->lock);
    bool some = w->waiting > 0;
    if (some) {
        *out = w->ring[w->first];
        w->first = (w->first + 1) % WORKER_RING;
        w->waiting--;
        if (out->kind == EVENT_LOADED)
            w->model_shown = w->model;
        pthread_cond_signal(&w->space);
    }
    if (w->waiting == 0) {
        eventfd_t count;
        eventfd_read(w->wake, &count);
    }
    pthread_mutex_unlock(&w->lock);
    return some;
}

int worker_fd(const struct worker *w)
{
    return w->wake;
}
