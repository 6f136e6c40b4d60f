/* Home: where the chat stores its conversations, in DATA_DIR/history.db or, for a temporary chat, in memory.
 *
 * Both are stores with the same functions; callers need not know which one they have. An unreadable history (damaged,
 * of a newer version, in a folder that can't be written) is not fatal: the chat is then a temporary one, and says so. A
 * new conversation gets its row with its first message. */
#ifndef PALAVER_APP_LIBRARY_HOME_H
#define PALAVER_APP_LIBRARY_HOME_H

#include <stdbool.h>
#include <stdint.h>

#include "app/options/options.h"
#include "base/error.h"
#include "history/history.h"

struct home;

/* Milliseconds that a call waits for another program's lock. */
enum home_patience {
    HOME_NO_WAIT = 0,      /* while the loop of a front end runs, which tries again */
    HOME_SHORT_WAIT = 100, /* what the user asked for, and hears of when it fails */
    HOME_LONG_WAIT = 500,  /* before the loop begins and after it has ended */
};

/* Opens the history, or a temporary store if the options say so or the history can't be opened. NULL if not even the
 * latter is possible. */
struct home *home_open(const struct options *o, struct error *err);
/* The same place and conversation once more, on the same connection; to be freed before h, which is not temporary. */
struct home *home_beside(const struct home *h, struct error *err);
void home_free(struct home *h);

/* The store of the present conversation. Owned by h; valid until the chat opens another conversation or begins one. */
struct store *home_store(const struct home *h);
/* The store of all saved conversations, even while the present one is temporary; opened when first needed. Owned by h.
 * NULL with err filled if it can't be opened; ERR_NOT_FOUND if nothing is to be saved and none exists. */
struct store *home_library(struct home *h, struct error *err);
/* The id of the present conversation in home_store; 0 while it has no message. */
int64_t home_conversation(const struct home *h);
bool home_is_temporary(const struct home *h);
/* Changes how long calls wait from now on; at first HOME_LONG_WAIT. Returns what it was. */
enum home_patience home_set_patience(struct home *h, enum home_patience patience);
/* Why the history could not be opened, and what to do about it; NULL if it could. */
const struct error *home_problem(const struct home *h);

/* For the chat: */

/* Begins the next conversation, in the library or in memory; nothing is stored yet. */
enum error_code home_begin(struct home *h, bool temporary, struct error *err);
/* Makes a conversation of home_store the present one. */
void home_enter(struct home *h, int64_t conversation);
/* Makes a row for the present conversation if it has none. */
enum error_code home_ensure(struct home *h, struct error *err);

#endif
