/* Grid: a table of short texts, printed for people, for spreadsheets, or as Markdown. */
#ifndef PALAVER_APP_TERMINAL_GRID_H
#define PALAVER_APP_TERMINAL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum grid_form { GRID_TEXT, GRID_CSV, GRID_MARKDOWN };

struct grid {
    size_t columns, n, room; /* cells are filled row by row; the first row has the headings */
    char **cells;            /* (n) */
    bool failed;             /* out of memory */
};

void grid_init(struct grid *g, size_t columns);
void grid_free(struct grid *g);
/* Fills the next cell. */
void grid_add(struct grid *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints the rows that are full. */
void grid_print(const struct grid *g, enum grid_form form, FILE *out);

#endif
