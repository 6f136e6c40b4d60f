/* Reading messages: one, a window of a path, siblings. */
#include <config.h>

#include "history/message.h"

#include <stdlib.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/ids.h"
#include "history/store.h"
#include "history/tree.h"

const char *store_role_name(enum store_role role)
{
    static const char *const names[] = {"system", "user", "assistant", "tool"};
    return names[role];
}

const char *store_state_name(enum store_state state)
{
    static const char *const names[] = {"complete", "streaming", "stopped", "interrupted"};
    return names[state];
}

/* ---- paths and siblings ------------------------------------------------------------------------------------------ */

/* Hands the ids over on success, frees them otherwise. */
static enum error_code give_ids(enum error_code code, struct store_ids *ids, struct store_ids *out)
{
    if (code == ERR_NONE)
        *out = *ids;
    else
        store_ids_free(ids);
    return code;
}

enum error_code store_current(struct store *s, int64_t conversation, struct store_ids *out, struct error *err)
{
    /* The limit ends a walk in a damaged database whose parents form a ring. */
    sqlite3_stmt *q = db_query(s, err,
                               "WITH RECURSIVE up (id, parent) AS ("
                               "SELECT m.id, m.parent FROM message m JOIN conversation c ON c.leaf = m.id "
                               "WHERE c.id = ?1 "
                               "UNION ALL SELECT m.id, m.parent FROM up JOIN message m ON m.id = up.parent "
                               "LIMIT ifnull((SELECT m.depth + 1 FROM message m JOIN conversation c ON c.leaf = m.id "
                               "WHERE c.id = ?1), 0)) SELECT id FROM up",
                               "i", conversation);
    struct store_ids ids = {0};
    enum error_code code = db_ids(s, q, &ids, err);
    if (code == ERR_NONE && ids.n == 0)
        code = conversation_exists(s, conversation, err);
    ids_reverse(&ids);
    return give_ids(code, &ids, out);
}

enum error_code store_siblings(struct store *s, int64_t message, struct store_ids *out, struct error *err)
{
    struct store_ids ids = {0};
    sqlite3_stmt *q = db_query(s, err,
                               "SELECT b.id FROM message m JOIN " SIBLING_B " ON b.conversation = m.conversation "
                               "AND b.parent IS m.parent WHERE m.id = ? AND b.trashed IS NULL ORDER BY b.position",
                               "i", message);
    return give_ids(db_ids(s, q, &ids, err), &ids, out);
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

void making_free(struct store_making *made)
{
    free(made->model);
    free(made->template_name);
    free(made->settings);
    free(made->finish);
    *made = (struct store_making){0};
}

void store_message_free(struct store_message *m)
{
    free(m->text);
    making_free(&m->made);
    *m = (struct store_message){0};
}

void store_messages_free(struct store_messages *list)
{
    for (size_t i = 0; i < list->n; i++)
        store_message_free(&list->at[i]);
    free(list->at);
    *list = (struct store_messages){0};
}

/* A string column in which "" means none. */
static char *text_or_null(sqlite3_stmt *q, int column)
{
    return sqlite3_column_bytes(q, column) > 0 ? db_text(q, column, NULL) : NULL;
}

/* The columns that making_read reads, of "message m LEFT JOIN maker k". */
#define MAKING_COLUMNS \
    "k.model, k.fingerprint, k.template, k.settings, m.seed, m.finish, m.prompt_tokens, m.reused_tokens, " \
    "m.answer_tokens, m.prefill_seconds, m.first_token_seconds, m.decode_seconds"

/* Fills out from them, the first at number column. Strings are malloc'ed, NULL when empty or out of memory. */
static void making_read(sqlite3_stmt *q, int column, struct store_making *out)
{
    out->model = text_or_null(q, column);
    out->fingerprint = (uint64_t)sqlite3_column_int64(q, column + 1);
    out->template_name = text_or_null(q, column + 2);
    out->settings = text_or_null(q, column + 3);
    out->has_seed = sqlite3_column_type(q, column + 4) != SQLITE_NULL;
    out->seed = (uint64_t)sqlite3_column_int64(q, column + 4);
    out->finish = text_or_null(q, column + 5);
    out->prompt_tokens = sqlite3_column_int64(q, column + 6);
    out->reused_tokens = sqlite3_column_int64(q, column + 7);
    out->answer_tokens = sqlite3_column_int64(q, column + 8);
    out->prefill_seconds = sqlite3_column_double(q, column + 9);
    out->first_token_seconds = sqlite3_column_double(q, column + 10);
    out->decode_seconds = sqlite3_column_double(q, column + 11);
}

/* The place costs a step for each sibling that was deleted, so it is worked out only where it is wanted. */
static const char select_message[] =
    "SELECT m.id, m.conversation, m.parent, m.depth, m.role, m.state, m.created, m.text, "
    "CASE WHEN ?2 THEN " SIBLING_PLACE " ELSE 0 END, CASE WHEN ?2 THEN " SIBLING_COUNT " ELSE 0 END, " MAKING_COLUMNS
    " FROM message m LEFT JOIN maker k ON k.id = m.maker WHERE m.id = ?1";

static enum error_code load_message(struct store *s, int64_t id, bool place, struct store_message *m, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, select_message, "ii", id, (int64_t)place);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    if (row == 0)
        return db_refuse(s, ERR_NOT_FOUND, err, "this message is gone; it was deleted for good");
    m->id = sqlite3_column_int64(q, 0);
    m->conversation = sqlite3_column_int64(q, 1);
    m->parent = sqlite3_column_int64(q, 2);
    m->depth = sqlite3_column_int(q, 3);
    m->role = (enum store_role)sqlite3_column_int(q, 4);
    m->state = (enum store_state)sqlite3_column_int(q, 5);
    m->created = sqlite3_column_int64(q, 6);
    m->text = db_text(q, 7, &m->size);
    m->sibling = sqlite3_column_int(q, 8);
    m->siblings = sqlite3_column_int(q, 9);
    making_read(q, 10, &m->made);
    db_done(q);
    return m->text == NULL ? db_memory(s, err) : ERR_NONE;
}

static enum error_code load_messages(struct store *s, const int64_t *ids, struct store_messages *list, size_t n,
                                     struct error *err)
{
    enum error_code code = ERR_NONE;
    while (code == ERR_NONE && list->n < n) {
        code = load_message(s, ids[list->n], true, &list->at[list->n], err);
        list->n++;
    }
    return code;
}

enum error_code store_load(struct store *s, const int64_t *ids, size_t n, struct store_messages *out, struct error *err)
{
    enum error_code code = txn_read(s, err);
    if (code != ERR_NONE)
        return code;
    struct store_messages list = {.at = calloc(n > 0 ? n : 1, sizeof *list.at)};
    code = txn_end(s, list.at == NULL ? db_memory(s, err) : load_messages(s, ids, &list, n, err), err);
    if (code == ERR_NONE)
        *out = list;
    else
        store_messages_free(&list);
    return code;
}

static enum error_code give_message(struct store *s, int64_t id, bool place, struct store_message *out,
                                    struct error *err)
{
    struct store_message m = {0};
    enum error_code code = load_message(s, id, place, &m, err);
    if (code == ERR_NONE)
        *out = m;
    else
        store_message_free(&m);
    return code;
}

enum error_code store_message_get(struct store *s, int64_t message, struct store_message *out, struct error *err)
{
    return give_message(s, message, true, out, err);
}

enum error_code message_read(struct store *s, int64_t message, struct store_message *out, struct error *err)
{
    return give_message(s, message, false, out, err);
}
