/* Tests of ui/text: nothing commands the terminal or hides, columns agree with what terminals draw, lines break well. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/cmocka.h"
#include "ui/text/text.h"

static void cleans_to(const char *text, size_t size, const char *expected)
{
    struct buf out;
    struct text_origin origin = {0};
    buf_init(&out, 1 << 20);
    assert_true(text_clean(text, size, &out, &origin));
    assert_string_equal(buf_text(&out), expected);
    assert_int_equal(origin.n, out.size);
    for (size_t i = 0; i < origin.n; i++) {
        assert_true(origin.at[i] < size);
        assert_true(i == 0 || origin.at[i] >= origin.at[i - 1]);
    }
    text_origin_free(&origin);
    buf_free(&out);
}

#define CLEANS(text, expected) cleans_to(text, sizeof(text) - 1, expected)

static void attacks_become_visible(void **state)
{
    (void)state;
    CLEANS("plain\n\ttext", "plain\n\ttext");
    CLEANS("a\r\nb\rc", "a\nb␍c");
    CLEANS("\x1B[2J\x1B[31mred", "␛[2J␛[31mred");
    CLEANS("\x1B]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA==␇");
    CLEANS("\x1BP$q\"p\x1B\\", "␛P$q\"p␛\\");
    CLEANS("a\0b\x7F", "a␀b␡");
    CLEANS("\b\b\b\x0E\x0F", "␈␈␈␎␏");
    CLEANS("\xC2\x9B"
           "31m\xC2\x85",
           "‹U+009B›31m‹U+0085›");
    CLEANS("if (\xE2\x80\xAE"
           "admin\xE2\x81\xA6)",
           "if (‹U+202E›admin‹U+2066›)");
    CLEANS("\xE2\x80\xA8\xE2\x80\x8F\xD8\x9C", "‹U+2028›‹U+200F›‹U+061C›");
    CLEANS("zero\xE2\x80\x8Bwidth\xEF\xBB\xBF", "zero‹U+200B›width‹U+FEFF›");
    CLEANS("soft\xC2\xADhyphen", "soft‹U+00AD›hyphen");
    CLEANS("\xF3\xA0\x81\x81\xF3\xA0\x81\xBF", "‹U+E0041›‹U+E007F›");
    CLEANS("❤\xEF\xB8\x8F\xEF\xB8\x8E", "❤\xEF\xB8\x8F‹U+FE0E›");
    CLEANS("x\xEF\xB8\x8F", "x‹U+FE0F›");
    CLEANS("\xE1\x85\x9F\xE1\x85\xA0\xE3\x85\xA4\xE1\xA0\x8E", "‹U+115F›‹U+1160›‹U+3164›‹U+180E›");
    CLEANS("a\xF3\xA0\x84\x80\xF3\xA0\x84\x81", "a‹U+E0100›‹U+E0101›");
    CLEANS("a\xE2\x80\x8D\x62", "a‹U+200D›b");
    CLEANS("\xFF\xC3", "\xEF\xBF\xBD\xEF\xBF\xBD");
    CLEANS("\xC0\xAF\xE0\x80\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    CLEANS("\xED\xA0\x80\xF4\x90\x80\x80\xEF\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                                                       "\xEF\xBF\xBD\xEF\xBF\xBD‹U+FFFF›");
    CLEANS("\xCC\x81"
           "a\n\xCC\x81",
           "◌\xCC\x81"
           "a\n◌\xCC\x81");
}

static void writing_stays_as_it_is(void **state)
{
    (void)state;
    CLEANS("naïve 日本語 한국어 👩‍👩‍👧‍👦 🇩🇪 1️⃣ ❤️",
           "naïve 日本語 한국어 👩‍👩‍👧‍👦 🇩🇪 1️⃣ ❤️");
    CLEANS("می‌خواهم", "می‌خواهم");
    CLEANS("क्‍ष é z̷̡", "क्‍ष é z̷̡");
    CLEANS("葛\xF3\xA0\x84\x80", "葛\xF3\xA0\x84\x80");
}

/* Nothing unsafe passes, whichever character it is and whichever comes before it. */
static void no_character_commands(void **state)
{
    (void)state;
    static const char *const before[] = {"", "a", "\n", "日", "👩", "\xE2\x80\x8D"};
    struct buf out;
    buf_init(&out, 1 << 20);
    for (uint32_t code = 0; code < 0x110000; code++) {
        if (code >= 0xD800 && code < 0xE000)
            continue;
        char text[16];
        const char *first = before[code % 6];
        memcpy(text, first, strlen(first));
        size_t size = strlen(first) + utf8_encode(code, text + strlen(first));
        buf_clear(&out);
        assert_true(text_clean(text, size, &out, NULL));
        for (size_t at = 0, used; at < out.size; at += used)
            assert_false(utf8_is_unsafe(utf8_decode(out.data + at, out.size - at, &used)));
    }
    buf_free(&out);
}

static void origins_lead_back(void **state)
{
    (void)state;
    static const char text[] = "é\x1B\xFFx\r\ny\xE2\x80\xAEz";
    static const uint32_t expected[] = {0, 1, 2, 2, 2, 3, 3, 3, 4, 6, 7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 11};
    struct buf out;
    struct text_origin origin = {0};
    buf_init(&out, 1 << 20);
    assert_true(text_clean(text, sizeof text - 1, &out, &origin));
    assert_int_equal(origin.n, sizeof expected / sizeof *expected);
    assert_memory_equal(origin.at, expected, sizeof expected);
    text_origin_free(&origin);
    buf_free(&out);
}

static void no_memory_is_told(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4);
    assert_false(text_clean("\x1B\x1B", 2, &out, NULL));
    buf_free(&out);
}

static void clusters_hold_together(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        int columns;
    } cases[] = {
        {"ab", 1, 1},
        {"é", 2, 1},
        {"e\xCC\x81x", 3, 1},
        {"日本", 3, 2},
        {"한", 3, 2},
        {"\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", 9, 2}, /* the same from its parts */
        {"👍🏽!", 8, 4},
        {"🇩🇪🇫🇷", 8, 2},
        {"👩‍👩‍👧‍👦.", 25, 8},
        {"❤️", 6, 1},
        {"1️⃣", 7, 1},
        {"\t", 1, 1},
        {"\n", 1, 0},
        {"\xFFz", 1, 1},
        {"นี่", 9, 1},
        {"a\r", 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int columns;
        assert_int_equal(text_cluster(cases[i].text, strlen(cases[i].text), &columns), cases[i].size);
        if (columns != cases[i].columns)
            fail_msg("%s: %d columns, not %d", cases[i].text, columns, cases[i].columns);
    }
}

static void clusters_are_found_from_behind(void **state)
{
    (void)state;
    const char *text = "a日e\xCC\x81👩‍👩‍👧‍👦🇩🇪🇫🇷\n한x";
    size_t ends[32], n = 0;
    for (size_t at = 0; at < strlen(text); ends[n++] = at) {
        int columns;
        at += text_cluster(text + at, strlen(text) - at, &columns);
    }
    assert_int_equal(n, 9);
    while (n-- > 0)
        assert_int_equal(text_cluster_before(text, ends[n]), ends[n] - (n > 0 ? ends[n - 1] : 0));
    assert_int_equal(text_cluster_before(text, 0), 0);
}

static void columns_count_tabs(void **state)
{
    (void)state;
    assert_int_equal(text_columns("a\tb", 3, 0), 5);
    assert_int_equal(text_columns("a\tb", 3, 2), 3);
    assert_int_equal(text_columns("日本", 6, 0), 4);
    assert_int_equal(text_fit("日本", 6, 3), 3);
    assert_int_equal(text_fit("e\xCC\x81\xCC\x82x", 6, 1), 5);
    assert_int_equal(text_fit("a\tb", 3, 3), 1);
}

/* The C library decides how wide a character is; where it does not know (an ASCII locale) ours agrees. */
static void columns_do_not_depend_on_the_locale(void **state)
{
    (void)state;
    static const char *const texts[] = {"é", "日本", "👍", "e\xCC\x81", "한", "Ω", "’", "│"};
    int with[8], without[8];
    for (size_t i = 0; i < 8; i++)
        with[i] = text_columns(texts[i], strlen(texts[i]), 0);
    setlocale(LC_CTYPE, "C");
    for (size_t i = 0; i < 8; i++)
        without[i] = text_columns(texts[i], strlen(texts[i]), 0);
    setlocale(LC_CTYPE, "C.UTF-8");
    assert_memory_equal(with, without, sizeof with);
}

/* Compares the lines of text, joined with '|', with what is expected. */
static void wraps_to(const char *text, int width, const char *expected)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        size_t end, next = text_wrap(text + at, size - at, width, &end);
        assert_true(next > 0 && end <= next && next <= size - at);
        assert_true(text_columns(text + at, end, 0) <= width);
        buf_append(&out, text + at, end);
        at += next;
        if (at < size)
            buf_putc(&out, '|');
    }
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
}

static void lines_break_between_words(void **state)
{
    (void)state;
    wraps_to("abcde \xD8\x95", 5, "abcde| \xD8\x95"); /* a blank that bears a mark is no place to break */
    wraps_to("ab \xD8\x95 cd", 4, "ab \xD8\x95|cd");
    wraps_to("", 10, "");
    wraps_to("short", 10, "short");
    wraps_to("one two three", 7, "one two|three");
    wraps_to("one two  three", 8, "one two|three");
    wraps_to("one\n\ntwo  \nthree", 80, "one||two|three");
    wraps_to("exactly ten", 11, "exactly ten");
    wraps_to("  indented text", 10, "  indented|text");
    wraps_to("well-known words", 12, "well-known|words");
    wraps_to("a well-known", 8, "a well-|known");
    wraps_to("a well-known", 10, "a|well-known");
    wraps_to("see https://example.org/a/long/path now", 20, "see https://|example.org/a/long/|path now");
    wraps_to("abcdefghijklmno", 6, "abcdef|ghijkl|mno");
    wraps_to("ab abcdefghij", 6, "ab|abcdef|ghij");
    wraps_to("a\tb c", 6, "a\tb|c");
}

static void lines_break_between_characters_of_cjk(void **state)
{
    (void)state;
    wraps_to("日本語の文章です。", 8, "日本語の|文章で|す。");
    wraps_to("「日本」語", 6, "「日|本」語");
    wraps_to("用 word 混合", 7, "用 word|混合");
    wraps_to("한국어 문장은 긴단어들이다", 9, "한국어|문장은|긴단어들|이다");
    wraps_to("日本語", 3, "日|本|語");
    wraps_to("👩‍👩‍👧‍👦x", 2, "👩‍|👩‍|👧‍|👦|x");
    wraps_to("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 10,
             "👩‍👩‍👧‍👦|👩‍👩‍👧‍👦");
}

static void wide_blanks_do_not_stop_it(void **state)
{
    (void)state;
    wraps_to("          x", 4, "||  x");
    wraps_to("a          b", 4, "a|b");
    wraps_to("\t\t", 2, "|");
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks_become_visible),
        cmocka_unit_test(writing_stays_as_it_is),
        cmocka_unit_test(no_character_commands),
        cmocka_unit_test(origins_lead_back),
        cmocka_unit_test(no_memory_is_told),
        cmocka_unit_test(clusters_hold_together),
        cmocka_unit_test(clusters_are_found_from_behind),
        cmocka_unit_test(columns_count_tabs),
        cmocka_unit_test(columns_do_not_depend_on_the_locale),
        cmocka_unit_test(lines_break_between_words),
        cmocka_unit_test(lines_break_between_characters_of_cjk),
        cmocka_unit_test(wide_blanks_do_not_stop_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
