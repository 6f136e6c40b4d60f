/* Edit: alternatives that replace the end of the path: another answer, another text. */
#include <config.h>

#include "app/chat/edit.h"

#include "app/chat/answering.h"
#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "app/chat/saving.h"
#include "app/chat/send.h"
#include "app/chat/settings.h"
#include "app/chat/state.h"
#include "app/chat/undone.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

void chat_put_back(struct chat *c, size_t n, struct chat_list *old)
{
    chat_discard(c, n);
    if (old->n > 0) {
        chat_list_move(old, 0, &c->list);
        chat_tell_changed(c, n);
    }
}

enum error_code chat_replace_from(struct chat *c, size_t index, const char *text, size_t size, struct chat_list *old,
                                  struct error *err)
{
    if (!chat_list_move(&c->list, index, old) || chat_list_add(&c->list, old->at[0].role, text, size) == NULL) {
        if (old->n > 0)
            chat_list_move(old, 0, &c->list);
        return error_memory(err);
    }
    c->list.at[index].sibling = old->at[0].siblings;
    c->list.at[index].siblings = old->at[0].siblings + 1;
    return ERR_NONE;
}

enum error_code chat_regenerate(struct chat *c, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    size_t user = chat_list_last_user(&c->list);
    if (user == c->list.n)
        return error_set(err, ERR_NOT_FOUND, "there is no message yet to answer again");
    struct chat_list old = {0};
    if (!chat_list_move(&c->list, user + 1, &old))
        return error_memory(err);
    chat_settings_next_seed(c->settings);
    answering_retract_on_failure(c->answering, false);
    if (old.n > 0)
        chat_tell_changed(c, user + 1);
    enum error_code code = chat_ask_or_wait(c, err);
    if (code != ERR_NONE)
        chat_put_back(c, user + 1, &old);
    else
        undone_clear(c->undone);
    chat_list_free(&old);
    return code;
}

/* Has the edited message, the last one, answered, saved, or continued. */
static enum error_code follow_edit(struct chat *c, bool then_continue, struct error *err)
{
    const struct chat_message *m = chat_list_last(&c->list);
    answering_retract_on_failure(c->answering, false);
    if (m->role == ROLE_USER && chat_state(c) != CHAT_NO_MODEL)
        return chat_ask_or_wait(c, err);
    if (chat_save(c, err) != ERR_NONE)
        return err->code;
    return m->role == ROLE_ASSISTANT && then_continue ? chat_continue(c, err) : ERR_NONE;
}

enum error_code chat_edit(struct chat *c, size_t index, const char *text, size_t size, bool then_continue,
                          struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE || chat_check_index(c, index, err) != ERR_NONE ||
        chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    struct chat_list old = {0};
    if (chat_replace_from(c, index, text, size, &old, err) != ERR_NONE) {
        chat_list_free(&old);
        return err->code;
    }
    if (c->first_visible > index)
        chat_see_from(c, 0);
    chat_settings_first_seed(c->settings);
    chat_tell_changed(c, index);
    enum error_code code = follow_edit(c, then_continue, err);
    if (code != ERR_NONE && c->list.at[index].id == 0)
        chat_put_back(c, index, &old);
    else
        undone_clear(c->undone);
    chat_list_free(&old);
    return code;
}
