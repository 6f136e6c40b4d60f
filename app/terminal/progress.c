/* Progress: drawing the bar. */
#include <config.h>

#include "app/terminal/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { WIDTH = 30 };

struct progress progress_start(bool quiet)
{
    return (struct progress){.shown = !quiet && isatty(STDERR_FILENO), .started = clock_seconds()};
}

void progress_show(struct progress *p, size_t done, size_t total)
{
    double now = clock_seconds();
    if (!p->shown || total == 0 || (done < total && now - p->drawn < 0.1))
        return;
    p->drawn = now;
    char bar[WIDTH + 1];
    size_t full = done * WIDTH / total;
    memset(bar, '#', full);
    memset(bar + full, '.', WIDTH - full);
    bar[WIDTH] = '\0';
    double left = done > 0 ? (now - p->started) * (double)(total - done) / (double)done : 0;
    fprintf(stderr, "\r[%s] %3zu%%  %zu:%02zu left ", bar, done * 100 / total, (size_t)left / 60, (size_t)left % 60);
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fprintf(stderr, "\r%*s\r", WIDTH + 24, "");
    p->shown = false;
}
