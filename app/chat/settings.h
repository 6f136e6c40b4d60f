/* Settings: the sampling settings of a chat, and where each comes from: the options, the model's file, this
 * conversation, a preset, a persona.
 *
 * What was set in the conversation is stored with it. Of that, the settings that a preset or a persona brought are
 * known as theirs until they change. Sets of settings are bits, see fields.h. */
#ifndef PALAVER_APP_CHAT_SETTINGS_H
#define PALAVER_APP_CHAT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "app/chat/chat.h"
#include "app/options/options.h"
#include "engine/engine.h"

struct chat_settings;

/* Those of the options, which stay the caller's and must outlive the settings. NULL when out of memory. */
struct chat_settings *chat_settings_new(const struct options *o);
/* The same once more; NULL when out of memory. */
struct chat_settings *chat_settings_copy(const struct chat_settings *s);
void chat_settings_free(struct chat_settings *s);

const struct sampling *chat_settings_sampling(const struct chat_settings *s);
/* The settings of an answer that begins now, with its seed. */
struct sampling chat_settings_for_answer(const struct chat_settings *s);
/* What the settings are unless they are changed: the options, and what the model (NULL: none) recommends unless a
 * flag or a variable says otherwise. *recommended (may be NULL): the set of those that come from the model. */
struct sampling chat_settings_base(const struct chat_settings *s, const struct model *model, uint32_t *recommended);
enum chat_origin chat_settings_origin(const struct chat_settings *s, const char *setting, const char **name);
/* The names of the preset and the persona in use; NULL: none. Valid until another is used. */
const char *chat_settings_preset(const struct chat_settings *s);
const char *chat_settings_persona(const struct chat_settings *s);
/* What the conversation stores, as JSON: malloc'ed; NULL when nothing was set, or out of memory. */
char *chat_settings_to_store(const struct chat_settings *s);

/* ---- changes ---- */

/* Sets all of them. Returns the set of those that changed; the seed is never one. */
uint32_t chat_settings_set(struct chat_settings *s, const struct sampling *sampling);
/* A fixed seed is the same for each answer, plus one for each further answer to the same message. */
void chat_settings_fix_seed(struct chat_settings *s, bool fixed);
bool chat_settings_seed_is_fixed(const struct chat_settings *s);
/* Another answer to the same message is asked for; or the first one to another message. */
void chat_settings_next_seed(struct chat_settings *s);
void chat_settings_first_seed(struct chat_settings *s);
/* Another model is there: its recommendations take the place of those before. */
void chat_settings_use_model(struct chat_settings *s, const struct model *model);
/* Makes the settings those of a preset (JSON): what it says nothing of is as in chat_settings_base. given_first: flags
 * and variables override it. name NULL: no preset. */
void chat_settings_use_preset(struct chat_settings *s, const struct model *model, const char *name, const char *json,
                              bool given_first);
/* True while another model may bring its own preset: nothing was set except by the preset of the model before. */
bool chat_settings_follow_model(const struct chat_settings *s);
/* Whether the preset in use bears the model's name, and so came with the model; false again when another is used. */
void chat_settings_mark_models_preset(struct chat_settings *s, bool from_model);
bool chat_settings_preset_is_models(const struct chat_settings *s);
/* Sets what a persona (JSON) says. Returns that set. */
uint32_t chat_settings_use_persona(struct chat_settings *s, const char *json);
void chat_settings_name_persona(struct chat_settings *s, const char *name);
/* Takes what a conversation stores; flags and variables override it. The origins are then as chat_settings_find_origins
 * says. */
void chat_settings_read_stored(struct chat_settings *s, const struct model *model, const char *json);
/* Attributes what is set to a preset and a persona (each by name and JSON, NULL: none), as far as they say the same. */
void chat_settings_find_origins(struct chat_settings *s, const struct model *model, const char *preset,
                                const char *preset_json, const char *persona, const char *persona_json);

#endif
