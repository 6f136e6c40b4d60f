/* Expressions, from the loosest operator to the tightest:
 * x if y else z, or, and, not, comparisons and in, + -, ~, * / // %, **, unary - +, then . [] () | is. */
#include "config.h"

#include <string.h>

#include "engine/jinja/filters.h"
#include "engine/jinja/parse.h"
#include "engine/jinja/tests.h"

static struct jnode *parse_unary(struct jparser *p, bool filters);
static struct jnode *parse_primary(struct jparser *p);

static struct jnode *new_node(struct jparser *p, enum jnode_kind kind, struct jnode *left, struct jnode *right)
{
    struct jnode *node = jparse_node(p, kind, p->token->line);
    node->left = left;
    node->right = right;
    return node;
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

static struct jnode *parse_power(struct jparser *p)
{
    struct jnode *node = parse_unary(p, true);
    while (jparse_skip(p, T_POW)) {
        node = new_node(p, N_OPERATE, node, parse_unary(p, true));
        node->op = 'p';
    }
    return node;
}

static struct jnode *parse_product(struct jparser *p)
{
    struct jnode *node = parse_power(p);
    for (;;) {
        enum jtoken_kind kind = p->token->kind;
        char op = kind == T_MUL ? '*' : kind == T_DIV ? '/' : kind == T_FLOORDIV ? 'f' : kind == T_MOD ? '%' : '\0';
        if (op == '\0')
            return node;
        jparse_skip(p, kind);
        node = new_node(p, N_OPERATE, node, parse_power(p));
        node->op = op;
    }
}

static struct jnode *parse_concat(struct jparser *p)
{
    struct jnode *node = parse_product(p);
    if (p->token->kind != T_TILDE)
        return node;
    struct jnode *row = jparse_node(p, N_CONCAT, p->token->line);
    jparse_add(p, row, node);
    while (jparse_skip(p, T_TILDE))
        jparse_add(p, row, parse_product(p));
    return row;
}

static struct jnode *parse_sum(struct jparser *p)
{
    struct jnode *node = parse_concat(p);
    while (p->token->kind == T_ADD || p->token->kind == T_SUB) {
        char op = p->token->kind == T_ADD ? '+' : '-';
        jparse_skip(p, p->token->kind);
        node = new_node(p, N_OPERATE, node, parse_concat(p));
        node->op = op;
    }
    return node;
}

/* The comparison that stands here is read; T_END when none does. */
static enum jtoken_kind skip_comparison(struct jparser *p)
{
    enum jtoken_kind kind = p->token->kind;
    if (kind >= T_EQ && kind <= T_GE) {
        jparse_skip(p, kind);
        return kind;
    }
    if (jparse_skip_name(p, "in"))
        return T_NAME;
    if (jparse_at_name(p, "not") && jparse_is_name(p->token + 1, "in")) {
        jparse_skip(p, T_NAME);
        jparse_skip(p, T_NAME);
        return T_DOT;
    }
    return T_END;
}

static struct jnode *parse_comparison(struct jparser *p)
{
    struct jnode *node = parse_sum(p), *row = NULL;
    for (enum jtoken_kind op; (op = skip_comparison(p)) != T_END;) {
        if (row == NULL)
            row = new_node(p, N_COMPARE, node, NULL);
        row->ops = jheap_room(p->heap, row->ops, row->n, &row->ops_capacity, sizeof *row->ops);
        row->ops[row->n] = op;
        jparse_add(p, row, parse_sum(p));
    }
    return row != NULL ? row : node;
}

static struct jnode *parse_not(struct jparser *p)
{
    int line = p->token->line;
    if (!jparse_skip_name(p, "not"))
        return parse_comparison(p);
    jheap_descend(p->heap);
    struct jnode *node = jparse_node(p, N_NOT, line);
    node->left = parse_not(p);
    jheap_rise(p->heap);
    return node;
}

static struct jnode *parse_and(struct jparser *p)
{
    struct jnode *node = parse_not(p);
    while (jparse_skip_name(p, "and"))
        node = new_node(p, N_AND, node, parse_not(p));
    return node;
}

static struct jnode *parse_or(struct jparser *p)
{
    struct jnode *node = parse_and(p);
    while (jparse_skip_name(p, "or"))
        node = new_node(p, N_OR, node, parse_and(p));
    return node;
}

struct jnode *jparse_expression(struct jparser *p)
{
    jheap_descend(p->heap);
    struct jnode *node = parse_or(p);
    while (jparse_skip_name(p, "if")) {
        struct jnode *choice = new_node(p, N_CHOOSE, node, NULL);
        choice->test = parse_or(p);
        if (jparse_skip_name(p, "else"))
            choice->right = jparse_expression(p);
        node = choice;
    }
    jheap_rise(p->heap);
    return node;
}

/* ---- calls, filters, tests --------------------------------------------------------------------------------------- */

static void parse_argument(struct jparser *p, struct jcall *call)
{
    bool named = p->token->kind == T_NAME && p->token[1].kind == T_ASSIGN;
    if (call->two_stars != NULL || (call->star != NULL && !named && p->token->kind != T_POW) ||
        (call->n_keywords > 0 && !named && p->token->kind != T_POW && p->token->kind != T_MUL))
        jheap_fail(p->heap, ERR_FORMAT, "the arguments of a call are in disorder: first those without a name");
    if (jparse_skip(p, T_MUL)) {
        call->star = jparse_expression(p);
    } else if (jparse_skip(p, T_POW)) {
        call->two_stars = jparse_expression(p);
    } else if (named) {
        call->keywords =
            jheap_room(p->heap, call->keywords, call->n_keywords, &call->keywords_capacity, sizeof *call->keywords);
        struct jkeyword *k = &call->keywords[call->n_keywords];
        k->name = jparse_expect_name(p, "a name");
        jparse_skip(p, T_ASSIGN);
        struct jnode *value = jparse_expression(p);
        call->keywords[call->n_keywords++].value = value;
    } else {
        struct jnode *value = jparse_expression(p);
        call->items = jheap_room(p->heap, call->items, call->n, &call->capacity, sizeof *call->items);
        call->items[call->n++] = value;
    }
}

static struct jcall *parse_arguments(struct jparser *p)
{
    struct jcall *call = jheap_take(p->heap, sizeof *call);
    jparse_expect(p, T_LPAREN, "(");
    for (bool first = true; p->token->kind != T_RPAREN; first = false) {
        if (!first) {
            jparse_expect(p, T_COMMA, "a comma or )");
            if (p->token->kind == T_RPAREN)
                break;
        }
        parse_argument(p, call);
    }
    jparse_expect(p, T_RPAREN, ")");
    return call;
}

static struct jnode *parse_call(struct jparser *p, struct jnode *node)
{
    struct jnode *call = new_node(p, N_CALL, node, NULL);
    call->call = parse_arguments(p);
    return call;
}

/* A name, which may have dots in it. */
static const char *parse_dotted(struct jparser *p, const char *wanted)
{
    const char *name = jparse_expect_name(p, wanted);
    while (jparse_skip(p, T_DOT))
        name = jheap_printf(p->heap, "%.100s.%.100s", name, jparse_expect_name(p, wanted));
    return name;
}

struct jnode *jparse_filters(struct jparser *p, struct jnode *node, bool begun)
{
    while (begun || jparse_skip(p, T_PIPE)) {
        struct jnode *filter = new_node(p, N_FILTER, node, NULL);
        filter->name = parse_dotted(p, "the name of a filter");
        filter->routine = jfilter_find(filter->name);
        if (p->token->kind == T_LPAREN)
            filter->call = parse_arguments(p);
        node = filter;
        begun = false;
    }
    return node;
}

static struct jnode *parse_postfix(struct jparser *p, struct jnode *node);

/* Whether a test's one argument without parentheses begins here. */
static bool at_bare_argument(const struct jparser *p)
{
    enum jtoken_kind kind = p->token->kind;
    return kind == T_STRING || kind == T_INTEGER || kind == T_FLOAT || kind == T_LBRACKET || kind == T_LBRACE ||
           (kind == T_NAME && !jparse_at_name(p, "else") && !jparse_at_name(p, "or") && !jparse_at_name(p, "and"));
}

static struct jnode *parse_test(struct jparser *p, struct jnode *node)
{
    struct jnode *test = new_node(p, N_TEST, node, NULL);
    bool negated = jparse_skip_name(p, "not");
    test->name = parse_dotted(p, "the name of a test");
    test->routine = jtest_find(test->name);
    if (p->token->kind == T_LPAREN) {
        test->call = parse_arguments(p);
    } else if (at_bare_argument(p)) {
        if (jparse_at_name(p, "is"))
            jheap_fail(p->heap, ERR_FORMAT, "tests with is cannot be chained");
        struct jnode *argument = parse_postfix(p, parse_primary(p));
        test->call = jheap_take(p->heap, sizeof *test->call);
        test->call->items = jheap_room(p->heap, NULL, 0, &test->call->capacity, sizeof(struct jnode *));
        test->call->items[test->call->n++] = argument;
    }
    return negated ? new_node(p, N_NOT, test, NULL) : test;
}

/* ---- subscripts -------------------------------------------------------------------------------------------------- */

/* One of the three parts of a slice, NULL when it is left out. */
static struct jnode *parse_slice_part(struct jparser *p)
{
    enum jtoken_kind kind = p->token->kind;
    return kind == T_COLON || kind == T_RBRACKET || kind == T_COMMA ? NULL : jparse_expression(p);
}

static struct jnode *parse_index(struct jparser *p, struct jnode *node)
{
    struct jnode *first = parse_slice_part(p);
    if (!jparse_skip(p, T_COLON)) {
        if (first == NULL)
            jparse_fail(p, "an index");
        return new_node(p, N_ITEM, node, first);
    }
    struct jnode *slice = new_node(p, N_SLICE, node, NULL);
    jparse_add(p, slice, first);
    jparse_add(p, slice, parse_slice_part(p));
    jparse_add(p, slice, jparse_skip(p, T_COLON) ? parse_slice_part(p) : NULL);
    return slice;
}

static struct jnode *parse_subscript(struct jparser *p, struct jnode *node)
{
    if (jparse_skip(p, T_RBRACKET)) /* Jinja takes it for an empty tuple */
        return new_node(p, N_ITEM, node, jparse_node(p, N_TUPLE, p->token->line));
    struct jnode *part = parse_index(p, node);
    if (part->kind == N_ITEM && p->token->kind == T_COMMA) {
        struct jnode *tuple = jparse_node(p, N_TUPLE, part->line);
        jparse_add(p, tuple, part->right);
        while (jparse_skip(p, T_COMMA))
            jparse_add(p, tuple, jparse_expression(p));
        part->right = tuple;
    }
    jparse_expect(p, T_RBRACKET, "]");
    return part;
}

static struct jnode *parse_dot(struct jparser *p, struct jnode *node)
{
    const struct jtoken *t = p->token;
    if (jparse_skip(p, T_INTEGER)) {
        struct jnode *index = jparse_node(p, N_CONST, t->line);
        index->value = jv_int(t->integer);
        return new_node(p, N_ITEM, node, index);
    }
    struct jnode *attribute = new_node(p, N_ATTRIBUTE, node, NULL);
    attribute->name = jparse_expect_name(p, "a name or a number");
    return attribute;
}

static struct jnode *parse_postfix(struct jparser *p, struct jnode *node)
{
    for (;;)
        if (jparse_skip(p, T_DOT))
            node = parse_dot(p, node);
        else if (jparse_skip(p, T_LBRACKET))
            node = parse_subscript(p, node);
        else if (p->token->kind == T_LPAREN)
            node = parse_call(p, node);
        else
            return node;
}

static struct jnode *parse_filtered(struct jparser *p, struct jnode *node)
{
    for (;;)
        if (p->token->kind == T_PIPE)
            node = jparse_filters(p, node, false);
        else if (jparse_skip_name(p, "is"))
            node = parse_test(p, node);
        else if (p->token->kind == T_LPAREN)
            node = parse_call(p, node);
        else
            return node;
}

static struct jnode *parse_unary(struct jparser *p, bool filters)
{
    struct jnode *node;
    int line = p->token->line;
    if (p->token->kind == T_SUB || p->token->kind == T_ADD) {
        jheap_descend(p->heap);
        node = jparse_node(p, p->token->kind == T_SUB ? N_NEGATE : N_PLUS, line);
        jparse_skip(p, p->token->kind);
        node->left = parse_unary(p, false);
        jheap_rise(p->heap);
    } else {
        node = parse_primary(p);
    }
    node = parse_postfix(p, node);
    return filters ? parse_filtered(p, node) : node;
}

/* ---- what stands alone ------------------------------------------------------------------------------------------- */

static struct jnode *parse_list(struct jparser *p)
{
    struct jnode *list = jparse_node(p, N_LIST, p->token->line);
    jparse_skip(p, T_LBRACKET);
    while (p->token->kind != T_RBRACKET) {
        jparse_add(p, list, jparse_expression(p));
        if (!jparse_skip(p, T_COMMA))
            break;
    }
    jparse_expect(p, T_RBRACKET, "a comma or ]");
    return list;
}

static struct jnode *parse_dict(struct jparser *p)
{
    struct jnode *dict = jparse_node(p, N_DICT, p->token->line);
    jparse_skip(p, T_LBRACE);
    while (p->token->kind != T_RBRACE) {
        jparse_add(p, dict, jparse_expression(p));
        jparse_expect(p, T_COLON, "a colon");
        jparse_add(p, dict, jparse_expression(p));
        if (!jparse_skip(p, T_COMMA))
            break;
    }
    jparse_expect(p, T_RBRACE, "a comma or }");
    return dict;
}

static struct jnode *parse_string(struct jparser *p)
{
    struct jnode *node = jparse_node(p, N_CONST, p->token->line);
    struct jtext *text = p->token->text;
    while (jparse_skip(p, T_STRING))
        if (p->token->kind == T_STRING)
            text = jtext_join(p->heap, text, p->token->text);
    jtext_bytes(p->heap, text); /* flat from the start: a tree is only read */
    node->value = jv_text(text);
    return node;
}

static struct jnode *parse_word(struct jparser *p)
{
    static const struct {
        const char *name;
        enum jkind kind;
        bool truth;
    } constants[] = {
        {"true", J_BOOL, true},   {"True", J_BOOL, true},  {"false", J_BOOL, false},
        {"False", J_BOOL, false}, {"none", J_NONE, false}, {"None", J_NONE, false},
    };
    struct jnode *node = jparse_node(p, N_CONST, p->token->line);
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (jparse_skip_name(p, constants[i].name)) {
            node->value = constants[i].kind == J_BOOL ? jv_bool(constants[i].truth) : jv_none();
            return node;
        }
    node->kind = N_NAME;
    node->name = jparse_expect_name(p, "a name");
    if (p->macro != NULL) {
        p->macro->uses_caller |= strcmp(node->name, "caller") == 0;
        p->macro->uses_varargs |= strcmp(node->name, "varargs") == 0;
        p->macro->uses_kwargs |= strcmp(node->name, "kwargs") == 0;
    }
    return node;
}

static struct jnode *parse_parentheses(struct jparser *p)
{
    int line = p->token->line;
    jparse_skip(p, T_LPAREN);
    struct jnode *node = p->token->kind == T_RPAREN ? jparse_node(p, N_TUPLE, line) : jparse_tuple(p, true, NULL);
    jparse_expect(p, T_RPAREN, ")");
    return node;
}

static struct jnode *parse_primary(struct jparser *p)
{
    const struct jtoken *t = p->token;
    struct jnode *node = NULL;
    jheap_descend(p->heap);
    jheap_work(p->heap, 1);
    if (t->kind == T_NAME) {
        node = parse_word(p);
    } else if (t->kind == T_STRING) {
        node = parse_string(p);
    } else if (t->kind == T_INTEGER || t->kind == T_FLOAT) {
        node = jparse_node(p, N_CONST, t->line);
        node->value = t->kind == T_INTEGER ? jv_int(t->integer) : jv_float(t->real);
        jparse_skip(p, t->kind);
    } else if (t->kind == T_LPAREN) {
        node = parse_parentheses(p);
    } else if (t->kind == T_LBRACKET) {
        node = parse_list(p);
    } else if (t->kind == T_LBRACE) {
        node = parse_dict(p);
    } else {
        jparse_fail(p, "an expression");
    }
    jheap_rise(p->heap);
    return node;
}

/* ---- tuples and targets ------------------------------------------------------------------------------------------ */

static bool at_tuple_end(const struct jparser *p, const char *end)
{
    enum jtoken_kind kind = p->token->kind;
    return kind == T_PRINT_END || kind == T_BLOCK_END || kind == T_RPAREN || (end != NULL && jparse_at_name(p, end));
}

struct jnode *jparse_tuple(struct jparser *p, bool choices, const char *end)
{
    struct jnode *first = NULL, *tuple = NULL;
    int line = p->token->line;
    while (!at_tuple_end(p, end)) {
        struct jnode *item = choices ? jparse_expression(p) : parse_or(p);
        if (first == NULL)
            first = item;
        else
            jparse_add(p, tuple, item);
        if (!jparse_skip(p, T_COMMA))
            break;
        if (tuple == NULL) {
            tuple = jparse_node(p, N_TUPLE, line);
            jparse_add(p, tuple, first);
        }
    }
    if (first == NULL)
        jparse_fail(p, "an expression");
    return tuple != NULL ? tuple : first;
}

const char *jparse_assignable(struct jparser *p)
{
    static const char *const constants[] = {"true", "false", "none", "True", "False", "None"};
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (jparse_at_name(p, constants[i]))
            jheap_fail(p->heap, ERR_FORMAT, "can't assign to %s", constants[i]);
    return jparse_expect_name(p, "a name to assign to");
}

static struct jnode *parse_one_target(struct jparser *p, bool namespaces)
{
    if (jparse_skip(p, T_LPAREN)) {
        jheap_descend(p->heap);
        struct jnode *inner = jparse_target(p, namespaces, NULL);
        jheap_rise(p->heap);
        jparse_expect(p, T_RPAREN, ")");
        return inner;
    }
    struct jnode *target = jparse_node(p, N_NAME, p->token->line);
    target->name = jparse_assignable(p);
    if (!namespaces || !jparse_skip(p, T_DOT))
        return target;
    struct jnode *attribute = new_node(p, N_ATTRIBUTE, target, NULL);
    attribute->name = jparse_expect_name(p, "an attribute to assign to");
    return attribute;
}

struct jnode *jparse_target(struct jparser *p, bool namespaces, const char *end)
{
    struct jnode *first = parse_one_target(p, namespaces);
    if (p->token->kind != T_COMMA)
        return first;
    struct jnode *tuple = jparse_node(p, N_TUPLE, first->line);
    jparse_add(p, tuple, first);
    while (jparse_skip(p, T_COMMA) && !at_tuple_end(p, end) && p->token->kind != T_ASSIGN)
        jparse_add(p, tuple, parse_one_target(p, namespaces));
    return tuple;
}
