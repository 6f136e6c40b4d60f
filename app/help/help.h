/* Help: --help, the man page and the completions, all made from the tables of options and commands.
 *
 *   help        --help, --version, --check-config, --paths
 *   man         the man page
 *   completion  bash and zsh */
#ifndef PALAVER_APP_HELP_HELP_H
#define PALAVER_APP_HELP_HELP_H

#include <stdio.h>

#include "app/commands/commands.h"
#include "app/options/options.h"

void print_help(FILE *out, const struct command *command);
/* The man page, and the completions of bash and zsh. The repository holds them in docs/ and completions/, where a test
 * compares them; `make update-docs` writes them. */
void print_man(FILE *out);
void print_bash(FILE *out);
void print_zsh(FILE *out);
/* Every option that the config file may hold, with its value and where it comes from. */
void print_values(FILE *out, const struct options *o);
/* Version, licence, libraries and the kernels that this processor gets. */
void print_version(FILE *out);
void print_paths(FILE *out, const struct options *o);

#endif
