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

/* The commands that the manual lists, in its order, without arguments. None of them writes past ncurses: what it leaves on
 * the screen is drawn away by Ctrl-L, and what a popup covers has ended a line, while ncurses moves the cursor by addresses. */
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
        if (vt_was_sent(t, "\n")) /* a popup may have covered it */
            fail_msg("/%s printed a line, which ncurses never does", command);
    }
    fclose(manual);
    assert_true(n > 40);
    kill(vt_pid(t), SIGTERM);
    int status = vt_wait_end(t);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_true(vt_is_restored(t));
    vt_end(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_harmless),
        cmocka_unit_test(every_command_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
