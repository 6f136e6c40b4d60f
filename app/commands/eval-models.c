/* Asking the models of palaver eval, one after the other. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/commands/eval.h"
#include "app/eval/evaluator.h"
#include "app/eval/respondent.h"
#include "app/options/endpoints.h"
#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"

/* A model that is being asked. */
struct asking {
    struct eval_run *run;
    const struct eval_front *front;
    size_t column, task;
};

static bool on_watch(void *context)
{
    const struct asking *a = context;
    return a->front->watch(a->front->context);
}

/* The entry of a question stands in its place. */
static void on_answered(void *context, size_t index, json_t *entry, bool asked)
{
    const struct asking *a = context;
    json_t *entries = a->run->columns[a->column].outcomes[a->task].entries;
    while (json_array_size(entries) <= index && json_array_append_new(entries, json_null()) == 0)
        continue;
    json_array_set(entries, index, entry);
    a->front->answered(a->front->context, a->column, a->task, index, entry, asked);
}

static void on_waits(void *context, int seconds, const char *host)
{
    const struct asking *a = context;
    a->front->waits(a->front->context, seconds, host);
}

static enum error_code run_tasks(struct asking *a, struct respondent *r, struct evaluator *e, struct error *err)
{
    const struct eval_listener listener = {on_watch, on_answered, a};
    for (a->task = 0; a->task < a->run->n_tasks && err->code == ERR_NONE; a->task++) {
        struct eval_outcome *outcome = &a->run->columns[a->column].outcomes[a->task];
        outcome->entries = json_array();
        a->front->begun(a->front->context, a->column, a->task, r);
        evaluator_run(e, a->run->sets[a->task], &outcome->tally, &listener, err);
        if (err->code == ERR_NONE && a->run->o->eval.show != NULL)
            eval_show(a->run, r, a->column, a->task, err);
    }
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

static void close_output(FILE *file, const char *path, struct error *err)
{
    if (file != NULL && fclose(file) != 0)
        error_set(err, ERR_IO, "%s can't be written", path);
}

/* The name of a column's model on the command line; NULL: the default one. */
static char *given_name(const struct eval_run *run, size_t column)
{
    return run->o->n_models > 0 ? run->o->models[column] : NULL;
}

void eval_name_models(struct eval_run *run)
{
    for (size_t i = 0; i < run->n_columns; i++)
        models_label(given_name(run, i), run->columns[i].name, sizeof run->columns[i].name);
}

/* Asks who was opened, under the name by which lists call it. */
static enum error_code run_respondent(struct asking *a, struct respondent *r, struct eval_setting *setting,
                                      struct error *err)
{
    struct eval_column *column = &a->run->columns[a->column];
    models_label(r->name, column->name, sizeof column->name);
    setting->name = column->name;
    struct evaluator *e = evaluator_new(r, setting, err);
    if (e != NULL)
        run_tasks(a, r, e, err);
    evaluator_free(e);
    return err->code;
}

static enum error_code run_here(struct asking *a, struct eval_setting *setting, struct error *err)
{
    const struct options *o = a->run->o;
    struct options one = *o; /* borrows all that it holds */
    one.model = given_name(a->run, a->column);
    const struct session_options session = {.context = o->context,
                                            .threads = o->threads,
                                            .exact = o->exact,
                                            .cache = (enum cache_type)o->cache_type};
    struct model *model = models_open(&one, false, err);
    struct respondent *r = model != NULL ? respondent_here(model, &session, err) : NULL;
    if (r != NULL)
        run_respondent(a, r, setting, err);
    respondent_free(r);
    model_free(model);
    return err->code;
}

static enum error_code run_there(struct asking *a, struct eval_setting *setting, struct error *err)
{
    struct endpoints all;
    const struct endpoint_place *place;
    char *model;
    const struct endpoint_watch watch = {on_watch, on_waits, a};
    if (endpoints_resolve(a->run->o, given_name(a->run, a->column), &all, &place, &model, err) != ERR_NONE)
        return err->code;
    struct respondent *r = respondent_there(place, model, &watch, err);
    if (r != NULL)
        run_respondent(a, r, setting, err);
    respondent_free(r);
    free(model);
    endpoints_free(&all);
    return err->code;
}

static enum error_code run_model(struct asking *a, struct eval_setting *setting, struct error *err)
{
    const char *name = given_name(a->run, a->column), *endpoint;
    return name != NULL && endpoints_is_name(name, &endpoint) ? run_there(a, setting, err) : run_here(a, setting, err);
}

enum error_code eval_ask_models(struct eval_run *run, const struct eval_front *front, struct error *err)
{
    const struct options *o = run->o;
    struct asking a = {.run = run, .front = front};
    struct eval_setting setting = {
        .data = run->data,
        .folder = o->paths.data_dir,
        .exact = o->exact,
        .cache = (enum cache_type)o->cache_type,
        .run_code = o->eval.run_code,
        .kept_only = o->eval.show != NULL,
        .log = open_output(o->eval.log, err),
        .programs = open_output(o->eval.programs, err),
    };
    for (; a.column < run->n_columns && err->code == ERR_NONE; a.column++)
        run_model(&a, &setting, err);
    close_output(setting.log, o->eval.log, err);
    close_output(setting.programs, o->eval.programs, err);
    if (err->code == ERR_STOPPED)
        run->n_columns = a.column;
    return err->code;
}
