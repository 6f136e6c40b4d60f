/* Columns: how much of a line fits into a terminal. Lines are titles and rows of tables, a few hundred bytes. */
#ifndef PALAVER_APP_TERMINAL_COLUMNS_H
#define PALAVER_APP_TERMINAL_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

/* The columns of the terminal that out is; $COLUMNS, else 80, where it does not say. */
int columns_of(FILE *out);
/* The rows likewise; 24 where it does not say. */
int columns_rows(FILE *out);
/* The bytes of UTF-8 text[0..size) that fit into this many columns; what combines with a character stays with it. */
size_t columns_fit(const char *text, size_t size, int columns);

#endif
