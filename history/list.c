/* The list of conversations, as it is shown: a stretch of it, a place in it, the last one written to. */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/ids.h"
#include "history/store.h"

void store_conversations_free(struct store_conversations *list)
{
    for (size_t i = 0; i < list->n; i++)
        store_conversation_free(&list->at[i]);
    free(list->at);
    *list = (struct store_conversations){0};
}

#define LIST_COLUMNS "SELECT c.id FROM conversation c WHERE "
#define LIST_TAGGED(number) \
    "c.id IN (SELECT g.conversation FROM tagged g JOIN tag t ON t.id = g.tag WHERE t.name = " number ")"
#define LIST_TAG " AND (?2 IS NULL OR " LIST_TAGGED("?2") ")"
#define LIST_KEPT LIST_COLUMNS "c.trashed IS NULL AND (?1 < 0 OR c.archived = ?1)" LIST_TAG
#define LIST_ORDER " ORDER BY c.pinned DESC, c.changed DESC, c.id DESC"
/* One list after another, each by the index, so that only what is shown is read. Without a limit SQLite would be free to
 * forget their orders. */
#define LIST_PART(which) "SELECT id FROM (" LIST_KEPT " AND " which LIST_ORDER " LIMIT -1)"
#define LIST_LAST \
    LIST_PART("(c.pinned OR NOT " LIST_TAGGED("?3") ")") \
    " UNION ALL " LIST_PART("NOT c.pinned AND " LIST_TAGGED("?3"))

/* Ids of the whole list in its order. */
static sqlite3_stmt *list_ids(struct store *s, const struct store_list_query *query, struct error *err)
{
    if (query->view == STORE_VIEW_TRASH)
        return db_query(s, err,
                        LIST_COLUMNS "?1 >= 0 AND c.trashed IS NOT NULL" LIST_TAG " ORDER BY c.trashed DESC, c.id DESC",
                        "wz", 0, query->tag);
    int archived = query->view == STORE_VIEW_ALL ? -1 : query->view == STORE_VIEW_ARCHIVED;
    if (query->last != NULL)
        return db_query(s, err, LIST_LAST, "wzz", archived, query->tag, query->last);
    return db_query(s, err, LIST_KEPT LIST_ORDER, "wz", archived, query->tag);
}

/* Collects the ids of the stretch that the query asks for; *total is the length of the list as far as it was read. */
static enum error_code list_stretch(struct store *s, const struct store_list_query *query, struct store_ids *out,
                                    size_t *total, struct error *err)
{
    sqlite3_stmt *q = list_ids(s, query, err);
    if (q == NULL)
        return s->failure;
    const size_t end = query->limit > 0 && query->limit < SIZE_MAX - query->first ? query->first + query->limit
                                                                                  : SIZE_MAX;
    size_t at = 0;
    int row = 0;
    while (!(query->uncounted && at == end) && (row = db_row(s, q, err)) == 1) {
        if (at >= query->first && at < end && !ids_add(out, sqlite3_column_int64(q, 0))) {
            db_done(q);
            return db_memory(s, err);
        }
        at++;
    }
    db_done(q);
    *total = at;
    return row < 0 ? s->failure : ERR_NONE;
}

static enum error_code read_list(struct store *s, const struct store_list_query *query, struct store_conversations *out,
                                 struct error *err)
{
    struct store_ids ids = {0};
    struct store_conversations list = {0};
    enum error_code code = list_stretch(s, query, &ids, &list.total, err);
    if (code == ERR_NONE && ids.n > 0 && (list.at = calloc(ids.n, sizeof *list.at)) == NULL)
        code = db_memory(s, err);
    for (; code == ERR_NONE && list.n < ids.n; list.n++)
        if ((code = conversation_read(s, ids.at[list.n], false, &list.at[list.n], err)) != ERR_NONE)
            break;
    store_ids_free(&ids);
    if (code == ERR_NONE)
        *out = list;
    else
        store_conversations_free(&list);
    return code;
}

enum error_code store_list(struct store *s, const struct store_list_query *query, struct store_conversations *out,
                           struct error *err)
{
    enum error_code code = txn_read(s, err);
    return code != ERR_NONE ? code : txn_end(s, read_list(s, query, out, err), err);
}

/* The index has the activity alone: asked for by all three, SQLite would sort all conversations. */
enum error_code store_last(struct store *s, const char *without, int64_t *conversation, struct error *err)
{
#define LAST_KEPT "trashed IS NULL AND (?1 IS NULL OR NOT " LIST_TAGGED("?1") ")"
    enum error_code code = db_number(s, err, conversation,
                                     "SELECT id FROM conversation c WHERE " LAST_KEPT " AND activity = "
                                     "(SELECT activity FROM conversation c WHERE " LAST_KEPT " ORDER BY activity DESC "
                                     "LIMIT 1) ORDER BY changed DESC, id DESC LIMIT 1",
                                     "z", without);
    if (code == ERR_NOT_FOUND)
        error_set(err, code, "there is no conversation yet");
    return code;
}
