/* Requests for answers: fields as OpenAI's API has them, with those of llama-server and vLLM that people send.
 *
 * The text of a completion is a whole prompt that some program has made, so special tokens may be written out in it; in
 * a chat they come from the template alone. */
#include <config.h>

#include "serve/request.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <jansson.h>

#include "base/error.h"
#include "engine/engine.h"
#include "serve/internal.h"

enum { DEFAULT_TOKENS = 16 }; /* of a completion that does not say */

void request_free(struct request *r)
{
    for (size_t i = 0; i < r->n_prompts; i++)
        ids_free(&r->prompts[i]);
    free(r->prompts);
    free(r->bos_added);
    *r = (struct request){0};
}

/* Out of memory, or too long: not the fault of one field. */
static bool refuse_with(struct refusal *why, const char *param, const struct error *err)
{
    if (why->error.code == ERR_NONE) {
        why->error = *err;
        snprintf(why->param, sizeof why->param, "%s", param);
    }
    return false;
}

json_t *request_parse(const char *body, size_t size, struct refusal *why)
{
    json_error_t wrong;
    json_t *value = json_loadb(body, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &wrong);
    if (json_is_object(value))
        return value;
    if (value == NULL)
        refuse(why, "", "the body is not JSON: line %d, column %d: %s", wrong.line, wrong.column, wrong.text);
    else
        refuse(why, "", "the body is not a JSON object");
    json_decref(value);
    return NULL;
}

/* ---- fields ----------------------------------------------------------------------------------------------------- */

/* A field that is there and not null; else NULL. */
static const json_t *field(const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);
    return json_is_null(value) ? NULL : value;
}

static bool read_bool(const json_t *body, const char *name, bool *out, struct refusal *why)
{
    const json_t *value = field(body, name);
    if (value == NULL)
        return true;
    *out = json_is_true(value);
    return json_is_boolean(value) || refuse(why, name, "\"%s\" is not true or false", name);
}

/* *out stays where the field is not there. */
static bool read_int(const json_t *body, const char *name, json_int_t low, json_int_t high, int32_t *out,
                     struct refusal *why)
{
    const json_t *value = field(body, name);
    if (value == NULL)
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < low || json_integer_value(value) > high)
        return refuse(why, name, "\"%s\" is not a whole number from %lld to %lld", name, (long long)low,
                      (long long)high);
    *out = (int32_t)json_integer_value(value);
    return true;
}

/* A sampling setting under the name that it has in requests. */
static bool read_setting(const json_t *body, const char *name, const char *setting, struct sampling *out,
                         struct refusal *why)
{
    const json_t *value = field(body, name);
    char text[64];
    struct error err = {0};
    if (value == NULL)
        return true;
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, sizeof text, "%.9g", json_real_value(value));
    else
        return refuse(why, name, "\"%s\" is not a number", name);
    if (sampling_set(out, setting, text, &err) == ERR_NONE)
        return true;
    return refuse(why, name, "%s", err.message);
}

/* Numbers below 0 and no number ask for a random one. */
static bool read_seed(const json_t *body, struct sampling *out, struct refusal *why)
{
    const json_t *value = field(body, "seed");
    if (value != NULL && !json_is_integer(value))
        return refuse(why, "seed", "\"seed\" is not a whole number");
    if (value != NULL && json_integer_value(value) >= 0)
        out->seed = (uint64_t)json_integer_value(value);
    else if (getrandom(&out->seed, sizeof out->seed, 0) != (ssize_t)sizeof out->seed)
        return refuse(why, "seed", "the system has no random numbers now; send a seed");
    return true;
}

static bool add_stop(const json_t *text, struct sampling *out, struct refusal *why)
{
    struct error err = {0};
    if (!json_is_string(text))
        return refuse(why, "stop", "\"stop\" is not a text or a list of texts");
    if (json_string_length(text) == 0) /* would stop at once; clients mean none */
        return true;
    if (strlen(json_string_value(text)) != json_string_length(text))
        return refuse(why, "stop", "\"stop\" holds a NUL");
    return sampling_set(out, "stop", json_string_value(text), &err) == ERR_NONE ||
           refuse(why, "stop", "%s", err.message);
}

static bool read_stops(const json_t *body, struct sampling *out, struct refusal *why)
{
    const json_t *value = field(body, "stop");
    if (value == NULL)
        return true;
    if (!json_is_array(value))
        return add_stop(value, out, why);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!add_stop(json_array_get(value, i), out, why))
            return false;
    return true;
}

/* {"ID": BIAS, ...} */
static bool read_biases(const struct serve *s, const json_t *body, struct sampling *out, struct refusal *why)
{
    json_t *map = (json_t *)(uintptr_t)field(body, "logit_bias"), *bias;
    const char *id;
    if (map == NULL)
        return true;
    if (!json_is_object(map))
        return refuse(why, "logit_bias", "\"logit_bias\" is not an object of token ids and numbers");
    json_object_foreach(map, id, bias) {
        char text[96];
        struct error err = {0};
        char *end;
        const long number = strtol(id, &end, 10);
        if (!json_is_number(bias) || *end != '\0' || end == id || number < 0 || number >= tokenizer_size(s->tokenizer))
            return refuse(why, "logit_bias", "\"logit_bias\" is not an object of token ids, 0 to %d, and numbers",
                          (int)tokenizer_size(s->tokenizer) - 1);
        snprintf(text, sizeof text, "%ld=%.9g", number, json_number_value(bias));
        if (sampling_set(out, "logit_bias", text, &err) != ERR_NONE)
            return refuse(why, "logit_bias", "%s", err.message);
    }
    return true;
}

static bool read_settings(const struct serve *s, const json_t *body, struct sampling *out, struct refusal *why)
{
    static const struct {
        const char *field, *setting;
    } names[] = {
        {"temperature", "temperature"},
        {"top_p", "top_p"},
        {"top_k", "top_k"},
        {"min_p", "min_p"},
        {"typical_p", "typical_p"},
        {"repetition_penalty", "repetition_penalty"},
        {"repeat_penalty", "repetition_penalty"},
        {"presence_penalty", "presence_penalty"},
        {"frequency_penalty", "frequency_penalty"},
    };
    *out = s->options.settings;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!read_setting(body, names[i].field, names[i].setting, out, why))
            return false;
    return read_seed(body, out, why) && read_stops(body, out, why) && read_biases(s, body, out, why);
}

/* What a server with one answer a prompt and no tools cannot do. */
static bool check_impossible(const json_t *body, struct refusal *why)
{
    static const char *const only_one[] = {"n", "best_of"};
    for (size_t i = 0; i < sizeof only_one / sizeof *only_one; i++) {
        const json_t *value = field(body, only_one[i]);
        if (value != NULL && json_integer_value(value) != 1)
            return refuse(why, only_one[i], "\"%s\" other than 1 is not possible: one answer is made of each prompt",
                          only_one[i]);
    }
    const json_t *suffix = field(body, "suffix"), *format = field(body, "response_format");
    if (suffix != NULL && json_string_length(suffix) > 0)
        return refuse(why, "suffix", "\"suffix\" is not possible: text is only continued");
    const char *type = json_string_value(json_object_get(format, "type"));
    if (format != NULL && (type == NULL || strcmp(type, "text") != 0))
        return refuse(why, "response_format", "\"response_format\" other than text is not possible");
    return true;
}

/* ---- prompts ---------------------------------------------------------------------------------------------------- */

enum error_code request_encode(const struct serve *s, const char *text, size_t size, bool bos, struct ids *out,
                               bool *added, struct error *err)
{
    const int32_t id = tokenizer_bos(s->tokenizer);
    const size_t first = out->n;
    *added = false;
    if (prompt_encode(s->tokenizer, text, size, out, err) != ERR_NONE)
        return err->code;
    if (!bos || !tokenizer_adds_bos(s->tokenizer) || id < 0 || (out->n > first && out->at[first] == id))
        return ERR_NONE;
    if (!ids_append(out, &id, 1))
        return error_memory(err);
    memmove(out->at + first + 1, out->at + first, (out->n - 1 - first) * sizeof *out->at);
    out->at[first] = id;
    *added = true;
    return ERR_NONE;
}

static bool read_ids(const struct serve *s, const json_t *array, struct ids *out, struct refusal *why)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *value = json_array_get(array, i);
        const json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
        if (number < 0 || number >= tokenizer_size(s->tokenizer))
            return refuse(why, "prompt", "\"prompt\" holds what is not the id of a token, 0 to %d",
                          (int)tokenizer_size(s->tokenizer) - 1);
        const int32_t id = (int32_t)number;
        if (!ids_append(out, &id, 1))
            return refuse_with(why, "", &(struct error){ERR_MEMORY, "out of memory"});
    }
    return true;
}

static bool read_prompt(const struct serve *s, const json_t *prompt, struct ids *out, bool *bos_added,
                        struct refusal *why)
{
    struct error err = {0};
    if (json_is_array(prompt)) {
        if (!read_ids(s, prompt, out, why))
            return false;
    } else if (!json_is_string(prompt)) {
        return refuse(why, "prompt", "\"prompt\" is not a text, a list of texts, a list of ids or a list of those");
    } else if (request_encode(s, json_string_value(prompt), json_string_length(prompt), true, out, bos_added, &err) !=
               ERR_NONE) {
        return refuse_with(why, "prompt", &err);
    }
    return out->n > 0 || refuse(why, "prompt", "\"prompt\" is empty: there is nothing to continue");
}

/* One prompt, or a list of them; a list of numbers is one. */
static bool read_prompts(const struct serve *s, const json_t *body, struct request *out, struct refusal *why)
{
    const json_t *prompt = field(body, "prompt");
    const bool many = json_is_array(prompt) && !json_is_integer(json_array_get(prompt, 0));
    const size_t n = many ? json_array_size(prompt) : 1;
    if (prompt == NULL)
        return refuse(why, "prompt", "\"prompt\" is missing");
    if (n == 0 || n > REQUEST_PROMPTS)
        return refuse(why, "prompt", "\"prompt\" has %zu texts; 1 to %d are possible", n, REQUEST_PROMPTS);
    out->prompts = calloc(n, sizeof *out->prompts);
    out->bos_added = calloc(n, sizeof *out->bos_added);
    if (out->prompts == NULL || out->bos_added == NULL)
        return refuse_with(why, "", &(struct error){ERR_MEMORY, "out of memory"});
    for (out->n_prompts = 0; out->n_prompts < n; out->n_prompts++)
        if (!read_prompt(s, many ? json_array_get(prompt, out->n_prompts) : prompt, &out->prompts[out->n_prompts],
                         &out->bos_added[out->n_prompts], why)) {
            out->n_prompts++;
            return false;
        }
    return true;
}

static bool read_chat(const struct serve *s, const json_t *body, struct request *out, struct refusal *why)
{
    out->prompts = calloc(1, sizeof *out->prompts);
    out->bos_added = calloc(1, sizeof *out->bos_added);
    if (out->prompts == NULL || out->bos_added == NULL)
        return refuse_with(why, "", &(struct error){ERR_MEMORY, "out of memory"});
    out->n_prompts = 1;
    return request_read_messages(s, body, &out->prompts[0], why);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static bool read_lengths(const json_t *body, struct request *out, struct refusal *why)
{
    int32_t most = out->chat ? -1 : DEFAULT_TOKENS;
    if (!read_int(body, "max_tokens", 0, INT32_MAX, &most, why))
        return false;
    if (out->chat && !read_int(body, "max_completion_tokens", 0, INT32_MAX, &most, why))
        return false;
    out->settings.max_new_tokens = most;
    return true;
}

/* Completions say how many likely tokens they want; chats say whether, and then how many. */
static bool read_logprobs(const json_t *body, struct request *out, struct refusal *why)
{
    if (!out->chat) {
        out->top = -1;
        if (!read_int(body, "logprobs", 0, SCORE_TOP, &out->top, why))
            return false;
        out->logprobs = out->top >= 0;
        out->top = out->top < 0 ? 0 : out->top;
        return true;
    }
    if (!read_bool(body, "logprobs", &out->logprobs, why) ||
        !read_int(body, "top_logprobs", 0, SCORE_TOP, &out->top, why))
        return false;
    return out->logprobs || out->top == 0 || refuse(why, "top_logprobs", "\"top_logprobs\" needs \"logprobs\": true");
}

/* Where nothing follows, the last token is only predicted, and has no place in the context. */
static bool check_lengths(const struct serve *s, const struct request *r, struct refusal *why)
{
    const bool only_scored = r->echo && r->logprobs && r->settings.max_new_tokens == 0;
    for (size_t i = 0; i < r->n_prompts; i++) {
        if (r->prompts[i].n <= (size_t)s->context + only_scored)
            continue;
        why->code = "context_length_exceeded";
        return refuse(why, r->chat ? "messages" : "prompt",
                      "the prompt has %zu tokens, and the context holds %d; shorten it, or serve with a larger --ctx",
                      r->prompts[i].n, (int)s->context);
    }
    return true;
}

static bool read_body(const struct serve *s, const json_t *body, struct request *out, struct refusal *why)
{
    const json_t *options = field(body, "stream_options");
    return check_impossible(body, why) && read_settings(s, body, &out->settings, why) && read_lengths(body, out, why) &&
           read_logprobs(body, out, why) && read_bool(body, "stream", &out->stream, why) &&
           read_bool(body, "echo", &out->echo, why) &&
           (options == NULL || read_bool(options, "include_usage", &out->usage, why)) &&
           (out->chat ? read_chat(s, body, out, why) : read_prompts(s, body, out, why)) && check_lengths(s, out, why);
}

bool request_read(const struct serve *s, const char *body, size_t size, bool chat, struct request *out,
                  struct refusal *why)
{
    json_t *object = request_parse(body, size, why);
    *out = (struct request){.chat = chat};
    const bool ok = object != NULL && read_body(s, object, out, why);
    json_decref(object);
    if (!ok)
        request_free(out);
    if (ok && chat)
        out->echo = false;
    return ok;
}
