/* /btw on the screen: an overlay that answers while the conversation's answer goes on, scrolls, copies and asks further; in
 * line mode; and nothing of it is left in any file. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"

#define TITLE "By the way · leaves no trace"
#define LINE "The sea was calm that morning"
/* Words of questions beside, which no file may have. */
#define WORD "zanzibar"

/* Fails the test when a file of the home has the word. */
static void remove_untouched_home(void)
{
    char command[120];
    snprintf(command, sizeof command, "grep -rqa 'the llama' %s", test_folder);
    assert_int_equal(system(command), 0); /* the messages are there */
    snprintf(command, sizeof command, "grep -rqai '" WORD "' %s", test_folder);
    assert_int_not_equal(system(command), 0);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void it_answers_while_an_answer_is_written(void **state)
{
    (void)state;
    struct vt *t = start(30, 100, (const char *const[]){ENDLESS, "-n", "50000", "-t", "1", NULL});
    ask(t, "go");
    assert_true(vt_wait(t, LINE));
    ask(t, "/btw what is it?");
    assert_true(vt_wait(t, TITLE));
    assert_true(vt_wait(t, "what is it?"));
    assert_true(vt_wait(t, "Esc stops "));
    assert_true(vt_wait(t, "answering")); /* the other one */
    press(t, "\rand then?\r");
    assert_true(vt_wait(t, "an answer is being made; Esc stops it"));
    assert_true(vt_wait(t, "› and then?"));
    press(t, ESC); /* the line */
    press(t, ESC);
    assert_true(vt_wait(t, "Esc closes, Enter asks more, y copies"));
    press(t, "g"); /* the head of an answer that may be longer than the frame */
    assert_true(vt_wait(t, "· stopped"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, TITLE));
    assert_true(vt_wait_gone(t, "what is it?"));
    press(t, ESC); /* the other answer, that goes on still */
    assert_true(vt_wait(t, "stopped; /continue resumes it"));
    quit(t);
}

/* A long question takes its time to be read, and says so. */
static void it_tells_how_much_it_has_read(void **state)
{
    (void)state;
    struct buf words;
    buf_init(&words, 1 << 20);
    buf_puts(&words, "/btw ");
    for (int i = 0; i < 6000; i++)
        buf_puts(&words, "wave ");
    struct vt *t = start(24, 80, (const char *const[]){"-c", "60000", "-n", "4", "-t", "1", NULL});
    exchange(t, "The llama");
    vt_paste(t, buf_text(&words));
    press(t, "\r");
    assert_true(vt_wait(t, "reading the question "));
    assert_true(vt_wait(t, "% · Esc stops "));
    press(t, ESC);
    assert_true(vt_wait(t, "Esc closes"));
    assert_true(vt_wait_gone(t, "reading the question"));
    press(t, ESC);
    buf_free(&words);
    quit(t);
}

static void it_asks_further_copies_and_scrolls(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){"-n", "60", "--temperature", "0", "-t", "1", NULL});
    ask(t, "go");
    assert_true(vt_wait(t, "/continue resumes it"));
    ask(t, "/btw what is it?");
    assert_true(vt_wait(t, "Enter asks more"));
    assert_true(vt_wait(t, "60 tokens"));
    press(t, "y");
    assert_true(vt_wait(t, "answer: "));
    assert_true(vt_clipboards(t) > 0);
    press(t, "\r");
    assert_true(vt_wait(t, "Enter asks, Esc leaves the line"));
    vt_type(t, "and why?");
    assert_true(vt_wait(t, "› and why?"));
    press(t, "\r");
    assert_true(vt_wait_gone(t, "Enter asks, Esc leaves the line"));
    assert_true(vt_wait(t, "and why?"));
    assert_true(vt_wait(t, "Enter asks more"));
    vt_resize(t, 10, 40); /* the smallest size */
    assert_true(vt_wait(t, "leaves no trace"));
    press(t, "g");
    assert_true(vt_wait(t, "what is it?"));
    press(t, "G");
    assert_true(vt_wait_gone(t, "what is it?"));
    vt_paste(t, "pasted\nwords"); /* it is not lost */
    assert_true(vt_wait(t, "› pasted words"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "› pasted words"));
    vt_resize(t, 24, 80);
    press(t, "q");
    assert_true(vt_wait_gone(t, TITLE));
    quit(t);
}

static void it_leaves_no_trace_in_any_file(void **state)
{
    static const char *const options[] = {"-n", "8", "-t", "1", NULL};
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 24, 80, plain, options);
    assert_true(vt_wait(t, READY));
    exchange(t, "the llama");
    ask(t, "/btw is " WORD " far?");
    assert_true(vt_wait(t, "Enter asks more"));
    press(t, "\r");
    vt_type(t, "and " WORD "'s ships?");
    press(t, "\r");
    assert_true(vt_wait(t, "'s ships?"));
    assert_true(vt_wait(t, "Esc closes"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, TITLE));
    vt_type(t, "a draft");
    assert_true(vt_wait(t, "a draft"));
    vt_type(t, "\003/btw " WORD "?"); /* not sent yet, and what was typed before is no draft either */
    assert_true(vt_wait(t, "/btw " WORD "?"));
    kill(vt_pid(t), SIGTERM);
    vt_wait_end(t);
    vt_end(t);
    t = start_in(test_folder, 24, 80, plain, options);
    assert_true(vt_wait(t, READY));
    assert_true(vt_wait(t, "the llama"));
    assert_true(vt_wait_gone(t, "a draft"));
    press(t, UP);
    press(t, UP);
    assert_true(vt_wait_gone(t, WORD));
    quit(t);
    remove_untouched_home();
}

static void line_mode_prints_the_answer_and_keeps_nothing(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 24, 80, plain, (const char *const[]){"--line", "-n", "8", "-t", "1", NULL});
    assert_true(vt_wait(t, "/help"));
    vt_type(t, "the llama\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    vt_type(t, "/btw is " WORD " far?\r");
    assert_true(vt_wait(t, "it is as long as it may be"));
    assert_true(vt_wait(t, "beside the conversation and leaves no trace"));
    vt_type(t, "/set max_new_tokens 50000\r/set temperature 0\r/btw " WORD "\r");
    assert_true(vt_wait(t, LINE));
    vt_type(t, "\003");
    assert_true(vt_wait(t, "stopped"));
    vt_type(t, "/quit\r");
    vt_wait_end(t);
    vt_end(t);
    remove_untouched_home();
}

static void mistakes_are_named(void **state)
{
    (void)state;
    struct vt *t = start(24, 110, (const char *const[]){SHORT, NULL});
    ask(t, "/btw");
    assert_true(vt_wait(t, "ask what? /btw QUESTION"));
    quit(t);
    t = start(24, 110, (const char *const[]){SHORT, "--raw", NULL});
    ask(t, "/btw what?");
    assert_true(vt_wait(t, "/raw off begins a dialogue"));
    assert_true(vt_wait_gone(t, TITLE));
    quit(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_answers_while_an_answer_is_written),
        cmocka_unit_test(it_tells_how_much_it_has_read),
        cmocka_unit_test(it_asks_further_copies_and_scrolls),
        cmocka_unit_test(it_leaves_no_trace_in_any_file),
        cmocka_unit_test(line_mode_prints_the_answer_and_keeps_nothing),
        cmocka_unit_test(mistakes_are_named),
    };
    return find_program() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
