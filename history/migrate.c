/* Bringing a database to this program's schema.
 *
 * The version is SQLite's user_version. A new database gets schema.sql whole; an older one goes through the steps, all
 * in one transaction, after a copy of the file was put beside it as NAME.backup-VERSION. A fixture of each version
 * lies in tests/fixtures; the tests check that a migrated one equals schema.sql. */
#include <config.h>

#include "history/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/db.h"
#include "history/file.h"
#include "history/store.h"
#include "history/tree.h"

static const char schema[] =
#include "history/schema.sql.h"
    ;

/* steps[n] makes version n + 1 of version n. */
static const char *const steps[SCHEMA_VERSION] = {
    NULL, /* 0 is an empty database */
    "ALTER TABLE conversation ADD COLUMN preset TEXT;"
    "ALTER TABLE conversation ADD COLUMN persona TEXT;"
    "CREATE TABLE persona (name TEXT PRIMARY KEY COLLATE NOCASE, system TEXT, settings TEXT, model TEXT, "
    "template TEXT) STRICT;"
    "CREATE TABLE preset (name TEXT PRIMARY KEY COLLATE NOCASE, settings TEXT NOT NULL) STRICT;",
    TREE_CLOSE_GAPS "DROP INDEX message_in;"
                    "CREATE INDEX message_in ON message (conversation, parent, position);"
                    "CREATE INDEX message_gap ON message (conversation, parent, position) WHERE trashed IS NOT NULL;"
                    "CREATE INDEX message_trashed ON message (conversation, trashed) WHERE trashed IS NOT NULL;",
};

/* Sets *version; an empty database has 0. ERR_UNSUPPORTED when it is not ours. */
static enum error_code identify_database(struct store *s, int64_t *version, struct error *err)
{
    int64_t application = 0, tables = 0;
    if (db_number(s, err, &application, "PRAGMA application_id", "") != ERR_NONE ||
        db_version(s, version, err) != ERR_NONE ||
        db_number(s, err, &tables, "SELECT count(*) FROM sqlite_schema", "") != ERR_NONE)
        return s->failure;
    if (application != APPLICATION_ID && (application != 0 || tables != 0 || *version != 0))
        return db_refuse(s, ERR_UNSUPPORTED, err, "%s: a database, but not a history of Palaver", s->path);
    if (*version > SCHEMA_VERSION)
        return db_refuse(s, ERR_UNSUPPORTED, err,
                         "%s: made by a newer Palaver (its form is %lld, this program knows %d); it was left untouched",
                         s->path, (long long)*version, SCHEMA_VERSION);
    return ERR_NONE;
}

/* ---- backup ------------------------------------------------------------------------------------------------------ */

static enum error_code sync_file(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        enum error_code code = error_system(err, ERR_IO, errno, "%s: the backup can't be written out", path);
        if (fd >= 0)
            close(fd);
        return code;
    }
    close(fd);
    return ERR_NONE;
}

static enum error_code write_backup(struct store *s, const char *path, const char *final, struct error *err)
{
    unlink(path);
    if (file_secure(path, err) != ERR_NONE || db_run(s, err, "VACUUM INTO ?", "z", path) != ERR_NONE ||
        sync_file(path, err) != ERR_NONE)
        goto failed;
    if (rename(path, final) == 0)
        return ERR_NONE;
    error_system(err, ERR_IO, errno, "%s: the backup can't be put in place", final);
failed:
    unlink(path);
    return db_refuse(s, ERR_IO, err, "%s: the backup failed", final);
}

/* A copy of the database as it is now, beside it. */
static enum error_code back_up(struct store *s, int64_t version, struct error *err)
{
    char *final = sqlite3_mprintf("%s.backup-%lld", s->path, (long long)version);
    char *temporary = sqlite3_mprintf("%s.backup-%lld.%ld", s->path, (long long)version, (long)getpid());
    enum error_code code = final == NULL || temporary == NULL ? db_memory(s, err)
                                                              : write_backup(s, temporary, final, err);
    sqlite3_free(final);
    sqlite3_free(temporary);
    return code;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static enum error_code set_version(struct store *s, struct error *err)
{
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, SCHEMA_VERSION);
    return db_script(s, sql, err);
}

/* Runs in the transaction: another program may have done it first. */
static enum error_code apply_steps(struct store *s, struct error *err)
{
    int64_t version = 0;
    if (identify_database(s, &version, err) != ERR_NONE)
        return s->failure;
    if (version == SCHEMA_VERSION)
        return ERR_NONE;
    if (version == 0 && db_script(s, schema, err) != ERR_NONE)
        return s->failure;
    for (int64_t v = version; version > 0 && v < SCHEMA_VERSION; v++)
        if (db_script(s, steps[v], err) != ERR_NONE)
            return s->failure;
    return set_version(s, err);
}

enum error_code migrate_schema(struct store *s, struct error *err)
{
    int64_t version = 0;
    if (identify_database(s, &version, err) != ERR_NONE)
        return s->failure;
    if (version == SCHEMA_VERSION)
        return ERR_NONE;
    if (s->read_only)
        return db_refuse(s, ERR_UNSUPPORTED, err, "%s: of an older form; open it once for writing", s->path);
    if (version > 0 && back_up(s, version, err) != ERR_NONE)
        return s->failure;
    enum error_code code = txn_write(s, err);
    return code != ERR_NONE ? code : txn_end(s, apply_steps(s, err), err);
}
