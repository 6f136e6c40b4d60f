/* Columns: the terminal's size and the widths of characters, by wcwidth as terminals draw them. */
#include <config.h>

#include "app/terminal/columns.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "base/utf8.h"

enum { JOINER = 0x200D, COLUMNS = 80, ROWS = 24, MOST = 10000 };

/* The size that the terminal reports, else that of the variable, else a fallback. */
static int size_of(unsigned short reported, const char *variable, int fallback)
{
    const char *value = getenv(variable);
    long number = reported > 0 ? reported : value != NULL ? strtol(value, NULL, 10) : 0;
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

/* The width of the next character, 0 for what joins the one before; *used: its bytes. */
static int next_width(const char *text, size_t size, bool *joined, size_t *used)
{
    uint32_t code = utf8_decode(text, size, used);
    int width = code == UTF8_INVALID ? 1 : wcwidth((wchar_t)code);
    width = width < 0 ? 1 : *joined ? 0 : width;
    *joined = code == JOINER;
    return width;
}

size_t columns_fit(const char *text, size_t size, int columns)
{
    size_t end = 0, used;
    bool joined = false;
    for (size_t at = 0; at < size; at += used) {
        int width = next_width(text + at, size - at, &joined, &used);
        if (width > columns)
            break;
        columns -= width;
        end = at + used;
    }
    return end;
}

int columns_width(const char *text, size_t size)
{
    int columns = 0;
    bool joined = false;
    for (size_t at = 0, used; at < size; at += used)
        columns += next_width(text + at, size - at, &joined, &used);
    return columns;
}
