/* Filters on what can be iterated over. What Python yields bit by bit is made at once here and read once all the
 * same. */
#include "config.h"

#include "engine/jinja/access.h"
#include "engine/jinja/filters.h"
#include "engine/jinja/operate.h"
#include "engine/jinja/sort.h"
#include "engine/jinja/string.h"

/* A string in lower case, anything else as it is. */
static struct jvalue folded(struct jheap *h, struct jvalue v)
{
    return v.kind == J_STRING ? jv_text(jstring_case(h, v.text, CASE_LOWER)) : v;
}

/* What an item is sorted, compared or grouped by. */
static struct jvalue key_of(struct jrun *r, struct jvalue item, struct jvalue path, bool exact)
{
    struct jvalue v = jaccess_path(r, item, path);
    return exact ? v : folded(&r->heap, v);
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

static struct jvalue filter_first(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jvalue item;
    struct jwalk w = jwalk_open(&r->heap, self);
    (void)a;
    return jwalk_next(&r->heap, &w, &item) ? item : jv_undefined(&r->heap, "No first item, sequence was empty.");
}

static struct jvalue filter_last(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    (void)a;
    if (self.kind == J_ITERATOR || !jwalk_possible(self))
        jheap_fail(h, ERR_FORMAT, "'%s' object is not reversible", jv_type(self));
    if (!jv_truth(self))
        return jv_undefined(h, "No last item, sequence was empty.");
    if (self.kind == J_STRING)
        return jv_text(jtext_mark(h,
                                  jtext_part(h, self.text, jtext_offset(h, self.text, jtext_chars(h, self.text) - 1),
                                             self.text->size),
                                  false));
    struct jlist *items = jv_items(h, self);
    return items->at[items->n - 1];
}

/* The smallest or the greatest; sign +1 or -1. */
static struct jvalue extreme(struct jrun *r, struct jvalue self, const struct jvalue *a, int sign)
{
    struct jlist *items = jv_items(&r->heap, self);
    if (items->n == 0)
        return jv_undefined(&r->heap, "No aggregated item, sequence was empty.");
    size_t best = 0;
    struct jvalue key = key_of(r, items->at[0], a[1], jv_truth(a[0]));
    for (size_t i = 1; i < items->n; i++) {
        struct jvalue other = key_of(r, items->at[i], a[1], jv_truth(a[0]));
        if (sign * jv_compare(&r->heap, other, key, sign > 0 ? ">" : "<") > 0) {
            best = i;
            key = other;
        }
    }
    return items->at[best];
}

static struct jvalue filter_min(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return extreme(r, self, a, -1);
}

static struct jvalue filter_max(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return extreme(r, self, a, 1);
}

static struct jvalue filter_sum(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jvalue sum = a[1].kind == J_ABSENT ? jv_int(0) : a[1], item;
    if (sum.kind == J_STRING)
        jheap_fail(&r->heap, ERR_FORMAT, "sum() can't sum strings [use ''.join(seq) instead]");
    for (struct jwalk w = jwalk_open(&r->heap, self); jwalk_next(&r->heap, &w, &item);)
        sum = joperate(&r->heap, '+', sum, jaccess_path(r, item, a[0]));
    return sum;
}

/* ---- order ------------------------------------------------------------------------------------------------------- */

static struct jvalue filter_reverse(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    (void)a;
    if (self.kind == J_STRING)
        return joperate_slice(h, self, jv_none(), jv_none(), jv_int(-1));
    struct jlist *items = jv_items(h, self), *turned = jlist_new(h);
    for (size_t i = items->n; i > 0; i--)
        jlist_add(h, turned, items->at[i - 1]);
    return self.kind == J_ITERATOR ? jv_list(turned) : jv_iterator(h, turned);
}

/* The items in the order of their keys. */
static struct jlist *sorted(struct jheap *h, const struct jlist *items, const struct jlist *keys, bool backwards)
{
    size_t *order = jsort_order(h, keys, items->n, backwards);
    struct jlist *out = jlist_new(h);
    for (size_t i = 0; i < items->n; i++)
        jlist_add(h, out, items->at[order[i]]);
    return out;
}

/* A key for each of the attributes that commas part. */
static struct jvalue keys_of(struct jrun *r, struct jvalue item, struct jvalue paths, bool exact)
{
    struct jheap *h = &r->heap;
    struct jlist *keys = jlist_new(h);
    if (paths.kind != J_STRING) {
        jlist_add(h, keys, key_of(r, item, paths, exact));
        return jv_list(keys);
    }
    struct jlist *parts = jstring_split(h, paths.text, jtext_string(h, ","), -1, false);
    for (size_t i = 0; i < parts->n; i++)
        jlist_add(h, keys, key_of(r, item, parts->at[i], exact));
    return jv_list(keys);
}

static struct jvalue filter_sort(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jlist *items = jv_items(&r->heap, self), *keys = jlist_new(&r->heap);
    for (size_t i = 0; i < items->n; i++)
        jlist_add(&r->heap, keys, keys_of(r, items->at[i], a[2], jv_truth(a[1])));
    return jv_list(sorted(&r->heap, items, keys, jv_truth(a[0])));
}

/* A dict's items in a list. */
static struct jlist *pairs_of(struct jheap *h, struct jvalue v, const char *what)
{
    if (v.kind != J_DICT)
        jheap_fail(h, ERR_FORMAT, "%s", what);
    struct jview view = {v.dict, VIEW_ITEMS};
    return jv_items(h, (struct jvalue){.kind = J_VIEW, .view = &view});
}

static struct jvalue filter_dictsort(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jtext *by = a[1].kind == J_ABSENT ? jtext_string(h, "key") : jv_need_text(h, a[1], "dictsort");
    size_t place = jtext_is(h, by, "value") ? 1 : 0;
    if (place == 0 && !jtext_is(h, by, "key"))
        jheap_fail(h, ERR_FORMAT, "You can only sort by either \"key\" or \"value\"");
    struct jlist *items = pairs_of(h, self, "dictsort takes a dict"), *keys = jlist_new(h);
    for (size_t i = 0; i < items->n; i++) {
        struct jvalue v = items->at[i].list->at[place];
        jlist_add(h, keys, jv_truth(a[0]) ? v : folded(h, v));
    }
    return jv_list(sorted(h, items, keys, jv_truth(a[2])));
}

static struct jvalue filter_items(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    if (self.kind == J_UNDEFINED)
        return jv_iterator(&r->heap, jlist_new(&r->heap));
    return jv_iterator(&r->heap, pairs_of(&r->heap, self, "Can only get item pairs from a mapping."));
}

static struct jvalue filter_list(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_list(jv_items(&r->heap, self));
}

static struct jvalue filter_unique(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jlist *out = jlist_new(h);
    struct jdict *seen = jdict_new(h);
    struct jvalue item;
    for (struct jwalk w = jwalk_open(h, self); jwalk_next(h, &w, &item);) {
        struct jvalue key = key_of(r, item, a[1], jv_truth(a[0]));
        if (jdict_get(h, seen, key).kind != J_ABSENT)
            continue;
        jdict_set(h, seen, key, jv_none());
        jlist_add(h, out, item);
    }
    return jv_iterator(h, out);
}

static struct jvalue filter_groupby(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jlist *items = jv_items(h, self), *keys = jlist_new(h), *out = jlist_new(h), *group = NULL;
    for (size_t i = 0; i < items->n; i++) {
        struct jvalue key = jaccess_path(r, items->at[i], a[0]);
        key = key.kind == J_UNDEFINED && a[1].kind != J_ABSENT && a[1].kind != J_NONE ? a[1] : key;
        jlist_add(h, keys, jv_truth(a[2]) ? key : folded(h, key));
    }
    size_t *order = jsort_order(h, keys, items->n, false);
    for (size_t i = 0; i < items->n; i++) {
        struct jvalue key = keys->at[order[i]];
        if (group == NULL || !jv_equal(h, key, keys->at[order[i - 1]])) {
            struct jvalue shown = jaccess_path(r, items->at[order[i]], a[0]);
            struct jlist *pair = jlist_new(h);
            group = jlist_new(h);
            jlist_add(h, pair, jv_truth(a[2]) || shown.kind == J_UNDEFINED ? key : shown);
            jlist_add(h, pair, jv_list(group));
            pair->is_group = true;
            jlist_add(h, out, jv_tuple(pair));
        }
        jlist_add(h, group, items->at[order[i]]);
    }
    return jv_list(out);
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static struct jvalue filter_batch(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jlist *items = jv_items(h, self), *out = jlist_new(h), *row = NULL;
    int64_t n = jv_integer(h, a[0], "batch");
    for (size_t i = 0; i < items->n; i++) {
        if (row == NULL || (int64_t)row->n == n)
            jlist_add(h, out, jv_list(row = jlist_new(h)));
        jlist_add(h, row, items->at[i]);
    }
    while (row != NULL && a[1].kind != J_ABSENT && a[1].kind != J_NONE && (int64_t)row->n < n) {
        jheap_work(h, 1);
        jlist_add(h, row, a[1]);
    }
    return jv_iterator(h, out);
}

static struct jvalue filter_slice(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jlist *items = jv_items(h, self), *out = jlist_new(h);
    int64_t slices = jv_integer(h, a[0], "slice"), n = (int64_t)items->n, offset = 0;
    if (slices <= 0)
        jheap_fail(h, ERR_FORMAT, "slice takes a number of slices above 0");
    int64_t each = n / slices, longer = n % slices;
    for (int64_t s = 0; s < slices; s++) {
        int64_t start = offset + s * each, end;
        offset += s < longer;
        end = offset + (s + 1) * each;
        struct jlist *row = jlist_new(h);
        for (int64_t i = start; i < end; i++)
            jlist_add(h, row, items->at[i]);
        if (a[1].kind != J_ABSENT && a[1].kind != J_NONE && s >= longer)
            jlist_add(h, row, a[1]);
        jlist_add(h, out, jv_list(row));
        jheap_work(h, 1);
    }
    return jv_iterator(h, out);
}

static struct jvalue filter_join(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jtext *separator = a[0].kind == J_ABSENT ? jtext_string(h, "") : jtext_mark(h, jv_str(h, a[0]), false);
    struct jlist *texts = jlist_new(h);
    struct jvalue item;
    for (struct jwalk w = jwalk_open(h, self); jwalk_next(h, &w, &item);)
        jlist_add(h, texts, jv_text(jv_str(h, jaccess_path(r, item, a[1]))));
    return jv_text(jstring_join(h, separator, texts));
}

/* ---- map and select ---------------------------------------------------------------------------------------------- */

static struct jvalue named_argument(const struct jargs *args, struct jheap *h, const char *name)
{
    for (size_t i = 0; i < args->n_named; i++)
        if (jtext_is(h, jtext_string(h, args->named[i].name), name))
            return args->named[i].value;
    return (struct jvalue){.kind = J_ABSENT};
}

/* The routine that argument i names, of the filters or tests. */
static const struct jroutine *routine_of(struct jrun *r, struct jvalue name, bool test)
{
    struct jtext *t = jv_need_text(&r->heap, name, test ? "the name of a test" : "the name of a filter");
    const char *text = jheap_copy(&r->heap, jtext_bytes(&r->heap, t), t->size);
    const struct jroutine *routine = test ? r->find_test(text) : r->find_filter(text);
    if (routine == NULL)
        jheap_fail(&r->heap, ERR_FORMAT, "No %s named '%.60s'.", test ? "test" : "filter", text);
    return routine;
}

static struct jvalue filter_map(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    struct jheap *h = &r->heap;
    struct jvalue path = args->n == 0 ? named_argument(args, h, "attribute") : (struct jvalue){.kind = J_ABSENT}, item;
    struct jvalue otherwise = named_argument(args, h, "default");
    if (!jv_truth(self)) /* none, too: message.tool_calls | map(...) */
        return jv_iterator(h, jlist_new(h));
    if (args->n == 0 && path.kind == J_ABSENT)
        jheap_fail(h, ERR_FORMAT, "map requires a filter argument");
    const struct jroutine *filter = args->n > 0 ? routine_of(r, args->at[0], false) : NULL;
    struct jargs rest = *args;
    struct jlist *out = jlist_new(h);
    if (filter != NULL) {
        rest.at++;
        rest.n--;
    }
    for (struct jwalk w = jwalk_open(h, self); jwalk_next(h, &w, &item);) {
        struct jvalue v = filter != NULL ? jroutine_call(r, filter, item, &rest) : jaccess_path(r, item, path);
        jlist_add(h, out, filter == NULL && v.kind == J_UNDEFINED && otherwise.kind != J_ABSENT ? otherwise : v);
    }
    return jv_iterator(h, out);
}

/* The items for which a test, or their truth, is as wanted; by_attribute: of an attribute, which the first argument
 * names. */
static struct jvalue choose(struct jrun *r, struct jvalue self, const struct jargs *args, bool wanted,
                            bool by_attribute)
{
    struct jheap *h = &r->heap;
    struct jlist *out = jlist_new(h);
    struct jvalue item, path = {.kind = J_ABSENT};
    struct jargs rest = *args;
    if (!jv_truth(self))
        return jv_iterator(h, out);
    if (by_attribute) {
        if (rest.n == 0)
            jheap_fail(h, ERR_FORMAT, "Missing parameter for attribute name");
        path = *rest.at++;
        rest.n--;
    }
    const struct jroutine *test = rest.n > 0 ? routine_of(r, rest.at[0], true) : NULL;
    if (test != NULL) {
        rest.at++;
        rest.n--;
    }
    for (struct jwalk w = jwalk_open(h, self); jwalk_next(h, &w, &item);) {
        struct jvalue v = jaccess_path(r, item, path);
        if (jv_truth(test != NULL ? jroutine_call(r, test, v, &rest) : v) == wanted)
            jlist_add(h, out, item);
    }
    return jv_iterator(h, out);
}

static struct jvalue filter_select(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    return choose(r, self, args, true, false);
}

static struct jvalue filter_reject(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    return choose(r, self, args, false, false);
}

static struct jvalue filter_selectattr(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    return choose(r, self, args, true, true);
}

static struct jvalue filter_rejectattr(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    return choose(r, self, args, false, true);
}

const struct jroutine jfilters_row[] = {
    {"batch", filter_batch, 1, "linecount fill_with", NULL},
    {"dictsort", filter_dictsort, 0, "case_sensitive by reverse", NULL},
    {"first", filter_first, 0, NULL, NULL},
    {"groupby", filter_groupby, 1, "attribute default case_sensitive", NULL},
    {"items", filter_items, 0, NULL, NULL},
    {"join", filter_join, 0, "d attribute", NULL},
    {"last", filter_last, 0, NULL, NULL},
    {"list", filter_list, 0, NULL, NULL},
    {"map", NULL, 0, NULL, filter_map},
    {"max", filter_max, 0, "case_sensitive attribute", NULL},
    {"min", filter_min, 0, "case_sensitive attribute", NULL},
    {"reject", NULL, 0, NULL, filter_reject},
    {"rejectattr", NULL, 0, NULL, filter_rejectattr},
    {"reverse", filter_reverse, 0, NULL, NULL},
    {"select", NULL, 0, NULL, filter_select},
    {"selectattr", NULL, 0, NULL, filter_selectattr},
    {"slice", filter_slice, 1, "slices fill_with", NULL},
    {"sort", filter_sort, 0, "reverse case_sensitive attribute", NULL},
    {"sum", filter_sum, 0, "attribute start", NULL},
    {"unique", filter_unique, 0, "case_sensitive attribute", NULL},
    {NULL, NULL, 0, NULL, NULL},
};
