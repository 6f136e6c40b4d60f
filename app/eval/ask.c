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
        free(r->answers[i].greedy);
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

/* The texts of some questions, which are encoded together: for each choice the whole, and before it the context alone,
 * where that is not the one of the choice before. */
struct texts {
    struct coded_text *at; /* (n) */
    char **owned;          /* (n): text of the whole; NULL: it is the question's */
    size_t n, room;
};

static void texts_free(struct texts *t)
{
    for (size_t i = 0; i < t->n; i++) {
        ids_free(&t->at[i].ids);
        free(t->owned[i]);
    }
    free(t->at);
    free(t->owned);
}

static bool texts_init(struct texts *t, const struct eval_question *questions, size_t n)
{
    for (size_t i = 0; i < n; i++)
        t->room += 2 * questions[i].n;
    t->at = calloc(t->room + 1, sizeof *t->at);
    t->owned = calloc(t->room + 1, sizeof *t->owned);
    return t->at != NULL && t->owned != NULL;
}

static const char *context_of(const struct eval_question *q, size_t i)
{
    return q->choices[i].context != NULL ? q->choices[i].context : q->context;
}

/* Whether the choice has the context of the one before. */
static bool is_shared(const struct eval_question *q, size_t i)
{
    return i > 0 && strcmp(context_of(q, i), context_of(q, i - 1)) == 0;
}

/* Context and continuation are encoded as one text, which is divided where the ids of the context alone end. Blanks at
 * the context's end belong to the continuation. */
static enum error_code add_choice(struct texts *t, const struct eval_question *q, size_t i, struct error *err)
{
    const char *context = context_of(q, i), *continuation = q->choices[i].continuation;
    struct buf whole;
    if (*context == '\0') {
        t->at[t->n++] = (struct coded_text){.text = continuation, .size = strlen(continuation)};
        return ERR_NONE;
    }
    if (!is_shared(q, i))
        t->at[t->n++] = (struct coded_text){.text = context, .size = without_blanks_after(context), .lead = true};
    buf_init(&whole, TEXT_MOST);
    buf_puts(&whole, context);
    buf_puts(&whole, continuation);
    const size_t size = whole.size;
    char *text = buf_take(&whole);
    if (text == NULL)
        return error_memory(err);
    t->owned[t->n] = text;
    t->at[t->n++] = (struct coded_text){.text = text, .size = size, .lead = true};
    return ERR_NONE;
}

/* A text without a context is scored after BOS, or EOS where there is none. */
static enum error_code take_alone(const struct coder *coder, const struct coded_text *text, struct eval_answer *a,
                                  struct error *err)
{
    if (coder->before < 0)
        return error_set(err, ERR_FORMAT, "the model's vocabulary has no token that could stand before a text");
    a->from = 1;
    return ids_append(&a->ids, &coder->before, 1) && ids_append(&a->ids, text->ids.at, text->ids.n) ? ERR_NONE
                                                                                                    : error_memory(err);
}

/* Takes the ids of a choice; *at is the place of its texts, *from that of the ids of its context. */
static enum error_code take_choice(const struct coder *coder, const struct texts *t, const struct eval_question *q,
                                   size_t i, size_t *at, size_t *from, struct eval_answer *a, struct error *err)
{
    if (*context_of(q, i) == '\0')
        take_alone(coder, &t->at[(*at)++], a, err);
    else {
        if (!is_shared(q, i))
            *from = t->at[(*at)++].ids.n;
        const struct ids *whole = &t->at[(*at)++].ids;
        a->from = *from;
        if (!ids_append(&a->ids, whole->at, whole->n))
            error_memory(err);
    }
    if (err->code == ERR_NONE && a->from >= a->ids.n)
        error_set(err, ERR_FORMAT, "the choice '%.60s' gives no tokens of its own", q->choices[i].continuation);
    return err->code;
}

/* What is too long loses its beginning. */
static enum error_code cut(struct eval_answer *a, size_t longest, struct error *err)
{
    if (a->ids.n <= longest)
        return ERR_NONE;
    const size_t excess = a->ids.n - longest;
    if (excess >= a->from)
        return error_set(err, ERR_CONTEXT, "a choice of %zu tokens is longer than the context of %zu",
                         a->ids.n - a->from, longest - 1);
    memmove(a->ids.at, a->ids.at + excess, (a->ids.n - excess) * sizeof *a->ids.at);
    a->ids.n -= excess;
    a->from -= excess;
    return ERR_NONE;
}

static enum error_code make_room(struct eval_answer *a, struct error *err)
{
    const size_t n = a->ids.n - a->from;
    a->logp = calloc(n, sizeof *a->logp);
    a->greedy = calloc(n, sizeof *a->greedy);
    return a->logp != NULL && a->greedy != NULL ? ERR_NONE : error_memory(err);
}

/* Divides the ids among the choices. */
static enum error_code take_texts(const struct coder *coder, const struct texts *t,
                                  const struct eval_question *questions, size_t n, struct eval_result *results,
                                  struct error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct eval_question *q = &questions[i];
        size_t from = 0;
        for (size_t k = 0; k < q->n && err->code == ERR_NONE; k++) {
            struct eval_answer *a = &results[i].answers[k];
            if (take_choice(coder, t, q, k, &at, &from, a, err) == ERR_NONE &&
                cut(a, (size_t)coder->longest, err) == ERR_NONE)
                make_room(a, err);
        }
    }
    return err->code;
}

enum error_code eval_prepare(const struct coder *coder, const struct eval_question *questions, size_t n,
                             struct eval_result *results, struct error *err)
{
    struct texts texts = {0};
    memset(results, 0, n * sizeof *results);
    if (!texts_init(&texts, questions, n))
        error_memory(err);
    for (size_t i = 0; i < n && err->code == ERR_NONE; i++) {
        results[i].answers = calloc(questions[i].n, sizeof *results[i].answers);
        results[i].n = results[i].answers != NULL ? questions[i].n : 0;
        if (results[i].answers == NULL)
            error_memory(err);
        for (size_t k = 0; k < results[i].n && err->code == ERR_NONE; k++)
            add_choice(&texts, &questions[i], k, err);
    }
    if (err->code == ERR_NONE && coder->encode(coder->context, texts.at, texts.n, err) == ERR_NONE)
        take_texts(coder, &texts, questions, n, results, err);
    texts_free(&texts);
    return err->code;
}

/* ---- what follows ----------------------------------------------------------------------------------------------- */

static void sum_up(struct eval_answer *a)
{
    a->loglikelihood = 0;
    a->is_greedy = true;
    for (size_t i = 0; i < a->ids.n - a->from; i++) {
        a->loglikelihood += (double)a->logp[i];
        a->is_greedy &= a->greedy[i];
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

void eval_judge(const struct eval_question *q, struct eval_result *r)
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
