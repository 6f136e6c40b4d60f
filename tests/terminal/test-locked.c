/* The full screen while another program holds the history. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Until the screen shows the text so many times. */
static void wait_for_times(struct vt *t, const char *text, int times)
{
    for (int tries = 0, n = 0; n < times; tries++) {
        assert_true(tries < 2000);
        n = 0;
        for (const char *at = vt_screen(t); (at = strstr(at, text)) != NULL; at++)
            n++;
        if (n < times)
            vt_pause(t, 50);
    }
}

#define ENDED_MESSAGES "SELECT count(*) FROM message WHERE parent IS NOT NULL AND state <> 1"
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
    wait_for_number(t, ENDED_MESSAGES, 0); /* the screen shows an answer's end before it is stored */
    sqlite3 *lock = lock_history(t);
    ask(t, "Kept in memory");
    wait_for_times(t, "4 tokens", 2); /* the first answer's stay on the screen */
    press(t, "\004");
    assert_true(vt_wait(t, "Not everything is saved"));
    assert_true(vt_wait(t, "2 messages can't be saved and would be lost"));
    unlock_history(lock);
    press(t, "\r"); /* try again */
    int status = vt_wait_end(t);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(vt_is_restored(t));
    assert_true(vt_wait_gone(t, "could not be saved"));
    snprintf(command, sizeof command, "HOME=%s %s show | grep -q 'Kept in memory'", vt_home(t), program);
    assert_int_equal(system(command), 0);
    vt_end(t);
}

/* Answers of a comparison come without their replies, which are opened later. */
static void a_locked_history_holds_up_no_comparison(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){"-n", "12", "--temperature", "0", NULL});
    ask(t, "go");
    assert_true(vt_wait(t, "12 tokens"));
    wait_for_number(t, ENDED_MESSAGES, 0);
    sqlite3 *lock = lock_history(t);
    vt_type(t, "/compare now temperature=3,top_k=0,top_p=1,min_p=0\r");
    assert_true(vt_wait(t, "─ temperature=3"));
    assert_true(vt_wait(t, "The sea was calm"));
    assert_true(vt_wait(t, "compared · Enter keeps one"));
    press(t, "\r");
    assert_true(vt_wait(t, "the comparison stays open"));
    unlock_history(lock);
    wait_for_number(t, ENDED_MESSAGES " AND length(text) > 20", 2);
    wait_for_number(t, "SELECT count(DISTINCT message) FROM record", 2); /* how the tokens came about is kept too */
    press(t, "\r");
    assert_true(vt_wait(t, "‹2/3›"));
    quit(t);
}

/* A summary that took long to make is not lost because another program holds the history when it is ready. */
static void a_summary_waits_for_a_locked_history(void **state)
{
    (void)state;
    struct vt *t =
        start(30, 110,
              (const char *const[]){"-n", "12", "-c", "512", "--temperature", "0", "--template", "chatml", NULL});
    for (int i = 0; i < 3; i++) {
        char question[40];
        snprintf(question, sizeof question, "Question %d", i);
        ask(t, question);
        assert_true(vt_wait(t, question));
        wait_for_number(t, ENDED_MESSAGES, 2 * i);
    }
    sqlite3 *lock = lock_history(t);
    vt_type(t, "/compact\r");
    assert_true(vt_wait(t, "waits for another program"));
    vt_type(t, "typed meanwhile");
    assert_true(vt_wait(t, "typed meanwhile"));
    unlock_history(lock);
    assert_true(vt_wait(t, "a summary stands for"));
    assert_int_equal(stored_number(t, "SELECT count(*) FROM conversation"), 2);
    quit(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_locked_history_holds_up_nothing),
        cmocka_unit_test(leaving_a_locked_history_is_held_once),
        cmocka_unit_test(a_locked_history_holds_up_no_comparison),
        cmocka_unit_test(a_summary_waits_for_a_locked_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
