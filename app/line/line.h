/* Line: the chat line by line, and one answer on standard output.
 *
 *   line   the chat: its loop, what it tells
 *   edit   the message being typed, by libedit
 *   keys   the bytes of a keyboard as characters, pasted text among them
 *   recap  the last lines of a resumed conversation
 *   once   `palaver -p`: one answer, as text or JSON */
#ifndef PALAVER_APP_LINE_LINE_H
#define PALAVER_APP_LINE_LINE_H

#include "app/options/options.h"

/* Both return an exit code, after having reported what failed. */
int line_run(const struct options *o);
int once_run(const struct options *o);

#endif
