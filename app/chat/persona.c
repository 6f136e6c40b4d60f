/* Persona: what a chat has beside its messages (system message, settings, template, model) under a name. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/fields.h"
#include "app/chat/models.h"
#include "app/chat/saving.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/options/endpoints.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

/* A model in the models folder by its name, so that the folder may move; any other by its path. */
static const char *model_name(const struct chat *c)
{
    const char *path = chat_model_path(c), *slash = strrchr(path, '/');
    char *found = slash != NULL ? models_find_name(c->options, slash + 1, NULL) : NULL;
    bool same = found != NULL && strcmp(found, path) == 0;
    free(found);
    return same ? slash + 1 : path;
}

enum error_code chat_as_persona(const struct chat *c, const char *name, struct store_persona *out, struct error *err)
{
    uint32_t which = chat_seed_is_fixed(c) ? SETTINGS_ALL | SETTINGS_SEED : SETTINGS_ALL;
    const char *template = speaker_template_name(c->speaker);
    *out = (struct store_persona){
        .name = strdup(name),
        .system = strdup(chat_system(c)),
        .settings = fields_json(chat_sampling(c), which),
        .model = strdup(model_name(c)),
        .template_name = template != NULL ? strdup(template) : NULL,
    };
    if (out->name != NULL && out->system != NULL && out->settings != NULL && out->model != NULL)
        return ERR_NONE;
    store_persona_free(out);
    return error_memory(err);
}

/* Loads the persona's model unless it is the present one. */
static enum error_code use_model(struct chat *c, const char *name, struct error *err)
{
    const char *endpoint;
    char *path = endpoints_is_name(name, &endpoint) ? strdup(name) : models_find_name(c->options, name, err);
    if (path == NULL)
        return err->code != ERR_NONE ? err->code : error_memory(err);
    bool same = strcmp(path, chat_model_path(c)) == 0;
    free(path);
    return same ? ERR_NONE : chat_set_model(c, name, err);
}

enum error_code chat_use_persona(struct chat *c, const struct store_persona *p, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE || (p->model != NULL && use_model(c, p->model, err) != ERR_NONE) ||
        speaker_use_template(c->speaker, p->template_name, false, err) != ERR_NONE)
        return err->code;
    chat_see_from(c, 0);
    if (p->settings != NULL && (chat_settings_use_persona(c->settings, p->settings) & SETTINGS_SEED) != 0)
        chat_settings_fix_seed(c->settings, true);
    if (p->system != NULL && chat_set_system(c, p->system, err) != ERR_NONE)
        return err->code;
    chat_settings_name_persona(c->settings, p->name);
    chat_save_properties(c);
    return ERR_NONE;
}
