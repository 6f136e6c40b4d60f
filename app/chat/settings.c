/* Chat: where each setting's value comes from: the options, the model's file, this conversation, a preset, a persona.
 *
 * What is set is kept with the conversation (by_hand). Of that, from_preset and from_persona are what these brought and
 * nobody changed since. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "app/chat/internal.h"
#include "app/chat/preset.h"

static bool is_given(const struct chat *c, const char *setting)
{
    char option[OPTION_NAME_MOST];
    snprintf(option, sizeof option, "%s", setting);
    for (char *p = option; *p != '\0'; p++)
        *p = *p == '_' ? '-' : *p;
    return option_find(option, FOR_CHAT) != NULL && options_source(c->options, option) >= SOURCE_VARIABLE;
}

uint32_t chat_take_given(const struct chat *c, struct sampling *s)
{
    const struct sampling *given = &c->options->sampling;
    struct error ignored = {0};
    uint32_t which = 0;
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        char value[64];
        if (!is_given(c, field->name))
            continue;
        sampling_get(given, field, value, sizeof value);
        sampling_set(s, field->name, value, &ignored);
        which |= chat_setting_bit(field->name);
    }
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        if (is_given(c, sampling_list_name(list))) {
            sampling_list_copy(s, given, list);
            which |= SETTINGS_LIST(list);
        }
    return which;
}

struct sampling chat_base_sampling(const struct chat *c, uint32_t *recommended)
{
    struct sampling s = c->options->sampling;
    struct error ignored = {0};
    const struct model *model = chat_model(c);
    const char *name = NULL;
    double value;
    uint32_t which = 0;
    for (int i = 0; model != NULL && (name = model_recommends(model, i, &value)) != NULL; i++) {
        char text[40];
        snprintf(text, sizeof text, sampling_field(name)->kind == FIELD_FLOAT ? "%.6g" : "%.0f", value);
        if (!is_given(c, name) && sampling_set(&s, name, text, &ignored) == ERR_NONE)
            which |= chat_setting_bit(name);
    }
    if (recommended != NULL)
        *recommended = which;
    return s;
}

void chat_take_recommended(struct chat *c)
{
    struct sampling base = chat_base_sampling(c, &c->from_model);
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        size_t size = field->kind == FIELD_SEED ? 0 : sizeof(int32_t); /* floats are as large */
        if ((c->by_hand & chat_setting_bit(field->name)) == 0)
            memcpy((char *)&c->sampling + field->offset, (const char *)&base + field->offset, size);
    }
}

enum chat_origin chat_setting_origin(const struct chat *c, const char *setting, const char **name)
{
    uint32_t bit = chat_setting_bit(setting);
    *name = NULL;
    if ((c->by_hand & ~c->overruled & bit) == 0)
        return (c->from_model & bit) != 0 ? CHAT_MODEL : CHAT_GIVEN;
    if ((c->from_preset & bit) != 0)
        *name = c->preset;
    else if ((c->from_persona & bit) != 0)
        *name = c->persona;
    return *name == NULL ? CHAT_SET : *name == c->preset ? CHAT_PRESET : CHAT_PERSONA;
}

void chat_name_origin(char **place, const char *name)
{
    char *copy = name != NULL ? strdup(name) : NULL;
    free(*place);
    *place = copy;
}

void chat_use_preset(struct chat *c, const char *name, const char *settings, bool given_first)
{
    struct sampling next = chat_base_sampling(c, NULL);
    uint32_t which = chat_settings_read(&next, settings) & SETTINGS_ALL;
    next.seed = c->sampling.seed;
    c->overruled = given_first ? chat_take_given(c, &next) : 0;
    chat_set_sampling(c, &next);
    c->by_hand = (c->by_hand & SETTINGS_SEED) | which;
    c->from_preset = which;
    c->from_persona = 0;
    chat_name_origin(&c->preset, name);
    chat_save_properties(c);
}

void chat_preset_name(const struct chat *c, char *out, size_t size)
{
    const char *path = chat_model_path(c), *slash = strrchr(path, '/');
    snprintf(out, size, "%s", slash != NULL ? slash + 1 : path);
    size_t length = strlen(out);
    if (length > 5 && strcasecmp(out + length - 5, ".gguf") == 0)
        out[length - 5] = '\0';
}

void chat_begin_with_model(struct chat *c)
{
    char name[256];
    bool touched = (c->by_hand & ~c->from_preset) != 0 || (c->preset != NULL && !c->preset_of_model);
    bool begun = c->list.n > (c->waiting && c->sent ? 1 : 0); /* a first message may wait for the model */
    if (begun || touched)
        return;
    chat_preset_name(c, name, sizeof name);
    char *settings = preset_settings(c, name);
    if (settings != NULL || c->preset_of_model)
        chat_use_preset(c, settings != NULL ? name : NULL, settings != NULL ? settings : "{}", true);
    c->preset_of_model = settings != NULL;
    free(settings);
}

/* Those of which that have the value that this JSON gives them. */
static uint32_t said_by(const struct chat *c, const char *settings, uint32_t which)
{
    struct sampling s = chat_base_sampling(c, NULL);
    uint32_t said = chat_settings_read(&s, settings);
    return settings != NULL ? which & said & ~chat_settings_changed(&s, &c->sampling) : 0;
}

void chat_find_origins(struct chat *c, const char *preset, const char *persona)
{
    struct error ignored = {0};
    struct store_persona p = {0};
    struct store *library = persona != NULL ? home_library(c->home, &ignored) : NULL;
    char *settings = preset != NULL ? preset_settings(c, preset) : NULL;
    c->from_preset = said_by(c, settings, c->by_hand);
    c->from_persona = 0;
    if (library != NULL && store_persona_get(library, persona, &p, &ignored) == ERR_NONE)
        c->from_persona = said_by(c, p.settings, c->by_hand);
    chat_name_origin(&c->preset, preset);
    chat_name_origin(&c->persona, persona);
    store_persona_free(&p);
    free(settings);
}

/* ---- for the worker ---------------------------------------------------------------------------------------------- */

static uint64_t random_seed(void)
{
    uint32_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint32_t)time(NULL);
    return seed;
}

void chat_take_settings(const struct chat *c, struct chat_message *answer)
{
    answer->sampling = c->sampling;
    answer->sampling.seed = c->seed_is_fixed ? c->sampling.seed + c->tries : random_seed();
}

void chat_add_stops(const struct chat *c, struct sampling *s)
{
    const char *const *stop = template_stops(c->template);
    for (; stop != NULL && *stop != NULL && s->n_stops < SAMPLING_STOPS; stop++)
        if (strlen(*stop) < SAMPLING_STOP_BYTES)
            strcpy(s->stops[s->n_stops++], *stop);
}

/* The settings that the worker gets: the template's stop strings too, and the tokens that are left. */
struct sampling chat_request_sampling(const struct chat *c)
{
    struct sampling s = c->sampling;
    s.seed = c->list.at[c->list.n - 1].sampling.seed;
    if (s.max_new_tokens >= 0)
        s.max_new_tokens = s.max_new_tokens > c->said ? s.max_new_tokens - c->said : 0;
    chat_add_stops(c, &s);
    return s;
}

void chat_set_sampling(struct chat *c, const struct sampling *sampling)
{
    uint32_t changed = chat_settings_changed(&c->sampling, sampling) & SETTINGS_ALL;
    c->by_hand |= changed;
    c->overruled &= ~changed;
    c->from_preset &= ~changed;
    c->from_persona &= ~changed;
    c->sampling = *sampling;
    if (changed != 0)
        chat_save_properties_later(c);
    if (c->request == 0)
        return;
    chat_save_settings(c);
    struct sampling s = chat_request_sampling(c);
    worker_set_sampling(c->worker, &s);
}

void chat_fix_seed(struct chat *c, bool fixed)
{
    c->seed_is_fixed = fixed;
    c->tries = 0;
    c->by_hand = fixed ? c->by_hand | SETTINGS_SEED : c->by_hand & ~SETTINGS_SEED;
    c->overruled &= ~SETTINGS_SEED;
    chat_save_properties(c);
}
