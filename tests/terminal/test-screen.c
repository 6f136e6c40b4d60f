/* The full screen, as a user at a terminal sees it. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "screen.h"
#include "tests/cmocka.h"

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
    char home[] = "/tmp/palaver-screen.XXXXXX", command[64];
    (void)state;
    assert_non_null(mkdtemp(home));
    struct vt *t = start_in(home, 24, 80, plain, (const char *const[]){ENDLESS, NULL});
    assert_true(vt_wait(t, READY));
    ask(t, "The llama");
    assert_true(vt_wait(t, "answering"));
    wait_for_stored_answer(t);
    kill(vt_pid(t), SIGKILL);
    vt_wait_end(t);
    vt_end(t);
    t = start_in(home, 24, 80, plain, (const char *const[]){ENDLESS, NULL});
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
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
}

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

static void drafts_survive(void **state)
{
    char home[] = "/tmp/palaver-screen.XXXXXX", command[64];
    (void)state;
    assert_non_null(mkdtemp(home));
    struct vt *t = start_in(home, 24, 80, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    vt_type(t, "not sent yet");
    assert_true(vt_wait(t, "not sent yet"));
    kill(vt_pid(t), SIGTERM);
    int status = vt_wait_end(t);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_true(vt_is_restored(t));
    assert_false(vt_on_alternate(t));
    vt_end(t);
    t = start_in(home, 24, 80, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "not sent yet"));
    quit(t);
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
}

static void what_was_sent_is_no_draft(void **state)
{
    char home[] = "/tmp/palaver-screen.XXXXXX", command[64];
    (void)state;
    assert_non_null(mkdtemp(home));
    struct vt *t = start_in(home, 24, 80, plain, (const char *const[]){SHORT, NULL});
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
    t = start_in(home, 24, 80, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "and then")); /* which is a draft of the first one */
    press(t, "\033a");
    assert_true(vt_wait(t, "New conversation"));
    assert_true(vt_wait_gone(t, "Name a fruit"));
    quit(t);
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
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
        assert_true(vt_shows(t, "│half a thought"));
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

/* ---- editing and moving ----------------------------------------------------------------------------------------- */

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
    assert_true(vt_shows(t, "│half a thought"));
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
    assert_false(vt_shows(t, "▲")); /* it was written under no settings, which then changed */
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

/* From temperature, where the settings pane begins, to its first row. */
static void go_to_bias(struct vt *t)
{
    for (int i = 0; i < 5; i++)
        press(t, UP);
    assert_true(vt_wait(t, "added to a token's score"));
}

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
    assert_true(vt_shows(t, "▲logit_bias")); /* it has a line of its own where both lack room */
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
    char home[] = "/tmp/palaver-screen.XXXXXX", command[64];
    (void)state;
    assert_non_null(mkdtemp(home));
    struct vt *t = start_in(home, 24, 80, plain, (const char *const[]){"--temperature", "0.8", NULL});
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
    t = start_in(home, 24, 80, plain, plain);
    assert_true(vt_wait(t, remark));
    quit(t);
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
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
    assert_false(vt_shows(t, " of 312"));
    for (int i = 0; i < 7; i++)
        vt_type(t, "\177"); /* " after", and all that was pasted */
    assert_true(vt_wait_gone(t, "pasted"));
    assert_true(vt_wait(t, "before"));
    vt_type(t, "\037"); /* undone */
    assert_true(vt_wait(t, "before " PASTED));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_false(vt_shows(t, PASTED));
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
    char home[] = "/tmp/palaver-screen.XXXXXX", command[64];
    (void)state;
    assert_non_null(mkdtemp(home));
    struct vt *t = start_in(home, 24, 100, environment, plain);
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
    t = start_in(home, 24, 100, environment, plain);
    assert_true(vt_wait(t, "312 of 312"));
    quit(t);
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
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

/* ---- what cannot be done ---------------------------------------------------------------------------------------- */

/* A command that fails says why and stays typed. */
static void refused(struct vt *t, const char *line, const char *reason)
{
    vt_type(t, line);
    assert_true(vt_wait(t, line));
    vt_type(t, "\r");
    assert_true(vt_wait(t, reason));
    assert_true(vt_wait(t, line));
    press(t, "\003");
    assert_true(vt_wait_gone(t, reason));
}

static void a_command_that_cannot_be_done_says_why(void **state)
{
    (void)state;
    struct vt *t = start(24, 110, (const char *const[]){SHORT, NULL});
    vt_type(t, "/edit\r"); /* by its name alone it is not kept */
    assert_true(vt_wait(t, "there is no message yet"));
    exchange(t, "The llama");
    refused(t, "/edit 99", "from 1 to 2");
    refused(t, "/edit 0", "from 1 to 2");
    refused(t, "/edit abc", "from 1 to 2");
    refused(t, "/think maybe", "show or hide");
    refused(t, "/step maybe", "on or off");
    refused(t, "/find zebra", "no match for 'zebra'");
    vt_type(t, "/think show\r");
    assert_true(vt_wait(t, "is shown"));
    vt_type(t, "/think\r");
    assert_true(vt_wait(t, "is shown"));
    vt_type(t, "/think hide\r");
    assert_true(vt_wait(t, "is hidden"));
    vt_type(t, "/edit 1\r");
    assert_true(vt_wait(t, "editing message 1"));
    press(t, ESC);
    quit(t);
}

static void a_key_that_can_do_nothing_says_why(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    press(t, F5);
    press(t, "d");
    assert_true(vt_wait(t, "no conversation is selected"));
    press(t, ESC);
    press(t, ESC);
    press(t, "e");
    assert_true(vt_wait(t, "there is no message yet"));
    press(t, "u");
    assert_true(vt_wait(t, "nothing was deleted"));
    press(t, F3);
    go_to_bias(t);
    press(t, RIGHT);
    assert_true(vt_wait(t, "logit_bias has no slider"));
    press(t, ESC);
    quit(t);
}

static void no_message_is_edited_while_an_answer_is_written(void **state)
{
    (void)state;
    struct vt *t = start(24, 110, (const char *const[]){ENDLESS, NULL});
    ask(t, "The llama");
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait(t, "ready"));
    press(t, ESC);
    press(t, "r");
    assert_true(vt_wait(t, "answering"));
    press(t, "e");
    assert_true(vt_wait(t, "then the message can be edited"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped"));
    press(t, "e");
    assert_true(vt_wait(t, "editing message 2"));
    press(t, ESC);
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
    char home[] = "/tmp/palaver-screen.XXXXXX", command[64];
    (void)state;
    assert_non_null(mkdtemp(home));
    struct vt *a = start_in(home, 24, 110, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(a, READY));
    struct vt *b = start_in(home, 24, 110, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(b, READY));
    exchange(a, "Written here");
    assert_true(vt_wait(b, "Written here"));
    exchange(b, "And there");
    assert_true(vt_wait(a, "And there"));
    quit(a);
    quit(b);
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
}

/* Both have one conversation open. */
static void two_programs_share_a_conversation(void **state)
{
    char home[] = "/tmp/palaver-screen.XXXXXX", command[64];
    static const char *const options[] = {"-n", "12", "--temperature", "0", NULL};
    (void)state;
    assert_non_null(mkdtemp(home));
    struct vt *a = start_in(home, 30, 110, plain, options);
    assert_true(vt_wait(a, READY));
    exchange(a, "Written here");
    struct vt *b = start_in(home, 30, 110, plain, options);
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
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
}

static void mistakes_in_files_are_named(void **state)
{
    char home[] = "/tmp/palaver-screen.XXXXXX", path[128], command[256];
    (void)state;
    assert_non_null(mkdtemp(home));
    snprintf(command, sizeof command, "mkdir -p %s/.config/palaver", home);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/.config/palaver/keys", home);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs("\nlist q = nonsense\n", out);
    fclose(out);
    struct vt *t = start_in(home, 24, 100, plain, plain);
    int status = vt_wait_end(t);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_true(vt_wait(t, "keys:2: there is no command 'nonsense'"));
    assert_true(vt_is_restored(t));
    vt_end(t);
    snprintf(command, sizeof command, "rm -rf %s", home);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(stops_and_says_how_to_leave),
        cmocka_unit_test(ctrl_c_pressed_twice_keeps_what_is_typed),
        cmocka_unit_test(goes_on_after_a_kill),
        cmocka_unit_test(pasted_text_is_one_message),
        cmocka_unit_test(the_view_stays_while_text_arrives),
        cmocka_unit_test(drafts_survive),
        cmocka_unit_test(what_was_sent_is_no_draft),
        cmocka_unit_test(a_command_is_no_draft),
        cmocka_unit_test(keys_do_not_take_what_is_typed),
        cmocka_unit_test(edits_make_alternatives),
        cmocka_unit_test(an_edited_answer_is_saved_beside_the_old_one),
        cmocka_unit_test(conversations_are_deleted_and_brought_back),
        cmocka_unit_test(finds),
        cmocka_unit_test(the_palette_finds_commands),
        cmocka_unit_test(settings_act_on_the_answer_that_streams),
        cmocka_unit_test(changed_settings_stand_in_the_answer_after_reopening),
        cmocka_unit_test(a_long_text_is_seen_at_every_width),
        cmocka_unit_test(a_long_paste_is_folded_and_sent_whole),
        cmocka_unit_test(a_long_paste_is_opened_and_kept_whole),
        cmocka_unit_test(remarks_hide_no_text),
        cmocka_unit_test(a_command_that_cannot_be_done_says_why),
        cmocka_unit_test(a_key_that_can_do_nothing_says_why),
        cmocka_unit_test(no_message_is_edited_while_an_answer_is_written),
        cmocka_unit_test(imported_text_commands_nothing),
        cmocka_unit_test(a_temporary_chat_leaves_no_trace),
        cmocka_unit_test(two_programs_see_each_other),
        cmocka_unit_test(two_programs_share_a_conversation),
        cmocka_unit_test(mistakes_in_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
