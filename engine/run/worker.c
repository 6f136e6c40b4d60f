/* A worker: one thread that opens a model, owns a session and a sampler, and answers requests.
 *
 * Orders go in under a mutex: a request, new settings, the pace, stop, quit. Events come out by a ring of fixed size; when it is
 * full the worker waits for the reader, so nothing is lost and nothing grows. The descriptor becomes readable when the
 * ring stops being empty: one wake for a burst.
 *
 * There is one request at a time, and beside it at most one that is made aside, in a session opened for it. The latter is
 * served first and stops when the former waits, so its end comes before the other's events. */
#include "config.h"

#include "engine/run/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

const struct model *worker_model(const struct worker *w)
{
    return w->model_shown; /* written and read by the UI's thread alone */
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static bool open_all(struct worker *w, struct error *err)
{
    const struct model *model = w->model;
    if (model == NULL) {
        model = w->own = model_open(w->model_path, NULL, err);
        if (model == NULL)
            return false;
        pthread_mutex_lock(&w->lock);
        w->model = model;
        pthread_mutex_unlock(&w->lock);
    }
    w->session = session_open(model, &w->options, err);
    if (w->session != NULL)
        w->chooser.sampler = sampler_new(tokenizer_size(model_tokenizer(model)), err);
    return w->chooser.sampler != NULL;
}

/* What the settings make of the logits behind the last token. */
static void preview(struct worker *w, const struct sampling *settings)
{
    struct event event = {.kind = EVENT_PREVIEW, .id = -1};
    if (session_logits(w->session) == NULL)
        return;
    struct sampler *sampler = w->chooser.sampler;
    chooser_use(w, &w->chooser, settings);
    sampler_preview(sampler, settings, session_logits(w->session), session_ids(w->session),
                    session_length(w->session), event.best, &event.n_best);
    chooser_tell(&w->chooser, &event);
    worker_send(w, &event);
}

/* Waits for a request and takes it; false on quit. Meanwhile it answers previews. */
static bool next_request(struct worker *w, struct answer *a)
{
    pthread_mutex_lock(&w->lock);
    while (!w->main.pending && !w->aside.pending && !w->quit) {
        if (!w->preview) {
            pthread_cond_wait(&w->orders, &w->lock);
            continue;
        }
        struct sampling settings = w->preview_settings;
        w->preview = false;
        pthread_mutex_unlock(&w->lock);
        preview(w, &settings);
        pthread_mutex_lock(&w->lock);
    }
    struct order *o = w->aside.pending ? &w->aside : &w->main;
    bool some = !w->quit;
    w->preview = w->preview && o == &w->aside;
    if (some) {
        *a = (struct answer){.worker = w, .order = o, .session = w->session,
                             .chooser = &w->chooser, .request = o->request, .settings = o->settings};
        a->ids = (struct ids){o->prompt, o->n_prompt, o->n_prompt};
        o->prompt = NULL;
        o->pending = false;
    }
    pthread_mutex_unlock(&w->lock);
    return some;
}

/* Answers in a session that holds just this prompt and its answer. */
static void answer_aside(struct worker *w, struct answer *a)
{
    struct event event = {.kind = EVENT_DONE, .request = a->request, .finish = FINISH_STOPPED};
    struct session_options options = w->options;
    options.context = (int32_t)a->ids.n + (a->settings.max_new_tokens > 0 ? a->settings.max_new_tokens : 0);
    options.batch = (int32_t)a->ids.n;
    a->session = NULL;
    struct chooser chooser = {0}; /* the conversation's keeps its state, for previews */
    a->chooser = &chooser;
    if (!answer_must_stop(a)) {
        a->session = session_open(w->model, &options, &event.error);
        if (a->session != NULL)
            chooser.sampler = sampler_new(tokenizer_size(model_tokenizer(w->model)), &event.error);
        event.kind = chooser.sampler != NULL ? EVENT_DONE : EVENT_FAILED;
    }
    if (chooser.sampler != NULL)
        answer_make(a);
    else
        worker_send(w, &event);
    sampler_free(chooser.sampler);
    session_free(a->session);
}

static void *serve(void *context)
{
    struct worker *w = context;
    struct event event = {.kind = EVENT_LOADED};
    bool opened = open_all(w, &event.error);
    if (!opened) {
        event.kind = EVENT_FAILED;
        pthread_mutex_lock(&w->lock);
        w->failed = true;
        pthread_mutex_unlock(&w->lock);
    }
    worker_send(w, &event);
    struct answer a;
    while (opened && next_request(w, &a)) {
        a.started = worker_clock();
        textstream_init(&a.stream);
        buf_init(&a.text, LONGEST_PIECE);
        if (a.order == &w->aside)
            answer_aside(w, &a);
        else
            answer_make(&a);
        textstream_free(&a.stream);
        buf_free(&a.text);
        ids_free(&a.ids);
    }
    return NULL;
}

/* ---- orders ----------------------------------------------------------------------------------------------------- */

struct worker *worker_start(const struct worker_options *options, struct error *err)
{
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL || (w->ring = malloc(WORKER_RING * sizeof *w->ring)) == NULL ||
        (options->model_path != NULL && (w->model_path = strdup(options->model_path)) == NULL)) {
        error_set(err, ERR_MEMORY, "no memory to start the engine");
        goto failed;
    }
    w->options = options->session;
    w->pace = w->forced = -1;
    w->model = options->beside != NULL ? options->beside->model : NULL;
    w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake < 0) {
        error_system(err, ERR_IO, errno, "cannot start the engine");
        goto failed;
    }
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->orders, NULL);
    pthread_cond_init(&w->space, NULL);
    int code = pthread_create(&w->thread, NULL, serve, w);
    if (code == 0)
        return w;
    error_system(err, ERR_IO, code, "cannot start the engine's thread");
    close(w->wake);
failed:
    if (w != NULL) {
        free(w->ring);
        free(w->model_path);
        free(w);
    }
    return NULL;
}

void worker_free(struct worker *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->quit = true;
    pthread_cond_broadcast(&w->orders);
    pthread_cond_broadcast(&w->space);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    sampler_free(w->chooser.sampler);
    session_free(w->session);
    model_free(w->own);
    pthread_cond_destroy(&w->orders);
    pthread_cond_destroy(&w->space);
    pthread_mutex_destroy(&w->lock);
    close(w->wake);
    free(w->main.prompt);
    free(w->aside.prompt);
    free(w->ring);
    free(w->model_path);
    free(w);
}

static bool may_order_locked(const struct worker *w, const struct order *o, size_t n, struct error *err)
{
    if (n == 0)
        error_set(err, ERR_ARGUMENT, "there is nothing to answer: the prompt is empty");
    else if (w->failed)
        error_set(err, ERR_BUSY, "no model is open");
    else if (w->main.running || o->running)
        error_set(err, ERR_BUSY, "an answer is already being made");
    else
        return true;
    return false;
}

static uint64_t place_order(struct worker *w, struct order *o, const int32_t *ids, size_t n,
                            const struct sampling *settings, struct error *err)
{
    int32_t *copy = malloc((n > 0 ? n : 1) * sizeof *copy);
    if (copy == NULL) {
        error_set(err, ERR_MEMORY, "no memory for a prompt of %zu tokens", n);
        return 0;
    }
    if (n > 0)
        memcpy(copy, ids, n * sizeof *copy);
    uint64_t request = 0;
    pthread_mutex_lock(&w->lock);
    if (may_order_locked(w, o, n, err)) {
        request = ++w->requests;
        *o = (struct order){.request = request, .pending = true, .running = true, .prompt = copy, .n_prompt = n,
                            .settings = *settings};
        copy = NULL;
        if (o == &w->main)
            w->forced = -1;
        pthread_cond_signal(&w->orders);
    }
    pthread_mutex_unlock(&w->lock);
    free(copy);
    return request;
}

uint64_t worker_generate(struct worker *w, const int32_t *ids, size_t n, const struct sampling *settings,
                         struct error *err)
{
    return place_order(w, &w->main, ids, n, settings, err);
}

uint64_t worker_generate_aside(struct worker *w, const int32_t *ids, size_t n, const struct sampling *settings,
                               struct error *err)
{
    if (n <= WORKER_ASIDE_MOST && settings->max_new_tokens >= 0 && settings->max_new_tokens <= WORKER_ASIDE_MOST)
        return place_order(w, &w->aside, ids, n, settings, err);
    error_set(err, ERR_ARGUMENT, "aside there is room for %d tokens of prompt and of answer", WORKER_ASIDE_MOST);
    return 0;
}

void worker_set_sampling(struct worker *w, const struct sampling *settings)
{
    pthread_mutex_lock(&w->lock);
    w->main.settings = *settings;
    w->main.settings_number++;
    pthread_cond_signal(&w->orders);
    pthread_mutex_unlock(&w->lock);
}

bool worker_preview(struct worker *w, const struct sampling *settings)
{
    pthread_mutex_lock(&w->lock);
    bool idle = !w->main.running && !w->failed;
    if (idle) {
        w->preview = true;
        w->preview_settings = *settings;
        pthread_cond_signal(&w->orders);
    }
    pthread_mutex_unlock(&w->lock);
    return idle;
}

void worker_pace(struct worker *w, int32_t tokens)
{
    pthread_mutex_lock(&w->lock);
    w->pace = tokens;
    pthread_cond_signal(&w->orders);
    pthread_mutex_unlock(&w->lock);
}

void worker_force(struct worker *w, int32_t id)
{
    pthread_mutex_lock(&w->lock);
    if (w->main.running && w->model != NULL && id >= 0 && id < tokenizer_size(model_tokenizer(w->model)))
        w->forced = id;
    pthread_cond_signal(&w->orders);
    pthread_mutex_unlock(&w->lock);
}

void worker_stop(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->main.stop = w->aside.stop = true;
    pthread_cond_signal(&w->orders);
    pthread_mutex_unlock(&w->lock);
}
