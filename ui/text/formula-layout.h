/* Formula layout: the tree of a formula as boxes of characters. */
#ifndef PALAVER_UI_TEXT_FORMULA_LAYOUT_H
#define PALAVER_UI_TEXT_FORMULA_LAYOUT_H

#include "ui/text/formula-box.h"
#include "ui/text/formula-tree.h"

struct formula_layout {
    const char *text; /* the formula as it is written */
    struct formula_memory *memory;
    bool flat;   /* in one row */
    bool script; /* inside a script: without blanks */
    struct formula_box *(*lay_out)(struct formula_layout *l, const struct formula_node *node); /* any node */
};
/* A whole formula; sets l->lay_out. NULL: there is no memory, or something of it cannot be shown. */
struct formula_box *formula_lay_out_all(struct formula_layout *l, const struct formula_node *node);

/* For the parts of the layout. */

struct formula_box *formula_lay_out(struct formula_layout *l, const struct formula_node *node);

/* The same in one row, whatever l->flat is. */
struct formula_box *formula_lay_out_flat(struct formula_layout *l, const struct formula_node *node, bool script);
/* A text in one row, which stands for byte `at`. */
struct formula_box *formula_lay_out_text(struct formula_layout *l, const char *text, uint32_t at);
/* The bytes of the node as they are written. */
struct formula_box *formula_lay_out_written(struct formula_layout *l, const struct formula_node *node);
/* Parts side by side without blanks; ends at NULL among the first n, which are at most 8. */
struct formula_box *formula_lay_out_beside(struct formula_layout *l, struct formula_box *const *boxes, size_t n);
/* Between two delimiters, which grow with it. */
struct formula_box *formula_lay_out_fence(struct formula_layout *l, struct formula_box *inside, const char *opening,
                                          const char *closing, uint32_t at);
struct formula_box *formula_lay_out_row(struct formula_layout *l, const struct formula_node *row);
struct formula_box *formula_lay_out_scripts(struct formula_layout *l, const struct formula_node *node);
struct formula_box *formula_lay_out_table(struct formula_layout *l, const struct formula_node *node);
/* How a node stands among others. */
enum formula_class formula_class_of(const struct formula_node *node);
/* Whether what stands beside it cannot be taken for a part of it. */
bool formula_is_single(const struct formula_node *node);

#endif
