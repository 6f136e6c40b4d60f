/* Values as JSON: the filter tojson as transformers has it (json.dumps). */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/jinja/sort.h"
#include "engine/jinja/value.h"

/* How it is written. */
struct writing {
    struct jbuild *out;
    struct jtext *indent, *item, *pair;
    bool ascii, sorted;
    int level;
};

static void put_value(struct writing *w, struct jvalue v);

/* ---- strings ----------------------------------------------------------------------------------------------------- */

/* \uXXXX, two of them beyond the first plane. */
static void print_units(uint32_t code, char out[16])
{
    if (code == UTF8_INVALID)
        code = 0xfffd;
    if (code < 0x10000)
        snprintf(out, 16, "\\u%04x", code);
    else
        snprintf(out, 16, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
}

static void put_character(struct writing *w, struct jtext *t, size_t at, size_t used, uint32_t code)
{
    static const struct {
        char c;
        const char *text;
    } named[] = {
        {'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}, {'\b', "\\b"}, {'\f', "\\f"},
    };
    char out[16] = "";
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (code == (uint32_t)named[i].c)
            strcpy(out, named[i].text);
    if (out[0] == '\0' && (code < 0x20 || (w->ascii && code > 0x7e)))
        print_units(code, out);
    if (out[0] != '\0')
        jbuild_bytes(w->out, out, strlen(out), jtext_origin(t, at));
    else
        jbuild_part(w->out, t, at, at + used);
}

static void put_text(struct writing *w, struct jtext *t)
{
    const char *bytes = jtext_bytes(w->out->heap, t);
    size_t used;
    jbuild_string(w->out, "\"");
    for (size_t i = 0; i < t->size;) {
        size_t plain = i;
        while (plain < t->size && (unsigned char)bytes[plain] >= 0x20 && bytes[plain] != '"' && bytes[plain] != '\\' &&
               !(w->ascii && (unsigned char)bytes[plain] > 0x7e))
            plain++;
        jbuild_part(w->out, t, i, plain);
        if ((i = plain) == t->size)
            break;
        uint32_t code = jtext_code(w->out->heap, t, i, &used);
        put_character(w, t, i, used, code);
        i += used;
    }
    jbuild_string(w->out, "\"");
}

/* ---- containers -------------------------------------------------------------------------------------------------- */

static void put_float(struct writing *w, double real)
{
    char out[40];
    jv_print_float(real, out);
    jheap_work(w->out->heap, 40);
    jbuild_string(w->out, isnan(real)   ? "NaN"
                          : isinf(real) ? (real < 0 ? "-Infinity" : "Infinity")
                                        : jheap_copy(w->out->heap, out, strlen(out)));
}

static void put_line(struct writing *w)
{
    if (w->indent == NULL)
        return;
    jbuild_string(w->out, "\n");
    for (int i = 0; i < w->level; i++)
        jbuild_text(w->out, w->indent);
}

/* Before item i: the separator, or the line's beginning. */
static void put_between(struct writing *w, size_t i)
{
    if (i > 0)
        jbuild_text(w->out, w->item);
    put_line(w);
}

static void put_list(struct writing *w, const struct jlist *list)
{
    jbuild_string(w->out, "[");
    w->level++;
    for (size_t i = 0; i < list->n; i++) {
        put_between(w, i);
        put_value(w, list->at[i]);
    }
    w->level--;
    if (list->n > 0)
        put_line(w);
    jbuild_string(w->out, "]");
}

/* A key as JSON has it, a string. */
static void put_key(struct writing *w, struct jvalue key)
{
    if (key.kind == J_STRING) {
        put_text(w, key.text);
        return;
    }
    if (key.kind != J_NONE && !jv_is_number(key))
        jheap_fail(w->out->heap, ERR_FORMAT, "keys must be str, int, float, bool or None, not %s", jv_type(key));
    jbuild_string(w->out, "\"");
    put_value(w, key);
    jbuild_string(w->out, "\"");
}

static void put_dict(struct writing *w, const struct jdict *d)
{
    struct jheap *h = w->out->heap;
    struct jlist *keys = jlist_new(h);
    for (size_t i = 0; i < d->n; i++)
        jlist_add(h, keys, d->at[i].key);
    size_t *order = jsort_order(h, w->sorted ? keys : NULL, d->n, false);
    jbuild_string(w->out, "{");
    w->level++;
    for (size_t i = 0; i < d->n; i++) {
        put_between(w, i);
        put_key(w, d->at[order[i]].key);
        jbuild_text(w->out, w->pair);
        put_value(w, d->at[order[i]].value);
    }
    w->level--;
    if (d->n > 0)
        put_line(w);
    jbuild_string(w->out, "}");
}

static void put_value(struct writing *w, struct jvalue v)
{
    struct jheap *h = w->out->heap;
    jheap_work(h, 1);
    switch (v.kind) {
    case J_NONE: jbuild_string(w->out, "null"); break;
    case J_BOOL: jbuild_string(w->out, v.truth ? "true" : "false"); break;
    case J_INT: jbuild_text(w->out, jv_repr(h, v)); break;
    case J_FLOAT: put_float(w, v.real); break;
    case J_STRING: put_text(w, v.text); break;
    case J_LIST:
    case J_TUPLE:
    case J_DICT:
        jheap_descend(h);
        if (v.kind == J_DICT)
            put_dict(w, v.dict);
        else
            put_list(w, v.list);
        jheap_rise(h);
        break;
    default: jheap_fail(h, ERR_FORMAT, "Object of type %s is not JSON serializable", jv_type(v));
    }
}

struct jtext *jv_json(struct jheap *h, struct jvalue v, struct jtext *indent, struct jtext *item, struct jtext *pair,
                      bool ascii, bool sorted)
{
    struct jbuild b;
    struct writing w = {.out = &b, .indent = indent, .item = item, .pair = pair, .ascii = ascii, .sorted = sorted};
    jbuild_open(&b, h);
    put_value(&w, v);
    return jbuild_close(&b);
}
