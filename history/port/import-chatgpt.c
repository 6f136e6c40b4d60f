/* Import of ChatGPT's conversations.json: an array of conversations, each with a "mapping" from node ids to nodes
 * {message, parent, children} and the "current_node".
 *
 * Nodes without text on purpose (the root, instructions that were hidden, thoughts) are left out without a word. */
#include <config.h>

#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "history/history.h"
#include "history/port/import-entry.h"
#include "history/port/import-forms.h"
#include "history/port/import-reader.h"
#include "history/port/import-time.h"
#include "history/port/import-tree.h"
#include "history/store.h"

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static enum error_code append_part(struct import *im, struct import_entry *e, const json_t *part)
{
    const json_t *text = json_is_string(part) ? part : json_object_get(part, "text");
    const char *type = json_string_value(json_object_get(part, "content_type"));
    if (json_is_string(text))
        return import_entry_append(im, e, json_string_value(text), json_string_length(text));
    im->report->odd[STORE_SKIPPED_PARTS]++;
    if (!json_is_object(part))
        return ERR_NONE;
    const char *shown = type != NULL && strstr(type, "image") != NULL ? "[picture]" : "[attachment]";
    return import_entry_append(im, e, shown, strlen(shown));
}

/* What ChatGPT did not show either. */
static bool is_hidden(const json_t *message, const json_t *content)
{
    static const char *const types[] = {"thoughts", "reasoning_recap", "user_editable_context",
                                        "model_editable_context"};
    const char *type = json_string_value(json_object_get(content, "content_type"));
    for (size_t i = 0; type != NULL && i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return json_is_true(json_object_get(json_object_get(message, "metadata"), "is_visually_hidden_from_conversation"));
}

static enum error_code read_content(struct import *im, struct import_entry *e, const json_t *content)
{
    const json_t *parts = json_object_get(content, "parts"), *text = json_object_get(content, "text");
    size_t i;
    const json_t *part;
    enum error_code code = ERR_NONE;
    e->hidden = json_is_array(parts); /* [""] has no text on purpose; null has lost it */
    json_array_foreach(parts, i, part) {
        if (code == ERR_NONE)
            code = append_part(im, e, part);
    }
    if (json_is_array(parts))
        return code;
    if (!json_is_string(text))
        text = json_object_get(content, "result");
    e->hidden = json_is_string(text);
    return e->hidden ? import_entry_append(im, e, json_string_value(text), json_string_length(text)) : code;
}

static enum error_code read_node(struct import *im, const json_t *node, struct import_entry *e)
{
    const json_t *message = json_object_get(node, "message"), *content = json_object_get(message, "content");
    e->hidden = !json_is_object(message) || is_hidden(message, content);
    if (e->hidden)
        return ERR_NONE;
    const char *status = json_string_value(json_object_get(message, "status"));
    e->author = json_string_value(json_object_get(json_object_get(message, "author"), "role"));
    e->model = json_string_value(json_object_get(json_object_get(message, "metadata"), "model_slug"));
    e->created = import_time(json_object_get(message, "create_time"), e->created);
    e->state = status != NULL && strcmp(status, "in_progress") == 0 ? STORE_INTERRUPTED : STORE_COMPLETE;
    return read_content(im, e, content);
}

/* ---- conversations ----------------------------------------------------------------------------------------------- */

static const struct import_tree_form form = {.read = read_node, .place = "mapping", .strict = true};

static enum error_code add_nodes(struct import_tree *t, const json_t *mapping)
{
    const char *name;
    json_t *node;
    enum error_code code = ERR_NONE;
    json_object_foreach((json_t *)mapping, name, node) {
        json_t *key = json_string(name);
        if (code == ERR_NONE)
            code = import_tree_node(t, key, json_object_get(node, "parent"), json_object_get(node, "children"), node);
        json_decref(key);
    }
    return code;
}

bool import_is_chatgpt(const json_t *value)
{
    return json_object_get(value, "mapping") != NULL;
}

enum error_code import_chatgpt(struct import *im, const json_t *conversation)
{
    const json_t *mapping = json_object_get(conversation, "mapping");
    int64_t id = 0, created = import_time(json_object_get(conversation, "create_time"), im->s->now());
    int64_t changed = import_time(json_object_get(conversation, "update_time"), created);
    if (!json_is_object(mapping) && !json_is_null(mapping))
        return import_fail(im, "mapping", "expected an object");
    struct import_tree *t = import_tree_new(im, &form);
    if (t == NULL)
        return ERR_MEMORY;
    enum error_code code = import_conversation(im, json_object_get(conversation, "title"), created, changed, &id);
    if (code == ERR_NONE)
        code = add_nodes(t, mapping);
    if (code == ERR_NONE)
        code = import_tree_add(t, id, created, json_object_get(conversation, "current_node"));
    import_tree_free(t);
    return code;
}
