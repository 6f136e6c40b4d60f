/* Tally: what a task came to, counted from the entries of its log. */
#ifndef PALAVER_APP_EVAL_TALLY_H
#define PALAVER_APP_EVAL_TALLY_H

#include <stddef.h>

#include <jansson.h>

#include "app/eval/task.h"

struct eval_tally {
    const struct eval_task *task;
    size_t n;            /* questions that have a score */
    size_t unscored;     /* programs that were not run */
    double sum, squares; /* of the scores */
    double second;       /* sum of what is told beside them (eval_second_name) */
    json_t *subjects;    /* subject → [questions, sum]; NULL: the task has none */
};
void eval_tally_free(struct eval_tally *t);
/* Counts an entry; one without the task's score is unscored. */
void eval_tally_add(struct eval_tally *t, const json_t *entry);

double eval_tally_mean(const struct eval_tally *t);
/* The standard error of the mean, from the sample's deviation; 0 for fewer than two. */
double eval_tally_error(const struct eval_tally *t);
/* The plain mean of the means of the subjects, as the leaderboard had it for MMLU; without subjects the mean. */
double eval_tally_subjects(const struct eval_tally *t);
/* {"questions", METRIC, "stderr"} and what the task has beside it: "acc", "flexible", "acc_subjects" and "subjects". */
json_t *eval_tally_json(const struct eval_tally *t);

#endif
