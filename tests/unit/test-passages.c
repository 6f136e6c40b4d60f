/* Tests of passages: where texts are cut, and that nothing is lost. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/text/passages.h"
#include "tests/cmocka.h"

/* A token is a word, or three bytes of one. */
static size_t count_tokens(void *context, const char *text, size_t size)
{
    size_t tokens = 0, word = 0;
    (void)context;
    for (size_t i = 0; i < size; i++) {
        word = strchr(" \t\r\n", text[i]) != NULL ? 0 : word + 1;
        tokens += word % 3 == 1;
    }
    return tokens;
}

/* The passages of a text, each in brackets with its first and last line. */
static const char *cut_all(const char *text, size_t most)
{
    static char all[1024];
    struct passages p = {0};
    size_t used = 0;
    all[0] = '\0';
    assert_true(passages_cut(&p, text, strlen(text), most, count_tokens, NULL));
    for (size_t i = 0; i < p.n; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "[%zu-%zu %.*s]", p.at[i].line, p.at[i].last_line,
                                 (int)p.at[i].size, text + p.at[i].at);
    passages_free(&p);
    return all;
}

static void passages_end_with_paragraphs_lines_and_sentences(void **state)
{
    static const struct {
        const char *text;
        size_t most;
        const char *passages;
    } cases[] = {
        {"", 4, ""},
        {" \n\n ", 4, ""},
        {"a b c", 4, "[1-1 a b c]"},
        {"\n\n a b\nc \n", 4, "[3-4 a b\nc]"},
        {"a b. C d. E f.", 4, "[1-1 a b. C d.][1-1 E f.]"},
        {"a b.\n\nC\nd e f", 4, "[1-1 a b.][3-4 C\nd e f]"},
        {"a b\nC. D\ne f", 4, "[1-2 a b\nC. D][3-3 e f]"},
        {"a b\nC. D e f", 4, "[1-1 a b][2-2 C. D e f]"},
        {"a (e.g. b) c d e", 4, "[1-1 a (e.g.][1-1 b) c d e]"},
        {"日本。日本", 3, "[1-1 日本。][1-1 日本]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(cut_all(cases[i].text, cases[i].most), cases[i].passages);
}

static void sentences_end_where_a_reader_would_end_them(void **state)
{
    static const struct {
        const char *text, *rest;
    } cases[] = {
        {"One. Two", "Two"},
        {"\"One.\" Two", "Two"},
        {"(One!) Two? Three", "Two? Three"},
        {"See e.g. this. Then", "Then"},
        {"1.5 of 2. Then", "Then"},
        {"No end", ""},
        {"A line\nand another", "and another"},
        {"One. \n Two", " Two"},
        {"日本。語", "語"},
        {"Wait… What", "What"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(cases[i].text + passages_sentence(cases[i].text, strlen(cases[i].text)), cases[i].rest);
}

/* A file in one line, without a blank or with some, in characters of several bytes. */
static void what_has_no_end_is_cut_between_words_or_characters(void **state)
{
    enum { SIZE = 30000, MOST = 100 };
    static const char *const words[] = {"word ", "é", "日", "x", "\xff"};
    char *text = malloc(SIZE + 8);
    (void)state;
    assert_non_null(text);
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        struct passages p = {0};
        size_t size = 0, whole = 0, spaces = 0;
        for (; size < SIZE; size += strlen(words[w]))
            memcpy(text + size, words[w], strlen(words[w]));
        assert_true(passages_cut(&p, text, size, MOST, count_tokens, NULL));
        for (size_t i = 0; i < p.n; i++) {
            assert_true(count_tokens(NULL, text + p.at[i].at, p.at[i].size) <= MOST);
            assert_memory_equal(text + p.at[i].at, words[w], strlen(words[w]));
            whole += p.at[i].size;
            spaces += w == 0;
        }
        assert_true(p.n >= 50);
        assert_int_equal(whole + spaces, size);
        passages_free(&p);
    }
    free(text);
}

static size_t count_nothing(void *context, const char *text, size_t size)
{
    (void)context, (void)text, (void)size;
    return SIZE_MAX;
}

static void a_failure_to_count_is_returned(void **state)
{
    struct passages p = {0};
    (void)state;
    assert_false(passages_cut(&p, "a b", 3, 4, count_nothing, NULL));
    passages_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passages_end_with_paragraphs_lines_and_sentences),
        cmocka_unit_test(sentences_end_where_a_reader_would_end_them),
        cmocka_unit_test(what_has_no_end_is_cut_between_words_or_characters),
        cmocka_unit_test(a_failure_to_count_is_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
