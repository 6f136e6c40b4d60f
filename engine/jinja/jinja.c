/* The face of the interpreter: compiling, what is given, what comes out. */
#include "config.h"

#include "engine/jinja/jinja.h"

#include <stdlib.h>
#include <string.h>

#include "engine/jinja/access.h"
#include "engine/jinja/exec.h"
#include "engine/jinja/filters.h"
#include "engine/jinja/parse.h"
#include "engine/jinja/tests.h"

enum {
    MOST_SOURCE = 1 << 20, /* bytes of a template; those of models have up to 20,000 */
    COMPILE_MEMORY = 32 << 20,
    COMPILE_STEPS = 1500000,
    COMPILE_DEPTH = 250,
    RENDER_MEMORY = 32 << 20, /* and some copies of what is given */
    RENDER_COPIES = 12,
    RENDER_STEPS = 1500000, /* less than a tenth of a second; and some for what is given */
    STEPS_PER_ITEM = 2000,
    STEPS_PER_BYTE = 4,
    RENDER_DEPTH = 500,
};

struct jinja {
    struct jheap heap;
    struct jnode *body;
    const char **names;
    size_t n_names;
};

/* ---- compiling --------------------------------------------------------------------------------------------------- */

static void compile_source(struct jinja *t, const char *source, size_t size)
{
    static const char *const own[] = {"loop", "caller", "varargs", "kwargs"};
    struct jparser p = {.heap = &t->heap};
    for (int i = 0; i < 4; i++)
        jparse_intern(&p, own[i], strlen(own[i]));
    p.token = jlex(&t->heap, source, size);
    t->body = jparse_template(&p);
    t->names = p.names;
    t->n_names = p.n_names;
}

/* Alone in its function, for a jump may not come back to variables that have changed. */
static bool try_compile(struct jinja *t, const char *source, size_t size)
{
    if (setjmp(t->heap.out) != 0)
        return false;
    compile_source(t, source, size);
    return true;
}

struct jinja *jinja_compile(const char *source, size_t size, struct error *err)
{
    struct jinja *t = NULL;
    if (size > MOST_SOURCE)
        error_set(err, ERR_UNSUPPORTED, "a chat template has at most %d bytes, not %zu", MOST_SOURCE, size);
    else if ((t = calloc(1, sizeof *t)) == NULL)
        error_memory(err);
    if (t == NULL)
        return NULL;
    jheap_open(&t->heap, COMPILE_MEMORY, COMPILE_STEPS, COMPILE_DEPTH, err);
    if (!try_compile(t, source, size)) {
        jinja_free(t);
        return NULL;
    }
    t->heap.err = NULL;
    return t;
}

void jinja_free(struct jinja *t)
{
    if (t != NULL)
        jheap_close(&t->heap);
    free(t);
}

/* The template's own copy of a name; NULL if it never speaks of it. */
static const char *find_name(const struct jinja *t, const char *name)
{
    for (size_t i = 0; i < t->n_names; i++)
        if (strcmp(t->names[i], name) == 0)
            return t->names[i];
    return NULL;
}

/* ---- what is given ----------------------------------------------------------------------------------------------- */

/* Counts the bytes and values that are given. */
static void measure(const struct jinja_value *values, size_t n, size_t *bytes, size_t *items)
{
    for (size_t i = 0; i < n; i++) {
        *bytes += values[i].kind == JINJA_STRING ? values[i].size : 0;
        *items += 1;
        if (values[i].kind == JINJA_LIST || values[i].kind == JINJA_DICT)
            measure(values[i].items, values[i].n, bytes, items);
    }
}

static struct jvalue take_value(struct jheap *h, const struct jinja_value *v);

static struct jvalue take_list(struct jheap *h, const struct jinja_value *v)
{
    struct jlist *list = jlist_new(h);
    for (size_t i = 0; i < v->n; i++)
        jlist_add(h, list, take_value(h, &v->items[i]));
    return jv_list(list);
}

static struct jvalue take_dict(struct jheap *h, const struct jinja_value *v)
{
    struct jdict *d = jdict_new(h);
    for (size_t i = 0; i < v->n; i++)
        jdict_set(h, d, jv_string(h, v->items[i].name), take_value(h, &v->items[i]));
    return (struct jvalue){.kind = J_DICT, .dict = d};
}

static struct jvalue take_value(struct jheap *h, const struct jinja_value *v)
{
    switch (v->kind) {
    case JINJA_NONE: break;
    case JINJA_BOOL: return jv_bool(v->truth);
    case JINJA_INT: return jv_int(v->integer);
    case JINJA_FLOAT: return jv_float(v->real);
    case JINJA_STRING: return jv_text(jtext_of(h, v->size > 0 ? v->bytes : "", v->size, v->origin));
    case JINJA_LIST: return take_list(h, v);
    case JINJA_DICT: return take_dict(h, v);
    }
    return jv_none();
}

/* ---- rendering --------------------------------------------------------------------------------------------------- */

static void open_run(struct jrun *r, const struct jinja *t, const struct jinja_value *values, size_t n,
                     const struct jinja_limits *limits, struct error *err)
{
    size_t bytes = 0, items = 0;
    measure(values, n, &bytes, &items);
    memset(r, 0, sizeof *r);
    jheap_open(&r->heap, limits != NULL && limits->memory > 0 ? limits->memory : RENDER_MEMORY + RENDER_COPIES * bytes,
               limits != NULL && limits->steps > 0 ? limits->steps
                                                   : RENDER_STEPS + STEPS_PER_ITEM * items + STEPS_PER_BYTE * bytes,
               limits != NULL && limits->depth > 0 ? limits->depth : RENDER_DEPTH, err);
    r->loop = t->names[0];
    r->caller = t->names[1];
    r->varargs = t->names[2];
    r->kwargs = t->names[3];
    r->attribute = jaccess_attribute;
    r->item = jaccess_item;
    r->find_filter = jfilter_find;
    r->find_test = jtest_find;
}

static struct jtext *render_text(struct jrun *r, const struct jinja *t, const struct jinja_value *values, size_t n)
{
    struct joutput out = {0};
    struct jbuild b;
    struct jscope *given = jscope_new(&r->heap, NULL);
    r->heap.line = 1;
    for (size_t i = 0; i < n; i++) {
        const char *name = find_name(t, values[i].name);
        if (name != NULL)
            jscope_set(&r->heap, given, name, take_value(&r->heap, &values[i]));
    }
    r->top = r->scope = jscope_new(&r->heap, given);
    r->out = &out;
    jexec(r, t->body);
    jbuild_open(&b, &r->heap);
    for (size_t i = 0; i < out.n; i++)
        jbuild_text(&b, out.at[i]);
    return jbuild_close(&b);
}

/* Copies the text out of the heap. */
static bool take_output(struct jheap *h, struct jtext *text, struct jinja_output *out)
{
    size_t n = text->size == 0 ? 0 : text->spans != NULL ? text->n_spans : 1;
    out->bytes = malloc(text->size + 1);
    out->spans = malloc((n + 1) * sizeof *out->spans);
    if (out->bytes == NULL || out->spans == NULL) {
        jinja_output_free(out);
        return false;
    }
    memcpy(out->bytes, jtext_bytes(h, text), text->size);
    out->bytes[text->size] = '\0';
    out->size = text->size;
    out->n_spans = n;
    for (size_t i = 0; i < n; i++)
        out->spans[i] = text->spans != NULL ? (struct jinja_span){text->spans[i].end, text->spans[i].origin}
                                            : (struct jinja_span){text->size, text->origin};
    return true;
}

void jinja_output_free(struct jinja_output *out)
{
    free(out->bytes);
    free(out->spans);
    *out = (struct jinja_output){0};
}

/* Alone in its function as try_compile is. */
static void try_render(struct jrun *r, const struct jinja *t, const struct jinja_value *values, size_t n,
                       struct jinja_output *out, struct error *err)
{
    if (setjmp(r->heap.out) == 0 && !take_output(&r->heap, render_text(r, t, values, n), out))
        r->heap.code = error_memory(err);
}

enum error_code jinja_render(const struct jinja *t, const struct jinja_value *values, size_t n, const struct tm *now,
                             const struct jinja_limits *limits, struct jinja_output *out, struct error *err)
{
    struct jrun *r = malloc(sizeof *r);
    *out = (struct jinja_output){0};
    if (r == NULL)
        return error_memory(err);
    open_run(r, t, values, n, limits, err);
    r->now = *now;
    try_render(r, t, values, n, out, err);
    enum error_code code = r->heap.code;
    jheap_close(&r->heap);
    free(r);
    return code;
}
