/* Decoding: as it stands first; after a repair when that fails, so that sound files cost nothing.
 *
 * Jansson refuses JSON that is nested deeper than 2,048 levels. */
#include <config.h>

#include "history/port/import-decode.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"
#include "history/port/import-reader.h"
#include "history/port/import-repair.h"

#define PARSE_FLAGS (JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES)

/* Where and why parsing ended. */
struct fault {
    size_t line, column; /* from 1 */
    char text[JSON_ERROR_TEXT_LENGTH];
};

static void set_fault(struct fault *f, size_t line, const json_error_t *e)
{
    f->line = line > 0 ? line : (size_t)(e->line > 0 ? e->line : 1);
    f->column = (size_t)(e->column > 0 ? e->column : 1);
    memcpy(f->text, e->text, sizeof f->text);
}

/* Turns a file with one object per line into an array; NULL with *f set when a line is broken. */
static json_t *parse_lines(const char *bytes, size_t size, struct fault *f)
{
    json_t *array = json_array();
    const char *end = bytes + size;
    json_error_t e = {0};
    for (size_t line = 1; array != NULL && bytes < end; line++) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t length = (size_t)((stop != NULL ? stop : end) - bytes);
        size_t blank = 0;
        while (blank < length && (bytes[blank] == ' ' || bytes[blank] == '\t' || bytes[blank] == '\r'))
            blank++;
        if (blank < length) {
            json_t *value = json_loadb(bytes, length, PARSE_FLAGS, &e);
            if (value == NULL || json_array_append_new(array, value) != 0) {
                set_fault(f, line, &e);
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

static json_t *parse_bytes(const char *bytes, size_t size, struct fault *f)
{
    json_error_t e = {0};
    json_t *root = json_loadb(bytes, size, PARSE_FLAGS, &e);
    if (root != NULL)
        return root;
    set_fault(f, 0, &e);
    return first_line_is_whole(bytes, size) ? parse_lines(bytes, size, f) : NULL;
}

/* Parses the repaired bytes. The fault stays the first one unless there was something to repair: then that was it. */
static json_t *parse_repaired(struct import *im, const char *bytes, size_t size, struct fault *f)
{
    struct buf repaired;
    struct repairs done = {0};
    json_t *root = NULL;
    buf_init(&repaired, size <= SIZE_MAX / 6 ? size * 6 : size);
    if (!import_repair(bytes, size, &repaired, &done))
        error_set(im->err, ERR_MEMORY, "%s: out of memory", im->name);
    else if (done.characters + done.numbers > 0)
        root = parse_bytes(buf_text(&repaired), repaired.size, f);
    buf_free(&repaired);
    if (root == NULL)
        return NULL;
    im->report->odd[STORE_REPLACED_CHARACTERS] += done.characters;
    im->report->odd[STORE_REPLACED_NUMBERS] += done.numbers;
    return root;
}

/* The byte order mark of UTF-16, which some programs of Windows write. */
static bool is_utf16(const char *bytes, size_t size)
{
    return size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0);
}

json_t *import_decode(struct import *im, const char *bytes, size_t size)
{
    struct fault f = {0};
    if (is_utf16(bytes, size)) {
        error_set(im->err, ERR_FORMAT,
                  "%s: the text is UTF-16; make it UTF-8, for example by `iconv -f UTF-16 -t UTF-8`", im->name);
        return NULL;
    }
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        bytes += 3, size -= 3;
    json_t *root = parse_bytes(bytes, size, &f);
    if (root == NULL)
        root = parse_repaired(im, bytes, size, &f);
    if (root == NULL)
        error_set(im->err, ERR_FORMAT, "%s: line %zu, column %zu: %s; nothing was imported", im->name, f.line, f.column,
                  f.text);
    return root;
}
