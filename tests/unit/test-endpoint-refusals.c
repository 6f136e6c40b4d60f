/* Tests of remote/: servers of models that refuse, stay busy or silent, and the keys that they ask for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "remote/remote.h"
#include "tests/cmocka.h"
#include "tests/unit/hostile.h"
#include "tests/unit/outcome.h"

static void refusals_say_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *status, *headers, *body, *says, *also;
        enum error_code code;
    } cases[] = {
        {"401 Unauthorized", "", "{\"error\":{\"message\":\"Bad key\"}}", "Bad key", "key_variable", ERR_ARGUMENT},
        {"403 Forbidden", "", "no", "wants a key (403)", "endpoints file", ERR_ARGUMENT},
        {"404 Not Found", "", "{\"error\":{\"message\":\"The model `m` does not exist.\"}}", "no model m (404)",
         "does not exist", ERR_NOT_FOUND},
        {"404 Not Found", "", "<html>nginx</html>", "no model m (404)", "m", ERR_NOT_FOUND},
        {"413 Payload Too Large", "", "", "too long for it (413)", "shorten", ERR_CONTEXT},
        {"400 Bad Request", "", "{\"error\":{\"message\":\"This model's maximum context length is 4096\"}}",
         "too long for its context", "4096", ERR_CONTEXT},
        {"400 Bad Request", "", "{\"object\":\"error\",\"message\":\"top_k must be\"}", "status 400", "top_k must be",
         ERR_IO},
        {"422 Unprocessable Entity", "", "{\"detail\":\"no\"}", "status 422", "no", ERR_IO},
        {"500 Internal Server Error", "", "{\"error\":\"boom\"}", "status 500", "boom", ERR_IO},
        {"502 Bad Gateway", "Content-Type: text/html\r\n", "<html></html>", "can't answer now (502)", "", ERR_BUSY},
        {"500 Error", "Content-Type: text/html\r\n", "<html></html>", "and a page", "url right", ERR_IO},
        {"429 Too Many Requests", "", "{\"error\":{\"message\":\"Pay\",\"code\":\"insufficient_quota\"}}", "quota",
         "Pay", ERR_BUSY},
        {"503 Unavailable", "Retry-After: 99999\r\n", "", "can't answer now (503)", "", ERR_BUSY},
        {"302 Found", "Location: https://elsewhere.example/x\r\n", "", "another host", "https://elsewhere.example/x",
         ERR_ARGUMENT},
        {"307 Found", "Location: http://localhost/v1\r\n", "", "another host", "localhost", ERR_ARGUMENT},
        {"302 Found", "", "", "status 302", "", ERR_IO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[1000];
        snprintf(bytes, sizeof bytes, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                 cases[i].status, cases[i].headers, strlen(cases[i].body), cases[i].body);
        const struct outcome o = outcome_of_bytes(bytes, i % 2);
        assert_true(o.failed);
        if (strstr(o.error.message, cases[i].says) == NULL || strstr(o.error.message, cases[i].also) == NULL ||
            o.error.code != cases[i].code)
            fail_msg("%s: %s (%d)", cases[i].status, o.error.message, (int)o.error.code);
    }
}

static void a_redirect_to_the_same_host_is_followed(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {
        {.bytes = "HTTP/1.1 307 Moved\r\nLocation: /v2/chat/completions\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = HEAD DELTA("Hello") DONE}};
    const struct outcome o = outcome_of_place((struct endpoint_place){0}, replies, 2);
    assert_string_equal(o.text, "Hello");
    char *request = hostile_request(outcome_server());
    assert_non_null(strstr(request, "POST /v2/chat/completions "));
    assert_non_null(strstr(request, "\"messages\""));
    free(request);
    const struct hostile_reply round = {
        .bytes = "HTTP/1.1 307 Moved\r\nLocation: /v1/again\r\nContent-Length: 0\r\n\r\n"};
    assert_true(outcome_of_place((struct endpoint_place){0}, &round, 1).failed);
    assert_true(hostile_requests(outcome_server()) < 10);
}

static void a_busy_server_is_asked_again(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {
        {.bytes =
             "HTTP/1.1 503 Loading\r\nRetry-After: 0\r\nContent-Length: 31\r\n\r\n{\"error\":{\"message\":\"Loading\"}} "},
        {.bytes = "HTTP/1.1 429 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = HEAD DELTA("Hello") DONE}};
    const struct outcome o = outcome_of_place((struct endpoint_place){0}, replies, 3);
    assert_string_equal(o.text, "Hello");
    assert_false(o.failed);
    assert_int_equal(o.waits, 2);
    assert_int_equal(hostile_requests(outcome_server()), 3);
}

static void a_server_that_stays_busy_is_given_up(void **state)
{
    (void)state;
    const struct hostile_reply reply = {.bytes = "HTTP/1.1 503 Loading\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"};
    const struct outcome o = outcome_of_place((struct endpoint_place){0}, &reply, 1);
    assert_true(o.failed);
    assert_int_equal(o.error.code, ERR_BUSY);
    assert_int_equal(hostile_requests(outcome_server()), 11);
}

static void what_has_begun_is_never_asked_again(void **state)
{
    (void)state;
    const struct outcome o = outcome_of_bytes(HEAD DELTA("Hel"), 0);
    assert_true(o.failed);
    assert_int_equal(hostile_requests(outcome_server()), 1);
}

static void nobody_listening_is_told(void **state)
{
    (void)state;
    char url[] = "http://127.0.0.1:1/v1";
    struct endpoint *e = outcome_open((struct endpoint_place){.url = url});
    outcome_ask(e);
    const struct outcome o = outcome_take(e, 0);
    assert_true(o.failed);
    assert_non_null(strstr(o.error.message, "127.0.0.1:1: no connection"));
    endpoint_free(e);
}

static void a_server_without_tls_is_told(void **state)
{
    (void)state;
    char url[100];
    hostile_set(outcome_server(), &(struct hostile_reply){.bytes = "HTTP/1.1 400 Bad\r\n\r\n"}, 1);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/v1", (unsigned)hostile_port(outcome_server()));
    struct endpoint *e = outcome_open((struct endpoint_place){.url = url, .idle = 2});
    outcome_ask(e);
    /* the server waits for a request that a handshake is not: it is given up when it has been idle */
    const struct outcome o = outcome_take(e, 0);
    assert_true(o.failed);
    endpoint_free(e);
}

/* ---- stopping --------------------------------------------------------------------------------------------------- */

static void stopping_closes_the_connection(void **state)
{
    (void)state;
    const char *bytes = HEAD DELTA("Hello");
    hostile_set(outcome_server(), &(struct hostile_reply){.bytes = bytes, .stays = true}, 1);
    struct endpoint *e = outcome_open((struct endpoint_place){0});
    outcome_ask(e);
    const struct outcome o = outcome_take(e, 5);
    assert_string_equal(o.text, "Hello");
    assert_int_equal(o.finish, ENDPOINT_STOPPED);
    hostile_wait_closed(outcome_server());
    endpoint_free(e);
}

/* Nothing ends by itself here, and nothing grows. */
static void an_endless_stream_can_be_stopped(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        DELTA("a"), ": ping\n\n", "data: {\"choices\":[],\"prompt_progress\":{\"total\":9,\"processed\":1}}\n\n"};
    for (size_t i = 0; i < 3; i++) {
        char bytes[1000];
        snprintf(bytes, sizeof bytes, "%s%s", HEAD, bodies[i]);
        hostile_set(outcome_server(), &(struct hostile_reply){.bytes = bytes, .repeats = true, .body = strlen(HEAD)},
                    1);
        struct endpoint *e = outcome_open((struct endpoint_place){0});
        outcome_ask(e);
        const struct outcome o = outcome_take(e, i == 1 ? 1 : 1000); /* comments are no events, but each second is */
        assert_int_equal(o.finish, ENDPOINT_STOPPED);
        hostile_wait_closed(outcome_server());
        endpoint_free(e);
    }
}

static void silence_has_a_limit_that_can_be_set(void **state)
{
    (void)state;
    hostile_set(outcome_server(), &(struct hostile_reply){.bytes = HEAD DELTA("Hello"), .stays = true}, 1);
    struct endpoint *e = outcome_open((struct endpoint_place){.idle = 1});
    outcome_ask(e);
    const struct outcome o = outcome_take(e, 0);
    assert_true(o.failed);
    assert_string_equal(o.text, "Hello");
    assert_non_null(strstr(o.error.message, "nothing came for 1 seconds"));
    assert_non_null(strstr(o.error.message, "/continue"));
    endpoint_free(e);
}

static void connections_are_kept_for_the_next_question(void **state)
{
    (void)state;
    char bytes[1000];
    const char *body = DELTA("Hello") DONE;
    snprintf(bytes, sizeof bytes, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    hostile_set(outcome_server(), &(struct hostile_reply){.bytes = bytes}, 1);
    struct endpoint *e = outcome_open((struct endpoint_place){0});
    for (int i = 0; i < 3; i++) {
        outcome_ask(e);
        assert_string_equal(outcome_take(e, 0).text, "Hello");
        struct endpoint_event event;
        while (endpoint_next(e, &event)) /* what stands after the end */
            ;
    }
    assert_int_equal(hostile_requests(outcome_server()), 3);
    endpoint_free(e);
}

/* A server may close a connection that it had kept: the next question goes over another. */
static void a_kept_connection_that_was_closed_is_made_anew(void **state)
{
    (void)state;
    hostile_set(outcome_server(),
                &(struct hostile_reply){.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 75\r\nX: connection: close\r\n\r\n"
                                                 "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"
                                                 "data: [DONE]\n\n            "},
                1);
    struct endpoint *e = outcome_open((struct endpoint_place){0});
    for (int i = 0; i < 3; i++) {
        outcome_ask(e);
        const struct outcome o = outcome_take(e, 0);
        if (strcmp(o.text, "Hi") != 0)
            fail_msg("%d: %s", i, o.error.message);
    }
    endpoint_free(e);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* The Authorization header that came with a question; "" for none. */
static void key_sent(struct endpoint_place place, char *out, size_t size)
{
    const struct hostile_reply reply = {.bytes = HEAD DELTA("Hello") DONE};
    const struct outcome o = outcome_of_place(place, &reply, 1);
    char *request = o.failed ? NULL : hostile_request(outcome_server());
    const char *header = request != NULL ? strstr(request, "Authorization: ") : NULL;
    snprintf(out, size, "%.*s", header != NULL ? (int)strcspn(header, "\r") : 0, header != NULL ? header : "");
    if (o.failed)
        snprintf(out, size, "%s", o.error.message);
    free(request);
}

/* The same for what fails before anything is sent. */
static void key_refused(struct endpoint_place place, const char *says)
{
    struct error err = {0};
    const struct endpoint_message message = {"user", "Hi", 2};
    struct endpoint *e = outcome_open(place);
    endpoint_ask(e, &(struct endpoint_question){.model = "m", .messages = &message, .n = 1}, &err);
    if (strstr(err.message, says) == NULL)
        fail_msg("%s", err.message);
    endpoint_free(e);
}

static void keys_come_from_where_they_are(void **state)
{
    (void)state;
    char sent[300], file[] = "/tmp/palaver-key-XXXXXX";
    char variable[] = "TEST_ENDPOINT_KEY", other[] = "TEST_ENDPOINT_NO_KEY", command[] = "printf 'from-command\\nmore'";
    key_sent((struct endpoint_place){0}, sent, sizeof sent);
    assert_string_equal(sent, "");
    setenv(variable, "from-variable", 1);
    key_sent((struct endpoint_place){.key_variable = variable}, sent, sizeof sent);
    assert_string_equal(sent, "Authorization: Bearer from-variable");
    key_refused((struct endpoint_place){.key_variable = other}, "TEST_ENDPOINT_NO_KEY, which is not set");
    key_sent((struct endpoint_place){.key_command = command}, sent, sizeof sent);
    assert_string_equal(sent, "Authorization: Bearer from-command");
    const int fd = mkstemp(file);
    assert_int_equal(write(fd, "from-file\n", 10), 10);
    close(fd);
    key_sent((struct endpoint_place){.key_file = file}, sent, sizeof sent);
    assert_string_equal(sent, "Authorization: Bearer from-file");
    chmod(file, 0644);
    key_refused((struct endpoint_place){.key_file = file}, "chmod 600");
    unlink(file);
    key_refused((struct endpoint_place){.key_file = file}, "No such file");
}

static void commands_that_fail_are_told(void **state)
{
    (void)state;
    char failing[] = "exit 3", silent[] = "true", wrong[] = "printf 'two words'";
    const struct {
        char *command;
        const char *says;
    } cases[] = {{failing, "exit status 3"}, {silent, "holds no key"}, {wrong, "can't be a key"}};
    for (size_t i = 0; i < 3; i++) {
        char sent[600];
        key_sent((struct endpoint_place){.key_command = cases[i].command}, sent, sizeof sent);
        if (strstr(sent, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].command, sent);
    }
}

static void keys_stand_in_no_message(void **state)
{
    (void)state;
    char variable[] = "TEST_ENDPOINT_KEY";
    setenv(variable, "secret-word", 1);
    const struct hostile_reply reply = {.bytes = "HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"};
    const struct outcome o = outcome_of_place((struct endpoint_place){.key_variable = variable}, &reply, 1);
    assert_true(o.failed);
    assert_null(strstr(o.error.message, "secret-word"));
    assert_non_null(strstr(o.error.message, "look at TEST_ENDPOINT_KEY"));
    char *host = endpoint_host("https://user:secret-word@host.example:8000/v1?key=secret-word");
    assert_string_equal(host, "host.example:8000");
    free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_say_what_to_do),
        cmocka_unit_test(a_redirect_to_the_same_host_is_followed),
        cmocka_unit_test(a_busy_server_is_asked_again),
        cmocka_unit_test(a_server_that_stays_busy_is_given_up),
        cmocka_unit_test(what_has_begun_is_never_asked_again),
        cmocka_unit_test(nobody_listening_is_told),
        cmocka_unit_test(a_server_without_tls_is_told),
        cmocka_unit_test(stopping_closes_the_connection),
        cmocka_unit_test(an_endless_stream_can_be_stopped),
        cmocka_unit_test(silence_has_a_limit_that_can_be_set),
        cmocka_unit_test(connections_are_kept_for_the_next_question),
        cmocka_unit_test(a_kept_connection_that_was_closed_is_made_anew),
        cmocka_unit_test(keys_come_from_where_they_are),
        cmocka_unit_test(commands_that_fail_are_told),
        cmocka_unit_test(keys_stand_in_no_message),
    };
    return cmocka_run_group_tests(tests, outcome_begin, outcome_end);
}
