/* Titling: when to ask, and what becomes of the answer. */
#include <config.h>

#include "app/chat/titling.h"

#include <stdlib.h>
#include <string.h>

#include "app/chat/aside.h"
#include "app/chat/chat.h"
#include "app/chat/distant.h"
#include "app/chat/script.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/title.h"
#include "app/library/home.h"
#include "app/library/lock.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

enum {
    MOMENT = 1500,      /* milliseconds after an answer */
    SAID_MOST = 65536,  /* bytes that the model may answer */
    TOKENS_THERE = 1000 /* of a server's model, which may think first */
};

struct titling {
    int64_t due;             /* clock_milliseconds: when to ask, or to store title; 0: not at all */
    int64_t asked_for;       /* the conversation for which that was done last */
    char title[TITLE_BYTES]; /* made, but not stored because another program holds the history; "": none */
};

/* A title that is being made. */
struct title_work {
    struct aside_work work;
    struct buf said;
};

struct titling *titling_new(void)
{
    return calloc(1, sizeof(struct titling));
}

void titling_free(struct titling *t)
{
    free(t);
}

/* A server's model is asked for titles only where the user wants it: its tokens may cost. */
static bool is_for_titles(const struct chat *c)
{
    const struct distant *distant = speaker_distant(c->speaker);
    return distant != NULL ? distant_gives_titles(distant) : chat_template(c) != NULL && !chat_continues_text(c);
}

/* Whether this is a conversation that the model could name. */
static bool is_nameable(const struct chat *c)
{
    return !home_is_temporary(c->home) && home_conversation(c->home) != 0 && c->list.n >= 2 &&
           c->list.at[0].role == ROLE_USER && c->list.at[1].role == ROLE_ASSISTANT && is_for_titles(c);
}

void chat_title_later(struct chat *c)
{
    if (is_nameable(c) && home_conversation(c->home) != c->titling->asked_for)
        c->titling->due = clock_milliseconds() + MOMENT;
}

void chat_title_cancel(struct chat *c)
{
    c->titling->due = 0;
    c->titling->title[0] = '\0';
}

int chat_title_due(const struct chat *c)
{
    if (c->titling->due == 0 || chat_is_busy(c) || speaker_is_loading(c->speaker))
        return -1;
    int64_t left = c->titling->due - clock_milliseconds();
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

/* ---- what the model says ---------------------------------------------------------------------------------------- */

/* Stores it if the conversation is still this one. */
static void put_title(struct chat *c, const char *title)
{
    struct titling *t = c->titling;
    int64_t conversation = home_conversation(c->home);
    chat_title_cancel(c);
    if (!is_nameable(c) || conversation != t->asked_for)
        return;
    struct error ignored = {0}; /* the conversation keeps its title */
    enum error_code code = store_rename(home_store(c->home), conversation, title, STORE_TITLED_BY_MODEL, &ignored);
    if (code == ERR_NONE && c->view->titled != NULL)
        c->view->titled(c->view->context, title);
    if (code != ERR_BUSY)
        return;
    memcpy(t->title, title, strlen(title) + 1);
    t->due = clock_milliseconds() + LOCK_RETRY;
}

/* Stores what was said if it is a title. */
static void store_title(struct chat *c, const struct buf *said, bool ended)
{
    char title[TITLE_BYTES];
    if (!is_nameable(c))
        return;
    const char *question = buf_text(&c->list.at[0].text), *answer = buf_text(&c->list.at[1].text);
    if (title_clean(buf_text(said), ended, question, answer, title))
        put_title(c, title);
}

/* On this machine nothing fails but a model that another one has replaced. */
static void tell_failure(struct chat *c, const struct event *event)
{
    if (event->kind == EVENT_FAILED && speaker_distant(c->speaker) != NULL)
        chat_remark(c, false, "no title was made: %s", event->error.message);
}

static void end_title(struct chat *c, const struct buf *said, const struct event *event)
{
    tell_failure(c, event);
    if (event->kind == EVENT_DONE && event->finish == FINISH_STOPPED)
        c->titling->asked_for = 0; /* again after the next answer */
    chat_title_cancel(c);
    if (event->kind == EVENT_DONE && event->finish != FINISH_STOPPED)
        store_title(c, said, event->finish == FINISH_END);
    aside_forget(c->aside);
}

static void take_title(struct chat *c, struct aside_work *work, const struct event *event)
{
    struct buf *said = &((struct title_work *)work)->said;
    if (event->kind == EVENT_TOKEN && strlen(event->text) == event->text_size)
        buf_append(said, event->text, event->text_size);
    else if (event->kind == EVENT_TOKEN)
        buf_puts(said, "\xEF\xBF\xBD"); /* a NUL */
    else if (event->kind == EVENT_DONE || event->kind == EVENT_FAILED)
        end_title(c, said, event);
}

static void free_title(struct aside_work *work)
{
    buf_free(&((struct title_work *)work)->said);
    free(work);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static enum error_code ask_for_title(struct chat *c, struct title_work *title, struct error *err)
{
    struct speaker_question q;
    struct buf task;
    const struct sampling s = aside_settings(c, TITLE_TOKENS, TOKENS_THERE);
    buf_init(&task, TITLE_TASK_MOST);
    title_write_task(&task, buf_text(&c->list.at[0].text), buf_text(&c->list.at[1].text));
    if (script_task(c->speaker, TITLE_SYSTEM, &task, &q, err) == ERR_NONE) {
        aside_ask(c, &title->work, &q, &s, err);
        speaker_question_free(&q);
    }
    buf_free(&task);
    return err->code;
}

static void begin_title(struct chat *c)
{
    struct error ignored = {0}; /* the conversation keeps its title */
    struct title_work *title = calloc(1, sizeof *title);
    c->titling->asked_for = home_conversation(c->home);
    if (title == NULL)
        return;
    title->work = (struct aside_work){.yields = true, .take = take_title, .free = free_title};
    buf_init(&title->said, SAID_MOST);
    if (ask_for_title(c, title, &ignored) != ERR_NONE)
        free_title(&title->work);
}

void chat_title_tick(struct chat *c)
{
    if (chat_title_due(c) != 0)
        return;
    char title[TITLE_BYTES];
    memcpy(title, c->titling->title, sizeof title);
    chat_title_cancel(c);
    if (*title != '\0')
        put_title(c, title);
    else if (is_nameable(c) && is_titled_by_words(c))
        begin_title(c);
}
