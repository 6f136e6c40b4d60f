/* Editor: a text in the user's own editor. */
#ifndef PALAVER_APP_TERMINAL_EDITOR_H
#define PALAVER_APP_TERMINAL_EDITOR_H

#include "base/buf.h"
#include "base/error.h"

/* Opens $VISUAL, $EDITOR or vi on text and replaces it by what was saved, without line breaks at the end. The terminal
 * must have its own modes meanwhile. An error leaves text as it was. */
enum error_code editor_run(struct buf *text, struct error *err);

#endif
