/* Filters on strings; other values are taken as they print. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "engine/jinja/filters.h"
#include "engine/jinja/format.h"
#include "engine/jinja/operate.h"
#include "engine/jinja/string.h"

static struct jvalue filter_string(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jv_str(&r->heap, self));
}

static struct jvalue filter_upper(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jstring_case(&r->heap, jv_str(&r->heap, self), CASE_UPPER));
}

static struct jvalue filter_lower(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jstring_case(&r->heap, jv_str(&r->heap, self), CASE_LOWER));
}

static struct jvalue filter_capitalize(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jstring_capitalize(&r->heap, jv_str(&r->heap, self)));
}

static struct jvalue filter_title(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jtext_mark(&r->heap, jstring_title(&r->heap, jv_str(&r->heap, self), true), false));
}

static struct jvalue filter_trim(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jtext *chars = a[0].kind == J_ABSENT || a[0].kind == J_NONE ? NULL : jv_need_text(&r->heap, a[0], "trim");
    return jv_text(jstring_strip(&r->heap, jv_str(&r->heap, self), chars, true, true));
}

static struct jvalue filter_replace(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jtext *t = jtext_mark(h, jv_str(h, self), false);
    int64_t most = a[2].kind == J_ABSENT || a[2].kind == J_NONE ? -1 : jv_integer(h, a[2], "replace");
    return jv_text(jstring_replace(h, t, jv_str(h, a[0]), jv_str(h, a[1]), most));
}

static struct jvalue filter_center(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    int64_t width = a[0].kind == J_ABSENT ? 80 : jv_integer(&r->heap, a[0], "center");
    return jv_text(jstring_pad(&r->heap, jv_str(&r->heap, self), width, jtext_string(&r->heap, " "), '^'));
}

static struct jvalue filter_wordcount(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jtext *t = jv_str(&r->heap, self);
    int64_t n = 0;
    bool inside = false;
    size_t used;
    (void)a;
    jheap_scan(&r->heap, t->size);
    for (size_t at = 0; at < t->size; at += used) {
        uint32_t code = jtext_code(&r->heap, t, at, &used);
        bool word = code == '_' || juni_is_alnum(code);
        n += word && !inside;
        inside = word;
    }
    return jv_int(n);
}

static struct jvalue filter_format(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    struct jheap *h = &r->heap;
    struct jlist *list = jlist_new(h);
    struct jdict *named = jdict_new(h);
    if (args->n > 0 && args->n_named > 0)
        jheap_fail(h, ERR_FORMAT, "can't handle positional and keyword arguments at the same time");
    for (size_t i = 0; i < args->n; i++)
        jlist_add(h, list, args->at[i]);
    for (size_t i = 0; i < args->n_named; i++)
        jdict_set(h, named, jv_string(h, args->named[i].name), args->named[i].value);
    struct jvalue values = args->n_named > 0 ? (struct jvalue){.kind = J_DICT, .dict = named} : jv_tuple(list);
    return jv_text(jformat_percent(h, jv_str(h, self), values));
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static struct jtext *indentation(struct jheap *h, struct jvalue width)
{
    if (width.kind == J_STRING)
        return width.text;
    return joperate_repeat(h, jtext_string(h, " "), width.kind == J_ABSENT ? 4 : jv_integer(h, width, "indent"));
}

static struct jvalue filter_indent(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jtext *t = jv_need_text(h, self, "indent"), *in = indentation(h, a[0]), *newline = jtext_string(h, "\n");
    struct jlist *lines = jstring_lines(h, jtext_join(h, t, newline), false);
    struct jbuild b;
    jbuild_open(&b, h);
    for (size_t i = 0; i < lines->n; i++) {
        struct jtext *line = lines->at[i].text;
        if (i > 0)
            jbuild_text(&b, newline);
        if (i == 0 ? jv_truth(a[1]) : line->size > 0 || jv_truth(a[2]))
            jbuild_text(&b, in);
        jbuild_text(&b, line);
    }
    return jv_text(jtext_mark(h, jbuild_close(&b), t->markup));
}

static struct jvalue filter_truncate(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jtext *end = a[2].kind == J_ABSENT ? jtext_string(h, "...") : jv_need_text(h, a[2], "truncate");
    int64_t length = a[0].kind == J_ABSENT ? 255 : jv_integer(h, a[0], "truncate");
    int64_t leeway = a[3].kind == J_ABSENT || a[3].kind == J_NONE ? 5 : jv_integer(h, a[3], "truncate");
    int64_t mark = (int64_t)jtext_chars(h, end), size = (int64_t)jv_length(h, self);
    if (length < mark || leeway < 0)
        jheap_fail(h, ERR_FORMAT, "truncate takes a length of at least %d and a leeway of at least 0", (int)mark);
    if (size <= length || size - length <= leeway)
        return self;
    struct jtext *t = jv_need_text(h, self, "truncate");
    struct jtext *kept = jtext_part(h, t, 0, jtext_offset(h, t, (size_t)(length - mark)));
    size_t space = jv_truth(a[1]) ? SIZE_MAX : jtext_find_last(h, kept, jtext_string(h, " "), 0, kept->size);
    return jv_text(joperate_join(h, space == SIZE_MAX ? kept : jtext_part(h, kept, 0, space), end));
}

/* ---- HTML -------------------------------------------------------------------------------------------------------- */

static struct jvalue filter_escape(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jv_escape(&r->heap, self));
}

static struct jvalue filter_forceescape(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jv_escape(&r->heap, jv_text(jtext_mark(&r->heap, jv_str(&r->heap, self), false))));
}

static struct jvalue filter_safe(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jtext_mark(&r->heap, jv_str(&r->heap, self), true));
}

/* A text as it stands in a URL; a slash stays unless in a query. */
static void put_url(struct jbuild *b, struct jtext *t, bool query)
{
    const char *bytes = jtext_bytes(b->heap, t);
    for (size_t i = 0; i < t->size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        char out[4] = "+";
        bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c < 0x80);
        if (word || (c != '\0' && strchr(query ? "_.-~" : "_.-~/", c) != NULL)) {
            jbuild_part(b, t, i, i + 1);
            continue;
        }
        if (!query || c != ' ')
            snprintf(out, sizeof out, "%%%02X", c);
        jbuild_bytes(b, out, strlen(out), jtext_origin(t, i));
    }
    jheap_work(b->heap, t->size / 8);
}

static struct jvalue filter_urlencode(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jbuild b;
    (void)a;
    jbuild_open(&b, h);
    if (self.kind == J_STRING || !jwalk_possible(self)) {
        put_url(&b, jv_str(h, self), false);
        return jv_text(jbuild_close(&b));
    }
    struct jvalue pair;
    bool first = true;
    if (self.kind == J_DICT)
        self = jv_list(jv_items(h, (struct jvalue){.kind = J_VIEW, .view = &(struct jview){self.dict, VIEW_ITEMS}}));
    for (struct jwalk w = jwalk_open(h, self); jwalk_next(h, &w, &pair); first = false) {
        struct jlist *both = jv_items(h, pair);
        if (both->n != 2)
            jheap_fail(h, ERR_FORMAT, "urlencode takes pairs");
        jbuild_string(&b, first ? "" : "&");
        put_url(&b, jv_str(h, both->at[0]), true);
        jbuild_string(&b, "=");
        put_url(&b, jv_str(h, both->at[1]), true);
    }
    return jv_text(jbuild_close(&b));
}

static struct jvalue filter_xmlattr(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jbuild b;
    if (self.kind != J_DICT)
        jheap_fail(h, ERR_FORMAT, "xmlattr takes a dict, not '%s'", jv_type(self));
    jbuild_open(&b, h);
    for (size_t i = 0; i < self.dict->n; i++) {
        struct jentry e = self.dict->at[i];
        if (e.value.kind == J_NONE || e.value.kind == J_UNDEFINED)
            continue;
        struct jtext *key = jv_need_text(h, e.key, "xmlattr");
        if (strcspn(jheap_copy(h, jtext_bytes(h, key), key->size), " \t\n\r\v\f/>=") != key->size)
            jheap_fail(h, ERR_FORMAT, "Invalid character in attribute name: %s", jv_shown(h, e.key));
        jbuild_string(&b, b.size > 0 || a[0].kind == J_ABSENT || jv_truth(a[0]) ? " " : "");
        jbuild_text(&b, jv_escape(h, e.key));
        jbuild_string(&b, "=\"");
        jbuild_text(&b, jv_escape(h, e.value));
        jbuild_string(&b, "\"");
    }
    return jv_text(jbuild_close(&b));
}

/* Jinja has them; no chat template is known to use them. */
static struct jvalue filter_refused(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    (void)self;
    (void)args;
    jheap_fail(&r->heap, ERR_UNSUPPORTED, "this filter is not followed (pprint, random, striptags, urlize, wordwrap)");
}

const struct jroutine jfilters_text[] = {
    {"capitalize", filter_capitalize, 0, NULL, NULL},
    {"center", filter_center, 0, "width", NULL},
    {"e", filter_escape, 0, NULL, NULL},
    {"escape", filter_escape, 0, NULL, NULL},
    {"forceescape", filter_forceescape, 0, NULL, NULL},
    {"format", NULL, 0, NULL, filter_format},
    {"indent", filter_indent, 0, "width first blank", NULL},
    {"lower", filter_lower, 0, NULL, NULL},
    {"pprint", NULL, 0, NULL, filter_refused},
    {"random", NULL, 0, NULL, filter_refused},
    {"replace", filter_replace, 2, "old new count", NULL},
    {"safe", filter_safe, 0, NULL, NULL},
    {"string", filter_string, 0, NULL, NULL},
    {"striptags", NULL, 0, NULL, filter_refused},
    {"title", filter_title, 0, NULL, NULL},
    {"trim", filter_trim, 0, "chars", NULL},
    {"truncate", filter_truncate, 0, "length killwords end leeway", NULL},
    {"upper", filter_upper, 0, NULL, NULL},
    {"urlencode", filter_urlencode, 0, NULL, NULL},
    {"urlize", NULL, 0, NULL, filter_refused},
    {"wordcount", filter_wordcount, 0, NULL, NULL},
    {"wordwrap", NULL, 0, NULL, filter_refused},
    {"xmlattr", filter_xmlattr, 0, "autospace", NULL},
    {NULL, NULL, 0, NULL, NULL},
};
