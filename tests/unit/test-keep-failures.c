/* Tests of saving when something else is in the way: a full disk, a lock, a damaged database, a second program, and
 * conversations and models that came from elsewhere. What the model says does not matter. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "app/chat/chat.h"
#include "history/store.h"
#include "tests/cmocka.h"
#include "tests/unit/history.h"
#include "tests/unit/keeping.h"

/* ---- when it can't be saved ------------------------------------------------------------------------------------- */

/* A full disk: no file can grow beyond what the database's log has now. */
static void fill_disk(const struct keeping *f, bool full)
{
    struct rlimit limit;
    struct stat log;
    char path[128];
    snprintf(path, sizeof path, "%s/history.db-wal", f->folder);
    assert_int_equal(stat(path, &log), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = full ? (rlim_t)log.st_size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
}

static void tells_once_and_tries_again(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(6);
    struct error err = {0};
    keeping_say(f, "One.");
    fill_disk(f, true);
    keeping_say(f, "Two.");
    keeping_say(f, "Three.");
    assert_int_equal(f->troubles, 1);
    assert_non_null(strstr(f->remark, "can't be saved"));
    assert_int_equal(chat_count(f->chat), 6);
    assert_int_equal(chat_new(f->chat, false, &err), ERR_IO);
    error_clear(&err);
    assert_int_equal(chat_count(f->chat), 6); /* nothing is lost */
    fill_disk(f, false);
    while (f->remarks == 0)
        keeping_wait(f);
    assert_int_equal(f->remarks, 1);
    assert_int_equal(f->troubles, 1);
    keeping_assert_stored(f);
    struct store_records records = {0};
    struct store *s = keeping_look(f);
    history_ok(store_records(s, chat_message(f->chat, 5)->id, &records, &(struct error){0}), &err);
    assert_int_equal(records.n, chat_message(f->chat, 5)->timings.answer_tokens);
    store_records_free(&records);
    store_close(s);
    keeping_close(f);
}

/* Another program's lock. */
static sqlite3 *lock_history(const struct keeping *f)
{
    char path[128];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/history.db", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, KEEPING_PATIENCE * 1000);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void unlock_history(sqlite3 *db)
{
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Neither while an answer streams nor while the next message is sent; the user hears of it when it lasts. */
static void waits_for_no_lock(void **state)
{
    (void)state;
    struct keeping *f = keeping_new(-1);
    struct error err = {0};
    keeping_answer_endlessly(f);
    assert_true(keeping_chat_open(f, &err));
    keeping_settle(f);
    history_ok(chat_send(f->chat, "The llama", 9, &err), &err);
    while (f->tokens == 0)
        keeping_wait(f);
    sqlite3 *lock = lock_history(f);
    while (f->troubles == 0)
        keeping_wait(f);
    assert_non_null(strstr(f->remark, "another program"));
    chat_stop(f->chat);
    keeping_settle(f);
    struct sampling s = *chat_sampling(f->chat);
    s.max_new_tokens = 3;
    chat_set_sampling(f->chat, &s);
    keeping_say(f, "More.");
    assert_int_equal(home_store(chat_home(f->chat))->busy_since, 0); /* no call has waited */
    assert_int_equal(f->troubles, 1);
    unlock_history(lock);
    while (f->remarks == 0)
        keeping_wait(f);
    assert_int_equal(f->troubles, 1);
    keeping_assert_stored(f);
    keeping_close(f);
}

/* On leaving, the user is told how much a lock keeps from being saved, and the chat continues. */
static void waits_for_a_lock_when_it_is_left(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(4);
    struct error err = {0};
    size_t unsaved = 0;
    keeping_say(f, "One.");
    sqlite3 *lock = lock_history(f);
    keeping_say(f, "Two.");
    assert_int_equal(home_store(chat_home(f->chat))->busy_since, 0);
    assert_int_equal(chat_save_rest(f->chat, &unsaved, &err), ERR_BUSY);
    assert_int_equal(unsaved, 2);
    assert_true(home_store(chat_home(f->chat))->busy_since != 0);
    unlock_history(lock);
    error_clear(&err);
    history_ok(chat_save_rest(f->chat, &unsaved, &err), &err);
    assert_int_equal(unsaved, 0);
    keeping_assert_stored(f);
    keeping_close(f);
}

/* A history that can't be opened: the chat is a temporary one, and says why. */
static void opens_without_a_history(void **state)
{
    (void)state;
    struct keeping *f = keeping_new(4);
    struct error err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/history.db", f->folder);
    FILE *out = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database", out);
    fclose(out);
    assert_true(keeping_chat_open(f, &err));
    keeping_say(f, "One.");
    assert_int_equal(f->troubles, 1);
    assert_non_null(strstr(f->remark, "Nothing of this chat is saved"));
    assert_true(home_is_temporary(chat_home(f->chat)));
    assert_int_equal(chat_count(f->chat), 2);
    keeping_close(f);
}

/* ---- two programs ----------------------------------------------------------------------------------------------- */

static struct store *open_other(const struct keeping *f)
{
    struct error err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/history.db", f->folder);
    struct store *s = store_open(path, NULL, &err);
    assert_non_null(s);
    return s;
}

static void wait_for_remark(struct keeping *f)
{
    while (f->remarks == 0)
        keeping_wait(f);
    assert_int_equal(f->remarks, 1);
    f->remarks = 0;
}

/* Deleted by another program: the next message restores it. Destroyed: it is stored again as a whole. */
static void survives_a_deletion_elsewhere(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(4);
    struct error err = {0};
    keeping_say(f, "One.");
    struct store *other = open_other(f);
    history_ok(store_delete(other, home_conversation(chat_home(f->chat)), &err), &err);
    wait_for_remark(f);
    assert_int_equal(keeping_conversations(f), 0);
    keeping_say(f, "Two.");
    assert_int_equal(keeping_conversations(f), 1);
    assert_int_equal(chat_count(f->chat), 4);
    history_ok(store_delete(other, home_conversation(chat_home(f->chat)), &err), &err);
    history_ok(store_purge(other, home_conversation(chat_home(f->chat)), &err), &err);
    wait_for_remark(f);
    assert_int_equal(keeping_conversations(f), 0);
    keeping_say(f, "Three.");
    assert_int_equal(keeping_conversations(f), 1);
    assert_int_equal(chat_count(f->chat), 6);
    assert_int_equal(f->troubles, 0);
    keeping_assert_stored(f);
    store_close(other);
    keeping_close(f);
}

/* Two chats on one database, both streaming: both are saved, neither waits in vain. */
static void two_stream_at_once(void **state)
{
    (void)state;
    struct keeping *f = keeping_new(-1), *other = keeping_new(-1);
    struct error err = {0};
    keeping_answer_endlessly(f);
    keeping_answer_endlessly(other);
    assert_int_equal(rmdir(other->folder), 0);
    other->options.paths.data_dir = strcpy(other->folder, f->folder);
    assert_true(keeping_chat_open(f, &err) && keeping_chat_open(other, &err));
    history_ok(chat_send(f->chat, "One.", 4, &err), &err);
    history_ok(chat_send(other->chat, "Two.", 4, &err), &err);
    while (f->tokens < 300 || other->tokens < 300) {
        keeping_wait(f);
        keeping_wait(other);
    }
    chat_stop(f->chat);
    chat_stop(other->chat);
    keeping_settle(f);
    keeping_settle(other);
    assert_int_equal(f->troubles + other->troubles, 0);
    assert_int_equal(keeping_conversations(f), 2);
    keeping_assert_stored(other);
    struct sampling s = *chat_sampling(f->chat);
    s.max_new_tokens = 4;
    chat_set_sampling(f->chat, &s);
    keeping_say(f, "Three."); /* the last one now */
    assert_int_equal(f->troubles + other->troubles, 0);
    chat_free(other->chat);
    free(other);
    keeping_assert_stored(f);
    keeping_close(f);
}

/* ---- from elsewhere --------------------------------------------------------------------------------------------- */

/* A conversation that begins with a system message continues; that message stays when others are left out. */
static void continues_after_a_system_message(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(8);
    struct error err = {0};
    struct store *library = home_library(chat_home(f->chat), &err);
    int64_t id = 0, parent = 0;
    history_ok(store_new(library, &id, &err), &err);
    history_ok(store_append(library, id, 0, STORE_SYSTEM, "Be a gull.", 10, NULL, &parent, &err), &err);
    for (int i = 0; i < 12; i++) {
        char text[100];
        int size = snprintf(text, sizeof text, "Message %d of the sea, the ships, and the old gull.", i);
        history_ok(store_append(library, id, parent, i % 2 == 0 ? STORE_USER : STORE_ASSISTANT, text, (size_t)size,
                                NULL, &parent, &err),
                   &err);
    }
    history_ok(chat_open_conversation(f->chat, id, &err), &err);
    assert_int_equal(chat_count(f->chat), 13);
    assert_int_equal(chat_message(f->chat, 0)->role, ROLE_SYSTEM);
    for (int i = 0; i < 8; i++) {
        keeping_say(f, "What do you say, and what is the use of it?");
        const char *prompt = buf_text(&chat_last_prompt(f->chat)->text);
        assert_non_null(strstr(prompt, "Be a gull."));
        assert_non_null(strstr(prompt, "What do you say"));
    }
    size_t window = chat_first_visible(f->chat);
    assert_true(window > 1);
    assert_int_equal(chat_message(f->chat, window)->role, ROLE_USER);
    assert_int_equal(chat_count(f->chat), 13 + 16);
    keeping_assert_stored(f);
    keeping_close(f);
}

/* A conversation continues with its own model unless another is named. */
static void opens_the_model_of_the_conversation(void **state)
{
    (void)state;
    struct keeping *f = keeping_new(4);
    struct error err = {0};
    char other[4096], command[8400];
    snprintf(other, sizeof other, "%s/other.gguf", f->folder);
    snprintf(command, sizeof command, "cp '%s' '%s'", f->model, other);
    assert_int_equal(system(command), 0);
    f->options.model = other;
    assert_true(keeping_chat_open(f, &err));
    keeping_say(f, "One.");
    f->options.model = f->model; /* as a config file would say */
    keeping_restart(f);
    keeping_settle(f);
    assert_string_equal(chat_model_path(f->chat), other);
    assert_int_equal(remove(other), 0);
    keeping_restart(f);
    keeping_settle(f);
    assert_string_equal(chat_model_path(f->chat), f->model);
    keeping_say(f, "Two.");
    assert_int_equal(chat_count(f->chat), 4);
    keeping_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_once_and_tries_again),       cmocka_unit_test(waits_for_no_lock),
        cmocka_unit_test(waits_for_a_lock_when_it_is_left), cmocka_unit_test(opens_without_a_history),
        cmocka_unit_test(survives_a_deletion_elsewhere),    cmocka_unit_test(two_stream_at_once),
        cmocka_unit_test(continues_after_a_system_message), cmocka_unit_test(opens_the_model_of_the_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
