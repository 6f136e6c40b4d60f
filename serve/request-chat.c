/* The messages of a chat: OpenAI's roles and contents to the template's. */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "serve/internal.h"
#include "serve/request.h"

enum { MESSAGES_MOST = 100000 };

/* Messages in the making: neighbours of one role are one. */
struct talk {
    enum role *roles;  /* (n) */
    struct buf *texts; /* (n) */
    size_t n;
};

static void talk_free(struct talk *t)
{
    for (size_t i = 0; i < t->n; i++)
        buf_free(&t->texts[i]);
    free(t->texts);
    free(t->roles);
}

/* "developer" is what newer clients call the system. */
static bool read_role(const json_t *message, size_t i, enum role *out, struct refusal *why)
{
    const char *name = json_string_value(json_object_get(message, "role"));
    char param[64];
    snprintf(param, sizeof param, "messages[%zu].role", i);
    if (name != NULL && strcmp(name, "developer") == 0)
        name = "system";
    if (name != NULL && role_parse(name, out))
        return true;
    return refuse(why, param, "\"%s\" is not system, developer, user or assistant", param);
}

static bool add_text(const json_t *text, const char *param, struct buf *out, struct refusal *why)
{
    if (!json_is_string(text))
        return refuse(why, param, "\"%s\" is not a text or a list of parts of type text", param);
    if (strlen(json_string_value(text)) != json_string_length(text))
        return refuse(why, param, "\"%s\" holds a NUL", param);
    return buf_puts(out, json_string_value(text)) || refuse(why, param, "\"%s\" is too long", param);
}

/* A text, or a list of parts. null is empty: an assistant's message that only called tools. */
static bool read_content(const json_t *message, size_t i, struct buf *out, struct refusal *why)
{
    const json_t *content = json_object_get(message, "content");
    char param[64];
    snprintf(param, sizeof param, "messages[%zu].content", i);
    if (json_is_null(content))
        return true;
    if (!json_is_array(content))
        return add_text(content, param, out, why);
    for (size_t p = 0; p < json_array_size(content); p++) {
        const json_t *part = json_array_get(content, p);
        const char *type = json_string_value(json_object_get(part, "type"));
        if (type == NULL || strcmp(type, "text") != 0)
            return refuse(why, param, "\"%s\" has a part that is not of type text; this model reads text alone", param);
        if (!add_text(json_object_get(part, "text"), param, out, why))
            return false;
    }
    return true;
}

static bool add_message(struct talk *t, const json_t *message, size_t i, struct refusal *why)
{
    enum role role;
    if (!read_role(message, i, &role, why))
        return false;
    if (t->n == 0 || t->roles[t->n - 1] != role) {
        buf_init(&t->texts[t->n], BODY_MOST);
        t->roles[t->n++] = role;
    } else {
        buf_puts(&t->texts[t->n - 1], "\n\n");
    }
    return read_content(message, i, &t->texts[t->n - 1], why);
}

static bool render(const struct serve *s, const struct talk *t, struct ids *out, struct refusal *why)
{
    struct message *messages = calloc(t->n, sizeof *messages);
    struct prompt prompt = {0};
    for (size_t i = 0; messages != NULL && i < t->n; i++)
        messages[i] = (struct message){t->roles[i], buf_text(&t->texts[i])};
    if (messages == NULL)
        error_memory(&why->error);
    else if (prompt_render(s->template, s->tokenizer, messages, t->n, 0, &prompt, &why->error) == ERR_NONE &&
             !ids_append(out, prompt.ids.at, prompt.ids.n))
        error_memory(&why->error);
    prompt_free(&prompt);
    free(messages);
    if (why->error.code == ERR_NONE)
        return true;
    strcpy(why->param, "messages");
    return false;
}

bool request_read_messages(const struct serve *s, const json_t *body, struct ids *out, struct refusal *why)
{
    const json_t *messages = json_object_get(body, "messages");
    const size_t n = json_array_size(messages);
    struct talk t = {0};
    if (!json_is_array(messages) || n == 0 || n > MESSAGES_MOST)
        return refuse(why, "messages", "\"messages\" is not a list of 1 to %d messages", MESSAGES_MOST);
    t.roles = calloc(n, sizeof *t.roles);
    t.texts = calloc(n, sizeof *t.texts);
    bool ok = t.roles != NULL && t.texts != NULL;
    if (!ok)
        error_memory(&why->error);
    for (size_t i = 0; ok && i < n; i++)
        ok = add_message(&t, json_array_get(messages, i), i, why);
    ok = ok && render(s, &t, out, why);
    talk_free(&t);
    return ok;
}
