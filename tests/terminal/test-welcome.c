/* The first minute: the welcome of an empty conversation, and colours that follow the terminal's background. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"

#define WHITE "\033]11;rgb:ffff/ffff/ffff\033\\"
#define BLACK "\033]11;rgb:00/00/00\a"

static const char *const many_colors[] = {"TERM=xterm-256color", NULL};

static struct vt *start_with(const char *home, const char *const *environment)
{
    struct vt *t = start_in(home, 30, 110, environment, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    return t;
}

/* ---- the welcome ------------------------------------------------------------------------------------------------ */

static void an_empty_conversation_says_what_to_do(void **state)
{
    (void)state;
    struct vt *t = start_with(NULL, plain);
    assert_true(vt_wait(t, "1.42 million parameters, "));
    assert_true(vt_wait(t, "/model chooses another"));
    assert_true(vt_wait(t, "Why is the sky blue?"));
    assert_true(vt_wait(t, "all keys"));
    exchange(t, "The llama");
    assert_true(vt_wait_gone(t, "all keys"));
    press(t, "\033a");
    assert_true(vt_wait(t, "all keys"));
    quit(t);
}

static void tab_writes_what_to_ask(void **state)
{
    (void)state;
    struct vt *t = start_with(NULL, plain);
    assert_true(vt_wait(t, "Tab writes it"));
    press(t, "\t");
    assert_true(vt_wait(t, "│Why is the sky blue?"));
    press(t, "\t");
    assert_true(vt_wait(t, "│Write a short poem"));
    press(t, "\t");
    press(t, "\t");
    assert_true(vt_wait(t, "│Why is the sky blue?"));
    vt_type(t, " And");
    press(t, "\t"); /* it is the user's own text now */
    assert_true(vt_wait(t, "│Why is the sky blue? And"));
    assert_true(vt_wait_gone(t, "│Write a short poem"));
    quit(t);
}

static void a_small_window_has_it_too(void **state)
{
    (void)state;
    struct vt *t = start_in(NULL, 10, 40, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "parameters, "));
    vt_resize(t, 30, 110);
    assert_true(vt_wait(t, "all keys"));
    quit(t);
}

/* ---- the terminal's background ---------------------------------------------------------------------------------- */

static bool has_ground(struct vt *t, bool light)
{
    for (int i = 0; i < 100 && vt_is_light(t, 5, 50) != (light ? 1 : 0); i++)
        vt_settle(t, 50);
    return vt_is_light(t, 5, 50) == (light ? 1 : 0);
}

static void the_theme_follows_the_terminal(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_with(test_folder, many_colors);
    assert_int_equal(vt_is_light(t, 5, 50), -1); /* it did not answer: its own ground */
    vt_type(t, WHITE);
    assert_true(has_ground(t, true));
    vt_type(t, "\033[?997;1n"); /* its user chose another */
    assert_true(has_ground(t, false));
    assert_true(vt_wait(t, "Write a message"));
    quit(t);
    t = start_with(test_folder, many_colors); /* the next start begins with it */
    assert_true(has_ground(t, false));
    ask(t, "/theme mono");
    assert_true(vt_wait_gone(t, "/theme mono"));
    vt_type(t, WHITE "x");
    assert_true(vt_wait(t, "│x"));
    assert_int_equal(vt_is_light(t, 5, 50), -1);
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void answers_are_not_typed_text(void **state)
{
    (void)state;
    struct vt *t = start_with(NULL, many_colors);
    vt_type(t, "\033]11;rgb:ffff/ff");
    vt_pause(t, 100); /* a slow line */
    vt_type(t, "ff/ffff\033\\");
    assert_true(has_ground(t, true));
    vt_type(t, "\033]11;no colour\a\033]4;1;rgb:0/0/0\033\\" BLACK);
    assert_true(has_ground(t, false));
    assert_true(vt_wait(t, "Write a message"));
    quit(t);
}

static void eight_colours_stay_the_terminals_own(void **state)
{
    (void)state;
    struct vt *t = start_with(NULL, plain);
    vt_type(t, WHITE "x");
    assert_true(vt_wait(t, "│x"));
    assert_int_equal(vt_is_light(t, 5, 50), -1);
    quit(t);
}

static void themes_are_tried_on_while_choosing(void **state)
{
    (void)state;
    struct vt *t = start_with(NULL, many_colors);
    ask(t, "/theme");
    assert_true(vt_wait(t, "Enter chooses"));
    vt_type(t, "nord");
    assert_true(has_ground(t, false));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "Enter chooses"));
    assert_int_equal(vt_is_light(t, 5, 50), -1);
    ask(t, "/theme");
    assert_true(vt_wait(t, "Enter chooses"));
    vt_type(t, "light");
    assert_true(has_ground(t, true));
    press(t, "\r");
    assert_true(vt_wait_gone(t, "Enter chooses"));
    assert_true(has_ground(t, true));
    quit(t);
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

static void without_a_model_some_are_offered(void **state)
{
    (void)state;
    struct vt *t = vt_start(30, 110, (const char *const[]){program, NULL},
                            (const char *const[]){"PIP_INDEX_URL=http://127.0.0.1:1/simple", NULL}, NULL);
    assert_true(vt_wait(t, "There is no model here yet"));
    assert_true(vt_wait(t, "SmolLM2-135M-Instruct"));
    assert_true(vt_wait(t, "Apache-2.0"));
    assert_true(vt_wait(t, " t/s")); /* measured by now */
    vt_type(t, "135m\r");
    assert_true(vt_wait(t, "127.0.0.1")); /* nothing can be fetched from there, and it says so */
    vt_type(t, "x");
    assert_true(vt_wait(t, "no model · /model finds one"));
    assert_true(vt_wait(t, "│x"));
    quit(t);
}

static void the_models_can_be_looked_through(void **state)
{
    (void)state;
    struct vt *t = start_with(NULL, plain);
    ask(t, "/model");
    assert_true(vt_wait(t, "▸ sea.gguf"));
    assert_true(vt_wait(t, "fits"));
    vt_type(t, "70b");
    assert_true(vt_wait(t, "Llama-2-70B-Chat"));
    assert_true(vt_wait_gone(t, "sea.gguf"));
    press(t, ESC);
    exchange(t, "The llama");
    quit(t);
}

/* Sixteen tokens tell how fast a model is; the others follow it. */
static void a_model_is_as_fast_as_it_was(void **state)
{
    (void)state;
    struct vt *t = start_in(NULL, 30, 130, plain, (const char *const[]){"-n", "16", NULL});
    assert_true(vt_wait(t, READY));
    ask(t, "/model");
    assert_true(vt_wait(t, "▸ sea.gguf"));
    assert_true(vt_wait(t, "t/s expected"));
    assert_true(vt_wait_gone(t, "t/s measured"));
    press(t, ESC);
    exchange(t, "The llama");
    ask(t, "/model");
    assert_true(vt_wait(t, "t/s measured"));
    const int row = vt_find(t, "▸ sea.gguf");
    assert_true(row >= 0 && strstr(vt_row(t, row), "t/s measured") != NULL);
    assert_true(vt_wait(t, "t/s expected")); /* those that never ran */
    press(t, ESC);
    quit(t);
}

/* A row has no room for all of it there. */
static void a_small_window_tells_all_of_the_selected_model(void **state)
{
    (void)state;
    struct vt *t = start_in(NULL, 10, 40, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    ask(t, "/model");
    assert_true(vt_wait(t, "kB Q4_0 fits ~"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "Q4_0 fits"));
    quit(t);
}

/* Columns of the longest row of a message that repeats "long line", below its first rows, beside which its title is. */
static int longest_row(struct vt *t)
{
    int most = 0;
    for (int row = 4; row < 24; row++) {
        const char *from = strstr(vt_row(t, row), "long line");
        const int n = from != NULL ? (int)strlen(from) : 0;
        most = n > most ? n : most;
    }
    return most;
}

static void text_is_no_wider_than_one_reads(void **state)
{
    static const char *const usual[] = {SHORT, NULL}, *const all[] = {SHORT, "--text-width", "0", NULL};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct vt *t = start_in(NULL, 30, 180, plain, i == 0 ? usual : all);
        assert_true(vt_wait(t, READY));
        for (int n = 0; n < 80; n++)
            vt_type(t, "long line ");
        press(t, "\r");
        assert_true(vt_wait(t, "4 tokens"));
        assert_true(i == 0 ? longest_row(t) <= 100 && longest_row(t) > 80 : longest_row(t) > 130);
        quit(t);
    }
}

/* The mouse finds its letters there too. */
static void text_is_centred_where_the_user_wants_it(void **state)
{
    (void)state;
    struct vt *t = start_in(NULL, 24, 180, plain, (const char *const[]){SHORT, "--text-width", "60", NULL});
    assert_true(vt_wait(t, READY));
    press(t, F5);
    press(t, F5); /* without the list */
    vt_type(t, "abcdefgh\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait(t, "  abcdefgh"));
    vt_type(t, "/set text-align center\r");
    assert_true(vt_wait(t, "                              abcdefgh"));
    const int row = vt_find(t, "                              abcdefgh"),
              column = (int)(strstr(vt_row(t, row), "abcdefgh") - vt_row(t, row)) + 1;
    char mouse[120];
    snprintf(mouse, sizeof mouse, "\033[<0;%d;%dM\033[<32;%d;%dM", column + 2, row + 1, column + 5, row + 1);
    vt_type(t, mouse);
    for (int i = 0; i < 500 && !vt_is_reverse(t, row, column + 2); i++)
        vt_pause(t, 20);
    assert_true(vt_is_reverse(t, row, column + 2));
    assert_false(vt_is_reverse(t, row, column - 1));
    vt_type(t, "\033[<0;1;1m");
    vt_type(t, "/set text-align middle\r");
    assert_true(vt_wait(t, "text-align takes one of left center, not 'middle'"));
    quit(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_conversation_says_what_to_do),
        cmocka_unit_test(tab_writes_what_to_ask),
        cmocka_unit_test(a_small_window_has_it_too),
        cmocka_unit_test(the_theme_follows_the_terminal),
        cmocka_unit_test(answers_are_not_typed_text),
        cmocka_unit_test(themes_are_tried_on_while_choosing),
        cmocka_unit_test(text_is_no_wider_than_one_reads),
        cmocka_unit_test(text_is_centred_where_the_user_wants_it),
        cmocka_unit_test(without_a_model_some_are_offered),
        cmocka_unit_test(the_models_can_be_looked_through),
        cmocka_unit_test(a_model_is_as_fast_as_it_was),
        cmocka_unit_test(a_small_window_tells_all_of_the_selected_model),
        cmocka_unit_test(eight_colours_stay_the_terminals_own),
    };
    return find_program() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
