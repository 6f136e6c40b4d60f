/* Answers that go on while another conversation is open, as a user at a terminal sees them. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"

#define NEW "\033a"
#define GROWS "●"
#define UNSEEN "◆"
#define OPEN "/open The llama\r"

/* So wide that the list is there. */
static struct vt *open_screen(const char *const *options)
{
    struct vt *t = start_in(test_folder, 30, 140, plain, options);
    assert_true(vt_wait(t, READY));
    return t;
}

/* An answer that does not end, and a new conversation beside it. */
static struct vt *leave_an_answer(void)
{
    struct vt *t = open_screen((const char *const[]){ENDLESS, NULL});
    ask(t, "The llama");
    assert_true(vt_wait(t, "answering"));
    wait_for_stored_answer(t);
    press(t, NEW);
    assert_true(vt_wait(t, "New conversation"));
    assert_true(vt_wait(t, GROWS));
    return t;
}

static void an_answer_goes_on_and_is_there_again(void **state)
{
    (void)state;
    struct vt *t = leave_an_answer();
    assert_true(vt_wait(t, "ready · 1 answer elsewhere"));
    vt_type(t, OPEN);
    assert_true(vt_wait(t, "answering"));
    assert_true(vt_wait(t, "The sea was calm"));
    press(t, ESC);
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait_gone(t, GROWS));
    assert_true(vt_wait_gone(t, UNSEEN));
    quit(t);
}

static void two_answers_grow_at_once(void **state)
{
    (void)state;
    struct vt *t = leave_an_answer();
    ask(t, "Another wave");
    assert_true(vt_wait(t, "answering"));
    assert_true(vt_wait(t, "The sea was calm"));
    vt_type(t, OPEN);
    assert_true(vt_wait(t, "▸The llama"));
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait(t, "ready · 1 answer elsewhere"));
    vt_type(t, "/open Another wave\r");
    assert_true(vt_wait(t, "▸Another wave"));
    press(t, ESC);
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait_gone(t, GROWS));
    quit(t);
}

/* Another model answers here, while the answer elsewhere goes on with its own. */
static void another_model_is_used_meanwhile(void **state)
{
    char command[4200];
    (void)state;
    snprintf(command, sizeof command, "/model %s/tests/fixtures/tiny-llama3.gguf\r", source_folder());
    struct vt *t = leave_an_answer();
    vt_type(t, command);
    assert_true(vt_wait(t, "tiny-llama3 ·"));
    assert_true(vt_wait(t, "ready · 1 answer elsewhere"));
    vt_type(t, OPEN);
    assert_true(vt_wait(t, "sea is the model here"));
    assert_true(vt_wait(t, "  sea ·"));
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait(t, "/continue resumes it"));
    quit(t);
}

static void one_that_has_ended_is_marked_until_it_is_seen(void **state)
{
    (void)state;
    struct vt *t = leave_an_answer();
    vt_type(t, OPEN);
    assert_true(vt_wait(t, "answering"));
    vt_type(t, "Second wave\r");
    assert_true(vt_wait(t, "queued · Enter again edits  Second wave"));
    /* in one turn of the loop: the limit ends the answer, which was left before that */
    vt_type(t, "/set max_new_tokens 4\r" NEW);
    assert_true(vt_wait(t, "New conversation"));
    assert_true(vt_wait(t, UNSEEN));
    assert_true(vt_wait_gone(t, "elsewhere"));
    vt_type(t, OPEN);
    assert_true(vt_wait_gone(t, UNSEEN));
    assert_true(vt_wait(t, "Second wave"));
    assert_true(vt_wait_gone(t, "queued"));
    assert_true(vt_wait_gone(t, "waits"));
    quit(t);
}

/* It says so above the answer, which is long. */
static void is_interrupted(struct vt *t)
{
    press(t, ESC);
    press(t, "g");
    assert_true(vt_wait(t, "interrupted"));
    press(t, ESC);
}

static void nothing_is_lost_by_a_kill_or_an_exit(void **state)
{
    (void)state;
    struct vt *t = leave_an_answer();
    kill(vt_pid(t), SIGKILL);
    vt_wait_end(t);
    vt_end(t);
    t = open_screen((const char *const[]){ENDLESS, NULL}); /* the last conversation, which that is */
    is_interrupted(t);
    vt_type(t, "/continue\r");
    assert_true(vt_wait(t, "answering"));
    press(t, NEW);
    assert_true(vt_wait(t, "New conversation"));
    quit(t);
    t = open_screen((const char *const[]){ENDLESS, NULL});
    is_interrupted(t);
    quit(t);
}

static void a_deleted_conversation_must_be_still(void **state)
{
    (void)state;
    struct vt *t = leave_an_answer();
    press(t, F5);
    press(t, "d");
    assert_true(vt_wait(t, "Esc in that conversation stops it"));
    press(t, "\r");
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped"));
    quit(t);
}

static void a_servers_answer_goes_on_and_its_failure_is_told(void **state)
{
    (void)state;
    struct pty p;
    char why[50];
    begin_server(&p);
    struct vt *t = open_screen((const char *const[]){"-m", "@big", "--temperature", "0", NULL});
    ask(t, "The llama");
    assert_true(vt_wait(t, "The sea was calm"));
    press(t, NEW);
    assert_true(vt_wait(t, "New conversation"));
    assert_true(vt_wait(t, "1 answer elsewhere"));
    kill(p.child, SIGKILL);
    assert_true(vt_wait(t, "in “The llama”: "));
    snprintf(why, sizeof why, "%.40s", strstr(vt_row(t, vt_find(t, "in “The llama”: ")), ": ") + 2);
    assert_true(vt_wait(t, UNSEEN));
    press(t, LEFT); /* a key ends a remark */
    assert_true(vt_wait_gone(t, "in “The llama”: "));
    vt_type(t, OPEN);
    assert_true(vt_wait(t, why));
    assert_true(vt_wait(t, "The sea was calm"));
    assert_true(vt_wait_gone(t, UNSEEN));
    quit(t);
    pty_wait(&p);
    pty_end(&p);
}

#define AT_HOME(test) cmocka_unit_test_setup_teardown(test, test_folder_make, test_folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_HOME(an_answer_goes_on_and_is_there_again),
        AT_HOME(two_answers_grow_at_once),
        AT_HOME(another_model_is_used_meanwhile),
        AT_HOME(one_that_has_ended_is_marked_until_it_is_seen),
        AT_HOME(nothing_is_lost_by_a_kill_or_an_exit),
        AT_HOME(a_deleted_conversation_must_be_still),
        AT_HOME(a_servers_answer_goes_on_and_its_failure_is_told),
    };
    return find_program() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
