/* Options in print: --help, the man page and the completions, all from the tables of options and commands. */
#ifndef PALAVER_APP_HELP_HELP_H
#define PALAVER_APP_HELP_HELP_H

#include <stdio.h>

#include "app/commands/commands.h"

void print_help(FILE *out, const struct command *command);
/* The man page; the completions of bash and zsh. Files in docs/ and completions/ hold them, a test compares. */
void print_man(FILE *out);
void print_bash(FILE *out);
void print_zsh(FILE *out);
/* Every lasting option with its value and where it came from. */
void print_values(FILE *out, const struct options *o);
void print_paths(FILE *out, const struct options *o);

#endif
