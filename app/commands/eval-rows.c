/* The rows of the screen of palaver eval: a row a task with columns for each model, and a row a question. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands/eval-view.h"
#include "app/eval/question.h"
#include "app/eval/task.h"

/* Columns of the table: the task, three for each model, those at its end. Of the list: one for each model, then these. */
enum { PER_MODEL = 3, TABLE_ENDS = 3, LIST_ENDS = 3, NAME_TAIL = 20 };

/* ---- columns ---------------------------------------------------------------------------------------------------- */

/* The end of a name tells one quantisation from another. Characters are not divided. */
static void set_heading(struct eval_view *v, size_t column)
{
    const char *name = eval_work_name_locked(v->work, column);
    const size_t size = strlen(name);
    const char *tail = size > NAME_TAIL ? name + size - NAME_TAIL : name;
    while (tail > name && ((unsigned char)*tail & 0xc0) == 0x80)
        tail++;
    if (v->n_columns > 1)
        snprintf(v->headings[column], EVAL_NAME, "%zu: %s%s", column + 1, tail > name ? "…" : "", tail);
    else
        snprintf(v->headings[column], EVAL_NAME, "%s%s", tail > name ? "…" : "", tail);
}

static void make_table(struct eval_view *v)
{
    size_t n = 0;
    v->table[n++] = (struct ui_column){.heading = "task", .stays = true};
    for (size_t m = 0; m < v->n_columns; m++) {
        v->table[n++] = (struct ui_column){.heading = v->headings[m], .right = true};
        v->table[n++] = (struct ui_column){.heading = "done", .right = true};
        v->table[n++] = (struct ui_column){.heading = "left", .right = true};
    }
    if (v->n_columns > 1)
        v->table[n++] = (struct ui_column){.heading = "differ", .right = true};
    v->table[n++] = (struct ui_column){.heading = "metric"};
    v->n_table = n;
}

static void make_list(struct eval_view *v)
{
    static const char *const numbers[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    size_t n = 0;
    for (size_t m = 0; m < v->n_columns; m++)
        v->list[n++] = (struct ui_column){.heading = v->n_columns > 1 ? m < 9 ? numbers[m] : "+" : NULL,
                                          .width = 1,
                                          .stays = true};
    if (v->n_columns > 1)
        v->list[n++] = (struct ui_column){.width = 1, .stays = true};
    v->list[n++] = (struct ui_column){.width = 5, .right = true, .stays = true};
    v->list[n++] = (struct ui_column){.width = -1, .stays = true};
    v->n_list = n;
}

bool eval_view_open(struct eval_view *v, const struct eval_run *run, struct eval_work *work)
{
    *v = (struct eval_view){.run = run, .work = work, .n_columns = run->n_columns};
    v->table = calloc(PER_MODEL * v->n_columns + TABLE_ENDS, sizeof *v->table);
    v->list = calloc(v->n_columns + LIST_ENDS, sizeof *v->list);
    v->headings = calloc(v->n_columns, EVAL_NAME);
    if (v->table == NULL || v->list == NULL || v->headings == NULL)
        return false;
    make_table(v);
    make_list(v);
    return true;
}

void eval_view_free(struct eval_view *v)
{
    free(v->table);
    free(v->list);
    free(v->headings);
    free(v->order);
}

/* ---- which questions -------------------------------------------------------------------------------------------- */

/* How the models answered a question. */
struct verdict {
    size_t asked, right, wrong;
};

static struct verdict judge_locked(const struct eval_view *v, size_t task, size_t question)
{
    struct verdict j = {0};
    for (size_t m = 0; m < v->n_columns; m++) {
        const struct eval_answered *a = &eval_work_progress_locked(v->work, m, task)->answers[question];
        j.asked += a->entry != NULL;
        j.right += a->entry != NULL && a->right == 1;
        j.wrong += a->entry != NULL && a->right == 0;
    }
    return j;
}

static bool differ(const struct eval_view *v, const struct verdict *j)
{
    return j->right > 0 && j->wrong > 0 && j->right + j->wrong == v->n_columns;
}

static bool is_listed(const struct eval_view *v, const struct verdict *j)
{
    return j->asked > 0 && (v->filter == EVAL_ALL || (v->filter == EVAL_WRONG ? j->wrong > 0 : differ(v, j)));
}

static bool make_room(struct eval_view *v, size_t n)
{
    if (n <= v->room)
        return true;
    size_t *more = realloc(v->order, n * sizeof *more);
    if (more == NULL)
        return false; /* the list stays as it is */
    v->order = more;
    v->room = n;
    return true;
}

static void write_title(struct eval_view *v, size_t wrong)
{
    static const char *const filters[] = {
        [EVAL_ALL] = "wrong ones first", [EVAL_WRONG] = "wrong ones", [EVAL_DIFFER] = "on which the models differ"};
    snprintf(v->title, sizeof v->title, "%s: %zu questions, %zu wrong · %s", v->run->tasks[v->task]->name,
             v->run->sets[v->task]->n, wrong, filters[v->filter]);
}

void eval_view_sort_locked(struct eval_view *v)
{
    const size_t n = v->run->sets[v->task]->n;
    size_t wrong = 0;
    for (size_t m = 0; m < v->n_columns; m++)
        set_heading(v, m);
    if (!make_room(v, n))
        return;
    v->n_order = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n; i++) {
            const struct verdict j = judge_locked(v, v->task, i);
            wrong += pass == 0 && j.wrong > 0;
            if (is_listed(v, &j) && (j.wrong > 0) == (pass == 0))
                v->order[v->n_order++] = i;
        }
    write_title(v, wrong);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* 0: the score, 1: how many are done, 2: the time left. */
static void write_figure(const struct eval_view *v, size_t column, size_t task, size_t which, struct ui_cell *out)
{
    const struct eval_progress *p = eval_work_progress_locked(v->work, column, task);
    size_t at_column, at_task;
    const bool running = eval_work_current_locked(v->work, &at_column, &at_task) && at_column == column &&
                         at_task == task;
    const double left = running && which == 2 ? eval_progress_left(p) : -1;
    out->role = running ? "status_busy" : NULL;
    if (which == 0 && p->n > 0)
        snprintf(out->text, sizeof out->text, "%.2f%% ±%.2f", 100 * p->mean, 100 * p->error);
    else if (which == 0)
        snprintf(out->text, sizeof out->text, "%s", p->unscored > 0 ? "not run" : p->begun ? "-" : "");
    else if (which == 1 && p->begun)
        snprintf(out->text, sizeof out->text, "%zu/%zu", p->n + p->unscored, p->total);
    else if (left >= 0)
        snprintf(out->text, sizeof out->text, "%zu:%02zu", (size_t)left / 60, (size_t)left % 60);
}

static void write_differ(const struct eval_view *v, size_t task, struct ui_cell *out)
{
    size_t n = 0;
    for (size_t i = 0; i < v->run->sets[task]->n; i++) {
        const struct verdict j = judge_locked(v, task, i);
        n += differ(v, &j);
    }
    snprintf(out->text, sizeof out->text, "%zu", n);
}

static void table_cell(void *context, size_t row, size_t column, struct ui_cell *out)
{
    const struct eval_view *v = context;
    if (column == 0)
        snprintf(out->text, sizeof out->text, "%s", v->run->tasks[row]->name);
    else if (column <= PER_MODEL * v->n_columns)
        write_figure(v, (column - 1) / PER_MODEL, row, (column - 1) % PER_MODEL, out);
    else if (column + 1 < v->n_table)
        write_differ(v, row, out);
    else
        snprintf(out->text, sizeof out->text, "%s", eval_metric_name(v->run->tasks[row]->metric));
}

struct ui_rows eval_view_table(struct eval_view *v)
{
    return (struct ui_rows){
        .columns = v->table, .n_columns = v->n_table, .n = v->run->n_tasks, .cell = table_cell, .context = v};
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static void write_mark(const struct eval_view *v, size_t column, size_t question, struct ui_cell *out)
{
    const struct eval_answered *a = &eval_work_progress_locked(v->work, column, v->task)->answers[question];
    const bool asked = a->entry != NULL;
    snprintf(out->text, sizeof out->text, "%s", !asked || a->right < 0 ? "·" : a->right == 1 ? "✓" : "✗");
    out->role = !asked || a->right < 0 ? "dim" : a->right == 1 ? "bar" : "error";
}

static void list_cell(void *context, size_t row, size_t column, struct ui_cell *out)
{
    const struct eval_view *v = context;
    const size_t question = v->order[row];
    size_t size;
    if (column < v->n_columns) {
        write_mark(v, column, question, out);
    } else if (column + 2 == v->n_list) {
        snprintf(out->text, sizeof out->text, "%zu", question);
        out->role = "dim";
    } else if (column + 1 == v->n_list) {
        const char *text = eval_question_gist(&v->run->sets[v->task]->at[question], &size);
        snprintf(out->text, sizeof out->text, "%.*s", (int)(size < sizeof out->text ? size : sizeof out->text - 1),
                 text);
    } else {
        const struct verdict j = judge_locked(v, v->task, question);
        snprintf(out->text, sizeof out->text, "%s", differ(v, &j) ? "≠" : "");
        out->role = "mark";
    }
}

struct ui_rows eval_view_list(struct eval_view *v)
{
    return (struct ui_rows){
        .title = v->title,
        .empty = v->filter == EVAL_ALL ? "no question has been answered yet" : "there is none",
        .columns = v->list,
        .n_columns = v->n_list,
        .n = v->n_order,
        .cell = list_cell,
        .context = v,
    };
}
