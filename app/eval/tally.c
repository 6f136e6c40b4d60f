/* Counting. */
#include <config.h>

#include "app/eval/tally.h"

#include <math.h>

#include <jansson.h>

#include "app/eval/task.h"

void eval_tally_free(struct eval_tally *t)
{
    json_decref(t->subjects);
    t->subjects = NULL;
}

static void add_subject(struct eval_tally *t, const char *subject, double score)
{
    if (t->subjects == NULL)
        t->subjects = json_object();
    const json_t *had = json_object_get(t->subjects, subject);
    const json_int_t n = json_integer_value(json_array_get(had, 0));
    const double sum = json_real_value(json_array_get(had, 1));
    json_object_set_new(t->subjects, subject, json_pack("[I, f]", n + 1, sum + score));
}

void eval_tally_add(struct eval_tally *t, const json_t *entry)
{
    const json_t *score = json_object_get(entry, eval_metric_name(t->task->metric));
    const char *subject = json_string_value(json_object_get(entry, "subject")), *second = eval_second_name(t->task);
    if (!json_is_number(score)) {
        t->unscored++;
        return;
    }
    const double value = json_number_value(score);
    t->n++;
    t->sum += value;
    t->squares += value * value;
    if (second != NULL)
        t->second += json_number_value(json_object_get(entry, second));
    if (subject != NULL)
        add_subject(t, subject, value);
}

double eval_tally_mean(const struct eval_tally *t)
{
    return t->n > 0 ? t->sum / (double)t->n : 0;
}

double eval_tally_error(const struct eval_tally *t)
{
    const double n = (double)t->n, mean = eval_tally_mean(t);
    return t->n > 1 ? sqrt(fmax(0, t->squares - n * mean * mean) / (n - 1) / n) : 0;
}

static double subject_mean(const json_t *subject)
{
    return json_real_value(json_array_get(subject, 1)) / (double)json_integer_value(json_array_get(subject, 0));
}

double eval_tally_subjects(const struct eval_tally *t)
{
    const char *name;
    json_t *subject;
    double sum = 0;
    if (t->subjects == NULL)
        return eval_tally_mean(t);
    json_object_foreach(t->subjects, name, subject)
        sum += subject_mean(subject);
    return sum / (double)json_object_size(t->subjects);
}

json_t *eval_tally_json(const struct eval_tally *t)
{
    const char *metric = eval_metric_name(t->task->metric), *second = eval_second_name(t->task), *name;
    json_t *entry = json_pack("{s:I}", "questions", (json_int_t)(t->n + t->unscored)), *subject;
    if (t->n == 0)
        return entry;
    json_object_set_new(entry, metric, json_real(eval_tally_mean(t)));
    json_object_set_new(entry, "stderr", json_real(eval_tally_error(t)));
    if (second != NULL)
        json_object_set_new(entry, second, json_real(t->second / (double)t->n));
    if (t->subjects == NULL)
        return entry;
    json_t *all = json_object();
    json_object_foreach(t->subjects, name, subject)
        json_object_set_new(all, name,
                            json_pack("{s:O, s:f}", "questions", json_array_get(subject, 0), metric,
                                      subject_mean(subject)));
    json_object_set_new(entry, "acc_subjects", json_real(eval_tally_subjects(t)));
    json_object_set_new(entry, "subjects", all);
    return entry;
}
