/* Chat: prompts and answers.
 *
 * When the messages outgrow the context the oldest exchanges fall out, and where it costs little a quarter more than
 * must: so the prompt's beginning stays the same for several turns and its key/value cache is kept. An answer that meets
 * the end of the context goes on behind a prompt from which older exchanges are left out. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "app/chat/internal.h"

/* ---- prompts ---------------------------------------------------------------------------------------------------- */

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
static enum error_code render(const struct chat *c, size_t from, size_t limit, struct prompt *out, struct error *err)
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
    return render(c, c->window, 0, out, err);
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
    if (render(c, chat_list_last_user(&c->list), 0, &least, &other) != ERR_NONE)
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
    if (render(c, c->window, limit - limit / 4, &shorter, &ignored) != ERR_NONE)
        return;
    if (2 * shorter.ids.n < prompt->ids.n) {
        prompt_free(&shorter);
        return;
    }
    prompt_free(prompt);
    *prompt = shorter;
}

/* Renders what fits, leaving the oldest exchanges out where it must. *window is the first message kept. */
static enum error_code render_fitting(const struct chat *c, struct prompt *out, size_t *window, struct error *err)
{
    size_t limit = prompt_limit(c);
    struct error why = {0};
    *window = c->window;
    enum error_code code = render(c, c->window, 0, out, err);
    if (code != ERR_NONE || out->ids.n <= limit)
        return code;
    prompt_free(out);
    code = render(c, c->window, limit, out, &why);
    if (code == ERR_NONE)
        leave_more_out(c, limit, out);
    else if (code == ERR_CONTEXT)
        code = render(c, c->window, prompt_most(c), out, &(struct error){0});
    if (code == ERR_CONTEXT)
        return too_long(c, err);
    if (code != ERR_NONE)
        return error_set(err, code, "%s", why.message);
    if (out->dropped > 0)
        *window = first_message(c, *window) + out->dropped;
    return ERR_NONE;
}

/* Tells how much the model no longer sees. */
static void tell_window(const struct chat *c)
{
    struct prompt whole;
    struct error ignored = {0};
    if (c->view->window == NULL || render(c, 0, 0, &whole, &ignored) != ERR_NONE)
        return;
    size_t seen = c->prompt.ids.n;
    c->view->window(c->view->context, c->window, whole.ids.n > seen ? whole.ids.n - seen : 0);
    prompt_free(&whole);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static uint64_t random_seed(void)
{
    uint32_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint32_t)time(NULL);
    return seed;
}

void chat_add_stops(const struct chat *c, struct sampling *s)
{
    const char *const *stop = template_stops(c->template);
    for (; stop != NULL && *stop != NULL && s->n_stops < SAMPLING_STOPS; stop++)
        if (strlen(*stop) < SAMPLING_STOP_BYTES)
            strcpy(s->stops[s->n_stops++], *stop);
}

/* The settings that the worker gets: the template's stop strings too, and the tokens that are left. */
static struct sampling request_sampling(const struct chat *c)
{
    struct sampling s = c->sampling;
    s.seed = c->list.at[c->list.n - 1].sampling.seed;
    if (s.max_new_tokens >= 0)
        s.max_new_tokens = s.max_new_tokens > c->said ? s.max_new_tokens - c->said : 0;
    chat_add_stops(c, &s);
    return s;
}

void chat_set_sampling(struct chat *c, const struct sampling *sampling)
{
    uint32_t changed = chat_settings_changed(&c->sampling, sampling) & SETTINGS_ALL;
    c->by_hand |= changed;
    c->overruled &= ~changed;
    c->from_preset &= ~changed;
    c->from_persona &= ~changed;
    c->sampling = *sampling;
    if (changed != 0)
        chat_save_properties_later(c);
    if (c->request == 0)
        return;
    chat_save_settings(c);
    struct sampling s = request_sampling(c);
    worker_set_sampling(c->worker, &s);
}

void chat_preview(struct chat *c)
{
    if (c->previewable && c->request == 0)
        worker_preview(c->worker, &c->sampling);
}

void chat_set_stepping(struct chat *c, bool on)
{
    c->stepping = on;
    if (c->worker != NULL)
        worker_pace(c->worker, on ? 0 : -1);
}

bool chat_is_stepping(const struct chat *c)
{
    return c->stepping;
}

bool chat_waits(const struct chat *c)
{
    return c->waits;
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
    enum error_code code = render_fitting(&then, out, &window, err);
    free(then.list.at);
    return code;
}

/* Replaces the answer's beginning, the end of the prompt, by exactly these ids. */
static enum error_code force(struct chat *c, size_t window, struct prompt *prompt, struct error *err)
{
    struct prompt before;
    struct chat_message *answer = &c->list.at[c->list.n - 1];
    struct buf text = answer->text;
    buf_init(&answer->text, 0); /* as it was when the answer began */
    enum error_code code = render(c, window, 0, &before, err);
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

/* Renders the prompt, stores what is new, and gives the prompt to the worker. */
static enum error_code request(struct chat *c, struct error *err)
{
    struct prompt prompt;
    size_t window;
    if (render_fitting(c, &prompt, &window, err) != ERR_NONE)
        return err->code;
    if (c->forced.n > 0 && force(c, window, &prompt, err) != ERR_NONE) {
        prompt_free(&prompt);
        return err->code;
    }
    if (save_before(c, err) != ERR_NONE) {
        prompt_free(&prompt);
        return err->code;
    }
    chat_settle_settings(c);
    struct sampling s = request_sampling(c);
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

void chat_take_settings(const struct chat *c, struct chat_message *answer)
{
    answer->sampling = c->sampling;
    answer->sampling.seed = c->seed_is_fixed ? c->sampling.seed + c->tries : random_seed();
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
    if (c->stopping || template_is_base(c->template) || render_fitting(c, &prompt, &window, &ignored) != ERR_NONE)
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
    case EVENT_PROMPT:
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
