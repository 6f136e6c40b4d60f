/* Finding one's way in a conversation: its map, jumps, bookmarks, and the way back. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"

/* Two questions, and the second one edited: two branches of two messages after the first answer. */
static struct vt *open_branches(void)
{
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    exchange(t, "One");
    ask(t, "Two");
    assert_true(vt_wait(t, "context"));
    assert_true(vt_wait(t, READY));
    vt_type(t, "/edit 3\r");
    assert_true(vt_wait(t, "editing message 3"));
    vt_type(t, " and a half\r");
    assert_true(vt_wait(t, "‹2/2›"));
    assert_true(vt_wait(t, "ready"));
    return t;
}

static void the_map_shows_all_branches(void **state)
{
    (void)state;
    struct vt *t = open_branches();
    vt_type(t, "/tree\r");
    assert_true(vt_wait(t, "Map of 6 messages"));
    assert_true(vt_shows(t, "2 ways on"));
    assert_true(vt_shows(t, "├╴You Two"));
    assert_true(vt_shows(t, "└╴You Two and a half"));
    /* the number of a message and Enter lead to it, and the other branch is shown */
    vt_type(t, "4\r");
    assert_true(vt_wait(t, "‹1/2›"));
    assert_true(vt_wait_gone(t, "Two and a half"));
    /* and back */
    vt_type(t, "\033,");
    assert_true(vt_wait(t, "Two and a half"));
    quit(t);
}

static void branches_are_compared_and_folded(void **state)
{
    (void)state;
    struct vt *t = open_branches();
    vt_type(t, "/tree\r");
    assert_true(vt_wait(t, "Map of 6 messages"));
    press(t, LEFT); /* to where they part */
    press(t, " ");
    assert_true(vt_wait(t, "+4"));
    assert_false(vt_shows(t, "You Two"));
    press(t, " ");
    assert_true(vt_wait(t, "├╴You Two"));
    press(t, "6");
    press(t, "c");
    assert_true(vt_wait(t, "[compare]"));
    press(t, "4");
    press(t, "c");
    assert_true(vt_wait(t, "Two branches, after 2 messages in common"));
    assert_true(vt_shows(t, "Two and a half"));
    press(t, RIGHT);
    press(t, "\r"); /* goes to the second one */
    assert_true(vt_wait_gone(t, "Two branches"));
    assert_true(vt_wait(t, "‹1/2›"));
    quit(t);
}

static void two_escapes_open_the_map(void **state)
{
    (void)state;
    struct vt *t = start(10, 40, (const char *const[]){SHORT, NULL});
    ask(t, "One");
    assert_true(vt_wait(t, "sea was calm"));
    assert_true(vt_wait(t, "ready"));
    vt_type(t, "\033[27u\033[27u");
    assert_true(vt_wait(t, "Map of 2 messages"));
    press(t, "q");
    assert_true(vt_wait_gone(t, "Map of"));
    vt_type(t, "typed"); /* back in the composer */
    assert_true(vt_wait(t, "│typed"));
    quit(t);
}

static void bookmarks_are_kept_and_found(void **state)
{
    char home[] = "/tmp/palaver-tree.XXXXXX", command[64];
    (void)state;
    assert_non_null(mkdtemp(home));
    struct vt *t = start_in(home, 30, 110, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    vt_type(t, "/jump\r");
    assert_true(vt_wait(t, "no question to go to yet"));
    exchange(t, "Remember the whale");
    vt_type(t, "/bookmark 2\r");
    assert_true(vt_wait(t, "bookmark set"));
    assert_true(vt_wait(t, "★ · 4 tokens"));
    quit(t);
    t = start_in(home, 30, 110, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "★ · 4 tokens"));
    vt_type(t, "\033g");
    assert_true(vt_wait(t, "Bookmarks and your questions"));
    assert_true(vt_shows(t, "★ The sea"));
    press(t, "\r");
    assert_true(vt_wait_gone(t, "Bookmarks and"));
    vt_type(t, "*"); /* the message is selected */
    assert_true(vt_wait(t, "bookmark removed"));
    assert_true(vt_wait_gone(t, "★"));
    quit(t);
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
}

static void questions_are_walked(void **state)
{
    (void)state;
    struct vt *t = start(12, 60, (const char *const[]){"-n", "60", "--temperature", "0", NULL});
    ask(t, "First question");
    assert_true(vt_wait(t, "/continue resumes it"));
    ask(t, "Second question");
    assert_true(vt_wait_gone(t, "/continue resumes it"));
    assert_true(vt_wait(t, "/continue resumes it"));
    vt_type(t, "\033k");
    assert_true(vt_wait(t, "Second question"));
    vt_type(t, "\033k");
    assert_true(vt_wait(t, "First question"));
    vt_type(t, "\033k");
    assert_true(vt_wait(t, "this is your first message"));
    vt_type(t, "\033j");
    assert_true(vt_wait(t, "Second question"));
    quit(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_shows_all_branches), cmocka_unit_test(branches_are_compared_and_folded),
        cmocka_unit_test(two_escapes_open_the_map),   cmocka_unit_test(bookmarks_are_kept_and_found),
        cmocka_unit_test(questions_are_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
