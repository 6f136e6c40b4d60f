/* The log of an evaluation. */
#include <config.h>

#include "app/eval/log.h"

#include <jansson.h>

#include "app/eval/ask.h"
#include "app/eval/question.h"
#include "app/text/jsonl.h"

static json_t *choice_entry(const struct eval_choice *c, const struct eval_answer *a)
{
    json_t *entry = json_pack("{s:o*, s:f, s:b}", "ids", json_ids(a->ids.at + a->from, a->ids.n - a->from),
                              "loglikelihood", a->loglikelihood, "is_greedy", a->is_greedy);
    if (c->context != NULL)
        json_object_set_new(entry, "prompt_ids", json_ids(a->ids.at, a->from));
    return entry;
}

json_t *eval_log_entry(const struct eval_question *q, const struct eval_result *r)
{
    json_t *choices = json_array();
    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(choices, choice_entry(&q->choices[i], &r->answers[i]));
    json_t *entry = json_pack("{s:s, s:I, s:o*, s:o*, s:I}", "task", q->task->name, "index", (json_int_t)q->index,
                              "prompt_ids", json_ids(r->answers[0].ids.at, r->answers[0].from), "choices", choices,
                              "target", (json_int_t)q->target);
    const enum eval_metric metric = q->task->metric;
    if (metric == METRIC_ACC_NORM)
        json_object_set_new(entry, "acc", json_real(r->acc));
    json_object_set_new(entry, eval_metric_name(metric), json_real(eval_result_score(r, metric)));
    return entry;
}
