/* Bindings: which key does what, in one table that the help shows, the manual prints and the user's file changes.
 *
 * A binding names a place (anywhere; transcript, list, settings: only while the focus is there) and a command: one of
 * the screen's own (ui/commands.c) or a slash command with its slash. The file has lines `place key = command`; `none`
 * as the command frees the key. */
#ifndef PALAVER_UI_KEYS_BINDINGS_H
#define PALAVER_UI_KEYS_BINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ui/keys/key.h"

/* Where a binding holds. */
enum place { PLACE_ANYWHERE, PLACE_TRANSCRIPT, PLACE_LIST, PLACE_SETTINGS, PLACE_LENS, PLACE_COMPOSER, PLACES };
/* The name that the file has for it; static. */
const char *place_name(enum place place);

struct binding {
    enum place place;
    const char *key;
    const char *command;
    const char *help; /* NULL: a second key of the binding above */
};

struct bindings;

/* Whether the screen has a command of this name. */
typedef bool bindings_is_command(const char *name);
/* The built-in ones, changed by the file (NULL or absent: unchanged). NULL on failure; the message names the line. */
struct bindings *bindings_open(const char *file, bindings_is_command *is_command, struct error *err);
void bindings_free(struct bindings *b);
size_t bindings_count(const struct bindings *b);
/* Binding number index, from 0; NULL past the end. */
const struct binding *bindings_at(const struct bindings *b, size_t index);
/* The command of a key in a place, else anywhere; NULL when it has none. */
const char *bindings_find(const struct bindings *b, enum place place, const struct key *key);
/* The first key of a command, for hints; NULL when it has none. */
const char *bindings_key(const struct bindings *b, const char *command);

/* The built-in table itself; ends with key == NULL. */
extern const struct binding bindings_default[];

#endif
