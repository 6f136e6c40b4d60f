/* The sampler: logits to one token.
 *
 * Meanings are those of transformers' logits processors (RepetitionPenalty, Temperature, TopK, TopP, MinP, Typical);
 * presence and frequency penalties are llama.cpp's (OpenAI's formula over the window, the prompt included); the
 * source of the others is named beside them. A draw walks the survivors by id, so that it depends on nothing but the
 * settings, the logits and the seed. */
#include "config.h"

#include "engine/sample/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/engine.h"

/* ---- life ------------------------------------------------------------------------------------------------------- */

struct sampler *sampler_new(int32_t vocab, struct error *err)
{
    struct sampler *s = calloc(1, sizeof *s);
    size_t n = (size_t)vocab;
    if (s != NULL) {
        s->scan = scan_choose();
        s->vocab = vocab;
        s->logits = malloc(n * sizeof *s->logits);
        s->weights = malloc(n * sizeof *s->weights);
        s->alive = malloc(n * sizeof *s->alive);
        s->is_alive = malloc(n);
        s->order = malloc(n * sizeof *s->order);
        s->keys = malloc(n * sizeof *s->keys);
        s->counts = calloc(n, sizeof *s->counts);
        s->breaks = calloc(n, 1);
        s->spared = calloc(n, 1);
    }
    if (s == NULL || s->logits == NULL || s->weights == NULL || s->alive == NULL || s->is_alive == NULL ||
        s->order == NULL || s->keys == NULL || s->counts == NULL || s->breaks == NULL || s->spared == NULL) {
        error_memory(err);
        sampler_free(s);
        return NULL;
    }
    sampler_seed(s, 0);
    return s;
}

void sampler_free(struct sampler *s)
{
    if (s == NULL)
        return;
    free(s->logits);
    free(s->weights);
    free(s->alive);
    free(s->is_alive);
    free(s->order);
    free(s->keys);
    free(s->counts);
    free(s->breaks);
    free(s->spared);
    free(s);
}

static void mark_ids(const struct sampler *s, uint8_t *marks, const int32_t *ids, size_t n)
{
    memset(marks, 0, (size_t)s->vocab);
    for (size_t i = 0; i < n; i++)
        if (ids[i] >= 0 && ids[i] < s->vocab)
            marks[ids[i]] = 1;
}

void sampler_set_breakers(struct sampler *s, const int32_t *ids, size_t n)
{
    mark_ids(s, s->breaks, ids, n);
}

void sampler_set_spared(struct sampler *s, const int32_t *ids, size_t n)
{
    mark_ids(s, s->spared, ids, n);
}

/* ---- the choice ------------------------------------------------------------------------------------------------- */

static int32_t draw_token(struct sampler *s)
{
    double target = sampler_random(s) * s->mass, sum = 0;
    for (int32_t i = 0; i < s->n_alive; i++) {
        sum += s->weights[s->alive[i]];
        if (sum > target)
            return s->alive[i];
    }
    return s->n_alive > 0 ? s->alive[s->n_alive - 1] : 0;
}

/* The likeliest by the model: s->logits are still its own. */
static void find_best(struct sampler *s, struct report *r)
{
    r->n = s->vocab < SAMPLING_CANDIDATES ? s->vocab : SAMPLING_CANDIDATES;
    sampler_likeliest(s, s->logits, r->n, s->order);
    for (int32_t i = 1; i < r->n; i++) { /* into order, by insertion */
        int32_t id = s->order[i], at = i;
        for (; at > 0 && sampler_before(s->logits, id, s->order[at - 1]); at--)
            s->order[at] = s->order[at - 1];
        s->order[at] = id;
    }
    for (int32_t i = 0; i < r->n; i++) {
        int32_t id = s->order[i];
        r->best[i] = (struct candidate){.id = id, .before = (float)(scan_exponential(s->logits[id] - r->max) / r->sum)};
    }
}

/* Everything but the draw; false when the logits leave nothing to choose from. */
static bool distribute(struct sampler *s, const struct sampling *settings, const int32_t *previous, size_t n,
                       struct report *r)
{
    s->scan->clean(r->logits, s->logits, s->vocab); /* NaN is as unlikely as can be */
    r->max = s->scan->largest(s->logits, s->vocab);
    r->sum = 1.0;
    s->entropy = 0.0f;
    if (!isfinite(r->max)) {
        sampler_keep_only(s, sampler_likeliest_one(s, s->logits));
        return false;
    }
    struct moments own = s->scan->moments(s->logits, s->vocab, r->max);
    r->sum = own.sum;
    s->entropy = (float)sampler_entropy_of(own);
    if (r->best != NULL)
        find_best(s, r);
    sampler_run_stages(s, settings, previous, n, r);
    for (int32_t i = 0; i < r->n; i++)
        r->best[i].after = sampler_probability(s, r->best[i].id);
    return true;
}

/* Mirostat's mu follows how surprising the choice was. */
static void learn_surprise(struct sampler *s, const struct sampling *settings, int32_t id)
{
    if (settings->mirostat_tau == 0.0f || s->mu < 0)
        return;
    double surprise = -log2((double)s->weights[id] / s->all);
    s->mu = fmax(s->mu - (double)settings->mirostat_eta * (surprise - (double)settings->mirostat_tau), 0);
}

/* Describes the chosen token, whether it was sampled or forced. */
static void describe_choice(struct sampler *s, const struct report *r, bool some, int32_t id, struct candidate *chosen)
{
    bool known = some && !isnan(r->logits[id]);
    s->rank = known ? s->scan->rank(r->logits, s->vocab, id) : 0;
    *chosen = (struct candidate){
        .id = id,
        .before = known ? (float)((double)scan_exponential(r->logits[id] - r->max) / r->sum) : 0.0f,
        .after = sampler_probability(s, id),
    };
}

int32_t sampler_choose(struct sampler *s, const struct sampling *settings, const float *logits, const int32_t *previous,
                       size_t n, struct candidate *chosen, struct candidate *best, int32_t *n_best)
{
    struct report r = {.best = best, .logits = logits};
    bool some = distribute(s, settings, previous, n, &r);
    bool drawn = some && settings->temperature != 0.0f;
    int32_t id = drawn ? draw_token(s) : s->alive[0];
    if (drawn)
        learn_surprise(s, settings, id);
    if (n_best != NULL)
        *n_best = r.n;
    describe_choice(s, &r, some, id, chosen);
    return id;
}

/* The distribution without a draw; random numbers and mirostat stay as they are. */
static bool distribute_only(struct sampler *s, const struct sampling *settings, const int32_t *previous, size_t n,
                            struct report *r)
{
    uint64_t state[4];
    double mu = s->mu;
    memcpy(state, s->state, sizeof state);
    bool some = distribute(s, settings, previous, n, r);
    memcpy(s->state, state, sizeof state);
    s->mu = mu;
    return some;
}

void sampler_put(struct sampler *s, const struct sampling *settings, const float *logits, const int32_t *previous,
                 size_t n, int32_t id, struct candidate *chosen, struct candidate *best, int32_t *n_best)
{
    struct report r = {.best = best, .logits = logits};
    bool some = distribute_only(s, settings, previous, n, &r);
    *n_best = r.n;
    describe_choice(s, &r, some, id, chosen);
}

void sampler_preview(struct sampler *s, const struct sampling *settings, const float *logits, const int32_t *previous,
                     size_t n, struct candidate *best, int32_t *n_best)
{
    struct report r = {.best = best, .logits = logits};
    distribute_only(s, settings, previous, n, &r);
    *n_best = r.n;
}

float sampler_entropy(const struct sampler *s)
{
    return s->entropy;
}

int32_t sampler_rank(const struct sampler *s)
{
    return s->rank;
}

size_t sampler_survivors(const struct sampler *s)
{
    return (size_t)s->n_alive;
}

float sampler_probability(const struct sampler *s, int32_t id)
{
    return id >= 0 && id < s->vocab && s->is_alive[id] ? (float)(s->weights[id] / s->mass) : 0.0f;
}
