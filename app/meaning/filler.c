/* Filler: it rests while the engine answers and for a moment after each key, and looks every second whether the history has
 * changed. A failure (a full disk, a damaged file) ends what it has open; it begins anew a minute later. */
#include <config.h>

#include "app/meaning/filler.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "app/chat/models.h"
#include "app/meaning/fill.h"
#include "base/clock.h"
#include "engine/engine.h"

/* Seconds. */
#define REST 1.0          /* after a key */
#define REST_AT_FIRST 0.5 /* the first screen comes first */
#define LOOK_EVERY 1.0    /* at the history */
#define MODEL_EVERY 5.0   /* whether there is an encoder by now */
#define TROUBLE_EVERY 60.0
#define ELSEWHERE_EVERY 10.0
/* Nicer than all that people wait for, but not so much that leaving has to wait for it on a busy machine. */
enum { NICENESS = 10 };

struct filler {
    struct shared *shared;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool quit, busy;
    double rests_until; /* clock_seconds */
    struct meaning_state state;
};

/* ---- between the threads ---------------------------------------------------------------------------------------- */

static void wait_locked(struct filler *f, double seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const long long nanoseconds = until.tv_nsec + (long long)(seconds * 1e9);
    until.tv_sec += (time_t)(nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    pthread_cond_timedwait(&f->changed, &f->lock, &until);
}

/* Waits so long, and then until nobody needs the processors. False when the thread has to end. */
static bool wait_idle(struct filler *f, double seconds)
{
    const double until = clock_seconds() + seconds;
    pthread_mutex_lock(&f->lock);
    for (double left; !f->quit; wait_locked(f, left)) {
        left = f->busy ? REST : f->rests_until - clock_seconds();
        left = left > until - clock_seconds() ? left : until - clock_seconds();
        if (left <= 0)
            break;
    }
    const bool goes_on = !f->quit;
    pthread_mutex_unlock(&f->lock);
    return goes_on;
}

static bool goes_on(void *context)
{
    struct filler *f = context;
    pthread_mutex_lock(&f->lock);
    const bool on = !f->quit;
    pthread_mutex_unlock(&f->lock);
    return on;
}

void filler_pace(struct filler *f, bool busy)
{
    pthread_mutex_lock(&f->lock);
    f->busy = busy;
    pthread_mutex_unlock(&f->lock);
}

void filler_rest(struct filler *f)
{
    pthread_mutex_lock(&f->lock);
    f->rests_until = clock_seconds() + REST;
    pthread_mutex_unlock(&f->lock);
}

void filler_state(struct filler *f, struct meaning_state *out)
{
    pthread_mutex_lock(&f->lock);
    *out = f->state;
    pthread_mutex_unlock(&f->lock);
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

static void tell_progress(struct filler *f, const struct fill *fill, const struct model *model)
{
    struct meaning_state s = {.kind = fill_left(fill) > 0 ? MEANING_FILLING : MEANING_COMPLETE,
                              .done = fill_total(fill) - fill_left(fill),
                              .total = fill_total(fill),
                              .bytes = fill_bytes(fill)};
    models_label(model_info(model)->path, s.encoder, sizeof s.encoder);
    pthread_mutex_lock(&f->lock);
    f->state = s;
    pthread_mutex_unlock(&f->lock);
}

/* Returns the seconds after which it is tried again. */
static double tell_failure(struct filler *f, const struct error *err)
{
    const bool none = err->code == ERR_NOT_FOUND, elsewhere = err->code == ERR_BUSY;
    struct meaning_state s = {.kind = none ? MEANING_NO_MODEL : elsewhere ? MEANING_ELSEWHERE : MEANING_TROUBLE};
    snprintf(s.problem, sizeof s.problem, "%s", err->message);
    pthread_mutex_lock(&f->lock);
    f->state = s;
    pthread_mutex_unlock(&f->lock);
    return none ? MODEL_EVERY : elsewhere ? ELSEWHERE_EVERY : TROUBLE_EVERY;
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void become_nice(void)
{
#ifdef __linux__
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS); /* of this thread and those that it starts */
#endif
}

/* Half of the processors: the fans of a laptop are a disturbance too. */
static int32_t count_threads(const struct options *o)
{
    const int32_t half = engine_cores() / 2 > 0 ? engine_cores() / 2 : 1;
    return o->threads > 0 && o->threads < half ? o->threads : half;
}

/* Works until something fails or the thread has to end. */
static void fill_history(struct filler *f, struct fill *fill, const struct model *model, struct error *err)
{
    double pause = 0;
    while (err->code == ERR_NONE && wait_idle(f, pause)) {
        if (fill_look(fill, goes_on, f, err) == ERR_NONE && fill_left(fill) > 0)
            fill_step(fill, err);
        if (err->code == ERR_NONE)
            tell_progress(f, fill, model);
        pause = fill_left(fill) > 0 ? 0 : LOOK_EVERY;
    }
}

/* One attempt, which lasts as long as nothing fails; returns the seconds to wait for the next. */
static double try_history(struct filler *f)
{
    struct error err = {0};
    struct shared *s = f->shared;
    const struct model *model = shared_model(s, &err);
    if (model == NULL)
        return tell_failure(f, &err);
    if (access(s->history, F_OK) != 0)
        return LOOK_EVERY; /* nothing was saved yet */
    struct fill *fill = shared_make_folder(s, &err) == ERR_NONE
                            ? fill_open(s->history, s->file, model, count_threads(s->options), &err)
                            : NULL;
    if (fill != NULL)
        fill_history(f, fill, model, &err);
    fill_free(fill);
    return err.code == ERR_NONE || err.code == ERR_STOPPED ? 0 : tell_failure(f, &err);
}

static void *filler_run(void *context)
{
    struct filler *f = context;
    double pause = 0;
    become_nice();
    while (wait_idle(f, pause))
        pause = try_history(f);
    return NULL;
}

struct filler *filler_start(struct shared *shared, struct error *err)
{
    pthread_condattr_t attributes;
    struct filler *f = calloc(1, sizeof *f);
    if (f == NULL) {
        error_memory(err);
        return NULL;
    }
    f->shared = shared;
    f->state.kind = MEANING_STARTING;
    f->rests_until = clock_seconds() + REST_AT_FIRST;
    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&f->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    const int code = pthread_create(&f->thread, NULL, filler_run, f);
    if (code == 0)
        return f;
    error_system(err, ERR_MEMORY, code, "no thread can be started");
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
    return NULL;
}

void filler_free(struct filler *f)
{
    if (f == NULL)
        return;
    pthread_mutex_lock(&f->lock);
    f->quit = true;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}
