/* Columns: the size of the terminal, and how much of a line fits into it. Lines are titles and rows of tables, a few
 * hundred bytes. */
#ifndef PALAVER_APP_TERMINAL_COLUMNS_H
#define PALAVER_APP_TERMINAL_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

/* The columns of the terminal that out writes to; $COLUMNS or 80 if it is none or does not tell. */
int columns_of(FILE *out);
/* The rows likewise; $LINES or 24. */
int columns_rows(FILE *out);
/* How many bytes of the UTF-8 text[0..size) fit into this many columns. A character keeps its combining marks. */
size_t columns_fit(const char *text, size_t size, int columns);
/* The columns that all of it takes. */
int columns_width(const char *text, size_t size);

#endif
