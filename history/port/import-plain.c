/* Import of plain role/content JSON, as most programs and APIs have it: an array of {"role": "user", "content": "..."},
 * or an object with such an array as "messages" (or "conversations", with "from" and "value"). Content may be a string
 * or an array of parts of which those with text are taken. */
#include <config.h>

#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/port/import-forms.h"
#include "history/store.h"
#include "history/tree.h"

/* Appends the text of content; parts without any are counted. */
static enum error_code content_text(struct import *im, const json_t *content, struct buf *out)
{
    if (json_is_string(content)) {
        buf_append(out, json_string_value(content), json_string_length(content));
    } else if (json_is_null(content)) {
        im->report->skipped_parts++;
    } else if (json_is_array(content)) {
        size_t i;
        const json_t *part;
        json_array_foreach(content, i, part)
        {
            const json_t *text = json_is_string(part) ? part : json_object_get(part, "text");
            if (!json_is_string(text)) {
                im->report->skipped_parts++;
                continue;
            }
            if (out->size > 0)
                buf_putc(out, '\n');
            buf_append(out, json_string_value(text), json_string_length(text));
        }
    } else {
        return import_fail(im, "content", "expected a string or an array of parts");
    }
    return buf_failed(out) ? db_memory(im->s, im->err) : ERR_NONE;
}

static enum error_code read_role(struct import *im, const json_t *message, enum store_role *role)
{
    const char *name = NULL;
    if (!json_is_object(message))
        return import_fail(im, NULL, "expected a message with role and content");
    enum error_code code = import_string(im, message, "role", &name);
    if (code == ERR_NONE && name == NULL)
        code = import_string(im, message, "from", &name);
    if (code != ERR_NONE)
        return code;
    if (name == NULL)
        return import_fail(im, "role", "missing");
    return import_role(name, role) ? ERR_NONE : import_fail(im, "role", "no role is called \"%.40s\"", name);
}

/* The system prompt that stands first becomes the conversation's own. */
static enum error_code put_system(struct import *im, int64_t conversation, const struct buf *text)
{
    return db_run(im->s, im->err, "UPDATE conversation SET system = ? WHERE id = ?", "ti", buf_text(text), text->size,
                  conversation);
}

static enum error_code add_message(struct import *im, const json_t *message, struct tree_new *new, bool first)
{
    struct buf text;
    buf_init(&text, STORE_TEXT_MAX);
    enum error_code code = read_role(im, message, &new->role);
    const json_t *content = json_object_get(message, "content");
    if (content == NULL)
        content = json_object_get(message, "value");
    if (code == ERR_NONE && content == NULL)
        code = import_fail(im, "content", "missing");
    if (code == ERR_NONE)
        code = content_text(im, content, &text);
    if (code == ERR_NONE && first && new->role == STORE_SYSTEM) {
        code = put_system(im, new->conversation, &text);
    } else if (code == ERR_NONE) {
        new->text = buf_text(&text);
        new->size = text.size;
        code = import_message(im, new, &new->parent);
    }
    buf_free(&text);
    return code;
}

enum error_code import_plain(struct import *im, const json_t *conversation)
{
    const json_t *messages = conversation;
    const char *title = "", *key = "";
    enum error_code code = ERR_NONE;
    if (json_is_object(conversation)) {
        key = json_object_get(conversation, "messages") != NULL ? "messages" : "conversations";
        messages = json_object_get(conversation, key);
        code = import_string(im, conversation, "title", &title);
    }
    if (code == ERR_NONE && !json_is_array(messages))
        code = import_fail(im, key, "expected an array of messages");
    struct tree_new new = {.created = im->s->now()};
    if (code == ERR_NONE)
        code = import_conversation(im, title, new.created, new.created, &new.conversation);
    for (size_t i = 0; code == ERR_NONE && i < json_array_size(messages); i++) {
        size_t length = import_enter(im, "%s%s[%zu]", key[0] != '\0' && im->where[0] != '\0' ? "." : "", key, i);
        code = add_message(im, json_array_get(messages, i), &new, i == 0);
        import_leave(im, length);
    }
    return code == ERR_NONE ? import_finish(im, new.conversation, new.parent) : code;
}
