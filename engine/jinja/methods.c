/* The methods of lists, tuples, dicts and cyclers. */
#include "config.h"

#include "engine/jinja/access.h"

/* ---- lists ------------------------------------------------------------------------------------------------------- */

static struct jvalue list_index(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    for (size_t i = 0; i < self.list->n; i++)
        if (jv_equal(&r->heap, self.list->at[i], a[0]))
            return jv_int((int64_t)i);
    jheap_fail(&r->heap, ERR_FORMAT, "%s is not in list", jv_shown(&r->heap, a[0]));
}

static struct jvalue list_count(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    int64_t n = 0;
    for (size_t i = 0; i < self.list->n; i++)
        n += jv_equal(&r->heap, self.list->at[i], a[0]);
    return jv_int(n);
}

static struct jvalue list_copy(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_list(jv_items(&r->heap, self));
}

const struct jroutine jmethods_list[] = {
    {"index", list_index, 1, "value", NULL},
    {"count", list_count, 1, "value", NULL},
    {"copy", list_copy, 0, NULL, NULL},
    {NULL, NULL, 0, NULL, NULL},
};

/* ---- dicts ------------------------------------------------------------------------------------------------------- */

static struct jvalue dict_get(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jvalue v = jdict_get(&r->heap, self.dict, a[0]);
    return v.kind != J_ABSENT ? v : a[1].kind != J_ABSENT ? a[1] : jv_none();
}

static struct jvalue view_of(struct jrun *r, struct jvalue self, int of)
{
    struct jview *view = jheap_take(&r->heap, sizeof *view);
    view->dict = self.dict;
    view->of = of;
    return (struct jvalue){.kind = J_VIEW, .view = view};
}

static struct jvalue dict_keys(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return view_of(r, self, VIEW_KEYS);
}

static struct jvalue dict_values(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return view_of(r, self, VIEW_VALUES);
}

static struct jvalue dict_items(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return view_of(r, self, VIEW_ITEMS);
}

static struct jvalue dict_copy(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jdict *d = jdict_new(&r->heap);
    (void)a;
    for (size_t i = 0; i < self.dict->n; i++)
        jdict_set(&r->heap, d, self.dict->at[i].key, self.dict->at[i].value);
    return (struct jvalue){.kind = J_DICT, .dict = d};
}

const struct jroutine jmethods_dict[] = {
    {"get", dict_get, 1, "key default", NULL}, {"keys", dict_keys, 0, NULL, NULL},
    {"values", dict_values, 0, NULL, NULL},    {"items", dict_items, 0, NULL, NULL},
    {"copy", dict_copy, 0, NULL, NULL},        {NULL, NULL, 0, NULL, NULL},
};

/* ---- cyclers ----------------------------------------------------------------------------------------------------- */

static struct jvalue cycler_next(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jvalue v = self.cycle->items->at[self.cycle->next];
    (void)a;
    jheap_work(&r->heap, 1);
    self.cycle->next = (self.cycle->next + 1) % self.cycle->items->n;
    return v;
}

static struct jvalue cycler_reset(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    self.cycle->next = 0;
    return jv_none();
}

const struct jroutine jmethods_cycler[] = {
    {"next", cycler_next, 0, NULL, NULL},
    {"reset", cycler_reset, 0, NULL, NULL},
    {NULL, NULL, 0, NULL, NULL},
};
