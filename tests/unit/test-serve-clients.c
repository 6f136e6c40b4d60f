/* Tests of the server: many clients at once, slow ones, those that go away, and those that misbehave. */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "serve/exchange.h"
#include "serve/internal.h"
#include "serve/serve.h"
#include "tests/cmocka.h"
#include "tests/unit/client.h"
#include "tests/unit/serving.h"

enum { LONG = 440, CLIENTS = 64 };

struct caller {
    pthread_t thread;
    unsigned number;
    char text[2048];
};

static void caller_body(unsigned number, char *out, size_t size)
{
    snprintf(out, size, "{\"prompt\": \"the cat %u\", \"max_tokens\": %u, \"temperature\": 0.7, \"seed\": %u}",
             number % 7, 5 + number % 9, number);
}

static void *call(void *context)
{
    struct caller *c = context;
    char body[256];
    caller_body(c->number, body, sizeof body);
    json_t *a = client_post(serving_port(), COMPLETIONS, 200, body);
    snprintf(c->text, sizeof c->text, "%s", serving_text_of(a, 0));
    json_decref(a);
    return NULL;
}

/* While an answer is being made a long prompt is scored in slices. */
static void likelihoods_are_the_same_beside_an_answer(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_puts(&body, "{\"max_tokens\": 1, \"temperature\": 0, \"logprobs\": 2, \"echo\": true, \"prompt\": [1");
    for (int i = 1; i < LONG; i++)
        buf_printf(&body, ",%d", 10 + i * 7 % 300);
    buf_puts(&body, "]}");
    struct serve *s = serving_start(NULL);
    static const char endless[] =
        "{\"prompt\": \"a\", \"max_tokens\": 400, \"stream\": true, \"logit_bias\": {\"2\": -100}}";
    const int fd = client_begin(serve_port(s), "POST", COMPLETIONS, "", endless);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 1);
    json_t *beside = client_post(serve_port(s), COMPLETIONS, 200, buf_text(&body));
    json_t *alone = client_post(serving_port(), COMPLETIONS, 200, buf_text(&body));
    assert_int_equal(json_array_size(serving_logprobs_of(beside, 0, "token_logprobs")), LONG + 1);
    assert_true(json_equal(json_object_get(serving_choice_of(beside, 0), "logprobs"),
                           json_object_get(serving_choice_of(alone, 0), "logprobs")));
    close(fd);
    serve_stop(s);
    json_decref(beside);
    json_decref(alone);
    buf_free(&body);
}

static void many_clients_at_once_get_what_each_gets_alone(void **state)
{
    (void)state;
    static struct caller callers[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        callers[i].number = i;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        pthread_join(callers[i].thread, NULL);
    for (unsigned i = 0; i < CLIENTS; i += 5) {
        struct caller alone = {.number = i};
        call(&alone);
        assert_string_equal(alone.text, callers[i].text);
    }
}

/* Waits, without a limit but that of the test run, until the counter has grown. */
static void wait_for_gone(int value)
{
    while (serving_gone() < value)
        usleep(1000);
}

static void a_client_that_goes_away_ends_its_answer(void **state)
{
    (void)state;
    const int before = serving_gone();
    static const char *const bodies[] = {
        "{\"prompt\": \"a\", \"max_tokens\": 200, \"temperature\": 1, \"seed\": 5, \"logit_bias\": {\"2\": -100}}",
        "{\"prompt\": \"a\", \"max_tokens\": 200, \"temperature\": 1, \"stream\": true, \"logit_bias\": {\"2\": -100}}",
    };
    for (int i = 0; i < 2; i++) {
        int fds[40];
        for (int k = 0; k < 40; k++)
            fds[k] = client_begin(serving_port(), "POST", COMPLETIONS, "", bodies[i]);
        for (int k = 0; k < 40; k++)
            close(fds[k]);
    }
    wait_for_gone(before + 1); /* some were answered before they were gone, hardly all 80 */
    json_decref(client_post(serving_port(), COMPLETIONS, 200, "{\"prompt\": \"a\", \"max_tokens\": 1}"));
}

static void bodies_may_come_byte_by_byte_and_be_too_large(void **state)
{
    (void)state;
    static const char body[] = "{\"prompt\": \"a\", \"max_tokens\": 2}";
    char head[256];
    int fd = client_connect(serving_port());
    int n = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n",
                     COMPLETIONS, sizeof body - 1);
    for (int i = 0; i < n; i++)
        assert_true(client_send(fd, head + i, 1));
    for (size_t i = 0; i < sizeof body - 1; i++)
        assert_true(client_send(fd, body + i, 1));
    struct reply r = client_read(fd);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
    close(fd);

    const size_t large = (size_t)100 << 20;
    char *bytes = malloc(large);
    memset(bytes, 'a', large);
    fd = client_connect(serving_port());
    n = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", COMPLETIONS,
                 large);
    client_send(fd, head, (size_t)n);
    client_send(fd, bytes, large);
    r = client_read(fd);
    assert_int_equal(r.status, 413);
    reply_free_client(&r);
    free(bytes);
    close(fd);
}

static void several_requests_come_on_one_connection(void **state)
{
    (void)state;
    static const char one[] = "POST " COMPLETIONS " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 32\r\n\r\n"
                              "{\"prompt\": \"a\", \"max_tokens\": 2}";
    int fd = client_connect(serving_port());
    for (int i = 0; i < 3; i++) /* pipelined: all before the first answer */
        client_send(fd, one, sizeof one - 1);
    for (int i = 0; i < 3; i++) {
        struct reply r = client_read(fd);
        assert_int_equal(r.status, 200);
        reply_free_client(&r);
    }
    close(fd);
}

static void a_client_may_wait_to_be_asked_for_its_body(void **state)
{
    (void)state;
    static const char head[] = "POST " COMPLETIONS " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                               "Content-Length: 32\r\n\r\n";
    static const char body[] = "{\"prompt\": \"a\", \"max_tokens\": 2}";
    char line[64] = "";
    const int fd = client_connect(serving_port());
    client_send(fd, head, sizeof head - 1);
    assert_true(recv(fd, line, 25, MSG_WAITALL) == 25);
    assert_string_equal(line, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send(fd, body, sizeof body - 1);
    struct reply r = client_read(fd);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
    close(fd);
}

static void hostile_requests_leave_the_server_serving(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "\r\n\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET /health HTTP/9.9\r\n\r\n",
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a",
        "GET /%00%ff/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int fd = client_connect(serving_port());
        client_send(fd, requests[i], strlen(requests[i]));
        close(fd);
    }
    struct buf header;
    buf_init(&header, 1 << 24);
    buf_puts(&header, "X-Long: ");
    for (int i = 0; i < 200000; i++)
        buf_putc(&header, 'a');
    buf_puts(&header, "\r\n");
    struct reply r = client_ask(serving_port(), "GET", "/health", buf_text(&header), NULL);
    assert_true(r.status == 0 || r.status >= 400);
    reply_free_client(&r);
    buf_free(&header);
    r = client_ask(serving_port(), "GET", "/health", "", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
}

/* More than the sockets hold: most of it waits in the server until it is read. */
static void a_stream_that_nobody_reads_for_long_comes_whole_later(void **state)
{
    (void)state;
    enum { SLOW = 2 };
    static const char body[] =
        "{\"prompt\": [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\"], \"max_tokens\": 400, \"logprobs\": 20, "
        "\"temperature\": 1, \"seed\": 1, \"stream\": true, \"logit_bias\": {\"2\": -100}}";
    int fds[SLOW];
    const int room = 65536;
    for (int i = 0; i < SLOW; i++) {
        fds[i] = client_begin(serving_port(), "POST", COMPLETIONS, "", body);
        setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }
    json_decref(
        client_post(serving_port(), COMPLETIONS, 200, "{\"prompt\": \"a\", \"max_tokens\": 4}")); /* others go on */
    while (serve_look(serving_server()).requests > 0)
        usleep(1000);
    for (int i = 0; i < SLOW; i++) {
        struct reply r = client_read(fds[i]);
        size_t ends = 0;
        assert_int_equal(r.status, 200);
        assert_true(r.body.size > 2000000);
        for (const char *at = buf_text(&r.body); (at = strstr(at, "\"finish_reason\":\"length\"")) != NULL; at++)
            ends++;
        assert_int_equal(ends, 8);
        assert_non_null(strstr(buf_text(&r.body) + r.body.size - 32, "data: [DONE]\n\n"));
        reply_free_client(&r);
        close(fds[i]);
    }
}

/* A stream takes no more memory than its client is behind, and a client that is too far behind is given up. */
static void what_waits_for_a_slow_reader_is_bounded(void **state)
{
    (void)state;
    enum { PIECE = 1 << 20 };
    struct serve none = {0};
    char *piece = malloc(PIECE);
    assert_non_null(piece);
    memset(piece, 'x', PIECE);
    struct exchange *e = exchange_new(&none, NULL, "POST", COMPLETIONS);
    assert_non_null(e);
    for (int i = 0; i < 3 * (UNREAD_MOST / PIECE); i++) { /* read as it comes, a piece behind */
        exchange_write(e, piece, PIECE);
        if (i > 0)
            assert_int_equal(exchange_take(e, piece, PIECE), PIECE);
    }
    assert_false(exchange_is_gone(e));
    for (int i = 0; i < UNREAD_MOST / PIECE; i++)
        exchange_write(e, piece, PIECE);
    assert_true(exchange_is_gone(e));
    assert_int_equal(exchange_take(e, piece, PIECE), EXCHANGE_BROKEN);
    exchange_release(e);
    free(piece);
}

static void stopping_ends_answers_under_way(void **state)
{
    (void)state;
    struct serve *s = serving_start(NULL);
    int fds[8];
    for (int i = 0; i < 8; i++)
        fds[i] = client_begin(serve_port(s), "POST", COMPLETIONS, "",
                              "{\"prompt\": \"a\", \"max_tokens\": 200, \"logit_bias\": {\"2\": -100}}");
    serve_stop(s);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likelihoods_are_the_same_beside_an_answer),
        cmocka_unit_test(many_clients_at_once_get_what_each_gets_alone),
        cmocka_unit_test(a_client_that_goes_away_ends_its_answer),
        cmocka_unit_test(bodies_may_come_byte_by_byte_and_be_too_large),
        cmocka_unit_test(several_requests_come_on_one_connection),
        cmocka_unit_test(a_client_may_wait_to_be_asked_for_its_body),
        cmocka_unit_test(hostile_requests_leave_the_server_serving),
        cmocka_unit_test(a_stream_that_nobody_reads_for_long_comes_whole_later),
        cmocka_unit_test(what_waits_for_a_slow_reader_is_bounded),
        cmocka_unit_test(stopping_ends_answers_under_way),
    };
    return cmocka_run_group_tests(tests, serving_open, serving_close);
}
