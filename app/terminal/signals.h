/* Signals: as bytes in a pipe, so that one poll loop waits for them and for everything else. */
#ifndef PALAVER_APP_TERMINAL_SIGNALS_H
#define PALAVER_APP_TERMINAL_SIGNALS_H

#include <stdbool.h>

#include "base/error.h"

/* From now on SIGINT, SIGTERM and SIGHUP arrive in the pipe; with terminal also SIGTSTP, SIGCONT and SIGWINCH. Returns
 * the descriptor to poll, or -1 with err filled. */
int signals_open(bool terminal, struct error *err);
/* Restores what the signals did before. */
void signals_close(void);
/* What came since the last call. */
struct signals {
    int end;        /* SIGTERM or SIGHUP, whichever came last: the program ends by it; 0: neither */
    bool interrupt; /* SIGINT */
    bool suspend;   /* SIGTSTP */
    bool resume;    /* SIGCONT */
    bool resize;    /* SIGWINCH */
};
struct signals signals_take(void);
/* Stops this process and its group as Ctrl-Z does; returns when they are continued. */
void signals_suspend(void);
/* Ends the process by the signal, as if it had not been caught. */
void signals_die(int number);

#endif
