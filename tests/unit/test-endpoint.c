/* Tests of remote/: servers of models, as they are and as they should not be, over connections. */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "remote/remote.h"
#include "tests/cmocka.h"
#include "tests/unit/hostile.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
#define DELTA(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define STOP "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

static struct hostile *server;

/* What came of one question. */
struct outcome {
    char text[4096];
    size_t size; /* of the text, also what did not fit */
    bool failed;
    enum endpoint_finish finish;
    struct error error;
    struct endpoint_usage usage;
    bool has_usage;
    int tokens, waits, readings;
    char spelled[200]; /* the tokens, and their likeliest others: "a(b,c) " */
    int64_t done, total;
};

static struct endpoint *open_endpoint(struct endpoint_place place)
{
    char url[100];
    struct error err = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1", (unsigned)hostile_port(server));
    place.name = place.name != NULL ? place.name : (char *)(uintptr_t) "test";
    place.url = place.url != NULL ? place.url : url;
    struct endpoint *e = endpoint_open(&place, &err);
    if (e == NULL)
        fail_msg("%s", err.message);
    return e;
}

static void take_token(struct outcome *o, const struct endpoint_token *t)
{
    size_t at = strlen(o->spelled);
    o->tokens++;
    at += (size_t)snprintf(o->spelled + at, sizeof o->spelled - at, "%.*s(", (int)t->size, t->text);
    for (size_t i = 0; i < t->n_best && at < sizeof o->spelled; i++)
        at += (size_t)snprintf(o->spelled + at, sizeof o->spelled - at, "%s%.*s", i > 0 ? "," : "",
                               (int)t->best[i].size, t->best[i].text);
    snprintf(o->spelled + strlen(o->spelled), sizeof o->spelled - strlen(o->spelled), ") ");
}

static void take_text(struct outcome *o, const struct endpoint_event *event)
{
    if (o->size + event->size < sizeof o->text)
        memcpy(o->text + o->size, event->text, event->size);
    o->size += event->size;
    if (event->token != NULL)
        take_token(o, event->token);
}

/* Takes events to the end; stops the endpoint after so many bytes of text, or events that are none (0: never). */
static struct outcome take_all(struct endpoint *e, size_t stop_at)
{
    struct outcome o = {0};
    struct endpoint_event event;
    size_t events = 0;
    for (;;) {
        while (endpoint_next(e, &event)) {
            events++;
            switch (event.kind) {
            case ENDPOINT_TEXT: take_text(&o, &event); break;
            case ENDPOINT_WAITING: o.waits++; break;
            case ENDPOINT_READING:
                o.readings += event.total > 0;
                o.done = event.total > 0 ? event.done : o.done;
                o.total = event.total > 0 ? event.total : o.total;
                break;
            case ENDPOINT_KNOWN: return o;
            case ENDPOINT_DONE:
            case ENDPOINT_FAILED:
                o.failed = event.kind == ENDPOINT_FAILED;
                o.finish = event.finish;
                o.error = event.error;
                o.usage = event.usage;
                o.has_usage = event.has_usage;
                return o;
            }
            if (stop_at > 0 && (o.size >= stop_at || events >= stop_at)) {
                endpoint_stop(e);
                stop_at = 0;
            }
        }
        poll(&(struct pollfd){.fd = endpoint_fd(e), .events = POLLIN}, 1, -1);
    }
}

static void ask(struct endpoint *e)
{
    static const struct endpoint_message messages[] = {{"user", "Hi", 2}};
    struct error err = {0};
    const struct endpoint_question q = {.model = "m", .messages = messages, .n = 1};
    if (endpoint_ask(e, &q, &err) != ERR_NONE)
        fail_msg("%s", err.message);
}

static struct outcome ask_place(struct endpoint_place place, const struct hostile_reply *replies, size_t n)
{
    hostile_set(server, replies, n);
    struct endpoint *e = open_endpoint(place);
    ask(e);
    const struct outcome o = take_all(e, 0);
    endpoint_free(e);
    return o;
}

static struct outcome ask_bytes(const char *bytes, size_t step)
{
    return ask_place((struct endpoint_place){0}, &(struct hostile_reply){.bytes = bytes, .step = step}, 1);
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

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
        const struct outcome o = ask_bytes(bytes, 0);
        check_case(&stream_cases[i], "whole", &o);
    }
}

static void streams_may_come_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < STREAM_CASES; i++) {
        char bytes[2048];
        snprintf(bytes, sizeof bytes, "%s%s", HEAD, stream_cases[i].body);
        const struct outcome o = ask_bytes(bytes, 1);
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
        const struct outcome o = ask_bytes(buf_text(&b), 0);
        check_case(&stream_cases[i], "chunked", &o);
        buf_free(&b);
    }
}

static void a_chunked_stream_that_breaks_is_told(void **state)
{
    (void)state;
    struct outcome o = ask_bytes(CHUNKED "3f\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n", 0);
    assert_true(o.failed);
    assert_non_null(strstr(o.error.message, "broke"));
    o = ask_bytes(CHUNKED "zz\r\n", 0);
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
    const struct outcome o = ask_bytes(buf_text(&b), 0);
    assert_false(o.failed);
    assert_int_equal(o.size, 10 << 20);
    buf_free(&b);
}

static void an_old_server_and_a_closing_one_are_read(void **state)
{
    (void)state;
    struct outcome o = ask_bytes("HTTP/1.0 200 OK\r\n\r\n" DELTA("Hello") DONE, 0);
    assert_string_equal(o.text, "Hello");
    o = ask_bytes("HTTP/1.0 200 OK\r\nContent-Type: application/x-something\r\n\r\n" DELTA("Hello") STOP, 0);
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
        const struct outcome o = ask_place((struct endpoint_place){0}, &reply, 1);
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
        const struct outcome o = ask_bytes(bodies[i], 0);
        assert_true(o.has_usage);
        assert_int_equal(o.usage.prompt_tokens, 7);
        assert_int_equal(o.usage.answer_tokens, 2);
    }
    assert_false(ask_bytes(HEAD DELTA("a") "data: {\"usage\":{\"prompt_tokens\":-7}}\n\n" DONE, 0).has_usage);
}

static void the_prompts_progress_is_told(void **state)
{
    (void)state;
    const struct outcome o = ask_bytes(
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
    assert_int_equal(ask_bytes(HEAD DELTA("a") STOP DONE, 0).finish, ENDPOINT_ENDED);
    assert_int_equal(
        ask_bytes(HEAD "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"length\"}]}\n\n" DONE, 0).finish,
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
        const struct outcome o = ask_bytes(bodies[i], 0);
        assert_string_equal(o.text, "Hello");
        assert_string_equal(o.spelled, "Hel(Hel,Bye) lo() ");
    }
}

/* A character that two tokens share is sent with the second. */
static void split_characters_keep_their_bytes(void **state)
{
    (void)state;
    const struct outcome o = ask_bytes(
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
        const struct outcome o = ask_bytes(bytes, 0);
        assert_string_equal(o.text, "Hello");
        assert_false(o.failed);
    }
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

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
        const struct outcome o = ask_bytes(bytes, i % 2);
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
    const struct outcome o = ask_place((struct endpoint_place){0}, replies, 2);
    assert_string_equal(o.text, "Hello");
    char *request = hostile_request(server);
    assert_non_null(strstr(request, "POST /v2/chat/completions "));
    assert_non_null(strstr(request, "\"messages\""));
    free(request);
    const struct hostile_reply round = {
        .bytes = "HTTP/1.1 307 Moved\r\nLocation: /v1/again\r\nContent-Length: 0\r\n\r\n"};
    assert_true(ask_place((struct endpoint_place){0}, &round, 1).failed);
    assert_true(hostile_requests(server) < 10);
}

static void a_busy_server_is_asked_again(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {
        {.bytes =
             "HTTP/1.1 503 Loading\r\nRetry-After: 0\r\nContent-Length: 31\r\n\r\n{\"error\":{\"message\":\"Loading\"}} "},
        {.bytes = "HTTP/1.1 429 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = HEAD DELTA("Hello") DONE}};
    const struct outcome o = ask_place((struct endpoint_place){0}, replies, 3);
    assert_string_equal(o.text, "Hello");
    assert_false(o.failed);
    assert_int_equal(o.waits, 2);
    assert_int_equal(hostile_requests(server), 3);
}

static void a_server_that_stays_busy_is_given_up(void **state)
{
    (void)state;
    const struct hostile_reply reply = {.bytes = "HTTP/1.1 503 Loading\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"};
    const struct outcome o = ask_place((struct endpoint_place){0}, &reply, 1);
    assert_true(o.failed);
    assert_int_equal(o.error.code, ERR_BUSY);
    assert_int_equal(hostile_requests(server), 11);
}

static void what_has_begun_is_never_asked_again(void **state)
{
    (void)state;
    const struct outcome o = ask_bytes(HEAD DELTA("Hel"), 0);
    assert_true(o.failed);
    assert_int_equal(hostile_requests(server), 1);
}

static void nobody_listening_is_told(void **state)
{
    (void)state;
    char url[] = "http://127.0.0.1:1/v1";
    struct endpoint *e = open_endpoint((struct endpoint_place){.url = url});
    ask(e);
    const struct outcome o = take_all(e, 0);
    assert_true(o.failed);
    assert_non_null(strstr(o.error.message, "127.0.0.1:1: no connection"));
    endpoint_free(e);
}

static void a_server_without_tls_is_told(void **state)
{
    (void)state;
    char url[100];
    hostile_set(server, &(struct hostile_reply){.bytes = "HTTP/1.1 400 Bad\r\n\r\n"}, 1);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/v1", (unsigned)hostile_port(server));
    struct endpoint *e = open_endpoint((struct endpoint_place){.url = url, .idle = 2});
    ask(e);
    /* the server waits for a request that a handshake is not: it is given up when it has been idle */
    const struct outcome o = take_all(e, 0);
    assert_true(o.failed);
    endpoint_free(e);
}

/* ---- stopping --------------------------------------------------------------------------------------------------- */

static void stopping_closes_the_connection(void **state)
{
    (void)state;
    const char *bytes = HEAD DELTA("Hello");
    hostile_set(server, &(struct hostile_reply){.bytes = bytes, .stays = true}, 1);
    struct endpoint *e = open_endpoint((struct endpoint_place){0});
    ask(e);
    const struct outcome o = take_all(e, 5);
    assert_string_equal(o.text, "Hello");
    assert_int_equal(o.finish, ENDPOINT_STOPPED);
    hostile_wait_closed(server);
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
        hostile_set(server, &(struct hostile_reply){.bytes = bytes, .repeats = true, .body = strlen(HEAD)}, 1);
        struct endpoint *e = open_endpoint((struct endpoint_place){0});
        ask(e);
        const struct outcome o = take_all(e, i == 1 ? 1 : 1000); /* comments are no events, but each second is */
        assert_int_equal(o.finish, ENDPOINT_STOPPED);
        hostile_wait_closed(server);
        endpoint_free(e);
    }
}

static void silence_has_a_limit_that_can_be_set(void **state)
{
    (void)state;
    hostile_set(server, &(struct hostile_reply){.bytes = HEAD DELTA("Hello"), .stays = true}, 1);
    struct endpoint *e = open_endpoint((struct endpoint_place){.idle = 1});
    ask(e);
    const struct outcome o = take_all(e, 0);
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
    hostile_set(server, &(struct hostile_reply){.bytes = bytes}, 1);
    struct endpoint *e = open_endpoint((struct endpoint_place){0});
    for (int i = 0; i < 3; i++) {
        ask(e);
        assert_string_equal(take_all(e, 0).text, "Hello");
        struct endpoint_event event;
        while (endpoint_next(e, &event)) /* what stands after the end */
            ;
    }
    assert_int_equal(hostile_requests(server), 3);
    endpoint_free(e);
}

/* A server may close a connection that it had kept: the next question goes over another. */
static void a_kept_connection_that_was_closed_is_made_anew(void **state)
{
    (void)state;
    hostile_set(server,
                &(struct hostile_reply){.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 75\r\nX: connection: close\r\n\r\n"
                                                 "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"
                                                 "data: [DONE]\n\n            "},
                1);
    struct endpoint *e = open_endpoint((struct endpoint_place){0});
    for (int i = 0; i < 3; i++) {
        ask(e);
        const struct outcome o = take_all(e, 0);
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
    const struct outcome o = ask_place(place, &reply, 1);
    char *request = o.failed ? NULL : hostile_request(server);
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
    struct endpoint *e = open_endpoint(place);
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
    const struct outcome o = ask_place((struct endpoint_place){.key_variable = variable}, &reply, 1);
    assert_true(o.failed);
    assert_null(strstr(o.error.message, "secret-word"));
    assert_non_null(strstr(o.error.message, "look at TEST_ENDPOINT_KEY"));
    char *host = endpoint_host("https://user:secret-word@host.example:8000/v1?key=secret-word");
    assert_string_equal(host, "host.example:8000");
    free(host);
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

static struct outcome look(struct endpoint *e, const char *const *bodies, size_t n)
{
    char bytes[4][1000];
    struct hostile_reply replies[4];
    struct error err = {0};
    for (size_t i = 0; i < n; i++) {
        snprintf(bytes[i], sizeof bytes[i], "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(bodies[i]),
                 bodies[i]);
        replies[i] = (struct hostile_reply){.bytes = bytes[i]};
    }
    hostile_set(server, replies, n);
    assert_int_equal(endpoint_look(e, &err), ERR_NONE);
    return take_all(e, 0);
}

static void servers_are_known_by_what_they_say(void **state)
{
    (void)state;
    static const struct {
        const char *bodies[2];
        size_t n;
        enum endpoint_kind kind;
        int32_t context;
    } cases[] = {
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\",\"max_model_len\":8192}]}"}, 1, ENDPOINT_VLLM, 8192},
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\",\"meta\":{\"n_ctx_train\":99}}]}",
          "{\"default_generation_settings\":{\"n_ctx\":2048}}"},
         2,
         ENDPOINT_LLAMA_SERVER,
         2048},
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\"}]}", "not JSON"}, 2, ENDPOINT_LLAMA_SERVER, 0},
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"palaver\",\"meta\":{\"n_ctx\":4096}}]}"}, 1, ENDPOINT_PALAVER, 4096},
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"library\"}]}"}, 1, ENDPOINT_OLLAMA, 0},
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"organization_owner\"}]}"}, 1, ENDPOINT_LM_STUDIO, 0},
        {{"{\"data\":[{\"id\":\"m\"},{\"no\":1},7,null]}"}, 1, ENDPOINT_OPENAI, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint *e = open_endpoint((struct endpoint_place){0});
        const struct outcome o = look(e, cases[i].bodies, cases[i].n);
        if (o.failed)
            fail_msg("%zu: %s", i, o.error.message);
        const struct endpoint_about about = endpoint_about(e);
        assert_int_equal(about.kind, cases[i].kind);
        assert_int_equal(about.n_models, 1);
        assert_string_equal(about.models[0], "m");
        assert_int_equal(about.contexts[0], cases[i].context);
        endpoint_free(e);
    }
}

static void what_lists_no_models_is_told(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{}", "[]", "", "<html>", "{\"data\":{}}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct endpoint *e = open_endpoint((struct endpoint_place){0});
        const struct outcome o = look(e, &bodies[i], 1);
        assert_true(o.failed);
        endpoint_free(e);
    }
}

/* ---- what is sent ----------------------------------------------------------------------------------------------- */

static void settings_are_sent_as_each_kind_calls_them(void **state)
{
    (void)state;
    static const struct endpoint_setting settings[] = {
        {.name = "temperature", .value = 0.8f},         {.name = "top_k", .value = 0, .neutral = true},
        {.name = "repetition_penalty", .value = 1.1f},  {.name = "max_new_tokens", .value = 7},
        {.name = "top_p", .value = 1, .neutral = true}, {.name = "seed", .seed = 4000000000u},
        {.name = "mirostat_tau", .value = 5.0},         {.name = "dry_multiplier", .value = 0.5}};
    static const struct {
        enum endpoint_kind kind;
        const char *has[6], *has_not[3];
    } cases[] = {
        {ENDPOINT_OPENAI,
         {"\"temperature\":0.8", "\"max_completion_tokens\":7", "\"seed\":4000000000"},
         {"top_k", "top_p", "penalty"}},
        {ENDPOINT_VLLM,
         {"\"top_k\":-1", "\"repetition_penalty\":1.1", "\"top_p\":1", "\"max_tokens\":7"},
         {"mirostat", "dry", "return_progress"}},
        {ENDPOINT_LLAMA_SERVER,
         {"\"top_k\":0", "\"repeat_penalty\":1.1", "\"mirostat\":2", "\"dry_multiplier\":0.5",
          "\"return_progress\":true"},
         {"repetition_penalty"}},
        {ENDPOINT_PALAVER, {"\"top_k\":0", "\"repetition_penalty\":1.1", "\"top_logprobs\":5"}, {"mirostat"}},
        {ENDPOINT_OLLAMA, {"\"temperature\":0.8", "\"max_tokens\":7"}, {"top_k", "penalty", "logprobs"}},
    };
    static const struct endpoint_message messages[] = {{"system", "\xFF", 1}, {"user", "a\"b", 3}};
    static const char *const stops[] = {"###"};
    const struct hostile_reply reply = {.bytes = HEAD DONE};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        hostile_set(server, &reply, 1);
        struct endpoint *e = open_endpoint((struct endpoint_place){.kind = cases[i].kind, .logprobs = -1});
        const struct endpoint_question q = {"m",   messages, 2, false, settings, sizeof settings / sizeof *settings,
                                            stops, 1};
        assert_int_equal(endpoint_ask(e, &q, &err), ERR_NONE);
        take_all(e, 0);
        char *sent = hostile_request(server);
        assert_non_null(strstr(sent, "\"stop\":[\"###\"]"));
        assert_non_null(strstr(sent, "{\"role\":\"user\",\"content\":\"a\\\"b\"}"));
        for (size_t k = 0; k < 6 && cases[i].has[k] != NULL; k++)
            if (strstr(sent, cases[i].has[k]) == NULL)
                fail_msg("%s: no %s in %s", endpoint_kind_name(cases[i].kind), cases[i].has[k],
                         strstr(sent, "\r\n\r\n"));
        for (size_t k = 0; k < 3 && cases[i].has_not[k] != NULL; k++)
            if (strstr(sent, cases[i].has_not[k]) != NULL)
                fail_msg("%s: %s in %s", endpoint_kind_name(cases[i].kind), cases[i].has_not[k],
                         strstr(sent, "\r\n\r\n"));
        free(sent);
        endpoint_free(e);
    }
}

static void an_answer_is_continued_as_the_kind_wants_it(void **state)
{
    (void)state;
    static const struct endpoint_message messages[] = {{"user", "Hi", 2}, {"assistant", "Hel", 3}};
    struct error err = {0};
    hostile_set(server, &(struct hostile_reply){.bytes = HEAD DELTA("lo") DONE}, 1);
    struct endpoint *e = open_endpoint((struct endpoint_place){.kind = ENDPOINT_VLLM});
    const struct endpoint_question q = {.model = "m", .messages = messages, .n = 2, .continues = true};
    assert_int_equal(endpoint_ask(e, &q, &err), ERR_NONE);
    assert_string_equal(take_all(e, 0).text, "lo");
    char *sent = hostile_request(server);
    assert_non_null(strstr(sent, "\"continue_final_message\":true"));
    assert_non_null(strstr(sent, "\"add_generation_prompt\":false"));
    free(sent);
    endpoint_free(e);
    assert_false(endpoint_continues(ENDPOINT_OPENAI));
}

static int start(void **state)
{
    (void)state;
    server = hostile_start();
    return 0;
}

static int end(void **state)
{
    (void)state;
    hostile_stop(server);
    return 0;
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
        cmocka_unit_test(the_prompts_progress_is_told),
        cmocka_unit_test(an_answer_ends_for_the_reason_that_is_told),
        cmocka_unit_test(tokens_come_in_both_shapes),
        cmocka_unit_test(split_characters_keep_their_bytes),
        cmocka_unit_test(wrong_tokens_harm_nobody),
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
        cmocka_unit_test(servers_are_known_by_what_they_say),
        cmocka_unit_test(what_lists_no_models_is_told),
        cmocka_unit_test(settings_are_sent_as_each_kind_calls_them),
        cmocka_unit_test(an_answer_is_continued_as_the_kind_wants_it),
    };
    return cmocka_run_group_tests(tests, start, end);
}
