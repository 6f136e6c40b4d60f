/* Formula parser: what the two halves of it share; formula-tree.h has what it is for. */
#ifndef PALAVER_UI_TEXT_FORMULA_PARSER_H
#define PALAVER_UI_TEXT_FORMULA_PARSER_H

#include "ui/text/formula-symbols.h"
#include "ui/text/formula-tree.h"

struct formula_parser {
    const char *text;
    size_t size, at;
    struct formula_memory *memory;
    enum formula_alphabet alphabet; /* of letters */
    int depth;
    bool strict, failed;
    /* What a backslash begins; NULL: nothing to see, or failed. */
    struct formula_node *(*command)(struct formula_parser *p);
};

/* A node that begins at byte `at`; NULL, and the parser has failed, when there is no memory. */
struct formula_node *formula_node_new(struct formula_parser *p, enum formula_kind kind, size_t at);
struct formula_node *formula_symbol_new(struct formula_parser *p, size_t at, const char *text,
                                        enum formula_class class);
/* A copy of bytes that lives as long as the nodes. */
const char *formula_copy(struct formula_parser *p, const char *text, size_t size);
/* A text of one letter in the alphabet in force; any other as it is. */
const char *formula_in_alphabet(struct formula_parser *p, const char *text);
void formula_skip_blanks(struct formula_parser *p);
/* Whether the text continues with this, which is then consumed. */
bool formula_accept(struct formula_parser *p, const char *text);
/* Everything up to what ends it: }, ], &, \\, \end, \right, which stay. A ] counts only in brackets. */
struct formula_node *formula_parse_row(struct formula_parser *p, bool brackets);
/* What a command takes: a group, or one thing. */
struct formula_node *formula_parse_argument(struct formula_parser *p);
/* Lines and cells up to the end or an \end, which stays. */
struct formula_node *formula_parse_cells(struct formula_parser *p, enum formula_table table, size_t at);
/* The whole text. */
struct formula_node *formula_parse_all(struct formula_parser *p);

#endif
