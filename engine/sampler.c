/* The sampler: logits to one token.
 *
 * Meanings are those of transformers' logits processors (RepetitionPenalty, Temperature, TopK, TopP, MinP, Typical);
 * presence and frequency penalties are OpenAI's. The vocabulary (to 256,000 tokens) is never sorted: the likeliest k
 * are found by a heap that skips stretches without a large enough logit, other sets by selection. A draw walks the
 * survivors by id, so that it depends on nothing but the settings, the logits and the seed.
 *
 * Random numbers: xoshiro256** 1.0 by Blackman and Vigna, seeded by splitmix64. */
#include "config.h"

#include "engine/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STRETCH = 64 }; /* logits looked at together */

struct sampler {
    int32_t vocab;
    uint64_t state[4];
    float *logits;      /* (vocab) with penalties and temperature */
    float *weights;     /* (vocab) e^(logit - max) of survivors */
    int32_t *alive;     /* survivors by id, ascending */
    int32_t n_alive;
    uint8_t *is_alive;  /* (vocab) */
    int32_t *order;     /* (vocab) work space of selections */
    float *keys;        /* (vocab) what a selection orders by */
    uint16_t *counts;   /* (vocab) all 0 between choices */
    double mass;        /* sum of the survivors' weights */
};

/* ---- random numbers --------------------------------------------------------------------------------------------- */

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static uint64_t next_random(struct sampler *s)
{
    uint64_t *t = s->state, result = rotate(t[1] * 5, 7) * 9, shifted = t[1] << 17;
    t[2] ^= t[0];
    t[3] ^= t[1];
    t[1] ^= t[2];
    t[0] ^= t[3];
    t[2] ^= shifted;
    t[3] = rotate(t[3], 45);
    return result;
}

void sampler_seed(struct sampler *s, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15;
        uint64_t z = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        s->state[i] = z ^ z >> 31;
    }
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

struct sampler *sampler_new(int32_t vocab, struct error *err)
{
    struct sampler *s = calloc(1, sizeof *s);
    size_t n = (size_t)vocab;
    if (s != NULL) {
        s->vocab = vocab;
        s->logits = malloc(n * sizeof *s->logits);
        s->weights = malloc(n * sizeof *s->weights);
        s->alive = malloc(n * sizeof *s->alive);
        s->is_alive = malloc(n);
        s->order = malloc(n * sizeof *s->order);
        s->keys = malloc(n * sizeof *s->keys);
        s->counts = calloc(n, sizeof *s->counts);
    }
    if (s == NULL || s->logits == NULL || s->weights == NULL || s->alive == NULL || s->is_alive == NULL ||
        s->order == NULL || s->keys == NULL || s->counts == NULL) {
        error_set(err, ERR_MEMORY, "no memory to sample from %d tokens", (int)vocab);
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
    free(s);
}

/* ---- arithmetic over the vocabulary, written for the compiler to vectorise -------------------------------------- */

/* e^x for x <= 0, to about 2e-7; 0 below -87. 2^f on [-1/2, 1/2] by its Taylor series. */
static inline float exponential(float x)
{
    float scaled = (x < -87.0f ? -87.0f : x) * 1.44269504f, shifted = scaled + 12582912.0f;
    float f = (scaled - (shifted - 12582912.0f)) * 0.693147181f;
    float p = 1.0f + f * (1.0f + f * (0.5f + f * (1.0f / 6 + f * (1.0f / 24 + f * (1.0f / 120 + f * (1.0f / 720))))));
    int32_t power;
    memcpy(&power, &shifted, sizeof power);
    power = (power - 0x4b400000 + 127) << 23;
    float two;
    memcpy(&two, &power, sizeof two);
    return x < -87.0f ? 0.0f : p * two;
}

static float largest(const float *x, int32_t n)
{
    float lanes[16];
    for (int j = 0; j < 16; j++)
        lanes[j] = -INFINITY;
    int32_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 16; j++)
            lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
    for (; i < n; i++)
        lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
    for (int j = 1; j < 16; j++)
        lanes[0] = lanes[j] > lanes[0] ? lanes[j] : lanes[0];
    return lanes[0];
}

/* The sum of e^(x - max). */
static double exponential_sum(const float *x, int32_t n, float max)
{
    double sum = 0;
    int32_t i = 0;
    for (; i + STRETCH <= n; i += STRETCH) {
        float lanes[16] = {0};
        for (int part = 0; part < STRETCH; part += 16)
            for (int j = 0; j < 16; j++)
                lanes[j] += exponential(x[i + part + j] - max);
        for (int j = 0; j < 16; j++)
            sum += lanes[j];
    }
    for (; i < n; i++)
        sum += exponential(x[i] - max);
    return sum;
}

/* NaN is as unlikely as can be. */
static void copy_logits(const float *logits, float *out, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        out[i] = logits[i] == logits[i] ? logits[i] : -INFINITY;
}

/* ---- the likeliest ---------------------------------------------------------------------------------------------- */

/* Whether token a comes before b: more likely, or as likely with a smaller id. */
static bool before(const float *x, int32_t a, int32_t b)
{
    return x[a] > x[b] || (x[a] == x[b] && a < b);
}

/* Puts the heap in order from position at down; the last in order is on top. */
static void sift(const float *x, int32_t *heap, int32_t n, int32_t at)
{
    for (int32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(x, heap[child], heap[child + 1]))
            child++;
        if (!before(x, heap[at], heap[child]))
            return;
        int32_t moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
    }
}

/* The k first of 0..n by `before`, as a heap: heap[0] is the k-th. k <= n. */
static void likeliest(const float *x, int32_t n, int32_t k, int32_t *heap)
{
    for (int32_t i = 0; i < k; i++)
        heap[i] = i;
    for (int32_t i = k / 2 - 1; i >= 0; i--)
        sift(x, heap, k, i);
    for (int32_t start = k; start < n; start += STRETCH) {
        int32_t end = n - start < STRETCH ? n : start + STRETCH;
        if (largest(x + start, end - start) <= x[heap[0]])
            continue;
        for (int32_t i = start; i < end; i++)
            if (x[i] > x[heap[0]]) {
                heap[0] = i;
                sift(x, heap, k, 0);
            }
    }
}

static int32_t likeliest_one(const float *x, int32_t n)
{
    float max = largest(x, n);
    for (int32_t i = 0; i < n; i++)
        if (x[i] == max)
            return i;
    return 0;
}

/* Rearranges order[0..n) so that its first ones by descending key (ties by id) come first, just so many that their
 * weights add up to target; returns how many, at least 1. Quickselect by weight. */
static int32_t select_mass(const float *keys, const float *weights, int32_t *order, int32_t n, double target)
{
    int32_t low = 0, high = n;
    double sum = 0;
    while (high - low > 1) {
        int32_t pivot = order[low + (high - low) / 2], split = low;
        double part = 0;
        order[low + (high - low) / 2] = order[high - 1];
        for (int32_t i = low; i < high - 1; i++)
            if (before(keys, order[i], pivot)) {
                int32_t moved = order[i];
                order[i] = order[split];
                order[split++] = moved;
                part += weights[moved];
            }
        order[high - 1] = order[split];
        order[split] = pivot;
        if (sum + part >= target && split > low) {
            high = split;
        } else {
            sum += part;
            if (sum + weights[pivot] >= target)
                return split + 1;
            sum += weights[pivot];
            low = split + 1;
        }
    }
    return low < n ? low + 1 : n;
}

/* ---- the stages ------------------------------------------------------------------------------------------------- */

static void penalise(struct sampler *s, const struct sampling *set, const int32_t *previous, size_t n)
{
    if (set->repetition_penalty == 1.0f && set->presence_penalty == 0.0f && set->frequency_penalty == 0.0f)
        return;
    size_t window = set->repetition_window < 0 || (size_t)set->repetition_window > n ? n : (size_t)set->repetition_window;
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

/* All tokens, or those with at least the logit of the top_k-th (a tie keeps both, as in transformers). */
static void begin(struct sampler *s, int32_t top_k, float max)
{
    bool all = top_k <= 0 || top_k >= s->vocab;
    float least = -INFINITY;
    if (!all) {
        likeliest(s->logits, s->vocab, top_k, s->order);
        least = s->logits[s->order[0]];
    }
    memset(s->is_alive, all ? 1 : 0, (size_t)s->vocab);
    s->n_alive = 0;
    s->mass = 0;
    for (int32_t start = 0; start < s->vocab; start += STRETCH) {
        int32_t end = s->vocab - start < STRETCH ? s->vocab : start + STRETCH;
        if (!all && largest(s->logits + start, end - start) < least)
            continue;
        for (int32_t i = start; i < end; i++)
            if (s->logits[i] >= least) {
                s->alive[s->n_alive++] = i;
                s->is_alive[i] = 1;
                s->weights[i] = exponential(s->logits[i] - max);
                s->mass += s->weights[i];
            }
    }
}

static void keep_top_p(struct sampler *s, float top_p)
{
    memcpy(s->order, s->alive, (size_t)s->n_alive * sizeof *s->order);
    int32_t kept = select_mass(s->logits, s->weights, s->order, s->n_alive, top_p * s->mass);
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
    int32_t kept = select_mass(s->keys, s->weights, s->order, s->n_alive, typical_p * s->mass);
    float least = INFINITY;
    for (int32_t i = 0; i < kept; i++)
        least = s->keys[s->order[i]] < least ? s->keys[s->order[i]] : least;
    keep_at_least(s, s->keys, least);
}

/* ---- the choice ------------------------------------------------------------------------------------------------- */

static int32_t draw(struct sampler *s)
{
    double target = (double)(next_random(s) >> 11) * 0x1p-53 * s->mass, sum = 0;
    for (int32_t i = 0; i < s->n_alive; i++) {
        sum += s->weights[s->alive[i]];
        if (sum > target)
            return s->alive[i];
    }
    return s->n_alive > 0 ? s->alive[s->n_alive - 1] : 0;
}

/* What the candidates are told of the model's own probabilities. */
struct report {
    struct candidate *best;
    int32_t n;
    const float *logits;
    float max;
    double sum;
};

static void find_best(struct sampler *s, struct report *r)
{
    r->n = s->vocab < SAMPLING_CANDIDATES ? s->vocab : SAMPLING_CANDIDATES;
    copy_logits(r->logits, s->keys, s->vocab);
    likeliest(s->keys, s->vocab, r->n, s->order);
    for (int32_t i = 1; i < r->n; i++) { /* into order, by insertion */
        int32_t id = s->order[i], at = i;
        for (; at > 0 && before(s->keys, id, s->order[at - 1]); at--)
            s->order[at] = s->order[at - 1];
        s->order[at] = id;
    }
    for (int32_t i = 0; i < r->n; i++) {
        int32_t id = s->order[i];
        r->best[i] = (struct candidate){.id = id, .before = (float)(exponential(s->keys[id] - r->max) / r->sum)};
    }
}

/* Notes which candidates the stage that just ran removed. */
static void note_removed(const struct sampler *s, struct report *r, enum sampler_stage stage)
{
    for (int32_t i = 0; i < r->n; i++)
        if (r->best[i].removed_by == STAGE_NONE && !s->is_alive[r->best[i].id])
            r->best[i].removed_by = stage;
}

static void run_stages(struct sampler *s, const struct sampling *set, struct report *r)
{
    if (set->temperature != 1.0f)
        for (int32_t i = 0; i < s->vocab; i++)
            s->logits[i] /= set->temperature;
    float max = largest(s->logits, s->vocab);
    begin(s, set->top_k, max);
    note_removed(s, r, STAGE_TOP_K);
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
}

static void keep_only(struct sampler *s, int32_t id)
{
    memset(s->is_alive, 0, (size_t)s->vocab);
    s->is_alive[id] = 1;
    s->alive[0] = id;
    s->n_alive = 1;
    s->weights[id] = 1.0f;
    s->mass = 1.0;
}

int32_t sampler_choose(struct sampler *s, const struct sampling *settings, const float *logits, const int32_t *previous,
                       size_t n, struct candidate *chosen, struct candidate *best, int32_t *n_best)
{
    struct report r = {.best = best, .logits = logits};
    copy_logits(logits, s->logits, s->vocab);
    r.max = largest(s->logits, s->vocab);
    bool hopeless = r.max == -INFINITY || r.max == INFINITY;
    r.sum = hopeless ? 1.0 : exponential_sum(s->logits, s->vocab, r.max);
    if (best != NULL && !hopeless)
        find_best(s, &r);
    penalise(s, settings, previous, n);
    int32_t id;
    if (hopeless || settings->temperature == 0.0f) {
        id = likeliest_one(s->logits, s->vocab);
        keep_only(s, id);
        note_removed(s, &r, STAGE_TEMPERATURE);
    } else {
        run_stages(s, settings, &r);
        id = draw(s);
    }
    for (int32_t i = 0; i < r.n; i++)
        best[i].after = sampler_probability(s, best[i].id);
    if (n_best != NULL)
        *n_best = r.n;
    float own = hopeless || isnan(logits[id]) ? 0.0f : (float)(exponential(logits[id] - r.max) / r.sum);
    *chosen = (struct candidate){.id = id, .before = own, .after = sampler_probability(s, id)};
    return id;
}

size_t sampler_survivors(const struct sampler *s)
{
    return (size_t)s->n_alive;
}

float sampler_probability(const struct sampler *s, int32_t id)
{
    return id >= 0 && id < s->vocab && s->is_alive[id] ? (float)(s->weights[id] / s->mass) : 0.0f;
}
