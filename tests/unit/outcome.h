/* What the tests of endpoints share: a hostile server, which runs from outcome_begin to outcome_end, an endpoint there, and
 * what came of one question. A function that can't do its work fails the test. */
#ifndef PALAVER_TESTS_UNIT_OUTCOME_H
#define PALAVER_TESTS_UNIT_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "remote/remote.h"
#include "tests/unit/hostile.h"

/* Parts of replies: heads, and events of a stream. */
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define DELTA(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define STOP "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

struct outcome {
    char text[4096];
    size_t size; /* of the text, also what did not fit */
    bool failed;
    enum endpoint_finish finish;
    struct error error;
    struct endpoint_usage usage;
    int tokens, waits, readings;
    char spelled[200]; /* the tokens, and their likeliest others: "a(b,c) " */
    int64_t done, total, counted;
};

/* Before and after a group of tests. */
int outcome_begin(void **state);
int outcome_end(void **state);
struct hostile *outcome_server(void);
/* An endpoint of the server, unless place has another url. */
struct endpoint *outcome_open(struct endpoint_place place);
/* Asks a question. */
void outcome_ask(struct endpoint *e);
/* Waits until there may be an event to take. */
void outcome_wait(struct endpoint *e);
/* Takes events to the end; stops the endpoint after so many bytes of text, or events that are none (0: never). */
struct outcome outcome_take(struct endpoint *e, size_t stop_at);
/* All of it, with these replies; with one, in writes of `step` bytes. */
struct outcome outcome_of_place(struct endpoint_place place, const struct hostile_reply *replies, size_t n);
struct outcome outcome_of_bytes(const char *bytes, size_t step);

#endif
