/* Tests of CSV: records, quotes, line ends, guessing, and errors with their place. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "app/text/csv.h"
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
    struct error open = {0}, after = {0};
    (void)state;
    assert_string_equal(read_all("a,b\nc,\"d\n", ',', &open), "a|b/");
    assert_int_equal(open.code, ERR_FORMAT);
    assert_non_null(strstr(open.message, "t.csv:2:3: this quote is not closed"));
    read_all("x\n\"a\nb\"c,d\n", ',', &after);
    assert_int_equal(after.code, ERR_FORMAT);
    assert_non_null(strstr(after.message, "t.csv:3:3: "));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_records_are_divided),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(lines_are_counted_inside_of_quotes),
        cmocka_unit_test(the_delimiter_is_guessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
