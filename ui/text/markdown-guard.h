/* Guard: keeps Markdown away from what it would swallow.
 *
 * Formulas (\(x\), \[x\], $x$, $$x$$) are full of its marks, and lines like "[1]: https://example.org" would vanish, though
 * in an answer they may be all there is of a source. */
#ifndef PALAVER_UI_TEXT_MARKDOWN_GUARD_H
#define PALAVER_UI_TEXT_MARKDOWN_GUARD_H

#include "ui/text/text.h"

/* Puts backslashes, without an origin, before the marks in formulas and before definitions: they stay as they are written.
 * Line breaks in formulas become hard ones. Returns false without memory. */
bool guard_text(struct buf *text, struct text_origin *origin);

#endif
