/* Marked: a line of text with some letters marked, as lists show what matched. */
#ifndef PALAVER_UI_PANES_MARKED_H
#define PALAVER_UI_PANES_MARKED_H

#include "ui/draw/canvas.h"
#include "ui/text/fuzzy.h"

/* Draws text, cut to width columns with an ellipsis (before it too, where the first mark would not be seen), from a column of a row on; bytes of marks (may be NULL) stand out.
 * Returns the column after it. */
int marked_draw(struct canvas *s, const struct area *a, int row, int column, int width, unsigned style,
                const char *text, const struct fuzzy_marks *marks);

#endif
