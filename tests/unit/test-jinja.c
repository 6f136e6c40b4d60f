/* Tests of the Jinja interpreter: equal to jinja2 in all that it gives and refuses, every byte's origin told, and
 * hostile templates held within bounds. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "engine/jinja/jinja.h"
#include "tests/cmocka.h"
#include "tests/unit/jinja-values.h"
#include "tests/unit/vectors.h"

/* The day that the vectors were made on: Friday, 26 July 2024, 9:05:03. */
static const struct tm today = {
    .tm_sec = 3, .tm_min = 5, .tm_hour = 9, .tm_mday = 26, .tm_mon = 6, .tm_year = 124, .tm_wday = 5, .tm_yday = 207};

/* ---- helpers ----------------------------------------------------------------------------------------------------- */

static struct jinja *compile(const char *source, struct error *err)
{
    return jinja_compile(source, strlen(source), err);
}

static struct jinja *must_compile(const char *source)
{
    struct error err = {0};
    struct jinja *t = compile(source, &err);
    if (t == NULL)
        fail_msg("%s: %s", source, err.message);
    return t;
}

/* Renders with one name, a text of origin 7. */
static enum error_code render_with(const char *source, const char *name, const char *text, struct jinja_output *out,
                                   struct error *err)
{
    struct jinja *t = compile(source, err);
    struct jinja_value v = {.name = name, .kind = JINJA_STRING, .bytes = text, .size = strlen(text), .origin = 7};
    *out = (struct jinja_output){0};
    enum error_code code = t != NULL ? jinja_render(t, &v, 1, &today, NULL, out, err) : err->code;
    jinja_free(t);
    return code;
}

static int32_t origin_at(const struct jinja_output *out, size_t byte)
{
    size_t i = 0;
    while (out->spans[i].end <= byte)
        i++;
    return out->spans[i].origin;
}

/* Spans are in order, without a gap, and go up to the end. */
static void check_spans(const struct jinja_output *out)
{
    size_t end = 0;
    for (size_t i = 0; i < out->n_spans; i++) {
        assert_true(out->spans[i].end > end);
        end = out->spans[i].end;
    }
    assert_int_equal(end, out->size);
}

/* ---- against jinja2 ---------------------------------------------------------------------------------------------- */

/* What a case gives its template: messages with the tokens, or the names of `data`. */
static struct jinja_value names_of(const json_t *entry, const json_t *data, struct values *values)
{
    const json_t *messages = json_object_get(entry, "messages");
    if (messages == NULL)
        return values_of_json(values, NULL, data, 1);
    return values_of_chat(values, messages);
}

static void check_output(const json_t *entry, enum error_code code, const struct jinja_output *out,
                         const struct error *err, const char *what)
{
    const json_t *text = json_object_get(entry, "text");
    const char *refused = json_string_value(json_object_get(entry, "refused"));
    if (text == NULL && code == ERR_NONE)
        fail_msg("%s\nis not refused (%s) but gives\n%s", what, refused, out->bytes);
    if (text != NULL && code != ERR_NONE)
        fail_msg("%s\nis refused: %s", what, err->message);
    if (text == NULL) {
        const char *words = strstr(refused, "Error: ");
        bool by_template = strncmp(refused, "TemplateError: ", 15) == 0 ||
                           strncmp(refused, "ValueError: Conv", 16) == 0 ||
                           strncmp(refused, "ValueError: After", 17) == 0 ||
                           strncmp(refused, "ValueError: System", 18) == 0;
        if (by_template && (code != ERR_ARGUMENT || strcmp(err->message, words + 7) != 0))
            fail_msg("%s\nis refused with '%s', not '%s'", what, err->message, words + 7);
        if (!by_template && strncmp(err->message, "line ", 5) != 0)
            fail_msg("%s\nis refused without a line: %s", what, err->message);
        return;
    }
    if (out->size != json_string_length(text) || memcmp(out->bytes, json_string_value(text), out->size) != 0)
        fail_msg("%s\ngives\n%s\nand not\n%s", what, out->bytes, json_string_value(text));
    check_spans(out);
}

/* All cases of one template; those that do not even compile must all be refused. */
static size_t check_entry(const json_t *entry, const json_t *data)
{
    const json_t *source = json_object_get(entry, "template"), *one;
    struct error err = {0};
    struct jinja *t = jinja_compile(json_string_value(source), json_string_length(source), &err);
    size_t i;
    json_array_foreach(json_object_get(entry, "cases"), i, one) {
        struct values values = {0};
        struct jinja_value names = names_of(one, data, &values);
        struct jinja_output out = {0};
        struct error failure = {0};
        enum error_code code = t != NULL ? jinja_render(t, names.items, names.n, &today, NULL, &out, &failure)
                                         : err.code;
        check_output(one, code, &out, t != NULL ? &failure : &err, json_string_value(source));
        jinja_output_free(&out);
        values_free(&values);
    }
    jinja_free(t);
    return i;
}

static void the_language_is_jinja2s(void **state)
{
    (void)state;
    json_t *all = vectors_load("jinja.json"), *entry;
    size_t i, n = 0;
    assert_non_null(all);
    json_array_foreach(json_object_get(all, "entries"), i, entry)
        n += check_entry(entry, json_object_get(all, "data"));
    print_message("%zu cases\n", n);
    json_decref(all);
}

/* The reference's own strftime_now knows two formats and answers a third with the first's date. */
static void use_known_format(json_t *entry)
{
    const char *format = "%B %d, %Y";
    char *source = strdup(json_string_value(json_object_get(entry, "template"))), *at = strstr(source, format);
    assert_non_null(source);
    if (at != NULL) {
        memcpy(at, "%d %b %Y ", strlen(format));
        memmove(at + 8, at + 9, strlen(at + 9) + 1);
        json_object_set_new(entry, "template", json_string(source));
    }
    free(source);
}

/* The published templates; NULL where they are not at hand. */
static json_t *published_templates(void)
{
    json_t *all = vectors_load("templates.json");
    if (json_is_array(all))
        return all;
    json_decref(all);
    return NULL;
}

static void published_templates_are_followed(void **state)
{
    (void)state;
    json_t *all = published_templates(), *entry;
    size_t i, n = 0;
    if (all == NULL)
        skip();
    json_array_foreach(all, i, entry) {
        use_known_format(entry);
        n += check_entry(entry, NULL);
    }
    print_message("%zu templates, %zu cases\n", i, n);
    json_decref(all);
}

/* ---- origins ----------------------------------------------------------------------------------------------------- */

/* source with `x` of origin 7 gives text, whose bytes come from the template where marks has '.', from x where 'x'. */
static void check_origins(const char *source, const char *x, const char *text, const char *marks)
{
    struct error err = {0};
    struct jinja_output out;
    if (render_with(source, "x", x, &out, &err) != ERR_NONE)
        fail_msg("%s: %s", source, err.message);
    assert_string_equal(out.bytes, text);
    check_spans(&out);
    for (size_t i = 0; i < out.size; i++)
        if ((origin_at(&out, i) == 7) != (marks[i] == 'x'))
            fail_msg("%s gives %s: byte %zu comes from %d", source, text, i, origin_at(&out, i));
    jinja_output_free(&out);
}

static void bytes_keep_their_origin(void **state)
{
    (void)state;
    check_origins("a{{ x }}b", "12", "a12b", ".xx.");
    check_origins("{{ '<' + x + '>' }}", "12", "<12>", ".xx.");
    check_origins("{{ '<' ~ x ~ 5 }}", "12", "<125", ".xx.");
    check_origins("{{ (' ' ~ x ~ ' ') | trim }}", " 1 ", "1", "x");
    check_origins("{{ ('a' ~ x ~ 'b')[1:-1] }}", "123", "123", "xxx");
    check_origins("{{ ('a' ~ x)[::-1] }}", "123", "321a", "xxx.");
    check_origins("{{ x.replace('2', 'zz') }}", "123", "1zz3", "x..x");
    check_origins("{{ 'a-b' | replace('-', x) }}", "12", "a12b", ".xx.");
    check_origins("{{ ('a' ~ x) | upper }}", "b\xc3\xa9", "AB\xc3\x89", ".xxx");
    check_origins("{{ x | title }}{{ x | capitalize }}", "ab", "AbAb", "xxxx");
    check_origins("{{ [x, 'a'] | join('-') }}", "12", "12-a", "xx..");
    check_origins("{{ x.split(',') | join(';') }}", "1,2", "1;2", "x.x");
    check_origins("{{ x | tojson }}", "a\"\n", "\"a\\\"\\n\"", ".xxxxx.");
    check_origins("{{ [x, {'k': x}] }}", "q", "['q', {'k': 'q'}]", "..x..........x...");
    check_origins("{{ '%s!' % x }}{{ '%3s' | format(x) }}{{ '{:>3}'.format(x) }}", "1", "1!  1  1", "x...x..x");
    check_origins("{{ x % 5 }}", "a%d", "a5", "x.");
    check_origins("{% set y %}<{{ x }}>{% endset %}{{ y }}", "1", "<1>", ".x.");
    check_origins("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(x) | lower }}", "Q", "<q>", ".x.");
    check_origins("{% filter upper %}a{{ x }}{% endfilter %}", "b", "AB", ".x");
    check_origins("{% for c in x %}{{ c }}.{% endfor %}", "12", "1.2.", "x.x.");
    check_origins("{{ x | indent(1, true) }}", "a\nb", " a\n b", ".x..x");
    check_origins("{{ x | e }}", "<", "&lt;", "xxxx");
    check_origins("{{ x | list | reverse | join }}{{ x | first }}{{ x[1] }}", "ab", "baab", "xxxx");
    check_origins("{{ strftime_now(x) }}", "%Y!", "2024!", "xxxxx");
    check_origins("{{ {x: 1} | dictsort | first | first }}", "k", "k", "x");
    check_origins("{% set ns = namespace(s='') %}{% for c in x %}{% set ns.s = ns.s + c + '-' %}{% endfor %}{{ ns.s }}",
                  "ab", "a-b-", "x.x.");
}

/* Every byte that a published template takes from a message is the message's, and no other is. The messages are
 * written in letters that no template has. */
static void check_marked(const struct jinja_output *out, const char *what)
{
    for (size_t i = 0; i < out->size; i++) {
        bool marked = ((unsigned char)out->bytes[i] == 0xee && (unsigned char)out->bytes[i + 1] == 0x80) ||
                      (i >= 1 && (unsigned char)out->bytes[i - 1] == 0xee && (unsigned char)out->bytes[i] == 0x80) ||
                      (i >= 2 && (unsigned char)out->bytes[i - 2] == 0xee && (unsigned char)out->bytes[i - 1] == 0x80);
        if (marked != (origin_at(out, i) != 0))
            fail_msg("%s: byte %zu comes from %d in\n%s", what, i, origin_at(out, i), out->bytes);
    }
}

static void published_templates_keep_origins(void **state)
{
    (void)state;
    json_t *all = published_templates(), *entry;
    json_t *messages = json_pack("[{s:s,s:s},{s:s,s:s},{s:s,s:s}]", "role", "user", "content",
                                 "\xee\x80\x81\xee\x80\x82", "role", "assistant", "content", "\xee\x80\x83", "role",
                                 "user", "content", "\xee\x80\x84");
    size_t i, rendered = 0;
    if (all == NULL) {
        json_decref(messages);
        skip();
    }
    json_array_foreach(all, i, entry) {
        struct values values = {0};
        struct jinja_value names = values_of_chat(&values, messages);
        struct jinja *t = must_compile(json_string_value(json_object_get(entry, "template")));
        struct jinja_output out;
        struct error err = {0};
        if (jinja_render(t, names.items, names.n, &today, NULL, &out, &err) == ERR_NONE) {
            check_marked(&out, json_string_value(json_object_get(entry, "name")));
            rendered++;
        }
        jinja_output_free(&out);
        jinja_free(t);
        values_free(&values);
    }
    assert_true(rendered > 50);
    json_decref(messages);
    json_decref(all);
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

static void check_failure(const char *source, enum error_code code, const char *message)
{
    struct error err = {0};
    struct jinja_output out;
    assert_int_equal(render_with(source, "x", "1", &out, &err), code);
    assert_string_equal(err.message, message);
    assert_null(out.bytes);
}

static void failures_name_the_line(void **state)
{
    (void)state;
    check_failure("a\n\n{{ y.z }}", ERR_FORMAT, "line 3: 'y' is undefined");
    check_failure("a\n{% if x %}\n{{ 1 + \n'a' }}{% endif %}", ERR_FORMAT,
                  "line 4: unsupported operand type(s) for +: 'int' and 'str'");
    check_failure("{# one\ntwo #}\n{{ x", ERR_FORMAT, "line 3: the template ends inside of {{ }}");
    check_failure("\n{% include 'x' %}", ERR_UNSUPPORTED,
                  "line 2: {% include %} is not followed, a chat template stands alone");
    check_failure("{% if x %}", ERR_FORMAT, "line 1: the template ends where {% elif %} is expected");
    check_failure("\n\n{{ x | frobnicate }}", ERR_UNSUPPORTED, "line 3: there is no filter named 'frobnicate'");
    check_failure("{{ [].append(x) }}", ERR_FORMAT, "line 1: access to attribute 'append' of 'list' object is unsafe.");
    check_failure("{{ raise_exception('no ' ~ x) }}", ERR_ARGUMENT, "no 1");
}

/* The message of a hostile template begins with its line. */
static void check_hostile(const char *source)
{
    struct error err = {0};
    struct jinja_output out;
    enum error_code code = render_with(source, "x", "1", &out, &err);
    if (code == ERR_NONE || strncmp(err.message, "line ", 5) != 0)
        fail_msg("%.60s: %d %s", source, code, err.message);
    jinja_output_free(&out);
}

static void hostile_templates_end(void **state)
{
    (void)state;
    check_hostile("{% for i in range(100000) %}{% for j in range(100000) %}{{ i }}{% endfor %}{% endfor %}");
    check_hostile("{{ range(10 ** 9) }}");
    check_hostile("{{ 'x' * 10 ** 9 }}");
    check_hostile("{{ 'x' * 10 ** 18 }}");
    check_hostile("{{ [1] * 10 ** 9 }}");
    check_hostile(
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}");
    check_hostile(
        "{% set ns = namespace(s=['x']) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}");
    check_hostile(
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s ~ i %}{{ ns.s | length }}"
        "{% endfor %}");
    check_hostile("{% macro f(a) %}{{ f(a) }}{% endmacro %}{{ f(1) }}");
    check_hostile("{% macro f(a) %}{{ f(a) }}{{ f(a) }}{% endmacro %}{{ f(1) }}");
    check_hostile("{% for i in [1] recursive %}{{ loop([i]) }}{% endfor %}");
    check_hostile("{% set ns = namespace() %}{% set ns.ns = ns %}{{ ns }}");
    check_hostile(
        "{% set ns = namespace(l=[]) %}{% for i in range(10000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}");
    check_hostile("{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}"
                  "{{ ns.l == ns.l }}{{ ns.l }}");
    check_hostile("{{ '%1000000000d' % 1 }}");
    check_hostile("{{ '{:1000000000}'.format(1) }}");
    check_hostile("{{ 2 ** 10000000000 }}");
    check_hostile("{{ x | center(10 ** 10) }}");
    check_hostile("{{ x | indent(10 ** 12, true) }}");
    check_hostile("{{ ('a' * 1000000) | replace('a', 'b' * 1000000) }}");
    check_hostile(
        "{{ ('a' * 1000000) | list | map('string') | map('string') | map('string') | map('string') | list | length }}");
    check_hostile("{% for i in range(100000) %}{{ ('ab' * 1000000).find('ba' * 500000 + 'c') }}{% endfor %}");
    check_hostile("{% for i in range(100000) %}{{ ('ab' * 10000).rfind('bb') }}{% endfor %}");
    check_hostile("{{ range(100000) | list | unique | list | length }}");
    check_hostile("{% for i in range(100000) %}{{ x.rjust(1000) }}{% endfor %}");
    check_hostile("{{ dict(range(100000) | batch(2)) | length }}");
}

/* open, `middle`, close: n times open in front, n times close after. */
static char *nested(const char *open, const char *middle, const char *close, size_t n)
{
    size_t size = n * (strlen(open) + strlen(close)) + strlen(middle) + 1;
    char *text = malloc(size), *at = text;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, open);
    at = stpcpy(at, middle);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, close);
    return text;
}

static void check_nested(const char *before, const char *open, const char *middle, const char *close, const char *after)
{
    static const size_t depths[] = {300, 30000};
    for (size_t i = 0; i < 2; i++) {
        char *inner = nested(open, middle, close, depths[i]),
             *source = malloc(strlen(before) + strlen(inner) + strlen(after) + 1);
        assert_non_null(source);
        stpcpy(stpcpy(stpcpy(source, before), inner), after);
        check_hostile(source);
        free(source);
        free(inner);
    }
}

static void deep_nesting_ends(void **state)
{
    (void)state;
    check_nested("{{ ", "(", "1", ")", " }}");
    check_nested("{{ ", "[", "", "]", " }}");
    check_nested("{{ ", "not ", "1", "", " }}");
    check_nested("{{ ", "-", "q", "", " }}");
    check_nested("{{ ", "x if ", "q.r", "", " }}");
    check_nested("{{ ", "1 if q.r else ", "1", "", " }}");
    check_nested("", "{% if x %}", "", "{% endif %}", "{{ q.r }}");
    check_nested("", "{% for i in x %}", "", "{% endfor %}", "{{ q.r }}");
    check_nested("{{ x", " ~ (x", "", ")", " + 1 }}");
    check_nested("{{ q", ".q", "", "", " }}");
    check_nested("{{ 1", " + 1", " + q", "", " }}");
    check_nested("{{ x", " | upper", " | q", "", " }}");
}

static void bounds_grow_with_what_is_given(void **state)
{
    (void)state;
    size_t size = 24 << 20;
    char *text = malloc(size + 1);
    struct error err = {0};
    struct jinja_output out;
    assert_non_null(text);
    memset(text, 'a', size);
    text[size] = '\0';
    assert_int_equal(render_with("<{{ x | trim + '!' }}{{ x | length }}>", "x", text, &out, &err), ERR_NONE);
    assert_int_equal(out.size, size + 3 + 8);
    jinja_output_free(&out);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_language_is_jinja2s), cmocka_unit_test(published_templates_are_followed),
        cmocka_unit_test(bytes_keep_their_origin), cmocka_unit_test(published_templates_keep_origins),
        cmocka_unit_test(failures_name_the_line),  cmocka_unit_test(hostile_templates_end),
        cmocka_unit_test(deep_nesting_ends),       cmocka_unit_test(bounds_grow_with_what_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
