/* What logits say: probabilities of tokens by the model's own distribution. Internal to the engine. */
#ifndef PALAVER_ENGINE_RUN_LIKELIHOOD_H
#define PALAVER_ENGINE_RUN_LIKELIHOOD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/* A row of logits, read. */
struct likelihood {
    float top;      /* the largest logit */
    double log_sum; /* logarithm of the sum of e^(logit - top) */
    bool finite;    /* false: the rest means nothing */
    int32_t n;
    struct likely likely[SCORE_TOP]; /* (n), likeliest first, the lower id first among equals */
};

/* Reads logits, (vocab), and looks for the `most` likeliest tokens, at most SCORE_TOP. */
void likelihood_read(const float *logits, int32_t vocab, int32_t most, struct likelihood *out);
/* The natural logarithm of the probability that a logit of that row stands for. */
float likelihood_of(const struct likelihood *l, float logit);

#endif
