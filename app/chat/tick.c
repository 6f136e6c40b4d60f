/* Chat: what is done from time to time. */
#include <config.h>

#include "app/chat/internal.h"

/* Milliseconds between looks for what other programs did. */
enum { LOOK_EVERY = 1000 };

/* While an answer comes nobody could do much about it. */
static bool watches(const struct chat *c)
{
    return !chat_is_busy(c) && !home_is_temporary(c->home) && home_conversation(c->home) != 0;
}

static int until(int64_t when)
{
    int64_t left = when - chat_clock();
    return left > 0 ? (int)left : 0;
}

static int sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

int chat_due(const struct chat *c)
{
    if (!c->problem_told)
        return 0;
    int due = watches(c) ? until(c->looked + LOOK_EVERY) : -1;
    if (c->told)
        due = sooner(due, until(c->retry));
    else if (c->reply != NULL)
        due = sooner(due, store_reply_due(c->reply));
    if (c->properties_due != 0)
        due = sooner(due, until(c->properties_due));
    return sooner(sooner(due, chat_compare_due(c)), chat_title_wait(c));
}

/* Another program did something: is the conversation still there? */
static void look(struct chat *c)
{
    struct store_conversation now = {0};
    struct error err = {0};
    enum error_code code = store_conversation_get(home_store(c->home), home_conversation(c->home), &now, &err);
    if (code == ERR_NOT_FOUND) {
        chat_forget_ids(c);
        c->orphan = true;
        chat_remark(c, false, "this conversation was deleted for good elsewhere; your next message keeps it as a new one");
    } else if (code == ERR_NONE && now.trashed != 0 && !c->trash_told) {
        c->trash_told = true;
        chat_remark(c, false, "this conversation was deleted elsewhere; your next message brings it back");
    }
    if (code == ERR_NONE && now.trashed == 0)
        c->trash_told = false;
    if (code == ERR_NONE && now.trashed == 0 && chat_is_longer_elsewhere(c))
        chat_reload(c, &err);
    store_conversation_free(&now);
}

/* Once: that nothing of this chat is saved and why, or why it is a new one. */
static void tell_problem(struct chat *c)
{
    const struct error *problem = home_problem(c->home);
    if (problem != NULL && !c->problem_told)
        chat_remark(c, true, "%s. Nothing of this chat is saved", problem->message);
    else if (!c->problem_told && c->options->no_save && home_is_temporary(c->home))
        chat_remark(c, false, "nothing of this chat is saved; /temp off begins one that is");
    else if (!c->problem_told && c->options->continue_last && home_conversation(c->home) == 0)
        chat_remark(c, false, "there is no conversation yet to go on with; this is a new one");
    c->problem_told = true;
}

void chat_tick(struct chat *c)
{
    struct error ignored = {0};
    tell_problem(c);
    chat_title_tick(c);
    chat_compare_flush(c);
    if (c->properties_due != 0 && until(c->properties_due) == 0) {
        c->properties_due = 0;
        if (c->properties && !c->told)
            chat_save(c, &ignored);
    }
    if (c->told && until(c->retry) == 0) {
        if (!chat_is_saved(c))
            chat_save(c, &ignored);
        else if (c->reply != NULL)
            chat_flush_due(c);
        else
            chat_saved_again(c);
    } else if (!c->told && c->reply != NULL) {
        chat_flush_due(c);
    }
    if (!watches(c) || until(c->looked + LOOK_EVERY) > 0)
        return;
    c->looked = chat_clock();
    if (store_changed(home_store(c->home)))
        look(c);
}
