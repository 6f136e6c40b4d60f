/* Recap: the last lines of a long text. */
#include <config.h>

#include "app/line/recap.h"

#include <string.h>
#include <time.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "app/terminal/show.h"
#include "app/text/plural.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

/* Lines of a question and of an answer, and the bytes that count as a line where a text has no newlines. */
enum { QUESTION_LINES = 5, ANSWER_LINES = 14, LINE_BYTES = 80 };

static void show_head(struct show *s, const struct chat *c)
{
    struct store_conversation own = {0};
    struct error ignored = {0};
    const struct home *k = chat_home(c);
    if (store_conversation_get(home_store(k), home_conversation(k), &own, &ignored) == ERR_NONE) {
        char day[32] = "";
        time_t changed = (time_t)(own.changed / 1000);
        struct tm local;
        if (localtime_r(&changed, &local) != NULL)
            strftime(day, sizeof day, "%Y-%m-%d %H:%M", &local);
        show_note(s, "%s · %zu message%s · %s · %s", *own.title != '\0' ? own.title : "untitled", chat_count(c),
                  plural(chat_count(c)), own.public_id, day);
    }
    store_conversation_free(&own);
}

/* Where the last lines begin: at most this many, and at most as many bytes as fill them. */
static size_t last_lines(const struct buf *text, size_t lines)
{
    const char *bytes = buf_text(text);
    size_t at = text->size, n = 0;
    size_t least = text->size > lines * LINE_BYTES ? text->size - lines * LINE_BYTES : 0;
    while (at > least && (bytes[at - 1] != '\n' || ++n < lines))
        at--;
    while (at < text->size && ((unsigned char)bytes[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* Why a message is not complete. */
static void show_state(struct show *s, enum store_state state)
{
    if (state == STORE_INTERRUPTED)
        show_note(s, "interrupted; /continue resumes it");
    else if (state == STORE_STOPPED)
        show_note(s, "stopped; /continue resumes it");
    else if (state == STORE_STREAMING)
        show_note(s, "another window is writing this answer");
}

static void show_message(struct show *s, const struct chat_message *m, const char *prompt)
{
    bool answer = m->role == ROLE_ASSISTANT;
    size_t from = last_lines(&m->text, answer ? ANSWER_LINES : QUESTION_LINES);
    if (answer)
        show_label(s, "Palaver");
    else if (m->role == ROLE_USER)
        show_text(s, prompt, strlen(prompt));
    if (from > 0)
        show_text(s, "… ", strlen("… "));
    show_text(s, buf_text(&m->text) + from, m->text.size - from);
    show_end(s);
    show_state(s, m->state);
}

static void show_text_end(struct show *s, const struct chat *c)
{
    struct buf text;
    buf_init(&text, CHAT_TEXT_MOST);
    if (chat_append_text(c, &text)) {
        size_t from = last_lines(&text, ANSWER_LINES);
        show_text(s, from > 0 ? "… " : "", from > 0 ? strlen("… ") : 0);
        show_text(s, buf_text(&text) + from, text.size - from);
        show_end(s);
    }
    buf_free(&text);
    if (chat_count(c) > 0)
        show_state(s, chat_message(c, chat_count(c) - 1)->state);
}

void recap_show(struct show *s, const struct chat *c, size_t from, const char *prompt)
{
    size_t n = chat_count(c), first = n;
    if (from == 0)
        show_head(s, c);
    if (from == 0 && chat_continues_text(c)) {
        show_text_end(s, c);
        return;
    }
    while (first > from && (first == n || chat_message(c, first)->role != ROLE_USER))
        first--;
    for (size_t i = first; i < n; i++)
        show_message(s, chat_message(c, i), prompt);
}
