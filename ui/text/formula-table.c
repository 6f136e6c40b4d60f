/* Formula layout: matrices, cases and lines that stand below each other. */
#include <config.h>

#include <string.h>

#include "ui/text/formula-layout.h"

/* A table while it is laid out. */
struct grid {
    const struct formula_node *node;
    struct formula_box **cells;
    int *gaps;          /* before each column */
    bool *bars;         /* a line before each column */
    int *widths;        /* of columns */
    int *above, *below; /* rows of each line above its base, and from its base down */
};

static bool is_grid_whole(const struct grid *g)
{
    for (size_t i = 0; i < g->node->n_rows * g->node->n_columns; i++)
        if (g->cells[i] == NULL)
            return false;
    return true;
}

/* In an aligned line the second cell mostly begins with a sign. */
static bool begins_with_sign(const struct formula_node *cell)
{
    enum formula_class class = cell->child[0] != NULL ? formula_class_of(cell->child[0]) : FORMULA_ORDINARY;
    return class == FORMULA_RELATION || class == FORMULA_BINARY;
}

/* The letter that says how column i stands, and whether there is a bar before it. */
static char column_letter(const struct grid *g, size_t i, bool *bar)
{
    size_t n = 0;
    *bar = false;
    for (const char *c = g->node->columns; *c != '\0'; c++) {
        *bar = *c == '|' || (*bar && *c == ' ');
        if (strchr("lcr", *c) == NULL)
            continue;
        if (n++ == i) {
            *bar = i > 0 && c > g->node->columns && c[-1] == '|';
            return *c;
        }
    }
    *bar = false;
    bool left = g->node->table == FORMULA_CASES || i % 2 == 1 || g->node->n_columns == 1;
    return g->node->table == FORMULA_MATRIX ? 'c' : left ? 'l' : 'r';
}

static bool measure(struct formula_layout *l, struct grid *g)
{
    const struct formula_node *node = g->node, *cell = node->child[0];
    size_t columns = node->n_columns;
    bool aligned = node->table == FORMULA_ALIGNED;
    for (size_t i = 0; i < columns; i++) {
        column_letter(g, i, &g->bars[i]);
        g->gaps[i] = i == 0 || (aligned && i % 2 == 1) ? 0 : 2;
    }
    for (size_t i = 0; cell != NULL; i++, cell = cell->next) {
        struct formula_box *b = g->cells[i] = formula_lay_out(l, cell);
        size_t row = i / columns, column = i % columns;
        if (b == NULL)
            return false;
        if (aligned && column % 2 == 1 && begins_with_sign(cell))
            g->gaps[column] = 1;
        g->widths[column] = b->columns > g->widths[column] ? b->columns : g->widths[column];
        g->above[row] = b->base > g->above[row] ? b->base : g->above[row];
        g->below[row] = b->rows - b->base > g->below[row] ? b->rows - b->base : g->below[row];
    }
    return is_grid_whole(g);
}

static bool grid_make(struct formula_layout *l, const struct formula_node *node, struct grid *g)
{
    size_t rows = node->n_rows, columns = node->n_columns;
    *g = (struct grid){
        .node = node,
        .cells = formula_alloc(l->memory, rows * columns * sizeof(struct formula_box *)),
        .gaps = formula_alloc(l->memory, columns * sizeof(int)),
        .bars = formula_alloc(l->memory, columns * sizeof(bool)),
        .widths = formula_alloc(l->memory, columns * sizeof(int)),
        .above = formula_alloc(l->memory, rows * sizeof(int)),
        .below = formula_alloc(l->memory, rows * sizeof(int)),
    };
    return g->cells != NULL && g->gaps != NULL && g->bars != NULL && g->widths != NULL && g->above != NULL &&
           g->below != NULL && measure(l, g);
}

/* Whether an empty row belongs before a line, so that fractions keep apart. */
static bool is_parted(const struct grid *g, size_t row)
{
    return row > 0 && (g->above[row] + g->below[row] > 1 || g->above[row - 1] + g->below[row - 1] > 1);
}

static void put_line(const struct grid *g, struct formula_box *b, size_t row, int top)
{
    int column = 0;
    for (size_t i = 0; i < g->node->n_columns; i++) {
        bool bar;
        const struct formula_box *cell = g->cells[row * g->node->n_columns + i];
        char letter = column_letter(g, i, &bar);
        int room = g->widths[i] - cell->columns;
        column += g->gaps[i] + bar;
        formula_box_put(b, top + g->above[row] - cell->base,
                        column + (letter == 'l'   ? 0
                                  : letter == 'r' ? room
                                                  : room / 2),
                        cell);
        column += g->widths[i];
    }
}

/* The lines between columns. */
static void put_bars(const struct grid *g, struct formula_box *b)
{
    int column = 0;
    for (size_t i = 0; i < g->node->n_columns; i++) {
        column += g->gaps[i] + g->bars[i];
        for (int row = 0; g->bars[i] && row < b->rows; row++)
            formula_box_set(b, row, column - 2, "\xE2\x94\x82", g->node->at);
        column += g->widths[i];
    }
}

static struct formula_box *lay_out_grid(struct formula_layout *l, const struct grid *g)
{
    int rows = 0, columns = 0;
    for (size_t i = 0; i < g->node->n_columns; i++)
        columns += g->gaps[i] + g->bars[i] + g->widths[i];
    for (size_t i = 0; i < g->node->n_rows; i++) {
        g->below[i] += g->above[i] + g->below[i] == 0; /* an empty line has a row too */
        rows += g->above[i] + g->below[i] + is_parted(g, i);
    }
    struct formula_box *b = formula_box_new(l->memory, rows, columns, rows / 2);
    int top = 0;
    for (size_t i = 0; b != NULL && i < g->node->n_rows; i++) {
        top += is_parted(g, i);
        put_line(g, b, i, top);
        if (g->node->n_rows == 1)
            b->base = g->above[0];
        top += g->above[i] + g->below[i];
    }
    if (b != NULL)
        put_bars(g, b);
    return b;
}

/* In one row: a, b; c, d. */
static struct formula_box *lay_out_listed(struct formula_layout *l, const struct grid *g)
{
    static const char *const between[] = {[FORMULA_MATRIX] = ", ", [FORMULA_CASES] = "  ", [FORMULA_ALIGNED] = ""};
    const struct formula_node *node = g->node, *cell = node->child[0];
    size_t n = node->n_rows * node->n_columns;
    struct formula_box **boxes = formula_alloc(l->memory, 2 * n * sizeof(struct formula_box *));
    int *gaps = formula_alloc(l->memory, 2 * n * sizeof *gaps);
    if (boxes == NULL || gaps == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++, cell = cell->next) {
        size_t column = i % node->n_columns;
        const char *sign = i == 0 ? "" : column == 0 ? "; " : g->bars[column] ? " | " : between[node->table];
        boxes[2 * i] = formula_lay_out_text(l, sign, cell->at > 0 ? cell->at - 1 : 0);
        boxes[2 * i + 1] = g->cells[i];
        if (node->table == FORMULA_ALIGNED && column > 0 && g->cells[i - 1]->columns > 0)
            gaps[2 * i + 1] = g->gaps[column];
    }
    return formula_box_join(l->memory, boxes, gaps, 2 * n);
}

struct formula_box *formula_lay_out_table(struct formula_layout *l, const struct formula_node *node)
{
    struct grid g;
    if (!grid_make(l, node, &g))
        return NULL;
    struct formula_box *inside = l->flat ? lay_out_listed(l, &g) : lay_out_grid(l, &g);
    return inside != NULL ? formula_lay_out_fence(l, inside, node->text, node->closing, node->at) : NULL;
}
