/* What is typed or pasted into the composer of the screen: it is sent whole, kept as a draft, and never lost to a key. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"

/* ---- drafts ----------------------------------------------------------------------------------------------------- */

static void drafts_survive(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 24, 80, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    vt_type(t, "not sent yet");
    assert_true(vt_wait(t, "not sent yet"));
    kill(vt_pid(t), SIGTERM);
    int status = vt_wait_end(t);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_true(vt_is_restored(t));
    assert_false(vt_on_alternate(t));
    vt_end(t);
    t = start_in(test_folder, 24, 80, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "not sent yet"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void what_was_sent_is_no_draft(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 24, 80, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    vt_type(t, "Name a fruit");
    vt_pause(t, 900);         /* it is stored as a draft of the conversation to come */
    vt_type(t, "\rand then"); /* sent, and something else is typed */
    assert_true(vt_wait(t, "/continue resumes it"));
    vt_pause(t, 900);
    press(t, "\033a"); /* Alt-a */
    assert_true(vt_wait(t, "New conversation"));
    assert_true(vt_wait_gone(t, "Name a fruit"));
    assert_true(vt_wait_gone(t, "and then"));
    leave(t);
    vt_end(t);
    t = start_in(test_folder, 24, 80, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "and then")); /* which is a draft of the first one */
    press(t, "\033a");
    assert_true(vt_wait(t, "New conversation"));
    assert_true(vt_wait_gone(t, "Name a fruit"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void a_command_is_no_draft(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){SHORT, NULL});
    exchange(t, "The llama");
    vt_type(t, "/verifi 1"); /* no command, so it stays typed */
    vt_pause(t, 900);
    vt_type(t, "\r");
    assert_true(vt_wait(t, "verify"));
    vt_type(t, "\003");
    vt_type(t, "/new\r");
    assert_true(vt_wait(t, "New conversation"));
    press(t, "\033[1;3B"); /* Alt-Down: the conversation below */
    assert_true(vt_wait(t, "Palaver"));
    assert_true(vt_wait_gone(t, "/verifi"));
    quit(t);
}

/* Two presses come at once, or the second when the answer has ended already. */
static void ctrl_c_pressed_twice_keeps_what_is_typed(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){ENDLESS, NULL});
    for (int i = 0; i < 2; i++) {
        ask(t, "The llama");
        assert_true(vt_wait(t, "answering"));
        vt_type(t, "half a thought");
        assert_true(vt_wait(t, "│half a thought"));
        vt_type(t, i == 0 ? "\003\003" : "\003");
        assert_true(vt_wait(t, "ready"));
        press(t, "\003");
        assert_true(vt_wait(t, "Ctrl-C again clears what is typed"));
        assert_true(vt_wait(t, "│half a thought"));
        press(t, "\003");
        assert_true(vt_wait(t, "cleared; ↑ brings it back"));
        assert_true(vt_wait_gone(t, "│half a thought"));
        press(t, UP);
        assert_true(vt_wait(t, "│half a thought"));
        press(t, "\003");
        assert_true(vt_wait_gone(t, "│half a thought"));
    }
    quit(t);
}

/* A key whose command can't be done, one that begins to search, one that names a conversation. */
static void keys_do_not_take_what_is_typed(void **state)
{
    (void)state;
    struct vt *t = start(30, 100, (const char *const[]){SHORT, NULL});
    exchange(t, "Say one");
    vt_type(t, "half a thought");
    assert_true(vt_wait(t, "│half a thought"));
    press(t, ESC);
    press(t, LEFT);
    assert_true(vt_wait(t, "no alternatives"));
    assert_true(vt_wait(t, "│half a thought"));
    press(t, "/");
    assert_true(vt_wait(t, "│/find"));
    vt_type(t, "one\r");
    assert_true(vt_wait(t, "1 place"));
    assert_true(vt_wait(t, "│half a thought"));
    press(t, "/");
    assert_true(vt_wait(t, "│/find"));
    press(t, "\003");
    assert_true(vt_wait(t, "│half a thought"));
    press(t, F5);
    vt_type(t, "r");
    assert_true(vt_wait(t, "│/rename"));
    vt_type(t, " it\r");
    assert_true(vt_wait_gone(t, "/rename"));
    assert_true(vt_wait(t, "│half a thought"));
    quit(t);
}

/* ---- pastes ----------------------------------------------------------------------------------------------------- */

static void pasted_text_is_one_message(void **state)
{
    (void)state;
    struct vt *t = start(30, 100, (const char *const[]){SHORT, "-c", "60000", NULL});
    vt_paste(t, "first\tline\n/quit\n" ESC "[2J" ESC "]0;owned\a wide 你好\nlast line");
    assert_true(vt_wait(t, "last line"));
    assert_true(vt_wait(t, "/quit"));
    assert_true(vt_wait(t, "␛[2J"));
    assert_true(vt_wait(t, "tokens"));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait(t, "␛]0;owned␇ wide 你好"));
    assert_null(strstr(vt_title(t), "owned\a"));
    assert_non_null(strstr(vt_title(t), "Palaver"));
    assert_int_equal(vt_bells(t), 0);
    quit(t);
}

/* However wide the window becomes, and so however few lines the text, the composer is full of it. */
static void a_long_text_is_seen_at_every_width(void **state)
{
    struct buf text;
    (void)state;
    struct vt *t = start(10, 40, plain);
    buf_init(&text, 1 << 20);
    for (int i = 1; i <= 120; i++) {
        buf_printf(&text, "line %d of a long text that is wrapped in a window of forty columns%s", i,
                   i < 120 ? "\n" : "");
        if (i % 10 == 0) { /* a longer one would be folded */
            vt_paste(t, buf_text(&text));
            buf_clear(&text);
        }
    }
    assert_true(vt_wait(t, "tokens"));
    assert_true(vt_wait(t, "… ─")); /* there is more to say than there is room for */
    vt_resize(t, 24, 100);
    assert_true(vt_wait(t, "line 118 of"));
    assert_true(vt_wait(t, "line 120 of"));
    quit(t);
    buf_free(&text);
}

#define PASTED "[pasted\u00a0312\u00a0lines]"

/* "1 of 312", "2 of 312" and so on. */
static void paste_many_lines(struct vt *t)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    for (int i = 1; i <= 312; i++)
        buf_printf(&text, "%s%d of 312", i > 1 ? "\n" : "", i);
    vt_paste(t, buf_text(&text));
    buf_free(&text);
}

static void a_long_paste_is_folded_and_sent_whole(void **state)
{
    (void)state;
    struct vt *t = start(24, 100, (const char *const[]){SHORT, "-c", "60000", NULL});
    vt_type(t, "before ");
    paste_many_lines(t);
    vt_type(t, " after");
    assert_true(vt_wait(t, "before " PASTED " after"));
    assert_true(vt_wait_gone(t, " of 312"));
    for (int i = 0; i < 7; i++)
        vt_type(t, "\177"); /* " after", and all that was pasted */
    assert_true(vt_wait_gone(t, "pasted"));
    assert_true(vt_wait(t, "before"));
    vt_type(t, "\037"); /* undone */
    assert_true(vt_wait(t, "before " PASTED));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait_gone(t, PASTED));
    assert_true(vt_wait(t, "before 1 of 312"));
    vt_type(t, "\033kf"); /* to the message, and all of it */
    assert_true(vt_wait_gone(t, "more line"));
    vt_type(t, "G");
    assert_true(vt_wait(t, "312 of 312"));
    press(t, ESC);
    quit(t);
}

/* By the editor, by an earlier message's key and as a draft. */
static void a_long_paste_is_opened_and_kept_whole(void **state)
{
    static const char *const environment[] = {"EDITOR=sed -i 's/312 of/last of/'", NULL};
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 24, 100, environment, plain);
    assert_true(vt_wait(t, READY));
    paste_many_lines(t);
    assert_true(vt_wait(t, PASTED));
    vt_type(t, "\007"); /* Ctrl-G */
    assert_true(vt_wait(t, "last of 312"));
    assert_true(vt_wait(t, "311 of 312"));
    vt_type(t, "\003"); /* clears it */
    assert_true(vt_wait_gone(t, "last of 312"));
    paste_many_lines(t);
    assert_true(vt_wait(t, PASTED));
    vt_type(t, "\003");
    assert_true(vt_wait_gone(t, PASTED));
    press(t, UP);
    assert_true(vt_wait(t, "312 of 312"));
    vt_type(t, "\003");
    assert_true(vt_wait_gone(t, "312 of 312"));
    paste_many_lines(t);
    assert_true(vt_wait(t, PASTED));
    kill(vt_pid(t), SIGTERM);
    vt_wait_end(t);
    vt_end(t);
    t = start_in(test_folder, 24, 100, environment, plain);
    assert_true(vt_wait(t, "312 of 312"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ctrl_c_pressed_twice_keeps_what_is_typed),
        cmocka_unit_test(pasted_text_is_one_message),
        cmocka_unit_test(drafts_survive),
        cmocka_unit_test(what_was_sent_is_no_draft),
        cmocka_unit_test(a_command_is_no_draft),
        cmocka_unit_test(keys_do_not_take_what_is_typed),
        cmocka_unit_test(a_long_text_is_seen_at_every_width),
        cmocka_unit_test(a_long_paste_is_folded_and_sent_whole),
        cmocka_unit_test(a_long_paste_is_opened_and_kept_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
