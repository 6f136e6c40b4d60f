/* Import of the chats that Open WebUI exports: {title, created_at, updated_at, archived, pinned, chat: {history:
 * {messages, currentId}, messages, params}}.
 *
 * "history" has all branches, as an object from ids to {parentId, childrenIds, role, content, timestamp, model}; the
 * list "messages" has the current path only, and is used when there is no history. */
#include <config.h>

#include <jansson.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/port/import-entry.h"
#include "history/port/import-forms.h"
#include "history/port/import-list.h"
#include "history/port/import-reader.h"
#include "history/port/import-time.h"
#include "history/port/import-tree.h"
#include "history/store.h"

static enum error_code read_message(struct import *im, const json_t *message, struct import_entry *e)
{
    e->author = json_string_value(json_object_get(message, "role"));
    e->model = json_string_value(json_object_get(message, "model"));
    e->created = import_time(json_object_get(message, "timestamp"), e->created);
    e->state = json_is_false(json_object_get(message, "done")) ? STORE_INTERRUPTED : STORE_COMPLETE;
    import_entry_attachments(im, json_object_get(message, "files"));
    return import_entry_content(im, e, json_object_get(message, "content"));
}

static const struct import_tree_form form = {.read = read_message, .place = "chat.history.messages"};

static enum error_code add_branches(struct import *im, const json_t *history, int64_t conversation, int64_t created)
{
    struct import_tree *t = import_tree_new(im, &form);
    const char *name;
    json_t *message;
    enum error_code code = t != NULL ? ERR_NONE : ERR_MEMORY;
    json_object_foreach(json_object_get(history, "messages"), name, message) {
        json_t *key = json_string(name);
        if (code == ERR_NONE)
            code = import_tree_node(t, key, json_object_get(message, "parentId"),
                                    json_object_get(message, "childrenIds"), message);
        json_decref(key);
    }
    if (code == ERR_NONE)
        code = import_tree_add(t, conversation, created, json_object_get(history, "currentId"));
    import_tree_free(t);
    return code;
}

/* The system prompt of the chat's parameters. */
static enum error_code add_system(struct import *im, const json_t *chat, int64_t conversation)
{
    struct import_entry e;
    import_entry_init(&e, 0);
    enum error_code code = import_entry_content(im, &e, json_object_get(json_object_get(chat, "params"), "system"));
    if (code == ERR_NONE && e.text.size > 0)
        code = import_entry_system(im, &e, conversation);
    import_entry_free(&e);
    return code;
}

static enum error_code set_flags(struct import *im, const json_t *outer, int64_t conversation)
{
    return db_run(im->s, im->err, "UPDATE conversation SET pinned = ?, archived = ? WHERE id = ?", "wwi",
                  json_is_true(json_object_get(outer, "pinned")), json_is_true(json_object_get(outer, "archived")),
                  conversation);
}

bool import_is_openwebui(const json_t *value)
{
    return json_is_object(json_object_get(value, "chat"));
}

enum error_code import_openwebui(struct import *im, const json_t *conversation)
{
    const json_t *chat = json_object_get(conversation, "chat"), *history = json_object_get(chat, "history");
    const json_t *title = json_object_get(conversation, "title");
    int64_t id = 0, now = im->s->now();
    int64_t created =
        import_time(json_object_get(conversation, "created_at"), import_time(json_object_get(chat, "timestamp"), now));
    int64_t changed = import_time(json_object_get(conversation, "updated_at"), created);
    enum error_code code =
        import_conversation(im, json_is_string(title) ? title : json_object_get(chat, "title"), created, changed, &id);
    if (code == ERR_NONE)
        code = set_flags(im, conversation, id);
    if (code == ERR_NONE)
        code = add_system(im, chat, id);
    if (code != ERR_NONE)
        return code;
    if (json_is_object(json_object_get(history, "messages")))
        return add_branches(im, history, id, created);
    return import_list(im, json_object_get(chat, "messages"), "chat.messages", read_message, id, created);
}
