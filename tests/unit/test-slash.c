/* Tests of what the line mode is made of: commands, words, keys, folding and safe output. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/terminal/fold.h"
#include "app/line/keys.h"
#include "app/terminal/show.h"
#include "app/slash/commands.h"
#include "app/text/words.h"
#include "tests/cmocka.h"

/* ---- commands --------------------------------------------------------------------------------------------------- */

static void commands_are_recognised(void **state)
{
    (void)state;
    assert_true(slash_is_command("/help"));
    assert_true(slash_is_command("/?"));
    assert_true(slash_is_command(":q"));
    assert_true(slash_is_command(":w"));
    assert_true(slash_is_command(":wq!"));
    assert_false(slash_is_command(":"));
    assert_false(slash_is_command(":q now"));
    assert_false(slash_is_command(":)"));
    assert_true(slash_is_command("/no-such thing"));
    assert_false(slash_is_command("/usr/bin/true"));
    assert_false(slash_is_command("/"));
    assert_false(slash_is_command("/ help"));
    assert_false(slash_is_command("//help"));
    assert_false(slash_is_command(" /help"));
    assert_false(slash_is_command("help"));
    assert_false(slash_is_command(""));
}

static void names_and_aliases_are_found(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"?", "help"},      {"clear", "new"},   {"exit", "quit"},        {"bye", "quit"},
        {"q", "quit"},      {"load", "model"},  {"retry", "regenerate"}, {"file", "read"},
        {"upload", "read"}, {"dump", "prompt"}, {"tokens", "context"},   {"regen", "regenerate"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct slash_command *c = slash_find(slash_commands, pairs[i][0], strlen(pairs[i][0]));
        assert_non_null(c);
        assert_string_equal(c->name, pairs[i][1]);
    }
    assert_null(slash_find(slash_commands, "", 0));
    assert_null(slash_find(slash_commands, "hel", 3));
    assert_null(slash_find(slash_commands, "exit bye", 8));
}

/* No name or alias occurs twice, and help fits into a line of 80 columns. */
static void table_is_sound(void **state)
{
    (void)state;
    for (const struct slash_command *c = slash_commands; c->name != NULL; c++) {
        assert_ptr_equal(slash_find(slash_commands, c->name, strlen(c->name)), c);
        struct words aliases = {0};
        assert_true(words_split(&aliases, c->aliases));
        for (size_t i = 0; i < aliases.n; i++)
            assert_ptr_equal(slash_find(slash_commands, aliases.at[i], strlen(aliases.at[i])), c);
        words_free(&aliases);
        assert_true(strlen(c->help) <= 53);
    }
}

static void completes(const char *line, size_t start, const char *expected)
{
    struct words candidates = {0};
    struct repl repl = {.commands = slash_commands};
    struct buf joined;
    size_t from;
    buf_init(&joined, 1 << 16);
    slash_complete(&repl, line, &candidates, &from);
    for (size_t i = 0; i < candidates.n; i++)
        buf_printf(&joined, "%s%s", i > 0 ? " " : "", candidates.at[i]);
    assert_string_equal(buf_text(&joined), expected);
    assert_int_equal(from, start);
    buf_free(&joined);
    words_free(&candidates);
}

static void words_are_completed(void **state)
{
    (void)state;
    completes("/reg", 0, "/regenerate");
    completes("/und", 0, "/undo");
    completes("/zzz", 0, "");
    completes("/set top_", 5, "top_n_sigma top_k top_p");
    completes("/think ", 7, "show hide");
    completes("/help cont", 6, "continue context");
    completes("/quit no", 6, "");
    completes("hello", 5, "");
    completes("/read /de", 6, "/dev/");
}

static void lines_are_split(void **state)
{
    (void)state;
    struct words w = {0};
    assert_true(words_split(&w, "  a 'b c'  d\\ e \"f 'g\" ''h"));
    assert_int_equal(w.n, 5);
    assert_string_equal(w.at[0], "a");
    assert_string_equal(w.at[1], "b c");
    assert_string_equal(w.at[2], "d e");
    assert_string_equal(w.at[3], "f 'g");
    assert_string_equal(w.at[4], "h");
    words_free(&w);
    assert_true(words_add(&w, "na\xC3\xAF", 4));
    assert_true(words_add(&w, "na\xC3\xA9", 4));
    assert_int_equal(words_common(&w), 2);
    words_free(&w);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void keys_become_characters(void **state)
{
    (void)state;
    struct line_keys k;
    line_keys_init(&k);
    assert_int_equal(line_keys_next(&k, false), LINE_KEYS_NONE);
    line_keys_add(&k, "a\xE5\x93", 3);
    assert_int_equal(line_keys_next(&k, false), 'a');
    assert_int_equal(line_keys_next(&k, false), LINE_KEYS_UNSURE);
    line_keys_add(&k, "\x88\xFF\033\r", 4);
    assert_int_equal(line_keys_next(&k, false), 0x54C8);
    assert_int_equal(line_keys_next(&k, false), 0xFFFD);
    assert_int_equal(line_keys_next(&k, false), LINE_KEY_NEWLINE);
    line_keys_add(&k, "\033", 1);
    assert_int_equal(line_keys_next(&k, false), LINE_KEYS_UNSURE);
    assert_int_equal(line_keys_next(&k, true), 033);
    line_keys_add(&k, "\033[A", 3);
    assert_int_equal(line_keys_next(&k, false), 033);
    line_keys_push(&k, LINE_KEY_ACCEPT);
    assert_int_equal(line_keys_next(&k, false), LINE_KEY_ACCEPT);
    assert_int_equal(line_keys_next(&k, false), '[');
    line_keys_free(&k);
}

/* The marks of a paste may arrive in any pieces. */
static void pastes_are_taken_whole(void **state)
{
    (void)state;
    static const char typed[] = "x\033[200~one\r\ntwo\rthree\033[2J\003\033[201~y";
    struct line_keys k;
    struct buf text;
    line_keys_init(&k);
    buf_init(&text, 100);
    int32_t key = LINE_KEYS_NONE, last = 0;
    bool done = false;
    for (size_t i = 0; i < sizeof typed - 1; i++) {
        line_keys_add(&k, typed + i, 1);
        if (last == LINE_KEY_PASTE && !done)
            done = line_keys_paste(&k, false, &text);
        else if ((key = line_keys_next(&k, false)) >= 0)
            last = key;
    }
    assert_true(done);
    assert_int_equal(last, 'y');
    assert_string_equal(buf_text(&text), "one\ntwo\nthree\xE2\x90\x9B[2J\xE2\x90\x83");
    buf_free(&text);
    line_keys_free(&k);
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

/* What a stream of pieces of this size shows. */
static char *shown(const char *text, size_t piece, bool hide)
{
    char *out = NULL;
    size_t size = 0, length = strlen(text);
    FILE *file = open_memstream(&out, &size);
    struct options options = {0};
    struct show show;
    show_init(&show, &options, file);
    show.fold.hide = hide;
    for (size_t at = 0; at < length; at += piece)
        show_text(&show, text + at, length - at < piece ? length - at : piece);
    show_end(&show);
    show_free(&show);
    fclose(file);
    return out;
}

static void check_shown(const char *text, bool hide, const char *expected)
{
    for (size_t piece = 1; piece < 12; piece++) {
        char *out = shown(text, piece, hide);
        assert_string_equal(out, expected);
        free(out);
    }
}

static void output_is_safe_in_any_pieces(void **state)
{
    (void)state;
    check_shown("a\033[2Jb\tc\a", false, "a\xE2\x90\x9B[2Jb\tc\xE2\x90\x87\n");
    check_shown("a\r\nb\rc\r\r\n", false,
                "a\nb\xE2\x90\x8D"
                "c\xE2\x90\x8D\n");
    check_shown("", false, "");
    check_shown("end\n", false, "end\n");
}

static void thoughts_are_folded(void **state)
{
    (void)state;
    static const char gap[] = "(thinking; /think show shows it)\n";
    char expected[100];
    check_shown("<think>\nhm\n</think>\n\nYes", false, "<think>\nhm\n</think>\n\nYes\n");
    snprintf(expected, sizeof expected, "%sYes <thin\n", gap);
    check_shown("<think>\nhm </thin\n</think>\n\nYes <thin", true, expected);
    check_shown("a < b <<think", true, "a < b <<think\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_recognised), cmocka_unit_test(names_and_aliases_are_found),
        cmocka_unit_test(table_is_sound),          cmocka_unit_test(words_are_completed),
        cmocka_unit_test(lines_are_split),         cmocka_unit_test(keys_become_characters),
        cmocka_unit_test(pastes_are_taken_whole),  cmocka_unit_test(output_is_safe_in_any_pieces),
        cmocka_unit_test(thoughts_are_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
