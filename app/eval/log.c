/* Entries of the log. */
#include <config.h>

#include "app/eval/log.h"

#include <string.h>

#include <jansson.h>

#include "app/eval/ask.h"
#include "app/eval/question.h"
#include "app/eval/task.h"
#include "app/eval/writer.h"
#include "app/terminal/stats.h"
#include "app/text/jsonl.h"
#include "base/buf.h"

static json_t *log_choice(const struct eval_answer *a)
{
    json_t *logprobs = json_array();
    for (size_t i = 0; i < a->ids.n - a->from; i++)
        json_array_append_new(logprobs, json_real((double)a->logp[i]));
    return json_pack("{s:o*, s:f, s:b, s:o*}", "ids", json_ids(a->ids.at + a->from, a->ids.n - a->from),
                     "loglikelihood", a->loglikelihood, "is_greedy", a->is_greedy, "logprobs", logprobs);
}

json_t *eval_log_choices(const struct eval_question *q, const struct eval_result *r)
{
    json_t *choices = json_array();
    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(choices, log_choice(&r->answers[i]));
    json_t *entry = json_pack("{s:s, s:I, s:o*, s:I}", "task", q->task->name, "index", (json_int_t)q->index, "choices",
                              choices, "target", (json_int_t)q->target);
    const enum eval_metric metric = q->task->metric;
    if (*q->subject != '\0')
        json_object_set_new(entry, "subject", json_string(q->subject));
    if (metric == METRIC_ACC_NORM)
        json_object_set_new(entry, "acc", json_real(r->acc));
    json_object_set_new(entry, eval_metric_name(metric), json_real(eval_result_score(r, metric)));
    return entry;
}

json_t *eval_log_written(const struct eval_question *q, const struct eval_written *w)
{
    const struct eval_writing *writing = q->task->writing;
    const char *second = eval_second_name(q->task);
    double other = 0;
    json_t *entry = json_pack("{s:s, s:I, s:o*, s:s}", "task", q->task->name, "index", (json_int_t)q->index,
                              writing->judge != NULL ? "text" : "completion",
                              json_text(buf_text(&w->text), w->text.size), "finish", finish_name(w->finish));
    if (q->id != NULL)
        json_object_set_new(entry, "task_id", json_text(q->id, strlen(q->id)));
    if (writing->judge == NULL)
        return entry;
    json_object_set_new(entry, eval_metric_name(q->task->metric),
                        json_real(writing->judge(buf_text(&w->text), q->accepted, &other)));
    if (second != NULL)
        json_object_set_new(entry, second, json_real(other));
    return entry;
}

void eval_log_add_prompt(json_t *entry, const struct eval_question *q, const struct eval_result *r)
{
    json_object_set_new(entry, "prompt_ids", json_ids(r->answers[0].ids.at, r->answers[0].from));
    for (size_t i = 0; i < q->n; i++)
        if (q->choices[i].context != NULL)
            json_object_set_new(json_array_get(json_object_get(entry, "choices"), i), "prompt_ids",
                                json_ids(r->answers[i].ids.at, r->answers[i].from));
}
