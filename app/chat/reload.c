/* Reload: the history decides where a path leads. */
#include <config.h>

#include "app/chat/reload.h"

#include <stdlib.h>

#include "app/chat/chat.h"
#include "app/chat/form.h"
#include "app/chat/list.h"
#include "app/chat/state.h"
#include "app/library/home.h"
#include "base/error.h"
#include "history/history.h"

/* Messages that are loaded at once: a long conversation is not held twice. */
enum { SLICE = 256 };

static enum error_code load_slice(struct store *s, const int64_t *ids, size_t n, struct form_settings *known,
                                  struct chat_list *out, struct error *err)
{
    struct store_messages messages = {0};
    enum error_code code = store_load(s, ids, n, &messages, err);
    for (size_t i = 0; code == ERR_NONE && i < messages.n; i++)
        if (!form_read_message(out, &messages.at[i], known))
            code = error_memory(err);
    store_messages_free(&messages);
    return code;
}

enum error_code chat_load_messages(struct store *s, const int64_t *ids, size_t n, struct chat_list *out,
                                   struct error *err)
{
    struct form_settings known = {0};
    enum error_code code = ERR_NONE;
    for (size_t at = 0; code == ERR_NONE && at < n; at += SLICE)
        code = load_slice(s, ids + at, n - at < SLICE ? n - at : SLICE, &known, out, err);
    form_settings_free(&known);
    return code;
}

/* How many of the first messages are those of these ids and will not grow. */
static size_t messages_in_common(const struct chat *c, const struct store_ids *ids)
{
    size_t n = 0;
    while (n < c->list.n && n < ids->n && c->list.at[n].id == ids->at[n] && c->list.at[n].state != STORE_STREAMING)
        n++;
    return n;
}

bool chat_is_longer_elsewhere(const struct chat *c)
{
    struct store_ids ids = {0};
    struct error ignored = {0};
    size_t n = 0;
    if (store_current(home_store(c->home), home_conversation(c->home), &ids, &ignored) == ERR_NONE)
        while (n < c->list.n && n < ids.n && c->list.at[n].id == ids.at[n])
            n++;
    bool grows = n > 0 && c->list.at[n - 1].state == STORE_STREAMING;
    bool longer = n == c->list.n && (ids.n > n || grows);
    store_ids_free(&ids);
    return longer;
}

enum error_code chat_reload(struct chat *c, struct error *err)
{
    struct store *s = home_store(c->home);
    struct store_ids ids = {0};
    struct chat_list fresh = {0};
    enum error_code code = store_current(s, home_conversation(c->home), &ids, err);
    size_t same = messages_in_common(c, &ids);
    bool changed = same < c->list.n || same < ids.n;
    if (code == ERR_NONE)
        code = chat_load_messages(s, ids.at + same, ids.n - same, &fresh, err);
    if (code == ERR_NONE) {
        chat_cut(c, same);
        if (!chat_list_move(&fresh, 0, &c->list))
            code = error_memory(err);
        if (changed)
            chat_tell_changed(c, same);
    }
    chat_list_free(&fresh);
    store_ids_free(&ids);
    return code;
}
