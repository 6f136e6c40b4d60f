/* Progress: a bar with the time left, on standard error if that is a terminal. */
#ifndef PALAVER_APP_TERMINAL_PROGRESS_H
#define PALAVER_APP_TERMINAL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    bool shown;     /* standard error is a terminal, and the user did not ask for quiet */
    double started; /* seconds of the monotonic clock */
    double drawn;   /* when it was last drawn, likewise */
};

struct progress progress_start(bool quiet);
/* done of total are through, in any unit. Draws at most ten times a second. */
void progress_show(struct progress *p, size_t done, size_t total);
/* Erases the bar. */
void progress_end(struct progress *p);

#endif
