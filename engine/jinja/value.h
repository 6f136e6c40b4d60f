/* Values of a template's world, as Python has them: what they are, whether they are true, equal, in order, and how they
 * print. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_VALUE_H
#define PALAVER_ENGINE_JINJA_VALUE_H

#include "engine/jinja/text.h"

enum jkind {
    J_ABSENT,    /* no value at all: an argument that was not given */
    J_UNDEFINED, /* a name or an attribute that is not there: prints as nothing, most uses are errors */
    J_NONE,
    J_BOOL,
    J_INT,
    J_FLOAT,
    J_STRING,
    J_LIST,
    J_TUPLE,
    J_DICT,
    J_RANGE,
    J_VIEW,     /* keys, values or items of a dict */
    J_ITERATOR, /* what filters yield: read once */
    J_NAMESPACE,
    J_FUNCTION,
    J_MACRO,
    J_LOOP,
    J_CYCLER,
    J_JOINER,
};

struct jlist;
struct jdict;
struct jvalue {
    enum jkind kind;
    union {
        bool truth;
        int64_t integer;
        double real;
        struct jtext *text;
        struct jlist *list; /* J_LIST, J_TUPLE */
        struct jdict *dict; /* J_DICT, J_NAMESPACE */
        struct jundefined *missing;
        struct jrange *range;
        struct jview *view;
        struct jiterator *iterator;
        struct jfunction *function;
        struct jmacro *macro; /* in run.h */
        struct jloop *loop;
        struct jcycle *cycle; /* J_CYCLER, J_JOINER */
    };
};

struct jlist {
    struct jvalue *at;
    size_t n, capacity;
    bool is_group; /* a tuple of groupby: its items are named grouper and list */
};

struct jdict {
    struct jentry {
        struct jvalue key, value;
    } * at;
    size_t n, capacity;
};

struct jundefined {
    const char *message; /* what using it says */
};

struct jrange {
    int64_t start, stop, step;
    size_t n;
};

struct jview {
    struct jdict *dict;
    enum { VIEW_KEYS, VIEW_VALUES, VIEW_ITEMS } of;
};

/* A row of items that is read once. */
struct jiterator {
    struct jlist *items;
    size_t next;
};

struct jcycle {
    struct jlist *items; /* J_JOINER: the separator alone */
    size_t next;
};

/* ---- making ------------------------------------------------------------------------------------------------------ */

struct jvalue jv_none(void);
struct jvalue jv_bool(bool truth);
struct jvalue jv_int(int64_t integer);
struct jvalue jv_float(double real);
struct jvalue jv_text(struct jtext *text);
struct jvalue jv_string(struct jheap *h, const char *text);
struct jvalue jv_list(struct jlist *list);
struct jvalue jv_tuple(struct jlist *list);
struct jvalue jv_iterator(struct jheap *h, struct jlist *items);
/* Undefined, with what using it says. */
struct jvalue jv_undefined(struct jheap *h, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct jlist *jlist_new(struct jheap *h);
void jlist_add(struct jheap *h, struct jlist *list, struct jvalue v);
struct jdict *jdict_new(struct jheap *h);
/* Fails for a key that has no hash in Python (lists, dicts). */
void jdict_set(struct jheap *h, struct jdict *d, struct jvalue key, struct jvalue value);
/* J_ABSENT when the key is not there; fails as jdict_set does. */
struct jvalue jdict_get(struct jheap *h, const struct jdict *d, struct jvalue key);
struct jvalue jdict_get_name(struct jheap *h, const struct jdict *d, const char *name);

/* ---- asking ------------------------------------------------------------------------------------------------------ */

/* Python's name of the type, e.g. "str", "dict". */
const char *jv_type(struct jvalue v);
bool jv_truth(struct jvalue v);
bool jv_is_number(struct jvalue v); /* bool, int or float */
/* The value as an integer: bool or int; fails with what wants one. */
int64_t jv_integer(struct jheap *h, struct jvalue v, const char *what);
/* Whether it is a string; an undefined one fails with its message, anything else with `what`. */
struct jtext *jv_need_text(struct jheap *h, struct jvalue v, const char *what);
/* Fails if v is undefined, with its message. */
void jv_need_defined(struct jheap *h, struct jvalue v);
/* Items, characters or entries; fails for what has no length. */
size_t jv_length(struct jheap *h, struct jvalue v);
bool jv_has_length(struct jvalue v);
bool jv_equal(struct jheap *h, struct jvalue a, struct jvalue b);
/* Below, at or above zero as a comes before b; fails for what has no order, naming the operator. */
int jv_compare(struct jheap *h, struct jvalue a, struct jvalue b, const char *op);
bool jv_contains(struct jheap *h, struct jvalue item, struct jvalue container);

/* ---- printing ---------------------------------------------------------------------------------------------------- */

/* As Python's str: a string as it is, all else as its repr. */
struct jtext *jv_str(struct jheap *h, struct jvalue v);
struct jtext *jv_repr(struct jheap *h, struct jvalue v);
/* For messages: the repr, NUL-terminated, cut to about 60 bytes. */
const char *jv_shown(struct jheap *h, struct jvalue v);
/* A float as Python's repr writes it, into out[0..40). */
void jv_print_float(double real, char *out);
/* Undefined because object has no such attribute or element. */
struct jvalue jv_lacking(struct jheap *h, struct jvalue object, struct jvalue name);
/* & < > ' " replaced, unless the text is marked; the result is marked. */
struct jtext *jv_escape(struct jheap *h, struct jvalue v);
/* As json.dumps does with ensure_ascii false. indent NULL: one line. item and pair: the separators. */
struct jtext *jv_json(struct jheap *h, struct jvalue v, struct jtext *indent, struct jtext *item, struct jtext *pair,
                      bool ascii, bool sorted);

/* ---- iterating --------------------------------------------------------------------------------------------------- */

/* A way through the items of a value. */
struct jwalk {
    struct jvalue over;
    size_t at; /* item, or byte of a string */
};
/* Fails for what cannot be iterated. */
struct jwalk jwalk_open(struct jheap *h, struct jvalue over);
bool jwalk_possible(struct jvalue over);
bool jwalk_next(struct jheap *h, struct jwalk *w, struct jvalue *item);
/* All items, in a list of their own. */
struct jlist *jv_items(struct jheap *h, struct jvalue over);
/* Item i of a range or a view. */
struct jvalue jrange_at(const struct jrange *range, size_t i);

#endif
