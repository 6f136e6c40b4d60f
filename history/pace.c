/* Pace: how fast a model wrote, from the figures that each answer keeps. */
#include <config.h>

#include "history/history.h"

#include <sqlite3.h>

#include "base/error.h"
#include "history/db.h"
#include "history/store.h"

/* Tokens of the shortest answer that says how fast a model is: the first ones take longer than those that follow. */
#define TOKENS_LEAST 16

enum error_code store_pace(struct store *s, uint64_t fingerprint, double *tokens, struct error *err)
{
    /* With max() SQLite gives the other columns of the same row. What was imported has the time at which it was made. */
    sqlite3_stmt *q = db_query(s, err,
                               "SELECT m.answer_tokens / m.decode_seconds, max(m.created) FROM maker k "
                               "JOIN message m ON m.maker = k.id WHERE k.fingerprint = ? AND m.state <> 1 "
                               "AND m.answer_tokens >= ? AND m.decode_seconds > 0",
                               "ii", (int64_t)fingerprint, (int64_t)TOKENS_LEAST);
    const int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    *tokens = sqlite3_column_double(q, 0);
    db_done(q);
    return ERR_NONE;
}
