/* Ask: the texts by which a model is asked for the likelihood of every choice of a question, and what follows from it. */
#ifndef PALAVER_APP_EVAL_ASK_H
#define PALAVER_APP_EVAL_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/eval/coder.h"
#include "app/eval/question.h"
#include "base/error.h"
#include "engine/engine.h"

/* What the model makes of one choice. */
struct eval_answer {
    struct ids ids;       /* context and continuation, as many of the last as the model's context holds */
    size_t from;          /* the continuation begins with ids.at[from] */
    float *logp;          /* (ids.n - from) */
    bool *greedy;         /* (ids.n - from): nothing was likelier there */
    double loglikelihood; /* their sum */
    bool is_greedy;       /* each was the likeliest */
};

struct eval_result {
    struct eval_answer *answers; /* (n), one a choice */
    size_t n;
    size_t chosen;             /* by acc */
    double acc, acc_norm, mc2; /* 0 or 1; mc2: 0 to 1 */
};

/* The ids that the choices of questions[0..n) are asked with: fills the ids and `from` of the answers of results[0..n), and
 * makes room for what the model makes of them. To be freed, after a failure too. */
enum error_code eval_prepare(const struct coder *coder, const struct eval_question *questions, size_t n,
                             struct eval_result *results, struct error *err);
/* What follows from the likelihoods. */
void eval_judge(const struct eval_question *q, struct eval_result *r);
void eval_result_free(struct eval_result *r);
/* The number that the task is about. */
double eval_result_score(const struct eval_result *r, enum eval_metric metric);

#endif
