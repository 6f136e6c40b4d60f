/* What the files of palaver eval share: the tasks and models of a run, and what came of them. */
#ifndef PALAVER_APP_COMMANDS_EVAL_H
#define PALAVER_APP_COMMANDS_EVAL_H

#include <stddef.h>

#include <jansson.h>

#include "app/eval/evaluator.h"
#include "app/eval/tally.h"
#include "app/eval/task.h"
#include "app/options/options.h"
#include "base/error.h"

enum { EVAL_TASKS = 32 };

/* What one task with one model came to. */
struct eval_outcome {
    struct eval_tally tally; /* task is NULL while it has not begun */
    json_t *entries;         /* an entry a question (app/eval/log.h) */
};

/* Everything with one model. */
struct eval_column {
    char name[256];
    struct eval_outcome outcomes[EVAL_TASKS]; /* (n_tasks of the run) */
};

struct eval_run {
    const struct options *o;
    const struct eval_task *tasks[EVAL_TASKS]; /* (n_tasks) */
    size_t n_tasks, n_columns;
    struct eval_column *columns; /* (n_columns) */
    char *data;                  /* a file or a folder; malloc'ed */
};

/* ---- eval-table ---- */

/* Prints the scores as the options want them; of several models also where they differ. */
void eval_print(const struct eval_run *run);
/* Whether an entry counts as right. */
bool eval_is_right(const struct eval_task *task, const json_t *entry);

/* ---- eval-list ---- */

/* Prints the results that are kept, of the tasks given or of all. */
enum error_code eval_list(const struct eval_run *run, struct error *err);

/* ---- eval-show ---- */

/* Prints a question of the run, token by token, or those that were answered wrongly. */
enum error_code eval_show(const struct eval_run *run, const struct model *model, const struct eval_setting *setting,
                          const struct eval_outcome *outcome, struct error *err);

#endif
