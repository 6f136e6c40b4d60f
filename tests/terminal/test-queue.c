/* Messages that are sent while an answer is under way, as a user at a terminal sees them. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"

static struct vt *start_answer(const char *home)
{
    struct vt *t = start_in(home, 30, 100, plain, (const char *const[]){ENDLESS, NULL});
    assert_true(vt_wait(t, READY));
    ask(t, "The llama");
    assert_true(vt_wait(t, "answering"));
    assert_true(vt_wait(t, "Enter queues"));
    return t;
}

static void queue_message(struct vt *t, const char *text)
{
    char row[100];
    snprintf(row, sizeof row, "queued · Enter again edits  %s", text);
    ask(t, text);
    assert_true(vt_wait(t, row));
}

static void they_wait_and_are_sent_one_after_another(void **state)
{
    (void)state;
    struct vt *t = start_answer(NULL);
    queue_message(t, "Second wave");
    queue_message(t, "Third wave");
    assert_true(vt_wait(t, "queued  Second wave"));
    vt_type(t, "/set max_new_tokens 4\r");
    assert_true(vt_wait_gone(t, "queued"));
    assert_true(vt_wait(t, "ready"));
    assert_true(vt_wait(t, "Third wave"));
    press(t, ESC);
    press(t, "g");
    assert_true(vt_wait(t, "The llama"));
    press(t, "G");
    assert_true(vt_wait(t, "Second wave"));
    assert_true(vt_find(t, "Second wave") < vt_find(t, "Third wave"));
    quit(t);
}

static void enter_takes_the_last_one_back(void **state)
{
    (void)state;
    struct vt *t = start_answer(NULL);
    queue_message(t, "Second wave");
    queue_message(t, "Third wave");
    vt_type(t, "\r");
    assert_true(vt_wait(t, "│Third wave"));
    assert_true(vt_wait(t, "queued · Enter again edits  Second wave"));
    vt_type(t, " and more\r");
    assert_true(vt_wait(t, "queued · Enter again edits  Third wave and more"));
    press(t, ESC);
    assert_true(vt_wait(t, "waits  Third wave and more"));
    assert_true(vt_wait(t, "/continue resumes it"));
    quit(t);
}

static void many_wait_in_three_rows(void **state)
{
    (void)state;
    struct vt *t = start_answer(NULL);
    queue_message(t, "one");
    queue_message(t, "two");
    queue_message(t, "three");
    queue_message(t, "four");
    queue_message(t, "five");
    assert_true(vt_wait(t, "queued, and 2 before  three"));
    press(t, ESC);
    assert_true(vt_wait(t, "waits · Enter edits  one"));
    assert_true(vt_wait(t, "waits, and 2 more  three"));
    assert_true(vt_wait(t, "/continue resumes it"));
    quit(t);
}

static void a_stopped_answer_leaves_them_waiting_into_the_next_program(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_answer(test_folder);
    queue_message(t, "Second wave");
    vt_paste(t, "Third\nwave");
    vt_type(t, "\r");
    assert_true(vt_wait(t, "queued · Enter again edits  Third …"));
    press(t, ESC);
    assert_true(vt_wait(t, "waits · Enter edits  Second wave"));
    assert_true(vt_wait(t, "ready"));
    quit(t);
    t = start_in(test_folder, 30, 100, plain, (const char *const[]){"-n", "4", NULL});
    assert_true(vt_wait(t, READY));
    assert_true(vt_wait(t, "waits · Enter edits  Second wave"));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "│Second wave"));
    vt_type(t, "\r"); /* it is sent, and the other one follows when its answer has ended */
    assert_true(vt_wait_gone(t, "waits"));
    assert_true(vt_wait(t, "wave"));
    assert_true(vt_wait(t, READY));
    press(t, ESC);
    press(t, "G");
    assert_true(vt_wait(t, "Third"));
    assert_true(vt_wait_gone(t, "queued"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* A slow line brings a paste in pieces, between which the answer wakes the program; what follows Enter was not sent. */
static void a_paste_in_pieces_arrives_whole(void **state)
{
    (void)state;
    struct vt *t = start_answer(NULL);
    vt_type(t, "\033[200~Third");
    vt_pause(t, 150);
    vt_type(t, "\rwave");
    vt_pause(t, 150);
    vt_type(t, "\033[201~!");
    assert_true(vt_wait(t, "wave!"));
    assert_true(vt_wait(t, "│Third"));
    assert_true(vt_wait_gone(t, "queued"));
    press(t, ESC);
    assert_true(vt_wait(t, "ready"));
    quit(t);
}

static void attached_files_wait_with_their_message(void **state)
{
    (void)state;
    char command[4400], path[] = "/tmp/palaver-queue.XXXXXX";
    assert_non_null(mkdtemp(path));
    snprintf(command, sizeof command, "echo 'seven seas' > %s/sea.txt", path);
    assert_int_equal(system(command), 0);
    struct vt *t = start_answer(NULL);
    snprintf(command, sizeof command, "/read %s/sea.txt\r", path);
    vt_type(t, command);
    assert_true(vt_wait(t, "+ sea.txt"));
    queue_message(t, "Count");
    assert_true(vt_wait_gone(t, "+ sea.txt"));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "seven seas"));
    press(t, ESC);
    assert_true(vt_wait(t, "/continue resumes it")); /* while it is stopped Ctrl-C clears nothing */
    quit(t);
    snprintf(command, sizeof command, "rm -rf %s", path);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_wait_and_are_sent_one_after_another),
        cmocka_unit_test(enter_takes_the_last_one_back),
        cmocka_unit_test(many_wait_in_three_rows),
        cmocka_unit_test(a_stopped_answer_leaves_them_waiting_into_the_next_program),
        cmocka_unit_test(a_paste_in_pieces_arrives_whole),
        cmocka_unit_test(attached_files_wait_with_their_message),
    };
    return find_program() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
