/* Line history: the messages typed before, kept in STATE_DIR/line-history, one a line, with \n and \\ for line breaks and
 * backslashes. Each is appended as it is typed, so that two programs at once and a crash lose none. */
#ifndef PALAVER_APP_LIBRARY_SENT_H
#define PALAVER_APP_LIBRARY_SENT_H

#include <stddef.h>

#include "app/options/paths.h"

struct line_history;

/* What is called for each message, oldest first. */
typedef void line_history_take(void *context, const char *text);

/* Reads the newest messages. A file that can't be read or written is no error: then nothing is kept. NULL without
 * memory. */
struct line_history *line_history_open(const struct paths *paths, line_history_take *take, void *context);
void line_history_free(struct line_history *h);
void line_history_add(struct line_history *h, const char *text);

#endif
