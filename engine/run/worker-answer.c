/* A worker's answers, step by step: the prompt is read, then tokens are chosen, told and evaluated one by one.
 *
 * Between two tokens the thread looks at the orders: other settings, stop, and the pace at which the answer may
 * continue. */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/chooser.h"
#include "engine/run/costs.h"
#include "engine/run/runner.h"
#include "engine/run/session.h"
#include "engine/run/suffix.h"
#include "engine/run/worker.h"
#include "engine/text/textstream.h"

enum { LEAST_SHARED = 16 }; /* tokens that another session must have more than one's own to be worth a fork */

/* ---- choosing --------------------------------------------------------------------------------------------------- */

/* Entropy and survivors of what the sampler looked at last. */
static void chooser_report(const struct chooser *c, struct event *event)
{
    event->entropy = sampler_entropy(c->sampler);
    event->survivors = (int32_t)sampler_survivors(c->sampler);
}

/* The next token, or the one that was forced. */
static struct event choose_token(struct answer *a)
{
    struct sampler *s = a->chooser->sampler;
    const float *logits = session_logits(a->session);
    struct event event = {.kind = EVENT_TOKEN,
                          .request = a->request,
                          .guessed = (uint32_t)a->timings.guessed_tokens,
                          .guessed_right = (uint32_t)a->timings.true_guesses,
                          .settings = a->settings_number};
    chooser_use(a->chooser, &a->settings);
    event.id = a->forced;
    event.forced = a->forced >= 0;
    if (event.forced) {
        sampler_put(s, &a->settings, logits, a->ids.at, a->ids.n, event.id, &event.chosen, event.best, &event.n_best);
        sampler_seed(s, a->settings.seed);
    } else {
        event.id =
            sampler_choose(s, &a->settings, logits, a->ids.at, a->ids.n, &event.chosen, event.best, &event.n_best);
    }
    chooser_report(a->chooser, &event);
    event.rank = sampler_rank(s);
    return event;
}

void chooser_preview(struct worker *w, const struct sampling *settings)
{
    struct event event = {.kind = EVENT_PREVIEW, .id = -1};
    const float *logits = session_logits(w->session);
    if (logits == NULL)
        return;
    chooser_use(&w->chooser, settings);
    sampler_preview(w->chooser.sampler, settings, logits, session_ids(w->session), session_length(w->session),
                    event.best, &event.n_best);
    chooser_report(&w->chooser, &event);
    worker_send(w, &event);
}

void answer_tell_preview(struct answer *a)
{
    struct event event = {.kind = EVENT_PREVIEW, .request = a->request, .id = -1};
    if (!a->waits)
        a->wait_began = clock_seconds();
    a->waits = true;
    chooser_use(a->chooser, &a->settings);
    sampler_preview(a->chooser->sampler, &a->settings, session_logits(a->session), a->ids.at, a->ids.n, event.best,
                    &event.n_best);
    chooser_report(a->chooser, &event);
    worker_send(a->worker, &event);
}

/* ---- orders ----------------------------------------------------------------------------------------------------- */

static bool is_main(const struct answer *a)
{
    return a->order == &a->worker->main;
}

bool answer_must_stop_locked(const struct answer *a)
{
    const struct worker *w = a->worker;
    return a->order->stop || w->quit || (!is_main(a) && w->main.pending);
}

static bool is_long_enough(const struct answer *a, const struct sampling *settings)
{
    return settings->max_new_tokens >= 0 && a->timings.answer_tokens >= (size_t)settings->max_new_tokens;
}

bool answer_must_wait_locked(const struct answer *a)
{
    const struct worker *w = a->worker;
    return is_main(a) && w->pace == 0 && w->forced < 0 && !answer_must_stop_locked(a) &&
           !is_long_enough(a, &a->order->settings);
}

void answer_take_settings_locked(struct answer *a)
{
    uint64_t seed = a->settings.seed;
    a->settings = a->order->settings;
    a->settings_number = a->order->settings_number;
    if (a->settings.seed != seed)
        sampler_seed(a->chooser->sampler, a->settings.seed);
}

void answer_take_turn_locked(struct answer *a)
{
    struct worker *w = a->worker;
    answer_take_settings_locked(a);
    a->stop = answer_must_stop_locked(a);
    a->forced = -1;
    if (is_main(a) && !a->stop && !is_long_enough(a, &a->settings)) {
        a->forced = w->forced;
        w->forced = -1;
        w->pace -= w->pace > 0;
    }
}

static bool must_stop(struct answer *a)
{
    pthread_mutex_lock(&a->worker->service->lock);
    bool stop = answer_must_stop_locked(a);
    pthread_mutex_unlock(&a->worker->service->lock);
    return stop;
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

static bool tell_progress(void *context, size_t done, size_t total)
{
    struct answer *a = context;
    struct event event = {.kind = EVENT_PREFILL, .request = a->request, .done = done, .total = total};
    if (must_stop(a))
        return false;
    worker_send(a->worker, &event);
    return true;
}

/* An event that brings only text. */
static struct event text_event(const struct answer *a)
{
    return (struct event){.kind = EVENT_TOKEN, .request = a->request, .id = -1, .settings = a->settings_number};
}

/* Sends the event with as much of the text as it holds, the rest in events without a token. */
static void tell_text(struct answer *a, struct event event)
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
        event = text_event(a);
    } while (left > 0);
    buf_clear(&a->text);
}

/* What the model wrote is what it may write again, in another answer to the same question most of all. */
static void remember_answer(const struct answer *a)
{
    struct suffix *history = a->worker->service->history;
    if (history == NULL || a->speculation == NULL || a->worker->guest || a->ids.n <= a->timings.prompt_tokens)
        return;
    for (size_t i = a->timings.prompt_tokens; i < a->ids.n; i++)
        suffix_append(history, a->ids.at[i]);
    suffix_append(history, -1);
}

/* Tells the end, and what of the text was held back for it. */
static void answer_end(struct answer *a, enum finish finish, const struct error *err)
{
    struct event event = {.kind = EVENT_DONE, .request = a->request, .finish = finish};
    if (a->prompt_read > 0)
        a->timings.decode_seconds = clock_seconds() - a->prompt_read - a->waited;
    if (textstream_end(&a->stream, &a->text) && a->text.size > 0)
        tell_text(a, text_event(a));
    event.timings = a->timings;
    remember_answer(a);
    if (err->code != ERR_NONE && err->code != ERR_STOPPED) {
        event.kind = EVENT_FAILED;
        event.error = *err;
    }
    answer_free(a);
    worker_send(a->worker, &event);
}

void answer_refuse(struct answer *a, const struct error *err)
{
    struct event event = {.kind = EVENT_DONE, .request = a->request, .finish = FINISH_STOPPED};
    if (err->code != ERR_NONE) {
        event.kind = EVENT_FAILED;
        event.error = *err;
    }
    answer_free(a);
    worker_send(a->worker, &event);
}

void question_free(struct question *q)
{
    free(q->ids);
    free(q->messages);
    *q = (struct question){0};
}

void answer_free(struct answer *a)
{
    if (a->active) {
        textstream_free(&a->stream);
        buf_free(&a->text);
        ids_free(&a->ids);
    }
    question_free(&a->question);
    a->active = false;
}

/* ---- the prompt ------------------------------------------------------------------------------------------------- */

/* Messages to ids: what they became is left for worker_take_prompt, and told. */
static enum error_code render_prompt(struct answer *a, struct error *err)
{
    const struct question *q = &a->question;
    struct worker *w = a->worker;
    struct prompt prompt;
    enum error_code code = prompt_render(q->template, model_tokenizer(w->service->model), q->messages, q->n_messages,
                                         q->limit, &prompt, err);
    if (code != ERR_NONE)
        return code;
    if (!ids_append(&a->ids, prompt.ids.at, prompt.ids.n)) {
        prompt_free(&prompt);
        return error_memory(err);
    }
    struct event event = {.kind = EVENT_PROMPT,
                          .request = a->request,
                          .total = prompt.ids.n,
                          .first_kept = prompt.first_kept,
                          .dropped = prompt.dropped};
    pthread_mutex_lock(&w->service->lock);
    if (w->has_rendered)
        prompt_free(&w->rendered);
    w->rendered = prompt;
    w->has_rendered = true;
    pthread_mutex_unlock(&w->service->lock);
    worker_send(w, &event);
    return ERR_NONE;
}

static enum error_code take_question(struct answer *a, struct error *err)
{
    struct question *q = &a->question;
    enum error_code code = ERR_NONE;
    if (q->messages != NULL)
        code = render_prompt(a, err);
    else
        a->ids = (struct ids){q->ids, q->n_ids, q->n_ids};
    if (q->messages == NULL)
        q->ids = NULL; /* the answer's now */
    question_free(q);
    if (code == ERR_NONE && a->ids.n == 0)
        code = error_set(err, ERR_ARGUMENT, "there is nothing to answer: the prompt is empty");
    return code;
}

/* Shares what another session of the service, but no guest's, has read of the prompt, where that is more than the answer's
 * own has. */
static void share_prefix(struct answer *a)
{
    struct service *s = a->worker->service;
    const struct session *best = NULL;
    size_t most = session_common(a->session, a->ids.at, a->ids.n) + LEAST_SHARED - 1;
    pthread_mutex_lock(&s->lock); /* for the list; the sessions are the thread's */
    for (const struct worker *w = s->workers; w != NULL; w = w->next) {
        size_t common = w->session != NULL && !w->guest ? session_common(w->session, a->ids.at, a->ids.n) : 0;
        if (common > most) {
            most = common;
            best = w->session;
        }
    }
    pthread_mutex_unlock(&s->lock);
    if (best != NULL)
        session_share(a->session, best, most);
}

void answer_begin(struct answer *a)
{
    struct error err = {0};
    a->active = true;
    a->started = clock_seconds();
    textstream_init(&a->stream);
    buf_init(&a->text, LONGEST_PIECE);
    sampler_seed(a->chooser->sampler, a->settings.seed);
    enum error_code code = take_question(a, &err);
    a->timings.prompt_tokens = a->ids.n;
    if (code == ERR_NONE) {
        share_prefix(a);
        if (is_main(a) && a->worker->service->keeper != NULL)
            keeper_restore(a->worker->service->keeper, a->session, a->ids.at, a->ids.n, a->worker->guest);
        code = session_sync(a->session, a->ids.at, a->ids.n, tell_progress, a, &a->timings.reused_tokens, &err);
    }
    if (code == ERR_NONE && a->speculation != NULL)
        speculation_begin(a->speculation, a->ids.at, a->ids.n);
    const double read = clock_seconds();
    a->timings.prefill_seconds = read - a->started;
    a->prompt_read = code == ERR_NONE ? read : 0;
    if (code != ERR_NONE)
        answer_end(a, FINISH_STOPPED, &err);
}

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

/* Appends a token to the ids and its text to the stream; false when out of memory. */
static bool append_token(struct answer *a, int32_t id)
{
    struct buf piece;
    buf_init(&piece, LONGEST_PIECE);
    bool ok = tokenizer_piece(model_tokenizer(a->worker->service->model), id, &piece) && ids_append(&a->ids, &id, 1) &&
              textstream_push(&a->stream, &a->settings, buf_text(&piece), piece.size, &a->text);
    buf_free(&piece);
    return ok;
}

/* Guesses of what follows the last token, as many as the answer may still have. */
static int32_t guess(const struct answer *a, int32_t out[SPECULATION_MOST])
{
    const int32_t most = a->settings.max_new_tokens;
    const int32_t left = most < 0 ? SPECULATION_MOST : most - (int32_t)a->timings.answer_tokens - 1;
    return speculation_guess(a->speculation, left, out);
}

/* Evaluates the token just chosen, unless that was done on trial. */
static enum error_code evaluate_token(struct answer *a, int32_t id, struct error *err)
{
    int32_t guesses[SPECULATION_MOST];
    if (a->speculation == NULL)
        return session_push(a->session, id, err);
    speculation_append(a->speculation, id);
    if (session_is_ahead(a->session, id)) {
        a->timings.true_guesses++;
        return session_push(a->session, id, err);
    }
    int32_t n = guess(a, guesses);
    const double began = clock_seconds();
    const enum error_code code = session_push_ahead(a->session, id, guesses, &n, err);
    costs_measure(&a->worker->service->runner->costs, n + 1, clock_seconds() - began);
    a->timings.guessed_tokens += (size_t)n;
    return code;
}

/* Chooses a token, tells it and evaluates it. True when the answer continues. */
static bool make_token(struct answer *a, enum finish *finish, struct error *err)
{
    struct event event = choose_token(a);
    if (a->timings.answer_tokens == 0)
        a->timings.first_token_seconds = clock_seconds() - a->started;
    if (tokenizer_is_end(model_tokenizer(a->worker->service->model), event.id)) {
        *finish = FINISH_END;
        return false;
    }
    a->timings.answer_tokens++;
    if (!append_token(a, event.id)) {
        error_memory(err);
        return false;
    }
    tell_text(a, event);
    if (a->stream.stopped) {
        *finish = FINISH_STOP_STRING;
        return false;
    }
    if (session_length(a->session) >= (size_t)session_capacity(a->session)) {
        *finish = FINISH_CONTEXT;
        return false;
    }
    return evaluate_token(a, event.id, err) == ERR_NONE;
}

void answer_step(struct answer *a)
{
    struct error err = {0};
    enum finish finish = FINISH_STOPPED;
    if (a->waits)
        a->waited += clock_seconds() - a->wait_began;
    a->waits = false;
    if (a->stop)
        answer_end(a, FINISH_STOPPED, &err);
    else if (is_long_enough(a, &a->settings))
        answer_end(a, FINISH_LENGTH, &err);
    else if (!make_token(a, &finish, &err))
        answer_end(a, finish, &err);
}
