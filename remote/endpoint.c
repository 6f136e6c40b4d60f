/* Endpoint: what is under way, step by step: the key, the request, waiting to be let in, the answer. */
#include <config.h>

#include "remote/endpoint.h"

#include <inttypes.h>
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
#include "remote/probe.h"
#include "remote/url.h"
#include "remote/wire.h"

enum {
    LOOK_IDLE = 20,      /* seconds that all but an answer may keep silent */
    TRIES_MOST = 10,     /* of a request that the server puts off */
    WAIT_LONGEST = 60,   /* seconds between two of them, unless the server asks for more */
    WAIT_MOST = 15 * 60, /* seconds that it may ask for */
    LATE_MOST = 65536,   /* bytes after an answer's end that are passed over */
    SECOND = 1000,       /* milliseconds */
};

enum work {
    IDLE,
    LOOKING,          /* for the models */
    LOOKING_CONTEXTS, /* for the contexts with which they are run */
    LOOKING_MODEL,    /* for that of one of them */
    RENDERING,        /* the prompt, to be counted */
    COUNTING,         /* its tokens */
    ASKING,
    PUT_OFF,
};

struct endpoint {
    struct endpoint_place place; /* copies */
    char *host;
    struct wire *wire;
    struct key key;
    struct inflow stream;
    struct events events;
    struct look look;
    enum work work, later; /* later: what is put off */
    bool wants_key;        /* the work begins when the key is known */
    bool answered;         /* its end has been told; the connection may still be open */
    size_t late;           /* bytes that came after that */
    bool stepped;          /* since endpoint_next returned false */
    char *body, *model;
    size_t body_size;
    char *probe;          /* the body of a question beside that; NULL: none */
    size_t at;            /* the model that is looked at; look.n: all */
    size_t most;          /* tokens that the prompt may have; 0: any number */
    int64_t counted;      /* that it has; 0: not counted */
    int tries, seconds;   /* of a request that is put off: how often, how long still */
    char why[500];        /* it is */
    char fingerprint[64]; /* of the last answer that ended */
};

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

/* The next request, which may be no question, forgets the stream. */
static void keep_fingerprint(struct endpoint *e)
{
    if (*e->stream.fingerprint != '\0')
        snprintf(e->fingerprint, sizeof e->fingerprint, "%s", e->stream.fingerprint);
}

static void push_failure(struct endpoint *e, const struct error *err)
{
    const struct inflow *s = &e->stream;
    keep_fingerprint(e);
    const bool too_long = err->code == ERR_CONTEXT && s->failed;
    events_push(&e->events, &(struct endpoint_event){.kind = ENDPOINT_FAILED,
                                                     .error = *err,
                                                     .done = too_long && s->fault_prompt > 0 ? s->fault_prompt : 0,
                                                     .total = too_long && s->fault_context > 0 ? s->fault_context : 0,
                                                     .counted = e->counted,
                                                     .usage = e->stream.usage});
    e->work = IDLE;
    e->answered = true;
    wire_alarm(e->wire, 0); /* there is something to take */
}

static void push_done(struct endpoint *e, enum endpoint_finish finish)
{
    keep_fingerprint(e);
    events_push(&e->events, &(struct endpoint_event){.kind = ENDPOINT_DONE,
                                                     .finish = finish,
                                                     .counted = e->counted,
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

/* Whether an answer is wanted. */
static bool is_question(enum work work)
{
    return work == RENDERING || work == COUNTING || work == ASKING;
}

static const char *path_of_work(const struct endpoint *e)
{
    switch (e->work) {
    case LOOKING: return "/models";
    case LOOKING_CONTEXTS: return kind_contexts(e->look.kind);
    case LOOKING_MODEL: return "/api/show";
    case RENDERING: return "/apply-template";
    case COUNTING: return "/tokenize";
    default: return "/chat/completions";
    }
}

static enum error_code send_work(struct endpoint *e, struct error *err)
{
    const bool asks = e->work == ASKING;
    const bool gets = e->work == LOOKING || e->work == LOOKING_CONTEXTS;
    char *url = url_of_api(e->place.url, path_of_work(e), asks || e->work == LOOKING);
    const struct wire_request request = {.url = url,
                                         .body = gets   ? NULL
                                                 : asks ? e->body
                                                        : e->probe,
                                         .size = gets   ? 0
                                                 : asks ? e->body_size
                                                        : strlen(e->probe),
                                         .key = e->key.value,
                                         .idle = asks ? e->place.idle : LOOK_IDLE};
    inflow_reset(&e->stream);
    e->answered = false;
    e->late = 0;
    if (url == NULL)
        error_memory(err);
    else if (wire_send(e->wire, &request, err) == ERR_NONE && is_question(e->work))
        wire_alarm(e->wire, SECOND);
    free(url);
    return err->code;
}

/* Takes the body of a question beside the answer; false when there is none. */
static bool set_probe(struct endpoint *e, char *body)
{
    free(e->probe);
    e->probe = body;
    return body != NULL;
}

/* Sends what is to be done, as soon as the key is known. */
static enum error_code begin_work(struct endpoint *e, enum work work, struct error *err)
{
    e->work = work;
    e->wants_key = true;
    if (is_question(work)) /* which may be stopped before it is sent */
        inflow_reset(&e->stream);
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

static void push_known(struct endpoint *e)
{
    e->work = IDLE;
    events_push(&e->events, &(struct endpoint_event){.kind = ENDPOINT_KNOWN});
    wire_alarm(e->wire, 0);
}

static bool is_good(const struct wire_end *end)
{
    return end->trouble == WIRE_GOOD && end->status == 200;
}

/* The list of models came, or did not. */
static void end_look(struct endpoint *e, const struct wire_end *end)
{
    struct error err = {0}, told = {0};
    const struct endpoint_about about = endpoint_about(e);
    if (!is_good(end) && may_put_off(e, end)) {
        put_off(e, end);
        return;
    }
    if (!is_good(end))
        fault_set(&e->place, e->host, &about, NULL, end, &e->stream, &err);
    else if (look_take_models(&e->look, &e->stream.plain, &told) != ERR_NONE)
        error_set(&err, told.code, "%s: %s", e->host, told.message);
    e->at = e->look.n;
    if (err.code != ERR_NONE)
        push_failure(e, &err);
    else if (kind_contexts(e->look.kind) == NULL || begin_work(e, LOOKING_CONTEXTS, &err) != ERR_NONE)
        push_known(e);
}

/* What a server does not say of contexts stays unknown. */
static void end_look_closer(struct endpoint *e, const struct wire_end *end)
{
    struct error ignored = {0};
    if (is_good(end) && e->work == LOOKING_CONTEXTS)
        look_take_contexts(&e->look, &e->stream.plain);
    else if (is_good(end))
        look_take_shown(&e->look, e->at, &e->stream.plain);
    const bool shows = e->work == LOOKING_CONTEXTS && e->at < e->look.n && e->look.kind == ENDPOINT_OLLAMA &&
                       e->look.contexts[e->at] == 0;
    if (!shows || !set_probe(e, probe_show(e->look.models[e->at])) ||
        begin_work(e, LOOKING_MODEL, &ignored) != ERR_NONE)
        push_known(e);
}

/* A server that can't count is asked all the same: it refuses or cuts what is too long, and either is told. */
static void end_count(struct endpoint *e, const struct wire_end *end)
{
    struct error err = {0};
    char *rendered = e->work == RENDERING && is_good(end) ? probe_rendered(&e->stream.plain) : NULL;
    const int64_t counted = e->work == COUNTING && is_good(end) ? probe_count(&e->stream.plain) : 0;
    e->counted = counted > 0 ? counted : 0;
    if (e->counted > (int64_t)e->most) {
        error_set(&err, ERR_CONTEXT,
                  "%s: the messages make a prompt of %" PRId64 " tokens, and its context has room for %zu and an "
                  "answer; shorten them",
                  e->host, e->counted, e->most);
        push_failure(e, &err);
        return;
    }
    e->work = set_probe(e, rendered) ? COUNTING : ASKING;
    if (send_work(e, &err) != ERR_NONE)
        push_failure(e, &err);
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
    struct error ignored = {0};
    if (e->work == LOOKING && end->status != 200)
        inflow_end(&e->stream, &ignored); /* the error's words */
    if (e->work == LOOKING)
        end_look(e, end);
    else if (e->work == LOOKING_CONTEXTS || e->work == LOOKING_MODEL)
        end_look_closer(e, end);
    else if (e->work == RENDERING || e->work == COUNTING)
        end_count(e, end);
    else if (e->work == ASKING && !e->answered)
        end_answer(e, end);
}

/* Each second while a prompt is read or a request waits. */
static void take_alarm(void *context)
{
    struct endpoint *e = context;
    struct error err = {0};
    if (is_question(e->work) && !e->stream.said) {
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
    if (!endpoint_place_copy(&e->place, place) || (e->host = endpoint_host(place->url)) == NULL)
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
    endpoint_place_free(&e->place);
    free(e->host);
    free(e->body);
    free(e->probe);
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

bool endpoint_look_at(struct endpoint *e, size_t i)
{
    struct error ignored = {0}; /* then nothing more is known of it */
    if (e->work != IDLE || i >= e->look.n || kind_contexts(e->look.kind) == NULL ||
        (e->look.contexts[i] > 0 && !e->look.loose[i]))
        return false;
    wire_cancel(e->wire);
    e->at = i;
    return begin_work(e, LOOKING_CONTEXTS, &ignored) == ERR_NONE;
}

/* What an answer is asked for with: counted before where it may be too long. */
static enum work first_work(struct endpoint *e, const struct endpoint_question *q)
{
    const enum endpoint_kind kind = e->look.kind;
    e->most = q->most;
    e->counted = 0;
    *e->fingerprint = '\0';
    if (q->most == 0 || !kind_counts(kind) || !set_probe(e, probe_messages(kind, q)))
        return ASKING;
    return kind_counts_rendered(kind) ? RENDERING : COUNTING;
}

enum error_code endpoint_ask(struct endpoint *e, const struct endpoint_question *q, struct error *err)
{
    if (e->work != IDLE && e->work != LOOKING_CONTEXTS && e->work != LOOKING_MODEL)
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
    return e->model != NULL ? begin_work(e, first_work(e, q), err) : error_memory(err);
}

void endpoint_stop(struct endpoint *e)
{
    if (e->work == IDLE)
        return;
    wire_cancel(e->wire);
    const bool asks = is_question(e->work) || (e->work == PUT_OFF && e->later == ASKING);
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
                                   .loose = e->look.loose,
                                   .n_models = e->look.n,
                                   .fingerprint = e->work == ASKING ? e->stream.fingerprint : e->fingerprint};
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
