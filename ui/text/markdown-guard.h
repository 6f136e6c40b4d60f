/* Markdown guard: protects text that Markdown would swallow.
 *
 * Formulas (\(x\), \[x\], $x$, $$x$$) are full of its marks, and lines such as "[1]: https://example.org" would
 * vanish, though they may be the only source that an answer names. */
#ifndef PALAVER_UI_TEXT_MARKDOWN_GUARD_H
#define PALAVER_UI_TEXT_MARKDOWN_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/text/text.h"

/* Where a formula stands in the message, with its delimiters. */
struct guard_formula {
    uint32_t from, to;
    uint8_t delimiter; /* bytes of each delimiter */
    bool display;      /* on lines of its own */
    bool dollar;       /* between single dollars, which may be prices */
};
struct guard_formulas {
    struct guard_formula *at;
    size_t n, capacity;
};

/* Puts a backslash, which has no origin, before each mark in a formula and before definitions, so that they are shown
 * as they are written. Line breaks in formulas become hard ones. formulas gets those that have ended; its array is the
 * caller's to free. False when out of memory. */
bool guard_text(struct buf *text, struct text_origin *origin, struct guard_formulas *formulas);

#endif
