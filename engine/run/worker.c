/* Workers: what the thread of the user interface calls. Nothing here waits for the engine, except for a step of the
 * worker that is being freed.
 *
 * Orders go in under the service's lock: a request, new settings, the pace, stop, quit. There is one request at a
 * time, and beside it at most one that is made aside, in a session opened for it. The latter is served first and
 * stops when the former waits, so its end comes before the other's events. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/worker.h"

const struct model *worker_model(const struct worker *w)
{
    return w->model_shown;
}

const struct memory_plan *worker_plan(const struct worker *w)
{
    return w->model_shown != NULL ? runner_plan(w->service->runner) : NULL;
}

/* ---- starting and ending ---------------------------------------------------------------------------------------- */

static struct worker *worker_new(const struct worker_options *options, struct error *err)
{
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL || (w->ring = malloc(WORKER_RING * sizeof *w->ring)) == NULL) {
        error_memory(err);
        free(w);
        return NULL;
    }
    w->pace = w->forced = -1;
    w->context = options->session.context;
    w->speculate = options->speculate;
    w->guest = options->guest;
    w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake >= 0)
        return w;
    error_system(err, ERR_IO, errno, "cannot start the engine");
    free(w->ring);
    free(w);
    return NULL;
}

static void service_free(struct service *s)
{
    pthread_cond_destroy(&s->changed);
    pthread_cond_destroy(&s->stepped);
    pthread_mutex_destroy(&s->lock);
    free(s->model_path);
    free(s->saved_folder);
    ids_free(&s->lesson);
    free(s);
}

/* A service whose thread opens the model; w is its first worker. */
static struct service *service_start(const struct worker_options *options, struct worker *w, struct error *err)
{
    struct service *s = calloc(1, sizeof *s);
    const bool ok = s != NULL && (s->model_path = strdup(options->model_path)) != NULL &&
                    (options->saved_folder == NULL || (s->saved_folder = strdup(options->saved_folder)) != NULL);
    if (!ok) {
        error_memory(err);
        if (s != NULL)
            free(s->model_path);
        free(s);
        return NULL;
    }
    s->options = options->session;
    s->load = options->load;
    s->saved_most = options->saved_most;
    s->workers = w;
    w->service = s;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    pthread_cond_init(&s->stepped, NULL);
    int code = pthread_create(&s->thread, NULL, service_run, s);
    if (code == 0)
        return s;
    error_system(err, ERR_IO, code, "cannot start the engine's thread");
    service_free(s);
    return NULL;
}

/* Adds the worker to a service that runs. */
static void service_join(struct service *s, struct worker *w)
{
    pthread_mutex_lock(&s->lock);
    struct worker **last = &s->workers;
    while (*last != NULL)
        last = &(*last)->next;
    *last = w;
    w->service = s;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

struct worker *worker_start(const struct worker_options *options, struct error *err)
{
    struct worker *w = worker_new(options, err);
    if (w == NULL)
        return NULL;
    if (options->beside != NULL) {
        service_join(options->beside->service, w);
        return w;
    }
    if (service_start(options, w, err) != NULL)
        return w;
    close(w->wake);
    free(w->ring);
    free(w);
    return NULL;
}

void worker_free(struct worker *w)
{
    if (w == NULL)
        return;
    struct service *s = w->service;
    pthread_mutex_lock(&s->lock);
    w->quit = true;
    pthread_cond_signal(&s->changed);
    while (s->current == w)
        pthread_cond_wait(&s->stepped, &s->lock);
    struct worker **at = &s->workers;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    w->next = s->ended;
    s->ended = w;
    bool last = s->workers == NULL;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (last) {
        pthread_join(s->thread, NULL);
        service_free(s);
    }
}

/* ---- orders ----------------------------------------------------------------------------------------------------- */

static bool may_order_locked(const struct worker *w, const struct order *o, struct error *err)
{
    if (w->failed)
        error_set(err, ERR_BUSY, "no model is open");
    else if (w->main.running || o->running)
        error_set(err, ERR_BUSY, "an answer is already being made");
    else
        return true;
    return false;
}

static struct added_stops stops_of(const struct chat_template *t)
{
    struct added_stops stops = {0};
    for (const char *const *stop = t != NULL ? template_stops(t) : NULL; stop != NULL && *stop != NULL; stop++)
        if (strlen(*stop) < SAMPLING_STOP_BYTES && stops.n < SAMPLING_STOPS)
            strcpy(stops.at[stops.n++], *stop);
    return stops;
}

static void add_stops(const struct added_stops *stops, struct sampling *s)
{
    for (int32_t i = 0; i < stops->n && s->n_stops < SAMPLING_STOPS; i++)
        memcpy(s->stops[s->n_stops++], stops->at[i], sizeof *s->stops);
}

/* Takes the question over, whatever it returns. */
static uint64_t place_order(struct worker *w, struct order *o, struct question *question,
                            const struct sampling *settings, struct error *err)
{
    uint64_t request = 0;
    pthread_mutex_lock(&w->service->lock);
    if (may_order_locked(w, o, err)) {
        request = ++w->requests;
        *o = (struct order){.request = request,
                            .pending = true,
                            .running = true,
                            .question = *question,
                            .settings = *settings,
                            .stops = stops_of(question->template)};
        add_stops(&o->stops, &o->settings);
        *question = (struct question){0};
        if (o == &w->main)
            w->forced = -1;
        pthread_cond_signal(&w->service->changed);
    }
    pthread_mutex_unlock(&w->service->lock);
    question_free(question);
    return request;
}

static uint64_t order_ids(struct worker *w, struct order *o, const int32_t *ids, size_t n,
                          const struct sampling *settings, struct error *err)
{
    struct question question = {.ids = malloc((n > 0 ? n : 1) * sizeof *ids), .n_ids = n};
    if (n == 0)
        error_set(err, ERR_ARGUMENT, "there is nothing to answer: the prompt is empty");
    else if (question.ids == NULL)
        error_memory(err);
    if (n == 0 || question.ids == NULL) {
        question_free(&question);
        return 0;
    }
    memcpy(question.ids, ids, n * sizeof *ids);
    return place_order(w, o, &question, settings, err);
}

uint64_t worker_generate(struct worker *w, const int32_t *ids, size_t n, const struct sampling *settings,
                         struct error *err)
{
    return order_ids(w, &w->main, ids, n, settings, err);
}

uint64_t worker_generate_aside(struct worker *w, const int32_t *ids, size_t n, const struct sampling *settings,
                               struct error *err)
{
    if (n <= WORKER_ASIDE_MOST && settings->max_new_tokens >= 0 && settings->max_new_tokens <= WORKER_ASIDE_MOST)
        return order_ids(w, &w->aside, ids, n, settings, err);
    error_set(err, ERR_ARGUMENT, "aside there is room for %d tokens of prompt and of answer", WORKER_ASIDE_MOST);
    return 0;
}

/* The messages and their texts in one block, the caller's; NULL when out of memory. */
static struct message *copy_messages(const struct message *messages, size_t n)
{
    size_t bytes = n * sizeof *messages;
    for (size_t i = 0; i < n; i++)
        bytes += strlen(messages[i].text) + 1;
    struct message *copy = malloc(bytes > 0 ? bytes : 1);
    if (copy == NULL)
        return NULL;
    char *text = (char *)(copy + n);
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(messages[i].text) + 1;
        copy[i] = (struct message){messages[i].role, memcpy(text, messages[i].text, size)};
        text += size;
    }
    return copy;
}

uint64_t worker_ask(struct worker *w, const struct worker_question *q, const struct sampling *settings,
                    struct error *err)
{
    struct question question = {.messages = copy_messages(q->messages, q->n),
                                .n_messages = q->n,
                                .template = q->template,
                                .limit = q->limit};
    if (question.messages == NULL) {
        error_memory(err);
        return 0;
    }
    return place_order(w, &w->main, &question, settings, err);
}

void worker_keep(struct worker *w, const char *name)
{
    pthread_mutex_lock(&w->service->lock);
    snprintf(w->keep, sizeof w->keep, "%s", name != NULL ? name : "");
    pthread_mutex_unlock(&w->service->lock);
}

void worker_teach(struct worker *w, const int32_t *ids, size_t n)
{
    pthread_mutex_lock(&w->service->lock);
    ids_append(&w->service->lesson, ids, n); /* out of memory: not taught */
    pthread_cond_signal(&w->service->changed);
    pthread_mutex_unlock(&w->service->lock);
}

void worker_set_sampling(struct worker *w, const struct sampling *settings)
{
    pthread_mutex_lock(&w->service->lock);
    w->main.settings = *settings;
    add_stops(&w->main.stops, &w->main.settings);
    w->main.settings_number++;
    pthread_cond_signal(&w->service->changed);
    pthread_mutex_unlock(&w->service->lock);
}

bool worker_preview(struct worker *w, const struct sampling *settings)
{
    pthread_mutex_lock(&w->service->lock);
    bool idle = !w->main.running && !w->failed;
    if (idle) {
        w->preview = true;
        w->preview_settings = *settings;
        pthread_cond_signal(&w->service->changed);
    }
    pthread_mutex_unlock(&w->service->lock);
    return idle;
}

void worker_pace(struct worker *w, int32_t tokens)
{
    pthread_mutex_lock(&w->service->lock);
    w->pace = tokens;
    pthread_cond_signal(&w->service->changed);
    pthread_mutex_unlock(&w->service->lock);
}

void worker_force(struct worker *w, int32_t id)
{
    pthread_mutex_lock(&w->service->lock);
    if (w->main.running && w->service->model != NULL && id >= 0 &&
        id < tokenizer_size(model_tokenizer(w->service->model)))
        w->forced = id;
    pthread_cond_signal(&w->service->changed);
    pthread_mutex_unlock(&w->service->lock);
}

void worker_stop_aside(struct worker *w)
{
    pthread_mutex_lock(&w->service->lock);
    w->aside.stop = true;
    pthread_cond_signal(&w->service->changed);
    pthread_mutex_unlock(&w->service->lock);
}

void worker_stop(struct worker *w)
{
    pthread_mutex_lock(&w->service->lock);
    w->main.stop = w->aside.stop = true;
    pthread_cond_signal(&w->service->changed);
    pthread_mutex_unlock(&w->service->lock);
}
