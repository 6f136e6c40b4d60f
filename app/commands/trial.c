/* Trial: of what is planned and what is taken, both for as many tokens as are read. */
#include <config.h>

#include "app/commands/trial.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/chat/footprint.h"
#include "app/chat/models.h"
#include "app/options/options.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

enum {
    TRIAL_TOKENS = 128, /* of the context, all read but the last, which is generated */
    TRIAL_WRITTEN = 1,
};

struct trial {
    const struct options *options;
    trial_line *tell;
    void *context;
};

/* Bytes of the plan that are in memory at a time. */
static uint64_t planned_bytes(const struct memory_plan *p)
{
    return p->verdict == PLAN_STREAMS ? p->resident + p->cache + p->buffers + p->program : memory_plan_sum(p);
}

static void tell_plan(const struct trial *t, const struct memory_plan *plan)
{
    char text[400], line[440];
    footprint_write_plan(plan, TRIAL_TOKENS, text, sizeof text);
    snprintf(line, sizeof line, "planned %s", text);
    t->tell(t->context, true, line);
    footprint_write_verdict(plan, text, sizeof text);
    snprintf(line, sizeof line, "available %s", text);
    t->tell(t->context, plan->verdict == PLAN_FITS, line);
    if (footprint_write_advice(plan, text, sizeof text))
        t->tell(t->context, true, text);
}

static void tell_taken(const struct trial *t, const struct model *model, const struct memory_plan *plan)
{
    char text[400], line[480];
    const struct footprint taken = footprint_now(model);
    const double planned = (double)planned_bytes(plan), sum = (double)(taken.own + taken.mapped);
    footprint_write_taken(&taken, text, sizeof text);
    snprintf(line, sizeof line, "taken %s; %.1f%% %s than planned", text, fabs(sum / planned - 1) * 100,
             sum < planned ? "less" : "more");
    t->tell(t->context, true, line);
    if (footprint_write_loading(model, options_load(t->options), text, sizeof text))
        t->tell(t->context, true, text);
}

/* Any tokens do: how much is computed does not depend on which. */
static enum error_code read_tokens(struct session *s, const struct model *model, double *seconds, struct error *err)
{
    int32_t ids[TRIAL_TOKENS];
    for (int32_t i = 0; i < TRIAL_TOKENS; i++)
        ids[i] = i % model_info(model)->vocab;
    enum error_code code = session_sync(s, ids, TRIAL_TOKENS - TRIAL_WRITTEN, NULL, NULL, NULL, err);
    const double start = clock_seconds();
    for (int32_t i = TRIAL_TOKENS - TRIAL_WRITTEN; code == ERR_NONE && i < TRIAL_TOKENS; i++)
        code = session_push(s, ids[i], err);
    *seconds = clock_seconds() - start;
    return code;
}

static enum error_code try_model(const struct trial *t, const struct model *model, struct error *err)
{
    const struct session_options options = {.context = TRIAL_TOKENS,
                                            .threads = t->options->threads,
                                            .exact = t->options->exact,
                                            .cache = (enum cache_type)t->options->cache_type};
    struct memory_plan plan;
    char line[120];
    double seconds = 0;
    model_plan(model, &options, LOAD_AS_IS, true, &plan);
    tell_plan(t, &plan);
    struct session *session = session_open(model, &options, err);
    enum error_code code = session != NULL ? read_tokens(session, model, &seconds, err) : err->code;
    if (code == ERR_NONE) {
        tell_taken(t, model, &plan);
        snprintf(line, sizeof line, "one token took %.2f s, %.1f tokens/s", seconds, TRIAL_WRITTEN / seconds);
        t->tell(t->context, true, line);
    }
    session_free(session);
    return code;
}

void trial_run(const struct options *o, trial_line *tell, void *context)
{
    const struct trial t = {o, tell, context};
    struct error err = {0};
    struct model *model = models_open(o, false, &err);
    if (model == NULL || try_model(&t, model, &err) != ERR_NONE)
        tell(context, false, err.message);
    model_free(model);
}
