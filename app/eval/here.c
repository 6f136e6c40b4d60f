/* A respondent on this machine. */
#include <config.h>

#include <stdlib.h>

#include "app/eval/ask.h"
#include "app/eval/respondent.h"
#include "app/eval/writer.h"
#include "base/error.h"
#include "engine/engine.h"

struct here {
    struct respondent base;
    const struct model *model;
    struct runner *runner;
    struct scorer *scorer;
    struct eval_writer *writer; /* NULL until a task lets the model write */
};

static void free_here(struct respondent *r)
{
    struct here *h = (struct here *)r;
    eval_writer_free(h->writer);
    scorer_free(h->scorer);
    runner_free(h->runner);
    free(h);
}

static enum error_code encode_texts(void *context, struct coded_text *texts, size_t n, struct error *err)
{
    const struct tokenizer *t = model_tokenizer(((const struct here *)context)->model);
    const int32_t bos = tokenizer_bos(t);
    for (size_t i = 0; i < n && err->code == ERR_NONE; i++) {
        struct coded_text *text = &texts[i];
        if (text->lead && tokenizer_adds_bos(t) && bos >= 0 && !ids_append(&text->ids, &bos, 1))
            return error_memory(err);
        tokenizer_encode(t, text->text, text->size, &text->ids, err);
    }
    return err->code;
}

/* ---- choices ---------------------------------------------------------------------------------------------------- */

/* The likeliest token in the place of each token of each answer. */
static struct likely *make_likely(const struct eval_result *results, size_t n)
{
    size_t tokens = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < results[i].n; k++)
            tokens += results[i].answers[k].ids.n - results[i].answers[k].from;
    return calloc(tokens + 1, sizeof(struct likely));
}

static void gather(const struct eval_result *results, size_t n, struct likely *likely, struct scored_text *texts)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < results[i].n; k++) {
            const struct eval_answer *a = &results[i].answers[k];
            *texts++ = (struct scored_text){
                .ids = a->ids.at, .n = a->ids.n, .from = a->from, .top = 1, .logp = a->logp, .likely = likely};
            likely += a->ids.n - a->from;
        }
}

static void take_likely(const struct eval_result *results, size_t n, const struct likely *likely)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < results[i].n; k++) {
            const struct eval_answer *a = &results[i].answers[k];
            for (size_t m = 0; m < a->ids.n - a->from; m++)
                a->greedy[m] = (likely++)->id == a->ids.at[a->from + m];
        }
}

static enum error_code score(struct here *h, struct eval_result *results, size_t n, session_progress *progress,
                             void *context, struct error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += results[i].n;
    struct scored_text *texts = calloc(total + 1, sizeof *texts);
    struct likely *likely = make_likely(results, n);
    if (texts == NULL || likely == NULL) {
        error_memory(err);
    } else {
        gather(results, n, likely, texts);
        if (scorer_run(h->scorer, texts, total, progress, context, err) == ERR_NONE)
            take_likely(results, n, likely);
    }
    free(texts);
    free(likely);
    return err->code;
}

static enum error_code choose_here(struct respondent *r, const struct eval_question *questions, size_t n,
                                   respondent_take *take, session_progress *progress, void *context, struct error *err)
{
    struct eval_result *results = calloc(n + 1, sizeof *results);
    if (results == NULL)
        return error_memory(err);
    if (eval_prepare(&r->coder, questions, n, results, err) == ERR_NONE && n > 0)
        score((struct here *)r, results, n, progress, context, err);
    for (size_t i = 0; i < n; i++) {
        if (err->code == ERR_NONE) {
            eval_judge(&questions[i], &results[i]);
            take(context, i, &results[i]);
        }
        eval_result_free(&results[i]);
    }
    free(results);
    return err->code;
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static enum error_code write_here(struct respondent *r, const struct eval_question *questions, size_t n,
                                  eval_written_take *take, session_progress *progress, void *context, struct error *err)
{
    struct here *h = (struct here *)r;
    if (h->writer == NULL && (h->writer = eval_writer_new(h->runner, err)) == NULL)
        return err->code;
    return eval_write(h->writer, &r->coder, questions, n, take, progress, context, err);
}

static enum error_code piece_here(struct respondent *r, int32_t id, struct buf *out, struct error *err)
{
    return tokenizer_piece(model_tokenizer(((struct here *)r)->model), id, out) ? ERR_NONE : error_memory(err);
}

struct respondent *respondent_here(const struct model *model, const struct session_options *session, struct error *err)
{
    static const struct respondent_kind kind = {free_here, choose_here, write_here, piece_here};
    const struct tokenizer *t = model_tokenizer(model);
    struct here *h = calloc(1, sizeof *h);
    if (h == NULL) {
        error_memory(err);
        return NULL;
    }
    h->model = model;
    h->runner = runner_open(model, session, err);
    h->scorer = h->runner != NULL ? scorer_new(h->runner, err) : NULL;
    if (h->scorer == NULL) {
        free_here(&h->base);
        return NULL;
    }
    h->base = (struct respondent){.kind = &kind,
                                  .name = model_info(model)->path,
                                  .fingerprint = model_info(model)->fingerprint,
                                  .context = runner_context(h->runner)};
    h->base.coder = (struct coder){.encode = encode_texts,
                                   .context = h,
                                   .before = tokenizer_bos(t) >= 0 ? tokenizer_bos(t) : tokenizer_eos(t),
                                   .longest = h->base.context + 1, /* the last token is only predicted */
                                   .room = h->base.context};
    return &h->base;
}
