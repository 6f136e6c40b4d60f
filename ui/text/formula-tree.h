/* Formula tree: what a formula says, before it has a shape. Nodes live as long as the memory they come from. */
#ifndef PALAVER_UI_TEXT_FORMULA_TREE_H
#define PALAVER_UI_TEXT_FORMULA_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that is released all at once and has an end. */
struct formula_memory {
    struct formula_piece *pieces;
    size_t left; /* bytes that may still be taken */
};
/* Zeros; NULL when there is no more. */
void *formula_alloc(struct formula_memory *m, size_t size);
void formula_release(struct formula_memory *m);

enum formula_kind {
    FORMULA_ROW,      /* child[0] and what follows it; text is "word" when it is one */
    FORMULA_SYMBOL,   /* text */
    FORMULA_SCRIPTS,  /* child[0], with child[1] below and child[2] above; each may be NULL */
    FORMULA_FRACTION, /* child[0] over child[1] */
    FORMULA_BINOMIAL,
    FORMULA_ROOT,   /* of child[0]; child[1], which may be NULL, is its degree */
    FORMULA_ACCENT, /* text, a combining mark, on child[0] */
    FORMULA_FENCE,  /* child[0] between the delimiters text and closing */
    FORMULA_TABLE,  /* cells from child[0] on, row by row, between delimiters */
    FORMULA_BRACE,  /* child[0] with a brace: text is "o" above or "u" below */
    FORMULA_STACK,  /* child[1] above (text "o") or below (text "u") child[0] */
    FORMULA_ARROW,  /* an arrow, text, as long as child[0] above it and child[1] below it (may be NULL) */
    FORMULA_BOXED,
};
/* What decides about the blanks around a symbol. */
enum formula_class {
    FORMULA_ORDINARY,
    FORMULA_OPERATOR, /* ∑, with limits */
    FORMULA_INTEGRAL, /* as ∑, with limits at its side */
    FORMULA_FUNCTION, /* sin */
    FORMULA_LIMIT,    /* lim: a function with limits */
    FORMULA_BINARY,
    FORMULA_RELATION,
    FORMULA_OPENING,
    FORMULA_CLOSING,
    FORMULA_POINT, /* a comma or semicolon */
    FORMULA_BLANK,
    FORMULA_WRITTEN, /* as it is written */
};
enum formula_table {
    FORMULA_MATRIX, /* cells centred or as columns says */
    FORMULA_CASES,
    FORMULA_ALIGNED, /* lines: right and left by turns, no blank between */
};
struct formula_node {
    enum formula_kind kind;
    enum formula_class class;
    enum formula_table table;
    const char *text, *closing; /* UTF-8, never NULL */
    const char *columns;        /* of a table: l, c, r and | as written in LaTeX; "" for the usual */
    size_t n_columns, n_rows;   /* of a table */
    struct formula_node *child[3], *next;
    uint32_t at, end; /* the bytes of the formula that it was read from */
    bool flat;        /* in one line even where there is room */
};

/* Reads latex[0..size). NULL: it is not to be understood, is too long or too deep, or there is no memory; strict: also
 * when it has a command that is not known. */
struct formula_node *formula_parse(const char *latex, size_t size, bool strict, struct formula_memory *m);

#endif
