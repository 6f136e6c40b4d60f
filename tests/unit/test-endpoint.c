/* Tests of remote/: answers of servers of models, as they are and as they should not be, over connections. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "remote/remote.h"
#include "tests/cmocka.h"
#include "tests/unit/hostile.h"
#include "tests/unit/outcome.h"

#define CHUNKED "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

/* A body, and what must come of it: a text and, where it fails, words of the error. */
static const struct stream_case {
    const char *name, *body, *text, *error;
} stream_cases[] = {
    {"plain", DELTA("Hel") DELTA("lo") STOP DONE, "Hello", NULL},
    {"no [DONE]", DELTA("Hello") STOP, "Hello", NULL},
    {"[DONE] with blanks", DELTA("Hello") "data:   [DONE]  \n\n", "Hello", NULL},
    {"[DONE] without an end of line", DELTA("Hello") STOP "data: [DONE]", "Hello", NULL},
    {"what follows [DONE]", DELTA("Hello") DONE DELTA("no") DONE, "Hello", NULL},
    {"CR", "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\r\rdata: [DONE]\r\r", "Hello", NULL},
    {"CRLF", "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\r\n\r\ndata: [DONE]\r\n\r\n", "Hello", NULL},
    {"all ends of lines", "data: {\"choices\":[\r\ndata: {\"text\":\"Hello\"}\rdata: ]}\n\r\ndata:[DONE]\n\n", "Hello",
     NULL},
    {"no blank after the colon", "data:{\"choices\":[{\"text\":\"Hello\"}]}\n\ndata:[DONE]\n\n", "Hello", NULL},
    {"several lines of data", "data: {\"choices\":\ndata: [{\"delta\":\ndata: {\"content\":\"Hello\"}}]}\n\n" DONE,
     "Hello", NULL},
    {"comments", ": OPENROUTER PROCESSING\n\n:\n\n" DELTA("Hel") ": ping\n\n" DELTA("lo") DONE, "Hello", NULL},
    {"empty data", "data:\n\ndata: \n\n" DELTA("Hello") "data\n\n" DONE, "Hello", NULL},
    {"names and numbers", "event: message\nid: 7\nretry: 100\n" DELTA("Hello") DONE, "Hello", NULL},
    {"byte order mark", "\xEF\xBB\xBF" DELTA("Hello") DONE, "Hello", NULL},
    {"blank lines first", "\n\r\n\n" DELTA("Hello") DONE, "Hello", NULL},
    {"no choices", "data: {\"choices\":[]}\n\n" DELTA("Hello") DONE, "Hello", NULL},
    {"choices null", "data: {\"choices\":null}\n\n" DELTA("Hello") DONE, "Hello", NULL},
    {"choices missing", "data: {\"id\":\"x\"}\n\n" DELTA("Hello") DONE, "Hello", NULL},
    {"choices of a wrong type", "data: {\"choices\":{\"a\":1}}\n\n" DELTA("Hello") DONE, "Hello", NULL},
    {"content null",
     "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n" DELTA("Hello") DONE, "Hello",
     NULL},
    {"content a number", "data: {\"choices\":[{\"delta\":{\"content\":7}}]}\n\n" DELTA("Hello") DONE, "Hello", NULL},
    {"content in parts",
     "data: {\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}}]}\n\n" DONE, "Hello",
     NULL},
    {"a completion's text", "data: {\"choices\":[{\"text\":\"Hello\"}]}\n\n" DONE, "Hello", NULL},
    {"reasoning_content",
     "data: {\"choices\":[{\"delta\":{\"content\":\"\",\"reasoning_content\":\"Hm\"}}]}\n\n" DELTA("Hello") DONE,
     "<think>\nHm\n</think>\n\nHello", NULL},
    {"reasoning", "data: {\"choices\":[{\"delta\":{\"reasoning\":\"Hm\"}}]}\n\n" DELTA("Hello") DONE,
     "<think>\nHm\n</think>\n\nHello", NULL},
    {"both names of reasoning",
     "data: {\"choices\":[{\"delta\":{\"reasoning\":\"Hm\",\"reasoning_content\":\"Hm\"}}]}\n\n" DELTA("Hello") DONE,
     "<think>\nHm\n</think>\n\nHello", NULL},
    {"reasoning alone", "data: {\"choices\":[{\"delta\":{\"reasoning\":\"Hm\"}}]}\n\n" STOP DONE, "<think>\nHm", NULL},
    {"half a surrogate pair", DELTA("a\\ud83d") DELTA("b") DONE,
     "a\xEF\xBF\xBD"
     "b",
     NULL},
    {"a surrogate pair", DELTA("\\ud83d\\ude00") DONE, "\xF0\x9F\x98\x80", NULL},
    {"no UTF-8",
     DELTA("a\xFF"
           "b") DONE,
     "a\xEF\xBF\xBD"
     "b",
     NULL},
    {"a whole answer", "{\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}", "Hello",
     NULL},
    {"a whole answer after a byte order mark",
     "\xEF\xBB\xBF{\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}", "Hello", NULL},
    {"a whole answer after blanks",
     " \r\n{\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n", "Hello", NULL},
    {"lines of JSON",
     "{\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n{\"choices\":[{\"delta\":{\"content\":\"lo\"},"
     "\"finish_reason\":\"stop\"}]}\n",
     "Hello", NULL},
    {"an error in the stream", DELTA("Hel") "data: {\"error\":{\"message\":\"out of cards\",\"code\":500}}\n\n" DONE,
     "Hel", "out of cards; /continue goes on"},
    {"an error on a line of its own", DELTA("Hel") "error: {\"message\":\"out of cards\",\"type\":\"server\"}\n\n",
     "Hel", "out of cards"},
    {"an error as a line of JSON", DELTA("Hel") "{\"error\":\"out of cards\"}\n", "Hel", "out of cards"},
    {"an error as a text", "data: {\"error\":\"out of cards\"}\n\n", "", "out of cards"},
    {"an error of vLLM", "data: {\"object\":\"error\",\"message\":\"out of cards\",\"code\":400}\n\n", "",
     "out of cards"},
    {"an error without a message", "data: {\"error\":{}}\n\n", "", "an error without a message"},
    {"an error in place of a stream", "{\"error\":{\"message\":\"out of cards\"}}", "", "out of cards"},
    {"an error of FastAPI", "{\"detail\":[{\"msg\":\"field required\"}]}", "", "field required"},
    {"no JSON", DELTA("Hel") "data: oops\n\n" DONE, "Hel", "no JSON: oops"},
    {"JSON cut off", DELTA("Hel") "data: {\"choices\":[{\"del", "Hel", "no JSON"},
    {"an end in the middle", DELTA("Hel"), "Hel", "before the answer's end; /continue goes on"},
    {"nothing at all", "", "", "without an answer"},
    {"only comments", ": a\n\n: b\n\n", "", "without an answer"},
    {"a page", "<html><body>Sign in</body></html>", "", "without an answer"},
    {"too long a prompt",
     "data: {\"error\":{\"code\":400,\"message\":\"too long\",\"type\":\"exceed_context_size_error\","
     "\"n_prompt_tokens\":5000,\"n_ctx\":4096}}\n\n",
     "", "5000 tokens, and its context has 4096"},
};
enum { STREAM_CASES = sizeof stream_cases / sizeof *stream_cases };

static void check_case(const struct stream_case *c, const char *way, const struct outcome *o)
{
    if (strcmp(o->text, c->text) != 0 || o->size != strlen(c->text))
        fail_msg("%s, %s: '%s'%s%s", c->name, way, o->text, o->failed ? ", " : "", o->error.message);
    if (o->failed != (c->error != NULL) || (c->error != NULL && strstr(o->error.message, c->error) == NULL))
        fail_msg("%s, %s: %s", c->name, way, o->failed ? o->error.message : "no failure");
}

static void streams_of_all_kinds_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < STREAM_CASES; i++) {
        char bytes[2048];
        snprintf(bytes, sizeof bytes, "%s%s", HEAD, stream_cases[i].body);
        const struct outcome o = outcome_of_bytes(bytes, 0);
        check_case(&stream_cases[i], "whole", &o);
    }
}

static void streams_may_come_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < STREAM_CASES; i++) {
        char bytes[2048];
        snprintf(bytes, sizeof bytes, "%s%s", HEAD, stream_cases[i].body);
        const struct outcome o = outcome_of_bytes(bytes, 1);
        check_case(&stream_cases[i], "byte by byte", &o);
    }
}

/* Chunks of the transfer end anywhere, inside of characters and of ends of lines too. */
static void streams_may_be_chunked_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < STREAM_CASES; i++) {
        struct buf b;
        const char *body = stream_cases[i].body;
        buf_init(&b, 65536);
        buf_puts(&b, CHUNKED);
        for (size_t at = 0, n; at < strlen(body); at += n) {
            n = 1 + (at + i) % 7;
            n = n < strlen(body) - at ? n : strlen(body) - at;
            buf_printf(&b, "%zx\r\n%.*s\r\n", n, (int)n, body + at);
        }
        buf_puts(&b, "0\r\n\r\n");
        const struct outcome o = outcome_of_bytes(buf_text(&b), 0);
        check_case(&stream_cases[i], "chunked", &o);
        buf_free(&b);
    }
}

static void a_chunked_stream_that_breaks_is_told(void **state)
{
    (void)state;
    struct outcome o =
        outcome_of_bytes(CHUNKED "3f\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n", 0);
    assert_true(o.failed);
    assert_non_null(strstr(o.error.message, "broke"));
    o = outcome_of_bytes(CHUNKED "zz\r\n", 0);
    assert_true(o.failed);
}

static void a_line_of_10_megabytes_is_read(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, (size_t)12 << 20);
    buf_puts(&b, HEAD "data: {\"choices\":[{\"delta\":{\"content\":\"");
    for (int i = 0; i < 10 << 20; i++)
        buf_putc(&b, 'a');
    buf_puts(&b, "\"}}]}\n\n" DONE);
    const struct outcome o = outcome_of_bytes(buf_text(&b), 0);
    assert_false(o.failed);
    assert_int_equal(o.size, 10 << 20);
    buf_free(&b);
}

static void an_old_server_and_a_closing_one_are_read(void **state)
{
    (void)state;
    struct outcome o = outcome_of_bytes("HTTP/1.0 200 OK\r\n\r\n" DELTA("Hello") DONE, 0);
    assert_string_equal(o.text, "Hello");
    o = outcome_of_bytes("HTTP/1.0 200 OK\r\nContent-Type: application/x-something\r\n\r\n" DELTA("Hello") STOP, 0);
    assert_string_equal(o.text, "Hello");
    assert_false(o.failed);
}

/* gzip of DELTA("Hello") DONE, made by Python's gzip with mtime=0. */
static const unsigned char zipped[] = {0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4B, 0x49, 0x2C,
                                       0x49, 0xB4, 0x52, 0xA8, 0x56, 0x4A, 0xCE, 0xC8, 0xCF, 0x4C, 0x4E, 0x2D, 0x56,
                                       0xB2, 0x8A, 0xAE, 0x56, 0xCA, 0xCC, 0x4B, 0x49, 0xAD, 0x50, 0xB2, 0x32, 0xD0,
                                       0x51, 0x4A, 0x49, 0xCD, 0x29, 0x49, 0x54, 0xB2, 0x02, 0x4A, 0xE7, 0xE7, 0x95,
                                       0xA4, 0xE6, 0x95, 0x28, 0x59, 0x29, 0x79, 0xA4, 0xE6, 0xE4, 0xE4, 0x2B, 0xD5,
                                       0xD6, 0xC6, 0xD6, 0x72, 0x71, 0xA5, 0x80, 0x35, 0x47, 0xBB, 0xF8, 0xFB, 0xB9,
                                       0xC6, 0x72, 0x71, 0x01, 0x00, 0xBB, 0x2A, 0x3C, 0x81, 0x4B, 0x00, 0x00, 0x00};

static void what_comes_compressed_is_undone(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4096);
    buf_printf(&b, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", sizeof zipped);
    buf_append(&b, zipped, sizeof zipped);
    for (size_t step = 0; step < 2; step++) {
        const struct hostile_reply reply = {.bytes = buf_text(&b), .size = b.size, .step = step};
        const struct outcome o = outcome_of_place((struct endpoint_place){0}, &reply, 1);
        assert_string_equal(o.text, "Hello");
    }
    buf_free(&b);
}

/* ---- what is told beside the text ------------------------------------------------------------------------------- */

static void usage_is_found_wherever_it_stands(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        HEAD DELTA("a") STOP "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n" DONE,
        HEAD "data: {\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n" DELTA("a") STOP DONE,
        HEAD DELTA("a") "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}],\"usage\":"
                        "{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n" DONE,
        HEAD DELTA("a") "data: {\"choices\":[],\"timings\":{\"prompt_n\":3,\"cache_n\":4,\"predicted_n\":2}}\n\n" DONE,
        HEAD DELTA("a") STOP "data: {\"choices\":null,\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct outcome o = outcome_of_bytes(bodies[i], 0);
        assert_int_equal(o.usage.prompt_tokens, 7);
        assert_int_equal(o.usage.answer_tokens, 2);
    }
}

static void usage_counts_as_far_as_it_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int64_t prompt, cached, answer;
    } cases[] = {
        {HEAD DELTA("a") "data: {\"usage\":{\"prompt_tokens\":7}}\n\n" DONE, 7, -1, -1},
        {HEAD DELTA("a") "data: {\"usage\":{\"completion_tokens\":2}}\n\n" DONE, -1, -1, 2},
        {HEAD DELTA("a") "data: {\"usage\":{\"prompt_tokens\":-7}}\n\n" DONE, -1, -1, -1},
        {HEAD DELTA(
             "a") "data: {\"usage\":{\"prompt_tokens\":7}}\n\ndata: {\"usage\":{\"completion_tokens\":2}}\n\n" DONE,
         7, -1, 2},
        {HEAD "data: {\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}\n\n" DELTA(
             "a") "data: {\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":3}}}\n\n" DONE,
         7, 3, 2},
        {HEAD DELTA(
             "a") "data: {\"usage\":{\"prompt_tokens\":7},\"timings\":{\"prompt_n\":1,\"cache_n\":6,\"predicted_n\":2}}\n\n" DONE,
         7, 6, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct outcome o = outcome_of_bytes(cases[i].bytes, 0);
        assert_int_equal(o.usage.prompt_tokens, cases[i].prompt);
        assert_int_equal(o.usage.cached_tokens, cases[i].cached);
        assert_int_equal(o.usage.answer_tokens, cases[i].answer);
    }
}

static void the_prompts_progress_is_told(void **state)
{
    (void)state;
    const struct outcome o = outcome_of_bytes(
        HEAD
        "data: {\"choices\":[],\"prompt_progress\":{\"total\":100,\"cache\":10,\"processed\":50,\"time_ms\":5}}\n\n" DELTA(
            "a") DONE,
        0);
    assert_int_equal(o.readings, 1);
    assert_int_equal(o.done, 50);
    assert_int_equal(o.total, 100);
}

static void an_answer_ends_for_the_reason_that_is_told(void **state)
{
    (void)state;
    assert_int_equal(outcome_of_bytes(HEAD DELTA("a") STOP DONE, 0).finish, ENDPOINT_ENDED);
    assert_int_equal(
        outcome_of_bytes(HEAD "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"length\"}]}\n\n" DONE, 0).finish,
        ENDPOINT_LENGTH);
}

static void tokens_come_in_both_shapes(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        HEAD
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"logprobs\":{\"content\":[{\"token\":\"Hel\","
        "\"logprob\":-0.5,\"bytes\":[72,101,108],\"top_logprobs\":[{\"token\":\"Hel\",\"logprob\":-0.5},{\"token\":"
        "\"Bye\",\"logprob\":-1}]},{\"token\":\"lo\",\"logprob\":-0.1,\"bytes\":null,\"top_logprobs\":[]}]}}]}\n\n" DONE,
        HEAD "data: {\"choices\":[{\"text\":\"Hello\",\"logprobs\":{\"tokens\":[\"Hel\",\"lo\"],\"token_logprobs\":"
             "[-0.5,-0.1],\"top_logprobs\":[{\"Bye\":-1,\"Hel\":-0.5},null],\"text_offset\":[0,3]}}]}\n\n" DONE,
    };
    for (size_t i = 0; i < 2; i++) {
        const struct outcome o = outcome_of_bytes(bodies[i], 0);
        assert_string_equal(o.text, "Hello");
        assert_string_equal(o.spelled, "Hel(Hel,Bye) lo() ");
    }
}

/* A character that two tokens share is sent with the second. */
static void split_characters_keep_their_bytes(void **state)
{
    (void)state;
    const struct outcome o = outcome_of_bytes(
        HEAD
        "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"logprobs\":{\"content\":[{\"token\":\"\\ufffd\","
        "\"logprob\":-9999,\"bytes\":[195]}]}}]}\n\n"
        "data: {\"choices\":[{\"delta\":{\"content\":\"\xC3\xA9\"},\"logprobs\":{\"content\":[{\"token\":\"\\ufffd\","
        "\"logprob\":null,\"bytes\":[169]}]}}]}\n\n" DONE,
        0);
    assert_string_equal(o.text, "\xC3\xA9");
    assert_int_equal(o.tokens, 2);
    assert_string_equal(o.spelled, "\xC3() \xA9() ");
}

static void wrong_tokens_harm_nobody(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"content\":[null,7,\"x\",{}]}",
        "{\"content\":{}}",
        "{\"tokens\":7}",
        "[]",
        "{\"tokens\":[7,null],\"token_logprobs\":{}}",
        "{\"content\":[{\"token\":\"a\",\"bytes\":[300]},{\"token\":7,\"bytes\":[\"x\"]}]}",
        "{\"content\":null}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char bytes[1000];
        snprintf(bytes, sizeof bytes,
                 HEAD "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"logprobs\":%s}]}\n\n" DONE, wrong[i]);
        const struct outcome o = outcome_of_bytes(bytes, 0);
        assert_string_equal(o.text, "Hello");
        assert_false(o.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_of_all_kinds_are_read),
        cmocka_unit_test(streams_may_come_byte_by_byte),
        cmocka_unit_test(streams_may_be_chunked_anywhere),
        cmocka_unit_test(a_chunked_stream_that_breaks_is_told),
        cmocka_unit_test(a_line_of_10_megabytes_is_read),
        cmocka_unit_test(an_old_server_and_a_closing_one_are_read),
        cmocka_unit_test(what_comes_compressed_is_undone),
        cmocka_unit_test(usage_is_found_wherever_it_stands),
        cmocka_unit_test(usage_counts_as_far_as_it_is_told),
        cmocka_unit_test(the_prompts_progress_is_told),
        cmocka_unit_test(an_answer_ends_for_the_reason_that_is_told),
        cmocka_unit_test(tokens_come_in_both_shapes),
        cmocka_unit_test(split_characters_keep_their_bytes),
        cmocka_unit_test(wrong_tokens_harm_nobody),
    };
    return cmocka_run_group_tests(tests, outcome_begin, outcome_end);
}
