/* Clipboard: text to the clipboard of the desktop, through the programs that own it. */
#ifndef PALAVER_APP_TERMINAL_CLIPBOARD_H
#define PALAVER_APP_TERMINAL_CLIPBOARD_H

#include <stddef.h>

/* Copies text[0..size) with the first program that succeeds: tmux inside tmux, else wl-copy, xclip, xsel or pbcopy.
 * Returns what was done, e.g. "copied by wl-copy", a constant; NULL if none succeeds, so that only the terminal's own
 * OSC 52 is left. Waits for the program, two seconds at most. */
const char *clipboard_copy(const char *text, size_t size);

#endif
