/* Tests of remote/: events of a stream, however its bytes are cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "remote/chunk.h"
#include "remote/sse.h"
#include "tests/cmocka.h"

static bool note_event(void *context, const char *data, size_t size)
{
    buf_append(context, data, size);
    return buf_puts(context, "|");
}

/* The events of a text fed in pieces of so many bytes, each followed by a bar. */
static void feed(const char *text, size_t size, size_t step, struct buf *out)
{
    struct sse s;
    struct error err = {0};
    sse_init(&s);
    for (size_t at = 0; at < size; at += step)
        assert_int_equal(sse_feed(&s, text + at, step < size - at ? step : size - at, note_event, out, &err), ERR_NONE);
    assert_int_equal(sse_end(&s, note_event, out, &err), ERR_NONE);
    sse_free(&s);
}

static void has_events(const char *text, const char *events)
{
    for (size_t step = 1; step <= strlen(text) + 1; step++) {
        struct buf out;
        buf_init(&out, 65536);
        feed(text, strlen(text), step, &out);
        if (strcmp(buf_text(&out), events) != 0)
            fail_msg("in pieces of %zu: '%s', not '%s'", step, buf_text(&out), events);
        buf_free(&out);
    }
}

static void events_are_the_same_however_they_are_cut(void **state)
{
    (void)state;
    has_events("", "");
    has_events("data: a\n\n", "a|");
    has_events("data:a\n\ndata:  b\n\n", "a| b|");
    has_events("data: a\r\n\r\ndata: b\r\n\r\n", "a|b|");
    has_events("data: a\r\rdata: b\r\r", "a|b|");
    has_events("data: a\n\r\ndata: b\r\n\ndata: c\r\n\r", "a|b|c|");
    has_events("data: a\ndata: b\ndata:\ndata: c\n\n", "a\nb\n\nc|");
    has_events(": x\ndata: a\n: y\n\n:\n\n", "a|");
    has_events("data\n\ndata:\n\n", "");
    has_events("data\ndata\n\n", "\n|");
    has_events("\n\n\ndata: a", "a|");
    has_events("data: a\n", "a|");
    has_events("\xEF\xBB\xBF"
               "data: a\n\n",
               "a|");
    has_events("\xEF\xBB"
               "data: a\n\n",
               "");
    has_events("event: x\nid: 1\nretry: 5\ndata: a\nunknown: y\nDATA: z\n\n", "a|");
    has_events("datax: a\n\ndata x\n\n", "");
    has_events("data: a\n{\"error\":1}\ndata: b\n\n", "a|{\"error\":1}|b|");
    has_events("error: {\"e\":1}\n", "{\"e\":1}|");
}

static void too_long_an_event_is_refused(void **state)
{
    (void)state;
    struct sse s;
    struct error err = {0};
    struct buf out;
    static char block[1 << 20];
    memset(block, 'a', sizeof block);
    buf_init(&out, 1000);
    sse_init(&s);
    size_t fed = 0;
    while (sse_feed(&s, block, sizeof block, note_event, &out, &err) == ERR_NONE)
        fed += sizeof block;
    assert_int_equal(err.code, ERR_FORMAT);
    assert_true(fed <= SSE_EVENT_MOST);
    sse_free(&s);
    buf_free(&out);
}

static void any_json_is_a_chunk_or_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {"", "[]", "7", "null", "{", "{\"a\":}", "\"x\""};
    struct chunk c;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct error err = {0};
        assert_int_equal(chunk_read(refused[i], strlen(refused[i]), &c, &err), ERR_FORMAT);
    }
    static const char odd[] = "{\"choices\":[{\"delta\":\"x\",\"logprobs\":7,\"finish_reason\":{}}],\"usage\":[],"
                              "\"timings\":1,\"prompt_progress\":\"x\",\"error\":null,\"system_fingerprint\":7}";
    assert_int_equal(chunk_read(odd, strlen(odd), &c, NULL), ERR_NONE);
    assert_null(c.text);
    assert_null(c.fault);
    assert_int_equal(c.usage.prompt_tokens, -1);
    assert_int_equal(c.usage.answer_tokens, -1);
    chunk_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_the_same_however_they_are_cut),
        cmocka_unit_test(too_long_an_event_is_refused),
        cmocka_unit_test(any_json_is_a_chunk_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
