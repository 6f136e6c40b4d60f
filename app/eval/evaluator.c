/* A task from its data to its score. */
#include <config.h>

#include "app/eval/evaluator.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/eval/ask.h"
#include "app/eval/log.h"
#include "app/eval/question.h"
#include "app/eval/sandbox.h"
#include "app/eval/store.h"
#include "app/eval/writer.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

enum { TOGETHER = 16, PROGRAM_MOST = 4 << 20 }; /* questions asked at once; bytes */

struct evaluator {
    const struct model *model;
    const struct eval_setting *setting;
    struct runner *runner;
    struct scorer *scorer;
    struct eval_writer *writer; /* NULL until a task lets the model write */
};

void evaluator_free(struct evaluator *e)
{
    if (e == NULL)
        return;
    eval_writer_free(e->writer);
    scorer_free(e->scorer);
    runner_free(e->runner);
    free(e);
}

struct evaluator *evaluator_new(const struct model *model, const struct session_options *session,
                                const struct eval_setting *setting, struct error *err)
{
    struct evaluator *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_memory(err);
        return NULL;
    }
    e->model = model;
    e->setting = setting;
    e->runner = runner_open(model, session, err);
    e->scorer = e->runner != NULL ? scorer_new(e->runner, err) : NULL;
    if (e->scorer != NULL)
        return e;
    evaluator_free(e);
    return NULL;
}

/* One task under way. */
struct course {
    struct evaluator *e;
    const struct eval_set *set;
    struct eval_store *store;
    struct eval_tally *tally;
    json_t *entries;
    eval_watch *watch;
    void *context;
};

static bool on_progress(void *context, size_t done, size_t total)
{
    const struct course *c = context;
    (void)done;
    (void)total;
    return c->watch(c->context, c->tally, c->set->n);
}

/* ---- the log ---------------------------------------------------------------------------------------------------- */

/* Adds the ids of the prompt, which the store does without, since they can be made again. */
static enum error_code add_prompt(const struct course *c, const struct eval_question *q, json_t *entry,
                                  struct error *err)
{
    const struct tokenizer *t = model_tokenizer(c->e->model);
    struct eval_written written = {0};
    struct eval_result result = {0};
    if (q->task->writing != NULL) {
        if (eval_write_prepare(c->e->writer, t, q, &written, err) == ERR_NONE)
            json_object_set_new(entry, "prompt_ids", json_ids(written.prompt.at, written.prompt.n));
    } else if (eval_prepare(t, runner_context(c->e->runner), q, &result, err) == ERR_NONE) {
        eval_log_add_prompt(entry, q, &result);
    }
    eval_written_free(&written);
    eval_result_free(&result);
    return err->code;
}

static enum error_code log_entry(const struct course *c, const struct eval_question *q, const json_t *entry,
                                 struct error *err)
{
    const struct eval_setting *s = c->e->setting;
    if (s->programs != NULL && json_object_get(entry, "completion") != NULL)
        json_print(s->programs, json_pack("{s:O, s:O}", "task_id", json_object_get(entry, "task_id"), "completion",
                                          json_object_get(entry, "completion")));
    if (s->log != NULL) {
        json_t *line = json_copy((json_t *)entry);
        if (line == NULL)
            return error_memory(err);
        add_prompt(c, q, line, err);
        json_print(s->log, line);
    }
    if ((s->log != NULL && fflush(s->log) != 0) || (s->programs != NULL && fflush(s->programs) != 0))
        return error_set(err, ERR_IO, "the log can't be written");
    return err->code;
}

/* ---- programs --------------------------------------------------------------------------------------------------- */

/* Whether the program of an entry has still to be run. */
static bool is_to_run(const struct course *c, const json_t *entry)
{
    return c->e->setting->run_code && json_object_get(entry, "completion") != NULL &&
           json_object_get(entry, eval_metric_name(METRIC_PASS)) == NULL;
}

static enum error_code run_program(const struct eval_question *q, json_t *entry, struct error *err)
{
    struct buf program;
    bool passed = false;
    buf_init(&program, PROGRAM_MOST);
    buf_puts(&program, q->program[0]);
    buf_puts(&program, json_string_value(json_object_get(entry, "completion")));
    buf_puts(&program, q->program[1]);
    if (buf_failed(&program))
        error_memory(err);
    else if (sandbox_run(buf_text(&program), program.size, &passed, err) == ERR_NONE)
        json_object_set_new(entry, eval_metric_name(METRIC_PASS), json_real(passed));
    buf_free(&program);
    return err->code;
}

/* ---- questions -------------------------------------------------------------------------------------------------- */

/* Counts and logs the entry of a question that the store has. */
static enum error_code take_entry(struct course *c, size_t i, struct error *err)
{
    json_t *entry = eval_store_entry(c->store, i);
    if (is_to_run(c, entry)) {
        json_t *more = json_copy(entry);
        if (more == NULL)
            return error_memory(err);
        if (run_program(&c->set->at[i], more, err) != ERR_NONE) {
            json_decref(more);
            return err->code;
        }
        if (eval_store_put(c->store, i, more, err) != ERR_NONE)
            return err->code;
        entry = eval_store_entry(c->store, i);
    }
    eval_tally_add(c->tally, entry);
    json_array_append(c->entries, entry);
    return log_entry(c, &c->set->at[i], entry, err);
}

static enum error_code ask_choices(struct course *c, const struct eval_question *questions, size_t n, json_t **entries,
                                   struct error *err)
{
    struct eval_result results[TOGETHER];
    if (eval_ask(c->e->scorer, model_tokenizer(c->e->model), runner_context(c->e->runner), questions, n, results,
                 on_progress, c, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < n; i++) {
        entries[i] = eval_log_choices(&questions[i], &results[i]);
        eval_result_free(&results[i]);
    }
    return ERR_NONE;
}

static enum error_code ask_written(struct course *c, const struct eval_question *questions, size_t n, json_t **entries,
                                   struct error *err)
{
    struct eval_written written[TOGETHER];
    if (eval_write(c->e->writer, model_tokenizer(c->e->model), questions, n, written, on_progress, c, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < n; i++) {
        entries[i] = eval_log_written(&questions[i], &written[i]);
        eval_written_free(&written[i]);
    }
    return ERR_NONE;
}

/* Asks questions from..from + n and keeps the answers. */
static enum error_code ask_some(struct course *c, size_t from, size_t n, struct error *err)
{
    const struct eval_question *questions = c->set->at + from;
    json_t *entries[TOGETHER];
    if ((questions->task->writing != NULL ? ask_written : ask_choices)(c, questions, n, entries, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < n; i++)
        if (err->code != ERR_NONE)
            json_decref(entries[i]);
        else if (eval_store_put(c->store, from + i, entries[i], err) == ERR_NONE)
            take_entry(c, from + i, err);
    return err->code == ERR_NONE ? eval_store_sync(c->store, err) : err->code;
}

static enum error_code run_course(struct course *c, struct error *err)
{
    const size_t kept = eval_store_size(c->store);
    size_t at = 0;
    for (; at < kept && at < c->set->n && err->code == ERR_NONE; at++)
        if (on_progress(c, at, c->set->n))
            take_entry(c, at, err);
        else
            error_set(err, ERR_STOPPED, "stopped");
    for (size_t n; at < c->set->n && err->code == ERR_NONE && !c->e->setting->kept_only; at += n) {
        n = c->set->n - at < TOGETHER ? c->set->n - at : TOGETHER;
        if (on_progress(c, at, c->set->n))
            ask_some(c, at, n, err);
        else
            error_set(err, ERR_STOPPED, "stopped");
    }
    if (c->set->n == at)
        on_progress(c, at, at);
    return err->code;
}

/* ---- a task ----------------------------------------------------------------------------------------------------- */

static struct eval_store *open_store(const struct evaluator *e, const struct eval_task *task, int shots,
                                     const struct eval_set *set, struct error *err)
{
    const struct eval_key key = {
        .task = task->name,
        .fingerprint = model_info(e->model)->fingerprint,
        .checksum = set->checksum,
        .shots = shots,
        .context = runner_context(e->runner),
        .exact = e->setting->exact,
    };
    return eval_store_open(e->setting->folder, &key, e->setting->name, e->setting->data, set->total, err);
}

enum error_code evaluator_run(struct evaluator *e, const struct eval_task *task, struct eval_tally *tally,
                              json_t *entries, eval_watch *watch, void *context, struct error *err)
{
    const struct eval_setting *s = e->setting;
    const int shots = s->shots >= 0 ? s->shots : task->shots;
    *tally = (struct eval_tally){.task = task};
    struct eval_set *set = eval_set_open(task, s->data, shots, s->fewer, s->limit, err);
    if (set != NULL && task->writing != NULL && e->writer == NULL)
        e->writer = eval_writer_new(e->runner, err);
    struct eval_store *store = err->code == ERR_NONE ? open_store(e, task, shots, set, err) : NULL;
    if (store != NULL) {
        struct course c = {e, set, store, tally, entries, watch, context};
        run_course(&c, err);
    }
    eval_store_free(store);
    eval_set_free(set);
    return err->code;
}
