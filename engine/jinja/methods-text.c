/* The methods of strings. */
#include "config.h"

#include "engine/jinja/access.h"
#include "engine/jinja/format.h"
#include "engine/jinja/operate.h"
#include "engine/jinja/string.h"

/* An argument that is a string, or NULL when it is not given or none. */
static struct jtext *text_or_null(struct jrun *r, struct jvalue v, const char *what)
{
    return v.kind == J_ABSENT || v.kind == J_NONE ? NULL : jv_need_text(&r->heap, v, what);
}

static int64_t integer_or(struct jrun *r, struct jvalue v, int64_t otherwise, const char *what)
{
    return v.kind == J_ABSENT ? otherwise : jv_integer(&r->heap, v, what);
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

static struct jvalue text_strip(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_text(jstring_strip(&r->heap, self.text, text_or_null(r, a[0], "strip()"), true, true));
}

static struct jvalue text_lstrip(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_text(jstring_strip(&r->heap, self.text, text_or_null(r, a[0], "lstrip()"), true, false));
}

static struct jvalue text_rstrip(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_text(jstring_strip(&r->heap, self.text, text_or_null(r, a[0], "rstrip()"), false, true));
}

static struct jvalue text_split(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_list(jstring_split(&r->heap, self.text, text_or_null(r, a[0], "split()"),
                                 integer_or(r, a[1], -1, "split()"), false));
}

static struct jvalue text_rsplit(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_list(jstring_split(&r->heap, self.text, text_or_null(r, a[0], "rsplit()"),
                                 integer_or(r, a[1], -1, "rsplit()"), true));
}

static struct jvalue text_splitlines(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_list(jstring_lines(&r->heap, self.text, jv_truth(a[0])));
}

/* What stands before the separator, the separator, and what stands after it. */
static struct jvalue partition(struct jrun *r, struct jtext *t, struct jvalue separator, bool last)
{
    struct jheap *h = &r->heap;
    struct jtext *s = jv_need_text(h, separator, "partition()");
    if (s->size == 0)
        jheap_fail(h, ERR_FORMAT, "empty separator");
    size_t at = last ? jtext_find_last(h, t, s, 0, t->size) : jtext_find(h, t, s, 0, t->size);
    struct jlist *parts = jlist_new(h);
    size_t begin = at != SIZE_MAX ? at : last ? 0 : t->size, end = at != SIZE_MAX ? at + s->size : begin;
    jlist_add(h, parts, jv_text(jtext_part(h, t, 0, begin)));
    jlist_add(h, parts, jv_text(jtext_part(h, t, begin, end)));
    jlist_add(h, parts, jv_text(jtext_part(h, t, end, t->size)));
    return jv_tuple(parts);
}

static struct jvalue text_partition(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return partition(r, self.text, a[0], false);
}

static struct jvalue text_rpartition(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return partition(r, self.text, a[0], true);
}

static bool begins_with(struct jrun *r, struct jtext *t, struct jtext *with)
{
    return jtext_find(&r->heap, t, with, 0, with->size < t->size ? with->size : t->size) == 0;
}

static bool ends_with(struct jrun *r, struct jtext *t, struct jtext *with)
{
    return with->size <= t->size && jtext_find(&r->heap, t, with, t->size - with->size, t->size) != SIZE_MAX;
}

static struct jvalue text_removeprefix(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jtext *t = self.text, *with = jv_need_text(&r->heap, a[0], "removeprefix()");
    return jv_text(begins_with(r, t, with) ? jtext_part(&r->heap, t, with->size, t->size) : t);
}

static struct jvalue text_removesuffix(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jtext *t = self.text, *with = jv_need_text(&r->heap, a[0], "removesuffix()");
    return jv_text(ends_with(r, t, with) ? jtext_part(&r->heap, t, 0, t->size - with->size) : t);
}

/* ---- finding ----------------------------------------------------------------------------------------------------- */

/* The bytes that arguments a[0] and a[1] bound as places of characters; false when they cross. */
static bool bounds(struct jrun *r, struct jtext *t, const struct jvalue *a, size_t *from, size_t *to)
{
    struct jheap *h = &r->heap;
    int64_t n = (int64_t)jtext_chars(h, t), places[2] = {0, n};
    for (int i = 0; i < 2; i++) {
        if (a[i].kind == J_ABSENT || a[i].kind == J_NONE)
            continue;
        places[i] = jv_integer(h, a[i], "a place in a string");
        places[i] += places[i] < 0 ? n : 0;
        places[i] = places[i] < 0 ? 0 : places[i];
    }
    *from = jtext_offset(h, t, (size_t)places[0]);
    *to = jtext_offset(h, t, (size_t)places[1]);
    return places[0] <= places[1] && places[0] <= n;
}

static int64_t find_place(struct jrun *r, struct jtext *t, const struct jvalue *a, bool last)
{
    struct jtext *needle = jv_need_text(&r->heap, a[0], "find()");
    size_t from, to;
    if (!bounds(r, t, a + 1, &from, &to))
        return -1;
    size_t at = last ? jtext_find_last(&r->heap, t, needle, from, to) : jtext_find(&r->heap, t, needle, from, to);
    return at == SIZE_MAX ? -1 : (int64_t)jtext_index(&r->heap, t, at);
}

static struct jvalue text_find(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_int(find_place(r, self.text, a, false));
}

static struct jvalue text_rfind(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return jv_int(find_place(r, self.text, a, true));
}

static struct jvalue found_place(struct jrun *r, struct jtext *t, const struct jvalue *a, bool last)
{
    int64_t place = find_place(r, t, a, last);
    if (place < 0)
        jheap_fail(&r->heap, ERR_FORMAT, "substring not found");
    return jv_int(place);
}

static struct jvalue text_index(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return found_place(r, self.text, a, false);
}

static struct jvalue text_rindex(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return found_place(r, self.text, a, true);
}

static struct jvalue text_count(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jtext *needle = jv_need_text(h, a[0], "count()");
    size_t at, to, n = 0;
    if (!bounds(r, self.text, a + 1, &at, &to))
        return jv_int(0);
    if (needle->size == 0)
        return jv_int((int64_t)(jtext_index(h, self.text, to) - jtext_index(h, self.text, at) + 1));
    for (; (at = jtext_find(h, self.text, needle, at, to)) != SIZE_MAX; at += needle->size, n++)
        jheap_work(h, 1);
    return jv_int((int64_t)n);
}

/* Whether a part of the text begins or ends with a string, or with one of a tuple of them. */
static struct jvalue has_end(struct jrun *r, struct jtext *t, const struct jvalue *a, bool at_end)
{
    struct jheap *h = &r->heap;
    size_t from, to;
    if (!bounds(r, t, a + 1, &from, &to))
        return jv_bool(false);
    struct jtext *part = jtext_part(h, t, from, to);
    size_t n = a[0].kind == J_TUPLE ? a[0].list->n : 1;
    for (size_t i = 0; i < n; i++) {
        struct jtext *with =
            jv_need_text(h, a[0].kind == J_TUPLE ? a[0].list->at[i] : a[0], at_end ? "endswith()" : "startswith()");
        if (at_end ? ends_with(r, part, with) : begins_with(r, part, with))
            return jv_bool(true);
    }
    return jv_bool(false);
}

static struct jvalue text_startswith(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return has_end(r, self.text, a, false);
}

static struct jvalue text_endswith(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return has_end(r, self.text, a, true);
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

static struct jvalue text_replace(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jtext *old = jv_need_text(&r->heap, a[0], "replace()"), *fresh = jv_need_text(&r->heap, a[1], "replace()");
    return jv_text(jstring_replace(&r->heap, self.text, old, fresh, integer_or(r, a[2], -1, "replace()")));
}

static struct jvalue text_join(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    jv_need_defined(&r->heap, a[0]);
    return jv_text(jstring_join(&r->heap, self.text, jv_items(&r->heap, a[0])));
}

static struct jvalue text_lower(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jstring_case(&r->heap, self.text, CASE_LOWER));
}

static struct jvalue text_upper(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jstring_case(&r->heap, self.text, CASE_UPPER));
}

static struct jvalue text_title(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jstring_title(&r->heap, self.text, false));
}

static struct jvalue text_capitalize(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_text(jstring_capitalize(&r->heap, self.text));
}

static struct jvalue text_swapcase(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jbuild b;
    size_t used;
    (void)a;
    jbuild_open(&b, &r->heap);
    jheap_scan(&r->heap, self.text->size * 3);
    for (size_t at = 0; at < self.text->size; at += used)
        juni_append(&b, self.text, at,
                    juni_is_upper(jtext_code(&r->heap, self.text, at, &used)) ? CASE_LOWER : CASE_UPPER);
    return jv_text(jtext_mark(&r->heap, jbuild_close(&b), self.text->markup));
}

static struct jvalue pad(struct jrun *r, struct jtext *t, const struct jvalue *a, char align)
{
    struct jtext *fill = a[1].kind == J_ABSENT ? jtext_string(&r->heap, " ") : jv_need_text(&r->heap, a[1], "a fill");
    if (jtext_chars(&r->heap, fill) != 1)
        jheap_fail(&r->heap, ERR_FORMAT, "The fill character must be exactly one character long");
    return jv_text(jstring_pad(&r->heap, t, jv_integer(&r->heap, a[0], "a width"), fill, align));
}

static struct jvalue text_center(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return pad(r, self.text, a, '^');
}

static struct jvalue text_ljust(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return pad(r, self.text, a, '<');
}

static struct jvalue text_rjust(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    return pad(r, self.text, a, '>');
}

static struct jvalue text_zfill(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jheap *h = &r->heap;
    struct jtext *t = self.text;
    size_t sign = t->size > 0 && (jtext_bytes(h, t)[0] == '-' || jtext_bytes(h, t)[0] == '+') ? 1 : 0;
    int64_t width = jv_integer(h, a[0], "zfill()");
    struct jtext *rest =
        jstring_pad(h, jtext_part(h, t, sign, t->size), width - (int64_t)sign, jtext_string(h, "0"), '>');
    return jv_text(jtext_join(h, jtext_part(h, t, 0, sign), rest));
}

static struct jvalue text_format_map(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    struct jargs args = {0};
    if (a[0].kind != J_DICT)
        jheap_fail(&r->heap, ERR_FORMAT, "format_map() takes a dict, not '%s'", jv_type(a[0]));
    args.named = jheap_take(&r->heap, (a[0].dict->n + 1) * sizeof *args.named);
    for (size_t i = 0; i < a[0].dict->n; i++) {
        struct jtext *name = jv_str(&r->heap, a[0].dict->at[i].key);
        args.named[args.n_named].name = jheap_copy(&r->heap, jtext_bytes(&r->heap, name), name->size);
        args.named[args.n_named++].value = a[0].dict->at[i].value;
    }
    return jformat_braces(r, self, &args);
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

/* Whether there are characters, and all are of that class. */
static struct jvalue all_are(struct jrun *r, struct jtext *t, bool (*is)(uint32_t code))
{
    size_t used;
    jheap_scan(&r->heap, t->size);
    for (size_t at = 0; at < t->size; at += used)
        if (!is(jtext_code(&r->heap, t, at, &used)))
            return jv_bool(false);
    return jv_bool(t->size > 0);
}

static struct jvalue text_isalpha(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return all_are(r, self.text, juni_is_alpha);
}

static struct jvalue text_isalnum(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return all_are(r, self.text, juni_is_alnum);
}

static struct jvalue text_isdigit(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return all_are(r, self.text, juni_is_digit);
}

static struct jvalue text_isdecimal(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return all_are(r, self.text, juni_is_decimal);
}

static struct jvalue text_isnumeric(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return all_are(r, self.text, juni_is_numeric);
}

static struct jvalue text_isspace(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return all_are(r, self.text, juni_is_space);
}

static bool is_ascii(uint32_t code)
{
    return code < 0x80;
}

static struct jvalue text_isascii(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_bool(self.text->size == 0 || all_are(r, self.text, is_ascii).truth);
}

static struct jvalue text_isprintable(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_bool(self.text->size == 0 || all_are(r, self.text, juni_is_printable).truth);
}

static struct jvalue text_islower(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_bool(jstring_is_lower(&r->heap, self.text));
}

static struct jvalue text_isupper(struct jrun *r, struct jvalue self, const struct jvalue *a)
{
    (void)a;
    return jv_bool(jstring_is_upper(&r->heap, self.text));
}

/* Python has more, which no chat template is known to use; better a word than a wrong answer. */
static struct jvalue text_unknown(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    (void)self;
    (void)args;
    jheap_fail(&r->heap, ERR_UNSUPPORTED, "this method of strings is not followed");
}

const struct jroutine jmethods_text[] = {
    {"strip", text_strip, 0, "chars", NULL},
    {"lstrip", text_lstrip, 0, "chars", NULL},
    {"rstrip", text_rstrip, 0, "chars", NULL},
    {"split", text_split, 0, "sep maxsplit", NULL},
    {"rsplit", text_rsplit, 0, "sep maxsplit", NULL},
    {"splitlines", text_splitlines, 0, "keepends", NULL},
    {"partition", text_partition, 1, "sep", NULL},
    {"rpartition", text_rpartition, 1, "sep", NULL},
    {"removeprefix", text_removeprefix, 1, "prefix", NULL},
    {"removesuffix", text_removesuffix, 1, "suffix", NULL},
    {"find", text_find, 1, "sub start end", NULL},
    {"rfind", text_rfind, 1, "sub start end", NULL},
    {"index", text_index, 1, "sub start end", NULL},
    {"rindex", text_rindex, 1, "sub start end", NULL},
    {"count", text_count, 1, "sub start end", NULL},
    {"startswith", text_startswith, 1, "prefix start end", NULL},
    {"endswith", text_endswith, 1, "suffix start end", NULL},
    {"replace", text_replace, 2, "old new count", NULL},
    {"join", text_join, 1, "iterable", NULL},
    {"lower", text_lower, 0, NULL, NULL},
    {"casefold", text_lower, 0, NULL, NULL},
    {"upper", text_upper, 0, NULL, NULL},
    {"title", text_title, 0, NULL, NULL},
    {"capitalize", text_capitalize, 0, NULL, NULL},
    {"swapcase", text_swapcase, 0, NULL, NULL},
    {"center", text_center, 1, "width fillchar", NULL},
    {"ljust", text_ljust, 1, "width fillchar", NULL},
    {"rjust", text_rjust, 1, "width fillchar", NULL},
    {"zfill", text_zfill, 1, "width", NULL},
    {"format", NULL, 0, NULL, jformat_braces},
    {"format_map", text_format_map, 1, "mapping", NULL},
    {"isalpha", text_isalpha, 0, NULL, NULL},
    {"isalnum", text_isalnum, 0, NULL, NULL},
    {"isdigit", text_isdigit, 0, NULL, NULL},
    {"isdecimal", text_isdecimal, 0, NULL, NULL},
    {"isnumeric", text_isnumeric, 0, NULL, NULL},
    {"isspace", text_isspace, 0, NULL, NULL},
    {"isascii", text_isascii, 0, NULL, NULL},
    {"isprintable", text_isprintable, 0, NULL, NULL},
    {"islower", text_islower, 0, NULL, NULL},
    {"isupper", text_isupper, 0, NULL, NULL},
    {"istitle", NULL, 0, NULL, text_unknown},
    {"isidentifier", NULL, 0, NULL, text_unknown},
    {"encode", NULL, 0, NULL, text_unknown},
    {"expandtabs", NULL, 0, NULL, text_unknown},
    {"translate", NULL, 0, NULL, text_unknown},
    {"maketrans", NULL, 0, NULL, text_unknown},
    {NULL, NULL, 0, NULL, NULL},
};
