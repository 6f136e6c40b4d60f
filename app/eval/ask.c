/* Log-likelihoods of choices as lm-evaluation-harness takes them (lm_eval/api/model.py, api/task.py). */
#include <config.h>

#include "app/eval/ask.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/eval/question.h"
#include "app/eval/strings.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

enum { TEXT_MOST = 128 << 20 };

void eval_result_free(struct eval_result *r)
{
    for (size_t i = 0; r->answers != NULL && i < r->n; i++) {
        ids_free(&r->answers[i].ids);
        free(r->answers[i].logp);
        free(r->answers[i].likely);
    }
    free(r->answers);
    *r = (struct eval_result){0};
}

/* ---- ids -------------------------------------------------------------------------------------------------------- */

/* Bytes up to the last character that is no white space. */
static size_t without_blanks_after(const char *text)
{
    const char *begin = text;
    const size_t size = strings_strip(&begin);
    return size > 0 ? (size_t)(begin - text) + size : 0;
}

enum error_code eval_encode(const struct tokenizer *t, const char *text, size_t size, struct ids *ids,
                            struct error *err)
{
    const int32_t bos = tokenizer_bos(t);
    if (tokenizer_adds_bos(t) && bos >= 0 && !ids_append(ids, &bos, 1))
        return error_memory(err);
    return tokenizer_encode(t, text, size, ids, err);
}

/* A text without a context is scored after BOS, or EOS where there is none. */
static enum error_code encode_alone(const struct tokenizer *t, const char *text, struct eval_answer *a,
                                    struct error *err)
{
    const int32_t bos = tokenizer_bos(t), first = bos >= 0 ? bos : tokenizer_eos(t);
    if (first < 0)
        return error_set(err, ERR_FORMAT, "the model's vocabulary has no token that could stand before a text");
    if (!ids_append(&a->ids, &first, 1))
        return error_memory(err);
    a->from = 1;
    return tokenizer_encode(t, text, strlen(text), &a->ids, err);
}

/* Context and continuation are encoded as one text, which is divided where the ids of the context alone end. Blanks at
 * the context's end belong to the continuation. */
static enum error_code encode_pair(const struct tokenizer *t, const char *context, const char *continuation,
                                   struct eval_answer *a, struct error *err)
{
    if (*context == '\0')
        return encode_alone(t, continuation, a, err);
    struct ids alone = {0};
    struct buf whole;
    buf_init(&whole, TEXT_MOST);
    buf_puts(&whole, context);
    buf_puts(&whole, continuation);
    if (buf_failed(&whole))
        error_memory(err);
    else if (eval_encode(t, context, without_blanks_after(context), &alone, err) == ERR_NONE)
        eval_encode(t, buf_text(&whole), whole.size, &a->ids, err);
    a->from = alone.n;
    buf_free(&whole);
    ids_free(&alone);
    if (err->code == ERR_NONE && a->from >= a->ids.n)
        error_set(err, ERR_FORMAT, "the choice '%.60s' gives no tokens of its own", continuation);
    return err->code;
}

/* The last token is only predicted: context + 1 tokens fit. What is too long loses its beginning. */
static enum error_code cut(struct eval_answer *a, size_t context, struct error *err)
{
    if (a->ids.n <= context + 1)
        return ERR_NONE;
    const size_t excess = a->ids.n - context - 1;
    if (excess >= a->from)
        return error_set(err, ERR_CONTEXT, "a choice of %zu tokens is longer than the context of %zu",
                         a->ids.n - a->from, context);
    memmove(a->ids.at, a->ids.at + excess, (a->ids.n - excess) * sizeof *a->ids.at);
    a->ids.n -= excess;
    a->from -= excess;
    return ERR_NONE;
}

static enum error_code prepare_answer(const struct tokenizer *t, size_t context, const struct eval_question *q,
                                      size_t i, struct eval_answer *a, struct error *err)
{
    const struct eval_choice *c = &q->choices[i];
    if (encode_pair(t, c->context != NULL ? c->context : q->context, c->continuation, a, err) != ERR_NONE ||
        cut(a, context, err) != ERR_NONE)
        return err->code;
    const size_t n = a->ids.n - a->from;
    a->logp = calloc(n, sizeof *a->logp);
    a->likely = calloc(n, sizeof *a->likely);
    return a->logp != NULL && a->likely != NULL ? ERR_NONE : error_memory(err);
}

enum error_code eval_prepare(const struct tokenizer *t, int32_t context, const struct eval_question *q,
                             struct eval_result *r, struct error *err)
{
    r->answers = calloc(q->n, sizeof *r->answers);
    if (r->answers == NULL)
        return error_memory(err);
    r->n = q->n;
    for (size_t i = 0; i < q->n && err->code == ERR_NONE; i++)
        prepare_answer(t, (size_t)context, q, i, &r->answers[i], err);
    return err->code;
}

/* ---- what follows ----------------------------------------------------------------------------------------------- */

static void sum_up(struct eval_answer *a)
{
    a->loglikelihood = 0;
    a->is_greedy = true;
    for (size_t i = 0; i < a->ids.n - a->from; i++) {
        a->loglikelihood += (double)a->logp[i];
        a->is_greedy &= a->likely[i].id == a->ids.at[a->from + i];
    }
}

/* The first of the greatest likelihoods, of each character when by_length. */
static size_t best_of(const struct eval_question *q, const struct eval_result *r, bool by_length)
{
    size_t best = 0;
    double most = -INFINITY;
    for (size_t i = 0; i < r->n; i++) {
        const double length = by_length ? (double)q->choices[i].length : 1;
        const double here = r->answers[i].loglikelihood / length;
        if (here > most) {
            most = here;
            best = i;
        }
    }
    return best;
}

/* The share of the true choices in the sum of all probabilities. */
static double true_share(const struct eval_question *q, const struct eval_result *r)
{
    double most = -INFINITY, sum = 0, good = 0;
    for (size_t i = 0; i < r->n; i++)
        most = fmax(most, r->answers[i].loglikelihood);
    for (size_t i = 0; i < r->n; i++) {
        const double p = exp(r->answers[i].loglikelihood - most);
        sum += p;
        good += q->choices[i].good ? p : 0;
    }
    return good / sum;
}

static void judge(const struct eval_question *q, struct eval_result *r)
{
    for (size_t i = 0; i < r->n; i++)
        sum_up(&r->answers[i]);
    r->chosen = best_of(q, r, false);
    r->acc = r->chosen == q->target;
    r->acc_norm = best_of(q, r, true) == q->target;
    r->mc2 = true_share(q, r);
}

double eval_result_score(const struct eval_result *r, enum eval_metric metric)
{
    return metric == METRIC_MC2 ? r->mc2 : metric == METRIC_ACC_NORM ? r->acc_norm : r->acc;
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static enum error_code score(struct scorer *scorer, struct eval_result *results, size_t n, session_progress *progress,
                             void *context, struct error *err)
{
    size_t total = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        total += results[i].n;
    struct scored_text *texts = calloc(total, sizeof *texts);
    if (texts == NULL)
        return error_memory(err);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < results[i].n; k++) {
            const struct eval_answer *a = &results[i].answers[k];
            texts[at++] = (struct scored_text){
                .ids = a->ids.at, .n = a->ids.n, .from = a->from, .top = 1, .logp = a->logp, .likely = a->likely};
        }
    scorer_run(scorer, texts, total, progress, context, err);
    free(texts);
    return err->code;
}

enum error_code eval_ask(struct scorer *scorer, const struct tokenizer *t, int32_t context,
                         const struct eval_question *questions, size_t n, struct eval_result *results,
                         session_progress *progress, void *context_of_progress, struct error *err)
{
    memset(results, 0, n * sizeof *results);
    for (size_t i = 0; i < n && err->code == ERR_NONE; i++)
        eval_prepare(t, context, &questions[i], &results[i], err);
    if (err->code == ERR_NONE && n > 0)
        score(scorer, results, n, progress, context_of_progress, err);
    for (size_t i = 0; i < n; i++) {
        if (err->code == ERR_NONE)
            judge(&questions[i], &results[i]);
        else
            eval_result_free(&results[i]);
    }
    return err->code;
}
