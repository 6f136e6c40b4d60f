/* The full screen, as a user at a terminal sees it. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"

/* ---- talking ---------------------------------------------------------------------------------------------------- */

static void answers(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){SHORT, NULL});
    exchange(t, "The llama");
    assert_true(vt_wait(t, "You"));
    assert_true(vt_wait(t, "Palaver"));
    assert_true(vt_wait(t, "4 tokens"));
    assert_true(vt_on_alternate(t));
    quit(t);
}

static void stops_and_says_how_to_leave(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){ENDLESS, NULL});
    ask(t, "The llama");
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped"));
    assert_true(vt_wait(t, "ready"));
    press(t, "\003");
    assert_true(vt_wait(t, "Ctrl-D or /quit leaves"));
    quit(t);
}

static void goes_on_after_a_kill(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 24, 80, plain, (const char *const[]){ENDLESS, NULL});
    assert_true(vt_wait(t, READY));
    ask(t, "The llama");
    assert_true(vt_wait(t, "answering"));
    wait_for_stored_answer(t);
    kill(vt_pid(t), SIGKILL);
    vt_wait_end(t);
    vt_end(t);
    t = start_in(test_folder, 24, 80, plain, (const char *const[]){ENDLESS, NULL});
    assert_true(vt_wait(t, READY));
    press(t, ESC);
    press(t, "g");
    assert_true(vt_wait(t, "interrupted"));
    assert_true(vt_wait(t, "The llama"));
    press(t, ESC);
    vt_type(t, "/continue\r");
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait(t, "ready"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* Until more lines have come below the view than now: by then all that was pressed has been done. */
static void wait_for_more(struct vt *t)
{
    assert_true(vt_wait(t, " new line"));
    char row[512], *count;
    snprintf(row, sizeof row, "%s", vt_row(t, vt_find(t, " new line")));
    count = strstr(row, "↓");
    assert_non_null(count);
    assert_true(vt_wait_gone(t, count));
    assert_true(vt_wait(t, " new line"));
}

static void the_view_stays_while_text_arrives(void **state)
{
    (void)state;
    struct vt *t = start(20, 90, (const char *const[]){ENDLESS, NULL});
    ask(t, "The llama");
    assert_true(vt_wait(t, "context ▏"));
    for (int i = 0; i < 200 && vt_find(t, "You") >= 0; i++) /* until the question has scrolled away */
        vt_settle(t, 50);
    press(t, PAGE_UP);
    press(t, PAGE_UP);
    wait_for_more(t);
    char top[512];
    snprintf(top, sizeof top, "%s", vt_row(t, 2));
    wait_for_more(t);
    assert_string_equal(vt_row(t, 2), top);
    press(t, "\033[1;5F"); /* Ctrl-End */
    assert_true(vt_wait_gone(t, "new line"));
    press(t, ESC);
    assert_true(vt_wait(t, "ready"));
    quit(t);
}

/* ---- editing and moving ----------------------------------------------------------------------------------------- */

static void edits_make_alternatives(void **state)
{
    (void)state;
    struct vt *t = start(30, 100, (const char *const[]){SHORT, NULL});
    exchange(t, "Say one");
    press(t, ESC);
    press(t, "g");
    press(t, "e");
    assert_true(vt_wait(t, "editing message 1"));
    press(t, " more\r");
    assert_true(vt_wait(t, "‹2/2›"));
    assert_true(vt_wait(t, "Say one more"));
    assert_true(vt_wait(t, "ready"));
    press(t, ESC);
    press(t, "g");
    press(t, LEFT);
    assert_true(vt_wait(t, "‹1/2›"));
    assert_true(vt_wait_gone(t, "Say one more"));
    press(t, RIGHT);
    assert_true(vt_wait(t, "‹2/2›"));
    /* another answer */
    press(t, "r");
    assert_true(vt_wait(t, "Palaver ‹2/2›")); /* it has begun: "ready" is no longer that of the answer before */
    assert_true(vt_wait(t, "ready"));
    press(t, ESC);
    quit(t);
}

static void an_edited_answer_is_saved_beside_the_old_one(void **state)
{
    (void)state;
    struct vt *t = start(30, 100, (const char *const[]){SHORT, NULL});
    exchange(t, "Say one");
    press(t, ESC);
    press(t, "e");
    assert_true(vt_wait(t, "editing message 2"));
    press(t, "XYZ\r");
    assert_true(vt_wait(t, "save and continue"));
    press(t, "\r");
    assert_true(vt_wait(t, "‹2/2›"));
    assert_true(vt_wait(t, "XYZ"));
    vt_type(t, "/verify\r");
    assert_true(vt_wait(t, "this answer was edited or imported: no model can make it again"));
    vt_type(t, "/continue\r");
    assert_true(vt_wait_gone(t, "no model can make it again"));
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait_gone(t, "▲")); /* it was written under no settings, which then changed */
    vt_type(t, "/verify\r");
    assert_true(vt_wait(t, "this answer was edited and continued: no model can make it again"));
    quit(t);
}

static void conversations_are_deleted_and_brought_back(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    exchange(t, "Sky colours");
    press(t, F5);
    press(t, "d");
    assert_true(vt_wait(t, "brings it back"));
    assert_true(vt_wait(t, "none yet"));
    press(t, "u");
    assert_true(vt_wait_gone(t, "none yet"));
    assert_true(vt_wait(t, "Palaver"));
    /* and by name */
    press(t, ESC);
    vt_type(t, "/rename Blue\r");
    assert_true(vt_wait(t, "▸Blue"));
    vt_type(t, "/new\r");
    assert_true(vt_wait(t, "New conversation"));
    press(t, "\033o"); /* Alt-o */
    assert_true(vt_wait(t, "Open a conversation"));
    press(t, "bl\r");
    assert_true(vt_wait(t, "▸Blue"));
    quit(t);
}

static void finds(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    exchange(t, "Where does Schrödinger live");
    vt_type(t, "/new\r");
    assert_true(vt_wait(t, "New conversation"));
    press(t, "\033s"); /* Alt-s */
    assert_true(vt_wait(t, "Search all conversations"));
    press(t, "schrod");
    assert_true(vt_wait(t, "does Schrödinger live"));
    press(t, "\r");
    assert_true(vt_wait(t, "You"));
    press(t, "/"); /* in the transcript, where the hit is: it searches here */
    vt_type(t, "live\r");
    assert_true(vt_wait(t, "1 place"));
    int row = vt_find(t, "  Where does");
    assert_true(row >= 0);
    press(t, "n"); /* and it is there that keys go */
    assert_true(vt_wait_gone(t, "1 place"));
    press(t, "/");
    vt_type(t, "find does\r"); /* by people who think of / as the beginning of a command */
    assert_true(vt_wait(t, "1 place"));
    press(t, "/");
    vt_type(t, "prompt\r");
    assert_true(vt_wait(t, "no match for 'prompt' in this conversation; the command is /prompt"));
    quit(t);
}

static void the_palette_finds_commands(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, plain);
    press(t, "\033x");
    assert_true(vt_wait(t, "Enter chooses"));
    press(t, "theme mono\r");
    press(t, "\033x");
    press(t, "theme mono");
    assert_true(vt_wait(t, "in use"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "Enter chooses"));
    /* mono has no colours */
    assert_false(vt_is_colored(t, 0, 1));
    quit(t);
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

static void settings_act_on_the_answer_that_streams(void **state)
{
    (void)state;
    struct vt *t = start(34, 120, (const char *const[]){"--temperature", "0.8", "-c", "60000", NULL});
    vt_type(t, "/step on\r"); /* so that the marks do not scroll away */
    assert_true(vt_wait(t, "token by token"));
    ask(t, "The llama");
    assert_true(vt_wait(t, "waits at token 1 "));
    press(t, RIGHT);
    assert_true(vt_wait(t, "waits at token 2 "));
    press(t, F3);
    assert_true(vt_wait(t, "Next token"));
    go_to_bias(t);
    press(t, "\r");
    vt_type(t, "\" sea\" -100\r");
    assert_true(vt_wait(t, "▲logit_bias Off→\" sea\" -100"));
    for (int i = 0; i < 5; i++)
        press(t, DOWN);
    press(t, RIGHT);
    assert_true(vt_wait(t, "▲temperature 0.8→0.85"));
    assert_true(vt_wait(t, "▲logit_bias")); /* it has a line of its own where both lack room */
    const char *first = strstr(vt_row(t, vt_find(t, "▲logit_bias")), "▲"); /* in the margin */
    assert_true(strncmp(first, "▲logit_bias", strlen("▲logit_bias")) != 0);
    press(t, "\003");
    assert_true(vt_wait(t, "ready"));
    press(t, "\177"); /* Backspace: the default */
    assert_true(vt_wait(t, "0.7"));
    quit(t);
}

/* Steps the waiting answer on by one token, to that number. */
static void step_to(struct vt *t, int number)
{
    char waits[40];
    snprintf(waits, sizeof waits, "waits at token %d ", number);
    press(t, RIGHT);
    assert_true(vt_wait(t, waits));
}

/* The record says where settings changed: what no token was made under never counted, and two steps are one change. */
static void changed_settings_stand_in_the_answer_after_reopening(void **state)
{
    static const char remark[] = "▲temperature 0.8→0.9";
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 24, 80, plain, (const char *const[]){"--temperature", "0.8", NULL});
    assert_true(vt_wait(t, READY));
    vt_type(t, "/step on\r");
    assert_true(vt_wait(t, "token by token"));
    ask(t, "The llama");
    assert_true(vt_wait(t, "waits at token 1 "));
    step_to(t, 2);
    press(t, F3);
    press(t, RIGHT);
    assert_true(vt_wait(t, "▲temperature 0.8→0.85"));
    press(t, RIGHT);
    assert_true(vt_wait(t, remark)); /* the two steps are one change */
    press(t, F4);
    step_to(t, 3);
    vt_type(t, "/set top_k 7\r");
    assert_true(vt_wait(t, "▲top_k"));
    press(t, "\003");
    assert_true(vt_wait(t, remark));
    assert_true(vt_wait_gone(t, "▲top_k"));
    quit(t);
    t = start_in(test_folder, 24, 80, plain, plain);
    assert_true(vt_wait(t, remark));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* The remark that there is more below has a row of its own: text that was there is seen a line further up. */
static void remarks_hide_no_text(void **state)
{
    static const char words[] = "a text of words without end that goes on and on to the right end of each of its lines";
    (void)state;
    struct vt *t = start(14, 46, (const char *const[]){SHORT, NULL});
    for (int i = 0; i < 3; i++) {
        vt_paste(t, words);
        assert_true(vt_wait(t, "tokens · Enter"));
        vt_type(t, "\r");
        assert_true(vt_wait(t, "/continue resumes it"));
        vt_settle(t, 60);
    }
    for (int i = 0; i < 6; i++) { /* whatever line comes last */
        press(t, "\033[1;2A");
        assert_true(vt_wait(t, "more below"));
        int row = vt_find(t, "more below");
        assert_int_equal(strspn(vt_row(t, row), " "), strstr(vt_row(t, row), "↓") - vt_row(t, row));
    }
    quit(t);
}

/* ---- safety ----------------------------------------------------------------------------------------------------- */

static void imported_text_commands_nothing(void **state)
{
    char path[128];
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    snprintf(path, sizeof path, "%s/evil.json", vt_home(t));
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(
        "[{\"role\":\"user\",\"content\":\"\\u001b]0;title\\u0007\\u001b]52;c;YQ==\\u0007 evil \\u001b[2J\\u009b31m\"},"
        "{\"role\":\"assistant\",\"content\":\"\\u202e reversed \\u0007\\u0007 \\u001bP1$r\\u001b\\\\\"}]",
        out);
    fclose(out);
    char line[160];
    snprintf(line, sizeof line, "/import %s\r", path);
    vt_type(t, line);
    assert_true(vt_wait(t, "1 conversation"));
    press(t, "\033o");
    assert_true(vt_wait(t, "Open a conversation"));
    press(t, "evil\r");
    assert_true(vt_wait(t, "evil ␛[2J"));
    assert_true(vt_wait(t, "reversed"));
    assert_non_null(strstr(vt_title(t), "Palaver"));
    assert_int_equal(vt_clipboards(t), 0);
    assert_int_equal(vt_bells(t), 0);
    quit(t);
}

static void a_temporary_chat_leaves_no_trace(void **state)
{
    char command[256];
    (void)state;
    struct vt *t = start(24, 100, (const char *const[]){SHORT, NULL});
    vt_type(t, "/temp\r");
    assert_true(vt_wait(t, "temporary"));
    exchange(t, "secretword");
    leave(t);
    snprintf(command, sizeof command, "! grep -rq secretword %s", vt_home(t));
    assert_int_equal(system(command), 0);
    vt_end(t);
}

static void two_programs_see_each_other(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *a = start_in(test_folder, 24, 110, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(a, READY));
    struct vt *b = start_in(test_folder, 24, 110, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(b, READY));
    exchange(a, "Written here");
    assert_true(vt_wait(b, "Written here"));
    exchange(b, "And there");
    assert_true(vt_wait(a, "And there"));
    quit(a);
    quit(b);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* Both have one conversation open. */
static void two_programs_share_a_conversation(void **state)
{
    static const char *const options[] = {"-n", "12", "--temperature", "0", NULL};
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *a = start_in(test_folder, 30, 110, plain, options);
    assert_true(vt_wait(a, READY));
    exchange(a, "Written here");
    struct vt *b = start_in(test_folder, 30, 110, plain, options);
    assert_true(vt_wait(b, "gulls stood"));
    vt_type(b, "half a thought");
    exchange(a, "More of it");
    assert_true(vt_wait(b, "More of it"));
    assert_true(vt_wait(b, "half a thought"));
    vt_settle(b, 1500); /* its answer is complete too */
    vt_type(b, "\003");
    vt_type(b, "/prompt\r");
    assert_true(vt_wait(b, "What the model was given"));
    press(b, ESC);
    exchange(b, "Said there");
    assert_true(vt_wait(a, "Said there"));
    quit(a);
    quit(b);
    assert_int_equal(test_folder_remove(NULL), 0);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(stops_and_says_how_to_leave),
        cmocka_unit_test(goes_on_after_a_kill),
        cmocka_unit_test(the_view_stays_while_text_arrives),
        cmocka_unit_test(edits_make_alternatives),
        cmocka_unit_test(an_edited_answer_is_saved_beside_the_old_one),
        cmocka_unit_test(conversations_are_deleted_and_brought_back),
        cmocka_unit_test(finds),
        cmocka_unit_test(the_palette_finds_commands),
        cmocka_unit_test(settings_act_on_the_answer_that_streams),
        cmocka_unit_test(changed_settings_stand_in_the_answer_after_reopening),
        cmocka_unit_test(remarks_hide_no_text),
        cmocka_unit_test(imported_text_commands_nothing),
        cmocka_unit_test(a_temporary_chat_leaves_no_trace),
        cmocka_unit_test(two_programs_see_each_other),
        cmocka_unit_test(two_programs_share_a_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
