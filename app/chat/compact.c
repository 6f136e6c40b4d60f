/* Compact: continuing with a summary in place of the oldest part.
 *
 * The model sums up the oldest messages aside, a few hundred tokens at a time; the result becomes part of the system
 * message of a new conversation, which has copies of the newest messages. The old conversation stays as it was. A
 * message sent meanwhile ends it. When another program holds the history at the end, storing is tried again. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/aside.h"
#include "app/chat/chat.h"
#include "app/chat/conversation.h"
#include "app/chat/list.h"
#include "app/chat/saving.h"
#include "app/chat/script.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/titling.h"
#include "app/library/home.h"
#include "app/text/thought.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "history/history.h"

enum {
    PART = 700,        /* tokens that are summed up at once */
    SUMMARY = 110,     /* tokens that the summary of a part may have */
    PART_THERE = 6000, /* the same at a server, whose models are larger and may think first: each request costs, */
    SUMMARY_THERE = 2000,
    CONTEXT_THERE = 4096, /* and its context need not be told */
    SAID_MOST = 1 << 20,  /* bytes of a part, and of all summaries */
    RETRY_EVERY = 250     /* milliseconds between tries to store it while another program holds the history */
};

static const char task[] = "Sum up this part of a conversation in a few short sentences. Keep names, numbers, "
                           "decisions and open questions. Answer with the summary alone.\n\n";
static const char heading[] = "The conversation so far, in short:\n";

struct compact {
    struct aside_work work;
    struct buf old, summary;    /* the text that is summed up, and what the model made of it */
    size_t at;                  /* bytes of old that the model was given */
    size_t part_bytes;          /* of old that are given at once */
    size_t summed;              /* bytes of summary that are of earlier parts */
    size_t upto;                /* messages before this index are in it */
    int64_t kept;               /* id of the message at that index */
    int64_t conversation, made; /* made: the new one; 0: none yet */
    int64_t retry; /* clock_milliseconds: when to store the whole summary; 0: it is not whole, or nothing holds it up */
};

static void free_compact(struct aside_work *work)
{
    struct compact *w = (struct compact *)work;
    buf_free(&w->old);
    buf_free(&w->summary);
    free(w);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* Tokens of the context. */
static size_t context_of(const struct chat *c)
{
    const size_t capacity = chat_capacity(c);
    return capacity > 0 ? capacity : CONTEXT_THERE;
}

/* Tokens of a part: a server's is at most half of its context. */
static size_t part_tokens(const struct chat *c)
{
    const size_t half = context_of(c) / 2;
    if (chat_host(c) == NULL || half < PART)
        return PART;
    return half < PART_THERE ? half : PART_THERE;
}

/* Messages before this index are summed up: the newest that fit into a quarter of the context stay, at least the last
 * exchange. */
static size_t first_kept(const struct chat *c)
{
    size_t room = context_of(c) / 4, last = chat_list_last_user(&c->list), from = c->list.n;
    while (from > 0) {
        const struct buf *text = &c->list.at[from - 1].text;
        size_t tokens = chat_count_tokens(c, buf_text(text), text->size) + 8;
        if (tokens > room && from <= last)
            break;
        room -= tokens < room ? tokens : room;
        from--;
    }
    while (from < c->list.n && c->list.at[from].role != ROLE_USER)
        from++;
    return from < last ? from : last;
}

static void append_old(struct chat *c, size_t upto, struct buf *out)
{
    for (size_t i = 0; i < upto; i++) {
        const struct chat_message *m = &c->list.at[i];
        buf_printf(out, "%s: %s\n\n", m->role == ROLE_USER ? "User" : "Assistant", buf_text(&m->text));
    }
}

/* The bytes of the next part: whole characters, to the end of a line where there is one. */
static size_t part_size(const struct compact *w, const char *text, size_t size)
{
    size_t most = w->part_bytes < size ? w->part_bytes : size;
    most -= most < size ? utf8_pending(text, most) : 0;
    for (size_t i = most; most < size && i > most / 2; i--)
        if (text[i - 1] == '\n')
            return i;
    return most;
}

static enum error_code ask_for_part(struct chat *c, struct compact *w, const char *part, size_t size, struct error *err)
{
    struct speaker_question q;
    struct buf text;
    const struct sampling s = aside_settings(c, SUMMARY, SUMMARY_THERE);
    buf_init(&text, SAID_MOST);
    buf_puts(&text, task);
    buf_append(&text, part, size);
    if (script_task(c->speaker, "You write short summaries.", &text, &q, err) == ERR_NONE) {
        aside_ask(c, &w->work, &q, &s, err);
        speaker_question_free(&q);
    }
    buf_free(&text);
    return err->code;
}

/* Asks for the summary of the next part. */
static enum error_code ask_for_summary(struct chat *c, struct compact *w, struct error *err)
{
    const char *part = buf_text(&w->old) + w->at;
    size_t size = part_size(w, part, w->old.size - w->at);
    if (ask_for_part(c, w, part, size, err) != ERR_NONE)
        return err->code;
    w->at += size;
    chat_remark(c, false, "summing up, %zu%%; a message ends it", w->at * 100 / w->old.size);
    return ERR_NONE;
}

/* ---- the new conversation --------------------------------------------------------------------------------------- */

static enum error_code copy_newest(struct chat *c, struct store *s, const struct compact *w, int64_t conversation,
                                   struct error *err)
{
    int64_t parent = 0;
    for (size_t i = w->upto; i < c->list.n && err->code == ERR_NONE; i++) {
        const struct chat_message *m = &c->list.at[i];
        store_append(s, conversation, parent, m->role == ROLE_USER ? STORE_USER : STORE_ASSISTANT, buf_text(&m->text),
                     m->text.size, NULL, &parent, err);
    }
    return err->code;
}

/* Names the new conversation after the old one. */
static void copy_title(struct store *s, int64_t old, int64_t conversation, struct error *err)
{
    struct store_conversation own = {0};
    struct buf title;
    if (store_conversation_get(s, old, &own, err) != ERR_NONE)
        return;
    buf_init(&title, 1 << 16);
    buf_printf(&title, "%s (in short)", own.title);
    store_rename(s, conversation, buf_text(&title), STORE_TITLED_BY_HAND, err);
    store_conversation_free(&own);
    buf_free(&title);
}

/* Makes the conversation that continues, in one transaction. */
static enum error_code make_conversation(struct chat *c, const struct compact *w, int64_t *conversation,
                                         struct error *err)
{
    struct store *s = home_store(c->home);
    struct buf system;
    int64_t id = 0;
    buf_init(&system, CHAT_TEXT_MOST);
    buf_puts(&system, chat_system(c));
    buf_printf(&system, "%s%s%s", system.size > 0 ? "\n\n" : "", heading, buf_text(&w->summary));
    if (store_begin(s, err) == ERR_NONE) {
        if (store_new(s, &id, err) == ERR_NONE &&
            store_set(s, id, STORE_SYSTEM_PROMPT, buf_text(&system), err) == ERR_NONE &&
            copy_newest(c, s, w, id, err) == ERR_NONE)
            copy_title(s, w->conversation, id, err);
        struct error ignored = {0}; /* the first error counts */
        store_end(s, err->code == ERR_NONE, err->code == ERR_NONE ? err : &ignored);
    }
    if (err->code == ERR_NONE)
        *conversation = id;
    buf_free(&system);
    return err->code;
}

/* Whether what was summed up is still the beginning of the present conversation. */
static bool is_compactable(const struct chat *c, const struct compact *w)
{
    return home_conversation(c->home) == w->conversation && w->upto < c->list.n && c->list.at[w->upto].id == w->kept;
}

/* The next try comes later. */
static void put_off(struct chat *c, struct compact *w)
{
    if (w->retry == 0)
        chat_remark(c, false, "the summary is made, and waits for another program that holds the history");
    w->retry = clock_milliseconds() + RETRY_EVERY;
}

/* True while another program holds the history: then it is put off. */
static bool enter_compacted(struct chat *c, struct compact *w)
{
    struct error err = {0};
    if (chat_check_saved(c, &err) == ERR_NONE &&
        (w->made != 0 || make_conversation(c, w, &w->made, &err) == ERR_NONE) &&
        chat_enter(c, w->made, &err) == ERR_NONE) {
        chat_tell_changed(c, 0);
        chat_remark(c, false,
                    "a summary stands for the first %zu messages (/system shows it); the other conversation stays as "
                    "it was",
                    w->upto);
        return false;
    }
    if (err.code == ERR_BUSY) {
        put_off(c, w);
        return true;
    }
    chat_remark(c, true, "%s", err.message);
    return false;
}

static int compact_due(const struct aside_work *work)
{
    const struct compact *w = (const struct compact *)work;
    int64_t left = w->retry - clock_milliseconds();
    return w->retry == 0 ? -1 : left > 0 ? (int)left : 0;
}

/* An answer under way is not interrupted. */
static void tick_compact(struct chat *c, struct aside_work *work)
{
    struct compact *w = (struct compact *)work;
    if (!is_compactable(c, w)) {
        chat_remark(c, false, "not summed up");
        aside_forget(c->aside);
    } else if (chat_is_busy(c)) {
        w->retry = clock_milliseconds() + RETRY_EVERY;
    } else if (!enter_compacted(c, w)) {
        aside_forget(c->aside);
    }
}

/* ---- what comes ------------------------------------------------------------------------------------------------- */

/* Leaves out what the model thought before the summary of a part. False when nothing else came. */
static bool take_part(struct compact *w)
{
    struct buf part;
    buf_init(&part, SAID_MOST);
    buf_puts(&part, buf_text(&w->summary) + w->summed);
    const char *said = thought_skip(buf_text(&part));
    const bool any = !thought_is_all(said) && said[strspn(said, " \t\r\n")] != '\0';
    buf_truncate(&w->summary, w->summed);
    buf_printf(&w->summary, "%s\n", said);
    w->summed = w->summary.size;
    buf_free(&part);
    return any && !buf_failed(&w->summary);
}

/* True while there is more to come. */
static bool end_part(struct chat *c, struct compact *w, const struct event *event)
{
    struct error err = {0};
    bool here = is_compactable(c, w) && !chat_is_busy(c);
    if (event->kind == EVENT_FAILED || event->finish == FINISH_STOPPED || !here) {
        chat_remark(c, event->kind == EVENT_FAILED, "%s",
                    event->kind == EVENT_FAILED ? event->error.message : "not summed up");
        return false;
    }
    if (!take_part(w)) {
        chat_remark(c, true, "not summed up: the model answered without a summary");
        return false;
    }
    if (w->at >= w->old.size)
        return enter_compacted(c, w);
    if (ask_for_summary(c, w, &err) == ERR_NONE)
        return true;
    chat_remark(c, true, "%s", err.message);
    return false;
}

static void take_summary(struct chat *c, struct aside_work *work, const struct event *event)
{
    struct compact *w = (struct compact *)work;
    if (event->kind == EVENT_TOKEN)
        buf_append(&w->summary, event->text, strlen(event->text));
    else if ((event->kind == EVENT_DONE || event->kind == EVENT_FAILED) && !end_part(c, w, event))
        aside_forget(c->aside);
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

static enum error_code begin_compact(struct chat *c, struct compact *w, size_t upto, struct error *err)
{
    w->work = (struct aside_work){.take = take_summary, .free = free_compact, .due = compact_due, .tick = tick_compact};
    buf_init(&w->old, CHAT_TEXT_MOST);
    buf_init(&w->summary, SAID_MOST);
    append_old(c, upto, &w->old);
    if (buf_failed(&w->old))
        return error_memory(err);
    size_t tokens = chat_count_tokens(c, buf_text(&w->old), w->old.size);
    w->upto = upto;
    const size_t most = part_tokens(c);
    w->part_bytes = tokens > most ? (size_t)((double)w->old.size / (double)tokens * (double)most) : w->old.size;
    w->kept = c->list.at[upto].id;
    w->conversation = home_conversation(c->home);
    return ask_for_summary(c, w, err);
}

enum error_code chat_compact(struct chat *c, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE ||
        chat_check_loaded(c, err) != ERR_NONE)
        return err->code;
    if (chat_continues_text(c))
        return error_set(err, ERR_UNSUPPORTED,
                         "a text that is continued is not summed up: when the context is full its beginning is left "
                         "out; /raw off holds a dialogue");
    size_t upto = first_kept(c);
    if (upto == 0)
        return error_set(err, ERR_NOT_FOUND, "nothing to compact: all messages are recent");
    chat_title_cancel(c);
    struct compact *w = calloc(1, sizeof *w);
    if (w == NULL)
        return error_memory(err);
    if (begin_compact(c, w, upto, err) != ERR_NONE)
        free_compact(&w->work);
    return err->code;
}
