/* Commands: what keys do inside the screen, by name. Slash commands, which the program runs, are not among them. */
#ifndef PALAVER_UI_COMMANDS_H
#define PALAVER_UI_COMMANDS_H

#include <stdbool.h>

/* Whether the screen has a command of this name. */
bool ui_is_command(const char *name);

#endif
