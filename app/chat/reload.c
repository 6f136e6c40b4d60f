/* Chat: the messages are made equal to a path in the history. */
#include <config.h>

#include <stdlib.h>

#include "app/chat/internal.h"

/* Adds the messages of these ids to a list. */
enum error_code chat_load_messages(struct store *s, const int64_t *ids, size_t n, struct chat_list *out, struct error *err)
{
    struct store_messages messages = {0};
    struct chat_settings known = {0};
    enum error_code code = store_load(s, ids, n, &messages, err);
    for (size_t i = 0; code == ERR_NONE && i < messages.n; i++)
        if (!chat_list_take(out, &messages.at[i], &known))
            code = error_set(err, ERR_MEMORY, "no memory for the messages");
    free(known.json);
    store_messages_free(&messages);
    return code;
}

/* How many messages at the beginning are those of these ids, as they are now. */
static size_t in_common(const struct chat *c, const struct store_ids *ids)
{
    size_t n = 0;
    while (n < c->list.n && n < ids->n && c->list.at[n].id == ids->at[n] &&
           c->list.at[n].state != STORE_STREAMING)
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
    size_t same = in_common(c, &ids);
    bool changed = same < c->list.n || same < ids.n;
    if (code == ERR_NONE)
        code = chat_load_messages(s, ids.at + same, ids.n - same, &fresh, err);
    if (code == ERR_NONE) {
        chat_cut(c, same);
        if (!chat_list_move(&fresh, 0, &c->list))
            code = error_set(err, ERR_MEMORY, "no memory for the messages");
        if (changed)
            chat_tell_changed(c, same);
    }
    chat_list_free(&fresh);
    store_ids_free(&ids);
    return code;
}
