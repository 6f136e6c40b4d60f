/* Chat: prompts and answers.
 *
 * When the messages outgrow the context the oldest exchanges fall out, and where it costs little a quarter more than
 * must: so the prompt's beginning stays the same for several turns and its key/value cache is kept. An answer that meets
 * the end of the context goes on behind a prompt from which older exchanges are left out. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/internal.h"

/* ---- prompts ---------------------------------------------------------------------------------------------------- */

/* Tells how much the model no longer sees. */
static void tell_window(const struct chat *c)
{
    struct prompt whole;
    struct error ignored = {0};
    if (c->view->window == NULL || chat_render_from(c, 0, 0, &whole, &ignored) != ERR_NONE)
        return;
    size_t seen = c->prompt.ids.n;
    c->view->window(c->view->context, c->window, whole.ids.n > seen ? whole.ids.n - seen : 0);
    prompt_free(&whole);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

void chat_preview(struct chat *c)
{
    if (c->previewable && c->request == 0)
        worker_preview(c->worker, &c->sampling);
}

void chat_step(struct chat *c, int32_t id)
{
    if (!c->waits)
        return;
    c->waits = false;
    if (id >= 0)
        worker_force(c->worker, id);
    else
        worker_pace(c->worker, c->stepping ? 1 : -1);
}

/* Stores the question and the beginning of the answer. What can't be stored yet waits; an answer to go on with is
 * another program's or can't be reached. */
static enum error_code save_before(struct chat *c, struct error *err)
{
    struct error told = {0};
    enum error_code code = chat_save(c, &told);
    bool needed = c->list.at[c->list.n - 1].id != 0 && c->reply == NULL;
    return code != ERR_NONE && needed ? error_set(err, code, "%s", told.message) : ERR_NONE;
}

/* Renders the prompt, stores what is new, and gives the prompt to the worker. */
static enum error_code request(struct chat *c, struct error *err)
{
    struct prompt prompt;
    size_t window;
    if (chat_render_fitting(c, &prompt, &window, err) != ERR_NONE)
        return err->code;
    if (c->forced.n > 0 && chat_force_beginning(c, window, &prompt, err) != ERR_NONE) {
        prompt_free(&prompt);
        return err->code;
    }
    if (save_before(c, err) != ERR_NONE) {
        prompt_free(&prompt);
        return err->code;
    }
    chat_settle_settings(c);
    struct sampling s = chat_request_sampling(c);
    c->request = worker_generate(c->worker, prompt.ids.at, prompt.ids.n, &s, err);
    if (c->request == 0) {
        prompt_free(&prompt);
        return err->code != ERR_NONE ? err->code : error_set(err, ERR_BUSY, "the model is busy");
    }
    prompt_free(&c->prompt);
    c->prompt = prompt;
    c->reading = true;
    c->previewable = c->waits = false;
    c->said_now = 0;
    if (window != c->window) {
        c->window = window;
        tell_window(c);
    }
    return ERR_NONE;
}

/* The empty answer to the last message. */
static enum error_code begin_answer(struct chat *c, struct error *err)
{
    struct chat_message *answer = chat_list_add(&c->list, ROLE_ASSISTANT, "", 0);
    if (answer == NULL)
        return error_set(err, ERR_MEMORY, "no memory for an answer");
    chat_take_settings(c, answer);
    answer->model = strdup(model_info(chat_model(c))->name);
    return ERR_NONE;
}

enum error_code chat_ask(struct chat *c, struct error *err)
{
    bool fresh = c->list.at[c->list.n - 1].role != ROLE_ASSISTANT;
    c->said = 0;
    c->stopping = false;
    if (fresh && begin_answer(c, err) != ERR_NONE)
        return err->code;
    size_t last = c->list.n - 1;
    if (c->list.at[last].model == NULL) /* a person wrote what is gone on with */
        chat_take_settings(c, &c->list.at[last]);
    enum store_state before = c->list.at[last].state;
    c->list.at[last].state = STORE_STREAMING;
    c->writing = true;
    if (request(c, err) == ERR_NONE)
        return ERR_NONE;
    c->writing = false;
    c->list.at[last].state = before;
    if (fresh)
        chat_discard(c, last);
    return err->code;
}

/* ---- taking ----------------------------------------------------------------------------------------------------- */

static void take_token(struct chat *c, const struct event *event)
{
    struct chat_message *answer = &c->list.at[c->list.n - 1];
    c->reading = c->waits = false;
    c->said_now += event->id >= 0; /* the rest brings only text */
    if (event->text_size > 0)
        buf_append(&answer->text, event->text, event->text_size);
    chat_save_token(c, event);
    if (c->view->token != NULL)
        c->view->token(c->view->context, event);
}

static void add_timings(struct timings *sum, const struct timings *t)
{
    if (sum->answer_tokens == 0)
        sum->first_token_seconds = t->first_token_seconds;
    sum->prompt_tokens = t->prompt_tokens;
    sum->reused_tokens = t->reused_tokens;
    sum->answer_tokens += t->answer_tokens;
    sum->prefill_seconds += t->prefill_seconds;
    sum->decode_seconds += t->decode_seconds;
}

/* Goes on with an answer that met the end of the context; false when nothing more can be left out. */
static bool renew(struct chat *c)
{
    struct error ignored = {0};
    size_t before = c->window, given = c->prompt.ids.n + (size_t)c->said_now;
    struct prompt prompt;
    size_t window;
    if (c->stopping || template_is_base(c->template) || chat_render_fitting(c, &prompt, &window, &ignored) != ERR_NONE)
        return false;
    bool shorter = window > before && prompt.ids.n < given;
    prompt_free(&prompt);
    return shorter && request(c, &ignored) == ERR_NONE;
}

static struct chat_message *end_answer(struct chat *c, enum finish finish, enum store_state state)
{
    struct chat_message *answer = &c->list.at[c->list.n - 1];
    struct error ignored = {0}; /* told */
    c->reading = false;
    c->stopping = false;
    c->waits = false;
    answer->finish = finish;
    answer->state = state;
    c->writing = false;
    chat_settle_settings(c);
    chat_save(c, &ignored);
    chat_title_later(c);
    return answer;
}

static void take_done(struct chat *c, const struct event *event)
{
    struct chat_message *answer = &c->list.at[c->list.n - 1];
    c->request = 0;
    add_timings(&answer->timings, &event->timings);
    if (event->finish == FINISH_CONTEXT) {
        c->said += c->said_now;
        if ((c->sampling.max_new_tokens < 0 || c->said < c->sampling.max_new_tokens) && renew(c))
            return;
    }
    c->previewable = true;
    answer = end_answer(c, event->finish, event->finish == FINISH_STOPPED ? STORE_STOPPED : STORE_COMPLETE);
    if (c->view->ended != NULL)
        c->view->ended(c->view->context, answer);
}

void chat_take_event(struct chat *c, const struct event *event)
{
    if (c->request == 0 || event->request != c->request)
        return;
    switch (event->kind) {
    case EVENT_LOADED:
        break;
    case EVENT_PREVIEW:
        c->waits = c->stepping && !c->stopping;
        c->reading = false;
        if (c->view->preview != NULL)
            c->view->preview(c->view->context, event);
        break;
    case EVENT_PREFILL:
        if (c->view->reading != NULL)
            c->view->reading(c->view->context, event->done, event->total);
        break;
    case EVENT_TOKEN:
        take_token(c, event);
        break;
    case EVENT_DONE:
        take_done(c, event);
        break;
    case EVENT_FAILED:
        c->request = 0;
        end_answer(c, FINISH_STOPPED, STORE_INTERRUPTED);
        if (c->view->failed != NULL)
            c->view->failed(c->view->context, &event->error);
        break;
    }
}
