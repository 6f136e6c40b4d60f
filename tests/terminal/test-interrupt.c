/* Tests of Ctrl-C while a text is measured: what was measured is written, and no half file is left. */
#include <config.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pty.h"
#include "tests/cmocka.h"
#include "tests/source.h"

/* Lines of the text: a minute of work by the slowest kernels, of which the tests wait for the first moments. */
enum { LINES = 20000 };

static char program[4096], model[4096], folder[64], text[128], out[128];

static int set_up(void **state)
{
    (void)state;
    FILE *file = fopen(text, "w");
    assert_non_null(file);
    for (int i = 0; i < LINES; i++)
        fprintf(file, "The %d quick brown foxes jump over the lazy dogs of the farm.\n", i);
    return fclose(file);
}

static int clean(void **state)
{
    (void)state;
    unlink(text);
    return rmdir(folder); /* which is empty now */
}

/* Runs a command until its bar is there and it has written what must come first, then Ctrl-C. */
static void interrupt(struct pty *p, const char *const *argv, const char *first)
{
    assert_true(pty_start(p, argv, (const char *const[]){"PALAVER_KERNELS=portable", NULL}));
    assert_true(pty_expect(p, first));
    pty_type(p, "\003");
    const int status = pty_wait(p);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 130)
        pty_end(p);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 130);
}

static size_t files_in_folder(void)
{
    size_t n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static void an_importance_matrix_keeps_what_was_measured(void **state)
{
    (void)state;
    struct pty p;
    interrupt(&p, (const char *const[]){program, "imatrix", text, "-m", model, "-c", "8", "-o", out, NULL}, "  1%");
    assert_true(pty_saw(&p, "stopped after "));
    assert_true(pty_saw(&p, "chunks, which "));
    assert_int_equal(access(out, R_OK), 0);
    assert_int_equal(files_in_folder(), 2);
    pty_end(&p);
    unlink(out);
}

static void a_reference_is_not_left_half_written(void **state)
{
    (void)state;
    struct pty p;
    interrupt(&p,
              (const char *const[]){program, "perplexity", text, "-m", model, "-c", "8", "--write-reference", out,
                                    NULL},
              "  0%");
    assert_int_equal(files_in_folder(), 1);
    pty_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_importance_matrix_keeps_what_was_measured),
        cmocka_unit_test(a_reference_is_not_left_half_written),
    };
    const char *source = source_folder(), *built = getenv("PALAVER");
    snprintf(program, sizeof program, "%s", built != NULL ? built : "./palaver");
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", source);
    if (access(model, R_OK) != 0)
        return 77;
    snprintf(folder, sizeof folder, "/tmp/palaver-interrupt.XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(text, sizeof text, "%s/text", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    return cmocka_run_group_tests(tests, set_up, clean);
}
