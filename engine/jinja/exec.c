/* Statements, carried out by walking their tree. */
#include "config.h"

#include "engine/jinja/exec.h"

#include <string.h>

#include "engine/jinja/eval.h"
#include "engine/jinja/loop.h"

/* How a statement ends: with the next one, or by leaving or restarting the loop around it. */
enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

static enum flow exec_body(struct jrun *r, const struct jnode *body);

/* ---- output ------------------------------------------------------------------------------------------------------ */

static void put_text(struct jrun *r, struct jtext *t)
{
    struct joutput *out = r->out;
    if (t->size == 0)
        return;
    if (t->size > r->heap.limit - out->size)
        jheap_fail(&r->heap, ERR_MEMORY, "the template makes a text of more than %zu MB", r->heap.limit >> 20);
    out->at = jheap_room(&r->heap, out->at, out->n, &out->capacity, sizeof *out->at);
    out->at[out->n++] = t;
    out->size += t->size;
}

static struct jtext *joined(struct jrun *r, const struct joutput *out)
{
    struct jtext *t = jtext_string(&r->heap, "");
    for (size_t i = 0; i < out->n; i++)
        t = jtext_join(&r->heap, t, out->at[i]);
    return t;
}

/* What the body puts out, in a scope of its own. */
static struct jtext *capture(struct jrun *r, const struct jnode *body, struct jscope *scope, enum flow *flow)
{
    struct joutput out = {0}, *outer = r->out;
    struct jscope *before = r->scope;
    r->out = &out;
    r->scope = scope;
    *flow = exec_body(r, body);
    r->out = outer;
    r->scope = before;
    return joined(r, &out);
}

/* ---- assignment -------------------------------------------------------------------------------------------------- */

static void assign(struct jrun *r, const struct jnode *target, struct jvalue v);

static void assign_attribute(struct jrun *r, const struct jnode *target, struct jvalue v)
{
    struct jvalue space = jeval(r, target->left);
    if (space.kind != J_NAMESPACE)
        jheap_fail(&r->heap, ERR_FORMAT, "cannot assign attribute on non-namespace object");
    if (target->name[0] == '_')
        jheap_fail(&r->heap, ERR_FORMAT, "a namespace takes no attribute that begins with an underscore");
    jdict_set(&r->heap, space.dict, jv_string(&r->heap, target->name), v);
}

static void assign_tuple(struct jrun *r, const struct jnode *target, struct jvalue v)
{
    struct jlist *items = jv_items(&r->heap, v);
    if (items->n < target->n)
        jheap_fail(&r->heap, ERR_FORMAT, "not enough values to unpack (expected %zu, got %zu)", target->n, items->n);
    if (items->n > target->n)
        jheap_fail(&r->heap, ERR_FORMAT, "too many values to unpack (expected %zu)", target->n);
    jheap_descend(&r->heap);
    for (size_t i = 0; i < target->n; i++)
        assign(r, target->items[i], items->at[i]);
    jheap_rise(&r->heap);
}

static void assign(struct jrun *r, const struct jnode *target, struct jvalue v)
{
    if (target->kind == N_ATTRIBUTE)
        assign_attribute(r, target, v);
    else if (target->kind == N_TUPLE)
        assign_tuple(r, target, v);
    else
        jscope_set(&r->heap, r->scope, target->name, v);
}

static enum flow exec_set_block(struct jrun *r, const struct jnode *node)
{
    enum flow flow;
    struct jtext *text = capture(r, node->body, jscope_new(&r->heap, r->scope), &flow);
    if (flow == FLOW_ON)
        assign(r, node->left, jeval_filtered(r, node->right, jv_text(text)));
    return flow;
}

/* ---- loops ------------------------------------------------------------------------------------------------------- */

static bool next_plain(struct jrun *r, struct jloop *loop, struct jvalue *item)
{
    return jwalk_next(&r->heap, &loop->walk, item);
}

/* The next item for which the loop's own condition holds. */
static bool next_filtered(struct jrun *r, struct jloop *loop, struct jvalue *item)
{
    struct jscope *before = r->scope;
    bool found = false;
    while (!found && jwalk_next(&r->heap, &loop->walk, item)) {
        r->scope = jscope_new(&r->heap, loop->outside);
        assign(r, loop->node->left, *item);
        found = jv_truth(jeval(r, loop->node->test));
    }
    r->scope = before;
    return found;
}

static struct jvalue call_loop(struct jrun *r, struct jloop *loop, const struct jargs *args);

static enum flow run_loop(struct jrun *r, const struct jnode *node, struct jvalue over, struct jscope *outside,
                          int depth)
{
    struct jscope *before = r->scope;
    struct jloop *loop = jheap_take(&r->heap, sizeof *loop);
    enum flow flow = FLOW_ON;
    bool completed = false; /* an iteration went through to its end; so Jinja decides on else */
    *loop = (struct jloop){.run = r,
                           .node = node,
                           .outside = outside,
                           .over = over,
                           .walk = jwalk_open(&r->heap, over),
                           .index = SIZE_MAX,
                           .depth = depth,
                           .length = SIZE_MAX,
                           .filtered = node->test != NULL,
                           .call = node->recursive ? call_loop : NULL,
                           .next = node->test != NULL ? next_filtered : next_plain};
    while (flow != FLOW_BREAK && jloop_next(r, loop)) {
        r->scope = jscope_new(&r->heap, outside);
        jscope_set(&r->heap, r->scope, r->loop, (struct jvalue){.kind = J_LOOP, .loop = loop});
        assign(r, node->left, loop->current);
        flow = exec_body(r, node->body);
        completed = completed || flow == FLOW_ON;
    }
    r->scope = jscope_new(&r->heap, outside);
    flow = !completed && node->otherwise != NULL ? exec_body(r, node->otherwise) : FLOW_ON;
    r->scope = before;
    return flow;
}

/* loop(items) in a recursive loop: the loop over these, as text. */
static struct jvalue call_loop(struct jrun *r, struct jloop *loop, const struct jargs *args)
{
    struct joutput out = {0}, *outer = r->out;
    if (args->n != 1)
        jheap_fail(&r->heap, ERR_FORMAT, "loop() takes one argument");
    r->out = &out;
    run_loop(r, loop->node, args->at[0], loop->outside, loop->depth + 1);
    r->out = outer;
    return jv_text(joined(r, &out));
}

/* ---- macros ------------------------------------------------------------------------------------------------------ */

/* Takes the named argument out of the row; J_ABSENT. */
static struct jvalue take_named(struct jargs *args, const char *name)
{
    for (size_t i = 0; i < args->n_named; i++)
        if (strcmp(args->named[i].name, name) == 0) {
            struct jvalue v = args->named[i].value;
            args->named[i] = args->named[--args->n_named];
            return v;
        }
    return (struct jvalue){.kind = J_ABSENT};
}

/* Gives each parameter its argument, its default or undefined; what is left of the arguments stays in *args. */
static void bind_parameters(struct jrun *r, const struct jmacro *macro, struct jargs *args)
{
    const struct jsignature *s = macro->node->signature;
    for (size_t i = 0; i < s->n; i++) {
        struct jvalue v = {.kind = J_ABSENT};
        size_t first_default = s->n - s->n_defaults;
        if (args->n > 0) {
            v = *args->at++;
            args->n--;
        } else {
            v = take_named(args, s->names[i]);
        }
        if (v.kind == J_ABSENT)
            v = i >= first_default ? jeval(r, s->defaults[i - first_default])
                                   : jv_undefined(&r->heap, "parameter '%.60s' was not provided", s->names[i]);
        jscope_set(&r->heap, r->scope, s->names[i], v);
    }
}

static bool has_parameter(const struct jsignature *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->names[i] == name)
            return true;
    return false;
}

static void bind_rest(struct jrun *r, const struct jmacro *macro, struct jargs *args)
{
    struct jheap *h = &r->heap;
    const struct jsignature *s = macro->node->signature;
    if (s->uses_caller && !has_parameter(s, r->caller)) {
        struct jvalue caller = take_named(args, "caller");
        jscope_set(h, r->scope, r->caller, caller.kind != J_ABSENT ? caller : jv_undefined(h, "No caller defined"));
    }
    if (args->n_named > 0 && !s->uses_kwargs)
        jheap_fail(h, ERR_FORMAT, "macro '%.60s' takes no keyword argument '%.60s'", macro->name, args->named[0].name);
    if (args->n > 0 && !s->uses_varargs)
        jheap_fail(h, ERR_FORMAT, "macro '%.60s' takes not more than %zu argument(s)", macro->name, s->n);
    struct jlist *varargs = jlist_new(h);
    for (size_t i = 0; i < args->n; i++)
        jlist_add(h, varargs, args->at[i]);
    struct jdict *kwargs = jdict_new(h);
    for (size_t i = 0; i < args->n_named; i++)
        jdict_set(h, kwargs, jv_string(h, args->named[i].name), args->named[i].value);
    if (s->uses_varargs)
        jscope_set(h, r->scope, r->varargs, jv_tuple(varargs));
    if (s->uses_kwargs)
        jscope_set(h, r->scope, r->kwargs, (struct jvalue){.kind = J_DICT, .dict = kwargs});
}

static struct jvalue call_macro(struct jrun *r, struct jmacro *macro, const struct jargs *given)
{
    struct jscope *before = r->scope;
    struct jargs args = *given;
    enum flow flow;
    jheap_descend(&r->heap);
    r->scope = jscope_new(&r->heap, macro->scope);
    bind_parameters(r, macro, &args);
    bind_rest(r, macro, &args);
    struct jtext *text = capture(r, macro->node->body, r->scope, &flow);
    r->scope = before;
    jheap_rise(&r->heap);
    return jv_text(text);
}

static struct jvalue new_macro(struct jrun *r, const struct jnode *node)
{
    struct jmacro *macro = jheap_take(&r->heap, sizeof *macro);
    *macro = (struct jmacro){.name = node->name, .node = node, .scope = r->scope, .call = call_macro};
    return (struct jvalue){.kind = J_MACRO, .macro = macro};
}

static void exec_call_block(struct jrun *r, const struct jnode *node)
{
    struct jnamed caller = {"caller", new_macro(r, node)};
    put_text(r, jv_str(&r->heap, jeval_call(r, node->left, &caller)));
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static enum flow exec_if(struct jrun *r, const struct jnode *node)
{
    for (size_t i = 0; i + 1 < node->n; i += 2)
        if (jv_truth(jeval(r, node->items[i])))
            return exec_body(r, node->items[i + 1]);
    return node->otherwise != NULL ? exec_body(r, node->otherwise) : FLOW_ON;
}

static enum flow exec_scope(struct jrun *r, const struct jnode *node, struct jscope *parent)
{
    struct jscope *before = r->scope;
    r->scope = jscope_new(&r->heap, parent);
    enum flow flow = exec_body(r, node->body);
    r->scope = before;
    return flow;
}

/* The values are worked out outside of the scope that they are for. */
static enum flow exec_with(struct jrun *r, const struct jnode *node)
{
    struct jscope *before = r->scope, *inner = jscope_new(&r->heap, before);
    for (size_t i = 0; i + 1 < node->n; i += 2) {
        struct jvalue v = jeval(r, node->items[i + 1]);
        r->scope = inner;
        assign(r, node->items[i], v);
        r->scope = before;
    }
    r->scope = inner;
    enum flow flow = exec_body(r, node->body);
    r->scope = before;
    return flow;
}

static enum flow exec_filter_block(struct jrun *r, const struct jnode *node)
{
    enum flow flow;
    struct jtext *text = capture(r, node->body, jscope_new(&r->heap, r->scope), &flow);
    if (flow == FLOW_ON)
        put_text(r, jv_str(&r->heap, jeval_filtered(r, node->right, jv_text(text))));
    return flow;
}

static enum flow exec_statement(struct jrun *r, const struct jnode *node)
{
    switch (node->kind) {
    case N_DATA: put_text(r, node->value.text); return FLOW_ON;
    case N_PRINT: put_text(r, jv_str(&r->heap, jeval(r, node->left))); return FLOW_ON;
    case N_ROW: return exec_body(r, node);
    case N_IF: return exec_if(r, node);
    case N_FOR: return run_loop(r, node, jeval(r, node->right), r->scope, 0);
    case N_SET: assign(r, node->left, jeval(r, node->right)); return FLOW_ON;
    case N_SET_BLOCK: return exec_set_block(r, node);
    case N_MACRO: jscope_set(&r->heap, r->scope, node->name, new_macro(r, node)); return FLOW_ON;
    case N_CALL_BLOCK: exec_call_block(r, node); return FLOW_ON;
    case N_FILTER_BLOCK: return exec_filter_block(r, node);
    case N_WITH: return exec_with(r, node);
    case N_SCOPE: return exec_scope(r, node, r->scope);
    case N_BLOCK: return exec_scope(r, node, r->top);
    case N_BREAK: return FLOW_BREAK;
    case N_CONTINUE: return FLOW_CONTINUE;
    default: return FLOW_ON; /* expressions are no statements */
    }
}

static enum flow exec_body(struct jrun *r, const struct jnode *body)
{
    enum flow flow = FLOW_ON;
    jheap_descend(&r->heap);
    for (size_t i = 0; i < body->n && flow == FLOW_ON; i++) {
        r->heap.line = body->items[i]->line;
        jheap_work(&r->heap, 1);
        flow = exec_statement(r, body->items[i]);
    }
    jheap_rise(&r->heap);
    return flow;
}

void jexec(struct jrun *r, const struct jnode *body)
{
    exec_body(r, body);
}
