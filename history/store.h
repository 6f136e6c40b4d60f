/* The open store, as the files of the history see it. Beside each group of fields stands the file that writes them; the
 * others only read. */
#ifndef PALAVER_HISTORY_STORE_H
#define PALAVER_HISTORY_STORE_H

#include <sqlite3.h>

#include "history/history.h"

#define STATEMENTS_MAX 192

struct store {
    /* store.c: what it was opened with */
    sqlite3 *db;
    char *path; /* "" for a temporary store */
    bool read_only;
    int64_t (*now)(void); /* the wall clock, UTC milliseconds */
    int64_t busy_ms;      /* how long to wait for a lock; 0: not at all */
    int64_t busy_since;   /* when the last wait began, monotonic milliseconds; 0: there was none */
    int64_t data_version; /* SQLite's counter of changes, as store_changed saw it last */
    /* db.c: prepared statements, open transactions, failures */
    struct statement {
        const char *sql;
        sqlite3_stmt *prepared;
    } statements[STATEMENTS_MAX];
    size_t n_statements;
    int depth;               /* of open transactions */
    bool damaged;            /* nothing is written any more */
    enum error_code failure; /* of the last db_ call that failed */
    /* writer.c */
    int64_t writer; /* this store's row in table writer; 0: none yet */
    /* reply.c */
    struct store_reply *replies; /* the open ones, a linked list */
};

#endif
