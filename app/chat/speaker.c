/* Speaker: a worker that answers, a worker that loads, and who asked for what. */
#include <config.h>

#include "app/chat/speaker.h"

#include <stdlib.h>
#include <string.h>

#include "app/chat/distant.h"
#include "app/chat/models.h"
#include "app/library/caches.h"
#include "app/options/endpoints.h"
#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"

/* Without a context size in the options: a model's own, up to this many tokens. */
enum { CONTEXT_MOST = 4096 };

/* The worker runs one request for the conversation and one aside. */
enum { REQUESTS = 2 };

struct speaker {
    const struct options *options;
    struct worker *worker, *loading;           /* NULL: none */
    struct distant *distant, *distant_loading; /* in place of a worker */
    char *path, *loading_path;
    int loading_percent;            /* -1: not known */
    bool shares;                    /* the model of another speaker, or what is loading does */
    struct chat_template *template; /* NULL until a model is loaded */
    char *template_name;            /* as asked for; NULL: the model's own */
    bool template_from_history;     /* and not from the user */
    struct {
        uint64_t number;
        speaker_taker *taker;
    } requests[REQUESTS]; /* 0: none */
};

struct speaker *speaker_new(const struct options *o, struct error *err)
{
    const char *name = o->raw ? "plain" : o->template_name;
    struct speaker *s = calloc(1, sizeof *s);
    if (s == NULL || (name != NULL && (s->template_name = strdup(name)) == NULL)) {
        error_memory(err);
        free(s);
        return NULL;
    }
    s->options = o;
    return s;
}

static struct session_options session_options(const struct options *o)
{
    return (struct session_options){.context = o->context,
                                    .threads = o->threads,
                                    .exact = o->exact,
                                    .cache = (enum cache_type)o->cache_type};
}

/* Has it load what the other one has. */
static enum error_code load_beside(struct speaker *s, const struct speaker *other, int32_t context, bool guest,
                                   struct error *err)
{
    if (other->distant != NULL) {
        s->distant_loading = distant_open(s->options, distant_name(other->distant), err);
        return err->code;
    }
    struct worker_options options = {.beside = other->worker,
                                     .session = session_options(other->options),
                                     .speculate = (enum speculate)other->options->speculate,
                                     .guest = guest};
    options.session.context = context;
    s->loading = worker_start(&options, err);
    return err->code;
}

static struct speaker *speaker_join(const struct speaker *other, int32_t context, bool guest, struct error *err)
{
    struct speaker *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_memory(err);
        return NULL;
    }
    *s = (struct speaker){.options = other->options,
                          .loading_percent = -1,
                          .shares = true,
                          .template_from_history = other->template_from_history,
                          .loading_path = other->path != NULL ? strdup(other->path) : NULL,
                          .template_name = other->template_name != NULL ? strdup(other->template_name) : NULL};
    if ((other->path != NULL && s->loading_path == NULL) || (other->template_name != NULL && s->template_name == NULL))
        error_memory(err);
    if (err->code == ERR_NONE && load_beside(s, other, context, guest, err) == ERR_NONE)
        return s;
    speaker_free(s);
    return NULL;
}

struct speaker *speaker_beside(const struct speaker *other, int32_t context, struct error *err)
{
    return speaker_join(other, context, false, err);
}

struct speaker *speaker_guest(const struct speaker *other, struct error *err)
{
    return speaker_join(other, 0, true, err);
}

void speaker_free(struct speaker *s)
{
    if (s == NULL)
        return;
    speaker_stop_loading(s);
    worker_free(s->worker);
    distant_free(s->distant);
    template_free(s->template);
    free(s->path);
    free(s->template_name);
    free(s);
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

static enum error_code load_distant(struct speaker *s, const char *name, struct error *err)
{
    struct distant *distant = distant_open(s->options, name, err);
    if (distant == NULL)
        return err->code;
    speaker_stop_loading(s);
    s->distant_loading = distant;
    s->loading_percent = -1;
    s->shares = false;
    return ERR_NONE;
}

enum error_code speaker_load(struct speaker *s, const char *name, struct error *err)
{
    const char *wanted = name != NULL ? name : s->options->model, *endpoint;
    if (wanted != NULL && endpoints_is_name(wanted, &endpoint))
        return load_distant(s, wanted, err);
    char *path = name != NULL ? models_find_name(s->options, name, err) : models_find(s->options, err);
    if (path == NULL)
        return err->code;
    char *saved = caches_folder(s->options);
    const struct worker_options options = {.model_path = path,
                                           .load = options_load(s->options),
                                           .session = session_options(s->options),
                                           .speculate = (enum speculate)s->options->speculate,
                                           .saved_folder = saved,
                                           .saved_most = caches_most(s->options)};
    struct worker *worker = worker_start(&options, err);
    free(saved);
    if (worker == NULL) {
        free(path);
        return err->code;
    }
    speaker_stop_loading(s);
    s->loading = worker;
    s->loading_path = path;
    s->loading_percent = -1;
    s->shares = false;
    return ERR_NONE;
}

bool speaker_shares_model(const struct speaker *s)
{
    return s->shares;
}

bool speaker_is_loading(const struct speaker *s)
{
    return s->loading != NULL || s->distant_loading != NULL;
}

/* The template for a new model; NULL on failure. */
static struct chat_template *template_for(const struct speaker *s, const struct model *model, struct error *unused,
                                          struct error *err)
{
    struct error why = {0};
    struct chat_template *template = models_template_named(s->options, s->template_name, model, &why);
    if (template != NULL || !s->template_from_history) {
        if (template == NULL)
            error_set(err, why.code, "%s", why.message);
        return template;
    }
    error_set(unused, why.code, "%s", why.message);
    return models_template_named(s->options, NULL, model, err);
}

enum error_code speaker_use_loaded(struct speaker *s, struct error *unused, struct error *err)
{
    struct chat_template *template = NULL;
    if (s->loading != NULL && (template = template_for(s, worker_model(s->loading), unused, err)) == NULL)
        return err->code;
    template_free(s->template);
    worker_free(s->worker);
    distant_free(s->distant);
    free(s->path);
    s->template = template;
    s->worker = s->loading;
    s->distant = s->distant_loading;
    s->path = s->loading_path;
    s->loading = NULL;
    s->distant_loading = NULL;
    s->loading_path = NULL;
    memset(s->requests, 0, sizeof s->requests); /* the new worker counts from 1 again */
    return ERR_NONE;
}

void speaker_stop_loading(struct speaker *s)
{
    worker_free(s->loading);
    distant_free(s->distant_loading);
    free(s->loading_path);
    s->loading = NULL;
    s->distant_loading = NULL;
    s->loading_path = NULL;
}

void speaker_take_loading(struct speaker *s, const struct event *event)
{
    s->loading_percent = event->total > 0 ? (int)(event->done * 100 / event->total) : -1;
}

int speaker_loading_percent(const struct speaker *s)
{
    return speaker_is_loading(s) ? s->loading_percent : -1;
}

const struct memory_plan *speaker_plan(const struct speaker *s)
{
    return s->worker != NULL ? worker_plan(s->worker) : NULL;
}

bool speaker_is_ready(const struct speaker *s)
{
    return s->distant != NULL || speaker_model(s) != NULL;
}

const char *speaker_host_model(const struct speaker *s, size_t i, int32_t *context)
{
    return s->distant != NULL ? distant_model(s->distant, i, context) : NULL;
}

const struct distant *speaker_distant(const struct speaker *s)
{
    return s->distant;
}

bool speaker_take_cut(struct speaker *s, size_t *counted, size_t *expected)
{
    return s->distant != NULL && distant_take_cut(s->distant, counted, expected);
}

bool speaker_has_counted(const struct speaker *s)
{
    return s->distant != NULL && distant_has_counted(s->distant);
}

const struct distant *speaker_distant_asked(const struct speaker *s)
{
    return s->distant_loading != NULL ? s->distant_loading : s->distant;
}

const char *speaker_host(const struct speaker *s)
{
    const struct distant *distant = s->worker == NULL && s->distant == NULL ? s->distant_loading : s->distant;
    return distant != NULL ? distant_host(distant) : NULL;
}

const char *speaker_name(const struct speaker *s)
{
    if (s->distant != NULL)
        return distant_name(s->distant);
    return speaker_is_ready(s) ? model_info(speaker_model(s))->name : NULL;
}

const struct model *speaker_model(const struct speaker *s)
{
    return s->worker != NULL ? worker_model(s->worker) : NULL;
}

const char *speaker_path(const struct speaker *s)
{
    if (s->path != NULL)
        return s->path;
    if (s->distant != NULL)
        return distant_name(s->distant);
    if (s->loading_path != NULL)
        return s->loading_path;
    return s->distant_loading != NULL ? distant_name(s->distant_loading) : "";
}

size_t speaker_capacity(const struct speaker *s)
{
    const struct model *model = speaker_model(s);
    bool loose;
    if (s->distant != NULL)
        return distant_context(s->distant, &loose);
    if (model == NULL)
        return 0;
    if (s->options->context > 0)
        return (size_t)s->options->context;
    int32_t trained = model_info(model)->context;
    return trained > 0 && trained < CONTEXT_MOST ? (size_t)trained : CONTEXT_MOST;
}

bool speaker_capacity_is_loose(const struct speaker *s)
{
    bool loose = false;
    if (s->distant != NULL)
        distant_context(s->distant, &loose);
    return loose;
}

size_t speaker_count_tokens(const struct speaker *s, const char *text, size_t size)
{
    struct ids ids = {0};
    if (s->distant != NULL)
        return distant_estimate(s->distant, size);
    struct error ignored = {0}; /* out of memory: what is counted is an estimate anyway */
    if (speaker_model(s) != NULL)
        tokenizer_encode(model_tokenizer(speaker_model(s)), text, size, &ids, &ignored);
    size_t n = ids.n;
    ids_free(&ids);
    return n;
}

void speaker_reuse_token(struct speaker *s, int32_t id)
{
    if (s->distant != NULL)
        distant_reuse_token(s->distant, id);
}

int32_t speaker_name_token(struct speaker *s, const char *text, size_t size)
{
    return distant_name_token(s->distant, text, size);
}

/* ---- templates -------------------------------------------------------------------------------------------------- */

enum error_code speaker_use_template(struct speaker *s, const char *name, bool from_history, struct error *err)
{
    char *copy = name != NULL ? strdup(name) : NULL;
    if (name != NULL && copy == NULL)
        return error_memory(err);
    if (speaker_model(s) != NULL) {
        struct chat_template *template = models_template_named(s->options, name, speaker_model(s), err);
        if (template == NULL) {
            free(copy);
            return err->code;
        }
        template_free(s->template);
        s->template = template;
    }
    free(s->template_name);
    s->template_name = copy;
    s->template_from_history = from_history;
    return ERR_NONE;
}

const struct chat_template *speaker_template(const struct speaker *s)
{
    return s->template;
}

const char *speaker_template_name(const struct speaker *s)
{
    return s->template_name;
}

void speaker_add_stops(const struct speaker *s, struct sampling *sampling)
{
    const char *const *stop = speaker_template(s) != NULL ? template_stops(speaker_template(s)) : NULL;
    for (; stop != NULL && *stop != NULL && sampling->n_stops < SAMPLING_STOPS; stop++)
        if (strlen(*stop) < SAMPLING_STOP_BYTES)
            strcpy(sampling->stops[sampling->n_stops++], *stop);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

void speaker_question_free(struct speaker_question *q)
{
    prompt_free(&q->prompt);
    free(q->messages);
    *q = (struct speaker_question){0};
}

/* Notes who takes a request, in the place of one that has ended. */
static uint64_t note_taker(struct speaker *s, int place, uint64_t number, speaker_taker *taker, struct error *err)
{
    if (number != 0) {
        s->requests[place].number = number;
        s->requests[place].taker = taker;
    } else if (err->code == ERR_NONE) {
        error_set(err, ERR_BUSY, "the model is busy; try again");
    }
    return number;
}

uint64_t speaker_ask(struct speaker *s, const struct speaker_question *q, const struct sampling *sampling,
                     speaker_taker *taker, struct error *err)
{
    const struct ids *ids = &q->prompt.ids;
    if (s->distant != NULL)
        return note_taker(s, 0, distant_ask(s->distant, q->messages, q->n, q->most, sampling, err), taker, err);
    return note_taker(s, 0, worker_generate(s->worker, ids->at, ids->n, sampling, err), taker, err);
}

uint64_t speaker_ask_aside(struct speaker *s, const struct speaker_question *q, const struct sampling *sampling,
                           speaker_taker *taker, struct error *err)
{
    const struct ids *ids = &q->prompt.ids;
    if (s->distant != NULL)
        return note_taker(s, 1, distant_ask_aside(s->distant, q->messages, q->n, sampling, err), taker, err);
    return note_taker(s, 1, worker_generate_aside(s->worker, ids->at, ids->n, sampling, err), taker, err);
}

void speaker_forget(struct speaker *s, uint64_t request)
{
    for (int i = 0; i < REQUESTS; i++)
        if (s->requests[i].number == request)
            s->requests[i].number = 0;
}

int speaker_fd(const struct speaker *s)
{
    const struct distant *distant = speaker_is_loading(s) ? s->distant_loading : s->distant;
    if (distant != NULL)
        return distant_fd(distant);
    const struct worker *worker = s->loading != NULL ? s->loading : s->worker;
    return worker != NULL ? worker_fd(worker) : -1;
}

bool speaker_next(struct speaker *s, struct event *out)
{
    struct distant *distant = speaker_is_loading(s) ? s->distant_loading : s->distant;
    if (distant != NULL)
        return distant_next(distant, out);
    struct worker *worker = s->loading != NULL ? s->loading : s->worker;
    return worker != NULL && worker_next(worker, out);
}

speaker_taker *speaker_taker_of(struct speaker *s, const struct event *event)
{
    for (int i = 0; i < REQUESTS; i++) {
        if (event->request == 0 || s->requests[i].number != event->request)
            continue;
        if (event->kind == EVENT_DONE || event->kind == EVENT_FAILED)
            s->requests[i].number = 0;
        return s->requests[i].taker;
    }
    return NULL;
}

void speaker_keep(struct speaker *s, const char *name)
{
    if (s->worker != NULL)
        worker_keep(s->worker, name);
}

void speaker_teach(struct speaker *s, const int32_t *ids, size_t n)
{
    if (s->worker != NULL)
        worker_teach(s->worker, ids, n);
}

void speaker_set_sampling(struct speaker *s, const struct sampling *sampling)
{
    if (s->worker != NULL)
        worker_set_sampling(s->worker, sampling);
}

void speaker_preview(struct speaker *s, const struct sampling *sampling)
{
    if (s->worker != NULL)
        worker_preview(s->worker, sampling);
}

void speaker_pace(struct speaker *s, int32_t tokens)
{
    if (s->worker != NULL)
        worker_pace(s->worker, tokens);
}

void speaker_force(struct speaker *s, int32_t id)
{
    if (s->worker != NULL)
        worker_force(s->worker, id);
}

void speaker_drop_aside(struct speaker *s)
{
    if (s->distant != NULL)
        distant_drop_aside(s->distant);
}

void speaker_stop_aside(struct speaker *s)
{
    if (s->worker != NULL)
        worker_stop_aside(s->worker);
}

void speaker_stop(struct speaker *s)
{
    if (s->distant != NULL)
        distant_stop(s->distant);
    if (s->worker != NULL)
        worker_stop(s->worker);
}
