/* Endpoint: what is under way, step by step: the key, the request, waiting to be let in, the answer. */
#include <config.h>

#include "remote/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/body.h"
#include "remote/endpoint-parts.h"
#include "remote/events.h"
#include "remote/fault.h"
#include "remote/key.h"
#include "remote/kinds.h"
#include "remote/library.h"
#include "remote/inflow.h"
#include "remote/url.h"
#include "remote/wire.h"

enum {
    LOOK_IDLE = 20,      /* seconds that a list of models may keep silent */
    TRIES_MOST = 10,     /* of a request that the server puts off */
    WAIT_LONGEST = 60,   /* seconds between two of them, unless the server asks for more */
    WAIT_MOST = 15 * 60, /* seconds that it may ask for */
    LATE_MOST = 65536,   /* bytes after an answer's end that are passed over */
    SECOND = 1000,       /* milliseconds */
};

struct endpoint {
    struct endpoint_place place; /* copies */
    char *host;
    struct wire *wire;
    struct key key;
    struct inflow stream;
    struct events events;
    struct look look;
    enum work { IDLE, LOOKING, LOOKING_PROPS, ASKING, PUT_OFF } work, later; /* later: what is put off */
    bool wants_key;                                                          /* the work begins when the key is known */
    bool answered; /* its end has been told; the connection may still be open */
    size_t late;   /* bytes that came after that */
    bool stepped;  /* since endpoint_next returned false */
    char *body, *model;
    size_t body_size;
    int tries, seconds; /* of a request that is put off: how often, how long still */
    char why[500];      /* it is */
};

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

static void push_failure(struct endpoint *e, const struct error *err)
{
    events_push(&e->events, &(struct endpoint_event){.kind = ENDPOINT_FAILED,
                                                     .error = *err,
                                                     .has_usage = e->stream.has_usage,
                                                     .usage = e->stream.usage});
    e->work = IDLE;
    e->answered = true;
    wire_alarm(e->wire, 0); /* there is something to take */
}

static void push_done(struct endpoint *e, enum endpoint_finish finish)
{
    events_push(&e->events, &(struct endpoint_event){.kind = ENDPOINT_DONE,
                                                     .finish = finish,
                                                     .has_usage = e->stream.has_usage,
                                                     .usage = e->stream.usage});
    e->work = IDLE;
    e->answered = true;
    wire_alarm(e->wire, 0);
}

static void push_waiting(struct endpoint *e)
{
    events_push(&e->events, &(struct endpoint_event){.kind = ENDPOINT_WAITING,
                                                     .text = e->why,
                                                     .size = strlen(e->why),
                                                     .seconds = e->seconds});
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

static enum error_code send_work(struct endpoint *e, struct error *err)
{
    const bool asks = e->work == ASKING;
    const char *path = asks ? "/chat/completions" : e->work == LOOKING ? "/models" : "/props";
    char *url = url_of_api(e->place.url, path, e->work != LOOKING_PROPS);
    const struct wire_request request = {.url = url,
                                         .body = asks ? e->body : NULL,
                                         .size = asks ? e->body_size : 0,
                                         .key = e->key.value,
                                         .idle = asks ? e->place.idle : LOOK_IDLE};
    inflow_reset(&e->stream);
    e->answered = false;
    e->late = 0;
    if (url == NULL)
        error_memory(err);
    else if (wire_send(e->wire, &request, err) == ERR_NONE && asks)
        wire_alarm(e->wire, SECOND);
    free(url);
    return err->code;
}

/* Sends what is to be done, as soon as the key is known. */
static enum error_code begin_work(struct endpoint *e, enum work work, struct error *err)
{
    e->work = work;
    e->wants_key = true;
    if (key_begin(&e->key, &e->place, err) == ERR_NONE) {
        if (e->key.known) {
            e->wants_key = false;
            send_work(e, err);
        } else {
            wire_watch(e->wire, e->key.fd, err);
        }
    }
    if (err->code != ERR_NONE)
        e->work = IDLE;
    return err->code;
}

static void take_ready(void *context)
{
    struct endpoint *e = context;
    struct error err = {0};
    if (key_read(&e->key, &e->place, &err) == ERR_NONE && !e->key.known)
        return;
    wire_watch(e->wire, -1, &err);
    if (err.code == ERR_NONE && e->wants_key)
        send_work(e, &err);
    e->wants_key = false;
    if (err.code != ERR_NONE && e->work != IDLE)
        push_failure(e, &err);
}

/* ---- being answered --------------------------------------------------------------------------------------------- */

static bool take_bytes(void *context, long status, const char *bytes, size_t n)
{
    struct endpoint *e = context;
    struct error err = {0};
    if (e->answered) /* the rest of a connection that may serve another time */
        return (e->late += n) < LATE_MOST;
    const bool plain = e->work != ASKING || status >= 300;
    if (inflow_take(&e->stream, plain, bytes, n, &err))
        return true;
    if (err.code != ERR_NONE) {
        struct error told = {0};
        error_set(&told, err.code, "%s: %s", e->host, err.message);
        push_failure(e, &told);
    } else if (e->stream.done) {
        push_done(e, e->stream.finish);
    }
    return e->stream.done;
}

/* Whether the request is worth another try: the server is busy, or still loads its model. */
static bool may_put_off(const struct endpoint *e, const struct wire_end *end)
{
    return !e->stream.said && e->tries < TRIES_MOST && end->trouble == WIRE_GOOD && fault_passes(end, &e->stream) &&
           end->retry_after <= WAIT_MOST;
}

/* Has the request come again later. */
static void put_off(struct endpoint *e, const struct wire_end *end)
{
    const int doubled = 1 << (e->tries < 6 ? e->tries : 6);
    e->tries++;
    e->later = e->work;
    e->work = PUT_OFF;
    e->seconds = end->retry_after >= 0 ? (int)end->retry_after : doubled < WAIT_LONGEST ? doubled : WAIT_LONGEST;
    snprintf(e->why, sizeof e->why, "%s %s (%ld)%s%s", e->host,
             end->status == 429 ? "has too many requests" : "can't answer yet", end->status,
             e->stream.failed ? ": " : "", e->stream.failed ? e->stream.fault : "");
    push_waiting(e);
    wire_alarm(e->wire, e->seconds > 0 ? SECOND : 0);
}

static void end_look(struct endpoint *e, const struct wire_end *end)
{
    struct error err = {0}, told = {0};
    const struct endpoint_about about = endpoint_about(e);
    const bool good = end->trouble == WIRE_GOOD && end->status == 200;
    if (!good && e->work == LOOKING && may_put_off(e, end)) {
        put_off(e, end);
        return;
    }
    if (!good && e->work == LOOKING) {
        fault_set(&e->place, e->host, &about, NULL, end, &e->stream, &err);
    } else if (e->work == LOOKING) {
        if (look_take_models(&e->look, &e->stream.plain, &told) != ERR_NONE)
            error_set(&err, told.code, "%s: %s", e->host, told.message);
        else if (e->look.kind == ENDPOINT_LLAMA_SERVER && begin_work(e, LOOKING_PROPS, &err) == ERR_NONE)
            return;
    } else if (good) {
        look_take_props(&e->look, &e->stream.plain);
    }
    if (err.code != ERR_NONE) {
        push_failure(e, &err);
        return;
    }
    e->work = IDLE;
    events_push(&e->events, &(struct endpoint_event){.kind = ENDPOINT_KNOWN});
    wire_alarm(e->wire, 0);
}

/* A connection that breaks after the answer's end is no harm, and neither is a missing [DONE] after the reason of the
 * end. */
static bool is_answered(const struct endpoint *e, const struct wire_end *end)
{
    const struct inflow *s = &e->stream;
    return !s->failed && end->status == 200 && (s->done || s->finished) &&
           (end->trouble == WIRE_GOOD || end->trouble == WIRE_BROKEN);
}

static void end_answer(struct endpoint *e, const struct wire_end *end)
{
    struct error err = {0}, told = {0};
    const struct endpoint_about about = endpoint_about(e);
    inflow_end(&e->stream, &told);
    if (told.code != ERR_NONE)
        error_set(&err, told.code, "%s: %s", e->host, told.message);
    else if (is_answered(e, end)) {
        push_done(e, e->stream.finish);
        return;
    } else if (may_put_off(e, end)) {
        put_off(e, end);
        return;
    }
    if (end->status == 401)
        key_forget(&e->key);
    fault_set(&e->place, e->host, &about, e->model, end, &e->stream, &err);
    push_failure(e, &err);
}

static void take_end(void *context, const struct wire_end *end)
{
    struct endpoint *e = context;
    if (e->work == LOOKING || e->work == LOOKING_PROPS) {
        struct error ignored = {0};
        if (end->status != 200)
            inflow_end(&e->stream, &ignored); /* the error's words */
        end_look(e, end);
    } else if (e->work == ASKING && !e->answered) {
        end_answer(e, end);
    }
}

/* Each second while a prompt is read or a request waits. */
static void take_alarm(void *context)
{
    struct endpoint *e = context;
    struct error err = {0};
    if (e->work == ASKING && !e->stream.said) {
        events_push(&e->events, &(struct endpoint_event){.kind = ENDPOINT_READING});
        wire_alarm(e->wire, SECOND);
    } else if (e->work == PUT_OFF && --e->seconds > 0) {
        push_waiting(e);
        wire_alarm(e->wire, SECOND);
    } else if (e->work == PUT_OFF) {
        e->work = e->later;
        if (e->work == ASKING)
            events_push(&e->events, &(struct endpoint_event){.kind = ENDPOINT_READING});
        if (send_work(e, &err) != ERR_NONE)
            push_failure(e, &err);
    }
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct endpoint *endpoint_open(const struct endpoint_place *place, struct error *err)
{
    struct endpoint *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_memory(err);
        return NULL;
    }
    const struct wire_taker taker = {e, take_bytes, take_end, take_alarm, take_ready};
    key_init(&e->key);
    inflow_init(&e->stream, &e->events);
    e->look.kind = place->kind;
    if (!place_copy(&e->place, place) || (e->host = endpoint_host(place->url)) == NULL)
        error_memory(err);
    else if (library_load(err) != NULL && url_check(place->url, err) == ERR_NONE)
        e->wire = wire_new(&taker, e->place.ca, err);
    if (e->wire != NULL)
        return e;
    endpoint_free(e);
    return NULL;
}

void endpoint_free(struct endpoint *e)
{
    if (e == NULL)
        return;
    key_free(&e->key);
    wire_free(e->wire);
    inflow_free(&e->stream);
    events_free(&e->events);
    look_free(&e->look);
    place_free(&e->place);
    free(e->host);
    free(e->body);
    free(e->model);
    free(e);
}

/* ---- the caller's side ------------------------------------------------------------------------------------------ */

int endpoint_fd(const struct endpoint *e)
{
    return wire_fd(e->wire);
}

/* One step for each time that the caller was told that nothing waits: so a server that sends without end keeps nobody
 * from the keyboard. */
bool endpoint_next(struct endpoint *e, struct endpoint_event *out)
{
    if (events_pop(&e->events, out))
        return true;
    if (!e->stepped) {
        e->stepped = true;
        wire_step(e->wire);
        if (events_pop(&e->events, out))
            return true;
    }
    e->stepped = false;
    return false;
}

enum error_code endpoint_look(struct endpoint *e, struct error *err)
{
    if (e->work != IDLE)
        return error_set(err, ERR_BUSY, "%s is being asked already", e->host);
    wire_cancel(e->wire);
    e->look.kind = e->place.kind;
    e->tries = 0;
    return begin_work(e, LOOKING, err);
}

enum error_code endpoint_ask(struct endpoint *e, const struct endpoint_question *q, struct error *err)
{
    if (e->work != IDLE)
        return error_set(err, ERR_BUSY, "%s is being asked already", e->host);
    char *body = body_write(&e->place, e->look.kind, q, &e->body_size, err);
    if (body == NULL)
        return err->code;
    free(e->body);
    free(e->model);
    e->body = body;
    e->model = strdup(or_empty(q->model));
    e->tries = 0;
    wire_cancel(e->wire);
    return e->model != NULL ? begin_work(e, ASKING, err) : error_memory(err);
}

void endpoint_stop(struct endpoint *e)
{
    if (e->work == IDLE)
        return;
    wire_cancel(e->wire);
    const bool asks = e->work == ASKING || (e->work == PUT_OFF && e->later == ASKING);
    e->wants_key = false;
    e->work = IDLE;
    if (asks)
        push_done(e, ENDPOINT_STOPPED);
}

struct endpoint_about endpoint_about(const struct endpoint *e)
{
    return (struct endpoint_about){.kind = e->look.kind,
                                   .models = (const char *const *)e->look.models,
                                   .contexts = e->look.contexts,
                                   .n_models = e->look.n,
                                   .fingerprint = e->stream.fingerprint};
}

const struct endpoint_place *endpoint_place(const struct endpoint *e)
{
    return &e->place;
}

char *endpoint_model_name(const struct endpoint *e, size_t i)
{
    const size_t size = strlen(e->look.models[i]) + strlen(e->place.name) + 2;
    char *name = malloc(size);
    if (name != NULL)
        snprintf(name, size, "%s@%s", e->look.models[i], e->place.name);
    return name;
}

enum error_code endpoint_choose(const struct endpoint *e, const char *name, size_t *out, struct error *err)
{
    return look_choose(&e->look, e->host, name, out, err);
}

/* ---- addresses -------------------------------------------------------------------------------------------------- */

bool endpoint_is_clear(const char *url)
{
    return !url_is_private(url);
}

char *endpoint_host(const char *url)
{
    const char *from = strstr(url, "://");
    from = from != NULL ? from + 3 : url;
    const size_t n = strcspn(from, "/?#");
    const char *user = memchr(from, '@', n); /* a name there may bear a password */
    const size_t skip = user != NULL ? (size_t)(user + 1 - from) : 0;
    return strndup(from + skip, n - skip);
}
