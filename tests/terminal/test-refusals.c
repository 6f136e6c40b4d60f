/* What cannot be done on the screen: commands, keys and files say why, and nothing is lost. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"

/* A command that fails says why and stays typed. */
static void refused(struct vt *t, const char *line, const char *reason)
{
    vt_type(t, line);
    assert_true(vt_wait(t, line));
    vt_type(t, "\r");
    assert_true(vt_wait(t, reason));
    assert_true(vt_wait(t, line));
    press(t, "\003");
    assert_true(vt_wait_gone(t, reason));
}

static void a_command_that_cannot_be_done_says_why(void **state)
{
    (void)state;
    struct vt *t = start(24, 110, (const char *const[]){SHORT, NULL});
    vt_type(t, "/edit\r"); /* by its name alone it is not kept */
    assert_true(vt_wait(t, "there is no message yet"));
    exchange(t, "The llama");
    refused(t, "/edit 99", "from 1 to 2");
    refused(t, "/edit 0", "from 1 to 2");
    refused(t, "/edit abc", "from 1 to 2");
    refused(t, "/think maybe", "show or hide");
    refused(t, "/step maybe", "on or off");
    refused(t, "/find zebra", "no match for 'zebra'");
    vt_type(t, "/think show\r");
    assert_true(vt_wait(t, "is shown"));
    vt_type(t, "/think\r");
    assert_true(vt_wait(t, "is shown"));
    vt_type(t, "/think hide\r");
    assert_true(vt_wait(t, "is hidden"));
    vt_type(t, "/edit 1\r");
    assert_true(vt_wait(t, "editing message 1"));
    press(t, ESC);
    quit(t);
}

static void a_key_that_can_do_nothing_says_why(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    press(t, F5);
    press(t, "d");
    assert_true(vt_wait(t, "no conversation is selected"));
    press(t, ESC);
    press(t, ESC);
    press(t, "e");
    assert_true(vt_wait(t, "there is no message yet"));
    press(t, "u");
    assert_true(vt_wait(t, "nothing was deleted"));
    press(t, F3);
    go_to_bias(t);
    press(t, RIGHT);
    assert_true(vt_wait(t, "logit_bias has no slider"));
    press(t, ESC);
    quit(t);
}

static void no_message_is_edited_while_an_answer_is_written(void **state)
{
    (void)state;
    struct vt *t = start(24, 110, (const char *const[]){ENDLESS, NULL});
    ask(t, "The llama");
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait(t, "ready"));
    press(t, ESC);
    press(t, "r");
    assert_true(vt_wait(t, "answering"));
    press(t, "e");
    assert_true(vt_wait(t, "then the message can be edited"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped"));
    press(t, "e");
    assert_true(vt_wait(t, "editing message 2"));
    press(t, ESC);
    quit(t);
}

static void mistakes_in_files_are_named(void **state)
{
    char path[128], command[256];
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    snprintf(command, sizeof command, "mkdir -p %s/.config/palaver", test_folder);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/.config/palaver/keys", test_folder);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs("\nlist q = nonsense\n", out);
    fclose(out);
    struct vt *t = start_in(test_folder, 24, 100, plain, plain);
    int status = vt_wait_end(t);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_true(vt_wait(t, "keys:2: there is no command 'nonsense'"));
    assert_true(vt_is_restored(t));
    vt_end(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_that_cannot_be_done_says_why),
        cmocka_unit_test(a_key_that_can_do_nothing_says_why),
        cmocka_unit_test(no_message_is_edited_while_an_answer_is_written),
        cmocka_unit_test(mistakes_in_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
