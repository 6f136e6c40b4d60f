/* Chat: going on with a summary in place of the oldest part.
 *
 * The model sums the oldest messages up aside, a few hundred tokens at a time; the result stands in the system message of a
 * new conversation that has copies of the newest messages. The old conversation stays as it was. A message sent meanwhile
 * ends it. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/internal.h"
#include "base/utf8.h"

/* Tokens: of a part that is summed up at once, and of its summary. */
enum { PART = 700, SUMMARY = 110, SAID_MOST = 1 << 20 };

static const char task[] = "Sum up this part of a conversation in a few short sentences. Keep names, numbers, decisions and "
                           "open questions. Answer with the summary alone.\n\n";
static const char heading[] = "The conversation so far, in short:\n";

void chat_compact_forget(struct chat *c)
{
    c->compact.request = 0;
    buf_free(&c->compact.old);
    buf_free(&c->compact.summary);
}

/* Messages before this index are summed up: the newest that fit into a quarter of the context stay, at least the last
 * exchange. */
static size_t newest(const struct chat *c)
{
    size_t room = chat_capacity(c) / 4, last = chat_list_last_user(&c->list), from = c->list.n;
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

static void put_old(struct chat *c, size_t upto, struct buf *out)
{
    for (size_t i = 0; i < upto; i++)
        buf_printf(out, "%s: %s\n\n", c->list.at[i].role == ROLE_USER ? "User" : "Assistant", buf_text(&c->list.at[i].text));
}

/* The bytes of the next part: whole characters, at a line's end where there is one. */
static size_t part_size(const struct chat *c, const char *text, size_t size)
{
    size_t most = c->compact.part_bytes < size ? c->compact.part_bytes : size;
    most -= most < size ? utf8_pending(text, most) : 0;
    for (size_t i = most; most < size && i > most / 2; i--)
        if (text[i - 1] == '\n')
            return i;
    return most;
}

/* Asks for the summary of the next part. */
static enum error_code ask(struct chat *c, struct error *err)
{
    struct prompt prompt = {0};
    struct buf text;
    const char *from = buf_text(&c->compact.old) + c->compact.at;
    size_t size = part_size(c, from, c->compact.old.size - c->compact.at);
    buf_init(&text, SAID_MOST);
    buf_puts(&text, task);
    buf_append(&text, from, size);
    const struct message messages[] = {{ROLE_SYSTEM, "You write short summaries."}, {ROLE_USER, buf_text(&text)}};
    enum error_code code =
        buf_failed(&text) ? error_set(err, ERR_MEMORY, "no memory for a summary")
                          : prompt_render(c->template, model_tokenizer(chat_model(c)), messages, 2, 0, &prompt, err);
    buf_free(&text);
    if (code != ERR_NONE)
        return code;
    struct sampling s = sampling_defaults();
    s.temperature = 0;
    s.max_new_tokens = SUMMARY;
    c->compact.request = worker_generate_aside(c->worker, prompt.ids.at, prompt.ids.n, &s, err);
    prompt_free(&prompt);
    if (c->compact.request == 0)
        return err->code != ERR_NONE ? err->code : error_set(err, ERR_BUSY, "the model is busy; try again");
    c->compact.at += size;
    chat_remark(c, false, "summing up, %zu%%; a message ends it", c->compact.at * 100 / c->compact.old.size);
    return ERR_NONE;
}

enum error_code chat_compact(struct chat *c, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    if (chat_model(c) == NULL)
        return error_set(err, ERR_NOT_FOUND, "the model is not loaded yet");
    if (template_is_base(c->template))
        return error_set(err, ERR_UNSUPPORTED, "a base model sums nothing up");
    size_t upto = newest(c);
    if (upto == 0)
        return error_set(err, ERR_NOT_FOUND, "there is nothing to sum up: the newest messages are all there is");
    chat_title_forget(c);
    chat_compact_forget(c);
    buf_init(&c->compact.old, CHAT_TEXT_MOST);
    buf_init(&c->compact.summary, SAID_MOST);
    put_old(c, upto, &c->compact.old);
    size_t tokens = chat_count_tokens(c, buf_text(&c->compact.old), c->compact.old.size);
    c->compact.upto = upto;
    c->compact.at = 0;
    c->compact.part_bytes = tokens > PART ? c->compact.old.size / tokens * PART : c->compact.old.size;
    c->compact.conversation = home_conversation(c->home);
    if (buf_failed(&c->compact.old))
        return error_set(err, ERR_MEMORY, "no memory for the conversation");
    return ask(c, err);
}

/* ---- the new conversation --------------------------------------------------------------------------------------- */

static enum error_code copy_newest(struct chat *c, struct store *s, int64_t conversation, struct error *err)
{
    int64_t parent = 0;
    for (size_t i = c->compact.upto; i < c->list.n && err->code == ERR_NONE; i++) {
        const struct chat_message *m = &c->list.at[i];
        store_append(s, conversation, parent, m->role == ROLE_USER ? STORE_USER : STORE_ASSISTANT, buf_text(&m->text),
                     m->text.size, NULL, &parent, err);
    }
    return err->code;
}

/* The title of the old one, numbered by the word for what it is. */
static void name(struct store *s, int64_t old, int64_t conversation, struct error *err)
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

/* Makes the conversation that goes on, in one transaction. */
static enum error_code make(struct chat *c, int64_t *conversation, struct error *err)
{
    struct store *s = home_store(c->home);
    struct buf system;
    buf_init(&system, CHAT_TEXT_MOST);
    buf_printf(&system, "%s%s%s%s", chat_system(c), *chat_system(c) != '\0' ? "\n\n" : "", heading,
               buf_text(&c->compact.summary));
    if (store_begin(s, err) == ERR_NONE) {
        if (store_new(s, conversation, err) == ERR_NONE &&
            store_set(s, *conversation, STORE_SYSTEM_PROMPT, buf_text(&system), err) == ERR_NONE &&
            copy_newest(c, s, *conversation, err) == ERR_NONE)
            name(s, c->compact.conversation, *conversation, err);
        struct error ignored = {0};
        store_end(s, err->code == ERR_NONE, err->code == ERR_NONE ? err : &ignored);
    }
    buf_free(&system);
    return err->code;
}

static void finish(struct chat *c)
{
    struct error err = {0};
    int64_t conversation = 0;
    size_t upto = c->compact.upto;
    bool good = chat_check_saved(c, &err) == ERR_NONE && make(c, &conversation, &err) == ERR_NONE &&
                chat_enter(c, conversation, &err) == ERR_NONE;
    chat_compact_forget(c);
    if (!good) {
        chat_remark(c, true, "%s", err.message);
        return;
    }
    chat_tell_changed(c, 0);
    chat_remark(c, false, "a summary stands for the first %zu messages (/system shows it); the other conversation stays as it was",
                upto);
}

static void end(struct chat *c, const struct event *event)
{
    struct error err = {0};
    bool here = home_conversation(c->home) == c->compact.conversation && !chat_is_busy(c);
    c->compact.request = 0;
    if (event->kind == EVENT_FAILED || event->finish == FINISH_STOPPED || !here) {
        chat_remark(c, event->kind == EVENT_FAILED, "%s",
                    event->kind == EVENT_FAILED ? event->error.message : "not summed up");
        chat_compact_forget(c);
        return;
    }
    buf_putc(&c->compact.summary, '\n');
    if (c->compact.at >= c->compact.old.size) {
        finish(c);
    } else if (ask(c, &err) != ERR_NONE) {
        chat_remark(c, true, "%s", err.message);
        chat_compact_forget(c);
    }
}

bool chat_compact_take(struct chat *c, const struct event *event)
{
    if (c->compact.request == 0 || event->request != c->compact.request)
        return false;
    if (event->kind == EVENT_TOKEN)
        buf_append(&c->compact.summary, event->text, strlen(event->text));
    else if (event->kind == EVENT_DONE || event->kind == EVENT_FAILED)
        end(c, event);
    return true;
}
