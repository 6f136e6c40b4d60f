/* Form: what made a message, and the records of its tokens. */
#include <config.h>

#include "app/chat/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/chat/chat.h"
#include "app/chat/distant.h"
#include "app/chat/fields.h"
#include "app/chat/list.h"
#include "app/chat/manner.h"
#include "app/chat/speaker.h"
#include "app/library/reasons.h"
#include "app/terminal/stats.h"
#include "engine/engine.h"
#include "history/history.h"

/* Bytes of a token. */
enum { PIECE_MOST = 4096 };

/* ---- what made a message ---------------------------------------------------------------------------------------- */

/* With what is no setting but decides over the answer's bits too: how products are rounded. */
static const char arithmetic_key[] = "arithmetic";

static char *making_settings(const struct sampling *s)
{
    char *settings = fields_json(s, SETTINGS_ALL);
    json_t *object = settings != NULL ? json_loads(settings, 0, NULL) : NULL;
    free(settings);
    json_object_set_new(object, arithmetic_key, json_integer(engine_arithmetic()));
    settings = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return settings;
}

bool form_is_older(const struct store_making *made)
{
    json_t *object = made->settings != NULL ? json_loads(made->settings, 0, NULL) : NULL;
    const json_t *number = json_object_get(object, arithmetic_key);
    const json_int_t arithmetic = number != NULL ? json_integer_value(number) : 1;
    json_decref(object);
    return arithmetic != engine_arithmetic();
}

struct store_making form_making(const struct speaker *speaker, const struct chat_message *answer)
{
    const struct model *model = speaker_model(speaker);
    const struct chat_template *template = speaker_template(speaker);
    const struct model_info *info = model != NULL ? model_info(model) : NULL;
    const struct timings *t = &answer->timings;
    const struct sampling sampling = manner_of(answer);
    bool ended = answer->state == STORE_COMPLETE || answer->state == STORE_STOPPED;
    bool present = info != NULL && answer->model != NULL && strcmp(speaker_name(speaker), answer->model) == 0;
    return (struct store_making){
        .model = answer->model != NULL ? strdup(answer->model) : NULL,
        .fingerprint = present ? info->fingerprint : 0,
        .template_name = template != NULL ? strdup(template_name(template)) : NULL,
        .settings = making_settings(&sampling),
        .has_seed = true,
        .seed = answer->seed,
        .finish = ended ? strdup(finish_name(answer->finish)) : NULL,
        .prompt_tokens = (int64_t)t->prompt_tokens,
        .reused_tokens = (int64_t)t->reused_tokens,
        .answer_tokens = (int64_t)t->answer_tokens,
        .prefill_seconds = t->prefill_seconds,
        .first_token_seconds = t->first_token_seconds,
        .decode_seconds = t->decode_seconds,
    };
}

void form_making_free(struct store_making *made)
{
    free(made->model);
    free(made->template_name);
    free(made->settings);
    free(made->finish);
}

/* A text, or the bytes of what is only a part of a character. */
static json_t *piece_value(const struct buf *piece)
{
    json_t *value = json_stringn(buf_text(piece), piece->size);
    if (value != NULL)
        return value;
    value = json_array();
    for (size_t i = 0; i < piece->size; i++)
        json_array_append_new(value, json_integer((unsigned char)piece->data[i]));
    return value;
}

static json_t *told_tokens(const struct distant *d)
{
    json_t *tokens = json_object();
    struct buf piece;
    buf_init(&piece, PIECE_MOST);
    size_t at = 0;
    for (int32_t id; (id = distant_token_used(d, &at)) >= 0;) {
        char name[16];
        snprintf(name, sizeof name, "%d", (int)id);
        buf_clear(&piece);
        if (distant_piece(d, id, &piece))
            json_object_set_new(tokens, name, piece_value(&piece));
    }
    buf_free(&piece);
    return tokens;
}

char *form_told(const struct speaker *speaker, const struct chat_message *answer)
{
    const struct distant *d = speaker_distant(speaker);
    if (d == NULL || answer->model == NULL || strcmp(answer->model, distant_name(d)) != 0)
        return NULL;
    const struct sampling sampling = manner_of(answer);
    char *settings = fields_json(&sampling, SETTINGS_ALL);
    json_t *told = settings != NULL ? json_loads(settings, 0, NULL) : NULL;
    free(settings);
    json_object_set_new(told, "endpoint",
                        json_pack("{s:s, s:s, s:o}", "host", distant_host(d), "system_fingerprint",
                                  distant_fingerprint(d), "tokens", told_tokens(d)));
    char *text = told != NULL ? json_dumps(told, JSON_COMPACT) : NULL;
    json_decref(told);
    return text;
}

static enum finish stored_finish(const struct store_message *m)
{
    for (enum finish f = FINISH_END; m->made.finish != NULL && f <= FINISH_STOPPED; f++)
        if (strcmp(finish_name(f), m->made.finish) == 0)
            return f;
    return m->state == STORE_COMPLETE ? FINISH_END : FINISH_STOPPED;
}

void form_settings_free(struct form_settings *known)
{
    free(known->json);
    manner_drop(known->manner);
    *known = (struct form_settings){0};
}

/* Parsing the settings of a message takes longer than loading it. */
static bool read_settings(struct form_settings *known, const char *json)
{
    if (json == NULL || (known->json != NULL && strcmp(json, known->json) == 0))
        return true;
    struct sampling settings = sampling_defaults();
    fields_read(&settings, json);
    form_settings_free(known);
    known->json = strdup(json);
    known->manner = manner_new(&settings);
    return known->json != NULL && known->manner != NULL;
}

static bool read_making(struct chat_message *out, const struct store_message *m, struct form_settings *known)
{
    const struct store_making *made = &m->made;
    if (!read_settings(known, made->settings))
        return false;
    manner_share(out, made->settings != NULL ? known->manner : NULL);
    out->seed = made->has_seed ? made->seed : out->seed;
    out->finish = stored_finish(m);
    out->model = made->model != NULL ? strdup(made->model) : NULL;
    out->timings = (struct timings){
        .prompt_tokens = (size_t)made->prompt_tokens,
        .reused_tokens = (size_t)made->reused_tokens,
        .answer_tokens = (size_t)made->answer_tokens,
        .prefill_seconds = made->prefill_seconds,
        .first_token_seconds = made->first_token_seconds,
        .decode_seconds = made->decode_seconds,
    };
    return true;
}

bool form_read_message(struct chat_list *list, const struct store_message *m, struct form_settings *known)
{
    static const enum role roles[] = {[STORE_SYSTEM] = ROLE_SYSTEM,
                                      [STORE_USER] = ROLE_USER,
                                      [STORE_ASSISTANT] = ROLE_ASSISTANT,
                                      [STORE_TOOL] = ROLE_USER};
    struct chat_message *out = chat_list_add(list, roles[m->role], m->text, m->size);
    if (out == NULL)
        return false;
    out->id = m->id;
    out->created = m->created;
    out->state = m->state;
    out->sibling = m->sibling;
    out->siblings = m->siblings;
    return m->role != STORE_ASSISTANT || read_making(out, m, known);
}

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

static struct store_candidate stored_candidate(int32_t id, const struct candidate *c)
{
    return (struct store_candidate){id, c->before, c->after, c->after > 0 ? 0 : reason_number(c->removed_by)};
}

struct store_token form_token(const struct event *event)
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

enum store_role form_stored_role(enum role role)
{
    return role == ROLE_USER ? STORE_USER : role == ROLE_SYSTEM ? STORE_SYSTEM : STORE_ASSISTANT;
}
