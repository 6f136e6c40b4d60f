/* The forward pass of Llama models: RMS norm, rotary grouped-query attention, a gated feed-forward (Touvron et al.
 * 2023, arXiv:2302.13971). Sizes to expect: 64 to 16384 wide, 2 to 126 layers, batches of 1 to 512 rows. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/layer.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"
#include "engine/run/attention.h"
#include "engine/run/forward.h"
#include "engine/run/graph.h"
#include "engine/run/matmul.h"

struct range {
    int32_t begin, end;
};

/* This thread's share of rows [first, n). */
static struct range share_of(int32_t first, int32_t n, int32_t thread, int32_t threads)
{
    const int64_t rows = n - first;
    return (struct range){first + (int32_t)(rows * thread / threads), first + (int32_t)(rows * (thread + 1) / threads)};
}

/* Cosines, then signed sines, of one position, so laid out that x[i]*turn[i] + x[i^1]*turn[width + i] turns pairs. */
static void make_turn(const struct model *model, int32_t position, float *turn)
{
    const int32_t width = model->info.head_width;
    const bool dynamic = model->rope.kind == ROPE_DYNAMIC;
    for (int32_t i = 0; i < width; i += 2) {
        const int32_t pair = i / 2;
        float angle = 0, factor = 1;
        if (pair < model->rope_pairs) {
            const float frequency = dynamic ? rope_dynamic_frequency(&model->rope, position, pair)
                                            : model->rope_frequency[pair];
            angle = (float)position * frequency;
            factor = model->rope_attention;
        }
        const float c = (float)cos((double)angle) * factor; /* double, so that any libm rounds to these floats */
        const float s = (float)sin((double)angle) * factor;
        turn[i] = turn[i + 1] = c;
        turn[width + i] = -s;
        turn[width + i + 1] = s;
    }
}

static void embed(struct forward *f, const struct forward_batch *batch, int32_t thread, int32_t threads)
{
    const struct range rows = share_of(0, batch->n, thread, threads);
    for (int32_t i = rows.begin; i < rows.end; i++) {
        float *x = f->x + (size_t)i * f->width;
        tensor_unpack_row(&f->model->embedding, (uint64_t)batch->rows[i].id, x);
        make_turn(f->model, batch->rows[i].position, f->turn + (size_t)i * 2 * (size_t)f->model->info.head_width);
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

static struct matmul_job job_at(const struct tensor *weights, const float *bias, float *out, size_t out_stride,
                                int32_t first)
{
    return (struct matmul_job){weights, bias, out + (size_t)first * out_stride, out_stride};
}

/* Of what is multiplied after a layer: the next one's, the output matrix after the last. */
static struct matmul_next after_layer(const struct model *model, int32_t layer)
{
    if (layer + 1 == model->info.layers)
        return (struct matmul_next){{&model->output}};
    const struct model_layer *next = &model->layers[layer + 1];
    return (struct matmul_next){{&next->wk, &next->wv, &next->wq}};
}

/* Queries only for the rows whose last layer is finished. */
static void project(struct forward *f, int32_t layer, int32_t first, int32_t n, int32_t thread)
{
    const struct model_layer *w = &f->model->layers[layer];
    const struct vectors *b = &f->vectors[layer];
    const struct matmul_job jobs[] = {
        job_at(&w->wk, b->bk, f->k, f->kv_width, 0),
        job_at(&w->wv, b->bv, f->v, f->kv_width, 0),
        job_at(&w->wq, b->bq, f->q, f->q_width, first),
    };
    const bool apart = first > 0 && first < n;
    const struct matmul_next next = {{&w->wo}}, queries = {{&w->wq}};
    matmul_run(f->matmul, thread, jobs, first == 0 ? 3 : 2, f->normed, f->width, (size_t)n, apart ? &queries : &next);
    if (apart)
        matmul_run(f->matmul, thread, jobs + 2, 1, f->normed + (size_t)first * f->width, f->width, (size_t)(n - first),
                   &next);
}

static void attend(struct forward *f, int32_t layer, int32_t first, int32_t thread)
{
    const struct attention_job job = {
        .layer = layer,
        .first = first,
        .q = f->q,
        .k = f->k,
        .v = f->v,
        .turn = f->turn,
        .out = f->mixed,
        .q_stride = f->q_width,
        .kv_stride = f->kv_width,
        .turned = 2 * f->model->rope_pairs,
        .q_order = f->model->layers[layer].wq.order,
        .k_order = f->model->layers[layer].wk.order,
    };
    attention_run(f->attention, &job, thread);
}

/* SiLU of the gate times up. A single row is split by columns, so that every thread has a part. */
static void apply_gate(struct forward *f, int32_t first, int32_t n, int32_t thread, int32_t threads)
{
    const size_t width = (size_t)f->model->info.ff_width;
    if (n - first == 1) {
        const struct range lines = share_of(0, (int32_t)(f->ff_width / 16), thread, threads);
        size_t begin = (size_t)lines.begin * 16, end = (size_t)lines.end * 16;
        end = end < width ? end : width;
        const size_t at = (size_t)first * f->ff_width + begin;
        if (begin < end)
            f->kernels->gate(f->gate + at, f->up + at, end - begin);
        return;
    }
    const struct range rows = share_of(first, n, thread, threads);
    for (int32_t i = rows.begin; i < rows.end; i++)
        f->kernels->gate(f->gate + (size_t)i * f->ff_width, f->up + (size_t)i * f->ff_width, width);
}

/* To be called before a matmul_run, after which all threads see pass->stopped alike. */
static void ask_progress(struct forward_pass *pass, int32_t thread, double layer)
{
    const struct forward_batch *batch = pass->batch;
    if (thread == 0 && batch->progress != NULL)
        pass->stopped = !batch->progress(batch->context, layer / pass->f->model->info.layers);
}

/* From attention's result to the next layer's norm, for rows [first, n). False when stopped. */
static bool finish_layer(struct forward_pass *pass, int32_t layer, int32_t first, int32_t thread, int32_t threads)
{
    struct forward *f = pass->f;
    const int32_t n = pass->batch->n;
    const struct model_layer *w = &f->model->layers[layer];
    const struct vectors *b = &f->vectors[layer];
    const struct range rows = share_of(first, n, thread, threads);
    const size_t count = (size_t)(n - first), x_at = (size_t)first * f->width;

    const struct matmul_job out = job_at(&w->wo, b->bo, f->added, f->width, first);
    const struct matmul_next after_out = {{&w->gate, &w->up}}, after_wide = {{&w->down}},
                             after = after_layer(f->model, layer);
    matmul_run(f->matmul, thread, &out, 1, f->mixed + (size_t)first * f->q_width, f->q_width, count, &after_out);
    add_and_norm(f, b->ffn_norm, rows);

    const struct matmul_job wide[] = {
        job_at(&w->gate, b->gate, f->gate, f->ff_width, first),
        job_at(&w->up, b->up, f->up, f->ff_width, first),
    };
    ask_progress(pass, thread, layer + 0.4);
    matmul_run(f->matmul, thread, wide, 2, f->normed + x_at, f->width, count, &after_wide);
    if (pass->stopped)
        return false;
    apply_gate(f, first, n, thread, threads);

    const struct matmul_job down = job_at(&w->down, b->down, f->added, f->width, first);
    matmul_run(f->matmul, thread, &down, 1, f->gate + (size_t)first * f->ff_width, f->ff_width, count, &after);
    const bool last = layer == f->model->info.layers - 1;
    add_and_norm(f, last ? f->output_norm : f->vectors[layer + 1].attn_norm, rows);
    return true;
}

bool graph_llama(struct forward_pass *pass, int32_t thread, int32_t threads)
{
    struct forward *f = pass->f;
    const struct forward_batch *batch = pass->batch;
    const int32_t layers = f->model->info.layers;
    embed(f, batch, thread, threads);
    for (int32_t layer = 0; layer < layers; layer++) {
        const int32_t first = layer == layers - 1 ? forward_first_row(batch) : 0;
        ask_progress(pass, thread, layer);
        project(f, layer, first, batch->n, thread);
        if (pass->stopped)
            return false;
        attend(f, layer, first, thread);
        if (first < batch->n && !finish_layer(pass, layer, first, thread, threads))
            return false;
    }
    return true;
}
