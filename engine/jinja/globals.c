/* Global functions: Jinja's own, and the two that transformers adds. */
#include "config.h"

#include "engine/jinja/globals.h"

#include <string.h>

enum { MOST_IN_RANGE = 100000 };

/* ---- containers -------------------------------------------------------------------------------------------------- */

static struct jvalue global_range(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    bool one = a[1].kind == J_ABSENT;
    struct jrange *range = jheap_take(h, sizeof *range);
    (void)self;
    range->start = one ? 0 : jv_integer(h, a[0], "range()");
    range->stop = jv_integer(h, one ? a[0] : a[1], "range()");
    range->step = a[2].kind == J_ABSENT ? 1 : jv_integer(h, a[2], "range()");
    if (range->step == 0)
        jheap_fail(h, ERR_FORMAT, "range() arg 3 must not be zero");
    __int128 way = range->step > 0 ? (__int128)range->stop - range->start : (__int128)range->start - range->stop;
    __int128 step = range->step > 0 ? range->step : -(__int128)range->step, n = way > 0 ? (way + step - 1) / step : 0;
    if (n > MOST_IN_RANGE)
        jheap_fail(h, ERR_FORMAT, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).",
                   MOST_IN_RANGE);
    range->n = (size_t)n;
    return (struct jvalue){.kind = J_RANGE, .range = range};
}

/* What dict(...) makes: of a dict, or of pairs, then of the named arguments. */
static struct jdict *new_dict(struct jheap *h, const struct jargs *args, const char *what)
{
    struct jdict *d = jdict_new(h);
    struct jvalue pair;
    if (args->n > 1)
        jheap_fail(h, ERR_FORMAT, "%s expected at most 1 argument, got %zu", what, args->n);
    for (size_t i = 0; args->n > 0 && args->at[0].kind == J_DICT && i < args->at[0].dict->n; i++)
        jdict_set(h, d, args->at[0].dict->at[i].key, args->at[0].dict->at[i].value);
    if (args->n > 0 && args->at[0].kind != J_DICT)
        for (struct jwalk w = jwalk_open(h, args->at[0]); jwalk_next(h, &w, &pair);) {
            struct jlist *both = jv_items(h, pair);
            if (both->n != 2)
                jheap_fail(h, ERR_FORMAT, "%s takes pairs, not items of length %zu", what, both->n);
            jdict_set(h, d, both->at[0], both->at[1]);
        }
    for (size_t i = 0; i < args->n_named; i++)
        jdict_set(h, d, jv_string(h, args->named[i].name), args->named[i].value);
    return d;
}

static struct jvalue global_dict(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    (void)self;
    return (struct jvalue){.kind = J_DICT, .dict = new_dict(&r->heap, args, "dict")};
}

static struct jvalue global_namespace(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    struct jdict *d = new_dict(&r->heap, args, "namespace");
    (void)self;
    for (size_t i = 0; i < d->n; i++)
        if (d->at[i].key.kind == J_STRING && d->at[i].key.text->size > 0 &&
            jtext_bytes(&r->heap, d->at[i].key.text)[0] == '_')
            jheap_fail(&r->heap, ERR_FORMAT, "a namespace takes no attribute that begins with an underscore");
    return (struct jvalue){.kind = J_NAMESPACE, .dict = d};
}

static struct jvalue global_cycler(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    struct jcycle *cycle = jheap_take(&r->heap, sizeof *cycle);
    (void)self;
    cycle->items = jlist_new(&r->heap);
    for (size_t i = 0; i < args->n; i++)
        jlist_add(&r->heap, cycle->items, args->at[i]);
    if (args->n == 0)
        jheap_fail(&r->heap, ERR_FORMAT, "at least one item has to be provided");
    return (struct jvalue){.kind = J_CYCLER, .cycle = cycle};
}

static struct jvalue global_joiner(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jcycle *cycle = jheap_take(&r->heap, sizeof *cycle);
    (void)self;
    cycle->items = jlist_new(&r->heap);
    jlist_add(&r->heap, cycle->items, a[0].kind != J_ABSENT ? a[0] : jv_string(&r->heap, ", "));
    return (struct jvalue){.kind = J_JOINER, .cycle = cycle};
}

struct jvalue jglobal_join(struct jrun *r, struct jcycle *joiner)
{
    if (joiner->next++ == 0)
        return jv_string(&r->heap, "");
    return joiner->items->at[0];
}

/* ---- of transformers --------------------------------------------------------------------------------------------- */

static struct jvalue global_raise_exception(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jtext *words = jv_str(&r->heap, a[0]);
    (void)self;
    jheap_refuse(&r->heap, jtext_bytes(&r->heap, words), words->size);
}

/* What a directive of strftime says of today, into out. */
static size_t print_date(char *out, size_t room, const char *directive, const struct tm *now)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the template chooses */
    return strftime(out, room, directive, now);
#pragma GCC diagnostic pop
}

/* Today by a format of strftime. Each directive is written on its own, so that other bytes keep their origin. */
static struct jvalue global_strftime_now(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jtext *format = jv_need_text(h, a[0], "strftime_now()");
    const char *bytes = jtext_bytes(h, format);
    struct jbuild b;
    (void)self;
    jbuild_open(&b, h);
    for (size_t i = 0; i < format->size;) {
        size_t plain = i;
        while (plain < format->size && bytes[plain] != '%')
            plain++;
        jbuild_part(&b, format, i, plain);
        size_t end = plain + 1;
        while (end < format->size && strchr("-_0^#EO", bytes[end]) != NULL && bytes[end] != '\0' && end < plain + 3)
            end++;
        if (end < format->size) {
            char out[128];
            const char *directive = jheap_copy(h, bytes + plain, end + 1 - plain);
            jheap_work(h, 20);
            size_t size = print_date(out, sizeof out, directive, &r->now);
            jbuild_bytes(&b, out, size, jtext_origin(format, plain));
        }
        i = end + 1;
    }
    return jv_text(jbuild_close(&b));
}

static struct jvalue global_lipsum(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    (void)self;
    (void)args;
    jheap_fail(&r->heap, ERR_UNSUPPORTED, "lipsum() is not followed: a prompt has no use for random text");
}

const struct jroutine *jglobal_find(const char *name)
{
    static const struct jroutine globals[] = {
        {"range", global_range, 1, "start stop step", NULL},
        {"dict", NULL, 0, NULL, global_dict},
        {"namespace", NULL, 0, NULL, global_namespace},
        {"cycler", NULL, 0, NULL, global_cycler},
        {"joiner", global_joiner, 0, "sep", NULL},
        {"lipsum", NULL, 0, NULL, global_lipsum},
        {"raise_exception", global_raise_exception, 1, "message", NULL},
        {"strftime_now", global_strftime_now, 1, "format", NULL},
        {NULL, NULL, 0, NULL, NULL},
    };
    return jroutine_find(globals, name);
}
