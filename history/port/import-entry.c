/* Entries: gathering a message's text, finding who wrote it, adding it. */
#include <config.h>

#include "history/port/import-entry.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/port/import-reader.h"
#include "history/text.h"
#include "history/tree.h"

void import_entry_init(struct import_entry *e, int64_t created)
{
    *e = (struct import_entry){.created = created};
    buf_init(&e->text, STORE_TEXT_MAX);
}

void import_entry_free(struct import_entry *e)
{
    buf_free(&e->text);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

enum error_code import_entry_append(struct import *im, struct import_entry *e, const char *bytes, size_t size)
{
    size_t line_break = e->text.size > 0;
    if (size > STORE_TEXT_MAX - line_break - e->text.size)
        return import_refuse_size(im, e->text.size + line_break + size);
    if (line_break)
        buf_putc(&e->text, '\n');
    return buf_append(&e->text, bytes, size) ? ERR_NONE : db_memory(im->s, im->err);
}

static enum error_code append_string(struct import *im, struct import_entry *e, const json_t *string)
{
    return import_entry_append(im, e, json_string_value(string), json_string_length(string));
}

/* What the model thought before it answered. */
static bool is_thought(const json_t *part)
{
    static const char *const types[] = {"thinking", "redacted_thinking", "reasoning", "thoughts"};
    const char *type = json_string_value(json_object_get(part, "type"));
    for (size_t i = 0; type != NULL && i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

static enum error_code append_part(struct import *im, struct import_entry *e, const json_t *part)
{
    const json_t *text = json_is_string(part) ? part : json_object_get(part, "text");
    if (is_thought(part))
        return ERR_NONE;
    if (json_is_string(text))
        return append_string(im, e, text);
    im->report->odd[STORE_SKIPPED_PARTS]++;
    return ERR_NONE;
}

enum error_code import_entry_content(struct import *im, struct import_entry *e, const json_t *content)
{
    if (content == NULL || json_is_null(content))
        return ERR_NONE;
    if (!json_is_array(content))
        return append_part(im, e, content);
    size_t i;
    const json_t *part;
    enum error_code code = ERR_NONE;
    json_array_foreach(content, i, part) {
        if (code == ERR_NONE)
            code = append_part(im, e, part);
    }
    return code;
}

void import_entry_attachments(struct import *im, const json_t *array)
{
    im->report->odd[STORE_SKIPPED_PARTS] += json_array_size(array);
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

/* An author who is not known is the user, unless the message answers one of the user. */
static enum error_code guess_role(struct import *im, int64_t parent, enum store_role *role)
{
    struct tree_place above = {.role = STORE_ASSISTANT};
    im->report->odd[STORE_GUESSED_AUTHORS]++;
    enum error_code code = parent != 0 ? tree_find(im->s, parent, &above, im->err) : ERR_NONE;
    *role = above.role == STORE_USER ? STORE_ASSISTANT : STORE_USER;
    return code;
}

enum error_code import_entry_add(struct import *im, struct import_entry *e, int64_t conversation, int64_t *parent)
{
    if (e->text.size == 0) {
        im->report->odd[STORE_SKIPPED_MESSAGES] += !e->hidden;
        return ERR_NONE;
    }
    struct store_making made = {0};
    struct tree_new new = {.conversation = conversation,
                           .parent = *parent,
                           .created = e->created,
                           .state = e->state,
                           .text = buf_text(&e->text),
                           .size = e->text.size,
                           .made = &made};
    enum error_code code = ERR_NONE;
    if (e->author == NULL || !import_role(e->author, &new.role))
        code = guess_role(im, *parent, &new.role);
    if (code == ERR_NONE && e->model != NULL && (made.model = strdup(e->model)) == NULL)
        code = db_memory(im->s, im->err);
    if (code == ERR_NONE)
        code = import_message(im, &new, parent);
    free(made.model);
    return code;
}

enum error_code import_entry_system(struct import *im, const struct import_entry *e, int64_t conversation)
{
    struct buf clean;
    enum error_code code = text_check(buf_text(&e->text), e->text.size, &clean, im->err);
    if (code != ERR_NONE)
        return code;
    code = db_run(im->s, im->err, "UPDATE conversation SET system = ? WHERE id = ?", "ti", buf_text(&clean), clean.size,
                  conversation);
    buf_free(&clean);
    return code;
}
