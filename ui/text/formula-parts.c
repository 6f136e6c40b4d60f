/* Formula layout: text and brackets, which all other parts of it are made of. */
#include <config.h>

#include <string.h>

#include "ui/text/formula-layout.h"

struct formula_box *formula_lay_out(struct formula_layout *l, const struct formula_node *node)
{
    return l->lay_out(l, node);
}

struct formula_box *formula_lay_out_flat(struct formula_layout *l, const struct formula_node *node, bool script)
{
    struct formula_layout flat = *l;
    flat.flat = true;
    flat.script = script;
    return formula_lay_out(&flat, node);
}

struct formula_box *formula_lay_out_text(struct formula_layout *l, const char *text, uint32_t at)
{
    return formula_box_text(l->memory, text, strlen(text), at);
}

struct formula_box *formula_lay_out_written(struct formula_layout *l, const struct formula_node *node)
{
    struct formula_box *b = formula_box_text(l->memory, l->text + node->at, node->end - node->at, node->at);
    uint32_t at = node->at;
    for (int i = 0; b != NULL && i < b->columns; i++) {
        struct formula_cell *c = formula_box_cell(b, 0, i);
        c->source = at + 1;
        at += c->tail ? 0 : c->size > 0 ? c->size : 1;
    }
    return b;
}

struct formula_box *formula_lay_out_beside(struct formula_layout *l, struct formula_box *const *boxes, size_t n)
{
    static const int gaps[8];
    return formula_box_join(l->memory, boxes, gaps, n);
}

/* ---- brackets ---------------------------------------------------------------------------------------------------- */

/* The pieces of delimiters that grow. */
static const struct delimiter {
    const char *text, *top, *middle, *side, *bottom;
} delimiters[] = {
    {"(", "⎛", "⎜", "⎜", "⎝"}, {")", "⎞", "⎟", "⎟", "⎠"}, {"[", "⎡", "⎢", "⎢", "⎣"}, {"]", "⎤", "⎥", "⎥", "⎦"},
    {"{", "⎧", "⎨", "⎪", "⎩"}, {"}", "⎫", "⎬", "⎪", "⎭"}, {"|", "│", "│", "│", "│"}, {"‖", "‖", "‖", "‖", "‖"},
    {"⌊", "⎢", "⎢", "⎢", "⎣"}, {"⌋", "⎥", "⎥", "⎥", "⎦"}, {"⌈", "⎡", "⎢", "⎢", "⎢"}, {"⌉", "⎤", "⎥", "⎥", "⎥"},
};

static struct formula_box *lay_out_delimiter(struct formula_layout *l, const char *text,
                                             const struct formula_box *inside, uint32_t at)
{
    const struct delimiter *d = NULL;
    for (size_t i = 0; i < sizeof delimiters / sizeof *delimiters; i++)
        if (strcmp(delimiters[i].text, text) == 0)
            d = &delimiters[i];
    if (inside->rows == 1 || d == NULL)
        return formula_lay_out_text(l, text, at);
    int rows = inside->rows;
    struct formula_box *b = formula_box_new(l->memory, rows, 1, inside->base);
    if (b == NULL)
        return NULL;
    for (int row = 1; row + 1 < rows; row++)
        formula_box_set(b, row, 0, row == rows / 2 ? d->middle : d->side, at);
    bool small_brace = rows == 2 && (*text == '{' || *text == '}');
    formula_box_set(b, 0, 0, !small_brace ? d->top : *text == '{' ? "⎰" : "⎱", at);
    formula_box_set(b, rows - 1, 0, !small_brace ? d->bottom : *text == '{' ? "⎱" : "⎰", at);
    return b;
}

struct formula_box *formula_lay_out_fence(struct formula_layout *l, struct formula_box *inside, const char *opening,
                                          const char *closing, uint32_t at)
{
    struct formula_box *const boxes[] = {lay_out_delimiter(l, opening, inside, at), inside,
                                         lay_out_delimiter(l, closing, inside, at)};
    int pad = inside->rows > 1;
    const int gaps[] = {0, pad && *opening == '{', pad && *closing == '}'};
    return formula_box_join(l->memory, boxes, gaps, 3);
}
