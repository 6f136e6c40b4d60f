/* Rows of a damaged database: what the tables look like, and adding rows to the new one. */
#include <config.h>

#include "history/repair/recover-rows.h"

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"

const struct recover_table recover_tables[] = {
    {"conversation",
     {"id",     "public", "title",    "titled", "created", "changed", "activity", "revision",
      "leaf",   "pinned", "archived", "unread", "trashed", "model",   "template", "settings",
      "system", "origin", "cursor",   "draft",  "preset",  "persona"},
     "nttiiiiiIiiiITTTTTitTT",
     20,
     true},
    {"message",
     {"id",
      "conversation",
      "parent",
      "position",
      "depth",
      "chosen",
      "role",
      "state",
      "created",
      "trashed",
      "writer",
      "maker",
      "seed",
      "finish",
      "prompt_tokens",
      "reused_tokens",
      "answer_tokens",
      "prefill_seconds",
      "first_token_seconds",
      "decode_seconds",
      "text"},
     "niIiiIiiiIIIITiiirrrt",
     21,
     true},
    {"maker", {"id", "model", "fingerprint", "template", "settings"}, "ntitt", 5, true},
    {"record", {"message", "part", "data"}, "iib", 3, true},
    {"tag", {"id", "name"}, "nt", 2, true},
    {"tagged", {"conversation", "tag"}, NULL, 0, false},
    {"epoch", {"message", "number", "settings"}, NULL, 0, false},
    {"value", {"key", "value"}, NULL, 0, false},
    {"persona", {"name", "system", "settings", "model", "template"}, "tTTTT", 5, true},
    {"preset", {"name", "settings"}, "tt", 2, true},
    {NULL, {NULL}, NULL, 0, false},
};

/* ---- adding rows ------------------------------------------------------------------------------------------------- */

enum error_code recover_prepare(struct recovery *r, const struct recover_table *table, struct error *err)
{
    struct buf sql;
    buf_init(&sql, 4096);
    buf_printf(&sql, "INSERT OR IGNORE INTO %s (", table->name);
    int n = 0;
    for (; n < RECOVER_COLUMNS && table->columns[n] != NULL; n++)
        buf_printf(&sql, "%s%s", n > 0 ? ", " : "", table->columns[n]);
    buf_puts(&sql, ") VALUES (?");
    while (--n > 0)
        buf_puts(&sql, ", ?");
    buf_puts(&sql, ")");
    sqlite3_finalize(r->put);
    r->put = NULL;
    int code = sqlite3_prepare_v2(r->to->db, buf_text(&sql), -1, &r->put, NULL);
    buf_free(&sql);
    return code == SQLITE_OK ? ERR_NONE : db_fail(r->to, err);
}

static void bind_value(sqlite3_stmt *q, int at, const struct recover_value *v)
{
    switch (v->type) {
    case VALUE_INTEGER: sqlite3_bind_int64(q, at, v->integer); break;
    case VALUE_REAL: sqlite3_bind_double(q, at, v->real); break;
    case VALUE_TEXT: sqlite3_bind_text64(q, at, (const char *)v->bytes, v->size, SQLITE_STATIC, SQLITE_UTF8); break;
    case VALUE_BYTES: sqlite3_bind_blob64(q, at, v->bytes, v->size, SQLITE_STATIC); break;
    default: sqlite3_bind_null(q, at);
    }
}

enum error_code recover_step(struct recovery *r, struct error *err)
{
    int code = sqlite3_step(r->put);
    sqlite3_reset(r->put);
    if (code == SQLITE_DONE)
        return ERR_NONE;
    if ((code & 0xff) != SQLITE_CONSTRAINT && (code & 0xff) != SQLITE_MISMATCH)
        return db_fail(r->to, err);
    r->report->damaged++;
    return ERR_NONE;
}

enum error_code recover_put(struct recovery *r, const struct recover_value *values, int n, struct error *err)
{
    sqlite3_clear_bindings(r->put);
    for (int i = 0; i < n; i++)
        bind_value(r->put, i + 1, &values[i]);
    return recover_step(r, err);
}
