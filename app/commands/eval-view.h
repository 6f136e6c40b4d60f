/* What the files of the screen of palaver eval share: the questions that its list shows, and a question as a page. */
#ifndef PALAVER_APP_COMMANDS_EVAL_VIEW_H
#define PALAVER_APP_COMMANDS_EVAL_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "app/commands/eval.h"
#include "ui/ui.h"

/* Which questions of a task are listed: all that were answered, those that a model answered wrongly, those that not all
 * models answered alike. */
enum eval_filter { EVAL_ALL, EVAL_WRONG, EVAL_DIFFER };

struct eval_view {
    const struct eval_run *run; /* only what does not change */
    struct eval_work *work;
    size_t n_columns;
    struct ui_column *table; /* (n_table) */
    struct ui_column *list;  /* (n_list) */
    size_t n_table, n_list;
    char (*headings)[EVAL_NAME]; /* (n_columns) */
    size_t task;                 /* whose questions are listed */
    enum eval_filter filter;
    size_t *order, n_order, room; /* the questions in the list, wrong ones first */
    char title[160];              /* of the list */
    bool detailed;                /* pages have a line for each token */
};

/* ---- eval-rows ---- */

/* False when out of memory; eval_view_free then too. */
bool eval_view_open(struct eval_view *v, const struct eval_run *run, struct eval_work *work);
void eval_view_free(struct eval_view *v);
/* Chooses and sorts the questions anew. */
void eval_view_sort_locked(struct eval_view *v);
/* The table of tasks and the list of questions, for ui_sheet_set_rows; their cells are read with the lock held. */
struct ui_rows eval_view_table(struct eval_view *v);
struct ui_rows eval_view_list(struct eval_view *v);

/* ---- eval-page ---- */

/* Shows a question of the task: its text, and what each model makes of each choice, token by token in the colours of the
 * lens. */
void eval_page_show_locked(const struct eval_view *v, size_t question, struct ui_sheet *sheet);

#endif
