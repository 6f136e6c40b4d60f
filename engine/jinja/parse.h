/* From tokens to a tree. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_PARSE_H
#define PALAVER_ENGINE_JINJA_PARSE_H

#include "engine/jinja/node.h"

struct jparser {
    struct jheap *heap;
    const struct jtoken *token; /* the one that is read next */
    const char **names;         /* all names of the template, each once */
    size_t n_names, names_capacity;
    struct jsignature *macro; /* the innermost that is being parsed */
    int loops;                /* that are open inside of it */
};

/* ---- parser.c: tokens and nodes */
struct jnode *jparse_node(struct jparser *p, enum jnode_kind kind, int line);
void jparse_add(struct jparser *p, struct jnode *node, struct jnode *item);
/* The one copy of a name. */
const char *jparse_intern(struct jparser *p, const char *name, size_t size);
bool jparse_is_name(const struct jtoken *t, const char *word);
bool jparse_at_name(const struct jparser *p, const char *word);
/* Reads the token if it is that one. */
bool jparse_skip(struct jparser *p, enum jtoken_kind kind);
bool jparse_skip_name(struct jparser *p, const char *word);
/* Fails if it is not, saying what was wanted. */
void jparse_expect(struct jparser *p, enum jtoken_kind kind, const char *wanted);
const char *jparse_expect_name(struct jparser *p, const char *wanted);
_Noreturn void jparse_fail(struct jparser *p, const char *wanted);

/* ---- parse-expression.c */
struct jnode *jparse_expression(struct jparser *p);
/* Expressions with commas between them are a tuple. Without `choices` an if is left to whom it belongs. end, if not
 * NULL, is a word that ends it too. */
struct jnode *jparse_tuple(struct jparser *p, bool choices, const char *end);
/* What can be assigned to: names, tuples of them, and with `namespaces` name.attribute. */
struct jnode *jparse_target(struct jparser *p, bool namespaces, const char *end);
/* name(arguments) | name(arguments)... applied to node; before the first a bar stands unless `begun`. */
struct jnode *jparse_filters(struct jparser *p, struct jnode *node, bool begun);
const char *jparse_assignable(struct jparser *p);

/* ---- parse.c */
/* The whole template. */
struct jnode *jparse_template(struct jparser *p);

#endif
