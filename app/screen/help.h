/* Help: all commands, to be found by some letters. */
#ifndef PALAVER_APP_SCREEN_HELP_H
#define PALAVER_APP_SCREEN_HELP_H

#include "app/screen/parts.h"
#include "base/error.h"

/* Opens the list, with the user's own prompts and what there is to know of typing. */
void screen_help_open(struct screen *s, const char *arguments, struct error *err);

#endif
