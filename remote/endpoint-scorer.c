/* Endpoint scorer: requests and answers as JSON. */
#include <config.h>

#include "remote/endpoint-scorer.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/body.h"
#include "remote/endpoint.h"
#include "remote/kinds.h"
#include "remote/pieces.h"
#include "remote/lanes.h"

enum { LOOK_MS = 100, IDS_MOST = 1 << 28 };

struct endpoint_scorer {
    struct endpoint *endpoint; /* that was looked at: it has the server's models */
    struct endpoint_about about;
    const struct endpoint_watch *watch;
    struct lanes *lanes;
    struct pieces pieces;
    char *model, *host, *fingerprint;
    int32_t context, lead;
};

struct endpoint_scorer_about endpoint_scorer_about(const struct endpoint_scorer *s)
{
    const int32_t spare = kind_scores_ahead(s->about.kind);
    return (struct endpoint_scorer_about){.model = s->model,
                                          .host = s->host,
                                          .fingerprint = s->fingerprint != NULL ? s->fingerprint : "",
                                          .context = s->context,
                                          .longest = s->context > 0 ? s->context + spare : 0,
                                          .lead = s->lead};
}

static enum error_code run_lanes(struct endpoint_scorer *s, struct lanes_work *work, struct error *err)
{
    work->width = kind_width(s->about.kind);
    work->model = s->model;
    return lanes_run(s->lanes, work, err);
}

static enum error_code set_wrong(const struct endpoint_scorer *s, const char *what, struct error *err)
{
    return error_set(err, ERR_UNSUPPORTED,
                     "%s %s, which a model must have to be measured from here; vLLM and palaver serve do", s->host,
                     what);
}

static json_t *ids_value(const int32_t *ids, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_integer(ids[i]));
    return array;
}

/* ---- ids of texts ----------------------------------------------------------------------------------------------- */

/* What is under way: the arrays of one call. */
struct call {
    struct endpoint_scorer *s;
    struct endpoint_text *texts;
    struct endpoint_group *groups;
    struct endpoint_writing *writings;
    endpoint_done *done;
    void *context;
};

/* vLLM calls the text "prompt", llama-server "content"; each passes over what it does not know. */
static json_t *make_encode(void *context, size_t i)
{
    const struct call *c = context;
    const struct endpoint_text *t = &c->texts[i];
    json_t *text = body_text(t->text, t->size);
    return json_pack("{s:s, s:O, s:o, s:b, s:b}", "model", c->s->model, "prompt", text, "content", text,
                     "add_special_tokens", t->lead, "add_special", t->lead);
}

/* Copies a list of ids; NULL when it is none. */
static int32_t *copy_ids(const json_t *array, size_t *n)
{
    *n = json_array_size(array);
    int32_t *ids = json_is_array(array) && *n < IDS_MOST ? malloc((*n + 1) * sizeof *ids) : NULL;
    for (size_t i = 0; ids != NULL && i < *n; i++) {
        const json_t *value = json_array_get(array, i);
        const json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
        ids[i] = (int32_t)id;
        if (id >= 0 && id <= INT32_MAX)
            continue;
        free(ids);
        ids = NULL;
    }
    return ids;
}

static enum error_code take_encode(void *context, size_t i, const json_t *answer, struct error *err)
{
    const struct call *c = context;
    struct endpoint_text *t = &c->texts[i];
    t->ids = copy_ids(json_object_get(answer, "tokens"), &t->n);
    return t->ids != NULL ? ERR_NONE : set_wrong(c->s, "does not tell the ids of a text", err);
}

enum error_code endpoint_scorer_encode(struct endpoint_scorer *s, struct endpoint_text *texts, size_t n,
                                       struct error *err)
{
    struct call c = {.s = s, .texts = texts};
    for (size_t i = 0; i < n; i++)
        texts[i].ids = NULL;
    return run_lanes(s, &(struct lanes_work){"/tokenize", false, n, 0, NULL, make_encode, take_encode, &c}, err);
}

/* ---- likelihoods ------------------------------------------------------------------------------------------------ */

/* A token more than none is made where the server makes at least one. */
static json_t *make_score(void *context, size_t i)
{
    const struct call *c = context;
    const struct endpoint_group *g = &c->groups[i];
    json_t *prompts = json_array();
    for (size_t k = 0; k < g->n; k++)
        json_array_append_new(prompts, ids_value(g->texts[k].ids, g->texts[k].n));
    return json_pack("{s:s, s:o, s:i, s:b, s:i, s:i}", "model", c->s->model, "prompt", prompts, "max_tokens",
                     kind_scores_ahead(c->s->about.kind) > 0 ? 0 : 1, "echo", 1, "logprobs", 1, "temperature", 0);
}

/* The likelihood of token i is a number, and the first token's is null. */
static bool take_token(struct endpoint_scorer *s, const json_t *logprobs, const struct endpoint_scored *t, size_t i)
{
    const json_t *logp = json_array_get(json_object_get(logprobs, "token_logprobs"), i);
    json_t *top = json_array_get(json_object_get(logprobs, "top_logprobs"), i), *other;
    const char *name = json_string_value(json_array_get(json_object_get(logprobs, "tokens"), i));
    if (name != NULL)
        pieces_note(&s->pieces, t->ids[i], name);
    if (i == 0)
        return name != NULL;
    if (!json_is_number(logp))
        return false;
    const double value = json_number_value(logp);
    bool greedy = true;
    json_object_foreach(top, name, other)
        greedy = greedy && json_number_value(other) <= value;
    t->logp[i - 1] = (float)value;
    t->greedy[i - 1] = greedy;
    return true;
}

/* Choices come in any order: "index" says which is which. */
static bool take_choice(struct endpoint_scorer *s, const json_t *choice, const struct endpoint_group *g, size_t k)
{
    const json_t *index = json_object_get(choice, "index"), *logprobs = json_object_get(choice, "logprobs");
    const size_t at = json_is_integer(index) ? (size_t)json_integer_value(index) : k;
    const struct endpoint_scored *t = at < g->n ? &g->texts[at] : NULL;
    bool ok = t != NULL;
    for (size_t i = 0; ok && i < t->n; i++)
        ok = take_token(s, logprobs, t, i);
    return ok;
}

static enum error_code take_score(void *context, size_t i, const json_t *answer, struct error *err)
{
    const struct call *c = context;
    const struct endpoint_group *g = &c->groups[i];
    const json_t *choices = json_object_get(answer, "choices");
    const char *fingerprint = json_string_value(json_object_get(answer, "system_fingerprint"));
    bool ok = json_array_size(choices) == g->n;
    for (size_t k = 0; ok && k < g->n; k++)
        ok = take_choice(c->s, json_array_get(choices, k), g, k);
    if (!ok)
        return set_wrong(c->s, "does not tell the log-probabilities of a prompt (echo)", err);
    if (c->s->fingerprint == NULL && fingerprint != NULL)
        c->s->fingerprint = strdup(fingerprint);
    return c->done(c->context, i, err);
}

enum error_code endpoint_scorer_score(struct endpoint_scorer *s, struct endpoint_group *groups, size_t n,
                                      endpoint_done *done, void *context, struct error *err)
{
    struct call c = {.s = s, .groups = groups, .done = done, .context = context};
    return run_lanes(s, &(struct lanes_work){"/completions", true, n, 0, NULL, make_score, take_score, &c}, err);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static json_t *make_writing(void *context, size_t i)
{
    const struct call *c = context;
    const struct endpoint_writing *w = &c->writings[i];
    json_t *stops = json_array();
    for (size_t k = 0; k < w->n_stops; k++)
        json_array_append_new(stops, json_string(w->stops[k]));
    json_t *body = json_pack("{s:s, s:o, s:i, s:i}", "model", c->s->model, "prompt", ids_value(w->ids, w->n),
                             "max_tokens", (int)w->most, "temperature", 0);
    if (w->n_stops > 0)
        json_object_set(body, "stop", stops);
    json_decref(stops);
    return body;
}

static enum error_code take_writing(void *context, size_t i, const json_t *answer, struct error *err)
{
    const struct call *c = context;
    struct endpoint_writing *w = &c->writings[i];
    const json_t *choice = json_array_get(json_object_get(answer, "choices"), 0),
                 *text = json_object_get(choice, "text");
    const char *finish = json_string_value(json_object_get(choice, "finish_reason"));
    if (!json_is_string(text))
        return set_wrong(c->s, "does not continue a text", err);
    w->text = json_string_value(text);
    w->size = json_string_length(text);
    w->cut = finish != NULL && strcmp(finish, "length") == 0;
    return c->done(c->context, i, err);
}

enum error_code endpoint_scorer_write(struct endpoint_scorer *s, struct endpoint_writing *writings, size_t n,
                                      endpoint_done *done, void *context, struct error *err)
{
    struct call c = {.s = s, .writings = writings, .done = done, .context = context};
    return run_lanes(s, &(struct lanes_work){"/completions", true, n, 0, NULL, make_writing, take_writing, &c}, err);
}

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

static json_t *make_piece(void *context, size_t i)
{
    const struct call *c = context;
    const struct endpoint_text *t = &c->texts[i];
    return json_pack("{s:s, s:o}", "model", c->s->model, "tokens", ids_value(t->ids, 1));
}

static enum error_code take_piece(void *context, size_t i, const json_t *answer, struct error *err)
{
    const struct call *c = context;
    const json_t *text = json_object_get(answer, "prompt");
    text = text != NULL ? text : json_object_get(answer, "content");
    if (!json_is_string(text))
        return set_wrong(c->s, "does not tell the text of a token", err);
    pieces_note(&c->s->pieces, c->texts[i].ids[0], json_string_value(text));
    return ERR_NONE;
}

enum error_code endpoint_scorer_piece(struct endpoint_scorer *s, int32_t id, struct buf *out, struct error *err)
{
    struct endpoint_text text = {.ids = &id, .n = 1};
    struct call c = {.s = s, .texts = &text};
    if (!pieces_has(&s->pieces, id))
        run_lanes(s, &(struct lanes_work){"/detokenize", false, 1, 0, NULL, make_piece, take_piece, &c}, err);
    if (err->code == ERR_NONE && !pieces_append(&s->pieces, id, out))
        error_memory(err);
    return err->code;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* What the server has. */
static enum error_code look(struct endpoint_scorer *s, struct error *err)
{
    struct endpoint_event event = {.kind = ENDPOINT_READING};
    bool waited = false;
    endpoint_look(s->endpoint, err);
    while (err->code == ERR_NONE && event.kind != ENDPOINT_KNOWN) {
        if (!s->watch->go_on(s->watch->context))
            return error_set(err, ERR_STOPPED, "stopped");
        if (!endpoint_next(s->endpoint, &event))
            poll(&(struct pollfd){.fd = endpoint_fd(s->endpoint), .events = POLLIN}, 1, LOOK_MS);
        else if (event.kind == ENDPOINT_WAITING)
            s->watch->waits(s->watch->context, event.seconds, s->host);
        else if (event.kind == ENDPOINT_FAILED)
            return error_set(err, event.error.code, "%s", event.error.message);
        waited |= event.kind == ENDPOINT_WAITING;
    }
    if (waited)
        s->watch->waits(s->watch->context, 0, s->host);
    return err->code;
}

static enum error_code take_model(struct endpoint_scorer *s, const char *model, struct error *err)
{
    size_t i;
    if (endpoint_choose(s->endpoint, model, &i, err) != ERR_NONE)
        return err->code;
    s->about = endpoint_about(s->endpoint);
    const int32_t told = endpoint_place(s->endpoint)->context;
    s->context = told > 0 ? told : s->about.contexts[i];
    s->model = strdup(s->about.models[i]);
    return s->model != NULL ? ERR_NONE : error_memory(err);
}

static enum error_code done_nothing(void *context, size_t i, struct error *err)
{
    (void)context;
    (void)i;
    return err->code;
}

/* Whether likelihoods come back. */
static enum error_code try_scoring(struct endpoint_scorer *s, const struct endpoint_text *text, struct error *err)
{
    float *logp = calloc(text->n, sizeof *logp);
    bool *greedy = calloc(text->n, sizeof *greedy);
    struct endpoint_scored scored = {.ids = text->ids, .n = text->n, .logp = logp, .greedy = greedy};
    struct endpoint_group group = {&scored, 1};
    if (logp == NULL || greedy == NULL)
        error_memory(err);
    else if (text->n < 2)
        set_wrong(s, "does not tell the ids of a text", err);
    else
        endpoint_scorer_score(s, &group, 1, done_nothing, NULL, err);
    free(logp);
    free(greedy);
    return err->code;
}

/* Refuses in advance, in words that say what is missing, whatever the server's own are. */
static enum error_code refuse_plainly(const struct endpoint_scorer *s, const char *what, const struct error *why,
                                      struct error *err)
{
    if (why->code != ERR_NOT_FOUND && why->code != ERR_UNSUPPORTED)
        return error_set(err, why->code, "%s", why->message);
    return set_wrong(s, what, err);
}

static enum error_code try_all(struct endpoint_scorer *s, struct error *err)
{
    static const char sentence[] = "The sea is blue, and so is the sky.";
    struct endpoint_text texts[] = {{.text = "", .lead = true},
                                    {.text = sentence, .size = sizeof sentence - 1, .lead = true}};
    struct error why = {0};
    s->lead = -1;
    if (endpoint_scorer_encode(s, texts, 2, &why) != ERR_NONE)
        refuse_plainly(s, "does not tell the ids of a text (/tokenize)", &why, err);
    else if (try_scoring(s, &texts[1], &why) != ERR_NONE)
        refuse_plainly(s, "does not tell the log-probabilities of a prompt (echo)", &why, err);
    else if (texts[0].n > 0)
        s->lead = texts[0].ids[0];
    free(texts[0].ids);
    free(texts[1].ids);
    return err->code;
}

struct endpoint_scorer *endpoint_scorer_open(const struct endpoint_place *place, const char *model,
                                             const struct endpoint_watch *watch, struct error *err)
{
    struct endpoint_scorer *s = calloc(1, sizeof *s);
    if (s == NULL || (s->host = endpoint_host(place->url)) == NULL) {
        free(s);
        error_memory(err);
        return NULL;
    }
    s->watch = watch;
    s->endpoint = endpoint_open(place, err);
    if (s->endpoint != NULL && look(s, err) == ERR_NONE && take_model(s, model, err) == ERR_NONE &&
        (s->lanes = lanes_open(place, &s->about, watch, err)) != NULL && try_all(s, err) == ERR_NONE)
        return s;
    endpoint_scorer_free(s);
    return NULL;
}

void endpoint_scorer_free(struct endpoint_scorer *s)
{
    if (s == NULL)
        return;
    lanes_free(s->lanes);
    endpoint_free(s->endpoint);
    pieces_free(&s->pieces);
    free(s->model);
    free(s->host);
    free(s->fingerprint);
    free(s);
}
