/* Presets: named sets of sampling settings, built in or the user's own, which are stored in the history. */
#ifndef PALAVER_APP_CHAT_PRESET_H
#define PALAVER_APP_CHAT_PRESET_H

#include <stdbool.h>

#include "app/chat/chat.h"
#include "app/text/words.h"
#include "base/error.h"

/* Makes the chat's settings those of a preset: the user's own of that name, else the built-in one. Settings that it
 * says nothing of are as they were given at the start; the seed stays. A template that goes with it is used too, but not
 * during an answer: ERR_BUSY. ERR_NOT_FOUND names the nearest one. */
enum error_code preset_use(struct chat *c, const char *name, struct error *err);
/* The same at the start, where flags and variables override it. */
enum error_code preset_begin(struct chat *c, const char *name, struct error *err);
/* A model was loaded: a conversation that has not begun, and whose settings were not changed, gets the preset that
 * bears the model's name, or loses that of the model before. */
void preset_begin_with_model(struct chat *c);
/* Saves the present settings under a name; one of that name is replaced. */
enum error_code preset_save(struct chat *c, const char *name, struct error *err);
/* ERR_NOT_FOUND unless it is one of the user's own, ERR_ARGUMENT when it is built in. */
enum error_code preset_delete(struct chat *c, const char *name, struct error *err);

/* ---- presets.c ---- */

/* The settings of a preset as JSON, malloc'ed; NULL when none has that name. */
char *preset_settings(const struct chat *c, const char *name);
/* The template that goes with it; NULL when it leaves that alone. */
const char *preset_template(const struct chat *c, const char *name);
bool preset_is_built_in(const char *name);
/* Adds the names of all presets, the user's own first, and for each a line with its settings. */
void preset_list(struct chat *c, struct words *names, struct words *lines);

#endif
