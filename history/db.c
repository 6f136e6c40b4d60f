/* Statements, transactions, and SQLite's errors in the user's terms.
 *
 * Statements are prepared once and kept, found by the address of their literal. Every write transaction begins
 * IMMEDIATE, so that it either has the lock or fails before anything was done. */
#include <config.h>

#include "history/db.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/history.h"
#include "history/ids.h"
#include "history/store.h"

/* ---- failures ---------------------------------------------------------------------------------------------------- */

static enum error_code explain_failure(struct store *s, int code, struct error *err)
{
    const char *name = s->path[0] != '\0' ? s->path : "temporary history";
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return error_set(err, ERR_BUSY, "%s: another program holds it; try again", name);
    case SQLITE_FULL: return error_set(err, ERR_IO, "%s: the disk is full; make room", name);
    case SQLITE_NOMEM: return error_set(err, ERR_MEMORY, "%s: out of memory", name);
    case SQLITE_TOOBIG: return error_set(err, ERR_ARGUMENT, "%s: the text is too long to store", name);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        s->damaged = true;
        return error_set(err, ERR_CORRUPT, "%s: damaged (%s); nothing more is written to it, run: palaver doctor", name,
                         sqlite3_errstr(code));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return error_set(err, ERR_IO, "%s: may not be written; check the permissions of file and folder", name);
    case SQLITE_CANTOPEN:
        return error_set(err, ERR_IO, "%s: can't be opened; check the permissions of file and folder", name);
    case SQLITE_CONSTRAINT:
        return error_set(err, ERR_NOT_FOUND, "%s: it refers to something that is not there (%s)", name,
                         sqlite3_errmsg(s->db));
    default: return error_set(err, ERR_IO, "%s: %s", name, sqlite3_errmsg(s->db));
    }
}

enum error_code db_fail(struct store *s, struct error *err)
{
    return s->failure = explain_failure(s, sqlite3_extended_errcode(s->db), err);
}

enum error_code db_memory(struct store *s, struct error *err)
{
    return s->failure = error_memory(err);
}

enum error_code db_refuse(struct store *s, enum error_code code, struct error *err, const char *format, ...)
{
    char message[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return s->failure = error_set(err, code, "%s", message);
}

/* ---- statements -------------------------------------------------------------------------------------------------- */

static sqlite3_stmt *find_statement(struct store *s, const char *sql, struct error *err)
{
    for (size_t i = 0; i < s->n_statements; i++)
        if (s->statements[i].sql == sql)
            return s->statements[i].prepared;
    assert(s->n_statements < STATEMENTS_MAX);
    struct statement *new = &s->statements[s->n_statements];
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &new->prepared, NULL) != SQLITE_OK) {
        db_fail(s, err);
        return NULL;
    }
    new->sql = sql;
    s->n_statements++;
    return new->prepared;
}

static int bind_one(sqlite3_stmt *q, int at, char kind, va_list *args)
{
    const void *bytes;
    int64_t number;
    switch (kind) {
    case 'i': return sqlite3_bind_int64(q, at, va_arg(*args, int64_t));
    case 'k':
        number = va_arg(*args, int64_t);
        return number == 0 ? sqlite3_bind_null(q, at) : sqlite3_bind_int64(q, at, number);
    case 'w': return sqlite3_bind_int(q, at, va_arg(*args, int));
    case 'd': return sqlite3_bind_double(q, at, va_arg(*args, double));
    case 'z': return sqlite3_bind_text(q, at, va_arg(*args, const char *), -1, SQLITE_STATIC);
    case 't':
        bytes = va_arg(*args, const char *);
        return sqlite3_bind_text64(q, at, bytes, va_arg(*args, size_t), SQLITE_STATIC, SQLITE_UTF8);
    default:
        assert(kind == 'b');
        bytes = va_arg(*args, const void *);
        return sqlite3_bind_blob64(q, at, bytes, va_arg(*args, size_t), SQLITE_STATIC);
    }
}

static sqlite3_stmt *query_bound(struct store *s, struct error *err, const char *sql, const char *format, va_list *args)
{
    sqlite3_stmt *q = find_statement(s, sql, err);
    if (q == NULL)
        return NULL;
    assert(!sqlite3_stmt_busy(q));
    assert((size_t)sqlite3_bind_parameter_count(q) == strlen(format));
    for (int i = 0; format[i] != '\0'; i++)
        if (bind_one(q, i + 1, format[i], args) != SQLITE_OK) {
            db_fail(s, err);
            return NULL;
        }
    return q;
}

sqlite3_stmt *db_query(struct store *s, struct error *err, const char *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sqlite3_stmt *q = query_bound(s, err, sql, format, &args);
    va_end(args);
    return q;
}

int db_row(struct store *s, sqlite3_stmt *q, struct error *err)
{
    int code = sqlite3_step(q);
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        db_fail(s, err);
    sqlite3_reset(q);
    return code == SQLITE_DONE ? 0 : -1;
}

void db_done(sqlite3_stmt *q)
{
    if (q != NULL)
        sqlite3_reset(q);
}

enum error_code db_run(struct store *s, struct error *err, const char *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sqlite3_stmt *q = query_bound(s, err, sql, format, &args);
    va_end(args);
    if (q == NULL)
        return s->failure;
    int row;
    while ((row = db_row(s, q, err)) == 1)
        ;
    return row < 0 ? s->failure : ERR_NONE;
}

enum error_code db_number(struct store *s, struct error *err, int64_t *out, const char *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sqlite3_stmt *q = query_bound(s, err, sql, format, &args);
    va_end(args);
    if (q == NULL)
        return s->failure;
    int row = db_row(s, q, err);
    if (row < 0)
        return s->failure;
    if (row == 0)
        return ERR_NOT_FOUND;
    *out = sqlite3_column_int64(q, 0);
    db_done(q);
    return ERR_NONE;
}

enum error_code db_ids(struct store *s, sqlite3_stmt *q, struct store_ids *out, struct error *err)
{
    if (q == NULL)
        return s->failure;
    int row;
    while ((row = db_row(s, q, err)) == 1)
        if (!ids_add(out, sqlite3_column_int64(q, 0))) {
            db_done(q);
            return db_memory(s, err);
        }
    return row < 0 ? s->failure : ERR_NONE;
}

enum error_code db_version(struct store *s, int64_t *version, struct error *err)
{
    return db_number(s, err, version, "PRAGMA user_version", "");
}

enum error_code db_script(struct store *s, const char *sql, struct error *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ERR_NONE : db_fail(s, err);
}

int64_t db_changes(const struct store *s)
{
    return sqlite3_changes64(s->db);
}

int64_t db_inserted(const struct store *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

char *db_text(sqlite3_stmt *q, int column, size_t *size)
{
    const char *text = (const char *)sqlite3_column_text(q, column);
    if (text == NULL)
        return NULL;
    size_t n = (size_t)sqlite3_column_bytes(q, column);
    char *copy = malloc(n + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, n);
    copy[n] = '\0';
    if (size != NULL)
        *size = n;
    return copy;
}

void db_close_statements(struct store *s)
{
    for (size_t i = 0; i < s->n_statements; i++)
        sqlite3_finalize(s->statements[i].prepared);
    s->n_statements = 0;
}

/* ---- transactions ------------------------------------------------------------------------------------------------ */

/* Another program may have brought the database to a newer schema while it was open here. */
static enum error_code check_version(struct store *s, struct error *err)
{
    int64_t version = 0;
    if (db_version(s, &version, err) != ERR_NONE)
        return s->failure;
    if (version > SCHEMA_VERSION)
        return db_refuse(s, ERR_UNSUPPORTED, err,
                         "%s: a newer Palaver has changed its form meanwhile; start again with that one", s->path);
    return ERR_NONE;
}

/* After some failures SQLite rolls back by itself; later calls in the same transaction must not be committed alone. */
static bool is_rolled_back(const struct store *s)
{
    return s->depth > 0 && sqlite3_get_autocommit(s->db);
}

static enum error_code begin_transaction(struct store *s, bool write, struct error *err)
{
    if (is_rolled_back(s))
        return db_refuse(s, ERR_IO, err, "%s: the transaction has failed already", s->path);
    enum error_code code = s->depth > 0 ? db_run(s, err, "SAVEPOINT inner", "")
                           : write      ? db_run(s, err, "BEGIN IMMEDIATE", "")
                                        : db_run(s, err, "BEGIN", "");
    if (code == ERR_NONE)
        s->depth++;
    return code;
}

enum error_code txn_write(struct store *s, struct error *err)
{
    if (s->damaged)
        return db_refuse(s, ERR_CORRUPT, err, "%s: damaged; nothing more is written to it, run: palaver doctor",
                         s->path);
    if (s->read_only)
        return db_refuse(s, ERR_IO, err, "%s: opened for reading only", s->path);
    enum error_code code = begin_transaction(s, true, err);
    if (code == ERR_NONE && s->depth == 1 && check_version(s, err) != ERR_NONE)
        code = txn_end(s, s->failure, err);
    return code;
}

enum error_code txn_read(struct store *s, struct error *err)
{
    return begin_transaction(s, false, err);
}

static void roll_back(struct store *s)
{
    if (s->depth > 0) {
        db_run(s, NULL, "ROLLBACK TO inner", "");
        db_run(s, NULL, "RELEASE inner", "");
    } else if (!sqlite3_get_autocommit(s->db)) {
        db_run(s, NULL, "ROLLBACK", "");
    }
}

enum error_code txn_end(struct store *s, enum error_code code, struct error *err)
{
    assert(s->depth > 0);
    if (code == ERR_NONE && is_rolled_back(s))
        code = db_refuse(s, ERR_IO, err, "%s: the transaction failed before its end", s->path);
    s->depth--;
    if (code == ERR_NONE)
        code = s->depth == 0 ? db_run(s, err, "COMMIT", "") : db_run(s, err, "RELEASE inner", "");
    if (code != ERR_NONE)
        roll_back(s);
    return code;
}

enum error_code store_begin(struct store *s, struct error *err)
{
    return txn_write(s, err);
}

enum error_code store_end(struct store *s, bool commit, struct error *err)
{
    if (commit)
        return txn_end(s, ERR_NONE, err);
    txn_end(s, ERR_STOPPED, err);
    return ERR_NONE;
}
