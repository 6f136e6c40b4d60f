/* Evaluator: asks a model the questions of tasks, keeps what it answered, and goes on where an earlier run stopped.
 *
 * The room measures models by published tests, as lm-evaluation-harness 0.4 puts and judges them. This is its face; below
 * it lie:
 *
 *   task                        the table of tasks
 *   rows columns strings        data sets: their files, the columns of a row, texts as Python changes them
 *   form form-race form-written a row as the question that a task makes of it
 *   question                    questions with examples in front
 *   respondent here there       who is asked, on this machine or by a server
 *   ask writer                  how a model is asked: likelihoods of choices, answers in its own words
 *   coder                       texts as its ids
 *   match sandbox               judging answers: exact match, programs run in bubblewrap
 *   log store tally             an answer as JSON, the files where answers are kept, scores */
#ifndef PALAVER_APP_EVAL_EVALUATOR_H
#define PALAVER_APP_EVAL_EVALUATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "app/eval/question.h"
#include "app/eval/respondent.h"
#include "app/eval/tally.h"
#include "app/eval/task.h"
#include "base/error.h"
#include "engine/engine.h"

/* What all tasks have in common. Strings and files are the caller's and outlive the evaluator. */
struct eval_setting {
    const char *data;   /* a file or a folder */
    const char *folder; /* where results are kept */
    const char *name;   /* what lists call the model */
    bool exact, run_code;
    enum cache_type cache;
    bool kept_only; /* nothing is asked: what the store has is counted */
    FILE *log;      /* a line a question; NULL: none */
    FILE *programs; /* {"task_id", "completion"} a line, for HumanEval's and MBPP's own evaluators; NULL: none */
};

struct evaluator;
/* The respondent is the caller's and must outlive it. NULL on failure. */
struct evaluator *evaluator_new(struct respondent *respondent, const struct eval_setting *setting, struct error *err);
void evaluator_free(struct evaluator *e);

/* Who hears of a task under way, on the thread that runs it. */
struct eval_listener {
    /* Called several times a second. False stops. */
    bool (*watch)(void *context);
    /* A question is answered, and counted in the tally; asked: just now, else in an earlier run. Mostly they come in their
     * order. The entry (app/eval/log.h) does not change any more, and may be kept by json_incref. */
    void (*answered)(void *context, size_t index, json_t *entry, bool asked);
    void *context;
};

/* Asks the questions of a set, but for those that the store has. Fills *tally, to be freed. ERR_STOPPED when watch said
 * so; then, and on any failure, what was done is kept, counted and logged, which is all but what was asked within the last
 * second or so. */
enum error_code evaluator_run(struct evaluator *e, const struct eval_set *set, struct eval_tally *tally,
                              const struct eval_listener *listener, struct error *err);

#endif
