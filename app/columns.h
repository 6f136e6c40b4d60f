/* Columns: how large the terminal is. */
#ifndef PALAVER_APP_COLUMNS_H
#define PALAVER_APP_COLUMNS_H

#include <stdio.h>

/* The columns of the terminal that out is; $COLUMNS, else 80, where it does not say. */
int columns_of(FILE *out);
/* The rows likewise; 24 where it does not say. */
int columns_rows(FILE *out);

#endif
