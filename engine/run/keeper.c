/* The keeper. Jobs are one or two; a newer one for the same name takes the place of one that has not begun. */
#include <config.h>

#include "engine/run/keeper.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/forward.h"
#include "engine/run/kv.h"
#include "engine/run/runner.h"
#include "engine/run/saved-folder.h"
#include "engine/run/saved.h"
#include "engine/run/session.h"

enum {
    LEAST_SAVED = 32,       /* tokens that are faster read from disk than computed, on any machine */
    LAST_BYTES = 256 << 20, /* what is written yet when the program ends: a part of a second */
};

struct job {
    struct job *next;
    struct session *session;
    char name[SAVED_NAME_MOST];
};

struct keeper {
    char *folder;
    uint64_t most, origin;
    struct runner *runner;
    keeper_done *done;
    void *context;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct job *waiting, *written;
    bool ends;
};

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static bool goes_on(void *context, uint64_t left)
{
    struct keeper *k = context;
    pthread_mutex_lock(&k->lock);
    const bool ends = k->ends;
    pthread_mutex_unlock(&k->lock);
    return !ends || left <= LAST_BYTES;
}

static void write_job(struct keeper *k, const struct job *job)
{
    struct error ignored = {0}; /* `palaver doctor` tells */
    const struct saved_session s = {.origin = k->origin,
                                    .kv = session_kv(job->session),
                                    .ids = session_ids(job->session),
                                    .n = session_length(job->session)};
    saved_write(k->folder, job->name, &s, k->most, goes_on, k, &ignored);
}

static void *keeper_run(void *keeper)
{
    struct keeper *k = keeper;
    pthread_mutex_lock(&k->lock);
    for (;;) {
        struct job *job = k->waiting;
        if (job == NULL && k->ends)
            break;
        if (job == NULL) {
            pthread_cond_wait(&k->changed, &k->lock);
            continue;
        }
        k->waiting = job->next;
        pthread_mutex_unlock(&k->lock);
        write_job(k, job);
        pthread_mutex_lock(&k->lock);
        job->next = k->written;
        k->written = job;
        pthread_mutex_unlock(&k->lock);
        k->done(k->context);
        pthread_mutex_lock(&k->lock);
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

/* ---- the service's thread --------------------------------------------------------------------------------------- */

static uint64_t origin_of(const struct runner *r)
{
    struct kv kv = {0};
    struct error ignored = {0};
    const bool ok = forward_kv_init(r->forward, &kv, KV_BLOCK, &ignored);
    const uint64_t origin = ok ? saved_origin(r->model, forward_kernels(r->forward), &kv) : 0;
    kv_free(&kv);
    return origin;
}

struct keeper *keeper_new(const char *folder, uint64_t most, struct runner *r, keeper_done *done, void *context)
{
    struct keeper *k = calloc(1, sizeof *k);
    if (k == NULL || (k->folder = strdup(folder)) == NULL) {
        free(k);
        return NULL;
    }
    k->most = most;
    k->runner = r;
    k->origin = origin_of(r);
    k->done = done;
    k->context = context;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->changed, NULL);
    return k;
}

static void free_jobs(struct job *job)
{
    while (job != NULL) {
        struct job *next = job->next;
        session_free(job->session);
        free(job);
        job = next;
    }
}

void keeper_free(struct keeper *k)
{
    if (k == NULL)
        return;
    pthread_mutex_lock(&k->lock);
    k->ends = true;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(&k->lock);
    if (k->has_thread)
        pthread_join(k->thread, NULL);
    free_jobs(k->waiting);
    free_jobs(k->written);
    pthread_cond_destroy(&k->changed);
    pthread_mutex_destroy(&k->lock);
    free(k->folder);
    free(k);
}

/* Puts a job last, in the place of an older one of its name, which is returned. */
static struct job *place_job_locked(struct keeper *k, struct job *job)
{
    struct job *old = NULL, **at = &k->waiting;
    while (*at != NULL) {
        if (strcmp((*at)->name, job->name) != 0) {
            at = &(*at)->next;
            continue;
        }
        old = *at;
        *at = old->next;
        old->next = NULL;
    }
    *at = job;
    pthread_cond_signal(&k->changed);
    return old;
}

void keeper_save(struct keeper *k, const struct session *s, const char *name)
{
    struct error ignored = {0};
    if (session_length(s) < LEAST_SAVED)
        return;
    if (!k->has_thread)
        k->has_thread = pthread_create(&k->thread, NULL, keeper_run, k) == 0;
    struct job *job = k->has_thread ? calloc(1, sizeof *job) : NULL;
    if (job == NULL)
        return;
    snprintf(job->name, sizeof job->name, "%s", name);
    job->session = session_fork(s, session_length(s), session_capacity(s), &ignored);
    if (job->session == NULL) {
        free(job);
        return;
    }
    pthread_mutex_lock(&k->lock);
    struct job *old = place_job_locked(k, job);
    pthread_mutex_unlock(&k->lock);
    free_jobs(old);
}

void keeper_restore(struct keeper *k, struct session *s, const int32_t *ids, size_t n, bool untouched)
{
    struct kv kv;
    struct error ignored = {0}; /* then it is computed */
    const size_t have = session_common(s, ids, n),
                 most = n < (size_t)session_capacity(s) ? n : (size_t)session_capacity(s);
    if (most < have + LEAST_SAVED || !forward_kv_init(k->runner->forward, &kv, session_capacity(s), &ignored))
        return;
    struct saved_file file = saved_find(k->folder, k->origin, &kv, ids, most, have + LEAST_SAVED);
    file.untouched = untouched;
    const size_t good = file.fd >= 0 ? saved_read(&file, &kv, k->runner->pool) : 0;
    if (good > have)
        session_take(s, &kv, ids, good);
    saved_close(&file);
    kv_free(&kv);
}

bool keeper_has_done(struct keeper *k)
{
    pthread_mutex_lock(&k->lock);
    const bool some = k->written != NULL;
    pthread_mutex_unlock(&k->lock);
    return some;
}

void keeper_collect(struct keeper *k)
{
    pthread_mutex_lock(&k->lock);
    struct job *written = k->written;
    k->written = NULL;
    pthread_mutex_unlock(&k->lock);
    free_jobs(written);
}
