/* Chat: between the history's form and the chat's: settings as JSON, what made a message, token records. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/chat/internal.h"
#include "app/library/reasons.h"
#include "app/terminal/stats.h"

/* ---- settings --------------------------------------------------------------------------------------------------- */

static uint32_t bit_of(const struct sampling_field *field)
{
    return field->kind == FIELD_SEED ? SETTINGS_SEED : UINT32_C(1) << (field - sampling_fields);
}

uint32_t chat_setting_bit(const char *name)
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

uint32_t chat_settings_changed(const struct sampling *a, const struct sampling *b)
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

/* As a person would write it: 0.7, not 0.699999988. A seed may be larger than JSON's numbers. */
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

/* Of all settings those that matter: what few people use would make every message's larger. */
static bool matters(const struct sampling *s, enum sampling_list list)
{
    return list == LIST_STOP || (list == LIST_LOGIT_BIAS ? s->n_biases > 0 : s->dry_multiplier != 0.0f);
}

char *chat_settings_json(const struct sampling *s, uint32_t which)
{
    json_t *object = json_object();
    bool all = which == SETTINGS_ALL;
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++)
        if ((which & bit_of(field)) != 0 && (!all || sampling_in_use(s, field)))
            json_object_set_new(object, field->name, field_json(s, field));
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        if ((which & SETTINGS_LIST(list)) != 0 && (!all || matters(s, list)))
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

uint32_t chat_settings_read(struct sampling *s, const char *json)
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

void chat_settings_take(struct sampling *s, const char *json)
{
    struct sampling kept = *s;
    chat_settings_read(s, json);
    s->seed = kept.seed;
}

char *chat_settings_give(const struct sampling *s)
{
    return chat_settings_json(s, SETTINGS_ALL);
}

/* ---- what made a message ---------------------------------------------------------------------------------------- */

struct store_making chat_making(const struct chat *c, const struct chat_message *m)
{
    const struct model *model = chat_model(c);
    const struct model_info *info = model != NULL ? model_info(model) : NULL;
    const struct timings *t = &m->timings;
    bool present = info != NULL && m->model != NULL && strcmp(info->name, m->model) == 0;
    return (struct store_making){
        .model = m->model != NULL ? strdup(m->model) : NULL,
        .fingerprint = present ? info->fingerprint : 0,
        .template_name = c->template != NULL ? strdup(template_name(c->template)) : NULL,
        .settings = chat_settings_json(&m->sampling, SETTINGS_ALL),
        .has_seed = true,
        .seed = m->sampling.seed,
        .finish = m->state == STORE_COMPLETE || m->state == STORE_STOPPED ? strdup(finish_name(m->finish)) : NULL,
        .prompt_tokens = (int64_t)t->prompt_tokens,
        .reused_tokens = (int64_t)t->reused_tokens,
        .answer_tokens = (int64_t)t->answer_tokens,
        .prefill_seconds = t->prefill_seconds,
        .first_token_seconds = t->first_token_seconds,
        .decode_seconds = t->decode_seconds,
    };
}

void chat_making_free(struct store_making *made)
{
    free(made->model);
    free(made->template_name);
    free(made->settings);
    free(made->finish);
}

static enum finish finish_of(const struct store_message *m)
{
    for (enum finish f = FINISH_END; m->made.finish != NULL && f <= FINISH_STOPPED; f++)
        if (strcmp(finish_name(f), m->made.finish) == 0)
            return f;
    return m->state == STORE_COMPLETE ? FINISH_END : FINISH_STOPPED;
}

/* Parsing a message's settings takes longer than loading the message. */
static void read_settings(struct chat_settings *known, const char *json)
{
    if (json == NULL || (known->json != NULL && strcmp(json, known->json) == 0))
        return;
    free(known->json);
    known->json = strdup(json);
    known->value = sampling_defaults();
    chat_settings_read(&known->value, json);
}

static void take_making(struct chat_message *out, const struct store_message *m, struct chat_settings *known)
{
    const struct store_making *made = &m->made;
    read_settings(known, made->settings);
    out->sampling = made->settings != NULL ? known->value : sampling_defaults();
    out->sampling.seed = made->has_seed ? made->seed : out->sampling.seed;
    out->finish = finish_of(m);
    out->model = made->model != NULL ? strdup(made->model) : NULL;
    out->timings = (struct timings){
        .prompt_tokens = (size_t)made->prompt_tokens,
        .reused_tokens = (size_t)made->reused_tokens,
        .answer_tokens = (size_t)made->answer_tokens,
        .prefill_seconds = made->prefill_seconds,
        .first_token_seconds = made->first_token_seconds,
        .decode_seconds = made->decode_seconds,
    };
}

bool chat_list_take(struct chat_list *list, const struct store_message *m, struct chat_settings *known)
{
    static const enum role roles[] = {[STORE_SYSTEM] = ROLE_SYSTEM, [STORE_USER] = ROLE_USER,
                                      [STORE_ASSISTANT] = ROLE_ASSISTANT, [STORE_TOOL] = ROLE_USER};
    struct chat_message *out = chat_list_add(list, roles[m->role], m->text, m->size);
    if (out == NULL)
        return false;
    out->id = m->id;
    out->created = m->created;
    out->state = m->state;
    out->sibling = m->sibling;
    out->siblings = m->siblings;
    if (m->role == STORE_ASSISTANT)
        take_making(out, m, known);
    return true;
}

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

static struct store_candidate stored_candidate(int32_t id, const struct candidate *c)
{
    return (struct store_candidate){id, c->before, c->after, c->after > 0 ? 0 : reason_number(c->removed_by)};
}

struct store_token chat_token(const struct event *event)
{
    struct store_token t = {
        .chosen = stored_candidate(event->id, &event->chosen),
        .bytes = (uint32_t)event->text_size,
        .rank = (uint32_t)event->rank,
        .entropy = event->entropy,
        .forced = event->forced,
    };
    for (int32_t i = 0; i < event->n_best && t.n_best < STORE_CANDIDATES; i++)
        t.best[t.n_best++] = stored_candidate(event->best[i].id, &event->best[i]);
    return t;
}
