/* Saving what can be read of a damaged database.
 *
 * The file is moved aside first and only read from then on. Rows come over in two ways: by SQL, table by table, going
 * around what can't be read; and where SQL gives nothing or has gaps, from the pages themselves (salvage.c). Then the
 * new database is mended: messages whose parent is lost stand first, those whose conversation is lost get a new one,
 * and all numbers that follow from others are computed again. */
#include <config.h>

#include "history/repair/recover-rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GAP_MAX 1000000 /* row numbers that are asked for one by one */

const struct recover_table recover_tables[] = {
    {"conversation",
     {"id", "public", "title", "titled", "created", "changed", "activity", "revision", "leaf", "pinned", "archived",
      "unread", "trashed", "model", "template", "settings", "system", "origin", "cursor", "draft", "preset", "persona"},
     "nttiiiiiIiiiITTTTTitTT", 20, true},
    {"message",
     {"id", "conversation", "parent", "position", "depth", "chosen", "role", "state", "created", "trashed", "writer",
      "maker", "seed", "finish", "prompt_tokens", "reused_tokens", "answer_tokens", "prefill_seconds",
      "first_token_seconds", "decode_seconds", "text"},
     "niIiiIiiiIIIITiiirrrt", 21, true},
    {"maker", {"id", "model", "fingerprint", "template", "settings"}, "ntitt", 5, true},
    {"record", {"message", "part", "data"}, "iib", 3, true},
    {"tag", {"id", "name"}, "nt", 2, true},
    {"tagged", {"conversation", "tag"}, NULL, 0, false},
    {"epoch", {"message", "number", "settings"}, NULL, 0, false},
    {"value", {"key", "value"}, NULL, 0, false},
    {"persona", {"name", "system", "settings", "model", "template"}, "tTTTT", 5, true},
    {"preset", {"name", "settings"}, "tt", 2, true},
    {NULL, {NULL}, NULL, 0, false},
};

/* ---- rows ------------------------------------------------------------------------------------------------------- */

enum error_code recover_prepare(struct recovery *r, const struct recover_table *table, struct error *err)
{
    struct buf sql;
    buf_init(&sql, 4096);
    buf_printf(&sql, "INSERT OR IGNORE INTO %s (", table->name);
    int n = 0;
    for (; n < RECOVER_COLUMNS && table->columns[n] != NULL; n++)
        buf_printf(&sql, "%s%s", n > 0 ? ", " : "", table->columns[n]);
    buf_puts(&sql, ") VALUES (?");
    while (--n > 0)
        buf_puts(&sql, ", ?");
    buf_puts(&sql, ")");
    sqlite3_finalize(r->put);
    r->put = NULL;
    int code = sqlite3_prepare_v2(r->to->db, buf_text(&sql), -1, &r->put, NULL);
    buf_free(&sql);
    return code == SQLITE_OK ? ERR_NONE : db_fail(r->to, err);
}

static void bind_value(sqlite3_stmt *q, int at, const struct recover_value *v)
{
    switch (v->type) {
    case VALUE_INTEGER:
        sqlite3_bind_int64(q, at, v->integer);
        break;
    case VALUE_REAL:
        sqlite3_bind_double(q, at, v->real);
        break;
    case VALUE_TEXT:
        sqlite3_bind_text64(q, at, (const char *)v->bytes, v->size, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case VALUE_BYTES:
        sqlite3_bind_blob64(q, at, v->bytes, v->size, SQLITE_STATIC);
        break;
    default:
        sqlite3_bind_null(q, at);
    }
}

/* Runs the statement for a row; one that the new tables refuse is counted, anything worse is an error. */
static enum error_code put(struct recovery *r, struct error *err)
{
    int code = sqlite3_step(r->put);
    sqlite3_reset(r->put);
    if (code == SQLITE_DONE)
        return ERR_NONE;
    if ((code & 0xff) != SQLITE_CONSTRAINT && (code & 0xff) != SQLITE_MISMATCH)
        return db_fail(r->to, err);
    r->report->damaged++;
    return ERR_NONE;
}

enum error_code recover_put(struct recovery *r, const struct recover_value *values, int n, struct error *err)
{
    sqlite3_clear_bindings(r->put);
    for (int i = 0; i < n; i++)
        bind_value(r->put, i + 1, &values[i]);
    return put(r, err);
}

/* ---- by SQL ----------------------------------------------------------------------------------------------------- */

struct source {
    sqlite3 *db;
    struct recovery *r;
    bool gaps;               /* something could not be read */
    struct error *err;
};

static enum error_code put_row(struct source *from, sqlite3_stmt *row, int n)
{
    sqlite3_clear_bindings(from->r->put);
    for (int i = 0; i < n; i++)
        sqlite3_bind_value(from->r->put, i + 1, sqlite3_column_value(row, i));
    return put(from->r, from->err);
}

/* SELECT of the table's columns (NULL for those that this version lacks), then its row number, then the rest. */
static sqlite3_stmt *select_rows(struct source *from, const struct recover_table *table, const char *rest)
{
    struct buf sql;
    sqlite3_stmt *q = NULL;
    buf_init(&sql, 4096);
    buf_puts(&sql, "SELECT ");
    for (int i = 0; i < RECOVER_COLUMNS && table->columns[i] != NULL; i++) {
        bool there = sqlite3_table_column_metadata(from->db, NULL, table->name, table->columns[i], NULL, NULL, NULL,
                                                   NULL, NULL) == SQLITE_OK;
        buf_printf(&sql, "%s, ", there ? table->columns[i] : "NULL");
    }
    buf_printf(&sql, "%s FROM %s %s", table->numbered ? "rowid" : "0", table->name, rest);
    sqlite3_prepare_v2(from->db, buf_text(&sql), -1, &q, NULL);
    buf_free(&sql);
    return q;
}

/* Copies rows until the end or until one can't be read; *last is the row number of the last one. True at the end. */
static bool copy_rows(struct source *from, const struct recover_table *table, const char *rest, int64_t limit,
                      int64_t *last, enum error_code *code)
{
    sqlite3_stmt *q = select_rows(from, table, rest);
    int step = SQLITE_ERROR, n = sqlite3_column_count(q) - 1;
    if (q != NULL && sqlite3_bind_parameter_count(q) > 0)
        sqlite3_bind_int64(q, 1, limit);
    while (q != NULL && *code == ERR_NONE && (step = sqlite3_step(q)) == SQLITE_ROW) {
        *last = sqlite3_column_int64(q, n);
        *code = put_row(from, q, n);
    }
    sqlite3_finalize(q);
    return step == SQLITE_DONE;
}

/* Asks for the rows between two that could be read, one by one. */
static enum error_code probe(struct source *from, const struct recover_table *table, int64_t low, int64_t high)
{
    enum error_code code = ERR_NONE;
    for (int64_t id = low + 1; id < high && id - low < GAP_MAX && code == ERR_NONE; id++) {
        int64_t last = 0;
        if (!copy_rows(from, table, "WHERE rowid = ?", id, &last, &code))
            from->r->report->damaged++;
    }
    return code;
}

static enum error_code copy_table(struct source *from, const struct recover_table *table)
{
    int64_t low = 0, high = INT64_MAX;
    enum error_code code = recover_prepare(from->r, table, from->err);
    if (code != ERR_NONE ||
        copy_rows(from, table, table->numbered ? "NOT INDEXED ORDER BY rowid" : "", 0, &low, &code))
        return code;
    from->gaps = true;
    if (table->numbered && code == ERR_NONE)
        copy_rows(from, table, "NOT INDEXED WHERE rowid > ? ORDER BY rowid DESC", low, &high, &code);
    return table->numbered && code == ERR_NONE && high != INT64_MAX ? probe(from, table, low, high) : code;
}

static enum error_code copy_by_sql(struct recovery *r, const char *path, bool *gaps, struct error *err)
{
    struct source from = {.r = r, .err = err};
    enum error_code code = ERR_NONE;
    if (sqlite3_open_v2(path, &from.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_exec(from.db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK)
        from.gaps = true;
    for (const struct recover_table *t = recover_tables; t->name != NULL && code == ERR_NONE; t++)
        if (sqlite3_table_column_metadata(from.db, NULL, t->name, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK)
            code = copy_table(&from, t);
        else if (t->least > 2)
            from.gaps = true;
    sqlite3_close(from.db);
    *gaps = from.gaps;
    return code;
}

/* ---- mending ---------------------------------------------------------------------------------------------------- */

/* Ids grow, so a parent with a larger id than its child is a wrong one, and rings can't be. */
static const char mend_sql[] =
    "UPDATE message SET writer = NULL, state = CASE state WHEN 1 THEN 3 ELSE state END;"
    "UPDATE message SET parent = NULL WHERE parent IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM message p WHERE p.id = message.parent AND p.id < message.id "
    "AND p.conversation = message.conversation);"
    "UPDATE message SET maker = NULL WHERE maker NOT IN (SELECT id FROM maker);"
    "UPDATE message SET chosen = NULL WHERE chosen IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM message b WHERE b.id = message.chosen AND b.parent = message.id);"
    "UPDATE message SET position = n.position FROM (SELECT id, row_number() OVER "
    "(PARTITION BY conversation, parent ORDER BY position, id) - 1 AS position FROM message) n WHERE n.id = message.id;"
    "WITH RECURSIVE down (id, depth) AS (SELECT id, 0 FROM message WHERE parent IS NULL UNION ALL "
    "SELECT m.id, down.depth + 1 FROM down JOIN message m ON m.parent = down.id) "
    "UPDATE message SET depth = down.depth FROM down WHERE down.id = message.id AND message.depth <> down.depth;"
    "WITH RECURSIVE up (id) AS (SELECT parent FROM message WHERE trashed IS NULL UNION "
    "SELECT m.parent FROM up JOIN message m ON m.id = up.id) "
    "UPDATE message SET trashed = NULL WHERE trashed IS NOT NULL AND id IN (SELECT id FROM up);"
    "UPDATE conversation SET leaf = (SELECT max(id) FROM message m WHERE m.conversation = conversation.id "
    "AND m.trashed IS NULL) WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.id = conversation.leaf "
    "AND m.conversation = conversation.id AND m.trashed IS NULL);"
    "DELETE FROM record WHERE message NOT IN (SELECT id FROM message);"
    "DELETE FROM epoch WHERE message NOT IN (SELECT id FROM message);"
    "DELETE FROM tagged WHERE conversation NOT IN (SELECT id FROM conversation) OR tag NOT IN (SELECT id FROM tag);"
    "CREATE UNIQUE INDEX message_child ON message (parent, position);";

/* A conversation for each that is lost but has messages. */
static enum error_code mend_lost(struct recovery *r, struct error *err)
{
    struct store *s = r->to;
    int64_t id = 0;
    enum error_code code;
    while ((code = db_number(s, err, &id,
                             "SELECT conversation FROM message WHERE conversation NOT IN (SELECT id FROM conversation) "
                             "LIMIT 1",
                             "")) == ERR_NONE) {
        char public_id[STORE_ID_SIZE];
        r->report->damaged++;
        if (text_public_id(s, public_id, err) != ERR_NONE ||
            db_run(s, err,
                   "INSERT INTO conversation (id, public, title, titled, created, changed, activity) "
                   "SELECT ?1, ?2, 'Recovered ' || ?1, 1, min(created), max(created), 0 FROM message "
                   "WHERE conversation = ?1",
                   "iz", id, public_id) != ERR_NONE)
            return s->failure;
    }
    return code == ERR_NOT_FOUND ? ERR_NONE : code;
}

/* Indexes all rows of a SELECT of id and text. */
static enum error_code mend_index(struct store *s, enum index_table table, const char *sql, size_t *n,
                                  struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, sql, "");
    if (q == NULL)
        return s->failure;
    enum error_code code = ERR_NONE;
    int row = 0;
    for (*n = 0; code == ERR_NONE && (row = db_row(s, q, err)) == 1; ++*n)
        code = index_add(s, table, sqlite3_column_int64(q, 0), (const char *)sqlite3_column_text(q, 1),
                         (size_t)sqlite3_column_bytes(q, 1), err);
    db_done(q);
    return row < 0 ? s->failure : code;
}

static enum error_code mend(struct recovery *r, struct error *err)
{
    struct store *s = r->to;
    int64_t orphans = 0;
    enum error_code code = mend_lost(r, err);
    if (code == ERR_NONE)
        code = db_number(s, err, &orphans,
                         "SELECT count(*) FROM message m WHERE parent IS NOT NULL AND NOT EXISTS "
                         "(SELECT 1 FROM message p WHERE p.id = m.parent)",
                         "");
    r->report->damaged += (size_t)orphans;
    if (code == ERR_NONE)
        code = db_script(s, mend_sql, err);
    if (code == ERR_NONE)
        code = mend_index(s, INDEX_TITLES, "SELECT id, title FROM conversation", &r->report->conversations, err);
    return code == ERR_NONE ? mend_index(s, INDEX_TEXTS, "SELECT id, text FROM message", &r->report->messages, err)
                            : code;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static enum error_code fill(struct recovery *r, const char *from, struct error *err)
{
    bool gaps = false;
    struct store *s = r->to;
    enum error_code code = db_script(s, "PRAGMA foreign_keys = OFF", err);
    if (code == ERR_NONE)
        code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = db_script(s, "DROP INDEX message_child", err);
    if (code == ERR_NONE)
        code = copy_by_sql(r, from, &gaps, err);
    if (code == ERR_NONE && gaps)
        code = salvage(r, from, err);
    sqlite3_finalize(r->put);
    r->put = NULL;
    return txn_end(s, code == ERR_NONE ? mend(r, err) : code, err);
}

static const char *const parts[] = {"", "-wal", "-shm"};

/* Renames the database with its -wal and -shm. */
static enum error_code move_files(const char *from, const char *to, struct error *err)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char old[1200], new[1200];
        snprintf(old, sizeof old, "%s%s", from, parts[i]);
        snprintf(new, sizeof new, "%s%s", to, parts[i]);
        if (rename(old, new) != 0 && (errno != ENOENT || i == 0))
            return error_system(err, ERR_IO, errno, "%s: can't be moved aside", old);
    }
    return ERR_NONE;
}

/* Whoever has the database open holds a lock on some of its bytes. */
static bool is_open_elsewhere(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool held = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return held;
}

static enum error_code name_aside(const char *path, char *out, size_t size, struct error *err)
{
    char when[32];
    struct tm tm;
    time_t now = time(NULL);
    gmtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
    int length = snprintf(out, size, "%s.damaged-%s", path, when);
    for (int n = 2; length > 0 && (size_t)length < size && access(out, F_OK) == 0; n++)
        length = snprintf(out, size, "%s.damaged-%s-%d", path, when, n);
    if (length > 0 && (size_t)length < size)
        return ERR_NONE;
    return error_set(err, ERR_ARGUMENT, "%s: the name is too long", path);
}

enum error_code store_recover(const char *path, struct store_recovery *report, struct error *err)
{
    struct store_recovery done = {0};
    struct recovery r = {.report = &done};
    if (is_open_elsewhere(path))
        return error_set(err, ERR_BUSY, "%s: another Palaver has it open; leave that one first", path);
    enum error_code code = name_aside(path, done.set_aside, sizeof done.set_aside, err);
    if (code == ERR_NONE)
        code = move_files(path, done.set_aside, err);
    if (code != ERR_NONE)
        return code;
    r.to = store_open(path, NULL, err);
    code = r.to != NULL ? fill(&r, done.set_aside, err) : ERR_IO;
    store_close(r.to);
    if (code != ERR_NONE) { /* as it was before */
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            char half[1200];
            snprintf(half, sizeof half, "%s%s", path, parts[i]);
            unlink(half);
        }
        move_files(done.set_aside, path, NULL);
        return code;
    }
    *report = done;
    return ERR_NONE;
}
