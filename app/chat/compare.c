/* Compare: the last question answered under several settings or models, side by side.
 *
 * A side has a speaker and settings. The first side with the chat's own model uses the chat's speaker; the others have
 * speakers of their own, beside that one with only a key/value cache more, or with a model of their own. One computes
 * at a time: the prompts are read one after another, then each side makes a token when it is its turn. Everything is
 * stored as it comes, in replies below the question. */
#include <config.h>

#include "app/chat/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "app/chat/answer.h"
#include "app/chat/chat.h"
#include "app/chat/early.h"
#include "app/chat/form.h"
#include "app/chat/list.h"
#include "app/chat/manner.h"
#include "app/chat/reload.h"
#include "app/chat/saving.h"
#include "app/chat/script.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/library/home.h"
#include "app/options/options.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

enum {
    ROOM = 2048,       /* tokens of context that an answer without a limit gets after its prompt */
    OPEN_EVERY = 100,  /* milliseconds between tries to open a reply that another program held up */
    RETRY_EVERY = 1000 /* between tries to finish one */
};

enum stage {
    LOADING,
    LOADED, /* its prompt is to be read */
    READING,
    WAITING, /* for its turn */
    MAKING,  /* a token */
    ENDED,
};

struct side {
    char *label;
    struct speaker *speaker; /* the chat's, or own; NULL: it could not be made */
    bool own, shares_model;  /* own, with the chat's model */
    enum stage stage;
    uint64_t request;           /* 0: none */
    struct chat_message answer; /* with the side's settings */
    struct store_reply *reply;
    bool early;  /* it has no reply yet: another program held the history when it was asked */
    bool failed; /* the last chat_compare_save could not write it */
    struct error error;
};

struct compare {
    struct side sides[CHAT_SIDES];
    size_t n, turn;  /* turn: the side that computed last */
    size_t question; /* index of the message */
    int64_t shown;   /* id of the message below it that was shown before; 0: none */
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

static void tell_side(const struct chat *c, const struct side *s)
{
    if (c->view->compared != NULL)
        c->view->compared(c->view->context, (size_t)(s - c->compare->sides));
}

/* What the side's answer is made from, said by a speaker that has its model. */
static struct script side_script(const struct chat *c, const struct side *s, const struct speaker *speaker)
{
    struct script script = chat_script(c);
    script.speaker = speaker;
    script.max_new_tokens = manner_of(&s->answer).max_new_tokens;
    return script_before(&script, c->compare->question + 1);
}

/* ---- storing ---------------------------------------------------------------------------------------------------- */

static enum error_code open_side_reply(struct chat *c, struct side *s, struct error *err)
{
    struct store_making made = form_making(s->speaker, &s->answer);
    s->reply = store_reply_begin(home_store(c->home), home_conversation(c->home), c->list.at[c->compare->question].id,
                                 STORE_ASSISTANT, &made, err);
    form_making_free(&made);
    if (s->reply == NULL)
        return err->code;
    s->early = false;
    s->answer.id = store_reply_message(s->reply);
    early_give(&s->answer, s->reply);
    return ERR_NONE;
}

/* Nothing waits for another program here: what it holds up is tried again, and the side answers meanwhile. */
static enum error_code begin_side_reply(struct chat *c, struct side *s, struct error *err)
{
    struct error why = {0};
    enum home_patience before = home_set_patience(c->home, HOME_NO_WAIT);
    s->answer.model = strdup(speaker_name(s->speaker));
    s->early = open_side_reply(c, s, &why) == ERR_BUSY;
    home_set_patience(c->home, before);
    return why.code == ERR_NONE || s->early ? ERR_NONE : error_set(err, why.code, "%s", why.message);
}

/* What can't be stored now is tried again by chat_compare_flush. */
static void close_side_reply(struct side *s, struct error *err)
{
    if (s->reply == NULL)
        return;
    struct store_making made = form_making(s->speaker, &s->answer);
    struct error ignored = {0}; /* then the words of the lens are lost */
    char *told = form_told(s->speaker, &s->answer);
    if (told != NULL && store_reply_settings(s->reply, told, &ignored) == ERR_NONE)
        store_reply_append(s->reply, "", 0, NULL, &ignored);
    free(told);
    if (store_reply_finish(s->reply, s->answer.state, &made, err) == ERR_NONE) {
        store_reply_free(s->reply);
        s->reply = NULL;
    }
    form_making_free(&made);
}

static int side_due(const struct side *s)
{
    if (s->early)
        return OPEN_EVERY;
    return s->reply == NULL ? -1 : s->stage == ENDED ? RETRY_EVERY : store_reply_due(s->reply);
}

int chat_compare_due(const struct chat *c)
{
    int due = -1;
    for (size_t i = 0; i < chat_compared(c); i++) {
        const struct side *s = &c->compare->sides[i];
        int wait = side_due(s);
        if (wait >= 0 && (due < 0 || wait < due))
            due = wait;
    }
    return due;
}

void chat_compare_flush(struct chat *c)
{
    struct error ignored = {0}; /* tried again with the next; finishing the reply fails if it can't be written */
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &c->compare->sides[i];
        if (s->early && open_side_reply(c, s, &ignored) != ERR_NONE)
            continue;
        if (s->reply != NULL && s->stage == ENDED)
            close_side_reply(s, &ignored);
        else if (s->reply != NULL && store_reply_due(s->reply) == 0)
            store_reply_flush(s->reply, &ignored);
    }
}

void chat_compare_save(struct chat *c, bool last, struct error *err)
{
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &c->compare->sides[i];
        if (last && s->stage != ENDED)
            s->answer.state = STORE_INTERRUPTED;
        s->failed = s->early && open_side_reply(c, s, err) != ERR_NONE;
        if (last || s->stage == ENDED)
            close_side_reply(s, err);
        else if (s->reply != NULL && store_reply_due(s->reply) >= 0)
            s->failed |= store_reply_flush(s->reply, err) != ERR_NONE;
        s->failed |= s->reply != NULL && (last || s->stage == ENDED);
    }
}

size_t chat_compare_unsaved(const struct chat *c)
{
    size_t n = 0;
    for (size_t i = 0; i < chat_compared(c); i++)
        n += c->compare->sides[i].failed;
    return n;
}

/* ---- one side --------------------------------------------------------------------------------------------------- */

static void take_shared_event(struct chat *c, const struct event *event);

static void end_side(struct chat *c, struct side *s, enum store_state state)
{
    struct error ignored = {0};
    s->answer.state = state;
    s->stage = ENDED;
    s->request = 0;
    close_side_reply(s, &ignored);
    tell_side(c, s);
}

/* Starts prefill; generation waits for its turn. */
static void ask_side(struct chat *c, struct side *s)
{
    struct speaker_question question = {0};
    struct script script = side_script(c, s, s->speaker);
    struct sampling settings = manner_of(&s->answer);
    struct script_start start;
    speaker_pace(s->speaker, 0);
    if (script_question(&script, NULL, &question, &start, &s->error) == ERR_NONE &&
        (s->reply != NULL || begin_side_reply(c, s, &s->error) == ERR_NONE)) {
        speaker_add_stops(s->speaker, &settings);
        s->request = speaker_ask(s->speaker, &question, &settings, take_shared_event, &s->error);
    }
    speaker_question_free(&question);
    s->stage = READING;
    if (s->request == 0)
        end_side(c, s, STORE_STOPPED);
    else
        tell_side(c, s);
}

/* Whether a server answers: it takes no turns with what computes here. */
static bool is_elsewhere(const struct side *s)
{
    return s->speaker != NULL && speaker_host(s->speaker) != NULL;
}

static void start_sides_elsewhere(struct chat *c)
{
    for (size_t i = 0; i < c->compare->n; i++)
        if (c->compare->sides[i].stage == LOADED && is_elsewhere(&c->compare->sides[i]))
            ask_side(c, &c->compare->sides[i]);
}

/* Whether a side computes, or will in a moment: one that only needs a cache is soon ready. */
static bool must_wait(const struct compare *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct side *s = &m->sides[i];
        if (is_elsewhere(s))
            continue;
        if (s->stage == READING || s->stage == MAKING || (s->stage == LOADING && s->shares_model))
            return true;
    }
    return false;
}

/* Starts the next side if none is computing. Pending prefills go first. */
static void start_next_side(struct chat *c)
{
    struct compare *m = c->compare;
    start_sides_elsewhere(c);
    if (must_wait(m))
        return;
    for (size_t i = 0; i < m->n; i++)
        if (m->sides[i].stage == LOADED) {
            ask_side(c, &m->sides[i]);
            if (m->sides[i].stage == READING)
                return;
        }
    for (size_t i = 1; i <= m->n; i++) {
        struct side *s = &m->sides[(m->turn + i) % m->n];
        if (s->stage != WAITING)
            continue;
        m->turn = (size_t)(s - m->sides);
        s->stage = MAKING;
        speaker_pace(s->speaker, 1);
        return;
    }
}

static void take_side_loaded(struct chat *c, struct side *s)
{
    s->stage = LOADED;
    if (speaker_use_loaded(s->speaker, NULL, &s->error) != ERR_NONE)
        end_side(c, s, STORE_STOPPED);
}

static void take_side_token(struct chat *c, struct side *s, const struct event *event)
{
    struct error ignored = {0}; /* the store keeps it, and tries again with the next */
    struct store_token token = form_token(event);
    s->stage = MAKING;
    buf_append(&s->answer.text, event->text, event->text_size);
    if (s->reply != NULL)
        store_reply_append(s->reply, event->text, event->text_size, event->id >= 0 ? &token : NULL, &ignored);
    else if (event->id >= 0)
        early_keep(&s->answer, &token);
    tell_side(c, s);
}

static void take_side_end(struct chat *c, struct side *s, const struct event *event)
{
    s->answer.timings = event->timings;
    s->answer.finish = event->finish;
    if (event->kind == EVENT_FAILED)
        s->error = event->error;
    bool stopped = event->kind == EVENT_FAILED || event->finish == FINISH_STOPPED;
    end_side(c, s, stopped ? STORE_STOPPED : STORE_COMPLETE);
}

static void take_side_event(struct chat *c, struct side *s, const struct event *event)
{
    switch (event->kind) {
    case EVENT_LOADED: take_side_loaded(c, s); break;
    case EVENT_LOADING:
    case EVENT_PROMPT:
    case EVENT_PREFILL: break;
    case EVENT_PREVIEW: s->stage = WAITING; break;
    case EVENT_TOKEN: take_side_token(c, s, event); break;
    case EVENT_DONE:
    case EVENT_FAILED: take_side_end(c, s, event); break;
    }
    start_next_side(c);
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

/* Takes what the chat's own speaker says for the side that uses it. */
static void take_shared_event(struct chat *c, const struct event *event)
{
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &c->compare->sides[i];
        if (!s->own && s->request == event->request) {
            take_side_event(c, s, event);
            return;
        }
    }
}

void chat_compare_handle(struct chat *c)
{
    struct event event;
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &c->compare->sides[i];
        while (c->compare != NULL && s->own && s->speaker != NULL && speaker_next(s->speaker, &event))
            if (s->stage != ENDED)
                take_side_event(c, s, &event);
    }
}

int chat_compare_fd(const struct chat *c)
{
    return c->compare->epoll;
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

/* Tokens of context that a side with the chat's model needs. */
static int32_t room_for(const struct chat *c, const struct side *s)
{
    struct speaker_question question = {0};
    struct error ignored = {0}; /* then it gets a whole context */
    struct script script = side_script(c, s, c->speaker);
    size_t capacity = chat_capacity(c), room = ROOM;
    struct script_start start;
    if (script.max_new_tokens >= 0)
        room = (size_t)script.max_new_tokens;
    if (script_question(&script, NULL, &question, &start, &ignored) == ERR_NONE)
        room += question.tokens + 1;
    else
        room = capacity;
    speaker_question_free(&question);
    return (int32_t)(room < capacity ? room : capacity);
}

/* A speaker with a model of its own, and that model's template, unless the text is continued; NULL on failure. */
static struct speaker *load_speaker(const struct chat *c, const char *model, struct error *err)
{
    struct speaker *s = speaker_new(c->options, err);
    const char *template = chat_continues_text(c) ? STORE_TEXT_TEMPLATE : NULL;
    if (s != NULL && speaker_use_template(s, template, false, err) == ERR_NONE &&
        speaker_load(s, model, err) == ERR_NONE)
        return s;
    speaker_free(s);
    return NULL;
}

static enum error_code start_speaker(struct chat *c, struct side *s, const char *model, struct error *err)
{
    struct epoll_event wanted = {.events = EPOLLIN};
    s->own = true;
    s->shares_model = model == NULL;
    s->speaker = model != NULL ? load_speaker(c, model, err) : speaker_beside(c->speaker, room_for(c, s), err);
    if (s->speaker != NULL && epoll_ctl(c->compare->epoll, EPOLL_CTL_ADD, speaker_fd(s->speaker), &wanted) != 0)
        error_system(err, ERR_IO, errno, "cannot wait for the engine");
    return err->code;
}

static enum error_code begin_side(struct chat *c, struct side *s, const struct chat_side *wanted, bool first,
                                  struct error *err)
{
    s->label = strdup(wanted->label);
    s->answer = (struct chat_message){.role = ROLE_ASSISTANT, .state = STORE_STREAMING};
    buf_init(&s->answer.text, CHAT_TEXT_MOST);
    if (!manner_give(&s->answer, &wanted->sampling))
        return error_memory(err);
    if (wanted->model != NULL || !first)
        return start_speaker(c, s, wanted->model, err);
    s->speaker = c->speaker;
    s->stage = LOADED;
    return ERR_NONE;
}

static enum error_code begin_sides(struct chat *c, const struct chat_side *sides, size_t n, struct error *err)
{
    struct compare *m = c->compare;
    struct epoll_event wanted = {.events = EPOLLIN};
    bool first = true;
    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (m->epoll < 0 || epoll_ctl(m->epoll, EPOLL_CTL_ADD, speaker_fd(c->speaker), &wanted) != 0)
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
    if (!speaker_is_ready(c->speaker) || speaker_is_loading(c->speaker))
        return error_set(err, ERR_BUSY, "the model is still loading; try again in a moment");
    if (question >= c->list.n)
        return error_set(err, ERR_NOT_FOUND, "there is no question yet to answer in several ways");
    c->compare = calloc(1, sizeof *c->compare);
    if (c->compare == NULL)
        return error_memory(err);
    c->compare->question = question;
    c->compare->shown = question + 1 < c->list.n ? chat_list_last(&c->list)->id : 0;
    if (begin_sides(c, sides, n, err) != ERR_NONE) {
        chat_compare_forget(c);
        return err->code;
    }
    start_next_side(c);
    return ERR_NONE;
}

/* ---- ending ----------------------------------------------------------------------------------------------------- */

void chat_compare_stop(struct chat *c)
{
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct side *s = &c->compare->sides[i];
        if (s->request != 0)
            speaker_stop(s->speaker);
        else if (s->stage != ENDED)
            end_side(c, s, STORE_STOPPED);
    }
}

static void free_side(struct side *s)
{
    if (s->request != 0 && !s->own) {
        speaker_stop(s->speaker);
        speaker_forget(s->speaker, s->request);
    }
    if (s->own)
        speaker_free(s->speaker);
    store_reply_free(s->reply);
    early_forget(&s->answer);
    buf_free(&s->answer.text);
    free(s->answer.model);
    manner_drop(s->answer.manner);
    free(s->label);
}

void chat_compare_forget(struct chat *c)
{
    struct compare *m = c->compare;
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n; i++)
        free_side(&m->sides[i]);
    if (m->epoll > 0)
        close(m->epoll);
    free(m);
    c->compare = NULL;
    chat_set_stepping(c, chat_is_stepping(c));
}

/* The comparison stays until its answers are stored: it alone has them. */
static enum error_code check_sides_saved(struct chat *c, struct error *err)
{
    struct error why = {0};
    chat_compare_save(c, false, &why);
    if (chat_compare_unsaved(c) == 0)
        return ERR_NONE;
    return error_set(err, why.code, "the answers are not saved yet, so the comparison stays open: %s", why.message);
}

enum error_code chat_compare_end(struct chat *c, size_t side, struct error *err)
{
    const struct compare *m = c->compare;
    if (m == NULL)
        return error_set(err, ERR_NOT_FOUND, "nothing is compared");
    if (chat_compare_runs(c))
        return error_set(err, ERR_BUSY, "answers are under way; stop them first");
    if (check_sides_saved(c, err) != ERR_NONE)
        return err->code;
    int64_t chosen = side < m->n ? m->sides[side].answer.id : m->shown;
    for (size_t i = 0; i < m->n && chosen == 0; i++)
        chosen = m->sides[i].answer.id;
    /* the path ends there: messages that were taken back do not come again */
    if (chosen != 0 && store_select_leaf(home_store(c->home), chosen, err) != ERR_NONE)
        return err->code;
    size_t question = m->question;
    chat_compare_forget(c);
    chat_cut(c, question + 1);
    chat_tell_changed(c, question + 1);
    return chat_reload(c, err);
}
