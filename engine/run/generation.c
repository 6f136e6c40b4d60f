/* Generations: answers side by side. The session holds prompt and answer; a step chooses a token of each from its logits
 * and evaluates all of them in one batch. */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/model/model.h"
#include "engine/run/chooser.h"
#include "engine/run/costs.h"
#include "engine/run/likelihood.h"
#include "engine/run/runner.h"
#include "engine/run/session.h"
#include "engine/run/speculation.h"
#include "engine/text/textstream.h"

enum {
    PIECE_MOST = 1 << 20, /* bytes of a token */
    STEP = 64,            /* generations of a batch */
    LEAST_SHARED = 16,    /* tokens that a sibling must have more than one's own to be worth sharing */
};

struct generation {
    struct runner *runner;
    struct session *session;
    struct chooser chooser;
    struct sampling settings;
    int32_t top;
    struct ids ids; /* prompt and answer */
    size_t prompt;  /* tokens of the prompt */
    size_t reused;
    struct textstream stream;
    struct buf text;                 /* of the last step */
    struct speculation *speculation; /* NULL: none */
    size_t guessed, right;
};

struct generation *generation_new(struct runner *r, int32_t context, struct error *err)
{
    struct generation *g = calloc(1, sizeof *g);
    if (g == NULL) {
        error_memory(err);
        return NULL;
    }
    g->runner = r;
    textstream_init(&g->stream);
    buf_init(&g->text, PIECE_MOST);
    g->session = session_new(r, context, err);
    if (g->session != NULL && chooser_open(&g->chooser, model_tokenizer(r->model), err))
        return g;
    generation_free(g);
    return NULL;
}

void generation_free(struct generation *g)
{
    if (g == NULL)
        return;
    chooser_close(&g->chooser);
    speculation_free(g->speculation);
    session_free(g->session);
    textstream_free(&g->stream);
    buf_free(&g->text);
    ids_free(&g->ids);
    free(g);
}

enum error_code generation_speculate(struct generation *g, enum speculate when, struct error *err)
{
    speculation_free(g->speculation);
    g->speculation = NULL;
    if (when == SPECULATE_OFF)
        return ERR_NONE;
    g->speculation = speculation_new(when, session_capacity(g->session), NULL, &g->runner->costs, err);
    return g->speculation != NULL ? ERR_NONE : err->code;
}

void generation_guesses(const struct generation *g, size_t *guessed, size_t *right)
{
    *guessed = g->guessed;
    *right = g->right;
}

/* ---- the prompt ------------------------------------------------------------------------------------------------- */

/* Shares the cache of the sibling that has most of the prompt, where that is more than its own. */
static void share_prefix(struct generation *g, struct generation *const *siblings, size_t n)
{
    const struct session *best = NULL;
    size_t most = session_common(g->session, g->ids.at, g->prompt) + LEAST_SHARED - 1;
    for (size_t i = 0; i < n; i++) {
        const size_t common = session_common(siblings[i]->session, g->ids.at, g->prompt);
        if (siblings[i] != g && common > most) {
            most = common;
            best = siblings[i]->session;
        }
    }
    if (best != NULL)
        session_share(g->session, best, most);
}

enum error_code generation_begin(struct generation *g, const int32_t *ids, size_t n, const struct sampling *settings,
                                 int32_t top, struct generation *const *siblings, size_t n_siblings, struct error *err)
{
    if (n == 0)
        return error_set(err, ERR_ARGUMENT, "there is nothing to answer: the prompt is empty");
    if (n > (size_t)session_capacity(g->session))
        return error_set(err, ERR_CONTEXT, "the prompt has %zu tokens, and the context holds %d", n,
                         (int)session_capacity(g->session));
    if (!runner_check_ids(g->runner, ids, n, err))
        return err->code;
    g->ids.n = 0;
    if (!ids_append(&g->ids, ids, n))
        return error_memory(err);
    g->prompt = n;
    g->settings = *settings;
    g->top = top;
    g->guessed = g->right = 0;
    if (g->speculation != NULL)
        speculation_begin(g->speculation, ids, n);
    textstream_reset(&g->stream);
    buf_clear(&g->text);
    chooser_use(&g->chooser, settings);
    sampler_seed(g->chooser.sampler, settings->seed);
    share_prefix(g, siblings, n_siblings);
    g->reused = session_common(g->session, ids, n);
    g->reused -= g->reused == n; /* its last token is evaluated again for its logits, unless they are there */
    return ERR_NONE;
}

size_t generation_reused(const struct generation *g)
{
    return g->reused;
}

bool generation_read(struct generation *g, struct error *err)
{
    const size_t at = session_common(g->session, g->ids.at, g->prompt);
    const size_t left = g->prompt - at, batch = (size_t)g->runner->batch;
    const size_t end = left < batch ? g->prompt : at + batch;
    return session_sync(g->session, g->ids.at, end, NULL, NULL, NULL, err) == ERR_NONE && end == g->prompt;
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

static void end_with(struct generated *out, enum finish finish)
{
    out->ended = true;
    out->finish = finish;
}

/* What the model itself makes of the place, and of the token that was chosen. */
static void tell_likelihood(const struct generation *g, const float *logits, struct generated *out)
{
    struct likelihood l;
    likelihood_read(logits, g->runner->model->info.vocab, g->top, &l);
    out->logp = likelihood_of(&l, logits[out->id]);
    out->n_likely = l.n;
    for (int32_t i = 0; i < l.n; i++)
        out->likely[i] = l.likely[i];
}

static bool append_text(struct generation *g, int32_t id)
{
    struct buf piece;
    buf_init(&piece, PIECE_MOST);
    bool ok = tokenizer_piece(model_tokenizer(g->runner->model), id, &piece) && ids_append(&g->ids, &id, 1) &&
              textstream_push(&g->stream, &g->settings, buf_text(&piece), piece.size, &g->text);
    buf_free(&piece);
    return ok;
}

/* Chooses a token and adds its text. */
static void choose(struct generation *g, struct generated *out)
{
    const float *logits = session_logits(g->session);
    struct candidate chosen;
    out->id = sampler_choose(g->chooser.sampler, &g->settings, logits, g->ids.at, g->ids.n, &chosen, NULL, NULL);
    tell_likelihood(g, logits, out);
    buf_clear(&g->text);
    const int32_t most = g->settings.max_new_tokens;
    if (tokenizer_is_end(model_tokenizer(g->runner->model), out->id)) {
        end_with(out, FINISH_END);
    } else if (!append_text(g, out->id)) {
        error_memory(&out->error);
        end_with(out, FINISH_STOPPED);
    } else if (g->stream.stopped) {
        end_with(out, FINISH_STOP_STRING);
    } else if (most >= 0 && g->ids.n - g->prompt >= (size_t)most) {
        end_with(out, FINISH_LENGTH);
    } else if (session_length(g->session) >= (size_t)session_capacity(g->session)) {
        end_with(out, FINISH_CONTEXT);
    }
    if (out->ended)
        textstream_end(&g->stream, &g->text);
    out->text = buf_text(&g->text);
    out->text_size = g->text.size;
}

/* Whether the last token was evaluated. */
static bool is_evaluated(const struct generation *g)
{
    return session_length(g->session) == g->ids.n && session_logits(g->session) != NULL;
}

/* What is evaluated in one batch. */
struct step {
    struct session *sessions[STEP];
    int32_t ids[STEP];
    struct session_guess guesses[STEP];
    struct generation *of[STEP];
    size_t n;
};

/* Adds an answer's token to the batch, unless it was evaluated on trial. */
static void add_token(struct step *step, struct generation *g, int32_t id, struct error *err)
{
    if (g->speculation != NULL)
        speculation_append(g->speculation, id);
    if (session_is_ahead(g->session, id)) {
        g->right++;
        session_push(g->session, id, err);
        return;
    }
    step->sessions[step->n] = g->session;
    step->ids[step->n] = id;
    step->guesses[step->n].n = 0;
    step->of[step->n++] = g;
}

/* Guesses for each, as many as are worth it beside the others, and as the answer may still have. */
static void guess_all(struct step *step)
{
    struct speculation_batch batch = {.rows = (int32_t)step->n, .made = (double)step->n};
    for (size_t i = 0; i < step->n && batch.rows < COSTS_MOST; i++) {
        const struct generation *g = step->of[i];
        const int32_t most = g->settings.max_new_tokens, made = (int32_t)(g->ids.n - g->prompt);
        const int32_t left = most < 0 ? SPECULATION_MOST : most - made - 1;
        if (g->speculation != NULL)
            step->guesses[i].n = speculation_guess_beside(g->speculation, left, &batch, step->guesses[i].ids);
    }
}

static void run_step(struct step *step, struct error *err)
{
    size_t rows = step->n;
    guess_all(step);
    const double began = clock_seconds();
    const enum error_code code = sessions_push_ahead(step->sessions, step->ids, step->guesses, step->n, err);
    for (size_t i = 0; i < step->n; i++) {
        rows += (size_t)step->guesses[i].n;
        step->of[i]->guessed += (size_t)step->guesses[i].n;
    }
    if (code == ERR_NONE && rows <= COSTS_MOST)
        costs_measure(&step->of[0]->runner->costs, (int32_t)rows, clock_seconds() - began);
}

/* Evaluates the tokens of those that continue; an answer whose token could not be evaluated ends. */
static void evaluate(struct generation *const *all, size_t n, struct generated *out)
{
    struct step step = {.n = 0};
    struct error err = {0};
    for (size_t i = 0; i < n; i++)
        if (!out[i].ended)
            add_token(&step, all[i], out[i].id, &err);
    if (step.n > 0)
        run_step(&step, &err);
    for (size_t i = 0; i < n; i++)
        if (!out[i].ended && !is_evaluated(all[i])) {
            out[i].error = err;
            end_with(&out[i], FINISH_STOPPED);
        }
}

void generations_step(struct generation *const *all, size_t n, struct generated *out)
{
    for (size_t at = 0, count; at < n; at += count) {
        count = n - at < STEP ? n - at : STEP;
        for (size_t i = at; i < at + count; i++) {
            out[i] = (struct generated){0};
            choose(all[i], &out[i]);
        }
        evaluate(all + at, count, out + at);
        for (size_t i = at; i < at + count; i++)
            if (out[i].ended)
                session_drop_ahead(all[i]->session);
    }
}
