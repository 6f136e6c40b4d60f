/* Sequence breakers and spared tokens are looked up once and kept while the settings name the same ones. */
#include <config.h>

#include "engine/run/chooser.h"

#include <string.h>

#include "base/error.h"
#include "engine/engine.h"

bool chooser_open(struct chooser *c, const struct tokenizer *tokenizer, struct error *err)
{
    *c = (struct chooser){.tokenizer = tokenizer, .sampler = sampler_new(tokenizer_size(tokenizer), err)};
    return c->sampler != NULL;
}

void chooser_close(struct chooser *c)
{
    sampler_free(c->sampler);
    c->sampler = NULL;
}

/* Tells the sampler which tokens XTC spares, once it is on. */
static void chooser_spare(struct chooser *c)
{
    struct ids ids = {0};
    if (sampling_spared(c->tokenizer, &ids)) {
        sampler_set_spared(c->sampler, ids.at, ids.n);
        c->has_spared = true;
    }
    ids_free(&ids);
}

void chooser_use(struct chooser *c, const struct sampling *settings)
{
    struct ids ids = {0};
    if (settings->xtc_probability > 0.0f && !c->has_spared)
        chooser_spare(c);
    bool same = c->has_breakers && settings->n_breakers == c->n_breakers &&
                memcmp(settings->breakers, c->breakers, sizeof c->breakers) == 0;
    if (settings->dry_multiplier == 0.0f || same)
        return;
    if (sampling_breakers(settings, c->tokenizer, &ids)) {
        sampler_set_breakers(c->sampler, ids.at, ids.n);
        memcpy(c->breakers, settings->breakers, sizeof c->breakers);
        c->n_breakers = settings->n_breakers;
        c->has_breakers = true;
    }
    ids_free(&ids);
}
