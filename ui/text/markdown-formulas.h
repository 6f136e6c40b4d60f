/* Markdown formulas: puts formulas into a form that can be read, when their paragraph is written.
 *
 * What a stretch has of a formula is found by the places of its bytes. A formula that cannot be shown, or of which only
 * a part is there, stays as it is written. */
#ifndef PALAVER_UI_TEXT_MARKDOWN_FORMULAS_H
#define PALAVER_UI_TEXT_MARKDOWN_FORMULAS_H

#include "ui/text/markdown-guard.h"
#include "ui/text/page.h"

/* Writes the stretch as page_wrap does; formulas on lines of their own have two dimensions where there is room.
 * *next is the first formula that was not yet passed, 0 at the beginning. */
void formulas_wrap(struct page *l, const struct guard_formulas *formulas, size_t *next, const struct stretch *s);
/* Replaces formulas of the stretch from byte `from` on, all in one line, as in the cell of a table. False when out of
 * memory. */
bool formulas_in_line(struct page *l, const struct guard_formulas *formulas, size_t *next, struct stretch *s,
                      size_t from);

#endif
