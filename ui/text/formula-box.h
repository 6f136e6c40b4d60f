/* Formula box: a rectangle of characters with a line on which it stands, of which larger ones are made. */
#ifndef PALAVER_UI_TEXT_FORMULA_BOX_H
#define PALAVER_UI_TEXT_FORMULA_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/text/formula-tree.h"

/* One column of one line; zeros are a blank. */
struct formula_cell {
    char text[14]; /* a cluster */
    uint8_t size;
    bool tail;       /* the second column of the cell before */
    uint32_t source; /* the byte of the formula that it stands for, and 1; 0: none */
};
struct formula_box {
    int rows, columns, base; /* base: the row that stands on the line of the text */
    struct formula_cell *cells;
};

/* Blanks; NULL when it is too large or there is no memory. Boxes live as long as the memory. */
struct formula_box *formula_box_new(struct formula_memory *m, int rows, int columns, int base);
/* Text in one row; NULL: it cannot be, as a character of it has no width. */
struct formula_box *formula_box_text(struct formula_memory *m, const char *text, size_t size, uint32_t at);
void formula_box_put(struct formula_box *to, int row, int column, const struct formula_box *from);
/* Puts one character that takes one column. */
void formula_box_set(struct formula_box *b, int row, int column, const char *text, uint32_t at);
/* Boxes side by side on one line, with gaps[i] blanks before each; NULL when one is NULL or there is no memory. */
struct formula_box *formula_box_join(struct formula_memory *m, struct formula_box *const *boxes, const int *gaps,
                                     size_t n);
/* Boxes one below the other, each in the middle; the result stands on the line of the box `standing`, or, moved by
 * `shift` rows, beside it. */
struct formula_box *formula_box_pile(struct formula_memory *m, struct formula_box *const *boxes, size_t n,
                                     size_t standing, int shift);
struct formula_cell *formula_box_cell(const struct formula_box *b, int row, int column);

#endif
