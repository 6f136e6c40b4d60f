/* Values: making them, truth, equality and order. */
#include "config.h"

#include "engine/jinja/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- making ------------------------------------------------------------------------------------------------------ */

struct jvalue jv_none(void)
{
    return (struct jvalue){.kind = J_NONE};
}

struct jvalue jv_bool(bool truth)
{
    return (struct jvalue){.kind = J_BOOL, .truth = truth};
}

struct jvalue jv_int(int64_t integer)
{
    return (struct jvalue){.kind = J_INT, .integer = integer};
}

struct jvalue jv_float(double real)
{
    return (struct jvalue){.kind = J_FLOAT, .real = real};
}

struct jvalue jv_text(struct jtext *text)
{
    return (struct jvalue){.kind = J_STRING, .text = text};
}

struct jvalue jv_string(struct jheap *h, const char *text)
{
    return jv_text(jtext_string(h, text));
}

struct jvalue jv_list(struct jlist *list)
{
    return (struct jvalue){.kind = J_LIST, .list = list};
}

struct jvalue jv_tuple(struct jlist *list)
{
    return (struct jvalue){.kind = J_TUPLE, .list = list};
}

struct jvalue jv_iterator(struct jheap *h, struct jlist *items)
{
    struct jiterator *iterator = jheap_take(h, sizeof *iterator);
    iterator->items = items;
    return (struct jvalue){.kind = J_ITERATOR, .iterator = iterator};
}

struct jvalue jv_undefined(struct jheap *h, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct jundefined *missing = jheap_take(h, sizeof *missing);
    missing->message = jheap_copy(h, text, strlen(text));
    return (struct jvalue){.kind = J_UNDEFINED, .missing = missing};
}

struct jlist *jlist_new(struct jheap *h)
{
    return jheap_take(h, sizeof(struct jlist));
}

void jlist_add(struct jheap *h, struct jlist *list, struct jvalue v)
{
    list->at = jheap_room(h, list->at, list->n, &list->capacity, sizeof *list->at);
    list->at[list->n++] = v;
}

/* ---- dicts ------------------------------------------------------------------------------------------------------- */

static void need_hash(struct jheap *h, struct jvalue key)
{
    if (key.kind == J_LIST || key.kind == J_DICT)
        jheap_fail(h, ERR_FORMAT, "unhashable type: '%s'", jv_type(key));
    for (size_t i = 0; key.kind == J_TUPLE && i < key.list->n; i++) {
        jheap_descend(h);
        need_hash(h, key.list->at[i]);
        jheap_rise(h);
    }
}

struct jdict *jdict_new(struct jheap *h)
{
    return jheap_take(h, sizeof(struct jdict));
}

static struct jentry *find_entry(struct jheap *h, const struct jdict *d, struct jvalue key)
{
    need_hash(h, key);
    jheap_work(h, d->n / 4);
    for (size_t i = 0; i < d->n; i++) {
        struct jvalue other = d->at[i].key;
        if (key.kind == J_STRING && other.kind == J_STRING ? jtext_equal(h, key.text, other.text)
                                                           : jv_equal(h, key, other))
            return &d->at[i];
    }
    return NULL;
}

void jdict_set(struct jheap *h, struct jdict *d, struct jvalue key, struct jvalue value)
{
    struct jentry *entry = find_entry(h, d, key);
    if (entry == NULL) {
        d->at = jheap_room(h, d->at, d->n, &d->capacity, sizeof *d->at);
        entry = &d->at[d->n++];
        entry->key = key;
    }
    entry->value = value;
}

struct jvalue jdict_get(struct jheap *h, const struct jdict *d, struct jvalue key)
{
    struct jentry *entry = find_entry(h, d, key);
    return entry != NULL ? entry->value : (struct jvalue){.kind = J_ABSENT};
}

struct jvalue jdict_get_name(struct jheap *h, const struct jdict *d, const char *name)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->at[i].key.kind == J_STRING && jtext_is(h, d->at[i].key.text, name))
            return d->at[i].value;
    return (struct jvalue){.kind = J_ABSENT};
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

const char *jv_type(struct jvalue v)
{
    switch (v.kind) {
    case J_ABSENT:
    case J_UNDEFINED: return "Undefined";
    case J_NONE: return "NoneType";
    case J_BOOL: return "bool";
    case J_INT: return "int";
    case J_FLOAT: return "float";
    case J_STRING: return v.text->markup ? "Markup" : "str";
    case J_LIST: return "list";
    case J_TUPLE: return "tuple";
    case J_DICT: return "dict";
    case J_RANGE: return "range";
    case J_VIEW:
        return v.view->of == VIEW_KEYS ? "dict_keys" : v.view->of == VIEW_VALUES ? "dict_values" : "dict_items";
    case J_ITERATOR: return "generator";
    case J_NAMESPACE: return "jinja2.utils.Namespace";
    case J_FUNCTION: return "function";
    case J_MACRO: return "jinja2.runtime.Macro";
    case J_LOOP: return "jinja2.runtime.LoopContext";
    case J_CYCLER: return "jinja2.utils.Cycler";
    case J_JOINER: return "jinja2.utils.Joiner";
    }
    return "";
}

bool jv_truth(struct jvalue v)
{
    switch (v.kind) {
    case J_ABSENT:
    case J_UNDEFINED:
    case J_NONE: return false;
    case J_BOOL: return v.truth;
    case J_INT: return v.integer != 0;
    case J_FLOAT: return v.real != 0;
    case J_STRING: return v.text->size > 0;
    case J_LIST:
    case J_TUPLE: return v.list->n > 0;
    case J_DICT: return v.dict->n > 0;
    case J_RANGE: return v.range->n > 0;
    case J_VIEW: return v.view->dict->n > 0;
    default: return true;
    }
}

bool jv_is_number(struct jvalue v)
{
    return v.kind == J_BOOL || v.kind == J_INT || v.kind == J_FLOAT;
}

void jv_need_defined(struct jheap *h, struct jvalue v)
{
    if (v.kind == J_UNDEFINED)
        jheap_fail(h, ERR_FORMAT, "%s", v.missing->message);
}

int64_t jv_integer(struct jheap *h, struct jvalue v, const char *what)
{
    jv_need_defined(h, v);
    if (v.kind != J_INT && v.kind != J_BOOL)
        jheap_fail(h, ERR_FORMAT, "%s takes an integer, not '%s'", what, jv_type(v));
    return v.kind == J_BOOL ? v.truth : v.integer;
}

struct jtext *jv_need_text(struct jheap *h, struct jvalue v, const char *what)
{
    jv_need_defined(h, v);
    if (v.kind != J_STRING)
        jheap_fail(h, ERR_FORMAT, "%s takes a string, not '%s'", what, jv_type(v));
    return v.text;
}

bool jv_has_length(struct jvalue v)
{
    return v.kind == J_UNDEFINED || v.kind == J_STRING || v.kind == J_LIST || v.kind == J_TUPLE || v.kind == J_DICT ||
           v.kind == J_RANGE || v.kind == J_VIEW;
}

size_t jv_length(struct jheap *h, struct jvalue v)
{
    switch (v.kind) {
    case J_UNDEFINED: return 0;
    case J_STRING: return jtext_chars(h, v.text);
    case J_LIST:
    case J_TUPLE: return v.list->n;
    case J_DICT: return v.dict->n;
    case J_RANGE: return v.range->n;
    case J_VIEW: return v.view->dict->n;
    default: break;
    }
    jheap_fail(h, ERR_FORMAT, "object of type '%s' has no len()", jv_type(v));
}

/* ---- equality and order ------------------------------------------------------------------------------------------ */

static long double number_of(struct jvalue v)
{
    return v.kind == J_BOOL ? v.truth : v.kind == J_INT ? (long double)v.integer : (long double)v.real;
}

static bool lists_equal(struct jheap *h, const struct jlist *a, const struct jlist *b)
{
    bool equal = a->n == b->n;
    for (size_t i = 0; equal && i < a->n; i++)
        equal = jv_equal(h, a->at[i], b->at[i]);
    return equal;
}

static bool dicts_equal(struct jheap *h, const struct jdict *a, const struct jdict *b)
{
    bool equal = a->n == b->n;
    for (size_t i = 0; equal && i < a->n; i++) {
        struct jentry *entry = find_entry(h, b, a->at[i].key);
        equal = entry != NULL && jv_equal(h, a->at[i].value, entry->value);
    }
    return equal;
}

static bool ranges_equal(const struct jrange *a, const struct jrange *b)
{
    return a->n == b->n && (a->n == 0 || (a->start == b->start && (a->n == 1 || a->step == b->step)));
}

bool jv_equal(struct jheap *h, struct jvalue a, struct jvalue b)
{
    jheap_work(h, 1);
    if (jv_is_number(a) && jv_is_number(b))
        return number_of(a) == number_of(b);
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case J_UNDEFINED:
    case J_NONE: return true;
    case J_STRING: return jtext_equal(h, a.text, b.text);
    case J_RANGE: return ranges_equal(a.range, b.range);
    case J_LIST:
    case J_TUPLE:
    case J_DICT: {
        jheap_descend(h);
        bool equal = a.kind == J_DICT ? dicts_equal(h, a.dict, b.dict) : lists_equal(h, a.list, b.list);
        jheap_rise(h);
        return equal;
    }
    default: return a.dict == b.dict; /* the same object */
    }
}

static int compare_lists(struct jheap *h, const struct jlist *a, const struct jlist *b, const char *op)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (!jv_equal(h, a->at[i], b->at[i])) {
            jheap_descend(h);
            int order = jv_compare(h, a->at[i], b->at[i], op);
            jheap_rise(h);
            return order;
        }
    return (a->n > b->n) - (a->n < b->n);
}

int jv_compare(struct jheap *h, struct jvalue a, struct jvalue b, const char *op)
{
    jv_need_defined(h, a);
    jv_need_defined(h, b);
    if (jv_is_number(a) && jv_is_number(b)) {
        long double x = number_of(a), y = number_of(b);
        return (x > y) - (x < y);
    }
    if (a.kind == J_STRING && b.kind == J_STRING)
        return jtext_compare(h, a.text, b.text);
    if (a.kind == b.kind && (a.kind == J_LIST || a.kind == J_TUPLE))
        return compare_lists(h, a.list, b.list, op);
    jheap_fail(h, ERR_FORMAT, "'%s' not supported between instances of '%s' and '%s'", op, jv_type(a), jv_type(b));
}

bool jv_contains(struct jheap *h, struct jvalue item, struct jvalue container)
{
    struct jvalue other;
    if (container.kind == J_STRING) {
        if (item.kind != J_STRING)
            jheap_fail(h, ERR_FORMAT, "'in <string>' requires string as left operand, not %s", jv_type(item));
        return jtext_find(h, container.text, item.text, 0, container.text->size) != SIZE_MAX;
    }
    if (container.kind == J_DICT)
        return find_entry(h, container.dict, item) != NULL;
    if (!jwalk_possible(container))
        jheap_fail(h, ERR_FORMAT, "argument of type '%s' is not iterable", jv_type(container));
    for (struct jwalk w = jwalk_open(h, container); jwalk_next(h, &w, &other);)
        if (jv_equal(h, item, other))
            return true;
    return false;
}

/* ---- iterating --------------------------------------------------------------------------------------------------- */

bool jwalk_possible(struct jvalue v)
{
    return v.kind == J_UNDEFINED || v.kind == J_STRING || v.kind == J_LIST || v.kind == J_TUPLE || v.kind == J_DICT ||
           v.kind == J_RANGE || v.kind == J_VIEW || v.kind == J_ITERATOR;
}

struct jwalk jwalk_open(struct jheap *h, struct jvalue over)
{
    if (!jwalk_possible(over))
        jheap_fail(h, ERR_FORMAT, "'%s' object is not iterable", jv_type(over));
    return (struct jwalk){.over = over};
}

struct jvalue jrange_at(const struct jrange *range, size_t i)
{
    return jv_int((int64_t)((uint64_t)range->start + (uint64_t)range->step * i));
}

static struct jvalue view_at(struct jheap *h, const struct jview *view, size_t i)
{
    struct jentry *entry = &view->dict->at[i];
    if (view->of != VIEW_ITEMS)
        return view->of == VIEW_KEYS ? entry->key : entry->value;
    struct jlist *pair = jlist_new(h);
    jlist_add(h, pair, entry->key);
    jlist_add(h, pair, entry->value);
    return jv_tuple(pair);
}

/* The character at byte w->at. */
static struct jvalue next_character(struct jheap *h, struct jwalk *w)
{
    size_t used;
    jtext_code(h, w->over.text, w->at, &used);
    struct jvalue c = jv_text(jtext_mark(h, jtext_part(h, w->over.text, w->at, w->at + used), false));
    w->at += used;
    return c;
}

bool jwalk_next(struct jheap *h, struct jwalk *w, struct jvalue *item)
{
    struct jvalue v = w->over;
    jheap_work(h, 1);
    if (v.kind == J_ITERATOR) {
        struct jiterator *iterator = v.iterator;
        if (iterator->next >= iterator->items->n)
            return false;
        *item = iterator->items->at[iterator->next++];
        return true;
    }
    if (w->at >= (v.kind == J_STRING ? v.text->size : jv_length(h, v)))
        return false;
    if (v.kind == J_STRING) {
        *item = next_character(h, w);
        return true;
    }
    size_t i = w->at++;
    *item = v.kind == J_RANGE  ? jrange_at(v.range, i)
            : v.kind == J_DICT ? v.dict->at[i].key
            : v.kind == J_VIEW ? view_at(h, v.view, i)
                               : v.list->at[i];
    return true;
}

struct jlist *jv_items(struct jheap *h, struct jvalue over)
{
    struct jlist *items = jlist_new(h);
    struct jvalue item;
    for (struct jwalk w = jwalk_open(h, over); jwalk_next(h, &w, &item);)
        jlist_add(h, items, item);
    return items;
}
