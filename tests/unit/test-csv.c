/* Tests of CSV: records, quotes, line ends, guessing, errors with their place; and of the charsets of such files. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "app/text/charset.h"
#include "app/text/csv.h"
#include "base/buf.h"
#include "base/error.h"
#include "tests/cmocka.h"

/* Reads all records of a text, fields joined by | and records by /. */
static const char *read_all(const char *text, char delimiter, struct error *err)
{
    static char all[512];
    struct csv c;
    struct csv_record r;
    size_t used = 0;
    all[0] = '\0';
    csv_init(&c, "t.csv", text, strlen(text), delimiter);
    csv_record_init(&r);
    while (csv_next(&c, &r, err)) {
        for (size_t i = 0; i < r.n; i++)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? "|" : "", csv_field(&r, i));
        used += (size_t)snprintf(all + used, sizeof all - used, "/");
    }
    csv_record_free(&r);
    return all;
}

static void fields_and_records_are_divided(void **state)
{
    static const struct {
        const char *text, *records;
    } cases[] = {
        {"", ""},
        {"\n\r\n", ""},
        {"a", "a/"},
        {"a,b\nc,d\n", "a|b/c|d/"},
        {"a,b\r\nc,d\re,f", "a|b/c|d/e|f/"},
        {",\n", "|/"},
        {"a,,b,\n", "a||b|/"},
        {"\"a,b\",\"c\"\"d\"\n", "a,b|c\"d/"},
        {"\"a\nb\",c\n", "a\nb|c/"},
        {"\"\",x\n", "|x/"},
        {"a\"b,c\n", "a\"b|c/"},
        {"3.5\" disk,b \"c\"\n", "3.5\" disk|b \"c\"/"},
        {" a, b \n", " a| b /"},
        {"é,日本\n", "é|日本/"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        assert_string_equal(read_all(cases[i].text, ',', &err), cases[i].records);
        assert_int_equal(err.code, ERR_NONE);
    }
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    struct error open = {0}, after = {0}, spaces = {0};
    (void)state;
    assert_string_equal(read_all("a,b\nc,\"d\n", ',', &open), "a|b/");
    assert_int_equal(open.code, ERR_FORMAT);
    assert_non_null(strstr(open.message, "t.csv:2:3: this quote is not closed"));
    read_all("x\n\"a\nb\"c,d\n", ',', &after);
    assert_int_equal(after.code, ERR_FORMAT);
    assert_non_null(strstr(after.message, "t.csv:3:3: "));
    assert_string_equal(read_all("a,b\nc,  \"d,e\"\n", ',', &spaces), "a|b/");
    assert_int_equal(spaces.code, ERR_FORMAT);
    assert_non_null(strstr(spaces.message, "t.csv:2:3: spaces before a quote"));
}

static void lines_are_counted_inside_of_quotes(void **state)
{
    static const char text[] = "\"a\r\nb\",c\n\nd,e\n";
    struct error err = {0};
    struct csv c;
    struct csv_record r;
    (void)state;
    csv_init(&c, "t", text, sizeof text - 1, ',');
    csv_record_init(&r);
    assert_true(csv_next(&c, &r, &err));
    assert_int_equal(r.line, 1);
    assert_true(csv_next(&c, &r, &err));
    assert_int_equal(r.line, 4);
    assert_false(csv_next(&c, &r, &err));
    csv_record_free(&r);
}

static void the_delimiter_is_guessed(void **state)
{
    static const struct {
        const char *text;
        char delimiter;
    } cases[] = {
        {"a,b\nc,d\n", ','}, {"a;b\nc;d\n", ';'}, {"a\tb\nc\td\n", '\t'},  {"a|b|c\nd|e|f\n", '|'},
        {"a\nb\n", ','},     {"", ','},           {"1,5;2\n3,5;4\n", ','}, {"x, y;1;2\nz;3;4\n", ';'},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(csv_guess(cases[i].text, strlen(cases[i].text)), cases[i].delimiter);
}

/* ---- charsets --------------------------------------------------------------------------------------------------- */

static void check_decoding(enum charset charset, const char *bytes, const char *text)
{
    struct buf b;
    buf_init(&b, 64);
    buf_puts(&b, bytes);
    assert_int_equal(charset_decode(charset, &b), strlen(bytes));
    assert_string_equal(buf_text(&b), text);
    buf_free(&b);
}

static void charsets_become_utf8(void **state)
{
    (void)state;
    check_decoding(CHARSET_UTF8, "é€", "é€");
    check_decoding(CHARSET_LATIN1, "\xE9\x80\xFF", "é\xC2\x80ÿ");
    check_decoding(CHARSET_CP1252, "\x80\x9F\xA0\xE9z", "€Ÿ\xC2\xA0éz");
}

static void a_byte_that_a_charset_does_not_have_changes_nothing(void **state)
{
    static const char *const bytes[] = {[CHARSET_UTF8] = "ab\xE9", [CHARSET_CP1252] = "a\xE9\x81"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        const enum charset charset = i == 0 ? CHARSET_UTF8 : CHARSET_CP1252;
        struct buf b;
        buf_init(&b, 64);
        buf_puts(&b, bytes[charset]);
        assert_int_equal(charset_decode(charset, &b), 2);
        assert_string_equal(buf_text(&b), bytes[charset]);
        buf_free(&b);
    }
}

static void charsets_have_the_names_that_people_use(void **state)
{
    static const struct {
        const char *name;
        enum charset charset;
    } cases[] = {
        {"utf8", CHARSET_UTF8},         {"UTF-8", CHARSET_UTF8},          {"utf_8_sig", CHARSET_UTF8},
        {"US-ASCII", CHARSET_UTF8},     {"latin1", CHARSET_LATIN1},       {"latin-1", CHARSET_LATIN1},
        {"Latin_1", CHARSET_LATIN1},    {"ISO-8859-1", CHARSET_LATIN1},   {"iso8859-1", CHARSET_LATIN1},
        {"ISO_8859-1", CHARSET_LATIN1}, {"L1", CHARSET_LATIN1},           {"cp1252", CHARSET_CP1252},
        {"CP-1252", CHARSET_CP1252},    {"windows-1252", CHARSET_CP1252}, {"Windows 1252", CHARSET_CP1252},
    };
    static const char *const none[] = {"",       "-",
                                       "latin2", "iso-8859-15",
                                       "utf-16", "latin1latin1latin1latin1latin1latin1"};
    struct error err = {0};
    enum charset charset;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(charset_find(cases[i].name, &charset, &err));
        assert_int_equal(charset, cases[i].charset);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(charset_find(none[i], &charset, &err));
    assert_int_equal(err.code, ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_records_are_divided),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(lines_are_counted_inside_of_quotes),
        cmocka_unit_test(the_delimiter_is_guessed),
        cmocka_unit_test(charsets_become_utf8),
        cmocka_unit_test(a_byte_that_a_charset_does_not_have_changes_nothing),
        cmocka_unit_test(charsets_have_the_names_that_people_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
