/* Tags of conversations. One that no conversation has is removed. */
#include <config.h>

#include "history/tag.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/store.h"
#include "history/text.h"

enum error_code tag_add(struct store *s, int64_t conversation, const char *tag, struct error *err)
{
    enum error_code code = db_run(s, err, "INSERT OR IGNORE INTO tag (name) VALUES (?)", "z", tag);
    if (code != ERR_NONE)
        return code;
    return db_run(s, err, "INSERT OR IGNORE INTO tagged (conversation, tag) SELECT ?, id FROM tag WHERE name = ?", "iz",
                  conversation, tag);
}

static enum error_code remove_tag(struct store *s, int64_t conversation, const char *tag, struct error *err)
{
    enum error_code code =
        db_run(s, err, "DELETE FROM tagged WHERE conversation = ? AND tag = (SELECT id FROM tag WHERE name = ?)", "iz",
               conversation, tag);
    if (code != ERR_NONE)
        return code;
    return db_run(s, err, "DELETE FROM tag WHERE id NOT IN (SELECT tag FROM tagged)", "");
}

enum error_code store_tag(struct store *s, int64_t conversation, const char *tag, bool on, struct error *err)
{
    char *name = text_title(tag, strlen(tag), 100);
    if (name == NULL)
        return db_memory(s, err);
    enum error_code code = name[0] == '\0' ? error_set(err, ERR_ARGUMENT, "a tag needs a name") : txn_write(s, err);
    if (code == ERR_NONE) {
        code = conversation_revise(s, conversation, err);
        if (code == ERR_NONE)
            code = on ? tag_add(s, conversation, name, err) : remove_tag(s, conversation, name, err);
        code = txn_end(s, code, err);
    }
    free(name);
    return code;
}

void store_tags_free(struct store_tags *tags)
{
    for (size_t i = 0; i < tags->n; i++)
        free(tags->at[i].name);
    free(tags->at);
    *tags = (struct store_tags){0};
}

enum error_code store_tags(struct store *s, struct store_tags *out, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err,
                               "SELECT t.name, count(c.id) AS n FROM tag t JOIN tagged g ON g.tag = t.id "
                               "JOIN conversation c ON c.id = g.conversation AND c.trashed IS NULL "
                               "GROUP BY t.id ORDER BY t.name COLLATE NOCASE",
                               "");
    if (q == NULL)
        return s->failure;
    struct store_tags list = {0};
    int row;
    while ((row = db_row(s, q, err)) == 1) {
        struct store_tag_count *more = realloc(list.at, (list.n + 1) * sizeof *more);
        if (more != NULL)
            list.at = more;
        if (more == NULL || (list.at[list.n].name = db_text(q, 0, NULL)) == NULL) {
            row = -1;
            db_memory(s, err);
            break;
        }
        list.at[list.n++].conversations = (size_t)sqlite3_column_int64(q, 1);
    }
    db_done(q);
    if (row < 0) {
        store_tags_free(&list);
        return s->failure;
    }
    *out = list;
    return ERR_NONE;
}
