/* Formula box: see the header. */
#include <config.h>

#include "ui/text/formula-box.h"

#include <string.h>

#include "ui/text/text.h"

enum { ROWS_MOST = 200, COLUMNS_MOST = 20000 };

struct formula_box *formula_box_new(struct formula_memory *m, int rows, int columns, int base)
{
    if (rows > ROWS_MOST || columns > COLUMNS_MOST)
        return NULL;
    struct formula_box *b = formula_alloc(m, sizeof *b);
    struct formula_cell *cells = formula_alloc(m, ((size_t)rows * (size_t)columns + 1) * sizeof *cells);
    if (b == NULL || cells == NULL)
        return NULL;
    *b = (struct formula_box){rows, columns, base, cells};
    return b;
}

struct formula_cell *formula_box_cell(const struct formula_box *b, int row, int column)
{
    return &b->cells[(size_t)row * (size_t)b->columns + (size_t)column];
}

void formula_box_set(struct formula_box *b, int row, int column, const char *text, uint32_t at)
{
    struct formula_cell *c = formula_box_cell(b, row, column);
    c->size = (uint8_t)strlen(text);
    memcpy(c->text, text, c->size);
    c->source = at + 1;
}

/* Whether the cluster text[0..size) fits into a cell. */
static bool fits_cell(const char *text, size_t size, int columns)
{
    return size <= sizeof((struct formula_cell *)0)->text && columns >= 1 && columns <= 2 &&
           (unsigned char)text[0] >= ' ' && text[0] != 0x7F;
}

struct formula_box *formula_box_text(struct formula_memory *m, const char *text, size_t size, uint32_t at)
{
    int width = text_columns(text, size, 0), columns, column = 0;
    struct formula_box *b = formula_box_new(m, 1, width, 0);
    for (size_t i = 0, used; b != NULL && i < size; i += used, column += columns) {
        used = text_cluster(text + i, size - i, &columns);
        if (!fits_cell(text + i, used, columns) || column + columns > width)
            return NULL;
        struct formula_cell *c = formula_box_cell(b, 0, column);
        if (text[i] != ' ') {
            memcpy(c->text, text + i, used);
            c->size = (uint8_t)used;
        }
        c->source = at + 1;
        if (columns == 2)
            c[1].tail = true;
    }
    return b;
}

void formula_box_put(struct formula_box *to, int row, int column, const struct formula_box *from)
{
    for (int i = 0; i < from->rows; i++)
        memcpy(formula_box_cell(to, row + i, column), formula_box_cell(from, i, 0),
               (size_t)from->columns * sizeof *from->cells);
}

struct formula_box *formula_box_join(struct formula_memory *m, struct formula_box *const *boxes, const int *gaps,
                                     size_t n)
{
    int above = 0, below = 1, columns = 0;
    for (size_t i = 0; i < n; i++) {
        if (boxes[i] == NULL)
            return NULL;
        above = boxes[i]->base > above ? boxes[i]->base : above;
        below = boxes[i]->rows - boxes[i]->base > below ? boxes[i]->rows - boxes[i]->base : below;
        columns += boxes[i]->columns + gaps[i];
        if (columns > COLUMNS_MOST)
            return NULL;
    }
    struct formula_box *b = formula_box_new(m, above + below, columns, above);
    for (size_t i = 0, column = 0; b != NULL && i < n; column += (size_t)boxes[i++]->columns) {
        column += (size_t)gaps[i];
        formula_box_put(b, above - boxes[i]->base, (int)column, boxes[i]);
    }
    return b;
}

struct formula_box *formula_box_pile(struct formula_memory *m, struct formula_box *const *boxes, size_t n,
                                     size_t standing, int shift)
{
    int rows = 0, columns = 0, base = 0;
    for (size_t i = 0; i < n; i++) {
        if (boxes[i] == NULL)
            return NULL;
        if (i == standing)
            base = rows + boxes[i]->base + shift;
        rows += boxes[i]->rows;
        columns = boxes[i]->columns > columns ? boxes[i]->columns : columns;
    }
    struct formula_box *b = formula_box_new(m, rows, columns, base);
    for (size_t i = 0, row = 0; b != NULL && i < n; row += (size_t)boxes[i++]->rows)
        formula_box_put(b, (int)row, (columns - boxes[i]->columns) / 2, boxes[i]);
    return b;
}
