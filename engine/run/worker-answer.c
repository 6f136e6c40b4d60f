/* A worker's answers: tokens chosen, told and evaluated one after another, while orders come.
 *
 * Between two tokens an answer looks at its orders: other settings, stop, and the pace at which it may go. */
#include "config.h"

#include "engine/run/worker.h"

#include <string.h>

static bool must_stop_locked(const struct answer *a)
{
    const struct worker *w = a->worker;
    return a->order->stop || w->quit || (a->order == &w->aside && w->main.pending);
}

bool answer_must_stop(struct answer *a)
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
    if (answer_must_stop(a))
        return false;
    worker_send(a->worker, &event);
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
        worker_send(a->worker, &event);
        text += size;
        left -= size;
        event = (struct event){.kind = EVENT_TOKEN, .request = a->request, .id = -1, .settings = a->settings_number};
    } while (left > 0);
    buf_clear(&a->text);
}

/* Gives the sampler the sequence breakers of settings that need them. */
void chooser_use(const struct worker *w, struct chooser *c, const struct sampling *settings)
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

void chooser_tell(const struct chooser *c, struct event *event)
{
    event->entropy = sampler_entropy(c->sampler);
    event->survivors = (int32_t)sampler_survivors(c->sampler);
}

/* Chooses the next token, or takes the one that was put. */
static struct event choose(struct answer *a)
{
    struct sampler *s = a->chooser->sampler;
    const float *logits = session_logits(a->session);
    struct event event = {.kind = EVENT_TOKEN, .request = a->request, .settings = a->settings_number};
    chooser_use(a->worker, a->chooser, &a->settings);
    event.id = a->forced;
    event.forced = a->forced >= 0;
    if (event.forced) {
        sampler_put(s, &a->settings, logits, a->ids.at, a->ids.n, event.id, &event.chosen, event.best, &event.n_best);
        sampler_seed(s, a->settings.seed);
    } else {
        event.id = sampler_choose(s, &a->settings, logits, a->ids.at, a->ids.n, &event.chosen, event.best, &event.n_best);
    }
    chooser_tell(a->chooser, &event);
    event.rank = sampler_rank(s);
    return event;
}

/* Chooses a token, tells it and evaluates it. Returns true when the answer goes on. */
static bool one_token(struct answer *a, enum finish *finish, struct error *err)
{
    const struct tokenizer *tokenizer = model_tokenizer(a->worker->model);
    struct event event = choose(a);
    if (a->timings.answer_tokens == 0)
        a->timings.first_token_seconds = worker_clock() - a->started;
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

/* What the next token may be, for one who waits. */
static void tell_preview(struct answer *a)
{
    struct event event = {.kind = EVENT_PREVIEW, .request = a->request, .id = -1};
    chooser_use(a->worker, a->chooser, &a->settings);
    sampler_preview(a->chooser->sampler, &a->settings, session_logits(a->session), a->ids.at, a->ids.n, event.best,
                    &event.n_best);
    chooser_tell(a->chooser, &event);
    worker_send(a->worker, &event);
}

static bool must_wait_locked(const struct answer *a)
{
    const struct worker *w = a->worker;
    return a->order == &w->main && w->pace == 0 && w->forced < 0 && !must_stop_locked(a);
}

/* Waits until the pace lets another token be made. Tells what it may be at once, and again with other settings. */
static void wait_for_turn(struct answer *a)
{
    struct worker *w = a->worker;
    double began = worker_clock();
    bool told = false;
    pthread_mutex_lock(&w->lock);
    while (must_wait_locked(a)) {
        if (told && a->settings_number == a->order->settings_number) {
            pthread_cond_wait(&w->orders, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        look_at_orders(a);
        tell_preview(a);
        told = true;
        pthread_mutex_lock(&w->lock);
    }
    a->forced = -1;
    if (a->order == &w->main) {
        a->forced = w->forced;
        w->forced = -1;
        w->pace -= w->pace > 0;
    }
    pthread_mutex_unlock(&w->lock);
    a->waited += told ? worker_clock() - began : 0;
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
        wait_for_turn(a);
        if (look_at_orders(a))
            return FINISH_STOPPED;
        if (!one_token(a, &finish, err))
            return finish;
    }
}

void answer_make(struct answer *a)
{
    struct error err = {0};
    struct event event = {.kind = EVENT_DONE, .request = a->request, .finish = FINISH_STOPPED};
    a->timings.prompt_tokens = a->ids.n;
    sampler_seed(a->chooser->sampler, a->settings.seed);
    enum error_code code = session_sync(a->session, a->ids.at, a->ids.n, tell_progress, a, &a->timings.reused_tokens, &err);
    a->prompt_read = worker_clock();
    a->timings.prefill_seconds = a->prompt_read - a->started;
    if (code == ERR_NONE)
        event.finish = generate(a, &err);
    a->timings.decode_seconds = code == ERR_NONE ? worker_clock() - a->prompt_read - a->waited : 0;
    if (textstream_end(&a->stream, &a->text) && a->text.size > 0) {
        struct event rest = {.kind = EVENT_TOKEN, .request = a->request, .id = -1, .settings = a->settings_number};
        send_text(a, rest);
    }
    event.timings = a->timings;
    if (err.code != ERR_NONE && err.code != ERR_STOPPED) {
        event.kind = EVENT_FAILED;
        event.error = err;
    }
    worker_send(a->worker, &event);
}
