/* Outcome: asking the hostile server, and taking what comes. */
#include "tests/unit/outcome.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "tests/cmocka.h"

static struct hostile *server;

int outcome_begin(void **state)
{
    (void)state;
    server = hostile_start();
    return 0;
}

int outcome_end(void **state)
{
    (void)state;
    hostile_stop(server);
    return 0;
}

struct hostile *outcome_server(void)
{
    return server;
}

struct endpoint *outcome_open(struct endpoint_place place)
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

void outcome_wait(struct endpoint *e)
{
    poll(&(struct pollfd){.fd = endpoint_fd(e), .events = POLLIN}, 1, -1);
}

struct outcome outcome_take(struct endpoint *e, size_t stop_at)
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
                o.counted = event.counted;
                return o;
            }
            if (stop_at > 0 && (o.size >= stop_at || events >= stop_at)) {
                endpoint_stop(e);
                stop_at = 0;
            }
        }
        outcome_wait(e);
    }
}

void outcome_ask(struct endpoint *e)
{
    static const struct endpoint_message messages[] = {{"user", "Hi", 2}};
    struct error err = {0};
    const struct endpoint_question q = {.model = "m", .messages = messages, .n = 1};
    if (endpoint_ask(e, &q, &err) != ERR_NONE)
        fail_msg("%s", err.message);
}

struct outcome outcome_of_place(struct endpoint_place place, const struct hostile_reply *replies, size_t n)
{
    hostile_set(server, replies, n);
    struct endpoint *e = outcome_open(place);
    outcome_ask(e);
    const struct outcome o = outcome_take(e, 0);
    endpoint_free(e);
    return o;
}

struct outcome outcome_of_bytes(const char *bytes, size_t step)
{
    return outcome_of_place((struct endpoint_place){0}, &(struct hostile_reply){.bytes = bytes, .step = step}, 1);
}
