/* Screen: the list of conversations, and drafts. The list is read by a connection of its own, which also sees what this
 * program writes, so that one question tells of every change. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/terminal/progress.h"
#include "app/screen/screen.h"

/* Seconds between two looks at the history, between a change of a draft and its writing, between typing and counting. */
#define LOOK_EVERY 0.7
#define DRAFT_AFTER 0.5

void screen_open_browse(struct screen *f)
{
    struct error ignored = {0};
    const struct store_options options = {.read_only = true, .busy_ms = 200};
    struct store *library = home_library(chat_home(f->repl.chat), &ignored);
    if (library != NULL && f->browse == NULL)
        f->browse = store_open(store_path(library), &options, &ignored);
}

void screen_list(struct screen *f)
{
    struct store_conversations list = {0};
    struct store_list_query query = {.view = STORE_VIEW_CURRENT, .limit = f->listed};
    struct error ignored = {0};
    const struct home *keep = chat_home(f->repl.chat);
    f->looked = clock_seconds();
    f->relist = false;
    if (f->browse == NULL || store_list(f->browse, &query, &list, &ignored) != ERR_NONE)
        return;
    struct ui_conversation *rows = calloc(list.n + 1, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < list.n; i++)
        rows[i] = (struct ui_conversation){.id = list.at[i].id,
                                           .title = list.at[i].title,
                                           .changed = list.at[i].changed,
                                           .pinned = list.at[i].pinned,
                                           .archived = list.at[i].archived,
                                           .unread = list.at[i].unread || list.at[i].answering};
    if (rows != NULL)
        ui_set_conversations(f->ui, rows, list.n, home_is_temporary(keep) ? 0 : home_conversation(keep));
    f->in_list = list.n;
    free(rows);
    store_conversations_free(&list);
}

/* ---- drafts ----------------------------------------------------------------------------------------------------- */

void screen_save_draft(struct screen *f)
{
    struct error err = {0};
    size_t size, cursor;
    const char *text = ui_typed(f->ui, &size, &cursor);
    struct store *store = home_store(chat_home(f->repl.chat));
    if (f->draft_due == 0 || f->editing > 0 || f->words.at > 0)
        return;
    f->draft_due = 0;
    if (store_set_draft(store, f->draft_of, text, size, cursor, &err) != ERR_NONE && err.code != ERR_NOT_FOUND)
        ui_notice(f->ui, true, err.message);
}

void screen_load_draft(struct screen *f)
{
    struct error ignored = {0};
    struct store_conversation c = {0};
    char *text = NULL;
    size_t cursor = 0;
    const struct home *keep = chat_home(f->repl.chat);
    f->draft_of = home_conversation(keep);
    if (f->draft_of == 0) {
        store_new_draft(home_store(keep), &text, &cursor, &ignored);
    } else if (store_conversation_get(home_store(keep), f->draft_of, &c, &ignored) == ERR_NONE) {
        text = strdup(c.draft);
        store_conversation_free(&c);
    }
    ui_set_typed(f->ui, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
    f->draft_due = 0;
    free(text);
    screen_label(f);
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

/* Another conversation is open: its draft comes, the other one's is kept. */
static void follow_conversation(struct screen *f)
{
    int64_t now = home_conversation(chat_home(f->repl.chat));
    if (now == f->draft_of)
        return;
    size_t size;
    ui_typed(f->ui, &size, NULL);
    if (f->draft_of == 0 && size > 0)
        f->draft_of = now; /* it has its row now: what was typed meanwhile is its draft */
    else
        screen_load_draft(f);
    screen_head(f);
    f->relist = true;
}

void screen_watch(struct screen *f)
{
    double now = clock_seconds();
    follow_conversation(f);
    if (f->draft_due > 0 && now >= f->draft_due)
        screen_save_draft(f);
    if (f->count_due > 0 && now >= f->count_due)
        screen_label(f);
    if (!f->relist && now - f->looked < LOOK_EVERY)
        return;
    f->looked = now;
    if (f->browse == NULL)
        screen_open_browse(f);
    if (f->relist || (f->browse != NULL && store_changed(f->browse))) {
        screen_list(f);
        if (!chat_is_busy(f->repl.chat))
            screen_head(f);
    }
}

static int until(double when)
{
    double left = when - clock_seconds();
    return left > 0 ? (int)(left * 1000) + 1 : 0;
}

int screen_due(const struct screen *f)
{
    int due = f->relist ? 0 : until(f->looked + LOOK_EVERY);
    if (f->draft_due > 0 && until(f->draft_due) < due)
        due = until(f->draft_due);
    if (f->count_due > 0 && until(f->count_due) < due)
        due = until(f->count_due);
    return due;
}
