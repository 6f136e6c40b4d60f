/* Inflow: pieces of JSON to pieces of text. */
#include <config.h>

#include "remote/inflow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/chunk.h"
#include "remote/events.h"
#include "remote/sse.h"

#define PLAIN_MOST ((size_t)32 << 20)
enum { MARK_MOST = 16 }; /* bytes of a mark */

void inflow_init(struct inflow *s, struct events *events)
{
    *s = (struct inflow){.events = events, .usage = {-1, -1, -1}};
    sse_init(&s->sse);
    buf_init(&s->plain, PLAIN_MOST);
    buf_init(&s->marked, SSE_EVENT_MOST + MARK_MOST);
}

void inflow_free(struct inflow *s)
{
    sse_free(&s->sse);
    buf_free(&s->plain);
    buf_free(&s->marked);
}

void inflow_reset(struct inflow *s)
{
    struct events *events = s->events;
    inflow_free(s);
    inflow_init(s, events);
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

static void push_text(struct inflow *s, const char *text, size_t size, const struct endpoint_token *token)
{
    if (s->mark != NULL) {
        buf_clear(&s->marked);
        buf_puts(&s->marked, s->mark);
        buf_append(&s->marked, text, size);
        text = buf_text(&s->marked);
        size = s->marked.size;
        s->mark = NULL;
    }
    s->said |= size > 0;
    if (size > 0 || token != NULL)
        events_push(s->events,
                    &(struct endpoint_event){.kind = ENDPOINT_TEXT, .text = text, .size = size, .token = token});
}

/* Reasoning stands between the marks that models themselves write around it. A mark belongs to the token after it,
 * so that the texts of all tokens make up the answer. */
static void set_mark(struct inflow *s, bool thinking)
{
    if (s->thinking != thinking)
        s->mark = thinking ? "<think>\n" : "\n</think>\n\n";
    s->thinking = thinking;
}

/* The text of a chunk, shared out to its tokens: each has what it says as far as that is how the text goes on, the last one
 * has the rest. A server holds bytes back until they are whole characters, so that the two may differ. */
static void push_tokens(struct inflow *s, const struct chunk *c, const char *text, size_t size)
{
    for (size_t i = 0; i < c->n_tokens; i++) {
        const struct endpoint_token *t = &c->tokens[i];
        const bool fits = t->size <= size && memcmp(t->text, text, t->size) == 0;
        const size_t n = i + 1 == c->n_tokens ? size : fits ? t->size : 0;
        push_text(s, text, n, t);
        text += n;
        size -= n;
    }
    if (c->n_tokens == 0)
        push_text(s, text, size, NULL);
}

static void push_said(struct inflow *s, const struct chunk *c)
{
    const bool both = c->reasoning != NULL && c->text != NULL;
    if (c->reasoning != NULL) {
        set_mark(s, true);
        if (both)
            push_text(s, c->reasoning, c->reasoning_size, NULL);
        else
            push_tokens(s, c, c->reasoning, c->reasoning_size);
    }
    if (c->text != NULL) {
        set_mark(s, false);
        push_tokens(s, c, c->text, c->text_size);
    }
    if (c->text == NULL && c->reasoning == NULL && c->n_tokens > 0)
        push_tokens(s, c, "", 0);
}

/* ---- chunks ----------------------------------------------------------------------------------------------------- */

static void note_fault(struct inflow *s, const struct chunk *c)
{
    s->failed = true;
    snprintf(s->fault, sizeof s->fault, "%s", c->fault);
    snprintf(s->fault_kind, sizeof s->fault_kind, "%s", c->fault_kind != NULL ? c->fault_kind : "");
    s->fault_prompt = c->fault_prompt;
    s->fault_context = c->fault_context;
}

static void note_end(struct inflow *s, const struct chunk *c)
{
    struct endpoint_usage usage = c->usage; /* what came last counts: some tell of it with each piece */
    usage_add(&usage, &s->usage);
    s->usage = usage;
    if (c->fingerprint != NULL)
        snprintf(s->fingerprint, sizeof s->fingerprint, "%s", c->fingerprint);
    if (c->finish == NULL)
        return;
    if (strcmp(c->finish, "content_filter") == 0)
        note_fault(s, &(struct chunk){.fault = "its filter ended the answer (content_filter)",
                                      .fault_prompt = -1,
                                      .fault_context = -1});
    s->finished = true;
    s->finish = strcmp(c->finish, "length") == 0 ? ENDPOINT_LENGTH : ENDPOINT_ENDED;
}

static void take_chunk(struct inflow *s, const struct chunk *c)
{
    if (c->fault != NULL) {
        note_fault(s, c);
        return;
    }
    if (c->has_progress && !s->said)
        events_push(s->events, &(struct endpoint_event){.kind = ENDPOINT_READING, .done = c->done, .total = c->total});
    push_said(s, c);
    note_end(s, c);
}

/* "[DONE]", perhaps with blanks around it. */
static bool is_done(const char *data, size_t size)
{
    static const char word[] = "[DONE]";
    while (size > 0 && (*data == ' ' || *data == '\t')) {
        data++;
        size--;
    }
    return size >= sizeof word - 1 && memcmp(data, word, sizeof word - 1) == 0;
}

/* An event that is named an error: what it has in any of their forms, else its message, else all of it. */
static void take_error(struct inflow *s, const char *data, size_t size)
{
    struct chunk chunk;
    struct error wrong = {0};
    const bool whole = chunk_read(data, size, &chunk, &wrong) == ERR_NONE;
    if (whole && chunk.fault == NULL)
        chunk.fault = json_string_value(json_object_get(chunk.root, "message"));
    if (!whole || chunk.fault == NULL)
        note_fault(s, &(struct chunk){.fault = data, .fault_prompt = -1, .fault_context = -1});
    else
        note_fault(s, &chunk);
    if (whole)
        chunk_free(&chunk);
}

/* What is no JSON but stands where an error does, is one. */
static bool take_event(void *context, const char *data, size_t size)
{
    struct inflow *s = context;
    struct chunk chunk;
    struct error wrong = {0};
    if (is_done(data, size)) {
        s->done = true;
        return false;
    }
    if (s->sse.is_error) {
        take_error(s, data, size);
        return false;
    }
    if (chunk_read(data, size, &chunk, &wrong) != ERR_NONE) {
        s->failed = true;
        snprintf(s->fault, sizeof s->fault, "it sent what is no JSON: %.80s", data);
        return false;
    }
    take_chunk(s, &chunk);
    chunk_free(&chunk);
    return !s->failed;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

/* Judges by the first byte that is no blank. Returns how many bytes stand before it, of which a byte order mark may be a
 * part: they mean nothing in either form. */
static size_t judge_form(struct inflow *s, const char *bytes, size_t n)
{
    size_t i = 0;
    while (s->form == INFLOW_UNKNOWN && i < n && strchr(" \t\r\n\xEF\xBB\xBF", bytes[i]) != NULL && bytes[i] != '\0')
        i++;
    if (s->form == INFLOW_UNKNOWN && i < n)
        s->form = bytes[i] == '{' || bytes[i] == '[' || bytes[i] == '<' ? INFLOW_PLAIN : INFLOW_EVENTS;
    return i;
}

bool inflow_take(struct inflow *s, bool plain, const char *bytes, size_t n, struct error *err)
{
    if (s->done || s->failed)
        return false;
    if (plain)
        s->form = INFLOW_PLAIN;
    const size_t blank = judge_form(s, bytes, n);
    bytes += blank;
    n -= blank;
    if (s->form == INFLOW_PLAIN) {
        if (!buf_append(&s->plain, bytes, n))
            error_set(err, ERR_FORMAT, "an answer of more than %zu MiB", PLAIN_MOST >> 20);
        return err->code == ERR_NONE;
    }
    struct error why = {0};
    if (sse_feed(&s->sse, bytes, n, take_event, s, &why) == ERR_NONE)
        return true;
    if (why.code != ERR_STOPPED)
        error_set(err, why.code, "%s", why.message);
    return false;
}

/* A whole answer, an error, or lines of JSON. */
static void end_plain(struct inflow *s, struct error *err)
{
    struct chunk chunk;
    struct error wrong = {0}, why = {0};
    const char *text = buf_text(&s->plain);
    if (chunk_read(text, s->plain.size, &chunk, &wrong) == ERR_NONE) {
        take_chunk(s, &chunk);
        chunk_free(&chunk);
        return;
    }
    if (text[strspn(text, " \t\r\n")] != '{')
        return;
    if (sse_feed(&s->sse, text, s->plain.size, take_event, s, &why) == ERR_NONE)
        sse_end(&s->sse, take_event, s, &why);
    if (why.code != ERR_NONE && why.code != ERR_STOPPED)
        error_set(err, why.code, "%s", why.message);
}

void inflow_end(struct inflow *s, struct error *err)
{
    struct error why = {0};
    if (s->done || s->failed)
        return;
    if (s->form == INFLOW_PLAIN)
        end_plain(s, err);
    else if (sse_end(&s->sse, take_event, s, &why) != ERR_NONE && why.code != ERR_STOPPED)
        error_set(err, why.code, "%s", why.message);
}
