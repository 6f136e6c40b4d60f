/* Comparing on the screen: columns in a large terminal and rows in a narrow one, the differences, and keeping an answer. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"

static struct vt *start_sized(int rows, int columns, const char *tokens)
{
    struct vt *t = start(rows, columns, (const char *const[]){"-n", tokens, "--temperature", "0", NULL});
    ask(t, "go");
    assert_true(vt_wait(t, "/continue resumes it"));
    return t;
}

static void sides_stand_side_by_side(void **state)
{
    static const struct {
        int rows, columns;
    } sizes[] = {{24, 80}, {45, 160}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct vt *t = start_sized(sizes[i].rows, sizes[i].columns, "20");
        vt_type(t, "/compare now temperature=3,top_k=0,top_p=1,min_p=0\r");
        assert_true(vt_wait(t, "─ now ─"));
        assert_true(vt_wait(t, "─ temperature=3"));
        assert_int_equal(vt_find(t, "─ now ─"), vt_find(t, "─ temperature=3"));
        assert_true(vt_wait(t, "20 tokens"));
        assert_true(vt_wait(t, "The sea was calm that morning"));
        assert_true(vt_wait_gone(t, "▌"));
        press(t, "\r"); /* the first */
        assert_true(vt_wait(t, "‹2/3›"));
        assert_true(vt_wait(t, "The sea was calm that morning"));
        quit(t);
    }
}

static void narrow_terminals_have_them_below_each_other(void **state)
{
    (void)state;
    struct vt *t = start_sized(24, 50, "12");
    vt_type(t, "/compare precise\r"); /* with the current settings */
    assert_true(vt_wait(t, "─ now ─"));
    assert_true(vt_wait(t, "─ precise ─"));
    assert_true(vt_find(t, "─ precise ─") > vt_find(t, "─ now ─"));
    assert_true(vt_wait(t, "12 tokens"));
    assert_true(vt_wait_gone(t, "▌"));
    press(t, RIGHT);
    press(t, "\r");
    assert_true(vt_wait(t, "‹3/3›"));
    quit(t);
}

static void escape_stops_and_leaves(void **state)
{
    (void)state;
    struct vt *t = start_sized(30, 100, "4");
    vt_type(t, "/set max_new_tokens 3000\r");
    vt_settle(t, 60);
    vt_type(t, "/compare temperature=0 temperature=0,seed=5\r");
    assert_true(vt_wait(t, "They watched each wave"));
    press(t, ESC);
    assert_true(vt_wait(t, "· stopped"));
    vt_resize(t, 10, 40); /* the smallest size */
    vt_settle(t, 100);
    vt_resize(t, 30, 60);
    assert_true(vt_wait(t, "· stopped"));
    press(t, ESC);
    assert_true(vt_wait(t, "‹1/3›")); /* the answer shown before the comparison */
    assert_true(vt_wait(t, "ready"));
    quit(t);
}

/* Keys that come with the one that ends it, as they do on a slow machine, are typed into the composer. */
static void what_is_typed_at_the_end_is_kept(void **state)
{
    (void)state;
    struct vt *t = start_sized(30, 100, "4");
    vt_type(t, "/compare temperature=0 temperature=0,seed=5\r");
    assert_true(vt_wait(t, "t/s · seed 5")); /* the last one is done */
    vt_type(t, "\rand after the first");
    assert_true(vt_wait(t, "and after the first"));
    assert_true(vt_wait(t, "‹2/3›"));
    vt_type(t, "\003/set max_new_tokens 3000\r");
    assert_true(vt_wait_gone(t, "/set max"));
    vt_type(t, "/compare temperature=0 temperature=0,seed=5\r");
    assert_true(vt_wait(t, "They watched each wave"));
    vt_type(t, "\rand while it stops");
    assert_true(vt_wait(t, "and while it stops"));
    assert_true(vt_wait(t, "Palaver ‹4/"));
    assert_true(vt_wait(t, "and while it stops"));
    quit(t);
}

/* What is typed while the columns stand goes to the composer, and is shown below them meanwhile. */
static void what_is_typed_beside_the_columns_is_kept(void **state)
{
    int row, column;
    (void)state;
    struct vt *t = start_sized(30, 100, "4");
    vt_type(t, "/compare temperature=0 temperature=0,seed=5\r");
    assert_true(vt_wait(t, "t/s · seed 5"));
    assert_true(vt_wait(t, "Enter keeps that answer"));
    vt_type(t, "why so  ");
    assert_true(vt_wait(t, "in the composer › why so"));
    vt_type(t, "\177");
    vt_paste(t, "calm?");
    assert_true(vt_wait(t, "in the composer › why so calm?"));
    vt_cursor(t, &row, &column);
    assert_int_equal(row, vt_find(t, "in the composer"));
    assert_int_equal(column, 1 + (int)strlen("in the composer > why so calm?"));
    assert_true(vt_cursor_visible(t));
    press(t, "\r"); /* keeps the first */
    assert_true(vt_wait(t, "‹2/3›"));
    assert_true(vt_wait(t, "│why so calm?"));
    vt_type(t, "\003");
    assert_true(vt_wait_gone(t, "why so calm?"));
    vt_type(t, "/compare temperature=0 temperature=0,seed=5\r");
    assert_true(vt_wait(t, "Enter keeps that answer")); /* nothing is left of it */
    press(t, "\r");
    quit(t);
}

static void what_was_taken_back_stays_so(void **state)
{
    (void)state;
    struct vt *t = start_sized(30, 100, "4");
    exchange(t, "and on");
    ask(t, "/undo");
    assert_true(vt_wait(t, "taken back: and on"));
    ask(t, "/compare temperature=1.5 temperature=0");
    assert_true(vt_wait(t, "compared · Enter keeps one"));
    press(t, ESC);
    assert_true(vt_wait(t, "‹1/3›"));
    assert_true(vt_wait_gone(t, "and on"));
    ask(t, "/redo");
    assert_true(vt_wait(t, "restored: and on"));
    quit(t);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    struct vt *t = start(24, 110, (const char *const[]){"-n", "4", NULL});
    assert_true(vt_wait(t, "million parameters")); /* the model is loaded */
    vt_type(t, "/compare precise\r");
    assert_true(vt_wait(t, "no question yet"));
    vt_type(t, "\003"); /* what is typed is still there */
    assert_true(vt_wait_gone(t, "/compare precise"));
    ask(t, "go");
    assert_true(vt_wait(t, "/continue resumes it"));
    vt_type(t, "/compare\r");
    assert_true(vt_wait(t, "Presets, settings or models"));
    vt_type(t, "\003");
    vt_type(t, "/compare nonsense\r");
    assert_true(vt_wait(t, "no preset and no model nonsense"));
    vt_type(t, "\003");
    vt_type(t, "/compare temperature=cold\r");
    assert_true(vt_wait(t, "not 'cold'"));
    vt_type(t, "\003");
    vt_type(t, "/compare now precise balanced creative now\r");
    assert_true(vt_wait(t, "at most 4"));
    assert_true(vt_wait_gone(t, "─ now ─"));
    quit(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_stand_side_by_side),
        cmocka_unit_test(narrow_terminals_have_them_below_each_other),
        cmocka_unit_test(escape_stops_and_leaves),
        cmocka_unit_test(what_was_taken_back_stays_so),
        cmocka_unit_test(what_is_typed_at_the_end_is_kept),
        cmocka_unit_test(what_is_typed_beside_the_columns_is_kept),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
