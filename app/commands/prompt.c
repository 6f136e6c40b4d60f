/* palaver prompt: messages as a template renders them, text and ids. Needs only the vocabulary. */
#include <config.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/text/jsonl.h"
#include "app/text/safe.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

struct renderer {
    const struct chat_template *template;
    const struct tokenizer *tokenizer;
    bool quiet; /* nothing is told on standard error; or it was told already */
};

/* Once. */
static void tell_unseen_system(struct renderer *r, const struct message *messages, size_t n)
{
    if (r->quiet || n == 0 || messages[0].role != ROLE_SYSTEM || !template_drops_system(r->template))
        return;
    fputs("palaver: the chat template leaves system messages out\n", stderr);
    r->quiet = true;
}

/* Reads {"role", "content"} as a message whose text stays owned by the object. */
static enum error_code read_message(const json_t *in, size_t index, struct message *out, struct error *err)
{
    const json_t *role = json_object_get(in, "role"), *content = json_object_get(in, "content");
    if (!json_is_string(role) || !json_is_string(content))
        return error_set(err, ERR_FORMAT, "messages[%zu] needs \"role\" and \"content\", both strings", index);
    if (!role_parse(json_string_value(role), &out->role))
        return error_set(err, ERR_FORMAT, "messages[%zu] has the role '%s'; known are system, user and assistant",
                         index, json_string_value(role));
    out->text = json_string_value(content);
    if (strlen(out->text) != json_string_length(content))
        return error_set(err, ERR_FORMAT, "messages[%zu] holds a NUL character", index);
    return ERR_NONE;
}

static json_t *render_line(void *context, const json_t *in, struct error *err)
{
    struct renderer *r = context;
    const json_t *list = json_object_get(in, "messages");
    size_t n = json_array_size(list);
    if (n == 0) {
        error_set(err, ERR_FORMAT, "a line needs \"messages\": an array that is not empty");
        return NULL;
    }
    struct prompt prompt = {0};
    json_t *result = NULL;
    struct message *messages = calloc(n, sizeof *messages);
    enum error_code code = messages != NULL ? ERR_NONE : error_memory(err);
    for (size_t i = 0; code == ERR_NONE && i < n; i++)
        code = read_message(json_array_get(list, i), i, &messages[i], err);
    if (code == ERR_NONE)
        tell_unseen_system(r, messages, n);
    if (code == ERR_NONE)
        code = prompt_render(r->template, r->tokenizer, messages, n, 0, &prompt, err);
    if (code == ERR_NONE)
        result = json_pack("{s:o, s:o}", "text", json_text(buf_text(&prompt.text), prompt.text.size), "ids",
                           json_ids(prompt.ids.at, prompt.ids.n));
    if (code == ERR_NONE)
        prompt_free(&prompt);
    free(messages);
    return result;
}

int prompt_run(const struct options *o)
{
    struct error err = {0};
    int status = EXIT_USAGE;
    struct chat_template *template = NULL;
    struct model *model = o->jsonl ? models_open(o, true, &err) : NULL;
    if (!o->jsonl)
        error_set(&err, ERR_ARGUMENT, "palaver prompt reads JSON lines and needs --jsonl; see palaver prompt --help");
    if (model != NULL)
        template = models_template(o, model, &err);
    if (template == NULL) {
        status = report(&err);
    } else {
        if (template_trouble(template) != NULL && !o->quiet)
            safe_printf(stderr, "palaver: %s\n", template_trouble(template));
        struct renderer renderer = {template, model_tokenizer(model), o->quiet};
        if (jsonl_run(stdin, stdout, render_line, &renderer, &err))
            status = EXIT_ANSWER;
        else
            status = err.code != ERR_NONE ? report(&err) : EXIT_ERROR;
    }
    template_free(template);
    model_free(model);
    return status;
}
