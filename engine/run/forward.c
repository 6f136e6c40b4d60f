/* The forward pass. Sizes to expect: 64 to 16384 wide, 2 to 126 layers, batches of 1 to 512 rows. */
#include "engine/run/forward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/attention.h"
#include "engine/kernels/layer.h"
#include "engine/run/kv.h"
#include "engine/run/matmul.h"

/* The float vectors of one layer, unpacked so that they are aligned whatever the file does. Biases may be NULL. */
struct vectors {
    float *attn_norm, *ffn_norm;
    float *bq, *bk, *bv, *bo, *gate, *up, *down;
};

struct forward {
    const struct model *model;
    struct pool *pool;
    struct matmul *matmul;
    struct attention *attention;
    struct kv kv;
    const struct layer_kernels *kernels;
    struct vectors *vectors;       /* (layers) */
    float *output_norm;            /* (width) */
    int32_t batch;                 /* rows of the buffers below */
    size_t width, q_width, kv_width, ff_width; /* their strides, multiples of 16 */
    float *x;                      /* (batch, width): the residual stream */
    float *normed;                 /* (batch, width) */
    float *added;                  /* (batch, width): what attention and MLP add to x */
    float *q, *mixed;              /* (batch, q_width); mixed is attention's result */
    float *k, *v;                  /* (batch, kv_width) */
    float *gate, *up;              /* (batch, ff_width) */
    float *turn;                   /* (batch, 2 * head_width): see layer_kernels.rotate */
};

/* One pool_run. `stopped` is written by thread 0 before a matmul_run and read by all right after it: the next
 * matmul_run's barriers lie between that and the next writing. */
struct run {
    struct forward *f;
    const struct forward_batch *batch;
    bool stopped;
};

static size_t stride(int32_t width)
{
    return ((size_t)width + 15) / 16 * 16;
}

/* ---- setting up ------------------------------------------------------------------------------------------------- */

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

struct forward *forward_new(const struct model *model, struct pool *pool, const struct forward_options *options,
                            struct error *err)
{
    const struct model_info *info = &model->info;
    struct forward *f = calloc(1, sizeof *f);
    if (f == NULL) {
        error_set(err, ERR_MEMORY, "no memory for a session");
        return NULL;
    }
    f->model = model;
    f->pool = pool;
    f->batch = options->batch;
    f->matmul = matmul_new(pool, widest_input(info), (uint64_t)options->batch, options->exact, err);
    if (f->matmul == NULL)
        goto failed;
    f->kernels = layer_choose(matmul_kernels(f->matmul), options->exact);
    if (!kv_init(&f->kv, info->layers, info->kv_heads, info->head_width, options->context, f->kernels->half, err))
        goto failed;
    f->attention = attention_new(pool, &f->kv, f->kernels, info->heads, info->kv_heads, err);
    if (f->attention == NULL)
        goto failed;
    if (!allocate(f)) {
        error_set(err, ERR_MEMORY, "no memory for batches of %d tokens beside the model; close other programs or use "
                  "a smaller model", (int)f->batch);
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
    kv_free(&f->kv);
    matmul_free(f->matmul);
    free(f);
}

const char *forward_kernels(const struct forward *f)
{
    return matmul_kernels(f->matmul);
}

/* ---- one batch -------------------------------------------------------------------------------------------------- */

struct range {
    int32_t begin, end;
};

/* This thread's share of rows [first, n). */
static struct range share(int32_t first, int32_t n, int32_t thread, int32_t threads)
{
    const int64_t rows = n - first;
    return (struct range){first + (int32_t)(rows * thread / threads), first + (int32_t)(rows * (thread + 1) / threads)};
}

/* Cosines, then signed sines, of one position, so laid out that x[i]*turn[i] + x[i^1]*turn[width + i] turns pairs. */
static void make_turn(const struct model *model, int32_t position, float *turn)
{
    const int32_t width = model->info.head_width;
    for (int32_t i = 0; i < width; i += 2) {
        const float angle = i / 2 < model->rope_pairs ? (float)position * model->rope_frequency[i / 2] : 0;
        const float c = (float)cos((double)angle), s = (float)sin((double)angle); /* whose floats any libm rounds alike */
        turn[i] = turn[i + 1] = c;
        turn[width + i] = -s;
        turn[width + i + 1] = s;
    }
}

static void embed(struct forward *f, const struct forward_batch *batch, int32_t thread, int32_t threads)
{
    const struct range rows = share(0, batch->n, thread, threads);
    for (int32_t i = rows.begin; i < rows.end; i++) {
        float *x = f->x + (size_t)i * f->width;
        tensor_unpack_row(&f->model->embedding, (uint64_t)batch->ids[i], x);
        make_turn(f->model, batch->position + i, f->turn + (size_t)i * 2 * (size_t)f->model->info.head_width);
        f->kernels->norm(x, NULL, f->vectors[0].attn_norm, f->normed + (size_t)i * f->width,
                         (size_t)f->model->info.width, f->model->info.norm_epsilon);
    }
}

/* x += added, normed = the norm of x, for this thread's rows of [first, n). */
static void add_and_norm(struct forward *f, const float *weight, struct range rows)
{
    for (int32_t i = rows.begin; i < rows.end; i++) {
        const size_t at = (size_t)i * f->width;
        f->kernels->norm(f->x + at, f->added + at, weight, f->normed + at, (size_t)f->model->info.width,
                         f->model->info.norm_epsilon);
    }
}

static struct matmul_job product(const struct tensor *weights, const float *bias, float *out, size_t out_stride,
                                 int32_t first)
{
    return (struct matmul_job){weights, bias, out + (size_t)first * out_stride, out_stride};
}

/* Queries only for the rows that go on. */
static void project(struct forward *f, int32_t layer, int32_t first, int32_t n, int32_t thread)
{
    const struct model_layer *w = &f->model->layers[layer];
    const struct vectors *b = &f->vectors[layer];
    const struct matmul_job jobs[] = {
        product(&w->wk, b->bk, f->k, f->kv_width, 0),
        product(&w->wv, b->bv, f->v, f->kv_width, 0),
        product(&w->wq, b->bq, f->q, f->q_width, first),
    };
    matmul_run(f->matmul, thread, jobs, first == 0 ? 3 : 2, f->normed, f->width, (size_t)n);
    if (first > 0 && first < n)
        matmul_run(f->matmul, thread, jobs + 2, 1, f->normed + (size_t)first * f->width, f->width,
                   (size_t)(n - first));
}

static void attend(struct forward *f, const struct forward_batch *batch, int32_t layer, int32_t first, int32_t thread)
{
    const struct attention_job job = {
        .layer = layer, .n = batch->n, .first = first, .position = batch->position,
        .q = f->q, .k = f->k, .v = f->v, .turn = f->turn, .out = f->mixed,
        .q_stride = f->q_width, .kv_stride = f->kv_width,
    };
    attention_run(f->attention, &job, thread);
}

/* SiLU of the gate times up. A single row is split by columns, so that every thread has a part. */
static void apply_gate(struct forward *f, int32_t first, int32_t n, int32_t thread, int32_t threads)
{
    const size_t width = (size_t)f->model->info.ff_width;
    if (n - first == 1) {
        const struct range lines = share(0, (int32_t)(f->ff_width / 16), thread, threads);
        size_t begin = (size_t)lines.begin * 16, end = (size_t)lines.end * 16;
        end = end < width ? end : width;
        const size_t at = (size_t)first * f->ff_width + begin;
        if (begin < end)
            f->kernels->gate(f->gate + at, f->up + at, end - begin);
        return;
    }
    const struct range rows = share(first, n, thread, threads);
    for (int32_t i = rows.begin; i < rows.end; i++)
        f->kernels->gate(f->gate + (size_t)i * f->ff_width, f->up + (size_t)i * f->ff_width, width);
}

/* To be called before a matmul_run, after which all threads see run->stopped alike. */
static void ask(struct run *run, int32_t thread, double layer)
{
    const struct forward_batch *batch = run->batch;
    if (thread == 0 && batch->progress != NULL)
        run->stopped = !batch->progress(batch->context, layer / run->f->model->info.layers);
}

/* From attention's result to the next layer's norm, for rows [first, n). False when stopped. */
static bool finish_layer(struct run *run, int32_t layer, int32_t first, int32_t thread, int32_t threads)
{
    struct forward *f = run->f;
    const int32_t n = run->batch->n;
    const struct model_layer *w = &f->model->layers[layer];
    const struct vectors *b = &f->vectors[layer];
    const struct range rows = share(first, n, thread, threads);
    const size_t count = (size_t)(n - first), x_at = (size_t)first * f->width;

    const struct matmul_job out = product(&w->wo, b->bo, f->added, f->width, first);
    matmul_run(f->matmul, thread, &out, 1, f->mixed + (size_t)first * f->q_width, f->q_width, count);
    add_and_norm(f, b->ffn_norm, rows);

    const struct matmul_job wide[] = {
        product(&w->gate, b->gate, f->gate, f->ff_width, first),
        product(&w->up, b->up, f->up, f->ff_width, first),
    };
    ask(run, thread, layer + 0.4);
    matmul_run(f->matmul, thread, wide, 2, f->normed + x_at, f->width, count);
    if (run->stopped)
        return false;
    apply_gate(f, first, n, thread, threads);

    const struct matmul_job down = product(&w->down, b->down, f->added, f->width, first);
    matmul_run(f->matmul, thread, &down, 1, f->gate + (size_t)first * f->ff_width, f->ff_width, count);
    const bool last = layer == f->model->info.layers - 1;
    add_and_norm(f, last ? f->output_norm : f->vectors[layer + 1].attn_norm, rows);
    return true;
}

static int32_t first_row(const struct forward_batch *batch)
{
    return batch->want == FORWARD_ALL ? 0 : batch->want == FORWARD_LAST ? batch->n - 1 : batch->n;
}

static void run_thread(void *context, int32_t thread, int32_t threads)
{
    struct run *run = context;
    struct forward *f = run->f;
    const struct forward_batch *batch = run->batch;
    const int32_t layers = f->model->info.layers;
    embed(f, batch, thread, threads);
    for (int32_t layer = 0; layer < layers; layer++) {
        const int32_t first = layer == layers - 1 ? first_row(batch) : 0;
        ask(run, thread, layer);
        project(f, layer, first, batch->n, thread);
        if (run->stopped)
            return;
        attend(f, batch, layer, first, thread);
        if (first < batch->n && !finish_layer(run, layer, first, thread, threads))
            return;
    }
    if (batch->logits == NULL)
        return;
    const struct matmul_job job = product(&f->model->output, NULL, batch->logits, (size_t)f->model->info.vocab, 0);
    matmul_run(f->matmul, thread, &job, 1, f->normed + (size_t)(batch->n - 1) * f->width, f->width, 1);
}

bool forward_run(struct forward *f, const struct forward_batch *batch)
{
    struct run run = {.f = f, .batch = batch};
    pool_run(f->pool, run_thread, &run);
    return !run.stopped;
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
    const struct matmul_job job = product(&f->model->output, NULL, run->logits, (size_t)f->model->info.vocab, 0);
    matmul_run(f->matmul, thread, &job, 1, f->normed + (size_t)run->first * f->width, f->width, (size_t)run->n);
}

void forward_logits(struct forward *f, int32_t first, int32_t n, float *logits)
{
    struct logits_run run = {f, first, n, logits};
    pool_run(f->pool, logits_thread, &run);
}
