/* Statements, transactions, and SQLite's errors in the user's terms.
 *
 * Functions return an error code and fill err; those that give a statement return NULL instead, and the code is then
 * s->failure. */
#ifndef PALAVER_HISTORY_DB_H
#define PALAVER_HISTORY_DB_H

#include <sqlite3.h>

#include "history/store.h"

#define SCHEMA_VERSION 3          /* PRAGMA user_version of the databases that this program writes */
#define APPLICATION_ID 0x506c7672 /* "Plvr", in the database's header */

/* ---- statements -------------------------------------------------------------------------------------------------- */

/* The statement for sql (a string literal; prepared once per store) with its parameters bound. format has a letter per
 * parameter: i int64_t, w int, d double, z string or NULL, t bytes and size_t as text, b bytes and size_t as blob,
 * k int64_t where 0 means NULL. Bound bytes must live until the last db_row. Owned by the store; NULL on failure. */
sqlite3_stmt *db_query(struct store *s, struct error *err, const char *sql, const char *format, ...);
/* The next row: 1, or 0 after the last, -1 on failure. The statement is reset after the last and on failure. */
int db_row(struct store *s, sqlite3_stmt *q, struct error *err);
/* Ends a query before its last row; accepts NULL. */
void db_done(sqlite3_stmt *q);
/* Runs a statement that has no rows. */
enum error_code db_run(struct store *s, struct error *err, const char *sql, const char *format, ...);
/* One number from the first row; ERR_NOT_FOUND, with no message set, when there is no row. NULL gives 0. */
enum error_code db_number(struct store *s, struct error *err, int64_t *out, const char *sql, const char *format, ...);
/* Appends the first column of all rows of q to out. q may be NULL: then s->failure is returned. On failure out keeps
 * what was read. */
enum error_code db_ids(struct store *s, sqlite3_stmt *q, struct store_ids *out, struct error *err);
/* Runs SQL of several statements. */
enum error_code db_script(struct store *s, const char *sql, struct error *err);
/* Rows that the last INSERT, UPDATE or DELETE touched; the row id of the last INSERT. */
int64_t db_changes(const struct store *s);
int64_t db_inserted(const struct store *s);
/* A column as malloc'ed bytes with a NUL; NULL for NULL or when out of memory. size may be NULL. */
char *db_text(sqlite3_stmt *q, int column, size_t *size);
/* The schema's version; an empty database has 0. */
enum error_code db_version(struct store *s, int64_t *version, struct error *err);
/* Releases the statements; called once, before the database is closed. */
void db_close_statements(struct store *s);

/* ---- failures: each returns the code, which s->failure then holds ------------------------------------------------ */

/* Fills err from SQLite's last error. */
enum error_code db_fail(struct store *s, struct error *err);
enum error_code db_memory(struct store *s, struct error *err);
/* A refusal of our own, with its message. */
enum error_code db_refuse(struct store *s, enum error_code code, struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- transactions: a write takes the lock at once, a read keeps one view of the database; both nest -------------- */

enum error_code txn_write(struct store *s, struct error *err);
enum error_code txn_read(struct store *s, struct error *err);
/* Commits when code is 0, else undoes; returns code, or why the commit failed. */
enum error_code txn_end(struct store *s, enum error_code code, struct error *err);

#endif
