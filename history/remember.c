/* Small values that the program remembers under a name. */
#include <config.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/store.h"

enum error_code store_remember(struct store *s, const char *key, const char *value, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = value == NULL ? db_run(s, err, "DELETE FROM value WHERE key = ?", "z", key)
                         : db_run(s, err,
                                  "INSERT INTO value (key, value) VALUES (?, ?) "
                                  "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                                  "zz", key, value);
    return txn_end(s, code, err);
}

enum error_code store_recall(struct store *s, const char *key, char **value, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT value FROM value WHERE key = ?", "z", key);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    char *found = row == 1 ? db_text(q, 0, NULL) : NULL;
    db_done(q);
    if (row == 1 && found == NULL)
        return db_memory(s, err);
    *value = found;
    return ERR_NONE;
}
