/* Table: cells as columns of the screen. */
#ifndef PALAVER_UI_TEXT_TABLE_H
#define PALAVER_UI_TEXT_TABLE_H

#include "ui/text/page.h"

enum table_align { TABLE_LEFT, TABLE_CENTER, TABLE_RIGHT };
struct table_cell {
    size_t from, to; /* in the stretch */
    enum table_align align;
};
struct table {
    struct table_cell *cells; /* rows of n_columns, the first is the head */
    size_t n, capacity;
    size_t n_columns;
};
/* Adds a cell that begins at from; the caller sets its end. False when out of memory. */
bool table_add(struct table *t, size_t from, enum table_align align);
void table_free(struct table *t);
/* Writes the table: columns as wide as they need while there is room, else narrower, with cells of several lines. */
void table_write(const struct table *t, const struct stretch *s, struct page *l);

#endif
