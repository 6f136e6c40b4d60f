/* Editor: a text in the editor that the user has chosen. */
#ifndef PALAVER_APP_TERMINAL_EDITOR_H
#define PALAVER_APP_TERMINAL_EDITOR_H

#include "base/buf.h"
#include "base/error.h"

/* Opens $VISUAL, $EDITOR or vi on text and replaces it by what was saved. A newline that editors put at the end of a
 * file without one is no part of it. Waits for the editor; the caller restores the modes of the terminal before. On failure text is unchanged. */
enum error_code editor_run(struct buf *text, struct error *err);

#endif
