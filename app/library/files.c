/* Library files: export and import. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/library/conversations.h"
#include "app/text/input.h"
#include "app/text/plural.h"
#include "app/text/replace.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

/* Bytes; more than an export of everything that one user wrote. */
#define IMPORT_MOST ((size_t)4 << 30)

/* ---- export ----------------------------------------------------------------------------------------------------- */

struct sink {
    FILE *file;
    int why; /* errno of the write that failed */
};

static bool to_sink(void *context, const char *bytes, size_t size)
{
    struct sink *sink = context;
    bool good = fwrite(bytes, 1, size, sink->file) == size;
    sink->why = good ? 0 : errno;
    return good;
}

enum error_code library_export_stream(struct store *s, enum store_format format, const int64_t *ids, size_t n,
                                      FILE *out, const char *name, struct error *err)
{
    struct error why = {0};
    struct sink sink = {.file = out};
    enum error_code code = store_export(s, format, ids, n, to_sink, &sink, &why);
    if (sink.why != 0)
        return error_system(err, code, sink.why, "%s: can't be written", name);
    return code == ERR_NONE ? code : error_set(err, code, "%s", why.message);
}

enum error_code library_export(struct store *s, enum store_format format, const int64_t *ids, size_t n,
                               const char *path, struct error *err)
{
    struct replace file;
    if (replace_begin(&file, path, err) != ERR_NONE)
        return err->code;
    enum error_code code = library_export_stream(s, format, ids, n, file.file, path, err);
    replace_end(&file, code == ERR_NONE, err);
    return err->code;
}

/* ---- import ----------------------------------------------------------------------------------------------------- */

static enum error_code read_stdin(struct store *s, struct store_import_report *report, struct error *err)
{
    struct buf text;
    buf_init(&text, IMPORT_MOST);
    if (input_read(STDIN_FILENO, "standard input", &text, err) == ERR_NONE)
        store_import(s, "standard input", buf_text(&text), text.size, report, err);
    buf_free(&text);
    return err->code;
}

static enum error_code import_one(struct store *s, const char *path, struct store_import_report *sum, struct error *err)
{
    struct store_import_report one = {0};
    enum error_code code = strcmp(path, "-") == 0 ? read_stdin(s, &one, err) : store_import_file(s, path, &one, err);
    sum->conversations += one.conversations;
    sum->messages += one.messages;
    sum->known += one.known;
    for (int i = 0; i < STORE_IMPORT_ODDITIES; i++)
        sum->odd[i] += one.odd[i];
    sum->first = sum->first != 0 ? sum->first : one.first;
    return code;
}

enum error_code library_import(struct store *s, char *const *paths, size_t n, struct store_import_report *sum,
                               struct error *err)
{
    *sum = (struct store_import_report){0};
    if (store_begin(s, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < n && err->code == ERR_NONE; i++)
        import_one(s, paths[i], sum, err);
    struct error ignored = {0};
    store_end(s, err->code == ERR_NONE, err->code == ERR_NONE ? err : &ignored);
    return err->code;
}

void library_import_tell(const struct store_import_report *sum, struct buf *out)
{
    buf_printf(out, "%zu conversation%s with %zu message%s imported", sum->conversations, plural(sum->conversations),
               sum->messages, plural(sum->messages));
    if (sum->known > 0)
        buf_printf(out, ", %zu %s there already", sum->known, sum->known == 1 ? "was" : "were");
    for (int i = 0; i < STORE_IMPORT_ODDITIES; i++)
        if (sum->odd[i] > 0)
            buf_printf(out, ", %zu %s", sum->odd[i],
                       store_import_oddity_text((enum store_import_oddity)i, sum->odd[i]));
}
