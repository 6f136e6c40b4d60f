/* Line tail: of a long text its last lines. */
#include <config.h>

#include "app/line/recap.h"

#include <string.h>
#include <time.h>

/* Lines of a question and of an answer, and the bytes that stand for a line where a text has no breaks. */
enum { QUESTION_LINES = 5, ANSWER_LINES = 14, LINE_BYTES = 80 };

static void show_title(struct show *s, const struct chat *c)
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
        show_note(s, "%s · %zu messages · %s · %s", *own.title != '\0' ? own.title : "untitled", chat_count(c),
                  own.public_id, day);
    }
    store_conversation_free(&own);
}

/* Where the last lines begin, so that they have at most this many lines and so many bytes as fill them. */
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
    if (m->state == STORE_INTERRUPTED)
        show_note(s, "interrupted; /continue goes on");
    else if (m->state == STORE_STOPPED)
        show_note(s, "stopped; /continue goes on");
    else if (m->state == STORE_STREAMING)
        show_note(s, "another window is writing this answer");
}

void line_tail_show(struct show *s, const struct chat *c, size_t from, const char *prompt)
{
    size_t n = chat_count(c), first = n;
    if (from == 0)
        show_title(s, c);
    while (first > from && (first == n || chat_message(c, first)->role != ROLE_USER))
        first--;
    for (size_t i = first; i < n; i++)
        show_message(s, chat_message(c, i), prompt);
}
