/* What the files of palaver eval share: the tasks and models of a run, and what came of them. */
#ifndef PALAVER_APP_COMMANDS_EVAL_H
#define PALAVER_APP_COMMANDS_EVAL_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "app/eval/question.h"
#include "app/eval/respondent.h"
#include "app/eval/tally.h"
#include "app/eval/task.h"
#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"

enum { EVAL_TASKS = 32, EVAL_NAME = 256 };

/* What one task with one model came to. */
struct eval_outcome {
    struct eval_tally tally; /* task is NULL while it has not begun */
    json_t *entries;         /* an entry a question (app/eval/log.h); null where it was not answered */
};

/* Everything with one model. */
struct eval_column {
    char name[EVAL_NAME];
    struct eval_outcome outcomes[EVAL_TASKS]; /* (n_tasks of the run) */
};

struct eval_run {
    const struct options *o;
    const struct eval_task *tasks[EVAL_TASKS]; /* (n_tasks) */
    struct eval_set *sets[EVAL_TASKS];         /* (n_tasks): their questions */
    size_t n_tasks, n_columns;
    struct eval_column *columns; /* (n_columns) */
    char *data;                  /* a file or a folder; malloc'ed */
};

/* ---- eval-models ---- */

/* Who hears of a run, on the thread that asks. */
struct eval_front {
    bool (*watch)(void *context); /* several times a second; false stops */
    /* A server is to be asked again in so many seconds; 0: nobody waits. */
    void (*waits)(void *context, int seconds, const char *host);
    void (*begun)(void *context, size_t column, size_t task, struct respondent *respondent);
    /* The tally of the column has the question already; asked: just now, else in an earlier run. */
    void (*answered)(void *context, size_t column, size_t task, size_t index, json_t *entry, bool asked);
    void *context;
};
/* Asks every model every question, and fills the columns. ERR_STOPPED when the front says so: what was done is there, and
 * n_columns counts the models that were begun. */
enum error_code eval_ask_models(struct eval_run *run, const struct eval_front *front, struct error *err);
/* What models are called, for people, until they are opened. */
void eval_name_models(struct eval_run *run);

/* ---- eval-work: the thread that asks, and what is known of its results so far ---- */

/* A question as one model answered it. */
struct eval_answered {
    json_t *entry; /* NULL: not yet */
    char *pieces;  /* the texts of the tokens of all choices, each with a NUL behind it; NULL where nobody wants them */
    int right;     /* 1, 0; -1: it has no score */
};
struct eval_progress {
    bool begun;
    size_t n, unscored; /* as in struct eval_tally, as the next two */
    double mean, error;
    size_t asked, total;           /* in this run; questions of the task */
    double began;                  /* the asking, in seconds of the monotonic clock */
    struct eval_answered *answers; /* (total) */
};

struct eval_work;
/* Begins to ask in a thread, see eval_ask_models. pieces: of tokens are wanted. NULL on failure. */
struct eval_work *eval_work_start(struct eval_run *run, bool pieces, struct error *err);
/* Can be read when the thread has ended. */
int eval_work_fd(const struct eval_work *w);
/* Asks it to stop, which it does within a moment, but for a model that is being loaded. */
void eval_work_stop(struct eval_work *w);
/* Waits for its end. */
enum error_code eval_work_join(struct eval_work *w, struct error *err);
void eval_work_free(struct eval_work *w);

/* Between these two the rest can be looked at; they keep the thread for as long. */
void eval_work_lock(struct eval_work *w);
void eval_work_unlock(struct eval_work *w);
/* Grows with everything that happens. */
size_t eval_work_edition_locked(const struct eval_work *w);
const struct eval_progress *eval_work_progress_locked(const struct eval_work *w, size_t column, size_t task);
/* What a model is called. */
const char *eval_work_name_locked(const struct eval_work *w, size_t column);
/* The model and the task that are being asked; false when none is. */
bool eval_work_current_locked(const struct eval_work *w, size_t *column, size_t *task);
/* The host of a server that is waited for because it asked for that, and how long still; NULL: none is. */
const char *eval_work_waits_locked(const struct eval_work *w, int *seconds);
/* Seconds that a task will take; negative when that can't be said. */
double eval_progress_left(const struct eval_progress *p);

/* ---- eval-plain ---- */

/* Asks, with lines on standard error, if that is a terminal, that are drawn again in their place. Ctrl-C stops, and a
 * second one ends the program. *end: the signal by which the program has to end; 0: none. ERR_STOPPED as
 * eval_ask_models. */
enum error_code eval_run_plain(struct eval_run *run, int *end, struct error *err);

/* ---- eval-screen ---- */

/* Whether the run is to be shown on the whole terminal. */
bool eval_screen_fits(const struct options *o);
/* The same on the whole terminal, where questions can be looked at while others are asked, and when all is done. */
enum error_code eval_run_screen(struct eval_run *run, int *end, struct error *err);

/* ---- eval-table ---- */

/* Prints the scores as the options want them; of several models also where they differ. */
void eval_print(const struct eval_run *run);
/* Whether an entry counts as right; null does not. */
bool eval_is_right(const struct eval_task *task, const json_t *entry);

/* ---- eval-list ---- */

/* Prints the results that are kept, of the tasks given or of all. */
enum error_code eval_list(const struct eval_run *run, struct error *err);

/* ---- eval-show ---- */

/* Prints a question of the run, token by token, or those that were answered wrongly. */
enum error_code eval_show(const struct eval_run *run, struct respondent *respondent, size_t column, size_t task,
                          struct error *err);

#endif
