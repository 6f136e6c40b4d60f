/* A chooser: a sampler, and what of the vocabulary it has to be told for the settings in force. Internal to the engine. */
#ifndef PALAVER_ENGINE_RUN_CHOOSER_H
#define PALAVER_ENGINE_RUN_CHOOSER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"

struct chooser {
    struct sampler *sampler;
    const struct tokenizer *tokenizer; /* the caller's */
    bool has_breakers, has_spared;
    char breakers[SAMPLING_BREAKERS][SAMPLING_BREAKER_BYTES]; /* those that the sampler knows */
    int32_t n_breakers;
};

/* False when out of memory. */
bool chooser_open(struct chooser *c, const struct tokenizer *tokenizer, struct error *err);
void chooser_close(struct chooser *c);
/* Gives the sampler the tokens that these settings need to know by their texts. To be called before it chooses by them. */
void chooser_use(struct chooser *c, const struct sampling *settings);

#endif
