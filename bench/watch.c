/* Watch. */
#include <config.h>

#include "bench/watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 30, COLUMNS = 100, PATIENCE = 120000, FIRST = 1000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

struct watch watch_start(const struct watch_program *p, const char *const *options)
{
    enum { FIXED = 5, MOST = 16 };
    const char *argv[MOST + 1] = {p->palaver, "-m", p->model, "-s", "1"};
    char encoder[4200], data[4200];
    const char *environment[] = {"TERM=xterm-256color", encoder, p->data != NULL ? data : NULL, NULL};
    snprintf(encoder, sizeof encoder, "PALAVER_ENCODER=%s", p->encoder);
    snprintf(data, sizeof data, "XDG_DATA_HOME=%s", p->data != NULL ? p->data : "");
    for (size_t i = FIXED; options != NULL && *options != NULL && i < MOST; i++)
        argv[i] = *options++;
    const double since = now();
    return (struct watch){.vt = vt_start(ROWS, COLUMNS, argv, environment, p->home), .since = since};
}

void watch_stop(struct watch *w)
{
    kill(vt_pid(w->vt), SIGTERM);
    vt_wait_end(w->vt);
    vt_end(w->vt);
    w->vt = NULL;
}

void watch_type(struct watch *w, const char *keys)
{
    w->since = now();
    if (!w->lost)
        vt_type(w->vt, keys);
}

/* ---- waiting ----------------------------------------------------------------------------------------------------- */

static void lose(struct watch *w, const char *text)
{
    w->lost = true;
    fprintf(stderr, "bench/ui: %s, and \"%s\" did not come. The screen:\n%s",
            vt_has_ended(w->vt) ? "the program ended" : "2 minutes passed", text, vt_screen(w->vt));
}

double watch_until(struct watch *w, const char *text)
{
    const double end = now() + PATIENCE;
    while (!w->lost && !vt_shows(w->vt, text))
        if (!vt_read(w->vt, 50) && (now() > end || vt_has_ended(w->vt)))
            lose(w, text);
    return w->lost ? -1 : vt_came(w->vt) - w->since;
}

double watch_quiet(struct watch *w, int milliseconds)
{
    const double end = now() + PATIENCE;
    while (!w->lost && now() < end && vt_read(w->vt, vt_came(w->vt) < w->since ? FIRST : milliseconds))
        ;
    return vt_came(w->vt) - w->since;
}

/* ---- figures ----------------------------------------------------------------------------------------------------- */

void figures_add(struct figures *f, double value)
{
    if (value >= 0 && f->n < sizeof f->at / sizeof *f->at)
        f->at[f->n++] = value;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void figures_print(struct figures *f, const char *what)
{
    qsort(f->at, f->n, sizeof *f->at, by_size);
    if (f->n == 0)
        printf("%-52s nothing came\n", what);
    else
        printf("%-52s %8.1f %8.1f %8.1f ms %8zu\n", what, f->at[f->n / 2], f->at[f->n * 99 / 100], f->at[f->n - 1],
               f->n);
    f->n = 0;
}

void figure_print(const char *what, double value, const char *unit)
{
    printf("%-52s %8.1f %s\n", what, value, unit);
}
