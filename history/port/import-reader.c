/* Import: the place in the file for messages, members of objects, and adding to the store. */
#include <config.h>

#include "history/port/import-reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>
#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/index.h"
#include "history/store.h"
#include "history/text.h"
#include "history/tree.h"

/* ---- the place in the file --------------------------------------------------------------------------------------- */

enum error_code import_fail(struct import *im, const char *key, const char *format, ...)
{
    char what[200];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const char *dot = key != NULL && im->where[0] != '\0' ? "." : "";
    const char *colon = key != NULL || im->where[0] != '\0' ? ": " : "";
    return error_set(im->err, ERR_FORMAT, "%s: %s%s%s%s%s; nothing was imported", im->name, im->where, dot,
                     key != NULL ? key : "", colon, what);
}

enum error_code import_refuse_size(struct import *im, size_t size)
{
    const char *colon = im->where[0] != '\0' ? ": " : "";
    return error_set(im->err, ERR_ARGUMENT,
                     "%s: %s%sa text of %zu bytes is too long, at most %zu can be kept; nothing was imported", im->name,
                     im->where, colon, size, STORE_TEXT_MAX);
}

size_t import_enter(struct import *im, const char *format, ...)
{
    size_t length = strlen(im->where);
    va_list args;
    va_start(args, format);
    vsnprintf(im->where + length, sizeof im->where - length, format, args);
    va_end(args);
    return length;
}

void import_leave(struct import *im, size_t length)
{
    im->where[length] = '\0';
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

static const json_t *get_member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

enum error_code import_string(struct import *im, const json_t *object, const char *key, const char **out)
{
    const json_t *value = get_member(object, key);
    if (value != NULL && !json_is_string(value))
        return import_fail(im, key, "expected a string");
    if (value != NULL)
        *out = json_string_value(value);
    return ERR_NONE;
}

enum error_code import_integer(struct import *im, const json_t *object, const char *key, int64_t *out)
{
    const json_t *value = get_member(object, key);
    if (value != NULL && !json_is_integer(value))
        return import_fail(im, key, "expected a whole number");
    if (value != NULL)
        *out = json_integer_value(value);
    return ERR_NONE;
}

enum error_code import_number(struct import *im, const json_t *object, const char *key, double *out)
{
    const json_t *value = get_member(object, key);
    if (value != NULL && !json_is_number(value))
        return import_fail(im, key, "expected a number");
    if (value != NULL)
        *out = json_number_value(value);
    return ERR_NONE;
}

enum error_code import_flag(struct import *im, const json_t *object, const char *key, bool *out)
{
    const json_t *value = get_member(object, key);
    if (value != NULL && !json_is_boolean(value))
        return import_fail(im, key, "expected true or false");
    if (value != NULL)
        *out = json_is_true(value);
    return ERR_NONE;
}

enum error_code import_settings(struct import *im, const json_t *object, const char *key, char **out)
{
    const json_t *value = get_member(object, key);
    *out = NULL;
    if (value == NULL)
        return ERR_NONE;
    if (!json_is_object(value))
        return import_fail(im, key, "expected an object");
    *out = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9));
    return *out != NULL ? ERR_NONE : db_memory(im->s, im->err);
}

bool import_role(const char *name, enum store_role *role)
{
    static const struct {
        const char *name;
        enum store_role role;
    } names[] = {
        {"system", STORE_SYSTEM},      {"developer", STORE_SYSTEM}, {"user", STORE_USER},
        {"human", STORE_USER},         {"prompter", STORE_USER},    {"assistant", STORE_ASSISTANT},
        {"model", STORE_ASSISTANT},    {"gpt", STORE_ASSISTANT},    {"chatgpt", STORE_ASSISTANT},
        {"bot", STORE_ASSISTANT},      {"ai", STORE_ASSISTANT},     {"claude", STORE_ASSISTANT},
        {"bing", STORE_ASSISTANT},     {"bard", STORE_ASSISTANT},   {"function_call", STORE_ASSISTANT},
        {"tool", STORE_TOOL},          {"function", STORE_TOOL},    {"observation", STORE_TOOL},
        {"tool_response", STORE_TOOL}, {"ipython", STORE_TOOL},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i].name) == 0) {
            *role = names[i].role;
            return true;
        }
    return false;
}

/* ---- into the store ---------------------------------------------------------------------------------------------- */

enum error_code import_conversation(struct import *im, const json_t *title, int64_t created, int64_t changed,
                                    int64_t *id)
{
    const char *text = json_is_string(title) ? json_string_value(title) : "";
    char *line = text_title(text, json_string_length(title), STORE_TITLE_MAX);
    if (line == NULL)
        return db_memory(im->s, im->err);
    enum error_code code = conversation_insert(im->s, NULL, created, id, im->err);
    if (code == ERR_NONE)
        code = db_run(im->s, im->err, "UPDATE conversation SET changed = ? WHERE id = ?", "ii", changed, *id);
    if (code == ERR_NONE && line[0] != '\0')
        code = conversation_title(im->s, *id, line, STORE_TITLED_BY_MODEL, im->err);
    free(line);
    im->report->conversations++;
    if (im->report->first == 0)
        im->report->first = *id;
    return code;
}

enum error_code import_message(struct import *im, struct tree_new *new, int64_t *id)
{
    struct buf clean;
    if (new->size > STORE_TEXT_MAX)
        return import_refuse_size(im, new->size);
    enum error_code code = text_check(new->text, new->size, &clean, im->err);
    if (code != ERR_NONE)
        return code;
    new->text = buf_text(&clean);
    new->size = clean.size;
    code = tree_maker(im->s, new->made, &new->maker, im->err);
    if (code == ERR_NONE)
        code = tree_insert(im->s, new, id, im->err);
    if (code == ERR_NONE)
        code = index_add(im->s, INDEX_TEXTS, *id, new->text, new->size, im->err);
    buf_free(&clean);
    im->report->messages++;
    return code;
}

static enum error_code title_from_words(struct import *im, int64_t conversation)
{
    sqlite3_stmt *q = db_query(im->s, im->err,
                               "SELECT m.text FROM message m JOIN conversation c ON c.id = m.conversation "
                               "WHERE c.id = ? AND c.title = '' AND m.role = 1 ORDER BY m.id LIMIT 1",
                               "i", conversation);
    int row = q == NULL ? -1 : db_row(im->s, q, im->err);
    if (row <= 0)
        return row < 0 ? im->s->failure : ERR_NONE;
    char *title = text_title((const char *)sqlite3_column_text(q, 0), (size_t)sqlite3_column_bytes(q, 0), 60);
    db_done(q);
    if (title == NULL)
        return db_memory(im->s, im->err);
    enum error_code code = conversation_title(im->s, conversation, title, STORE_TITLED_BY_WORDS, im->err);
    free(title);
    return code;
}

enum error_code import_finish(struct import *im, int64_t conversation, int64_t leaf)
{
    enum error_code code = tree_set_leaf(im->s, conversation, leaf, im->err);
    return code == ERR_NONE ? title_from_words(im, conversation) : code;
}
