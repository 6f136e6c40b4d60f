/* Definitions: lines like "[1]: https://example.org", which Markdown takes away from the text. */
#ifndef PALAVER_UI_DEFINITION_H
#define PALAVER_UI_DEFINITION_H

#include "ui/text.h"

/* Puts a backslash, without an origin, before each line of text that could be one, so that it is shown: in an answer it
 * may be all there is of a source, and nothing that a message says is hidden. Returns false without memory. */
bool definitions_keep(struct buf *text, struct text_origin *origin);

#endif
