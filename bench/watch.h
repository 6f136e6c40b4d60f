/* Watch: the program on a terminal (tests/terminal/vt.h), and how long what it shows takes to come.
 *
 * Every wait has an end. One that was in vain is told on standard error, with the screen; the waits of that program after it
 * return at once, so that a bench goes on with its next part. Times are milliseconds. */
#ifndef PALAVER_BENCH_WATCH_H
#define PALAVER_BENCH_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/terminal/vt.h"

struct watch {
    struct vt *vt;
    bool lost;    /* a wait was in vain */
    double since; /* the start, or when keys were typed last */
};

/* What every program of the bench is started with. */
struct watch_program {
    const char *palaver, *model;
    const char *home;
    const char *data;    /* NULL: home's own */
    const char *encoder; /* a path, or "off" */
};

/* options end with NULL; NULL: none. */
struct watch watch_start(const struct watch_program *p, const char *const *options);
void watch_stop(struct watch *w);
void watch_type(struct watch *w, const char *keys);
/* From the last keys (or the start) until text is on the screen; negative when it was lost. */
double watch_until(struct watch *w, const char *text);
/* From the last keys until the last byte before none comes for so long; negative when none came at all within a second. */
double watch_quiet(struct watch *w, int milliseconds);

/* A row of the table: the figures that were added, their median, the 99th percentile and the longest. */
struct figures {
    double at[1000];
    size_t n;
};
/* A negative value is left out. */
void figures_add(struct figures *f, double value);
/* Prints them, and empties f. */
void figures_print(struct figures *f, const char *what);
/* One value of a row. */
void figure_print(const char *what, double value, const char *unit);

#endif
