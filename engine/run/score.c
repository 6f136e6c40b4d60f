/* Scoring: the likelihoods of many texts' tokens, each common beginning read once.
 *
 * The texts, sorted, make a tree: a node is a stretch of tokens that a run of neighbours shares. A node can be evaluated
 * when its parent is; nodes of different texts fill a batch together. The questions of a test are such texts: a few
 * examples in front of all of them, a question in front of its answers, a handful of tokens in each answer. Expect up to
 * a few thousand texts of a call, worked off in windows that bound the memory.
 *
 * A row of logits stands for the same numbers whichever rows are beside it, so no result depends on what else is asked. */
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
#include "engine/run/kept.h"
#include "engine/run/kv.h"
#include "engine/run/likelihood.h"
#include "engine/run/pool.h"
#include "engine/run/runner.h"

enum {
    LEAVES = 8, /* texts of a window that are kept, for beginnings that come again */
    WINDOW = 2, /* batches of new tokens that are in memory at once */
    ROOT = 0,   /* the node before the first token */
};

static const double PROGRESS_SECONDS = 0.1;

struct node {
    int32_t parent;
    size_t lo, hi;     /* the texts that go through it */
    size_t begin, end; /* its tokens in each of them */
    size_t at;         /* tokens before it are evaluated, or in the batch at hand */
    size_t wanted;     /* the first token of a text that is scored, of those through it */
    int32_t waiting;   /* children that have not taken what they share */
    size_t done;       /* the same, but for the batch at hand */
    bool ready;        /* it has taken what it shares with its parent */
    struct kv kv;
};

struct row {
    int32_t node;
    size_t position;
};

struct scorer {
    struct runner *runner;
    struct kept_texts kept;
    struct likelihood readings[RUNNER_LOGITS];
    struct row *rows;           /* (batch): of the batch at hand */
    struct scored_text **texts; /* of the call at hand, sorted; NULL between calls */
    size_t *common;             /* (texts): tokens that each has in common with the one before */
    struct node *nodes;         /* of the window at hand */
    size_t n_nodes, room;
    session_progress *progress; /* of the call at hand */
    void *context;
    size_t done, total; /* tokens */
    size_t batch_rows;
    double told; /* when progress was called last */
    int32_t top; /* the most that a text wants */
};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct scorer *scorer_new(struct runner *runner, struct error *err)
{
    struct scorer *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->rows = malloc((size_t)runner->batch * sizeof *s->rows);
    if (s == NULL || s->rows == NULL) {
        free(s);
        error_memory(err);
        return NULL;
    }
    s->runner = runner;
    if (runner_logits(runner, err))
        return s;
    scorer_free(s);
    return NULL;
}

void scorer_free(struct scorer *s)
{
    if (s == NULL)
        return;
    kept_free_all(&s->kept);
    free(s->rows);
    free(s);
}

/* ---- the texts -------------------------------------------------------------------------------------------------- */

/* Tokens that have to be evaluated: the last one only if its successor is asked for. */
static size_t rows_of(const struct scored_text *t)
{
    return t->next ? t->n : t->n - 1;
}

static int compare_texts(const void *one, const void *other)
{
    const struct scored_text *a = *(struct scored_text *const *)one, *b = *(struct scored_text *const *)other;
    const size_t n = rows_of(a), m = rows_of(b), i = kept_common(a->ids, n, b->ids, m);
    if (i == n || i == m)
        return n < m ? -1 : n > m;
    return a->ids[i] < b->ids[i] ? -1 : 1;
}

static enum error_code check_text(const struct runner *r, const struct scored_text *t, struct error *err)
{
    if (t->from < 1 || t->from > t->n || t->top < 0 || t->top > SCORE_TOP)
        return error_set(err, ERR_ARGUMENT, "a text of %zu tokens can't be scored from token %zu on", t->n, t->from);
    if (rows_of(t) > (size_t)r->context)
        return error_set(err, ERR_CONTEXT, "%zu tokens are more than the context of %d holds; ask for more with --ctx",
                         rows_of(t), (int)r->context);
    return runner_check_ids(r, t->ids, t->n, err) ? ERR_NONE : ERR_ARGUMENT;
}

/* Sorts the texts into s->texts and compares neighbours. */
static enum error_code sort_texts(struct scorer *s, struct scored_text *texts, size_t n, struct error *err)
{
    s->texts = malloc((n + 1) * sizeof(struct scored_text *));
    s->common = malloc((n + 1) * sizeof *s->common);
    if (s->texts == NULL || s->common == NULL)
        return error_memory(err);
    for (size_t i = 0; i < n; i++)
        s->texts[i] = &texts[i];
    qsort(s->texts, n, sizeof(struct scored_text *), compare_texts);
    for (size_t i = 0; i < n; i++) {
        s->common[i] = i == 0 ? 0
                              : kept_common(s->texts[i - 1]->ids, rows_of(s->texts[i - 1]), s->texts[i]->ids,
                                            rows_of(s->texts[i]));
        s->total += rows_of(s->texts[i]) - s->common[i];
    }
    return ERR_NONE;
}

/* ---- the tree --------------------------------------------------------------------------------------------------- */

static bool add_node(struct scorer *s, struct node node, struct error *err)
{
    if (s->n_nodes == s->room) {
        const size_t room = s->room > 0 ? 2 * s->room : 64;
        struct node *more = realloc(s->nodes, room * sizeof *more);
        if (more == NULL) {
            error_memory(err);
            return false;
        }
        s->nodes = more;
        s->room = room;
    }
    s->nodes[s->n_nodes++] = node;
    return true;
}

/* How far the texts of a node are the same, and which token of them is the first to be scored. */
static void measure_node(struct scorer *s, struct node *node)
{
    node->end = rows_of(s->texts[node->lo]);
    node->wanted = SIZE_MAX;
    for (size_t i = node->lo; i < node->hi; i++) {
        if (i > node->lo && s->common[i] < node->end)
            node->end = s->common[i];
        if (s->texts[i]->from < node->wanted)
            node->wanted = s->texts[i]->from;
    }
}

/* Adds a child for each token that goes on after the node's end. */
static bool add_children(struct scorer *s, int32_t parent, struct error *err)
{
    const size_t end = s->nodes[parent].end, hi = s->nodes[parent].hi;
    size_t lo = s->nodes[parent].lo;
    while (lo < hi && rows_of(s->texts[lo]) == end)
        lo++;
    while (lo < hi) {
        size_t next = lo + 1;
        while (next < hi && s->common[next] > end)
            next++;
        struct node child = {.parent = parent, .lo = lo, .hi = next, .begin = end, .at = end, .done = end};
        measure_node(s, &child);
        if (!add_node(s, child, err))
            return false;
        s->nodes[parent].waiting++;
        lo = next;
    }
    return true;
}

/* The tree of texts [lo, hi), parents before their children. */
static bool build_tree(struct scorer *s, size_t lo, size_t hi, struct error *err)
{
    s->n_nodes = 0;
    if (!add_node(s, (struct node){.parent = -1, .lo = lo, .hi = hi, .ready = true}, err))
        return false;
    for (size_t i = 0; i < s->n_nodes; i++)
        if (!add_children(s, (int32_t)i, err))
            return false;
    return true;
}

static void free_tree(struct scorer *s)
{
    for (size_t i = 0; i < s->n_nodes; i++)
        kv_free(&s->nodes[i].kv);
    s->n_nodes = 0;
}

/* ---- evaluating ------------------------------------------------------------------------------------------------- */

static size_t longest(const struct scorer *s, const struct node *node)
{
    size_t most = 0;
    for (size_t i = node->lo; i < node->hi; i++)
        most = rows_of(s->texts[i]) > most ? rows_of(s->texts[i]) : most;
    return most;
}

/* Takes from a kept text what was read of it; its last common token is evaluated again, because another one follows.
 * Returns the tokens of the node that need not be evaluated. */
static size_t take_readings(struct scorer *s, const struct node *node, const struct kept *kept, size_t common)
{
    for (size_t position = node->begin; position + 1 < common; position++)
        for (size_t t = node->lo; t < node->hi; t++)
            if (position + 1 >= s->texts[t]->from)
                kept_give(kept, position, s->texts[t]);
    return common - 1;
}

/* Gives a node whose parent is done the cache of what stands before it, or more where a kept text has it. */
static bool take_beginning(struct scorer *s, struct node *node, struct error *err)
{
    if (!forward_kv_init(s->runner->forward, &node->kv, (int32_t)longest(s, node), err))
        return false;
    struct node *parent = &s->nodes[node->parent];
    size_t common;
    struct kept *kept = kept_find(&s->kept, s->texts[node->lo]->ids, node->end, &common);
    const bool read = common >= node->wanted && kept_has(kept, node->wanted, s->top);
    if (read && common - 1 > node->begin)
        common = take_readings(s, node, kept, common);
    else if (common >= node->wanted)
        common = node->wanted - 1;
    if (common > node->begin) {
        kv_share(&node->kv, &kept->kv, (int32_t)common);
        kept_touch(&s->kept, kept);
        s->done += common - node->begin;
        node->at = node->done = common;
    } else if (node->begin > 0) {
        kv_share(&node->kv, &parent->kv, (int32_t)node->begin);
    }
    node->ready = true;
    if (--parent->waiting == 0)
        kv_free(&parent->kv); /* nobody needs it any more */
    return true;
}

/* Puts rows of a node into the batch, which has n; returns how many there are now. */
static size_t add_rows(struct scorer *s, int32_t index, size_t n, struct error *err)
{
    struct node *node = &s->nodes[index];
    const size_t room = (size_t)s->runner->batch - n, left = node->end - node->at;
    const size_t count = left < room ? left : room;
    if (!kv_reserve(&node->kv, (int32_t)node->at, (int32_t)(node->at + count), err))
        return n;
    for (size_t i = 0; i < count; i++) {
        const size_t position = node->at + i;
        s->rows[n + i] = (struct row){index, position};
        s->runner->rows[n + i] =
            (struct batch_row){.id = s->texts[node->lo]->ids[position], .position = (int32_t)position, .kv = &node->kv};
    }
    node->at += count;
    return n + count;
}

/* Fills a batch with rows of all nodes that can be evaluated: their number, 0 when all is done or on failure. A node
 * takes its beginning only when it has been computed, so never in the batch of its parent. */
static size_t fill_batch(struct scorer *s, struct error *err)
{
    size_t n = 0;
    for (size_t i = ROOT + 1; i < s->n_nodes && n < (size_t)s->runner->batch; i++) {
        struct node *node = &s->nodes[i];
        const struct node *parent = &s->nodes[node->parent];
        if (!node->ready && (!parent->ready || parent->done < parent->end))
            continue;
        if (!node->ready && !take_beginning(s, node, err))
            return 0;
        if (node->at < node->end)
            n = add_rows(s, (int32_t)i, n, err);
        if (err->code != ERR_NONE)
            return 0;
    }
    return n;
}

/* Whether the logits of a row are asked for. */
static bool row_wanted(const struct scorer *s, const struct row *row)
{
    return row->position + 1 >= s->nodes[row->node].wanted;
}

static bool tell_within_batch(void *context, double part)
{
    struct scorer *s = context;
    const double now = clock_seconds();
    if (now - s->told < PROGRESS_SECONDS)
        return true;
    s->told = now;
    return s->progress(s->context, s->done + (size_t)((double)s->batch_rows * part), s->total);
}

static enum error_code run_batch(struct scorer *s, size_t n, struct error *err)
{
    bool wanted = false;
    for (size_t i = 0; i < n && !wanted; i++)
        wanted = row_wanted(s, &s->rows[i]);
    s->batch_rows = n;
    const struct forward_batch batch = {
        .rows = s->runner->rows,
        .n = (int32_t)n,
        .want = wanted ? FORWARD_ALL : FORWARD_NONE,
        .progress = s->progress != NULL ? tell_within_batch : NULL,
        .context = s,
    };
    if (!forward_run(s->runner->forward, &batch))
        return error_set(err, ERR_STOPPED, "stopped");
    for (size_t i = 0; i < n; i++)
        s->nodes[s->rows[i].node].done = s->rows[i].position + 1;
    s->done += n;
    return ERR_NONE;
}

/* ---- reading logits --------------------------------------------------------------------------------------------- */

struct reading_run {
    const float *logits; /* (n, vocab) */
    int32_t n, vocab, top;
    struct likelihood *out; /* (n) */
};

static void read_thread(void *context, int32_t thread, int32_t threads)
{
    const struct reading_run *run = context;
    for (int32_t i = thread; i < run->n; i += threads)
        likelihood_read(run->logits + (size_t)i * (size_t)run->vocab, run->vocab, run->top, &run->out[i]);
}

/* Gives a text what a row of logits says of what follows its token number `position`. */
static void give(struct scored_text *t, size_t position, const struct likelihood *l, const float *logits)
{
    const size_t at = position + 1 - t->from;
    if (position + 1 < t->n)
        t->logp[at] = likelihood_of(l, logits[t->ids[position + 1]]);
    for (int32_t i = 0; i < t->top; i++)
        t->likely[at * (size_t)t->top + (size_t)i] = i < l->n ? l->likely[i] : (struct likely){-1, -INFINITY};
}

/* Rows [first, first + n) of the batch are wanted, n at most RUNNER_LOGITS. False when they are no numbers. */
static bool read_rows(struct scorer *s, size_t first, size_t n)
{
    const int32_t vocab = s->runner->model->info.vocab;
    float *logits = s->runner->logits;
    forward_logits(s->runner->forward, (int32_t)first, (int32_t)n, logits);
    struct reading_run run = {logits, (int32_t)n, vocab, s->top, s->readings};
    pool_run(s->runner->pool, read_thread, &run);
    for (size_t i = 0; i < n; i++) {
        const struct row *row = &s->rows[first + i];
        const struct node *node = &s->nodes[row->node];
        if (!s->readings[i].finite)
            return false;
        for (size_t t = node->lo; t < node->hi; t++)
            if (row->position + 1 >= s->texts[t]->from)
                give(s->texts[t], row->position, &s->readings[i], logits + i * (size_t)vocab);
    }
    return true;
}

/* Reads the logits of all rows that are wanted, neighbours together. */
static bool read_batch(struct scorer *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t count = 0;
        while (i + count < n && count < RUNNER_LOGITS && row_wanted(s, &s->rows[i + count]))
            count++;
        if (count > 0 && !read_rows(s, i, count))
            return false;
        i += count > 0 ? count : 1;
    }
    return true;
}

/* ---- the call --------------------------------------------------------------------------------------------------- */

static bool is_leaf(const struct scorer *s, const struct node *node)
{
    return rows_of(s->texts[node->hi - 1]) == node->end;
}

/* The caches of the last leaves may serve the next call. */
static void keep_leaves(struct scorer *s)
{
    size_t first = s->n_nodes;
    for (size_t leaves = 0; first > ROOT + 1 && leaves < LEAVES; first--)
        leaves += is_leaf(s, &s->nodes[first - 1]);
    for (size_t i = first; i < s->n_nodes; i++) {
        struct node *node = &s->nodes[i];
        if (is_leaf(s, node))
            kept_add(&s->kept, s->texts[node->lo], node->end, &node->kv);
    }
    kept_trim(&s->kept, (size_t)s->runner->context);
}

static enum error_code run_window(struct scorer *s, size_t lo, size_t hi, struct error *err)
{
    size_t n;
    if (!build_tree(s, lo, hi, err))
        return err->code;
    while ((n = fill_batch(s, err)) > 0) {
        if (run_batch(s, n, err) != ERR_NONE)
            return err->code;
        if (!read_batch(s, n))
            return runner_not_finite(s->runner, err);
    }
    if (err->code == ERR_NONE)
        keep_leaves(s);
    return err->code;
}

/* The end of the window that begins at text lo. */
static size_t window_end(const struct scorer *s, size_t lo, size_t n)
{
    const size_t most = (size_t)WINDOW * (size_t)s->runner->batch;
    size_t rows = rows_of(s->texts[lo]), hi = lo + 1;
    while (hi < n && rows + rows_of(s->texts[hi]) - s->common[hi] <= most) {
        rows += rows_of(s->texts[hi]) - s->common[hi];
        hi++;
    }
    return hi;
}

static enum error_code run_texts(struct scorer *s, size_t n, struct error *err)
{
    for (size_t lo = 0, hi; lo < n; lo = hi) {
        hi = window_end(s, lo, n);
        enum error_code code = run_window(s, lo, hi, err);
        free_tree(s);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

enum error_code scorer_run(struct scorer *s, struct scored_text *texts, size_t n, session_progress *progress,
                           void *context, struct error *err)
{
    s->top = 0;
    s->done = s->total = 0;
    s->told = 0;
    s->progress = progress;
    s->context = context;
    for (size_t i = 0; i < n; i++) {
        if (check_text(s->runner, &texts[i], err) != ERR_NONE)
            return err->code;
        s->top = texts[i].top > s->top ? texts[i].top : s->top;
    }
    if (sort_texts(s, texts, n, err) == ERR_NONE)
        run_texts(s, n, err);
    free(s->texts);
    free(s->common);
    free(s->nodes);
    s->texts = NULL;
    s->common = NULL;
    s->nodes = NULL;
    s->n_nodes = s->room = 0;
    return err->code;
}
