/* Fetch: the thread, and what it has told. */
#include <config.h>

#include "app/screen/fetch.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/chat/chat.h"
#include "app/chat/supply.h"
#include "app/screen/said.h"
#include "app/screen/send.h"
#include "app/screen/status.h"
#include "base/clock.h"
#include "remote/remote.h"

enum { TICK = 200, NAP = 100 }; /* milliseconds */

struct screen_fetch {
    const struct options *options; /* NULL: nothing is being fetched */
    pthread_t thread;
    char name[80];
    double started; /* clock_seconds */
    _Atomic bool stop, ended;
    _Atomic int64_t done, total; /* bytes; total -1: unknown */
    /* the thread's until it has ended: */
    struct error error;
    char target[256]; /* the name of the model that has come */
};

struct screen_fetch *screen_fetch_new(void)
{
    return calloc(1, sizeof(struct screen_fetch));
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static bool on_progress(void *context, int64_t done, int64_t total)
{
    struct screen_fetch *f = context;
    f->done = done;
    f->total = total;
    return !f->stop;
}

static void on_file(void *context, const struct remote_file *file, int64_t from)
{
    (void)context, (void)file, (void)from;
}

static void on_note(void *context, const char *text)
{
    (void)context, (void)text;
}

static bool on_wait(void *context, int seconds, const char *why)
{
    const struct screen_fetch *f = context;
    const struct timespec nap = {.tv_nsec = NAP * 1000000L};
    (void)why;
    for (int i = 0; i < seconds * 1000 / NAP && !f->stop; i++)
        nanosleep(&nap, NULL);
    return !f->stop;
}

static enum error_code on_check(void *context, const char *path, struct error *err)
{
    struct error why = {0}; /* loading it says the same */
    (void)context;
    return supply_check(path, &why, err);
}

static void *fetch_thread(void *context)
{
    struct screen_fetch *f = context;
    struct supply supply = {0};
    struct remote_plan plan = {0};
    if (supply_open(&supply, f->options, &f->error) == ERR_NONE) {
        struct remote_options ro = supply_options(&supply);
        ro.watch = (struct remote_watch){f, on_progress, on_file, on_note, on_wait, on_check};
        if (remote_plan(&plan, f->name, &ro, &f->error) == ERR_NONE && remote_pull(&plan, &ro, &f->error) == ERR_NONE)
            snprintf(f->target, sizeof f->target, "%s", plan.target);
        remote_plan_free(&plan);
    }
    supply_free(&supply);
    f->ended = true;
    return NULL;
}

/* ---- beginning and ending --------------------------------------------------------------------------------------- */

static void end_thread(struct screen_fetch *f)
{
    if (f->options == NULL)
        return;
    f->stop = true;
    pthread_join(f->thread, NULL);
    f->options = NULL;
}

void screen_fetch_free(struct screen_fetch *fetch)
{
    if (fetch != NULL)
        end_thread(fetch);
    free(fetch);
}

/* "fetching smollm2 34%, 12 s left" */
static void tell_progress(struct screen *s)
{
    const struct screen_fetch *f = s->fetch;
    const int64_t done = f->done, total = f->total;
    const double passed = clock_seconds() - f->started;
    char text[128];
    if (total <= 0 || done <= 0)
        snprintf(text, sizeof text, "fetching %s", f->name);
    else
        snprintf(text, sizeof text, "fetching %s %d%%, %.0f s left", f->name, (int)(done * 100 / total),
                 passed * (double)(total - done) / (double)done);
    screen_status_beside(s, text);
}

enum error_code screen_fetch_begin(struct screen *s, const char *name, struct error *err)
{
    struct screen_fetch *f = s->fetch;
    if (f->options != NULL)
        return error_set(err, ERR_BUSY, "%s is being fetched; /model stops that", f->name);
    *f = (struct screen_fetch){.options = s->options, .started = clock_seconds(), .total = -1};
    snprintf(f->name, sizeof f->name, "%s", name);
    signal(SIGPIPE, SIG_IGN); /* libraries write into connections that others close */
    const int code = pthread_create(&f->thread, NULL, fetch_thread, f);
    if (code != 0) {
        f->options = NULL;
        return error_system(err, ERR_MEMORY, code, "no thread to fetch the model in");
    }
    tell_progress(s);
    return ERR_NONE;
}

void screen_fetch_stop(struct screen *s)
{
    s->fetch->stop = true;
}

const char *screen_fetch_name(const struct screen *s)
{
    return s->fetch->options != NULL ? s->fetch->name : NULL;
}

/* ---- what it does ----------------------------------------------------------------------------------------------- */

static void tell_end(struct screen *s)
{
    struct screen_fetch *f = s->fetch;
    char text[400];
    if (f->error.code == ERR_STOPPED) {
        snprintf(text, sizeof text, "stopped; /model continues fetching %s where it stopped", f->name);
    } else if (f->error.code != ERR_NONE) {
        screen_said_trouble(s, &f->error);
        return;
    } else if (chat_state(s->repl.chat) == CHAT_NO_MODEL) {
        snprintf(text, sizeof text, "/model %s", f->target);
        screen_send_slash(s, text);
        return;
    } else {
        snprintf(text, sizeof text, "%s has come; /model chooses it", f->target);
    }
    ui_remark(s->ui, false, text);
}

void screen_fetch_tick(struct screen *s)
{
    struct screen_fetch *f = s->fetch;
    if (f->options == NULL)
        return;
    if (!f->ended) {
        tell_progress(s);
        return;
    }
    end_thread(f);
    screen_status_beside(s, "");
    tell_end(s);
}

int screen_fetch_due(const struct screen *s)
{
    return s->fetch->options != NULL ? TICK : -1;
}
