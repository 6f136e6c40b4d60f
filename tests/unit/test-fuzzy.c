/* Finding by some letters: what fits, what fits better, and which letters are marked. */
#include <config.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tests/cmocka.h"
#include "ui/text/fuzzy.h"

static int score(const char *text, const char *query)
{
    return fuzzy_match(text, query, strlen(query), NULL);
}

static void fits(const char *text, const char *query, const char *marked)
{
    struct fuzzy_marks marks;
    char shown[128];
    assert_true(fuzzy_match(text, query, strlen(query), &marks) >= 0);
    memset(shown, '.', strlen(text));
    shown[strlen(text)] = '\0';
    for (size_t i = 0; i < marks.n; i++)
        shown[marks.at[i]] = '^';
    assert_string_equal(shown, marked);
}

static void matched_letters_are_told(void **state)
{
    (void)state;
    fits("/theme", "the", ".^^^..");
    fits("Sky colours", "COL", "....^^^....");
    fits("Sky colours", "our", ".......^^^.");
    fits("Sky colours", "cr", "....^....^.");
    fits("Sky colours", "co sk", "^^..^^.....");
    fits("anything", "", "........");
    fits("Ein Schrödinger", "SCHRÖD", "....^^^^^^^.....");
}

static void other_texts_do_not_fit(void **state)
{
    (void)state;
    assert_int_equal(score("/seed", "theme"), -1);
    assert_int_equal(score("/theme", "themes"), -1);
    assert_int_equal(score("restore", "tor e x"), -1);
    assert_int_equal(score("restore", "te"), -1); /* the first letter must begin a word */
    assert_int_equal(score("", "a"), -1);
    assert_int_equal(fuzzy_find("restore", "sto", 3, NULL), -1);
    assert_true(fuzzy_find("to restore", "resto", 5, NULL) >= 0);
}

static void better_fits_score_more(void **state)
{
    (void)state;
    assert_true(score("theme", "the") > score("the other theme", "oth"));
    assert_true(score("a theme", "the") > score("bathe", "the"));
    assert_true(score("bathe", "the") > score("to have", "thae"));
    assert_true(score("x", "") >= 0);
}

/* A query, and a text, longer than what is marked. */
static void long_texts_are_matched(void **state)
{
    char text[2001], query[1001];
    struct fuzzy_marks marks;
    (void)state;
    memset(text, 'a', 2000);
    memset(query, 'a', 1000);
    text[2000] = query[1000] = '\0';
    assert_true(fuzzy_match(text, query, 1000, &marks) >= 0);
    assert_int_equal(marks.n, FUZZY_MARKS);
    assert_true(fuzzy_match("a\xff\xfe", "\xff", 1, &marks) >= 0);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matched_letters_are_told),
        cmocka_unit_test(other_texts_do_not_fit),
        cmocka_unit_test(better_fits_score_more),
        cmocka_unit_test(long_texts_are_matched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
