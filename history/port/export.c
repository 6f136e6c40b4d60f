/* Export: chooses the conversations and the form. One message is in memory at a time. */
#include <config.h>

#include <string.h>
#include <strings.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/port/export-forms.h"
#include "history/store.h"

bool store_format_parse(const char *name, enum store_format *format)
{
    static const struct {
        const char *name;
        enum store_format format;
    } names[] = {
        {"json", STORE_JSON}, {"markdown", STORE_MARKDOWN}, {"md", STORE_MARKDOWN}, {"text", STORE_PLAIN},
        {"txt", STORE_PLAIN}, {"plain", STORE_PLAIN},       {"html", STORE_HTML},   {"htm", STORE_HTML},
    };
    const char *dot = strrchr(name, '.');
    const char *end = dot != NULL ? dot + 1 : name;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(end, names[i].name) == 0) {
            *format = names[i].format;
            return true;
        }
    return false;
}

static enum error_code all_ids(struct store *s, struct store_ids *out, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT id FROM conversation WHERE trashed IS NULL ORDER BY id", "");
    return db_ids(s, q, out, err);
}

static enum error_code export_each(struct export *x, enum store_format format, const int64_t *ids, size_t n, bool all,
                                   struct error *err)
{
    enum error_code code = format == STORE_JSON ? export_json_begin(x, all, err) : ERR_NONE;
    if (format == STORE_HTML)
        export_html_begin(x);
    for (size_t i = 0; i < n && code == ERR_NONE && !x->refused; i++)
        code = format == STORE_JSON ? export_json(x, ids[i], i == 0, err)
                                    : export_readable(x, format, ids[i], i == 0, err);
    if (format == STORE_JSON && code == ERR_NONE)
        export_json_end(x);
    if (format == STORE_HTML)
        export_html_end(x);
    if (code == ERR_NONE && x->refused)
        code = error_set(err, ERR_IO, "the export could not be written to its end");
    return code;
}

enum error_code store_export(struct store *s, enum store_format format, const int64_t *ids, size_t n, store_sink *sink,
                             void *context, struct error *err)
{
    struct export x = {.s = s, .sink = sink, .context = context};
    struct store_ids all = {0};
    enum error_code code = txn_read(s, err);
    if (code != ERR_NONE)
        return code;
    if (n == 0)
        code = all_ids(s, &all, err);
    if (code == ERR_NONE)
        code = export_each(&x, format, n > 0 ? ids : all.at, n > 0 ? n : all.n, n == 0, err);
    store_ids_free(&all);
    return txn_end(s, code, err);
}
