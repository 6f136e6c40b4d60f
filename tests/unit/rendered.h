/* Rendered: what tests and the fuzz target require of every rendering. */
#ifndef PALAVER_TESTS_UNIT_RENDERED_H
#define PALAVER_TESTS_UNIT_RENDERED_H

#include "ui/text/render.h"

/* NULL, or what is wrong: lines wider than the width, sources that fall or point outside a message of this size, spans that
 * do not hang together, text that could command a terminal. */
const char *rendered_fault(const struct rendering *r, size_t size, int width);
/* The lines as text. */
void rendered_screen(const struct rendering *r, struct buf *out);

#endif
