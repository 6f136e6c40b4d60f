/* palaver eval: how many questions of published tests a model answers. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/eval/ask.h"
#include "app/eval/log.h"
#include "app/eval/question.h"
#include "app/eval/task.h"
#include "app/options/options.h"
#include "app/terminal/progress.h"
#include "app/terminal/report.h"
#include "app/text/jsonl.h"
#include "base/error.h"
#include "engine/engine.h"

enum { TOGETHER = 16 }; /* questions asked at once */

/* What one task came to. */
struct tally {
    const struct eval_task *task;
    size_t n;
    double sum, squares, acc;
};

struct evaluation {
    const struct options *o;
    const struct model *model;
    struct scorer *scorer;
    int32_t context;
    FILE *log; /* NULL: none */
    struct progress progress;
};

static double mean_of(const struct tally *t)
{
    return t->n > 0 ? t->sum / (double)t->n : 0;
}

/* The standard error of the mean, from the sample's deviation. */
static double error_of(const struct tally *t)
{
    const double n = (double)t->n, mean = mean_of(t);
    return t->n > 1 ? sqrt(fmax(0, t->squares - n * mean * mean) / (n - 1) / n) : 0;
}

static void count_result(struct tally *t, const struct eval_result *r)
{
    const double score = eval_result_score(r, t->task->metric);
    t->n++;
    t->sum += score;
    t->squares += score * score;
    t->acc += r->acc;
}

static enum error_code ask_some(struct evaluation *e, struct tally *t, const struct eval_question *questions, size_t n,
                                struct error *err)
{
    struct eval_result results[TOGETHER];
    if (eval_ask(e->scorer, model_tokenizer(e->model), e->context, questions, n, results, NULL, NULL, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < n; i++) {
        count_result(t, &results[i]);
        if (e->log != NULL)
            json_print(e->log, eval_log_entry(&questions[i], &results[i]));
        eval_result_free(&results[i]);
    }
    if (e->log != NULL && fflush(e->log) != 0)
        return error_set(err, ERR_IO, "the log can't be written");
    return ERR_NONE;
}

static enum error_code run_task(struct evaluation *e, struct tally *t, struct error *err)
{
    const struct eval_options *o = &e->o->eval;
    const int shots = o->shots >= 0 ? o->shots : t->task->shots;
    struct eval_set *set = eval_set_open(t->task, o->data, shots, (size_t)o->limit, err);
    if (set == NULL)
        return err->code;
    e->progress = progress_start(e->o->quiet);
    for (size_t at = 0, n; at < set->n && err->code == ERR_NONE; at += n) {
        n = set->n - at < TOGETHER ? set->n - at : TOGETHER;
        ask_some(e, t, set->at + at, n, err);
        progress_show(&e->progress, at + n, set->n);
    }
    progress_end(&e->progress);
    eval_set_free(set);
    return err->code;
}

static void print_tally(const struct tally *t, bool json, json_t *all)
{
    const char *metric = eval_metric_name(t->task->metric);
    if (json) {
        json_t *entry =
            json_pack("{s:I, s:f, s:f}", "questions", (json_int_t)t->n, metric, mean_of(t), "stderr", error_of(t));
        if (t->task->metric == METRIC_ACC_NORM)
            json_object_set_new(entry, "acc", json_real(t->n > 0 ? t->acc / (double)t->n : 0));
        json_object_set_new(all, t->task->name, entry);
        return;
    }
    printf("%-16s %-8s %6.2f%% ± %.2f  of %zu questions\n", t->task->name, metric, 100 * mean_of(t), 100 * error_of(t),
           t->n);
}

static enum error_code run_tasks(struct evaluation *e, json_t *all, struct error *err)
{
    for (int i = 0; i < e->o->n_words && err->code == ERR_NONE; i++) {
        struct tally t = {.task = eval_task_find(e->o->words[i])};
        if (t.task == NULL)
            return error_set(err, ERR_ARGUMENT, "there is no task '%s'; palaver eval --help lists them",
                             e->o->words[i]);
        if (run_task(e, &t, err) == ERR_NONE)
            print_tally(&t, e->o->json, all);
    }
    return err->code;
}

static enum error_code open_all(struct evaluation *e, struct runner **runner, struct error *err)
{
    const struct session_options session = {.context = e->o->context, .threads = e->o->threads, .exact = e->o->exact};
    *runner = runner_open(e->model, &session, err);
    if (*runner == NULL || (e->scorer = scorer_new(*runner, err)) == NULL)
        return err->code;
    e->context = runner_context(*runner);
    if (e->o->eval.log == NULL)
        return ERR_NONE;
    e->log = fopen(e->o->eval.log, "we");
    return e->log != NULL ? ERR_NONE : error_set(err, ERR_IO, "%s can't be written", e->o->eval.log);
}

int eval_run(const struct options *o)
{
    struct error err = {0};
    struct evaluation e = {.o = o};
    struct runner *runner = NULL;
    struct model *model = NULL;
    json_t *all = json_object();
    if (o->n_words == 0 || o->eval.data == NULL)
        error_set(&err, ERR_ARGUMENT, "palaver eval needs a TASK and --data; see palaver eval --help");
    else
        model = models_open(o, false, &err);
    e.model = model;
    if (model != NULL && open_all(&e, &runner, &err) == ERR_NONE && run_tasks(&e, all, &err) == ERR_NONE && o->json)
        json_print(stdout, json_incref(all));
    json_decref(all);
    if (e.log != NULL && fclose(e.log) != 0)
        error_set(&err, ERR_IO, "%s can't be written", o->eval.log);
    scorer_free(e.scorer);
    runner_free(runner);
    model_free(model);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
