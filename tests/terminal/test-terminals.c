/* The full screen and what lies around it: a full disk, other sizes, poorer terminals, signals. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "screen.h"
#include "tests/cmocka.h"

/* Keys told apart, as kitty and xterm spell it, and as before. */
#define KEYS_ON "\033[>1u\033[>4;1m"
#define KEYS_OFF "\033[<u\033[>4m"

/* ---- what can't be saved ---------------------------------------------------------------------------------------- */

/* A full disk for this program: its files cannot grow beyond a small export, which is less than a page of a database. A
 * limit at the size of the history's log would not do, as SQLite begins that anew when all of it is in the database. */
static void fill_disk(const struct vt *t, bool full)
{
    struct rlimit limit;
    assert_int_equal(prlimit(vt_pid(t), RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = full ? 2000 : limit.rlim_max;
    assert_int_equal(prlimit(vt_pid(t), RLIMIT_FSIZE, &limit, NULL), 0);
}

/* Until so many answers of four tokens have ended. Remarks pass too quickly to be waited for: another may follow. */
static void wait_for_answers(struct vt *t, int n)
{
    for (int tries = 0, ended = 0; ended < n; tries++) {
        assert_true(tries < 2000);
        vt_pause(t, 50);
        ended = 0;
        for (int row = 0; row < 30; row++)
            ended += strstr(vt_row(t, row), "· 4 tokens ·") != NULL;
    }
}

static struct vt *start_on_full_disk(void)
{
    signal(SIGXFSZ, SIG_IGN); /* so that writing fails, as it does on a full disk */
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    signal(SIGXFSZ, SIG_DFL);
    exchange(t, "Stored before");
    fill_disk(t, true);
    ask(t, "Lost afterwards");
    wait_for_answers(t, 2);
    press(t, "\004");
    assert_true(vt_wait(t, "Not everything is saved"));
    assert_true(vt_wait(t, "can't be saved and would be lost"));
    return t;
}

static void leaving_with_unsaved_messages_is_held_once(void **state)
{
    char line[256], command[300];
    (void)state;
    struct vt *t = start_on_full_disk();
    press(t, "\r"); /* try again */
    vt_settle(t, 300);
    assert_true(vt_wait(t, "Not everything is saved"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "Not everything is saved"));
    snprintf(line, sizeof line, "/export %s/all.md\r", vt_home(t));
    vt_type(t, line);
    assert_true(vt_wait(t, "written to"));
    snprintf(command, sizeof command, "grep -q 'Stored before' %s/all.md && grep -q 'Lost afterwards' %s/all.md",
             vt_home(t), vt_home(t));
    assert_int_equal(system(command), 0);
    press(t, "\004");
    int status = vt_wait_end(t);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_true(vt_is_restored(t));
    assert_false(vt_on_alternate(t));
    assert_true(vt_wait(t, "could not be saved"));
    assert_true(vt_wait(t, "Lost afterwards"));
    assert_true(vt_wait_gone(t, "Stored before"));
    vt_end(t);
}

static void what_is_saved_after_all_is_not_lost(void **state)
{
    char command[4400];
    (void)state;
    struct vt *t = start_on_full_disk();
    fill_disk(t, false);
    press(t, "\r"); /* try again */
    int status = vt_wait_end(t);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(vt_is_restored(t));
    assert_true(vt_wait_gone(t, "could not be saved"));
    snprintf(command, sizeof command, "HOME=%s %s show | grep -q 'Lost afterwards'", vt_home(t), program);
    assert_int_equal(system(command), 0);
    vt_end(t);
}

static void a_signal_tells_what_is_lost_too(void **state)
{
    (void)state;
    struct vt *t = start_on_full_disk();
    kill(vt_pid(t), SIGTERM);
    int status = vt_wait_end(t);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_true(vt_is_restored(t));
    assert_true(vt_wait(t, "could not be saved"));
    assert_true(vt_wait(t, "Lost afterwards"));
    vt_end(t);
}

/* ---- sizes and terminals ---------------------------------------------------------------------------------------- */

static void fits_any_size(void **state)
{
    static const int sizes[][2] = {{10, 40}, {24, 80}, {60, 200}, {12, 41}};
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){SHORT, NULL});
    exchange(t, "The llama");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        vt_resize(t, sizes[i][0], sizes[i][1]);
        vt_settle(t, 100);
        assert_true(vt_wait(t, READY));
    }
    vt_resize(t, 8, 30);
    assert_true(vt_wait(t, "needs 40 x 10"));
    vt_resize(t, 24, 80);
    assert_true(vt_wait(t, READY));
    quit(t);
}

static void resizing_keeps_the_place(void **state)
{
    (void)state;
    struct vt *t = start(20, 90, (const char *const[]){SHORT, NULL});
    char text[4096] = "";
    for (int i = 0, size = 0; i < 30; i++)
        size += snprintf(text + size, sizeof text - (size_t)size,
                         "line %d of a message that is long enough to be broken where there is less room\n", i);
    vt_paste(t, text);
    press(t, "\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    vt_type(t, "\033kf"); /* to the message, and all of it */
    assert_true(vt_wait(t, "more below"));
    vt_type(t, "\033[6~"); /* a page down, so that there is text on both sides */
    vt_settle(t, 100);
    char top[64];
    for (int i = 0; i < 3; i++) { /* by a page the text would look the same */
        snprintf(top, sizeof top, "%.20s", vt_row(t, 1));
        press(t, "\033[1;2A");
        assert_true(vt_wait_row(t, 1, top, false));
    }
    snprintf(top, sizeof top, "%.20s", vt_row(t, 1));
    for (int i = 0; i < 12; i++) {
        vt_resize(t, 20 + i % 3, 60 + 10 * (i % 4));
        vt_settle(t, 20);
    }
    vt_resize(t, 20, 90);
    assert_true(vt_wait_row(t, 1, top, true));
    quit(t);
}

static bool row_ends(struct vt *t, const char *beginning, const char *end)
{
    int row = vt_find(t, beginning);
    const char *text = row >= 0 ? vt_row(t, row) : "";
    return strlen(text) > strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* What a small window has no room for is left out or ends in …, and a remark takes the place of what matters least. */
static void what_is_cut_says_so(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    exchange(t, "The llama");
    int row = vt_find(t, "/continue resumes it");
    assert_true(row == 29 && strstr(vt_row(t, row), "context ") != NULL && strstr(vt_row(t, row), "ready") != NULL);
    vt_resize(t, 10, 40);
    assert_true(vt_wait(t, "Palaver"));
    vt_settle(t, 100);
    assert_true(row_ends(t, "Palaver", "…"));
    press(t, F3);
    assert_true(vt_wait(t, "below 1 surer")); /* one line of help leaves room */
    assert_true(row_ends(t, "below 1 surer", "…│"));
    assert_true(vt_wait(t, "entropy"));
    press(t, F3);
    vt_resize(t, 24, 80);
    press(t, "\0334"); /* the lens */
    assert_true(vt_wait(t, "Could have been"));
    assert_true(vt_wait(t, "Esc leaves│"));
    quit(t);
}

static void old_terminals_have_it_too(void **state)
{
    static const char *const terms[] = {"TERM=vt100", "TERM=linux", "TERM=screen", "TERM=xterm-256color"};
    (void)state;
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        struct vt *t = start_in(NULL, 24, 80, (const char *const[]){terms[i], "NO_COLOR=1", NULL},
                                (const char *const[]){SHORT, NULL});
        assert_true(vt_wait(t, READY));
        exchange(t, "The llama");
        assert_true(vt_wait(t, "Palaver"));
        vt_type(t, "\004");
        int status = vt_wait_end(t);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_true(vt_is_restored(t));
        vt_end(t);
    }
}

static void lesser_ones_get_the_line_mode(void **state)
{
    static const char *const cases[] = {"TERM=dumb", "TERM=nobody-knows-this-one", "LANG=C", "ACCESSIBLE=1"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vt *t =
            start_in(NULL, 24, 80, (const char *const[]){cases[i], NULL}, (const char *const[]){SHORT, NULL});
        assert_true(vt_wait(t, "Ctrl-D leaves"));
        assert_false(vt_on_alternate(t));
        vt_settle(t, 100);
        vt_type(t, "\004");
        vt_wait_end(t);
        vt_end(t);
    }
}

static void signals_give_the_terminal_back(void **state)
{
    const int signals[] = {SIGTERM, SIGHUP,  SIGSEGV,   SIGQUIT, SIGPIPE, SIGXCPU,     SIGXFSZ,
                           SIGUSR1, SIGUSR2, SIGALRM,   SIGSYS,  SIGTRAP, SIGFPE,      SIGILL,
                           SIGBUS,  SIGPROF, SIGVTALRM, SIGABRT, SIGPOLL, SIGRTMIN + 1};
    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct vt *t = start(24, 80, (const char *const[]){ENDLESS, NULL});
        if (i < 3) {
            ask(t, "The llama");
            assert_true(vt_wait(t, "answering"));
        }
        kill(vt_pid(t), signals[i]);
        int status = vt_wait_end(t);
        /* a sanitizer ends by itself */
        assert_true(WIFEXITED(status) || (WIFSIGNALED(status) && WTERMSIG(status) == signals[i]));
        assert_true(vt_is_restored(t));
        assert_false(vt_on_alternate(t));
        vt_end(t);
    }
}

/* The window has the conversation's title, cleaned and cut, and its own again at the end. */
static void the_window_is_named(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){SHORT, NULL});
    assert_string_equal(vt_title(t), "New conversation · Palaver");
    exchange(t, "The llama");
    vt_paste(t, "/rename Sky\033]2;x\007 colours");
    assert_true(vt_wait(t, "colours"));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "Sky ]2;x colours"));
    assert_string_equal(vt_title(t), "Sky ]2;x colours · Palaver");
    vt_type(t, "/rename A title that is much longer than the sixty columns that a window has room for\r");
    assert_true(vt_wait(t, "A title that is much longer"));
    assert_string_equal(vt_title(t), "A title that is much longer than the sixty columns that a wi… · Palaver");
    assert_true(vt_was_sent(t, "\033[22;2t"));
    assert_false(vt_was_sent(t, "\033[23;2t"));
    leave(t);
    assert_true(vt_was_sent(t, "\033[23;2t"));
    assert_true(vt_was_sent(t, KEYS_OFF));
    vt_end(t);
}

/* A console that knows neither titles nor keyboards is asked for none. */
static void the_console_is_not_asked(void **state)
{
    (void)state;
    struct vt *t = start_in(NULL, 24, 80, (const char *const[]){"TERM=linux", NULL}, plain);
    assert_true(vt_wait(t, READY));
    leave(t);
    assert_false(vt_was_sent(t, KEYS_ON));
    assert_false(vt_was_sent(t, "\033]2;"));
    assert_false(vt_was_sent(t, "\033[22;2t"));
    vt_end(t);
}

/* Under a shell with job control, as only then there is a program to return to. */
static void suspends_and_comes_back(void **state)
{
    char command[9000];
    (void)state;
    snprintf(command, sizeof command, "set -m; %s -m %s -s 1 -n 4; echo in the shell; sleep 1; fg", program, model);
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    struct vt *t = vt_start(24, 80, argv, plain, NULL);
    assert_true(vt_wait(t, READY));
    exchange(t, "The llama");
    assert_true(vt_was_sent(t, KEYS_ON));
    assert_false(vt_was_sent(t, KEYS_OFF));
    vt_type(t, "\032");
    assert_true(vt_wait(t, "in the shell"));
    assert_true(vt_was_sent(t, KEYS_OFF));
    assert_false(vt_on_alternate(t));
    assert_true(vt_wait(t, "The llama"));
    press(t, "still here");
    assert_true(vt_wait(t, "still here"));
    assert_true(vt_on_alternate(t));
    vt_end(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaving_with_unsaved_messages_is_held_once),
        cmocka_unit_test(what_is_saved_after_all_is_not_lost),
        cmocka_unit_test(a_signal_tells_what_is_lost_too),
        cmocka_unit_test(fits_any_size),
        cmocka_unit_test(resizing_keeps_the_place),
        cmocka_unit_test(what_is_cut_says_so),
        cmocka_unit_test(old_terminals_have_it_too),
        cmocka_unit_test(lesser_ones_get_the_line_mode),
        cmocka_unit_test(signals_give_the_terminal_back),
        cmocka_unit_test(suspends_and_comes_back),
        cmocka_unit_test(the_window_is_named),
        cmocka_unit_test(the_console_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
