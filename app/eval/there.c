/* A respondent that a server has. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/eval/ask.h"
#include "app/eval/respondent.h"
#include "app/eval/writer.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "remote/remote.h"

enum { NAME_MOST = 256 };

struct there {
    struct respondent base;
    struct endpoint_scorer *scorer;
    char name[NAME_MOST];
};

static void free_there(struct respondent *r)
{
    struct there *t = (struct there *)r;
    endpoint_scorer_free(t->scorer);
    free(t);
}

/* ---- ids -------------------------------------------------------------------------------------------------------- */

static enum error_code encode_texts(void *context, struct coded_text *texts, size_t n, struct error *err)
{
    const struct there *t = context;
    struct endpoint_text *sent = calloc(n + 1, sizeof *sent);
    if (sent == NULL)
        return error_memory(err);
    for (size_t i = 0; i < n; i++)
        sent[i] = (struct endpoint_text){.text = texts[i].text, .size = texts[i].size, .lead = texts[i].lead};
    endpoint_scorer_encode(t->scorer, sent, n, err);
    for (size_t i = 0; i < n; i++) {
        if (err->code == ERR_NONE && !ids_append(&texts[i].ids, sent[i].ids, sent[i].n))
            error_memory(err);
        free(sent[i].ids);
    }
    free(sent);
    return err->code;
}

/* ---- choices ---------------------------------------------------------------------------------------------------- */

/* Questions under way: of each, its texts for the server, and what comes back. */
struct asked {
    const struct eval_question *questions;
    struct eval_result *results;   /* (n) */
    struct endpoint_group *groups; /* (n) */
    respondent_take *take;
    session_progress *progress;
    void *context;
    size_t n, done;
};

static void free_group(struct endpoint_group *g)
{
    for (size_t k = 0; g->texts != NULL && k < g->n; k++) {
        free(g->texts[k].logp);
        free(g->texts[k].greedy);
    }
    free(g->texts);
}

static enum error_code make_group(const struct eval_result *r, struct endpoint_group *g, struct error *err)
{
    g->texts = calloc(r->n + 1, sizeof *g->texts);
    g->n = g->texts != NULL ? r->n : 0;
    bool ok = g->texts != NULL;
    for (size_t k = 0; ok && k < r->n; k++) {
        const struct ids *ids = &r->answers[k].ids;
        g->texts[k] = (struct endpoint_scored){.ids = ids->at,
                                               .n = ids->n,
                                               .logp = calloc(ids->n, sizeof(float)),
                                               .greedy = calloc(ids->n, sizeof(bool))};
        ok = g->texts[k].logp != NULL && g->texts[k].greedy != NULL;
    }
    return ok ? ERR_NONE : error_memory(err);
}

/* One that is no longer wanted ends all. */
static enum error_code check_progress(struct asked *a, struct error *err)
{
    return a->progress(a->context, ++a->done, a->n) ? ERR_NONE : error_set(err, ERR_STOPPED, "stopped");
}

static enum error_code take_group(void *context, size_t i, struct error *err)
{
    struct asked *a = context;
    struct eval_result *r = &a->results[i];
    for (size_t k = 0; k < r->n; k++) {
        struct eval_answer *answer = &r->answers[k];
        const struct endpoint_scored *s = &a->groups[i].texts[k];
        const size_t n = s->n - answer->from, from = answer->from - 1; /* there is none of the first token */
        memcpy(answer->logp, s->logp + from, n * sizeof *answer->logp);
        memcpy(answer->greedy, s->greedy + from, n * sizeof *answer->greedy);
    }
    eval_judge(&a->questions[i], r);
    a->take(a->context, i, r);
    return check_progress(a, err);
}

static enum error_code choose_there(struct respondent *r, const struct eval_question *questions, size_t n,
                                    respondent_take *take, session_progress *progress, void *context, struct error *err)
{
    struct asked a = {
        questions, calloc(n + 1, sizeof *a.results), calloc(n + 1, sizeof *a.groups), take, progress, context, n, 0};
    if (a.results == NULL || a.groups == NULL)
        error_memory(err);
    else
        eval_prepare(&r->coder, questions, n, a.results, err);
    for (size_t i = 0; i < n && err->code == ERR_NONE; i++)
        make_group(&a.results[i], &a.groups[i], err);
    if (err->code == ERR_NONE)
        endpoint_scorer_score(((struct there *)r)->scorer, a.groups, n, take_group, &a, err);
    for (size_t i = 0; a.results != NULL && a.groups != NULL && i < n; i++) {
        free_group(&a.groups[i]);
        eval_result_free(&a.results[i]);
    }
    free(a.results);
    free(a.groups);
    return err->code;
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

struct writing {
    struct asked asked; /* without results and groups */
    struct eval_written *written;
    struct endpoint_writing *sent;
    eval_written_take *take;
};

static enum error_code take_writing(void *context, size_t i, struct error *err)
{
    struct writing *w = context;
    struct eval_written *written = &w->written[i];
    written->finish = w->sent[i].cut ? FINISH_LENGTH : FINISH_END;
    if (!buf_append(&written->text, w->sent[i].text, w->sent[i].size))
        return error_memory(err);
    w->take(w->asked.context, i, written);
    return check_progress(&w->asked, err);
}

static void fill_writing(const struct eval_question *q, const struct eval_written *written,
                         struct endpoint_writing *out)
{
    const struct eval_writing *writing = q->task->writing;
    *out = (struct endpoint_writing){.ids = written->prompt.at,
                                     .n = written->prompt.n,
                                     .most = writing->most,
                                     .stops = writing->until};
    while (out->n_stops < sizeof writing->until / sizeof *writing->until && writing->until[out->n_stops] != NULL)
        out->n_stops++;
}

static enum error_code write_there(struct respondent *r, const struct eval_question *questions, size_t n,
                                   eval_written_take *take, session_progress *progress, void *context,
                                   struct error *err)
{
    struct writing w = {.asked = {.progress = progress, .context = context, .n = n},
                        .written = calloc(n + 1, sizeof *w.written),
                        .sent = calloc(n + 1, sizeof *w.sent),
                        .take = take};
    if (w.written == NULL || w.sent == NULL)
        error_memory(err);
    else if (eval_write_prepare(&r->coder, questions, n, w.written, err) == ERR_NONE) {
        for (size_t i = 0; i < n; i++)
            fill_writing(&questions[i], &w.written[i], &w.sent[i]);
        endpoint_scorer_write(((struct there *)r)->scorer, w.sent, n, take_writing, &w, err);
    }
    for (size_t i = 0; w.written != NULL && i < n; i++)
        eval_written_free(&w.written[i]);
    free(w.written);
    free(w.sent);
    return err->code;
}

static enum error_code piece_there(struct respondent *r, int32_t id, struct buf *out, struct error *err)
{
    return endpoint_scorer_piece(((struct there *)r)->scorer, id, out, err);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* FNV-1a of a text and its end. */
static uint64_t add_text(uint64_t sum, const char *text)
{
    do
        sum = (sum ^ (unsigned char)*text) * 0x100000001b3;
    while (*text++ != '\0');
    return sum;
}

struct respondent *respondent_there(const struct endpoint_place *place, const char *model,
                                    const struct endpoint_watch *watch, struct error *err)
{
    static const struct respondent_kind kind = {free_there, choose_there, write_there, piece_there};
    struct there *t = calloc(1, sizeof *t);
    if (t == NULL) {
        error_memory(err);
        return NULL;
    }
    t->scorer = endpoint_scorer_open(place, model, watch, err);
    if (t->scorer == NULL) {
        free(t);
        return NULL;
    }
    const struct endpoint_scorer_about about = endpoint_scorer_about(t->scorer);
    const int32_t context = about.context > 0 ? about.context : INT32_MAX - 1;
    snprintf(t->name, sizeof t->name, "%.180s@%s", about.model, place->name);
    t->base = (struct respondent){
        .kind = &kind,
        .name = t->name,
        .coder = {encode_texts, t, about.lead, about.longest > 0 ? about.longest : INT32_MAX, context},
        .fingerprint = add_text(add_text(add_text(0xcbf29ce484222325, about.host), about.model), about.fingerprint),
        .context = context,
        .one_by_one = true};
    return &t->base;
}
