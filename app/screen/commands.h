/* Commands: slash commands that the screen answers itself, where it has more to show than lines. */
#ifndef PALAVER_APP_SCREEN_COMMANDS_H
#define PALAVER_APP_SCREEN_COMMANDS_H

#include <stdbool.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* repl.front of a screen, which is the context. False: the command is left to the repl. */
bool screen_command(void *context, const char *name, const char *arguments, struct error *err);

#endif
