/* The filters by name, and those on values of any kind. */
#include "config.h"

#include "engine/jinja/filters.h"

#include <math.h>

#include "engine/jinja/access.h"
#include "engine/jinja/number.h"

const struct jroutine *jfilter_find(const char *name)
{
    static const struct jroutine *const tables[] = {jfilters_text, jfilters_row, jfilters_value};
    const struct jroutine *found = NULL;
    for (int i = 0; i < 3 && found == NULL; i++)
        found = jroutine_find(tables[i], name);
    return found;
}

/* ---- any --------------------------------------------------------------------------------------------------------- */

static struct jvalue filter_default(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    if (self.kind != J_UNDEFINED && !(jv_truth(a[1]) && !jv_truth(self)))
        return self;
    return a[0].kind != J_ABSENT ? a[0] : jv_string(&r->heap, "");
}

static struct jvalue filter_length(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_int((int64_t)jv_length(&r->heap, self));
}

/* The attribute alone, never an item. */
static struct jvalue filter_attr(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jtext *name = jv_need_text(&r->heap, a[0], "attr");
    struct jvalue found = jaccess_own(r, self, jheap_copy(&r->heap, jtext_bytes(&r->heap, name), name->size));
    return found.kind != J_ABSENT ? found : jv_lacking(&r->heap, self, a[0]);
}

static bool is_given(struct jvalue v)
{
    return v.kind != J_ABSENT && v.kind != J_NONE;
}

/* tojson's indent: that many spaces, or a text. */
static struct jtext *indent_of(struct jheap *h, struct jvalue v)
{
    if (!is_given(v))
        return NULL;
    if (v.kind == J_STRING)
        return v.text;
    struct jbuild b;
    int64_t n = jv_integer(h, v, "tojson's indent");
    if (n > 100)
        jheap_fail(h, ERR_UNSUPPORTED, "tojson's indent is more than 100");
    jbuild_open(&b, h);
    jbuild_fill(&b, ' ', n > 0 ? (size_t)n : 0);
    return jbuild_close(&b);
}

static struct jvalue filter_tojson(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jtext *indent = indent_of(h, a[1]), *item = jtext_string(h, indent == NULL ? ", " : ","),
                 *pair = jtext_string(h, ": ");
    if (is_given(a[2])) {
        struct jlist *separators = jv_items(h, a[2]);
        if (separators->n != 2)
            jheap_fail(h, ERR_FORMAT, "tojson's separators are two strings");
        item = jv_need_text(h, separators->at[0], "tojson's separators");
        pair = jv_need_text(h, separators->at[1], "tojson's separators");
    }
    return jv_text(jv_json(h, self, indent, item, pair, jv_truth(a[0]), jv_truth(a[3])));
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static struct jvalue filter_abs(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    jv_need_defined(&r->heap, self);
    if (!jv_is_number(self))
        jheap_fail(&r->heap, ERR_FORMAT, "bad operand type for abs(): '%s'", jv_type(self));
    if (self.kind == J_FLOAT)
        return jv_float(fabs(self.real));
    int64_t v = jv_integer(&r->heap, self, "abs");
    return v < 0 ? jnumber_negate(&r->heap, jv_int(v)) : jv_int(v);
}

/* Python's int() by way of float(); false where both refuse. */
static bool truncated(struct jheap *h, struct jvalue v, int64_t *integer)
{
    double real = v.kind == J_FLOAT ? v.real : 0;
    if (v.kind == J_STRING && !jnumber_read_float(h, v.text, &real))
        return false;
    if ((v.kind != J_STRING && v.kind != J_FLOAT) || !isfinite(real))
        return false;
    *integer = jnumber_truncate(h, real);
    return true;
}

static struct jvalue filter_int(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    int64_t base = a[1].kind == J_ABSENT ? 10 : jv_integer(h, a[1], "int"), v;
    jv_need_defined(h, self);
    if (self.kind == J_INT || self.kind == J_BOOL)
        return jv_int(jv_integer(h, self, "int"));
    if (self.kind == J_STRING && base >= 0 && base <= 36 && jnumber_read_int(h, self.text, (int)base, &v))
        return jv_int(v);
    if (truncated(h, self, &v))
        return jv_int(v);
    return a[0].kind != J_ABSENT ? a[0] : jv_int(0);
}

static struct jvalue filter_float(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    double real;
    jv_need_defined(h, self);
    if (self.kind == J_FLOAT)
        return self;
    if (jv_is_number(self))
        return jv_float((double)jv_integer(h, self, "float"));
    if (self.kind == J_STRING && jnumber_read_float(h, self.text, &real))
        return jv_float(real);
    return a[0].kind != J_ABSENT ? a[0] : jv_float(0);
}

/* Up or down at a digit. */
static struct jvalue round_one_way(struct jheap *h, struct jvalue v, int64_t digits, bool up)
{
    struct jvalue unit = jnumber_operate(h, 'p', jv_int(10), jv_int(digits));
    struct jvalue scaled = jnumber_operate(h, '*', v, unit);
    double real = scaled.kind == J_FLOAT ? scaled.real : (double)jv_integer(h, scaled, "round");
    int64_t whole = jnumber_truncate(h, up ? ceil(real) : floor(real));
    return jnumber_operate(h, '/', jv_int(whole), unit);
}

static struct jvalue filter_round(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    int64_t digits = a[0].kind == J_ABSENT ? 0 : jv_integer(h, a[0], "round");
    struct jtext *method = a[1].kind == J_ABSENT ? jtext_string(h, "common") : jv_need_text(h, a[1], "round");
    jv_need_defined(h, self);
    if (!jv_is_number(self))
        jheap_fail(h, ERR_FORMAT, "type %s doesn't define __round__ method", jv_type(self));
    if (jtext_is(h, method, "ceil") || jtext_is(h, method, "floor"))
        return round_one_way(h, self, digits, jtext_is(h, method, "ceil"));
    if (!jtext_is(h, method, "common"))
        jheap_fail(h, ERR_FORMAT, "method must be common, ceil or floor");
    if (self.kind == J_FLOAT)
        return jv_float(jnumber_round(h, self.real, digits));
    int64_t v = jv_integer(h, self, "round");
    return digits >= 0 ? jv_int(v) : jv_int(jnumber_truncate(h, jnumber_round(h, (double)v, digits)));
}

static struct jvalue filter_filesizeformat(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    static const char *const names[2][8] = {{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"},
                                            {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}};
    struct jheap *h = &r->heap;
    double bytes = filter_float(r, self, a + 1).real, base = jv_truth(a[0]) ? 1024 : 1000, unit = base;
    int i = 0;
    if (bytes == 1)
        return jv_string(h, "1 Byte");
    if (bytes < base)
        return jv_string(h, jheap_printf(h, "%.0f Bytes", trunc(bytes)));
    for (; i < 7 && bytes >= unit * base; i++)
        unit *= base;
    return jv_string(h, jheap_printf(h, "%.1f %s", bytes / unit, names[jv_truth(a[0])][i]));
}

const struct jroutine jfilters_value[] = {
    {"abs", filter_abs, 0, NULL, NULL},
    {"attr", filter_attr, 1, "name", NULL},
    {"count", filter_length, 0, NULL, NULL},
    {"d", filter_default, 0, "default_value boolean", NULL},
    {"default", filter_default, 0, "default_value boolean", NULL},
    {"filesizeformat", filter_filesizeformat, 0, "binary", NULL},
    {"float", filter_float, 0, "default", NULL},
    {"int", filter_int, 0, "default base", NULL},
    {"length", filter_length, 0, NULL, NULL},
    {"round", filter_round, 0, "precision method", NULL},
    {"tojson", filter_tojson, 0, "ensure_ascii indent separators sort_keys", NULL},
    {NULL, NULL, 0, NULL, NULL},
};
