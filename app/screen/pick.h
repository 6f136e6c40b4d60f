/* Pick: popups to choose a command, model, theme, preset or conversation from. */
#ifndef PALAVER_APP_SCREEN_PICK_H
#define PALAVER_APP_SCREEN_PICK_H

#include "app/screen/parts.h"
#include "base/error.h"

enum { PICK_COMMANDS = 1, PICK_MODELS = 2, PICK_THEMES = 4, PICK_CONVERSATIONS = 8, PICK_PRESETS = 16, PICK_ALL = 31 };

/* Opens a popup with all of these kinds. */
void screen_pick(struct screen *s, const char *title, unsigned kinds, struct error *err);

#endif
