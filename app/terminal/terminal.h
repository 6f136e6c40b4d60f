/* Terminal: its modes as found, as the chat wants them, and back again whatever happens. */
#ifndef PALAVER_APP_TERMINAL_TERMINAL_H
#define PALAVER_APP_TERMINAL_TERMINAL_H

#include <stdbool.h>

/* Remembers the modes of standard input and restores them should the program crash. marks: the terminal (out, a
 * descriptor) is asked to mark pasted text. */
void terminal_open(int out, bool marks);
/* Bytes, static, that the handler of crashes writes to out before it restores the modes. */
void terminal_last_words(const char *bytes);
/* Bytes come as they are typed, nothing is echoed, Ctrl-C is a byte: while the program listens itself. */
void terminal_listen(void);
/* Asks for marks around pasted text, after the line editor has set its modes. */
void terminal_mark_pastes(void);
/* As found. */
void terminal_restore(void);
/* The same and forgets it. */
void terminal_close(void);

#endif
