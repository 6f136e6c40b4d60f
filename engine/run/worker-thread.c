/* The thread of a service: opens the model, then does one task after another for the workers in turn. */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/runner.h"
#include "engine/run/chooser.h"
#include "engine/run/worker.h"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* Requests aside have sessions of their own, which may be longer than that of a short conversation. */
static struct session_options runner_options(const struct session_options *wanted)
{
    struct session_options o = *wanted;
    if (o.context > 0 && o.context < 2 * WORKER_ASIDE_MOST)
        o.context = 2 * WORKER_ASIDE_MOST;
    return o;
}

/* A worker that is freed while it loads doesn't wait for the end. */
static bool tell_loading(void *worker, uint64_t done, uint64_t total)
{
    struct worker *w = worker;
    const struct event event = {.kind = EVENT_LOADING, .done = (size_t)(done >> 10), .total = (size_t)(total >> 10)};
    worker_send(w, &event);
    pthread_mutex_lock(&w->service->lock);
    const bool goes_on = !w->quit;
    pthread_mutex_unlock(&w->service->lock);
    return goes_on;
}

/* There is something to collect. */
static void wake_service(void *service)
{
    struct service *s = service;
    pthread_mutex_lock(&s->lock);
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static bool open_service(struct worker *w, struct error *err)
{
    struct service *s = w->service;
    const struct session_options options = runner_options(&s->options);
    s->own = model_open(s->model_path, NULL, err);
    if (s->own != NULL && model_load_in(s->own, s->load, options.threads, tell_loading, w, err) == ERR_NONE)
        s->runner = runner_open(s->own, &options, err);
    if (s->runner != NULL && s->saved_folder != NULL)
        s->keeper = keeper_new(s->saved_folder, s->saved_most, s->runner, wake_service, s);
    s->history = suffix_new(LONGEST_HISTORY);
    pthread_mutex_lock(&s->lock);
    s->failed = s->runner == NULL;
    s->model = s->failed ? NULL : s->own;
    pthread_mutex_unlock(&s->lock);
    return !s->failed;
}

static bool open_session(struct worker *w, struct error *err)
{
    struct service *s = w->service;
    if (s->failed)
        error_set(err, ERR_BUSY, "no model is open");
    else if (s->runner != NULL || open_service(w, err))
        w->session = session_new(s->runner, w->context, err);
    if (w->session == NULL || !chooser_open(&w->chooser, model_tokenizer(s->model), err))
        return false;
    if (w->speculate != SPECULATE_OFF)
        w->speculation =
            speculation_new(w->speculate, session_capacity(w->session), s->history, &s->runner->costs, err);
    return w->speculate == SPECULATE_OFF || w->speculation != NULL;
}

static void open_worker(struct worker *w)
{
    struct event event = {.kind = EVENT_LOADED};
    bool ok = open_session(w, &event.error);
    pthread_mutex_lock(&w->service->lock);
    w->opened = true;
    w->failed = !ok;
    pthread_mutex_unlock(&w->service->lock);
    event.kind = ok ? EVENT_LOADED : EVENT_FAILED;
    worker_send(w, &event);
}

/* ---- tasks ------------------------------------------------------------------------------------------------------ */

enum task { TASK_NONE, TASK_OPEN, TASK_BEGIN_ASIDE, TASK_STEP_ASIDE, TASK_BEGIN, TASK_STEP, TASK_TELL, TASK_PREVIEW };

/* What is to be done next for a worker. */
static enum task next_task_locked(const struct worker *w)
{
    const struct answer *a = &w->main_answer;
    if (w->quit || (w->opened && w->waiting == WORKER_RING)) /* the reader comes first */
        return TASK_NONE;
    if (!w->opened)
        return TASK_OPEN;
    if (w->aside_answer.active)
        return TASK_STEP_ASIDE;
    if (w->aside.pending)
        return TASK_BEGIN_ASIDE;
    if (a->active && !answer_must_wait_locked(a))
        return TASK_STEP;
    if (a->active)
        return a->waits && a->settings_number == w->main.settings_number ? TASK_NONE : TASK_TELL;
    if (w->main.pending)
        return TASK_BEGIN;
    return w->preview ? TASK_PREVIEW : TASK_NONE;
}

/* The worker whose turn it is: the first after the last one that has something to do; NULL when there is none. */
static struct worker *next_worker_locked(const struct service *s, const struct worker *last, enum task *task)
{
    struct worker *first = NULL;
    enum task first_task = TASK_NONE;
    bool after = false;
    for (struct worker *w = s->workers; w != NULL; after = after || w == last, w = w->next) {
        *task = next_task_locked(w);
        if (*task != TASK_NONE && after)
            return w;
        if (*task != TASK_NONE && first == NULL) {
            first = w;
            first_task = *task;
        }
    }
    *task = first_task;
    return first;
}

static struct answer *answer_of(struct worker *w, enum task task)
{
    return task == TASK_BEGIN_ASIDE || task == TASK_STEP_ASIDE ? &w->aside_answer : &w->main_answer;
}

/* The part of a task that looks at orders. */
static void take_task_locked(struct worker *w, enum task task, struct sampling *preview)
{
    struct answer *a = answer_of(w, task);
    if (task == TASK_BEGIN || task == TASK_BEGIN_ASIDE) {
        struct order *o = task == TASK_BEGIN ? &w->main : &w->aside;
        *a = (struct answer){.worker = w,
                             .order = o,
                             .request = o->request,
                             .settings = o->settings,
                             .forced = -1,
                             .settings_number = o->settings_number,
                             .question = o->question};
        o->question = (struct question){0};
        o->pending = false;
        if (task == TASK_BEGIN)
            memcpy(a->keep, w->keep, sizeof a->keep);
        w->preview = w->preview && task == TASK_BEGIN_ASIDE;
    } else if (task == TASK_PREVIEW) {
        *preview = w->preview_settings;
        w->preview = false;
    } else if (task == TASK_TELL) {
        answer_take_settings_locked(a);
    } else if (task == TASK_STEP || task == TASK_STEP_ASIDE) {
        answer_take_turn_locked(a);
    }
}

/* A session for this prompt and its answer alone, and a sampler: the conversation's keep their state. */
static void begin_aside(struct worker *w, struct answer *a)
{
    struct error err = {0};
    size_t most = a->settings.max_new_tokens > 0 ? (size_t)a->settings.max_new_tokens : 0;
    pthread_mutex_lock(&w->service->lock);
    bool stop = answer_must_stop_locked(a);
    pthread_mutex_unlock(&w->service->lock);
    a->chooser = calloc(1, sizeof *a->chooser);
    if (a->chooser == NULL)
        error_memory(&err);
    else if (!stop && (a->session = session_new(w->service->runner, (int32_t)(a->question.n_ids + most), &err)) != NULL)
        chooser_open(a->chooser, model_tokenizer(w->service->model), &err);
    if (a->chooser != NULL && a->chooser->sampler != NULL)
        answer_begin(a);
    else
        answer_refuse(a, &err);
}

static void end_aside(struct answer *a)
{
    if (a->chooser != NULL)
        chooser_close(a->chooser);
    free(a->chooser);
    session_free(a->session);
    a->chooser = NULL;
    a->session = NULL;
}

/* Once after each answer. */
static void save_session(struct worker *w, struct answer *a)
{
    if (w->service->keeper != NULL && a->keep[0] != '\0')
        keeper_save(w->service->keeper, a->session, a->keep);
    a->keep[0] = '\0';
}

static void do_task(struct worker *w, enum task task, const struct sampling *preview)
{
    struct answer *a = answer_of(w, task);
    switch (task) {
    case TASK_NONE: break;
    case TASK_OPEN: open_worker(w); break;
    case TASK_BEGIN_ASIDE: begin_aside(w, a); break;
    case TASK_BEGIN:
        a->session = w->session;
        a->chooser = &w->chooser;
        a->speculation = w->speculation;
        answer_begin(a);
        break;
    case TASK_STEP:
    case TASK_STEP_ASIDE: answer_step(a); break;
    case TASK_TELL: answer_tell_preview(a); break;
    case TASK_PREVIEW: chooser_preview(w, preview); break;
    }
    if (a == &w->aside_answer && !a->active)
        end_aside(a);
    if (a == &w->main_answer && !a->active)
        save_session(w, a);
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void free_worker(struct worker *w)
{
    answer_free(&w->main_answer);
    answer_free(&w->aside_answer);
    end_aside(&w->aside_answer);
    chooser_close(&w->chooser);
    speculation_free(w->speculation);
    session_free(w->session);
    question_free(&w->main.question);
    question_free(&w->aside.question);
    if (w->has_rendered)
        prompt_free(&w->rendered);
    close(w->wake);
    free(w->ring);
    free(w);
}

static void free_ended_locked(struct service *s)
{
    while (s->ended != NULL) {
        struct worker *w = s->ended;
        s->ended = w->next;
        free_worker(w);
    }
}

static void learn_ids(struct service *s, const struct ids *ids)
{
    for (size_t i = 0; s->history != NULL && i < ids->n && suffix_append(s->history, ids->at[i]); i++)
        ;
}

/* What is done for no worker in particular. True when there was something, with the lock released meanwhile. */
static bool do_chores_locked(struct service *s)
{
    struct ids lesson = s->lesson;
    const bool collect = s->keeper != NULL && keeper_has_done(s->keeper);
    if (!collect && lesson.n == 0)
        return false;
    s->lesson = (struct ids){0};
    pthread_mutex_unlock(&s->lock);
    if (collect)
        keeper_collect(s->keeper);
    learn_ids(s, &lesson);
    ids_free(&lesson);
    pthread_mutex_lock(&s->lock);
    return true;
}

/* This thread and those that it starts: waking from a barrier they don't take a processor from the screen's thread, which
 * needs one for a moment. Against other programs they keep their share, which niceness would cost. Where the system does not
 * know it, or forbids it, all is as before. */
static void become_batch(void)
{
#ifdef SCHED_BATCH
    const struct sched_param none = {0};
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
#endif
}

void *service_run(void *service)
{
    struct service *s = service;
    const struct worker *last = NULL;
    become_batch();
    pthread_mutex_lock(&s->lock);
    for (;;) {
        enum task task;
        struct sampling preview;
        free_ended_locked(s);
        if (s->workers == NULL)
            break;
        if (do_chores_locked(s))
            continue;
        struct worker *w = next_worker_locked(s, last, &task);
        if (w == NULL) {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        last = s->current = w;
        take_task_locked(w, task, &preview);
        pthread_mutex_unlock(&s->lock);
        do_task(w, task, &preview);
        pthread_mutex_lock(&s->lock);
        s->current = NULL;
        pthread_cond_broadcast(&s->stepped);
    }
    pthread_mutex_unlock(&s->lock);
    keeper_free(s->keeper);
    suffix_free(s->history);
    runner_free(s->runner);
    model_free(s->own);
    return NULL;
}
