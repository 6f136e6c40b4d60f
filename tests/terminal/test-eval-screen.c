/* Tests of palaver eval on the whole terminal, with small models of random weights. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"

/* Questions: a few that are done in a moment, and more than a minute's work by the slowest kernels. */
enum { FEW = 12, MANY = 20000 };

static char first[4096], second[4096], folder[] = "/tmp/palaver-eval.XXXXXX", few[64], many[64];
static const char *const nothing[] = {NULL}, *const slowly[] = {"PALAVER_KERNELS=portable", NULL};

static void write_questions(const char *path, int n)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < n; i++)
        fprintf(
            file,
            "{\"goal\":\"What is number %d good for?\",\"sol1\":\"a red rope\",\"sol2\":\"a blue boat\",\"label\":%d}\n",
            i, i % 2);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(few, sizeof few, "%s/few.jsonl", folder);
    snprintf(many, sizeof many, "%s/many.jsonl", folder);
    write_questions(few, FEW);
    write_questions(many, MANY);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(few);
    unlink(many);
    return rmdir(folder);
}

/* Asks one model, or two with both set. */
static struct vt *start_eval(int rows, int columns, const char *data, bool both, const char *home)
{
    const char *argv[] = {program, "eval", "piqa", "--data",           data,   "-t",
                          "1",     "-m",   first,  both ? "-m" : NULL, second, NULL};
    return vt_start(rows, columns, argv, data == many ? slowly : nothing, home);
}

/* last: what it prints below the restored screen, so that all that came before has arrived. */
static void end_with(struct vt *t, int status, const char *last)
{
    const int ended = vt_wait_end(t);
    assert_true(vt_wait(t, last));
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), status);
    assert_true(vt_is_restored(t));
    assert_false(vt_on_alternate(t));
    assert_true(vt_cursor_visible(t));
}

static void questions_can_be_opened_token_by_token(void **state)
{
    (void)state;
    struct vt *t = start_eval(24, 80, few, false, NULL);
    assert_true(vt_wait(t, "finished"));
    assert_true(vt_wait(t, "12/12"));
    assert_true(vt_wait(t, "acc_norm"));
    assert_true(vt_wait(t, "wrong ones first"));
    vt_type(t, "\t\r");
    assert_true(vt_wait(t, "tokens by their probability"));
    assert_true(vt_wait(t, "a red rope"));
    assert_true(vt_wait(t, "a character  chosen"));
    assert_true(vt_is_colored(t, vt_find(t, "under 0.25%"), 40));
    assert_true(vt_wait_gone(t, "["));
    vt_type(t, "t");
    assert_true(vt_wait(t, "░░ ["));
    vt_type(t, "t");
    assert_true(vt_wait_gone(t, "░░ ["));
    char title[64];
    snprintf(title, sizeof title, "%.40s", vt_row(t, 0));
    vt_type(t, "n");
    assert_true(vt_wait_row(t, 0, title, false));
    vt_type(t, "p");
    assert_true(vt_wait_row(t, 0, title, true));
    press(t, ESC);
    assert_true(vt_wait(t, "wrong ones first"));
    vt_type(t, "?");
    assert_true(vt_wait(t, "a line for each token"));
    vt_type(t, "qq"); /* leaves the table of keys, then the screen */
    end_with(t, 0, "piqa  acc_norm");
    vt_end(t);
}

static void wrong_ones_stand_first_and_can_be_listed_alone(void **state)
{
    (void)state;
    struct vt *t = start_eval(24, 80, few, false, NULL);
    assert_true(vt_wait(t, "finished"));
    const int wrong = vt_find(t, "✗"), right = vt_find(t, "✓");
    assert_true(wrong > 0 && right > wrong);
    vt_type(t, "w");
    assert_true(vt_wait_gone(t, "✓"));
    assert_true(vt_wait(t, "✗"));
    vt_type(t, "a");
    assert_true(vt_wait(t, "✓"));
    vt_type(t, "q");
    end_with(t, 0, "piqa  acc_norm");
    vt_end(t);
}

static void two_models_stand_side_by_side(void **state)
{
    (void)state;
    struct vt *t = start_eval(24, 110, few, true, NULL);
    assert_true(vt_wait(t, "finished"));
    assert_true(vt_wait(t, "1: tiny-llama"));
    assert_true(vt_wait(t, "2: tiny-llama3"));
    assert_true(vt_wait(t, "differ"));
    vt_type(t, "d");
    assert_true(vt_wait(t, "on which the models differ"));
    assert_true(vt_wait(t, "≠"));
    vt_type(t, "\t\r");
    assert_true(vt_wait(t, "tokens by their probability"));
    const int names = vt_find(t, "1: tiny-llama");
    assert_non_null(strstr(vt_row(t, names), "2: tiny-llama3")); /* in one row */
    vt_resize(t, 24, 60);
    assert_true(vt_wait(t, "2: tiny-llama3")); /* below each other */
    assert_null(strstr(vt_row(t, vt_find(t, "1: tiny-llama")), "2: tiny-llama3"));
    vt_type(t, "q");
    end_with(t, 0, "piqa  acc_norm");
    vt_end(t);
}

static void it_works_on_small_screens_and_says_when_one_is_too_small(void **state)
{
    (void)state;
    struct vt *t = start_eval(10, 40, few, true, NULL);
    assert_true(vt_wait(t, "finished"));
    assert_true(vt_wait(t, "q leaves"));
    assert_true(vt_wait(t, "→"));
    assert_true(vt_wait_gone(t, "2: tiny-llama3"));
    for (int i = 0; i < 3; i++)
        vt_type(t, RIGHT);
    assert_true(vt_wait(t, "2: tiny-llama3"));
    vt_resize(t, 9, 40);
    assert_true(vt_wait(t, "Palaver needs 40 x 10"));
    vt_resize(t, 50, 200);
    assert_true(vt_wait(t, "finished"));
    assert_true(vt_wait(t, "1: tiny-llama"));
    vt_type(t, "q");
    end_with(t, 0, "piqa  acc_norm");
    vt_end(t);
}

static void ctrl_c_keeps_what_was_done_and_the_same_command_goes_on(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_eval(24, 80, many, false, test_folder);
    assert_true(vt_wait(t, "left"));
    assert_true(vt_wait(t, "✗"));
    vt_type(t, "\003");
    end_with(t, 130, "piqa  acc_norm");
    const int row = vt_find(t, "piqa  acc_norm");
    assert_true(row >= 0);
    const long done = strtol(strrchr(vt_row(t, row), ' '), NULL, 10);
    assert_true(done > 0 && done < MANY);
    vt_end(t);
    t = start_eval(24, 80, many, false, test_folder);
    assert_true(vt_wait(t, "left"));
    assert_true(vt_wait(t, "✗"));
    const int at = vt_find(t, "/20000");
    assert_true(at >= 0);
    const char *count = strstr(vt_row(t, at), "/20000");
    while (count[-1] != ' ')
        count--;
    assert_true(strtol(count, NULL, 10) >= done);
    vt_type(t, "\003");
    end_with(t, 130, "piqa  acc_norm");
    vt_end(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* Both keys come at once, so that the thread has no time to stop in between. */
static void a_second_ctrl_c_ends_it_at_once(void **state)
{
    (void)state;
    struct vt *t = start_eval(24, 80, many, false, NULL);
    assert_true(vt_wait(t, "left"));
    vt_type(t, "\003\003");
    const int ended = vt_wait_end(t);
    assert_true(WIFSIGNALED(ended));
    assert_int_equal(WTERMSIG(ended), SIGINT);
    assert_true(vt_is_restored(t));
    assert_false(vt_on_alternate(t));
    vt_end(t);
}

static void leaving_while_it_asks_is_asked_for(void **state)
{
    (void)state;
    struct vt *t = start_eval(24, 80, many, false, NULL);
    assert_true(vt_wait(t, "left"));
    vt_type(t, "q");
    assert_true(vt_wait(t, "Stop? What is done is kept"));
    vt_type(t, "n");
    assert_true(vt_wait(t, "enter opens"));
    assert_true(vt_wait(t, "left"));
    vt_type(t, "q");
    assert_true(vt_wait(t, "Stop?"));
    vt_type(t, "y");
    end_with(t, 130, "piqa  acc_norm");
    vt_end(t);
}

/* Under a shell with job control, as only then there is a program to return to. */
static void ctrl_z_suspends_and_fg_comes_back(void **state)
{
    char command[3 * 4096];
    (void)state;
    snprintf(command, sizeof command, "set -m; %s eval piqa --data %s -t 1 -m %s; echo in the shell; read line; fg",
             program, few, first);
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    struct vt *t = vt_start(24, 80, argv, nothing, NULL);
    assert_true(vt_wait(t, "finished"));
    vt_type(t, "\032");
    assert_true(vt_wait(t, "in the shell"));
    assert_false(vt_on_alternate(t));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "finished"));
    vt_type(t, "q");
    assert_true(vt_wait(t, "score %"));
    vt_end(t);
}

static void a_model_that_is_not_there_is_told_below(void **state)
{
    (void)state;
    const char *argv[] = {program, "eval", "piqa", "--data", few, "-m", "/nosuch.gguf", NULL};
    struct vt *t = vt_start(24, 80, argv, nothing, NULL);
    end_with(t, 1, "nosuch.gguf");
    vt_end(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    snprintf(first, sizeof first, "%s/tests/fixtures/tiny-llama.gguf", source_folder());
    snprintf(second, sizeof second, "%s/tests/fixtures/tiny-llama3.gguf", source_folder());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_can_be_opened_token_by_token),
        cmocka_unit_test(wrong_ones_stand_first_and_can_be_listed_alone),
        cmocka_unit_test(two_models_stand_side_by_side),
        cmocka_unit_test(it_works_on_small_screens_and_says_when_one_is_too_small),
        cmocka_unit_test(ctrl_c_keeps_what_was_done_and_the_same_command_goes_on),
        cmocka_unit_test(a_second_ctrl_c_ends_it_at_once),
        cmocka_unit_test(leaving_while_it_asks_is_asked_for),
        cmocka_unit_test(ctrl_z_suspends_and_fg_comes_back),
        cmocka_unit_test(a_model_that_is_not_there_is_told_below),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
