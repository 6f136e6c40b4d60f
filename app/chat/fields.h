/* Fields: sampling settings as bits of a set and as JSON, the form in which the history keeps them. */
#ifndef PALAVER_APP_CHAT_FIELDS_H
#define PALAVER_APP_CHAT_FIELDS_H

#include <stdint.h>

#include "engine/engine.h"

/* A set of settings has a bit for each of sampling_fields, by position; the seed and the lists have bits of their
 * own. */
#define SETTINGS_LIST(list) (UINT32_C(1) << ((list) == LIST_STOP ? 31 : 27 + (list)))
#define SETTINGS_SEED (UINT32_C(1) << 30)
#define SETTINGS_ALL (~SETTINGS_SEED)

/* The bit of a setting by name; 0 when there is no such setting. */
uint32_t fields_bit(const char *name);
/* The settings whose values differ. */
uint32_t fields_changed(const struct sampling *a, const struct sampling *b);
/* The settings in the set `which` as a JSON object; of SETTINGS_ALL only those in use. malloc'ed, NULL when out of
 * memory. */
char *fields_json(const struct sampling *s, uint32_t which);
/* Sets what a JSON object (NULL: none) says, as far as it is understood. Returns the settings that were set. */
uint32_t fields_read(struct sampling *s, const char *json);

#endif
