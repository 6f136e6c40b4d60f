/* Formula layout: rows, with the blanks that TeX has between what they consist of. */
#include <config.h>

#include <string.h>

#include "ui/text/formula-layout.h"

enum formula_class formula_class_of(const struct formula_node *node)
{
    if (node->kind == FORMULA_SCRIPTS || node->kind == FORMULA_STACK || node->kind == FORMULA_BRACE)
        return formula_class_of(node->child[0]);
    return node->kind == FORMULA_SYMBOL || node->kind == FORMULA_ARROW ? node->class : FORMULA_ORDINARY;
}

static bool is_digit(const struct formula_node *node)
{
    return node != NULL && node->kind == FORMULA_SYMBOL && node->text[0] >= '0' && node->text[0] <= '9';
}

/* Whether the row is (…), with no other brackets inside. */
static bool is_bracketed(const struct formula_node *row)
{
    const struct formula_node *node = row->child[0];
    if (node == NULL || formula_class_of(node) != FORMULA_OPENING)
        return false;
    for (node = node->next; node != NULL && node->next != NULL; node = node->next)
        if (formula_class_of(node) == FORMULA_OPENING || formula_class_of(node) == FORMULA_CLOSING)
            return false;
    return node != NULL && formula_class_of(node) == FORMULA_CLOSING;
}

/* Whether a row is a number or a word. */
static bool is_word(const struct formula_node *row)
{
    bool word = strcmp(row->text, "word") == 0;
    for (const struct formula_node *node = row->child[0]; node != NULL; node = node->next)
        if (!is_digit(node) && (node->kind != FORMULA_SYMBOL || (!word && strcmp(node->text, ".") != 0) ||
                                node->class != FORMULA_ORDINARY))
            return false;
    return true;
}

/* Whether a row is dx or ∂x². */
static bool is_differential(const struct formula_node *row)
{
    const struct formula_node *d = row->child[0];
    return d != NULL && d->kind == FORMULA_SYMBOL && (strcmp(d->text, "d") == 0 || strcmp(d->text, "∂") == 0) &&
           d->next != NULL && d->next->next == NULL && formula_is_single(d->next);
}

bool formula_is_single(const struct formula_node *node)
{
    switch (node->kind) {
    case FORMULA_SYMBOL: return node->class == FORMULA_ORDINARY || node->class == FORMULA_FUNCTION;
    case FORMULA_SCRIPTS: return formula_is_single(node->child[0]);
    case FORMULA_ROW:
        if (node->child[0] != NULL && node->child[0]->next == NULL)
            return formula_is_single(node->child[0]);
        return is_word(node) || is_bracketed(node) || is_differential(node);
    case FORMULA_FENCE: return *node->text != '\0' && *node->closing != '\0';
    case FORMULA_FRACTION:
    case FORMULA_STACK:
    case FORMULA_BRACE:
    case FORMULA_ARROW: return false;
    case FORMULA_TABLE: return *node->text != '\0' && *node->closing != '\0';
    default: return true;
    }
}

static bool is_operator(enum formula_class class)
{
    return class >= FORMULA_OPERATOR && class <= FORMULA_LIMIT;
}

/* A + or - without something to its left or right is a sign. */
static enum formula_class class_between(const struct formula_node *before, const struct formula_node *node,
                                        const struct formula_node *after)
{
    enum formula_class class = formula_class_of(node);
    if (class != FORMULA_BINARY)
        return class;
    enum formula_class left = before != NULL ? formula_class_of(before) : FORMULA_OPENING;
    enum formula_class right = after != NULL ? formula_class_of(after) : FORMULA_CLOSING;
    bool nothing = left == FORMULA_BINARY || left == FORMULA_RELATION || left == FORMULA_OPENING ||
                   left == FORMULA_POINT || is_operator(left);
    return nothing || right == FORMULA_RELATION || right == FORMULA_CLOSING || right == FORMULA_POINT ? FORMULA_ORDINARY
                                                                                                      : class;
}

/* 1,000 is a number. */
static bool is_in_number(const struct formula_node *before, const struct formula_node *point,
                         const struct formula_node *after)
{
    return is_digit(before) && is_digit(after) && after->at == point->at + 1 && before->at + 1 == point->at &&
           after->next != NULL && is_digit(after->next);
}

/* Whether blanks belong between two things that both mean something. */
static int gap_between(const struct formula_layout *l, enum formula_class left, enum formula_class right,
                       const struct formula_node *node)
{
    if (left == FORMULA_BLANK || right == FORMULA_BLANK)
        return 0;
    if (is_operator(left)) {
        bool bracket = right == FORMULA_OPENING || node->kind == FORMULA_FENCE;
        bool tight = right == FORMULA_CLOSING || right == FORMULA_POINT || (bracket && left >= FORMULA_FUNCTION);
        return l->script && (left < FORMULA_FUNCTION || right == FORMULA_RELATION) ? 0 : !tight;
    }
    if (left == FORMULA_WRITTEN || right == FORMULA_WRITTEN)
        return left != FORMULA_OPENING && right != FORMULA_CLOSING && right != FORMULA_POINT;
    if (l->script)
        return is_operator(right) && left == FORMULA_ORDINARY;
    if (left == FORMULA_RELATION || right == FORMULA_RELATION)
        return left != right;
    if (left == FORMULA_POINT || left == FORMULA_BINARY || right == FORMULA_BINARY)
        return 1;
    return is_operator(right) && (left == FORMULA_ORDINARY || left == FORMULA_CLOSING);
}

static bool is_wide(const struct formula_node *node)
{
    return node->kind == FORMULA_FRACTION || node->kind == FORMULA_TABLE;
}

/* Whether a product with its neighbour would read as part of what has no brackets of its own. */
static bool is_mixed(const struct formula_node *neighbour)
{
    if (neighbour == NULL)
        return false;
    enum formula_class class = formula_class_of(neighbour);
    return class == FORMULA_ORDINARY || class == FORMULA_WRITTEN;
}

static bool needs_brackets(const struct formula_layout *l, const struct formula_node *before,
                           const struct formula_node *node)
{
    if (node->kind != FORMULA_FRACTION || (!l->flat && !node->flat))
        return false;
    const struct formula_node *after = node->next;
    bool opening = after != NULL &&
                   (formula_class_of(after) == FORMULA_OPENING || is_operator(formula_class_of(after)));
    bool closing = before != NULL && formula_class_of(before) == FORMULA_CLOSING;
    return is_mixed(before) || is_mixed(after) || opening || closing ||
           (before != NULL && formula_class_of(before) == FORMULA_FUNCTION);
}

static int gap_before(const struct formula_layout *l, const struct formula_node *before2,
                      const struct formula_node *before, const struct formula_node *node)
{
    if (before == NULL)
        return 0;
    enum formula_class left = class_between(before2, before, node), right = class_between(before, node, node->next);
    if (left == FORMULA_POINT && is_in_number(before2, before, node))
        return 0;
    int gap = gap_between(l, left, right, node);
    bool ordinary = left == FORMULA_ORDINARY && right == FORMULA_ORDINARY;
    return gap == 0 && !l->flat && ordinary && (is_wide(before) || is_wide(node)) ? 1 : gap;
}

struct formula_box *formula_lay_out_row(struct formula_layout *l, const struct formula_node *row)
{
    size_t n = 0;
    for (const struct formula_node *node = row->child[0]; node != NULL; node = node->next)
        n++;
    struct formula_box **boxes = formula_alloc(l->memory, (n + 1) * sizeof(struct formula_box *));
    int *gaps = formula_alloc(l->memory, (n + 1) * sizeof *gaps);
    if (boxes == NULL || gaps == NULL)
        return NULL;
    const struct formula_node *before2 = NULL, *before = NULL, *node = row->child[0];
    for (size_t i = 0; node != NULL; i++, before2 = before, before = node, node = node->next) {
        bool tight = strcmp(row->text, "word") == 0;
        boxes[i] = formula_lay_out(l, node);
        if (boxes[i] != NULL && needs_brackets(l, before, node))
            boxes[i] = formula_lay_out_fence(l, boxes[i], "(", ")", node->at);
        gaps[i] = tight ? 0 : gap_before(l, before2, before, node);
    }
    return formula_box_join(l->memory, boxes, gaps, n);
}
