/* Every key and every command at least once: whatever is pressed, the screen survives and gives the terminal back. */
#include <config.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/source.h"

/* Every key that the help lists can be pressed at any time. */
static void every_key_is_harmless(void **state)
{
    /* clang-format off */
    static const char *const keys[] = {"j", "k", "g", "G", " ", "\004", "\025", "n", "N", "c", "m", "m", "t", "t", "?", ESC,
                                       UP, DOWN, LEFT, RIGHT, "\t", "j", "k", "g", "G", "p", "p", "a", "a", "\t", F5, F5, F7,
                                       F7, F3, "j", "k", RIGHT, LEFT, "\033[1;2C", "\033[1;2D", "\177", F3, "\0332", ESC,
                                       "\0331", ESC, "\033r", ESC, "\033y", "\033[1;3D", "\033[1;3C", "\033[1;3A", "\033[1;3B",
                                       "\014", "\033[1;5H", "\033[1;5F", "\033[1;2A", "\033[1;2B", PAGE_UP, "\033[6~", "\0336",
                                       "\0336", "\033[<0;30;5M", "\033[<0;30;5m", "\033[<64;30;5M", "\033[I", "\033[O",
                                       "\0334", LEFT, LEFT, "h", "l", DOWN, UP, "j", "k", "\033[1;5D", "\033[1;5C", "s", "t",
                                       "*", "*", "f", "f", "o", "\t", " ", "c", ESC, "\033j", "\033k", "\033g", ESC, "\033,",
                                       "t", "g", "w", ESC, "\0334", " ", "\0334", "\r", "\0334", "\t", "\0334", ESC};
    /* clang-format on */
    (void)state;
    struct vt *t = start(30, 120, (const char *const[]){SHORT, NULL});
    exchange(t, "The llama");
    press(t, ESC);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        vt_settle(t, 40);
        vt_type(t, keys[i]);
    }
    vt_settle(t, 200);
    press(t, ESC);
    press(t, "j"); /* two in a moment would open the map */
    press(t, ESC);
    assert_true(vt_wait(t, READY));
    kill(vt_pid(t), SIGTERM);
    int status = vt_wait_end(t);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_true(vt_is_restored(t));
    vt_end(t);
}

/* Every cell holds what ncurses believes it holds: drawn again from the beginning, nothing changes. The last row is left
 * out, as a remark there goes with the next key. */
static bool is_drawn_by_curses(struct vt *t)
{
    char before[16384];
    vt_settle(t, 150);
    size_t size = (size_t)snprintf(before, sizeof before, "%s", vt_screen(t));
    vt_type(t, "\014");
    vt_settle(t, 60);
    for (int ends = 0; size > 0 && ends < 2; size--) /* the ends of the last row and of the one above */
        ends += before[size - 1] == '\n';
    return strncmp(before, vt_screen(t), size) == 0;
}

static void answer_again(struct vt *t)
{
    vt_type(t, "/step off\r");
    vt_settle(t, 60);
    vt_type(t, "/new\r");
    assert_true(vt_wait(t, "New conversation"));
    exchange(t, "The llama");
}

/* What is left on the main screen by a program that has ended; "": nothing was printed past the screen, as that is kept
 * until then. */
static const char *left_behind(struct vt *t)
{
    const char *screen = vt_screen(t);
    assert_false(vt_on_alternate(t));
    return screen[strspn(screen, " \n")] != '\0' ? screen : "";
}

/* A line for a descriptor of the program, as if it printed that itself. */
static void print_there(const struct vt *t, int fd, const char *line)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)vt_pid(t), fd);
    FILE *there = fopen(path, "a");
    assert_non_null(there);
    assert_true(fputs(line, there) >= 0);
    assert_int_equal(fclose(there), 0);
}

/* A library that prints, or a mistake of ours, spoils no screen, and what it said is not lost. */
static void what_is_printed_past_the_screen_is_told_after_it(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, plain);
    char before[8192];
    vt_settle(t, 200);
    snprintf(before, sizeof before, "%s", vt_screen(t));
    print_there(t, STDOUT_FILENO, "a stray line\n");
    print_there(t, STDERR_FILENO, "and another\n");
    vt_settle(t, 200);
    assert_string_equal(vt_screen(t), before);
    leave(t);
    assert_true(strstr(left_behind(t), "a stray line") != NULL);
    assert_true(strstr(left_behind(t), "and another") != NULL);
    vt_end(t);
}

/* The same when it is a fault that ends it. */
static void a_crash_tells_it_too(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, plain);
    vt_settle(t, 200);
    print_there(t, STDERR_FILENO, "what went wrong\n");
    kill(vt_pid(t), SIGABRT);
    vt_wait_end(t);
    assert_true(strstr(left_behind(t), "what went wrong") != NULL);
    vt_end(t);
}

/* The commands that the manual lists, in its order, without arguments. None of them prints past the screen: only what holds
 * the screen's own descriptor reaches the terminal, and all of that is drawn by ncurses (Ctrl-L changes nothing), but for
 * the modes of ui/draw/modes.c and the links of ui/draw/links.c, which write no other cells (test-links). */
static void every_command_is_harmless(void **state)
{
    const char *source = source_folder();
    char path[4096], line[256], command[64];
    int n = 0;
    (void)state;
    snprintf(path, sizeof path, "%s/docs/palaver.1", source);
    FILE *manual = fopen(path, "r");
    assert_non_null(manual);
    struct vt *t = start(30, 120, (const char *const[]){SHORT, NULL});
    exchange(t, "The llama");
    while (fgets(line, sizeof line, manual) != NULL) {
        if (sscanf(line, "\\fB/%60[a-z]", command) != 1 || strcmp(command, "quit") == 0)
            continue;
        n++;
        vt_type(t, "\003");
        vt_settle(t, 60);
        if (!vt_shows(t, "4 tokens")) /* a command before this one left the answer, or the next ones wait */
            answer_again(t);
        snprintf(line, sizeof line, "/%s", command);
        vt_paste(t, line); /* goes to the composer wherever the focus is */
        press(t, "\r");
        press(t, ESC); /* ends popups, edits and answers */
        if (!vt_wait(t, READY))
            fail_msg("after /%s", command);
        if (!is_drawn_by_curses(t))
            fail_msg("/%s wrote past ncurses", command);
    }
    fclose(manual);
    assert_true(n > 40);
    kill(vt_pid(t), SIGTERM);
    int status = vt_wait_end(t);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_true(vt_is_restored(t));
    assert_string_equal(left_behind(t), "");
    vt_end(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_harmless),
        cmocka_unit_test(every_command_is_harmless),
        cmocka_unit_test(what_is_printed_past_the_screen_is_told_after_it),
        cmocka_unit_test(a_crash_tells_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
