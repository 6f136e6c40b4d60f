/* Distant: between the chat's words and the endpoint's. */
#include <config.h>

#include "app/chat/distant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/glossary.h"
#include "app/options/endpoints.h"
#include "app/text/thought.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "remote/remote.h"

/* Bytes of a token until the server has counted: English has four, other languages fewer. */
#define BYTES_PER_TOKEN 3.0
/* A server has left something out, if it counts so many times fewer tokens than were to be expected, and so many fewer.
 * English has about twice the bytes in a token that other languages have: that is no sign of it. */
enum { CUT_TIMES = 3, CUT_TOKENS = 500 };
/* The same where the server counted the prompt itself, before it was asked: so many tokens may lie between its ways of doing
 * so, and one in so many. */
enum { COUNT_SLACK = 16, COUNT_PART = 50 };
/* Estimates are off by at most this factor; prompts that are so much smaller than the room for them need no counting. */
enum { ESTIMATE_TIMES = 4 };
/* Messages of at least so many bytes tell how long a server's tokens are. */
enum { TELLING_BYTES = 1000 };
/* Sampling fields, stop strings. */
enum { SETTINGS_MOST = 40 };
/* In the number of a request that is made aside. */
#define ASIDE (UINT64_C(1) << 63)

struct distant {
    struct endpoint *endpoint;
    struct glossary *glossary;
    char *name, *host, *model; /* model: as the server calls it */
    char *told_model;          /* by distant_model */
    size_t index;              /* of the model in the server's list; SIZE_MAX: it is not there */
    int32_t context;
    bool loose;           /* it may be run with less */
    bool loading, looked; /* looked: the server was asked for this model's context */
    bool looked_loaded;   /* and once more, when the model had answered; a question that came meanwhile ends that */
    uint64_t requests, request; /* how many so far; the one under way, 0: none */
    uint64_t asides, given_up;  /* how many aside; one that gave way to an answer, whose end is not told yet, 0: none */
    struct endpoint_event now;  /* the event that is told in pieces */
    size_t told;                /* bytes of it */
    bool telling;
    size_t sent; /* bytes of messages of the last request */
    double bytes_per_token;
    size_t counted_bytes, counted_tokens; /* of the last prompt that the server counted and did not cut; 0: of none */
    bool has_counted;                     /* it told of the last request */
    bool cut, cut_told;
    size_t cut_counted, cut_expected;
    int64_t done, total; /* of the prompt, where the server tells */
    int waits;
    char why[500];
    double asked, first; /* clock_seconds; first: of text, 0 for none yet */
    size_t tokens;       /* pieces of text that came */
};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool take_names(struct distant *d, const char *name, const struct endpoint_place *place)
{
    d->name = strdup(name);
    d->model = strndup(name, (size_t)(strrchr(name, '@') - name));
    d->host = endpoint_host(place->url);
    d->glossary = glossary_new();
    d->context = place->context;
    return d->name != NULL && d->model != NULL && d->host != NULL && d->glossary != NULL;
}

static void open_place(struct distant *d, const char *name, const struct endpoint_place *place, struct error *err)
{
    if (!take_names(d, name, place))
        error_memory(err);
    else if ((d->endpoint = endpoint_open(place, err)) != NULL)
        endpoint_look(d->endpoint, err);
}

struct distant *distant_open(const struct options *o, const char *name, struct error *err)
{
    struct endpoints all;
    const char *endpoint;
    struct distant *d = calloc(1, sizeof *d);
    if (d == NULL) {
        error_memory(err);
        return NULL;
    }
    *d = (struct distant){.loading = true, .index = SIZE_MAX, .bytes_per_token = BYTES_PER_TOKEN};
    if (endpoints_is_name(name, &endpoint) && endpoints_read(o, &all, err) == ERR_NONE) {
        const struct endpoint_place *place = endpoints_find(&all, endpoint, err);
        if (place != NULL)
            open_place(d, name, place, err);
        endpoints_free(&all);
    }
    if (err->code == ERR_NONE)
        return d;
    distant_free(d);
    return NULL;
}

void distant_free(struct distant *d)
{
    if (d == NULL)
        return;
    endpoint_free(d->endpoint);
    glossary_free(d->glossary);
    free(d->name);
    free(d->host);
    free(d->model);
    free(d->told_model);
    free(d);
}

int distant_fd(const struct distant *d)
{
    return endpoint_fd(d->endpoint);
}

/* ---- what it is ------------------------------------------------------------------------------------------------- */

const char *distant_name(const struct distant *d)
{
    return d->name;
}

const char *distant_model(struct distant *d, size_t i, int32_t *context)
{
    const struct endpoint_about about = endpoint_about(d->endpoint);
    if (d->loading || i >= about.n_models)
        return NULL;
    free(d->told_model);
    d->told_model = endpoint_model_name(d->endpoint, i);
    *context = about.loose[i] ? 0 : about.contexts[i];
    return d->told_model;
}

const char *distant_host(const struct distant *d)
{
    return d->host;
}

bool distant_is_clear(const struct distant *d)
{
    return endpoint_is_clear(endpoint_place(d->endpoint)->url);
}

bool distant_continues(const struct distant *d)
{
    return endpoint_continues(endpoint_about(d->endpoint).kind);
}

bool distant_takes(const struct distant *d, const char *setting)
{
    return endpoint_takes(endpoint_about(d->endpoint).kind, setting);
}

bool distant_gives_titles(const struct distant *d)
{
    return endpoint_place(d->endpoint)->titles;
}

size_t distant_context(const struct distant *d, bool *loose)
{
    *loose = d->loose;
    return d->context > 0 ? (size_t)d->context : 0;
}

size_t distant_estimate(const struct distant *d, size_t bytes)
{
    return (size_t)ceil((double)bytes / d->bytes_per_token);
}

bool distant_has_counted(const struct distant *d)
{
    return d->has_counted;
}

int distant_waits(const struct distant *d, const char **why)
{
    *why = d->why;
    return d->waits;
}

bool distant_piece(const struct distant *d, int32_t id, struct buf *out)
{
    size_t size;
    const char *text = glossary_text(d->glossary, id, &size);
    return text != NULL && buf_append(out, text, size);
}

int32_t distant_name_token(struct distant *d, const char *text, size_t size)
{
    return glossary_id(d->glossary, text, size, d->requests + 1); /* of the answer that it is put into */
}

int32_t distant_token_used(const struct distant *d, size_t *at)
{
    return glossary_used(d->glossary, at, d->requests);
}

void distant_reuse_token(struct distant *d, int32_t id)
{
    glossary_mark(d->glossary, id, d->requests + 1);
}

const char *distant_fingerprint(const struct distant *d)
{
    return endpoint_about(d->endpoint).fingerprint;
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

/* Gives the object the name of the server's only model. */
static enum error_code take_only_model(struct distant *d, const char *model, struct error *err)
{
    struct buf name;
    buf_init(&name, 4096);
    buf_printf(&name, "%s%s", model, strrchr(d->name, '@'));
    free(d->model);
    free(d->name);
    d->model = strdup(model);
    d->name = buf_take(&name);
    return d->model != NULL && d->name != NULL ? ERR_NONE : error_memory(err);
}

/* Finds the model among those that the server has. */
static enum error_code choose_model(struct distant *d, struct error *err)
{
    const struct endpoint_about about = endpoint_about(d->endpoint);
    size_t i;
    if (endpoint_choose(d->endpoint, d->model, &i, err) != ERR_NONE)
        return err->code;
    d->index = i;
    if (*d->model == '\0')
        take_only_model(d, about.models[i], err);
    return err->code;
}

/* As its user says, else as the server. */
static void take_context(struct distant *d)
{
    const struct endpoint_about about = endpoint_about(d->endpoint);
    const int32_t told = endpoint_place(d->endpoint)->context;
    if (told > 0 || d->index >= about.n_models)
        return;
    d->context = about.contexts[d->index];
    d->loose = about.loose[d->index];
}

/* Has the server asked for the context of this model, where that is not known for sure: once before the first answer, and once
 * after it, as some tell it of models that are loaded. What a question cancels is asked again after that. */
static bool look_closer(struct distant *d)
{
    const bool known = d->context > 0 && !d->loose;
    return !known && endpoint_look_at(d->endpoint, d->index);
}

/* The server is busy, or loads its model: it is asked again. */
static bool tell_put_off(struct distant *d, struct event *out)
{
    d->waits = d->now.seconds;
    snprintf(d->why, sizeof d->why, "%s", d->now.text);
    *out = (struct event){.kind = EVENT_LOADING};
    return true;
}

/* False when there is nothing to tell yet. */
static bool tell_loaded(struct distant *d, const struct endpoint_event *came, struct event *out)
{
    struct error err = {0};
    *out = (struct event){.kind = EVENT_LOADED};
    /* some gateways list no models: one that is named may be there all the same */
    const bool unlisted = came->kind == ENDPOINT_FAILED && came->error.code == ERR_NOT_FOUND && *d->model != '\0';
    if (came->kind == ENDPOINT_FAILED && !unlisted)
        err = came->error;
    else if (!unlisted && choose_model(d, &err) == ERR_NONE)
        take_context(d);
    if (err.code != ERR_NONE)
        *out = (struct event){.kind = EVENT_FAILED, .error = err};
    else if (!d->looked && (d->looked = true) && look_closer(d))
        return false;
    d->loading = false;
    d->waits = 0;
    return true;
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static size_t take_settings(const struct sampling *s, struct endpoint_setting *out)
{
    size_t n = 0;
    for (const struct sampling_field *f = sampling_fields; f->name != NULL && n < SETTINGS_MOST; f++) {
        const char *at = (const char *)s + f->offset;
        const double value = f->kind == FIELD_FLOAT ? (double)*(const float *)(const void *)at
                             : f->kind == FIELD_INT ? (double)*(const int32_t *)(const void *)at
                                                    : 0;
        out[n++] =
            (struct endpoint_setting){.name = f->name, .value = value, .neutral = value == f->neutral, .seed = s->seed};
    }
    return n;
}

/* most: see distant_ask. */
static enum error_code ask_endpoint(struct distant *d, struct endpoint_message *messages, size_t n, bool continues,
                                    size_t most, const struct sampling *s, struct error *err)
{
    const bool unsure = most > 0 && ESTIMATE_TIMES * distant_estimate(d, d->sent) > most;
    struct endpoint_setting settings[SETTINGS_MOST];
    const char *stops[SAMPLING_STOPS];
    for (int32_t i = 0; i < s->n_stops; i++)
        stops[i] = s->stops[i];
    const struct endpoint_question q = {.model = d->model,
                                        .messages = messages,
                                        .n = n,
                                        .continues = continues,
                                        .settings = settings,
                                        .n_settings = take_settings(s, settings),
                                        .stops = stops,
                                        .n_stops = (size_t)s->n_stops,
                                        .most = unsure ? most : 0};
    return endpoint_ask(d->endpoint, &q, err);
}

static void begin_request(struct distant *d, uint64_t request)
{
    d->request = request;
    d->asked = clock_seconds();
    d->first = 0;
    d->tokens = 0;
    d->done = d->total = 0;
    d->waits = 0;
}

static bool is_aside(const struct distant *d)
{
    return (d->request & ASIDE) != 0;
}

void distant_drop_aside(struct distant *d)
{
    struct endpoint_event rest;
    if (!is_aside(d))
        return;
    d->given_up = d->request;
    d->request = 0;
    d->telling = false;
    endpoint_stop(d->endpoint);
    while (endpoint_next(d->endpoint, &rest))
        ;
}

static enum error_code ask_messages(struct distant *d, const struct message *messages, size_t n, size_t most,
                                    const struct sampling *sampling, struct error *err)
{
    const bool ends_with_answer = n > 0 && messages[n - 1].role == ROLE_ASSISTANT;
    const bool continues = ends_with_answer && *messages[n - 1].text != '\0';
    n -= ends_with_answer && !continues;
    if (continues && !distant_continues(d))
        return error_set(err, ERR_UNSUPPORTED, "%s can't continue an answer; /regenerate asks for another", d->host);
    struct endpoint_message *sent = calloc(n + 1, sizeof *sent);
    if (sent == NULL)
        return error_memory(err);
    d->sent = 0;
    for (size_t i = 0; i < n; i++) {
        const bool old = messages[i].role == ROLE_ASSISTANT && !(continues && i + 1 == n);
        /* what a model thought before an earlier answer is not sent again: the servers ask for that */
        const char *text = old ? thought_skip(messages[i].text) : messages[i].text;
        sent[i] = (struct endpoint_message){role_name(messages[i].role), text, strlen(text)};
        d->sent += sent[i].size;
    }
    ask_endpoint(d, sent, n, continues, most, sampling, err);
    free(sent);
    return err->code;
}

uint64_t distant_ask(struct distant *d, const struct message *messages, size_t n, size_t most,
                     const struct sampling *sampling, struct error *err)
{
    distant_drop_aside(d);
    if (ask_messages(d, messages, n, most, sampling, err) != ERR_NONE)
        return 0;
    begin_request(d, ++d->requests);
    return d->request;
}

uint64_t distant_ask_aside(struct distant *d, const struct message *messages, size_t n, const struct sampling *sampling,
                           struct error *err)
{
    if (d->request != 0 || ask_messages(d, messages, n, 0, sampling, err) != ERR_NONE)
        return 0;
    begin_request(d, ASIDE | ++d->asides);
    return d->request;
}

void distant_stop(struct distant *d)
{
    endpoint_stop(d->endpoint);
}

/* ---- what comes ------------------------------------------------------------------------------------------------- */

static struct candidate candidate_of(struct distant *d, const char *text, size_t size, float logp)
{
    const float p = expf(logp);
    const int32_t id = is_aside(d) ? glossary_look(d->glossary, text, size)
                                   : glossary_id(d->glossary, text, size, d->requests);
    return (struct candidate){.id = id, .before = p, .after = p};
}

/* What the server told of the token: its probability, and those of others. The settings' part in it is not known. */
static void tell_token(struct distant *d, const struct endpoint_token *t, struct event *out)
{
    out->chosen = candidate_of(d, t->text, t->size, t->logp);
    out->id = out->chosen.id;
    out->entropy = -1;
    for (size_t i = 0; i < t->n_best && out->n_best < SAMPLING_CANDIDATES; i++) {
        const struct endpoint_candidate *c = &t->best[i];
        const struct candidate other = candidate_of(d, c->text, c->size, c->logp);
        if (other.id == out->id && out->rank == 0)
            out->rank = (int32_t)i + 1;
        out->best[out->n_best++] = other;
    }
}

/* The next piece of the text, as long as an event holds: whole characters. */
static bool tell_piece(struct distant *d, struct event *out)
{
    const bool first = d->told == 0;
    const char *text = d->now.text + d->told;
    size_t n = d->now.size - d->told, most = sizeof out->text - 1;
    if (n > most) {
        n = most;
        n -= utf8_pending(text, n);
    }
    *out = (struct event){.kind = EVENT_TOKEN, .request = d->request, .id = -1};
    if (first && d->now.token != NULL)
        tell_token(d, d->now.token, out);
    memcpy(out->text, text, n);
    out->text_size = n;
    d->told += n;
    d->telling = d->told < d->now.size;
    return true;
}

static bool begin_text(struct distant *d, struct event *out)
{
    d->waits = 0;
    if (d->first == 0)
        d->first = clock_seconds();
    d->tokens++;
    d->told = 0;
    return tell_piece(d, out);
}

static bool tell_reading(struct distant *d, struct event *out)
{
    d->waits = d->now.kind == ENDPOINT_WAITING ? d->now.seconds : 0;
    if (d->waits > 0)
        snprintf(d->why, sizeof d->why, "%s", d->now.text);
    if (d->now.kind == ENDPOINT_READING && d->now.total > 0) {
        d->done = d->now.done;
        d->total = d->now.total;
    }
    *out = (struct event){.kind = EVENT_PREFILL,
                          .request = d->request,
                          .done = (size_t)d->done,
                          .total = (size_t)d->total};
    return true;
}

/* What the server counted; else what came here. */
static struct timings timings_of(struct distant *d)
{
    const double now = clock_seconds(), first = d->first > 0 ? d->first : now;
    const struct endpoint_usage *u = &d->now.usage;
    struct timings t = {.prefill_seconds = first - d->asked,
                        .first_token_seconds = first - d->asked,
                        .decode_seconds = now - first,
                        .answer_tokens = d->tokens,
                        .prompt_tokens = distant_estimate(d, d->sent)};
    if (u->prompt_tokens > 0 || d->now.counted > 0)
        t.prompt_tokens = (size_t)(u->prompt_tokens > 0 ? u->prompt_tokens : d->now.counted);
    if (u->cached_tokens >= 0)
        t.reused_tokens = (size_t)u->cached_tokens;
    if (u->answer_tokens >= 0)
        t.answer_tokens = (size_t)u->answer_tokens;
    return t;
}

/* Learns how long the server's tokens are. */
static void learn_length(struct distant *d, size_t tokens)
{
    d->bytes_per_token = (double)d->sent / (double)tokens;
}

/* A short prompt has more tokens of the template than of messages, and says little of these. */
static void keep_count(struct distant *d, size_t tokens)
{
    d->counted_bytes = d->sent;
    d->counted_tokens = tokens;
    if (d->sent >= TELLING_BYTES || d->now.counted > 0)
        learn_length(d, tokens);
}

/* Tokens of what was sent, by the last prompt that was counted. */
static size_t expected_tokens(const struct distant *d)
{
    if (d->sent >= d->counted_bytes)
        return d->counted_tokens + distant_estimate(d, d->sent - d->counted_bytes);
    return (size_t)((double)d->counted_tokens * (double)d->sent / (double)d->counted_bytes);
}

/* Whether a prompt of so many tokens, as the server says, has lost something: it counted more before it was asked, or did so of
 * earlier ones. */
static bool is_cut(const struct distant *d, size_t tokens, size_t *expected)
{
    if (d->now.counted > 0) {
        *expected = (size_t)d->now.counted;
        return tokens + COUNT_SLACK + *expected / COUNT_PART < *expected;
    }
    *expected = expected_tokens(d);
    return d->counted_tokens > 0 && *expected / CUT_TIMES > tokens && *expected - tokens > CUT_TOKENS;
}

/* Compares what the server counted of the request with what is known of it. */
static void take_count(struct distant *d)
{
    const int64_t tokens = d->now.usage.prompt_tokens > 0 ? d->now.usage.prompt_tokens : d->now.counted;
    size_t expected;
    if (tokens <= 0 || d->sent == 0)
        return;
    if (!is_cut(d, (size_t)tokens, &expected)) {
        keep_count(d, (size_t)tokens);
        return;
    }
    d->cut = true; /* and nothing is learned of how long its tokens are, unless they were counted */
    d->cut_counted = (size_t)tokens;
    d->cut_expected = expected;
    if (d->now.counted > 0)
        keep_count(d, expected);
}

/* The messages are more tokens than was estimated: at least as many as the context has. */
static void take_refusal(struct distant *d)
{
    const int64_t tokens = d->now.done > 0 ? d->now.done : d->now.counted, context = d->now.total;
    const size_t more = distant_estimate(d, d->sent) * 5 / 4;
    if (context > 0 && context <= INT32_MAX && (d->context == 0 || d->loose || context < d->context)) {
        d->context = (int32_t)context;
        d->loose = false;
    }
    if (d->sent > 0 && tokens > 0)
        learn_length(d, (size_t)tokens);
    else if (d->sent > 0)
        d->bytes_per_token = (double)d->sent / (double)(more > (size_t)d->context ? more : (size_t)d->context);
}

bool distant_take_cut(struct distant *d, size_t *counted, size_t *expected)
{
    if (!d->cut || d->cut_told)
        return false;
    d->cut_told = true;
    *counted = d->cut_counted;
    *expected = d->cut_expected;
    return true;
}

static bool tell_end(struct distant *d, struct event *out)
{
    static const enum finish finishes[] = {
        [ENDPOINT_ENDED] = FINISH_END, [ENDPOINT_LENGTH] = FINISH_LENGTH, [ENDPOINT_STOPPED] = FINISH_STOPPED};
    *out = (struct event){.kind = d->now.kind == ENDPOINT_DONE ? EVENT_DONE : EVENT_FAILED,
                          .request = d->request,
                          .finish = finishes[d->now.finish],
                          .error = d->now.error,
                          .timings = timings_of(d)};
    d->has_counted = d->now.usage.prompt_tokens > 0 || d->now.counted > 0;
    if (out->kind == EVENT_FAILED && d->now.error.code == ERR_CONTEXT)
        take_refusal(d);
    else
        take_count(d);
    if (out->kind == EVENT_DONE && !d->looked_loaded)
        look_closer(d); /* now it is */
    d->request = 0;
    d->waits = 0;
    return true;
}

static bool tell_given_up(struct distant *d, struct event *out)
{
    *out = (struct event){.kind = EVENT_DONE, .request = d->given_up, .finish = FINISH_STOPPED};
    d->given_up = 0;
    return true;
}

/* What was found out of the context while nothing else was under way, or is now. */
static bool tell_look(struct distant *d, struct event *out)
{
    *out = (struct event){.kind = EVENT_LOADING};
    if (d->now.kind != ENDPOINT_KNOWN)
        return false;
    take_context(d);
    d->looked_loaded = true;
    return true;
}

static bool tell_event(struct distant *d, struct event *out)
{
    switch (d->now.kind) {
    case ENDPOINT_READING:
    case ENDPOINT_WAITING: return tell_reading(d, out);
    case ENDPOINT_TEXT: return begin_text(d, out);
    case ENDPOINT_KNOWN:
    case ENDPOINT_DONE:
    case ENDPOINT_FAILED: return tell_end(d, out);
    }
    return false;
}

static bool tell_loading(struct distant *d, struct event *out)
{
    return d->now.kind == ENDPOINT_WAITING ? tell_put_off(d, out) : tell_loaded(d, &d->now, out);
}

bool distant_next(struct distant *d, struct event *out)
{
    if (d->given_up != 0)
        return tell_given_up(d, out);
    if (d->telling)
        return tell_piece(d, out);
    while (endpoint_next(d->endpoint, &d->now)) {
        if (d->loading && tell_loading(d, out))
            return true;
        if (d->request != 0 && d->now.kind != ENDPOINT_KNOWN)
            return tell_event(d, out);
        if (!d->loading && tell_look(d, out))
            return true;
    }
    return false;
}
