/* Markdown guard: protects text that Markdown would swallow.
 *
 * Formulas (\(x\), \[x\], $x$, $$x$$) are full of its marks, and lines such as "[1]: https://example.org" would
 * vanish, though they may be the only source that an answer names. */
#ifndef PALAVER_UI_TEXT_MARKDOWN_GUARD_H
#define PALAVER_UI_TEXT_MARKDOWN_GUARD_H

#include "ui/text/text.h"

/* Puts a backslash, which has no origin, before each mark in a formula and before definitions, so that they are shown
 * as they are written. Line breaks in formulas become hard ones. False when out of memory. */
bool guard_text(struct buf *text, struct text_origin *origin);

#endif
