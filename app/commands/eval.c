/* palaver eval: how many questions of published tests a model answers. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/commands/eval.h"
#include "app/eval/evaluator.h"
#include "app/eval/question.h"
#include "app/eval/sandbox.h"
#include "app/options/options.h"
#include "app/terminal/board.h"
#include "app/terminal/report.h"
#include "app/terminal/signals.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

enum { BOARD_MOST = 1 << 16, PATH_MOST = 4096 };

/* A run under way. */
struct asking {
    const struct eval_run *run;
    struct board board;
    int signals; /* descriptor */
    bool stopped;
    int end; /* the signal that ends the program, 0: none */
    size_t column, task;
    double began; /* this task, seconds */
    size_t had;   /* questions that were there at its beginning; SIZE_MAX: not known yet */
    size_t totals[EVAL_TASKS];
};

/* ---- the live table --------------------------------------------------------------------------------------------- */

/* "arc_easy          128/570  acc_norm  55.00% ± 4.40  2:41 left" */
static void append_task(const struct asking *a, size_t task, struct buf *out)
{
    const struct eval_tally *t = &a->run->columns[a->column].outcomes[task].tally;
    const size_t done = t->n + t->unscored, total = a->totals[task];
    buf_printf(out, "%-16s ", a->run->tasks[task]->name);
    if (t->task == NULL) {
        buf_puts(out, "\n");
        return;
    }
    buf_printf(out, "%6zu/%-6zu ", done, total);
    if (t->n > 0)
        buf_printf(out, "%-11s %6.2f%% ± %.2f", eval_metric_name(t->task->metric), 100 * eval_tally_mean(t),
                   100 * eval_tally_error(t));
    if (task == a->task && done > a->had && done < total) {
        const double left = (clock_seconds() - a->began) * (double)(total - done) / (double)(done - a->had);
        buf_printf(out, "  %zu:%02zu left", (size_t)left / 60, (size_t)left % 60);
    }
    buf_puts(out, "\n");
}

static void draw_board(struct asking *a)
{
    struct buf lines;
    buf_init(&lines, BOARD_MOST);
    buf_printf(&lines, "%s\n", a->run->columns[a->column].name);
    for (size_t i = 0; i < a->run->n_tasks; i++)
        append_task(a, i, &lines);
    buf_puts(&lines, "Ctrl-C stops; the same command goes on later\n");
    board_draw(&a->board, buf_text(&lines));
    buf_free(&lines);
}

static bool watch_task(void *context, const struct eval_tally *t, size_t total)
{
    struct asking *a = context;
    struct pollfd wait = {.fd = a->signals, .events = POLLIN};
    if (a->had == SIZE_MAX)
        a->had = t->n + t->unscored;
    a->totals[a->task] = total;
    if (board_is_due(&a->board))
        draw_board(a);
    if (poll(&wait, 1, 0) > 0) {
        const struct signals came = signals_take();
        a->stopped |= came.interrupt || came.end != 0;
        a->end = came.end != 0 ? came.end : a->end;
    }
    return !a->stopped;
}

/* ---- one model -------------------------------------------------------------------------------------------------- */

static enum error_code run_tasks(struct asking *a, struct evaluator *e, struct eval_column *column, struct error *err)
{
    for (a->task = 0; a->task < a->run->n_tasks && err->code == ERR_NONE; a->task++) {
        struct eval_outcome *outcome = &column->outcomes[a->task];
        a->began = clock_seconds();
        a->had = SIZE_MAX;
        outcome->entries = json_array();
        evaluator_run(e, a->run->tasks[a->task], &outcome->tally, outcome->entries, watch_task, a, err);
    }
    board_clear(&a->board);
    return err->code;
}

static enum error_code show_tasks(const struct asking *a, const struct eval_column *column, const struct model *model,
                                  const struct eval_setting *setting, struct error *err)
{
    for (size_t i = 0; i < a->run->n_tasks && err->code == ERR_NONE; i++)
        eval_show(a->run, model, setting, &column->outcomes[i], err);
    return err->code;
}

/* A file to write to; NULL when none is wanted, or with err filled. */
static FILE *open_output(const char *path, struct error *err)
{
    FILE *file = path != NULL ? fopen(path, "we") : NULL;
    if (path != NULL && file == NULL)
        error_set(err, ERR_IO, "%s can't be written", path);
    return file;
}

static enum error_code run_model(struct asking *a, char *name, struct eval_setting *setting, struct error *err)
{
    const struct options *o = a->run->o;
    struct options one = *o; /* borrows all that it holds */
    one.model = name;
    const struct session_options session = {.context = o->context, .threads = o->threads, .exact = o->exact};
    struct eval_column *column = &a->run->columns[a->column];
    struct model *model = models_open(&one, false, err);
    models_label(model != NULL ? model_info(model)->path : name, column->name, sizeof column->name);
    setting->name = column->name;
    struct evaluator *e = model != NULL ? evaluator_new(model, &session, setting, err) : NULL;
    if (e != NULL && run_tasks(a, e, column, err) == ERR_NONE && o->eval.show != NULL)
        show_tasks(a, column, model, setting, err);
    evaluator_free(e);
    model_free(model);
    return err->code;
}

static enum error_code run_models(struct asking *a, struct error *err)
{
    const struct options *o = a->run->o;
    struct eval_setting setting = {
        .data = a->run->data,
        .folder = o->paths.data_dir,
        .shots = o->eval.shots,
        .fewer = o->eval.sample,
        .limit = (size_t)o->eval.limit,
        .exact = o->exact,
        .run_code = o->eval.run_code,
        .kept_only = o->eval.show != NULL,
        .log = open_output(o->eval.log, err),
        .programs = open_output(o->eval.programs, err),
    };
    for (; a->column < a->run->n_columns && err->code == ERR_NONE; a->column++)
        run_model(a, o->n_models > 0 ? o->models[a->column] : NULL, &setting, err);
    if (setting.log != NULL && fclose(setting.log) != 0)
        error_set(err, ERR_IO, "%s can't be written", o->eval.log);
    if (setting.programs != NULL && fclose(setting.programs) != 0)
        error_set(err, ERR_IO, "%s can't be written", o->eval.programs);
    return err->code;
}

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
    char path[PATH_MOST];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof path - sizeof "/questions");
    path[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        strcpy(slash, "/questions");
    return strdup(slash != NULL && access(path, R_OK) == 0 ? path : QUESTIONS_DIR);
}

/* Reads the questions of all tasks once, so that wrong data are told before anything is asked. */
static enum error_code check_data(const struct eval_run *run, struct error *err)
{
    const struct eval_options *o = &run->o->eval;
    for (size_t i = 0; i < run->n_tasks && err->code == ERR_NONE; i++) {
        const int shots = o->shots >= 0 ? o->shots : run->tasks[i]->shots;
        eval_set_free(eval_set_open(run->tasks[i], run->data, shots, o->sample, (size_t)o->limit, err));
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
    return check_data(run, err);
}

static enum error_code run_all(struct eval_run *run, bool *stopped, struct error *err)
{
    const struct options *o = run->o;
    struct asking a = {.run = run, .board = board_start(o->quiet)};
    run->n_columns = o->n_models > 0 ? o->n_models : 1;
    run->columns = calloc(run->n_columns, sizeof *run->columns);
    if (run->columns == NULL)
        return error_memory(err);
    a.signals = signals_open(false, err);
    if (a.signals < 0)
        return err->code;
    run_models(&a, err);
    signals_close();
    if (a.end != 0)
        signals_die(a.end); /* all that was done is kept */
    if (err->code == ERR_STOPPED) {
        *stopped = true;
        error_clear(err);
        run->n_columns = a.column; /* with the one that was stopped */
    }
    return err->code;
}

static void run_free(struct eval_run *run)
{
    for (size_t m = 0; run->columns != NULL && m < run->n_columns; m++)
        for (size_t i = 0; i < run->n_tasks; i++) {
            eval_tally_free(&run->columns[m].outcomes[i].tally);
            json_decref(run->columns[m].outcomes[i].entries);
        }
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
