/* Operators: sums and products of strings and lists, slices; numbers go to number.c. */
#include "config.h"

#include "engine/jinja/operate.h"

#include "engine/jinja/number.h"

static _Noreturn void refuse_operands(struct jheap *h, char op, struct jvalue a, struct jvalue b)
{
    const char *name = op == 'f'   ? "//"
                       : op == 'p' ? "**"
                       : op == '+' ? "+"
                       : op == '-' ? "-"
                       : op == '*' ? "*"
                       : op == '/' ? "/"
                                   : "%";
    if (op == '+' && (a.kind == J_STRING || a.kind == J_LIST || a.kind == J_TUPLE))
        jheap_fail(h, ERR_FORMAT, "can only concatenate %s (not \"%s\") to %s", jv_type(a), jv_type(b), jv_type(a));
    jheap_fail(h, ERR_FORMAT, "unsupported operand type(s) for %s: '%s' and '%s'", name, jv_type(a), jv_type(b));
}

struct jtext *joperate_join(struct jheap *h, struct jtext *a, struct jtext *b)
{
    if (!a->markup && !b->markup)
        return jtext_join(h, a, b);
    return jtext_mark(h, jtext_join(h, jv_escape(h, jv_text(a)), jv_escape(h, jv_text(b))), true);
}

struct jtext *joperate_repeat(struct jheap *h, struct jtext *t, int64_t n)
{
    struct jbuild b;
    if (n <= 0 || t->size == 0)
        return jtext_mark(h, jtext_string(h, ""), t->markup);
    if ((uint64_t)n > h->limit / t->size)
        jheap_fail(h, ERR_MEMORY, "the template makes a text of more than %zu MB", h->limit >> 20);
    size_t total = t->size * (size_t)n;
    bool markup = t->markup;
    while (t->size < 4096 && t->size <= total / 2) { /* by larger and larger pieces */
        jbuild_open(&b, h);
        jbuild_text(&b, t);
        jbuild_text(&b, t);
        t = jbuild_close(&b);
    }
    jbuild_open(&b, h);
    for (size_t left = total; left > 0;) {
        size_t part = left < t->size ? left : t->size;
        jbuild_part(&b, t, 0, part);
        left -= part;
    }
    return jtext_mark(h, jbuild_close(&b), markup);
}

static struct jvalue repeat(struct jheap *h, struct jvalue v, int64_t n)
{
    if (v.kind == J_STRING)
        return jv_text(joperate_repeat(h, v.text, n));
    struct jlist *list = jlist_new(h);
    for (int64_t i = 0; v.list->n > 0 && i < n; i++)
        for (size_t k = 0; k < v.list->n; k++) {
            jheap_work(h, 1);
            jlist_add(h, list, v.list->at[k]);
        }
    return (struct jvalue){.kind = v.kind, .list = list};
}

static struct jvalue join_lists(struct jheap *h, struct jvalue a, struct jvalue b)
{
    struct jlist *list = jlist_new(h);
    jheap_work(h, (a.list->n + b.list->n) / 4);
    for (size_t i = 0; i < a.list->n; i++)
        jlist_add(h, list, a.list->at[i]);
    for (size_t i = 0; i < b.list->n; i++)
        jlist_add(h, list, b.list->at[i]);
    return (struct jvalue){.kind = a.kind, .list = list};
}

static bool is_row(struct jvalue v)
{
    return v.kind == J_STRING || v.kind == J_LIST || v.kind == J_TUPLE;
}

static bool is_integer(struct jvalue v)
{
    return v.kind == J_INT || v.kind == J_BOOL;
}

struct jvalue joperate(struct jheap *h, char op, struct jvalue a, struct jvalue b)
{
    jv_need_defined(h, a);
    jv_need_defined(h, b);
    if (jv_is_number(a) && jv_is_number(b))
        return jnumber_operate(h, op, a, b);
    if (op == '+' && a.kind == J_STRING && b.kind == J_STRING)
        return jv_text(joperate_join(h, a.text, b.text));
    if (op == '+' && is_row(a) && a.kind == b.kind)
        return join_lists(h, a, b);
    if (op == '*' && is_row(a) && is_integer(b))
        return repeat(h, a, jv_integer(h, b, "*"));
    if (op == '*' && is_integer(a) && is_row(b))
        return repeat(h, b, jv_integer(h, a, "*"));
    refuse_operands(h, op, a, b);
}

/* ---- slices ------------------------------------------------------------------------------------------------------ */

/* A bound of a slice of n items as a place: from the end when negative, and held between low and high. */
static int64_t place_of(struct jheap *h, struct jvalue v, int64_t otherwise, int64_t n, int64_t low, int64_t high)
{
    if (v.kind == J_NONE)
        return otherwise;
    int64_t place = jv_integer(h, v, "a slice");
    if (place < 0)
        place += n;
    return place < low ? low : place > high ? high : place;
}

static struct jvalue slice_text(struct jheap *h, struct jtext *t, int64_t from, int64_t to, int64_t step)
{
    struct jbuild b;
    size_t used;
    if (step == 1)
        return jv_text(from < to ? jtext_part(h, t, jtext_offset(h, t, (size_t)from), jtext_offset(h, t, (size_t)to))
                                 : jtext_part(h, t, 0, 0));
    size_t n = jtext_chars(h, t), *starts = jheap_take(h, (n + 1) * sizeof *starts);
    for (size_t i = 0, at = 0; i < n; i++, at += used) {
        starts[i] = at;
        jtext_code(h, t, at, &used);
    }
    starts[n] = t->size;
    jbuild_open(&b, h);
    for (int64_t i = from; step > 0 ? i < to : i > to; i += step) {
        jheap_work(h, 1);
        jbuild_part(&b, t, starts[i], starts[i + 1]);
    }
    return jv_text(jtext_mark(h, jbuild_close(&b), t->markup));
}

struct jvalue joperate_slice(struct jheap *h, struct jvalue v, struct jvalue from, struct jvalue to, struct jvalue step)
{
    jv_need_defined(h, v);
    if (!is_row(v) && v.kind != J_RANGE)
        jheap_fail(h, ERR_FORMAT, v.kind == J_DICT ? "unhashable type: 'slice'" : "'%s' object is not subscriptable",
                   jv_type(v));
    int64_t n = (int64_t)jv_length(h, v), by = step.kind == J_NONE ? 1 : jv_integer(h, step, "a slice");
    if (by == 0)
        jheap_fail(h, ERR_FORMAT, "slice step cannot be zero");
    if (by > n + 1 || by < -n - 1)
        by = by > 0 ? n + 1 : -n - 1;
    int64_t low = by > 0 ? 0 : -1, high = by > 0 ? n : n - 1;
    int64_t first = place_of(h, from, by > 0 ? 0 : n - 1, n, low, high),
            last = place_of(h, to, by > 0 ? n : -1, n, low, high);
    if (v.kind == J_STRING)
        return slice_text(h, v.text, first, last, by);
    struct jlist *list = jlist_new(h);
    for (int64_t i = first; by > 0 ? i < last : i > last; i += by) {
        jheap_work(h, 1);
        jlist_add(h, list, v.kind == J_RANGE ? jrange_at(v.range, (size_t)i) : v.list->at[i]);
    }
    return (struct jvalue){.kind = v.kind == J_TUPLE ? J_TUPLE : J_LIST, .list = list};
}
