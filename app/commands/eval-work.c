/* The thread that asks models, and what has come of it so far, for the thread that shows it. */
#include <config.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <jansson.h>

#include "app/commands/eval.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

enum { PIECES_MOST = 16 << 20, WAITED_SIZE = 128 };

struct eval_work {
    struct eval_run *run; /* the thread's until it has ended, but for what never changes */
    size_t n_columns, n_tasks;
    struct respondent *respondent; /* the thread's: the one that is being asked */
    pthread_t thread;
    bool started, pieces;
    int fd;
    atomic_bool stop;
    pthread_mutex_t lock;           /* guards the rest */
    struct eval_progress *progress; /* (n_columns, n_tasks) */
    char (*names)[EVAL_NAME];       /* (n_columns) */
    size_t column, task, edition;
    bool asking;
    char host[WAITED_SIZE]; /* of a server that is waited for */
    int seconds;            /* how long still; 0: none is */
    struct error err;
};

/* ---- what is known ---------------------------------------------------------------------------------------------- */

static struct eval_progress *progress_of(const struct eval_work *w, size_t column, size_t task)
{
    return &w->progress[column * w->n_tasks + task];
}

/* Tokens may hold a NUL byte, which is shown as a picture, as is one that nobody tells. */
static void append_piece(struct respondent *r, int32_t id, struct buf *out)
{
    const size_t from = out->size;
    struct error untold = {0};
    respondent_piece(r, id, out, &untold);
    if (untold.code != ERR_NONE) {
        buf_truncate(out, from);
        buf_puts(out, "\xEF\xBF\xBD");
    } else if (memchr(out->data != NULL ? out->data + from : "", '\0', out->size - from) != NULL) {
        buf_truncate(out, from);
        buf_puts(out, "␀");
    }
    buf_putc(out, '\0');
}

static char *make_pieces(struct respondent *r, const json_t *entry)
{
    struct buf out;
    size_t i, k;
    const json_t *choice, *id;
    buf_init(&out, PIECES_MOST);
    json_array_foreach(json_object_get(entry, "choices"), i, choice)
        json_array_foreach(json_object_get(choice, "ids"), k, id)
            append_piece(r, (int32_t)json_integer_value(id), &out);
    return buf_take(&out);
}

static int is_right(const struct eval_task *task, const json_t *entry)
{
    const json_t *score = json_object_get(entry, eval_metric_name(task->metric));
    return json_is_number(score) ? eval_is_right(task, entry) : -1;
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static bool on_watch(void *context)
{
    struct eval_work *w = context;
    return !atomic_load(&w->stop);
}

static void on_waits(void *context, int seconds, const char *host)
{
    struct eval_work *w = context;
    pthread_mutex_lock(&w->lock);
    w->edition += w->seconds != seconds;
    w->seconds = seconds;
    snprintf(w->host, sizeof w->host, "%s", host);
    pthread_mutex_unlock(&w->lock);
}

static void on_begun(void *context, size_t column, size_t task, struct respondent *respondent)
{
    struct eval_work *w = context;
    struct eval_progress *p = progress_of(w, column, task);
    w->respondent = respondent;
    pthread_mutex_lock(&w->lock);
    w->column = column;
    w->task = task;
    w->asking = true;
    w->edition++;
    p->begun = true;
    memcpy(w->names[column], w->run->columns[column].name, EVAL_NAME);
    p->began = clock_seconds();
    pthread_mutex_unlock(&w->lock);
}

static void on_answered(void *context, size_t column, size_t task, size_t index, json_t *entry, bool asked)
{
    struct eval_work *w = context;
    const struct eval_tally *t = &w->run->columns[column].outcomes[task].tally;
    struct eval_progress *p = progress_of(w, column, task);
    struct eval_answered answer = {.entry = json_incref(entry), .right = is_right(t->task, entry)};
    if (w->pieces)
        answer.pieces = make_pieces(w->respondent, entry);
    pthread_mutex_lock(&w->lock);
    p->n = t->n;
    p->unscored = t->unscored;
    p->mean = eval_tally_mean(t);
    p->error = eval_tally_error(t);
    p->asked += asked;
    if (p->asked == 0)
        p->began = clock_seconds();
    p->answers[index] = answer;
    w->edition++;
    pthread_mutex_unlock(&w->lock);
}

static void *run_work(void *context)
{
    struct eval_work *w = context;
    const struct eval_front front = {on_watch, on_waits, on_begun, on_answered, w};
    const uint64_t one = 1;
    struct error err = {0};
    eval_ask_models(w->run, &front, &err);
    pthread_mutex_lock(&w->lock);
    w->err = err;
    w->asking = false;
    w->edition++;
    pthread_mutex_unlock(&w->lock);
    if (write(w->fd, &one, sizeof one) < 0)
        abort(); /* an eventfd takes a number at any time */
    return NULL;
}

/* ---- beginning and end ------------------------------------------------------------------------------------------ */

static bool make_progress(struct eval_work *w, const struct eval_run *run)
{
    w->progress = calloc(w->n_columns * w->n_tasks, sizeof *w->progress);
    for (size_t i = 0; w->progress != NULL && i < w->n_columns * w->n_tasks; i++) {
        struct eval_progress *p = &w->progress[i];
        p->total = run->sets[i % w->n_tasks]->n;
        p->answers = calloc(p->total + 1, sizeof *p->answers);
        if (p->answers == NULL)
            return false;
    }
    w->names = calloc(w->n_columns, EVAL_NAME);
    for (size_t i = 0; w->names != NULL && i < w->n_columns; i++)
        memcpy(w->names[i], run->columns[i].name, EVAL_NAME);
    return w->progress != NULL && w->names != NULL;
}

struct eval_work *eval_work_start(struct eval_run *run, bool pieces, struct error *err)
{
    struct eval_work *w = calloc(1, sizeof *w);
    if (w == NULL) {
        error_memory(err);
        return NULL;
    }
    w->run = run;
    w->n_columns = run->n_columns;
    w->n_tasks = run->n_tasks;
    w->pieces = pieces;
    pthread_mutex_init(&w->lock, NULL);
    w->fd = eventfd(0, EFD_CLOEXEC);
    if (w->fd < 0 || !make_progress(w, run) || pthread_create(&w->thread, NULL, run_work, w) != 0) {
        error_memory(err);
        eval_work_free(w);
        return NULL;
    }
    w->started = true;
    return w;
}

int eval_work_fd(const struct eval_work *w)
{
    return w->fd;
}

void eval_work_stop(struct eval_work *w)
{
    atomic_store(&w->stop, true);
}

enum error_code eval_work_join(struct eval_work *w, struct error *err)
{
    if (w->started)
        pthread_join(w->thread, NULL);
    w->started = false;
    return error_set(err, w->err.code, "%s", w->err.message);
}

static void free_progress(struct eval_progress *p)
{
    for (size_t i = 0; p->answers != NULL && i < p->total; i++) {
        json_decref(p->answers[i].entry);
        free(p->answers[i].pieces);
    }
    free(p->answers);
}

void eval_work_free(struct eval_work *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; w->progress != NULL && i < w->n_columns * w->n_tasks; i++)
        free_progress(&w->progress[i]);
    free(w->progress);
    free(w->names);
    if (w->fd >= 0)
        close(w->fd);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

void eval_work_lock(struct eval_work *w)
{
    pthread_mutex_lock(&w->lock);
}

void eval_work_unlock(struct eval_work *w)
{
    pthread_mutex_unlock(&w->lock);
}

size_t eval_work_edition_locked(const struct eval_work *w)
{
    return w->edition;
}

const struct eval_progress *eval_work_progress_locked(const struct eval_work *w, size_t column, size_t task)
{
    return progress_of(w, column, task);
}

const char *eval_work_name_locked(const struct eval_work *w, size_t column)
{
    return w->names[column];
}

bool eval_work_current_locked(const struct eval_work *w, size_t *column, size_t *task)
{
    *column = w->column;
    *task = w->task;
    return w->asking;
}

const char *eval_work_waits_locked(const struct eval_work *w, int *seconds)
{
    *seconds = w->seconds;
    return w->seconds > 0 ? w->host : NULL;
}

double eval_progress_left(const struct eval_progress *p)
{
    const size_t done = p->n + p->unscored;
    return p->asked > 0 ? (clock_seconds() - p->began) * (double)(p->total - done) / (double)p->asked : -1;
}
