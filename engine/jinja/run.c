/* Names and calls: scopes, and how arguments find their parameters. */
#include "config.h"

#include "engine/jinja/run.h"

#include <string.h>

/* ---- scopes ------------------------------------------------------------------------------------------------------ */

struct jscope *jscope_new(struct jheap *h, struct jscope *parent)
{
    struct jscope *scope = jheap_take(h, sizeof *scope);
    scope->parent = parent;
    return scope;
}

void jscope_set(struct jheap *h, struct jscope *scope, const char *name, struct jvalue value)
{
    for (size_t i = 0; i < scope->n; i++)
        if (scope->at[i].name == name) {
            scope->at[i].value = value;
            return;
        }
    jheap_work(h, 1 + scope->n / 8);
    scope->at = jheap_room(h, scope->at, scope->n, &scope->capacity, sizeof *scope->at);
    scope->at[scope->n++] = (struct jvariable){name, value};
}

struct jvalue jscope_get(struct jheap *h, const struct jscope *scope, const char *name)
{
    for (; scope != NULL; scope = scope->parent) {
        jheap_work(h, scope->n / 8);
        for (size_t i = 0; i < scope->n; i++)
            if (scope->at[i].name == name)
                return scope->at[i].value;
    }
    return (struct jvalue){.kind = J_ABSENT};
}

/* ---- routines ---------------------------------------------------------------------------------------------------- */

const struct jroutine *jroutine_find(const struct jroutine *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

/* The place of a name among the parameters; -1. */
static int parameter_place(const char *parameters, const char *name)
{
    size_t size = strlen(name);
    for (int i = 0; parameters != NULL && *parameters != '\0'; i++) {
        size_t word = strcspn(parameters, " ");
        if (word == size && memcmp(parameters, name, size) == 0)
            return i;
        parameters += word + (parameters[word] == ' ' ? 1 : 0);
    }
    return -1;
}

static size_t count_parameters(const char *parameters)
{
    size_t n = parameters != NULL ? 1 : 0;
    for (; parameters != NULL && *parameters != '\0'; parameters++)
        n += *parameters == ' ';
    return n;
}

static void bind_arguments(struct jheap *h, const struct jroutine *routine, const struct jargs *args, struct jvalue *a)
{
    size_t most = count_parameters(routine->parameters);
    if (args->n > most)
        jheap_fail(h, ERR_FORMAT, "%s() takes at most %zu arguments, not %zu", routine->name, most, args->n);
    for (size_t i = 0; i < args->n; i++)
        a[i] = args->at[i];
    for (size_t i = 0; i < args->n_named; i++) {
        int place = parameter_place(routine->parameters, args->named[i].name);
        if (place < 0 || a[place].kind != J_ABSENT)
            jheap_fail(h, ERR_FORMAT, "%s() got %s '%.40s'", routine->name,
                       place < 0 ? "an unexpected keyword argument" : "multiple values for argument",
                       args->named[i].name);
        a[place] = args->named[i].value;
    }
    for (int i = 0; i < routine->needed; i++)
        if (a[i].kind == J_ABSENT)
            jheap_fail(h, ERR_FORMAT, "%s() lacks an argument (%s)", routine->name, routine->parameters);
}

struct jvalue jroutine_call(struct jrun *r, const struct jroutine *routine, struct jvalue self,
                            const struct jargs *args)
{
    struct jvalue a[JARGS_MOST] = {{.kind = J_ABSENT}};
    jheap_work(&r->heap, 2);
    if (routine->open != NULL)
        return routine->open(r, self, args);
    bind_arguments(&r->heap, routine, args, a);
    return routine->action(r, self, a);
}

struct jvalue jfunction_new(struct jheap *h, const struct jroutine *routine, struct jvalue self)
{
    struct jfunction *function = jheap_take(h, sizeof *function);
    function->routine = routine;
    function->self = self;
    return (struct jvalue){.kind = J_FUNCTION, .function = function};
}
