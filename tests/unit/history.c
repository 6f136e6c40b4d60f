/* What the tests of the history share. */
#include <config.h>

#include "tests/unit/history.h"

#include <dirent.h>
#include <sqlite3.h>
#include <unistd.h>

static char folder[256];

const char *history_file(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    if (folder[0] == '\0') {
        const char *base = getenv("TMPDIR");
        if (base == NULL) /* thousands of commits: quicker without a disk */
            base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(folder, sizeof folder, "%s/palaver-history-XXXXXX", base);
        assert_non_null(mkdtemp(folder));
    }
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

int history_clean(void **state)
{
    (void)state;
    if (folder[0] == '\0')
        return 0;
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            unlink(history_file(entry->d_name));
    if (dir != NULL)
        closedir(dir);
    rmdir(folder);
    return 0;
}

void history_ok(enum error_code code, const struct error *err)
{
    if (code != ERR_NONE)
        fail_msg("error %d: %s", code, err->message);
}

struct store *history_open(const char *name)
{
    struct error err = {0};
    struct store *s = store_open(name != NULL ? history_file(name) : NULL, NULL, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

int64_t history_say(struct store *s, int64_t conversation, int64_t parent, enum store_role role, const char *text)
{
    struct error err = {0};
    int64_t id = 0;
    history_ok(store_append(s, conversation, parent, role, text, strlen(text), NULL, &id, &err), &err);
    return id;
}

char *history_path(struct store *s, int64_t conversation)
{
    struct error err = {0};
    struct store_ids ids = {0};
    struct store_messages messages = {0};
    struct buf line;
    buf_init(&line, 1 << 20);
    history_ok(store_current(s, conversation, &ids, &err), &err);
    history_ok(store_load(s, ids.at, ids.n, &messages, &err), &err);
    for (size_t i = 0; i < messages.n; i++)
        buf_printf(&line, "%s%s", i > 0 ? "|" : "", messages.at[i].text);
    store_ids_free(&ids);
    store_messages_free(&messages);
    return buf_take(&line);
}

int64_t history_count(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int64_t n = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

void history_sound(const char *path)
{
    assert_int_equal(history_count(path, "SELECT count(*) FROM pragma_integrity_check "
                                         "WHERE integrity_check <> 'ok'"),
                     0);
    assert_int_equal(history_count(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(history_count(path, "SELECT count(*) FROM message m JOIN message p ON p.id = m.parent "
                                         "WHERE p.conversation <> m.conversation OR m.depth <> p.depth + 1"),
                     0);
    assert_int_equal(history_count(path, "SELECT count(*) FROM conversation c JOIN message m ON m.id = c.leaf "
                                         "WHERE m.conversation <> c.id OR m.trashed IS NOT NULL"),
                     0);
    assert_int_equal(history_count(path, "SELECT count(*) FROM (SELECT 1 FROM message GROUP BY conversation, parent "
                                         "HAVING min(position) <> 0 OR max(position) + 1 <> count(*))"),
                     0);
}

char *history_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    char *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    bytes[*size] = '\0';
    fclose(f);
    return bytes;
}
