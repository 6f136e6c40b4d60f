/* Answers that go on while another conversation is open, as a user at a terminal sees them. */
#include <config.h>

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pty.h"
#include "screen.h"
#include "tests/cmocka.h"
#include "tests/source.h"

#define NEW "\033a"
#define GROWS "●"
#define UNSEEN "◆"
#define OPEN "/open The llama\r"

static char home[64];

static void make_home(void)
{
    strcpy(home, "/tmp/palaver-background.XXXXXX");
    assert_non_null(mkdtemp(home));
}

static void remove_home(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
}

/* So wide that the list is there. */
static struct vt *open_screen(const char *const *options)
{
    struct vt *t = start_in(home, 30, 140, plain, options);
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
    make_home();
    struct vt *t = leave_an_answer();
    assert_true(vt_wait(t, "ready · 1 answer elsewhere"));
    vt_type(t, OPEN);
    assert_true(vt_wait(t, "answering"));
    assert_true(vt_wait(t, "The sea was calm"));
    press(t, ESC);
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait_gone(t, GROWS));
    assert_false(vt_shows(t, UNSEEN));
    quit(t);
    remove_home();
}

static void two_answers_grow_at_once(void **state)
{
    (void)state;
    make_home();
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
    remove_home();
}

/* Another model answers here, while the answer elsewhere goes on with its own. */
static void another_model_is_used_meanwhile(void **state)
{
    char command[4200];
    (void)state;
    make_home();
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
    remove_home();
}

static void one_that_has_ended_is_marked_until_it_is_seen(void **state)
{
    (void)state;
    make_home();
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
    assert_false(vt_shows(t, "queued"));
    assert_false(vt_shows(t, "waits"));
    quit(t);
    remove_home();
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
    make_home();
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
    remove_home();
}

static void a_deleted_conversation_must_be_still(void **state)
{
    (void)state;
    make_home();
    struct vt *t = leave_an_answer();
    press(t, F5);
    press(t, "d");
    assert_true(vt_wait(t, "Esc in that conversation stops it"));
    press(t, "\r");
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped"));
    quit(t);
    remove_home();
}

static void write_endpoints(uint16_t port)
{
    char path[200];
    snprintf(path, sizeof path, "%s/.config", home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.config/palaver", home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.config/palaver/endpoints", home);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "[big]\nurl = http://127.0.0.1:%u\n", (unsigned)port);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
}

static void begin_server(struct pty *p)
{
    const char *const argv[] = {program, "serve", "-m", model, "-t", "1", "-c", "60000", "--port", "0", NULL};
    assert_true(pty_start(p, argv, plain));
    assert_true(pty_expect(p, "/v1"));
    const char *at = strstr(buf_text(&p->out), "127.0.0.1:");
    assert_non_null(at);
    write_endpoints((uint16_t)strtoul(at + strlen("127.0.0.1:"), NULL, 10));
}

static void a_servers_answer_goes_on_and_its_failure_is_told(void **state)
{
    (void)state;
    struct pty p;
    char why[50];
    make_home();
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
    assert_true(vt_shows(t, "The sea was calm"));
    assert_true(vt_wait_gone(t, UNSEEN));
    quit(t);
    pty_wait(&p);
    pty_end(&p);
    remove_home();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_goes_on_and_is_there_again),
        cmocka_unit_test(two_answers_grow_at_once),
        cmocka_unit_test(another_model_is_used_meanwhile),
        cmocka_unit_test(one_that_has_ended_is_marked_until_it_is_seen),
        cmocka_unit_test(nothing_is_lost_by_a_kill_or_an_exit),
        cmocka_unit_test(a_deleted_conversation_must_be_still),
        cmocka_unit_test(a_servers_answer_goes_on_and_its_failure_is_told),
    };
    return find_program() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
