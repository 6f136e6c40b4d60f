/* Branching off: a new conversation with copies of the messages up to a given one. */
#include <config.h>

#include <stdlib.h>

#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/message.h"
#include "history/ids.h"
#include "history/index.h"
#include "history/records.h"
#include "history/store.h"
#include "history/text.h"
#include "history/tree.h"

/* The ids from the first message to this one. */
static enum error_code path_to(struct store *s, int64_t message, struct store_ids *out, struct error *err)
{
    struct tree_place place = {.parent = message};
    enum error_code code = ERR_NONE;
    while (code == ERR_NONE && place.parent != 0) {
        if (!ids_add(out, place.parent))
            return db_memory(s, err);
        code = tree_find(s, place.parent, &place, err);
    }
    ids_reverse(out);
    return code;
}

static enum error_code copy_properties(struct store *s, int64_t from, int64_t to, struct error *err)
{
    struct store_conversation c = {0};
    char *title = NULL;
    enum error_code code = store_conversation_get(s, from, &c, err);
    if (code == ERR_NONE)
        code = text_numbered(s, c.title, &title, err);
    if (code == ERR_NONE)
        code = conversation_title(s, to, title, c.titled, err);
    if (code == ERR_NONE)
        code = db_run(s, err,
                      "UPDATE conversation SET (model, template, settings, system, preset, persona, origin) = "
                      "(SELECT model, template, settings, system, preset, persona, public FROM conversation "
                      "WHERE id = ?) WHERE id = ?",
                      "ii", from, to);
    if (code == ERR_NONE)
        code = db_run(s, err, "INSERT INTO tagged (conversation, tag) SELECT ?, tag FROM tagged WHERE conversation = ?",
                      "ii", to, from);
    store_conversation_free(&c);
    free(title);
    return code;
}

/* Copies one message below *parent, which becomes the copy. */
static enum error_code copy_message(struct store *s, int64_t from, int64_t conversation, int64_t *parent,
                                    struct error *err)
{
    struct store_message m = {0};
    enum error_code code = message_read(s, from, &m, err);
    if (code != ERR_NONE)
        return code;
    struct tree_new n = {.conversation = conversation,
                         .parent = *parent,
                         .created = m.created,
                         .role = m.role,
                         .state = m.state == STORE_STREAMING ? STORE_INTERRUPTED : m.state,
                         .text = m.text,
                         .size = m.size,
                         .made = &m.made};
    code = tree_maker(s, &m.made, &n.maker, err);
    if (code == ERR_NONE)
        code = tree_insert(s, &n, parent, err);
    if (code == ERR_NONE)
        code = index_add(s, INDEX_TEXTS, *parent, m.text, m.size, err);
    if (code == ERR_NONE)
        code = records_copy(s, from, *parent, err);
    store_message_free(&m);
    return code;
}

static enum error_code copy_branch(struct store *s, int64_t message, int64_t *conversation, struct error *err)
{
    struct tree_place place;
    struct store_ids path = {0};
    int64_t leaf = 0;
    enum error_code code = tree_find(s, message, &place, err);
    if (code == ERR_NONE)
        code = path_to(s, message, &path, err);
    if (code == ERR_NONE)
        code = store_new(s, conversation, err);
    if (code == ERR_NONE)
        code = copy_properties(s, place.conversation, *conversation, err);
    for (size_t i = 0; i < path.n && code == ERR_NONE; i++)
        code = copy_message(s, path.at[i], *conversation, &leaf, err);
    store_ids_free(&path);
    return code == ERR_NONE ? tree_set_leaf(s, *conversation, leaf, err) : code;
}

enum error_code store_branch(struct store *s, int64_t message, int64_t *conversation, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    int64_t id = 0;
    code = txn_end(s, copy_branch(s, message, &id, err), err);
    if (code == ERR_NONE)
        *conversation = id;
    return code;
}
