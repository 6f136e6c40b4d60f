/* Reply: what a terminal answers to a question about its colours. */
#ifndef PALAVER_UI_KEYS_REPLY_H
#define PALAVER_UI_KEYS_REPLY_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the answer to OSC 11 ("11;rgb:1e1e/1e1e/2e2e", xterm's control sequences), without what begins and ends it.
 * False for anything else. *light: the background is nearer to white than to black. */
bool reply_ground(const char *text, size_t size, bool *light);

#endif
