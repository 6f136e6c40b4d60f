/* Outline: all messages of a conversation, a line of each, with their places in the tree. */
#include <config.h>

#include <stdlib.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/store.h"

void store_outline_free(struct store_outline *outline)
{
    for (size_t i = 0; i < outline->n; i++)
        free(outline->at[i].line);
    free(outline->at);
    *outline = (struct store_outline){0};
}

static struct store_node *add_node(struct store_outline *outline, size_t *capacity)
{
    if (outline->n == *capacity) {
        size_t more = 2 * *capacity + 64;
        struct store_node *at = realloc(outline->at, more * sizeof *at);
        if (at == NULL)
            return NULL;
        outline->at = at;
        *capacity = more;
    }
    return &outline->at[outline->n];
}

/* The present row of the query. */
static enum error_code read_node(struct store *s, sqlite3_stmt *q, struct store_outline *outline, size_t *capacity,
                                 struct error *err)
{
    struct store_node *node = add_node(outline, capacity);
    char *line = db_text(q, 4, NULL);
    if (node == NULL || line == NULL) {
        free(line);
        return db_memory(s, err);
    }
    *node = (struct store_node){.id = sqlite3_column_int64(q, 0),
                                .parent = sqlite3_column_int64(q, 1),
                                .role = (enum store_role)sqlite3_column_int(q, 2),
                                .created = sqlite3_column_int64(q, 3),
                                .line = line};
    outline->n++;
    return ERR_NONE;
}

enum error_code store_outline(struct store *s, int64_t conversation, struct store_outline *out, struct error *err)
{
    struct store_outline outline = {0};
    size_t capacity = 0;
    sqlite3_stmt *q = db_query(s, err,
                               "SELECT id, ifnull(parent, 0), role, created, substr(text, 1, 200) FROM message "
                               "WHERE conversation = ? AND trashed IS NULL ORDER BY depth, position",
                               "i", conversation);
    enum error_code code = q != NULL ? ERR_NONE : s->failure;
    int row = 0;
    while (code == ERR_NONE && (row = db_row(s, q, err)) == 1)
        code = read_node(s, q, &outline, &capacity, err);
    if (code != ERR_NONE)
        db_done(q);
    else if (row < 0)
        code = s->failure;
    if (code == ERR_NONE && outline.n == 0)
        code = conversation_exists(s, conversation, err);
    if (code == ERR_NONE)
        *out = outline;
    else
        store_outline_free(&outline);
    return code;
}
