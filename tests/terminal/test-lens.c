/* The lens and step mode on the screen, in a small and in a large terminal: what tokens could have been, other ways from there, words
 * of one's own, and going token by token. sea.gguf says "The sea was calm that morning," first of all. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"

static const struct size {
    int rows, columns;
} sizes[] = {{24, 80}, {45, 160}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static struct vt *start_sized(int i)
{
    return start(sizes[i].rows, sizes[i].columns, (const char *const[]){"-n", "12", "--temperature", "0", NULL});
}

static void tokens_show_what_they_could_have_been(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        struct vt *t = start_sized(i);
        ask(t, "go");
        assert_true(vt_wait(t, "/continue resumes it"));
        press(t, F4);
        assert_true(vt_wait(t, "token 12 of 12"));
        for (int k = 0; k < 8; k++)
            press(t, LEFT);
        assert_true(vt_wait(t, "token 4 of 12"));
        assert_true(vt_wait(t, "calm"));
        assert_true(vt_wait(t, "by the model"));
        assert_true(vt_wait(t, "rank 1"));
        assert_true(vt_wait(t, "entropy"));
        assert_true(vt_wait(t, "Could have been"));
        assert_true(sizes[i].columns < 100 || vt_shows(t, "w own words")); /* the keys that help here */
        assert_true(vt_wait(t, "0.1 temperature"));                        /* which removed all others */
        press(t, ESC);
        assert_true(vt_wait_gone(t, "Could have been"));
        quit(t);
    }
}

static void own_words_go_on(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        struct vt *t = start_sized(i);
        ask(t, "go");
        assert_true(vt_wait(t, "/continue resumes it"));
        press(t, F4);
        for (int k = 0; k < 8; k++)
            press(t, LEFT);
        assert_true(vt_wait(t, "token 4 of 12"));
        press(t, "w");
        assert_true(vt_wait(t, "your words after “The sea was”"));
        vt_type(t, "a mirror\r");
        assert_true(vt_wait(t, "The sea was a mirror"));
        assert_true(vt_wait(t, "‹2/2›"));
        press(t, ESC);
        quit(t);
    }
}

static void the_lens_keeps_its_place(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        struct vt *t = start_sized(i);
        ask(t, "go");
        assert_true(vt_wait(t, "/continue resumes it"));
        press(t, F4);
        assert_true(vt_wait(t, "token 12 of 12"));
        press(t, "\033[H"); /* Home */
        assert_true(vt_wait(t, "token 1 of 12"));
        press(t, "\033[F"); /* End */
        assert_true(vt_wait(t, "token 12 of 12"));
        for (int k = 0; k < 8; k++)
            press(t, LEFT);
        assert_true(vt_wait(t, "token 4 of 12"));
        press(t, DOWN);
        press(t, "\r");
        assert_true(vt_wait(t, "‹2/2›"));
        assert_true(vt_wait(t, "put here by you")); /* the token that took its place */
        assert_true(vt_wait(t, "token 4 of 16"));
        press(t, LEFT);
        assert_true(vt_wait(t, "token 3 of 16"));
        press(t, ESC);
        quit(t);
    }
}

static void words_are_left(void **state)
{
    (void)state;
    struct vt *t = start_sized(1);
    ask(t, "go");
    assert_true(vt_wait(t, "/continue resumes it"));
    vt_type(t, "a draft");
    press(t, F4);
    press(t, "w");
    assert_true(vt_wait(t, "your words after"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "your words after"));
    assert_true(vt_wait(t, "a draft")); /* the draft typed before */
    assert_true(vt_wait_gone(t, "‹2/2›"));
    quit(t);
}

static void steps_are_chosen(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; i++) {
        struct vt *t = start_sized(i);
        vt_type(t, "/step\r");
        assert_true(vt_wait(t, "token by token"));
        ask(t, "go");
        assert_true(vt_wait(t, "waits at token 1"));
        assert_true(vt_wait(t, "Can be"));
        assert_true(vt_wait(t, "1 token left to draw from"));
        press(t, RIGHT);
        assert_true(vt_wait(t, "waits at token 2"));
        assert_true(vt_wait(t, "The▌"));
        press(t, RIGHT);
        assert_true(vt_wait(t, "waits at token 3"));
        assert_true(vt_wait(t, "The sea▌"));
        press(t, DOWN);
        press(t, "\r");
        assert_true(vt_wait(t, "waits at token 4"));
        assert_true(vt_wait_gone(t, "The sea was"));
        /* back by one, and another way from there */
        press(t, LEFT);
        assert_true(vt_wait(t, "token 3 of 3"));
        assert_true(vt_wait(t, "put here by you"));
        press(t, " ");
        assert_true(vt_wait(t, "waits at token 3"));
        assert_true(vt_wait(t, "‹2/2›"));
        press(t, RIGHT);
        assert_true(vt_wait(t, "waits at token 4"));
        assert_true(vt_wait(t, "The sea was▌"));
        press(t, "g"); /* continue without steps */
        assert_true(vt_wait(t, "/continue resumes it"));
        press(t, ESC);
        assert_true(vt_wait(t, "The sea was calm that morning"));
        quit(t);
    }
}

static void a_step_can_be_the_last(void **state)
{
    (void)state;
    struct vt *t = start_sized(0);
    vt_type(t, "/step on\r");
    assert_true(vt_wait(t, "token by token"));
    ask(t, "go");
    assert_true(vt_wait(t, "waits at token 1"));
    press(t, RIGHT);
    assert_true(vt_wait(t, "waits at token 2"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped; /continue resumes it"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "─ Lens"));
    vt_type(t, "/continue\r"); /* waits again */
    assert_true(vt_wait(t, "waits at token 2"));
    vt_type(t, "\003");
    assert_true(vt_wait(t, "stopped"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "─ Lens"));
    vt_type(t, "/step of\r");
    assert_true(vt_wait(t, "/step takes on or off"));
    quit(t);
}

static void a_small_window_shows_the_alternatives(void **state)
{
    (void)state;
    struct vt *t = start(10, 40, (const char *const[]){SHORT, NULL});
    ask(t, "The llama");
    assert_true(vt_wait(t, "sea was calm"));
    assert_true(vt_wait(t, "ready"));
    press(t, F4);
    assert_true(vt_wait(t, "model after"));
    const int row = vt_find(t, "model after") + 1;
    assert_non_null(strchr(vt_row(t, row), '.')); /* its likelihood */
    press(t, DOWN);                               /* and the one that keys are at */
    for (int i = 0; i < 500 && !vt_is_reverse(t, row + 1, 6); i++)
        vt_pause(t, 20);
    assert_true(vt_is_reverse(t, row + 1, 6));
    press(t, F4);
    quit(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_show_what_they_could_have_been),
        cmocka_unit_test(own_words_go_on),
        cmocka_unit_test(the_lens_keeps_its_place),
        cmocka_unit_test(words_are_left),
        cmocka_unit_test(steps_are_chosen),
        cmocka_unit_test(a_step_can_be_the_last),
        cmocka_unit_test(a_small_window_shows_the_alternatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
