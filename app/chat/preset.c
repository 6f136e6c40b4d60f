/* Preset: using, saving and deleting presets. */
#include <config.h>

#include "app/chat/preset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/chat/answering.h"
#include "app/chat/chat.h"
#include "app/chat/models.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/library/home.h"
#include "app/options/options.h"
#include "app/text/nearest.h"
#include "app/text/words.h"
#include "base/error.h"
#include "history/history.h"

/* The error for a name that no preset has, with the nearest one that exists. */
static enum error_code set_unknown(struct chat *c, const char *name, struct error *err)
{
    struct words names = {0}, lines = {0};
    struct nearest near = nearest_to(name);
    preset_list(c, &names, &lines);
    for (size_t i = 0; i < names.n; i++)
        nearest_try(&near, names.at[i]);
    if (near.best != NULL)
        error_set(err, ERR_NOT_FOUND, "there is no preset %s; did you mean %s?", name, near.best);
    else
        error_set(err, ERR_NOT_FOUND, "there is no preset %s; /preset lists them, /preset save NAME makes one", name);
    words_free(&names);
    words_free(&lines);
    return err->code;
}

/* Uses the template of a preset (NULL: none), now or when a model is loaded. */
static enum error_code use_template(struct chat *c, const char *template, bool given_first, struct error *err)
{
    bool given = c->options->raw || options_source(c->options, "template") >= SOURCE_VARIABLE;
    if (template == NULL || (given && given_first))
        return ERR_NONE;
    if (chat_check_idle(c, err) == ERR_NONE && speaker_use_template(c->speaker, template, false, err) == ERR_NONE)
        chat_see_from(c, 0);
    return err->code;
}

static enum error_code use_named(struct chat *c, const char *name, bool given_first, struct error *err)
{
    char *settings = preset_settings(c, name);
    if (settings == NULL)
        return set_unknown(c, name, err);
    if (use_template(c, preset_template(c, name), given_first, err) != ERR_NONE) {
        free(settings);
        return err->code;
    }
    chat_use_preset(c, name, settings, given_first);
    free(settings);
    return ERR_NONE;
}

enum error_code preset_use(struct chat *c, const char *name, struct error *err)
{
    return use_named(c, name, false, err);
}

enum error_code preset_begin(struct chat *c, const char *name, struct error *err)
{
    return use_named(c, name, true, err);
}

void chat_preset_name(const struct chat *c, char *out, size_t size)
{
    models_label(chat_model_path(c), out, size);
}

void preset_begin_with_model(struct chat *c)
{
    char name[256];
    bool first_waits = answering_waits_for_model(c->answering) && answering_is_retracted_on_failure(c->answering);
    if (chat_count(c) > (first_waits ? 1 : 0) || !chat_settings_follow_model(c->settings))
        return;
    chat_preset_name(c, name, sizeof name);
    char *settings = preset_settings(c, name);
    if (settings != NULL)
        chat_use_preset(c, name, settings, true);
    else if (chat_settings_preset_is_models(c->settings))
        chat_use_preset(c, NULL, "{}", true);
    chat_settings_mark_models_preset(c->settings, settings != NULL);
    free(settings);
}

enum error_code preset_save(struct chat *c, const char *name, struct error *err)
{
    struct store *s = home_library(chat_home(c), err);
    char *settings = s != NULL ? chat_write_settings(chat_sampling(c)) : NULL;
    if (settings != NULL)
        store_preset_put(s, name, settings, err);
    else
        error_memory(err);
    free(settings);
    return err->code;
}

enum error_code preset_delete(struct chat *c, const char *name, struct error *err)
{
    struct store *s = home_library(chat_home(c), err);
    if (s == NULL || store_preset_delete(s, name, err) == ERR_NONE)
        return err->code;
    if (err->code == ERR_NOT_FOUND && preset_is_built_in(name)) {
        error_clear(err);
        error_set(err, ERR_ARGUMENT, "%s is built in; only your own can be deleted", name);
    }
    return err->code;
}
