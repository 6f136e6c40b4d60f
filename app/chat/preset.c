/* Presets. */
#include <config.h>

#include "app/chat/preset.h"

#include <stdlib.h>
#include <string.h>

#include "app/text/nearest.h"

static enum error_code unknown(struct chat *c, const char *name, struct error *err)
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

static enum error_code use(struct chat *c, const char *name, bool given_first, struct error *err)
{
    char *settings = preset_settings(c, name);
    if (settings == NULL)
        return unknown(c, name, err);
    chat_use_preset(c, name, settings, given_first);
    free(settings);
    return ERR_NONE;
}

enum error_code preset_use(struct chat *c, const char *name, struct error *err)
{
    return use(c, name, false, err);
}

enum error_code preset_begin(struct chat *c, const char *name, struct error *err)
{
    return use(c, name, true, err);
}

enum error_code preset_save(struct chat *c, const char *name, struct error *err)
{
    struct store *s = home_library(chat_home(c), err);
    char *settings = s != NULL ? chat_settings_give(chat_sampling(c)) : NULL;
    if (settings != NULL)
        store_preset_put(s, name, settings, err);
    else
        error_set(err, ERR_MEMORY, "no memory for a preset");
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
