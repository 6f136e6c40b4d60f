/* Form: what made a message, and the records of its tokens. */
#include <config.h>

#include "app/chat/form.h"

#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/fields.h"
#include "app/chat/list.h"
#include "app/chat/speaker.h"
#include "app/library/reasons.h"
#include "app/terminal/stats.h"
#include "engine/engine.h"
#include "history/history.h"

/* ---- what made a message ---------------------------------------------------------------------------------------- */

struct store_making form_making(const struct speaker *speaker, const struct chat_message *answer)
{
    const struct model *model = speaker_model(speaker);
    const struct chat_template *template = speaker_template(speaker);
    const struct model_info *info = model != NULL ? model_info(model) : NULL;
    const struct timings *t = &answer->timings;
    bool ended = answer->state == STORE_COMPLETE || answer->state == STORE_STOPPED;
    bool present = info != NULL && answer->model != NULL && strcmp(speaker_name(speaker), answer->model) == 0;
    return (struct store_making){
        .model = answer->model != NULL ? strdup(answer->model) : NULL,
        .fingerprint = present ? info->fingerprint : 0,
        .template_name = template != NULL ? strdup(template_name(template)) : NULL,
        .settings = fields_json(&answer->sampling, SETTINGS_ALL),
        .has_seed = true,
        .seed = answer->sampling.seed,
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

static enum finish stored_finish(const struct store_message *m)
{
    for (enum finish f = FINISH_END; m->made.finish != NULL && f <= FINISH_STOPPED; f++)
        if (strcmp(finish_name(f), m->made.finish) == 0)
            return f;
    return m->state == STORE_COMPLETE ? FINISH_END : FINISH_STOPPED;
}

/* Parsing the settings of a message takes longer than loading it. */
static void read_settings(struct form_settings *known, const char *json)
{
    if (json == NULL || (known->json != NULL && strcmp(json, known->json) == 0))
        return;
    free(known->json);
    known->json = strdup(json);
    known->value = sampling_defaults();
    fields_read(&known->value, json);
}

static void read_making(struct chat_message *out, const struct store_message *m, struct form_settings *known)
{
    const struct store_making *made = &m->made;
    read_settings(known, made->settings);
    out->sampling = made->settings != NULL ? known->value : sampling_defaults();
    out->sampling.seed = made->has_seed ? made->seed : out->sampling.seed;
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
    if (m->role == STORE_ASSISTANT)
        read_making(out, m, known);
    return true;
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
