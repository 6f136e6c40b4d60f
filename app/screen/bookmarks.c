/* Bookmarks: the history remembers a list of ids for each conversation. */
#include <config.h>

#include "app/screen/bookmarks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "base/buf.h"
#include "history/history.h"

/* In one conversation. */
enum { MARKS_MOST = 1000 };

struct screen_bookmarks {
    int64_t conversation; /* whose they are; -1: they are to be read */
    bool temporary;
    int64_t marks[MARKS_MOST];
    size_t n_marks;
};

struct screen_bookmarks *screen_bookmarks_new(void)
{
    return calloc(1, sizeof(struct screen_bookmarks));
}

void screen_bookmarks_free(struct screen_bookmarks *b)
{
    free(b);
}

static void write_key(int64_t conversation, char *out, size_t size)
{
    snprintf(out, size, "bookmarks.%" PRId64, conversation);
}

/* Reads those of the open conversation, once. */
static void read_marks(struct screen *s)
{
    struct screen_bookmarks *b = s->bookmarks;
    const struct home *home = chat_home(s->repl.chat);
    struct error ignored = {0}; /* without its bookmarks a conversation can be read as well */
    char key[48], *value = NULL;
    if (b->conversation == home_conversation(home) && b->temporary == home_is_temporary(home))
        return;
    b->conversation = home_conversation(home);
    b->temporary = home_is_temporary(home);
    b->n_marks = 0;
    write_key(b->conversation, key, sizeof key);
    if (b->conversation == 0 || store_recall(home_store(home), key, &value, &ignored) != ERR_NONE)
        return;
    for (char *at = value, *end; at != NULL && b->n_marks < MARKS_MOST; at = end) {
        int64_t id = strtoll(at, &end, 10);
        if (end == at)
            break;
        b->marks[b->n_marks++] = id;
    }
    free(value);
}

static size_t find_mark(const struct screen_bookmarks *b, int64_t message)
{
    size_t i = 0;
    while (i < b->n_marks && b->marks[i] != message)
        i++;
    return i;
}

bool screen_bookmarks_has(const struct screen *s, int64_t message)
{
    read_marks((struct screen *)s);
    return message != 0 && find_mark(s->bookmarks, message) < s->bookmarks->n_marks;
}

static enum error_code store_marks(struct screen *s, struct error *err)
{
    const struct screen_bookmarks *b = s->bookmarks;
    struct buf value;
    char key[48];
    buf_init(&value, 1 << 20);
    for (size_t i = 0; i < b->n_marks; i++)
        buf_printf(&value, "%" PRId64 " ", b->marks[i]);
    write_key(b->conversation, key, sizeof key);
    store_remember(home_store(chat_home(s->repl.chat)), key, b->n_marks > 0 ? buf_text(&value) : NULL, err);
    buf_free(&value);
    return err->code;
}

enum error_code screen_bookmarks_flip(struct screen *s, int64_t message, bool *on, struct error *err)
{
    struct screen_bookmarks *b = s->bookmarks;
    read_marks(s);
    size_t at = find_mark(b, message);
    if (message == 0)
        return error_set(err, ERR_NOT_FOUND, "this message is not saved yet");
    if (at == MARKS_MOST)
        return error_set(err, ERR_ARGUMENT, "a conversation has room for %d bookmarks", MARKS_MOST);
    *on = at == b->n_marks;
    if (*on)
        b->marks[b->n_marks++] = message;
    else
        memmove(b->marks + at, b->marks + at + 1, (--b->n_marks - at) * sizeof b->marks[0]);
    if (store_marks(s, err) != ERR_NONE)
        b->conversation = -1;
    return err->code;
}
