/* Fault: by the status, by the trouble of the connection, by what the stream said. */
#include <config.h>

#include "remote/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

/* What is being told. */
struct fault {
    const struct endpoint_place *place;
    const char *host, *model;
    const struct endpoint_about *about;
    const struct wire_end *end;
    const struct inflow *stream;
};

/* ": WORDS", the server's, as far as it said any. */
static void write_words(const struct inflow *s, char *out, size_t size)
{
    if (s->failed)
        snprintf(out, size, ": %s", s->fault);
    else
        *out = '\0';
}

static void set_refused(const struct fault *f, struct error *err)
{
    error_set(err, ERR_IO, "%s: no connection (%s); is the server running there? `palaver endpoints` tests it", f->host,
              f->end->words);
}

static void set_tls(const struct fault *f, struct error *err)
{
    error_set(err, ERR_IO,
              "%s: the connection can't be made secure (%s); if its certificate is your own, name its authority with "
              "`ca = FILE` in the endpoints file, and if it speaks no TLS, write http://",
              f->host, f->end->words);
}

static void set_broken(const struct fault *f, struct error *err)
{
    if (f->end->trouble == WIRE_IDLE)
        error_set(err, ERR_IO, "%s: nothing came for %d seconds; `idle = SECONDS` in the endpoints file allows more%s",
                  f->host, (int)f->place->idle, f->stream->said ? "; /continue goes on" : "");
    else if (f->end->trouble == WIRE_ELSEWHERE)
        error_set(err, ERR_ARGUMENT,
                  "%s: redirects to another host, which is refused: if it is right, put %s into the endpoints file",
                  f->host, f->end->words);
    else
        error_set(err, ERR_IO, "%s: the connection broke (%s)%s", f->host, f->end->words,
                  f->stream->said ? "; /continue goes on" : "");
}

/* ---- statuses --------------------------------------------------------------------------------------------------- */

/* The models that exist, as many as a message holds. */
static void write_models(const struct endpoint_about *about, char *out, size_t size)
{
    size_t at = 0;
    *out = '\0';
    for (size_t i = 0; i < about->n_models && at + 1 < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s", i > 0 ? ", " : "; it has ", about->models[i]);
    if (at >= size && size > 4)
        strcpy(out + size - 4, "...");
}

static void set_key(const struct fault *f, const char *words, struct error *err)
{
    const struct endpoint_place *p = f->place;
    const bool keyless = p->key_variable == NULL && p->key_file == NULL && p->key_command == NULL;
    if (keyless)
        error_set(
            err, ERR_ARGUMENT,
            "%s wants a key (%ld)%s; name where it is by key_variable, key_file or key_command in the endpoints file",
            f->host, f->end->status, words);
    else
        error_set(err, ERR_ARGUMENT, "%s does not take the key (%ld)%s; look at %s", f->host, f->end->status, words,
                  p->key_variable != NULL ? p->key_variable
                  : p->key_file != NULL   ? p->key_file
                                          : "key_command");
}

static void set_missing(const struct fault *f, const char *words, struct error *err)
{
    char models[200];
    write_models(f->about, models, sizeof models);
    if (f->model != NULL)
        error_set(err, ERR_NOT_FOUND, "%s has no model %s (404)%s%s", f->host, f->model, words, models);
    else
        error_set(err, ERR_NOT_FOUND, "%s: nothing at this address (404)%s; the url ends in /v1 for most servers",
                  f->host, words);
}

/* Whether the server says that the prompt is too long. */
static bool is_too_long(const struct inflow *s)
{
    return strcmp(s->fault_kind, "exceed_context_size_error") == 0 ||
           strcmp(s->fault_kind, "context_length_exceeded") == 0 || strstr(s->fault, "maximum context length") != NULL;
}

static void set_too_long(const struct fault *f, const char *words, struct error *err)
{
    const struct inflow *s = f->stream;
    if (s->fault_prompt > 0 && s->fault_context > 0)
        error_set(err, ERR_CONTEXT,
                  "%s: the messages make a prompt of %" PRId64 " tokens, and its context has %" PRId64 "; shorten them",
                  f->host, s->fault_prompt, s->fault_context);
    else
        error_set(err, ERR_CONTEXT, "%s: too long for its context%s", f->host, words);
}

static void set_status(const struct fault *f, struct error *err)
{
    char words[310];
    const long status = f->end->status;
    write_words(f->stream, words, sizeof words);
    if (is_too_long(f->stream))
        set_too_long(f, words, err);
    else if (status == 401 || status == 403)
        set_key(f, words, err);
    else if (status == 404)
        set_missing(f, words, err);
    else if (status == 413)
        error_set(err, ERR_CONTEXT, "%s: the messages are too long for it (413)%s; shorten them", f->host, words);
    else if (status == 429)
        error_set(err, ERR_BUSY, "%s: too many requests, or its quota is used up (429)%s", f->host, words);
    else if (status == 502 || status == 503 || status == 504)
        error_set(err, ERR_BUSY, "%s can't answer now (%ld)%s", f->host, status, words);
    else
        error_set(err, ERR_IO, "%s answers with status %ld%s%s", f->host, status, words,
                  f->end->html && !f->stream->failed ? " and a page: is it a server of models, and its url right?"
                                                     : "");
}

/* A status of success, and yet no answer, or none that ended. */
static void set_unfinished(const struct fault *f, struct error *err)
{
    const struct inflow *s = f->stream;
    const char *go_on = s->said ? "; /continue goes on" : "";
    if (s->failed && is_too_long(s))
        set_too_long(f, "", err);
    else if (s->failed)
        error_set(err, ERR_IO, "%s: %s%s", f->host, s->fault, go_on);
    else if (f->end->html)
        error_set(err, ERR_FORMAT, "%s sent a page, no answer: is it a server of models, and its url right?", f->host);
    else if (s->said)
        error_set(err, ERR_IO, "%s ended the connection before the answer's end%s", f->host, go_on);
    else
        error_set(
            err, ERR_IO,
            "%s ended the connection without an answer: messages too long for it may do that; look at the server's "
            "log",
            f->host);
}

void fault_set(const struct endpoint_place *place, const char *host, const struct endpoint_about *about,
               const char *model, const struct wire_end *end, const struct inflow *stream, struct error *err)
{
    const struct fault f = {place, host, model, about, end, stream};
    switch (end->trouble) {
    case WIRE_REFUSED: set_refused(&f, err); return;
    case WIRE_TLS: set_tls(&f, err); return;
    case WIRE_IDLE:
    case WIRE_ELSEWHERE: set_broken(&f, err); return;
    case WIRE_BROKEN:
        if (end->status < 400 && !stream->failed) {
            set_broken(&f, err);
            return;
        }
        break;
    case WIRE_GOOD: break;
    }
    if (end->status >= 300)
        set_status(&f, err);
    else
        set_unfinished(&f, err);
}

bool fault_passes(const struct wire_end *end, const struct inflow *stream)
{
    return (end->status == 429 && strcmp(stream->fault_kind, "insufficient_quota") != 0) || end->status == 503;
}
