/* Presets: named sets of sampling settings, built in and the user's own, which lie in the history. */
#ifndef PALAVER_APP_CHAT_PRESET_H
#define PALAVER_APP_CHAT_PRESET_H

#include "app/chat/chat.h"
#include "app/text/words.h"

/* Makes the chat's settings those of a preset: the user's own of that name, else the built-in one. Settings that it says
 * nothing of are as they were given at the start; the seed stays. */
enum error_code preset_use(struct chat *c, const char *name, struct error *err);
/* The same at the start, where a flag or a variable is stronger. */
enum error_code preset_begin(struct chat *c, const char *name, struct error *err);
/* What a preset says, as JSON; malloc'ed, NULL when there is none of that name. */
char *preset_settings(const struct chat *c, const char *name);
bool preset_is_built_in(const char *name);
/* Keeps the present settings under a name. */
enum error_code preset_save(struct chat *c, const char *name, struct error *err);
/* ERR_NOT_FOUND when it is none of the user's own. */
enum error_code preset_delete(struct chat *c, const char *name, struct error *err);
/* Names, the user's first; what each is, as one line of settings. */
void preset_list(struct chat *c, struct words *names, struct words *lines);

#endif
