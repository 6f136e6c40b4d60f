/* Import of Palaver's own JSON (its form: export-json.c): conversations with branches, drafts, tags and token records,
 * personas and presets.
 *
 * A conversation whose id exists already is compared with it: an equal one is left as it is, another comes in as a copy
 * with an id of its own. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/message.h"
#include "history/port/import-forms.h"
#include "history/port/import-reader.h"
#include "history/records.h"
#include "history/tag.h"
#include "history/text.h"
#include "history/tree.h"

/* ---- token records ----------------------------------------------------------------------------------------------- */

static enum error_code read_candidate(struct import *im, const json_t *value, struct store_candidate *out)
{
    int id = 0;
    double before = 0, after = 0;
    json_int_t reason = json_integer_value(json_array_get(value, 3));
    if (json_unpack((json_t *)value, "[i,F,F]", &id, &before, &after) != 0 || id < 0 || reason < 0 ||
        reason > UINT8_MAX)
        return import_fail(im, "best", "expected [id, before, after]");
    *out = (struct store_candidate){id, (float)before, (float)after, (uint8_t)reason};
    return ERR_NONE;
}

/* The whole number of a member that fits 32 bits. */
static enum error_code read_count(struct import *im, const json_t *object, const char *key, uint32_t *out)
{
    int64_t value = 0;
    enum error_code code = import_integer(im, object, key, &value);
    if (code == ERR_NONE && (value < 0 || value > INT32_MAX))
        code = import_fail(im, key, "%lld is out of range", (long long)value);
    *out = (uint32_t)value;
    return code;
}

static enum error_code read_token(struct import *im, const json_t *value, struct store_token *t)
{
    uint32_t id = 0;
    double before = 0, after = 0, entropy = -1;
    const json_t *best = json_object_get(value, "best");
    size_t n = json_array_size(best);
    *t = (struct store_token){0};
    if (!json_is_object(value) || n > STORE_CANDIDATES)
        return import_fail(im, NULL, "expected a token with at most %d in best", STORE_CANDIDATES);
    enum error_code code = read_count(im, value, "id", &id);
    if (code == ERR_NONE)
        code = import_number(im, value, "before", &before);
    if (code == ERR_NONE)
        code = import_number(im, value, "after", &after);
    if (code == ERR_NONE)
        code = import_number(im, value, "entropy", &entropy);
    if (code == ERR_NONE)
        code = read_count(im, value, "bytes", &t->bytes);
    if (code == ERR_NONE)
        code = read_count(im, value, "epoch", &t->epoch);
    if (code == ERR_NONE)
        code = read_count(im, value, "rank", &t->rank);
    if (code == ERR_NONE)
        code = import_flag(im, value, "forced", &t->forced);
    t->chosen = (struct store_candidate){(int32_t)id, (float)before, (float)after, 0};
    t->entropy = (float)entropy;
    for (; (size_t)t->n_best < n && code == ERR_NONE; t->n_best++)
        code = read_candidate(im, json_array_get(best, (size_t)t->n_best), &t->best[t->n_best]);
    return code;
}

static enum error_code add_tokens(struct import *im, const json_t *tokens, int64_t message)
{
    if (tokens == NULL)
        return ERR_NONE;
    if (!json_is_array(tokens))
        return import_fail(im, "tokens", "expected an array");
    struct buf packed;
    buf_init(&packed, json_array_size(tokens) * RECORD_TOKEN_MAX + 1);
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i < json_array_size(tokens) && code == ERR_NONE; i++) {
        struct store_token t;
        size_t length = import_enter(im, ".tokens[%zu]", i);
        code = read_token(im, json_array_get(tokens, i), &t);
        if (code == ERR_NONE && !records_pack(&packed, &t))
            code = db_memory(im->s, im->err);
        import_leave(im, length);
    }
    if (code == ERR_NONE)
        code = records_add(im->s, message, &packed, im->err);
    buf_free(&packed);
    return code;
}

static enum error_code add_epochs(struct import *im, const json_t *epochs, int64_t message)
{
    if (epochs == NULL)
        return ERR_NONE;
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i < json_array_size(epochs) && code == ERR_NONE; i++) {
        const json_t *settings = json_array_get(epochs, i);
        char *text = json_is_object(settings) ? json_dumps(settings, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
        code = text == NULL ? import_fail(im, "epochs", "expected settings")
                            : records_add_epoch(im->s, message, (uint32_t)i + 1, text, im->err);
        free(text);
    }
    return code;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static enum error_code copy_string(struct import *im, const json_t *object, const char *key, char **out)
{
    const char *text = NULL;
    enum error_code code = import_string(im, object, key, &text);
    if (code == ERR_NONE && text != NULL && (*out = strdup(text)) == NULL)
        code = db_memory(im->s, im->err);
    return code;
}

/* A whole number of 64 bits in a string. */
static enum error_code read_wide(struct import *im, const json_t *object, const char *key, int base, uint64_t *out,
                                 bool *there)
{
    const char *text = NULL;
    char *end = NULL;
    enum error_code code = import_string(im, object, key, &text);
    if (code != ERR_NONE || text == NULL)
        return code;
    *out = strtoull(text, &end, base);
    *there = true;
    return end != text && *end == '\0' ? ERR_NONE : import_fail(im, key, "\"%.40s\" is no number", text);
}

static enum error_code read_making(struct import *im, const json_t *o, struct store_making *made)
{
    const struct {
        const char *key;
        char **to;
    } strings[] = {{"model", &made->model}, {"template", &made->template_name}, {"finish", &made->finish}};
    const struct {
        const char *key;
        int64_t *to;
    } counts[] = {{"prompt_tokens", &made->prompt_tokens},
                  {"reused_tokens", &made->reused_tokens},
                  {"answer_tokens", &made->answer_tokens}};
    const struct {
        const char *key;
        double *to;
    } seconds[] = {{"prefill_seconds", &made->prefill_seconds},
                   {"first_token_seconds", &made->first_token_seconds},
                   {"decode_seconds", &made->decode_seconds}};
    bool fingerprint = false;
    enum error_code code = import_settings(im, o, "settings", &made->settings);
    for (size_t i = 0; i < 3 && code == ERR_NONE; i++)
        code = copy_string(im, o, strings[i].key, strings[i].to);
    for (size_t i = 0; i < 3 && code == ERR_NONE; i++)
        code = import_integer(im, o, counts[i].key, counts[i].to);
    for (size_t i = 0; i < 3 && code == ERR_NONE; i++)
        code = import_number(im, o, seconds[i].key, seconds[i].to);
    if (code == ERR_NONE)
        code = read_wide(im, o, "fingerprint", 16, &made->fingerprint, &fingerprint);
    return code == ERR_NONE ? read_wide(im, o, "seed", 10, &made->seed, &made->has_seed) : code;
}

static enum error_code read_state(struct import *im, const json_t *o, enum store_state *state)
{
    const char *name = "complete";
    enum error_code code = import_string(im, o, "state", &name);
    if (code != ERR_NONE)
        return code;
    for (*state = STORE_COMPLETE; *state <= STORE_INTERRUPTED; (*state)++)
        if (*state != STORE_STREAMING && strcmp(name, store_state_name(*state)) == 0)
            return ERR_NONE;
    return import_fail(im, "state", "no state is called \"%.40s\"", name);
}

/* The ids of the messages that the file numbers. */
struct numbers {
    int64_t *ids;    /* by number; [0] is 0 */
    int64_t *chosen; /* numbers, to be set when all are there */
    size_t n;        /* so many are read */
};

static enum error_code read_message(struct import *im, const json_t *o, struct numbers *numbers, struct tree_new *new,
                                    int64_t *trashed)
{
    int64_t number = 0, parent = 0, chosen = 0;
    const char *role = "";
    const json_t *text = json_object_get(o, "text");
    enum error_code code = import_integer(im, o, "id", &number);
    if (code == ERR_NONE)
        code = import_integer(im, o, "parent", &parent);
    if (code == ERR_NONE)
        code = import_integer(im, o, "chosen", &chosen);
    if (code == ERR_NONE)
        code = import_integer(im, o, "created", &new->created);
    if (code == ERR_NONE)
        code = import_integer(im, o, "deleted", trashed);
    if (code == ERR_NONE)
        code = import_string(im, o, "role", &role);
    if (code == ERR_NONE)
        code = read_state(im, o, &new->state);
    if (code != ERR_NONE)
        return code;
    if (number != (int64_t)numbers->n + 1)
        return import_fail(im, "id", "expected %zu", numbers->n + 1);
    if (parent < 0 || parent >= number)
        return import_fail(im, "parent", "no message %lld stands before this one", (long long)parent);
    if (!import_role(role, &new->role))
        return import_fail(im, "role", "no role is called \"%.40s\"", role);
    if (!json_is_string(text))
        return import_fail(im, "text", "expected a string");
    new->parent = numbers->ids[parent];
    new->text = json_string_value(text);
    new->size = json_string_length(text);
    numbers->chosen[number] = chosen;
    return ERR_NONE;
}

static enum error_code add_message(struct import *im, const json_t *o, struct numbers *numbers, int64_t conversation)
{
    struct store_making made = {0};
    struct tree_new new = {.conversation = conversation, .made = &made};
    int64_t trashed = 0, id = 0;
    if (!json_is_object(o))
        return import_fail(im, NULL, "expected a message");
    enum error_code code = read_message(im, o, numbers, &new, &trashed);
    if (code == ERR_NONE)
        code = read_making(im, o, &made);
    if (code == ERR_NONE)
        code = import_message(im, &new, &id);
    if (code == ERR_NONE && trashed != 0)
        code = db_run(im->s, im->err, "UPDATE message SET trashed = ? WHERE id = ?", "ii", trashed, id);
    if (code == ERR_NONE)
        code = add_epochs(im, json_object_get(o, "epochs"), id);
    if (code == ERR_NONE)
        code = add_tokens(im, json_object_get(o, "tokens"), id);
    making_free(&made);
    numbers->ids[++numbers->n] = id;
    return code;
}

/* What is below a deleted message must be deleted too, and the path can't end at one. */
static enum error_code check_deleted(struct import *im, int64_t conversation, int64_t leaf)
{
    int64_t below = 0, ends = 0;
    enum error_code code = db_number(im->s, im->err, &below,
                                     "SELECT count(*) FROM message m JOIN message p ON p.id = m.parent "
                                     "WHERE m.conversation = ? AND m.trashed IS NULL AND p.trashed IS NOT NULL",
                                     "i", conversation);
    if (code == ERR_NONE && leaf != 0)
        code = db_number(im->s, im->err, &ends, "SELECT trashed IS NOT NULL FROM message WHERE id = ?", "i", leaf);
    if (code == ERR_NONE && below > 0)
        return import_fail(im, "messages", "a message hangs below a deleted one");
    return code == ERR_NONE && ends != 0 ? import_fail(im, "leaf", "that message is deleted") : code;
}

/* The leaf, and which child each message showed last. */
static enum error_code set_path(struct import *im, int64_t conversation, const json_t *o, const struct numbers *numbers)
{
    int64_t leaf = 0;
    enum error_code code = import_integer(im, o, "leaf", &leaf);
    if (code != ERR_NONE)
        return code;
    if (leaf < 0 || leaf > (int64_t)numbers->n)
        return import_fail(im, "leaf", "there is no message %lld", (long long)leaf);
    code = tree_set_leaf(im->s, conversation, numbers->ids[leaf], im->err);
    for (size_t i = 1; i <= numbers->n && code == ERR_NONE; i++)
        if (numbers->chosen[i] > 0 && numbers->chosen[i] <= (int64_t)numbers->n)
            code = db_run(im->s, im->err,
                          "UPDATE message SET chosen = ?1 WHERE id = ?2 "
                          "AND EXISTS (SELECT 1 FROM message WHERE id = ?1 AND parent = ?2)",
                          "ii", numbers->ids[numbers->chosen[i]], numbers->ids[i]);
    return code == ERR_NONE ? check_deleted(im, conversation, numbers->ids[leaf]) : code;
}

static enum error_code add_messages(struct import *im, const json_t *o, int64_t conversation)
{
    const json_t *messages = json_object_get(o, "messages");
    if (!json_is_array(messages))
        return import_fail(im, "messages", "expected an array");
    size_t n = json_array_size(messages);
    struct numbers numbers = {calloc(n + 1, sizeof(int64_t)), calloc(n + 1, sizeof(int64_t)), 0};
    enum error_code code = numbers.ids == NULL || numbers.chosen == NULL ? db_memory(im->s, im->err) : ERR_NONE;
    for (size_t i = 0; i < n && code == ERR_NONE; i++) {
        size_t length = import_enter(im, ".messages[%zu]", i);
        code = add_message(im, json_array_get(messages, i), &numbers, conversation);
        import_leave(im, length);
    }
    if (code == ERR_NONE)
        code = set_path(im, conversation, o, &numbers);
    free(numbers.ids);
    free(numbers.chosen);
    return code;
}

/* ---- conversations ----------------------------------------------------------------------------------------------- */

static bool keep_bytes(void *context, const char *bytes, size_t size)
{
    return buf_append(context, bytes, size);
}

/* Sets *taken if there is a conversation of that public id, and *equal if it equals o. */
static enum error_code compare_conversation(struct import *im, const char *public_id, const json_t *o, bool *taken,
                                            bool *equal)
{
    int64_t id = 0;
    enum error_code code =
        db_number(im->s, im->err, &id, "SELECT id FROM conversation WHERE public = ?", "z", public_id);
    *taken = code == ERR_NONE;
    *equal = false;
    if (code != ERR_NONE)
        return code == ERR_NOT_FOUND ? ERR_NONE : code;
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    code = store_export(im->s, STORE_JSON, &id, 1, keep_bytes, &text, im->err);
    json_t *root = code == ERR_NONE ? json_loadb(buf_text(&text), text.size, JSON_ALLOW_NUL, NULL) : NULL;
    json_t *there = json_array_get(json_object_get(root, "conversations"), 0);
    *equal = there != NULL && json_equal(there, (json_t *)o);
    json_decref(root);
    buf_free(&text);
    return code;
}

static enum error_code set_strings(struct import *im, const json_t *o, int64_t id)
{
    static const struct {
        const char *key;
        const char *sql;
    } strings[] = {
        {"model", "UPDATE conversation SET model = ? WHERE id = ?"},
        {"template", "UPDATE conversation SET template = ? WHERE id = ?"},
        {"preset", "UPDATE conversation SET preset = ? WHERE id = ?"},
        {"persona", "UPDATE conversation SET persona = ? WHERE id = ?"},
        {"system", "UPDATE conversation SET system = ? WHERE id = ?"},
        {"branched_from", "UPDATE conversation SET origin = ? WHERE id = ?"},
    };
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i < sizeof strings / sizeof *strings && code == ERR_NONE; i++) {
        const char *text = NULL;
        code = import_string(im, o, strings[i].key, &text);
        if (code == ERR_NONE && text != NULL)
            code = db_run(im->s, im->err, strings[i].sql, "zi", text, id);
    }
    char *settings = NULL;
    if (code == ERR_NONE)
        code = import_settings(im, o, "settings", &settings);
    if (code == ERR_NONE && settings != NULL)
        code = db_run(im->s, im->err, "UPDATE conversation SET settings = ? WHERE id = ?", "zi", settings, id);
    free(settings);
    return code;
}

static enum error_code set_flags(struct import *im, const json_t *o, int64_t id)
{
    bool pinned = false, archived = false, unread = false;
    int64_t changed = 0, trashed = 0, cursor = 0;
    const char *draft = "";
    enum error_code code = import_flag(im, o, "pinned", &pinned);
    if (code == ERR_NONE)
        code = import_flag(im, o, "archived", &archived);
    if (code == ERR_NONE)
        code = import_flag(im, o, "unread", &unread);
    if (code == ERR_NONE)
        code = import_integer(im, o, "changed", &changed);
    if (code == ERR_NONE)
        code = import_integer(im, o, "deleted", &trashed);
    if (code == ERR_NONE)
        code = import_string(im, o, "draft", &draft);
    if (code == ERR_NONE)
        code = import_integer(im, o, "draft_cursor", &cursor);
    if (code == ERR_NONE && (cursor < 0 || (size_t)cursor > strlen(draft)))
        code = import_fail(im, "draft_cursor", "outside of the draft");
    if (code != ERR_NONE)
        return code;
    return db_run(im->s, im->err,
                  "UPDATE conversation SET pinned = ?, archived = ?, unread = ?, changed = ?, trashed = ?, draft = ?, "
                  "cursor = ? WHERE id = ?",
                  "wwwikzii", pinned, archived, unread, changed, trashed, draft, cursor, id);
}

static enum error_code set_title(struct import *im, const json_t *o, int64_t id, bool copy)
{
    static const char *const titled[] = {"not", "words", "model", "hand"};
    const char *title = "", *by = "hand";
    char *line = NULL, *numbered = NULL;
    int titled_by = 3;
    enum error_code code = import_string(im, o, "title", &title);
    if (code == ERR_NONE)
        code = import_string(im, o, "titled", &by);
    while (titled_by > 0 && strcmp(by, titled[titled_by]) != 0)
        titled_by--;
    if (code == ERR_NONE && (line = text_title(title, strlen(title), STORE_TITLE_MAX)) == NULL)
        code = db_memory(im->s, im->err);
    if (code == ERR_NONE && copy)
        code = text_numbered(im->s, line, &numbered, im->err);
    if (code == ERR_NONE)
        code = conversation_title(im->s, id, numbered != NULL ? numbered : line, (enum store_titled)titled_by, im->err);
    free(line);
    free(numbered);
    return code;
}

static enum error_code set_tags(struct import *im, const json_t *o, int64_t id)
{
    size_t i;
    const json_t *tag, *tags = json_object_get(o, "tags");
    if (tags != NULL && !json_is_array(tags))
        return import_fail(im, "tags", "expected an array");
    json_array_foreach(tags, i, tag) {
        const char *name = json_string_value(tag);
        if (name == NULL || name[0] == '\0')
            return import_fail(im, "tags", "number %zu is no name", i);
        enum error_code code = tag_add(im->s, id, name, im->err);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

static enum error_code add_conversation(struct import *im, const json_t *o, const char *public_id, bool copy)
{
    int64_t id = 0, created = 0;
    enum error_code code = import_integer(im, o, "created", &created);
    if (code == ERR_NONE)
        code = conversation_insert(im->s, copy ? NULL : public_id, created, &id, im->err);
    if (code == ERR_NONE)
        code = set_title(im, o, id, copy);
    if (code == ERR_NONE)
        code = set_strings(im, o, id);
    if (code == ERR_NONE)
        code = set_flags(im, o, id);
    if (code == ERR_NONE)
        code = set_tags(im, o, id);
    if (code == ERR_NONE)
        code = add_messages(im, o, id);
    im->report->conversations++;
    if (im->report->first == 0)
        im->report->first = id;
    return code;
}

static enum error_code one_conversation(struct import *im, const json_t *o)
{
    const char *public_id = "";
    bool taken = false, equal = false;
    if (!json_is_object(o))
        return import_fail(im, NULL, "expected a conversation");
    enum error_code code = import_string(im, o, "id", &public_id);
    if (code != ERR_NONE)
        return code;
    if (strlen(public_id) != STORE_ID_SIZE - 1 ||
        strspn(public_id, "0123456789abcdefghijklmnopqrstuvwxyz") != STORE_ID_SIZE - 1)
        return import_fail(im, "id", "expected %d letters a-z and digits", STORE_ID_SIZE - 1);
    code = compare_conversation(im, public_id, o, &taken, &equal);
    if (code == ERR_NONE && equal)
        im->report->known++;
    else if (code == ERR_NONE)
        code = add_conversation(im, o, public_id, taken);
    return code;
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

/* Existing personas and presets stay as they are. */
static enum error_code one_persona(struct import *im, const json_t *o)
{
    struct store_persona p = {0}, there = {0};
    enum error_code code = copy_string(im, o, "name", &p.name);
    if (code == ERR_NONE)
        code = copy_string(im, o, "system", &p.system);
    if (code == ERR_NONE)
        code = copy_string(im, o, "model", &p.model);
    if (code == ERR_NONE)
        code = copy_string(im, o, "template", &p.template_name);
    if (code == ERR_NONE)
        code = import_settings(im, o, "settings", &p.settings);
    if (code == ERR_NONE && p.name == NULL)
        code = import_fail(im, "name", "missing");
    if (code == ERR_NONE && store_persona_get(im->s, p.name, &there, &(struct error){0}) != ERR_NONE)
        code = store_persona_put(im->s, &p, im->err);
    store_persona_free(&p);
    store_persona_free(&there);
    return code;
}

static enum error_code one_preset(struct import *im, const json_t *o)
{
    const char *name = NULL;
    char *settings = NULL, *there = NULL;
    enum error_code code = import_string(im, o, "name", &name);
    if (code == ERR_NONE)
        code = import_settings(im, o, "settings", &settings);
    if (code == ERR_NONE && (name == NULL || settings == NULL))
        code = import_fail(im, NULL, "expected name and settings");
    if (code == ERR_NONE && store_preset_get(im->s, name, &there, &(struct error){0}) != ERR_NONE)
        code = store_preset_put(im->s, name, settings, im->err);
    free(settings);
    free(there);
    return code;
}

static enum error_code import_each(struct import *im, const json_t *root, const char *key,
                                   enum error_code (*one)(struct import *im, const json_t *o))
{
    const json_t *array = json_object_get(root, key);
    if (array == NULL)
        return ERR_NONE;
    if (!json_is_array(array))
        return import_fail(im, key, "expected an array");
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i < json_array_size(array) && code == ERR_NONE; i++) {
        size_t length = import_enter(im, "%s[%zu]", key, i);
        code = one(im, json_array_get(array, i));
        import_leave(im, length);
    }
    return code;
}

bool import_is_palaver(const json_t *root)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    return format != NULL && strcmp(format, "palaver-history") == 0;
}

enum error_code import_palaver(struct import *im, const json_t *root)
{
    int64_t version = 0;
    enum error_code code = import_integer(im, root, "version", &version);
    if (code == ERR_NONE && version != 1)
        code = import_fail(im, "version", "%lld is unknown; a newer Palaver may read it", (long long)version);
    if (code == ERR_NONE)
        code = import_each(im, root, "personas", one_persona);
    if (code == ERR_NONE)
        code = import_each(im, root, "presets", one_preset);
    return code == ERR_NONE ? import_each(im, root, "conversations", one_conversation) : code;
}
