/* Import: parsing, recognising the form of the file, and choosing its importer.
 *
 * The whole import is one transaction. JSON that is too deep is refused by jansson (2,048 levels); message trees of any
 * depth are built without recursion. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/port/import-forms.h"
#include "history/store.h"

#define PARSE_FLAGS (JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES)

/* ---- parsing ----------------------------------------------------------------------------------------------------- */

/* Turns a file with one object per line into an array; NULL with *line and e set when a line is broken. */
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
            json_t *value = json_loadb(bytes, length, PARSE_FLAGS, e);
            if (value == NULL || json_array_append_new(array, value) != 0) {
                json_decref(array);
                return NULL;
            }
        }
        bytes += length + (stop != NULL);
    }
    return array;
}

/* True when the first line is an object by itself: the file may then have one object per line. */
static bool first_line_is_whole(const char *bytes, size_t size)
{
    const char *stop = memchr(bytes, '\n', size);
    if (stop == NULL)
        return false;
    json_t *value = json_loadb(bytes, (size_t)(stop - bytes), PARSE_FLAGS, NULL);
    bool whole = json_is_object(value);
    json_decref(value);
    return whole;
}

static json_t *parse_file(struct import *im, const char *bytes, size_t size)
{
    json_error_t e = {0};
    size_t line = 0;
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        bytes += 3, size -= 3;
    json_t *root = json_loadb(bytes, size, PARSE_FLAGS, &e);
    if (root != NULL)
        return root;
    if (first_line_is_whole(bytes, size) && (root = parse_lines(bytes, size, &line, &e)) != NULL)
        return root;
    error_set(im->err, ERR_FORMAT, "%s: line %zu, column %d: %s; nothing was imported", im->name,
              line > 0 ? line : (size_t)(e.line > 0 ? e.line : 1), e.column > 0 ? e.column : 1, e.text);
    return NULL;
}

/* ---- which form -------------------------------------------------------------------------------------------------- */

static bool is_message(const json_t *value)
{
    return json_object_get(value, "role") != NULL || json_object_get(value, "from") != NULL;
}

static enum error_code import_conversation_of_any_form(struct import *im, const json_t *value)
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
        return import_conversation_of_any_form(im, root);
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i < json_array_size(root) && code == ERR_NONE; i++) {
        size_t length = import_enter(im, "[%zu]", i);
        code = import_conversation_of_any_form(im, json_array_get(root, i));
        import_leave(im, length);
    }
    return code;
}

enum error_code store_import(struct store *s, const char *name, const char *bytes, size_t size,
                             struct store_import_report *report, struct error *err)
{
    struct store_import_report counts = {0};
    struct import im = {.s = s, .name = name, .report = &counts, .err = err};
    json_t *root = parse_file(&im, bytes, size);
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
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        code = error_system(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s", path);
    } else if (!S_ISREG(st.st_mode) || st.st_size == 0) {
        code = error_set(err, ERR_FORMAT, "%s: %s", path,
                         S_ISREG(st.st_mode) ? "the file is empty" : "not a regular file");
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
