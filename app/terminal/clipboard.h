/* Clipboard: text to the desktop's clipboard by the programs that do it. */
#ifndef PALAVER_APP_TERMINAL_CLIPBOARD_H
#define PALAVER_APP_TERMINAL_CLIPBOARD_H

#include <stddef.h>

/* Copies by the first way there is: inside tmux its load-buffer, on this machine's desktop wl-copy, xclip, xsel or pbcopy.
 * Returns what was done, e.g. "copied by wl-copy"; NULL when there is no way and only the terminal is left. */
const char *clipboard_copy(const char *text, size_t size);

#endif
