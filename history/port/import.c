/* Import: parsing, recognising the kind of file, and what the importers share.
 *
 * The whole import is one transaction. JSON that is too deep is refused by jansson (2,048 levels); message trees of any
 * depth are built without recursion. */
#include <config.h>

#include "history/port/import-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAGS (JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES)

/* ---- where ------------------------------------------------------------------------------------------------------ */

enum error_code import_fail(struct import *im, const char *key, const char *format, ...)
{
    char what[200];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const char *dot = key != NULL && im->where[0] != '\0' ? "." : "";
    const char *colon = key != NULL || im->where[0] != '\0' ? ": " : "";
    return im->s->failure = error_set(im->err, ERR_FORMAT, "%s: %s%s%s%s%s; nothing was imported", im->name, im->where,
                                      dot, key != NULL ? key : "", colon, what);
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

/* ---- members ---------------------------------------------------------------------------------------------------- */

static const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

enum error_code import_string(struct import *im, const json_t *object, const char *key, const char **out)
{
    const json_t *value = member(object, key);
    if (value != NULL && !json_is_string(value))
        return import_fail(im, key, "expected a string");
    if (value != NULL)
        *out = json_string_value(value);
    return ERR_NONE;
}

enum error_code import_integer(struct import *im, const json_t *object, const char *key, int64_t *out)
{
    const json_t *value = member(object, key);
    if (value != NULL && !json_is_integer(value))
        return import_fail(im, key, "expected a whole number");
    if (value != NULL)
        *out = json_integer_value(value);
    return ERR_NONE;
}

enum error_code import_number(struct import *im, const json_t *object, const char *key, double *out)
{
    const json_t *value = member(object, key);
    if (value != NULL && !json_is_number(value))
        return import_fail(im, key, "expected a number");
    if (value != NULL)
        *out = json_number_value(value);
    return ERR_NONE;
}

enum error_code import_flag(struct import *im, const json_t *object, const char *key, bool *out)
{
    const json_t *value = member(object, key);
    if (value != NULL && !json_is_boolean(value))
        return import_fail(im, key, "expected true or false");
    if (value != NULL)
        *out = json_is_true(value);
    return ERR_NONE;
}

enum error_code import_settings(struct import *im, const json_t *object, const char *key, char **out)
{
    const json_t *value = member(object, key);
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
    static const struct { const char *name; enum store_role role; } names[] = {
        {"system", STORE_SYSTEM},       {"developer", STORE_SYSTEM}, {"user", STORE_USER},
        {"human", STORE_USER},          {"assistant", STORE_ASSISTANT}, {"model", STORE_ASSISTANT},
        {"gpt", STORE_ASSISTANT},       {"bot", STORE_ASSISTANT},    {"ai", STORE_ASSISTANT},
        {"tool", STORE_TOOL},           {"function", STORE_TOOL},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i].name) == 0) {
            *role = names[i].role;
            return true;
        }
    return false;
}

/* ---- into the store ---------------------------------------------------------------------------------------------- */

enum error_code import_conversation(struct import *im, const char *title, int64_t created, int64_t changed,
                                    int64_t *id)
{
    char *line = text_title(title, strlen(title), STORE_TITLE_MAX);
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

/* ---- parsing ---------------------------------------------------------------------------------------------------- */

/* A file with one object per line becomes an array; NULL with *line and e set when a line is broken. */
static json_t *parse_lines(const char *bytes, size_t size, size_t *line, json_error_t *e)
{
    json_t *array = json_array();
    const char *end = bytes + size;
    for (*line = 1; array != NULL && bytes < end; (*line)++) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t length = (size_t)((stop != NULL ? stop : end) - bytes);
        size_t blank = 0;
        while (blank < length && strchr(" \t\r", bytes[blank]) != NULL)
            blank++;
        if (blank < length) {
            json_t *value = json_loadb(bytes, length, FLAGS, e);
            if (value == NULL || json_array_append_new(array, value) != 0) {
                json_decref(array);
                return NULL;
            }
        }
        bytes += length + (stop != NULL);
    }
    return array;
}

/* True when the first line alone is an object, so that the file may be one object per line. */
static bool first_line_is_whole(const char *bytes, size_t size)
{
    const char *stop = memchr(bytes, '\n', size);
    if (stop == NULL)
        return false;
    json_t *value = json_loadb(bytes, (size_t)(stop - bytes), FLAGS, NULL);
    bool whole = json_is_object(value);
    json_decref(value);
    return whole;
}

static json_t *parse(struct import *im, const char *bytes, size_t size)
{
    json_error_t e = {0};
    size_t line = 0;
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        bytes += 3, size -= 3;
    json_t *root = json_loadb(bytes, size, FLAGS, &e);
    if (root != NULL)
        return root;
    if (first_line_is_whole(bytes, size) && (root = parse_lines(bytes, size, &line, &e)) != NULL)
        return root;
    error_set(im->err, ERR_FORMAT, "%s: line %zu, column %d: %s; nothing was imported", im->name,
              line > 0 ? line : (size_t)(e.line > 0 ? e.line : 1), e.column > 0 ? e.column : 1, e.text);
    return NULL;
}

/* ---- which kind ------------------------------------------------------------------------------------------------- */

static bool is_message(const json_t *value)
{
    return json_object_get(value, "role") != NULL || json_object_get(value, "from") != NULL;
}

static enum error_code import_one(struct import *im, const json_t *value)
{
    if (json_object_get(value, "mapping") != NULL)
        return import_chatgpt(im, value);
    if (json_object_get(value, "messages") != NULL || json_object_get(value, "conversations") != NULL ||
        json_is_array(value))
        return import_plain(im, value);
    return import_fail(im, NULL,
                       "not a conversation; known are Palaver's own JSON, ChatGPT's conversations.json and messages "
                       "with role and content");
}

static enum error_code import_root(struct import *im, const json_t *root)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    if (format != NULL && strcmp(format, "palaver-history") == 0)
        return import_palaver(im, root);
    if (!json_is_array(root) || is_message(json_array_get(root, 0)))
        return import_one(im, root);
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i < json_array_size(root) && code == ERR_NONE; i++) {
        size_t length = import_enter(im, "[%zu]", i);
        code = import_one(im, json_array_get(root, i));
        import_leave(im, length);
    }
    return code;
}

enum error_code store_import(struct store *s, const char *name, const char *bytes, size_t size,
                             struct store_import_report *report, struct error *err)
{
    struct store_import_report counts = {0};
    struct import im = {.s = s, .name = name, .report = &counts, .err = err};
    json_t *root = parse(&im, bytes, size);
    if (root == NULL)
        return ERR_FORMAT;
    enum error_code code = txn_write(s, err);
    if (code == ERR_NONE)
        code = txn_end(s, import_root(&im, root), err);
    json_decref(root);
    if (code == ERR_NONE && report != NULL)
        *report = counts;
    return code;
}

enum error_code store_import_file(struct store *s, const char *path, struct store_import_report *report,
                                  struct error *err)
{
    struct stat st;
    char *bytes = NULL;
    enum error_code code;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        code = error_system(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s", path);
    } else if (!S_ISREG(st.st_mode) || st.st_size == 0) {
        code = error_set(err, ERR_FORMAT, "%s: %s", path, S_ISREG(st.st_mode) ? "empty" : "not a file");
    } else if ((bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED) {
        code = error_system(err, ERR_IO, errno, "%s: can't be read", path);
    } else {
        code = store_import(s, path, bytes, (size_t)st.st_size, report, err);
        munmap(bytes, (size_t)st.st_size);
    }
    if (fd >= 0)
        close(fd);
    return code;
}
