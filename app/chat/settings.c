/* Settings: the values, and for each a bit in the sets that say where it comes from. */
#include <config.h>

#include "app/chat/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "app/chat/chat.h"
#include "app/chat/fields.h"
#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"

struct chat_settings {
    const struct options *options;
    struct sampling sampling;
    uint32_t from_model;                /* recommended by the model's file */
    uint32_t by_hand;                   /* set in this conversation, and stored with it */
    uint32_t overruled;                 /* of these, those for which a flag or a variable counts */
    uint32_t from_preset, from_persona; /* of these, those that did not change since */
    char *preset, *persona;             /* names; NULL: none */
    bool preset_is_models;              /* the preset bears the model's name */
    bool seed_is_fixed;
    uint64_t seed_offset; /* added to a fixed seed */
};

struct chat_settings *chat_settings_new(const struct options *o)
{
    struct chat_settings *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->options = o;
    s->sampling = o->sampling;
    s->seed_is_fixed = options_fix_seed(o);
    return s;
}

struct chat_settings *chat_settings_copy(const struct chat_settings *s)
{
    struct chat_settings *copy = calloc(1, sizeof *copy);
    if (copy == NULL)
        return NULL;
    *copy = *s;
    copy->preset = s->preset != NULL ? strdup(s->preset) : NULL;
    copy->persona = s->persona != NULL ? strdup(s->persona) : NULL;
    if ((s->preset == NULL || copy->preset != NULL) && (s->persona == NULL || copy->persona != NULL))
        return copy;
    chat_settings_free(copy);
    return NULL;
}

void chat_settings_free(struct chat_settings *s)
{
    if (s == NULL)
        return;
    free(s->preset);
    free(s->persona);
    free(s);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

const struct sampling *chat_settings_sampling(const struct chat_settings *s)
{
    return &s->sampling;
}

static uint64_t random_seed(void)
{
    uint32_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint32_t)time(NULL);
    return seed;
}

struct sampling chat_settings_for_answer(const struct chat_settings *s)
{
    struct sampling sampling = s->sampling;
    sampling.seed = s->seed_is_fixed ? s->sampling.seed + s->seed_offset : random_seed();
    return sampling;
}

/* Whether a flag or a variable sets it. */
static bool is_given(const struct options *o, const char *setting)
{
    char option[OPTION_NAME_MOST];
    snprintf(option, sizeof option, "%s", setting);
    for (char *p = option; *p != '\0'; p++)
        *p = *p == '_' ? '-' : *p;
    return option_find(option, FOR_CHAT) != NULL && options_source(o, option) >= SOURCE_VARIABLE;
}

struct sampling chat_settings_base(const struct chat_settings *s, const struct model *model, uint32_t *recommended)
{
    struct sampling base = s->options->sampling;
    struct error ignored = {0}; /* a value out of range is no recommendation */
    const char *name = NULL;
    double value;
    uint32_t which = 0;
    for (int i = 0; model != NULL && (name = model_recommends(model, i, &value)) != NULL; i++) {
        char text[40];
        snprintf(text, sizeof text, sampling_field(name)->kind == FIELD_FLOAT ? "%.6g" : "%.0f", value);
        if (!is_given(s->options, name) && sampling_set(&base, name, text, &ignored) == ERR_NONE)
            which |= fields_bit(name);
    }
    if (recommended != NULL)
        *recommended = which;
    return base;
}

enum chat_origin chat_settings_origin(const struct chat_settings *s, const char *setting, const char **name)
{
    uint32_t bit = fields_bit(setting);
    *name = NULL;
    if ((s->by_hand & ~s->overruled & bit) == 0)
        return (s->from_model & bit) != 0 ? CHAT_MODEL : CHAT_GIVEN;
    if ((s->from_preset & bit) != 0)
        *name = s->preset;
    else if ((s->from_persona & bit) != 0)
        *name = s->persona;
    return *name == NULL ? CHAT_SET : *name == s->preset ? CHAT_PRESET : CHAT_PERSONA;
}

const char *chat_settings_preset(const struct chat_settings *s)
{
    return s->preset;
}

const char *chat_settings_persona(const struct chat_settings *s)
{
    return s->persona;
}

char *chat_settings_to_store(const struct chat_settings *s)
{
    return s->by_hand != 0 ? fields_json(&s->sampling, s->by_hand) : NULL;
}

/* ---- changing --------------------------------------------------------------------------------------------------- */

uint32_t chat_settings_set(struct chat_settings *s, const struct sampling *sampling)
{
    uint32_t changed = fields_changed(&s->sampling, sampling) & SETTINGS_ALL;
    s->by_hand |= changed;
    s->overruled &= ~changed;
    s->from_preset &= ~changed;
    s->from_persona &= ~changed;
    s->sampling = *sampling;
    return changed;
}

void chat_settings_fix_seed(struct chat_settings *s, bool fixed)
{
    s->seed_is_fixed = fixed;
    s->seed_offset = 0;
    s->by_hand = fixed ? s->by_hand | SETTINGS_SEED : s->by_hand & ~SETTINGS_SEED;
    s->overruled &= ~SETTINGS_SEED;
}

bool chat_settings_seed_is_fixed(const struct chat_settings *s)
{
    return s->seed_is_fixed;
}

void chat_settings_next_seed(struct chat_settings *s)
{
    s->seed_offset++;
}

void chat_settings_first_seed(struct chat_settings *s)
{
    s->seed_offset = 0;
}

void chat_settings_use_model(struct chat_settings *s, const struct model *model)
{
    struct sampling base = chat_settings_base(s, model, &s->from_model);
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        size_t size = field->kind == FIELD_SEED ? 0 : sizeof(int32_t); /* floats are as large */
        if ((s->by_hand & fields_bit(field->name)) == 0)
            memcpy((char *)&s->sampling + field->offset, (const char *)&base + field->offset, size);
    }
}

/* Sets what flags and variables say. Returns that set. */
static uint32_t set_given(const struct options *o, struct sampling *sampling)
{
    struct error ignored = {0}; /* the options were checked when they were read */
    uint32_t which = 0;
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        char value[64];
        if (!is_given(o, field->name))
            continue;
        sampling_get(&o->sampling, field, value, sizeof value);
        sampling_set(sampling, field->name, value, &ignored);
        which |= fields_bit(field->name);
    }
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        if (is_given(o, sampling_list_name(list))) {
            sampling_list_copy(sampling, &o->sampling, list);
            which |= SETTINGS_LIST(list);
        }
    return which;
}

static void replace_name(char **place, const char *name)
{
    char *copy = name != NULL ? strdup(name) : NULL;
    free(*place);
    *place = copy;
}

void chat_settings_use_preset(struct chat_settings *s, const struct model *model, const char *name, const char *json,
                              bool given_first)
{
    struct sampling next = chat_settings_base(s, model, NULL);
    uint32_t which = fields_read(&next, json) & SETTINGS_ALL;
    next.seed = s->sampling.seed;
    uint32_t overruled = given_first ? set_given(s->options, &next) : 0;
    s->overruled = overruled;
    chat_settings_set(s, &next);
    s->by_hand = (s->by_hand & SETTINGS_SEED) | which;
    s->from_preset = which;
    s->from_persona = 0;
    s->preset_is_models = false;
    replace_name(&s->preset, name);
}

bool chat_settings_follow_model(const struct chat_settings *s)
{
    return (s->by_hand & ~s->from_preset) == 0 && (s->preset == NULL || s->preset_is_models);
}

void chat_settings_mark_models_preset(struct chat_settings *s, bool from_model)
{
    s->preset_is_models = from_model;
}

bool chat_settings_preset_is_models(const struct chat_settings *s)
{
    return s->preset_is_models;
}

uint32_t chat_settings_use_persona(struct chat_settings *s, const char *json)
{
    struct sampling sampling = s->sampling;
    uint32_t which = fields_read(&sampling, json);
    chat_settings_set(s, &sampling);
    s->by_hand |= which & SETTINGS_ALL;
    s->from_persona |= which;
    s->from_preset &= ~which;
    s->overruled &= ~which;
    return which;
}

void chat_settings_name_persona(struct chat_settings *s, const char *name)
{
    replace_name(&s->persona, name);
}

void chat_settings_read_stored(struct chat_settings *s, const struct model *model, const char *json)
{
    struct sampling own = chat_settings_base(s, model, NULL);
    s->by_hand = fields_read(&own, json);
    s->overruled = set_given(s->options, &own);
    s->sampling = own;
    bool random = s->options->random_seed && options_source(s->options, "seed") >= SOURCE_VARIABLE;
    s->seed_is_fixed = ((s->by_hand & SETTINGS_SEED) != 0 && !random) || options_fix_seed(s->options);
    s->seed_offset = 0;
}

/* The subset of what is set whose values equal those in the JSON. */
static uint32_t set_alike(const struct chat_settings *s, const struct model *model, const char *json)
{
    struct sampling other = chat_settings_base(s, model, NULL);
    uint32_t read = fields_read(&other, json);
    return json != NULL ? s->by_hand & read & ~fields_changed(&other, &s->sampling) : 0;
}

void chat_settings_find_origins(struct chat_settings *s, const struct model *model, const char *preset,
                                const char *preset_json, const char *persona, const char *persona_json)
{
    s->from_preset = set_alike(s, model, preset_json);
    s->from_persona = set_alike(s, model, persona_json);
    s->preset_is_models = false;
    replace_name(&s->preset, preset);
    replace_name(&s->persona, persona);
}
