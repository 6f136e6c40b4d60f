/* Growing: the end of a text that is still being written, made ready for Markdown. */
#ifndef PALAVER_UI_TEXT_UNFINISHED_H
#define PALAVER_UI_TEXT_UNFINISHED_H

#include <stdbool.h>

#include "base/buf.h"

/* Text ends anywhere. What is at its end, and would be read as something else than what it becomes, is cut off (a lone
 * "**", the dashes that could be a rule, a list or a heading); what is open is closed (emphasis, code in a line, a link's
 * target, a table's second line). Code blocks need no help. Returns false without memory. */
bool growing_mend(struct buf *text);

#endif
