/* Leave: messages that can't be saved are not lost without a word. */
#ifndef PALAVER_APP_SLASH_LEAVE_H
#define PALAVER_APP_SLASH_LEAVE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/slash/slash.h"
#include "base/error.h"

/* True if all is saved, or if the user was told that this much is not and leaves all the same. Otherwise err says what
 * would be lost and why. */
bool leave_allowed(struct repl *t, struct error *err);

/* What is lost at the end. */
struct leave_loss {
    size_t messages;  /* 0 with an error: only settings */
    struct error why; /* ERR_NONE: nothing is lost */
};
/* Closes the chat, which can still be looked at. */
struct leave_loss leave_close(struct repl *t);
/* Says on standard error what is lost; texts: shows the messages too, where the screen that showed them is gone. Call
 * it when the terminal is restored, before chat_free. Returns whether anything is lost. */
bool leave_report(struct repl *t, const struct leave_loss *loss, bool texts);

#endif
