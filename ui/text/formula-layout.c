/* Formula layout: fractions, roots, accents and frames; brackets, rows, scripts and tables have files of their own. */
#include <config.h>

#include "ui/text/formula-layout.h"

#include <string.h>

#define BAR "\xE2\x94\x80"

/* A line of one character. */
static struct formula_box *lay_out_line(struct formula_layout *l, const char *text, int columns, uint32_t at)
{
    struct formula_box *b = formula_box_new(l->memory, 1, columns, 0);
    for (int i = 0; b != NULL && i < columns; i++)
        formula_box_set(b, 0, i, text, at);
    return b;
}

/* ---- fractions and roots ----------------------------------------------------------------------------------------- */

/* Whether the row is a product of things that are single, which needs no brackets before a slash. */
static bool is_product(const struct formula_node *node)
{
    if (node->kind != FORMULA_ROW)
        return formula_is_single(node);
    int depth = 0; /* of brackets: what is inside does not matter */
    for (const struct formula_node *child = node->child[0]; child != NULL; child = child->next) {
        enum formula_class class = formula_class_of(child);
        depth += (class == FORMULA_OPENING) - (class == FORMULA_CLOSING);
        bool closes = class == FORMULA_CLOSING || class == FORMULA_BLANK;
        if (depth < 0 || (depth == 0 && !closes && (!formula_is_single(child) || class != FORMULA_ORDINARY)))
            return false;
    }
    return depth == 0 && node->child[0] != NULL;
}

static struct formula_box *lay_out_bracketed(struct formula_layout *l, const struct formula_node *node, bool bare)
{
    struct formula_box *b = formula_lay_out(l, node);
    return b == NULL || bare ? b : formula_lay_out_fence(l, b, "(", ")", node->at);
}

static struct formula_box *lay_out_fraction(struct formula_layout *l, const struct formula_node *node)
{
    const struct formula_node *upper = node->child[0], *lower = node->child[1];
    if (l->flat) {
        struct formula_box *const boxes[] = {lay_out_bracketed(l, upper, is_product(upper)),
                                             formula_lay_out_text(l, "/", node->at),
                                             lay_out_bracketed(l, lower, formula_is_single(lower))};
        return formula_lay_out_beside(l, boxes, 3);
    }
    struct formula_box *above = formula_lay_out(l, upper), *below = formula_lay_out(l, lower);
    if (above == NULL || below == NULL)
        return NULL;
    int columns = above->columns > below->columns ? above->columns : below->columns;
    columns += above->rows > 1 || below->rows > 1 ? 2 : 0;
    struct formula_box *const boxes[] = {above, lay_out_line(l, BAR, columns > 0 ? columns : 1, node->at), below};
    return formula_box_pile(l->memory, boxes, 3, 1, 0);
}

static struct formula_box *lay_out_binomial(struct formula_layout *l, const struct formula_node *node)
{
    struct formula_box *above = formula_lay_out(l, node->child[0]), *below = formula_lay_out(l, node->child[1]),
                       *inside;
    if (l->flat) {
        struct formula_box *const boxes[] = {above, formula_lay_out_text(l, " choose ", node->at), below};
        inside = formula_lay_out_beside(l, boxes, 3);
    } else {
        struct formula_box *const boxes[] = {above, formula_box_new(l->memory, 1, 1, 0), below};
        inside = formula_box_pile(l->memory, boxes, 3, 1, 0);
    }
    return inside != NULL ? formula_lay_out_fence(l, inside, "(", ")", node->at) : NULL;
}

/* The degree before a root, in raised characters or as ^(n). */
static struct formula_box *lay_out_degree(struct formula_layout *l, const struct formula_node *degree)
{
    struct formula_node nothing = {.kind = FORMULA_ROW, .text = "", .at = degree->at, .end = degree->end};
    struct formula_node scripts = {.kind = FORMULA_SCRIPTS, .at = degree->at, .end = degree->end};
    struct formula_layout flat = *l;
    flat.flat = true;
    scripts.child[0] = &nothing;
    scripts.child[2] = (struct formula_node *)degree;
    return formula_lay_out_scripts(&flat, &scripts);
}

/* A root sign that is as tall as what is under it. */
static struct formula_box *lay_out_tall_root(struct formula_layout *l, const struct formula_box *inside, uint32_t at)
{
    int rows = inside->rows + 1;
    struct formula_box *b = formula_box_new(l->memory, rows, inside->columns + 3, inside->base + 1);
    if (b == NULL)
        return NULL;
    formula_box_put(b, 1, 2, inside);
    formula_box_set(b, rows - 1, 0, "√", at);
    for (int row = 1; row < rows; row++)
        formula_box_set(b, row, 1, "│", at);
    formula_box_set(b, 0, 1, "┌", at);
    for (int column = 2; column < b->columns; column++)
        formula_box_set(b, 0, column, BAR, at);
    return b;
}

static struct formula_box *lay_out_root(struct formula_layout *l, const struct formula_node *node)
{
    const struct formula_node *inner = node->child[0];
    struct formula_box *inside = formula_lay_out(l, inner), *root;
    if (inside == NULL)
        return NULL;
    enum formula_class next = node->next != NULL ? formula_class_of(node->next) : FORMULA_CLOSING;
    bool apart = next == FORMULA_CLOSING || next == FORMULA_BINARY || next == FORMULA_RELATION || next == FORMULA_POINT;
    bool bare = apart && (inside->columns == 1 || formula_is_single(inner));
    if (inside->rows > 1) {
        root = lay_out_tall_root(l, inside, node->at);
    } else {
        bool bracketed = inside->columns > 0 && inside->cells[0].text[0] == '(' && formula_is_single(inner);
        struct formula_box *const boxes[] = {formula_lay_out_text(l, "√", node->at),
                                             bare || bracketed ? inside
                                                               : formula_lay_out_fence(l, inside, "(", ")", node->at)};
        root = formula_lay_out_beside(l, boxes, 2);
    }
    if (node->child[1] == NULL)
        return root;
    struct formula_box *degree = lay_out_degree(l, node->child[1]);
    if (degree != NULL && root != NULL)
        degree->base = root->rows > 1 ? root->base - root->rows + 1 : 0; /* it stands on the sign's own row */
    struct formula_box *const boxes[] = {degree, root};
    return formula_lay_out_beside(l, boxes, 2);
}

/* ---- accents, braces, frames ------------------------------------------------------------------------------------- */

/* Puts a combining mark on every cell; false: one has no room for it. */
static bool mark_cells(struct formula_box *b, const char *mark)
{
    size_t size = strlen(mark);
    for (int i = 0; i < b->columns; i++) {
        struct formula_cell *c = formula_box_cell(b, 0, i);
        if (c->tail)
            continue;
        if (c->size == 0)
            c->text[c->size++] = ' ';
        if (c->size + size > sizeof c->text)
            return false;
        memcpy(c->text + c->size, mark, size);
        c->size = (uint8_t)(c->size + size);
    }
    return true;
}

static struct formula_box *lay_out_accent(struct formula_layout *l, const struct formula_node *node)
{
    struct formula_box *b = formula_lay_out(l, node->child[0]);
    const char *mark = node->text;
    if (b == NULL)
        return NULL;
    bool line = strcmp(mark, "\xCC\x85") == 0 || strcmp(mark, "\xCC\xB2") == 0 || strcmp(mark, "\xCC\xB8") == 0;
    if (strcmp(mark, "\xCC\x84") == 0 && b->columns > 1) {
        mark = "\xCC\x85"; /* a long bar */
        line = true;
    }
    if (b->rows > 1 || b->columns == 0 || (!line && b->columns > 1) || !mark_cells(b, mark))
        return formula_lay_out_written(l, node);
    return b;
}

static struct formula_box *lay_out_brace(struct formula_layout *l, const struct formula_node *node)
{
    struct formula_box *inside = l->flat ? NULL : formula_lay_out(l, node->child[0]);
    if (l->flat)
        return formula_lay_out_written(l, node);
    if (inside == NULL)
        return NULL;
    bool over = *node->text == 'o';
    int columns = inside->columns;
    struct formula_box *brace = lay_out_line(l, BAR, columns, node->at);
    if (columns < 3 || brace == NULL)
        return formula_lay_out_written(l, node);
    formula_box_set(brace, 0, 0, over ? "╭" : "╰", node->at);
    formula_box_set(brace, 0, columns - 1, over ? "╮" : "╯", node->at);
    formula_box_set(brace, 0, columns / 2, over ? "┴" : "┬", node->at);
    struct formula_box *const boxes[] = {over ? brace : inside, over ? inside : brace};
    return formula_box_pile(l->memory, boxes, 2, over, 0);
}

static struct formula_box *lay_out_stack(struct formula_layout *l, const struct formula_node *node)
{
    bool over = *node->text == 'o';
    if (l->flat)
        return formula_lay_out_written(l, node);
    struct formula_box *base = formula_lay_out(l, node->child[0]),
                       *other = formula_lay_out_flat(l, node->child[1], true);
    struct formula_box *const boxes[] = {over ? other : base, over ? base : other};
    return formula_box_pile(l->memory, boxes, 2, over, 0);
}

static struct formula_box *lay_out_arrow(struct formula_layout *l, const struct formula_node *node)
{
    if (l->flat && node->child[1] != NULL)
        return formula_lay_out_written(l, node);
    struct formula_box *above = formula_lay_out_flat(l, node->child[0], true), *below = NULL;
    if (node->child[1] != NULL)
        below = formula_lay_out_flat(l, node->child[1], true);
    if (above == NULL || (node->child[1] != NULL && below == NULL))
        return NULL;
    bool right = strcmp(node->text, "→") == 0;
    if (l->flat) {
        struct formula_box *const boxes[] = {formula_lay_out_text(l, right ? BAR : node->text, node->at), above,
                                             formula_lay_out_text(l, right ? node->text : BAR, node->at)};
        return formula_lay_out_beside(l, boxes, 3);
    }
    int columns = below != NULL && below->columns > above->columns ? below->columns : above->columns;
    struct formula_box *arrow = lay_out_line(l, BAR, columns + 2, node->at);
    if (arrow == NULL)
        return NULL;
    formula_box_set(arrow, 0, right ? columns + 1 : 0, node->text, node->at);
    struct formula_box *const boxes[] = {above, arrow, below};
    return formula_box_pile(l->memory, boxes, below != NULL ? 3 : 2, 1, 0);
}

static struct formula_box *lay_out_boxed(struct formula_layout *l, const struct formula_node *node)
{
    struct formula_box *inside = formula_lay_out(l, node->child[0]);
    if (inside == NULL)
        return NULL;
    if (l->flat) {
        struct formula_box *const boxes[] = {formula_lay_out_text(l, "[ ", node->at), inside,
                                             formula_lay_out_text(l, " ]", node->at)};
        return formula_lay_out_beside(l, boxes, 3);
    }
    int rows = inside->rows + 2, columns = inside->columns + 4;
    struct formula_box *b = formula_box_new(l->memory, rows, columns, inside->base + 1);
    if (b == NULL)
        return NULL;
    formula_box_put(b, 1, 2, inside);
    for (int i = 0; i < columns; i++) {
        bool first = i == 0, last = i == columns - 1;
        formula_box_set(b, 0, i, first ? "┌" : last ? "┐" : BAR, node->at);
        formula_box_set(b, rows - 1, i, first ? "└" : last ? "┘" : BAR, node->at);
    }
    for (int row = 1; row + 1 < rows; row++) {
        formula_box_set(b, row, 0, "│", node->at);
        formula_box_set(b, row, columns - 1, "│", node->at);
    }
    return b;
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

static struct formula_box *lay_out_fenced(struct formula_layout *l, const struct formula_node *node)
{
    struct formula_box *inside = formula_lay_out_row(l, node->child[0]);
    return inside != NULL ? formula_lay_out_fence(l, inside, node->text, node->closing, node->at) : NULL;
}

static struct formula_box *lay_out_node(struct formula_layout *l, const struct formula_node *node)
{
    if (node->flat && !l->flat)
        return formula_lay_out_flat(l, node, l->script);
    switch (node->kind) {
    case FORMULA_ROW: return formula_lay_out_row(l, node);
    case FORMULA_SYMBOL:
        return node->class == FORMULA_WRITTEN ? formula_lay_out_written(l, node)
                                              : formula_lay_out_text(l, node->text, node->at);
    case FORMULA_SCRIPTS: return formula_lay_out_scripts(l, node);
    case FORMULA_FRACTION: return lay_out_fraction(l, node);
    case FORMULA_BINOMIAL: return lay_out_binomial(l, node);
    case FORMULA_ROOT: return lay_out_root(l, node);
    case FORMULA_ACCENT: return lay_out_accent(l, node);
    case FORMULA_FENCE: return lay_out_fenced(l, node);
    case FORMULA_TABLE: return formula_lay_out_table(l, node);
    case FORMULA_BRACE: return lay_out_brace(l, node);
    case FORMULA_STACK: return lay_out_stack(l, node);
    case FORMULA_ARROW: return lay_out_arrow(l, node);
    case FORMULA_BOXED: return lay_out_boxed(l, node);
    }
    return NULL;
}

struct formula_box *formula_lay_out_all(struct formula_layout *l, const struct formula_node *node)
{
    l->lay_out = lay_out_node;
    return lay_out_node(l, node);
}
