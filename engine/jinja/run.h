/* A template being rendered: what its functions are given, and the names that they see. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_RUN_H
#define PALAVER_ENGINE_JINJA_RUN_H

#include <time.h>

#include "engine/jinja/value.h"

/* Names in use. Names are interned by the parser: the same name is the same pointer. */
struct jscope {
    struct jscope *parent;
    struct jvariable {
        const char *name;
        struct jvalue value;
    } * at;
    size_t n, capacity;
};

/* Text in the order in which it was put out. */
struct joutput {
    struct jtext **at;
    size_t n, capacity, size; /* size: bytes in all */
};

struct jrun {
    struct jheap heap;
    struct jscope *top;   /* the template's own names, above those that the caller gave */
    struct jscope *scope; /* the innermost now */
    struct joutput *out;
    struct tm now;
    const char *loop, *caller, *varargs, *kwargs; /* names, as interned */
    /* what would make a circle of files if it were called by name: access.c and the tables of filters and tests */
    struct jvalue (*attribute)(struct jrun *r, struct jvalue object, const char *name);
    struct jvalue (*item)(struct jrun *r, struct jvalue object, struct jvalue key);
    const struct jroutine *(*find_filter)(const char *name);
    const struct jroutine *(*find_test)(const char *name);
};

struct jscope *jscope_new(struct jheap *h, struct jscope *parent);
void jscope_set(struct jheap *h, struct jscope *scope, const char *name, struct jvalue value);
/* In the scope or those around it; J_ABSENT. */
struct jvalue jscope_get(struct jheap *h, const struct jscope *scope, const char *name);

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* What a call gives. */
struct jargs {
    struct jvalue *at;
    size_t n;
    struct jnamed {
        const char *name;
        struct jvalue value;
    } * named;
    size_t n_named;
};

enum { JARGS_MOST = 6 };

/* A filter, test, method or global function. self is what it is applied to; a the arguments in the order of
 * `parameters`, J_ABSENT where one was not given. */
typedef struct jvalue jaction(struct jrun *r, struct jvalue self, const struct jvalue *a);
typedef struct jvalue jopen_action(struct jrun *r, struct jvalue self, const struct jargs *args);
struct jroutine {
    const char *name;
    jaction *action;
    int needed;             /* how many arguments must be given */
    const char *parameters; /* names between spaces; NULL: none */
    jopen_action *open;     /* instead of action: takes any arguments */
};

/* The routine of that name in a table that ends with a NULL name; NULL. */
const struct jroutine *jroutine_find(const struct jroutine *table, const char *name);
/* Fails if the arguments do not fit. */
struct jvalue jroutine_call(struct jrun *r, const struct jroutine *routine, struct jvalue self,
                            const struct jargs *args);

/* A routine with what it is applied to, as a value. */
struct jfunction {
    const struct jroutine *routine;
    struct jvalue self;
};
struct jvalue jfunction_new(struct jheap *h, const struct jroutine *routine, struct jvalue self);

/* ---- macros and loops -------------------------------------------------------------------------------------------- */

/* A macro, or the body of a call block. */
struct jmacro {
    const char *name;
    const struct jnode *node;
    struct jscope *scope; /* where it was made */
    struct jvalue (*call)(struct jrun *r, struct jmacro *macro, const struct jargs *args);
};

/* One for loop under way, what the template knows as `loop`. */
struct jloop {
    struct jrun *run;
    const struct jnode *node;
    struct jscope *outside;
    struct jvalue over; /* what is iterated over */
    struct jwalk walk;
    bool filtered; /* by the loop's own condition */
    size_t index;  /* from 0; SIZE_MAX before the first */
    int depth;     /* from 0 */
    bool peeked;   /* after is known; J_ABSENT at the end */
    struct jvalue before, current, after;
    struct jlist *changed; /* what loop.changed saw last; NULL: nothing yet */
    struct jlist *rest;    /* what was left when the length was asked of an iterator */
    size_t length;         /* SIZE_MAX: not known yet */
    struct jvalue (*call)(struct jrun *r, struct jloop *loop, const struct jargs *args); /* NULL: not recursive */
    bool (*next)(struct jrun *r, struct jloop *loop, struct jvalue *item);
};

#endif
