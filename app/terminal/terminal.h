/* Terminal: saves the modes of the terminal, sets those of the chat, and restores the saved ones whatever happens.
 *
 * The room holds what the program does with a terminal, whichever front end runs:
 *
 *   terminal   modes, and restoring them when a signal ends the program
 *   signals    signals as bytes in a pipe
 *   strays     what is printed past the screen
 *   show       text made safe, notes, errors
 *   report     the error that ends a command
 *   fold       what a model thinks, hidden
 *   columns    sizes and widths
 *   progress   the bar of a long measurement
 *   board      lines that are drawn again in their place
 *   grid       a table, for people or for other programs
 *   clipboard  the clipboard of the desktop
 *   editor     the user's editor on a text
 *   drop       files dropped on the terminal */
#ifndef PALAVER_APP_TERMINAL_TERMINAL_H
#define PALAVER_APP_TERMINAL_TERMINAL_H

#include <stdbool.h>

/* Saves the modes of standard input, and restores them when a signal ends the program. marks: the terminal that the
 * descriptor out writes to is asked to mark pasted text. */
void terminal_open(int out, bool marks);
/* Static bytes that are written to out before a signal restores the modes. */
void terminal_last_words(const char *bytes);
/* Sets the modes of a program that reads keys itself: bytes arrive as they are typed, nothing is echoed, Ctrl-C is a
 * byte. */
void terminal_listen(void);
/* Asks for marks around pasted text, after the line editor has set its modes. */
void terminal_mark_pastes(void);
/* Sets the saved modes. */
void terminal_restore(void);
/* The same, and forgets them. */
void terminal_close(void);

#endif
