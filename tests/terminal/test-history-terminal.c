/* Tests of the history on a pseudo-terminal: what the commands print on a terminal, and the lists of the chat. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pty.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"

#define PROMPT "\xE2\x80\xBA "
#define SKY "\xE5\xA4\xA9"

static char program[4096], model[4096], data[128], chats[128];

static void start(struct pty *p, const char *const *argv)
{
    assert_true(pty_start(p, argv, (const char *const[]){data, NULL}));
}

/* Runs a command to its end. */
static void run(struct pty *p, const char *command, const char *argument)
{
    start(p, (const char *const[]){program, command, argument, NULL});
    int status = pty_wait(p);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(pty_is_restored(p));
}

static int set_up(void **state)
{
    if (test_folder_make(state) != 0)
        return -1;
    snprintf(data, sizeof data, "XDG_DATA_HOME=%s", test_folder);
    snprintf(chats, sizeof chats, "%s/chats.json", test_folder);
    FILE *file = fopen(chats, "w");
    assert_non_null(file);
    fputs("[{\"title\":\"\\u001b[31mred \\u009b2J ", file);
    for (int i = 0; i < 60; i++)
        fputs(SKY, file);
    fputs("\",\"messages\":[{\"role\":\"user\",\"content\":\"Before\\u001b]0;owned\\u0007 after\"}]},"
          "{\"title\":\"Ships\",\"messages\":[{\"role\":\"user\",\"content\":\"A llama\"}]}]",
          file);
    fclose(file);
    struct pty p;
    run(&p, "import", chats);
    pty_end(&p);
    return 0;
}

static void titles_are_cut_and_safe(void **state)
{
    (void)state;
    struct pty p;
    run(&p, "list", NULL);
    assert_true(pty_saw(&p, "Ships"));
    assert_true(pty_saw(&p, SKY "\xE2\x80\xA6\r\n"));
    assert_null(memchr(p.out.data, '\033', p.out.size));
    assert_null(strstr(buf_text(&p.out), "\xC2\x9B"));
    size_t skies = 0;
    for (const char *c = buf_text(&p.out); (c = strstr(c, SKY)) != NULL; c++)
        skies++;
    assert_in_range(skies, 10, 22); /* two columns each, 80 in all */
    pty_end(&p);
}

static void texts_and_json_are_safe(void **state)
{
    (void)state;
    static const char *const commands[] = {"show", "export"};
    for (size_t i = 0; i < 2; i++) {
        struct pty p;
        start(&p, (const char *const[]){program, commands[i], "red", NULL});
        assert_true(pty_expect(&p, "Before\xE2\x90\x9B]0;owned\xE2\x90\x87 after"));
        assert_int_equal(pty_wait(&p), 0);
        assert_null(memchr(p.out.data, '\033', p.out.size));
        pty_end(&p);
        start(&p, (const char *const[]){program, commands[i], "--json", "red", NULL});
        assert_true(pty_expect(&p, "\\u001B]0;owned"));
        assert_int_equal(pty_wait(&p), 0);
        assert_null(strstr(buf_text(&p.out), "\xC2\x9B")); /* from the title */
        pty_end(&p);
    }
}

/* Runs a line of the shell on the terminal, with $P and $M set. Nothing of it may reach the terminal as a control. */
static void prints_safely(const char *line, const char *expected)
{
    struct pty p;
    char command[3 * 4096];
    snprintf(command, sizeof command, "P='%.4000s' M='%.4000s'; %.4000s", program, model, line);
    start(&p, (const char *const[]){"/bin/sh", "-c", command, NULL});
    assert_true(pty_expect(&p, expected));
    assert_int_equal(pty_wait(&p), 0);
    assert_null(memchr(p.out.data, '\033', p.out.size));
    assert_null(memchr(p.out.data, 0x7F, p.out.size));
    assert_null(strstr(buf_text(&p.out), "\xC2\x9B"));
    assert_null(strstr(buf_text(&p.out), "\xE2\x80\xAE")); /* right-to-left override */
    pty_end(&p);
}

static void no_command_commands_the_terminal(void **state)
{
    (void)state;
    prints_safely("printf '\\033[2J\\302\\233x' | $P tokenize -m $M | $P tokenize --decode -m $M",
                  "\xE2\x90\x9B[2J\xE2\x80\xB9U+009B\xE2\x80\xBAx");
    prints_safely("printf '{\"text\":\"\\302\\233 \\177 \\342\\200\\256 \\363\\240\\200\\201\"}' | "
                  "$P tokenize --jsonl -m $M",
                  "\\u009b \\u007f \\u202e \\udb40\\udc01\"");
    prints_safely("printf '{\"text\":\"a\\342\\200\\213b\\302\\255 \\357\\273\\277\"}' | $P tokenize --jsonl -m $M",
                  "a\\u200bb\\u00ad \\ufeff\"");
    prints_safely("printf 'a\\342\\200\\213b\\343\\205\\244' | $P tokenize -m $M | $P tokenize --decode -m $M",
                  "a\xE2\x80\xB9U+200B\xE2\x80\xBA"
                  "b\xE2\x80\xB9U+3164\xE2\x80\xBA");
    prints_safely("$P -m $M -p x -n 2 --no-save --logit-bias 30=100 --temp 0 </dev/null", "\xE2\x90\x9B\xE2\x90\x9B");
    prints_safely("$P -m $M -p x -n 1 --no-save --logit-bias 130=100 --temp 0 --json </dev/null", "\\u007f");
    prints_safely("XDG_STATE_HOME=/$(printf '\\033[2J') $P --paths", "state   /\xE2\x90\x9B[2J");
    prints_safely("PALAVER_SYSTEM=$(printf '\\302\\233 \\177') $P --check-config",
                  "system = \"\xE2\x80\xB9U+009B\xE2\x80\xBA \xE2\x90\xA1\"");
}

static void the_chat_lists_and_opens(void **state)
{
    (void)state;
    struct pty p;
    start(&p, (const char *const[]){program, "--line", "-m", model, "-s", "1", "-n", "2", NULL});
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/list\r");
    assert_true(pty_expect(&p, "  1  today "));
    assert_true(pty_expect(&p, "\xE2\x80\xA6")); /* cut */
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/open Sh\t\r");
    assert_true(pty_expect(&p, "A llama"));
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/delete\r");
    assert_true(pty_expect(&p, "deleted: Ships; /restore brings it back"));
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/restore\r");
    assert_true(pty_expect(&p, "restored: Ships"));
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "\004");
    assert_int_equal(pty_wait(&p), 0);
    pty_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_are_cut_and_safe),
        cmocka_unit_test(texts_and_json_are_safe),
        cmocka_unit_test(no_command_commands_the_terminal),
        cmocka_unit_test(the_chat_lists_and_opens),
    };
    const char *source = source_folder(), *built = getenv("PALAVER");
    snprintf(program, sizeof program, "%s", built != NULL ? built : "./palaver");
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", source);
    if (access(model, R_OK) != 0)
        return 77;
    return cmocka_run_group_tests(tests, set_up, test_folder_remove);
}
