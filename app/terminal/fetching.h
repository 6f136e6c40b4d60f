/* Fetching: how far a download is, on standard error: a bar with rate and time left on a terminal, else a line for every
 * tenth. */
#ifndef PALAVER_APP_TERMINAL_FETCHING_H
#define PALAVER_APP_TERMINAL_FETCHING_H

#include <stdbool.h>
#include <stdint.h>

struct fetching {
    bool quiet, bar; /* bar: standard error is a terminal that can return to the beginning of a line */
    int tenth;       /* told last */
    int64_t first;   /* bytes that were there when it began; -1: it has not */
    double started, drawn;
    bool drawn_once; /* a bar stands there */
};

struct fetching fetching_start(bool quiet);
/* done of total bytes (total -1: unknown). Draws at most five times a second. */
void fetching_show(struct fetching *f, int64_t done, int64_t total);
/* Prints a line of its own, cleaned. */
void fetching_line(struct fetching *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Erases the bar. */
void fetching_clear(struct fetching *f);

#endif
