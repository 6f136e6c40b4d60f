/* Body: POST /v1/chat/completions. */
#include <config.h>

#include "remote/body.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "remote/kinds.h"

/* A message's text is whatever was typed or imported. */
json_t *body_text(const char *text, size_t size)
{
    struct buf whole;
    json_t *value = json_stringn(text, size);
    if (value != NULL)
        return value;
    buf_init(&whole, 3 * size + 1);
    for (size_t at = 0; at < size;) {
        size_t n;
        if (utf8_decode(text + at, size - at, &n) != UTF8_INVALID)
            buf_append(&whole, text + at, n);
        else
            buf_puts(&whole, "\xEF\xBF\xBD");
        at += n;
    }
    value = json_stringn(buf_text(&whole), whole.size);
    buf_free(&whole);
    return value;
}

json_t *body_messages(const struct endpoint_question *q)
{
    json_t *messages = json_array();
    for (size_t i = 0; i < q->n; i++) {
        const struct endpoint_message *m = &q->messages[i];
        json_array_append_new(messages,
                              json_pack("{s:s, s:o}", "role", m->role, "content", body_text(m->text, m->size)));
    }
    return messages;
}

static json_t *setting_value(enum endpoint_kind kind, const struct endpoint_setting *s)
{
    if (strcmp(s->name, "seed") == 0)
        return json_integer((json_int_t)(s->seed & INT64_MAX));
    if (strcmp(s->name, "top_k") == 0 && kind == ENDPOINT_VLLM && s->value == 0)
        return json_integer(-1);
    if (s->value == floor(s->value))
        return json_integer((json_int_t)s->value);
    return json_real(round(s->value * 1e6) / 1e6); /* 0.8, not what a float makes of it */
}

/* OpenAI's own service, or one whose user says that it is like it. */
static bool is_openai(const struct endpoint_place *place)
{
    static const char *const domains[] = {"openai.com", "openai.azure.com"};
    const char *host = strstr(place->url, "://");
    host = host != NULL ? host + 3 : place->url;
    const size_t n = strcspn(host, ":/?");
    bool found = place->kind == ENDPOINT_OPENAI;
    for (size_t i = 0; !found && i < sizeof domains / sizeof *domains; i++)
        found = n >= strlen(domains[i]) && memcmp(host + n - strlen(domains[i]), domains[i], strlen(domains[i])) == 0;
    return found;
}

/* Of an unknown server it is not known whether it has the newer name of the length: all have the older one but OpenAI's
 * models that think, and one that does not know a name passes over it, so that an answer would have no end. */
static const char *setting_name(const struct endpoint_place *place, enum endpoint_kind kind, const char *setting)
{
    const bool is_length = strcmp(setting, "max_new_tokens") == 0;
    return is_length && !is_openai(place) ? "max_tokens" : kind_setting(kind, setting);
}

static void add_settings(const struct endpoint_place *place, enum endpoint_kind kind, const struct endpoint_question *q,
                         json_t *body)
{
    for (size_t i = 0; i < q->n_settings; i++) {
        const struct endpoint_setting *s = &q->settings[i];
        const char *name = setting_name(place, kind, s->name);
        const bool is_length = strcmp(s->name, "max_new_tokens") == 0;
        if (name != NULL && (!s->neutral || (kind_has_defaults(kind) && !is_length)))
            json_object_set_new(body, name, setting_value(kind, s));
    }
    if (q->n_stops == 0)
        return;
    json_t *stops = json_array();
    for (size_t i = 0; i < q->n_stops; i++)
        json_array_append_new(stops, body_text(q->stops[i], strlen(q->stops[i])));
    json_object_set_new(body, "stop", stops);
}

char *body_write(const struct endpoint_place *place, enum endpoint_kind kind, const struct endpoint_question *q,
                 size_t *size, struct error *err)
{
    const int32_t logprobs = place->logprobs >= 0 ? place->logprobs : kind_logprobs(kind);
    json_t *body = json_pack("{s:s, s:o, s:b, s:{s:b}}", "model", q->model, "messages", body_messages(q), "stream", 1,
                             "stream_options", "include_usage", 1);
    if (body != NULL) {
        add_settings(place, kind, q, body);
        kind_add_extras(kind, q, body);
    }
    if (body != NULL && logprobs > 0) {
        json_object_set_new(body, "logprobs", json_true());
        json_object_set_new(body, "top_logprobs", json_integer(logprobs));
    }
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (text == NULL)
        error_memory(err);
    else
        *size = strlen(text);
    return text;
}
