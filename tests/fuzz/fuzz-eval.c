/* Fuzz target: any bytes as the data of every task, and as CSV with every delimiter. A refused file has an error that
 * names it; a question that is read has what its task needs. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/eval/question.h"
#include "app/eval/task.h"
#include "app/text/csv.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_csv(const uint8_t *data, size_t size)
{
    static const char delimiters[] = ",;\t|";
    for (size_t i = 0; i < sizeof delimiters - 1; i++) {
        struct csv c;
        struct csv_record r;
        struct error err = {0};
        csv_init(&c, "x", (const char *)data, size, delimiters[i]);
        csv_record_init(&r);
        while (csv_next(&c, &r, &err))
            if (r.n == 0 || strlen(csv_field(&r, r.n - 1)) > size)
                abort();
        csv_record_free(&r);
    }
    csv_guess((const char *)data, size);
}

static void check_set(const struct eval_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct eval_question *q = &set->at[i];
        if (q->context == NULL || q->subject == NULL || (q->task->writing == NULL && q->target >= q->n))
            abort();
        for (size_t k = 0; k < q->n; k++)
            if (q->choices[k].continuation == NULL)
                abort();
    }
}

static void try_task(const struct eval_task *task, const char *path)
{
    struct error err = {0};
    struct eval_set *set = eval_set_open(task, path, 0, false, 0, &err);
    if (set == NULL && strstr(err.message, "eval") == NULL)
        abort();
    if (set != NULL)
        check_set(set);
    eval_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[4096];
    try_csv(data, size);
    scratch_file("eval.jsonl", data, size);
    snprintf(path, sizeof path, "%s/eval.jsonl", scratch_folder());
    for (const struct eval_task *t = eval_tasks; t->name != NULL; t++)
        try_task(t, path);
    scratch_file("eval_test.csv", data, size);
    snprintf(path, sizeof path, "%s/eval_test.csv", scratch_folder());
    try_task(eval_task_find("mmlu"), path);
    return 0;
}
