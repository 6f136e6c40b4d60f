/* The full screen while another program holds the history. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "screen.h"
#include "tests/cmocka.h"

/* Another program's connection to the history. */
static sqlite3 *open_history(struct vt *t)
{
    char path[256];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/.local/share/palaver/history.db", vt_home(t));
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return sqlite3_close(db), NULL;
    sqlite3_busy_timeout(db, 60000);
    return db;
}

/* The number that a query of the database gives; 0 if it can't be asked. */
static int stored_number(struct vt *t, const char *sql)
{
    int number = 0;
    sqlite3 *db = open_history(t);
    sqlite3_stmt *s = NULL;
    if (db != NULL && sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        number = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return number;
}

/* Until it is larger. */
static void wait_for_number(struct vt *t, const char *sql, int number)
{
    for (int tries = 0; stored_number(t, sql) <= number; tries++) {
        assert_true(tries < 2000);
        vt_pause(t, 50);
    }
}

#define STORED_ANSWER "SELECT sum(length(text)) FROM message WHERE parent IS NOT NULL"

static sqlite3 *lock_history(struct vt *t)
{
    sqlite3 *db = open_history(t);
    assert_non_null(db);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void unlock_history(sqlite3 *db)
{
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_locked_history_holds_up_nothing(void **state)
{
    static const char *const words[] = {"sails", "ropes", "masts", "tides"};
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){ENDLESS, NULL});
    ask(t, "The llama");
    assert_true(vt_wait(t, "answering"));
    wait_for_number(t, STORED_ANSWER, 20);
    sqlite3 *lock = lock_history(t);
    int before = stored_number(t, STORED_ANSWER);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        vt_type(t, words[i]);
        assert_true(vt_wait(t, words[i]));
        vt_type(t, " ");
    }
    press(t, F7); /* the list is read */
    press(t, F7);
    assert_true(vt_wait(t, "can't be saved now")); /* it lasts */
    assert_int_equal(stored_number(t, STORED_ANSWER), before);
    unlock_history(lock);
    wait_for_number(t, STORED_ANSWER, before);
    wait_for_number(t, "SELECT count(*) FROM conversation WHERE draft = 'sails ropes masts tides '", 0);
    press(t, ESC);
    assert_true(vt_wait(t, "stopped"));
    quit(t);
}

static void leaving_a_locked_history_is_held_once(void **state)
{
    char command[4400];
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    exchange(t, "Stored before");
    sqlite3 *lock = lock_history(t);
    ask(t, "Kept in memory");
    assert_true(vt_wait(t, "4 tokens"));
    vt_settle(t, 300);
    press(t, "\004");
    assert_true(vt_wait(t, "Not everything is saved"));
    assert_true(vt_shows(t, "2 messages can't be saved and would be lost"));
    unlock_history(lock);
    press(t, "\r"); /* try again */
    int status = vt_wait_end(t);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(vt_is_restored(t));
    assert_false(vt_shows(t, "could not be saved"));
    snprintf(command, sizeof command, "HOME=%s %s show | grep -q 'Kept in memory'", vt_home(t), program);
    assert_int_equal(system(command), 0);
    vt_end(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_locked_history_holds_up_nothing),
        cmocka_unit_test(leaving_a_locked_history_is_held_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
