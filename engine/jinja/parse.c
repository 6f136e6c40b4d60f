/* Statements: text, {{ }} and {% %}. */
#include "config.h"

#include <string.h>

#include "engine/jinja/parse.h"

static struct jnode *parse_body(struct jparser *p, const char *const *ends);

/* ---- bodies ------------------------------------------------------------------------------------------------------ */

static struct jnode *parse_block_body(struct jparser *p, const char *const *ends)
{
    jparse_skip(p, T_COLON);
    jparse_expect(p, T_BLOCK_END, "%}");
    jheap_descend(p->heap);
    struct jnode *body = parse_body(p, ends);
    jheap_rise(p->heap);
    return body;
}

/* The body up to {% end %}, whose name is read too. */
static struct jnode *parse_until(struct jparser *p, const char *end)
{
    const char *const ends[] = {end, NULL};
    struct jnode *body = parse_block_body(p, ends);
    jparse_skip(p, T_NAME);
    return body;
}

/* ---- statements -------------------------------------------------------------------------------------------------- */

static struct jnode *parse_if(struct jparser *p, int line)
{
    static const char *const ends[] = {"elif", "else", "endif", NULL};
    struct jnode *node = jparse_node(p, N_IF, line);
    do {
        jparse_add(p, node, jparse_tuple(p, false, NULL));
        jparse_add(p, node, parse_block_body(p, ends));
    } while (jparse_skip_name(p, "elif"));
    if (jparse_skip_name(p, "else"))
        node->otherwise = parse_until(p, "endif");
    else
        jparse_skip(p, T_NAME);
    return node;
}

static struct jnode *parse_for(struct jparser *p, int line)
{
    static const char *const ends[] = {"endfor", "else", NULL};
    struct jnode *node = jparse_node(p, N_FOR, line);
    node->left = jparse_target(p, false, "in");
    if (!jparse_skip_name(p, "in"))
        jparse_fail(p, "in");
    node->right = jparse_tuple(p, false, "recursive");
    if (jparse_skip_name(p, "if"))
        node->test = jparse_expression(p);
    node->recursive = jparse_skip_name(p, "recursive");
    p->loops++;
    node->body = parse_block_body(p, ends);
    p->loops--;
    if (jparse_skip_name(p, "else"))
        node->otherwise = parse_until(p, "endfor");
    else
        jparse_skip(p, T_NAME);
    return node;
}

static struct jnode *parse_set(struct jparser *p, int line)
{
    struct jnode *node = jparse_node(p, N_SET, line);
    node->left = jparse_target(p, true, NULL);
    if (jparse_skip(p, T_ASSIGN)) {
        node->right = jparse_tuple(p, true, NULL);
        return node;
    }
    node->kind = N_SET_BLOCK;
    node->right = jparse_filters(p, NULL, false);
    node->body = parse_until(p, "endset");
    return node;
}

static struct jsignature *parse_signature(struct jparser *p)
{
    struct jsignature *s = jheap_take(p->heap, sizeof *s);
    jparse_expect(p, T_LPAREN, "(");
    while (p->token->kind != T_RPAREN) {
        if (s->n > 0)
            jparse_expect(p, T_COMMA, "a comma or )");
        s->names = jheap_room(p->heap, s->names, s->n, &s->capacity, sizeof *s->names);
        s->names[s->n++] = jparse_assignable(p);
        if (jparse_skip(p, T_ASSIGN)) {
            struct jnode *value = jparse_expression(p);
            s->defaults = jheap_room(p->heap, s->defaults, s->n_defaults, &s->defaults_capacity, sizeof *s->defaults);
            s->defaults[s->n_defaults++] = value;
        } else if (s->n_defaults > 0) {
            jheap_fail(p->heap, ERR_FORMAT, "a parameter without a default follows one with a default");
        }
    }
    jparse_expect(p, T_RPAREN, ")");
    return s;
}

/* A body that is called: what it speaks of is noted in its signature, and loops outside are not its own. */
static struct jnode *parse_called_body(struct jparser *p, struct jsignature *signature, const char *end)
{
    struct jsignature *outer = p->macro;
    int loops = p->loops;
    p->macro = signature;
    p->loops = 0;
    struct jnode *body = parse_until(p, end);
    p->macro = outer;
    p->loops = loops;
    return body;
}

static struct jnode *parse_macro(struct jparser *p, int line)
{
    struct jnode *node = jparse_node(p, N_MACRO, line);
    node->name = jparse_assignable(p);
    node->signature = parse_signature(p);
    node->body = parse_called_body(p, node->signature, "endmacro");
    return node;
}

static struct jnode *parse_call_block(struct jparser *p, int line)
{
    struct jnode *node = jparse_node(p, N_CALL_BLOCK, line);
    node->name = "caller";
    node->signature = p->token->kind == T_LPAREN ? parse_signature(p) : jheap_take(p->heap, sizeof *node->signature);
    node->left = jparse_expression(p);
    if (node->left->kind != N_CALL)
        jheap_fail(p->heap, ERR_FORMAT, "{%% call %%} needs a call");
    node->body = parse_called_body(p, node->signature, "endcall");
    return node;
}

static struct jnode *parse_filter_block(struct jparser *p, int line)
{
    struct jnode *node = jparse_node(p, N_FILTER_BLOCK, line);
    node->right = jparse_filters(p, NULL, true);
    node->body = parse_until(p, "endfilter");
    return node;
}

static struct jnode *parse_with(struct jparser *p, int line)
{
    struct jnode *node = jparse_node(p, N_WITH, line);
    while (p->token->kind != T_BLOCK_END) {
        if (node->n > 0)
            jparse_expect(p, T_COMMA, "a comma or %}");
        jparse_add(p, node, jparse_target(p, false, NULL));
        jparse_expect(p, T_ASSIGN, "=");
        jparse_add(p, node, jparse_expression(p));
    }
    node->body = parse_until(p, "endwith");
    return node;
}

static struct jnode *parse_block(struct jparser *p, int line)
{
    struct jnode *node = jparse_node(p, N_BLOCK, line);
    node->name = jparse_expect_name(p, "the block's name");
    node->kind = jparse_skip_name(p, "scoped") ? N_SCOPE : N_BLOCK;
    jparse_skip_name(p, "required");
    int loops = p->loops;
    p->loops = 0;
    node->body = parse_until(p, "endblock");
    p->loops = loops;
    jparse_skip_name(p, node->name);
    return node;
}

/* {% generation %}: what the assistant says; transformers marks it for training, here it is a scope like any. */
static struct jnode *parse_generation(struct jparser *p, int line)
{
    struct jnode *node = jparse_node(p, N_SCOPE, line);
    struct jsignature ignored = {0};
    node->body = parse_called_body(p, p->macro != NULL ? p->macro : &ignored, "endgeneration");
    return node;
}

static struct jnode *parse_print(struct jparser *p, int line)
{
    struct jnode *row = jparse_node(p, N_ROW, line);
    while (p->token->kind != T_BLOCK_END) {
        if (row->n > 0)
            jparse_expect(p, T_COMMA, "a comma or %}");
        struct jnode *print = jparse_node(p, N_PRINT, p->token->line);
        print->left = jparse_expression(p);
        jparse_add(p, row, print);
    }
    return row;
}

static struct jnode *parse_leave(struct jparser *p, int line, bool is_break)
{
    if (p->loops == 0)
        jheap_fail(p->heap, ERR_FORMAT, "{%% %s %%} stands outside of a loop", is_break ? "break" : "continue");
    return jparse_node(p, is_break ? N_BREAK : N_CONTINUE, line);
}

static struct jnode *parse_break(struct jparser *p, int line)
{
    return parse_leave(p, line, true);
}

static struct jnode *parse_continue(struct jparser *p, int line)
{
    return parse_leave(p, line, false);
}

/* Words that Jinja knows and a chat template has no use for. */
static void refuse_tag(struct jparser *p)
{
    static const char *const others[] = {"include", "extends", "import", "from", "autoescape"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (jparse_at_name(p, others[i]))
            jheap_fail(p->heap, ERR_UNSUPPORTED, "{%% %s %%} is not followed, a chat template stands alone", others[i]);
}

static struct jnode *parse_statement(struct jparser *p)
{
    static const struct {
        const char *name;
        struct jnode *(*parse)(struct jparser *p, int line);
    } statements[] = {
        {"if", parse_if},       {"for", parse_for},         {"set", parse_set},
        {"macro", parse_macro}, {"call", parse_call_block}, {"filter", parse_filter_block},
        {"with", parse_with},   {"block", parse_block},     {"generation", parse_generation},
        {"print", parse_print}, {"break", parse_break},     {"continue", parse_continue},
    };
    int line = p->token->line;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (jparse_skip_name(p, statements[i].name)) {
            struct jnode *node = statements[i].parse(p, line);
            jparse_expect(p, T_BLOCK_END, "%}");
            return node;
        }
    refuse_tag(p);
    if (p->token->kind == T_NAME)
        jheap_fail(p->heap, ERR_FORMAT, "{%% %.*s %%} is no statement, or not one that can stand here",
                   p->token->size < 40 ? (int)p->token->size : 40, p->token->at);
    jparse_fail(p, "a statement");
}

static bool at_end(const struct jparser *p, const char *const *ends)
{
    for (; ends != NULL && *ends != NULL; ends++)
        if (jparse_at_name(p, *ends))
            return true;
    return false;
}

/* Up to one of the words, which is the next token then; NULL: to the template's end. */
static struct jnode *parse_body(struct jparser *p, const char *const *ends)
{
    struct jnode *row = jparse_node(p, N_ROW, p->token->line), *node;
    while (p->token->kind != T_END) {
        const struct jtoken *t = p->token;
        if (jparse_skip(p, T_DATA)) {
            node = jparse_node(p, N_DATA, t->line);
            node->value = jv_text(t->text);
        } else if (jparse_skip(p, T_PRINT_BEGIN)) {
            node = jparse_node(p, N_PRINT, t->line);
            node->left = jparse_tuple(p, true, NULL);
            jparse_expect(p, T_PRINT_END, "}}");
        } else {
            jparse_skip(p, T_BLOCK_BEGIN);
            if (at_end(p, ends))
                return row;
            node = parse_statement(p);
        }
        jparse_add(p, row, node);
    }
    if (ends != NULL)
        jheap_fail(p->heap, ERR_FORMAT, "the template ends where {%% %s %%} is expected", ends[0]);
    return row;
}

struct jnode *jparse_template(struct jparser *p)
{
    return parse_body(p, NULL);
}
