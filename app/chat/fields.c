/* Fields: one walk over the engine's table of settings for each form. */
#include <config.h>

#include "app/chat/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/chat/chat.h"
#include "base/error.h"
#include "engine/engine.h"

static uint32_t bit_of(const struct sampling_field *field)
{
    return field->kind == FIELD_SEED ? SETTINGS_SEED : UINT32_C(1) << (field - sampling_fields);
}

uint32_t fields_bit(const char *name)
{
    const struct sampling_field *field = sampling_field(name);
    enum sampling_list list = sampling_list(name);
    return field != NULL ? bit_of(field) : list != SAMPLING_LISTS ? SETTINGS_LIST(list) : 0;
}

static bool same_list(const struct sampling *a, const struct sampling *b, enum sampling_list list)
{
    int32_t n = sampling_list_size(a, list);
    bool same = n == sampling_list_size(b, list);
    for (int32_t i = 0; same && i < n; i++) {
        char one[SAMPLING_STOP_BYTES], other[SAMPLING_STOP_BYTES];
        sampling_list_get(a, list, i, one, sizeof one);
        sampling_list_get(b, list, i, other, sizeof other);
        same = strcmp(one, other) == 0;
    }
    return same;
}

uint32_t fields_changed(const struct sampling *a, const struct sampling *b)
{
    uint32_t which = 0;
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        char one[64], other[64];
        sampling_get(a, field, one, sizeof one);
        sampling_get(b, field, other, sizeof other);
        if (strcmp(one, other) != 0)
            which |= bit_of(field);
    }
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        if (!same_list(a, b, list))
            which |= SETTINGS_LIST(list);
    return which;
}

/* Floats as a user would write them: 0.7, not 0.699999988. A seed is a string, as it may exceed the numbers of JSON. */
static json_t *field_json(const struct sampling *s, const struct sampling_field *field)
{
    char value[64];
    const char *at = (const char *)s + field->offset;
    if (field->kind == FIELD_INT)
        return json_integer(*(const int32_t *)at);
    if (field->kind == FIELD_FLOAT)
        snprintf(value, sizeof value, "%.6g", (double)*(const float *)at);
    else
        sampling_get(s, field, value, sizeof value);
    return field->kind == FIELD_FLOAT ? json_real(strtod(value, NULL)) : json_string(value);
}

static json_t *list_json(const struct sampling *s, enum sampling_list list)
{
    json_t *items = json_array();
    for (int32_t i = 0; i < sampling_list_size(s, list); i++) {
        char text[SAMPLING_STOP_BYTES];
        sampling_list_get(s, list, i, text, sizeof text);
        json_array_append_new(items, json_string(text));
    }
    return items;
}

/* Every message stores its settings: a list that is not in use is left out. */
static bool list_in_use(const struct sampling *s, enum sampling_list list)
{
    return list == LIST_STOP || (list == LIST_LOGIT_BIAS ? s->n_biases > 0 : s->dry_multiplier != 0.0f);
}

char *fields_json(const struct sampling *s, uint32_t which)
{
    json_t *object = json_object();
    bool all = which == SETTINGS_ALL;
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++)
        if ((which & bit_of(field)) != 0 && (!all || sampling_in_use(s, field)))
            json_object_set_new(object, field->name, field_json(s, field));
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        if ((which & SETTINGS_LIST(list)) != 0 && (!all || list_in_use(s, list)))
            json_object_set_new(object, sampling_list_name(list), list_json(s, list));
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static bool read_field(struct sampling *s, const struct sampling_field *field, const json_t *value)
{
    char text[64];
    struct error ignored = {0};
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, sizeof text, "%.9g", json_real_value(value));
    else if (json_is_string(value))
        snprintf(text, sizeof text, "%s", json_string_value(value));
    else
        return false;
    return sampling_set(s, field->name, text, &ignored) == ERR_NONE;
}

static bool read_list(struct sampling *s, enum sampling_list list, const json_t *items)
{
    size_t i;
    json_t *item;
    struct error ignored = {0};
    if (!json_is_array(items))
        return false;
    sampling_list_clear(s, list);
    json_array_foreach(items, i, item)
        if (json_is_string(item))
            sampling_set(s, sampling_list_name(list), json_string_value(item), &ignored);
    return true;
}

uint32_t fields_read(struct sampling *s, const char *json)
{
    uint32_t which = 0;
    json_t *object = json != NULL ? json_loads(json, 0, NULL) : NULL;
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++)
        if (read_field(s, field, json_object_get(object, field->name)))
            which |= bit_of(field);
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        if (read_list(s, list, json_object_get(object, sampling_list_name(list))))
            which |= SETTINGS_LIST(list);
    json_decref(object);
    return which;
}

void chat_read_settings(struct sampling *s, const char *json)
{
    struct sampling kept = *s;
    fields_read(s, json);
    s->seed = kept.seed;
}

char *chat_write_settings(const struct sampling *s)
{
    return fields_json(s, SETTINGS_ALL);
}
