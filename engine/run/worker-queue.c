/* The events of a worker: a ring of fixed size, and a descriptor that wakes the reader once for a burst.
 *
 * When the ring is full the thread waits for the reader, so nothing is lost and nothing grows. */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/eventfd.h>

#include "engine/engine.h"
#include "engine/run/worker.h"

void worker_send(struct worker *w, const struct event *event)
{
    struct service *s = w->service;
    pthread_mutex_lock(&s->lock);
    while (w->waiting == WORKER_RING && !w->quit)
        pthread_cond_wait(&s->changed, &s->lock);
    if (w->waiting < WORKER_RING) {
        w->ring[(w->first + w->waiting++) % WORKER_RING] = *event;
        if (w->waiting == 1)
            eventfd_write(w->wake, 1);
    }
    if (event->kind == EVENT_DONE || event->kind == EVENT_FAILED)
        (event->request != 0 && event->request == w->aside.request ? &w->aside : &w->main)->running = false;
    pthread_mutex_unlock(&s->lock);
}

bool worker_next(struct worker *w, struct event *out)
{
    struct service *s = w->service;
    pthread_mutex_lock(&s->lock);
    bool some = w->waiting > 0;
    if (some) {
        if (w->waiting == WORKER_RING)
            pthread_cond_signal(&s->changed);
        *out = w->ring[w->first];
        w->first = (w->first + 1) % WORKER_RING;
        w->waiting--;
        if (out->kind == EVENT_LOADED)
            w->model_shown = s->model;
    }
    if (w->waiting == 0) {
        eventfd_t count;
        eventfd_read(w->wake, &count);
    }
    pthread_mutex_unlock(&s->lock);
    return some;
}

int worker_fd(const struct worker *w)
{
    return w->wake;
}

bool worker_take_prompt(struct worker *w, struct prompt *out)
{
    pthread_mutex_lock(&w->service->lock);
    bool some = w->has_rendered;
    if (some)
        *out = w->rendered;
    w->has_rendered = false;
    pthread_mutex_unlock(&w->service->lock);
    return some;
}
