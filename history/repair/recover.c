/* Saving what can be read of a damaged database.
 *
 * The file is moved aside first and only read from then on. Rows are copied in two ways: by SQL, table by table,
 * skipping what can't be read; and where SQL gives nothing or leaves gaps, from the pages themselves (salvage.c). Then
 * the new database is mended (mend.c). */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/repair/mend.h"
#include "history/repair/recover-rows.h"
#include "history/repair/salvage.h"
#include "history/store.h"

#define GAP_MAX 1000000 /* row numbers that are tried one by one */

/* ---- by SQL ------------------------------------------------------------------------------------------------------ */

struct source {
    sqlite3 *db;
    struct recovery *r;
    bool gaps; /* something could not be read */
    struct error *err;
};

static enum error_code put_row(struct source *from, sqlite3_stmt *row, int n)
{
    sqlite3_clear_bindings(from->r->put);
    for (int i = 0; i < n; i++)
        sqlite3_bind_value(from->r->put, i + 1, sqlite3_column_value(row, i));
    return recover_step(from->r, from->err);
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

/* Tries the rows between two readable ones, one by one. */
static enum error_code copy_gap(struct source *from, const struct recover_table *table, int64_t low, int64_t high)
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
    if (code != ERR_NONE || copy_rows(from, table, table->numbered ? "NOT INDEXED ORDER BY rowid" : "", 0, &low, &code))
        return code;
    from->gaps = true;
    if (table->numbered && code == ERR_NONE)
        copy_rows(from, table, "NOT INDEXED WHERE rowid > ? ORDER BY rowid DESC", low, &high, &code);
    return table->numbered && code == ERR_NONE && high != INT64_MAX ? copy_gap(from, table, low, high) : code;
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

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static enum error_code fill_database(struct recovery *r, const char *from, struct error *err)
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
    return txn_end(s, code == ERR_NONE ? mend_database(r, err) : code, err);
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

/* A program that has the database open holds a lock on some of its bytes. */
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
        return error_set(err, ERR_BUSY, "%s: another Palaver has it open; quit that one first", path);
    enum error_code code = name_aside(path, done.set_aside, sizeof done.set_aside, err);
    if (code == ERR_NONE)
        code = move_files(path, done.set_aside, err);
    if (code != ERR_NONE)
        return code;
    r.to = store_open(path, NULL, err);
    code = r.to != NULL ? fill_database(&r, done.set_aside, err) : ERR_IO;
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
