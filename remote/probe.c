/* Probe: from the documentation of vLLM's tokenizer API, of llama.cpp's tools/server/README.md, of Ollama's docs/api.md. */
#include <config.h>

#include "remote/probe.h"

#include <jansson.h>

#include "remote/body.h"
#include "remote/kinds.h"

/* The text of an object, whose reference it takes. */
static char *text_of(json_t *body)
{
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    return text;
}

char *probe_show(const char *model)
{
    return text_of(json_pack("{s:s}", "model", model));
}

char *probe_messages(enum endpoint_kind kind, const struct endpoint_question *q)
{
    json_t *body = json_pack("{s:s, s:o}", "model", q->model, "messages", body_messages(q));
    if (body != NULL)
        kind_add_continuing(kind, q, body);
    return text_of(body);
}

/* Special tokens of the template count as the one token that each is. */
char *probe_rendered(const struct buf *answer)
{
    json_t *root = json_loadb(buf_text(answer), answer->size, JSON_ALLOW_NUL, NULL);
    json_t *prompt = json_object_get(root, "prompt");
    json_t *body = json_is_string(prompt)
                       ? json_pack("{s:O, s:b, s:b}", "content", prompt, "add_special", 1, "parse_special", 1)
                       : NULL;
    json_decref(root);
    return text_of(body);
}

int64_t probe_count(const struct buf *answer)
{
    json_t *root = json_loadb(buf_text(answer), answer->size, 0, NULL);
    const json_t *tokens = json_object_get(root, "tokens"), *count = json_object_get(root, "count");
    int64_t n = json_is_array(tokens) ? (int64_t)json_array_size(tokens) : -1;
    if (json_is_integer(count) && json_integer_value(count) >= 0)
        n = json_integer_value(count);
    json_decref(root);
    return n;
}
