/* Board: going back up and drawing over what was there. */
#include <config.h>

#include "app/terminal/board.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/terminal/columns.h"
#include "app/terminal/term.h"
#include "app/text/safe.h"
#include "base/clock.h"

#define PAUSE 0.2 /* seconds */

struct board board_start(bool quiet)
{
    return (struct board){.shown = !quiet && isatty(STDERR_FILENO) && term_kind() == TERM_KIND_MOVES};
}

bool board_is_due(const struct board *b)
{
    return b->shown && clock_seconds() - b->drawn >= PAUSE;
}

void board_clear(struct board *b)
{
    if (b->shown && b->rows > 0)
        fprintf(stderr, "\r\033[%zuA\033[J", b->rows);
    fflush(stderr);
    b->rows = 0;
}

/* Each line is written over the one before, and only the rest of a longer one is erased, so that nothing flickers. */
void board_draw(struct board *b, const char *lines)
{
    if (!b->shown)
        return;
    const int width = columns_of(stderr);
    const size_t most = (size_t)columns_rows(stderr) - 1;
    if (b->rows > 0)
        fprintf(stderr, "\r\033[%zuA", b->rows);
    b->rows = 0;
    for (const char *end; (end = strchr(lines, '\n')) != NULL && b->rows < most; lines = end + 1, b->rows++) {
        safe_write(stderr, lines, columns_fit(lines, (size_t)(end - lines), width - 1));
        fputs("\033[K\n", stderr);
    }
    fputs("\033[J", stderr);
    fflush(stderr);
    b->drawn = clock_seconds();
}
