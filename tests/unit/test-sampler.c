/* Tests of the sampler: probabilities against two sets of vectors (one computed by transformers, one by the project's own
 * numpy script), draws against probabilities, and the corners: greedy, ties, numbers that are none. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { MOST_TOKENS = 64, DRAWS = 100000 };
static const double NEAR = 1e-4;

/* Settings of which none does anything. */
static struct sampling neutral(void)
{
    return (struct sampling){.repetition_penalty = 1,
                             .repetition_window = 64,
                             .temperature = 1,
                             .top_p = 1,
                             .typical_p = 1,
                             .dry_base = 1.75f,
                             .dry_allowed_length = 2,
                             .dynatemp_exponent = 1,
                             .mirostat_eta = 0.1f};
}

static struct sampler *new_sampler(int32_t vocab, uint64_t seed)
{
    struct error err = {0};
    struct sampler *s = sampler_new(vocab, &err);
    assert_non_null(s);
    sampler_seed(s, seed);
    return s;
}

static int32_t choose(struct sampler *s, const struct sampling *set, const float *logits)
{
    struct candidate chosen;
    int32_t id = sampler_choose(s, set, logits, NULL, 0, &chosen, NULL, NULL);
    assert_int_equal(chosen.id, id);
    return id;
}

/* ---- vectors ---------------------------------------------------------------------------------------------------- */

struct vector {
    float logits[MOST_TOKENS], expected[MOST_TOKENS];
    int32_t vocab, n_previous, survivors;
    int32_t *previous, *breakers;
    size_t n_breakers;
    bool mixed; /* the probabilities are of several distributions, of which one comes by chance */
    struct sampling settings;
    const json_t *removed_by;
    const char *label; /* the settings as text */
};

static void set(struct sampling *s, const char *name, const char *text)
{
    struct error err = {0};
    if (sampling_set(s, name, text, &err) != ERR_NONE)
        fail_msg("%s", err.message);
}

static void read_list(struct sampling *s, const char *name, const json_t *list)
{
    size_t i;
    const json_t *value;
    json_array_foreach(list, i, value)
        set(s, name, json_string_value(value));
}

static void read_vector(const json_t *json, struct vector *v)
{
    const char *name;
    const json_t *value;
    size_t i, n;
    *v = (struct vector){.settings = neutral(), .removed_by = json_object_get(json, "removed_by")};
    json_array_foreach(json_object_get(json, "logits"), i, value)
        v->logits[i] = (float)json_number_value(value);
    v->vocab = (int32_t)i;
    assert_in_range(v->vocab, 1, MOST_TOKENS);
    v->previous = vectors_ids(json_object_get(json, "previous_ids"), &n);
    v->n_previous = (int32_t)n;
    json_object_foreach((json_t *)json_object_get(json, "settings"), name, value) {
        char text[40];
        snprintf(text, sizeof text, "%.9g", json_number_value(value));
        if (json_is_array(value))
            read_list(&v->settings, name, value);
        else
            set(&v->settings, name, text);
    }
    if (json_object_get(json, "breakers") != NULL)
        v->breakers = vectors_ids(json_object_get(json, "breakers"), &v->n_breakers);
    v->mixed = json_is_true(json_object_get(json, "mixed"));
    json_object_foreach((json_t *)json_object_get(json, "probabilities"), name, value) {
        v->expected[atoi(name)] = (float)json_number_value(value);
        v->survivors++;
    }
    v->label = json_dumps(json_object_get(json, "settings"), JSON_COMPACT | JSON_REAL_PRECISION(6));
}

static void free_vector(struct vector *v)
{
    free(v->previous);
    free(v->breakers);
    free((char *)v->label);
}

static int32_t choose_vector(struct sampler *s, const struct vector *v, struct candidate *best, int32_t *n_best)
{
    struct candidate chosen;
    sampler_set_breakers(s, v->breakers, v->n_breakers);
    int32_t id = sampler_choose(s, &v->settings, v->logits, v->previous, (size_t)v->n_previous, &chosen, best, n_best);
    if (chosen.after == 0.0f || chosen.after != sampler_probability(s, id))
        fail_msg("%s: token %d was chosen with %g", v->label, (int)id, (double)chosen.after);
    return id;
}

/* Which of equals top_p keeps is not defined: together their probabilities must be right. */
static double off_by(const struct sampler *s, const struct vector *v, float logit)
{
    double sum = 0;
    for (int32_t i = 0; i < v->vocab; i++)
        if (v->logits[i] == logit)
            sum += (double)sampler_probability(s, i) - (double)v->expected[i];
    return fabs(sum);
}

static double check_probabilities(const struct sampler *s, const struct vector *v)
{
    double worst = 0;
    for (int32_t i = 0; i < v->vocab; i++)
        worst = fmax(worst, off_by(s, v, v->logits[i]));
    if (!(worst <= NEAR) || sampler_survivors(s) != (size_t)v->survivors)
        fail_msg("%s: %zu survivors for %d, probabilities %g apart", v->label, sampler_survivors(s), (int)v->survivors,
                 worst);
    return worst;
}

/* The candidates' labels: how likely before, who removed them. */
static void check_candidates(const struct vector *v, const struct candidate *best, int32_t n)
{
    double sum = 0;
    for (int32_t i = 0; i < v->vocab; i++)
        sum += exp((double)v->logits[i]);
    assert_int_equal(n, SAMPLING_CANDIDATES);
    for (int32_t i = 0; i < n; i++) {
        const struct candidate *c = &best[i];
        char id[20];
        snprintf(id, sizeof id, "%d", (int)c->id);
        const char *by = json_string_value(json_object_get(v->removed_by, id)),
                   *told = sampler_stage_name(c->removed_by);
        assert_true(i == 0 || c->before <= best[i - 1].before);
        assert_true(fabs((double)c->before - exp((double)v->logits[c->id]) / sum) < NEAR);
        assert_true((c->after > 0) == (c->removed_by == STAGE_NONE));
        if (v->removed_by != NULL && ((by == NULL) != (told == NULL) || (by != NULL && strcmp(by, told) != 0)))
            fail_msg("%s: token %s was removed by %s, not %s", v->label, id, by, told);
    }
}

static void check_file(json_t *json, const char *name)
{
    size_t i;
    const json_t *one;
    double worst = 0;
    struct candidate best[SAMPLING_CANDIDATES];
    json_array_foreach(json_object_get(json, "cases"), i, one) {
        struct vector v;
        int32_t n_best = 0;
        read_vector(one, &v);
        struct sampler *s = new_sampler(v.vocab, i);
        choose_vector(s, &v, best, &n_best);
        if (!v.mixed) {
            worst = fmax(worst, check_probabilities(s, &v));
            check_candidates(&v, best, n_best);
        }
        sampler_free(s);
        free_vector(&v);
    }
    assert_true(i > 0);
    print_message("%s: %zu cases, largest difference %.2g\n", name, i, worst);
    json_decref(json);
}

static json_t *load_fixture(void)
{
    json_t *json = vectors_load_path(vectors_own("samplers.json"));
    assert_non_null(json);
    return json;
}

static void agrees_with_the_definitions(void **state)
{
    (void)state;
    check_file(load_fixture(), "own vectors");
}

static void agrees_with_transformers(void **state)
{
    (void)state;
    check_file(vectors_load_path(vectors_own("hf-samplers.json")), "transformers");
    char *larger = vectors_path("samplers.json");
    if (strstr(larger, "/fixtures/") == NULL)
        check_file(vectors_load_path(strdup(larger)), "transformers, the larger vectors");
    free(larger);
}

/* ---- draws ------------------------------------------------------------------------------------------------------ */

/* Chi-square of the draws; tokens expected less than 5 times are counted together. */
static void check_draws(const struct vector *v, uint64_t seed)
{
    int32_t counts[MOST_TOKENS] = {0};
    double chi = 0, rare_expected = 0, rare = 0;
    int freedom = -1;
    struct sampler *s = new_sampler(v->vocab, seed);
    for (int i = 0; i < DRAWS; i++) {
        if (v->settings.mirostat_tau > 0) /* each draw moves it */
            sampler_seed(s, seed * DRAWS + (uint64_t)i);
        counts[choose_vector(s, v, NULL, NULL)]++;
    }
    for (int32_t i = 0; i < v->vocab; i++) {
        double expected = (double)v->expected[i] * DRAWS, off = counts[i] - expected;
        if (expected < 5) {
            rare_expected += expected;
            rare += counts[i];
            continue;
        }
        chi += off * off / expected;
        freedom++;
    }
    if (rare_expected > 0)
        chi += (rare - rare_expected) * (rare - rare_expected) / fmax(rare_expected, 1);
    freedom += rare_expected > 0;
    if (chi > freedom + 4 * sqrt(2.0 * freedom) + 4)
        fail_msg("%s: chi-square %g with %d degrees of freedom", v->label, chi, freedom);
    sampler_free(s);
}

static void draws_follow_the_probabilities(void **state)
{
    (void)state;
    static const char *const stages[] = {
        "{}",
        "{\"temperature\":0.8}",
        "{\"repetition_penalty\":1.4}",
        "{\"presence_penalty\":0.9}",
        "{\"frequency_penalty\":0.6}",
        "{\"top_k\":7}",
        "{\"top_p\":0.6}",
        "{\"min_p\":0.02}",
        "{\"typical_p\":0.6}",
        "{\"logit_bias\":[\"5=3.5\",\"7=-2\",\"11=-100\"]}",
        "{\"dynatemp_range\":0.5}",
        "{\"top_n_sigma\":1.0}",
        "{\"xtc_probability\":1.0,\"xtc_threshold\":0.05}",
        "{\"xtc_probability\":0.4,\"xtc_threshold\":0.04}",
        "{\"mirostat_tau\":2.5,\"top_k\":1}",
        "{\"dry_multiplier\":0.5,\"dry_allowed_length\":1}",
    };
    json_t *json = load_fixture();
    size_t i, found = 0;
    const json_t *one;
    json_array_foreach(json_object_get(json, "cases"), i, one) {
        struct vector v;
        read_vector(one, &v);
        for (size_t j = 0; j < sizeof stages / sizeof *stages; j++) {
            json_t *stage = json_loads(stages[j], 0, NULL);
            if (json_equal(stage, json_object_get(one, "settings"))) {
                check_draws(&v, 1000 + j);
                found++;
            }
            json_decref(stage);
        }
        free_vector(&v);
    }
    assert_int_equal(found, sizeof stages / sizeof *stages);
    json_decref(json);
}

static void a_seed_repeats(void **state)
{
    (void)state;
    float logits[MOST_TOKENS];
    struct sampling set = neutral();
    int32_t first[50], same = 0, other = 0;
    for (int i = 0; i < MOST_TOKENS; i++)
        logits[i] = (float)(i % 7) * 0.3f;
    struct sampler *s = new_sampler(MOST_TOKENS, 3);
    for (int i = 0; i < 50; i++)
        first[i] = choose(s, &set, logits);
    sampler_seed(s, 3);
    for (int i = 0; i < 50; i++)
        same += choose(s, &set, logits) == first[i];
    sampler_seed(s, 4);
    for (int i = 0; i < 50; i++)
        other += choose(s, &set, logits) == first[i];
    assert_int_equal(same, 50);
    assert_true(other < 20);
    sampler_free(s);
}

/* ---- corners ---------------------------------------------------------------------------------------------------- */

/* Greedy takes the likeliest, of equals the first, and says that temperature removed the others. */
static void greedy_takes_the_likeliest(void **state)
{
    (void)state;
    float logits[100];
    struct sampling set = neutral();
    struct candidate chosen, best[SAMPLING_CANDIDATES];
    int32_t n = 0;
    for (int i = 0; i < 100; i++)
        logits[i] = (float)-i;
    logits[40] = logits[77] = logits[93] = 2.5f;
    set.temperature = 0;
    set.top_k = 5;
    struct sampler *s = new_sampler(100, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(sampler_choose(s, &set, logits, NULL, 0, &chosen, best, &n), 40);
    assert_int_equal(sampler_survivors(s), 1);
    assert_true(chosen.after == 1.0f && chosen.before < 0.34f);
    assert_int_equal(best[0].id, 40);
    assert_int_equal(best[1].id, 77);
    assert_int_equal(best[2].id, 93);
    for (int i = 1; i < n; i++)
        assert_true(best[i].removed_by == STAGE_TEMPERATURE && best[i].after == 0.0f);
    assert_int_equal(best[0].removed_by, STAGE_NONE);
    set.repetition_penalty = 10; /* penalties act before */
    assert_int_equal(sampler_choose(s, &set, logits, (const int32_t[]){40, 77}, 2, &chosen, NULL, NULL), 93);
    sampler_free(s);
}

/* top_k keeps all that are as likely as the last one kept, top_p the first of equals. */
static void ties(void **state)
{
    (void)state;
    float logits[10] = {0, 1, 1, 1, 1, 0, 0, 0, 0, 0};
    struct sampling set = neutral();
    struct sampler *s = new_sampler(10, 1);
    set.top_k = 2;
    choose(s, &set, logits);
    assert_int_equal(sampler_survivors(s), 4);
    set.top_p = 0.4f;
    choose(s, &set, logits);
    assert_int_equal(sampler_survivors(s), 2);
    assert_true(sampler_probability(s, 1) == 0.5f && sampler_probability(s, 2) == 0.5f);
    set = neutral();
    set.top_p = 0; /* one survives anything */
    assert_int_equal(choose(s, &set, logits), 1);
    assert_int_equal(sampler_survivors(s), 1);
    set = neutral();
    set.typical_p = 0;
    choose(s, &set, logits);
    assert_true(sampler_survivors(s) >= 1);
    sampler_free(s);
}

/* What reaches the share exactly is enough. */
static void top_p_stops_at_its_share(void **state)
{
    (void)state;
    float logits[4] = {0};
    struct sampling set = neutral();
    struct sampler *s = new_sampler(4, 1);
    for (size_t kept = 1; kept <= 3; kept++) {
        set.top_p = 0.25f * (float)kept;
        choose(s, &set, logits);
        assert_int_equal(sampler_survivors(s), kept);
    }
    sampler_free(s);
}

/* A token whose probability is the threshold is one of the top choices. */
/* Eight tokens, an end token the likeliest: XTC would exclude it, and so excludes nothing. */
static void xtc_lets_a_model_stop(void **state)
{
    (void)state;
    static const float logits[] = {5, 3.5f, 0, 0, 0, 0, 0, 0};
    struct sampler *s = new_sampler(8, 1);
    struct sampling set = sampling_defaults();
    struct candidate chosen;
    set.temperature = 1;
    set.top_k = 0;
    set.top_p = 1;
    set.min_p = 0;
    set.xtc_probability = 1;
    set.xtc_threshold = 0.1f;
    sampler_choose(s, &set, logits, NULL, 0, &chosen, NULL, NULL);
    assert_true(sampler_probability(s, 0) == 0.0f && sampler_survivors(s) == 7);
    sampler_set_spared(s, (const int32_t[]){0}, 1);
    sampler_choose(s, &set, logits, NULL, 0, &chosen, NULL, NULL);
    assert_true(sampler_probability(s, 0) > 0.5f && sampler_survivors(s) == 8);
    sampler_set_spared(s, (const int32_t[]){1}, 1); /* the one that stays anyway */
    sampler_choose(s, &set, logits, NULL, 0, &chosen, NULL, NULL);
    assert_int_equal(sampler_survivors(s), 7);
    sampler_free(s);
}

static void xtc_counts_the_threshold_itself(void **state)
{
    (void)state;
    float logits[4] = {0};
    struct sampling set = neutral();
    set.xtc_probability = 1;
    set.xtc_threshold = 0.25f;
    struct sampler *s = new_sampler(4, 1);
    choose(s, &set, logits);
    assert_int_equal(sampler_survivors(s), 1);
    sampler_free(s);
}

/* Mirostat holds the mean surprise at tau: that is its feedback, which a single draw does not show. */
static void mirostat_reaches_its_surprise(void **state)
{
    (void)state;
    enum { VOCAB = 3000, SETTLE = 500, TOKENS = 4000 };
    float logits[VOCAB];
    for (int i = 0; i < VOCAB; i++)
        logits[i] = -1.3f * logf((float)(i + 1)); /* as words are distributed */
    static const float taus[] = {2.5f, 3, 4};
    for (size_t k = 0; k < sizeof taus / sizeof *taus; k++) {
        struct sampling set = neutral();
        set.mirostat_tau = taus[k];
        struct sampler *s = new_sampler(VOCAB, 11 + k);
        double sum = 0;
        for (int i = 0; i < SETTLE + TOKENS; i++) {
            struct candidate chosen;
            sampler_choose(s, &set, logits, NULL, 0, &chosen, NULL, NULL);
            sum -= i < SETTLE ? 0 : log2((double)chosen.before);
        }
        print_message("tau %g: mean surprise %.3f bits\n", (double)taus[k], sum / TOKENS);
        assert_true(fabs(sum / TOKENS - (double)taus[k]) < 0.1);
        sampler_free(s);
    }
}

/* DRY's penalty grows with the repeated passage, up to 64 tokens. */
static void dry_counts_long_passages(void **state)
{
    (void)state;
    enum { VOCAB = 128 };
    static const struct {
        int period, counted;
    } all[] = {{5, 5}, {20, 20}, {40, 40}, {64, 64}, {100, 64}};
    float logits[VOCAB] = {0};
    struct sampling set = neutral();
    set.dry_multiplier = 0.1f;
    set.dry_base = 1.04f;
    struct sampler *s = new_sampler(VOCAB, 1);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        int32_t previous[200];
        for (int i = 0; i < 2 * all[k].period; i++)
            previous[i] = i % all[k].period;
        struct candidate chosen;
        sampler_choose(s, &set, logits, previous, (size_t)(2 * all[k].period), &chosen, NULL, NULL);
        double taken = log((double)sampler_probability(s, VOCAB - 1) / (double)sampler_probability(s, 0));
        assert_true(fabs(taken - 0.1 * pow((double)set.dry_base, all[k].counted - set.dry_allowed_length)) < 1e-4);
    }
    sampler_free(s);
}

static void ids_that_are_none_are_not_penalised(void **state)
{
    (void)state;
    float logits[10] = {0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    struct sampling set = neutral();
    struct candidate chosen;
    struct sampler *s = new_sampler(10, 1);
    set.repetition_penalty = 2;
    sampler_choose(s, &set, logits, (const int32_t[]){-1, 10, INT32_MAX, INT32_MIN}, 4, &chosen, NULL, NULL);
    assert_true(fabs((double)sampler_probability(s, 1) - exp(1) / (exp(1) + 9)) < 1e-6);
    sampler_free(s);
}

/* A token in the vocabulary, and probabilities that are numbers, whatever the logits. */
static void check_sane(struct sampler *s, const struct sampling *set, const float *logits, int32_t vocab)
{
    struct candidate chosen, best[SAMPLING_CANDIDATES];
    int32_t n = 0, id = sampler_choose(s, set, logits, NULL, 0, &chosen, best, &n);
    double sum = 0;
    assert_in_range(id, 0, vocab - 1);
    assert_true(sampler_survivors(s) >= 1);
    for (int32_t i = 0; i < vocab; i++) {
        assert_true(sampler_probability(s, i) >= 0 && sampler_probability(s, i) <= 1);
        sum += (double)sampler_probability(s, i);
    }
    assert_true(fabs(sum - 1) < 1e-3);
    assert_true(chosen.before >= 0 && chosen.before <= 1 && chosen.after > 0 && chosen.after <= 1);
    for (int32_t i = 0; i < n; i++)
        assert_true(best[i].before >= 0 && best[i].before <= 1 && best[i].after >= 0 && best[i].after <= 1);
}

static void numbers_that_are_none(void **state)
{
    (void)state;
    static const float odd[] = {NAN, INFINITY, -INFINITY, 1e38f, -1e38f, 0};
    struct sampling sets[6] = {neutral(), neutral(), neutral(), neutral(), neutral(), neutral()};
    float logits[30];
    sets[1].temperature = 0;
    sets[2].top_k = 5;
    sets[3].top_p = 0.5f;
    sets[4].min_p = 0.1f;
    sets[5].typical_p = 0.5f;
    struct sampler *s = new_sampler(30, 9);
    for (size_t k = 0; k < 6; k++)
        for (size_t some = 0; some < 6; some++)
            for (size_t other = 0; other < 6; other++) {
                for (size_t i = 0; i < 30; i++)
                    logits[i] = i % 3 == 0 ? odd[some] : i % 3 == 1 ? odd[other] : (float)i;
                check_sane(s, &sets[k], logits, 30);
                for (size_t i = 0; i < 30; i++)
                    logits[i] = i % 2 == 0 ? odd[some] : odd[other];
                check_sane(s, &sets[k], logits, 30);
            }
    for (size_t i = 0; i < 30; i++)
        logits[i] = i == 11 ? 1.0f : NAN;
    assert_int_equal(choose(s, &sets[0], logits), 11);
    sampler_free(s);
}

/* A vocabulary of one token, and of fewer than the candidates. */
static void small_vocabularies(void **state)
{
    (void)state;
    float logits[3] = {1, 2, 3};
    struct sampling set = sampling_defaults();
    struct candidate chosen, best[SAMPLING_CANDIDATES];
    for (int32_t vocab = 1; vocab <= 3; vocab++) {
        int32_t n = 0;
        struct sampler *s = new_sampler(vocab, 1);
        assert_in_range(sampler_choose(s, &set, logits, NULL, 0, &chosen, best, &n), 0, vocab - 1);
        assert_int_equal(n, vocab);
        assert_int_equal(best[0].id, vocab - 1);
        sampler_free(s);
    }
}

/* Penalties, top_k, top_p and the rest over as many tokens as models have agree with what sorting gives. */
static void large_vocabularies(void **state)
{
    (void)state;
    enum { VOCAB = 50000 };
    float *logits = malloc(VOCAB * sizeof *logits);
    uint32_t random = 1;
    for (int i = 0; i < VOCAB; i++) {
        random = random * 1664525 + 1013904223;
        logits[i] = (float)(random >> 8) * (12.0f / (1 << 24));
    }
    struct sampling set = neutral();
    set.top_k = 100;
    struct sampler *s = new_sampler(VOCAB, 1);
    choose(s, &set, logits);
    float least = INFINITY;
    int more = 0;
    for (int32_t i = 0; i < VOCAB; i++)
        if (sampler_probability(s, i) > 0)
            least = logits[i] < least ? logits[i] : least;
    for (int i = 0; i < VOCAB; i++)
        more += logits[i] > least;
    assert_true(more < 100 && sampler_survivors(s) >= 100);
    set = neutral();
    set.top_p = 0.5f;
    choose(s, &set, logits);
    double all = 0, kept = 0, last = INFINITY;
    for (int i = 0; i < VOCAB; i++) {
        double weight = exp((double)logits[i] - 12);
        all += weight;
        if (sampler_probability(s, i) > 0) {
            kept += weight;
            last = weight < last ? weight : last;
        }
    }
    assert_true(kept / all > 0.5 - 1e-5 && (kept - last) / all < 0.5 + 1e-5);
    sampler_free(s);
    free(logits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_definitions),
        cmocka_unit_test(agrees_with_transformers),
        cmocka_unit_test(draws_follow_the_probabilities),
        cmocka_unit_test(a_seed_repeats),
        cmocka_unit_test(greedy_takes_the_likeliest),
        cmocka_unit_test(ties),
        cmocka_unit_test(top_p_stops_at_its_share),
        cmocka_unit_test(xtc_counts_the_threshold_itself),
        cmocka_unit_test(xtc_lets_a_model_stop),
        cmocka_unit_test(mirostat_reaches_its_surprise),
        cmocka_unit_test(dry_counts_long_passages),
        cmocka_unit_test(ids_that_are_none_are_not_penalised),
        cmocka_unit_test(numbers_that_are_none),
        cmocka_unit_test(small_vocabularies),
        cmocka_unit_test(large_vocabularies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
