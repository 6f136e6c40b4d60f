/* Line history: the messages typed before, in STATE_DIR/line-history, one on a line, with \n and \\ for newlines and
 * backslashes. Each is appended as it is sent, so that neither a crash nor a second program loses any. */
#ifndef PALAVER_APP_LIBRARY_SENT_H
#define PALAVER_APP_LIBRARY_SENT_H

#include <stddef.h>

#include "app/options/paths.h"

struct line_history;

/* Called for each message, oldest first. */
typedef void line_history_take(void *context, const char *text);

/* Reads the newest messages. A file that can't be read or written is not an error: then nothing is kept. NULL when out
 * of memory. */
struct line_history *line_history_open(const struct paths *paths, line_history_take *take, void *context);
void line_history_free(struct line_history *h);
/* Appends a message. */
void line_history_add(struct line_history *h, const char *text);

#endif
