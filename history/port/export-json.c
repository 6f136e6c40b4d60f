/* Export as JSON: everything, so that an import gives the same again.
 *
 * {"format":"palaver-history","version":1,"personas":[...],"presets":[...],"conversations":[...]}, a message a line.
 * Messages are numbered from 1 in the order in which they were made, so that a parent stands before its children.
 * Members with their default value are left out. Reals have nine digits at most; ids of more bits than a double holds
 * (seed, fingerprint) are strings. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/message.h"
#include "history/port/export-forms.h"
#include "history/store.h"
#include "history/text.h"

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* A JSON string of any bytes. */
static json_t *text_value(const char *text, size_t size)
{
    json_t *value = json_stringn(text, size);
    if (value != NULL)
        return value;
    struct buf clean;
    buf_init(&clean, size * 3 + 1);
    text_store(&clean, text, size);
    value = json_stringn(buf_text(&clean), clean.size);
    buf_free(&clean);
    return value;
}

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, key, text_value(text, strlen(text)));
}

static void put_number(json_t *object, const char *key, int64_t number)
{
    if (number != 0)
        json_object_set_new(object, key, json_integer(number));
}

static void put_real(json_t *object, const char *key, double number)
{
    if (number != 0)
        json_object_set_new(object, key, json_real(number));
}

static void put_flag(json_t *object, const char *key, bool flag)
{
    if (flag)
        json_object_set_new(object, key, json_true());
}

static void put_settings(json_t *object, const char *key, const char *settings)
{
    json_t *value = settings != NULL ? json_loads(settings, JSON_ALLOW_NUL, NULL) : NULL;
    if (value != NULL)
        json_object_set_new(object, key, value);
}

/* Writes the members of object without its braces. */
static void write_members(struct export *x, const json_t *object)
{
    const char *key;
    json_t *value;
    bool first = true;
    json_object_foreach((json_t *)object, key, value) {
        json_t *name = json_string(key);
        export_text(x, first ? "" : ",");
        export_json_value(x, name);
        export_text(x, ":");
        export_json_value(x, value);
        json_decref(name);
        first = false;
    }
}

/* ---- token records ----------------------------------------------------------------------------------------------- */

static json_t *candidate_value(const struct store_candidate *c)
{
    json_t *value = json_pack("[i,f,f]", (int)c->id, (double)c->before, (double)c->after);
    if (c->removed_by != 0)
        json_array_append_new(value, json_integer(c->removed_by));
    return value;
}

static json_t *token_value(const struct store_token *t)
{
    json_t *o = json_object(), *best = json_array();
    json_object_set_new(o, "id", json_integer(t->chosen.id));
    json_object_set_new(o, "before", json_real((double)t->chosen.before));
    json_object_set_new(o, "after", json_real((double)t->chosen.after));
    put_number(o, "bytes", t->bytes);
    put_number(o, "epoch", t->epoch);
    put_number(o, "rank", t->rank);
    if (t->entropy >= 0)
        json_object_set_new(o, "entropy", json_real((double)t->entropy));
    put_flag(o, "forced", t->forced);
    for (int i = 0; i < t->n_best; i++)
        json_array_append_new(best, candidate_value(&t->best[i]));
    json_object_set_new(o, "best", best);
    return o;
}

static enum error_code put_records(struct export *x, int64_t message, json_t *object, struct error *err)
{
    struct store_records records = {0};
    enum error_code code = store_records(x->s, message, &records, err);
    if (code != ERR_NONE)
        return code;
    if (records.n_epochs > 1) {
        json_t *epochs = json_array();
        for (size_t i = 1; i < records.n_epochs; i++)
            json_array_append_new(epochs, json_loads(records.epochs[i], JSON_ALLOW_NUL, NULL));
        json_object_set_new(object, "epochs", epochs);
    }
    if (records.n > 0) {
        json_t *tokens = json_array();
        for (size_t i = 0; i < records.n; i++)
            json_array_append_new(tokens, token_value(&records.at[i]));
        json_object_set_new(object, "tokens", tokens);
    }
    store_records_free(&records);
    return ERR_NONE;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The number of a message in the file; 0 when it is not in it. */
static int64_t number_of(const struct store_ids *ids, int64_t id)
{
    const int64_t *found = ids->n > 0 ? bsearch(&id, ids->at, ids->n, sizeof id, by_id) : NULL;
    return found != NULL ? found - ids->at + 1 : 0;
}

static void put_making(json_t *o, const struct store_making *made)
{
    char number[32];
    put_text(o, "model", made->model);
    if (made->fingerprint != 0) {
        snprintf(number, sizeof number, "%016llx", (unsigned long long)made->fingerprint);
        put_text(o, "fingerprint", number);
    }
    put_text(o, "template", made->template_name);
    put_settings(o, "settings", made->settings);
    if (made->has_seed) {
        snprintf(number, sizeof number, "%llu", (unsigned long long)made->seed);
        put_text(o, "seed", number);
    }
    put_text(o, "finish", made->finish);
    put_number(o, "prompt_tokens", made->prompt_tokens);
    put_number(o, "reused_tokens", made->reused_tokens);
    put_number(o, "answer_tokens", made->answer_tokens);
    put_real(o, "prefill_seconds", made->prefill_seconds);
    put_real(o, "first_token_seconds", made->first_token_seconds);
    put_real(o, "decode_seconds", made->decode_seconds);
}

static json_t *message_value(const struct store_message *m, const struct store_ids *ids, int64_t chosen,
                             int64_t trashed)
{
    json_t *o = json_object();
    put_number(o, "id", number_of(ids, m->id));
    put_number(o, "parent", number_of(ids, m->parent));
    put_number(o, "chosen", number_of(ids, chosen));
    put_text(o, "role", store_role_name(m->role));
    if (m->state != STORE_COMPLETE) /* a file has no answer under way */
        put_text(o, "state", store_state_name(m->state == STORE_STREAMING ? STORE_INTERRUPTED : m->state));
    put_number(o, "created", m->created);
    put_number(o, "deleted", trashed);
    put_making(o, &m->made);
    json_object_set_new(o, "text", text_value(m->text, m->size));
    return o;
}

/* What a message has beside store_message: which child the path last led through, when it was deleted. */
static enum error_code read_marks(struct store *s, int64_t id, int64_t *chosen, int64_t *trashed, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT chosen, trashed FROM message WHERE id = ?", "i", id);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    *chosen = row == 1 ? sqlite3_column_int64(q, 0) : 0;
    *trashed = row == 1 ? sqlite3_column_int64(q, 1) : 0;
    db_done(q);
    return ERR_NONE;
}

static enum error_code write_message(struct export *x, int64_t id, const struct store_ids *ids, struct error *err)
{
    struct store_message m = {0};
    int64_t chosen = 0, trashed = 0;
    enum error_code code = message_read(x->s, id, &m, err);
    if (code == ERR_NONE)
        code = read_marks(x->s, id, &chosen, &trashed, err);
    if (code == ERR_NONE) {
        json_t *o = message_value(&m, ids, chosen, trashed);
        code = put_records(x, id, o, err);
        if (code == ERR_NONE)
            export_json_value(x, o);
        json_decref(o);
    }
    store_message_free(&m);
    return code;
}

static enum error_code message_ids(struct store *s, int64_t conversation, struct store_ids *out, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT id FROM message WHERE conversation = ? ORDER BY id", "i", conversation);
    return db_ids(s, q, out, err);
}

/* ---- conversations ----------------------------------------------------------------------------------------------- */

static json_t *conversation_value(const struct store_conversation *c)
{
    static const char *const titled[] = {"not", "words", "model", "hand"};
    json_t *o = json_object();
    put_text(o, "id", c->public_id);
    put_text(o, "title", c->title);
    put_text(o, "titled", titled[c->titled]);
    put_number(o, "created", c->created);
    put_number(o, "changed", c->changed);
    put_flag(o, "pinned", c->pinned);
    put_flag(o, "archived", c->archived);
    put_flag(o, "unread", c->unread);
    put_number(o, "deleted", c->trashed);
    put_text(o, "model", c->model);
    put_text(o, "template", c->template_name);
    put_text(o, "preset", c->preset);
    put_text(o, "persona", c->persona);
    put_settings(o, "settings", c->settings);
    put_text(o, "system", c->system);
    put_text(o, "branched_from", c->branched_from);
    if (c->draft[0] != '\0') {
        put_text(o, "draft", c->draft);
        put_number(o, "draft_cursor", (int64_t)c->draft_cursor);
    }
    json_t *tags = json_array();
    for (size_t i = 0; c->tags[i] != NULL; i++)
        json_array_append_new(tags, text_value(c->tags[i], strlen(c->tags[i])));
    if (json_array_size(tags) > 0)
        json_object_set(o, "tags", tags);
    json_decref(tags);
    return o;
}

/* The current path as one text, for those who read the file; an import needs only the messages. */
static enum error_code put_one_text(struct export *x, const struct store_conversation *c, json_t *o, struct error *err)
{
    struct store_ids ids = {0};
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    enum error_code code = store_current(x->s, c->id, &ids, err);
    for (size_t i = 0; i < ids.n && code == ERR_NONE; i++) {
        struct store_message m = {0};
        code = store_message_get(x->s, ids.at[i], &m, err);
        if (code == ERR_NONE && !buf_append(&text, m.text, m.size))
            code = error_memory(err);
        store_message_free(&m);
    }
    if (code == ERR_NONE)
        json_object_set_new(o, "text", text_value(buf_text(&text), text.size));
    buf_free(&text);
    store_ids_free(&ids);
    return code;
}

enum error_code export_json(struct export *x, int64_t conversation, bool first, struct error *err)
{
    struct store_conversation c = {0};
    struct store_ids ids = {0};
    enum error_code code = store_conversation_get(x->s, conversation, &c, err);
    if (code == ERR_NONE)
        code = message_ids(x->s, conversation, &ids, err);
    if (code == ERR_NONE) {
        json_t *o = conversation_value(&c);
        put_number(o, "leaf", number_of(&ids, c.leaf));
        if (export_is_one_text(&c))
            code = put_one_text(x, &c, o, err);
        export_text(x, first ? "\n{" : ",\n{");
        write_members(x, o);
        export_text(x, ",\"messages\":[");
        json_decref(o);
    }
    for (size_t i = 0; i < ids.n && code == ERR_NONE && !x->refused; i++) {
        export_text(x, i == 0 ? "\n" : ",\n");
        code = write_message(x, ids.at[i], &ids, err);
    }
    export_text(x, "]}");
    store_conversation_free(&c);
    store_ids_free(&ids);
    return code;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static enum error_code write_personas(struct export *x, struct error *err)
{
    struct store_personas list = {0};
    enum error_code code = store_personas(x->s, &list, err);
    if (code != ERR_NONE)
        return code;
    json_t *array = json_array();
    for (size_t i = 0; i < list.n; i++) {
        json_t *o = json_object();
        put_text(o, "name", list.at[i].name);
        put_text(o, "system", list.at[i].system);
        put_settings(o, "settings", list.at[i].settings);
        put_text(o, "model", list.at[i].model);
        put_text(o, "template", list.at[i].template_name);
        json_array_append_new(array, o);
    }
    export_text(x, "\"personas\":");
    export_json_value(x, array);
    json_decref(array);
    store_personas_free(&list);
    return ERR_NONE;
}

static enum error_code write_presets(struct export *x, struct error *err)
{
    struct store_presets list = {0};
    enum error_code code = store_presets(x->s, &list, err);
    if (code != ERR_NONE)
        return code;
    json_t *array = json_array();
    for (size_t i = 0; i < list.n; i++) {
        json_t *o = json_object();
        put_text(o, "name", list.at[i].name);
        put_settings(o, "settings", list.at[i].settings);
        json_array_append_new(array, o);
    }
    export_text(x, ",\n\"presets\":");
    export_json_value(x, array);
    export_text(x, ",\n");
    json_decref(array);
    store_presets_free(&list);
    return ERR_NONE;
}

enum error_code export_json_begin(struct export *x, bool all, struct error *err)
{
    export_text(x, "{\"format\":\"palaver-history\",\"version\":1,\n");
    enum error_code code = all ? write_personas(x, err) : ERR_NONE;
    if (code == ERR_NONE && all)
        code = write_presets(x, err);
    export_text(x, "\"conversations\":[");
    return code;
}

void export_json_end(struct export *x)
{
    export_text(x, "]}\n");
}
