/* Theme: the colours of the screen; the choice is kept for the next start. */
#ifndef PALAVER_APP_SCREEN_THEME_H
#define PALAVER_APP_SCREEN_THEME_H

#include <stdbool.h>

#include "app/options/options.h"
#include "app/screen/parts.h"
#include "base/error.h"

struct screen_theme *screen_theme_new(void);
void screen_theme_free(struct screen_theme *t);

/* The theme of the chat at its last start, for other screens, malloc'ed; NULL: the default one. */
char *screen_theme_chosen(const struct options *o);
/* Opens the screen with the theme that a flag or a variable names, else with the one that was chosen last, else with
 * the configuration's. A choice that can't be used any more is said and not missed. NULL on failure. options: without a
 * theme. */
struct ui *screen_theme_open(struct screen *s, struct ui_options options, struct error *err);
/* Whether the theme is light or dark as the terminal's background. */
bool screen_theme_is_automatic(const struct screen *s);
/* Shows the theme that a command "/theme NAME" would choose; another text: the one in use again. */
void screen_theme_preview(struct screen *s, const char *command);
/* The terminal told its background. */
void screen_theme_ground(struct screen *s, bool light);
/* Changes to another theme, or to "auto", and keeps the choice. */
void screen_theme_choose(struct screen *s, const char *name, struct error *err);

#endif
