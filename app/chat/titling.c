/* Chat: titles by the model.
 *
 * When an answer has ended and nothing happened for a moment, the model is asked aside for a title of the conversation, if
 * that has only one of its first words. Whatever the person does comes first: a message ends it, and it is tried again after
 * the next answer. */
#include <config.h>

#include <string.h>

#include "app/chat/internal.h"
#include "app/chat/title.h"

enum { MOMENT = 1500, SAID_MOST = 4096 };

void chat_title_forget(struct chat *c)
{
    c->title_request = 0;
    c->title_due = 0;
    buf_free(&c->title_said);
}

/* Whether this is a conversation that the model could name. */
static bool is_nameable(const struct chat *c)
{
    return !home_is_temporary(c->home) && home_conversation(c->home) != 0 && c->list.n >= 2 &&
           c->list.at[0].role == ROLE_USER && c->list.at[1].role == ROLE_ASSISTANT && c->template != NULL &&
           !template_is_base(c->template);
}

void chat_title_later(struct chat *c)
{
    if (is_nameable(c) && home_conversation(c->home) != c->title_asked)
        c->title_due = chat_clock() + MOMENT;
}

int chat_title_wait(const struct chat *c)
{
    if (c->title_due == 0 || chat_is_busy(c) || c->next != NULL)
        return -1;
    int64_t left = c->title_due - chat_clock();
    return left > 0 ? (int)left : 0;
}

/* Whether the conversation's title is made of words. */
static bool is_titled_by_words(const struct chat *c)
{
    struct store_conversation now = {0};
    enum error_code code =
        store_conversation_get(home_store(c->home), home_conversation(c->home), &now, &(struct error){0});
    bool by_words = code == ERR_NONE && now.titled == STORE_TITLED_BY_WORDS;
    store_conversation_free(&now);
    return by_words;
}

static void ask(struct chat *c)
{
    struct error ignored = {0}; /* it keeps its title */
    struct prompt prompt;
    struct sampling s = sampling_defaults();
    s.temperature = 0;
    s.max_new_tokens = TITLE_TOKENS;
    const char *question = buf_text(&c->list.at[0].text), *answer = buf_text(&c->list.at[1].text);
    c->title_asked = home_conversation(c->home);
    if (title_render(c->template, model_tokenizer(chat_model(c)), question, answer, &prompt, &ignored) != ERR_NONE)
        return;
    buf_init(&c->title_said, SAID_MOST);
    c->title_request = worker_generate_aside(c->worker, prompt.ids.at, prompt.ids.n, &s, &ignored);
    prompt_free(&prompt);
}

void chat_title_tick(struct chat *c)
{
    if (chat_title_wait(c) != 0)
        return;
    c->title_due = 0;
    if (is_nameable(c) && is_titled_by_words(c))
        ask(c);
}

/* Stores what was said, when it is a title and the conversation is still here. */
static void name(struct chat *c, bool ended)
{
    char title[TITLE_BYTES];
    int64_t conversation = home_conversation(c->home);
    if (!is_nameable(c) || conversation != c->title_asked)
        return;
    const char *question = buf_text(&c->list.at[0].text), *answer = buf_text(&c->list.at[1].text);
    if (!title_clean(buf_text(&c->title_said), ended, question, answer, title) ||
        store_rename(home_store(c->home), conversation, title, STORE_TITLED_BY_MODEL, &(struct error){0}) != ERR_NONE)
        return;
    if (c->view->titled != NULL)
        c->view->titled(c->view->context, title);
}

static void end(struct chat *c, const struct event *event)
{
    if (event->kind == EVENT_DONE && event->finish == FINISH_STOPPED)
        c->title_asked = 0; /* again after the next answer */
    else if (event->kind == EVENT_DONE)
        name(c, event->finish == FINISH_END);
    chat_title_forget(c);
}

bool chat_title_take(struct chat *c, const struct event *event)
{
    if (c->title_request == 0 || event->request != c->title_request)
        return false;
    if (event->kind == EVENT_TOKEN && strlen(event->text) == event->text_size)
        buf_append(&c->title_said, event->text, event->text_size);
    else if (event->kind == EVENT_TOKEN)
        buf_puts(&c->title_said, "\xEF\xBF\xBD"); /* a NUL */
    else if (event->kind == EVENT_DONE || event->kind == EVENT_FAILED)
        end(c, event);
    return true;
}
