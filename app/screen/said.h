/* Said: remarks in passing, and what a slash command says. */
#ifndef PALAVER_APP_SCREEN_SAID_H
#define PALAVER_APP_SCREEN_SAID_H

#include "app/screen/parts.h"
#include "app/terminal/show.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_said *screen_said_new(void);
void screen_said_free(struct screen_said *said);

/* Says what went wrong; ERR_NONE: nothing. */
void screen_said_error(struct screen *s, const struct error *err);
/* The same of what came about by itself, which does not take the place of an answer to the user at once. */
void screen_said_trouble(struct screen *s, const struct error *err);
/* show.tell of a screen, the context: an error is said at once, lines are kept for screen_said_show. */
void screen_said_take(void *context, enum show_kind kind, const char *text);
/* Shows the lines that were kept and forgets them: a single short one in passing, more under this title. */
void screen_said_show(struct screen *s, const char *title);

#endif
