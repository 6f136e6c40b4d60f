/* Chunk: by jansson. */
#include <config.h>

#include "remote/chunk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"

/* Log-probabilities below this are zeros: vLLM writes -9999 for them. */
#define LOGP_LEAST (-1000.0f)
/* Tokens of a chunk that are told of; one that has more has a whole answer that no context holds. */
enum { TOKENS_MOST = 65536 };

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

/* Whether text[0..6) is \uD800 to \uDFFF, half of a pair; *high: the first half. */
static bool is_half(const char *text, size_t left, bool *high)
{
    if (left < 6 || text[0] != '\\' || text[1] != 'u' || (text[2] | 32) != 'd')
        return false;
    const char c = (char)(text[3] | 32);
    *high = c == '8' || c == '9' || c == 'a' || c == 'b';
    return *high || (c >= 'c' && c <= 'f');
}

/* Bytes of an escape, or of one character or ill-formed part of one. */
static size_t step_size(const char *text, size_t left, bool *bad)
{
    bool high, low_is_high;
    size_t n;
    *bad = false;
    if (is_half(text, left, &high)) {
        const bool pair = high && is_half(text + 6, left - 6, &low_is_high) && !low_is_high;
        *bad = !pair;
        return pair ? 12 : 6;
    }
    if (text[0] == '\\')
        return left > 1 ? 2 : 1;
    *bad = utf8_decode(text, left, &n) == UTF8_INVALID;
    return n;
}

/* The size of a number that Python writes and JSON does not have; 0 when there is none. */
static size_t odd_number(const char *text, size_t left)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) <= left && memcmp(text, words[i], strlen(words[i])) == 0)
            return strlen(words[i]);
    return 0;
}

/* Puts U+FFFD in place of what is no character: servers cut characters into tokens, and some send the halves. And null in
 * place of a number that is none: that is how the logarithm of zero is written. */
static json_t *load_mended(const char *json, size_t size)
{
    struct buf mended;
    bool quoted = false;
    buf_init(&mended, 3 * size + 1);
    for (size_t at = 0; at < size;) {
        bool bad = false;
        const size_t odd = quoted ? 0 : odd_number(json + at, size - at);
        const size_t n = odd > 0 ? odd : step_size(json + at, size - at, &bad);
        quoted ^= json[at] == '"';
        if (bad || odd > 0)
            buf_puts(&mended, bad ? "\xEF\xBF\xBD" : "null");
        else
            buf_append(&mended, json + at, n);
        at += n;
    }
    json_t *root = json_loadb(buf_text(&mended), mended.size, JSON_ALLOW_NUL, NULL);
    buf_free(&mended);
    return root;
}

/* A text that is not empty, else NULL. */
static const char *text_of(const json_t *value, size_t *size)
{
    *size = json_string_length(value);
    return *size > 0 ? json_string_value(value) : NULL;
}

static const char *words_of(const json_t *object, const char *name)
{
    size_t size;
    return text_of(json_object_get(object, name), &size);
}

/* A number that is not negative; -1 for anything else. */
static int64_t count_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : -1;
}

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

static float logp_of(const json_t *value)
{
    if (!json_is_number(value))
        return -INFINITY;
    const float logp = (float)json_number_value(value);
    return logp < LOGP_LEAST || isnan(logp) ? -INFINITY : logp > 0 ? 0 : logp;
}

/* The text as bytes where they are told, so that parts of a character stay what they are. *at: where free space begins. */
static void read_text(const json_t *token, char **at, const char **text, size_t *size)
{
    const json_t *bytes = json_object_get(token, "bytes");
    const json_t *spelled = json_object_get(token, "token");
    const size_t n = json_array_size(bytes);
    *text = json_string_value(spelled) != NULL ? json_string_value(spelled) : "";
    *size = json_string_length(spelled);
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        const json_int_t byte = json_integer_value(json_array_get(bytes, i));
        if (!json_is_integer(json_array_get(bytes, i)) || byte < 0 || byte > 255)
            return;
        (*at)[i] = (char)byte;
    }
    *text = *at;
    *size = n;
    *at += n;
}

static void read_token(const json_t *value, char **at, struct endpoint_token *out)
{
    const json_t *top = json_object_get(value, "top_logprobs");
    *out = (struct endpoint_token){.logp = logp_of(json_object_get(value, "logprob"))};
    read_text(value, at, &out->text, &out->size);
    for (size_t i = 0; i < json_array_size(top) && out->n_best < ENDPOINT_BEST; i++) {
        const json_t *other = json_array_get(top, i);
        struct endpoint_candidate *c = &out->best[out->n_best++];
        c->logp = logp_of(json_object_get(other, "logprob"));
        read_text(other, at, &c->text, &c->size);
    }
}

/* Bytes that the texts of these tokens take at most where they come as numbers. */
static size_t bytes_in(const json_t *content)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(content); i++) {
        const json_t *token = json_array_get(content, i), *top = json_object_get(token, "top_logprobs");
        n += json_array_size(json_object_get(token, "bytes"));
        for (size_t k = 0; k < json_array_size(top); k++)
            n += json_array_size(json_object_get(json_array_get(top, k), "bytes"));
    }
    return n;
}

/* How many of these tokens are read. */
static size_t tokens_in(const json_t *array)
{
    const size_t n = json_array_size(array);
    return n < TOKENS_MOST ? n : TOKENS_MOST;
}

static bool room_for(struct chunk *c, size_t tokens, size_t bytes)
{
    c->tokens = calloc(tokens + 1, sizeof *c->tokens);
    c->bytes = malloc(bytes + 1);
    return c->tokens != NULL && c->bytes != NULL;
}

/* {"content": [{"token", "logprob", "bytes", "top_logprobs": [...]}, ...]} */
static bool read_chat_tokens(struct chunk *c, const json_t *content)
{
    const size_t n = tokens_in(content);
    if (!room_for(c, n, bytes_in(content)))
        return false;
    char *at = c->bytes;
    for (size_t i = 0; i < n; i++)
        read_token(json_array_get(content, i), &at, &c->tokens[c->n_tokens++]);
    return true;
}

static int by_logp(const void *a, const void *b)
{
    const float x = ((const struct endpoint_candidate *)a)->logp, y = ((const struct endpoint_candidate *)b)->logp;
    return (x < y) - (x > y);
}

/* {"text": logp, ...} in no order */
static void read_named(json_t *top, struct endpoint_token *out)
{
    const char *name;
    json_t *logp;
    json_object_foreach(top, name, logp) {
        if (out->n_best == ENDPOINT_BEST)
            break;
        out->best[out->n_best++] = (struct endpoint_candidate){name, strlen(name), logp_of(logp)};
    }
    qsort(out->best, out->n_best, sizeof *out->best, by_logp);
}

/* {"tokens": [...], "token_logprobs": [...], "top_logprobs": [{...}, ...]} */
static bool read_completion_tokens(struct chunk *c, const json_t *logprobs)
{
    const json_t *tokens = json_object_get(logprobs, "tokens");
    const json_t *logps = json_object_get(logprobs, "token_logprobs");
    const json_t *tops = json_object_get(logprobs, "top_logprobs");
    const size_t n = tokens_in(tokens);
    if (!room_for(c, n, 0))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct endpoint_token *t = &c->tokens[c->n_tokens++];
        const json_t *text = json_array_get(tokens, i);
        *t = (struct endpoint_token){.logp = logp_of(json_array_get(logps, i))};
        t->text = json_is_string(text) ? json_string_value(text) : "";
        t->size = json_string_length(text);
        read_named(json_array_get(tops, i), t);
    }
    return true;
}

static bool read_tokens(struct chunk *c, const json_t *logprobs)
{
    const json_t *content = json_object_get(logprobs, "content");
    return json_is_array(content) ? read_chat_tokens(c, content) : read_completion_tokens(c, logprobs);
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

/* A text, or a list of parts, of which the first that is text counts. */
static const char *content_of(const json_t *value, size_t *size)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = text_of(json_object_get(json_array_get(value, i), "text"), size);
        if (text != NULL)
            return text;
    }
    return text_of(value, size);
}

static void read_said(struct chunk *c, const json_t *choice)
{
    const json_t *said = json_object_get(choice, "delta");
    if (!json_is_object(said))
        said = json_object_get(choice, "message");
    c->text = content_of(json_object_get(said, "content"), &c->text_size);
    if (c->text == NULL)
        c->text = text_of(json_object_get(choice, "text"), &c->text_size);
    if (c->text == NULL) /* what a model says in place of an answer */
        c->text = text_of(json_object_get(said, "refusal"), &c->text_size);
    /* two names of one thing: some servers send both */
    c->reasoning = text_of(json_object_get(said, "reasoning_content"), &c->reasoning_size);
    if (c->reasoning == NULL)
        c->reasoning = text_of(json_object_get(said, "reasoning"), &c->reasoning_size);
}

/* llama-server's, which tells the cached part of the prompt apart. */
static struct endpoint_usage usage_of_timings(const json_t *timings)
{
    const int64_t cached = count_of(timings, "cache_n"), read = count_of(timings, "prompt_n");
    return (struct endpoint_usage){.prompt_tokens = read >= 0 && cached > 0 ? read + cached : read,
                                   .cached_tokens = cached,
                                   .answer_tokens = count_of(timings, "predicted_n")};
}

/* Servers leave out what they do not count. */
static void read_usage(struct chunk *c)
{
    const json_t *usage = json_object_get(c->root, "usage");
    c->usage = (struct endpoint_usage){.prompt_tokens = count_of(usage, "prompt_tokens"),
                                       .cached_tokens =
                                           count_of(json_object_get(usage, "prompt_tokens_details"), "cached_tokens"),
                                       .answer_tokens = count_of(usage, "completion_tokens")};
    const struct endpoint_usage timed = usage_of_timings(json_object_get(c->root, "timings"));
    usage_add(&c->usage, &timed);
}

void usage_add(struct endpoint_usage *u, const struct endpoint_usage *more)
{
    u->prompt_tokens = u->prompt_tokens >= 0 ? u->prompt_tokens : more->prompt_tokens;
    u->cached_tokens = u->cached_tokens >= 0 ? u->cached_tokens : more->cached_tokens;
    u->answer_tokens = u->answer_tokens >= 0 ? u->answer_tokens : more->answer_tokens;
}

static void read_progress(struct chunk *c)
{
    const json_t *progress = json_object_get(c->root, "prompt_progress");
    c->done = count_of(progress, "processed");
    c->total = count_of(progress, "total");
    c->has_progress = c->done >= 0 && c->total > 0;
}

/* {"error": {"message"}}, {"error": "text"}, {"object": "error", "message"}, {"detail": "text" or list}, or the inner
 * object alone. */
static void read_fault(struct chunk *c)
{
    const json_t *error = json_object_get(c->root, "error"), *detail = json_object_get(c->root, "detail");
    const char *object = words_of(c->root, "object"), *type = words_of(c->root, "type");
    const bool bare =
        json_object_get(c->root, "choices") == NULL && words_of(c->root, "message") != NULL &&
        ((object != NULL && strcmp(object, "error") == 0) || type != NULL || json_object_get(c->root, "code") != NULL);
    const json_t *inner = json_is_object(error) ? error : bare ? c->root : NULL;
    c->fault = words_of(inner, "message");
    c->fault_kind = words_of(inner, "type");
    if (words_of(inner, "code") != NULL)
        c->fault_kind = words_of(inner, "code");
    c->fault_prompt = count_of(inner, "n_prompt_tokens");
    c->fault_context = count_of(inner, "n_ctx");
    if (c->fault == NULL && json_is_string(error))
        c->fault = words_of(c->root, "error");
    if (c->fault == NULL && json_is_array(detail))
        detail = json_object_get(json_array_get(detail, 0), "msg");
    size_t size;
    if (c->fault == NULL)
        c->fault = text_of(detail, &size);
    if (c->fault == NULL && inner != NULL)
        c->fault = "an error without a message";
}

enum error_code chunk_read(const char *json, size_t size, struct chunk *out, struct error *err)
{
    json_error_t wrong;
    *out = (struct chunk){.root = json_loadb(json, size, JSON_ALLOW_NUL, &wrong)};
    if (out->root == NULL)
        out->root = load_mended(json, size);
    if (!json_is_object(out->root)) {
        json_decref(out->root);
        return error_set(err, ERR_FORMAT, "no JSON object: %.60s", wrong.text);
    }
    const json_t *choice = json_array_get(json_object_get(out->root, "choices"), 0);
    read_fault(out);
    read_said(out, choice);
    read_usage(out);
    read_progress(out);
    out->finish = words_of(choice, "finish_reason");
    out->fingerprint = words_of(out->root, "system_fingerprint");
    const json_t *logprobs = json_object_get(choice, "logprobs");
    if (!json_is_object(logprobs) || read_tokens(out, logprobs))
        return ERR_NONE;
    chunk_free(out);
    return error_memory(err);
}

void chunk_free(struct chunk *c)
{
    json_decref(c->root);
    free(c->tokens);
    free(c->bytes);
    *c = (struct chunk){0};
}
