/* Expressions, worked out by walking their tree. */
#include "config.h"

#include "engine/jinja/eval.h"

#include "engine/jinja/access.h"
#include "engine/jinja/format.h"
#include "engine/jinja/globals.h"
#include "engine/jinja/number.h"
#include "engine/jinja/operate.h"

static struct jvalue eval_name(struct jrun *r, const char *name)
{
    struct jvalue v = jscope_get(&r->heap, r->scope, name);
    if (v.kind != J_ABSENT)
        return v;
    const struct jroutine *global = jglobal_find(name);
    return global != NULL ? jfunction_new(&r->heap, global, jv_none())
                          : jv_undefined(&r->heap, "'%.60s' is undefined", name);
}

/* ---- containers -------------------------------------------------------------------------------------------------- */

static struct jvalue eval_list(struct jrun *r, const struct jnode *node)
{
    struct jlist *list = jlist_new(&r->heap);
    for (size_t i = 0; i < node->n; i++)
        jlist_add(&r->heap, list, jeval(r, node->items[i]));
    return node->kind == N_LIST ? jv_list(list) : jv_tuple(list);
}

static struct jvalue eval_dict(struct jrun *r, const struct jnode *node)
{
    struct jdict *d = jdict_new(&r->heap);
    for (size_t i = 0; i + 1 < node->n; i += 2) {
        struct jvalue key = jeval(r, node->items[i]);
        jdict_set(&r->heap, d, key, jeval(r, node->items[i + 1]));
    }
    return (struct jvalue){.kind = J_DICT, .dict = d};
}

static struct jvalue eval_slice(struct jrun *r, const struct jnode *node)
{
    struct jvalue v = jeval(r, node->left), bounds[3];
    for (int i = 0; i < 3; i++)
        bounds[i] = node->items[i] != NULL ? jeval(r, node->items[i]) : jv_none();
    return joperate_slice(&r->heap, v, bounds[0], bounds[1], bounds[2]);
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

static struct jvalue eval_operate(struct jrun *r, const struct jnode *node)
{
    struct jvalue left = jeval(r, node->left), right = jeval(r, node->right);
    r->heap.line = node->line;
    if (node->op == '%' && left.kind == J_STRING)
        return jv_text(jformat_percent(&r->heap, left.text, right));
    return joperate(&r->heap, node->op, left, right);
}

static struct jvalue eval_sign(struct jrun *r, const struct jnode *node)
{
    struct jvalue v = jeval(r, node->left);
    jv_need_defined(&r->heap, v);
    if (!jv_is_number(v))
        jheap_fail(&r->heap, ERR_FORMAT, "bad operand type for unary %c: '%s'", node->kind == N_NEGATE ? '-' : '+',
                   jv_type(v));
    if (node->kind == N_NEGATE)
        return jnumber_negate(&r->heap, v);
    return v.kind == J_BOOL ? jv_int(v.truth) : v;
}

static struct jvalue eval_concat(struct jrun *r, const struct jnode *node)
{
    struct jtext *t = jtext_string(&r->heap, "");
    for (size_t i = 0; i < node->n; i++)
        t = jtext_join(&r->heap, t, jv_str(&r->heap, jeval(r, node->items[i])));
    return jv_text(jtext_mark(&r->heap, t, false));
}

static bool compare(struct jrun *r, enum jtoken_kind op, struct jvalue a, struct jvalue b)
{
    struct jheap *h = &r->heap;
    switch (op) {
    case T_EQ: return jv_equal(h, a, b);
    case T_NE: return !jv_equal(h, a, b);
    case T_LT: return jv_compare(h, a, b, "<") < 0;
    case T_LE: return jv_compare(h, a, b, "<=") <= 0;
    case T_GT: return jv_compare(h, a, b, ">") > 0;
    case T_GE: return jv_compare(h, a, b, ">=") >= 0;
    case T_NAME: return jv_contains(h, a, b);
    default: return !jv_contains(h, a, b);
    }
}

static struct jvalue eval_compare(struct jrun *r, const struct jnode *node)
{
    struct jvalue left = jeval(r, node->left);
    for (size_t i = 0; i < node->n; i++) {
        struct jvalue right = jeval(r, node->items[i]);
        r->heap.line = node->line;
        if (!compare(r, node->ops[i], left, right))
            return jv_bool(false);
        left = right;
    }
    return jv_bool(true);
}

/* ---- choices ----------------------------------------------------------------------------------------------------- */

static struct jvalue eval_logic(struct jrun *r, const struct jnode *node)
{
    struct jvalue left = jeval(r, node->left);
    return jv_truth(left) == (node->kind == N_OR) ? left : jeval(r, node->right);
}

static struct jvalue eval_choose(struct jrun *r, const struct jnode *node)
{
    if (jv_truth(jeval(r, node->test)))
        return jeval(r, node->left);
    if (node->right != NULL)
        return jeval(r, node->right);
    return jv_undefined(&r->heap,
                        "the inline if-expression on line %d evaluated to false and no else section was defined.",
                        node->line);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static void add_named(struct jheap *h, struct jargs *args, size_t *capacity, const char *name, struct jvalue value)
{
    args->named = jheap_room(h, args->named, args->n_named, capacity, sizeof *args->named);
    args->named[args->n_named++] = (struct jnamed){name, value};
}

/* **mapping: its entries as named arguments. */
static void add_mapping(struct jheap *h, struct jargs *args, size_t *capacity, struct jvalue mapping)
{
    if (mapping.kind != J_DICT)
        jheap_fail(h, ERR_FORMAT, "argument after ** must be a mapping, not %s", jv_type(mapping));
    for (size_t i = 0; i < mapping.dict->n; i++) {
        struct jtext *name = jv_need_text(h, mapping.dict->at[i].key, "**");
        add_named(h, args, capacity, jheap_copy(h, jtext_bytes(h, name), name->size), mapping.dict->at[i].value);
    }
}

static struct jargs eval_arguments(struct jrun *r, const struct jcall *call, const struct jnamed *extra)
{
    struct jheap *h = &r->heap;
    struct jlist *list = jlist_new(h);
    struct jargs args = {0};
    size_t capacity = 0;
    struct jvalue item;
    for (size_t i = 0; call != NULL && i < call->n; i++)
        jlist_add(h, list, jeval(r, call->items[i]));
    for (size_t i = 0; call != NULL && i < call->n_keywords; i++)
        add_named(h, &args, &capacity, call->keywords[i].name, jeval(r, call->keywords[i].value));
    if (call != NULL && call->star != NULL)
        for (struct jwalk w = jwalk_open(h, jeval(r, call->star)); jwalk_next(h, &w, &item);)
            jlist_add(h, list, item);
    if (call != NULL && call->two_stars != NULL)
        add_mapping(h, &args, &capacity, jeval(r, call->two_stars));
    if (extra != NULL)
        add_named(h, &args, &capacity, extra->name, extra->value);
    args.at = list->at;
    args.n = list->n;
    return args;
}

struct jvalue jeval_call(struct jrun *r, const struct jnode *node, const struct jnamed *extra)
{
    struct jvalue called = jeval(r, node->left);
    struct jargs args = eval_arguments(r, node->call, extra);
    r->heap.line = node->line;
    jv_need_defined(&r->heap, called);
    if (called.kind == J_FUNCTION)
        return jroutine_call(r, called.function->routine, called.function->self, &args);
    if (called.kind == J_MACRO)
        return called.macro->call(r, called.macro, &args);
    if (called.kind == J_JOINER)
        return jglobal_join(r, called.cycle);
    if (called.kind == J_LOOP && called.loop->call == NULL)
        jheap_fail(&r->heap, ERR_FORMAT, "The loop must have the 'recursive' marker to be called recursively.");
    if (called.kind == J_LOOP)
        return called.loop->call(r, called.loop, &args);
    jheap_fail(&r->heap, ERR_FORMAT, "'%s' object is not callable", jv_type(called));
}

static struct jvalue apply_routine(struct jrun *r, const struct jnode *node, struct jvalue v)
{
    struct jargs args = eval_arguments(r, node->call, NULL);
    r->heap.line = node->line;
    if (node->routine == NULL)
        jheap_fail(&r->heap, ERR_UNSUPPORTED, "there is no %s named '%.60s'",
                   node->kind == N_FILTER ? "filter" : "test", node->name);
    return jroutine_call(r, node->routine, v, &args);
}

struct jvalue jeval_filtered(struct jrun *r, const struct jnode *filters, struct jvalue text)
{
    if (filters == NULL)
        return text;
    jheap_descend(&r->heap);
    struct jvalue v = apply_routine(r, filters, jeval_filtered(r, filters->left, text));
    jheap_rise(&r->heap);
    return v;
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

static struct jvalue eval_kind(struct jrun *r, const struct jnode *node)
{
    switch (node->kind) {
    case N_CONST: return node->value;
    case N_NAME: return eval_name(r, node->name);
    case N_LIST:
    case N_TUPLE: return eval_list(r, node);
    case N_DICT: return eval_dict(r, node);
    case N_ATTRIBUTE: return jaccess_attribute(r, jeval(r, node->left), node->name);
    case N_ITEM: {
        struct jvalue object = jeval(r, node->left);
        return jaccess_item(r, object, jeval(r, node->right));
    }
    case N_SLICE: return eval_slice(r, node);
    case N_CALL: return jeval_call(r, node, NULL);
    case N_FILTER:
    case N_TEST: return apply_routine(r, node, jeval(r, node->left));
    case N_NOT: return jv_bool(!jv_truth(jeval(r, node->left)));
    case N_NEGATE:
    case N_PLUS: return eval_sign(r, node);
    case N_AND:
    case N_OR: return eval_logic(r, node);
    case N_OPERATE: return eval_operate(r, node);
    case N_CONCAT: return eval_concat(r, node);
    case N_COMPARE: return eval_compare(r, node);
    case N_CHOOSE: return eval_choose(r, node);
    default: return jv_none(); /* statements are not worked out */
    }
}

struct jvalue jeval(struct jrun *r, const struct jnode *node)
{
    jheap_descend(&r->heap);
    jheap_work(&r->heap, 1);
    r->heap.line = node->line;
    struct jvalue v = eval_kind(r, node);
    jheap_rise(&r->heap);
    return v;
}
