/* Tests of base/: buffers stop at their maximum, the first error wins, UTF-8 is held to the standard. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/lines.h"
#include "base/utf8.h"
#include "tests/cmocka.h"

static void first_error_wins(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(error_set(&err, ERR_FORMAT, "%s is\nbad", "x"), ERR_FORMAT);
    assert_int_equal(error_set(&err, ERR_IO, "later"), ERR_IO);
    assert_int_equal(err.code, ERR_FORMAT);
    assert_string_equal(err.message, "x is?bad");
    error_clear(&err);
    error_set(&err, ERR_IO, "%s", "caf\xC3\xA9 \x1B[2J \xC2\x9B \xFF\xC3");
    assert_string_equal(err.message, "caf\xC3\xA9 ?[2J ?? ??");
}

static void buffer_stops_at_its_maximum(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5);
    assert_true(buf_puts(&b, "abc"));
    assert_true(buf_printf(&b, "%d", 45));
    assert_false(buf_putc(&b, '!'));
    assert_false(buf_append(&b, "", 0));
    assert_true(buf_failed(&b));
    assert_string_equal(buf_text(&b), "abc45");
    buf_clear(&b);
    assert_true(buf_puts(&b, "ok"));
    buf_truncate(&b, 1);
    char *taken = buf_take(&b);
    assert_string_equal(taken, "o");
    free(taken);
    assert_string_equal(buf_text(&b), "");
}

static void utf8_follows_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t code;
        size_t used;
    } rows[] = {
        {"a", 'a', 1},
        {"\xC3\xA9", 0xE9, 2},
        {"\xE4\xBD\xA0", 0x4F60, 3},
        {"\xF0\x9F\xA6\x99", 0x1F999, 4},
        {"\xC0\xAF", UTF8_INVALID, 1},
        {"\xED\xA0\x80", UTF8_INVALID, 1},
        {"\xF4\x90\x80\x80", UTF8_INVALID, 1},
        {"\xE4\xBD", UTF8_INVALID, 2},
        {"\xF0\x9F\xA6 ", UTF8_INVALID, 3},
        {"\x80", UTF8_INVALID, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t used;
        assert_int_equal(utf8_decode(rows[i].text, strlen(rows[i].text), &used), rows[i].code);
        assert_int_equal(used, rows[i].used);
    }
    for (uint32_t code = 0; code <= 0x10FFFF; code += 7) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        char bytes[4];
        size_t used, n = utf8_encode(code, bytes);
        assert_int_equal(utf8_decode(bytes, n, &used), code);
        assert_int_equal(used, n);
        assert_int_equal(utf8_check(bytes, n), n);
        for (size_t cut = 1; cut < n; cut++)
            assert_int_equal(utf8_pending(bytes, cut), cut);
    }
    assert_int_equal(utf8_pending("a\xFF", 2), 0);
}

static void cleaning_leaves_nothing_that_commands_a_terminal(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    const char dirty[] = "a\x1b[2J\tb\r\nc\x9b\xC2\x9B\xE2\x80\xAE!\x07\x7f";
    assert_true(utf8_clean(&b, dirty, sizeof dirty - 1));
    assert_string_equal(buf_text(&b), "a␛[2J\tb\nc\xEF\xBF\xBD‹U+009B›‹U+202E›!␇␡");
    buf_free(&b);
}

static void cleans_to(const char *text, const char *expected)
{
    struct buf b;
    buf_init(&b, 1000);
    assert_true(utf8_clean(&b, text, strlen(text)));
    assert_string_equal(buf_text(&b), expected);
    assert_true(b.size <= strlen(text) * UTF8_CLEAN_GROWTH);
    buf_free(&b);
}

static void cleaning_shows_what_hides(void **state)
{
    (void)state;
    cleans_to("pass\xC2\xADword", "pass‹U+00AD›word");
    cleans_to("a\xE2\x80\x8B\xE2\x81\xA0z\xEF\xBB\xBF", "a‹U+200B›‹U+2060›z‹U+FEFF›");
    cleans_to("\xE3\x85\xA4\xE1\x85\x9F\xE1\x85\xA0\xEF\xBE\xA0", "‹U+3164›‹U+115F›‹U+1160›‹U+FFA0›");
    cleans_to("\xE1\xA0\x8E\xE2\x81\xAA\xE2\x81\xAF\xEF\xBF\xB9\xEF\xBF\xBB",
              "‹U+180E›‹U+206A›‹U+206F›‹U+FFF9›‹U+FFFB›");
    cleans_to("x\xF3\xA0\x80\x81\xF3\xA0\x81\x94", "x‹U+E0001›‹U+E0054›");
    /* a message hidden in selectors: after letters, and many after one emoji */
    cleans_to("h\xEF\xB8\x80i\xEF\xB8\x8F", "h‹U+FE00›i‹U+FE0F›");
    cleans_to("👍\xEF\xB8\x8F\xF3\xA0\x84\x91", "👍\xEF\xB8\x8F‹U+E0111›");
    cleans_to("in\xE2\x80\x8Dvisible \xE2\x80\x8C", "in‹U+200D›visible ‹U+200C›");
}

static void cleaning_leaves_scripts_and_emoji(void **state)
{
    static const char *const texts[] = {
        "می‌خواهم کتاب‌ها",
        "क्‍ष ನ್‌ನ",
        "👨‍👩‍👧 ❤️‍🔥 🏴‍☠️ ☎︎ 2️⃣ ©️",
        "葛\xF3\xA0\x84\x80城",
        "ᠠ\xE1\xA0\x8B",
        "e\xCC\x81 ∩\xEF\xB8\x80",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cleans_to(texts[i], texts[i]);
}

/* An answer comes in pieces, which may divide a cluster. */
static void pieces_are_cleaned_as_one_text(void **state)
{
    (void)state;
    static const char *const pieces[] = {"👩", "\xE2\x80\x8D", "🚀 a", "\xE2\x80\x8D", "b"};
    struct buf b;
    uint32_t before = 0;
    buf_init(&b, 1000);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        assert_true(utf8_clean_after(&b, pieces[i], strlen(pieces[i]), &before));
    assert_string_equal(buf_text(&b), "👩‍🚀 a‹U+200D›b");
    buf_free(&b);
}

static void lines_come_trimmed_and_numbered(void **state)
{
    (void)state;
    struct error err = {0};
    struct lines l;
    static const char text[] = "\n# a comment\r\n\t name = value \r\n\n  last";
    assert_int_equal(lines_open_text(&l, "keys", text, sizeof text - 1, &err), ERR_NONE);
    assert_string_equal(lines_next_entry(&l), "name = value");
    assert_int_equal(l.number, 3);
    assert_string_equal(lines_next(&l), "");
    assert_string_equal(lines_next(&l), "last");
    assert_int_equal(lines_fail(&l, ERR_FORMAT, &err, "no '%c'", '='), ERR_FORMAT);
    assert_string_equal(err.message, "keys:5: no '='");
    assert_null(lines_next(&l));
    assert_null(lines_next_entry(&l));
    lines_close(&l);
    error_clear(&err);
    assert_int_equal(lines_open_text(&l, "keys", "a\0b", 3, &err), ERR_FORMAT);
    assert_non_null(strstr(err.message, "keys: not a text file; byte 1 is NUL"));
    assert_null(lines_next(&l));
}

static void only_small_regular_files_are_read_as_lines(void **state)
{
    (void)state;
    char folder[] = "/tmp/palaver-lines-XXXXXX", path[64];
    struct error err = {0};
    struct lines l;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    assert_int_equal(lines_open(&l, path, &err), ERR_NOT_FOUND);
    error_clear(&err);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(lines_open(&l, path, &err), ERR_IO); /* and does not wait for a writer */
    assert_non_null(strstr(err.message, "not a regular file"));
    error_clear(&err);
    unlink(path);
    FILE *f = fopen(path, "w");
    fputs("one\ntwo\n", f);
    fclose(f);
    assert_int_equal(lines_open(&l, path, &err), ERR_NONE);
    assert_string_equal(lines_next(&l), "one");
    assert_string_equal(lines_next(&l), "two");
    assert_null(lines_next(&l));
    lines_close(&l);
    assert_int_equal(truncate(path, (off_t)LINES_FILE_MAX + 1), 0);
    assert_int_equal(lines_open(&l, path, &err), ERR_FORMAT);
    assert_non_null(strstr(err.message, "larger than"));
    unlink(path);
    rmdir(folder);
}

static void folders_are_made_with_their_parents_and_for_the_user_alone(void **state)
{
    (void)state;
    char folder[] = "/tmp/palaver-folder-XXXXXX", path[64];
    struct error err = {0};
    struct stat st;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a/b/file", folder);
    assert_int_equal(folder_make_for(path, &err), ERR_NONE);
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(folder_make(path, &err), ERR_NONE);
    assert_int_equal(folder_make(path, &err), ERR_NONE); /* is there */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(folder_room(path) > 0 && folder_room(path) < UINT64_MAX);
    assert_int_equal(rmdir(path), 0);
    fclose(fopen(path, "w"));
    snprintf(path, sizeof path, "%s/a/b/file/c", folder);
    assert_int_equal(folder_make(path, &err), ERR_IO); /* a file is in the way */
    assert_non_null(strstr(err.message, path));
    for (char *slash = strrchr(path, '/'); slash > path + strlen(folder) - 1; slash = strrchr(path, '/')) {
        *slash = '\0';
        assert_int_equal(remove(path), 0);
    }
    assert_int_equal(folder_room(path), UINT64_MAX);
}

static void clocks_agree_on_their_units(void **state)
{
    (void)state;
    int64_t before = clock_milliseconds();
    double seconds = clock_seconds();
    int64_t after = clock_milliseconds();
    assert_true(seconds * 1000 >= (double)before && seconds * 1000 < (double)after + 1);
    assert_true(clock_wall() > INT64_C(1600000000000)); /* 2020 */
}

static void counts_have_commas(void **state)
{
    char text[COUNT_TEXT];
    (void)state;
    assert_string_equal(count_write(0, text), "0");
    assert_string_equal(count_write(999, text), "999");
    assert_string_equal(count_write(1204, text), "1,204");
    assert_string_equal(count_write(1000000, text), "1,000,000");
    assert_int_equal(strlen(count_write(SIZE_MAX, text)), 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(buffer_stops_at_its_maximum),
        cmocka_unit_test(utf8_follows_the_standard),
        cmocka_unit_test(cleaning_leaves_nothing_that_commands_a_terminal),
        cmocka_unit_test(cleaning_shows_what_hides),
        cmocka_unit_test(cleaning_leaves_scripts_and_emoji),
        cmocka_unit_test(pieces_are_cleaned_as_one_text),
        cmocka_unit_test(lines_come_trimmed_and_numbered),
        cmocka_unit_test(only_small_regular_files_are_read_as_lines),
        cmocka_unit_test(folders_are_made_with_their_parents_and_for_the_user_alone),
        cmocka_unit_test(clocks_agree_on_their_units),
        cmocka_unit_test(counts_have_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
