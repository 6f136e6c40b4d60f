/* Line tail: the end of a conversation that is gone on with, so that one sees where one is. */
#ifndef PALAVER_APP_LINE_RECAP_H
#define PALAVER_APP_LINE_RECAP_H

#include "app/chat/chat.h"
#include "app/terminal/show.h"

/* Prints the last exchange, as far as it lies at index from or after it, in about 20 lines at the most; from 0: with the
 * conversation's title above. prompt stands before what the person wrote. */
void line_tail_show(struct show *s, const struct chat *c, size_t from, const char *prompt);

#endif
