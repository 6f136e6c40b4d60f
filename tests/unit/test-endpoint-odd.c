/* Tests of remote/: what servers, gateways and proxies send that is neither right nor quite wrong: fields of other
 * dialects, odd events, and HTTP as few write it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/remote.h"
#include "tests/cmocka.h"
#include "tests/unit/hostile.h"
#include "tests/unit/outcome.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define CLOSE "Connection: close\r\n\r\n"
#define EVENT(json) "data: " json "\n\n"

/* What comes, and what must come of it: a text and, where it fails, words of the error. */
struct odd_case {
    const char *name, *bytes, *text, *error;
};

static void check_cases(const struct odd_case *cases, size_t n, const char *head)
{
    for (size_t i = 0; i < n; i++) {
        char bytes[4096];
        snprintf(bytes, sizeof bytes, "%s%s", head, cases[i].bytes);
        for (size_t step = 0; step < 2; step++) {
            const struct outcome o = outcome_of_bytes(bytes, step);
            if (strcmp(o.text, cases[i].text) != 0 || o.failed != (cases[i].error != NULL))
                fail_msg("%s: '%s'%s%s", cases[i].name, o.text, o.failed ? ", " : "", o.error.message);
            if (cases[i].error != NULL && strstr(o.error.message, cases[i].error) == NULL)
                fail_msg("%s: %s", cases[i].name, o.error.message);
        }
    }
}
#define CHECK(cases, head) check_cases(cases, sizeof(cases) / sizeof *(cases), head)

static void fields_of_other_dialects_are_passed_over(void **state)
{
    (void)state;
    static const struct odd_case cases[] = {
        {"the same id and number twice",
         EVENT("{\"id\":\"1\",\"created\":1,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}")
             EVENT("{\"id\":\"1\",\"created\":1,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}]}") DONE,
         "Hello", NULL},
        {"a name twice in one object", EVENT("{\"choices\":[{\"text\":\"no\",\"text\":\"Hello\"}]}") DONE, "Hello",
         NULL},
        {"tool calls",
         EVENT("{\"choices\":[{\"delta\":{\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":"
               "{\"name\":\"f\",\"arguments\":\"{}\"}}]},\"finish_reason\":null}]}") DELTA("Hello")
             EVENT("{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}") DONE,
         "Hello", NULL},
        {"a refusal", EVENT("{\"choices\":[{\"delta\":{\"refusal\":\"I won't\"}}]}") STOP DONE, "I won't", NULL},
        {"a role alone first", EVENT("{\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}") DELTA("Hello") DONE,
         "Hello", NULL},
        {"delta null", EVENT("{\"choices\":[{\"delta\":null}]}") DELTA("Hello") DONE, "Hello", NULL},
        {"a choice null", EVENT("{\"choices\":[null]}") DELTA("Hello") DONE, "Hello", NULL},
        {"usage and logprobs null",
         EVENT("{\"usage\":null,\"choices\":[{\"logprobs\":null,\"delta\":{\"content\":\"Hello\"}}]}") DONE, "Hello",
         NULL},
        {"errors that are none",
         EVENT("{\"error\":null,\"choices\":[{\"text\":\"Hel\"}]}")
             EVENT("{\"error\":\"\",\"choices\":[{\"text\":\"l\"}]}")
                 EVENT("{\"error\":false,\"choices\":[{\"text\":\"o\"}]}") DONE,
         "Hello", NULL},
        {"an empty reason in each piece",
         EVENT("{\"choices\":[{\"text\":\"Hel\",\"finish_reason\":\"\"}]}")
             EVENT("{\"choices\":[{\"text\":\"lo\",\"finish_reason\":\"\"}]}"),
         "Hello", "before the answer's end"},
        {"a reason that is a number", EVENT("{\"choices\":[{\"text\":\"Hello\",\"finish_reason\":7}]}") DONE, "Hello",
         NULL},
        {"text after the reason", STOP DELTA("Hello") DONE, "Hello", NULL},
        {"parts of other types",
         EVENT("{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"image\"},7,null,{\"type\":\"text\",\"text\":"
               "\"Hello\"}]}}]}") DONE,
         "Hello", NULL},
        {"details of reasoning beside it",
         EVENT("{\"choices\":[{\"delta\":{\"reasoning\":\"Hm\",\"reasoning_details\":[{\"text\":\"Hm\"}]}}]}")
             DELTA("Hello") DONE,
         "<think>\nHm\n</think>\n\nHello", NULL},
        {"a character in raw bytes", DELTA("H\xC3\xA9llo \xF0\x9F\x98\x80") DONE, "H\xC3\xA9llo \xF0\x9F\x98\x80",
         NULL},
        {"a character cut between two pieces",
         DELTA("a\xC3") DELTA("\xA9"
                              "b") DONE,
         "a\xEF\xBF\xBD\xEF\xBF\xBD"
         "b",
         NULL},
        {"numbers that JSON does not have",
         EVENT(
             "{\"choices\":[{\"text\":\"NaN is \\\"Infinity\\\"\",\"logprobs\":{\"tokens\":[\"N\"],\"token_logprobs\":"
             "[-Infinity],\"top_logprobs\":[{\"x\":NaN}]}}],\"x\":Infinity}") DONE,
         "NaN is \"Infinity\"", NULL},
    };
    CHECK(cases, HEAD);
}

static void odd_events_are_read_or_told(void **state)
{
    (void)state;
    static const struct odd_case cases[] = {
        {"an event named error, with an object", "event: error\n" EVENT("{\"message\":\"out of cards\"}"), "",
         "out of cards"},
        {"the same with the error inside",
         DELTA("Hel") "event: error\n" EVENT("{\"error\":{\"message\":\"out of cards\"}}"), "Hel",
         "out of cards; /continue goes on"},
        {"the same as a text", "event: error\n" EVENT("out of cards") DONE, "", "out of cards"},
        {"its name after the data", "data: {\"message\":\"out of cards\"}\nevent: error\n\n", "", "out of cards"},
        {"an event of a name like it", "event: errors\n" DELTA("Hello") DONE, "Hello", NULL},
        {"an error without data", "event: error\n\n" DELTA("Hello") DONE, "Hello", NULL},
        {"a filter", DELTA("Hel") EVENT("{\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}") DONE,
         "Hel", "its filter ended the answer (content_filter)"},
        {"garbage after [DONE]", DELTA("Hello") DONE "garbage\n\n\xFF\xFE{\"error\":\"no\"}\n\n<html>", "Hello", NULL},
        {"data that is null", EVENT("null") DONE, "", "no JSON: null"},
        {"data that is a list", EVENT("[]") DONE, "", "no JSON: []"},
        {"a list of pieces", "[{\"choices\":[{\"text\":\"Hello\"}]}]", "", "without an answer"},
        {"a comma too many", EVENT("{\"choices\":[],}") DONE, "", "no JSON"},
        {"two objects in one event", EVENT("{\"choices\":[]}{\"choices\":[]}") DONE, "", "no JSON"},
        {"a number without end", EVENT("{\"usage\":{\"prompt_tokens\":99999999999999999999999}}") DONE, "", "no JSON"},
        {"a name of 0 bytes, fields without colon", ": \n:\nx\nevent\nid\n" DELTA("Hello") DONE, "Hello", NULL},
    };
    CHECK(cases, HEAD);
}

static void http_is_read_as_servers_write_it(void **state)
{
    (void)state;
    static const struct odd_case cases[] = {
        {"an interim answer", "HTTP/1.1 100 Continue\r\n\r\n" HEAD DELTA("Hello") DONE, "Hello", NULL},
        {"several, with headers",
         "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" HEAD DELTA(
             "Hello") DONE,
         "Hello", NULL},
        {"a length too small", OK "Content-Length: 20\r\n" CLOSE DELTA("Hello") DONE, "", "no JSON"},
        {"a length too great", OK "Content-Length: 2000\r\n" CLOSE DELTA("Hello"), "Hello", "broke"},
        {"the same, but the answer ended", OK "Content-Length: 2000\r\n" CLOSE DELTA("Hello") DONE, "Hello", NULL},
        {"no body", OK "Content-Length: 0\r\n\r\n", "", "without an answer"},
        {"a negative length", OK "Content-Length: -7\r\n" CLOSE DELTA("Hello") DONE, "", "broke"},
        {"two lengths", OK "Content-Length: 7\r\nContent-Length: 9\r\n" CLOSE DELTA("Hello") DONE, "", ""},
        {"trailers behind the chunks",
         OK "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3d;name=value\r\n" DELTA(
             "Hello") "\r\ne\r\n" DONE "\r\n0\r\nX-Sum: 1\r\n\r\n",
         "Hello", NULL},
        {"lines that end with LF alone", "HTTP/1.1 200 OK\nConnection: close\n\n" DELTA("Hello") DONE, "Hello", NULL},
        {"a header that goes on", OK "X: a\r\n  b\r\n" CLOSE DELTA("Hello") DONE, "Hello", NULL},
        {"a page's type for a stream", OK "Content-Type: text/html\r\n" CLOSE DELTA("Hello") DONE, "Hello", NULL},
        {"no content", "HTTP/1.1 204 No Content\r\n\r\n", "", "without an answer"},
        {"no HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "", "broke"},
        {"nothing at all", "", "", "broke"},
        {"an unknown version", "HTTP/9.9 200 OK\r\n\r\n", "", "broke"},
        {"an unknown compression", OK "Content-Encoding: x-none\r\n" CLOSE DELTA("Hello") DONE, "", "broke"},
        {"a time to come again that is none", "HTTP/1.1 404 No\r\nRetry-After: soon\r\nContent-Length: 0\r\n" CLOSE, "",
         "no model m (404)"},
    };
    CHECK(cases, "");
}

/* A break is none of the ends that a stream may have. */
static void a_connection_that_is_reset_is_told(void **state)
{
    (void)state;
    const struct hostile_reply reply = {.bytes = HEAD DELTA("Hel"), .resets = true};
    const struct outcome o = outcome_of_place((struct endpoint_place){0}, &reply, 1);
    assert_true(o.failed);
    assert_int_equal(hostile_requests(outcome_server()), 1);
}

static void deep_json_is_refused(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_puts(&b, HEAD "data: {\"choices\":");
    for (int i = 0; i < 100000; i++)
        buf_putc(&b, '[');
    buf_puts(&b, "\n\n" DONE);
    const struct outcome o = outcome_of_bytes(buf_text(&b), 0);
    assert_true(o.failed);
    assert_non_null(strstr(o.error.message, "no JSON"));
    buf_free(&b);
}

/* A cookie is a way to be known again, which nobody asked for. */
static void cookies_are_not_sent_back(void **state)
{
    (void)state;
    const struct hostile_reply reply = {.bytes = OK "Set-Cookie: who=you; Path=/\r\n" CLOSE DELTA("Hello") DONE};
    hostile_set(outcome_server(), &reply, 1);
    struct endpoint *e = outcome_open((struct endpoint_place){0});
    for (int i = 0; i < 2; i++) {
        outcome_ask(e);
        assert_string_equal(outcome_take(e, 0).text, "Hello");
    }
    char *request = hostile_request(outcome_server());
    assert_null(strstr(request, "ookie"));
    free(request);
    endpoint_free(e);
}

static void long_headers_are_read_up_to_a_limit(void **state)
{
    (void)state;
    for (size_t size = 60000; size < 100000000; size *= 100) {
        struct buf b;
        buf_init(&b, size + 1000);
        buf_puts(&b, OK "X-Long: ");
        for (size_t i = 0; i < size; i++)
            buf_putc(&b, 'a');
        buf_puts(&b, "\r\n" CLOSE DELTA("Hello") DONE);
        const struct outcome o = outcome_of_bytes(buf_text(&b), 0);
        assert_int_equal(o.failed, size > 1000000);
        assert_string_equal(o.text, o.failed ? "" : "Hello");
        buf_free(&b);
    }
}

/* So that a text of several tokens can be cut at any of them. */
static void marks_of_thoughts_belong_to_the_tokens_behind_them(void **state)
{
    (void)state;
    const struct hostile_reply reply = {
        .bytes = HEAD EVENT(
            "{\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm\"},\"logprobs\":{\"content\":[{\"token\":"
            "\"Hm\",\"logprob\":-1}]}}]}")
            EVENT("{\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"logprobs\":{\"content\":[{\"token\":\"Hello\","
                  "\"logprob\":-1}]}}]}") DONE};
    hostile_set(outcome_server(), &reply, 1);
    struct endpoint *e = outcome_open((struct endpoint_place){0});
    struct endpoint_event event;
    static const char *const texts[] = {"<think>\nHm", "\n</think>\n\nHello"};
    size_t n = 0;
    outcome_ask(e);
    do {
        while (!endpoint_next(e, &event))
            outcome_wait(e);
        if (event.kind == ENDPOINT_TEXT) {
            assert_true(n < 2 && event.token != NULL && event.size == strlen(texts[n]));
            assert_memory_equal(event.text, texts[n++], event.size);
        }
    } while (event.kind != ENDPOINT_DONE && event.kind != ENDPOINT_FAILED);
    assert_int_equal(n, 2);
    endpoint_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_other_dialects_are_passed_over),
        cmocka_unit_test(odd_events_are_read_or_told),
        cmocka_unit_test(http_is_read_as_servers_write_it),
        cmocka_unit_test(a_connection_that_is_reset_is_told),
        cmocka_unit_test(deep_json_is_refused),
        cmocka_unit_test(cookies_are_not_sent_back),
        cmocka_unit_test(long_headers_are_read_up_to_a_limit),
        cmocka_unit_test(marks_of_thoughts_belong_to_the_tokens_behind_them),
    };
    return cmocka_run_group_tests(tests, outcome_begin, outcome_end);
}
