/* Queue: a row for each message, of many for those beside the one that Enter takes back. */
#include <config.h>

#include "app/screen/queue.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/screen/composer.h"
#include "app/screen/draft.h"

enum { LINE = 300 }; /* bytes of a message that are shown at most */

struct screen_queue {
    bool changed;
    bool was_busy; /* when they were shown */
};

struct screen_queue *screen_queue_new(void)
{
    return calloc(1, sizeof(struct screen_queue));
}

void screen_queue_free(struct screen_queue *queue)
{
    free(queue);
}

void screen_queue_changed(struct screen *s)
{
    s->queue->changed = true;
}

/* The one that Enter takes back. */
static size_t next_to_take(const struct chat *c)
{
    return chat_is_busy(c) ? chat_queued(c) - 1 : 0;
}

/* The beginning of a message on one line. */
static void write_line(const char *text, char out[LINE])
{
    text += strspn(text, " \t\n");
    const size_t size = strcspn(text, "\n");
    snprintf(out, LINE, "%.*s%s", size < LINE - 8 ? (int)size : LINE - 8, text,
             size >= LINE - 8 || text[size] != '\0' ? " …" : "");
}

/* The rows end with the one that Enter takes back while an answer is under way, and else begin with it. */
static void show_queue(struct screen *s)
{
    const struct chat *c = s->repl.chat;
    struct ui_queued rows[UI_QUEUED_MOST];
    char taken[64], hidden[48], lines[UI_QUEUED_MOST][LINE];
    const bool busy = chat_is_busy(c);
    const size_t n = chat_queued(c), shown = n < UI_QUEUED_MOST ? n : UI_QUEUED_MOST, first = busy ? n - shown : 0;
    const char *word = busy ? "queued" : "waits";
    snprintf(taken, sizeof taken, "%s · Enter %sedits", word, busy ? "again " : "");
    snprintf(hidden, sizeof hidden, "%s, and %zu %s", word, n - shown, busy ? "before" : "more");
    for (size_t i = 0; i < shown; i++) {
        const size_t edge = busy ? 0 : shown - 1;
        write_line(chat_queued_text(c, first + i), lines[i]);
        rows[i].text = lines[i];
        rows[i].about = first + i == next_to_take(c) ? taken : i == edge && n > shown ? hidden : word;
    }
    ui_set_queued(s->ui, rows, shown);
    s->queue->changed = false;
    s->queue->was_busy = busy;
}

void screen_queue_tick(struct screen *s)
{
    const bool turned = s->queue->was_busy != chat_is_busy(s->repl.chat);
    if (s->queue->changed || turned)
        show_queue(s);
    if (turned)
        screen_composer_changed(s); /* its label says what Enter does */
}

void screen_queue_take_back(struct screen *s)
{
    struct chat *c = s->repl.chat;
    if (chat_queued(c) == 0)
        return;
    char *text = chat_unqueue(c, next_to_take(c));
    ui_set_typed(s->ui, text, strlen(text));
    free(text);
    screen_draft_changed(s, true);
    screen_composer_label(s);
}
