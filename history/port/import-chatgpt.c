/* Import of ChatGPT's conversations.json: an array of conversations, each with a "mapping" from node ids to nodes
 * {message, parent, children} and the "current_node".
 *
 * Nodes without text (the root, hidden instructions) are left out and their children move up. The tree is walked
 * with a stack of our own; every node must be reached exactly once. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/message.h"
#include "history/port/import-forms.h"
#include "history/store.h"
#include "history/tree.h"

#define YEAR_9999_S 253402300799.0

struct walk {
    struct import *im;
    const json_t *mapping;
    json_t *ids;            /* node id to message id, for those that were visited */
    struct step { const char *key; int64_t parent; } *stack;
    size_t depth, capacity;
    int64_t conversation, created, last;
};

/* ---- the stack --------------------------------------------------------------------------------------------------- */

static enum error_code push(struct walk *w, const char *key, int64_t parent)
{
    if (w->depth == w->capacity) {
        size_t capacity = w->capacity == 0 ? 64 : w->capacity * 2;
        struct step *more = realloc(w->stack, capacity * sizeof *more);
        if (more == NULL)
            return db_memory(w->im->s, w->im->err);
        w->stack = more;
        w->capacity = capacity;
    }
    w->stack[w->depth++] = (struct step){key, parent};
    return ERR_NONE;
}

/* Puts the children of a node on the stack, the first one on top. */
static enum error_code push_children(struct walk *w, const json_t *node, int64_t parent)
{
    const json_t *children = json_object_get(node, "children");
    if (children != NULL && !json_is_array(children))
        return import_fail(w->im, "children", "expected an array");
    enum error_code code = ERR_NONE;
    for (size_t i = json_array_size(children); i-- > 0 && code == ERR_NONE;) {
        const char *key = json_string_value(json_array_get(children, i));
        if (key == NULL || json_object_get(w->mapping, key) == NULL)
            code = import_fail(w->im, "children", "number %zu is no node of the mapping", i);
        else
            code = push(w, key, parent);
    }
    return code;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static int64_t milliseconds(const json_t *seconds, int64_t otherwise)
{
    double value = json_number_value(seconds);
    return value > 0 && value < YEAR_9999_S ? (int64_t)(value * 1000) : otherwise;
}

static void add_part(struct import *im, struct buf *out, const json_t *part)
{
    const json_t *text = json_is_string(part) ? part : json_object_get(part, "text");
    if (out->size > 0)
        buf_putc(out, '\n');
    if (json_is_string(text)) {
        buf_append(out, json_string_value(text), json_string_length(text));
        return;
    }
    const char *type = json_string_value(json_object_get(part, "content_type"));
    buf_puts(out, type != NULL && strstr(type, "image") != NULL ? "[picture]" : "[attachment]");
    im->report->skipped_parts++;
}

/* What a person saw of the message; nothing for thoughts and instructions that were hidden. */
static void message_text(struct import *im, const json_t *message, struct buf *out)
{
    const json_t *content = json_object_get(message, "content");
    const char *type = json_string_value(json_object_get(content, "content_type"));
    static const char *const hidden[] = {"thoughts", "reasoning_recap", "user_editable_context",
                                         "model_editable_context"};
    for (size_t i = 0; type != NULL && i < sizeof hidden / sizeof *hidden; i++)
        if (strcmp(type, hidden[i]) == 0)
            return;
    if (json_is_true(json_object_get(json_object_get(message, "metadata"), "is_visually_hidden_from_conversation")))
        return;
    size_t i;
    const json_t *part, *parts = json_object_get(content, "parts");
    json_array_foreach(parts, i, part)
        add_part(im, out, part);
    const json_t *text = json_object_get(content, "text");
    if (!json_is_string(text))
        text = json_object_get(content, "result");
    if (parts == NULL && json_is_string(text))
        buf_append(out, json_string_value(text), json_string_length(text));
}

static enum error_code read_role(struct import *im, const json_t *message, enum store_role *role)
{
    const char *name = json_string_value(json_object_get(json_object_get(message, "author"), "role"));
    if (name == NULL)
        return import_fail(im, "message.author.role", "missing");
    return import_role(name, role) ? ERR_NONE
                                   : import_fail(im, "message.author.role", "no role is called \"%.40s\"", name);
}

/* Adds the node's message, if it has text; *parent becomes it. */
static enum error_code add_message(struct walk *w, const json_t *message, int64_t *parent)
{
    struct tree_new new = {.conversation = w->conversation, .parent = *parent};
    enum error_code code = read_role(w->im, message, &new.role);
    if (code != ERR_NONE)
        return code;
    struct buf text;
    buf_init(&text, STORE_TEXT_MAX);
    message_text(w->im, message, &text);
    const char *model = json_string_value(json_object_get(json_object_get(message, "metadata"), "model_slug"));
    struct store_making made = {.model = model != NULL ? strdup(model) : NULL};
    const char *status = json_string_value(json_object_get(message, "status"));
    new.state = status != NULL && strcmp(status, "in_progress") == 0 ? STORE_INTERRUPTED : STORE_COMPLETE;
    new.created = milliseconds(json_object_get(message, "create_time"), w->created);
    new.text = buf_text(&text);
    new.size = text.size;
    new.made = &made;
    if (buf_failed(&text))
        code = db_memory(w->im->s, w->im->err);
    else if (text.size > 0)
        code = import_message(w->im, &new, parent);
    making_free(&made);
    buf_free(&text);
    return code;
}

static enum error_code visit(struct walk *w, struct step step)
{
    const json_t *node = json_object_get(w->mapping, step.key);
    const json_t *message = json_object_get(node, "message");
    if (json_object_get(w->ids, step.key) != NULL)
        return import_fail(w->im, NULL, "is below two nodes");
    enum error_code code = json_is_object(message) ? add_message(w, message, &step.parent) : ERR_NONE;
    if (code != ERR_NONE)
        return code;
    w->last = step.parent;
    if (json_object_set_new(w->ids, step.key, json_integer(step.parent)) != 0)
        return db_memory(w->im->s, w->im->err);
    return push_children(w, node, step.parent);
}

/* ---- conversations ----------------------------------------------------------------------------------------------- */

/* Starts with the nodes that have no parent in the mapping. */
static enum error_code push_roots(struct walk *w)
{
    const char *key;
    json_t *node;
    enum error_code code = ERR_NONE;
    json_object_foreach((json_t *)w->mapping, key, node)
    {
        const char *parent = json_string_value(json_object_get(node, "parent"));
        if (code == ERR_NONE && (parent == NULL || json_object_get(w->mapping, parent) == NULL))
            code = push(w, key, 0);
    }
    for (size_t i = 0, j = w->depth; i + 1 < j; i++) {
        struct step t = w->stack[i];
        w->stack[i] = w->stack[--j];
        w->stack[j] = t;
    }
    return code;
}

static enum error_code walk_tree(struct walk *w)
{
    enum error_code code = push_roots(w);
    while (w->depth > 0 && code == ERR_NONE) {
        struct step step = w->stack[--w->depth];
        size_t length = import_enter(w->im, "%smapping.%.80s", w->im->where[0] != '\0' ? "." : "", step.key);
        code = visit(w, step);
        import_leave(w->im, length);
    }
    if (code == ERR_NONE && json_object_size(w->ids) < json_object_size(w->mapping))
        code = import_fail(w->im, "mapping", "%zu of %zu nodes hang on no root",
                           json_object_size(w->mapping) - json_object_size(w->ids), json_object_size(w->mapping));
    return code;
}

static enum error_code import_tree(struct walk *w, const json_t *conversation)
{
    const char *current = json_string_value(json_object_get(conversation, "current_node"));
    enum error_code code = walk_tree(w);
    if (code != ERR_NONE)
        return code;
    const json_t *leaf = current != NULL ? json_object_get(w->ids, current) : NULL;
    if (current != NULL && leaf == NULL)
        return import_fail(w->im, "current_node", "no node \"%.80s\"", current);
    return import_finish(w->im, w->conversation, leaf != NULL ? json_integer_value(leaf) : w->last);
}

enum error_code import_chatgpt(struct import *im, const json_t *conversation)
{
    const char *title = "";
    struct walk w = {.im = im, .mapping = json_object_get(conversation, "mapping"), .ids = json_object()};
    w.created = milliseconds(json_object_get(conversation, "create_time"), im->s->now());
    int64_t changed = milliseconds(json_object_get(conversation, "update_time"), w.created);
    enum error_code code = import_string(im, conversation, "title", &title);
    if (code == ERR_NONE && !json_is_object(w.mapping))
        code = import_fail(im, "mapping", "expected an object");
    if (code == ERR_NONE)
        code = import_conversation(im, title, w.created, changed, &w.conversation);
    if (code == ERR_NONE)
        code = import_tree(&w, conversation);
    json_decref(w.ids);
    free(w.stack);
    return code;
}
