/* A session: the tokens whose keys and values are in the cache, and the logits after the last of them.
 *
 * Prompts are read in batches as large as the forward pass's buffers allow: packing the weights costs the same for few
 * tokens as for many. A stop need not wait for the end of a batch, which takes seconds with a large model. */
#include <config.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "engine/run/forward.h"
#include "engine/model/model.h"
#include "engine/run/pool.h"

enum {
    DEFAULT_BATCH = 512,
    DEFAULT_CONTEXT = 4096,
    MAX_CONTEXT = 1 << 20,
    MAX_THREADS = 1024,
    SCORE_ROWS = 32, /* positions whose logits are in memory at once */
};
static const double PROGRESS_SECONDS = 0.1;

struct session {
    const struct model *model;
    struct pool *pool;
    struct forward *forward;
    int32_t capacity, batch;
    int32_t *ids;           /* (capacity), of which `length` are evaluated */
    size_t length;
    float *logits;          /* (vocab) */
    bool has_logits;        /* logits are those after ids[length - 1] */
    float *rows;            /* (SCORE_ROWS, vocab), for scoring; NULL before */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static int32_t default_context(const struct model *model)
{
    int32_t trained = model->info.context;
    return trained > 0 && trained < DEFAULT_CONTEXT ? trained : DEFAULT_CONTEXT;
}

static bool check_options(const struct session_options *o, struct error *err)
{
    if (o->context < 0 || o->context > MAX_CONTEXT)
        error_set(err, ERR_ARGUMENT, "a context of %d tokens is out of range; choose 1 to %d, or 0 for the model's own",
                  (int)o->context, (int)MAX_CONTEXT);
    else if (o->threads < 0 || o->threads > MAX_THREADS)
        error_set(err, ERR_ARGUMENT, "%d threads are out of range; choose 1 to %d, or 0 for one per core",
                  (int)o->threads, (int)MAX_THREADS);
    else if (o->batch < 0 || o->batch > MAX_CONTEXT)
        error_set(err, ERR_ARGUMENT, "a batch of %d tokens is out of range", (int)o->batch);
    else
        return true;
    return false;
}

static bool allocate(struct session *s, struct error *err)
{
    s->ids = malloc((size_t)s->capacity * sizeof *s->ids);
    s->logits = malloc((size_t)s->model->info.vocab * sizeof *s->logits);
    if (s->ids != NULL && s->logits != NULL)
        return true;
    error_set(err, ERR_MEMORY, "no memory for a session");
    return false;
}

struct session *session_open(const struct model *model, const struct session_options *options, struct error *err)
{
    const struct session_options o = options != NULL ? *options : (struct session_options){0};
    if (!check_options(&o, err))
        return NULL;
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_set(err, ERR_MEMORY, "no memory for a session");
        return NULL;
    }
    s->model = model;
    s->capacity = o.context > 0 ? o.context : default_context(model);
    s->batch = o.batch > 0 ? o.batch : DEFAULT_BATCH;
    s->batch = s->batch < s->capacity ? s->batch : s->capacity;
    const struct forward_options f = {.context = s->capacity, .batch = s->batch, .exact = o.exact};
    s->pool = pool_new(o.threads > 0 ? o.threads : engine_cores(), err);
    if (s->pool != NULL)
        s->forward = forward_new(model, s->pool, &f, err);
    if (s->forward == NULL || !allocate(s, err)) {
        session_free(s);
        return NULL;
    }
    return s;
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    forward_free(s->forward);
    pool_free(s->pool);
    free(s->ids);
    free(s->logits);
    free(s->rows);
    free(s);
}

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

const int32_t *session_ids(const struct session *s)
{
    return s->ids;
}

const char *session_kernels(const struct session *s)
{
    return forward_kernels(s->forward);
}

/* ---- evaluating ------------------------------------------------------------------------------------------------- */

/* What the caller is told while tokens [start, start + total) are evaluated. */
struct report {
    session_progress *progress;
    void *context;
    size_t done, total;     /* at the beginning of the batch at hand */
    size_t batch;           /* tokens in it */
    double last;            /* when the caller was told */
};

static bool tell(struct report *r, size_t done)
{
    r->last = now();
    return r->progress == NULL || r->progress(r->context, done, r->total);
}

static bool tell_within_batch(void *context, double part)
{
    struct report *r = context;
    if (now() - r->last < PROGRESS_SECONDS)
        return true;
    return tell(r, r->done + (size_t)((double)r->batch * part));
}

static bool check_ids(const struct session *s, const int32_t *ids, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0 || ids[i] >= s->model->info.vocab) {
            error_set(err, ERR_ARGUMENT, "token id %d is outside the vocabulary of %d", (int)ids[i],
                      (int)s->model->info.vocab);
            return false;
        }
    return true;
}

static enum error_code not_finite(struct session *s, struct error *err)
{
    s->length = 0;
    s->has_logits = false;
    return error_set(err, ERR_CORRUPT, "%s: the model's weights hold NaN or infinite numbers; fetch the model again",
                     s->model->info.path);
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

static size_t next_batch(const struct session *s, size_t left)
{
    return left < (size_t)s->batch ? left : (size_t)s->batch;
}

/* Evaluates the n tokens at s->ids + s->length. */
static bool run_batch(struct session *s, size_t n, enum forward_want want, float *logits, struct report *r)
{
    r->batch = n;
    const struct forward_batch batch = {
        .ids = s->ids + s->length,
        .n = (int32_t)n,
        .position = (int32_t)s->length,
        .want = want,
        .logits = logits,
        .progress = r->progress != NULL ? tell_within_batch : NULL,
        .context = r,
    };
    if (!forward_run(s->forward, &batch))
        return false;
    s->length += n;
    r->done += n;
    return true;
}

static enum error_code stopped(struct error *err)
{
    return error_set(err, ERR_STOPPED, "stopped");
}

static enum error_code check_room(const struct session *s, size_t n, struct error *err)
{
    if (n <= (size_t)s->capacity)
        return ERR_NONE;
    return error_set(err, ERR_CONTEXT, "%zu tokens are more than the context of %d holds; ask for more with --ctx", n,
                     (int)s->capacity);
}

static size_t common_prefix(const struct session *s, const int32_t *ids, size_t n)
{
    size_t i = 0;
    while (i < n && i < s->length && s->ids[i] == ids[i])
        i++;
    return i;
}

enum error_code session_sync(struct session *s, const int32_t *ids, size_t n, session_progress *progress, void *context,
                             size_t *reused, struct error *err)
{
    if (check_room(s, n, err) != ERR_NONE)
        return ERR_CONTEXT;
    if (!check_ids(s, ids, n, err))
        return ERR_ARGUMENT;
    size_t kept = common_prefix(s, ids, n);
    if (kept == n && (s->length > n || !s->has_logits))
        kept = n - 1; /* its logits are not here any more */
    if (reused != NULL)
        *reused = kept;
    if (kept == n)
        return ERR_NONE;
    memcpy(s->ids + kept, ids + kept, (n - kept) * sizeof *ids);
    s->length = kept;
    s->has_logits = false;
    struct report r = {.progress = progress, .context = context, .total = n - kept};
    while (s->length < n) {
        const size_t left = n - s->length, batch = next_batch(s, left);
        const bool last = batch == left;
        if (!tell(&r, r.done) ||
            !run_batch(s, batch, last ? FORWARD_LAST : FORWARD_NONE, last ? s->logits : NULL, &r))
            return stopped(err);
    }
    if (!all_finite(s->logits, (size_t)s->model->info.vocab))
        return not_finite(s, err);
    s->has_logits = true;
    tell(&r, r.done);
    return ERR_NONE;
}

enum error_code session_push(struct session *s, int32_t id, struct error *err)
{
    if (check_room(s, s->length + 1, err) != ERR_NONE)
        return ERR_CONTEXT;
    if (!check_ids(s, &id, 1, err))
        return ERR_ARGUMENT;
    s->ids[s->length] = id;
    s->has_logits = false;
    struct report r = {.total = 1};
    run_batch(s, 1, FORWARD_LAST, s->logits, &r);
    if (!all_finite(s->logits, (size_t)s->model->info.vocab))
        return not_finite(s, err);
    s->has_logits = true;
    return ERR_NONE;
}

/* ---- scoring ---------------------------------------------------------------------------------------------------- */

/* -log of the softmax of logits (n) at target. */
static float surprise(const float *logits, size_t n, int32_t target)
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
    const float *rows;      /* (n, vocab) */
    size_t n, vocab;
    const int32_t *targets; /* (n) */
    float *nll;             /* (n) */
};

static void score_thread(void *context, int32_t thread, int32_t threads)
{
    const struct score_run *run = context;
    for (size_t i = (size_t)thread; i < run->n; i += (size_t)threads)
        run->nll[i] = surprise(run->rows + i * run->vocab, run->vocab, run->targets[i]);
}

/* The last batch began at `start` and holds ids up to s->length; n is the end of all ids. Its last row's logits are kept
 * when they are the last of all. */
static bool score_batch(struct session *s, size_t start, size_t n, float *nll)
{
    const size_t vocab = (size_t)s->model->info.vocab;
    for (size_t at = start; at < s->length; at += SCORE_ROWS) {
        const size_t rows = s->length - at < SCORE_ROWS ? s->length - at : SCORE_ROWS;
        const size_t scored = at + rows < n ? rows : rows - 1;
        forward_logits(s->forward, (int32_t)(at - start), (int32_t)rows, s->rows);
        if (!all_finite(s->rows, rows * vocab))
            return false;
        struct score_run run = {s->rows, scored, vocab, s->ids + at + 1, nll + at};
        pool_run(s->pool, score_thread, &run);
        if (scored < rows)
            memcpy(s->logits, s->rows + scored * vocab, vocab * sizeof *s->logits);
    }
    return true;
}

enum error_code session_score(struct session *s, const int32_t *ids, size_t n, float *nll, session_progress *progress,
                              void *context, struct error *err)
{
    if (check_room(s, n, err) != ERR_NONE)
        return ERR_CONTEXT;
    if (!check_ids(s, ids, n, err))
        return ERR_ARGUMENT;
    if (s->rows == NULL)
        s->rows = malloc(SCORE_ROWS * (size_t)s->model->info.vocab * sizeof *s->rows);
    if (s->rows == NULL)
        return error_set(err, ERR_MEMORY, "no memory for the logits of %d tokens", (int)SCORE_ROWS);
    memcpy(s->ids, ids, n * sizeof *ids);
    s->length = 0;
    s->has_logits = false;
    struct report r = {.progress = progress, .context = context, .total = n};
    while (s->length < n) {
        const size_t start = s->length;
        if (!tell(&r, r.done) || !run_batch(s, next_batch(s, n - start), FORWARD_ALL, NULL, &r))
            return stopped(err);
        if (!score_batch(s, start, n, nll))
            return not_finite(s, err);
    }
    s->has_logits = n > 0;
    tell(&r, r.done);
    return ERR_NONE;
}
