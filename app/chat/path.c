/* Path: moving through the tree of a conversation.
 *
 * The history decides where the path leads; the messages are then made equal to it. A path that ends before the first
 * message has no place in the history: only the chat knows of it. */
#include <config.h>

#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "app/chat/reload.h"
#include "app/chat/saving.h"
#include "app/chat/settings.h"
#include "app/chat/state.h"
#include "app/chat/undone.h"
#include "app/library/home.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

/* ---- alternatives ----------------------------------------------------------------------------------------------- */

/* The id of the sibling `step` places after this one. */
static enum error_code find_sibling(const struct chat *c, int64_t id, int step, int64_t *out, struct error *err)
{
    struct store_ids ids = {0};
    enum error_code code = store_siblings(home_store(c->home), id, &ids, err);
    if (code != ERR_NONE)
        return code;
    int64_t at = 0, n = (int64_t)ids.n;
    while (at < n && ids.at[at] != id)
        at++;
    if (n < 2)
        code = error_set(err, ERR_NOT_FOUND, "this message has no alternatives; /regenerate and /edit make some");
    else if (at + step < 0 || at + step >= n)
        code = error_set(err, ERR_NOT_FOUND, "this is the %s of %lld alternatives", step < 0 ? "first" : "last",
                         (long long)n);
    else
        *out = ids.at[at + step];
    store_ids_free(&ids);
    return code;
}

enum error_code chat_alternative(struct chat *c, size_t index, int step, struct error *err)
{
    int64_t id = 0;
    if (chat_check_idle(c, err) != ERR_NONE || chat_check_index(c, index, err) != ERR_NONE ||
        chat_check_saved(c, err) != ERR_NONE || find_sibling(c, c->list.at[index].id, step, &id, err) != ERR_NONE ||
        store_select(home_store(c->home), id, err) != ERR_NONE)
        return err->code;
    undone_clear(c->undone);
    chat_settings_first_seed(c->settings);
    return chat_reload(c, err);
}

enum error_code chat_select(struct chat *c, int64_t message, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE ||
        store_select(home_store(c->home), message, err) != ERR_NONE)
        return err->code;
    undone_clear(c->undone);
    chat_settings_first_seed(c->settings);
    return chat_reload(c, err);
}

/* ---- up and down ------------------------------------------------------------------------------------------------ */

enum error_code chat_undo(struct chat *c, const char **text, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE)
        return err->code;
    size_t user = chat_list_last_user(&c->list);
    if (user == c->list.n)
        return error_set(err, ERR_NOT_FOUND, "there is no message to undo");
    if (chat_check_saved(c, err) != ERR_NONE ||
        (user > 0 && store_select_leaf(home_store(c->home), c->list.at[user - 1].id, err) != ERR_NONE))
        return err->code;
    const struct buf *question = &c->list.at[user].text;
    if (!undone_push(c->undone, chat_list_last(&c->list)->id, buf_text(question), question->size))
        return error_memory(err);
    chat_cut(c, user);
    chat_settings_first_seed(c->settings);
    chat_tell_changed(c, user);
    if (text != NULL)
        *text = undone_question(c->undone);
    return ERR_NONE;
}

enum error_code chat_redo(struct chat *c, const char **text, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE)
        return err->code;
    if (undone_last(c->undone) == 0)
        return error_set(err, ERR_NOT_FOUND, "nothing to redo");
    size_t n = c->list.n;
    if (store_select_leaf(home_store(c->home), undone_last(c->undone), err) != ERR_NONE ||
        chat_reload(c, err) != ERR_NONE)
        return err->code;
    undone_drop_last(c->undone);
    if (text != NULL)
        *text = n < c->list.n ? buf_text(&c->list.at[n].text) : "";
    return ERR_NONE;
}

enum error_code chat_delete(struct chat *c, size_t index, int64_t *id, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE || chat_check_index(c, index, err) != ERR_NONE ||
        chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    int64_t gone = c->list.at[index].id;
    if (store_delete_message(home_store(c->home), gone, err) != ERR_NONE)
        return err->code;
    if (id != NULL)
        *id = gone;
    undone_clear(c->undone);
    return chat_reload(c, err);
}

enum error_code chat_restore(struct chat *c, int64_t id, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE ||
        store_restore_message(home_store(c->home), id, err) != ERR_NONE)
        return err->code;
    undone_clear(c->undone);
    return chat_reload(c, err);
}
