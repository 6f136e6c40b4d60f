/* Draft: stored half a second after the last key, and when the conversation or the program is left. */
#include <config.h>

#include "app/screen/draft.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "app/library/lock.h"
#include "app/screen/composer.h"
#include "app/screen/due.h"
#include "app/screen/list.h"
#include "app/screen/said.h"
#include "app/screen/status.h"
#include "app/slash/slash.h"
#include "base/clock.h"
#include "base/error.h"
#include "history/history.h"

/* Seconds between a key and the storing. */
#define SAVE_AFTER 0.5
/* Seconds until a draft that could not be stored is tried again. */
#define RETRY_AFTER 1.0

struct screen_draft {
    int64_t conversation; /* that what is typed belongs to; 0: one that has not begun */
    bool temporary;       /* that conversation is */
    double due;           /* when it is stored, clock_seconds; 0: it is */
    bool failed;          /* to be stored, and that was said */
    int64_t locked;       /* since when another program holds the history, see lock_is_brief */
};

struct screen_draft *screen_draft_new(void)
{
    return calloc(1, sizeof(struct screen_draft));
}

void screen_draft_free(struct screen_draft *draft)
{
    free(draft);
}

enum error_code screen_draft_save(struct screen *s, struct error *err)
{
    struct error why = {0};
    struct screen_draft *draft = s->draft;
    struct home *home = chat_home(s->repl.chat);
    size_t size, cursor;
    const char *text = ui_unsent(s->ui, &size, &cursor);
    if (draft->due == 0 || screen_composer_use(s, NULL, NULL) != USE_MESSAGE)
        return ERR_NONE;
    draft->due = 0;
    draft->failed = false;
    struct store *store = draft->temporary ? home_store(home) : home_library(home, &why);
    if (slash_is_untraced(&s->repl, text)) /* it is not stored, and no draft is there after it */
        size = cursor = 0;
    if (store != NULL)
        store_set_draft(store, draft->conversation, text, size, cursor, &why);
    bool brief = lock_is_brief(&draft->locked, why.code);
    if (why.code == ERR_NONE || why.code == ERR_NOT_FOUND) /* a conversation that was destroyed needs no draft */
        return ERR_NONE;
    draft->due = clock_seconds() + (brief ? LOCK_RETRY / 1000.0 : RETRY_AFTER);
    draft->failed = !brief;
    return error_set(err, why.code, "%s", why.message);
}

/* malloc'ed; NULL: there is none. */
static char *read_draft(struct screen *s, struct error *err)
{
    struct store_conversation conversation = {0};
    char *text = NULL;
    size_t cursor;
    struct store *store = home_store(chat_home(s->repl.chat));
    if (s->draft->conversation == 0) {
        store_new_draft(store, &text, &cursor, err);
    } else if (store_conversation_get(store, s->draft->conversation, &conversation, err) == ERR_NONE) {
        text = strdup(conversation.draft);
        store_conversation_free(&conversation);
    }
    return text;
}

void screen_draft_load(struct screen *s)
{
    struct error err = {0};
    s->draft->conversation = home_conversation(chat_home(s->repl.chat));
    s->draft->temporary = home_is_temporary(chat_home(s->repl.chat));
    char *text = read_draft(s, &err);
    ui_set_typed(s->ui, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
    s->draft->due = 0;
    s->draft->failed = false;
    free(text);
    if (err.code != ERR_NOT_FOUND)
        screen_said_error(s, &err);
    screen_composer_label(s);
}

void screen_draft_changed(struct screen *s, bool at_once)
{
    s->draft->due = clock_seconds() + (at_once ? 0 : SAVE_AFTER);
}

/* The draft of a conversation that was left. False while another program holds the history: then what is typed stays
 * until it is stored, and that is said once when it lasts. */
static bool store_left_draft(struct screen *s, struct error *err)
{
    struct screen_draft *draft = s->draft;
    bool said = draft->failed;
    if (draft->temporary) /* what is temporary is gone when it is left */
        return true;
    if (draft->locked != 0 && clock_seconds() < draft->due)
        return false;
    if (screen_draft_save(s, err) != ERR_BUSY)
        return true;
    if (said || !draft->failed)
        error_clear(err);
    return false;
}

/* What is typed goes with the conversation that it was typed in, which began meanwhile or became temporary. What was
 * stored for a conversation that has not begun was sent: the next one begins without it. */
static void keep_typed(struct screen *s, int64_t now)
{
    struct error ignored = {0}; /* then a text that was sent is offered once more, and nothing is lost */
    struct home *home = chat_home(s->repl.chat);
    struct store *store = now != 0 && !s->draft->temporary ? home_library(home, &ignored) : NULL;
    if (store != NULL)
        store_set_draft(store, 0, "", 0, 0, &ignored);
    s->draft->conversation = now;
    s->draft->temporary = home_is_temporary(home);
    screen_draft_changed(s, true);
}

void screen_draft_follow(struct screen *s)
{
    struct error err = {0};
    const struct home *home = chat_home(s->repl.chat);
    int64_t now = home_conversation(home);
    bool same_kind = s->draft->temporary == home_is_temporary(home);
    size_t size;
    if (now == s->draft->conversation && same_kind)
        return;
    ui_typed(s->ui, &size, NULL);
    if (s->draft->conversation == 0 && size > 0 && (same_kind || now == 0)) {
        keep_typed(s, now);
    } else {
        bool stored = store_left_draft(s, &err);
        if (stored)
            screen_draft_load(s);
        screen_said_trouble(s, &err);
        if (!stored)
            return;
    }
    screen_status_show_head(s);
    screen_list_changed(s);
}

void screen_draft_tick(struct screen *s)
{
    struct error err = {0};
    screen_draft_follow(s);
    bool said = s->draft->failed;
    if (s->draft->due > 0 && clock_seconds() >= s->draft->due)
        screen_draft_save(s, &err);
    if (!said && s->draft->failed)
        screen_said_trouble(s, &err);
}

int screen_draft_due(const struct screen *s)
{
    bool waits = s->draft->due > 0 && screen_composer_use(s, NULL, NULL) == USE_MESSAGE; /* an edit ends first */
    return waits ? due_in(s->draft->due) : -1;
}
