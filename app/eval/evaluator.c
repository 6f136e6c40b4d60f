/* A task from its data to its score. */
#include <config.h>

#include "app/eval/evaluator.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/eval/ask.h"
#include "app/eval/log.h"
#include "app/eval/question.h"
#include "app/eval/respondent.h"
#include "app/eval/sandbox.h"
#include "app/eval/store.h"
#include "app/eval/writer.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

enum { TOGETHER = 16, PROGRAM_MOST = 4 << 20 }; /* questions asked at once, at most; bytes */

/* Where answers come all at once, as many are asked as take about so long: they are lost when the user stops. */
static const double AT_ONCE_SECONDS = 1;

struct evaluator {
    struct respondent *respondent;
    const struct eval_setting *setting;
};

void evaluator_free(struct evaluator *e)
{
    free(e);
}

struct evaluator *evaluator_new(struct respondent *respondent, const struct eval_setting *setting, struct error *err)
{
    struct evaluator *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_memory(err);
        return NULL;
    }
    *e = (struct evaluator){respondent, setting};
    return e;
}

/* One task under way. */
struct course {
    struct evaluator *e;
    const struct eval_set *set;
    struct eval_store *store;
    struct eval_tally *tally;
    const struct eval_listener *listener;
    size_t together;  /* questions to ask at once next */
    size_t from;      /* the first of those that are being asked */
    struct error err; /* of an answer that could not be kept while others were under way */
};

static bool may_go_on(const struct course *c)
{
    return c->listener->watch(c->listener->context);
}

static bool on_progress(void *context, size_t done, size_t total)
{
    const struct course *c = context;
    (void)done;
    (void)total;
    return may_go_on(c) && c->err.code == ERR_NONE;
}

/* ---- the log ---------------------------------------------------------------------------------------------------- */

/* Adds the ids of the prompt, which the store does without, since they can be made again. */
static enum error_code add_prompt(const struct course *c, const struct eval_question *q, json_t *entry,
                                  struct error *err)
{
    const struct coder *coder = &c->e->respondent->coder;
    struct eval_written written = {0};
    struct eval_result result = {0};
    if (q->task->writing != NULL) {
        if (eval_write_prepare(coder, q, 1, &written, err) == ERR_NONE)
            json_object_set_new(entry, "prompt_ids", json_ids(written.prompt.at, written.prompt.n));
    } else if (eval_prepare(coder, q, 1, &result, err) == ERR_NONE) {
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

/* Counts the entry of a question, which the store has, and runs its program first. */
static enum error_code take_entry(struct course *c, size_t i, bool asked, struct error *err)
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
    c->listener->answered(c->listener->context, i, entry, asked);
    return ERR_NONE;
}

/* Keeps and counts a new entry. */
static enum error_code keep_entry(struct course *c, size_t i, json_t *entry, struct error *err)
{
    return eval_store_put(c->store, i, entry, err) == ERR_NONE ? take_entry(c, i, true, err) : err->code;
}

/* A question is through, before or after others. */
static void take_chosen(void *context, size_t i, const struct eval_result *r)
{
    struct course *c = context;
    keep_entry(c, c->from + i, eval_log_choices(&c->set->at[c->from + i], r), &c->err);
}

/* An answer has ended, before or after others. */
static void take_written(void *context, size_t i, const struct eval_written *w)
{
    struct course *c = context;
    keep_entry(c, c->from + i, eval_log_written(&c->set->at[c->from + i], w), &c->err);
}

/* Questions [from, to) that have been answered; also of those that were under way when the user stopped. */
static enum error_code log_entries(const struct course *c, size_t from, size_t to, struct error *err)
{
    struct error why = {0};
    for (size_t i = from; i < to && why.code == ERR_NONE; i++)
        if (eval_store_entry(c->store, i) != NULL)
            log_entry(c, &c->set->at[i], eval_store_entry(c->store, i), &why);
    return err->code != ERR_NONE ? err->code : error_set(err, why.code, "%s", why.message);
}

/* Whether each answer is kept when it has ended, whatever becomes of those beside it. */
static bool comes_one_by_one(const struct course *c)
{
    return c->set->task->writing != NULL || c->e->respondent->one_by_one;
}

/* Asks n questions from c->from on and keeps the answers. */
static enum error_code ask_some(struct course *c, size_t n, struct error *err)
{
    const double began = clock_seconds();
    struct error why = {0};
    if (c->set->task->writing != NULL)
        respondent_write(c->e->respondent, c->set->at + c->from, n, take_written, on_progress, c, err);
    else
        respondent_choose(c->e->respondent, c->set->at + c->from, n, take_chosen, on_progress, c, err);
    if (c->err.code != ERR_NONE)
        *err = c->err;
    if (!comes_one_by_one(c) && clock_seconds() - began > AT_ONCE_SECONDS)
        c->together = n > 1 ? n / 2 : 1;
    else if (c->together < TOGETHER)
        c->together *= 2;
    log_entries(c, c->from, c->from + n, err);
    eval_store_sync(c->store, &why);
    return err->code != ERR_NONE ? err->code : error_set(err, why.code, "%s", why.message);
}

/* Counts and logs what the store has from earlier runs. */
static enum error_code take_kept(struct course *c, struct error *err)
{
    for (size_t i = 0; i < c->set->n && i < eval_store_size(c->store) && err->code == ERR_NONE; i++) {
        if (!may_go_on(c))
            error_set(err, ERR_STOPPED, "stopped");
        else if (eval_store_entry(c->store, i) != NULL && take_entry(c, i, false, err) == ERR_NONE)
            log_entries(c, i, i + 1, err);
    }
    return err->code;
}

/* How many questions from i on are to be asked at once: 0 when the store has the first. */
static size_t count_missing(const struct course *c, size_t i)
{
    size_t n = 0;
    while (n < c->together && i + n < c->set->n && eval_store_entry(c->store, i + n) == NULL)
        n++;
    return n;
}

static enum error_code ask_missing(struct course *c, struct error *err)
{
    size_t n;
    for (c->from = 0; c->from < c->set->n && err->code == ERR_NONE; c->from += n > 0 ? n : 1) {
        n = count_missing(c, c->from);
        if (n > 0 && !may_go_on(c))
            error_set(err, ERR_STOPPED, "stopped");
        else if (n > 0)
            ask_some(c, n, err);
    }
    return err->code;
}

/* ---- a task ----------------------------------------------------------------------------------------------------- */

static struct eval_store *open_store(const struct evaluator *e, const struct eval_set *set, struct error *err)
{
    const struct eval_key key = {
        .task = set->task->name,
        .fingerprint = e->respondent->fingerprint,
        .checksum = set->checksum,
        .shots = set->shots,
        .context = e->respondent->context,
        .exact = e->setting->exact,
        .cache = e->setting->cache,
    };
    return eval_store_open(e->setting->folder, &key, e->setting->name, e->setting->data, set->total, err);
}

enum error_code evaluator_run(struct evaluator *e, const struct eval_set *set, struct eval_tally *tally,
                              const struct eval_listener *listener, struct error *err)
{
    *tally = (struct eval_tally){.task = set->task};
    struct eval_store *store = open_store(e, set, err);
    if (store != NULL) {
        struct course c = {.e = e, .set = set, .store = store, .tally = tally, .listener = listener};
        c.together = comes_one_by_one(&c) ? TOGETHER : 1;
        if (take_kept(&c, err) == ERR_NONE && !e->setting->kept_only)
            ask_missing(&c, err);
    }
    eval_store_free(store);
    return err->code;
}
