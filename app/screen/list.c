/* List: read by a connection of its own, which sees what this program writes as another one's, so that one question
 * tells of every change. */
#include <config.h>

#include "app/screen/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/library/lock.h"
#include "app/screen/due.h"
#include "app/screen/said.h"
#include "app/screen/status.h"
#include "base/clock.h"
#include "base/error.h"
#include "history/history.h"

/* Rows of the first picture, with which it does not wait for more than it shows; after it; and by which the list grows. */
enum { ROWS_AT_ONCE = 64, ROWS_FIRST = 200, ROWS_MORE = 500 };
/* Seconds between two looks at the history. */
#define LOOK_EVERY 0.7

struct screen_list {
    struct store *store; /* NULL: not open */
    double looked;       /* at the history last, clock_seconds */
    size_t most, n;      /* rows that the list may have, and has */
    bool changed;
    bool failed;    /* the last reading did, and that was said */
    int64_t locked; /* since when another program holds the history, see lock_is_brief */
};

struct screen_list *screen_list_new(void)
{
    struct screen_list *list = calloc(1, sizeof *list);
    if (list != NULL)
        list->most = ROWS_AT_ONCE;
    return list;
}

void screen_list_free(struct screen_list *list)
{
    if (list != NULL)
        store_close(list->store);
    free(list);
}

struct store *screen_list_store(struct screen *s, struct error *err)
{
    const struct store_options options = {.read_only = true, .busy_ms = -1};
    if (s->list->store != NULL)
        return s->list->store;
    struct store *library = home_library(chat_home(s->repl.chat), err);
    if (library != NULL)
        s->list->store = store_open(store_path(library), &options, err);
    return s->list->store;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static void show_rows(struct screen *s, const struct store_conversations *list)
{
    const struct home *home = chat_home(s->repl.chat);
    struct ui_conversation *rows = calloc(list->n + 1, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < list->n; i++)
        rows[i] = (struct ui_conversation){.id = list->at[i].id,
                                           .title = list->at[i].title,
                                           .changed = list->at[i].changed,
                                           .pinned = list->at[i].pinned,
                                           .archived = list->at[i].archived,
                                           .unread = list->at[i].unread,
                                           .once = library_is_one_shot(&list->at[i]),
                                           .answering = list->at[i].answering};
    if (rows != NULL)
        ui_set_conversations(s->ui, rows, list->n, home_is_temporary(home) ? 0 : home_conversation(home));
    s->list->n = list->n;
    free(rows);
}

/* A failure is said once and the reading tried again at the next look. Without a history there is nothing to say. */
static void note_failure(struct screen *s, const struct error *err)
{
    if (lock_is_brief(&s->list->locked, err->code))
        return;
    if (!s->list->failed && err->code != ERR_NOT_FOUND && home_problem(chat_home(s->repl.chat)) == NULL)
        screen_said_trouble(s, err);
    s->list->failed = true;
}

void screen_list_show(struct screen *s)
{
    struct screen_list *list = s->list;
    struct store_conversations found = {0};
    const struct store_list_query query = {.view = STORE_VIEW_CURRENT,
                                           .last = LIBRARY_ONE_SHOT,
                                           .limit = list->most,
                                           .uncounted = true};
    struct error err = {0};
    list->looked = clock_seconds();
    list->changed = false;
    struct store *store = screen_list_store(s, &err);
    if (store == NULL || store_list(store, &query, &found, &err) != ERR_NONE) {
        note_failure(s, &err);
        return;
    }
    list->failed = false;
    list->locked = 0;
    show_rows(s, &found);
    store_conversations_free(&found);
}

void screen_list_changed(struct screen *s)
{
    s->list->changed = true;
}

/* One that is not filled has no more rows. */
static void grow_to(struct screen_list *list, size_t most)
{
    list->changed = list->changed || list->n == list->most;
    list->most = most;
}

void screen_list_grow(struct screen *s)
{
    if (s->list->n == s->list->most)
        grow_to(s->list, s->list->most + ROWS_MORE);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

void screen_list_tick(struct screen *s)
{
    struct screen_list *list = s->list;
    if (list->most < ROWS_FIRST)
        grow_to(list, ROWS_FIRST);
    if (!list->changed && due_in(list->looked + LOOK_EVERY) > 0)
        return;
    bool again = list->failed || list->locked != 0;
    bool changed = list->changed || again || (list->store != NULL && store_changed(list->store));
    list->looked = clock_seconds();
    if (!changed)
        return;
    screen_list_show(s);
    if (!chat_is_busy(s->repl.chat))
        screen_status_show_head(s);
}

int screen_list_due(const struct screen *s)
{
    return s->list->changed ? 0 : due_in(s->list->looked + LOOK_EVERY);
}
