/* Internals of the sampler: sampler-select.c does arithmetic over the vocabulary and finds the likeliest,
 * sampler-dry.c looks for repetitions, sampler-stages.c applies the settings one after another, random.c has the
 * random numbers, sampler.c draws.
 *
 * The vocabulary (to 256,000 tokens) is never sorted. */
#ifndef PALAVER_ENGINE_SAMPLE_SAMPLER_H
#define PALAVER_ENGINE_SAMPLE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/kernels/scan.h"

struct sampler {
    const struct scan_kernels *scan;
    int32_t vocab;
    uint64_t state[4];
    double mu;      /* mirostat's: the most surprise in bits, or negative before the first token */
    float *logits;  /* (vocab) with biases, penalties and temperature */
    float *weights; /* (vocab) e^(logit - max) of survivors */
    int32_t *alive; /* survivors by id, ascending */
    int32_t n_alive;
    uint8_t *is_alive; /* (vocab) */
    int32_t *order;    /* (vocab) work space of selections */
    float *keys;       /* (vocab) what a selection orders by */
    uint16_t *counts;  /* (vocab) all 0 between choices */
    uint8_t *breaks;   /* (vocab) tokens at which a repetition ends */
    uint8_t *spared;   /* (vocab) tokens that XTC must not exclude */
    double mass;       /* sum of the survivors' weights */
    double all;        /* the same before mirostat removed any */
    float entropy;     /* of the model's distribution, nats */
    int32_t rank;      /* of the token chosen last, by the model */
};

/* The likeliest tokens, and what the model's own probabilities are made from. */
struct report {
    struct candidate *best;
    int32_t n;
    const float *logits;
    float max;
    double sum;
};

/* ---- random.c --------------------------------------------------------------------------------------------------- */

/* Random, in [0, 1). */
double sampler_random(struct sampler *s);

/* ---- sampler-select.c ------------------------------------------------------------------------------------------- */

/* Nats. */
double sampler_entropy_of(struct moments m);
/* The standard deviation of those that are finite. */
double sampler_deviation(const float *x, int32_t n, float max);
/* Whether token a comes before b: more likely, or as likely with a smaller id. */
bool sampler_before(const float *x, int32_t a, int32_t b);
/* The k first of all x (vocab) by `before`, as a heap: heap[0] is the k-th. k <= vocab. */
void sampler_likeliest(const struct sampler *s, const float *x, int32_t k, int32_t *heap);
int32_t sampler_likeliest_one(const struct sampler *s, const float *x);
/* Rearranges order[0..n) so that its first ones by descending key (ties by id) come first, just so many that their
 * weights add up to target; returns how many, at least 1. */
int32_t sampler_select_mass(const float *keys, const float *weights, int32_t *order, int32_t n, double target);

/* ---- sampler-dry.c ---------------------------------------------------------------------------------------------- */

void sampler_discourage(struct sampler *s, const struct sampling *set, const int32_t *previous, size_t n);

/* ---- sampler-stages.c ------------------------------------------------------------------------------------------- */

/* Lets all settings act on s->logits, which begin as the model's: afterwards s->alive, weights and mass are the
 * distribution to draw from, at least one token. */
void sampler_run_stages(struct sampler *s, const struct sampling *set, const int32_t *previous, size_t n,
                        struct report *r);
/* Nothing but this token is left. */
void sampler_keep_only(struct sampler *s, int32_t id);

#endif
