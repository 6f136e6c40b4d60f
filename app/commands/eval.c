/* palaver eval: how many questions of published tests a model answers. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "app/commands/commands.h"
#include "app/commands/eval.h"
#include "app/eval/question.h"
#include "app/eval/sandbox.h"
#include "app/options/options.h"
#include "app/options/paths.h"
#include "app/terminal/report.h"
#include "app/terminal/signals.h"
#include "base/error.h"

/* ---- what is wanted --------------------------------------------------------------------------------------------- */

static void add_task(struct eval_run *run, const struct eval_task *task)
{
    for (size_t i = 0; i < run->n_tasks; i++)
        if (run->tasks[i] == task)
            return;
    if (run->n_tasks < EVAL_TASKS)
        run->tasks[run->n_tasks++] = task;
}

/* Those named; else the leaderboard's four, or all of them for samples and lists. */
static enum error_code choose_tasks(struct eval_run *run, struct error *err)
{
    const struct options *o = run->o;
    const bool board = o->eval.aggregate == EVAL_LEADERBOARD, all = o->eval.sample || o->eval.list;
    for (int i = 0; i < o->n_words; i++) {
        const struct eval_task *task = eval_task_find(o->words[i]);
        if (task == NULL)
            return error_set(err, ERR_ARGUMENT, "there is no task '%s'; palaver eval --help lists them", o->words[i]);
        add_task(run, task);
    }
    for (const struct eval_task *t = eval_tasks; t->name != NULL; t++)
        if ((board && t->leaderboard) || (all && !board && o->n_words == 0))
            add_task(run, t);
    return ERR_NONE;
}

/* The questions that come with the program: beside it where it was built, else where they are installed. */
static char *find_samples(void)
{
    char *path = paths_beside("questions");
    if (path != NULL && access(path, R_OK) == 0)
        return path;
    free(path);
    return strdup(QUESTIONS_DIR);
}

/* Reads the questions of all tasks, so that wrong data are told before anything is asked. */
static enum error_code read_data(struct eval_run *run, struct error *err)
{
    const struct eval_options *o = &run->o->eval;
    for (size_t i = 0; i < run->n_tasks && err->code == ERR_NONE; i++) {
        const int shots = o->shots >= 0 ? o->shots : run->tasks[i]->shots;
        run->sets[i] = eval_set_open(run->tasks[i], run->data, shots, o->sample, (size_t)o->limit, err);
    }
    return err->code;
}

static enum error_code choose_data(struct eval_run *run, struct error *err)
{
    const struct eval_options *o = &run->o->eval;
    if (o->sample && o->data != NULL)
        return error_set(err, ERR_ARGUMENT, "--sample and --data exclude each other");
    if (run->n_tasks == 0 || (!o->sample && o->data == NULL))
        return error_set(err, ERR_ARGUMENT,
                         "palaver eval needs a TASK and --data, or --sample; see palaver eval --help");
    run->data = o->sample ? find_samples() : strdup(o->data);
    if (run->data == NULL)
        return error_memory(err);
    if (o->run_code && sandbox_check(err) != ERR_NONE)
        return err->code;
    return read_data(run, err);
}

static enum error_code run_all(struct eval_run *run, bool *stopped, struct error *err)
{
    const struct options *o = run->o;
    int end = 0;
    run->n_columns = o->n_models > 0 ? o->n_models : 1;
    run->columns = calloc(run->n_columns, sizeof *run->columns);
    if (run->columns == NULL)
        return error_memory(err);
    eval_name_models(run);
    (eval_screen_fits(o) ? eval_run_screen : eval_run_plain)(run, &end, err);
    if (end != 0)
        signals_die(end); /* all that was done is kept */
    if (err->code == ERR_STOPPED) {
        *stopped = true;
        error_clear(err);
    }
    return err->code;
}

static void free_column(const struct eval_run *run, struct eval_column *column)
{
    for (size_t i = 0; i < run->n_tasks; i++) {
        eval_tally_free(&column->outcomes[i].tally);
        json_decref(column->outcomes[i].entries);
    }
}

static void run_free(struct eval_run *run)
{
    for (size_t m = 0; run->columns != NULL && m < run->n_columns; m++)
        free_column(run, &run->columns[m]);
    for (size_t i = 0; i < run->n_tasks; i++)
        eval_set_free(run->sets[i]);
    free(run->columns);
    free(run->data);
}

int eval_run(const struct options *o)
{
    struct error err = {0};
    struct eval_run run = {.o = o};
    bool stopped = false;
    if (choose_tasks(&run, &err) == ERR_NONE && o->eval.list)
        eval_list(&run, &err);
    else if (err.code == ERR_NONE && choose_data(&run, &err) == ERR_NONE && run_all(&run, &stopped, &err) == ERR_NONE &&
             o->eval.show == NULL)
        eval_print(&run);
    run_free(&run);
    return err.code != ERR_NONE ? report(&err) : stopped ? EXIT_INTERRUPTED : EXIT_ANSWER;
}
