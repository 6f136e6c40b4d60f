/* Options in print: --help, the man page's tables and the completions, all from the tables of options and commands. */
#ifndef PALAVER_APP_OPTIONS_PRINT_H
#define PALAVER_APP_OPTIONS_PRINT_H

#include <stdio.h>

#include "app/commands.h"

void print_help(FILE *out, const struct command *command);
/* form: "man", "bash" or "zsh". false when it is none of them. */
bool print_form(FILE *out, const char *form);
/* Every lasting option with its value and where it came from. */
void print_values(FILE *out, const struct options *o);
void print_paths(FILE *out, const struct options *o);

#endif
