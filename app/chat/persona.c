/* Chat: a persona is what a chat has beside its messages: system message, settings, template, model. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/internal.h"
#include "app/chat/models.h"

/* A model of the models folder by its name, so that the folder may move; any other by its path. */
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
    uint32_t which = c->seed_is_fixed ? SETTINGS_ALL | SETTINGS_SEED : SETTINGS_ALL;
    *out = (struct store_persona){
        .name = strdup(name),
        .system = strdup(chat_system(c)),
        .settings = chat_settings_json(&c->sampling, which),
        .model = strdup(model_name(c)),
        .template_name = c->template_name != NULL ? strdup(c->template_name) : NULL,
    };
    if (out->name != NULL && out->system != NULL && out->settings != NULL && out->model != NULL)
        return ERR_NONE;
    store_persona_free(out);
    return error_set(err, ERR_MEMORY, "no memory for a persona");
}

/* Loads its model unless that is the present one. */
static enum error_code take_model(struct chat *c, const char *name, struct error *err)
{
    char *path = models_find_name(c->options, name, err);
    if (path == NULL)
        return err->code;
    bool same = strcmp(path, chat_model_path(c)) == 0;
    free(path);
    return same ? ERR_NONE : chat_set_model(c, name, err);
}

enum error_code chat_use_persona(struct chat *c, const struct store_persona *p, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE || (p->model != NULL && take_model(c, p->model, err) != ERR_NONE) ||
        chat_use_template(c, p->template_name, err) != ERR_NONE)
        return err->code;
    c->template_kept = false;
    if (p->settings != NULL) {
        struct sampling sampling = c->sampling;
        uint32_t which = chat_settings_read(&sampling, p->settings);
        chat_set_sampling(c, &sampling);
        c->by_hand |= which & SETTINGS_ALL;
        c->from_persona |= which;
        c->from_preset &= ~which;
        c->overruled &= ~which;
        if ((which & SETTINGS_SEED) != 0)
            chat_fix_seed(c, true);
    }
    if (p->system != NULL && chat_set_system(c, p->system, err) != ERR_NONE)
        return err->code;
    chat_name_origin(&c->persona, p->name);
    chat_save_properties(c);
    return ERR_NONE;
}
