/* Theme: the colours of the screen; the choice is kept for the next start. */
#ifndef PALAVER_APP_SCREEN_THEME_H
#define PALAVER_APP_SCREEN_THEME_H

#include "app/options/options.h"
#include "app/screen/parts.h"
#include "base/error.h"

/* The theme that was chosen last and no flag or variable overrides, malloc'ed; NULL: there is none, or it can't be
 * read. */
char *screen_theme_chosen(const struct options *o);
/* Opens the screen with the theme that a flag or a variable names, else with the one that was chosen last, else with
 * the configuration's. A choice that can't be used any more is said and not missed. NULL on failure. options: without a
 * theme. */
struct ui *screen_theme_open(const struct screen *s, struct ui_options options, struct error *err);
/* Changes to another theme, and keeps the choice. */
void screen_theme_choose(struct screen *s, const char *name, struct error *err);

#endif
