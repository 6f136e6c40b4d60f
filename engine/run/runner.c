/* The runner: a pool of threads and the buffers of a forward pass, and what they take. */
#include <config.h>

#include "engine/run/runner.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/layer.h"
#include "engine/model/model.h"
#include "engine/run/forecast.h"
#include "engine/run/forward.h"
#include "engine/run/plan.h"
#include "engine/run/pool.h"
#include "engine/run/stream.h"

enum {
    MAX_CONTEXT = 1 << 20,
    MAX_THREADS = 1024,
};

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
    else if (o->exact && o->cache != CACHE_F16)
        error_set(err, ERR_ARGUMENT, "the exact mode has a cache of 32-bit floats; leave out --exact or --cache-type");
    else
        return true;
    return false;
}

static bool check_model(const struct model *model, struct error *err)
{
    if (model->info.encoder)
        error_set(err, ERR_UNSUPPORTED,
                  "%s: a %s model makes vectors of texts (palaver embed, palaver similarity) and writes none; take a "
                  "Llama model for this",
                  model_label(model), model->architecture->family);
    return !model->info.encoder;
}

/* Weights that do not fit are streamed; where not even the rest fits, none of them stays. */
static bool begin_stream(struct runner *r, struct error *err)
{
    const struct memory_plan *p = &r->plan;
    if (p->verdict == PLAN_FITS || p->copied)
        return true;
    const uint64_t taken = p->cache + p->buffers + p->reserve;
    const struct plan_products products = stream_products(r->model);
    const struct plan_room room = plan_divide(p->available > taken ? p->available - taken : 0, &products);
    r->stream = stream_new(r->model, &room, err);
    if (r->stream == NULL)
        return false;
    forward_tell(r->forward, stream_reach, r->stream);
    return true;
}

static bool allocate(struct runner *r, const struct session_options *o, struct error *err)
{
    const struct forward_options f = {.context = r->context,
                                      .batch = r->batch,
                                      .exact = r->exact,
                                      .cache = forecast_cache(o)};
    r->pool = pool_new(o->threads, err);
    if (r->pool != NULL)
        r->forward = forward_new(r->model, r->pool, &f, err);
    if (r->forward == NULL)
        return false;
    r->rows = malloc((size_t)r->batch * sizeof *r->rows);
    if (r->rows == NULL)
        error_memory(err);
    return r->rows != NULL && begin_stream(r, err);
}

struct runner *runner_open(const struct model *model, const struct session_options *options, struct error *err)
{
    const struct session_options none = {0};
    if (!check_model(model, err) || !check_options(options != NULL ? options : &none, err) ||
        kernels_check(err) != ERR_NONE)
        return NULL;
    const struct session_options o = forecast_options(model, options);
    struct runner *r = calloc(1, sizeof *r);
    if (r == NULL) {
        error_memory(err);
        return NULL;
    }
    r->model = model;
    r->exact = o.exact;
    r->context = o.context;
    r->batch = o.batch;
    model_plan(model, &o, LOAD_AS_IS, true, &r->plan);
    if (allocate(r, &o, err))
        return r;
    runner_free(r);
    return NULL;
}

void runner_free(struct runner *r)
{
    if (r == NULL)
        return;
    forward_free(r->forward);
    stream_free(r->stream);
    pool_free(r->pool);
    free(r->rows);
    free(r->logits);
    free(r);
}

int32_t runner_context(const struct runner *r)
{
    return r->context;
}

bool runner_logits(struct runner *r, struct error *err)
{
    if (r->logits == NULL)
        r->logits = malloc(RUNNER_LOGITS * (size_t)r->model->info.vocab * sizeof *r->logits);
    if (r->logits == NULL)
        error_memory(err);
    return r->logits != NULL;
}

bool runner_check_ids(const struct runner *r, const int32_t *ids, size_t n, struct error *err)
{
    const int32_t vocab = r->model->info.vocab;
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0 || ids[i] >= vocab) {
            error_set(err, ERR_ARGUMENT, "token id %d is outside the vocabulary of %d", (int)ids[i], (int)vocab);
            return false;
        }
    return true;
}

/* Damaged weights are the likely cause. */
enum error_code runner_not_finite(const struct runner *r, struct error *err)
{
    return error_set(err, ERR_CORRUPT,
                     "%s: the model computes NaN or infinite numbers: its weights are damaged, fetch it again",
                     r->model->info.path);
}

const struct memory_plan *runner_plan(const struct runner *r)
{
    return &r->plan;
}
