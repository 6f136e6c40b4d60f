/* Deleting conversations: into the trash, back from it, and for good. */
#include <config.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/index.h"
#include "history/store.h"
#include "history/tree.h"

static enum error_code set_trashed(struct store *s, int64_t conversation, int64_t when, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = db_run(s, err,
                  "UPDATE conversation SET trashed = CASE WHEN ?1 IS NULL THEN NULL ELSE ifnull(trashed, ?1) END "
                  "WHERE id = ?2",
                  "ki", when, conversation);
    return txn_end(s, code == ERR_NONE ? conversation_revise(s, conversation, err) : code, err);
}

enum error_code store_delete(struct store *s, int64_t conversation, struct error *err)
{
    return set_trashed(s, conversation, s->now(), err);
}

enum error_code store_restore(struct store *s, int64_t conversation, struct error *err)
{
    return set_trashed(s, conversation, 0, err);
}

/* ---- for good ---------------------------------------------------------------------------------------------------- */

/* Removes the words of messages from the index; q gives ids and texts. Streaming messages are not in it. */
static enum error_code drop_words(struct store *s, sqlite3_stmt *q, struct error *err)
{
    enum error_code code = ERR_NONE;
    int row = 0;
    while (code == ERR_NONE && (row = db_row(s, q, err)) == 1) {
        const char *text = (const char *)sqlite3_column_text(q, 1);
        code = text == NULL ? db_memory(s, err)
                            : index_drop(s, INDEX_TEXTS, sqlite3_column_int64(q, 0), text,
                                         (size_t)sqlite3_column_bytes(q, 1), err);
    }
    db_done(q);
    return row < 0 ? s->failure : code;
}

static enum error_code purge_conversation(struct store *s, int64_t conversation, struct error *err)
{
    enum error_code code = conversation_title(s, conversation, "", STORE_TITLED_NOT, err);
    if (code == ERR_NONE) {
        sqlite3_stmt *q =
            db_query(s, err, "SELECT id, text FROM message WHERE conversation = ? AND state <> 1", "i", conversation);
        code = q == NULL ? s->failure : drop_words(s, q, err);
    }
    if (code == ERR_NONE)
        code = db_run(s, err, "UPDATE conversation SET leaf = NULL WHERE id = ?", "i", conversation);
    if (code == ERR_NONE)
        code = db_run(s, err, "DELETE FROM message WHERE conversation = ?", "i", conversation);
    if (code == ERR_NONE)
        code = db_run(s, err, "DELETE FROM conversation WHERE id = ?", "i", conversation);
    return code;
}

/* Messages that were deleted one by one. What is below one was deleted with it or before. */
static enum error_code purge_messages(struct store *s, int64_t before, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT id, text FROM message WHERE trashed < ? AND state <> 1", "i", before);
    enum error_code code = q == NULL ? s->failure : drop_words(s, q, err);
    if (code == ERR_NONE)
        code = db_run(s, err, "DELETE FROM message WHERE trashed < ?", "i", before);
    if (code != ERR_NONE || db_changes(s) == 0)
        return code;
    code = db_run(s, err, "UPDATE message SET chosen = NULL WHERE chosen NOT IN (SELECT id FROM message)", "");
    return code == ERR_NONE ? db_script(s, TREE_CLOSE_GAPS, err) : code;
}

/* Tags and makers that only purged conversations used. */
static enum error_code purge_leftovers(struct store *s, struct error *err)
{
    enum error_code code = db_run(s, err, "DELETE FROM tag WHERE id NOT IN (SELECT tag FROM tagged)", "");
    if (code != ERR_NONE)
        return code;
    return db_run(s, err, "DELETE FROM maker WHERE NOT EXISTS (SELECT 1 FROM message WHERE message.maker = maker.id)",
                  "");
}

enum error_code store_purge(struct store *s, int64_t conversation, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = purge_conversation(s, conversation, err);
    return txn_end(s, code == ERR_NONE ? purge_leftovers(s, err) : code, err);
}

enum error_code store_purge_trash(struct store *s, int64_t before, size_t *n, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    size_t done = 0;
    int64_t id = 0;
    while (code == ERR_NONE && (code = db_number(s, err, &id, "SELECT id FROM conversation WHERE trashed < ? LIMIT 1",
                                                 "i", before)) == ERR_NONE)
        if ((code = purge_conversation(s, id, err)) == ERR_NONE)
            done++;
    if (code == ERR_NOT_FOUND)
        code = purge_messages(s, before, err);
    if (code == ERR_NONE)
        code = purge_leftovers(s, err);
    code = txn_end(s, code, err);
    if (code == ERR_NONE && n != NULL)
        *n = done;
    return code;
}
