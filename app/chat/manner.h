/* Manners: the settings by which answers are made.
 *
 * They take 2.4 kB, and most answers of a conversation have the same ones: those that are read from the history share
 * them. The seed, which differs, stands in the message. One thread uses all manners. */
#ifndef PALAVER_APP_CHAT_MANNER_H
#define PALAVER_APP_CHAT_MANNER_H

#include <stdbool.h>

#include "app/chat/chat.h"
#include "engine/engine.h"

/* With one user; NULL when out of memory. */
struct manner *manner_new(const struct sampling *settings);
/* One user fewer; the last one frees it. NULL is fine. */
void manner_drop(struct manner *m);

/* The settings of an answer, with its own seed. */
struct sampling manner_of(const struct chat_message *answer);
/* Makes the answer one of the manner's users in place of its own manner, with the manner's seed. NULL: the defaults. */
void manner_share(struct chat_message *answer, struct manner *m);
/* Gives the answer a manner of its own. False when out of memory: it keeps the one that it had. */
bool manner_give(struct chat_message *answer, const struct sampling *settings);

#endif
