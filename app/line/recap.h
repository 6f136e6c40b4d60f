/* Recap: the last lines of a resumed conversation, for orientation. */
#ifndef PALAVER_APP_LINE_RECAP_H
#define PALAVER_APP_LINE_RECAP_H

#include <stddef.h>

#include "app/chat/chat.h"
#include "app/terminal/show.h"

/* Prints the last exchange, without messages before index from, in about 20 lines at most; from 0: under the title of
 * the conversation. prompt is written before the user's messages. */
void recap_show(struct show *s, const struct chat *c, size_t from, const char *prompt);

#endif
