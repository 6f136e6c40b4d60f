/* Compare: several answers to one question, side by side. The calls of chat.h begin, show and end a comparison; these
 * are for the files of the room. */
#ifndef PALAVER_APP_CHAT_COMPARE_H
#define PALAVER_APP_CHAT_COMPARE_H

#include "app/chat/chat.h"

struct compare;

/* Ends it, if there is one; answers under way are kept as interrupted. */
void chat_compare_forget(struct chat *c);
/* Stops the sides that have not ended; each ends with its request. */
void chat_compare_stop(struct chat *c);
/* Readable while any side's events wait; there is a comparison. */
int chat_compare_fd(const struct chat *c);
/* Takes the events of the sides that have a speaker of their own. */
void chat_compare_handle(struct chat *c);
/* Milliseconds until chat_compare_flush has something to do, 0: now, -1: never. */
int chat_compare_due(const struct chat *c);
/* Writes what the sides' replies have gathered, and tries again what failed. */
void chat_compare_flush(struct chat *c);

#endif
