/* Tests of what the server shows on a terminal, with a small model of random weights. */
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
#include "tests/unit/client.h"

enum { REQUESTS = 64 }; /* of 400 tokens each: longer under way than it takes to draw a line */

static char program[4096], model[4096];

/* Starts it, with standard error in a file if one is named; returns its port. */
static uint16_t start(struct pty *p, const char *errors)
{
    static const char command[] = "exec \"$0\" serve -m \"$1\" -t 1 --port 0 2>\"$2\"";
    const char *const argv[] = {"/bin/sh", "-c", command, program, model, errors != NULL ? errors : "/dev/tty", NULL};
    const char *const environment[] = {NULL};
    assert_true(pty_start(p, argv, environment));
    assert_true(pty_expect(p, "at http://127.0.0.1:"));
    assert_true(pty_expect(p, "/v1"));
    const char *at = strstr(buf_text(&p->out), "127.0.0.1:");
    return (uint16_t)strtoul(at + strlen("127.0.0.1:"), NULL, 10);
}

/* Ctrl-C ends it cleanly. */
static void stop(struct pty *p)
{
    pty_type(p, "\003");
    const int status = pty_wait(p);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(pty_is_restored(p));
    pty_end(p);
}

static void each_request_gets_a_line_that_is_cleaned(void **state)
{
    (void)state;
    struct pty p;
    const uint16_t port = start(&p, NULL);
    json_decref(client_post(port, "/v1/completions", 200, "{\"prompt\": \"a\", \"max_tokens\": 3, \"seed\": 1}"));
    assert_true(pty_expect(&p, "POST /v1/completions 200  2 tokens read (0 kept), "));
    struct reply r = client_ask(port, "GET", "/%1b%5b31m%0d%0aGET", "", NULL);
    assert_int_equal(r.status, 404);
    reply_free_client(&r);
    assert_true(pty_expect(&p, " 404"));
    assert_false(pty_saw(&p, "\033[31m"));
    stop(&p);
}

static void requests_under_way_are_counted(void **state)
{
    (void)state;
    struct pty p;
    const uint16_t port = start(&p, NULL);
    const char body[] = "{\"prompt\": [1, 50], \"max_tokens\": 400, \"stream\": true, \"logit_bias\": {\"2\": -100}}";
    int fds[REQUESTS];
    for (size_t i = 0; i < REQUESTS; i++)
        fds[i] = client_begin(port, "POST", "/v1/completions", "", body);
    assert_true(pty_expect(&p, "under way"));
    for (size_t i = 0; i < REQUESTS; i++)
        close(fds[i]);
    stop(&p);
}

/* The second one may find the program at its end already. */
static void a_second_ctrl_c_ends_it_at_once(void **state)
{
    (void)state;
    struct pty p;
    const uint16_t port = start(&p, NULL);
    const char body[] = "{\"prompt\": [1, 50], \"max_tokens\": 400, \"logit_bias\": {\"2\": -100}}";
    int fds[REQUESTS];
    for (size_t i = 0; i < REQUESTS; i++)
        fds[i] = client_begin(port, "POST", "/v1/completions", "", body);
    pty_type(&p, "\003");
    pty_type(&p, "\003");
    const int status = pty_wait(&p);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGINT : WEXITSTATUS(status) == 0);
    assert_true(pty_is_restored(&p));
    for (size_t i = 0; i < REQUESTS; i++)
        close(fds[i]);
    pty_end(&p);
}

static void nothing_is_shown_where_errors_go_to_a_file(void **state)
{
    (void)state;
    struct pty p;
    char path[] = "/tmp/palaver-serve-XXXXXX", text[16];
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    const uint16_t port = start(&p, path);
    json_decref(client_post(port, "/v1/completions", 200, "{\"prompt\": \"a\", \"max_tokens\": 3, \"seed\": 1}"));
    stop(&p);
    assert_int_equal(read(fd, text, sizeof text), 0);
    close(fd);
    unlink(path);
}

int main(void)
{
    const char *source = source_folder(), *given = getenv("PALAVER");
    char *here = realpath(given != NULL ? given : "palaver", program);
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", source);
    if (here == NULL) {
        fprintf(stderr, "there is no program to test\n");
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_gets_a_line_that_is_cleaned),
        cmocka_unit_test(requests_under_way_are_counted),
        cmocka_unit_test(a_second_ctrl_c_ends_it_at_once),
        cmocka_unit_test(nothing_is_shown_where_errors_go_to_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
