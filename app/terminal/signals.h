/* Signals: as bytes in a pipe, so that one poll loop waits for them beside everything else. */
#ifndef PALAVER_APP_TERMINAL_SIGNALS_H
#define PALAVER_APP_TERMINAL_SIGNALS_H

#include <stdbool.h>

#include "base/error.h"

/* From now on SIGINT, SIGTERM and SIGHUP are taken from the pipe; with terminal also SIGTSTP, SIGCONT and SIGWINCH.
 * Returns the descriptor to poll; -1 on failure. */
int signals_open(bool terminal, struct error *err);
/* Gives the signals back to what they did before. */
void signals_close(void);
/* The next signal that came; 0 when none waits. */
int signals_next(void);
/* Stops this process and its group as Ctrl-Z does; returns when it goes on. */
void signals_suspend(void);
/* Ends the process by the signal, as it would have ended without us. */
void signals_die(int number);

#endif
