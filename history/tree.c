/* The tree of messages: adding, moving between alternatives, deleting and restoring.
 *
 * A message knows its parent, its position among siblings (from 0, without gaps) and its depth, so that the length of
 * a path is known from its leaf alone. "chosen" remembers which child was on the path last, so that returning to an
 * alternative shows again what was below it. Trees are walked in SQL or in loops, never by recursion in C: a
 * conversation may be a hundred thousand messages deep. */
#include <config.h>

#include "history/tree.h"

#include <stdlib.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/index.h"
#include "history/store.h"
#include "history/text.h"

enum error_code tree_find(struct store *s, int64_t message, struct tree_place *out, struct error *err)
{
    sqlite3_stmt *q =
        db_query(s, err, "SELECT conversation, parent, depth, trashed, role FROM message WHERE id = ?", "i", message);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    if (row == 0)
        return db_refuse(s, ERR_NOT_FOUND, err, "this message is gone; it was deleted for good");
    *out = (struct tree_place){
        .conversation = sqlite3_column_int64(q, 0),
        .parent = sqlite3_column_int64(q, 1),
        .depth = sqlite3_column_int(q, 2),
        .trashed = sqlite3_column_int64(q, 3),
        .role = (enum store_role)sqlite3_column_int(q, 4),
    };
    db_done(q);
    return ERR_NONE;
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

static enum error_code insert_maker(struct store *s, const struct store_making *made, const char *settings, int64_t *id,
                                    struct error *err)
{
    const char *model = made->model != NULL ? made->model : "";
    const char *template = made->template_name != NULL ? made->template_name : "";
    int64_t fingerprint = (int64_t)made->fingerprint;
    enum error_code code =
        db_number(s, err, id,
                  "SELECT id FROM maker WHERE model = ? AND fingerprint = ? AND template = ? AND settings = ?", "zizz",
                  model, fingerprint, template, settings);
    if (code != ERR_NOT_FOUND)
        return code;
    code = db_run(s, err, "INSERT INTO maker (model, fingerprint, template, settings) VALUES (?, ?, ?, ?)", "zizz",
                  model, fingerprint, template, settings);
    *id = db_inserted(s);
    return code;
}

enum error_code tree_maker(struct store *s, const struct store_making *made, int64_t *id, struct error *err)
{
    *id = 0;
    if (made == NULL ||
        (made->model == NULL && made->template_name == NULL && made->settings == NULL && made->fingerprint == 0))
        return ERR_NONE;
    char *settings = NULL;
    enum error_code code = made->settings != NULL ? text_settings(made->settings, &settings, err) : ERR_NONE;
    if (code == ERR_NONE)
        code = insert_maker(s, made, settings != NULL ? settings : "", id, err);
    free(settings);
    return code;
}

/* The position of the next child of parent (0: of the next first message). */
static enum error_code next_position(struct store *s, const struct tree_new *n, int64_t *position, struct error *err)
{
    *position = 0;
    enum error_code code = db_number(s, err, position,
                                     "SELECT position + 1 FROM " SIBLING_B
                                     " WHERE conversation = ? AND parent IS ? ORDER BY position DESC LIMIT 1",
                                     "ik", n->conversation, n->parent);
    return code == ERR_NOT_FOUND ? ERR_NONE : code;
}

enum error_code tree_insert(struct store *s, const struct tree_new *n, int64_t *id, struct error *err)
{
    struct tree_place above = {.conversation = n->conversation, .depth = -1};
    int64_t position = 0;
    if ((n->parent != 0 && tree_find(s, n->parent, &above, err) != ERR_NONE) ||
        next_position(s, n, &position, err) != ERR_NONE)
        return s->failure;
    if (above.conversation != n->conversation)
        return db_refuse(s, ERR_ARGUMENT, err, "the message above belongs to another conversation");
    static const struct store_making nothing;
    const struct store_making *made = n->made != NULL ? n->made : &nothing;
    enum error_code code = db_run(
        s, err,
        "INSERT INTO message (conversation, parent, position, depth, role, state, created, writer, maker, finish, "
        "prompt_tokens, reused_tokens, answer_tokens, prefill_seconds, first_token_seconds, decode_seconds, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "ikiiwwikkziiidddt", n->conversation, n->parent, position, (int64_t)above.depth + 1, (int)n->role,
        (int)n->state, n->created, n->writer, n->maker, made->finish, made->prompt_tokens, made->reused_tokens,
        made->answer_tokens, made->prefill_seconds, made->first_token_seconds, made->decode_seconds, n->text, n->size);
    *id = db_inserted(s);
    if (code == ERR_NONE && made->has_seed)
        code = db_run(s, err, "UPDATE message SET seed = ? WHERE id = ?", "ii", (int64_t)made->seed, *id);
    return code;
}

enum error_code tree_set_leaf(struct store *s, int64_t conversation, int64_t message, struct error *err)
{
    enum error_code code = db_run(s, err, "UPDATE conversation SET leaf = ?, revision = revision + 1 WHERE id = ?",
                                  "ki", message, conversation);
    if (code != ERR_NONE || message == 0)
        return code;
    return db_run(s, err,
                  "WITH RECURSIVE up (id, parent) AS (SELECT id, parent FROM message WHERE id = ? "
                  "UNION ALL SELECT m.id, m.parent FROM up JOIN message m ON m.id = up.parent) "
                  "UPDATE message SET chosen = up.id FROM up WHERE message.id = up.parent AND chosen IS NOT up.id",
                  "i", message);
}

/* The same for a new message: when it continues the current path, only its parent is touched. */
static enum error_code set_new_leaf(struct store *s, const struct tree_new *n, int64_t id, struct error *err)
{
    int64_t leaf = 0;
    enum error_code code = db_number(s, err, &leaf, "SELECT leaf FROM conversation WHERE id = ?", "i", n->conversation);
    if (code != ERR_NONE || leaf != n->parent || leaf == 0)
        return code != ERR_NONE ? code : tree_set_leaf(s, n->conversation, id, err);
    code = db_run(s, err, "UPDATE conversation SET leaf = ? WHERE id = ?", "ii", id, n->conversation);
    if (code == ERR_NONE)
        code = db_run(s, err, "UPDATE message SET chosen = ? WHERE id = ?", "ii", id, n->parent);
    return code;
}

static enum error_code restore_path(struct store *s, int64_t message, struct error *err);

enum error_code tree_add(struct store *s, struct tree_new *n, int64_t *id, struct error *err)
{
    enum error_code code = conversation_exists(s, n->conversation, err);
    if (code == ERR_NONE && n->parent != 0)
        code = restore_path(s, n->parent, err);
    if (code == ERR_NONE)
        code = tree_maker(s, n->made, &n->maker, err);
    if (code == ERR_NONE)
        code = tree_insert(s, n, id, err);
    if (code == ERR_NONE && n->state != STORE_STREAMING)
        code = index_add(s, INDEX_TEXTS, *id, n->text, n->size, err);
    if (code == ERR_NONE)
        code = set_new_leaf(s, n, *id, err);
    return code == ERR_NONE ? conversation_touch(s, n->conversation, n->created, err) : code;
}

/* The first message of the user gives the conversation its title. */
static enum error_code title_by_words(struct store *s, const struct tree_new *n, struct error *err)
{
    int64_t titled = 1;
    enum error_code code =
        db_number(s, err, &titled, "SELECT titled FROM conversation WHERE id = ?", "i", n->conversation);
    if (code != ERR_NONE || titled != STORE_TITLED_NOT)
        return code;
    char *title = text_title(n->text, n->size, 60);
    if (title == NULL)
        return db_memory(s, err);
    if (title[0] != '\0')
        code = conversation_title(s, n->conversation, title, STORE_TITLED_BY_WORDS, err);
    free(title);
    return code;
}

static enum error_code append_message(struct store *s, struct tree_new *n, int64_t *message, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    int64_t id = 0;
    code = tree_add(s, n, &id, err);
    if (code == ERR_NONE && n->role == STORE_USER)
        code = title_by_words(s, n, err);
    code = txn_end(s, code, err);
    if (code == ERR_NONE && message != NULL)
        *message = id;
    return code;
}

enum error_code store_append(struct store *s, int64_t conversation, int64_t parent, enum store_role role,
                             const char *text, size_t size, const struct store_making *made, int64_t *message,
                             struct error *err)
{
    struct buf clean;
    enum error_code code = text_check(text, size, &clean, err);
    if (code != ERR_NONE)
        return code;
    struct tree_new n = {.conversation = conversation,
                         .parent = parent,
                         .created = s->now(),
                         .role = role,
                         .text = buf_text(&clean),
                         .size = clean.size,
                         .made = made};
    code = append_message(s, &n, message, err);
    buf_free(&clean);
    return code;
}

enum error_code store_edit(struct store *s, int64_t message, const char *text, size_t size, int64_t *sibling,
                           struct error *err)
{
    struct tree_place old;
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = tree_find(s, message, &old, err);
    if (code == ERR_NONE)
        code = store_append(s, old.conversation, old.parent, old.role, text, size, NULL, sibling, err);
    return txn_end(s, code, err);
}

/* ---- moving ------------------------------------------------------------------------------------------------------ */

/* The child that the path last led through, else the last one that is not deleted. ERR_NOT_FOUND without a message. */
static enum error_code find_child(struct store *s, int64_t message, int64_t *child, struct error *err)
{
    enum error_code code = db_number(s, err, child,
                                     "SELECT b.id FROM message m JOIN message b ON b.id = m.chosen "
                                     "WHERE m.id = ? AND b.parent = m.id AND b.trashed IS NULL",
                                     "i", message);
    if (code != ERR_NOT_FOUND)
        return code;
    return db_number(s, err, child,
                     "SELECT b.id FROM message b INDEXED BY message_child WHERE b.parent = ? AND b.trashed IS NULL "
                     "ORDER BY b.position DESC LIMIT 1",
                     "i", message);
}

/* Moves *message down to where the path last ended below it. */
static enum error_code find_leaf(struct store *s, int64_t *message, struct error *err)
{
    enum error_code code;
    int64_t child = 0;
    while ((code = find_child(s, *message, &child, err)) == ERR_NONE)
        *message = child;
    return code == ERR_NOT_FOUND ? ERR_NONE : code;
}

static enum error_code select_message(struct store *s, int64_t message, bool below, struct error *err)
{
    struct tree_place place;
    enum error_code code = tree_find(s, message, &place, err);
    if (code == ERR_NONE && place.trashed != 0)
        code = error_set(err, ERR_NOT_FOUND, "this message was deleted; restore it first");
    if (code == ERR_NONE && below)
        code = find_leaf(s, &message, err);
    return code == ERR_NONE ? tree_set_leaf(s, place.conversation, message, err) : code;
}

enum error_code store_select(struct store *s, int64_t message, struct error *err)
{
    enum error_code code = txn_write(s, err);
    return code != ERR_NONE ? code : txn_end(s, select_message(s, message, true, err), err);
}

enum error_code store_select_leaf(struct store *s, int64_t message, struct error *err)
{
    enum error_code code = txn_write(s, err);
    return code != ERR_NONE ? code : txn_end(s, select_message(s, message, false, err), err);
}

/* ---- deleting and restoring -------------------------------------------------------------------------------------- */

/* Marks message and all below it that is not marked yet with one number, which tells this deletion from others. */
static enum error_code mark_deleted(struct store *s, int64_t message, int64_t conversation, struct error *err)
{
    int64_t last = 0, now = s->now();
    enum error_code code = db_number(s, err, &last,
                                     "SELECT max(trashed) FROM message INDEXED BY message_trashed "
                                     "WHERE conversation = ? AND trashed IS NOT NULL",
                                     "i", conversation);
    if (code != ERR_NONE)
        return code;
    return db_run(s, err,
                  "WITH RECURSIVE down (id) AS (VALUES (?1) UNION ALL "
                  "SELECT m.id FROM down JOIN message m ON m.parent = down.id WHERE m.trashed IS NULL) "
                  "UPDATE message SET trashed = ?2 WHERE id IN (SELECT id FROM down) AND trashed IS NULL",
                  "ii", message, now > last ? now : last + 1);
}

/* The nearest sibling before message that is not deleted, else the nearest after it. ERR_NOT_FOUND without a
 * message. */
static enum error_code find_neighbour(struct store *s, int64_t message, int64_t *sibling, struct error *err)
{
#define NEIGHBOUR \
    "SELECT b.id FROM message m JOIN " SIBLING_B " ON b.conversation = m.conversation AND b.parent IS m.parent " \
    "WHERE m.id = ? AND b.trashed IS NULL AND b.position "
    enum error_code code =
        db_number(s, err, sibling, NEIGHBOUR "< m.position ORDER BY b.position DESC LIMIT 1", "i", message);
    if (code == ERR_NOT_FOUND)
        code = db_number(s, err, sibling, NEIGHBOUR "> m.position ORDER BY b.position LIMIT 1", "i", message);
#undef NEIGHBOUR
    return code;
}

/* If the leaf was deleted: the path leads through a sibling of message, or ends above it. */
static enum error_code move_leaf(struct store *s, const struct tree_place *place, int64_t message, struct error *err)
{
    int64_t gone = 0, next = 0;
    enum error_code code = db_number(s, err, &gone,
                                     "SELECT m.trashed IS NOT NULL FROM conversation c JOIN message m ON m.id = c.leaf "
                                     "WHERE c.id = ?",
                                     "i", place->conversation);
    if (code == ERR_NOT_FOUND || (code == ERR_NONE && gone == 0))
        return conversation_revise(s, place->conversation, err);
    if (code != ERR_NONE)
        return code;
    code = find_neighbour(s, message, &next, err);
    if (code == ERR_NONE)
        code = find_leaf(s, &next, err);
    else if (code == ERR_NOT_FOUND)
        code = ERR_NONE, next = place->parent;
    return code == ERR_NONE ? tree_set_leaf(s, place->conversation, next, err) : code;
}

static enum error_code delete_message(struct store *s, int64_t message, struct error *err)
{
    struct tree_place place;
    enum error_code code = tree_find(s, message, &place, err);
    if (code != ERR_NONE || place.trashed != 0)
        return code;
    code = mark_deleted(s, message, place.conversation, err);
    return code == ERR_NONE ? move_leaf(s, &place, message, err) : code;
}

enum error_code store_delete_message(struct store *s, int64_t message, struct error *err)
{
    enum error_code code = txn_write(s, err);
    return code != ERR_NONE ? code : txn_end(s, delete_message(s, message, err), err);
}

/* Undoes the deletion that took message, and those that took the messages above it. */
static enum error_code restore_path(struct store *s, int64_t message, struct error *err)
{
    struct tree_place place = {.parent = message};
    do {
        message = place.parent;
        enum error_code code = tree_find(s, message, &place, err);
        if (code == ERR_NONE && place.trashed != 0)
            code = db_run(s, err,
                          "UPDATE message INDEXED BY message_trashed SET trashed = NULL "
                          "WHERE conversation = ? AND trashed = ?",
                          "ii", place.conversation, place.trashed);
        if (code != ERR_NONE)
            return code;
    } while (place.trashed != 0 && place.parent != 0);
    return ERR_NONE;
}

enum error_code store_restore_message(struct store *s, int64_t message, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = restore_path(s, message, err);
    return txn_end(s, code == ERR_NONE ? select_message(s, message, true, err) : code, err);
}
