/* View: messages of the chat as messages of ui, with what is said about an answer. */
#include <config.h>

#include "app/screen/view.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/chat/chat.h"
#include "app/screen/bookmarks.h"
#include "app/screen/changes.h"
#include "app/screen/status.h"
#include "app/text/plural.h"
#include "base/buf.h"
#include "base/count.h"

/* Bytes of what is said about a message. */
enum { ABOUT = 160 };

struct screen_view {
    size_t shown;  /* messages that ui has */
    bool was_busy; /* at the last sync */
};

struct screen_view *screen_view_new(void)
{
    return calloc(1, sizeof(struct screen_view));
}

void screen_view_free(struct screen_view *v)
{
    free(v);
}

/* ---- one message ------------------------------------------------------------------------------------------------ */

/* Why an answer is shorter than it might be; NULL for one that ended by itself. */
static const char *cut_reason(const struct chat_message *m)
{
    return m->state == STORE_INTERRUPTED ? "interrupted"
           : m->state == STORE_STOPPED   ? "stopped"
           : m->finish == FINISH_LENGTH  ? "cut at max_new_tokens"
           : m->finish == FINISH_CONTEXT ? "context full"
                                         : NULL;
}

/* What follows an answer's name: tokens, speed, seconds to the first token, how it ended. */
static void write_about(const struct chat_message *m, bool running, char *out, size_t size)
{
    const struct timings *t = &m->timings;
    const char *reason = cut_reason(m);
    char count[COUNT_TEXT];
    size_t at = 0;
    *out = '\0';
    if (m->role != ROLE_ASSISTANT || running)
        return;
    if (t->answer_tokens > 0)
        at += (size_t)snprintf(out, size, "%s token%s", count_write(t->answer_tokens, count), plural(t->answer_tokens));
    if (t->answer_tokens > 0 && t->decode_seconds > 0 && at < size)
        at += (size_t)snprintf(out + at, size - at, " · %.0f t/s", (double)t->answer_tokens / t->decode_seconds);
    if (t->answer_tokens > 0 && t->first_token_seconds > 0 && at < size)
        at += (size_t)snprintf(out + at, size - at, " · first %.1f s", t->first_token_seconds);
    if (reason != NULL && at < size)
        snprintf(out + at, size - at, "%s%s", at > 0 ? " · " : "", reason);
}

/* Puts the sign of a bookmark before what is said. */
static void mark_about(char *about, size_t size)
{
    char plain[ABOUT - 16];
    snprintf(plain, sizeof plain, "%s", about);
    snprintf(about, size, "★%s%s", *plain != '\0' ? " · " : "", plain);
}

static void describe_message(const struct screen *s, size_t index, char *about, size_t size, struct ui_message *out)
{
    const struct chat *c = s->repl.chat;
    const struct chat_message *m = chat_message(c, index);
    bool running = index + 1 == chat_count(c) && m->role == ROLE_ASSISTANT && chat_is_busy(c);
    write_about(m, running, about, size);
    if (screen_bookmarks_has(s, m->id))
        mark_about(about, size);
    *out = (struct ui_message){.id = m->id,
                               .speaker = m->role == ROLE_ASSISTANT ? UI_MODEL : UI_YOU,
                               .time = m->created,
                               .sibling = m->sibling,
                               .siblings = m->siblings,
                               .about = about,
                               .running = running,
                               .text = buf_text(&m->text),
                               .size = m->text.size};
}

void screen_view_refresh(struct screen *s, size_t index)
{
    char about[ABOUT];
    struct ui_message m;
    if (index >= s->view->shown || index >= chat_count(s->repl.chat))
        return;
    describe_message(s, index, about, sizeof about, &m);
    ui_message_change(s->ui, index, &m);
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

/* An answer began or ended: what is said about it and its question changes. */
static void note_busy(struct screen *s, bool busy)
{
    size_t n = chat_count(s->repl.chat);
    if (busy)
        screen_status_begin(s);
    screen_changes_forget(s);
    s->view->was_busy = busy;
    if (n > 0)
        screen_view_refresh(s, n - 1);
    if (n > 1)
        screen_view_refresh(s, n - 2);
    screen_status_show(s);
}

void screen_view_sync(struct screen *s)
{
    char about[ABOUT];
    struct ui_message m;
    struct screen_view *v = s->view;
    size_t n = chat_count(s->repl.chat);
    bool busy = chat_is_busy(s->repl.chat), more = n > v->shown;
    screen_view_cut(s, n);
    if (more && v->shown > 0)
        screen_view_refresh(s, v->shown - 1);
    for (; v->shown < n; v->shown++) {
        describe_message(s, v->shown, about, sizeof about, &m);
        ui_message_add(s->ui, &m);
    }
    if (busy != v->was_busy)
        note_busy(s, busy);
}

void screen_view_cut(struct screen *s, size_t from)
{
    if (from == 0)
        screen_changes_forget(s); /* another conversation, whose answer may stream as well */
    if (from >= s->view->shown)
        return;
    ui_messages_cut(s->ui, from);
    s->view->shown = from;
}

void screen_view_grow(struct screen *s, const char *text, size_t size)
{
    size_t n = chat_count(s->repl.chat);
    if (s->view->shown < n)
        screen_view_sync(s); /* brings this text too */
    else if (n > 0 && size > 0)
        ui_message_grow(s->ui, n - 1, text, size);
}
