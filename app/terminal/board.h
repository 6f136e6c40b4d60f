/* Board: a few lines on standard error that are drawn again in their place, if that is a terminal that can. */
#ifndef PALAVER_APP_TERMINAL_BOARD_H
#define PALAVER_APP_TERMINAL_BOARD_H

#include <stdbool.h>
#include <stddef.h>

struct board {
    bool shown;   /* there is a terminal, and the user did not ask for quiet */
    double drawn; /* when, in seconds of the monotonic clock; 0: never */
    size_t rows;  /* that stand there */
};

struct board board_start(bool quiet);
/* Whether it is time to draw again: at most five times a second. */
bool board_is_due(const struct board *b);
/* Draws lines, each with a newline at its end, in place of those before. What is too wide is cut. */
void board_draw(struct board *b, const char *lines);
/* Erases what stands there. */
void board_clear(struct board *b);

#endif
