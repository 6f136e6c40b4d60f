/* Checking a history for the doctor. Nothing is changed: the database is opened for reading only. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/store.h"

struct check {
    struct store *s;
    const char *path;
    store_finding *finding;
    void *context;
    size_t problems; /* that call for store_recover */
};

static void report_finding(struct check *c, bool good, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void report_finding(struct check *c, bool good, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    c->finding(c->context, good, line);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void check_mode(struct check *c, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0)
        report_finding(c, false, "%s: other users can read it (mode %03o); chmod %s it", path,
                       (unsigned)st.st_mode & 0777, S_ISDIR(st.st_mode) ? "700" : "600");
}

static void check_permissions(struct check *c)
{
    char *folder = strdup(c->path);
    check_mode(c, c->path);
    char *slash = folder != NULL ? strrchr(folder, '/') : NULL;
    if (slash != NULL && slash != folder) {
        *slash = '\0';
        check_mode(c, folder);
    }
    free(folder);
}

/* ---- the database ------------------------------------------------------------------------------------------------ */

/* Each row of sql is a problem, unless it reads "ok". */
static enum error_code check_rows(struct check *c, const char *sql, const char *what, struct error *err)
{
    sqlite3_stmt *q = db_query(c->s, err, sql, "");
    if (q == NULL)
        return c->s->failure;
    size_t before = c->problems;
    int row;
    while ((row = db_row(c->s, q, err)) == 1) {
        const char *text = (const char *)sqlite3_column_text(q, 0);
        if (text == NULL || strcmp(text, "ok") == 0)
            continue;
        if (c->problems++ - before < 10)
            report_finding(c, false, "%s: %s", what, text);
    }
    if (row == 0 && c->problems == before)
        report_finding(c, true, "%s: in order", what);
    return row < 0 ? c->s->failure : ERR_NONE;
}

static const struct {
    const char *what, *sql;
} rules[] = {
    {"integrity", "PRAGMA integrity_check(20)"},
    {"references", "SELECT 'row ' || rowid || ' of ' || \"table\" || ' refers to a missing row of ' || parent "
                   "FROM pragma_foreign_key_check"},
    {"trees", "SELECT 'message ' || m.id || ' does not fit the one above it' FROM message m JOIN message p "
              "ON p.id = m.parent WHERE p.conversation <> m.conversation OR m.depth <> p.depth + 1 OR p.id >= m.id "
              "UNION ALL SELECT 'message ' || id || ' stands first but is not counted so' FROM message "
              "WHERE parent IS NULL AND depth <> 0"},
    {"alternatives", "SELECT 'the messages below ' || ifnull('message ' || parent, 'the top of conversation ' || "
                     "conversation) || ' are numbered with gaps' FROM message GROUP BY conversation, parent "
                     "HAVING min(position) <> 0 OR max(position) >= count(*)"},
    {"current paths", "SELECT 'conversation ' || c.public || ' ends at a message that is deleted or of another' "
                      "FROM conversation c JOIN message m ON m.id = c.leaf "
                      "WHERE m.conversation <> c.id OR m.trashed IS NOT NULL"},
};

static enum error_code report_counts(struct check *c, struct error *err)
{
    int64_t conversations = 0, trashed = 0, messages = 0, open = 0;
    enum error_code code = db_number(c->s, err, &conversations, "SELECT count(*) FROM conversation", "");
    if (code == ERR_NONE)
        code = db_number(c->s, err, &trashed, "SELECT count(*) FROM conversation WHERE trashed IS NOT NULL", "");
    if (code == ERR_NONE)
        code = db_number(c->s, err, &messages, "SELECT count(*) FROM message", "");
    if (code == ERR_NONE)
        code = db_number(c->s, err, &open, "SELECT count(*) FROM message WHERE state = 1", "");
    if (code == ERR_NONE)
        report_finding(c, true, "%lld conversations (%lld in the trash), %lld messages (%lld being written)",
                       (long long)conversations, (long long)trashed, (long long)messages, (long long)open);
    return code;
}

static enum error_code check_database(struct check *c, struct error *err)
{
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && code == ERR_NONE; i++)
        code = check_rows(c, rules[i].sql, rules[i].what, err);
    if (code == ERR_NONE)
        code = report_counts(c, err);
    if (code == ERR_NONE && c->problems > 0)
        code = error_set(err, ERR_CORRUPT, "%s: damaged in %zu places; what can be read can be saved into a new one",
                         c->path, c->problems);
    return code;
}

enum error_code store_check(const char *path, store_finding *finding, void *context, struct error *err)
{
    struct check c = {.path = path, .finding = finding, .context = context};
    struct stat st;
    if (stat(path, &st) != 0 && errno == ENOENT) {
        report_finding(&c, true, "%s: not there yet; it is made with the first conversation", path);
        return ERR_NONE;
    }
    check_permissions(&c);
    struct error found = {0};
    c.s = store_open(path, &(struct store_options){.read_only = true}, &found);
    enum error_code code = c.s != NULL ? check_database(&c, &found) : found.code;
    if (code != ERR_NONE)
        report_finding(&c, false, "%s", found.message);
    store_close(c.s);
    return code == ERR_NONE ? code : error_set(err, code, "%s", found.message);
}
