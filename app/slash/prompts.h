/* Prompts: messages of the user's own as commands, one file each: prompts/NAME.md in the configuration's folder.
 *
 * A file may begin with a description between two lines of three dashes:
 *
 *     ---
 *     description: Explain something simply
 *     ---
 *     Explain to a child: $ARGUMENTS
 *
 * $ARGUMENTS stands for all that follows the name, $1 to $9 for its words, $$ for a dollar sign. Where a text has none
 * of these, what follows the name is appended. A built-in command of the same name goes first. */
#ifndef PALAVER_APP_SLASH_PROMPTS_H
#define PALAVER_APP_SLASH_PROMPTS_H

#include <stdbool.h>

#include "app/options/options.h"
#include "app/text/choices.h"
#include "base/buf.h"
#include "base/error.h"

struct slash_command;

/* Adds all of them, sorted, with their description, or what is wrong with the file, e.g. that it bears the name of one
 * of the commands. before stands before each name. o NULL: there are none. */
void prompts_offer(const struct options *o, const struct slash_command *commands, struct choices *choices,
                   const char *before);
/* Whether there is a file for this name. */
bool prompts_has(const struct options *o, const char *name);
/* Appends the message that a name and what follows it stand for. ERR_ARGUMENT when words are missing; a file that can't
 * be used is an error that names it and the line. */
enum error_code prompts_expand(const struct options *o, const char *name, const char *arguments, struct buf *out,
                               struct error *err);

#endif
