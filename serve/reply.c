/* Answers as JSON. A stream tells the same as a whole answer, in pieces. */
#include <config.h>

#include "serve/reply.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <microhttpd.h>

#include "base/buf.h"
#include "base/error.h"
#include "serve/job.h"
#include "serve/spell.h"

void reply_json(json_t *value, struct buf *out)
{
    char *text = json_dumps(value, JSON_COMPACT);
    if (text != NULL)
        buf_puts(out, text);
    free(text);
    json_decref(value);
}

static void append_data(json_t *value, struct buf *out)
{
    buf_puts(out, "data: ");
    reply_json(value, out);
    buf_puts(out, "\n\n");
}

/* ---- errors ----------------------------------------------------------------------------------------------------- */

static unsigned status_of(enum error_code code)
{
    switch (code) {
    case ERR_MEMORY:
    case ERR_BUSY: return MHD_HTTP_SERVICE_UNAVAILABLE;
    case ERR_CORRUPT:
    case ERR_IO: return MHD_HTTP_INTERNAL_SERVER_ERROR;
    default: return MHD_HTTP_BAD_REQUEST;
    }
}

static json_t *error_object(const char *message, unsigned status, const char *param, const char *code)
{
    const char *type = status == MHD_HTTP_UNAUTHORIZED ? "authentication_error"
                       : status >= 500                 ? "server_error"
                                                       : "invalid_request_error";
    return json_pack("{s:{s:o, s:s, s:s?, s:s?}}", "error", "message", spell_text(message, strlen(message)), "type",
                     type, "param", *param != '\0' ? param : NULL, "code", code);
}

unsigned reply_refusal(const struct refusal *why, struct buf *out)
{
    const unsigned status = status_of(why->error.code);
    reply_json(error_object(why->error.message, status, why->param, why->code), out);
    return status;
}

void reply_stream_error(const struct error *err, struct buf *out)
{
    append_data(error_object(err->message, status_of(err->code), "", NULL), out);
}

/* ---- likelihoods ------------------------------------------------------------------------------------------------ */

/* {"text": logp, ...}, the likeliest of those with one name. */
static json_t *top_by_name(const struct serve *s, const struct tokens *t, size_t i)
{
    json_t *top = json_object();
    for (int32_t k = 0; k < t->top; k++) {
        const struct likely *l = &t->likely[i * (size_t)t->top + (size_t)k];
        json_t *name = l->id >= 0 ? spell_name(s->tokenizer, l->id) : NULL;
        if (name != NULL && json_object_get(top, json_string_value(name)) == NULL)
            json_object_set_new(top, json_string_value(name), json_real((double)l->logp));
        json_decref(name);
    }
    return top;
}

/* Tokens [from, n) in four lists, as completions have them. A token that ends an answer has no text. */
static json_t *completion_logprobs(const struct serve *s, bool echo, struct part *p, size_t from)
{
    const struct tokens *t = &p->tokens;
    json_t *names = json_array(), *logps = json_array(), *tops = json_array(), *offsets = json_array();
    for (size_t i = from; i < t->n; i++) {
        const bool first = isnan(t->logp[i]);
        struct buf text;
        buf_init(&text, ANSWER_MOST);
        if (echo)
            spell_token(s->tokenizer, t->ids, i, &text);
        else
            tokenizer_piece(s->tokenizer, t->ids[i], &text);
        json_array_append_new(names, spell_name(s->tokenizer, t->ids[i]));
        json_array_append_new(logps, first ? json_null() : json_real((double)t->logp[i]));
        json_array_append_new(tops, first ? json_null() : top_by_name(s, t, i));
        json_array_append_new(offsets, json_integer((json_int_t)p->offset));
        p->offset += spell_length(buf_text(&text), text.size);
        buf_free(&text);
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "tokens", names, "token_logprobs", logps, "top_logprobs", tops,
                     "text_offset", offsets);
}

static json_t *chat_token(const struct serve *s, int32_t id, float logp)
{
    return json_pack("{s:o, s:f, s:o}", "token", spell_name(s->tokenizer, id), "logprob", (double)logp, "bytes",
                     spell_bytes(s->tokenizer, id));
}

/* Tokens [from, n) as chats have them; the one that ends an answer is not part of it. */
static json_t *chat_logprobs(const struct serve *s, const struct part *p, size_t from)
{
    const struct tokens *t = &p->tokens;
    json_t *content = json_array();
    for (size_t i = from; i < t->n; i++) {
        if (tokenizer_is_end(s->tokenizer, t->ids[i]))
            continue;
        json_t *token = chat_token(s, t->ids[i], t->logp[i]), *top = json_array();
        for (int32_t k = 0; k < t->top; k++) {
            const struct likely *l = &t->likely[i * (size_t)t->top + (size_t)k];
            if (l->id >= 0)
                json_array_append_new(top, chat_token(s, l->id, l->logp));
        }
        json_object_set_new(token, "top_logprobs", top);
        json_array_append_new(content, token);
    }
    return json_pack("{s:o}", "content", content);
}

static json_t *logprobs_of(const struct serve *s, const struct job *j, struct part *p, size_t from)
{
    if (!j->request.logprobs)
        return json_null();
    return j->request.chat ? chat_logprobs(s, p, from) : completion_logprobs(s, j->request.echo, p, from);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static json_t *head(const struct serve *s, const struct job *j, const char *object, json_t *choices)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:o}", "id", j->id, "object", object, "created", (json_int_t)j->created,
                     "model", s->options.name, "system_fingerprint", s->fingerprint, "choices", choices);
}

void reply_count(const struct job *j, size_t *prompt, size_t *cached, size_t *answer)
{
    *prompt = *cached = *answer = 0;
    for (size_t i = 0; i < j->request.n_prompts; i++) {
        *prompt += j->request.prompts[i].n;
        *cached += j->parts[i].cached;
        *answer += j->parts[i].answer_tokens;
    }
}

/* Guesses have the names that OpenAI's predicted outputs have. */
static json_t *guesses_of(const struct job *j)
{
    size_t guessed = 0, right = 0;
    for (size_t i = 0; i < j->request.n_prompts; i++) {
        guessed += j->parts[i].guessed;
        right += j->parts[i].guessed_right;
    }
    return json_pack("{s:I, s:I}", "accepted_prediction_tokens", (json_int_t)right, "rejected_prediction_tokens",
                     (json_int_t)(guessed - right));
}

static json_t *usage_of(const struct serve *s, const struct job *j)
{
    size_t prompt, cached, answer;
    reply_count(j, &prompt, &cached, &answer);
    json_t *usage = json_pack("{s:I, s:I, s:I, s:{s:I}}", "prompt_tokens", (json_int_t)prompt, "completion_tokens",
                              (json_int_t)answer, "total_tokens", (json_int_t)(prompt + answer),
                              "prompt_tokens_details", "cached_tokens", (json_int_t)cached);
    if (s->options.speculate != SPECULATE_OFF)
        json_object_set_new(usage, "completion_tokens_details", guesses_of(j));
    return usage;
}

static json_t *whole_choice(const struct serve *s, struct job *j, size_t i)
{
    struct part *p = &j->parts[i];
    json_t *text = spell_text(buf_text(&p->text), p->text.size);
    json_t *choice = json_pack("{s:I, s:o, s:s}", "index", (json_int_t)i, "logprobs", logprobs_of(s, j, p, 0),
                               "finish_reason", p->finish);
    if (j->request.chat)
        json_object_set_new(choice, "message", json_pack("{s:s, s:o}", "role", "assistant", "content", text));
    else
        json_object_set_new(choice, "text", text);
    return choice;
}

void reply_whole(const struct serve *s, struct job *j, struct buf *out)
{
    json_t *choices = json_array();
    for (size_t i = 0; i < j->request.n_prompts; i++)
        json_array_append_new(choices, whole_choice(s, j, i));
    json_t *answer = head(s, j, j->request.chat ? "chat.completion" : "text_completion", choices);
    json_object_set_new(answer, "usage", usage_of(s, j));
    reply_json(answer, out);
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

static const char *piece_name(const struct job *j)
{
    return j->request.chat ? "chat.completion.chunk" : "text_completion";
}

/* A chat begins with a piece that names the role, and ends with one that has no text. */
static json_t *delta_of(const struct part *p, bool first, json_t *text)
{
    json_t *delta = json_object();
    if (first)
        json_object_set_new(delta, "role", json_string("assistant"));
    if (first || p->told_text < p->text.size)
        json_object_set(delta, "content", text);
    json_decref(text);
    return delta;
}

void reply_piece(const struct serve *s, struct job *j, size_t i, struct buf *out)
{
    struct part *p = &j->parts[i];
    const bool first = p->told_tokens == 0 && p->told_text == 0;
    if (p->told_text == p->text.size && p->finish == NULL)
        return;
    json_t *text = spell_text(buf_text(&p->text) + p->told_text, p->text.size - p->told_text);
    json_t *choice = json_pack("{s:I, s:o, s:s?}", "index", (json_int_t)i, "logprobs",
                               logprobs_of(s, j, p, p->told_tokens), "finish_reason", p->finish);
    if (j->request.chat)
        json_object_set_new(choice, "delta", delta_of(p, first, text));
    else
        json_object_set_new(choice, "text", text);
    p->told_text = p->text.size;
    p->told_tokens = p->tokens.n;
    append_data(head(s, j, piece_name(j), json_pack("[o]", choice)), out);
}

void reply_end(const struct serve *s, struct job *j, struct buf *out)
{
    if (j->request.usage) {
        json_t *last = head(s, j, piece_name(j), json_array());
        json_object_set_new(last, "usage", usage_of(s, j));
        append_data(last, out);
    }
    buf_puts(out, "data: [DONE]\n\n");
}
