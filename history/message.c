/* Reading messages: one, a window of a path, siblings. */
#include <config.h>

#include "history/db.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- lists of ids ------------------------------------------------------------------------------------------------ */

bool ids_add(struct store_ids *ids, int64_t id)
{
    if ((ids->n & (ids->n - 1)) == 0) { /* full at each power of two */
        int64_t *more = realloc(ids->at, (ids->n == 0 ? 1 : ids->n * 2) * sizeof *more);
        if (more == NULL)
            return false;
        ids->at = more;
    }
    ids->at[ids->n++] = id;
    return true;
}

void store_ids_free(struct store_ids *ids)
{
    free(ids->at);
    *ids = (struct store_ids){0};
}

/* Takes all ids of a query. */
static enum error_code take_ids(struct store *s, sqlite3_stmt *q, struct store_ids *out, struct error *err)
{
    if (q == NULL)
        return s->failure;
    struct store_ids ids = {0};
    int row;
    while ((row = db_row(s, q, err)) == 1)
        if (!ids_add(&ids, sqlite3_column_int64(q, 0))) {
            db_memory(s, err);
            row = -1;
            break;
        }
    db_done(q);
    if (row < 0) {
        store_ids_free(&ids);
        return s->failure;
    }
    *out = ids;
    return ERR_NONE;
}

static void reverse(struct store_ids *ids)
{
    for (size_t i = 0, j = ids->n; i + 1 < j; i++) {
        int64_t t = ids->at[i];
        ids->at[i] = ids->at[--j];
        ids->at[j] = t;
    }
}

enum error_code store_current(struct store *s, int64_t conversation, struct store_ids *out, struct error *err)
{
    /* The limit ends a walk in a damaged database whose parents form a ring. */
    sqlite3_stmt *q = db_query(s, err,
                               "WITH RECURSIVE up (id, parent) AS ("
                               "SELECT m.id, m.parent FROM message m JOIN conversation c ON c.leaf = m.id "
                               "WHERE c.id = ?1 UNION ALL SELECT m.id, m.parent FROM up JOIN message m ON m.id = up.parent "
                               "LIMIT ifnull((SELECT m.depth + 1 FROM message m JOIN conversation c ON c.leaf = m.id "
                               "WHERE c.id = ?1), 0)) SELECT id FROM up",
                               "i", conversation);
    struct store_ids ids = {0};
    enum error_code code = take_ids(s, q, &ids, err);
    if (code == ERR_NONE && ids.n == 0)
        code = conversation_exists(s, conversation, err);
    if (code != ERR_NONE)
        return code;
    reverse(&ids);
    *out = ids;
    return ERR_NONE;
}

enum error_code store_siblings(struct store *s, int64_t message, struct store_ids *out, struct error *err)
{
    return take_ids(s,
                    db_query(s, err,
                             "SELECT b.id FROM message m JOIN " SIBLING_B " ON b.conversation = m.conversation "
                             "AND b.parent IS m.parent WHERE m.id = ? AND b.trashed IS NULL ORDER BY b.position",
                             "i", message),
                    out, err);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

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

/* A string column where "" stands for none. */
static char *some_text(sqlite3_stmt *q, int column)
{
    return sqlite3_column_bytes(q, column) > 0 ? db_text(q, column, NULL) : NULL;
}

void making_read(sqlite3_stmt *q, int column, struct store_making *out)
{
    out->model = some_text(q, column);
    out->fingerprint = (uint64_t)sqlite3_column_int64(q, column + 1);
    out->template_name = some_text(q, column + 2);
    out->settings = some_text(q, column + 3);
    out->has_seed = sqlite3_column_type(q, column + 4) != SQLITE_NULL;
    out->seed = (uint64_t)sqlite3_column_int64(q, column + 4);
    out->finish = some_text(q, column + 5);
    out->prompt_tokens = sqlite3_column_int64(q, column + 6);
    out->reused_tokens = sqlite3_column_int64(q, column + 7);
    out->answer_tokens = sqlite3_column_int64(q, column + 8);
    out->prefill_seconds = sqlite3_column_double(q, column + 9);
    out->first_token_seconds = sqlite3_column_double(q, column + 10);
    out->decode_seconds = sqlite3_column_double(q, column + 11);
}

static const char select_message[] =
    "SELECT m.id, m.conversation, m.parent, m.depth, m.role, m.state, m.created, m.text, "
    "(SELECT count(*) FROM " SIBLING_B " WHERE b.conversation = m.conversation AND b.parent IS m.parent "
    "AND b.trashed IS NULL AND b.position < m.position), "
    "(SELECT count(*) FROM " SIBLING_B " WHERE b.conversation = m.conversation AND b.parent IS m.parent "
    "AND b.trashed IS NULL), " MAKING_COLUMNS " FROM message m LEFT JOIN maker k ON k.id = m.maker WHERE m.id = ?";

static enum error_code load_one(struct store *s, int64_t id, struct store_message *m, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, select_message, "i", id);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    if (row == 0)
        return s->failure = error_set(err, ERR_NOT_FOUND, "this message is gone; it was deleted for good");
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

static enum error_code load_all(struct store *s, const int64_t *ids, struct store_messages *list, size_t n,
                                struct error *err)
{
    enum error_code code = ERR_NONE;
    while (code == ERR_NONE && list->n < n) {
        code = load_one(s, ids[list->n], &list->at[list->n], err);
        list->n++;
    }
    return code;
}

enum error_code store_load(struct store *s, const int64_t *ids, size_t n, struct store_messages *out,
                           struct error *err)
{
    enum error_code code = txn_read(s, err);
    if (code != ERR_NONE)
        return code;
    struct store_messages list = {.at = calloc(n > 0 ? n : 1, sizeof *list.at)};
    code = txn_end(s, list.at == NULL ? db_memory(s, err) : load_all(s, ids, &list, n, err), err);
    if (code == ERR_NONE)
        *out = list;
    else
        store_messages_free(&list);
    return code;
}

enum error_code store_message_get(struct store *s, int64_t message, struct store_message *out, struct error *err)
{
    struct store_message m = {0};
    enum error_code code = load_one(s, message, &m, err);
    if (code == ERR_NONE)
        *out = m;
    else
        store_message_free(&m);
    return code;
}
