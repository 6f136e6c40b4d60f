/* Tests. */
#include "config.h"

#include "engine/jinja/tests.h"

#include "engine/jinja/number.h"
#include "engine/jinja/string.h"

/* ---- kinds ------------------------------------------------------------------------------------------------------- */

static struct jvalue test_defined(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind != J_UNDEFINED);
}

static struct jvalue test_undefined(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_UNDEFINED);
}

static struct jvalue test_none(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_NONE);
}

static struct jvalue test_boolean(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_BOOL);
}

static struct jvalue test_true(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_BOOL && self.truth);
}

static struct jvalue test_false(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_BOOL && !self.truth);
}

static struct jvalue test_integer(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_INT);
}

static struct jvalue test_float(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_FLOAT);
}

static struct jvalue test_number(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(jv_is_number(self));
}

static struct jvalue test_string(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_STRING);
}

static struct jvalue test_mapping(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_DICT);
}

static struct jvalue test_sequence(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(jv_has_length(self) && self.kind != J_VIEW);
}

static struct jvalue test_iterable(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(jwalk_possible(self) || self.kind == J_LOOP);
}

static struct jvalue test_callable(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_FUNCTION || self.kind == J_MACRO || self.kind == J_LOOP || self.kind == J_JOINER ||
                   self.kind == J_UNDEFINED);
}

static struct jvalue test_escaped(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)r;
    (void)a;
    return jv_bool(self.kind == J_STRING && self.text->markup);
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static bool divides(struct jrun *r, struct jvalue v, struct jvalue by)
{
    jv_need_defined(&r->heap, v);
    jv_need_defined(&r->heap, by);
    if (!jv_is_number(v) || !jv_is_number(by))
        jheap_fail(&r->heap, ERR_FORMAT, "unsupported operand type(s) for %%: '%s' and '%s'", jv_type(v), jv_type(by));
    return !jv_truth(jnumber_operate(&r->heap, '%', v, by));
}

static struct jvalue test_divisibleby(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_bool(divides(r, self, a[0]));
}

static struct jvalue test_even(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_bool(divides(r, self, jv_int(2)));
}

static struct jvalue test_odd(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    divides(r, self, jv_int(2));
    return jv_bool(jv_equal(&r->heap, jnumber_operate(&r->heap, '%', self, jv_int(2)), jv_int(1)));
}

/* ---- two values -------------------------------------------------------------------------------------------------- */

static struct jvalue test_eq(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_bool(jv_equal(&r->heap, self, a[0]));
}

static struct jvalue test_ne(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_bool(!jv_equal(&r->heap, self, a[0]));
}

static struct jvalue test_lt(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_bool(jv_compare(&r->heap, self, a[0], "<") < 0);
}

static struct jvalue test_le(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_bool(jv_compare(&r->heap, self, a[0], "<=") <= 0);
}

static struct jvalue test_gt(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_bool(jv_compare(&r->heap, self, a[0], ">") > 0);
}

static struct jvalue test_ge(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_bool(jv_compare(&r->heap, self, a[0], ">=") >= 0);
}

static struct jvalue test_in(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_bool(jv_contains(&r->heap, self, a[0]));
}

/* Identity: of small values that they are the same, of others that they are one object. */
static struct jvalue test_sameas(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    if (self.kind != a[0].kind)
        return jv_bool(false);
    bool is_plain = self.kind <= J_FLOAT && self.kind != J_UNDEFINED;
    return jv_bool(is_plain ? jv_equal(&r->heap, self, a[0]) : self.dict == a[0].dict);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static struct jvalue test_lower(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_bool(jstring_is_lower(&r->heap, jv_str(&r->heap, self)));
}

static struct jvalue test_upper(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_bool(jstring_is_upper(&r->heap, jv_str(&r->heap, self)));
}

static const char *name_in(struct jrun *r, struct jvalue v)
{
    return v.kind == J_STRING ? jheap_copy(&r->heap, jtext_bytes(&r->heap, v.text), v.text->size) : "";
}

static struct jvalue test_filter(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_bool(r->find_filter(name_in(r, self)) != NULL);
}

static struct jvalue test_test(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_bool(r->find_test(name_in(r, self)) != NULL);
}

static const struct jroutine tests[] = {
    {"defined", test_defined, 0, NULL, NULL},   {"undefined", test_undefined, 0, NULL, NULL},
    {"none", test_none, 0, NULL, NULL},         {"string", test_string, 0, NULL, NULL},
    {"number", test_number, 0, NULL, NULL},     {"integer", test_integer, 0, NULL, NULL},
    {"float", test_float, 0, NULL, NULL},       {"boolean", test_boolean, 0, NULL, NULL},
    {"true", test_true, 0, NULL, NULL},         {"false", test_false, 0, NULL, NULL},
    {"mapping", test_mapping, 0, NULL, NULL},   {"iterable", test_iterable, 0, NULL, NULL},
    {"sequence", test_sequence, 0, NULL, NULL}, {"callable", test_callable, 0, NULL, NULL},
    {"escaped", test_escaped, 0, NULL, NULL},   {"odd", test_odd, 0, NULL, NULL},
    {"even", test_even, 0, NULL, NULL},         {"divisibleby", test_divisibleby, 1, "num", NULL},
    {"eq", test_eq, 1, "other", NULL},          {"equalto", test_eq, 1, "other", NULL},
    {"==", test_eq, 1, "other", NULL},          {"ne", test_ne, 1, "other", NULL},
    {"!=", test_ne, 1, "other", NULL},          {"lt", test_lt, 1, "other", NULL},
    {"lessthan", test_lt, 1, "other", NULL},    {"<", test_lt, 1, "other", NULL},
    {"le", test_le, 1, "other", NULL},          {"<=", test_le, 1, "other", NULL},
    {"gt", test_gt, 1, "other", NULL},          {"greaterthan", test_gt, 1, "other", NULL},
    {">", test_gt, 1, "other", NULL},           {"ge", test_ge, 1, "other", NULL},
    {">=", test_ge, 1, "other", NULL},          {"in", test_in, 1, "seq", NULL},
    {"sameas", test_sameas, 1, "other", NULL},  {"lower", test_lower, 0, NULL, NULL},
    {"upper", test_upper, 0, NULL, NULL},       {"filter", test_filter, 0, NULL, NULL},
    {"test", test_test, 0, NULL, NULL},         {NULL, NULL, 0, NULL, NULL},
};

const struct jroutine *jtest_find(const char *name)
{
    return jroutine_find(tests, name);
}
