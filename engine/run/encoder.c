/* The encoder: BERT's graph (Devlin et al. 2018, arXiv:1810.04805) over several texts in one batch.
 *
 * The texts' tokens follow one another without padding; products of matrices take them as rows, attention takes a text
 * and a head at a time. A batch has 512 tokens, or those of one text where a model reads longer ones: some thirty short
 * sentences, whose activations stay in the processor's caches. */
#include <config.h>

#include "engine/run/encoder.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/source.h"
#include "engine/kernels/encode.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"
#include "engine/run/dense.h"
#include "engine/run/matmul.h"
#include "engine/run/pool.h"

enum { BATCH = 512, MAX_THREADS = 1024, MAX_CONTEXT = 1 << 16, ROWS_A_UNIT = 8, HEADS_A_UNIT = 4 };

struct encoder {
    const struct model *model;
    const struct encode_kernels *kernels;
    struct pool *pool;
    struct matmul *matmul; /* what multiplies quantised weights; NULL in the exact mode */
    struct dense *dense;   /* and what multiplies float weights; NULL beside matmul */
    size_t rows;           /* that a batch has room for */
    float *x;              /* (rows, width): the stream; the others are what is added to it, and on the way there */
    float *q, *k, *v, *mixed, *add; /* (rows, width) */
    float *ff;                      /* (rows, ff_width) */
    float **scratch;                /* of attention, one a thread */
    struct span *spans;             /* (rows) of the batch */
};

/* One text of a batch. */
struct span {
    size_t first, n; /* rows */
    const int32_t *ids;
    float *vector; /* out, (width) */
};

/* What the threads work on. */
struct batch {
    struct encoder *e;
    size_t n_spans, n; /* texts, rows */
    enum pooling pooling;
};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* Whether the matrices are quantised. One of bfloat16 among them has all of them multiplied as float32, for matmul's products
 * would round what it is multiplied with. */
static bool is_quantised(const struct model *m)
{
    bool any = false;
    for (int32_t i = 0; i < m->info.layers; i++) {
        const struct model_layer *l = &m->layers[i];
        const struct tensor *const all[] = {&l->wq, &l->wk, &l->wv, &l->wo, &l->up, &l->down};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
            if (all[k]->type == TENSOR_BF16)
                return false;
            any = any || tensor_traits(all[k]->type)->block > 1;
        }
    }
    return any;
}

static uint64_t widest(const struct model_info *info)
{
    return (uint64_t)(info->ff_width > info->width ? info->ff_width : info->width);
}

static size_t batch_rows(const struct model_info *info)
{
    return info->context > BATCH ? (size_t)info->context : BATCH;
}

static float *new_rows(const struct encoder *e, int32_t width, bool *ok)
{
    float *rows = aligned_alloc(64, (e->rows * (size_t)width * sizeof(float) + 63) / 64 * 64);
    *ok = *ok && rows != NULL;
    return rows;
}

static size_t scratch_bytes(const struct model_info *info)
{
    return (encode_scratch((size_t)info->context, (size_t)info->head_width) * sizeof(float) + 63) / 64 * 64;
}

static bool allocate(struct encoder *e, struct error *err)
{
    const struct model_info *info = &e->model->info;
    const size_t threads = (size_t)pool_threads(e->pool);
    bool ok = true;
    float **const buffers[] = {&e->x, &e->q, &e->k, &e->v, &e->mixed, &e->add};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        *buffers[i] = new_rows(e, info->width, &ok);
    e->ff = new_rows(e, info->ff_width, &ok);
    e->spans = calloc(e->rows, sizeof *e->spans);
    e->scratch = calloc(threads, sizeof *e->scratch);
    ok = ok && e->spans != NULL && e->scratch != NULL;
    for (size_t i = 0; ok && i < threads; i++)
        ok = (e->scratch[i] = aligned_alloc(64, scratch_bytes(info))) != NULL;
    if (!ok)
        error_memory(err);
    return ok;
}

static bool check_model(const struct model *m, struct error *err)
{
    const struct tokenizer *t = m->tokenizer;
    if (!m->info.encoder)
        error_set(err, ERR_UNSUPPORTED,
                  "%s: a %s model writes text and makes no vectors; take an encoder (BERT), as palaver pull minilm "
                  "fetches one",
                  model_label(m), m->architecture != NULL ? m->architecture->family : "language");
    else if (tokenizer_bos(t) < 0 || tokenizer_eos(t) < 0 || m->layers == NULL)
        error_set(err, ERR_FORMAT, "%s: the vocabulary has no [CLS] or no [SEP]; convert the model again",
                  model_label(m));
    else if (m->info.context > MAX_CONTEXT || m->info.context < 2)
        error_set(err, ERR_UNSUPPORTED, "%s: a context of %d tokens; an encoder has 2 to %d", model_label(m),
                  (int)m->info.context, MAX_CONTEXT);
    else
        return true;
    return false;
}

struct encoder *encoder_open(const struct model *model, const struct encoder_options *options, struct error *err)
{
    const struct encoder_options o = options != NULL ? *options : (struct encoder_options){0};
    if (!check_model(model, err) || kernels_check(err) != ERR_NONE)
        return NULL;
    if (o.threads < 0 || o.threads > MAX_THREADS) {
        error_set(err, ERR_ARGUMENT, "%d threads are out of range; choose 1 to %d, or 0 for one per core",
                  (int)o.threads, MAX_THREADS);
        return NULL;
    }
    struct encoder *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_memory(err);
        return NULL;
    }
    e->model = model;
    e->kernels = encode_choose();
    e->rows = batch_rows(&model->info);
    e->pool = pool_new(o.threads > 0 ? o.threads : engine_cores(), err);
    if (e->pool != NULL && !o.exact && is_quantised(model))
        e->matmul = matmul_new(e->pool, widest(&model->info), e->rows, false, err);
    else if (e->pool != NULL)
        e->dense = dense_new(e->pool, widest(&model->info), err);
    if ((e->matmul != NULL || e->dense != NULL) && allocate(e, err))
        return e;
    encoder_free(e);
    return NULL;
}

void encoder_free(struct encoder *e)
{
    if (e == NULL)
        return;
    for (int32_t i = 0; e->scratch != NULL && i < pool_threads(e->pool); i++)
        free(e->scratch[i]);
    float *const buffers[] = {e->x, e->q, e->k, e->v, e->mixed, e->add, e->ff};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        free(buffers[i]);
    free(e->scratch);
    free(e->spans);
    dense_free(e->dense);
    matmul_free(e->matmul);
    pool_free(e->pool);
    free(e);
}

int32_t encoder_width(const struct encoder *e)
{
    return e->model->info.width;
}

int32_t encoder_context(const struct encoder *e)
{
    return e->model->info.context;
}

enum pooling encoder_pooling(const struct encoder *e)
{
    uint64_t type;
    return source_uint(e->model->source, "bert.pooling_type", &type) && type == 2 ? POOLING_CLS : POOLING_MEAN;
}

const char *encoder_kernels(const struct encoder *e)
{
    return e->dense != NULL ? kernels_choose()->name : matmul_kernels(e->matmul);
}

uint64_t encoder_bytes(const struct model *model, bool exact)
{
    const struct model_info *info = &model->info;
    const uint64_t row = 6 * (uint64_t)info->width + (uint64_t)info->ff_width;
    uint64_t bytes = batch_rows(info) * row * sizeof(float) + (uint64_t)engine_cores() * scratch_bytes(info);
    if (model->layers != NULL && is_quantised(model) && !exact)
        return bytes + matmul_bytes(widest(info), batch_rows(info), engine_cores(), false,
                                    UINT64_C(1) << model->layers[0].wq.type);
    return bytes + dense_bytes(widest(info), engine_cores());
}

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

enum error_code encoder_tokens(const struct encoder *e, const char *text, size_t size, int32_t most, struct ids *out,
                               bool *cut, struct error *err)
{
    const struct tokenizer *t = e->model->tokenizer;
    const size_t before = out->n;
    const int32_t first = tokenizer_bos(t), last = tokenizer_eos(t), context = e->model->info.context;
    const size_t limit = (size_t)(most > 0 && most < context ? most : context);
    if (limit < 2)
        return error_set(err, ERR_ARGUMENT, "a text has at least 2 tokens, [CLS] and [SEP]");
    enum error_code code = ids_append(out, &first, 1) ? ERR_NONE : error_memory(err);
    if (code == ERR_NONE)
        code = tokenizer_encode(t, text, size, out, err);
    const bool longer = out->n - before > limit - 1;
    if (longer)
        out->n = before + limit - 1;
    if (code == ERR_NONE && !ids_append(out, &last, 1))
        code = error_memory(err);
    if (code != ERR_NONE)
        out->n = before;
    else if (cut != NULL)
        *cut = longer;
    return code;
}

/* ---- one batch -------------------------------------------------------------------------------------------------- */

static void run_products(struct encoder *e, int32_t thread, const struct matmul_job *jobs, int n_jobs, const float *x,
                         int32_t width, size_t n)
{
    if (e->dense != NULL)
        dense_run(e->dense, thread, jobs, n_jobs, x, (size_t)width, n);
    else
        matmul_run(e->matmul, thread, jobs, n_jobs, x, (size_t)width, n, NULL);
}

static void run_product(struct encoder *e, int32_t thread, const struct tensor *weights, const struct tensor *bias,
                        const float *x, float *out, size_t n)
{
    const struct matmul_job job = {weights, bias->data, out, (size_t)weights->rows};
    run_products(e, thread, &job, 1, x, (int32_t)weights->cols, n);
}

/* The rows that each thread takes in turn, ROWS_A_UNIT at a time: *first is set, their number returned, 0 at the end. */
static size_t take_rows(const struct batch *b, size_t *first)
{
    *first = (size_t)pool_take(b->e->pool) * ROWS_A_UNIT;
    if (*first >= b->n)
        return 0;
    return b->n - *first < ROWS_A_UNIT ? b->n - *first : ROWS_A_UNIT;
}

/* Token, position and type (always the first) of each row, and their norm. */
static void embed_texts(const struct batch *b, int32_t thread)
{
    struct encoder *e = b->e;
    const struct model *m = e->model;
    const size_t width = (size_t)m->info.width;
    for (size_t s; (s = pool_take(e->pool)) < b->n_spans;)
        for (size_t i = 0; i < e->spans[s].n; i++) {
            const size_t row = (e->spans[s].first + i) * width;
            float *x = e->x + row, *add = e->add + row, *type = e->mixed + row;
            tensor_unpack_row(&m->embedding, (uint64_t)e->spans[s].ids[i], x);
            tensor_unpack_row(&m->positions, i, add);
            tensor_unpack_row(&m->token_types, 0, type);
            for (size_t k = 0; k < width; k++)
                x[k] += type[k];
            e->kernels->norm(x, add, m->first_norm.data, m->first_norm_bias.data, width, m->info.norm_epsilon);
        }
    pool_barrier(e->pool, thread);
}

/* One text's heads, some of them in a row: their rows lie beside each other. */
static void attend_heads(const struct encoder *e, int32_t thread, const struct span *s, size_t first, size_t end)
{
    const size_t width = (size_t)e->model->info.width, head = (size_t)e->model->info.head_width;
    for (size_t h = first; h < end; h++) {
        const size_t at = s->first * width + h * head;
        e->kernels->attend(&(struct encode_head){.q = e->q + at,
                                                 .k = e->k + at,
                                                 .v = e->v + at,
                                                 .stride = width,
                                                 .n = s->n,
                                                 .head_width = head,
                                                 .out = e->mixed + at,
                                                 .out_stride = width,
                                                 .scratch = e->scratch[thread]});
    }
}

static void attend_texts(const struct batch *b, int32_t thread)
{
    struct encoder *e = b->e;
    const size_t heads = (size_t)e->model->info.heads, units = (heads + HEADS_A_UNIT - 1) / HEADS_A_UNIT;
    for (size_t unit; (unit = pool_take(e->pool)) < b->n_spans * units;) {
        const size_t first = unit % units * HEADS_A_UNIT;
        attend_heads(e, thread, &e->spans[unit / units], first,
                     first + HEADS_A_UNIT < heads ? first + HEADS_A_UNIT : heads);
    }
    pool_barrier(e->pool, thread);
}

/* x = norm(x + add). */
static void norm_rows(const struct batch *b, int32_t thread, const struct tensor *weight, const struct tensor *bias)
{
    struct encoder *e = b->e;
    const size_t width = (size_t)e->model->info.width;
    for (size_t first, n; (n = take_rows(b, &first)) > 0;)
        for (size_t i = first; i < first + n; i++)
            e->kernels->norm(e->x + i * width, e->add + i * width, weight->data, bias->data, width,
                             e->model->info.norm_epsilon);
    pool_barrier(e->pool, thread);
}

static void bend_rows(const struct batch *b, int32_t thread)
{
    struct encoder *e = b->e;
    const size_t width = (size_t)e->model->info.ff_width;
    for (size_t first, n; (n = take_rows(b, &first)) > 0;)
        e->kernels->gelu(e->ff + first * width, n * width);
    pool_barrier(e->pool, thread);
}

static void run_layer(const struct batch *b, int32_t thread, const struct model_layer *l)
{
    struct encoder *e = b->e;
    const size_t width = (size_t)e->model->info.width;
    const struct matmul_job jobs[] = {
        {&l->wq, l->bq.data, e->q, width},
        {&l->wk, l->bk.data, e->k, width},
        {&l->wv, l->bv.data, e->v, width},
    };
    run_products(e, thread, jobs, 3, e->x, (int32_t)width, b->n);
    attend_texts(b, thread);
    run_product(e, thread, &l->wo, &l->bo, e->mixed, e->add, b->n);
    norm_rows(b, thread, &l->attn_norm, &l->attn_norm_bias);
    run_product(e, thread, &l->up, &l->b_up, e->x, e->ff, b->n);
    bend_rows(b, thread);
    run_product(e, thread, &l->down, &l->b_down, e->ff, e->add, b->n);
    norm_rows(b, thread, &l->ffn_norm, &l->ffn_norm_bias);
}

static void pool_text(const struct encoder *e, const struct span *s, enum pooling pooling)
{
    const size_t width = (size_t)e->model->info.width, n = pooling == POOLING_CLS ? 1 : s->n;
    const float *x = e->x + s->first * width;
    for (size_t k = 0; k < width; k++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)x[i * width + k];
        s->vector[k] = (float)(sum / (double)n);
    }
}

static void run_batch(void *context, int32_t thread, int32_t threads)
{
    const struct batch *b = context;
    struct encoder *e = b->e;
    (void)threads;
    embed_texts(b, thread);
    for (int32_t i = 0; i < e->model->info.layers; i++)
        run_layer(b, thread, &e->model->layers[i]);
    for (size_t s; (s = pool_take(e->pool)) < b->n_spans;)
        pool_text(e, &e->spans[s], b->pooling);
}

/* ---- many texts ------------------------------------------------------------------------------------------------- */

static enum error_code check_texts(const struct encoder *e, const struct ids *texts, size_t n, struct error *err)
{
    const struct model_info *info = &e->model->info;
    for (size_t i = 0; i < n; i++) {
        if (texts[i].n == 0 || texts[i].n > (size_t)info->context)
            return error_set(err, texts[i].n == 0 ? ERR_ARGUMENT : ERR_CONTEXT,
                             "a text of %zu tokens; this model reads 1 to %d", texts[i].n, (int)info->context);
        for (size_t k = 0; k < texts[i].n; k++)
            if (texts[i].at[k] < 0 || texts[i].at[k] >= info->vocab)
                return error_set(err, ERR_ARGUMENT, "token id %d is outside the vocabulary of %d", (int)texts[i].at[k],
                                 (int)info->vocab);
    }
    return ERR_NONE;
}

/* Fills the batch with as many of the texts as have room; their number. */
static size_t fill_batch(struct batch *b, const struct ids *texts, size_t n, float *vectors)
{
    struct encoder *e = b->e;
    b->n_spans = b->n = 0;
    while (b->n_spans < n && b->n + texts[b->n_spans].n <= e->rows) {
        const struct ids *text = &texts[b->n_spans];
        e->spans[b->n_spans] =
            (struct span){b->n, text->n, text->at, vectors + b->n_spans * (size_t)e->model->info.width};
        b->n += text->n;
        b->n_spans++;
    }
    return b->n_spans;
}

static enum error_code check_vectors(const struct encoder *e, const float *vectors, size_t n, struct error *err)
{
    for (size_t i = 0; i < n * (size_t)e->model->info.width; i++)
        if (!isfinite(vectors[i]))
            return error_set(err, ERR_CORRUPT,
                             "%s: the model computes NaN or infinite numbers: its weights are damaged, fetch it again",
                             e->model->info.path);
    return ERR_NONE;
}

enum error_code encoder_encode(struct encoder *e, const struct ids *texts, size_t n, enum pooling pooling,
                               float *vectors, session_progress *progress, void *context, struct error *err)
{
    struct batch b = {.e = e, .pooling = pooling};
    enum error_code code = check_texts(e, texts, n, err);
    for (size_t done = 0, some; code == ERR_NONE && done < n; done += some) {
        float *out = vectors + done * (size_t)e->model->info.width;
        some = fill_batch(&b, texts + done, n - done, out);
        pool_run(e->pool, run_batch, &b);
        code = check_vectors(e, out, some, err);
        if (code == ERR_NONE && progress != NULL && !progress(context, done + some, n))
            code = error_set(err, ERR_STOPPED, "stopped after %zu of %zu texts", done + some, n);
    }
    return code;
}

/* ---- vectors ---------------------------------------------------------------------------------------------------- */

void vector_normalize(float *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    for (size_t i = 0; sum > 0 && i < n; i++)
        x[i] = (float)((double)x[i] / sqrt(sum));
}

float vector_dot(const float *a, const float *b, size_t n)
{
    double lanes[16] = {0}, sum = 0; /* floats would make 0.9999999 of a text and itself */
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t j = 0; j < 16; j++)
            lanes[j] += (double)a[i + j] * (double)b[i + j];
    for (size_t j = 0; i + j < n; j++)
        lanes[j] += (double)a[i + j] * (double)b[i + j];
    for (size_t j = 0; j < 16; j++)
        sum += lanes[j];
    return (float)sum;
}
