/* Footprint: plans and measurements as text. */
#include <config.h>

#include "app/chat/footprint.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "engine/engine.h"

struct size_text {
    char text[32];
};

static struct size_text size_text(uint64_t bytes)
{
    struct size_text t;
    footprint_bytes(bytes, t.text);
    return t;
}

const char *footprint_bytes(uint64_t bytes, char out[32])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1000 && unit < 4; unit++)
        value /= 1000;
    snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}

const char *footprint_parameters(uint64_t n, char out[32])
{
    static const char *const units[] = {"", " thousand", " million", " billion", " trillion"};
    double value = (double)n;
    size_t unit = 0;
    for (; value >= 999.5 && unit < 4; unit++) /* what would be rounded to 1000 is one of the next */
        value /= 1000;
    snprintf(out, 32, "%.3g%s", value, units[unit]);
    return out;
}

const char *footprint_option(enum model_load load)
{
    return load == LOAD_8BIT ? "--load-in-8bit" : "--load-in-4bit";
}

struct footprint footprint_now(const struct model *model)
{
    return (struct footprint){.own = memory_anonymous() + model_other_bytes(model),
                              .mapped = model_resident_bytes(model)};
}

/* ---- plans ------------------------------------------------------------------------------------------------------ */

void footprint_write_plan(const struct memory_plan *p, int32_t context, char *out, size_t size)
{
    char lookup[80] = "";
    if (p->lookup > 0)
        snprintf(lookup, sizeof lookup, ", of its embedding's %s the rows in use", size_text(p->lookup).text);
    snprintf(out, size, "%s: weights %s (%s%s), context of %" PRId32 " tokens %s, buffers %s, program %s",
             size_text(memory_plan_sum(p)).text, size_text(p->weights).text, p->copied ? "in its own memory" : "mapped",
             lookup, context, size_text(p->cache).text, size_text(p->buffers).text, size_text(p->program).text);
}

static void write_speed(const struct memory_plan *p, char *out, size_t size)
{
    if (p->tokens_per_second > 0)
        snprintf(out, size, "about %.*f tokens/s at most, as the disk brings %.1f GB/s",
                 p->tokens_per_second < 10 ? 1 : 0, p->tokens_per_second, p->disk_rate / 1e9);
    else
        snprintf(out, size, "as fast as the disk allows");
}

void footprint_write_verdict(const struct memory_plan *p, char *out, size_t size)
{
    char begin[120], speed[120];
    if (p->available == 0) {
        snprintf(out, size, "the system does not say how much memory there is");
        return;
    }
    snprintf(begin, sizeof begin, "%s of %s%s", size_text(p->available).text, size_text(p->total).text,
             p->limited ? " (the limit of a control group)" : "");
    write_speed(p, speed, sizeof speed);
    if (p->verdict == PLAN_FITS)
        snprintf(out, size, "%s: it fits", begin);
    else if (p->verdict == PLAN_STREAMS)
        snprintf(out, size, "%s: larger than memory, runs from disk: %s are read for each token, %s", begin,
                 size_text(p->streamed).text, speed);
    else if (p->copied)
        snprintf(out, size, "%s: too large to be loaded so", begin);
    else
        snprintf(out, size, "%s: too small even for the context; ask for a shorter one with --ctx", begin);
}

bool footprint_write_advice(const struct memory_plan *p, char *out, size_t size)
{
    if (p->verdict == PLAN_FITS || (p->smaller_load == LOAD_AS_IS && p->smaller_type == NULL))
        return false;
    if (p->smaller_load != LOAD_AS_IS)
        snprintf(out, size, "%s fits: its weights take %s", footprint_option(p->smaller_load),
                 size_text(p->smaller_bytes).text);
    else
        snprintf(out, size, "quantised to %s it fits: its weights take about %s", p->smaller_type,
                 size_text(p->smaller_bytes).text);
    return true;
}

/* ---- answers beside each other ---------------------------------------------------------------------------------- */

enum error_code footprint_check_beside(const struct memory_plan *p, size_t contexts, struct error *err)
{
    if (memory_plan_beside(p, contexts) != PLAN_TOO_LARGE || memory_plan_beside(p, 1) == PLAN_TOO_LARGE)
        return ERR_NONE;
    return error_set(err, ERR_BUSY,
                     "there is no memory for one more conversation beside this answer: %zu full contexts take %s, and "
                     "%s of %s can be had; Esc stops the answer, and --ctx makes contexts shorter",
                     contexts, size_text(contexts * p->cache).text, size_text(p->available).text,
                     size_text(p->total).text);
}

bool footprint_write_beside(const struct memory_plan *p, size_t contexts, char *out, size_t size)
{
    if (memory_plan_beside(p, contexts) != PLAN_STREAMS || memory_plan_beside(p, contexts - 1) != PLAN_FITS)
        return false;
    snprintf(
        out, size,
        "with %zu contexts, %s each when they are full, the model may no longer fit beside them; it is slower then",
        contexts, size_text(p->cache).text);
    return true;
}

/* ---- a loaded model --------------------------------------------------------------------------------------------- */

bool footprint_write_loading(const struct model *model, enum model_load asked, char *out, size_t size)
{
    const struct model_info *i = model_info(model);
    if (asked == LOAD_AS_IS)
        return false;
    if (i->load == LOAD_AS_IS)
        snprintf(out, size, "the weights are %s in the file already: %s changes nothing", i->type,
                 footprint_option(asked));
    else
        snprintf(out, size, "weights loaded in %d bits: %s in memory instead of %s, %s saved",
                 i->load == LOAD_8BIT ? 8 : 4, size_text(i->load_bytes).text, size_text(i->load_file_bytes).text,
                 size_text(i->load_file_bytes - i->load_bytes).text);
    return true;
}

void footprint_write_taken(const struct footprint *f, char *out, size_t size)
{
    snprintf(out, size, "%s: %s of the model's file, %s of its own", size_text(f->own + f->mapped).text,
             size_text(f->mapped).text, size_text(f->own).text);
}
