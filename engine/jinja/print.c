/* Values as text: Python's str and repr, and HTML's escapes. */
#include "config.h"

#include "engine/jinja/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/jinja/unicode.h"

static void put_repr(struct jbuild *b, struct jvalue v);

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* The fewest digits that read back as the same number; with an exponent where Python has one. Up to 15 digits
 * survive any number, so that a shorter form shows as zeros at the end of the one of 15. */
void jv_print_float(double real, char *out)
{
    enum { SIZE = 40 };
    if (isnan(real) || isinf(real)) {
        strcpy(out, isnan(real) ? "nan" : real < 0 ? "-inf" : "inf");
        return;
    }
    int digits = 15;
    do
        snprintf(out, SIZE, "%.*e", digits - 1, real);
    while (strtod(out, NULL) != real && digits++ < 17);
    char *end = strchr(out, 'e');
    int exponent = atoi(end + 1);
    while (digits > 1 && end[-1] == '0') {
        end--;
        digits--;
    }
    snprintf(out, SIZE, "%.*e", digits - 1, real);
    if (real != 0 && (exponent < -4 || exponent >= 16))
        return; /* C and Python write the exponent alike */
    snprintf(out, SIZE, "%.*f", digits - 1 > exponent ? digits - 1 - exponent : 1, real);
}

static void put_number(struct jbuild *b, struct jvalue v)
{
    char out[40];
    if (v.kind == J_INT)
        snprintf(out, sizeof out, "%" PRId64, v.integer);
    else
        jv_print_float(v.real, out);
    jheap_work(b->heap, v.kind == J_FLOAT ? 40 : 2);
    jbuild_bytes(b, out, strlen(out), 0);
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */

/* One character as repr shows it. */
static void put_quoted(struct jbuild *b, struct jtext *t, size_t at, size_t used, uint32_t code, char quote)
{
    char out[16];
    const char *plain = code == '\n'   ? "\\n"
                        : code == '\r' ? "\\r"
                        : code == '\t' ? "\\t"
                        : code == '\\' ? "\\\\"
                                       : NULL;
    if (plain == NULL && code == (uint32_t)quote)
        plain = quote == '"' ? "\\\"" : "\\'";
    if (plain == NULL && (code == UTF8_INVALID || juni_is_printable(code))) {
        jbuild_part(b, t, at, at + used);
        return;
    }
    if (plain == NULL) {
        snprintf(out, sizeof out, code < 0x100 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
        plain = out;
    }
    jbuild_bytes(b, plain, strlen(plain), jtext_origin(t, at));
}

static void put_text_repr(struct jbuild *b, struct jtext *t)
{
    const char *bytes = jtext_bytes(b->heap, t);
    bool single = memchr(bytes, '\'', t->size) != NULL, both = single && memchr(bytes, '"', t->size) != NULL;
    char quote[2] = {single && !both ? '"' : '\'', '\0'};
    size_t used;
    if (t->markup)
        jbuild_string(b, "Markup(");
    jbuild_string(b, quote);
    for (size_t i = 0; i < t->size; i += used) {
        uint32_t code = jtext_code(b->heap, t, i, &used);
        put_quoted(b, t, i, used, code, quote[0]);
    }
    jbuild_string(b, quote);
    if (t->markup)
        jbuild_string(b, ")");
}

/* ---- containers -------------------------------------------------------------------------------------------------- */

static void put_items(struct jbuild *b, struct jvalue v)
{
    struct jvalue item;
    bool first = true;
    for (struct jwalk w = jwalk_open(b->heap, v); jwalk_next(b->heap, &w, &item); first = false) {
        if (!first)
            jbuild_string(b, ", ");
        put_repr(b, item);
    }
}

static void put_dict(struct jbuild *b, const struct jdict *d)
{
    jbuild_string(b, "{");
    for (size_t i = 0; i < d->n; i++) {
        jbuild_string(b, i > 0 ? ", " : "");
        put_repr(b, d->at[i].key);
        jbuild_string(b, ": ");
        put_repr(b, d->at[i].value);
    }
    jbuild_string(b, "}");
}

static void put_range(struct jbuild *b, const struct jrange *r)
{
    char out[80];
    if (r->step == 1)
        snprintf(out, sizeof out, "range(%" PRId64 ", %" PRId64 ")", r->start, r->stop);
    else
        snprintf(out, sizeof out, "range(%" PRId64 ", %" PRId64 ", %" PRId64 ")", r->start, r->stop, r->step);
    jbuild_bytes(b, out, strlen(out), 0);
}

/* What is no data: Python shows where it lies in memory, here it is the type. */
static void put_object(struct jbuild *b, struct jvalue v)
{
    if (v.kind == J_NAMESPACE) {
        jbuild_string(b, "<Namespace ");
        put_dict(b, v.dict);
    } else {
        jbuild_string(b, "<");
        jbuild_string(b, jv_type(v));
        jbuild_string(b, " object");
    }
    jbuild_string(b, ">");
}

static void put_container(struct jbuild *b, struct jvalue v)
{
    jheap_descend(b->heap);
    jheap_work(b->heap, 1);
    if (v.kind == J_LIST) {
        jbuild_string(b, "[");
        put_items(b, v);
        jbuild_string(b, "]");
    } else if (v.kind == J_TUPLE) {
        jbuild_string(b, "(");
        put_items(b, v);
        jbuild_string(b, v.list->n == 1 ? ",)" : ")");
    } else if (v.kind == J_DICT) {
        put_dict(b, v.dict);
    } else if (v.kind == J_VIEW) {
        jbuild_string(b, jv_type(v));
        jbuild_string(b, "([");
        put_items(b, v);
        jbuild_string(b, "])");
    } else {
        put_object(b, v);
    }
    jheap_rise(b->heap);
}

static void put_repr(struct jbuild *b, struct jvalue v)
{
    switch (v.kind) {
    case J_ABSENT:
    case J_UNDEFINED: jbuild_string(b, "Undefined"); break;
    case J_NONE: jbuild_string(b, "None"); break;
    case J_BOOL: jbuild_string(b, v.truth ? "True" : "False"); break;
    case J_INT:
    case J_FLOAT: put_number(b, v); break;
    case J_STRING: put_text_repr(b, v.text); break;
    case J_RANGE: put_range(b, v.range); break;
    default: put_container(b, v); break;
    }
}

struct jtext *jv_repr(struct jheap *h, struct jvalue v)
{
    struct jbuild b;
    jbuild_open(&b, h);
    put_repr(&b, v);
    return jbuild_close(&b);
}

struct jtext *jv_str(struct jheap *h, struct jvalue v)
{
    if (v.kind == J_STRING)
        return v.text;
    return v.kind == J_UNDEFINED ? jtext_string(h, "") : jv_repr(h, v);
}

const char *jv_shown(struct jheap *h, struct jvalue v)
{
    struct jtext *t = jv_repr(h, v);
    size_t size = t->size;
    if (size > 60) {
        size = 57;
        while (size > 0 && (jtext_bytes(h, t)[size] & 0xc0) == 0x80)
            size--;
    }
    return jheap_printf(h, "%.*s%s", (int)size, jtext_bytes(h, t), size < t->size ? "..." : "");
}

struct jvalue jv_lacking(struct jheap *h, struct jvalue object, struct jvalue name)
{
    const char *type = jv_type(object), *kind = object.kind == J_NONE ? "" : " object";
    if (name.kind == J_STRING)
        return jv_undefined(h, "'%s%s' has no attribute %s", object.kind == J_NONE ? "None" : type, kind,
                            jv_shown(h, name));
    return jv_undefined(h, "%s%s has no element %s", object.kind == J_NONE ? "None" : type, kind, jv_shown(h, name));
}

struct jtext *jv_escape(struct jheap *h, struct jvalue v)
{
    struct jtext *t = jv_str(h, v);
    struct jbuild b;
    if (t->markup)
        return t;
    jbuild_open(&b, h);
    const char *bytes = jtext_bytes(h, t);
    for (size_t i = 0; i < t->size;) {
        size_t plain = i;
        while (plain < t->size && (bytes[plain] == '\0' || strchr("&<>'\"", bytes[plain]) == NULL))
            plain++;
        jbuild_part(&b, t, i, plain);
        if (plain < t->size) {
            char c = bytes[plain];
            const char *entity = c == '&'   ? "&amp;"
                                 : c == '<' ? "&lt;"
                                 : c == '>' ? "&gt;"
                                 : c == '"' ? "&#34;"
                                            : "&#39;";
            jbuild_bytes(&b, entity, strlen(entity), jtext_origin(t, plain));
        }
        i = plain + 1;
    }
    return jtext_mark(h, jbuild_close(&b), true);
}
