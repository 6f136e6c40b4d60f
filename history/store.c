/* Opening and closing the database, and noticing what other programs write. */
#include <config.h>

#include "history/store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/folder.h"
#include "history/db.h"
#include "history/file.h"
#include "history/history.h"
#include "history/migrate.h"
#include "history/reply.h"
#include "history/search.h"
#include "history/writer.h"

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* Called by SQLite while another program has the lock; returns 0 to give up. SQLite's own waiting soon sleeps for 100
 * ms at a time and can miss the lock again and again when others write often; ours asks every few milliseconds. */
static int wait_for_lock(void *context, int times)
{
    struct store *s = context;
    if (s->busy_ms == 0)
        return 0;
    if (times == 0)
        s->busy_since = clock_milliseconds();
    if (clock_milliseconds() - s->busy_since >= s->busy_ms)
        return 0;
    long ms = 1 + (times + getpid()) % (times < 5 ? 2 : 5); /* not in step with others that wait */
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
    return 1;
}

/* In a folder that can't be written SQLite could not make its -shm; without a -wal no program writes there, and the
 * file can be read as it is. Appends a URI that says so; false when this is not such a case. */
static bool name_immutable(const char *path, struct buf *uri)
{
    struct buf other;
    buf_init(&other, 4096);
    buf_printf(&other, "%s-wal", path);
    bool has_writers = access(buf_text(&other), F_OK) == 0;
    buf_clear(&other);
    const char *slash = strrchr(path, '/');
    buf_printf(&other, "%.*s", slash != NULL ? (int)(slash - path) : 1, slash != NULL ? path : ".");
    bool closed = other.size > 0 && access(buf_text(&other), W_OK) != 0;
    buf_free(&other);
    if (has_writers || !closed)
        return false;
    buf_puts(uri, "file:");
    for (const char *c = path; *c != '\0'; c++)
        buf_printf(uri, strchr("%?#", *c) != NULL ? "%%%02X" : "%c", (unsigned char)*c);
    return buf_puts(uri, "?immutable=1");
}

static enum error_code connect_database(struct store *s, const struct store_options *o, struct error *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const char *name = s->path;
    struct buf uri;
    buf_init(&uri, 4 * 4096);
    if (s->path[0] == '\0') {
        name = ":memory:";
        flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    } else {
        flags |= o->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
        if (!o->read_only && (folder_make_for(s->path, err) != ERR_NONE || file_secure(s->path, err) != ERR_NONE))
            return db_refuse(s, ERR_IO, err, "%s: can't be made", s->path);
        if (o->read_only && name_immutable(s->path, &uri)) {
            flags |= SQLITE_OPEN_URI;
            name = buf_text(&uri);
        }
    }
    int code = sqlite3_open_v2(name, &s->db, flags, o->vfs);
    buf_free(&uri);
    if (s->db == NULL)
        return db_memory(s, err);
    if (code != SQLITE_OK)
        return db_fail(s, err);
    store_set_patience(s, o->busy_ms != 0 ? o->busy_ms : 2000);
    sqlite3_busy_handler(s->db, wait_for_lock, s);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    return db_script(s,
                     "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
                     "PRAGMA cell_size_check = ON; PRAGMA cache_size = -4000; PRAGMA synchronous = FULL; "
                     "PRAGMA secure_delete = ON;",
                     err);
}

/* Switching to WAL takes the whole database for a moment, and SQLite does not wait for that by itself. */
static enum error_code use_wal(struct store *s, struct error *err)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        int code =
            sqlite3_exec(s->db, "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216", NULL, NULL, NULL);
        if (code == SQLITE_OK)
            return ERR_NONE;
        if ((code & 0xff) != SQLITE_BUSY || s->busy_ms == 0)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return db_fail(s, err);
}

static enum error_code prepare_database(struct store *s, const struct store_options *o, struct error *err)
{
    if (connect_database(s, o, err) != ERR_NONE || migrate_schema(s, err) != ERR_NONE ||
        search_register(s, err) != ERR_NONE)
        return s->failure;
    if (!s->read_only && use_wal(s, err) != ERR_NONE)
        return s->failure;
    if (!s->read_only && writer_sweep(s, err) != ERR_NONE)
        return s->failure;
    store_changed(s);
    return ERR_NONE;
}

struct store *store_open(const char *path, const struct store_options *options, struct error *err)
{
    static const struct store_options none;
    const struct store_options *o = options != NULL ? options : &none;
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL || (s->path = strdup(path != NULL ? path : "")) == NULL) {
        free(s);
        error_memory(err);
        return NULL;
    }
    s->now = o->now != NULL ? o->now : clock_wall;
    s->read_only = o->read_only;
    if (path != NULL && path[0] == '\0')
        error_set(err, ERR_ARGUMENT, "the history's file name is empty");
    else if (prepare_database(s, o, err) == ERR_NONE)
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    while (s->replies != NULL)
        reply_detach(s->replies);
    if (s->writer != 0)
        writer_forget(s, NULL);
    db_close_statements(s);
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

void store_set_patience(struct store *s, int ms)
{
    s->busy_ms = ms > 0 ? ms : 0;
}

const char *store_path(const struct store *s)
{
    return s->path;
}

/* ---- watching ---------------------------------------------------------------------------------------------------- */

bool store_changed(struct store *s)
{
    int64_t version = 0;
    if (db_number(s, NULL, &version, "PRAGMA data_version", "") != ERR_NONE || version == s->data_version)
        return false;
    s->data_version = version;
    return true;
}
