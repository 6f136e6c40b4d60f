/* Embeddings: an encoder has no state from one text to the next, so the thread of a connection uses it by turns. Texts of
 * one request are computed together; each vector is the same whatever is beside it, and has length 1, as those of
 * OpenAI's models have. */
#include <config.h>

#include "serve/embed.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "serve/internal.h"
#include "serve/refusal.h"
#include "serve/reply.h"

enum { TEXTS_MOST = 2048 }; /* of one request */

struct embedder {
    struct encoder *encoder;
    pthread_mutex_t turn; /* held by who uses it */
};

struct embedder *embedder_open(struct serve *s, struct error *err)
{
    const struct encoder_options options = {.threads = s->options.session.threads, .exact = s->options.session.exact};
    struct embedder *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_memory(err);
        return NULL;
    }
    e->encoder = encoder_open(s->model, &options, err);
    if (e->encoder == NULL) {
        free(e);
        return NULL;
    }
    pthread_mutex_init(&e->turn, NULL);
    s->context = encoder_context(e->encoder);
    return e;
}

void embedder_free(struct embedder *e)
{
    if (e == NULL)
        return;
    pthread_mutex_destroy(&e->turn);
    encoder_free(e->encoder);
    free(e);
}

/* ---- the request ------------------------------------------------------------------------------------------------ */

/* What is to be encoded. */
struct texts {
    struct ids *at; /* (n) */
    size_t n;
    bool base64;
};

static void texts_free(struct texts *t)
{
    for (size_t i = 0; i < t->n; i++)
        ids_free(&t->at[i]);
    free(t->at);
}

static bool read_text(const struct embedder *e, const json_t *text, struct ids *out, struct refusal *why)
{
    bool cut = false;
    if (!json_is_string(text))
        return refuse(why, "input", "\"input\" is not a text or a list of texts");
    if (encoder_tokens(e->encoder, json_string_value(text), json_string_length(text), 0, out, &cut, &why->error) !=
        ERR_NONE)
        return false;
    if (!cut)
        return true;
    why->code = "context_length_exceeded";
    return refuse(why, "input", "\"input\" has a text of more than the %d tokens that this encoder reads",
                  (int)encoder_context(e->encoder));
}

static bool read_texts(const struct embedder *e, const json_t *body, struct texts *out, struct refusal *why)
{
    const json_t *input = json_object_get(body, "input");
    const bool many = json_is_array(input);
    const size_t n = many ? json_array_size(input) : 1;
    if (n == 0 || n > TEXTS_MOST)
        return refuse(why, "input", "\"input\" has %zu texts; 1 to %d are possible", n, TEXTS_MOST);
    out->at = calloc(n, sizeof *out->at);
    if (out->at == NULL) {
        error_memory(&why->error);
        return false;
    }
    for (bool ok = true; ok && out->n < n;) {
        out->n++; /* what a text has got is freed even if it is refused */
        ok = read_text(e, many ? json_array_get(input, out->n - 1) : input, &out->at[out->n - 1], why);
        if (!ok)
            return false;
    }
    return true;
}

static bool read_form(const struct embedder *e, const json_t *body, struct texts *out, struct refusal *why)
{
    const json_t *form = json_object_get(body, "encoding_format"), *width = json_object_get(body, "dimensions");
    const char *name = json_string_value(form);
    out->base64 = name != NULL && strcmp(name, "base64") == 0;
    if (form != NULL && !json_is_null(form) && !out->base64 && (name == NULL || strcmp(name, "float") != 0))
        return refuse(why, "encoding_format", "\"encoding_format\" is neither float nor base64");
    if (width != NULL && !json_is_null(width) && json_integer_value(width) != encoder_width(e->encoder))
        return refuse(why, "dimensions", "\"dimensions\" other than the encoder's %d are not possible",
                      (int)encoder_width(e->encoder));
    return true;
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

/* RFC 4648, of the numbers as little-endian float32. */
static json_t *base64_of(const float *x, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = (const unsigned char *)x;
    const size_t size = n * sizeof *x;
    struct buf out;
    buf_init(&out, ANSWER_MOST);
    for (size_t at = 0; at < size; at += 3) {
        const size_t left = size - at;
        const uint32_t three = (uint32_t)bytes[at] << 16 | (left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0) |
                               (left > 2 ? bytes[at + 2] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_putc(&out, k <= left ? digits[three >> (18 - 6 * k) & 63] : '=');
    }
    json_t *text = json_string(buf_text(&out));
    buf_free(&out);
    return text;
}

static json_t *numbers_of(const float *x, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_real((double)x[i]));
    return array;
}

static void write_answer(const struct serve *s, const struct texts *t, float *vectors, size_t width, struct buf *out)
{
    json_t *data = json_array();
    size_t tokens = 0;
    for (size_t i = 0; i < t->n; i++) {
        float *x = vectors + i * width;
        vector_normalize(x, width);
        tokens += t->at[i].n;
        json_array_append_new(data, json_pack("{s:s, s:I, s:o}", "object", "embedding", "index", (json_int_t)i,
                                              "embedding", t->base64 ? base64_of(x, width) : numbers_of(x, width)));
    }
    reply_json(json_pack("{s:s, s:o, s:s, s:{s:I, s:I}}", "object", "list", "data", data, "model", s->options.name,
                         "usage", "prompt_tokens", (json_int_t)tokens, "total_tokens", (json_int_t)tokens),
               out);
}

static void encode(const struct serve *s, const struct texts *t, struct buf *out, struct refusal *why)
{
    struct embedder *e = s->embedder;
    const size_t width = (size_t)encoder_width(e->encoder);
    float *vectors = malloc(t->n * width * sizeof *vectors);
    if (vectors == NULL) {
        error_memory(&why->error);
        return;
    }
    pthread_mutex_lock(&e->turn);
    encoder_encode(e->encoder, t->at, t->n, encoder_pooling(e->encoder), vectors, NULL, NULL, &why->error);
    pthread_mutex_unlock(&e->turn);
    if (why->error.code == ERR_NONE)
        write_answer(s, t, vectors, width, out);
    free(vectors);
}

void embed_answer(const struct serve *s, const json_t *body, struct buf *out, struct refusal *why)
{
    struct texts t = {0};
    if (s->embedder == NULL)
        refuse(why, "model", "this model is not an encoder: it makes text, not embeddings");
    else if (read_form(s->embedder, body, &t, why) && read_texts(s->embedder, body, &t, why))
        encode(s, &t, out, why);
    texts_free(&t);
}
