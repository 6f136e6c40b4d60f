/* Forecasts: the sums of a model's tensors and of a session's buffers, and what they mean on this machine. */
#include <config.h>

#include "engine/run/forecast.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "engine/engine.h"
#include "engine/file/source.h"
#include "engine/kernels/layer.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"
#include "engine/run/encoder.h"
#include "engine/run/forward.h"
#include "engine/run/loading.h"
#include "engine/run/plan.h"
#include "engine/run/stream.h"

enum {
    DEFAULT_BATCH = 512,
    DEFAULT_CONTEXT = 4096,
    MUCH_MAPPED = 1 << 29, /* bytes */
};

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

/* ---- what would fit --------------------------------------------------------------------------------------------- */

/* Types of `palaver quantize`, best first, with the bits that a weight takes in a file of a Llama's shape. */
static const struct smaller {
    const char *name;
    double bits;
} smaller_types[] = {
    {"Q8_0", 8.5}, {"Q6_K", 6.57}, {"Q5_K_M", 5.7}, {"Q4_K_M", 4.9}, {"Q3_K_M", 3.95}, {"Q2_K", 3.2},
};

/* The best type with which the weights fit; for floats one that needs no new file comes first. */
static void suggest(struct memory_plan *p, const struct model *m, uint64_t elements)
{
    const uint64_t room = less(p->available, p->cache + p->buffers + p->reserve);
    for (enum model_load load = LOAD_8BIT; load <= LOAD_4BIT; load++) {
        const struct loading_sums sums = loading_sum(m, load);
        const uint64_t bytes = p->file_weights + sums.after - sums.before;
        if (sums.before == 0 || bytes > room)
            continue;
        p->smaller_load = load;
        p->smaller_bytes = bytes;
        return;
    }
    for (size_t i = 0; i < sizeof smaller_types / sizeof *smaller_types; i++) {
        const uint64_t bytes = (uint64_t)((double)elements * smaller_types[i].bits / 8);
        if (bytes > room || bytes >= p->file_weights)
            continue;
        p->smaller_type = smaller_types[i].name;
        p->smaller_bytes = bytes;
        return;
    }
}

/* ---- a session ----------------------------------------------------------------------------------------------------- */

static int32_t default_context(const struct model *model)
{
    int32_t trained = model->info.context;
    return trained > 0 && trained < DEFAULT_CONTEXT ? trained : DEFAULT_CONTEXT;
}

struct session_options forecast_options(const struct model *model, const struct session_options *options)
{
    struct session_options o = options != NULL ? *options : (struct session_options){0};
    o.context = o.context > 0 ? o.context : default_context(model);
    o.batch = o.batch > 0 ? o.batch : DEFAULT_BATCH;
    o.batch = o.batch < o.context ? o.batch : o.context;
    o.threads = o.threads > 0 ? o.threads : engine_cores();
    return o;
}

enum kv_type forecast_cache(const struct session_options *o)
{
    return o->exact ? KV_F32 : o->cache == CACHE_Q8_0 ? KV_Q8_0 : KV_I16;
}

static void sum_session(struct memory_plan *p, const struct model *model, const struct session_options *options,
                        uint64_t types)
{
    const struct session_options o = forecast_options(model, options);
    const struct model_info *info = &model->info;
    if (info->encoder) {
        p->buffers = encoder_bytes(model, o.exact);
        return;
    }
    const enum kv_type type = forecast_cache(&o);
    const struct forward_options f = {.context = o.context, .batch = o.batch, .exact = o.exact, .cache = type};
    const uint64_t head = layer_keys_bytes(type, info->head_width) + layer_values_bytes(type, info->head_width);
    p->cache = (uint64_t)info->layers * (uint64_t)info->kv_heads * head * (uint64_t)o.context / KV_BLOCK;
    p->buffers = forward_bytes(model, &f, o.threads, types) + (uint64_t)info->vocab * sizeof(float);
}

/* ---- a model's plan --------------------------------------------------------------------------------------------- */

static uint64_t stretch_bytes(const struct tensor *t)
{
    return t->rows * tensor_row_bytes(t);
}

/* Sums of the weights as they will lie in memory. Returns the number of matrices' elements. */
static uint64_t sum_weights(struct memory_plan *p, const struct model *m, const struct loading_sums *sums)
{
    const bool looked_up = m->embedding.data != m->output.data;
    uint64_t elements = 0, bytes = 0;
    const char *name;
    struct tensor t;
    for (uint64_t i = 0; source_tensor_at(m->source, i, &name, &t); i++) {
        bytes += stretch_bytes(&t);
        elements += t.rows > 1 ? t.rows * t.cols : 0;
    }
    p->copied = sums->before > 0 || m->own_weights != NULL;
    p->file_weights = bytes + m->info.load_file_bytes - m->info.load_bytes;
    p->weights = bytes + sums->after - sums->before;
    if (!p->copied && looked_up) {
        p->lookup = stretch_bytes(&m->embedding);
        p->weights -= p->lookup;
    }
    return elements;
}

uint64_t model_other_bytes(const struct model *m)
{
    const struct loading_sums none = {0};
    struct memory_plan p = {0};
    if (memory_mapped() >= MUCH_MAPPED)
        return 0;
    sum_weights(&p, m, &none);
    return source_other_files(m->source) + less(source_file_bytes(m->source), p.file_weights);
}

/* Of the program and its libraries, what a session runs: as measured. */
enum { CODE_BYTES = 1 << 20 };

void model_plan(const struct model *m, const struct session_options *options, enum model_load load, bool measure,
                struct memory_plan *out)
{
    struct memory_plan p = {0};
    struct memory memory;
    const struct loading_sums sums = loading_sum(m, m->own_weights != NULL ? LOAD_AS_IS : load);
    const struct plan_products products = stream_products(m);
    const uint64_t elements = sum_weights(&p, m, &sums);
    sum_session(&p, m, options, sums.types);
    p.program = less(memory_anonymous(), m->own_bytes) + model_other_bytes(m) + CODE_BYTES;
    if (memory_read("", &memory)) {
        p.total = memory.total;
        p.available = memory.available + m->own_bytes; /* these are in the plan */
        p.limited = memory.limited;
    }
    plan_judge(&p, &products);
    if (p.verdict != PLAN_FITS)
        suggest(&p, m, elements);
    if (p.verdict == PLAN_STREAMS && measure) {
        p.disk_rate = source_read_rate(m->source);
        plan_judge(&p, &products);
    }
    *out = p;
}

uint64_t model_resident_bytes(const struct model *m)
{
    const bool looked_up = m->embedding.data != m->output.data;
    uint64_t sum = 0;
    for (uint64_t i = 0;; i++) {
        const char *name;
        const void *bytes;
        struct tensor t;
        uint64_t size;
        if (!source_tensor_at(m->source, i, &name, &t))
            return sum;
        if (looked_up && t.data == m->embedding.data)
            continue;
        const uintptr_t own = (uintptr_t)m->own_weights, at = (uintptr_t)t.data;
        for (size_t k = 0; (bytes = tensor_stretch(&t, k, &size)) != NULL; k++)
            if (at < own || at >= own + m->own_bytes)
                sum += source_resident_bytes(bytes, size);
    }
}
