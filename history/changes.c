/* Changes: where in an answer its settings changed. The epochs say which settings there were, and the packed tokens where
 * each epoch began; most answers have no epoch but their maker's, and then nothing of their records is read. */
#include <config.h>

#include "history/history.h"

#include <stdlib.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/db.h"
#include "history/records.h"
#include "history/store.h"

struct places {
    struct store_changes *changes; /* by epoch, as they are read */
    uint32_t *numbers;             /* (changes->n) */
    size_t next;                   /* the first whose place is not known */
    size_t at;                     /* bytes of the tokens so far */
};

static bool add_change(struct places *p, uint32_t number, char *settings)
{
    struct store_changes *c = p->changes;
    struct store_change *at = settings != NULL ? realloc(c->at, (c->n + 1) * sizeof *at) : NULL;
    c->at = at != NULL ? at : c->at;
    uint32_t *numbers = at != NULL ? realloc(p->numbers, (c->n + 1) * sizeof *numbers) : NULL;
    if (numbers == NULL) {
        free(settings);
        return false;
    }
    p->numbers = numbers;
    numbers[c->n] = number;
    at[c->n++] = (struct store_change){0, settings};
    return true;
}

/* An answer that the user wrote has no maker: the settings with which it was continued are no change. */
static enum error_code read_settings(struct store *s, int64_t message, struct places *p, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err,
                               "SELECT 0, ifnull(nullif(k.settings, ''), '{}') FROM message m "
                               "JOIN maker k ON k.id = m.maker WHERE m.id = ?1 "
                               "AND EXISTS (SELECT 1 FROM epoch WHERE message = ?1 AND number > 0) UNION ALL "
                               "SELECT number, settings FROM epoch WHERE message = ?1 AND number > 0 ORDER BY 1",
                               "i", message);
    int row = q == NULL ? -1 : 0;
    while (q != NULL && (row = db_row(s, q, err)) == 1)
        if (!add_change(p, (uint32_t)sqlite3_column_int64(q, 0), db_text(q, 1, NULL))) {
            db_done(q);
            return db_memory(s, err);
        }
    return row < 0 ? s->failure : ERR_NONE;
}

/* A token: the epochs up to its own, if they did not begin before, begin with it. */
static void note_place(void *context, uint32_t bytes, uint32_t epoch)
{
    struct places *p = context;
    while (p->next < p->changes->n && p->numbers[p->next] <= epoch)
        p->changes->at[p->next++].at = p->at;
    p->at += bytes;
}

static enum error_code read_places(struct store *s, int64_t message, struct places *p, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT data FROM record WHERE message = ? ORDER BY part", "i", message);
    int row = q == NULL ? -1 : 0;
    while (q != NULL && (row = db_row(s, q, err)) == 1) {
        const unsigned char *data = sqlite3_column_blob(q, 0);
        if (data != NULL && records_walk(data, (size_t)sqlite3_column_bytes(q, 0), note_place, p))
            continue;
        db_done(q);
        return db_refuse(s, ERR_FORMAT, err, "%s: token records of message %lld are damaged or of a newer Palaver",
                         s->path, (long long)message);
    }
    return row < 0 ? s->failure : ERR_NONE;
}

/* What the user wrote has no tokens, and stands before all that have: the places move behind it. */
static enum error_code pass_written(struct store *s, int64_t message, struct places *p, struct error *err)
{
    int64_t size = 0;
    enum error_code code = db_number(s, err, &size,
                                     "SELECT length(CAST(text AS BLOB)) FROM message WHERE id = ? AND maker IS NULL",
                                     "i", message);
    if (code == ERR_NOT_FOUND)
        return ERR_NONE; /* a model made it from the beginning */
    for (size_t i = 0; code == ERR_NONE && i < p->changes->n; i++)
        p->changes->at[i].at += (size_t)size > p->at ? (size_t)size - p->at : 0;
    return code;
}

/* Forgets the changes from number n on. */
static void cut_changes(struct store_changes *c, size_t n)
{
    while (c->n > n)
        free(c->at[--c->n].settings);
}

static enum error_code read_changes(struct store *s, int64_t message, struct places *p, struct error *err)
{
    enum error_code code = read_settings(s, message, p, err);
    if (code == ERR_NONE && p->changes->n > 1)
        code = read_places(s, message, p, err);
    if (code == ERR_NONE && p->changes->n > 1)
        code = pass_written(s, message, p, err);
    cut_changes(p->changes, p->next > 1 ? p->next : 0); /* those that no token was made under */
    return code;
}

enum error_code store_changes(struct store *s, int64_t message, struct store_changes *out, struct error *err)
{
    struct store_changes changes = {0};
    struct places places = {.changes = &changes};
    enum error_code code = txn_read(s, err);
    if (code != ERR_NONE)
        return code;
    code = txn_end(s, read_changes(s, message, &places, err), err);
    free(places.numbers);
    if (code == ERR_NONE)
        *out = changes;
    else
        store_changes_free(&changes);
    return code;
}

void store_changes_free(struct store_changes *changes)
{
    cut_changes(changes, 0);
    free(changes->at);
    *changes = (struct store_changes){0};
}
