/* Health, models, tokens: what a tokenizer and a model's metadata know. */
#include <config.h>

#include "serve/routes.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>
#include <microhttpd.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "serve/embed.h"
#include "serve/internal.h"
#include "serve/reply.h"
#include "serve/request.h"
#include "serve/spell.h"

static const struct {
    const char *method, *path;
    enum route route;
} table[] = {
    {"GET", "/health", ROUTE_HEALTH},
    {"GET", "/v1/models", ROUTE_MODELS},
    {"POST", "/v1/completions", ROUTE_COMPLETIONS},
    {"POST", "/v1/chat/completions", ROUTE_CHAT},
    {"POST", "/v1/embeddings", ROUTE_EMBEDDINGS},
    {"POST", "/tokenize", ROUTE_TOKENIZE},
    {"POST", "/detokenize", ROUTE_DETOKENIZE},
    {"GET", "/tokenizer_info", ROUTE_TOKENIZER_INFO},
};

enum route route_find(const char *method, const char *path)
{
    enum route found = ROUTE_NONE;
    if (strncmp(path, "/v1/models/", 11) == 0)
        return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ? ROUTE_MODEL : ROUTE_WRONG_METHOD;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(path, table[i].path) != 0)
            continue;
        if (strcmp(method, table[i].method) == 0 ||
            (strcmp(method, "HEAD") == 0 && strcmp(table[i].method, "GET") == 0))
            return table[i].route;
        found = ROUTE_WRONG_METHOD;
    }
    return found;
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

static json_t *model_object(const struct serve *s)
{
    const struct model_info *info = model_info(s->model);
    return json_pack("{s:s, s:s, s:I, s:s, s:{s:i, s:i, s:i, s:I, s:I}}", "id", s->options.name, "object", "model",
                     "created", (json_int_t)s->started, "owned_by", "palaver", "meta", "n_ctx", (int)s->context,
                     "n_ctx_train", (int)info->context, "n_vocab", (int)info->vocab, "n_params",
                     (json_int_t)info->parameters, "size", (json_int_t)info->file_bytes);
}

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

/* What vLLM calls "prompt", llama-server "content"; or messages, as the template renders them. */
static bool encode_body(const struct serve *s, const json_t *body, struct ids *ids, struct refusal *why)
{
    const json_t *text = json_object_get(body, "prompt"), *add = json_object_get(body, "add_special_tokens");
    text = text != NULL ? text : json_object_get(body, "content");
    if (text == NULL && json_object_get(body, "messages") != NULL)
        return request_read_messages(s, body, ids, why);
    if (!json_is_string(text))
        return refuse(why, "prompt", "\"prompt\" is not a text");
    bool added;
    return request_encode(s, json_string_value(text), json_string_length(text), !json_is_false(add), ids, &added,
                          &why->error) == ERR_NONE;
}

static void tokenize(const struct serve *s, const json_t *body, struct buf *out, struct refusal *why)
{
    struct ids ids = {0};
    if (encode_body(s, body, &ids, why)) {
        json_t *tokens = json_array();
        for (size_t i = 0; i < ids.n; i++)
            json_array_append_new(tokens, json_integer(ids.at[i]));
        reply_json(json_pack("{s:I, s:i, s:o}", "count", (json_int_t)ids.n, "max_model_len", (int)s->context, "tokens",
                             tokens),
                   out);
    }
    ids_free(&ids);
}

static bool read_tokens(const struct serve *s, const json_t *tokens, struct ids *ids, struct refusal *why)
{
    for (size_t i = 0; i < json_array_size(tokens); i++) {
        const json_t *value = json_array_get(tokens, i);
        const json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
        const int32_t id = (int32_t)number;
        if (number < 0 || number >= tokenizer_size(s->tokenizer))
            return refuse(why, "tokens", "\"tokens\" is not a list of ids, 0 to %d",
                          (int)tokenizer_size(s->tokenizer) - 1);
        if (!ids_append(ids, &id, 1)) {
            error_memory(&why->error);
            return false;
        }
    }
    return json_is_array(tokens) || refuse(why, "tokens", "\"tokens\" is not a list of ids");
}

static void detokenize(const struct serve *s, const json_t *body, struct buf *out, struct refusal *why)
{
    struct ids ids = {0};
    if (read_tokens(s, json_object_get(body, "tokens"), &ids, why)) {
        struct buf text;
        buf_init(&text, ANSWER_MOST);
        for (size_t i = 0; i < ids.n; i++)
            spell_token(s->tokenizer, ids.at, i, &text);
        reply_json(json_pack("{s:o}", "prompt", spell_text(buf_text(&text), text.size)), out);
        buf_free(&text);
    }
    ids_free(&ids);
}

/* The token's spelling, or null. */
static json_t *spelling(const struct serve *s, int32_t id)
{
    const char *text = id >= 0 ? tokenizer_spelling(s->tokenizer, id) : NULL;
    return text != NULL ? json_string(text) : json_null();
}

static void tokenizer_about(const struct serve *s, struct buf *out)
{
    const struct model_info *info = model_info(s->model);
    const int32_t eos = tokenizer_eos(s->tokenizer);
    reply_json(json_pack("{s:s, s:o, s:o, s:o, s:b, s:i, s:s?}", "tokenizer_class", info->tokenizer, "bos_token",
                         spelling(s, tokenizer_bos(s->tokenizer)), "eos_token", spelling(s, eos), "pad_token",
                         spelling(s, eos), "add_bos_token", tokenizer_adds_bos(s->tokenizer), "vocab_size",
                         (int)tokenizer_size(s->tokenizer), "chat_template",
                         *info->chat_template != '\0' ? info->chat_template : NULL),
               out);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

typedef void answer_body(const struct serve *s, const json_t *body, struct buf *out, struct refusal *why);

static unsigned answer_with(answer_body *answer, const struct serve *s, const struct buf *body, struct buf *out,
                            struct refusal *why)
{
    json_t *object = request_parse(buf_text(body), body->size, why);
    if (object != NULL)
        answer(s, object, out, why);
    json_decref(object);
    return why->error.code == ERR_NONE ? MHD_HTTP_OK : 0;
}

unsigned route_answer(const struct serve *s, enum route route, const struct buf *body, struct buf *out,
                      struct refusal *why)
{
    switch (route) {
    case ROUTE_HEALTH: buf_puts(out, "{\"status\":\"ok\"}"); return MHD_HTTP_OK;
    case ROUTE_MODELS:
        reply_json(json_pack("{s:s, s:[o]}", "object", "list", "data", model_object(s)), out);
        return MHD_HTTP_OK;
    case ROUTE_MODEL: reply_json(model_object(s), out); return MHD_HTTP_OK;
    case ROUTE_TOKENIZE: return answer_with(tokenize, s, body, out, why);
    case ROUTE_DETOKENIZE: return answer_with(detokenize, s, body, out, why);
    case ROUTE_TOKENIZER_INFO: tokenizer_about(s, out); return MHD_HTTP_OK;
    case ROUTE_EMBEDDINGS: return answer_with(embed_answer, s, body, out, why);
    case ROUTE_WRONG_METHOD: refuse(why, "", "not by this method"); return MHD_HTTP_METHOD_NOT_ALLOWED;
    default: refuse(why, "", "there is nothing at this path"); return MHD_HTTP_NOT_FOUND;
    }
}
