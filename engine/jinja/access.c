/* Attributes and items. */
#include "config.h"

#include "engine/jinja/access.h"

#include <string.h>

#include "engine/jinja/node.h"
#include "engine/jinja/number.h"

/* ---- attributes -------------------------------------------------------------------------------------------------- */

/* Methods that would change what they belong to; the sandbox lets nobody at them. */
static bool changes(struct jvalue object, const char *name)
{
    static const char *const of_lists[] = {"append", "clear",  "pop",    "reverse", "insert",
                                           "sort",   "extend", "remove", NULL};
    static const char *const of_dicts[] = {"clear", "pop", "popitem", "setdefault", "update", NULL};
    for (const char *const *n = object.kind == J_DICT ? of_dicts : of_lists; *n != NULL; n++)
        if (strcmp(*n, name) == 0)
            return object.kind == J_DICT || object.kind == J_LIST;
    return false;
}

static struct jvalue macro_attribute(struct jrun *r, const struct jmacro *m, const char *name)
{
    struct jheap *h = &r->heap;
    const struct jsignature *s = m->node->signature;
    if (strcmp(name, "name") == 0)
        return jv_string(h, m->name);
    if (strcmp(name, "catch_varargs") == 0 || strcmp(name, "catch_kwargs") == 0)
        return jv_bool(name[6] == 'v' ? s->uses_varargs : s->uses_kwargs);
    if (strcmp(name, "caller") == 0)
        return jv_bool(s->uses_caller);
    if (strcmp(name, "arguments") != 0)
        return (struct jvalue){.kind = J_ABSENT};
    struct jlist *names = jlist_new(h);
    for (size_t i = 0; i < s->n; i++)
        jlist_add(h, names, jv_string(h, s->names[i]));
    return jv_tuple(names);
}

static struct jvalue range_attribute(const struct jrange *range, const char *name)
{
    if (strcmp(name, "start") == 0)
        return jv_int(range->start);
    if (strcmp(name, "stop") == 0)
        return jv_int(range->stop);
    return strcmp(name, "step") == 0 ? jv_int(range->step) : (struct jvalue){.kind = J_ABSENT};
}

static struct jvalue group_attribute(const struct jlist *tuple, const char *name)
{
    if (tuple->is_group && strcmp(name, "grouper") == 0)
        return tuple->at[0];
    return tuple->is_group && strcmp(name, "list") == 0 ? tuple->at[1] : (struct jvalue){.kind = J_ABSENT};
}

/* What Python's numbers have; no chat template is known to ask for it. */
static void refuse_number_attribute(struct jheap *h, const char *name)
{
    static const char *const names[] = {"real",       "imag",      "numerator", "denominator", "conjugate",
                                        "bit_length", "bit_count", "to_bytes",  "from_bytes",  "as_integer_ratio",
                                        "is_integer", "hex",       "fromhex"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            jheap_fail(h, ERR_UNSUPPORTED, "the attribute '%s' of numbers is not followed", name);
}

static const struct jroutine *methods_of(struct jvalue v)
{
    return v.kind == J_STRING                      ? jmethods_text
           : v.kind == J_LIST || v.kind == J_TUPLE ? jmethods_list
           : v.kind == J_DICT                      ? jmethods_dict
           : v.kind == J_CYCLER                    ? jmethods_cycler
                                                   : NULL;
}

struct jvalue jaccess_own(struct jrun *r, struct jvalue object, const char *name)
{
    struct jvalue found = {.kind = J_ABSENT};
    size_t size = strlen(name);
    bool reserved = size > 4 && strncmp(name, "__", 2) == 0 && strcmp(name + size - 2, "__") == 0;
    jv_need_defined(&r->heap, object);
    if (reserved || changes(object, name))
        return jv_undefined(&r->heap, "access to attribute '%.60s' of '%s' object is unsafe.", name, jv_type(object));
    const struct jroutine *methods = methods_of(object),
                          *method = methods != NULL ? jroutine_find(methods, name) : NULL;
    if (method != NULL && !(object.kind == J_TUPLE && strcmp(name, "copy") == 0))
        return jfunction_new(&r->heap, method, object);
    switch (object.kind) {
    case J_BOOL:
    case J_INT:
    case J_FLOAT: refuse_number_attribute(&r->heap, name); return found;
    case J_TUPLE: return group_attribute(object.list, name);
    case J_NAMESPACE: return jdict_get_name(&r->heap, object.dict, name);
    case J_RANGE: return range_attribute(object.range, name);
    case J_MACRO: return macro_attribute(r, object.macro, name);
    case J_LOOP: return jloop_attribute(r, object.loop, name);
    case J_CYCLER: return strcmp(name, "current") == 0 ? object.cycle->items->at[object.cycle->next] : found;
    default: return found;
    }
}

/* ---- items ------------------------------------------------------------------------------------------------------- */

static bool is_integer(struct jvalue v)
{
    return v.kind == J_INT || v.kind == J_BOOL;
}

/* Item i from the beginning, or from the end if negative; J_ABSENT. */
static struct jvalue item_at(struct jheap *h, struct jvalue object, int64_t i)
{
    int64_t n = (int64_t)jv_length(h, object);
    i += i < 0 ? n : 0;
    if (i < 0 || i >= n)
        return (struct jvalue){.kind = J_ABSENT};
    if (object.kind == J_RANGE)
        return jrange_at(object.range, (size_t)i);
    if (object.kind != J_STRING)
        return object.list->at[i];
    size_t at = jtext_offset(h, object.text, (size_t)i), used;
    jtext_code(h, object.text, at, &used);
    return jv_text(jtext_part(h, object.text, at, at + used));
}

/* object[key] as Python has it; J_ABSENT where that is an error. */
static struct jvalue own_item(struct jheap *h, struct jvalue object, struct jvalue key)
{
    jv_need_defined(h, object);
    bool row = object.kind == J_LIST || object.kind == J_TUPLE || object.kind == J_STRING || object.kind == J_RANGE;
    if (row && is_integer(key))
        return item_at(h, object, jv_integer(h, key, "an index"));
    if (object.kind == J_DICT && key.kind != J_LIST && key.kind != J_DICT)
        return jdict_get(h, object.dict, key);
    return (struct jvalue){.kind = J_ABSENT};
}

struct jvalue jaccess_attribute(struct jrun *r, struct jvalue object, const char *name)
{
    struct jvalue found = jaccess_own(r, object, name);
    if (found.kind != J_ABSENT)
        return found;
    if (object.kind == J_DICT)
        found = jdict_get_name(&r->heap, object.dict, name);
    return found.kind != J_ABSENT ? found : jv_lacking(&r->heap, object, jv_string(&r->heap, name));
}

struct jvalue jaccess_item(struct jrun *r, struct jvalue object, struct jvalue key)
{
    struct jheap *h = &r->heap;
    struct jvalue found = own_item(h, object, key);
    if (found.kind == J_ABSENT && key.kind == J_STRING)
        found = jaccess_own(r, object, jheap_copy(h, jtext_bytes(h, key.text), key.text->size));
    return found.kind != J_ABSENT ? found : jv_lacking(h, object, key);
}

struct jvalue jaccess_path(struct jrun *r, struct jvalue object, struct jvalue path)
{
    struct jheap *h = &r->heap;
    if (path.kind == J_ABSENT || path.kind == J_NONE)
        return object;
    if (path.kind != J_STRING)
        return jaccess_item(r, object, path);
    struct jtext *dot = jtext_string(h, ".");
    for (size_t at = 0; at <= path.text->size;) {
        size_t end = jtext_find(h, path.text, dot, at, path.text->size);
        end = end == SIZE_MAX ? path.text->size : end;
        struct jtext *part = jtext_part(h, path.text, at, end);
        bool number = part->size > 0 && part->size < 18 &&
                      strspn(jheap_copy(h, jtext_bytes(h, part), part->size), "0123456789") == part->size;
        int64_t i = 0;
        object = jaccess_item(r, object, number && jnumber_read_int(h, part, 10, &i) ? jv_int(i) : jv_text(part));
        at = end + 1;
    }
    return object;
}
