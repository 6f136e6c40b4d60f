/* Finding the conversation that the user means: by public id, by title, by a part of either. */
#include <config.h>

#include <string.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/store.h"

#define ID_BEGINNING_MIN 4
#define CHOICES 4

/* Sets *out to the only row of q. ERR_NOT_FOUND, with no message, when there is none; ERR_ARGUMENT with the choices
 * when there are several. */
static enum error_code find_only(struct store *s, sqlite3_stmt *q, const char *asked, int64_t *out, struct error *err)
{
    if (q == NULL)
        return s->failure;
    struct buf choices;
    buf_init(&choices, 300);
    int64_t found = 0;
    int row, n = 0;
    while ((row = db_row(s, q, err)) == 1 && n < CHOICES) {
        found = sqlite3_column_int64(q, 0);
        buf_printf(&choices, "%s%s \"%.40s\"", n > 0 ? ", " : "", (const char *)sqlite3_column_text(q, 1),
                   (const char *)sqlite3_column_text(q, 2));
        n++;
    }
    db_done(q);
    enum error_code code = ERR_NONE;
    if (row < 0)
        code = s->failure;
    else if (n == 0)
        code = ERR_NOT_FOUND;
    else if (n > 1)
        code = error_set(err, ERR_ARGUMENT, "\"%.60s\" fits several conversations: %s%s; give the id", asked,
                         buf_text(&choices), row == 1 ? " and more" : "");
    else
        *out = found;
    buf_free(&choices);
    return code;
}

/* Public ids are lower case; the user may type capitals. */
static bool could_be_id(const char *text, size_t size)
{
    return size >= ID_BEGINNING_MIN && size < STORE_ID_SIZE &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == size;
}

enum error_code store_find(struct store *s, const char *id_or_title, int64_t *conversation, struct error *err)
{
    size_t size = strlen(id_or_title);
    enum error_code code = ERR_NOT_FOUND;
    if (size == STORE_ID_SIZE - 1)
        code = db_number(s, err, conversation, "SELECT id FROM conversation WHERE public = lower(?)", "z", id_or_title);
    if (code == ERR_NOT_FOUND)
        code = find_only(s,
                         db_query(s, err,
                                  "SELECT id, public, title FROM conversation WHERE trashed IS NULL AND title = ? "
                                  "COLLATE NOCASE ORDER BY changed DESC",
                                  "z", id_or_title),
                         id_or_title, conversation, err);
    if (code == ERR_NOT_FOUND && could_be_id(id_or_title, size))
        code = find_only(s,
                         db_query(s, err,
                                  "SELECT id, public, title FROM conversation WHERE trashed IS NULL "
                                  "AND substr(public, 1, length(?1)) = lower(?1) ORDER BY changed DESC",
                                  "z", id_or_title),
                         id_or_title, conversation, err);
    if (code == ERR_NOT_FOUND && size > 0)
        code = find_only(s,
                         db_query(s, err,
                                  "SELECT id, public, title FROM conversation WHERE trashed IS NULL "
                                  "AND instr(lower(title), lower(?)) > 0 ORDER BY changed DESC",
                                  "z", id_or_title),
                         id_or_title, conversation, err);
    if (code == ERR_NOT_FOUND)
        error_set(err, code, "no conversation has the id or title \"%.100s\"; palaver list shows them", id_or_title);
    return code;
}
