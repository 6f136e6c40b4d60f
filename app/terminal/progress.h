/* Progress: a bar with the time left, on standard error and only when that is a terminal. */
#ifndef PALAVER_APP_TERMINAL_PROGRESS_H
#define PALAVER_APP_TERMINAL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

struct progress {
    bool shown;     /* standard error is a terminal and nobody asked for quiet */
    double started; /* seconds of the monotonic clock */
    double drawn;
};

struct progress progress_start(bool quiet);
/* Redraws at most ten times a second. */
void progress_show(struct progress *p, size_t done, size_t total);
/* Clears the line. */
void progress_end(struct progress *p);

#endif
