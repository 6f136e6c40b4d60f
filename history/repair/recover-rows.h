/* What the two ways of reading a damaged database share: the tables, and adding a row to the new one. */
#ifndef PALAVER_HISTORY_REPAIR_RECOVER_ROWS_H
#define PALAVER_HISTORY_REPAIR_RECOVER_ROWS_H

#include "history/store.h"

#define RECOVER_COLUMNS 24

/* A table as schema.sql has it. kinds has a letter per column, by which its rows are recognised in a page of an
 * unknown table: n the row's own number (stored as NULL), i integer, I integer or NULL, t text, T text or NULL, r
 * number, b bytes. Rows of older versions may be shorter, down to `least` columns. */
struct recover_table {
    const char *name;
    const char *columns[RECOVER_COLUMNS];
    const char *kinds; /* NULL: rows can't be recognised by their form */
    int least;
    bool numbered; /* has row numbers that can be asked for one by one */
};
extern const struct recover_table recover_tables[]; /* ends with name == NULL */

/* A value read from a page. */
struct recover_value {
    enum { VALUE_NULL, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT, VALUE_BYTES } type;
    int64_t integer;
    double real;
    const unsigned char *bytes;
    size_t size;
};

struct recovery {
    struct store *to;
    sqlite3_stmt *put; /* for the table at hand */
    struct store_recovery *report;
};

/* Prepares r->put for a table. */
enum error_code recover_prepare(struct recovery *r, const struct recover_table *table, struct error *err);
/* Adds one row, values[0..n) in the order of the table's columns, unless it is there already. */
enum error_code recover_put(struct recovery *r, const struct recover_value *values, int n, struct error *err);
/* Runs r->put with what is bound to it. A row that the new tables refuse is counted as damaged; anything else that goes
 * wrong is an error. */
enum error_code recover_step(struct recovery *r, struct error *err);

#endif
