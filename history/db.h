/* What the files of the history share. Functions return an error code and fill err, as everywhere; those that give
 * a statement return NULL instead, and the code is then s->failure. */
#ifndef PALAVER_HISTORY_INTERNAL_H
#define PALAVER_HISTORY_INTERNAL_H

#include <sqlite3.h>

#include "history/history.h"

#define SCHEMA_VERSION 2
#define APPLICATION_ID 0x506c7672 /* "Plvr", in the database's header */
#define STATEMENTS_MAX 192
#define SETTINGS_MAX ((size_t)1 << 20) /* bytes of one settings object */

struct store {
    sqlite3 *db;
    char *path;                      /* "" for a temporary store */
    struct statement { const char *sql; sqlite3_stmt *prepared; } statements[STATEMENTS_MAX];
    size_t n_statements;
    int depth;                       /* open transactions */
    bool damaged, read_only;
    enum error_code failure;         /* of the last call below that failed */
    int64_t (*now)(void);
    int64_t data_version;
    int64_t busy_ms, busy_since;     /* how long to wait for a lock; when the waiting began (monotonic) */
    int64_t writer;                  /* this store's row in table writer; 0: none yet */
    struct store_reply *replies;     /* those that are open */
};

/* ---- db: statements --------------------------------------------------------------------------------------------- */

/* The statement for sql (a string literal; prepared once per store) with its parameters bound. format has a letter per
 * parameter: i int64_t, w int, d double, z string or NULL, t bytes and size_t as text, b bytes and size_t as blob,
 * k int64_t where 0 means NULL. Bound bytes must live until the last db_row. */
sqlite3_stmt *db_query(struct store *s, struct error *err, const char *sql, const char *format, ...);
/* The next row: 1, or 0 after the last, -1 on failure. The statement is reset after the last and on failure. */
int db_row(struct store *s, sqlite3_stmt *q, struct error *err);
/* Ends a query before its last row; accepts NULL. */
void db_done(sqlite3_stmt *q);
/* Runs a statement that has no rows. */
enum error_code db_run(struct store *s, struct error *err, const char *sql, const char *format, ...);
/* One number from the first row; ERR_NOT_FOUND, with no message set, when there is no row. NULL gives 0. */
enum error_code db_number(struct store *s, struct error *err, int64_t *out, const char *sql, const char *format, ...);
/* Runs SQL of several statements. */
enum error_code db_script(struct store *s, const char *sql, struct error *err);
int64_t db_changes(const struct store *s);
int64_t db_inserted(const struct store *s);
/* A column as malloc'ed bytes with a NUL, NULL for NULL or for want of memory; size may be NULL. */
char *db_text(sqlite3_stmt *q, int column, size_t *size);
/* Fills err from SQLite's last error; returns the code. */
enum error_code db_fail(struct store *s, struct error *err);
enum error_code db_memory(struct store *s, struct error *err);
void db_close_statements(struct store *s);

/* Transactions for one call: a write takes the lock at once, a read keeps one view of the database. Both nest. */
enum error_code txn_write(struct store *s, struct error *err);
enum error_code txn_read(struct store *s, struct error *err);
/* Commits when code is 0, else undoes; returns code, or why the commit failed. */
enum error_code txn_end(struct store *s, enum error_code code, struct error *err);

/* ---- the others -------------------------------------------------------------------------------------------------- */

/* store */
int64_t store_now(struct store *s);
enum error_code store_secure_file(const char *path, struct error *err);

/* migrate: brings an opened database to SCHEMA_VERSION. */
enum error_code migrate(struct store *s, struct error *err);
enum error_code migrate_read_version(struct store *s, int64_t *version, struct error *err);

/* text: storable forms. out is appended to. */
bool text_store(struct buf *out, const char *text, size_t size);
enum error_code text_check(const char *text, size_t size, struct buf *out, struct error *err);
/* A title's one line, malloc'ed. */
char *text_title(const char *text, size_t size, size_t max);
/* title, or title "(2)", "(3)"...: the first that no conversation has. */
enum error_code text_numbered(struct store *s, const char *title, char **out, struct error *err);
/* The compact form of a settings object, malloc'ed. */
enum error_code text_settings(const char *settings, char **out, struct error *err);
/* Fills 8 random characters and a NUL that no conversation has as its public id. */
enum error_code text_public_id(struct store *s, char out[STORE_ID_SIZE], struct error *err);

/* conversation */
/* A message was added or ended: moves the conversation up. */
enum error_code conversation_touch(struct store *s, int64_t conversation, int64_t when, struct error *err);
/* Something else changed. */
enum error_code conversation_revise(struct store *s, int64_t conversation, struct error *err);
enum error_code conversation_exists(struct store *s, int64_t conversation, struct error *err);
/* Makes a row with this public id (NULL: a new one). */
enum error_code conversation_insert(struct store *s, const char *public_id, int64_t when, int64_t *id,
                                    struct error *err);
/* Sets the title and its words. */
enum error_code conversation_title(struct store *s, int64_t conversation, const char *title, enum store_titled by,
                                   struct error *err);
enum error_code conversation_tag(struct store *s, int64_t conversation, const char *tag, struct error *err);

/* tree */
/* For SQL over siblings b of a message m: with the other index SQLite would go through the first messages of all
 * conversations. */
#define SIBLING_B "message b INDEXED BY message_in"
bool ids_add(struct store_ids *ids, int64_t id);
struct tree_place { int64_t conversation, parent, trashed; int32_t depth; enum store_role role; };
enum error_code tree_find(struct store *s, int64_t message, struct tree_place *out, struct error *err);
/* Inserts one row at the end of its siblings; neither leaf nor index are touched. */
struct tree_new {
    int64_t conversation, parent, created, maker, writer;
    enum store_role role;
    enum store_state state;
    const char *text;
    size_t size;
    const struct store_making *made; /* NULL: none */
};
enum error_code tree_insert(struct store *s, const struct tree_new *n, int64_t *id, struct error *err);
/* Makes message the leaf (0: the conversation is empty) and the chosen child all the way up. */
enum error_code tree_set_leaf(struct store *s, int64_t conversation, int64_t message, struct error *err);
/* Inserts a message with state complete or streaming, makes it the leaf, indexes it, moves the conversation up. What it
 * is put below comes back from the trash. */
enum error_code tree_add(struct store *s, struct tree_new *n, int64_t *id, struct error *err);
enum error_code tree_maker(struct store *s, const struct store_making *made, int64_t *id, struct error *err);
void making_free(struct store_making *made);
/* Reads columns MAKING_COLUMNS of "message m LEFT JOIN maker k". */
#define MAKING_COLUMNS \
    "k.model, k.fingerprint, k.template, k.settings, m.seed, m.finish, m.prompt_tokens, m.reused_tokens, " \
    "m.answer_tokens, m.prefill_seconds, m.first_token_seconds, m.decode_seconds"
void making_read(sqlite3_stmt *q, int column, struct store_making *out);

/* writer */
enum error_code writer_register(struct store *s, struct error *err);
enum error_code writer_forget(struct store *s, struct error *err);
enum error_code writer_sweep(struct store *s, struct error *err);

/* records */
#define RECORD_TOKEN_MAX 160 /* bytes that one packed token never passes */
bool records_pack(struct buf *out, const struct store_token *t);
/* Appends the tokens of one part; false when it is not well-formed (those before the fault are kept). */
bool records_unpack(const unsigned char *data, size_t size, struct store_records *out);
enum error_code records_add(struct store *s, int64_t message, const struct buf *packed, struct error *err);
enum error_code records_add_epoch(struct store *s, int64_t message, uint32_t number, const char *settings,
                                  struct error *err);
enum error_code records_copy(struct store *s, int64_t from, int64_t to, struct error *err);

/* reply: ends it and takes it off the store, which is about to close. */
void reply_detach(struct store_reply *r);

/* search: gives the connection the function that tells where a text matched. */
enum error_code search_register(struct store *s, struct error *err);

/* index */
bool index_words(struct buf *out, const char *text, size_t size); /* the form that is indexed and searched */
enum index_table { INDEX_TEXTS, INDEX_TITLES };
enum error_code index_add(struct store *s, enum index_table table, int64_t id, const char *text, size_t size,
                          struct error *err);
enum error_code index_drop(struct store *s, enum index_table table, int64_t id, const char *text, size_t size,
                           struct error *err);

#endif
