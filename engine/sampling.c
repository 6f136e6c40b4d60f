/* Sampling settings: defaults, names, ranges, and text to value and back. */
#include "config.h"

#include "engine/engine.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
    };
}

#define FIELD(name, kind, low, high, neutral, help) {#name, help, kind, offsetof(struct sampling, name), low, high, neutral}

const struct sampling_field sampling_fields[] = {
    FIELD(repetition_penalty, FIELD_FLOAT, 0.01, 10, 1, "above 1 makes tokens that were just used less likely"),
    FIELD(repetition_window, FIELD_INT, -1, 1 << 20, NAN, "how many of the newest tokens the penalties look at, -1 for all"),
    FIELD(presence_penalty, FIELD_FLOAT, -2, 2, 0, "taken off the score of every token that was used"),
    FIELD(frequency_penalty, FIELD_FLOAT, -2, 2, 0, "taken off the score for each time a token was used"),
    FIELD(temperature, FIELD_FLOAT, 0, 10, 1, "below 1 surer, above 1 more varied, 0 always the likeliest token"),
    FIELD(top_k, FIELD_INT, 0, 1 << 20, 0, "only this many of the likeliest tokens"),
    FIELD(top_p, FIELD_FLOAT, 0, 1, 1, "only the likeliest tokens that together have this probability"),
    FIELD(min_p, FIELD_FLOAT, 0, 1, 0, "only tokens with this part of the likeliest one's probability"),
    FIELD(typical_p, FIELD_FLOAT, 0, 1, 1, "only the tokens about as surprising as expected, up to this probability"),
    FIELD(seed, FIELD_SEED, 0, 18446744073709551615.0, NAN, "the same seed and settings give the same answer"),
    FIELD(max_new_tokens, FIELD_INT, -1, 1 << 20, -1, "the longest answer, -1 for no limit but the context"),
    {.name = NULL},
};

static const struct { const char *alias, *name; } aliases[] = {
    {"temp", "temperature"},
    {"repeat_penalty", "repetition_penalty"},
    {"repeat_last_n", "repetition_window"},
    {"typical", "typical_p"},
    {"n_predict", "max_new_tokens"},
    {"num_predict", "max_new_tokens"},
    {"max_tokens", "max_new_tokens"},
};

static bool same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (*a != *b && !(strchr("-_", *a) != NULL && strchr("-_", *b) != NULL))
            return false;
    return *a == *b;
}

const struct sampling_field *sampling_field(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (same_name(aliases[i].alias, name))
            name = aliases[i].name;
    for (const struct sampling_field *f = sampling_fields; f->name != NULL; f++)
        if (same_name(f->name, name))
            return f;
    return NULL;
}

static enum error_code add_stop(struct sampling *s, const char *value, struct error *err)
{
    size_t size = strlen(value);
    if (size == 0 || size >= SAMPLING_STOP_BYTES)
        return error_set(err, ERR_ARGUMENT, "a stop string has 1 to %d bytes, this one %zu", SAMPLING_STOP_BYTES - 1, size);
    if (s->n_stops == SAMPLING_STOPS)
        return error_set(err, ERR_ARGUMENT, "there can be %d stop strings, not more", SAMPLING_STOPS);
    memcpy(s->stops[s->n_stops++], value, size + 1);
    return ERR_NONE;
}

static enum error_code not_in_range(const struct sampling_field *f, const char *value, struct error *err)
{
    return error_set(err, ERR_ARGUMENT, "%s is a %snumber from %g to %g, not '%s'", f->name,
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
    if (strcmp(name, "stop") == 0)
        return add_stop(s, value, err);
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
