/* The composer: keys in, text and cursor out, with an ~/.editrc of its own. */
#include <config.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/cmocka.h"
#include "ui/panes/composer.h"

/* libtinfo keeps a string for each terminal that libedit asks about. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:_nc_trim_sgr0\n";
}

static char home[] = "/tmp/palaver-composer-XXXXXX";

static struct composer *open_with(const char *editrc)
{
    char path[64];
    snprintf(path, sizeof path, "%s/.editrc", home);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(editrc, f);
    assert_int_equal(fclose(f), 0);
    struct error err = {0};
    struct composer *c = composer_open("palaver", &err);
    assert_non_null(c);
    return c;
}

static enum composer_result press(struct composer *c, enum key_code code, unsigned modifiers, wchar_t character)
{
    return composer_key(c, &(struct key){.code = code, .modifiers = modifiers, .character = character});
}

static void type(struct composer *c, const wchar_t *text)
{
    for (; *text != L'\0'; text++)
        assert_int_equal(press(c, KEYS_CHARACTER, 0, *text), COMPOSER_EDITED);
}

static enum composer_result ctrl(struct composer *c, wchar_t letter)
{
    return press(c, KEYS_CHARACTER, KEY_CTRL, letter);
}

static void times(struct composer *c, int n, enum key_code code)
{
    while (n-- > 0)
        press(c, code, 0, 0);
}

static void paste(struct composer *c, const char *text, size_t size)
{
    assert_int_equal(composer_key(c, &(struct key){.code = KEYS_PASTE, .text = text, .text_size = size}),
                     COMPOSER_EDITED);
}

static void assert_holds(const struct composer *c, const char *text, size_t cursor)
{
    size_t size, at;
    const char *held = composer_text(c, &size, &at);
    assert_string_equal(held, text);
    assert_int_equal(size, strlen(text));
    assert_int_equal(at, cursor);
}

static void assert_at(const struct composer *c, int columns, int line, int column)
{
    int l, k;
    composer_cursor(c, columns, &l, &k);
    assert_int_equal(l, line);
    assert_int_equal(k, column);
}

static void test_typing(void **state)
{
    (void)state;
    struct composer *c = open_with("");
    type(c, L"héllo 世界");
    assert_holds(c, "héllo 世界", 13);
    assert_int_equal(press(c, KEYS_ENTER, 0, 0), COMPOSER_SEND);
    assert_holds(c, "héllo 世界", 13);
    assert_int_equal(press(c, KEYS_TAB, 0, 0), COMPOSER_COMPLETE);
    assert_int_equal(press(c, KEYS_ESCAPE, 0, 0), COMPOSER_ESCAPE);
    assert_int_equal(press(c, KEYS_F1 + 2, 0, 0), COMPOSER_UNUSED);
    assert_int_equal(press(c, KEYS_PAGE_UP, 0, 0), COMPOSER_UNUSED);
    assert_int_equal(ctrl(c, L'l'), COMPOSER_UNUSED);
    assert_int_equal(ctrl(c, L'c'), COMPOSER_INTERRUPT);
    assert_int_equal(ctrl(c, L'g'), COMPOSER_EDITOR);
    assert_int_equal(ctrl(c, L'x'), COMPOSER_EDITED);
    assert_int_equal(ctrl(c, L'e'), COMPOSER_EDITOR);
    assert_holds(c, "héllo 世界", 13);
    assert_true(composer_set(c, "", 0));
    assert_int_equal(ctrl(c, L'd'), COMPOSER_END);
    composer_free(c);
}

static void test_emacs(void **state)
{
    (void)state;
    struct composer *c = open_with("");
    type(c, L"one two three");
    ctrl(c, L'w');
    assert_holds(c, "one two ", 8);
    ctrl(c, L'y');
    assert_holds(c, "one two three", 13);
    ctrl(c, L'a');
    ctrl(c, L'f');
    ctrl(c, L'd');
    assert_holds(c, "oe two three", 1);
    press(c, KEYS_CHARACTER, KEY_ALT, L'f');
    assert_holds(c, "oe two three", 2);
    ctrl(c, L'k');
    assert_holds(c, "oe", 2);
    times(c, 2, KEYS_LEFT);
    assert_holds(c, "oe", 0);
    ctrl(c, L'y');
    assert_holds(c, " two threeoe", 10);
    times(c, 1, KEYS_HOME);
    assert_holds(c, " two threeoe", 0);
    times(c, 1, KEYS_DELETE);
    times(c, 1, KEYS_END);
    assert_holds(c, "two threeoe", 11);
    press(c, KEYS_LEFT, KEY_CTRL, 0);
    assert_holds(c, "two threeoe", 4);
    assert_int_equal(press(c, KEYS_CHARACTER, KEY_ALT, L'q'), COMPOSER_UNUSED);
    ctrl(c, L'x');
    ctrl(c, L'q'); /* not bound */
    press(c, KEYS_ESCAPE, 0, 0);
    assert_int_equal(press(c, KEYS_ENTER, 0, 0), COMPOSER_SEND);
    press(c, KEYS_CHARACTER, KEY_ALT, L'u');
    assert_holds(c, "two THREEOE", 11);
    composer_free(c);
}

static void test_undo(void **state)
{
    (void)state;
    struct composer *c = open_with("");
    type(c, L"one two");
    ctrl(c, L'u');
    paste(c, "x\ny", 3);
    assert_holds(c, "x\ny", 3);
    ctrl(c, L'_');
    assert_holds(c, "", 0);
    ctrl(c, L'_');
    assert_holds(c, "one two", 7);
    ctrl(c, L'_');
    assert_holds(c, "one ", 4);
    ctrl(c, L'/');
    assert_holds(c, "", 0);
    ctrl(c, L'_');
    type(c, L"a");
    ctrl(c, L'_');
    assert_holds(c, "", 0);
    composer_free(c);
}

static void test_vi(void **state)
{
    (void)state;
    struct composer *c = open_with("bind -v\n");
    type(c, L"one two");
    times(c, 3, KEYS_LEFT);
    type(c, L"k");
    assert_holds(c, "one ktwo", 5);
    assert_int_equal(press(c, KEYS_ESCAPE, 0, 0), COMPOSER_EDITED);
    assert_int_equal(press(c, KEYS_ESCAPE, 0, 0), COMPOSER_ESCAPE);
    type(c, L"0dw");
    assert_holds(c, "ktwo", 0);
    type(c, L"u");
    assert_holds(c, "one ktwo", 0);
    type(c, L"ftx");
    assert_holds(c, "one kwo", 5);
    type(c, L"rW");
    assert_holds(c, "one kWo", 5);
    type(c, L"d");
    paste(c, "x\ny", 3);
    assert_holds(c, "one kx\nyWo", 8);
    assert_int_equal(press(c, KEYS_ENTER, 0, 0), COMPOSER_SEND);
    composer_free(c);
}

static void test_many_lines(void **state)
{
    (void)state;
    struct composer *c = open_with("");
    type(c, L"first");
    ctrl(c, L'j');
    type(c, L"2nd\\");
    assert_int_equal(press(c, KEYS_ENTER, 0, 0), COMPOSER_EDITED);
    type(c, L"third");
    press(c, KEYS_ENTER, KEY_ALT, 0);
    press(c, KEYS_ENTER, KEY_SHIFT, 0);
    assert_holds(c, "first\n2nd\nthird\n\n", 17);
    assert_int_equal(composer_lines(c, 40), 5);
    assert_at(c, 40, 4, 0);
    times(c, 2, KEYS_BACKSPACE);
    times(c, 1, KEYS_UP);
    assert_at(c, 40, 1, 3);
    times(c, 1, KEYS_UP);
    assert_at(c, 40, 0, 5); /* the column where it started */
    times(c, 2, KEYS_DOWN);
    assert_at(c, 40, 2, 5);
    times(c, 1, KEYS_HOME);
    assert_at(c, 40, 2, 0);
    composer_free(c);
}

static void test_history(void **state)
{
    (void)state;
    struct composer *c = open_with("");
    composer_remember(c, "alpha");
    composer_remember(c, "beta\nmore");
    composer_remember(c, "beta\nmore");
    type(c, L"draft");
    times(c, 1, KEYS_UP);
    assert_holds(c, "beta\nmore", 9);
    times(c, 2, KEYS_UP);
    assert_holds(c, "alpha", 5);
    type(c, L"!");
    ctrl(c, L'n');
    ctrl(c, L'p'); /* inside beta */
    ctrl(c, L'p');
    assert_holds(c, "alpha!", 6);
    times(c, 2, KEYS_DOWN);
    assert_holds(c, "draft", 5);
    times(c, 1, KEYS_DOWN);
    assert_holds(c, "draft", 5);
    ctrl(c, L'r');
    type(c, L"alp");
    press(c, KEYS_ENTER, 0, 0);
    assert_holds(c, "alpha", 0);
    ctrl(c, L'_');
    assert_holds(c, "draft", 5);
    composer_free(c);
}

static void test_search_given_up(void **state)
{
    (void)state;
    struct composer *c = open_with("");
    type(c, L"draft");
    ctrl(c, L'r');
    type(c, L"zz");
    paste(c, "+", 1);
    assert_holds(c, "draft+", 6);
    ctrl(c, L'r');
    assert_int_equal(ctrl(c, L'c'), COMPOSER_INTERRUPT);
    assert_holds(c, "draft+", 6);
    composer_free(c);
}

static void test_hostile_paste(void **state)
{
    (void)state;
    struct composer *c = open_with("");
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 200; i++) {
        buf_printf(&text, "%d\t/quit \033[2J\r\x01\x7f \xff\xc3( 你好 👩‍👩‍👧 \xe2\x80\xae", i);
        buf_append(&text, "\0\n", 2);
    }
    size_t size;
    paste(c, text.data, text.size);
    const char *held = composer_text(c, &size, NULL);
    assert_int_equal(size, text.size);
    assert_memory_equal(held, text.data, size);
    assert_int_equal(composer_lines(c, 200), 1);
    composer_set(c, held, size); /* which puts it there as text */
    held = composer_text(c, &size, NULL);
    assert_int_equal(size, text.size);
    assert_memory_equal(held, text.data, size);
    assert_true(composer_lines(c, 200) >= 201);
    times(c, 1, KEYS_BACKSPACE);
    held = composer_text(c, &size, NULL);
    assert_int_equal(size, text.size - 1);
    buf_free(&text);
    composer_free(c);
}

/* ---- long pastes ------------------------------------------------------------------------------------------------ */

/* "1\n2\n…", n lines. */
static char *lines(int n)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 1; i <= n; i++)
        buf_printf(&text, "%d\n", i);
    return buf_take(&text);
}

static void assert_shows(const struct composer *c, const char *text)
{
    size_t size;
    assert_string_equal(composer_shown(c, &size), text);
    assert_int_equal(size, strlen(text));
}

/* Opens a composer with "a", the paste, "b". */
static struct composer *open_pasted(const char *text)
{
    struct composer *c = open_with("");
    type(c, L"a");
    paste(c, text, strlen(text));
    type(c, L"b");
    return c;
}

#define LABEL "[pasted\u00a0312\u00a0lines]"

static void test_long_paste_is_one_thing(void **state)
{
    char whole[4096], *text = lines(312);
    (void)state;
    struct composer *c = open_pasted(text);
    snprintf(whole, sizeof whole, "a%sb", text);
    assert_shows(c, "a" LABEL "b");
    assert_holds(c, whole, strlen(whole));
    assert_at(c, 80, 0, 20);
    times(c, 1, KEYS_LEFT);
    assert_holds(c, whole, strlen(whole) - 1);
    times(c, 1, KEYS_LEFT);
    assert_holds(c, whole, 1);
    assert_at(c, 80, 0, 1);
    times(c, 1, KEYS_DELETE);
    assert_holds(c, "ab", 1);
    ctrl(c, L'_');
    assert_shows(c, "a" LABEL "b");
    assert_holds(c, whole, 1);
    times(c, 1, KEYS_RIGHT);
    times(c, 1, KEYS_BACKSPACE);
    assert_holds(c, "ab", 1);
    for (int i = 0; i < 3; i++)
        ctrl(c, L'_');
    assert_holds(c, "a", 1);
    composer_free(c);
    free(text);
}

static void test_only_long_pastes_are_folded(void **state)
{
    char *short_text = lines(20), long_text[2002];
    (void)state;
    struct composer *c = open_pasted(short_text);
    assert_int_equal(composer_lines(c, 80), 21);
    composer_set(c, "", 0);
    memset(long_text, 'x', sizeof long_text);
    paste(c, long_text, 2000);
    assert_int_equal(*composer_shown(c, &(size_t){0}), 'x');
    composer_set(c, "", 0);
    paste(c, long_text, 2001);
    assert_shows(c, "[pasted\u00a02001\u00a0characters]");
    composer_free(c);
    free(short_text);
}

/* Characters for private use, and bytes that would be a mark if they were UTF-8. */
static void test_no_text_is_mistaken_for_a_paste(void **state)
{
    static const char odd[] = "\U000F0000\U00100000\U0010FFFF \xf4\x90\x80\x80";
    char whole[4096], *text = lines(312);
    (void)state;
    struct composer *c = open_pasted(text);
    paste(c, odd, strlen(odd));
    snprintf(whole, sizeof whole, "a%sb%s", text, odd);
    assert_holds(c, whole, strlen(whole));
    assert_shows(c, "a" LABEL "b\U000F0000\U00100000\U0010FFFF \xf4\x90\x80\x80");
    assert_int_equal(press(c, KEYS_CHARACTER, 0, 0x110000), COMPOSER_UNUSED);
    composer_free(c);
    free(text);
}

static void test_long_pastes_side_by_side(void **state)
{
    char whole[8192], *first = lines(312), *second = lines(21);
    (void)state;
    struct composer *c = open_pasted(first);
    paste(c, second, strlen(second));
    paste(c, first, strlen(first));
    snprintf(whole, sizeof whole, "a%sb%s%s", first, second, first);
    assert_holds(c, whole, strlen(whole));
    assert_shows(c, "a" LABEL "b[pasted\u00a021\u00a0lines]" LABEL);
    ctrl(c, L't'); /* swaps what is before the cursor */
    snprintf(whole, sizeof whole, "a%sb%s%s", first, first, second);
    assert_holds(c, whole, strlen(whole));
    times(c, 1, KEYS_BACKSPACE);
    assert_shows(c, "a" LABEL "b" LABEL);
    times(c, 2, KEYS_BACKSPACE);
    type(c, L"\u0301"); /* combines with nothing of the paste */
    times(c, 1, KEYS_BACKSPACE);
    assert_shows(c, "a" LABEL);
    composer_free(c);
    free(first);
    free(second);
}

static void test_long_paste_is_kept(void **state)
{
    char whole[4096], *text = lines(312);
    (void)state;
    struct composer *c = open_pasted(text);
    snprintf(whole, sizeof whole, "a%sb", text);
    composer_remember(c, "earlier");
    times(c, 1, KEYS_UP);
    assert_holds(c, "earlier", 7);
    times(c, 1, KEYS_DOWN); /* back to what is being written */
    assert_shows(c, "a" LABEL "b");
    assert_holds(c, whole, strlen(whole));
    ctrl(c, L'r'); /* a search that is given up */
    type(c, L"earl");
    ctrl(c, L'c');
    assert_shows(c, "a" LABEL "b");
    ctrl(c, L'u');
    composer_remember(c, whole); /* as when it is sent */
    composer_set(c, "", 0);
    ctrl(c, L'y');
    assert_shows(c, "a" LABEL "b");
    assert_holds(c, whole, strlen(whole));
    composer_set(c, "", 0);
    times(c, 1, KEYS_UP);
    assert_holds(c, whole, strlen(whole));
    composer_free(c);
    free(text);
}

/* In a narrow window the label is divided; every key up and down moves on all the same. */
static void test_lines_around_a_label(void **state)
{
    char *text = lines(312);
    (void)state;
    struct composer *c = open_pasted(text);
    int line, column;
    composer_insert(c, "xxxxxxxxxx\nlast", 15, 0);
    const int n = composer_lines(c, 8);
    assert_true(n > 3);
    for (int i = 0; i < n; i++)
        times(c, 1, KEYS_UP);
    composer_cursor(c, 8, &line, &column);
    assert_int_equal(line, 0);
    for (int i = 0; i < n; i++)
        times(c, 1, KEYS_DOWN);
    composer_cursor(c, 8, &line, &column);
    assert_int_equal(line, n - 1);
    composer_move(c, 4); /* a click on the label */
    assert_at(c, 80, 0, 19);
    composer_free(c);
    free(text);
}

/* A completed word that begins inside a paste: the paste becomes text. */
static void test_completing_a_word_of_a_paste(void **state)
{
    char whole[4096], *text = lines(312);
    (void)state;
    struct composer *c = open_with("");
    text[strlen(text) - 1] = '@';
    paste(c, text, strlen(text));
    type(c, L"no");
    assert_true(composer_insert(c, "312@notes", 9, 6));
    snprintf(whole, sizeof whole, "%snotes", text);
    assert_holds(c, whole, strlen(whole));
    composer_free(c);
    free(text);
}

static void test_long_paste_in_vi(void **state)
{
    char whole[4096], *text = lines(312);
    (void)state;
    struct composer *c = open_with("bind -v\n");
    type(c, L"a");
    paste(c, text, strlen(text));
    type(c, L"b");
    snprintf(whole, sizeof whole, "a%sb", text);
    assert_holds(c, whole, strlen(whole));
    press(c, KEYS_ESCAPE, 0, 0);
    type(c, L"hx");
    assert_holds(c, "ab", 1);
    type(c, L"u");
    size_t size;
    assert_string_equal(composer_text(c, &size, NULL), whole);
    composer_free(c);
    free(text);
}

static void test_clusters(void **state)
{
    (void)state;
    static const char *const clusters[] = {"👩‍👩‍👧", "e\u0301\u0323", "\u1112\u1161\u11ab", "🇩🇪", "哈"};
    struct composer *c = open_with("");
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        char text[64];
        size_t size = strlen(clusters[i]);
        snprintf(text, sizeof text, "a%sb", clusters[i]);
        composer_set(c, text, size + 2);
        times(c, 1, KEYS_LEFT);
        assert_holds(c, text, size + 1);
        times(c, 1, KEYS_LEFT);
        assert_holds(c, text, 1);
        times(c, 1, KEYS_RIGHT);
        assert_holds(c, text, size + 1);
        times(c, 1, KEYS_BACKSPACE);
        assert_holds(c, "ab", 1);
        composer_set_at(c, text, size + 2, 1);
        times(c, 1, KEYS_DELETE);
        assert_holds(c, "ab", 1);
    }
    composer_free(c);
}

static void test_layout(void **state)
{
    (void)state;
    struct composer *c = open_with("");
    size_t start, end;
    assert_int_equal(composer_lines(c, 10), 1);
    assert_true(composer_line(c, 10, 0, &start, &end));
    assert_at(c, 10, 0, 0);
    composer_set(c, "abcdefghi jkl 世界世界世界", 32);
    assert_int_equal(composer_lines(c, 10), 3);
    assert_true(composer_line(c, 10, 1, &start, &end));
    assert_int_equal(start, 10);
    assert_false(composer_line(c, 10, 4, &start, &end));
    assert_at(c, 10, 2, 8);
    assert_int_equal(composer_offset(c, 10, 0, 3), 3);
    assert_int_equal(composer_offset(c, 10, 9, 3), 32);
    composer_move(c, 4);
    assert_at(c, 10, 0, 4);
    assert_at(c, 40, 0, 4);
    composer_set(c, "\033x", 2);
    assert_at(c, 10, 0, 2);
    composer_free(c);
}

/* A layout kept up to date equals a new one. */
static void test_layout_kept(void **state)
{
    (void)state;
    struct composer *c = open_with(""), *fresh = open_with("");
    srand(1);
    for (int i = 0; i < 400; i++) {
        static const char *const pieces[] = {"a", " ", "\n", "longer-word", "世界", "two words", "x/y"};
        const char *piece = pieces[rand() % 7];
        size_t size, cursor, a, b, e, f;
        composer_text(c, &size, &cursor);
        composer_move(c, composer_offset(c, 12, rand() % composer_lines(c, 12), rand() % 12));
        composer_insert(c, piece, strlen(piece), (size_t)(rand() % 3 == 0));
        const char *text = composer_text(c, &size, NULL);
        composer_set(fresh, "", 0);
        composer_lines(fresh, 13);
        composer_set(fresh, text, size);
        int n = composer_lines(fresh, 12);
        assert_int_equal(composer_lines(c, 12), n);
        for (int line = 0; line < n; line++) {
            assert_true(composer_line(c, 12, line, &a, &b) && composer_line(fresh, 12, line, &e, &f));
            assert_true(a == e && b == f);
        }
    }
    composer_free(c);
    composer_free(fresh);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_large_text(void **state)
{
    (void)state;
    struct composer *c = open_with("");
    const char *megabytes = getenv("MEGABYTES");
    size_t size = (size_t)(megabytes != NULL ? atoi(megabytes) : 1) << 20, held, cursor;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = i % 61 == 60 ? '\n' : i % 7 == 6 ? ' ' : (char)('a' + i % 26);
    double start = seconds();
    composer_insert(c, text, size, 0);
    double inserted = seconds();
    int lines = composer_lines(c, 80);
    double laid_out = seconds();
    type(c, L"x");
    assert_int_equal(composer_lines(c, 80), lines);
    double typed = seconds();
    press(c, KEYS_LEFT, 0, 0);
    type(c, L"y");
    assert_int_equal(composer_lines(c, 80), lines);
    print_message("%zu bytes: insert %.3f s, layout %.3f s, a key after them %.3f s, two inside %.3f s\n", size,
                  inserted - start, laid_out - inserted, typed - laid_out, seconds() - typed);
    const char *now = composer_text(c, &held, &cursor);
    assert_int_equal(held, size + 2);
    assert_memory_equal(now, text, size);
    free(text);
    composer_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typing),
        cmocka_unit_test(test_emacs),
        cmocka_unit_test(test_vi),
        cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_search_given_up),
        cmocka_unit_test(test_clusters),
        cmocka_unit_test(test_hostile_paste),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_undo),
        cmocka_unit_test(test_layout_kept),
        cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_long_paste_is_one_thing),
        cmocka_unit_test(test_only_long_pastes_are_folded),
        cmocka_unit_test(test_no_text_is_mistaken_for_a_paste),
        cmocka_unit_test(test_long_pastes_side_by_side),
        cmocka_unit_test(test_long_paste_is_kept),
        cmocka_unit_test(test_lines_around_a_label),
        cmocka_unit_test(test_completing_a_word_of_a_paste),
        cmocka_unit_test(test_long_paste_in_vi),
    };
    char path[64];
    setlocale(LC_ALL, "C.UTF-8");
    if (mkdtemp(home) == NULL || setenv("HOME", home, 1) != 0)
        return 1;
    setenv("TERM", "xterm-256color", 1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(path, sizeof path, "%s/.editrc", home);
    unlink(path);
    rmdir(home);
    return failed;
}
