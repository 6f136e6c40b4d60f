/* Tests of migrations: each version that ever was opens, loses nothing and becomes what schema.sql makes; a newer one
 * is left alone. The fixtures tests/fixtures/history-N.db hold the same small history, written with version N. */
#include <config.h>

#include "tests/unit/history.h"
#include "tests/source.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSIONS 3 /* tests/fixtures/history-1.db to this one */

/* Copies a fixture into the test's folder. */
static const char *fixture(int version)
{
    char from[512], name[64];
    const char *source = source_folder();
    size_t size = 0;
    snprintf(from, sizeof from, "%s/tests/fixtures/history-%d.db", source, version);
    if (access(from, R_OK) != 0)
        fail_msg("%s is missing", from);
    char *bytes = history_read(from, &size);
    snprintf(name, sizeof name, "old-%d.db", version);
    const char *path = history_file(name);
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    free(bytes);
    return path;
}

/* Tables, columns and indexes as one text. */
static char *structure(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    const char *sql = "SELECT s.type, s.name, x.cid, x.name, x.type, x.\"notnull\", x.dflt_value, x.pk "
                      "FROM sqlite_schema s LEFT JOIN pragma_table_info(s.name) x ORDER BY s.type, s.name, x.cid";
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        for (int i = 0; i < 8; i++)
            buf_printf(&out, "%s|", sqlite3_column_text(q, i) ? (const char *)sqlite3_column_text(q, i) : "");
        buf_putc(&out, '\n');
    }
    sqlite3_finalize(q);
    sqlite3_close(db);
    return buf_take(&out);
}

static void check_contents(struct store *s)
{
    struct error err = {0};
    int64_t id = 0;
    history_ok(store_find(s, "sky2c0f7", &id, &err), &err);
    struct store_conversation c = {0};
    history_ok(store_conversation_get(s, id, &c, &err), &err);
    assert_string_equal(c.title, "Sky colours");
    assert_string_equal(c.system, "Be brief.");
    assert_string_equal(c.draft, "and at ni");
    assert_string_equal(c.tags[0], "physics");
    assert_true(c.pinned);
    store_conversation_free(&c);
    char *path = history_path(s, id);
    assert_string_equal(path, "Why is the sky blue?|Because short wavelengths scatter more.|And at sunset?");
    free(path);
    struct store_ids ids = {0};
    struct store_records records = {0};
    struct store_message m = {0};
    history_ok(store_current(s, id, &ids, &err), &err);
    history_ok(store_records(s, ids.at[1], &records, &err), &err);
    assert_int_equal(records.n, 2);
    assert_int_equal(records.at[1].chosen.id, 9);
    assert_string_equal(records.epochs[1], "{\"temperature\":1.4}");
    history_ok(store_message_get(s, ids.at[1], &m, &err), &err);
    assert_int_equal(m.siblings, 2);
    assert_int_equal(m.made.seed, 42);
    assert_string_equal(m.made.model, "SmolLM2-135M");
    assert_true(m.made.fingerprint == 0xfedcba9876543210u);
    store_message_free(&m);
    store_records_free(&records);
    store_ids_free(&ids);
    struct store_hits hits = {0};
    history_ok(store_search(s, &(struct store_query){.text = "天空"}, &hits, &err), &err);
    assert_int_equal(hits.n, 1);
    store_hits_free(&hits);
    struct store_conversations trash = {0};
    history_ok(store_list(s, &(struct store_list_query){.view = STORE_VIEW_TRASH}, &trash, &err), &err);
    assert_int_equal(trash.n, 1);
    store_conversations_free(&trash);
}

static void every_version_opens(void **state)
{
    (void)state;
    store_close(history_open("fresh.db"));
    char *fresh = structure(history_file("fresh.db"));
    for (int version = 1; version <= VERSIONS; version++) {
        char path[512], backup[600];
        struct error err = {0};
        struct stat st;
        snprintf(path, sizeof path, "%s", fixture(version));
        struct store *s = store_open(path, NULL, &err);
        if (s == NULL)
            fail_msg("version %d: %s", version, err.message);
        check_contents(s);
        store_close(s);
        history_sound(path);
        char *migrated = structure(path);
        assert_string_equal(migrated, fresh);
        free(migrated);
        snprintf(backup, sizeof backup, "%s.backup-%d", path, version);
        assert_int_equal(stat(backup, &st), version < VERSIONS ? 0 : -1);
        if (version == VERSIONS)
            continue;
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(history_count(backup, "PRAGMA user_version"), version);
        assert_true(history_count(backup, "SELECT count(*) FROM message") > 0);
    }
    free(fresh);
}

/* Destroyed messages left gaps between the positions of their siblings before version 3, which counts on there being
 * none. */
static void gaps_between_siblings_are_closed(void **state)
{
    (void)state;
    for (int version = 1; version < 3; version++) {
        struct error err = {0};
        const char *path = fixture(version);
        history_count(path, "UPDATE message SET position = 7 * position + 3");
        struct store *s = store_open(path, NULL, &err);
        assert_non_null(s);
        check_contents(s);
        store_close(s);
        history_sound(path);
    }
}

static void a_failed_migration_changes_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    char path[512];
    snprintf(path, sizeof path, "%s", fixture(1));
    history_count(path, "CREATE TABLE preset (something)"); /* is in the way of the step */
    assert_null(store_open(path, NULL, &err));
    assert_int_equal(history_count(path, "PRAGMA user_version"), 1);
    assert_int_equal(history_count(path, "SELECT count(*) FROM pragma_table_info('conversation') "
                                         "WHERE name = 'persona'"),
                     0);
    history_count(path, "DROP TABLE preset");
    error_clear(&err);
    struct store *s = store_open(path, NULL, &err);
    assert_non_null(s);
    check_contents(s);
    store_close(s);
}

static void reading_only_migrates_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    const char *path = fixture(1);
    assert_null(store_open(path, &(struct store_options){.read_only = true}, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_int_equal(history_count(path, "PRAGMA user_version"), 1);
}

static void a_newer_database_is_left_alone(void **state)
{
    (void)state;
    struct error err = {0};
    size_t size = 0, after = 0;
    store_close(history_open("newer.db"));
    const char *path = history_file("newer.db");
    history_count(path, "PRAGMA user_version = 99");
    char *before = history_read(path, &size);
    assert_null(store_open(path, NULL, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "newer Palaver"));
    char *now = history_read(path, &after);
    assert_int_equal(size, after);
    assert_memory_equal(before, now, size);
    free(before);
    free(now);
}

static void a_database_that_grows_newer_is_not_written_to(void **state)
{
    (void)state;
    struct error err = {0};
    int64_t id = 0;
    struct store *s = history_open("grows.db");
    history_ok(store_new(s, &id, &err), &err);
    history_count(history_file("grows.db"), "PRAGMA user_version = 99");
    assert_int_equal(store_new(s, &id, &err), ERR_UNSUPPORTED);
    store_close(s);
    assert_int_equal(history_count(history_file("grows.db"), "SELECT count(*) FROM conversation"), 1);
}

static void others_databases_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    const char *path = history_file("other.db");
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE recipe (name)", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_null(store_open(path, NULL, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_int_equal(history_count(path, "SELECT count(*) FROM sqlite_schema"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_opens),
        cmocka_unit_test(gaps_between_siblings_are_closed),
        cmocka_unit_test(a_failed_migration_changes_nothing),
        cmocka_unit_test(reading_only_migrates_nothing),
        cmocka_unit_test(a_newer_database_is_left_alone),
        cmocka_unit_test(a_database_that_grows_newer_is_not_written_to),
        cmocka_unit_test(others_databases_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
