/* The sampler: the settings, each by one function, in the order in which they act. */
#include "config.h"

#include "engine/sample/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const float BANS = -100.0f, COLDEST = 0.01f;

/* ---- what changes logits ---------------------------------------------------------------------------------------- */

/* As in OpenAI's interface: added to the logit, and at -100 the token never comes. */
static void bias(struct sampler *s, const struct sampling *set, struct report *r)
{
    for (int32_t i = 0; i < set->n_biases; i++) {
        int32_t id = set->biases[i].id;
        bool banned = set->biases[i].bias <= BANS;
        if (id < 0 || id >= s->vocab)
            continue;
        s->logits[id] = banned ? -INFINITY : s->logits[id] + set->biases[i].bias;
        for (int32_t j = 0; banned && j < r->n; j++)
            if (r->best[j].id == id)
                r->best[j].removed_by = STAGE_LOGIT_BIAS;
    }
}

static void penalise(struct sampler *s, const struct sampling *set, const int32_t *previous, size_t n)
{
    if (set->repetition_penalty == 1.0f && set->presence_penalty == 0.0f && set->frequency_penalty == 0.0f)
        return;
    size_t window = set->repetition_window < 0 || (size_t)set->repetition_window > n ? n
                                                                                     : (size_t)set->repetition_window;
    const int32_t *newest = previous + (n - window);
    for (size_t i = 0; i < window; i++)
        if (newest[i] >= 0 && newest[i] < s->vocab && s->counts[newest[i]] < UINT16_MAX)
            s->counts[newest[i]]++;
    for (size_t i = 0; i < window; i++) {
        if (newest[i] < 0 || newest[i] >= s->vocab || s->counts[newest[i]] == 0)
            continue;
        float *x = &s->logits[newest[i]];
        *x = *x > 0 ? *x / set->repetition_penalty : *x * set->repetition_penalty;
        *x -= set->presence_penalty + set->frequency_penalty * (float)s->counts[newest[i]];
        s->counts[newest[i]] = 0;
    }
}

/* Entropy-based dynamic temperature (kalomaze 2023, as in koboldcpp and text-generation-webui): from temperature -
 * range when one token is certain to temperature + range when all are alike. */
static float temperature(const struct sampler *s, const struct sampling *set, float max)
{
    if (set->dynatemp_range == 0.0f || s->vocab < 2)
        return set->temperature;
    double low = fmax((double)set->temperature - (double)set->dynatemp_range, (double)COLDEST);
    double high = (double)set->temperature + (double)set->dynatemp_range;
    double part = sampler_entropy_of(s->scan->moments(s->logits, s->vocab, max)) / log(s->vocab);
    return (float)(low + (high - low) * pow(fmin(part, 1), (double)set->dynatemp_exponent));
}

/* ---- what removes tokens ---------------------------------------------------------------------------------------- */

static void note_removed(const struct sampler *s, struct report *r, enum sampler_stage stage)
{
    for (int32_t i = 0; i < r->n; i++)
        if (r->best[i].removed_by == STAGE_NONE && !s->is_alive[r->best[i].id])
            r->best[i].removed_by = stage;
}

static void note_below(const struct sampler *s, struct report *r, float least, enum sampler_stage stage)
{
    for (int32_t i = 0; i < r->n; i++)
        if (r->best[i].removed_by == STAGE_NONE && s->logits[r->best[i].id] < least)
            r->best[i].removed_by = stage;
}

/* Top-n-sigma (Tang et al. 2024): the logits within n standard deviations of the largest. */
static float sigma_least(const struct sampler *s, float n, float max)
{
    return (float)((double)max - (double)n * sampler_deviation(s->logits, s->vocab, max));
}

/* The logit of the top_k-th: a tie keeps both, as in transformers. */
static float top_k_least(struct sampler *s, int32_t top_k)
{
    sampler_likeliest(s, s->logits, top_k, s->order);
    return s->logits[s->order[0]];
}

/* Keeps the survivors whose key is at least so much. */
static void keep_at_least(struct sampler *s, const float *keys, float least)
{
    int32_t n = 0;
    double mass = 0;
    for (int32_t i = 0; i < s->n_alive; i++) {
        int32_t id = s->alive[i];
        if (keys[id] >= least) {
            s->alive[n++] = id;
            mass += s->weights[id];
        } else {
            s->is_alive[id] = 0;
        }
    }
    s->n_alive = n;
    s->mass = mass;
}

/* The survivors are those with at least this logit; max is the largest. */
static void begin_at(struct sampler *s, float least, float max)
{
    memset(s->is_alive, 0, (size_t)s->vocab);
    s->n_alive = 0;
    s->mass = 0;
    float below = nextafterf(least, -INFINITY);
    for (int32_t at = 0; (at = s->scan->beyond(s->logits, s->vocab, at, below)) < s->vocab; at += SCAN_STRETCH) {
        int32_t end = s->vocab - at < SCAN_STRETCH ? s->vocab : at + SCAN_STRETCH;
        for (int32_t i = at; i < end; i++)
            if (s->logits[i] >= least && s->logits[i] > -INFINITY) {
                s->alive[s->n_alive++] = i;
                s->is_alive[i] = 1;
                s->weights[i] = scan_exponential(s->logits[i] - max);
                s->mass += s->weights[i];
            }
    }
}

static void keep_top_p(struct sampler *s, float top_p)
{
    memcpy(s->order, s->alive, (size_t)s->n_alive * sizeof *s->order);
    int32_t kept = sampler_select_mass(s->logits, s->weights, s->order, s->n_alive, top_p * s->mass);
    memset(s->is_alive, 0, (size_t)s->vocab);
    for (int32_t i = 0; i < kept; i++)
        s->is_alive[s->order[i]] = 1;
    int32_t n = 0;
    s->mass = 0;
    for (int32_t i = 0; i < s->n_alive; i++)
        if (s->is_alive[s->alive[i]]) {
            s->alive[n++] = s->alive[i];
            s->mass += s->weights[s->alive[i]];
        }
    s->n_alive = n;
}

/* Locally typical sampling (Meister et al. 2022): the tokens whose surprise is nearest to the entropy. */
static void keep_typical(struct sampler *s, float typical_p, float max)
{
    double entropy = 0, log_mass = log(s->mass);
    for (int32_t i = 0; i < s->n_alive; i++) {
        int32_t id = s->alive[i];
        if (s->weights[id] > 0)
            entropy -= s->weights[id] / s->mass * (s->logits[id] - max - log_mass);
    }
    for (int32_t i = 0; i < s->n_alive; i++) {
        int32_t id = s->alive[i];
        s->keys[id] = -fabsf((float)(-(s->logits[id] - max - log_mass) - entropy));
        s->order[i] = id;
    }
    int32_t kept = sampler_select_mass(s->keys, s->weights, s->order, s->n_alive, typical_p * s->mass);
    float least = INFINITY;
    for (int32_t i = 0; i < kept; i++)
        least = s->keys[s->order[i]] < least ? s->keys[s->order[i]] : least;
    keep_at_least(s, s->keys, least);
}

/* Exclude top choices (p-e-w, text-generation-webui pull request 6335, 2024): of the tokens that have the threshold's
 * probability, only the least likely stays. As there, nothing is excluded where that would take a newline or an end
 * token away: a model that wants to stop can. */
static void exclude_top(struct sampler *s, float threshold)
{
    double least = (double)threshold * s->mass;
    int32_t last = -1, n = 0;
    for (int32_t i = 0; i < s->n_alive; i++)
        if ((double)s->weights[s->alive[i]] >= least && (last < 0 || !sampler_before(s->weights, s->alive[i], last)))
            last = s->alive[i];
    for (int32_t i = 0; last >= 0 && i < s->n_alive; i++)
        if (s->alive[i] != last && s->spared[s->alive[i]] && (double)s->weights[s->alive[i]] >= least)
            last = -1;
    if (last < 0)
        return;
    double mass = 0;
    for (int32_t i = 0; i < s->n_alive; i++) {
        int32_t id = s->alive[i];
        s->is_alive[id] = id == last || (double)s->weights[id] < least;
        if (s->is_alive[id]) {
            s->alive[n++] = id;
            mass += s->weights[id];
        }
    }
    s->n_alive = n;
    s->mass = mass;
}

/* Mirostat 2 (Basu et al. 2021, algorithm 2): the tokens that surprise by at most mu bits, at least the likeliest. */
static void keep_unsurprising(struct sampler *s, float tau)
{
    if (s->mu < 0)
        s->mu = 2 * (double)tau;
    s->all = s->mass;
    keep_at_least(s, s->weights, (float)fmin(s->mass * exp2(-s->mu), 1));
}

/* ---- one after another ------------------------------------------------------------------------------------------ */

void sampler_keep_only(struct sampler *s, int32_t id)
{
    memset(s->is_alive, 0, (size_t)s->vocab);
    s->is_alive[id] = 1;
    s->alive[0] = id;
    s->n_alive = 1;
    s->weights[id] = 1.0f;
    s->mass = 1.0;
}

/* Those that look at single logits, before anything is summed. */
static void cut_logits(struct sampler *s, const struct sampling *set, float max, struct report *r)
{
    float least = -INFINITY;
    if (set->top_n_sigma > 0.0f) {
        least = sigma_least(s, set->top_n_sigma, max);
        note_below(s, r, least, STAGE_TOP_N_SIGMA);
    }
    if (set->top_k > 0 && set->top_k < s->vocab) {
        least = fmaxf(least, top_k_least(s, set->top_k));
        note_below(s, r, least, STAGE_TOP_K);
    }
    begin_at(s, least, max);
}

static void cut_tail(struct sampler *s, const struct sampling *set, float max, struct report *r)
{
    cut_logits(s, set, max, r);
    if (set->top_p < 1.0f) {
        keep_top_p(s, set->top_p);
        note_removed(s, r, STAGE_TOP_P);
    }
    if (set->min_p > 0.0f) {
        keep_at_least(s, s->weights, set->min_p);
        note_removed(s, r, STAGE_MIN_P);
    }
    if (set->typical_p < 1.0f) {
        keep_typical(s, set->typical_p, max);
        note_removed(s, r, STAGE_TYPICAL_P);
    }
    if (set->xtc_probability > 0.0f && sampler_random(s) < (double)set->xtc_probability) {
        exclude_top(s, set->xtc_threshold);
        note_removed(s, r, STAGE_XTC);
    }
}

void sampler_run_stages(struct sampler *s, const struct sampling *set, const int32_t *previous, size_t n,
                        struct report *r)
{
    bias(s, set, r);
    penalise(s, set, previous, n);
    sampler_discourage(s, set, previous, n);
    float max = s->scan->largest(s->logits, s->vocab), warmth = 0.0f;
    if (set->temperature > 0.0f && max > -INFINITY)
        warmth = temperature(s, set, max);
    if (warmth > 0.0f && warmth != 1.0f) {
        s->scan->divide(s->logits, s->vocab, warmth);
        max /= warmth;
    }
    if (warmth == 0.0f || !isfinite(max)) {
        sampler_keep_only(s, sampler_likeliest_one(s, s->logits));
        note_removed(s, r, STAGE_TEMPERATURE);
    } else if (set->mirostat_tau > 0.0f) {
        begin_at(s, -INFINITY, max);
        keep_unsurprising(s, set->mirostat_tau);
        note_removed(s, r, STAGE_MIROSTAT);
    } else {
        cut_tail(s, set, max, r);
    }
}
