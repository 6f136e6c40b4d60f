/* Conversations: their properties, the list, tags and the trash. A few thousand of them are expected. */
#include <config.h>

#include "history/db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS 86400000

/* ---- shared with the other files --------------------------------------------------------------------------------- */

/* The time of a change. When the clock was set back a little, e.g. by the network, the list shall still show what
 * was written last at the top: then it is a millisecond after the last one. */
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

/* After an UPDATE or DELETE of one conversation: was there one? */
static enum error_code was_there(struct store *s, struct error *err)
{
    if (db_changes(s) > 0)
        return ERR_NONE;
    return s->failure = error_set(err, ERR_NOT_FOUND, "this conversation is gone; it was deleted for good");
}

enum error_code conversation_revise(struct store *s, int64_t conversation, struct error *err)
{
    enum error_code code =
        db_run(s, err, "UPDATE conversation SET revision = revision + 1 WHERE id = ?", "i", conversation);
    return code == ERR_NONE ? was_there(s, err) : code;
}

enum error_code conversation_exists(struct store *s, int64_t conversation, struct error *err)
{
    int64_t n = 0;
    enum error_code code = db_number(s, err, &n, "SELECT 1 FROM conversation WHERE id = ?", "i", conversation);
    if (code == ERR_NOT_FOUND)
        s->failure = error_set(err, code, "this conversation is gone; it was deleted for good");
    return code;
}

enum error_code conversation_insert(struct store *s, const char *public_id, int64_t when, int64_t *id,
                                    struct error *err)
{
    char made[STORE_ID_SIZE];
    if (public_id == NULL && text_public_id(s, made, err) != ERR_NONE)
        return s->failure;
    enum error_code code = db_run(s, err, "INSERT INTO conversation (public, created, changed, activity) "
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

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static void free_tags(char **tags)
{
    for (size_t i = 0; tags != NULL && tags[i] != NULL; i++)
        free(tags[i]);
    free(tags);
}

void store_conversation_free(struct store_conversation *c)
{
    char *strings[] = {c->title, c->model, c->template_name, c->preset, c->persona,
                       c->branched_from, c->system, c->settings, c->draft};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    free_tags(c->tags);
    *c = (struct store_conversation){0};
}

void store_conversations_free(struct store_conversations *list)
{
    for (size_t i = 0; i < list->n; i++)
        store_conversation_free(&list->at[i]);
    free(list->at);
    *list = (struct store_conversations){0};
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

/* Returns false for want of memory. */
static bool read_strings(sqlite3_stmt *q, struct store_conversation *c, bool whole)
{
    struct { int column; char **to; bool always; } strings[] = {
        {2, &c->title, true},         {14, &c->model, true},    {15, &c->template_name, true},
        {16, &c->preset, true},       {17, &c->persona, true},  {18, &c->branched_from, true},
        {19, &c->system, false},      {20, &c->settings, false}, {21, &c->draft, false},
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

static enum error_code read_one(struct store *s, int64_t id, bool whole, struct store_conversation *out,
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
    return code != ERR_NONE ? code : txn_end(s, read_one(s, conversation, true, out, err), err);
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

#define LIST_COLUMNS "SELECT c.id FROM conversation c WHERE "
#define LIST_TAG \
    " AND (?2 IS NULL OR c.id IN (SELECT g.conversation FROM tagged g JOIN tag t ON t.id = g.tag WHERE t.name = ?2))"
#define LIST_ORDER " ORDER BY c.pinned DESC, c.changed DESC, c.id DESC"

/* Ids of the whole list in its order. */
static sqlite3_stmt *list_ids(struct store *s, const struct store_list_query *query, struct error *err)
{
    if (query->view == STORE_VIEW_TRASH)
        return db_query(s, err,
                        LIST_COLUMNS "?1 >= 0 AND c.trashed IS NOT NULL" LIST_TAG " ORDER BY c.trashed DESC, c.id DESC",
                        "wz", 0, query->tag);
    int archived = query->view == STORE_VIEW_ALL ? -1 : query->view == STORE_VIEW_ARCHIVED;
    return db_query(s, err,
                    LIST_COLUMNS "c.trashed IS NULL AND (?1 < 0 OR c.archived = ?1)" LIST_TAG LIST_ORDER, "wz",
                    archived, query->tag);
}

/* Collects the ids of the stretch that is asked for. */
static enum error_code collect(struct store *s, const struct store_list_query *query, struct store_ids *out,
                               size_t *total, struct error *err)
{
    sqlite3_stmt *q = list_ids(s, query, err);
    if (q == NULL)
        return s->failure;
    size_t at = 0;
    int row;
    while ((row = db_row(s, q, err)) == 1) {
        bool wanted = at >= query->first && (query->limit == 0 || at - query->first < query->limit);
        if (wanted && !ids_add(out, sqlite3_column_int64(q, 0))) {
            db_done(q);
            return db_memory(s, err);
        }
        at++;
    }
    *total = at;
    return row < 0 ? s->failure : ERR_NONE;
}

static enum error_code read_list(struct store *s, const struct store_list_query *query,
                                 struct store_conversations *out, struct error *err)
{
    struct store_ids ids = {0};
    struct store_conversations list = {0};
    enum error_code code = collect(s, query, &ids, &list.total, err);
    if (code == ERR_NONE && ids.n > 0 && (list.at = calloc(ids.n, sizeof *list.at)) == NULL)
        code = db_memory(s, err);
    for (; code == ERR_NONE && list.n < ids.n; list.n++)
        if ((code = read_one(s, ids.at[list.n], false, &list.at[list.n], err)) != ERR_NONE)
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

enum error_code store_list_index(struct store *s, const struct store_list_query *query, int64_t conversation,
                                 size_t *index, struct error *err)
{
    sqlite3_stmt *q = list_ids(s, query, err);
    if (q == NULL)
        return s->failure;
    size_t at = 0;
    int row;
    for (; (row = db_row(s, q, err)) == 1 && sqlite3_column_int64(q, 0) != conversation; at++)
        ;
    db_done(q);
    if (row < 0)
        return s->failure;
    if (row == 0)
        return error_set(err, ERR_NOT_FOUND, "this conversation is not in the list");
    *index = at;
    return ERR_NONE;
}

enum error_code store_last(struct store *s, int64_t *conversation, struct error *err)
{
    enum error_code code = db_number(s, err, conversation,
                                     "SELECT id FROM conversation WHERE trashed IS NULL "
                                     "ORDER BY activity DESC, changed DESC, id DESC LIMIT 1",
                                     "");
    if (code == ERR_NOT_FOUND)
        error_set(err, code, "there is no conversation yet");
    return code;
}

/* ---- properties ------------------------------------------------------------------------------------------------- */

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

static enum error_code rename_one(struct store *s, int64_t conversation, const char *line, enum store_titled by,
                                  struct error *err)
{
    int64_t now = 0;
    enum error_code code =
        db_number(s, err, &now, "SELECT titled FROM conversation WHERE id = ?", "i", conversation);
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
        code = txn_end(s, rename_one(s, conversation, line, by, err), err);
    free(line);
    return code;
}

/* Runs an UPDATE of one conversation: sql's parameters are the value and the id. */
static enum error_code update(struct store *s, const char *sql, const char *value, int64_t conversation,
                              struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = db_run(s, err, sql, "zi", value, conversation);
    return txn_end(s, code == ERR_NONE ? was_there(s, err) : code, err);
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
        return update(s, sql[property], NULL, conversation, err);
    struct buf clean = {0};
    char *settings = NULL;
    enum error_code code = property == STORE_SETTINGS ? text_settings(value, &settings, err)
                                                      : text_check(value, strlen(value), &clean, err);
    if (code == ERR_NONE)
        code = update(s, sql[property], settings != NULL ? settings : buf_text(&clean), conversation, err);
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
    return update(s, sql[flag], on ? "1" : "0", conversation, err);
}

/* ---- drafts ----------------------------------------------------------------------------------------------------- */

static enum error_code set_new_draft(struct store *s, const char *text, size_t size, size_t cursor, struct error *err)
{
    enum error_code code = db_run(s, err, "DELETE FROM value WHERE key IN ('draft', 'draft cursor')", "");
    if (code == ERR_NONE && size > 0)
        code = db_run(s, err, "INSERT INTO value (key, value) VALUES ('draft', ?), ('draft cursor', ?)", "ti", text,
                      size, (int64_t)cursor);
    return code;
}

enum error_code store_set_draft(struct store *s, int64_t conversation, const char *text, size_t size, size_t cursor,
                                struct error *err)
{
    struct buf clean;
    enum error_code code = text_check(text, size, &clean, err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < clean.size; i++) /* drafts are C strings */
        if (clean.data[i] == '\0')
            clean.data[i] = ' ';
    if (cursor > clean.size)
        cursor = clean.size;
    code = txn_write(s, err);
    if (code == ERR_NONE) {
        if (conversation == 0)
            code = set_new_draft(s, buf_text(&clean), clean.size, cursor, err);
        else if ((code = db_run(s, err, "UPDATE conversation SET draft = ?, cursor = ? WHERE id = ?", "tii",
                                buf_text(&clean), clean.size, (int64_t)cursor, conversation)) == ERR_NONE)
            code = was_there(s, err);
        code = txn_end(s, code, err);
    }
    buf_free(&clean);
    return code;
}

enum error_code store_new_draft(struct store *s, char **text, size_t *cursor, struct error *err)
{
    char *draft = NULL, *at = NULL;
    enum error_code code = store_recall(s, "draft", &draft, err);
    if (code == ERR_NONE)
        code = store_recall(s, "draft cursor", &at, err);
    if (code == ERR_NONE && draft == NULL && (draft = calloc(1, 1)) == NULL)
        code = db_memory(s, err);
    if (code == ERR_NONE) {
        *text = draft;
        *cursor = at != NULL ? strtoull(at, NULL, 10) : 0;
        draft = NULL;
    }
    free(draft);
    free(at);
    return code;
}

/* ---- tags ------------------------------------------------------------------------------------------------------- */

enum error_code conversation_tag(struct store *s, int64_t conversation, const char *tag, struct error *err)
{
    enum error_code code = db_run(s, err, "INSERT OR IGNORE INTO tag (name) VALUES (?)", "z", tag);
    if (code != ERR_NONE)
        return code;
    return db_run(s, err, "INSERT OR IGNORE INTO tagged (conversation, tag) SELECT ?, id FROM tag WHERE name = ?", "iz",
                  conversation, tag);
}

static enum error_code untag(struct store *s, int64_t conversation, const char *tag, struct error *err)
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
            code = on ? conversation_tag(s, conversation, name, err) : untag(s, conversation, name, err);
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
