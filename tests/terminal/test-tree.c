/* Finding one's way in a conversation: its map, jumps, bookmarks, and the way back. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"

/* Two questions, and the second one edited: two branches of two messages after the first answer. */
static struct vt *open_branches(void)
{
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    exchange(t, "One");
    exchange(t, "Two");
    vt_type(t, "/edit 3\r");
    assert_true(vt_wait(t, "editing message 3"));
    vt_type(t, " and a half\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait(t, "‹2/2›"));
    return t;
}

static void the_map_shows_all_branches(void **state)
{
    (void)state;
    struct vt *t = open_branches();
    vt_type(t, "/tree\r");
    assert_true(vt_wait(t, "Map of 6 messages"));
    assert_true(vt_wait(t, "2 ways on"));
    assert_true(vt_wait(t, "├╴You Two"));
    assert_true(vt_wait(t, "└╴You Two and a half"));
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
    assert_true(vt_wait_gone(t, "You Two"));
    press(t, " ");
    assert_true(vt_wait(t, "├╴You Two"));
    press(t, "6");
    press(t, "c");
    assert_true(vt_wait(t, "[compare]"));
    press(t, "4");
    press(t, "c");
    assert_true(vt_wait(t, "Two branches, after 2 messages in common"));
    assert_true(vt_wait(t, "Two and a half"));
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
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 30, 110, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    vt_type(t, "/jump\r");
    assert_true(vt_wait(t, "no question to go to yet"));
    exchange(t, "Remember the whale");
    vt_type(t, "/bookmark 2\r");
    assert_true(vt_wait(t, "bookmark set"));
    assert_true(vt_wait(t, "★ · 4 tokens"));
    quit(t);
    t = start_in(test_folder, 30, 110, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "★ · 4 tokens"));
    vt_type(t, "\033g");
    assert_true(vt_wait(t, "Bookmarks and your questions"));
    assert_true(vt_wait(t, "Your questions"));
    press(t, "\r");
    assert_true(vt_wait_gone(t, "Bookmarks and"));
    vt_type(t, "*"); /* the message is selected */
    assert_true(vt_wait(t, "bookmark removed"));
    assert_true(vt_wait_gone(t, "★"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void questions_are_walked(void **state)
{
    (void)state;
    struct vt *t = start(12, 100, (const char *const[]){SHORT, NULL});
    exchange(t, "First question");
    exchange(t, "Second question");
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

/* Five exchanges, more than the window has rows for, and beside them one that begins otherwise and is open. */
static struct vt *open_short_branch(void)
{
    static const char *const questions[] = {"First", "Second", "Third", "Fourth", "Fifth"};
    struct vt *t = start(14, 100, (const char *const[]){SHORT, NULL});
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        exchange(t, questions[i]);
        assert_true(vt_wait(t, "ready"));
    }
    vt_type(t, "/edit 1\r");
    assert_true(vt_wait(t, "editing message 1"));
    vt_type(t, ", otherwise\r");
    assert_true(vt_wait(t, "‹2/2›"));
    assert_true(vt_wait(t, "/continue resumes it"));
    return t;
}

static void an_alternative_stands_where_the_message_stood(void **state)
{
    (void)state;
    struct vt *t = open_short_branch();
    press(t, ESC);
    press(t, "g");
    const int row = vt_find(t, "‹2/2›");
    press(t, LEFT);
    assert_true(vt_wait(t, "‹1/2›"));
    assert_int_equal(vt_find(t, "‹1/2›"), row);
    assert_true(vt_wait_gone(t, "Fifth"));
    press(t, "G");
    assert_true(vt_wait(t, "Fifth"));
    quit(t);
}

static void the_map_leads_to_the_message_itself(void **state)
{
    (void)state;
    struct vt *t = open_short_branch();
    vt_type(t, "/tree\r");
    assert_true(vt_wait(t, "Map of 12 messages"));
    vt_type(t, "3\r"); /* from the composer, to which keys went before */
    assert_true(vt_wait(t, " Second"));
    press(t, "e");
    assert_true(vt_wait(t, "editing message 3"));
    press(t, ESC);
    quit(t);
}

/* ---- hits ------------------------------------------------------------------------------------------------------- */

static void go_to_hit(struct vt *t, const char *words, const char *shows)
{
    vt_type(t, "\033s"); /* Alt-s */
    assert_true(vt_wait(t, "Search all conversations"));
    vt_type(t, words);
    assert_true(vt_wait(t, shows));
    vt_type(t, "\r");
    assert_true(vt_wait_gone(t, "Search all conversations"));
}

static void a_hit_is_the_selected_message(void **state)
{
    (void)state;
    struct vt *t = start(40, 100, (const char *const[]){SHORT, NULL});
    exchange(t, "A whale");
    exchange(t, "A gull");
    go_to_hit(t, "whale", "You: A whale");
    press(t, "e");
    assert_true(vt_wait(t, "editing message 1"));
    press(t, ESC);
    vt_type(t, "/find gull\r");
    assert_true(vt_wait(t, "1 place"));
    press(t, "e");
    assert_true(vt_wait(t, "editing message 3"));
    press(t, ESC);
    quit(t);
}

/* Sixty lines, of which the tenth and the fiftieth have it. */
static void hits_in_a_long_message_are_walked(void **state)
{
    char text[2000] = "";
    (void)state;
    struct vt *t = start(16, 100, (const char *const[]){SHORT, NULL});
    for (int i = 1; i <= 60; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %d\n\n",
                 i == 10 || i == 50 ? "Here is a whale" : "Here is a gull", i);
    vt_paste(t, text);
    vt_type(t, "\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    exchange(t, "What is there");
    go_to_hit(t, "whale", "whale");
    assert_true(vt_wait(t, "Here is a whale 10"));
    press(t, "n");
    assert_true(vt_wait(t, "Here is a whale 50"));
    vt_resize(t, 60, 100); /* there is more room than what follows needs */
    assert_true(vt_wait(t, "What is there"));
    vt_resize(t, 16, 100);
    assert_true(vt_wait_gone(t, "What is there"));
    assert_true(vt_wait(t, "Here is a whale 50"));
    press(t, "N");
    assert_true(vt_wait(t, "Here is a whale 10"));
    press(t, "e");
    assert_true(vt_wait(t, "editing message 1"));
    press(t, ESC);
    vt_resize(t, 16, 40); /* what was found is seen, though its beginning is not */
    press(t, "\033s");
    assert_true(vt_wait(t, "Search all"));
    vt_type(t, "whale");
    assert_true(vt_wait(t, "  today"));
    assert_non_null(strstr(vt_row(t, vt_find(t, "  today")), "whale"));
    press(t, ESC);
    quit(t);
}

/* Two of three are marked; what is done is done to both, and u takes it back. */
static void many_conversations_are_acted_on(void **state)
{
    char line[200];
    (void)state;
    struct vt *t = start(30, 120, (const char *const[]){SHORT, NULL});
    static const char *const titles[] = {"Whales", "Gulls", "Crabs"};
    vt_type(t, "/marked delete\r");
    assert_true(vt_wait(t, "no conversation is marked"));
    press(t, "\003"); /* the command stays to be corrected */
    for (size_t i = 0; i < 3; i++) {
        exchange(t, "The sea");
        snprintf(line, sizeof line, "/rename %s\r", titles[i]);
        vt_type(t, line);
        assert_true(vt_wait(t, titles[i]));
        if (i < 2) {
            vt_type(t, "/new\r");
            assert_true(vt_wait(t, "New conversation"));
        }
    }
    press(t, F5);
    press(t, "g");
    vt_type(t, "  "); /* marks the first and goes on to the next */
    assert_true(vt_wait(t, "✓Gulls"));
    press(t, "t");
    assert_true(vt_wait(t, "│/marked tag "));
    vt_type(t, "sea\r");
    assert_true(vt_wait(t, "2 conversations tagged"));
    assert_true(vt_wait_gone(t, "✓"));
    vt_type(t, "/list sea\r");
    assert_true(vt_wait(t, "#sea"));
    press(t, ESC);
    press(t, F5);
    press(t, "g");
    vt_type(t, "  ");
    assert_true(vt_wait(t, "✓Gulls"));
    press(t, "x");
    assert_true(vt_wait(t, "│/marked export "));
    snprintf(line, sizeof line, "%s/both.json\r", vt_home(t));
    vt_type(t, line);
    assert_true(vt_wait(t, "written to"));
    snprintf(line, sizeof line, "grep -q Gulls %s/both.json && grep -q Crabs %s/both.json", vt_home(t), vt_home(t));
    assert_int_equal(system(line), 0);
    press(t, F5);
    press(t, "g");
    vt_type(t, "  ");
    assert_true(vt_wait(t, "✓Gulls"));
    press(t, "d");
    assert_true(vt_wait(t, "2 conversations deleted"));
    assert_true(vt_wait_gone(t, "Gulls"));
    press(t, "u");
    assert_true(vt_wait(t, "Gulls"));
    assert_true(vt_wait(t, "Crabs"));
    quit(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_shows_all_branches),
        cmocka_unit_test(branches_are_compared_and_folded),
        cmocka_unit_test(two_escapes_open_the_map),
        cmocka_unit_test(bookmarks_are_kept_and_found),
        cmocka_unit_test(questions_are_walked),
        cmocka_unit_test(an_alternative_stands_where_the_message_stood),
        cmocka_unit_test(the_map_leads_to_the_message_itself),
        cmocka_unit_test(a_hit_is_the_selected_message),
        cmocka_unit_test(hits_in_a_long_message_are_walked),
        cmocka_unit_test(many_conversations_are_acted_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
