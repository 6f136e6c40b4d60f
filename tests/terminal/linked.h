/* The links of a terminal's cells (OSC 8), of which libvterm knows nothing: each cell that is written gets the link that is
 * open, one that is erased has none, and what is moved takes its link with it. */
#ifndef PALAVER_TESTS_TERMINAL_LINKED_H
#define PALAVER_TESTS_TERMINAL_LINKED_H

#include <stddef.h>

struct linked;

struct linked *linked_new(int rows, int columns);
void linked_free(struct linked *l);
void linked_write(struct linked *l, const char *bytes, size_t size);
void linked_resize(struct linked *l, int rows, int columns);
/* The address of a cell; "": none. */
const char *linked_at(const struct linked *l, int row, int column);

#endif
