/* Import of what the page of llama-server exports: {conv: {id, name, lastModified, currNode}, messages: [{id, parent,
 * children, type, role, content, timestamp, extra}]}, or an array of these.
 *
 * Ids are strings, or numbers in older files. A message of type "root" stands above the first and has no text. */
#include <config.h>

#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "history/port/import-entry.h"
#include "history/port/import-forms.h"
#include "history/port/import-reader.h"
#include "history/port/import-time.h"
#include "history/port/import-tree.h"
#include "history/store.h"

static enum error_code read_message(struct import *im, const json_t *message, struct import_entry *e)
{
    const char *type = json_string_value(json_object_get(message, "type"));
    e->hidden = type != NULL && strcmp(type, "root") == 0;
    e->author = json_string_value(json_object_get(message, "role"));
    e->model = json_string_value(json_object_get(message, "model"));
    e->created = import_time(json_object_get(message, "timestamp"), e->created);
    import_entry_attachments(im, json_object_get(message, "extra"));
    return e->hidden ? ERR_NONE : import_entry_content(im, e, json_object_get(message, "content"));
}

static const struct import_tree_form form = {.read = read_message, .place = "messages"};

static enum error_code add_nodes(struct import *im, struct import_tree *t, const json_t *messages)
{
    size_t i;
    const json_t *message;
    enum error_code code = ERR_NONE;
    json_array_foreach(messages, i, message) {
        size_t length = import_enter(im, "%smessages[%zu]", im->where[0] != '\0' ? "." : "", i);
        if (code == ERR_NONE)
            code = json_is_object(message)
                       ? import_tree_node(t, json_object_get(message, "id"), json_object_get(message, "parent"),
                                          json_object_get(message, "children"), message)
                       : import_fail(im, NULL, "expected a message");
        import_leave(im, length);
    }
    return code;
}

bool import_is_llamaserver(const json_t *value)
{
    return json_is_object(json_object_get(value, "conv")) && json_object_get(value, "messages") != NULL;
}

enum error_code import_llamaserver(struct import *im, const json_t *conversation)
{
    const json_t *conv = json_object_get(conversation, "conv"), *messages = json_object_get(conversation, "messages");
    int64_t id = 0, changed = import_time(json_object_get(conv, "lastModified"), im->s->now());
    int64_t created = import_time(json_object_get(json_array_get(messages, 0), "timestamp"), changed);
    if (!json_is_array(messages) && !json_is_null(messages))
        return import_fail(im, "messages", "expected an array");
    struct import_tree *t = import_tree_new(im, &form);
    if (t == NULL)
        return ERR_MEMORY;
    enum error_code code = import_conversation(im, json_object_get(conv, "name"), created, changed, &id);
    if (code == ERR_NONE)
        code = add_nodes(im, t, messages);
    if (code == ERR_NONE)
        code = import_tree_add(t, id, created, json_object_get(conv, "currNode"));
    import_tree_free(t);
    return code;
}
