/* Background: the struct chat of each conversation changes places with that of the open one. */
#include <config.h>

#include "app/chat/background.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "app/chat/answering.h"
#include "app/chat/aside.h"
#include "app/chat/footprint.h"
#include "app/chat/parts.h"
#include "app/chat/queue.h"
#include "app/chat/saving.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/titling.h"
#include "app/library/home.h"
#include "app/options/options.h"
#include "history/history.h"

/* Each has a key/value cache of its own. */
enum { ANSWERS_MOST = 4 };

struct unseen {
    struct chat chat;
    struct chat_view view;
    struct chat *open; /* where the user is */
};

struct background {
    struct unseen *at[ANSWERS_MOST];
    size_t n;
    int epoll;
    struct failure {
        int64_t conversation; /* 0: none */
        struct error why;
    } failures[ANSWERS_MOST]; /* that the user has not come to see; the oldest gives way */
    size_t next_failure;
};

size_t background_count(const struct chat *c)
{
    return c->background != NULL ? c->background->n : 0;
}

struct chat *background_at(const struct chat *c, size_t index)
{
    return &c->background->at[index]->chat;
}

int background_fd(const struct chat *c)
{
    return background_count(c) > 0 ? c->background->epoll : -1;
}

size_t background_find(const struct chat *c, int64_t conversation)
{
    size_t i = 0;
    while (i < background_count(c) && home_conversation(background_at(c, i)->home) != conversation)
        i++;
    return i;
}

/* ---- what they tell --------------------------------------------------------------------------------------------- */

/* The list shows the conversation otherwise. */
static void tell_elsewhere(const struct chat *open)
{
    if (open->view->elsewhere != NULL)
        open->view->elsewhere(open->view->context);
}

/* Says it in the open chat, with the title of the conversation. */
static void remark_elsewhere(const struct unseen *u, bool trouble, const char *text)
{
    struct store_conversation own = {0};
    struct error ignored = {0}; /* then it is said without a title */
    const struct home *home = u->chat.home;
    store_conversation_get(home_store(home), home_conversation(home), &own, &ignored);
    chat_remark(u->open, trouble, "in “%.60s”: %s", own.title != NULL && *own.title != '\0' ? own.title : "Untitled",
                text);
    store_conversation_free(&own);
}

static void mark_unread(const struct unseen *u)
{
    struct error ignored = {0}; /* the answer is there all the same */
    const struct home *home = u->chat.home;
    store_flag(home_store(home), home_conversation(home), STORE_UNREAD, true, &ignored);
    tell_elsewhere(u->open);
}

static void on_ended(void *context, const struct chat_message *answer)
{
    (void)answer;
    mark_unread(context);
}

static void keep_failure(const struct unseen *u, const struct error *why)
{
    struct background *b = u->open->background;
    b->failures[b->next_failure] = (struct failure){home_conversation(u->chat.home), *why};
    b->next_failure = (b->next_failure + 1) % ANSWERS_MOST;
}

static void on_failed(void *context, const struct error *err)
{
    struct unseen *u = context;
    keep_failure(u, err);
    mark_unread(u);
    remark_elsewhere(u, true, err->message);
}

/* The message waits in its conversation. */
static void on_refused(void *context, const char *text, const struct error *err)
{
    struct unseen *u = context;
    if (*text != '\0' && queue_insert(u->chat.queue, 0, text, strlen(text)))
        chat_save_properties(&u->chat);
    on_failed(u, err);
}

static void on_remark(void *context, bool trouble, const char *text)
{
    if (trouble)
        remark_elsewhere(context, true, text);
}

static void on_titled(void *context, const char *title)
{
    const struct unseen *u = context;
    (void)title;
    tell_elsewhere(u->open);
}

void background_tell_failure(struct chat *c)
{
    for (size_t i = 0; c->background != NULL && i < ANSWERS_MOST; i++) {
        struct failure *f = &c->background->failures[i];
        if (f->conversation == 0 || f->conversation != home_conversation(c->home))
            continue;
        f->conversation = 0;
        chat_remark(c, true, "%s", f->why.message);
    }
}

/* ---- coming and going ------------------------------------------------------------------------------------------- */

static void free_unseen(struct unseen *u)
{
    if (u == NULL)
        return;
    chat_free_parts(&u->chat);
    home_free(u->chat.home);
    free(u);
}

void background_free(struct background *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->n; i++)
        free_unseen(b->at[i]);
    close(b->epoll);
    free(b);
}

/* A new conversation beside the open one, with its model and settings. */
static struct unseen *unseen_new(struct chat *c, struct error *err)
{
    struct unseen *u = calloc(1, sizeof *u);
    if (u == NULL) {
        error_memory(err);
        return NULL;
    }
    u->open = c;
    u->view = (struct chat_view){.context = u,
                                 .ended = on_ended,
                                 .failed = on_failed,
                                 .refused = on_refused,
                                 .remark = on_remark,
                                 .titled = on_titled};
    u->chat = (struct chat){.options = c->options, .view = &u->view};
    if (chat_make_parts(&u->chat, c, err) == ERR_NONE && (u->chat.home = home_beside(c->home, err)) != NULL &&
        (u->chat.speaker = speaker_beside(c->speaker, c->options->context, err)) != NULL) {
        saving_report(u->chat.saving, REPORTED_HOME);
        return u;
    }
    free_unseen(u);
    return NULL;
}

static enum error_code watch_speaker(const struct background *b, const struct chat *c, struct error *err)
{
    struct epoll_event wanted = {.events = EPOLLIN};
    if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, speaker_fd(c->speaker), &wanted) != 0)
        error_system(err, ERR_IO, errno, "cannot wait for an answer in the background");
    return err->code;
}

/* Gives each the conversation of the other. What belongs to where the user is stays in its place. */
static void exchange(struct chat *a, struct chat *b)
{
    const struct chat was = *a;
    const int64_t conversation = home_conversation(a->home);
    *a = *b;
    a->view = was.view;
    a->home = was.home;
    a->background = was.background;
    a->looked = was.looked;
    const struct chat other = *b;
    *b = was;
    b->view = other.view;
    b->home = other.home;
    b->background = other.background;
    b->looked = other.looked;
    home_enter(a->home, home_conversation(b->home));
    home_enter(b->home, conversation);
}

static struct background *background_new(struct error *err)
{
    struct background *b = calloc(1, sizeof *b);
    if (b == NULL) {
        error_memory(err);
        return NULL;
    }
    b->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (b->epoll >= 0)
        return b;
    error_system(err, ERR_IO, errno, "cannot wait for an answer in the background");
    free(b);
    return NULL;
}

/* What the user would have to do before this answer can go on unseen. */
static enum error_code check_goes_on(const struct chat *c, struct error *err)
{
    if (c->view->elsewhere == NULL)
        return chat_check_idle(c, err);
    if (c->compare != NULL)
        return error_set(err, ERR_BUSY, "answers are compared; Esc ends that first");
    if (answering_waits_for_model(c->answering))
        return error_set(err, ERR_BUSY, "your message waits for the model; it can be left alone when that is loaded");
    if (answering_is_stepping(c->answering))
        return error_set(err, ERR_BUSY, "the answer waits for you at each token; /step off or Esc first");
    if (home_is_temporary(c->home))
        return error_set(err, ERR_BUSY, "a temporary conversation is gone when it is left; Esc stops its answer first");
    if (home_conversation(c->home) == 0)
        return error_set(err, ERR_BUSY, "this conversation is not saved yet; Esc stops its answer first");
    if (aside_due(c->aside) >= 0)
        return error_set(err, ERR_BUSY, "a summary still waits to be saved; try again in a moment");
    return ERR_NONE;
}

/* Of the conversations elsewhere, of this one, and of the one that follows it. */
static size_t contexts_beside(const struct chat *c)
{
    return background_count(c) + 2;
}

static enum error_code check_room(const struct chat *c, struct error *err)
{
    const struct memory_plan *plan = speaker_plan(c->speaker);
    if (background_count(c) == ANSWERS_MOST)
        return error_set(err, ERR_BUSY, "%d answers go on elsewhere already; Esc stops this one", ANSWERS_MOST);
    return plan != NULL ? footprint_check_beside(plan, contexts_beside(c), err) : ERR_NONE;
}

static void tell_room(const struct chat *c)
{
    char text[200];
    const struct memory_plan *plan = speaker_plan(c->speaker);
    if (plan != NULL && footprint_write_beside(plan, contexts_beside(c), text, sizeof text))
        chat_remark(c, false, "memory: %s", text);
}

enum error_code background_leave(struct chat *c, struct error *err)
{
    if (check_goes_on(c, err) != ERR_NONE || check_room(c, err) != ERR_NONE)
        return err->code;
    if (c->background == NULL && (c->background = background_new(err)) == NULL)
        return err->code;
    struct unseen *u = unseen_new(c, err);
    if (u == NULL || watch_speaker(c->background, c, err) != ERR_NONE) {
        free_unseen(u);
        return err->code;
    }
    tell_room(c);
    home_enter(u->chat.home, 0);
    exchange(c, &u->chat);
    c->background->at[c->background->n++] = u;
    tell_elsewhere(c);
    return ERR_NONE;
}

static void take_out(struct background *b, size_t index)
{
    b->n--;
    memmove(b->at + index, b->at + index + 1, (b->n - index) * sizeof b->at[0]);
}

enum error_code background_return(struct chat *c, size_t index, struct error *err)
{
    struct background *b = c->background;
    struct unseen *u = b->at[index];
    const bool goes_on = chat_is_busy(c);
    if (goes_on && (check_goes_on(c, err) != ERR_NONE || watch_speaker(b, c, err) != ERR_NONE))
        return err->code;
    if (!goes_on && aside_is_asked(c->aside))
        return error_set(err, ERR_BUSY, "what you asked for in this conversation is still being made; a moment");
    epoll_ctl(b->epoll, EPOLL_CTL_DEL, speaker_fd(u->chat.speaker), NULL);
    exchange(c, &u->chat);
    if (!goes_on) {
        take_out(b, index);
        free_unseen(u);
    }
    tell_elsewhere(c);
    return ERR_NONE;
}

/* Whether all is made, saved and named. */
static bool has_ended(const struct chat *c)
{
    return !chat_is_busy(c) && chat_is_saved(c) && !queue_is_due(c->queue) && chat_title_due(c) < 0 &&
           aside_is_empty(c->aside);
}

void background_drop_ended(struct chat *c)
{
    for (size_t i = background_count(c); i-- > 0;) {
        struct unseen *u = c->background->at[i];
        if (!has_ended(&u->chat))
            continue;
        take_out(c->background, i);
        free_unseen(u);
        tell_elsewhere(c);
    }
}
