/* Sliders: one table of ends and steps. */
#include <config.h>

#include "app/screen/sliders.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const struct slider {
    const char *name;
    double low, high, step;
} sliders[] = {
    {"temperature", 0, 2, 0.05},
    {"top_k", 0, 100, 1},
    {"top_p", 0, 1, 0.01},
    {"min_p", 0, 1, 0.01},
    {"typical_p", 0, 1, 0.01},
    {"repetition_penalty", 1, 2, 0.01},
    {"repetition_window", -1, 512, 8},
    {"presence_penalty", -2, 2, 0.1},
    {"frequency_penalty", -2, 2, 0.1},
    {"max_new_tokens", -1, 1024, 16},
    {"dry_multiplier", 0, 2, 0.05},
    {"dry_base", 1, 4, 0.05},
    {"dry_allowed_length", 1, 20, 1},
    {"dynatemp_range", 0, 2, 0.05},
    {"dynatemp_exponent", 0.1, 5, 0.1},
    {"top_n_sigma", 0, 5, 0.05},
    {"xtc_probability", 0, 1, 0.05},
    {"xtc_threshold", 0, 0.5, 0.01},
    {"mirostat_tau", 0, 10, 0.1},
    {"mirostat_eta", 0, 1, 0.01},
};

static const struct slider *slider_of(const struct sampling_field *field)
{
    for (size_t i = 0; i < sizeof sliders / sizeof sliders[0]; i++)
        if (strcmp(sliders[i].name, field->name) == 0)
            return &sliders[i];
    return NULL;
}

double slider_value(const struct sampling *sampling, const struct sampling_field *field)
{
    const char *at = (const char *)sampling + field->offset;
    if (field->kind == FIELD_FLOAT)
        return (double)*(const float *)at;
    return field->kind == FIELD_INT ? (double)*(const int32_t *)at : (double)*(const uint64_t *)at;
}

bool slider_exists(const struct sampling_field *field)
{
    return slider_of(field) != NULL;
}

double slider_position(const struct sampling_field *field, double value)
{
    const struct slider *slider = slider_of(field);
    if (slider == NULL)
        return -1;
    return fmin(fmax((value - slider->low) / (slider->high - slider->low), 0), 1);
}

double slider_at(const struct sampling_field *field, double position)
{
    const struct slider *slider = slider_of(field);
    return round((slider->low + position * (slider->high - slider->low)) / slider->step) * slider->step;
}

double slider_step(const struct sampling_field *field, double value, int steps)
{
    const struct slider *slider = slider_of(field);
    double next = (round(value / slider->step) + steps) * slider->step;
    return fmin(fmax(next, fmax(field->low, slider->low)), field->high);
}
