/* By the way: the overlay of /btw, see chat/btw.h. What there is of it is repl.btw. */
#ifndef PALAVER_APP_SCREEN_BTW_H
#define PALAVER_APP_SCREEN_BTW_H

#include "app/screen/parts.h"
#include "base/error.h"

/* Asks beside the conversation, and opens the overlay. */
void screen_btw_ask(struct screen *s, const char *question, struct error *err);
/* Asks further in it. */
void screen_btw_ask_again(struct screen *s, const char *question, struct error *err);
/* Takes what came of the answer. */
void screen_btw_take(struct screen *s);
/* Stops the answer; when it has ended, closes the overlay and forgets what was asked there. */
void screen_btw_leave(struct screen *s);

#endif
