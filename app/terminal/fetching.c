/* Fetching: the bar and the lines. */
#include <config.h>

#include "app/terminal/fetching.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/terminal/term.h"
#include "app/text/bytes.h"
#include "app/text/safe.h"
#include "base/clock.h"

enum { WIDTH = 24, LINE = 79 };

struct fetching fetching_start(bool quiet)
{
    return (struct fetching){.quiet = quiet,
                             .bar = !quiet && isatty(STDERR_FILENO) && term_kind() == TERM_KIND_MOVES,
                             .first = -1};
}

void fetching_clear(struct fetching *f)
{
    if (f->drawn_once)
        fprintf(stderr, "\r%*s\r", LINE, "");
    f->drawn_once = false;
}

void fetching_line(struct fetching *f, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    if (f->quiet)
        return;
    fetching_clear(f);
    va_start(arguments, format);
    const int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0)
        return;
    safe_printf(stderr, "%s\n", text);
    free(text);
}

/* "1:05 left", from what has come since the start. */
static void time_left(const struct fetching *f, int64_t done, int64_t total, double now, char *out, size_t size)
{
    out[0] = '\0';
    if (done <= f->first || total < done || now - f->started < 1)
        return;
    const double left = (now - f->started) * (double)(total - done) / (double)(done - f->first);
    if (left < 100 * 3600)
        snprintf(out, size, "%d:%02d:%02d left", (int)left / 3600, (int)left / 60 % 60, (int)left % 60);
}

static void draw_bar(struct fetching *f, int64_t done, int64_t total, double now)
{
    char bar[WIDTH + 1], line[160], got[BYTES_TEXT], whole[BYTES_TEXT], rate[BYTES_TEXT], left[32];
    const int full = total > 0 && done <= total ? (int)((double)done / (double)total * WIDTH) : 0;
    memset(bar, '#', (size_t)full);
    memset(bar + full, '.', (size_t)(WIDTH - full));
    bar[WIDTH] = '\0';
    const double seconds = now - f->started;
    bytes_text(seconds > 0 ? (uint64_t)((double)(done - f->first) / seconds) : 0, rate);
    time_left(f, done, total, now, left, sizeof left);
    bytes_text((uint64_t)done, got);
    if (total > 0)
        snprintf(line, sizeof line, "[%s] %s of %s  %s/s  %s", bar, got, bytes_text((uint64_t)total, whole), rate,
                 left);
    else
        snprintf(line, sizeof line, "%s  %s/s", got, rate);
    fprintf(stderr, "\r%-*.*s", LINE, LINE, line);
    fflush(stderr);
    f->drawn_once = true;
}

void fetching_show(struct fetching *f, int64_t done, int64_t total)
{
    const double now = clock_seconds();
    if (f->quiet || (done <= 0 && total < 0))
        return;
    const int tenth = total > 0 ? (int)((double)done / (double)total * 10) : 0;
    if (f->first < 0) {
        f->first = done;
        f->started = now;
        f->tenth = tenth;
    }
    if (f->bar && (now - f->drawn >= 0.2 || done == total)) {
        f->drawn = now;
        draw_bar(f, done, total, now);
    } else if (!f->bar && tenth > f->tenth) {
        char got[BYTES_TEXT];
        f->tenth = tenth;
        fprintf(stderr, "%d%%, %s\n", 10 * tenth, bytes_text((uint64_t)done, got));
    }
}
