/* Matches: where a search found something in the transcript, and the one shown last. */
#ifndef PALAVER_UI_PANES_MATCHES_H
#define PALAVER_UI_PANES_MATCHES_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/ui.h"

struct matches;

struct matches *matches_new(void);
void matches_free(struct matches *m);
/* Replaces them; none is the shown one. There are none when out of memory. */
void matches_set(struct matches *m, const struct ui_match *list, size_t n);
/* Match number index becomes the shown one; NULL when there is no such match. */
const struct ui_match *matches_show(struct matches *m, size_t index);
/* The next (1) or previous (-1) one; after the last comes the first. NULL when there is none. */
const struct ui_match *matches_step(struct matches *m, int direction);
/* How many of size bytes of a message, from byte source on, are all inside one match or all outside of any. */
size_t matches_stretch(const struct matches *m, size_t message, size_t source, size_t size, bool *inside,
                       bool *is_shown);

#endif
