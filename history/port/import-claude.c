/* Import of Claude's conversations.json: an array of conversations {uuid, name, created_at, chat_messages}, each
 * message {uuid, sender, text, content, created_at, attachments, files}.
 *
 * "content" has the parts of which "text" is a summary. Newer files name the message above as "parent_message_uuid",
 * which gives branches; older ones are a list. */
#include <config.h>

#include <jansson.h>

#include "base/error.h"
#include "history/port/import-entry.h"
#include "history/port/import-forms.h"
#include "history/port/import-list.h"
#include "history/port/import-reader.h"
#include "history/port/import-time.h"
#include "history/port/import-tree.h"
#include "history/store.h"

static enum error_code read_message(struct import *im, const json_t *message, struct import_entry *e)
{
    e->author = json_string_value(json_object_get(message, "sender"));
    e->model = json_string_value(json_object_get(message, "model"));
    e->created = import_time(json_object_get(message, "created_at"), e->created);
    enum error_code code = import_entry_content(im, e, json_object_get(message, "content"));
    if (code == ERR_NONE && e->text.size == 0)
        code = import_entry_content(im, e, json_object_get(message, "text"));
    import_entry_attachments(im, json_object_get(message, "attachments"));
    import_entry_attachments(im, json_object_get(message, "files"));
    return code;
}

static const struct import_tree_form form = {.read = read_message, .place = "chat_messages"};

/* Whether the messages name each other. */
static bool has_parents(const json_t *messages)
{
    size_t i, parents = 0;
    const json_t *message;
    json_array_foreach(messages, i, message) {
        if (!json_is_string(json_object_get(message, "uuid")))
            return false;
        parents += json_is_string(json_object_get(message, "parent_message_uuid"));
    }
    return parents > 0;
}

static enum error_code add_branches(struct import *im, const json_t *messages, const json_t *leaf, int64_t conversation,
                                    int64_t created)
{
    struct import_tree *t = import_tree_new(im, &form);
    size_t i;
    const json_t *message;
    enum error_code code = t != NULL ? ERR_NONE : ERR_MEMORY;
    json_array_foreach(messages, i, message) {
        if (code == ERR_NONE)
            code = import_tree_node(t, json_object_get(message, "uuid"),
                                    json_object_get(message, "parent_message_uuid"), NULL, message);
    }
    if (!json_is_string(leaf))
        leaf = json_object_get(json_array_get(messages, json_array_size(messages) - 1), "uuid");
    if (code == ERR_NONE)
        code = import_tree_add(t, conversation, created, leaf);
    import_tree_free(t);
    return code;
}

bool import_is_claude(const json_t *value)
{
    return json_object_get(value, "chat_messages") != NULL;
}

enum error_code import_claude(struct import *im, const json_t *conversation)
{
    const json_t *messages = json_object_get(conversation, "chat_messages");
    int64_t id = 0, created = import_time(json_object_get(conversation, "created_at"), im->s->now());
    int64_t changed = import_time(json_object_get(conversation, "updated_at"), created);
    enum error_code code = import_conversation(im, json_object_get(conversation, "name"), created, changed, &id);
    if (code != ERR_NONE)
        return code;
    if (has_parents(messages))
        return add_branches(im, messages, json_object_get(conversation, "current_leaf_message_uuid"), id, created);
    return import_list(im, messages, "chat_messages", read_message, id, created);
}
