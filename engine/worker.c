/* A worker: one thread that opens a model, owns a session and a sampler, and answers requests.
 *
 * Orders go in under a mutex: a request, new settings, stop, quit. Events come out by a ring of fixed size; when it is
 * full the worker waits for the reader, so nothing is lost and nothing grows. The descriptor becomes readable when the
 * ring stops being empty: one wake for a burst.
 *
 * There is one request at a time, and beside it at most one that is made aside, in a session opened for it. The latter is
 * served first and stops when the former waits, so its end comes before the other's events. */
#include "config.h"

#include "engine/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "engine/textstream.h"

enum { RING = 256, LONGEST_PIECE = 1 << 20 };

/* A request as it was ordered. */
struct order {
    uint64_t request;               /* its number */
    bool pending;                   /* not yet taken by the thread */
    bool running;                   /* pending, or its end is not yet told */
    bool stop;
    int32_t *prompt;                /* (n_prompt) while it is pending; the thread takes it */
    size_t n_prompt;
    struct sampling settings;
    uint32_t settings_number;
};

/* A sampler, and whose sequence breakers it has. */
struct chooser {
    struct sampler *sampler;
    bool has_breakers;
    char breakers[SAMPLING_BREAKERS][SAMPLING_BREAKER_BYTES];
    int32_t n_breakers;
};

struct worker {
    pthread_t thread;
    int wake;                       /* eventfd */
    pthread_mutex_t lock;           /* guards all down to `model_shown` */
    pthread_cond_t orders, space;
    struct event *ring;             /* (RING) */
    size_t first, waiting;
    bool quit;
    bool failed;                    /* the model did not open */
    uint64_t requests;              /* number of the last request */
    struct order main, aside;
    bool preview;                   /* one is asked for, with these settings */
    struct sampling preview_settings;
    const struct model *model_shown;

    char *model_path;               /* below: the thread's own once it runs */
    struct session_options options;
    struct model *model;
    struct session *session;
    struct chooser chooser;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static void send_event(struct worker *w, const struct event *event)
{
    pthread_mutex_lock(&w->lock);
    while (w->waiting == RING && !w->quit)
        pthread_cond_wait(&w->space, &w->lock);
    if (w->waiting < RING) {
        w->ring[(w->first + w->waiting++) % RING] = *event;
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
        w->first = (w->first + 1) % RING;
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

const struct model *worker_model(const struct worker *w)
{
    return w->model_shown; /* written and read by the UI's thread alone */
}

/* ---- answering -------------------------------------------------------------------------------------------------- */

/* One request on its way. */
struct answer {
    struct worker *worker;
    struct order *order;
    struct session *session;
    struct chooser *chooser;
    uint64_t request;
    struct ids ids;                 /* the prompt and the answer so far */
    struct sampling settings;
    uint32_t settings_number;
    struct textstream stream;
    struct buf text;                /* of the event being made */
    struct timings timings;
    double started, prompt_read;
};

static bool must_stop_locked(const struct answer *a)
{
    const struct worker *w = a->worker;
    return a->order->stop || w->quit || (a->order == &w->aside && w->main.pending);
}

static bool asked_to_stop(struct answer *a)
{
    pthread_mutex_lock(&a->worker->lock);
    bool stop = must_stop_locked(a);
    pthread_mutex_unlock(&a->worker->lock);
    return stop;
}

/* Takes over the newest settings; true when the answer is to stop. */
static bool look_at_orders(struct answer *a)
{
    struct worker *w = a->worker;
    pthread_mutex_lock(&w->lock);
    bool stop = must_stop_locked(a);
    uint64_t seed = a->settings.seed;
    a->settings = a->order->settings;
    a->settings_number = a->order->settings_number;
    pthread_mutex_unlock(&w->lock);
    if (a->settings.seed != seed)
        sampler_seed(a->chooser->sampler, a->settings.seed);
    return stop;
}

static bool tell_progress(void *context, size_t done, size_t total)
{
    struct answer *a = context;
    struct event event = {.kind = EVENT_PREFILL, .request = a->request, .done = done, .total = total};
    if (asked_to_stop(a))
        return false;
    send_event(a->worker, &event);
    return true;
}

/* Sends the event with as much of the text as it holds, the rest in events without a token. */
static void send_text(struct answer *a, struct event event)
{
    const char *text = buf_text(&a->text);
    size_t left = a->text.size;
    do {
        size_t size = left < sizeof event.text ? left : sizeof event.text - 1;
        while (size < left && (text[size] & 0xC0) == 0x80)
            size--; /* not inside a character */
        memcpy(event.text, text, size);
        event.text[size] = '\0';
        event.text_size = size;
        send_event(a->worker, &event);
        text += size;
        left -= size;
        event = (struct event){.kind = EVENT_TOKEN, .request = a->request, .id = -1, .settings = a->settings_number};
    } while (left > 0);
    buf_clear(&a->text);
}

/* Gives the sampler the sequence breakers of settings that need them. */
static void use_breakers(const struct worker *w, struct chooser *c, const struct sampling *settings)
{
    struct ids ids = {0};
    bool same = c->has_breakers && settings->n_breakers == c->n_breakers &&
                memcmp(settings->breakers, c->breakers, sizeof c->breakers) == 0;
    if (settings->dry_multiplier == 0.0f || same)
        return;
    if (sampling_breakers(settings, model_tokenizer(w->model), &ids)) {
        sampler_set_breakers(c->sampler, ids.at, ids.n);
        memcpy(c->breakers, settings->breakers, sizeof c->breakers);
        c->n_breakers = settings->n_breakers;
        c->has_breakers = true;
    }
    ids_free(&ids);
}

static void tell_distribution(const struct sampler *s, struct event *event)
{
    event->entropy = sampler_entropy(s);
    event->survivors = (int32_t)sampler_survivors(s);
}

/* Chooses a token, tells it and evaluates it. Returns true when the answer goes on. */
static bool one_token(struct answer *a, enum finish *finish, struct error *err)
{
    struct worker *w = a->worker;
    const struct tokenizer *tokenizer = model_tokenizer(w->model);
    struct event event = {.kind = EVENT_TOKEN, .request = a->request, .settings = a->settings_number};
    struct sampler *sampler = a->chooser->sampler;
    use_breakers(w, a->chooser, &a->settings);
    event.id = sampler_choose(sampler, &a->settings, session_logits(a->session), a->ids.at, a->ids.n, &event.chosen,
                              event.best, &event.n_best);
    tell_distribution(sampler, &event);
    event.rank = sampler_rank(sampler);
    if (a->timings.answer_tokens == 0)
        a->timings.first_token_seconds = now() - a->started;
    if (tokenizer_is_end(tokenizer, event.id)) {
        *finish = FINISH_END;
        return false;
    }
    a->timings.answer_tokens++;
    struct buf piece;
    buf_init(&piece, LONGEST_PIECE);
    bool ok = tokenizer_piece(tokenizer, event.id, &piece) && ids_append(&a->ids, &event.id, 1) &&
              textstream_push(&a->stream, &a->settings, buf_text(&piece), piece.size, &a->text);
    buf_free(&piece);
    if (!ok) {
        error_set(err, ERR_MEMORY, "no memory for the answer");
        return false;
    }
    send_text(a, event);
    if (a->stream.stopped) {
        *finish = FINISH_STOP_STRING;
        return false;
    }
    if (session_length(a->session) >= (size_t)session_capacity(a->session)) {
        *finish = FINISH_CONTEXT;
        return false;
    }
    return session_push(a->session, event.id, err) == ERR_NONE;
}

static enum finish generate(struct answer *a, struct error *err)
{
    for (;;) {
        enum finish finish = FINISH_STOPPED;
        if (look_at_orders(a))
            return FINISH_STOPPED;
        int32_t most = a->settings.max_new_tokens;
        if (most >= 0 && a->timings.answer_tokens >= (size_t)most)
            return FINISH_LENGTH;
        if (!one_token(a, &finish, err))
            return finish;
    }
}

static void answer(struct worker *w, struct answer *a)
{
    struct error err = {0};
    struct event event = {.kind = EVENT_DONE, .request = a->request, .finish = FINISH_STOPPED};
    a->timings.prompt_tokens = a->ids.n;
    sampler_seed(a->chooser->sampler, a->settings.seed);
    enum error_code code = session_sync(a->session, a->ids.at, a->ids.n, tell_progress, a, &a->timings.reused_tokens, &err);
    a->prompt_read = now();
    a->timings.prefill_seconds = a->prompt_read - a->started;
    if (code == ERR_NONE)
        event.finish = generate(a, &err);
    a->timings.decode_seconds = code == ERR_NONE ? now() - a->prompt_read : 0;
    if (textstream_end(&a->stream, &a->text) && a->text.size > 0) {
        struct event rest = {.kind = EVENT_TOKEN, .request = a->request, .id = -1, .settings = a->settings_number};
        send_text(a, rest);
    }
    event.timings = a->timings;
    if (err.code != ERR_NONE && err.code != ERR_STOPPED) {
        event.kind = EVENT_FAILED;
        event.error = err;
    }
    send_event(w, &event);
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static bool open_all(struct worker *w, struct error *err)
{
    struct model *model = model_open(w->model_path, NULL, err);
    if (model == NULL)
        return false;
    pthread_mutex_lock(&w->lock);
    w->model = model;
    pthread_mutex_unlock(&w->lock);
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
    use_breakers(w, &w->chooser, settings);
    sampler_preview(sampler, settings, session_logits(w->session), session_ids(w->session),
                    session_length(w->session), event.best, &event.n_best);
    tell_distribution(sampler, &event);
    send_event(w, &event);
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
    if (!asked_to_stop(a)) {
        a->session = session_open(w->model, &options, &event.error);
        if (a->session != NULL)
            chooser.sampler = sampler_new(tokenizer_size(model_tokenizer(w->model)), &event.error);
        event.kind = chooser.sampler != NULL ? EVENT_DONE : EVENT_FAILED;
    }
    if (chooser.sampler != NULL)
        answer(w, a);
    else
        send_event(w, &event);
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
    send_event(w, &event);
    struct answer a;
    while (opened && next_request(w, &a)) {
        a.started = now();
        textstream_init(&a.stream);
        buf_init(&a.text, LONGEST_PIECE);
        if (a.order == &w->aside)
            answer_aside(w, &a);
        else
            answer(w, &a);
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
    if (w == NULL || (w->ring = malloc(RING * sizeof *w->ring)) == NULL ||
        (w->model_path = strdup(options->model_path)) == NULL) {
        error_set(err, ERR_MEMORY, "no memory to start the engine");
        goto failed;
    }
    w->options = options->session;
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
    model_free(w->model);
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

void worker_stop(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->main.stop = w->aside.stop = true;
    pthread_mutex_unlock(&w->lock);
}
