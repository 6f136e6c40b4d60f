/* Chat: prompts.
 *
 * When the messages outgrow the context the oldest exchanges fall out, and where it costs little a quarter more than
 * must: so the prompt's beginning stays the same for several turns and its key/value cache is kept. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/internal.h"

/* The first message that may be left out: one for the system at the beginning of an imported conversation stays. */
static size_t first_message(const struct chat *c, size_t from)
{
    return from == 0 && c->list.n > 0 && c->list.at[0].role == ROLE_SYSTEM ? 1 : from;
}

/* The conversation's system message, else that of an imported one; NULL for none. */
static const char *system_text(const struct chat *c)
{
    if (c->system.size > 0)
        return buf_text(&c->system);
    return c->list.n > 0 && c->list.at[0].role == ROLE_SYSTEM ? buf_text(&c->list.at[0].text) : NULL;
}

/* Renders the system message and the messages from one on; limit as in prompt_render. */
enum error_code chat_render_from(const struct chat *c, size_t from, size_t limit, struct prompt *out, struct error *err)
{
    size_t n = 0;
    const char *system = system_text(c);
    struct message *messages = calloc(c->list.n - from + 1, sizeof *messages);
    if (messages == NULL)
        return error_set(err, ERR_MEMORY, "no memory for the messages");
    if (system != NULL)
        messages[n++] = (struct message){ROLE_SYSTEM, system};
    for (size_t i = first_message(c, from); i < c->list.n; i++)
        messages[n++] = (struct message){c->list.at[i].role, buf_text(&c->list.at[i].text)};
    *out = (struct prompt){0};
    enum error_code code = prompt_render(c->template, model_tokenizer(chat_model(c)), messages, n, limit, out, err);
    free(messages);
    return code;
}

enum error_code chat_render(struct chat *c, struct prompt *out, struct error *err)
{
    if (chat_model(c) == NULL)
        return error_set(err, ERR_NOT_FOUND, "the model is not loaded");
    return chat_render_from(c, c->window, 0, out, err);
}

/* Tokens that are left for an answer at the least, and those that older messages make room for. */
enum { LEAST_ROOM = 64 };

static size_t without_room(size_t capacity, size_t room)
{
    return capacity - (room < capacity / 2 ? room : capacity / 2);
}

/* Tokens that the prompt may have while messages can be left out of it. */
static size_t prompt_limit(const struct chat *c)
{
    size_t capacity = chat_capacity(c), room = capacity / 4;
    if (c->sampling.max_new_tokens >= 0 && (size_t)c->sampling.max_new_tokens < room)
        room = (size_t)c->sampling.max_new_tokens;
    return without_room(capacity, room > LEAST_ROOM ? room : LEAST_ROOM);
}

/* Tokens that it may have at all. */
static size_t prompt_most(const struct chat *c)
{
    return without_room(chat_capacity(c), LEAST_ROOM);
}

/* The message that tells both numbers: what the least prompt needs, and what there is. */
static enum error_code too_long(const struct chat *c, struct error *err)
{
    struct prompt least;
    struct error other = {0};
    if (chat_render_from(c, chat_list_last_user(&c->list), 0, &least, &other) != ERR_NONE)
        return error_set(err, other.code, "%s", other.message);
    size_t n = least.ids.n;
    prompt_free(&least);
    return error_set(err, ERR_CONTEXT,
                     "the message makes a prompt of %zu tokens; the context of %zu has room for %zu and an answer: "
                     "shorten it, or choose a larger context with -c",
                     n, chat_capacity(c), prompt_most(c));
}

/* Replaces a prompt by one that leaves a quarter more out, unless that costs half of it: a prompt whose beginning stays
 * the same for several turns is worth that, but not the file that was just read. */
static void leave_more_out(const struct chat *c, size_t limit, struct prompt *prompt)
{
    struct prompt shorter;
    struct error ignored = {0};
    if (chat_render_from(c, c->window, limit - limit / 4, &shorter, &ignored) != ERR_NONE)
        return;
    if (2 * shorter.ids.n < prompt->ids.n) {
        prompt_free(&shorter);
        return;
    }
    prompt_free(prompt);
    *prompt = shorter;
}

/* Renders what fits, leaving the oldest exchanges out where it must. *window is the first message kept. */
enum error_code chat_render_fitting(const struct chat *c, struct prompt *out, size_t *window, struct error *err)
{
    size_t limit = prompt_limit(c);
    struct error why = {0};
    *window = c->window;
    enum error_code code = chat_render_from(c, c->window, 0, out, err);
    if (code != ERR_NONE || out->ids.n <= limit)
        return code;
    prompt_free(out);
    code = chat_render_from(c, c->window, limit, out, &why);
    if (code == ERR_NONE)
        leave_more_out(c, limit, out);
    else if (code == ERR_CONTEXT)
        code = chat_render_from(c, c->window, prompt_most(c), out, &(struct error){0});
    if (code == ERR_CONTEXT)
        return too_long(c, err);
    if (code != ERR_NONE)
        return error_set(err, code, "%s", why.message);
    if (out->dropped > 0)
        *window = first_message(c, *window) + out->dropped;
    return ERR_NONE;
}

enum error_code chat_render_before(const struct chat *c, size_t index, struct prompt *out, struct error *err)
{
    struct chat then = *c;
    struct chat_message none = {.role = ROLE_ASSISTANT};
    size_t window;
    buf_init(&none.text, 0);
    then.list = (struct chat_list){calloc(index + 1, sizeof none), index + 1, index + 1};
    if (then.list.at == NULL)
        return error_set(err, ERR_MEMORY, "no memory for the messages");
    if (index > 0)
        memcpy(then.list.at, c->list.at, index * sizeof none);
    then.list.at[index] = none; /* as it was when it began */
    then.window = 0;
    enum error_code code = chat_render_fitting(&then, out, &window, err);
    free(then.list.at);
    return code;
}

/* Replaces the answer's beginning, the end of the prompt, by exactly these ids. */
enum error_code chat_force_beginning(struct chat *c, size_t window, struct prompt *prompt, struct error *err)
{
    struct prompt before;
    struct chat_message *answer = &c->list.at[c->list.n - 1];
    struct buf text = answer->text;
    buf_init(&answer->text, 0); /* as it was when the answer began */
    enum error_code code = chat_render_from(c, window, 0, &before, err);
    answer->text = text;
    if (code != ERR_NONE)
        return code;
    const struct tokenizer *t = model_tokenizer(chat_model(c));
    bool ok = ids_append(&before.ids, c->forced.at, c->forced.n);
    for (size_t i = 0; ok && i < c->forced.n; i++)
        ok = tokenizer_piece(t, c->forced.at[i], &before.text);
    struct prompt_span *spans = ok ? realloc(before.spans, (before.n_spans + 1) * sizeof *spans) : NULL;
    if (spans == NULL) {
        prompt_free(&before);
        return error_set(err, ERR_MEMORY, "no memory for the prompt");
    }
    before.spans = spans;
    before.spans[before.n_spans++] = (struct prompt_span){before.ids.n, ORIGIN_ASSISTANT};
    prompt_free(prompt);
    *prompt = before;
    return before.ids.n <= prompt_most(c) ? ERR_NONE : error_set(err, ERR_CONTEXT, "the context has no room for this answer");
}
