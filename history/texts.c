/* Texts: what a search may find, read from beginning to end.
 *
 * Who keeps something of each message (its vector, say) reads all of them once and then those of the conversations whose
 * revision grew: every change of a message raises that of its conversation. */
#include <config.h>

#include <stdlib.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/store.h"

#define TEXT_COLUMNS \
    "SELECT m.id, m.conversation, m.text FROM message m JOIN conversation c ON c.id = m.conversation " \
    "WHERE m.id > ?1 AND m.trashed IS NULL AND c.trashed IS NULL AND m.state <> 1 AND " \
    "trim(m.text, char(9, 10, 13, 32)) <> '' "

enum error_code store_texts(struct store *s, int64_t conversation, int64_t after, size_t limit, store_text_visit *visit,
                            void *context, int64_t *last, struct error *err)
{
    int64_t rows = (int64_t)limit;
    sqlite3_stmt *q = conversation == 0
                          ? db_query(s, err, TEXT_COLUMNS "ORDER BY m.id LIMIT ?2", "ii", after, rows)
                          : db_query(s, err, TEXT_COLUMNS "AND m.conversation = ?3 ORDER BY m.id LIMIT ?2", "iii",
                                     after, rows, conversation);
    int row = 0;
    *last = 0;
    if (q == NULL)
        return s->failure;
    while ((row = db_row(s, q, err)) == 1) {
        struct store_text text = {.message = sqlite3_column_int64(q, 0),
                                  .conversation = sqlite3_column_int64(q, 1),
                                  .text = (const char *)sqlite3_column_text(q, 2),
                                  .size = (size_t)sqlite3_column_bytes(q, 2)};
        *last = text.message;
        if (text.text == NULL || !visit(context, &text)) {
            db_done(q);
            return text.text == NULL ? db_memory(s, err) : ERR_NONE;
        }
    }
    return row < 0 ? s->failure : ERR_NONE;
}

enum error_code store_revisions(struct store *s, struct store_revisions *out, struct error *err)
{
    struct store_revisions list = {0};
    size_t capacity = 0;
    sqlite3_stmt *q = db_query(s, err, "SELECT id, revision FROM conversation WHERE trashed IS NULL ORDER BY id", "");
    int row = q != NULL ? 0 : -1;
    while (q != NULL && (row = db_row(s, q, err)) == 1) {
        if (list.n == capacity) {
            capacity = 2 * capacity + 64;
            struct store_revision *at = realloc(list.at, capacity * sizeof *at);
            if (at == NULL) {
                db_done(q);
                store_revisions_free(&list);
                return db_memory(s, err);
            }
            list.at = at;
        }
        list.at[list.n++] = (struct store_revision){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1)};
    }
    if (row < 0) {
        store_revisions_free(&list);
        return s->failure;
    }
    *out = list;
    return ERR_NONE;
}

void store_revisions_free(struct store_revisions *list)
{
    free(list->at);
    *list = (struct store_revisions){0};
}
