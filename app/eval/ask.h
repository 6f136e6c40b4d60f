/* Asking a model: the likelihood of every choice of a question, and what follows from them. */
#ifndef PALAVER_APP_EVAL_ASK_H
#define PALAVER_APP_EVAL_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/eval/question.h"
#include "base/error.h"
#include "engine/engine.h"

/* What the model makes of one choice. */
struct eval_answer {
    struct ids ids;        /* context and continuation, as many of the last as the model's context holds */
    size_t from;           /* the continuation begins with ids.at[from] */
    float *logp;           /* (ids.n - from) */
    struct likely *likely; /* (ids.n - from): the likeliest token in the place of each */
    double loglikelihood;  /* their sum */
    bool is_greedy;        /* each was the likeliest */
};

struct eval_result {
    struct eval_answer *answers; /* (n), one a choice */
    size_t n;
    size_t chosen;             /* by acc */
    double acc, acc_norm, mc2; /* 0 or 1; mc2: 0 to 1 */
};

/* Appends the ids of a text as this model's are trained: behind BOS where its file says so. */
enum error_code eval_encode(const struct tokenizer *t, const char *text, size_t size, struct ids *ids,
                            struct error *err);
/* The ids that a question's choices are asked with, without asking: fills answers' ids and from. To be freed. */
enum error_code eval_prepare(const struct tokenizer *t, int32_t context, const struct eval_question *q,
                             struct eval_result *r, struct error *err);
/* Asks questions[0..n) and fills results[0..n), each to be freed. Questions with the same beginning are asked best
 * together. On failure there are no results. */
enum error_code eval_ask(struct scorer *scorer, const struct tokenizer *t, int32_t context,
                         const struct eval_question *questions, size_t n, struct eval_result *results,
                         session_progress *progress, void *context_of_progress, struct error *err);
void eval_result_free(struct eval_result *r);
/* The number that the task is about. */
double eval_result_score(const struct eval_result *r, enum eval_metric metric);

#endif
