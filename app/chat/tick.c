/* Tick: what is done from time to time: saving what has gathered, naming the conversation, and looking whether another
 * program changed it. */
#include <config.h>

#include "app/chat/chat.h"

#include "app/chat/aside.h"
#include "app/chat/background.h"
#include "app/chat/compare.h"
#include "app/chat/queue.h"
#include "app/chat/reload.h"
#include "app/chat/saving.h"
#include "app/chat/send.h"
#include "app/chat/state.h"
#include "app/chat/titling.h"
#include "app/library/home.h"
#include "app/options/options.h"
#include "base/clock.h"
#include "base/error.h"
#include "history/history.h"

/* Milliseconds between looks for what other programs did. */
enum { LOOK_EVERY = 1000 };

/* While an answer comes, the user could not act on what is found. */
static bool watches_history(const struct chat *c)
{
    return !chat_is_busy(c) && !home_is_temporary(c->home) && home_conversation(c->home) != 0;
}

static int look_due(const struct chat *c)
{
    int64_t left = c->looked + LOOK_EVERY - clock_milliseconds();
    return !watches_history(c) ? -1 : left > 0 ? (int)left : 0;
}

/* The sooner of two; negative: never. */
static int sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int own_due(const struct chat *c)
{
    if (!saving_has_reported(c->saving, REPORTED_HOME) || (queue_is_due(c->queue) && !chat_is_busy(c)))
        return 0;
    int saving = sooner(sooner(look_due(c), chat_save_due(c)), aside_due(c->aside));
    return sooner(saving, sooner(chat_compare_due(c), chat_title_due(c)));
}

int chat_due(const struct chat *c)
{
    int due = own_due(c);
    for (size_t i = 0; i < background_count(c); i++)
        due = sooner(due, own_due(background_at(c, i)));
    return due;
}

static void take_trash_flag(struct chat *c, bool trashed)
{
    struct error ignored = {0}; /* looked for again in a second */
    if (!trashed) {
        saving_retract(c->saving, REPORTED_TRASHED);
        if (chat_is_longer_elsewhere(c))
            chat_reload(c, &ignored);
    } else if (saving_report(c->saving, REPORTED_TRASHED)) {
        chat_remark(c, false, "this conversation was deleted elsewhere; your next message brings it back");
    }
}

/* Another program changed the history: does the conversation still exist, and is there more of it? */
static void look_at_history(struct chat *c)
{
    struct store_conversation now = {0};
    struct error err = {0};
    enum error_code code = store_conversation_get(home_store(c->home), home_conversation(c->home), &now, &err);
    if (code == ERR_NOT_FOUND) {
        chat_forget_saved(c);
        chat_remark(c, false,
                    "this conversation was deleted for good elsewhere; your next message saves it as a new one");
    } else if (code == ERR_NONE) {
        take_trash_flag(c, now.trashed != 0);
    }
    store_conversation_free(&now);
}

/* Tells once that nothing of this chat is saved and why, or why it is a new one. */
static void report_home(struct chat *c)
{
    const struct error *problem = home_problem(c->home);
    if (!saving_report(c->saving, REPORTED_HOME))
        return;
    if (problem != NULL)
        chat_remark(c, true, "%s. Nothing of this chat is saved", problem->message);
    else if (c->options->no_save && home_is_temporary(c->home))
        chat_remark(c, false, "nothing of this chat is saved; /temp off begins one that is");
    else if (c->options->continue_last && home_conversation(c->home) == 0)
        chat_remark(c, false, "there is no conversation yet to continue; this is a new one");
}

static void tick_conversation(struct chat *c)
{
    report_home(c);
    chat_title_tick(c);
    chat_compare_flush(c);
    chat_save_tick(c);
    chat_send_queued(c);
    aside_tick(c);
    if (look_due(c) != 0)
        return;
    c->looked = clock_milliseconds();
    if (store_changed(home_store(c->home)))
        look_at_history(c);
}

void chat_tick(struct chat *c)
{
    tick_conversation(c);
    for (size_t i = 0; i < background_count(c); i++)
        tick_conversation(background_at(c, i));
    background_drop_ended(c);
}
