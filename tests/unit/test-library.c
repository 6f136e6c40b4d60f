/* Tests of what the commands about the history share: widths, ages, finding a conversation, replacing a file. */
#include <config.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/library/conversations.h"
#include "app/terminal/clipboard.h"
#include "app/terminal/columns.h"
#include "app/text/replace.h"
#include "tests/cmocka.h"

static void text_is_cut_between_characters(void **state)
{
    (void)state;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        skip();
    assert_int_equal(columns_fit("abc", 3, 2), 2);
    assert_int_equal(columns_fit("abc", 3, 10), 3);
    assert_int_equal(columns_fit("\xE5\xA4\xA9\xE7\xA9\xBA", 6, 3), 3); /* two columns each */
    assert_int_equal(columns_fit("e\xCC\x81x", 4, 1), 3);               /* the accent stays with its letter */
    assert_int_equal(columns_fit("\xFF\xFE", 2, 1), 1);
    assert_int_equal(columns_fit("", 0, 5), 0);
    assert_int_equal(columns_fit("a", 1, 0), 0);
    static const char family[] = "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7!";
    assert_int_equal(columns_fit(family, sizeof family - 1, 2), sizeof family - 2);
}

static void ages_are_told_as_people_do(void **state)
{
    (void)state;
    char out[LIBRARY_TIME_SIZE];
    setenv("TZ", "UTC", 1);
    const int64_t day = 86400000, now = 1795445857256; /* 2026-11-23 14:57 */
    library_time(now, out);
    assert_string_equal(out, "2026-11-23 14:57");
    library_age(now - 3600000, now, out);
    assert_string_equal(out, "today 13:57");
    library_age(now - day, now, out);
    assert_string_equal(out, "yesterday");
    library_age(now - 15 * 3600000, now, out);
    assert_string_equal(out, "yesterday");
    library_age(now - 2 * day, now, out);
    assert_string_equal(out, "2026-11-21");
    library_age(now + 2 * day, now, out); /* the clock went back */
    assert_string_equal(out, "2026-11-25");
    library_age(INT64_MAX, now, out);
    assert_string_equal(out, "292278994-08-17"); /* nothing overflows */
}

static int64_t titled(struct store *s, const char *title)
{
    int64_t id = 0;
    assert_int_equal(store_new(s, &id, NULL), ERR_NONE);
    assert_int_equal(store_rename(s, id, title, STORE_TITLED_BY_HAND, NULL), ERR_NONE);
    return id;
}

static void conversations_are_found(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = store_open(NULL, NULL, NULL);
    int64_t sky = titled(s, "Sky colours"), sorting = titled(s, "Sorting in C"), found = 0;
    assert_int_equal(library_find(s, "sky COLOURS", "/list", &found, &err), ERR_NONE);
    assert_int_equal(found, sky);
    assert_int_equal(library_find(s, "ing in", "/list", &found, &err), ERR_NONE);
    assert_int_equal(found, sorting);
    assert_int_equal(library_find(s, "Sky colors", "/list", &found, &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "did you mean \"Sky colours\""));
    error_clear(&err);
    assert_int_equal(library_find(s, "s", "/list", &found, &err), ERR_ARGUMENT);
    error_clear(&err);
    assert_int_equal(store_delete(s, sky, NULL), ERR_NONE);
    assert_int_equal(library_find(s, "Sky colours", "/list", &found, &err), ERR_NOT_FOUND);
    assert_int_equal(library_find_deleted(s, "sky colours", &found, NULL), ERR_NONE);
    assert_int_equal(found, sky);
    store_close(s);
}

static void holds(const char *path, const char *expected)
{
    char text[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_int_equal(size, strlen(expected));
    assert_string_equal(text, expected);
}

static void files_are_replaced_whole_or_not(void **state)
{
    (void)state;
    char folder[] = "/tmp/palaver-test.XXXXXX", path[64];
    struct replace file;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a", folder);
    assert_int_equal(replace_begin(&file, path, NULL), ERR_NONE);
    fputs("one", file.file);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(replace_end(&file, true, NULL), ERR_NONE);
    holds(path, "one");
    assert_int_equal(replace_begin(&file, path, NULL), ERR_NONE);
    fputs("two", file.file);
    assert_int_equal(replace_end(&file, false, NULL), ERR_NONE);
    holds(path, "one");
    unlink(path);
    assert_int_equal(rmdir(folder), 0); /* nothing else is there */
    struct error err = {0};
    assert_int_equal(replace_begin(&file, path, &err), ERR_IO);
}

static void write_program(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, 0700), 0);
}

/* The screen waits for the program, so that one which never ends is given up. */
static void a_stuck_clipboard_is_given_up(void **state)
{
    (void)state;
    char folder[] = "/tmp/palaver-test.XXXXXX", path[64], paths[4096], text[64];
    const char *before = getenv("PATH");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tmux", folder);
    snprintf(paths, sizeof paths, "%s:%s", folder, before);
    snprintf(text, sizeof text, "#!/bin/sh\ncat >%s/out\n", folder);
    setenv("PATH", paths, 1);
    setenv("TMUX", "x", 1);
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("DISPLAY");
    write_program(path, text);
    assert_string_equal(clipboard_copy("one", 3), "copied by tmux");
    write_program(path, "#!/bin/sh\nexec sleep 600\n");
    assert_null(clipboard_copy("two", 3));
    unlink(path);
    snprintf(path, sizeof path, "%s/out", folder);
    holds(path, "one");
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cut_between_characters), cmocka_unit_test(ages_are_told_as_people_do),
        cmocka_unit_test(conversations_are_found),        cmocka_unit_test(files_are_replaced_whole_or_not),
        cmocka_unit_test(a_stuck_clipboard_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
