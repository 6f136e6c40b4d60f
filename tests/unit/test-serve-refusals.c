/* Tests of the server: what it refuses, and in which words. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "serve/serve.h"
#include "tests/cmocka.h"
#include "tests/unit/client.h"
#include "tests/unit/serving.h"

static void what_is_impossible_is_refused_with_its_field(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body, *param;
    } cases[] = {
        {COMPLETIONS, "{}", "prompt"},
        {COMPLETIONS, "{\"prompt\": []}", "prompt"},
        {COMPLETIONS, "{\"prompt\": [1, -1]}", "prompt"},
        {COMPLETIONS, "{\"prompt\": [1, 99999999]}", "prompt"},
        {COMPLETIONS, "{\"prompt\": [1, \"a\"]}", "prompt"},
        {COMPLETIONS, "{\"prompt\": {\"a\": 1}}", "prompt"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"n\": 2}", "n"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"best_of\": 3}", "best_of"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"suffix\": \"b\"}", "suffix"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"max_tokens\": -1}", "max_tokens"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"max_tokens\": \"b\"}", "max_tokens"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"temperature\": -1}", "temperature"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"temperature\": \"hot\"}", "temperature"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"top_p\": 2}", "top_p"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"logprobs\": 21}", "logprobs"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"stream\": 1}", "stream"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"echo\": \"yes\"}", "echo"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"stop\": [1]}", "stop"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"seed\": 1.5}", "seed"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"logit_bias\": {\"x\": 1}}", "logit_bias"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"logit_bias\": {\"1\": 1000}}", "logit_bias"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"response_format\": {\"type\": \"json_object\"}}", "response_format"},
        {CHAT, "{}", "messages"},
        {CHAT, "{\"messages\": []}", "messages"},
        {CHAT, "{\"messages\": [{\"role\": \"king\", \"content\": \"a\"}]}", "messages[0].role"},
        {CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": 1}]}", "messages[0].content"},
        {CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}",
         "messages[0].content"},
        {CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"top_logprobs\": 2}", "top_logprobs"},
        {"/tokenize", "{}", "prompt"},
        {"/detokenize", "{\"tokens\": [-1]}", "tokens"},
        {"/v1/embeddings", "{\"input\": \"a\"}", "model"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *a = client_post(serving_port(), cases[i].path, 400, cases[i].body);
        const json_t *error = json_object_get(a, "error");
        const char *param = json_string_value(json_object_get(error, "param"));
        if (param == NULL || strcmp(param, cases[i].param) != 0)
            fail_msg("%s: param %s instead of %s", cases[i].body, param != NULL ? param : "null", cases[i].param);
        assert_non_null(json_string_value(json_object_get(error, "message")));
        assert_string_equal(json_string_value(json_object_get(error, "type")), "invalid_request_error");
        json_decref(a);
    }
}

static void bodies_that_are_no_json_are_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "{",
                                         "[]",
                                         "\"a\"",
                                         "null",
                                         "{\"prompt\": \"a\",}",
                                         "{\"a\": \"\xff\"}",
                                         "{\"prompt\": \"a\", \"prompt\": \"b\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        json_decref(client_post(serving_port(), COMPLETIONS, 400, bodies[i]));
}

static void a_prompt_longer_than_the_context_is_refused(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_puts(&body, "{\"prompt\": [1");
    for (int i = 0; i < SERVING_CONTEXT; i++)
        buf_puts(&body, ",5");
    buf_puts(&body, "]}");
    json_t *a = client_post(serving_port(), COMPLETIONS, 400, buf_text(&body));
    assert_string_equal(json_string_value(json_object_get(json_object_get(a, "error"), "code")),
                        "context_length_exceeded");
    json_decref(a);
    buf_free(&body);
}

static void wrong_paths_and_methods_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        int status;
    } cases[] = {{"GET", "/", 404},          {"GET", "/v1/nothing", 404}, {"GET", COMPLETIONS, 405},
                 {"DELETE", "/health", 405}, {"POST", "/v1/models", 405}, {"HEAD", "/health", 200}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = client_begin(serving_port(), cases[i].method, cases[i].path, "Connection: close\r\n", NULL);
        char line[64] = "";
        assert_true(recv(fd, line, sizeof line - 1, 0) > 12);
        assert_int_equal(atoi(line + 9), cases[i].status);
        close(fd);
    }
}

static void pages_of_other_sites_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {"Origin: https://evil.example\r\n", "Origin: null\r\n",
                                          "Origin: http://127.0.0.1.evil.example\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct reply r = client_ask(serving_port(), "GET", "/v1/models", headers[i], NULL);
        assert_int_equal(r.status, 403);
        reply_free_client(&r);
    }
    int fd = client_connect(serving_port());
    static const char rebound[] = "GET /v1/models HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n";
    client_send(fd, rebound, sizeof rebound - 1);
    struct reply r = client_read(fd);
    assert_int_equal(r.status, 403);
    reply_free_client(&r);
    close(fd);
    r = client_ask(serving_port(), "GET", "/v1/models", "Origin: http://localhost:3000\r\n", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
}

static void a_key_is_asked_for_when_there_is_one(void **state)
{
    (void)state;
    struct serve *s = serving_start("secret");
    static const struct {
        const char *headers;
        int status;
    } cases[] = {{"", 401},
                 {"Authorization: Bearer \r\n", 401},
                 {"Authorization: Bearer secre\r\n", 401},
                 {"Authorization: Bearer secrets\r\n", 401},
                 {"Authorization: Basic secret\r\n", 401},
                 {"Authorization: Bearer secret\r\n", 200}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply r = client_ask(serve_port(s), "GET", "/v1/models", cases[i].headers, NULL);
        assert_int_equal(r.status, cases[i].status);
        assert_null(strstr(buf_text(&r.body), "secret"));
        reply_free_client(&r);
    }
    struct reply r = client_ask(serve_port(s), "GET", "/health", "", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
    serve_stop(s);
}

static void an_empty_key_is_fine_when_none_is_asked_for(void **state)
{
    (void)state;
    struct reply r = client_ask(serving_port(), "GET", "/v1/models", "Authorization: Bearer \r\n", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
}

static void a_port_that_is_taken_is_told(void **state)
{
    (void)state;
    struct error err = {0};
    const struct serve_options options = {.port = serving_port(),
                                          .name = "tiny",
                                          .settings = sampling_defaults(),
                                          .session = {.context = 32},
                                          .parallel = 1};
    assert_null(serve_start(serving_model(), serving_template(), &options, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.message, "--port"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_impossible_is_refused_with_its_field),
        cmocka_unit_test(bodies_that_are_no_json_are_refused),
        cmocka_unit_test(a_prompt_longer_than_the_context_is_refused),
        cmocka_unit_test(wrong_paths_and_methods_are_told),
        cmocka_unit_test(pages_of_other_sites_are_refused),
        cmocka_unit_test(a_key_is_asked_for_when_there_is_one),
        cmocka_unit_test(an_empty_key_is_fine_when_none_is_asked_for),
        cmocka_unit_test(a_port_that_is_taken_is_told),
    };
    return cmocka_run_group_tests(tests, serving_open, serving_close);
}
