/* Unfinished: the end of a text that is still being written, made ready for Markdown. */
#ifndef PALAVER_UI_TEXT_UNFINISHED_H
#define PALAVER_UI_TEXT_UNFINISHED_H

#include <stdbool.h>

#include "base/buf.h"

/* Cuts off an end that Markdown would misread (a lone "**", dashes that can become a rule, a list or a heading) and
 * closes what is open (emphasis, code in a line, the target of a link, the second line of a table). Code blocks need
 * no help. False when out of memory. */
bool unfinished_mend(struct buf *text);

#endif
