/* Lanes: a wire for each request under way. */
#include <config.h>

#include "remote/lanes.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/endpoint-parts.h"
#include "remote/events.h"
#include "remote/fault.h"
#include "remote/inflow.h"
#include "remote/key.h"
#include "remote/library.h"
#include "remote/url.h"
#include "remote/wire.h"

enum {
    TRIES_MOST = 10,     /* of a request that the server puts off */
    WAIT_LONGEST = 60,   /* seconds between two of them, unless the server asks for more */
    WAIT_MOST = 15 * 60, /* seconds that it may ask for */
    SECOND = 1000,       /* milliseconds */
    LOOK_MS = 100,       /* between two looks whether to go on */
};

/* A request at a time. */
struct lane {
    struct lanes *all;
    struct wire *wire; /* NULL until it is needed */
    struct inflow stream;
    struct events events; /* what the stream tells; nobody wants it */
    enum { LANE_FREE, LANE_ASKS, LANE_PUT_OFF } state;
    size_t number;
    char *body;
    int tries, seconds;
};

struct lanes {
    struct endpoint_place place; /* copies */
    char *host;
    const struct endpoint_about *about;
    const struct endpoint_watch *watch;
    struct key key;
    struct lane lanes[LANES_MOST];
    const struct lanes_work *work;
    char *url;
    size_t next, done;
    struct error err; /* that ends the work */
};

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static void end_lane(struct lane *lane)
{
    free(lane->body);
    lane->body = NULL;
    lane->state = LANE_FREE;
}

static void take_answer(struct lane *lane)
{
    struct lanes *p = lane->all;
    const struct buf *body = &lane->stream.plain;
    json_t *answer = json_loadb(buf_text(body), body->size, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(answer))
        error_set(&p->err, ERR_FORMAT, "%s: no JSON came back from %s: is it a server of models, and its url right?",
                  p->host, p->work->path);
    else
        p->work->take(p->work->context, lane->number, answer, &p->err);
    json_decref(answer);
    p->done++;
    end_lane(lane);
}

/* Has the request come again later. */
static void put_off(struct lane *lane, const struct wire_end *end)
{
    const int doubled = 1 << (lane->tries < 6 ? lane->tries : 6);
    lane->tries++;
    lane->state = LANE_PUT_OFF;
    lane->seconds = end->retry_after >= 0 ? (int)end->retry_after : doubled < WAIT_LONGEST ? doubled : WAIT_LONGEST;
    wire_alarm(lane->wire, lane->seconds > 0 ? SECOND : 0);
}

static bool take_bytes(void *context, long status, const char *bytes, size_t n)
{
    struct lane *lane = context;
    (void)status;
    return inflow_take(&lane->stream, true, bytes, n, &lane->all->err);
}

static void take_end(void *context, const struct wire_end *end)
{
    struct lane *lane = context;
    struct lanes *p = lane->all;
    struct error ignored = {0}; /* the status tells what it was */
    if (lane->state != LANE_ASKS || p->err.code != ERR_NONE)
        return;
    if (end->status == 200 && end->trouble == WIRE_GOOD) {
        take_answer(lane);
        return;
    }
    inflow_end(&lane->stream, &ignored);
    if (lane->tries < TRIES_MOST && end->trouble == WIRE_GOOD && fault_passes(end, &lane->stream) &&
        end->retry_after <= WAIT_MOST)
        put_off(lane, end);
    else
        fault_set(&p->place, p->host, p->about, p->work->model, end, &lane->stream, &p->err);
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

static void send_lane(struct lane *lane)
{
    struct lanes *p = lane->all;
    const struct wire_request request = {
        .url = p->url, .body = lane->body, .size = strlen(lane->body), .key = p->key.value, .idle = p->place.idle};
    inflow_reset(&lane->stream);
    events_free(&lane->events);
    lane->state = LANE_ASKS;
    wire_send(lane->wire, &request, &p->err);
}

/* The second is over; the request comes again when it was the last. */
static void take_alarm(void *context)
{
    struct lane *lane = context;
    if (lane->state != LANE_PUT_OFF)
        return;
    if (--lane->seconds > 0)
        wire_alarm(lane->wire, SECOND);
    else
        send_lane(lane);
}

static void take_nothing(void *context)
{
    (void)context;
}

static void begin_lane(struct lane *lane, size_t number)
{
    struct lanes *p = lane->all;
    const struct wire_taker taker = {lane, take_bytes, take_end, take_alarm, take_nothing};
    json_t *body = p->work->make(p->work->context, number);
    lane->number = number;
    lane->tries = 0;
    lane->body = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (lane->body == NULL)
        error_memory(&p->err);
    else if (lane->wire != NULL || (lane->wire = wire_new(&taker, p->place.ca, &p->err)) != NULL)
        send_lane(lane);
}

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

static bool may_go_on(const struct lanes *p, struct error *err)
{
    if (!p->watch->go_on(p->watch->context))
        error_set(err, ERR_STOPPED, "stopped");
    return err->code == ERR_NONE;
}

/* Tells how long the server is waited for, when nothing else is under way; 0: it is not. */
static void tell_waiting(const struct lanes *p)
{
    int seconds = 0;
    for (size_t i = 0; i < LANES_MOST; i++) {
        const struct lane *lane = &p->lanes[i];
        if (lane->state == LANE_ASKS)
            seconds = -1;
        if (lane->state == LANE_PUT_OFF && seconds >= 0 && (seconds == 0 || lane->seconds < seconds))
            seconds = lane->seconds;
    }
    p->watch->waits(p->watch->context, seconds > 0 ? seconds : 0, p->host);
}

static void wait_for_lanes(struct lanes *p)
{
    struct pollfd fds[LANES_MOST];
    struct lane *of[LANES_MOST];
    nfds_t n = 0;
    for (size_t i = 0; i < LANES_MOST; i++)
        if (p->lanes[i].state != LANE_FREE) {
            of[n] = &p->lanes[i];
            fds[n++] = (struct pollfd){.fd = wire_fd(p->lanes[i].wire), .events = POLLIN};
        }
    poll(fds, n, LOOK_MS);
    for (nfds_t i = 0; i < n && p->err.code == ERR_NONE; i++)
        if (fds[i].revents != 0)
            wire_step(of[i]->wire);
}

/* A command may ask its user for the secret. */
static enum error_code find_key(struct lanes *p, struct error *err)
{
    key_begin(&p->key, &p->place, err);
    while (err->code == ERR_NONE && !p->key.known && may_go_on(p, err)) {
        poll(&(struct pollfd){.fd = p->key.fd, .events = POLLIN}, 1, LOOK_MS);
        key_read(&p->key, &p->place, err);
    }
    return err->code;
}

static void run_all(struct lanes *p)
{
    const struct lanes_work *w = p->work;
    while (p->err.code == ERR_NONE && p->done < w->n && may_go_on(p, &p->err)) {
        for (size_t i = 0; i < LANES_MOST && i < w->width && p->next < w->n && p->err.code == ERR_NONE; i++)
            if (p->lanes[i].state == LANE_FREE)
                begin_lane(&p->lanes[i], p->next++);
        if (p->err.code == ERR_NONE)
            wait_for_lanes(p);
        tell_waiting(p);
    }
    for (size_t i = 0; i < LANES_MOST; i++) {
        if (p->lanes[i].state != LANE_FREE)
            wire_cancel(p->lanes[i].wire);
        end_lane(&p->lanes[i]);
    }
}

enum error_code lanes_run(struct lanes *p, const struct lanes_work *work, struct error *err)
{
    p->work = work;
    p->next = p->done = 0;
    error_clear(&p->err);
    p->url = url_of_api(p->place.url, work->path, work->below);
    if (p->url == NULL)
        return error_memory(err);
    if (find_key(p, err) == ERR_NONE)
        run_all(p);
    free(p->url);
    p->url = NULL;
    return p->err.code != ERR_NONE ? error_set(err, p->err.code, "%s", p->err.message) : err->code;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct lanes *lanes_open(const struct endpoint_place *place, const struct endpoint_about *about,
                         const struct endpoint_watch *watch, struct error *err)
{
    struct lanes *p = calloc(1, sizeof *p);
    if (p == NULL) {
        error_memory(err);
        return NULL;
    }
    key_init(&p->key);
    p->about = about;
    p->watch = watch;
    for (size_t i = 0; i < LANES_MOST; i++) {
        p->lanes[i].all = p;
        inflow_init(&p->lanes[i].stream, &p->lanes[i].events);
    }
    if (!endpoint_place_copy(&p->place, place) || (p->host = endpoint_host(place->url)) == NULL)
        error_memory(err);
    else if (library_load(err) != NULL && url_check(place->url, err) == ERR_NONE)
        return p;
    lanes_free(p);
    return NULL;
}

void lanes_free(struct lanes *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < LANES_MOST; i++) {
        wire_free(p->lanes[i].wire);
        inflow_free(&p->lanes[i].stream);
        events_free(&p->lanes[i].events);
        free(p->lanes[i].body);
    }
    key_free(&p->key);
    endpoint_place_free(&p->place);
    free(p->host);
    free(p);
}
