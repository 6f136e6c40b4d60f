/* Tests of palaver eval where only standard error is a terminal: the live table, and Ctrl-C. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pty.h"
#include "tests/cmocka.h"
#include "tests/source.h"

/* More than a minute of work by the slowest kernels. */
enum { QUESTIONS = 20000 };

static char program[4096], model[4096], data[] = "/tmp/palaver-eval.XXXXXX", out[64];
static const char *const slowly[] = {"PALAVER_KERNELS=portable", NULL};

static int write_data(void **state)
{
    (void)state;
    const int fd = mkstemp(data);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL)
        return -1;
    snprintf(out, sizeof out, "%s.out", data);
    for (int i = 0; i < QUESTIONS; i++)
        fprintf(file, "{\"goal\":\"goal %d\",\"sol1\":\"red\",\"sol2\":\"blue\",\"label\":0}\n", i);
    return fclose(file);
}

static int remove_data(void **state)
{
    (void)state;
    unlink(out);
    return unlink(data);
}

/* Its scores go to a file. */
static void start_eval(struct pty *p)
{
    static const char command[] = "exec \"$0\" eval -m \"$1\" piqa --data \"$2\" --exact -t 1 >\"$3\"";
    const char *const argv[] = {"/bin/sh", "-c", command, program, model, data, out, NULL};
    assert_true(pty_start(p, argv, slowly));
    assert_true(pty_expect(p, "/20000"));
    assert_true(pty_expect(p, "acc_norm"));
    assert_true(pty_expect(p, " left"));
    assert_true(pty_expect(p, "Ctrl-C stops"));
}

static void the_table_is_live_and_ctrl_c_leaves_the_scores(void **state)
{
    struct pty p;
    char text[256] = "";
    (void)state;
    start_eval(&p);
    pty_type(&p, "\003");
    const int status = pty_wait(&p);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 130);
    assert_true(pty_is_restored(&p));
    pty_end(&p);
    FILE *file = fopen(out, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    assert_non_null(strstr(text, "piqa  acc_norm"));
}

/* The second one may find the program at its end already. */
static void a_second_ctrl_c_ends_it(void **state)
{
    struct pty p;
    (void)state;
    start_eval(&p);
    pty_type(&p, "\003");
    pty_type(&p, "\003");
    const int status = pty_wait(&p);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGINT : WEXITSTATUS(status) == 130);
    assert_true(pty_is_restored(&p));
    pty_end(&p);
}

static void quiet_draws_nothing(void **state)
{
    struct pty p;
    (void)state;
    const char *const argv[] = {program, "eval", "-m", model, "piqa", "--data", data, "-n", "40", "-q", NULL};
    assert_true(pty_start(&p, argv, (const char *const[]){NULL}));
    assert_true(pty_expect(&p, "score %"));
    assert_int_equal(pty_wait(&p), 0);
    assert_false(pty_saw(&p, "\033["));
    pty_end(&p);
}

int main(void)
{
    const char *binary = getenv("PALAVER");
    char *root = realpath(source_folder(), NULL), *path = realpath(binary != NULL ? binary : "./palaver", NULL);
    if (root == NULL || path == NULL)
        return 99;
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", root);
    snprintf(program, sizeof program, "%s", path);
    free(root);
    free(path);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_live_and_ctrl_c_leaves_the_scores),
        cmocka_unit_test(a_second_ctrl_c_ends_it),
        cmocka_unit_test(quiet_draws_nothing),
    };
    return cmocka_run_group_tests(tests, write_data, remove_data);
}
