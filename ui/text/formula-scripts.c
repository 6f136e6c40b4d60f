/* Formula layout: what stands above and below. */
#include <config.h>

#include <string.h>

#include "ui/text/formula-layout.h"
#include "ui/text/formula-symbols.h"

/* The box in raised or lowered characters; NULL: not all have such a form. */
static struct formula_box *convert(struct formula_layout *l, const struct formula_box *from, bool raised)
{
    struct formula_box *to = formula_box_new(l->memory, 1, from->columns, 0);
    for (int i = 0; to != NULL && i < from->columns; i++) {
        const struct formula_cell *c = formula_box_cell(from, 0, i);
        bool degree = strncmp(c->text, "\xE2\x88\x98", c->size) == 0 && from->columns > 1; /* f∘f is no angle */
        const char *form = c->size == 0 || degree ? NULL
                           : raised               ? formula_raised(c->text, c->size)
                                                  : formula_lowered(c->text, c->size);
        if (form == NULL)
            return NULL;
        formula_box_set(to, 0, i, form, c->source - 1);
    }
    return to;
}

/* Whether the box is one sign, which needs no brackets after ^ or _. */
static bool is_sign(const struct formula_box *b)
{
    char c = b->cells[0].text[0];
    return b->columns == 1 && b->cells[0].size > 0 &&
           !((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')) &&
           strncmp(b->cells[0].text, "\xCE", 1) != 0 && strncmp(b->cells[0].text, "\xCF", 1) != 0;
}

/* A script in the line of its base: ^* or _(i,j). */
static struct formula_box *write_script(struct formula_layout *l, struct formula_box *script, const char *mark,
                                        bool brackets, uint32_t at)
{
    if (brackets || !is_sign(script))
        script = formula_lay_out_fence(l, script, "(", ")", at);
    struct formula_box *const boxes[] = {formula_lay_out_text(l, mark, at), script};
    return formula_lay_out_beside(l, boxes, 2);
}

/* A script, and whether it is in characters that stand raised or lowered by themselves. */
struct script {
    struct formula_box *box;
    bool converted;
};

static bool lay_out_script(struct formula_layout *l, const struct formula_node *node, bool raised, struct script *out)
{
    *out = (struct script){0};
    if (node == NULL)
        return true;
    out->box = formula_lay_out_flat(l, node, true);
    if (out->box == NULL)
        return false;
    struct formula_box *converted = out->box->columns > 0 ? convert(l, out->box, raised) : NULL;
    out->converted = converted != NULL;
    out->box = converted != NULL ? converted : out->box;
    return true;
}

static struct formula_box *join_flat(struct formula_layout *l, const struct formula_node *node,
                                     struct formula_box *base, struct script below, struct script above)
{
    struct formula_box *boxes[3] = {base};
    size_t n = 1;
    if (below.box != NULL)
        boxes[n++] = below.converted ? below.box
                                     : write_script(l, below.box, "_", above.box != NULL, node->child[1]->at);
    if (above.box != NULL)
        boxes[n++] = above.converted ? above.box : write_script(l, above.box, "^", false, node->child[2]->at);
    return formula_lay_out_beside(l, boxes, n);
}

/* At the right of a base of one row: what is not converted gets a row of its own. */
static struct formula_box *join_beside(struct formula_layout *l, struct formula_box *base, struct script below,
                                       struct script above)
{
    bool up = above.box != NULL && !above.converted, down = below.box != NULL && !below.converted;
    int width = 0, near = 0;
    if (below.box != NULL && !down)
        near += below.box->columns;
    int above_at = up ? 0 : near;
    if (above.box != NULL)
        width = above_at + above.box->columns;
    if (below.box != NULL && below.box->columns > width)
        width = below.box->columns;
    struct formula_box *b = formula_box_new(l->memory, 1 + up + down, base->columns + width, up);
    if (b == NULL)
        return NULL;
    formula_box_put(b, up, 0, base);
    if (below.box != NULL)
        formula_box_put(b, down ? up + 1 : up, base->columns, below.box);
    if (above.box != NULL)
        formula_box_put(b, 0, base->columns + above_at, above.box);
    return b;
}

/* At the corners of a base of several rows. */
static struct formula_box *join_corners(struct formula_layout *l, struct formula_box *base, struct script below,
                                        struct script above)
{
    int width = above.box != NULL ? above.box->columns : 0;
    if (below.box != NULL && below.box->columns > width)
        width = below.box->columns;
    struct formula_box *b = formula_box_new(l->memory, base->rows, base->columns + width, base->base);
    if (b == NULL)
        return NULL;
    formula_box_put(b, 0, 0, base);
    if (above.box != NULL)
        formula_box_put(b, 0, base->columns, above.box);
    if (below.box != NULL)
        formula_box_put(b, base->rows - 1, base->columns, below.box);
    return b;
}

/* Above and below a sum or a limit. */
static struct formula_box *pile_limits(struct formula_layout *l, const struct formula_node *node)
{
    struct formula_box *boxes[3];
    size_t n = 0, standing;
    if (node->child[2] != NULL)
        boxes[n++] = formula_lay_out_flat(l, node->child[2], true);
    standing = n;
    boxes[n++] = formula_lay_out(l, node->child[0]);
    if (node->child[1] != NULL) {
        bool lines = node->child[1]->kind == FORMULA_ROW && node->child[1]->child[0] != NULL &&
                     node->child[1]->child[0]->kind == FORMULA_TABLE;
        boxes[n++] = lines ? formula_lay_out(l, node->child[1]) : formula_lay_out_flat(l, node->child[1], true);
    }
    return formula_box_pile(l->memory, boxes, n, standing, 0);
}

struct formula_box *formula_lay_out_scripts(struct formula_layout *l, const struct formula_node *node)
{
    const struct formula_node *inner = node->child[0];
    enum formula_class class = formula_class_of(inner);
    bool brace = inner->kind == FORMULA_BRACE;
    struct script below, above;
    if (l->flat && brace)
        return formula_lay_out_written(l, node);
    if (!l->flat && (class == FORMULA_OPERATOR || class == FORMULA_LIMIT || brace))
        return pile_limits(l, node);
    struct formula_box *base = formula_lay_out(l, inner);
    if (base != NULL && (inner->kind == FORMULA_FRACTION || (l->flat && inner->kind == FORMULA_ROOT)))
        base = formula_lay_out_fence(l, base, "(", ")", inner->at);
    if (base == NULL || !lay_out_script(l, node->child[1], false, &below) ||
        !lay_out_script(l, node->child[2], true, &above))
        return NULL;
    if (l->flat)
        return join_flat(l, node, base, below, above);
    return base->rows == 1 ? join_beside(l, base, below, above) : join_corners(l, base, below, above);
}
