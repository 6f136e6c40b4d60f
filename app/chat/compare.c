/* Chat: the last question answered under several settings or models, side by side.
 *
 * The first side with the chat's own model is made by the chat's worker, the others by workers beside it, which share its
 * weights or open a model of their own, each with a key/value cache. One computes at a time: the prompts are read one after
 * another, then each side makes a token when it is its turn. All that is said is stored as it comes, in replies below the
 * question. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "app/chat/internal.h"
#include "app/chat/models.h"

/* Tokens that an answer without a limit has room for beside a long prompt. */
enum { ROOM = 2048 };

enum stage {
    LOADING,
    LOADED,  /* its prompt is to be read */
    READING,
    WAITING, /* for its turn */
    MAKING,  /* a token */
    ENDED,
};

struct side {
    char *label, *model;             /* model: a path; NULL: the chat's */
    struct worker *worker;           /* NULL: it could not be started */
    bool own;                        /* the worker is this side's */
    struct chat_template *template;  /* of a model of its own */
    enum stage stage;
    uint64_t request;
    struct chat_message answer;
    struct store_reply *reply;
    struct error error;
};

struct compare {
    struct side sides[CHAT_SIDES];
    size_t n, turn;                  /* turn: the side that computed last */
    size_t question;                 /* index of the message */
    int64_t shown;                   /* the message below it that was shown; 0: none */
    int epoll;
};

size_t chat_compared(const struct chat *c)
{
    return c->compare != NULL ? c->compare->n : 0;
}

struct chat_compared chat_compared_side(const struct chat *c, size_t side)
{
    const struct side *s = &c->compare->sides[side];
    return (struct chat_compared){.label = s->label,
                                  .answer = &s->answer,
                                  .loading = s->stage == LOADING,
                                  .reading = s->stage == LOADED || s->stage == READING,
                                  .running = s->stage != ENDED,
                                  .error = s->error.code != ERR_NONE ? &s->error : NULL};
}

bool chat_compare_runs(const struct chat *c)
{
    for (size_t i = 0; i < chat_compared(c); i++)
        if (c->compare->sides[i].stage != ENDED)
            return true;
    return false;
}

static void tell(const struct chat *c, const struct side *s)
{
    if (c->view->compared != NULL)
        c->view->compared(c->view->context, (size_t)(s - c->compare->sides));
}

/* The chat as this side sees it. Nothing of it may be kept. */
static struct chat seen_by(const struct chat *c, const struct side *s)
{
    struct chat then = *c;
    then.worker = s->worker;
    then.sampling = s->answer.sampling;
    if (s->template != NULL)
        then.template = s->template;
    return then;
}

/* ---- storing ---------------------------------------------------------------------------------------------------- */

static enum error_code open_reply(struct chat *c, struct side *s, struct error *err)
{
    struct chat then = seen_by(c, s);
    s->answer.model = strdup(model_info(worker_model(s->worker))->name);
    struct store_making made = chat_making(&then, &s->answer);
    s->reply = store_reply_begin(home_store(c->home), home_conversation(c->home), c->list.at[c->compare->question].id,
                                 STORE_ASSISTANT, &made, err);
    chat_making_free(&made);
    s->answer.id = s->reply != NULL ? store_reply_message(s->reply) : 0;
    return err->code;
}

/* What can't be stored now is tried again by chat_compare_flush. */
static void close_reply(struct chat *c, struct side *s)
{
    struct error ignored = {0};
    struct chat then = seen_by(c, s);
    if (s->reply == NULL)
        return;
    struct store_making made = chat_making(&then, &s->answer);
    if (store_reply_finish(s->reply, s->answer.state, &made, &ignored) == ERR_NONE) {
        store_reply_free(s->reply);
        s->reply = NULL;
    }
    chat_making_free(&made);
}

int chat_compare_due(const struct chat *c)
{
    int due = -1;
    for (size_t i = 0; i < chat_compared(c); i++) {
        const struct side *s = &c->compare->sides[i];
        int wait = s->reply == NULL ? -1 : s->stage == ENDED ? 1000 : store_reply_due(s->reply);
        if (wait >= 0 && (due < 0 || wait < due))
            due = wait;
    }
    return due;
}

void chat_compare_flush(struct chat *c)
{
    struct error ignored = {0}; /* tried again with the next; the end tells */
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &c->compare->sides[i];
        if (s->reply != NULL && s->stage == ENDED)
            close_reply(c, s);
        else if (s->reply != NULL && store_reply_due(s->reply) == 0)
            store_reply_flush(s->reply, &ignored);
    }
}

/* ---- one side --------------------------------------------------------------------------------------------------- */

static void end_side(struct chat *c, struct side *s, enum store_state state)
{
    s->answer.state = state;
    s->stage = ENDED;
    s->request = 0;
    close_reply(c, s);
    tell(c, s);
}

/* Has the side read its prompt; its tokens wait for their turn. */
static void ask(struct chat *c, struct side *s)
{
    struct prompt prompt = {0};
    struct chat then = seen_by(c, s);
    struct sampling settings = s->answer.sampling;
    worker_pace(s->worker, 0);
    if (chat_render_before(&then, c->compare->question + 1, &prompt, &s->error) == ERR_NONE &&
        (s->reply != NULL || open_reply(c, s, &s->error) == ERR_NONE)) {
        chat_add_stops(&then, &settings);
        s->request = worker_generate(s->worker, prompt.ids.at, prompt.ids.n, &settings, &s->error);
    }
    prompt_free(&prompt);
    s->stage = READING;
    if (s->request == 0)
        end_side(c, s, STORE_STOPPED);
    else
        tell(c, s);
}

/* One computes, or will in a moment: a side that only needs a cache is soon ready. */
static bool must_wait(const struct compare *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct side *s = &m->sides[i];
        if (s->stage == READING || s->stage == MAKING || (s->stage == LOADING && s->model == NULL))
            return true;
    }
    return false;
}

/* Lets the next one compute, unless one does: first those read their prompts that have not. */
static void go_on(struct chat *c)
{
    struct compare *m = c->compare;
    if (must_wait(m))
        return;
    for (size_t i = 0; i < m->n; i++)
        if (m->sides[i].stage == LOADED) {
            ask(c, &m->sides[i]);
            if (m->sides[i].stage == READING)
                return;
        }
    for (size_t i = 1; i <= m->n; i++) {
        struct side *s = &m->sides[(m->turn + i) % m->n];
        if (s->stage != WAITING)
            continue;
        m->turn = (size_t)(s - m->sides);
        s->stage = MAKING;
        worker_pace(s->worker, 1);
        return;
    }
}

static void take_loaded(struct chat *c, struct side *s)
{
    s->stage = LOADED;
    if (s->model == NULL)
        return;
    s->template = models_template_named(c->options, NULL, worker_model(s->worker), &s->error);
    if (s->template == NULL)
        end_side(c, s, STORE_STOPPED);
}

static void take_token(struct chat *c, struct side *s, const struct event *event)
{
    struct error ignored = {0}; /* kept, and tried again with the next */
    struct store_token token = chat_token(event);
    buf_append(&s->answer.text, event->text, event->text_size);
    if (s->reply != NULL)
        store_reply_append(s->reply, event->text, event->text_size, event->id >= 0 ? &token : NULL, &ignored);
    tell(c, s);
}

static void take_done(struct chat *c, struct side *s, const struct event *event)
{
    s->answer.timings = event->timings;
    s->answer.finish = event->finish;
    if (event->kind == EVENT_FAILED)
        s->error = event->error;
    bool stopped = event->kind == EVENT_FAILED || event->finish == FINISH_STOPPED;
    end_side(c, s, stopped ? STORE_STOPPED : STORE_COMPLETE);
}

static void take(struct chat *c, struct side *s, const struct event *event)
{
    switch (event->kind) {
    case EVENT_LOADED: take_loaded(c, s); break;
    case EVENT_PROMPT:
    case EVENT_PREFILL: break;
    case EVENT_PREVIEW: s->stage = WAITING; break;
    case EVENT_TOKEN: take_token(c, s, event); break;
    case EVENT_DONE:
    case EVENT_FAILED: take_done(c, s, event); break;
    }
    go_on(c);
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

bool chat_compare_take(struct chat *c, const struct event *event)
{
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &c->compare->sides[i];
        if (s->own || s->request == 0 || s->request != event->request)
            continue;
        take(c, s, event);
        return true;
    }
    return false;
}

void chat_compare_handle(struct chat *c)
{
    struct event event;
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &c->compare->sides[i];
        while (c->compare != NULL && s->own && s->worker != NULL && worker_next(s->worker, &event))
            if (s->stage != ENDED)
                take(c, s, &event);
    }
}

int chat_compare_fd(const struct chat *c)
{
    return c->compare->epoll;
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

/* Tokens that a side beside the chat's own needs room for. */
static int32_t room_for(const struct chat *c, const struct side *s)
{
    struct prompt prompt = {0};
    struct error ignored = {0};
    struct chat then = *c;
    then.sampling = s->answer.sampling;
    size_t capacity = chat_capacity(c), room = ROOM;
    if (s->answer.sampling.max_new_tokens >= 0)
        room = (size_t)s->answer.sampling.max_new_tokens;
    if (chat_render_before(&then, c->compare->question + 1, &prompt, &ignored) == ERR_NONE)
        room += prompt.ids.n + 1;
    else
        room = capacity;
    prompt_free(&prompt);
    return (int32_t)(room < capacity ? room : capacity);
}

static enum error_code start_worker(struct chat *c, struct side *s, struct error *err)
{
    struct worker_options options = {
        .model_path = s->model,
        .session = {.context = c->options->context, .threads = c->options->threads, .exact = c->options->exact},
    };
    struct epoll_event wanted = {.events = EPOLLIN};
    if (s->model == NULL) {
        options.beside = c->worker;
        options.session.context = room_for(c, s);
    }
    s->worker = worker_start(&options, err);
    s->own = true;
    if (s->worker != NULL && epoll_ctl(c->compare->epoll, EPOLL_CTL_ADD, worker_fd(s->worker), &wanted) != 0)
        error_system(err, ERR_IO, errno, "cannot wait for the engine");
    return err->code;
}

static enum error_code begin_side(struct chat *c, struct side *s, const struct chat_side *wanted, bool first,
                                  struct error *err)
{
    s->label = strdup(wanted->label);
    s->answer = (struct chat_message){.role = ROLE_ASSISTANT, .state = STORE_STREAMING, .sampling = wanted->sampling};
    buf_init(&s->answer.text, CHAT_TEXT_MOST);
    if (wanted->model != NULL && (s->model = models_find_name(c->options, wanted->model, err)) == NULL)
        return err->code;
    if (s->model == NULL && first) {
        s->worker = c->worker;
        s->stage = LOADED;
        return ERR_NONE;
    }
    return start_worker(c, s, err);
}

static enum error_code begin(struct chat *c, const struct chat_side *sides, size_t n, struct error *err)
{
    struct compare *m = c->compare;
    struct epoll_event wanted = {.events = EPOLLIN};
    bool first = true;
    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (m->epoll < 0 || epoll_ctl(m->epoll, EPOLL_CTL_ADD, worker_fd(c->worker), &wanted) != 0)
        return error_system(err, ERR_IO, errno, "cannot wait for the engine");
    for (size_t i = 0; i < n; i++) {
        m->n = i + 1;
        if (begin_side(c, &m->sides[i], &sides[i], first, err) != ERR_NONE)
            return err->code;
        first = first && m->sides[i].own;
    }
    m->turn = n - 1;
    return ERR_NONE;
}

enum error_code chat_compare(struct chat *c, const struct chat_side *sides, size_t n, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    size_t question = chat_list_last_user(&c->list);
    if (chat_model(c) == NULL || c->next != NULL)
        return error_set(err, ERR_BUSY, "the model is not loaded yet");
    if (question >= c->list.n)
        return error_set(err, ERR_NOT_FOUND, "there is no question yet to answer in several ways");
    c->compare = calloc(1, sizeof *c->compare);
    if (c->compare == NULL)
        return error_set(err, ERR_MEMORY, "no memory to compare");
    c->compare->question = question;
    c->compare->shown = question + 1 < c->list.n ? c->list.at[c->list.n - 1].id : 0;
    if (begin(c, sides, n, err) != ERR_NONE) {
        chat_compare_forget(c);
        return err->code;
    }
    go_on(c);
    return ERR_NONE;
}

/* ---- ending ----------------------------------------------------------------------------------------------------- */

void chat_compare_stop(struct chat *c)
{
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &c->compare->sides[i];
        if (s->request != 0)
            worker_stop(s->worker);
        else if (s->stage != ENDED)
            end_side(c, s, STORE_STOPPED);
    }
}

void chat_compare_forget(struct chat *c)
{
    struct compare *m = c->compare;
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &m->sides[i];
        if (s->request != 0 && !s->own)
            worker_stop(s->worker);
        if (s->own)
            worker_free(s->worker);
        store_reply_free(s->reply);
        template_free(s->template);
        buf_free(&s->answer.text);
        free(s->answer.model);
        free(s->label);
        free(s->model);
    }
    if (m != NULL && m->epoll > 0)
        close(m->epoll);
    free(m);
    c->compare = NULL;
    chat_set_stepping(c, c->stepping);
}

enum error_code chat_compare_end(struct chat *c, size_t side, struct error *err)
{
    const struct compare *m = c->compare;
    if (m == NULL)
        return error_set(err, ERR_NOT_FOUND, "nothing is compared");
    if (chat_compare_runs(c))
        return error_set(err, ERR_BUSY, "answers are under way; stop them first");
    int64_t chosen = side < m->n ? m->sides[side].answer.id : m->shown;
    for (size_t i = 0; i < m->n && chosen == 0; i++)
        chosen = m->sides[i].answer.id;
    size_t question = m->question;
    chat_compare_flush(c);
    chat_compare_forget(c);
    if (chosen != 0 && store_select(home_store(c->home), chosen, err) != ERR_NONE)
        return err->code;
    chat_cut(c, question + 1);
    chat_tell_changed(c, question + 1);
    return chat_reload(c, err);
}
