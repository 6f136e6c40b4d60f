/* Compare: several answers to one question, side by side. The calls of chat.h begin, show and end a comparison; these
 * are for the files of the room. */
#ifndef PALAVER_APP_CHAT_COMPARE_H
#define PALAVER_APP_CHAT_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/chat/chat.h"
#include "base/error.h"

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
/* Writes all of them; last: those under way end as interrupted. chat_compare_unsaved tells how many answers are not
 * saved after that. */
void chat_compare_save(struct chat *c, bool last, struct error *err);
size_t chat_compare_unsaved(const struct chat *c);
/* Writes what the sides' replies have gathered, and tries again what failed. */
void chat_compare_flush(struct chat *c);

#endif
