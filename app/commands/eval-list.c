/* palaver eval --list: the results that are kept. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "app/commands/eval.h"
#include "app/eval/store.h"
#include "app/library/conversations.h"
#include "app/terminal/grid.h"
#include "app/text/jsonl.h"
#include "app/text/safe.h"

/* What is gathered while files are read. */
struct listing {
    const struct eval_run *run;
    struct grid grid;
    json_t *all; /* NULL unless JSON is wanted */
};

static bool is_wanted(const struct eval_run *run, const struct eval_task *task)
{
    for (size_t i = 0; i < run->n_tasks; i++)
        if (run->tasks[i] == task)
            return true;
    return false;
}

static const char *text_of(const json_t *head, const char *key)
{
    const char *text = json_string_value(json_object_get(head, key));
    return text != NULL ? text : "";
}

static void add_row(struct listing *l, const json_t *head, const struct eval_tally *t)
{
    char when[LIBRARY_TIME_SIZE];
    library_time(json_integer_value(json_object_get(head, "started")), when);
    grid_add(&l->grid, "%s", when);
    grid_add(&l->grid, "%s", text_of(head, "model"));
    grid_add(&l->grid, "%s", t->task->name);
    grid_add(&l->grid, "%d", (int)json_integer_value(json_object_get(head, "shots")));
    grid_add(&l->grid, "%s", eval_metric_name(t->task->metric));
    if (t->n > 0)
        grid_add(&l->grid, "%.2f", 100 * eval_tally_mean(t));
    else
        grid_add(&l->grid, "-");
    grid_add(&l->grid, "%.2f", 100 * eval_tally_error(t));
    grid_add(&l->grid, "%zu", t->n + t->unscored);
    grid_add(&l->grid, "%d", (int)json_integer_value(json_object_get(head, "total")));
    grid_add(&l->grid, "%s", json_is_true(json_object_get(head, "exact")) ? "yes" : "");
    grid_add(&l->grid, "%s", text_of(head, "cache")); /* results of version 0.1 do not say */
    grid_add(&l->grid, "%s", text_of(head, "data"));
}

static void take_file(void *context, const json_t *head, const json_t *entries)
{
    struct listing *l = context;
    struct eval_tally tally = {.task = eval_task_find(text_of(head, "task"))};
    const json_t *entry;
    size_t i;
    if (tally.task == NULL || !is_wanted(l->run, tally.task) || json_array_size(entries) == 0)
        return;
    json_array_foreach(entries, i, entry)
        if (json_is_object(entry))
            eval_tally_add(&tally, entry);
    if (l->all == NULL) {
        add_row(l, head, &tally);
    } else {
        json_t *object = json_copy((json_t *)head);
        json_object_set_new(object, "results", eval_tally_json(&tally));
        json_object_del(object, "palaver_eval");
        json_array_append_new(l->all, object);
    }
    eval_tally_free(&tally);
}

static void tell_broken(void *context, const struct error *why)
{
    (void)context;
    safe_printf(stderr, "palaver: %s\n", why->message);
}

enum error_code eval_list(const struct eval_run *run, struct error *err)
{
    static const char *const headings[] = {"started", "model", "task",  "shots", "metric", "score %",
                                           "±",       "asked", "total", "exact", "cache",  "data"};
    struct listing l = {.run = run, .all = run->o->json ? json_array() : NULL};
    const size_t columns = sizeof headings / sizeof *headings;
    grid_init(&l.grid, columns);
    for (size_t i = 0; i < columns; i++)
        grid_add(&l.grid, "%s", headings[i]);
    if (eval_store_list(run->o->paths.data_dir, take_file, tell_broken, &l, err) == ERR_NONE) {
        if (l.all != NULL)
            json_print(stdout, json_incref(l.all));
        else
            grid_print(&l.grid, (enum grid_form)run->o->eval.format, stdout);
    }
    json_decref(l.all);
    grid_free(&l.grid);
    return err->code;
}
