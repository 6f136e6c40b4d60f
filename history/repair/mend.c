/* Mending: what must hold between rows is made to hold again. */
#include <config.h>

#include "history/repair/mend.h"

#include <sqlite3.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/index.h"
#include "history/store.h"
#include "history/text.h"

/* Ids grow, so a parent with a larger id than its child is wrong; without such parents there are no cycles. */
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

/* Makes a conversation for the messages of each one that is lost. */
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

enum error_code mend_database(struct recovery *r, struct error *err)
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
