/* The scores of an evaluation, as a table or as JSON. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "app/commands/eval.h"
#include "app/terminal/grid.h"
#include "app/text/jsonl.h"

bool eval_is_right(const struct eval_task *task, const json_t *entry)
{
    return json_number_value(json_object_get(entry, eval_metric_name(task->metric))) >= 0.5;
}

/* ---- the leaderboard -------------------------------------------------------------------------------------------- */

/* The mean of its four scores; MMLU's is the plain mean over its subjects. False unless all four are there. */
static bool find_leaderboard(const struct eval_run *run, const struct eval_column *column, double *mean)
{
    double sum = 0;
    size_t n = 0, wanted = 0;
    for (const struct eval_task *t = eval_tasks; t->name != NULL; t++)
        wanted += t->leaderboard;
    for (size_t i = 0; i < run->n_tasks; i++)
        if (run->tasks[i]->leaderboard && column->outcomes[i].tally.n > 0) {
            sum += eval_tally_subjects(&column->outcomes[i].tally);
            n++;
        }
    *mean = n > 0 ? sum / (double)n : 0;
    return n == wanted && run->o->eval.aggregate == EVAL_LEADERBOARD;
}

/* ---- differences ------------------------------------------------------------------------------------------------ */

/* The questions that not all models answered alike, right or wrong; of those that all of them were asked. */
static json_t *find_differences(const struct eval_run *run, size_t task)
{
    json_t *found = json_array();
    size_t n = json_array_size(run->columns[0].outcomes[task].entries);
    for (size_t m = 1; m < run->n_columns; m++) {
        const size_t here = json_array_size(run->columns[m].outcomes[task].entries);
        n = here < n ? here : n;
    }
    for (size_t i = 0; i < n; i++) {
        size_t right = 0, asked = 0;
        for (size_t m = 0; m < run->n_columns; m++) {
            const json_t *entry = json_array_get(run->columns[m].outcomes[task].entries, i);
            asked += json_is_object(entry);
            right += eval_is_right(run->tasks[task], entry);
        }
        if (asked == run->n_columns && right > 0 && right < run->n_columns)
            json_array_append_new(found, json_integer((json_int_t)i));
    }
    return found;
}

/* "hellaswag: 3 (right: A), 17 (right: B)" */
static void print_differences(const struct eval_run *run, size_t task)
{
    json_t *found = find_differences(run, task), *index;
    size_t i;
    if (json_array_size(found) > 0)
        printf("\n%s: the models differ on", run->tasks[task]->name);
    json_array_foreach(found, i, index) {
        printf("%s %d (", i > 0 ? "," : "", (int)json_integer_value(index));
        for (size_t m = 0, named = 0; m < run->n_columns; m++)
            if (eval_is_right(run->tasks[task], json_array_get(run->columns[m].outcomes[task].entries,
                                                               (size_t)json_integer_value(index))))
                printf("%s%zu", named++ > 0 ? " " : "right: ", m + 1);
        printf(")");
    }
    if (json_array_size(found) > 0)
        printf("\n");
    json_decref(found);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static void add_score(struct grid *g, const struct eval_tally *t, double mean)
{
    if (t->n > 0)
        grid_add(g, "%.2f", 100 * mean);
    else
        grid_add(g, "%s", t->unscored > 0 ? "not run" : "-");
}

static void add_task(struct grid *g, const struct eval_run *run, size_t task)
{
    const struct eval_tally *first = &run->columns[0].outcomes[task].tally;
    grid_add(g, "%s", run->tasks[task]->name);
    grid_add(g, "%s", eval_metric_name(run->tasks[task]->metric));
    for (size_t m = 0; m < run->n_columns; m++) {
        const struct eval_tally *t = &run->columns[m].outcomes[task].tally;
        add_score(g, t, eval_tally_mean(t));
        grid_add(g, "%.2f", 100 * eval_tally_error(t));
    }
    grid_add(g, "%zu", first->n + first->unscored);
    if (run->n_columns > 1) {
        json_t *found = find_differences(run, task);
        grid_add(g, "%zu", json_array_size(found));
        json_decref(found);
    }
}

/* A row of means without errors: MMLU over its subjects, what stands beside a score, the leaderboard. */
typedef bool mean_of(const struct eval_run *run, const struct eval_column *column, size_t task, double *out);

static void add_means(struct grid *g, const struct eval_run *run, size_t task, const char *name, const char *metric,
                      mean_of *mean)
{
    double value;
    if (!mean(run, &run->columns[0], task, &value))
        return;
    grid_add(g, "%s", name);
    grid_add(g, "%s", metric);
    for (size_t m = 0; m < run->n_columns; m++) {
        if (mean(run, &run->columns[m], task, &value))
            grid_add(g, "%.2f", 100 * value);
        else
            grid_add(g, "-");
        grid_add(g, "%s", "");
    }
    grid_add(g, "%s", "");
    if (run->n_columns > 1)
        grid_add(g, "%s", "");
}

static bool mean_of_second(const struct eval_run *run, const struct eval_column *column, size_t task, double *out)
{
    const struct eval_tally *t = &column->outcomes[task].tally;
    *out = t->n > 0 ? t->second / (double)t->n : 0;
    return t->n > 0 && eval_second_name(run->tasks[task]) != NULL;
}

static bool mean_of_subjects(const struct eval_run *run, const struct eval_column *column, size_t task, double *out)
{
    const struct eval_tally *t = &column->outcomes[task].tally;
    (void)run;
    *out = t->subjects != NULL ? eval_tally_subjects(t) : 0;
    return t->subjects != NULL;
}

static bool mean_of_leaderboard(const struct eval_run *run, const struct eval_column *column, size_t task, double *out)
{
    (void)task;
    return find_leaderboard(run, column, out);
}

static void add_headings(struct grid *g, const struct eval_run *run)
{
    grid_add(g, "task");
    grid_add(g, "metric");
    for (size_t m = 0; m < run->n_columns; m++) {
        if (run->n_columns > 1)
            grid_add(g, "%zu: %s", m + 1, run->columns[m].name);
        else
            grid_add(g, "score %%");
        grid_add(g, "±");
    }
    grid_add(g, "questions");
    if (run->n_columns > 1)
        grid_add(g, "differ");
}

static void print_table(const struct eval_run *run)
{
    struct grid g;
    grid_init(&g, 3 + 2 * run->n_columns + (run->n_columns > 1));
    add_headings(&g, run);
    for (size_t i = 0; i < run->n_tasks; i++) {
        const char *name = run->tasks[i]->name, *second = eval_second_name(run->tasks[i]);
        add_task(&g, run, i);
        add_means(&g, run, i, name, second != NULL ? second : "", mean_of_second);
        add_means(&g, run, i, name, "mean of subjects", mean_of_subjects);
    }
    add_means(&g, run, 0, "leaderboard", "mean of four", mean_of_leaderboard);
    grid_print(&g, (enum grid_form)run->o->eval.format, stdout);
    grid_free(&g);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *column_json(const struct eval_run *run, const struct eval_column *column)
{
    json_t *all = json_object();
    double mean;
    for (size_t i = 0; i < run->n_tasks; i++)
        if (column->outcomes[i].tally.task != NULL)
            json_object_set_new(all, run->tasks[i]->name, eval_tally_json(&column->outcomes[i].tally));
    if (find_leaderboard(run, column, &mean))
        json_object_set_new(all, "leaderboard", json_real(mean));
    return all;
}

static json_t *run_json(const struct eval_run *run)
{
    if (run->n_columns == 1)
        return column_json(run, &run->columns[0]);
    json_t *models = json_array(), *differ = json_object();
    for (size_t m = 0; m < run->n_columns; m++)
        json_array_append_new(models, json_pack("{s:o*, s:o}", "model",
                                                json_text(run->columns[m].name, strlen(run->columns[m].name)), "tasks",
                                                column_json(run, &run->columns[m])));
    for (size_t i = 0; i < run->n_tasks; i++)
        json_object_set_new(differ, run->tasks[i]->name, find_differences(run, i));
    return json_pack("{s:o, s:o}", "models", models, "differ", differ);
}

void eval_print(const struct eval_run *run)
{
    if (run->o->json) {
        json_print(stdout, run_json(run));
        return;
    }
    print_table(run);
    if (run->n_columns > 1 && run->o->eval.format == EVAL_TEXT)
        for (size_t i = 0; i < run->n_tasks; i++)
            print_differences(run, i);
}
