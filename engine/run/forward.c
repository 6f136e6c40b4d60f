/* The forward pass: its buffers, and what all architectures have in common. */
#include "engine/run/forward.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/kernels/layer.h"
#include "engine/kernels/tensor.h"
#include "engine/model/architecture.h"
#include "engine/model/model.h"
#include "engine/run/attention.h"
#include "engine/run/graph.h"
#include "engine/run/kv.h"
#include "engine/run/matmul.h"
#include "engine/run/pool.h"

/* ---- setting up ------------------------------------------------------------------------------------------------- */

static size_t stride(int32_t width)
{
    return ((size_t)width + 15) / 16 * 16;
}

static float *floats(size_t rows, size_t width, bool *ok)
{
    size_t size = rows * width * sizeof(float);
    float *at = aligned_alloc(64, (size + 64) / 64 * 64);
    *ok = *ok && at != NULL;
    return at;
}

static float *vector(const struct tensor *t, bool *ok)
{
    if (t->data == NULL)
        return NULL;
    float *at = floats(1, t->cols, ok);
    if (at != NULL)
        tensor_unpack_row(t, 0, at);
    return at;
}

static void load_vectors(struct vectors *v, const struct model_layer *layer, bool *ok)
{
    *v = (struct vectors){
        .attn_norm = vector(&layer->attn_norm, ok),
        .ffn_norm = vector(&layer->ffn_norm, ok),
        .bq = vector(&layer->bq, ok),
        .bk = vector(&layer->bk, ok),
        .bv = vector(&layer->bv, ok),
        .bo = vector(&layer->bo, ok),
        .gate = vector(&layer->b_gate, ok),
        .up = vector(&layer->b_up, ok),
        .down = vector(&layer->b_down, ok),
    };
}

static void free_vectors(struct vectors *v)
{
    float *all[] = {v->attn_norm, v->ffn_norm, v->bq, v->bk, v->bv, v->bo, v->gate, v->up, v->down};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static bool allocate(struct forward *f)
{
    const struct model_info *info = &f->model->info;
    const size_t batch = (size_t)f->batch;
    bool ok = true;
    f->width = stride(info->width);
    f->q_width = stride(info->heads * info->head_width);
    f->kv_width = stride(info->kv_heads * info->head_width);
    f->ff_width = stride(info->ff_width);
    f->x = floats(batch, f->width, &ok);
    f->normed = floats(batch, f->width, &ok);
    f->added = floats(batch, f->width, &ok);
    f->q = floats(batch, f->q_width, &ok);
    f->mixed = floats(batch, f->q_width, &ok);
    f->k = floats(batch, f->kv_width, &ok);
    f->v = floats(batch, f->kv_width, &ok);
    f->gate = floats(batch, f->ff_width, &ok);
    f->up = floats(batch, f->ff_width, &ok);
    f->turn = floats(batch, 2 * (size_t)info->head_width, &ok);
    f->output_norm = vector(&f->model->output_norm, &ok);
    f->vectors = calloc((size_t)info->layers, sizeof *f->vectors);
    for (int32_t i = 0; f->vectors != NULL && i < info->layers; i++)
        load_vectors(&f->vectors[i], &f->model->layers[i], &ok);
    return ok && f->vectors != NULL;
}

static uint64_t widest_input(const struct model_info *info)
{
    int32_t widest = info->width > info->ff_width ? info->width : info->ff_width;
    int32_t heads = info->heads * info->head_width;
    return (uint64_t)(widest > heads ? widest : heads);
}

static struct attention_shape attention_shape(const struct model_info *info, const struct forward_options *options)
{
    return (struct attention_shape){.heads = info->heads,
                                    .kv_heads = info->kv_heads,
                                    .head_width = info->head_width,
                                    .cache = options->cache,
                                    .positions = options->context,
                                    .rows = options->batch};
}

struct forward *forward_new(const struct model *model, struct pool *pool, const struct forward_options *options,
                            struct error *err)
{
    struct forward *f = calloc(1, sizeof *f);
    if (f == NULL) {
        error_memory(err);
        return NULL;
    }
    const struct attention_shape shape = attention_shape(&model->info, options);
    f->model = model;
    f->pool = pool;
    f->batch = options->batch;
    f->matmul = matmul_new(pool, widest_input(&model->info), (uint64_t)options->batch, options->exact, err);
    if (f->matmul == NULL)
        goto failed;
    f->kernels = layer_choose(matmul_kernels(f->matmul), options->cache);
    f->attention = attention_new(pool, f->kernels, &shape, err);
    if (f->attention == NULL)
        goto failed;
    if (!allocate(f)) {
        error_set(err, ERR_MEMORY,
                  "no memory for batches of %d tokens beside the model; close other programs or use "
                  "a smaller model",
                  (int)f->batch);
        goto failed;
    }
    return f;

failed:
    forward_free(f);
    return NULL;
}

void forward_free(struct forward *f)
{
    if (f == NULL)
        return;
    float *all[] = {f->x, f->normed, f->added, f->q, f->mixed, f->k, f->v, f->gate, f->up, f->turn, f->output_norm};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    for (int32_t i = 0; f->vectors != NULL && i < f->model->info.layers; i++)
        free_vectors(&f->vectors[i]);
    free(f->vectors);
    attention_free(f->attention);
    matmul_free(f->matmul);
    free(f);
}

uint64_t forward_bytes(const struct model *model, const struct forward_options *options, int32_t threads,
                       uint64_t types)
{
    const struct model_info *info = &model->info;
    const struct attention_shape shape = attention_shape(info, options);
    const uint64_t query = (uint64_t)info->heads * (uint64_t)info->head_width;
    const uint64_t key = (uint64_t)info->kv_heads * (uint64_t)info->head_width;
    const uint64_t row = 3 * (uint64_t)info->width + 2 * query + 2 * key +
                         2 * (uint64_t)(info->ff_width + info->head_width);
    const uint64_t norms = 2 * (uint64_t)info->layers * (uint64_t)info->width;
    return ((uint64_t)options->batch * row + norms) * sizeof(float) + attention_bytes(&shape, threads) +
           matmul_bytes(widest_input(info), (uint64_t)options->batch, threads, options->exact, types);
}

void forward_tell(struct forward *f, matmul_begun *begun, void *context)
{
    matmul_tell(f->matmul, begun, context);
}

bool forward_kv_init(const struct forward *f, struct kv *kv, int32_t capacity, struct error *err)
{
    const struct model_info *info = &f->model->info;
    return kv_init(kv, info->layers, info->kv_heads, info->head_width, capacity, f->kernels->cache, err);
}

const char *forward_kernels(const struct forward *f)
{
    return matmul_kernels(f->matmul);
}

void forward_observe(struct forward *f, matmul_observer *observer, void *context)
{
    matmul_observe(f->matmul, observer, context);
}

/* ---- one batch -------------------------------------------------------------------------------------------------- */

static forward_graph *const graphs[] = {[GRAPH_LLAMA] = graph_llama};

static void pass_thread(void *context, int32_t thread, int32_t threads)
{
    struct forward_pass *pass = context;
    struct forward *f = pass->f;
    const struct forward_batch *batch = pass->batch;
    if (!graphs[f->model->architecture->graph](pass, thread, threads) || batch->logits == NULL)
        return;
    const struct matmul_job job = {&f->model->output, NULL, batch->logits, (size_t)f->model->info.vocab};
    matmul_run(f->matmul, thread, &job, 1, f->normed + (size_t)(batch->n - 1) * f->width, f->width, 1, NULL);
}

bool forward_run(struct forward *f, const struct forward_batch *batch)
{
    struct forward_pass pass = {.f = f, .batch = batch};
    attention_begin(f->attention, batch->rows, batch->n);
    pool_run(f->pool, pass_thread, &pass);
    return !pass.stopped;
}

struct logits_run {
    struct forward *f;
    int32_t first, n;
    float *logits;
};

static void logits_thread(void *context, int32_t thread, int32_t threads)
{
    (void)threads;
    const struct logits_run *run = context;
    struct forward *f = run->f;
    const struct matmul_job job = {&f->model->output, NULL, run->logits, (size_t)f->model->info.vocab};
    matmul_run(f->matmul, thread, &job, 1, f->normed + (size_t)run->first * f->width, f->width, (size_t)run->n, NULL);
}

void forward_logits(struct forward *f, int32_t first, int32_t n, float *logits)
{
    struct logits_run run = {f, first, n, logits};
    pool_run(f->pool, logits_thread, &run);
}
