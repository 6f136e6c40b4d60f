/* Importance: squares of the numbers that matrices are multiplied with, summed up by column.
 *
 * An observer of the products adds them up in double, each thread its own columns, so that the order of additions does
 * not depend on the number of threads. A chunk is summed up beside the rest and added when it is complete. Expect a few
 * hundred matrices of up to 28,672 columns: 50 MB of sums for a model of 70 billion weights. Embedding and output are
 * left out, as llama.cpp's imatrix does: what rounds them asks for no importance. */
#include <config.h>

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/gguf-writer.h"
#include "engine/file/metadata.h"
#include "engine/kernels/tensor.h"
#include "engine/model/architecture.h"
#include "engine/model/model.h"
#include "engine/run/forward.h"
#include "engine/run/kv.h"
#include "engine/run/runner.h"

#define NAME_SIZE 80
#define LINE 8 /* doubles of a cache line: threads' columns are cut between lines */

static const double PROGRESS_SECONDS = 0.1;

/* One matrix of the model. */
struct observed {
    char sums_name[NAME_SIZE], counts_name[NAME_SIZE];
    size_t cols;
    double *chunk, *sums; /* (cols): of the chunk at hand, of those before */
};

struct importance {
    const struct model *model;
    struct runner *runner;
    struct kv kv;
    struct observed *observed; /* (layers, slots of the architecture); cols 0 where the slot is no matrix */
    size_t n;
    size_t chunks, longest; /* read so far; tokens of the longest */
    uint64_t tokens;
};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static const struct tensor *slot_tensor(const struct model *model, int32_t layer, const struct tensor_slot *slot)
{
    return (const struct tensor *)((const char *)&model->layers[layer] + slot->offset);
}

static bool observe_slot(struct observed *o, int32_t layer, const struct tensor_slot *slot,
                         const struct tensor *weights)
{
    if (slot->rows == DIM_ONE || weights->data == NULL)
        return true;
    o->cols = (size_t)weights->cols;
    o->chunk = aligned_alloc(64, (o->cols + LINE - 1) / LINE * LINE * sizeof *o->chunk);
    o->sums = calloc(o->cols, sizeof *o->sums);
    snprintf(o->sums_name, sizeof o->sums_name, "blk.%" PRId32 ".%s.in_sum2", layer, slot->name);
    snprintf(o->counts_name, sizeof o->counts_name, "blk.%" PRId32 ".%s.counts", layer, slot->name);
    return o->chunk != NULL && o->sums != NULL;
}

static bool observe_all(struct importance *x)
{
    const struct architecture *a = x->model->architecture;
    x->n = (size_t)x->model->info.layers * a->n_layer;
    x->observed = calloc(x->n, sizeof *x->observed);
    bool ok = x->observed != NULL;
    for (size_t i = 0; ok && i < x->n; i++) {
        const int32_t layer = (int32_t)(i / a->n_layer);
        const struct tensor_slot *slot = &a->layer[i % a->n_layer];
        ok = observe_slot(&x->observed[i], layer, slot, slot_tensor(x->model, layer, slot));
    }
    return ok;
}

/* What is known of a matrix; NULL for one that is no layer's. */
static struct observed *find_observed(const struct importance *x, const struct tensor *weights)
{
    const struct model *m = x->model;
    const uintptr_t begin = (uintptr_t)m->layers, at = (uintptr_t)weights;
    if (at < begin || at >= begin + (size_t)m->info.layers * sizeof *m->layers)
        return NULL;
    const size_t layer = (at - begin) / sizeof *m->layers, offset = (at - begin) % sizeof *m->layers;
    for (size_t k = 0; k < m->architecture->n_layer; k++)
        if (m->architecture->layer[k].offset == offset)
            return &x->observed[layer * m->architecture->n_layer + k];
    return NULL;
}

/* This thread's columns of all rows. */
static void add_squares(void *context, int32_t thread, int32_t threads, const struct tensor *weights, const float *rows,
                        size_t stride, size_t n)
{
    const struct observed *o = find_observed(context, weights);
    if (o == NULL || o->cols == 0)
        return;
    const size_t lines = (o->cols + LINE - 1) / LINE;
    const size_t begin = lines * (size_t)thread / (size_t)threads * LINE;
    const size_t share = lines * ((size_t)thread + 1) / (size_t)threads * LINE;
    const size_t end = share < o->cols ? share : o->cols;
    for (size_t i = 0; i < n; i++)
        for (size_t c = begin; c < end; c++) {
            const double value = (double)rows[i * stride + c];
            o->chunk[c] += value * value;
        }
}

struct importance *importance_open(const struct model *model, const struct session_options *options, struct error *err)
{
    struct importance *x = calloc(1, sizeof *x);
    if (x == NULL) {
        error_memory(err);
        return NULL;
    }
    x->model = model;
    x->runner = runner_open(model, options, err);
    bool ok = x->runner != NULL && forward_kv_init(x->runner->forward, &x->kv, x->runner->context, err);
    if (ok && !observe_all(x)) {
        error_memory(err);
        ok = false;
    }
    if (!ok) {
        importance_free(x);
        return NULL;
    }
    forward_observe(x->runner->forward, add_squares, x);
    return x;
}

void importance_free(struct importance *x)
{
    if (x == NULL)
        return;
    for (size_t i = 0; x->observed != NULL && i < x->n; i++) {
        free(x->observed[i].chunk);
        free(x->observed[i].sums);
    }
    free(x->observed);
    kv_free(&x->kv);
    runner_free(x->runner);
    free(x);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* What the caller is told while a chunk is read. */
struct telling {
    session_progress *progress;
    void *context;
    size_t done, batch, total; /* tokens: before the batch at hand, in it, of the chunk */
    double last;
};

static bool tell_part(void *context, double part)
{
    struct telling *t = context;
    const double now = clock_seconds();
    if (now - t->last < PROGRESS_SECONDS)
        return true;
    t->last = now;
    return t->progress(t->context, t->done + (size_t)((double)t->batch * part), t->total);
}

/* All rows go through all layers, so that every matrix sees as many. */
static enum error_code read_batch(struct importance *x, const int32_t *ids, struct telling *t, struct error *err)
{
    struct runner *r = x->runner;
    const int32_t begin = (int32_t)t->done, n = (int32_t)t->batch;
    if (!kv_reserve(&x->kv, begin, begin + n, err))
        return ERR_MEMORY;
    for (int32_t i = 0; i < n; i++)
        r->rows[i] = (struct batch_row){.id = ids[begin + i], .position = begin + i, .kv = &x->kv};
    const struct forward_batch batch = {
        .rows = r->rows,
        .n = n,
        .want = FORWARD_ALL,
        .progress = t->progress != NULL ? tell_part : NULL,
        .context = t,
    };
    return forward_run(r->forward, &batch) ? ERR_NONE : error_set(err, ERR_STOPPED, "stopped");
}

static void clear_chunk(struct importance *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->observed[i].cols > 0)
            memset(x->observed[i].chunk, 0, x->observed[i].cols * sizeof(double));
}

/* Whether all sums can be written, with this chunk, as float32. */
static bool is_finite_with_chunk(const struct importance *x)
{
    for (size_t i = 0; i < x->n; i++)
        for (size_t c = 0; c < x->observed[i].cols; c++)
            if (!isfinite((float)(x->observed[i].sums[c] + x->observed[i].chunk[c])))
                return false;
    return true;
}

static void keep_chunk(struct importance *x, size_t n)
{
    for (size_t i = 0; i < x->n; i++)
        for (size_t c = 0; c < x->observed[i].cols; c++)
            x->observed[i].sums[c] += x->observed[i].chunk[c];
    x->chunks++;
    x->tokens += n;
    x->longest = n > x->longest ? n : x->longest;
}

enum error_code importance_add(struct importance *x, const int32_t *ids, size_t n, session_progress *progress,
                               void *context, struct error *err)
{
    const size_t room = (size_t)x->runner->context, most = (size_t)x->runner->batch;
    struct telling t = {.progress = progress, .context = context, .total = n};
    if (n > room)
        return error_set(err, ERR_CONTEXT, "a chunk of %zu tokens is more than the context of %zu holds", n, room);
    if (!runner_check_ids(x->runner, ids, n, err))
        return ERR_ARGUMENT;
    clear_chunk(x);
    for (; t.done < n; t.done += t.batch) {
        t.batch = n - t.done < most ? n - t.done : most;
        enum error_code code = read_batch(x, ids, &t, err);
        if (code != ERR_NONE)
            return code;
    }
    if (!is_finite_with_chunk(x))
        return runner_not_finite(x->runner, err);
    keep_chunk(x, n);
    return ERR_NONE;
}

size_t importance_chunks(const struct importance *x)
{
    return x->chunks;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void describe(const struct importance *x, const char *dataset, struct metadata *m)
{
    metadata_text(m, "general.type", "imatrix", strlen("imatrix"));
    metadata_begin_texts(m, "imatrix.datasets");
    metadata_add_text(m, dataset, strlen(dataset));
    metadata_end(m);
    metadata_uint(m, "imatrix.chunk_count", (uint32_t)x->chunks);
    metadata_uint(m, "imatrix.chunk_size", (uint32_t)x->longest);
}

/* Two tensors for each matrix. NULL when out of memory. */
static struct gguf_entry *list_entries(const struct importance *x, size_t *n)
{
    struct gguf_entry *entries = malloc(2 * x->n * sizeof *entries);
    *n = 0;
    for (size_t i = 0; entries != NULL && i < x->n; i++) {
        const struct observed *o = &x->observed[i];
        if (o->cols == 0)
            continue;
        entries[(*n)++] = (struct gguf_entry){o->sums_name, TENSOR_F32, 1, o->cols};
        entries[(*n)++] = (struct gguf_entry){o->counts_name, TENSOR_F32, 1, 1};
    }
    return entries;
}

/* Plans the file and begins it. NULL on failure. */
static struct gguf_writer *begin_file(const struct importance *x, const char *path, const char *dataset, bool replace,
                                      struct error *err)
{
    struct metadata m;
    size_t n;
    metadata_init(&m);
    describe(x, dataset, &m);
    struct gguf_entry *entries = list_entries(x, &n);
    struct gguf_writer *w = NULL;
    if (entries == NULL || metadata_failed(&m))
        error_memory(err);
    else
        w = gguf_writer_new(path, &m, entries, n, 0, err);
    if (w != NULL && gguf_writer_begin(w, replace, err) != ERR_NONE) {
        gguf_writer_free(w);
        w = NULL;
    }
    free(entries);
    metadata_free(&m);
    return w;
}

static enum error_code append_matrix(const struct importance *x, const struct observed *o, struct gguf_writer *w,
                                     struct error *err)
{
    float *row = malloc((o->cols + 1) * sizeof *row);
    if (row == NULL)
        return error_memory(err);
    for (size_t c = 0; c < o->cols; c++)
        row[c] = (float)o->sums[c];
    row[o->cols] = (float)x->tokens;
    enum error_code code = gguf_writer_append(w, row, o->cols * sizeof *row, err);
    if (code == ERR_NONE)
        code = gguf_writer_append(w, row + o->cols, sizeof *row, err);
    free(row);
    return code;
}

enum error_code importance_try(const struct importance *x, const char *path, bool replace, struct error *err)
{
    struct gguf_writer *w = begin_file(x, path, "", replace, err);
    gguf_writer_free(w);
    return w != NULL ? ERR_NONE : ERR_IO;
}

enum error_code importance_write(const struct importance *x, const char *path, const char *dataset, bool replace,
                                 struct error *err)
{
    struct gguf_writer *w = begin_file(x, path, dataset, replace, err);
    enum error_code code = w != NULL ? ERR_NONE : ERR_IO;
    for (size_t i = 0; i < x->n && code == ERR_NONE; i++)
        if (x->observed[i].cols > 0)
            code = append_matrix(x, &x->observed[i], w, err);
    if (code == ERR_NONE)
        code = gguf_writer_end(w, err);
    gguf_writer_free(w);
    return code;
}
