/* A session: the tokens whose keys and values are in the cache, and the logits after the last of them.
 *
 * Prompts are read in batches as large as the forward pass's buffers allow: packing the weights costs the same for few
 * tokens as for many. A stop need not wait for the end of a batch, which takes seconds with a large model. */
#include <config.h>

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/model/model.h"
#include "engine/run/forward.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"
#include "engine/run/runner.h"
#include "engine/run/session.h"

static const double PROGRESS_SECONDS = 0.1;

struct session {
    struct runner *runner;
    struct runner *own; /* the same, when it ends with the session; else NULL */
    int32_t capacity;
    struct kv kv;
    int32_t *ids; /* (capacity), of which `length` are evaluated */
    size_t length;
    float *logits;   /* (vocab) */
    bool has_logits; /* logits are those after ids[length - 1] */
    /* Tokens behind ids[length - 1] that are in the cache on trial, guesses[next_guess..n_guesses). */
    int32_t guesses[SESSION_AHEAD], n_guesses, next_guess;
    float
        *ahead; /* (SESSION_AHEAD + 1, vocab): the logits before the first and after each; NULL before there are any */
};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static enum error_code check_context(const struct runner *r, int32_t context, struct error *err)
{
    if (context >= 0 && context <= r->context)
        return ERR_NONE;
    return error_set(err, ERR_ARGUMENT, "a session of %d tokens is out of range; its runner has room for %d",
                     (int)context, (int)r->context);
}

struct session *session_new(struct runner *runner, int32_t context, struct error *err)
{
    if (check_context(runner, context, err) != ERR_NONE)
        return NULL;
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_memory(err);
        return NULL;
    }
    s->runner = runner;
    s->capacity = context > 0 ? context : runner->context;
    s->ids = malloc((size_t)s->capacity * sizeof *s->ids);
    s->logits = malloc((size_t)runner->model->info.vocab * sizeof *s->logits);
    bool ok = s->ids != NULL && s->logits != NULL;
    if (!ok)
        error_memory(err);
    if (ok && forward_kv_init(runner->forward, &s->kv, s->capacity, err))
        return s;
    session_free(s);
    return NULL;
}

struct session *session_open(const struct model *model, const struct session_options *options, struct error *err)
{
    struct runner *runner = runner_open(model, options, err);
    struct session *s = runner != NULL ? session_new(runner, 0, err) : NULL;
    if (s != NULL)
        s->own = runner;
    else
        runner_free(runner);
    return s;
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    kv_free(&s->kv);
    free(s->ids);
    free(s->logits);
    free(s->ahead);
    runner_free(s->own);
    free(s);
}

/* ---- sharing ---------------------------------------------------------------------------------------------------- */

static void forget_guesses(struct session *s)
{
    s->n_guesses = s->next_guess = 0;
}

size_t session_common(const struct session *s, const int32_t *ids, size_t n)
{
    size_t i = 0;
    while (i < n && i < s->length && s->ids[i] == ids[i])
        i++;
    return i;
}

void session_share(struct session *s, const struct session *from, size_t n)
{
    n = n < from->length ? n : from->length;
    n = n < (size_t)s->capacity ? n : (size_t)s->capacity;
    forget_guesses(s);
    kv_share(&s->kv, &from->kv, (int32_t)n);
    memcpy(s->ids, from->ids, n * sizeof *s->ids);
    s->length = n;
    s->has_logits = n > 0 && n == from->length && from->has_logits;
    if (s->has_logits)
        memcpy(s->logits, from->logits, (size_t)s->runner->model->info.vocab * sizeof *s->logits);
}

void session_take(struct session *s, const struct kv *kv, const int32_t *ids, size_t n)
{
    forget_guesses(s);
    kv_share(&s->kv, kv, (int32_t)n);
    memcpy(s->ids, ids, n * sizeof *ids);
    s->length = n;
    s->has_logits = false;
}

struct session *session_fork(const struct session *s, size_t n, int32_t context, struct error *err)
{
    struct session *fork = session_new(s->runner, context, err);
    if (fork != NULL)
        session_share(fork, s, n);
    return fork;
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

int32_t session_capacity(const struct session *s)
{
    return s->capacity;
}

size_t session_length(const struct session *s)
{
    return s->length;
}

const float *session_logits(const struct session *s)
{
    return s->has_logits ? s->logits : NULL;
}

const struct kv *session_kv(const struct session *s)
{
    return &s->kv;
}

const int32_t *session_ids(const struct session *s)
{
    return s->ids;
}

const char *session_kernels(const struct session *s)
{
    return forward_kernels(s->runner->forward);
}

/* ---- evaluating ------------------------------------------------------------------------------------------------- */

/* What the caller is told while tokens [start, start + total) are evaluated. */
struct progress_report {
    session_progress *progress;
    void *context;
    size_t done, total; /* at the beginning of the batch at hand */
    size_t batch;       /* tokens in it */
    double last;        /* when the caller was told */
};

static bool tell_progress(struct progress_report *r, size_t done)
{
    r->last = clock_seconds();
    return r->progress == NULL || r->progress(r->context, done, r->total);
}

static bool tell_within_batch(void *context, double part)
{
    struct progress_report *r = context;
    if (clock_seconds() - r->last < PROGRESS_SECONDS)
        return true;
    return tell_progress(r, r->done + (size_t)((double)r->batch * part));
}

static enum error_code not_finite(struct session *s, struct error *err)
{
    s->length = 0;
    s->has_logits = false;
    forget_guesses(s);
    return runner_not_finite(s->runner, err);
}

static bool all_finite(const float *values, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bad |= (bits & 0x7f800000) == 0x7f800000;
    }
    return bad == 0;
}

static enum error_code check_logits(struct session *s, struct error *err)
{
    if (!all_finite(s->logits, (size_t)s->runner->model->info.vocab))
        return not_finite(s, err);
    s->has_logits = true;
    return ERR_NONE;
}

static enum error_code stopped_error(struct error *err)
{
    return error_set(err, ERR_STOPPED, "stopped");
}

static size_t next_batch(const struct session *s, size_t left)
{
    return left < (size_t)s->runner->batch ? left : (size_t)s->runner->batch;
}

/* Evaluates the n tokens at s->ids + s->length, at most a batch. */
static enum error_code run_batch(struct session *s, size_t n, enum forward_want want, float *logits,
                                 struct progress_report *r, struct error *err)
{
    struct batch_row *rows = s->runner->rows;
    const int32_t begin = (int32_t)s->length, end = begin + (int32_t)n;
    forget_guesses(s);
    if (!kv_reserve(&s->kv, begin, end, err))
        return ERR_MEMORY;
    for (int32_t i = begin; i < end; i++)
        rows[i - begin] = (struct batch_row){.id = s->ids[i], .position = i, .kv = &s->kv};
    r->batch = n;
    const struct forward_batch batch = {
        .rows = rows,
        .n = (int32_t)n,
        .want = want,
        .logits = logits,
        .progress = r->progress != NULL ? tell_within_batch : NULL,
        .context = r,
    };
    if (!forward_run(s->runner->forward, &batch))
        return stopped_error(err);
    s->length += n;
    r->done += n;
    return ERR_NONE;
}

static enum error_code check_room(const struct session *s, size_t n, struct error *err)
{
    if (n <= (size_t)s->capacity)
        return ERR_NONE;
    return error_set(err, ERR_CONTEXT, "%zu tokens are more than the context of %d holds; ask for more with --ctx", n,
                     (int)s->capacity);
}

enum error_code session_sync(struct session *s, const int32_t *ids, size_t n, session_progress *progress, void *context,
                             size_t *reused, struct error *err)
{
    if (check_room(s, n, err) != ERR_NONE)
        return ERR_CONTEXT;
    if (!runner_check_ids(s->runner, ids, n, err))
        return ERR_ARGUMENT;
    size_t kept = session_common(s, ids, n);
    if (kept == n && (s->length > n || !s->has_logits))
        kept = n - 1; /* its logits are not here any more */
    if (reused != NULL)
        *reused = kept;
    if (kept == n)
        return ERR_NONE;
    forget_guesses(s);
    memcpy(s->ids + kept, ids + kept, (n - kept) * sizeof *ids);
    s->length = kept;
    s->has_logits = false;
    struct progress_report r = {.progress = progress, .context = context, .total = n - kept};
    while (s->length < n) {
        const size_t left = n - s->length, batch = next_batch(s, left);
        const bool last = batch == left;
        if (!tell_progress(&r, r.done))
            return stopped_error(err);
        enum error_code code =
            run_batch(s, batch, last ? FORWARD_LAST : FORWARD_NONE, last ? s->logits : NULL, &r, err);
        if (code != ERR_NONE)
            return code;
    }
    if (check_logits(s, err) != ERR_NONE)
        return ERR_CORRUPT;
    tell_progress(&r, r.done);
    return ERR_NONE;
}

bool session_is_ahead(const struct session *s, int32_t id)
{
    return s->next_guess < s->n_guesses && s->guesses[s->next_guess] == id;
}

/* The next guess came true. */
static enum error_code take_guess(struct session *s, struct error *err)
{
    const size_t vocab = (size_t)s->runner->model->info.vocab;
    s->ids[s->length++] = s->guesses[s->next_guess++];
    memcpy(s->logits, s->ahead + (size_t)s->next_guess * vocab, vocab * sizeof *s->logits);
    return check_logits(s, err);
}

enum error_code session_push(struct session *s, int32_t id, struct error *err)
{
    if (check_room(s, s->length + 1, err) != ERR_NONE)
        return ERR_CONTEXT;
    if (!runner_check_ids(s->runner, &id, 1, err))
        return ERR_ARGUMENT;
    if (session_is_ahead(s, id))
        return take_guess(s, err);
    s->ids[s->length] = id;
    s->has_logits = false;
    struct progress_report r = {.total = 1};
    enum error_code code = run_batch(s, 1, FORWARD_LAST, s->logits, &r, err);
    if (code != ERR_NONE)
        return code;
    return check_logits(s, err);
}

/* Evaluates id and guesses[0..n); there is room for them. */
static enum error_code push_guesses(struct session *s, int32_t id, const int32_t *guesses, int32_t n, struct error *err)
{
    const size_t vocab = (size_t)s->runner->model->info.vocab;
    struct progress_report r = {.total = 1};
    s->ids[s->length] = id;
    memcpy(s->ids + s->length + 1, guesses, (size_t)n * sizeof *guesses);
    s->has_logits = false;
    enum error_code code = run_batch(s, (size_t)n + 1, FORWARD_ALL, NULL, &r, err);
    if (code != ERR_NONE)
        return code;
    s->length -= (size_t)n;
    forward_logits(s->runner->forward, 0, n + 1, s->ahead);
    memcpy(s->logits, s->ahead, vocab * sizeof *s->logits);
    memcpy(s->guesses, guesses, (size_t)n * sizeof *guesses);
    s->n_guesses = n;
    return check_logits(s, err);
}

/* Room for the logits behind guesses; false when out of memory. */
static bool make_ahead(struct session *s)
{
    if (s->ahead == NULL)
        s->ahead = malloc((SESSION_AHEAD + 1) * (size_t)s->runner->model->info.vocab * sizeof *s->ahead);
    return s->ahead != NULL;
}

enum error_code session_push_ahead(struct session *s, int32_t id, const int32_t *guesses, int32_t *n, struct error *err)
{
    const int32_t room = s->capacity - (int32_t)s->length - 1, batch = s->runner->batch - 1;
    struct error ignored = {0}; /* without guesses it may work */
    int32_t count = *n < room ? *n : room;
    count = count < batch ? count : batch;
    *n = 0;
    if (count <= 0 || session_is_ahead(s, id) || !runner_check_ids(s->runner, &id, 1, &ignored) ||
        !runner_check_ids(s->runner, guesses, (size_t)count, &ignored))
        return session_push(s, id, err);
    if (!make_ahead(s) || !kv_reserve(&s->kv, (int32_t)s->length, (int32_t)s->length + count + 1, &ignored))
        return session_push(s, id, err);
    *n = count;
    return push_guesses(s, id, guesses, count, err);
}

/* Puts a session's tokens behind those of the batch so far. */
static bool add_rows(struct session *s, int32_t id, const struct session_guess *guess, int32_t *n, struct error *err)
{
    struct batch_row *rows = s->runner->rows + *n;
    const int32_t position = (int32_t)s->length, guessed = guess != NULL ? guess->n : 0;
    forget_guesses(s);
    if (!kv_reserve(&s->kv, position, position + 1 + guessed, err))
        return false;
    for (int32_t i = 0; i <= guessed; i++)
        rows[i] = (struct batch_row){.id = i == 0 ? id : guess->ids[i - 1], .position = position + i, .kv = &s->kv};
    *n += 1 + guessed;
    return true;
}

/* Takes the logits (1 + guesses, vocab) of a session's tokens. False when those of the first are not finite. */
static bool take_rows(struct session *s, int32_t id, const struct session_guess *guess, const float *logits)
{
    const size_t vocab = (size_t)s->runner->model->info.vocab;
    s->ids[s->length++] = id;
    memcpy(s->logits, logits, vocab * sizeof *logits);
    s->has_logits = all_finite(s->logits, vocab);
    if (guess == NULL || guess->n == 0)
        return s->has_logits;
    memcpy(s->ahead, logits, ((size_t)guess->n + 1) * vocab * sizeof *logits);
    memcpy(s->guesses, guess->ids, (size_t)guess->n * sizeof *guess->ids);
    s->n_guesses = guess->n;
    return s->has_logits;
}

/* Appends ids[i] to sessions[i], and guesses[i] behind it unless guesses is NULL; all at most a batch and
 * RUNNER_LOGITS. */
static enum error_code push_batch(struct session *const *sessions, const int32_t *ids,
                                  const struct session_guess *guesses, size_t n, struct error *err)
{
    struct runner *r = sessions[0]->runner;
    int32_t rows = 0;
    for (size_t i = 0; i < n; i++)
        if (!add_rows(sessions[i], ids[i], guesses != NULL ? &guesses[i] : NULL, &rows, err))
            return ERR_MEMORY;
    forward_run(r->forward, &(struct forward_batch){.rows = r->rows, .n = rows, .want = FORWARD_ALL});
    forward_logits(r->forward, 0, rows, r->logits);
    enum error_code code = ERR_NONE;
    const float *logits = r->logits;
    for (size_t i = 0; i < n; i++) {
        const struct session_guess *guess = guesses != NULL ? &guesses[i] : NULL;
        if (!take_rows(sessions[i], ids[i], guess, logits))
            code = not_finite(sessions[i], err);
        logits += (size_t)r->model->info.vocab * (guess != NULL ? (size_t)guess->n + 1 : 1);
    }
    return code;
}

static enum error_code check_push(struct session *const *sessions, const int32_t *ids, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (check_room(sessions[i], sessions[i]->length + 1, err) != ERR_NONE)
            return ERR_CONTEXT;
        if (!runner_check_ids(sessions[i]->runner, &ids[i], 1, err))
            return ERR_ARGUMENT;
    }
    return n > 0 && !runner_logits(sessions[0]->runner, err) ? ERR_MEMORY : ERR_NONE;
}

enum error_code sessions_push(struct session *const *sessions, const int32_t *ids, size_t n, struct error *err)
{
    enum error_code code = check_push(sessions, ids, n, err);
    for (size_t at = 0, count; at < n && code == ERR_NONE; at += count) {
        count = next_batch(sessions[0], n - at);
        count = count < RUNNER_LOGITS ? count : RUNNER_LOGITS;
        code = push_batch(sessions + at, ids + at, NULL, count, err);
    }
    return code;
}

void session_drop_ahead(struct session *s)
{
    forget_guesses(s);
    free(s->ahead);
    s->ahead = NULL;
}

/* Leaves of a guess what the session has room for. */
static void cut_guess(struct session *s, struct session_guess *guess)
{
    struct error ignored = {0}; /* without it all goes on */
    const int32_t room = s->capacity - (int32_t)s->length - 1;
    guess->n = guess->n < room ? guess->n : room;
    if (guess->n > 0 && (!runner_check_ids(s->runner, guess->ids, (size_t)guess->n, &ignored) || !make_ahead(s)))
        guess->n = 0;
}

enum error_code sessions_push_ahead(struct session *const *sessions, const int32_t *ids, struct session_guess *guesses,
                                    size_t n, struct error *err)
{
    size_t rows = n;
    if (check_push(sessions, ids, n, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < n; i++) {
        cut_guess(sessions[i], &guesses[i]);
        rows += (size_t)guesses[i].n;
    }
    if (n > 0 && rows > n && rows <= (size_t)sessions[0]->runner->batch && rows <= RUNNER_LOGITS)
        return push_batch(sessions, ids, guesses, n, err);
    for (size_t i = 0; i < n; i++)
        guesses[i].n = 0;
    return sessions_push(sessions, ids, n, err);
}

/* ---- scoring ---------------------------------------------------------------------------------------------------- */

/* -log of the softmax of logits (n) at target. */
static float surprise_of(const float *logits, size_t n, int32_t target)
{
    float top = logits[0];
    for (size_t i = 1; i < n; i++)
        top = logits[i] > top ? logits[i] : top;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)expf(logits[i] - top);
    return (float)(log(sum) + (double)top - (double)logits[target]);
}

struct score_run {
    const float *rows; /* (n, vocab) */
    size_t n, vocab;
    const int32_t *targets; /* (n) */
    float *nll;             /* (n) */
};

static void score_thread(void *context, int32_t thread, int32_t threads)
{
    const struct score_run *run = context;
    for (size_t i = (size_t)thread; i < run->n; i += (size_t)threads)
        run->nll[i] = surprise_of(run->rows + i * run->vocab, run->vocab, run->targets[i]);
}

/* Who gets what session_score_rows computes. */
struct score_taker {
    float *nll;
    session_rows *rows; /* may be NULL */
    void *context;
};

/* The last batch began at `start` and holds ids up to s->length; n is the end of all ids. Its last row's logits are
 * kept when they are the last of all. */
static enum error_code score_batch(struct session *s, size_t start, size_t n, const struct score_taker *to,
                                   struct error *err)
{
    const size_t vocab = (size_t)s->runner->model->info.vocab;
    const float *logits = s->runner->logits;
    for (size_t at = start; at < s->length; at += RUNNER_LOGITS) {
        const size_t rows = s->length - at < RUNNER_LOGITS ? s->length - at : RUNNER_LOGITS;
        const size_t scored = at + rows < n ? rows : rows - 1;
        forward_logits(s->runner->forward, (int32_t)(at - start), (int32_t)rows, s->runner->logits);
        if (!all_finite(logits, rows * vocab))
            return not_finite(s, err);
        struct score_run run = {logits, scored, vocab, s->ids + at + 1, to->nll + at};
        pool_run(s->runner->pool, score_thread, &run);
        if (scored < rows)
            memcpy(s->logits, logits + scored * vocab, vocab * sizeof *s->logits);
        if (to->rows != NULL && scored > 0 && !to->rows(to->context, logits, at, scored))
            return stopped_error(err);
    }
    return ERR_NONE;
}

enum error_code session_score(struct session *s, const int32_t *ids, size_t n, float *nll, session_progress *progress,
                              void *context, struct error *err)
{
    return session_score_rows(s, ids, n, nll, NULL, progress, context, err);
}

enum error_code session_score_rows(struct session *s, const int32_t *ids, size_t n, float *nll, session_rows *rows,
                                   session_progress *progress, void *context, struct error *err)
{
    const struct score_taker to = {nll, rows, context};
    if (check_room(s, n, err) != ERR_NONE)
        return ERR_CONTEXT;
    if (!runner_check_ids(s->runner, ids, n, err))
        return ERR_ARGUMENT;
    if (!runner_logits(s->runner, err))
        return ERR_MEMORY;
    memcpy(s->ids, ids, n * sizeof *ids);
    s->length = 0;
    s->has_logits = false;
    struct progress_report r = {.progress = progress, .context = context, .total = n};
    while (s->length < n) {
        const size_t start = s->length;
        if (!tell_progress(&r, r.done))
            return stopped_error(err);
        enum error_code code = run_batch(s, next_batch(s, n - start), FORWARD_ALL, NULL, &r, err);
        if (code == ERR_NONE)
            code = score_batch(s, start, n, &to, err);
        if (code != ERR_NONE)
            return code;
    }
    s->has_logits = n > 0;
    tell_progress(&r, r.done);
    return ERR_NONE;
}
