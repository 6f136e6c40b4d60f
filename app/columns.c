/* Columns: the terminal's size. */
#include <config.h>

#include "app/columns.h"

#include <stdlib.h>
#include <sys/ioctl.h>

enum { COLUMNS = 80, ROWS = 24, MOST = 10000 };

/* A size that the terminal told, else the variable's, else a fallback. */
static int size_of(unsigned short told, const char *variable, int fallback)
{
    const char *value = getenv(variable);
    long number = told > 0 ? told : value != NULL ? strtol(value, NULL, 10) : 0;
    return number > 0 && number < MOST ? (int)number : fallback;
}

int columns_of(FILE *out)
{
    struct winsize window = {0};
    ioctl(fileno(out), TIOCGWINSZ, &window);
    return size_of(window.ws_col, "COLUMNS", COLUMNS);
}

int columns_rows(FILE *out)
{
    struct winsize window = {0};
    ioctl(fileno(out), TIOCGWINSZ, &window);
    return size_of(window.ws_row, "LINES", ROWS);
}
