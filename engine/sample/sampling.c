/* Sampling settings: defaults, names, ranges, and text to value and back. */
#include "config.h"

#include "engine/sample/sampling.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "engine/engine.h"

struct sampling sampling_defaults(void)
{
    return (struct sampling){
        .repetition_penalty = 1.0f,
        .repetition_window = 64,
        .temperature = 0.7f,
        .top_k = 40,
        .top_p = 0.95f,
        .min_p = 0.05f,
        .typical_p = 1.0f,
        .max_new_tokens = -1,
        .dry_base = 1.75f,
        .dry_allowed_length = 2,
        .dynatemp_exponent = 1.0f,
        .xtc_threshold = 0.1f,
        .mirostat_eta = 0.1f,
        .n_breakers = 4,
        .breakers = {"\n", ":", "\"", "*"},
    };
}

#define FIELD(name, kind, low, high, neutral, help) \
    { \
#name, help, kind, offsetof(struct sampling, name), low, high, neutral, NULL \
    }
#define RARE(name, kind, low, high, neutral, with, help) \
    { \
#name, help, kind, offsetof(struct sampling, name), low, high, neutral, with \
    }

const struct sampling_field sampling_fields[] = {
    FIELD(repetition_penalty, FIELD_FLOAT, 0.01, 10, 1, "above 1 makes tokens that were just used less likely"),
    FIELD(repetition_window, FIELD_INT, -1, 1 << 20, NAN,
          "how many of the newest tokens the penalties look at, -1 for all"),
    FIELD(presence_penalty, FIELD_FLOAT, -2, 2, 0, "taken off the score of every token that was used"),
    FIELD(frequency_penalty, FIELD_FLOAT, -2, 2, 0, "taken off the score for each time a token was used"),
    RARE(dry_multiplier, FIELD_FLOAT, 0, 10, 0, "dry_multiplier",
         "how much less likely a token is that continues a repeated passage"),
    RARE(dry_base, FIELD_FLOAT, 1, 8, NAN, "dry_multiplier", "how fast DRY's penalty grows with the passage's length"),
    RARE(dry_allowed_length, FIELD_INT, 1, 1 << 20, NAN, "dry_multiplier", "tokens that DRY lets be repeated"),
    FIELD(temperature, FIELD_FLOAT, 0, 10, 1, "below 1 surer, above 1 more varied, 0 always the likeliest token"),
    RARE(dynatemp_range, FIELD_FLOAT, 0, 10, 0, "dynatemp_range",
         "temperature goes this far down when the model is sure, up when not"),
    RARE(dynatemp_exponent, FIELD_FLOAT, 0.01, 10, NAN, "dynatemp_range",
         "how the way up follows the model's entropy, 1 evenly"),
    RARE(mirostat_tau, FIELD_FLOAT, 0, 100, 0, "mirostat_tau",
         "surprise per token in bits that mirostat 2 aims at, in place of top_k and the like"),
    RARE(mirostat_eta, FIELD_FLOAT, 0, 1, NAN, "mirostat_tau", "how fast mirostat corrects itself"),
    RARE(top_n_sigma, FIELD_FLOAT, 0, 100, 0, "top_n_sigma",
         "only tokens whose score is this many deviations from the best"),
    FIELD(top_k, FIELD_INT, 0, 1 << 20, 0, "only this many of the likeliest tokens"),
    FIELD(top_p, FIELD_FLOAT, 0, 1, 1, "only the likeliest tokens that together have this probability"),
    FIELD(min_p, FIELD_FLOAT, 0, 1, 0, "only tokens with this part of the likeliest one's probability"),
    FIELD(typical_p, FIELD_FLOAT, 0, 1, 1, "only the tokens about as surprising as expected, up to this probability"),
    RARE(xtc_probability, FIELD_FLOAT, 0, 1, 0, "xtc_probability", "how often the likeliest tokens are excluded"),
    RARE(xtc_threshold, FIELD_FLOAT, 0, 1, NAN, "xtc_probability",
         "the probability from which a token counts as one of them"),
    FIELD(seed, FIELD_SEED, 0, 18446744073709551615.0, NAN, "the same seed and settings give the same answer"),
    FIELD(max_new_tokens, FIELD_INT, -1, 1 << 20, -1, "the longest answer, -1 for no limit but the context"),
    {.name = NULL},
};

static const struct {
    const char *alias, *name;
} aliases[] = {
    {"temp", "temperature"},          {"repeat_penalty", "repetition_penalty"}, {"repeat_last_n", "repetition_window"},
    {"typical", "typical_p"},         {"n_predict", "max_new_tokens"},          {"num_predict", "max_new_tokens"},
    {"max_tokens", "max_new_tokens"}, {"dynatemp_exp", "dynatemp_exponent"},    {"top_nsigma", "top_n_sigma"},
    {"mirostat_ent", "mirostat_tau"}, {"mirostat_lr", "mirostat_eta"},
};

const struct sampling_field *sampling_field(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (sampling_same_name(aliases[i].alias, name))
            name = aliases[i].name;
    for (const struct sampling_field *f = sampling_fields; f->name != NULL; f++)
        if (sampling_same_name(f->name, name))
            return f;
    return NULL;
}

static enum error_code not_in_range(const struct sampling_field *f, const char *value, struct error *err)
{
    return error_set(err, ERR_ARGUMENT, "%s is a %snumber from %.10g to %.10g, not '%s'", f->name,
                     f->kind == FIELD_FLOAT ? "" : "whole ", f->low, f->high, value);
}

static enum error_code set_seed(uint64_t *seed, const struct sampling_field *f, const char *value, struct error *err)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0)
        return error_set(err, ERR_ARGUMENT, "%s is a whole number from 0 to 18446744073709551615, not '%s'", f->name,
                         value);
    *seed = number;
    return ERR_NONE;
}

enum error_code sampling_set(struct sampling *s, const char *name, const char *value, struct error *err)
{
    if (sampling_list(name) != SAMPLING_LISTS)
        return sampling_list_add(s, sampling_list(name), value, err);
    const struct sampling_field *f = sampling_field(name);
    if (f == NULL)
        return error_set(err, ERR_NOT_FOUND, "there is no setting '%s'", name);
    char *at = (char *)s + f->offset, *end;
    if (f->kind == FIELD_SEED)
        return set_seed((uint64_t *)at, f, value, err);
    bool off = strcasecmp(value, "off") == 0 && !isnan(f->neutral);
    double number = off ? f->neutral : strtod(value, &end);
    if (!off && (end == value || *end != '\0'))
        return not_in_range(f, value, err);
    if (isnan(number) || number < f->low || number > f->high || (f->kind == FIELD_INT && number != floor(number)))
        return not_in_range(f, value, err);
    if (f->kind == FIELD_FLOAT)
        *(float *)at = (float)number;
    else
        *(int32_t *)at = (int32_t)number;
    return ERR_NONE;
}

void sampling_get(const struct sampling *s, const struct sampling_field *field, char *out, size_t size)
{
    const char *at = (const char *)s + field->offset;
    if (field->kind == FIELD_SEED) {
        snprintf(out, size, "%llu", (unsigned long long)*(const uint64_t *)at);
        return;
    }
    double number = field->kind == FIELD_FLOAT ? *(const float *)at : *(const int32_t *)at;
    if (number == field->neutral)
        snprintf(out, size, "Off");
    else if (field->kind == FIELD_FLOAT)
        snprintf(out, size, "%.6g", number);
    else
        snprintf(out, size, "%d", (int)number);
}

bool sampling_in_use(const struct sampling *s, const struct sampling_field *field)
{
    char value[64];
    if (field->with == NULL)
        return true;
    sampling_get(s, sampling_field(field->with), value, sizeof value);
    return strcmp(value, "Off") != 0;
}

/* Whether the field is one of those that act between these two, both included. */
static bool is_between(const struct sampling_field *field, const char *first, const char *last)
{
    return field >= sampling_field(first) && field <= sampling_field(last);
}

const char *sampling_idle(const struct sampling *s, const struct sampling_field *field)
{
    bool penalties = s->repetition_penalty != 1.0f || s->presence_penalty != 0.0f || s->frequency_penalty != 0.0f;
    bool window = strcmp(field->name, "repetition_window") == 0;
    bool penalty = !window && is_between(field, "repetition_penalty", "frequency_penalty");
    if (penalty && s->repetition_window == 0)
        return "repetition_window is 0";
    if (window && !penalties)
        return "the penalties are off";
    if (s->temperature == 0.0f && is_between(field, "dynatemp_range", "seed"))
        return "temperature is 0";
    if (s->mirostat_tau != 0.0f && is_between(field, "top_n_sigma", "xtc_threshold"))
        return "mirostat is on";
    return NULL;
}

const char *sampler_stage_name(enum sampler_stage stage)
{
    static const char *const names[] = {
        [STAGE_NONE] = NULL,
        [STAGE_LOGIT_BIAS] = "logit_bias",
        [STAGE_TEMPERATURE] = "temperature",
        [STAGE_TOP_N_SIGMA] = "top_n_sigma",
        [STAGE_TOP_K] = "top_k",
        [STAGE_TOP_P] = "top_p",
        [STAGE_MIN_P] = "min_p",
        [STAGE_TYPICAL_P] = "typical_p",
        [STAGE_XTC] = "xtc",
        [STAGE_MIROSTAT] = "mirostat",
    };
    return names[stage];
}
