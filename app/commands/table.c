/* Table: reading a column. Files of up to 64 MB, read whole. */
#include <config.h>

#include "app/commands/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/text/csv.h"
#include "app/text/input.h"
#include "base/buf.h"

/* Where a byte of the file stands, from 1. */
static void find_place(const struct buf *text, size_t at, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at; i++, ++*column)
        if (text->data[i] == '\n') {
            ++*line;
            *column = 0;
        }
}

/* Bytes of the mark with which some programs begin a file in UTF-8, in no other encoding. */
static size_t mark_size(const struct buf *text)
{
    return text->size >= 3 && memcmp(text->data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static void tell_bad_byte(const char *path, const struct buf *text, size_t at, enum charset charset, struct error *err)
{
    size_t line, column;
    find_place(text, at, &line, &column);
    if (charset == CHARSET_UTF8)
        error_set(
            err, ERR_FORMAT,
            "%s:%zu:%zu: this is no UTF-8; if the file is in Latin-1 or Windows' cp1252, add --encoding latin-1 or "
            "--encoding cp1252",
            path, line, column);
    else
        error_set(err, ERR_FORMAT, "%s:%zu:%zu: %s has no such byte; name the file's encoding by --encoding", path,
                  line, column, charset_name(charset));
}

/* Makes the text UTF-8. A file that begins with UTF-8's mark is that, whatever was said. */
static bool decode_text(const char *path, enum charset given, struct buf *text, struct error *err)
{
    const enum charset charset = mark_size(text) > 0 ? CHARSET_UTF8 : given;
    const size_t size = text->size, bad = charset_decode(charset, text);
    if (buf_failed(text)) {
        error_memory(err);
        return false;
    }
    const char *nul = text->size > 0 ? memchr(text->data, '\0', text->size) : NULL;
    size_t line, column;
    if (bad < size) {
        tell_bad_byte(path, text, bad, charset, err);
    } else if (nul != NULL) {
        find_place(text, (size_t)(nul - text->data), &line, &column);
        error_set(err, ERR_FORMAT, "%s:%zu:%zu: a NUL; this is no text", path, line, column);
    }
    return bad == size && nul == NULL;
}

/* The header's names, for a message. */
static void list_columns(const struct csv_record *header, struct buf *out)
{
    for (size_t i = 0; i < header->n; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : ", ", csv_field(header, i));
}

static bool find_column(const struct csv *c, const struct csv_record *header, const char *name, size_t *column,
                        struct error *err)
{
    for (*column = 0; *column < header->n; ++*column)
        if (strcmp(csv_field(header, *column), name) == 0)
            return true;
    struct buf names;
    buf_init(&names, 4096);
    list_columns(header, &names);
    error_set(err, ERR_NOT_FOUND, "%s:%zu: there is no column '%.60s'; there are: %.200s", c->name, header->line, name,
              buf_text(&names));
    buf_free(&names);
    return false;
}

static bool read_rows(struct csv *c, struct csv_record *r, size_t column, struct words *out, struct error *err)
{
    while (csv_next(c, r, err)) {
        if (r->n <= column) {
            error_set(err, ERR_FORMAT,
                      "%s:%zu:%zu: the record ends after %zu field%s, and the text stands in field %zu", c->name,
                      r->line, strlen(csv_field(r, r->n - 1)) + 1, r->n, r->n == 1 ? "" : "s", column + 1);
            return false;
        }
        if (!words_add(out, csv_field(r, column), strlen(csv_field(r, column)))) {
            error_memory(err);
            return false;
        }
    }
    return err->code == ERR_NONE;
}

static bool read_column(const char *path, const char *name, const struct buf *text, struct words *out,
                        struct error *err)
{
    const size_t mark = mark_size(text);
    const char *begin = buf_text(text) + mark;
    struct csv c;
    struct csv_record r;
    size_t column;
    csv_init(&c, path, begin, text->size - mark, csv_guess(begin, text->size - mark));
    csv_record_init(&r);
    bool ok = csv_next(&c, &r, err);
    if (!ok)
        error_set(err, ERR_FORMAT, "%s: the file is empty; its first line must name the columns", path);
    ok = ok && find_column(&c, &r, name, &column, err) && read_rows(&c, &r, column, out, err);
    csv_record_free(&r);
    return ok;
}

bool table_read(const char *spec, enum charset charset, struct words *out, struct error *err)
{
    const char *colon = strrchr(spec, ':');
    struct buf text;
    if (colon == NULL || colon == spec || colon[1] == '\0') {
        error_set(err, ERR_ARGUMENT, "'%.200s': give the file and the column's name, FILE.csv:COLUMN", spec);
        return false;
    }
    char *path = strndup(spec, (size_t)(colon - spec));
    buf_init(&text, INPUT_MOST);
    if (path == NULL)
        error_memory(err);
    const bool ok = path != NULL && input_read_file(path, &text, err) == ERR_NONE &&
                    decode_text(path, charset, &text, err) && read_column(path, colon + 1, &text, out, err);
    if (!ok) {
        words_free(out);
        *out = (struct words){0};
    }
    buf_free(&text);
    free(path);
    return ok;
}

bool table_is_file(const char *spec, const char *path)
{
    const char *colon = strrchr(spec, ':');
    char *table = strndup(spec, colon != NULL ? (size_t)(colon - spec) : strlen(spec));
    struct stat a, b;
    const bool same = table != NULL && stat(table, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
                      a.st_ino == b.st_ino;
    free(table);
    return same;
}
