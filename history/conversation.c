/* Conversations: their rows and properties. A few thousand are expected. */
#include <config.h>

#include "history/conversation.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/index.h"
#include "history/store.h"
#include "history/text.h"

#define DAY_MS 86400000

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* The time of a change. When the clock was set back a little, e.g. by network time, what was written last must still
 * stand at the top of the list: it then gets one millisecond more than the newest. */
static enum error_code change_time(struct store *s, int64_t *when, struct error *err)
{
    int64_t last = 0, now = *when;
    enum error_code code =
        db_number(s, err, &last, "SELECT changed FROM conversation ORDER BY activity DESC LIMIT 1", "");
    if (code != ERR_NONE && code != ERR_NOT_FOUND)
        return code;
    if (last >= now && last - now < DAY_MS)
        *when = last + 1;
    return ERR_NONE;
}

enum error_code conversation_touch(struct store *s, int64_t conversation, int64_t when, struct error *err)
{
    enum error_code code = change_time(s, &when, err);
    if (code != ERR_NONE)
        return code;
    return db_run(s, err,
                  "UPDATE conversation SET changed = ?, revision = revision + 1, "
                  "activity = (SELECT max(activity) + 1 FROM conversation) WHERE id = ?",
                  "ii", when, conversation);
}

static enum error_code conversation_gone(struct store *s, struct error *err)
{
    return db_refuse(s, ERR_NOT_FOUND, err, "this conversation is gone; it was deleted for good");
}

enum error_code conversation_updated(struct store *s, struct error *err)
{
    return db_changes(s) > 0 ? ERR_NONE : conversation_gone(s, err);
}

enum error_code conversation_revise(struct store *s, int64_t conversation, struct error *err)
{
    enum error_code code =
        db_run(s, err, "UPDATE conversation SET revision = revision + 1 WHERE id = ?", "i", conversation);
    return code == ERR_NONE ? conversation_updated(s, err) : code;
}

enum error_code conversation_exists(struct store *s, int64_t conversation, struct error *err)
{
    int64_t n = 0;
    enum error_code code = db_number(s, err, &n, "SELECT 1 FROM conversation WHERE id = ?", "i", conversation);
    return code == ERR_NOT_FOUND ? conversation_gone(s, err) : code;
}

enum error_code conversation_insert(struct store *s, const char *public_id, int64_t when, int64_t *id,
                                    struct error *err)
{
    char made[STORE_ID_SIZE];
    if (public_id == NULL && text_public_id(s, made, err) != ERR_NONE)
        return s->failure;
    enum error_code code = db_run(s, err,
                                  "INSERT INTO conversation (public, created, changed, activity) "
                                  "VALUES (?, ?2, ?2, 0)",
                                  "zi", public_id != NULL ? public_id : made, when);
    *id = db_inserted(s);
    return code;
}

enum error_code conversation_title(struct store *s, int64_t conversation, const char *title, enum store_titled by,
                                   struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT title FROM conversation WHERE id = ?", "i", conversation);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    size_t old_size = 0, size = strlen(title);
    char *old = row == 1 ? db_text(q, 0, &old_size) : NULL;
    db_done(q);
    if (row == 0)
        return conversation_exists(s, conversation, err);
    if (old == NULL)
        return db_memory(s, err);
    enum error_code code = index_drop(s, INDEX_TITLES, conversation, old, old_size, err);
    if (code == ERR_NONE)
        code = index_add(s, INDEX_TITLES, conversation, title, size, err);
    if (code == ERR_NONE)
        code = db_run(s, err, "UPDATE conversation SET title = ?, titled = ? WHERE id = ?", "zwi", title, (int)by,
                      conversation);
    free(old);
    return code;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static void free_tags(char **tags)
{
    for (size_t i = 0; tags != NULL && tags[i] != NULL; i++)
        free(tags[i]);
    free(tags);
}

void store_conversation_free(struct store_conversation *c)
{
    char *strings[] = {c->title,         c->model,  c->template_name, c->preset, c->persona,
                       c->branched_from, c->system, c->settings,      c->draft};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    free_tags(c->tags);
    *c = (struct store_conversation){0};
}

static enum error_code read_tags(struct store *s, struct store_conversation *c, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err,
                               "SELECT t.name, count(*) OVER () FROM tagged g JOIN tag t ON t.id = g.tag "
                               "WHERE g.conversation = ? ORDER BY t.name COLLATE NOCASE",
                               "i", c->id);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    size_t n = 0, expected = row == 1 ? (size_t)sqlite3_column_int64(q, 1) : 0;
    c->tags = calloc(expected + 1, sizeof *c->tags);
    for (; c->tags != NULL && row == 1 && n < expected; row = db_row(s, q, err))
        if ((c->tags[n++] = db_text(q, 0, NULL)) == NULL)
            break;
    db_done(q);
    if (row < 0)
        return s->failure;
    return c->tags == NULL || (n > 0 && c->tags[n - 1] == NULL) ? db_memory(s, err) : ERR_NONE;
}

static const char select_one[] =
    "SELECT c.id, c.public, c.title, c.titled, c.created, c.changed, c.revision, c.leaf, m.depth + 1, c.pinned, "
    "c.archived, c.unread, EXISTS (SELECT 1 FROM message WHERE conversation = c.id AND state = 1), c.trashed, c.model, "
    "c.template, c.preset, c.persona, c.origin, c.system, c.settings, c.draft, c.cursor "
    "FROM conversation c LEFT JOIN message m ON m.id = c.leaf WHERE c.id = ?";

static void read_numbers(sqlite3_stmt *q, struct store_conversation *c)
{
    c->id = sqlite3_column_int64(q, 0);
    c->titled = (enum store_titled)sqlite3_column_int(q, 3);
    c->created = sqlite3_column_int64(q, 4);
    c->changed = sqlite3_column_int64(q, 5);
    c->revision = sqlite3_column_int64(q, 6);
    c->leaf = sqlite3_column_int64(q, 7);
    c->length = sqlite3_column_int(q, 8);
    c->pinned = sqlite3_column_int(q, 9) != 0;
    c->archived = sqlite3_column_int(q, 10) != 0;
    c->unread = sqlite3_column_int(q, 11) != 0;
    c->answering = sqlite3_column_int(q, 12) != 0;
    c->trashed = sqlite3_column_int64(q, 13);
}

/* False when out of memory. */
static bool read_strings(sqlite3_stmt *q, struct store_conversation *c, bool whole)
{
    struct {
        int column;
        char **to;
        bool always;
    } strings[] = {
        {2, &c->title, true},    {14, &c->model, true},     {15, &c->template_name, true},
        {16, &c->preset, true},  {17, &c->persona, true},   {18, &c->branched_from, true},
        {19, &c->system, false}, {20, &c->settings, false}, {21, &c->draft, false},
    };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        if (!strings[i].always && !whole)
            continue;
        *strings[i].to = db_text(q, strings[i].column, NULL);
        if (*strings[i].to == NULL && sqlite3_column_type(q, strings[i].column) != SQLITE_NULL)
            return false;
    }
    const char *id = (const char *)sqlite3_column_text(q, 1);
    strncpy(c->public_id, id != NULL ? id : "", STORE_ID_SIZE - 1);
    c->draft_cursor = (size_t)sqlite3_column_int64(q, 22);
    return true;
}

enum error_code conversation_read(struct store *s, int64_t id, bool whole, struct store_conversation *out,
                                  struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, select_one, "i", id);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    if (row == 0)
        return conversation_exists(s, id, err);
    struct store_conversation c = {0};
    read_numbers(q, &c);
    bool enough = read_strings(q, &c, whole);
    db_done(q);
    enum error_code code = enough ? read_tags(s, &c, err) : db_memory(s, err);
    if (code == ERR_NONE)
        *out = c;
    else
        store_conversation_free(&c);
    return code;
}

enum error_code store_conversation_get(struct store *s, int64_t conversation, struct store_conversation *out,
                                       struct error *err)
{
    enum error_code code = txn_read(s, err);
    return code != ERR_NONE ? code : txn_end(s, conversation_read(s, conversation, true, out, err), err);
}

/* ---- properties -------------------------------------------------------------------------------------------------- */

enum error_code store_new(struct store *s, int64_t *conversation, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    int64_t id = 0, now = s->now();
    code = conversation_insert(s, NULL, now, &id, err);
    if (code == ERR_NONE)
        code = conversation_touch(s, id, now, err);
    code = txn_end(s, code, err);
    if (code == ERR_NONE)
        *conversation = id;
    return code;
}

static enum error_code rename_conversation(struct store *s, int64_t conversation, const char *line,
                                           enum store_titled by, struct error *err)
{
    int64_t now = 0;
    enum error_code code = db_number(s, err, &now, "SELECT titled FROM conversation WHERE id = ?", "i", conversation);
    if (code == ERR_NOT_FOUND)
        return conversation_exists(s, conversation, err);
    if (code != ERR_NONE)
        return code;
    if (by != STORE_TITLED_BY_HAND && (now > (int64_t)by || (by == STORE_TITLED_BY_WORDS && now != STORE_TITLED_NOT)))
        return ERR_NONE;
    code = conversation_title(s, conversation, line, by, err);
    return code == ERR_NONE ? conversation_revise(s, conversation, err) : code;
}

enum error_code store_rename(struct store *s, int64_t conversation, const char *title, enum store_titled by,
                             struct error *err)
{
    char *line = text_title(title, strlen(title), STORE_TITLE_MAX);
    if (line == NULL)
        return db_memory(s, err);
    enum error_code code = txn_write(s, err);
    if (code == ERR_NONE)
        code = txn_end(s, rename_conversation(s, conversation, line, by, err), err);
    free(line);
    return code;
}

/* Runs an UPDATE of one conversation: sql's parameters are the value and the id. */
static enum error_code update_conversation(struct store *s, const char *sql, const char *value, int64_t conversation,
                                           struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = db_run(s, err, sql, "zi", value, conversation);
    return txn_end(s, code == ERR_NONE ? conversation_updated(s, err) : code, err);
}

enum error_code store_set(struct store *s, int64_t conversation, enum store_property property, const char *value,
                          struct error *err)
{
    static const char *const sql[] = {
        [STORE_SYSTEM_PROMPT] = "UPDATE conversation SET system = ?, revision = revision + 1 WHERE id = ?",
        [STORE_SETTINGS] = "UPDATE conversation SET settings = ?, revision = revision + 1 WHERE id = ?",
        [STORE_MODEL] = "UPDATE conversation SET model = ?, revision = revision + 1 WHERE id = ?",
        [STORE_TEMPLATE] = "UPDATE conversation SET template = ?, revision = revision + 1 WHERE id = ?",
        [STORE_PRESET] = "UPDATE conversation SET preset = ?, revision = revision + 1 WHERE id = ?",
        [STORE_PERSONA] = "UPDATE conversation SET persona = ?, revision = revision + 1 WHERE id = ?",
    };
    if (value == NULL)
        return update_conversation(s, sql[property], NULL, conversation, err);
    struct buf clean = {0};
    char *settings = NULL;
    enum error_code code = property == STORE_SETTINGS ? text_settings(value, &settings, err)
                                                      : text_check(value, strlen(value), &clean, err);
    if (code == ERR_NONE)
        code = update_conversation(s, sql[property], settings != NULL ? settings : buf_text(&clean), conversation, err);
    free(settings);
    buf_free(&clean);
    return code;
}

enum error_code store_flag(struct store *s, int64_t conversation, enum store_flag flag, bool on, struct error *err)
{
    static const char *const sql[] = {
        [STORE_PINNED] = "UPDATE conversation SET pinned = ? = '1', revision = revision + 1 WHERE id = ?",
        [STORE_ARCHIVED] = "UPDATE conversation SET archived = ? = '1', revision = revision + 1 WHERE id = ?",
        [STORE_UNREAD] = "UPDATE conversation SET unread = ? = '1', revision = revision + 1 WHERE id = ?",
    };
    return update_conversation(s, sql[flag], on ? "1" : "0", conversation, err);
}
