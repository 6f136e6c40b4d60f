/* Tests of the history when things go wrong: a full disk, I/O errors, locks, missing permissions, other programs. Each
 * time: a clear message, nothing lost, and the program goes on. */
#include <config.h>

#include "tests/unit/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "history/store.h"
#include "tests/unit/vfs-faulty.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- failing writes ---------------------------------------------------------------------------------------------- */

/* What the scenario was told had succeeded. */
struct done {
    int64_t conversation, question, answer;
    bool finished;
    char title[32];
};

static bool tolerable(enum error_code code)
{
    return code == ERR_NONE || code == ERR_IO;
}

/* Asks, streams, renames, with errors wherever they come. Returns the reply, which may be unfinished. */
static struct store_reply *scenario(struct store *s, struct done *d, int round)
{
    struct error err = {0};
    struct store_reply *r = NULL;
    char title[32];
    int64_t id = 0;
    *d = (struct done){0};
    if (!tolerable(store_new(s, &id, &err)) || err.code != ERR_NONE)
        return NULL;
    d->conversation = id;
    if (store_append(s, id, 0, STORE_USER, "question", 8, NULL, &d->question, &err) != ERR_NONE)
        return NULL;
    snprintf(title, sizeof title, "round %d", round);
    if (store_rename(s, id, title, STORE_TITLED_BY_HAND, &err) == ERR_NONE)
        strcpy(d->title, title);
    error_clear(&err);
    r = store_reply_begin(s, id, d->question, STORE_ASSISTANT, NULL, &err);
    if (r == NULL)
        return NULL;
    d->answer = store_reply_message(r);
    for (int i = 0; i < 5; i++) {
        assert_true(tolerable(store_reply_append(r, "abc ", 4, NULL, &(struct error){0})));
        assert_true(tolerable(store_reply_flush(r, &(struct error){0})));
    }
    d->finished = store_reply_finish(r, STORE_COMPLETE, NULL, &(struct error){0}) == ERR_NONE;
    return r;
}

static void check_done(struct store *s, const struct done *d)
{
    struct error err = {0};
    struct store_message m = {0};
    struct store_conversation c = {0};
    if (d->question != 0) {
        history_ok(store_message_get(s, d->question, &m, &err), &err);
        assert_string_equal(m.text, "question");
        store_message_free(&m);
    }
    if (d->title[0] != '\0') {
        history_ok(store_conversation_get(s, d->conversation, &c, &err), &err);
        assert_string_equal(c.title, d->title);
        store_conversation_free(&c);
    }
    if (d->answer != 0) {
        history_ok(store_message_get(s, d->answer, &m, &err), &err);
        assert_string_equal(m.text, "abc abc abc abc abc ");
        assert_int_equal(m.state, STORE_COMPLETE);
        store_message_free(&m);
    }
}

/* One round with the n-th operation failing; returns whether it came to that. */
static bool round_with_fault(int n, int code, bool once)
{
    struct error err = {0};
    struct done d;
    const char *path = history_file("faults.db");
    faults = (struct faults){.after = -1};
    struct store *s = store_open(path, &(struct store_options){.vfs = "faulty"}, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    faults = (struct faults){.after = n, .code = code, .once = once};
    struct store_reply *r = scenario(s, &d, n);
    bool came = faults.failed > 0;
    faults.after = -1; /* the disk has room again: all goes on */
    if (r != NULL)
        history_ok(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err);
    check_done(s, &d);
    store_reply_free(r);
    store_close(s);
    s = store_open(path, NULL, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    check_done(s, &d);
    store_close(s);
    return came;
}

static void every_write_may_fail(void **state)
{
    (void)state;
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE};
    int rounds = 0;
    for (size_t k = 0; k < 4; k++) {
        int n = 0;
        while (round_with_fault(n, codes[k % 2], k >= 2) && n < 300)
            n += n < 20 ? 1 : 7;
        rounds += n;
        assert_true(n > 20 && n < 300);
        history_sound(history_file("faults.db"));
    }
    print_message("failed at %d different operations\n", rounds);
}

static void opening_may_fail(void **state)
{
    (void)state;
    bool came = true;
    int n;
    for (n = 0; came && n < 300; n++) {
        struct error err = {0};
        remove(history_file("open.db"));
        remove(history_file("open.db-wal"));
        remove(history_file("open.db-journal"));
        faults = (struct faults){.after = n, .code = SQLITE_FULL};
        struct store *s = store_open(history_file("open.db"), &(struct store_options){.vfs = "faulty"}, &err);
        came = faults.failed > 0;
        assert_true(s != NULL || err.code == ERR_IO);
        faults.after = -1;
        store_close(s);
        s = history_open("open.db"); /* what was left is good enough to begin with */
        store_close(s);
    }
    assert_true(n > 5 && n < 300);
    history_sound(history_file("open.db"));
}

static void reading_may_fail(void **state)
{
    (void)state;
    struct error err = {0};
    int64_t c = 0, last = 0;
    struct store *s = history_open("read.db");
    history_ok(store_new(s, &c, &err), &err);
    for (int i = 0; i < 50; i++)
        last = history_say(s, c, last, STORE_USER, "some text of a message");
    store_close(s);
    size_t failed = 0;
    for (int n = 0; n < 60; n++) {
        faults = (struct faults){.after = -1};
        s = store_open(history_file("read.db"), &(struct store_options){.vfs = "faulty"}, &err);
        assert_non_null(s);
        faults = (struct faults){.after = n, .code = SQLITE_IOERR_READ, .reads = true};
        struct store_ids ids = {0};
        struct store_hits hits = {0};
        struct error e = {0};
        enum error_code code = store_current(s, c, &ids, &e);
        if (code == ERR_NONE)
            code = store_search(s, &(struct store_query){.text = "mess"}, &hits, &e);
        assert_true(tolerable(code));
        failed += code != ERR_NONE;
        faults.after = -1;
        store_ids_free(&ids);
        store_hits_free(&hits);
        history_ok(store_current(s, c, &ids, &err), &err);
        assert_int_equal(ids.n, 50);
        store_ids_free(&ids);
        store_close(s);
    }
    assert_true(failed > 3);
}

static void a_full_disk_is_named(void **state)
{
    (void)state;
    struct error err = {0};
    int64_t id = 0;
    faults = (struct faults){.after = -1};
    struct store *s = store_open(history_file("full.db"), &(struct store_options){.vfs = "faulty"}, &err);
    faults = (struct faults){.after = 0, .code = SQLITE_FULL};
    assert_int_equal(store_new(s, &id, &err), ERR_IO);
    assert_non_null(strstr(err.message, "disk is full"));
    faults.after = -1;
    store_close(s);
}

/* In a child with a file system of its own, 400 kB large. Returns 77 when that is not permitted. */
static int on_a_small_disk(const char *folder)
{
    struct error err = {0};
    char path[600];
    int64_t c = 0;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=400k") != 0)
        return 77;
    snprintf(path, sizeof path, "%s/ballast", folder);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    char kilobyte[1024] = {1};
    for (int i = 0; i < 100; i++)
        if (write(fd, kilobyte, sizeof kilobyte) < 0)
            return 2;
    close(fd);
    char database[600];
    snprintf(database, sizeof database, "%s/h.db", folder);
    struct store *s = store_open(database, NULL, &err);
    if (s == NULL || store_new(s, &c, &err) != ERR_NONE)
        return 3;
    struct store_reply *r = store_reply_begin(s, c, 0, STORE_ASSISTANT, NULL, &err);
    size_t size = 0;
    enum error_code code = ERR_NONE;
    while (r != NULL && code == ERR_NONE && size < 1000000) {
        code = store_reply_append(r, kilobyte, sizeof kilobyte, NULL, &err);
        if (code == ERR_NONE)
            code = store_reply_flush(r, &err);
        size += sizeof kilobyte;
    }
    if (code != ERR_IO || strstr(err.message, "disk is full") == NULL)
        return 4;
    unlink(path); /* room again */
    error_clear(&err);
    if (store_reply_finish(r, STORE_COMPLETE, NULL, &err) != ERR_NONE)
        return 5;
    struct store_message m = {0};
    if (store_message_get(s, store_reply_message(r), &m, &err) != ERR_NONE || m.size != size)
        return 6;
    store_message_free(&m);
    store_reply_free(r);
    store_close(s);
    return 0;
}

static int in_child(int (*run)(const char *folder), const char *folder)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(run(folder));
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void a_small_disk_fills_up(void **state)
{
    (void)state;
    char folder[512];
    snprintf(folder, sizeof folder, "%s", history_file("small"));
    assert_int_equal(mkdir(folder, 0700), 0);
    int code = in_child(on_a_small_disk, folder);
    rmdir(folder);
    if (code == 77)
        skip(); /* mounting is not permitted here */
    assert_int_equal(code, 0);
}

/* ---- permissions ------------------------------------------------------------------------------------------------ */

static int without_rights(const char *folder)
{
    struct error err = {0};
    char path[600];
    if (geteuid() == 0 && setuid(65534) != 0)
        return 77;
    snprintf(path, sizeof path, "%s/new.db", folder);
    if (store_open(path, NULL, &err) != NULL || err.code != ERR_IO || strstr(err.message, "new.db") == NULL)
        return 1;
    error_clear(&err);
    snprintf(path, sizeof path, "%s/sub/new.db", folder);
    if (store_open(path, NULL, &err) != NULL || err.code != ERR_IO || strstr(err.message, "Permission denied") == NULL)
        return 2;
    struct store *s = store_open(NULL, NULL, &err); /* the program goes on with a temporary one */
    store_close(s);
    return s == NULL ? 3 : 0;
}

static void a_folder_may_be_read_only(void **state)
{
    (void)state;
    char folder[512];
    snprintf(folder, sizeof folder, "%s", history_file("closed"));
    assert_int_equal(mkdir(folder, 0500), 0);
    chmod(history_file("."), 0711);
    int code = in_child(without_rights, folder);
    rmdir(folder);
    if (code == 77)
        skip();
    assert_int_equal(code, 0);
}

/* ---- locks and other programs ------------------------------------------------------------------------------------ */

static void a_lock_is_waited_for_and_then_named(void **state)
{
    (void)state;
    struct error err = {0};
    int64_t c = 0;
    sqlite3 *db = NULL;
    struct store *s = store_open(history_file("lock.db"), &(struct store_options){.busy_ms = 100}, &err);
    assert_non_null(s);
    history_ok(store_new(s, &c, &err), &err);
    struct store_reply *r = store_reply_begin(s, c, 0, STORE_ASSISTANT, NULL, &err);
    assert_int_equal(sqlite3_open(history_file("lock.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    history_ok(store_reply_append(r, "kept", 4, NULL, &err), &err);
    double start = now_ms();
    assert_int_equal(store_reply_flush(r, &err), ERR_BUSY);
    assert_non_null(strstr(err.message, "another program"));
    assert_true(now_ms() - start < 1500);
    assert_true(store_reply_due(r) > 200); /* it doesn't try with every token */
    char *path = history_path(s, c);       /* reading goes on */
    assert_string_equal(path, "");
    free(path);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
    error_clear(&err);
    history_ok(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err);
    path = history_path(s, c);
    assert_string_equal(path, "kept");
    free(path);
    store_reply_free(r);
    store_close(s);
}

static void without_patience_a_lock_is_not_waited_for(void **state)
{
    (void)state;
    struct error err = {0};
    int64_t c = 0, m = 0;
    sqlite3 *db = NULL;
    struct store *s = history_open("hasty.db");
    history_ok(store_new(s, &c, &err), &err);
    struct store_reply *r = store_reply_begin(s, c, 0, STORE_ASSISTANT, NULL, &err);
    history_ok(store_reply_append(r, "kept", 4, NULL, &err), &err);
    assert_int_equal(sqlite3_open(history_file("hasty.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    store_set_patience(s, 0);
    assert_int_equal(store_append(s, c, 0, STORE_USER, "a", 1, NULL, &m, &err), ERR_BUSY);
    assert_int_equal(store_reply_flush(r, &err), ERR_BUSY);
    assert_int_equal(s->busy_since, 0); /* no wait ever began */
    assert_in_range(store_reply_due(r), 0, 100);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
    error_clear(&err);
    history_ok(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err);
    char *path = history_path(s, c);
    assert_string_equal(path, "kept");
    free(path);
    store_reply_free(r);
    store_close(s);
}

/* One of several programs that work at once. */
static int busy_program(const char *path)
{
    struct error err = {0};
    int64_t c = 0;
    struct store *s = store_open(path, &(struct store_options){.busy_ms = 60000}, &err); /* the machine may be slow */
    if (s == NULL || store_new(s, &c, &err) != ERR_NONE)
        goto failed;
    for (int round = 0; round < 8; round++) {
        struct store_reply *r = store_reply_begin(s, c, 0, STORE_ASSISTANT, NULL, &err);
        for (int i = 0; r != NULL && err.code == ERR_NONE && i < 20; i++)
            if (store_reply_append(r, "x", 1, NULL, &err) == ERR_NONE)
                store_reply_flush(r, &err);
        if (r == NULL || err.code != ERR_NONE || store_reply_finish(r, STORE_COMPLETE, NULL, &err) != ERR_NONE)
            goto failed;
        struct store_conversations list = {0};
        if (store_list(s, &(struct store_list_query){.view = STORE_VIEW_CURRENT}, &list, &err) != ERR_NONE)
            goto failed;
        store_conversations_free(&list);
        store_reply_free(r);
    }
    store_close(s);
    return 0;
failed:
    fprintf(stderr, "%s\n", err.message);
    return 1;
}

static void several_programs_work_at_once(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", history_file("several.db"));
    pid_t children[4];
    for (int i = 0; i < 4; i++) /* none has made the database yet */
        if ((children[i] = fork()) == 0)
            _exit(busy_program(path));
    for (int i = 0; i < 4; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(history_count(path, "SELECT count(*) FROM message WHERE state = 0 AND length(text) = 20"), 32);
    history_sound(path);
}

static void what_another_deletes_does_not_upset(void **state)
{
    (void)state;
    struct error err = {0};
    int64_t c = 0;
    struct store *s = history_open("gone.db"), *other = history_open("gone.db");
    history_ok(store_new(s, &c, &err), &err);
    struct store_reply *r = store_reply_begin(s, c, 0, STORE_ASSISTANT, NULL, &err);
    history_ok(store_delete(other, c, &err), &err);
    assert_true(store_changed(s));
    history_ok(store_reply_append(r, "still here", 10, NULL, &err), &err);
    history_ok(store_reply_flush(r, &err), &err); /* in the trash it goes on */
    history_ok(store_purge(other, c, &err), &err);
    history_ok(store_reply_append(r, "!", 1, NULL, &err), &err);
    assert_int_equal(store_reply_flush(r, &err), ERR_NOT_FOUND);
    store_reply_free(r);
    error_clear(&err);
    history_ok(store_new(s, &c, &err), &err);
    store_close(s);
    store_close(other);
    history_sound(history_file("gone.db"));
}

/* ---- no trace --------------------------------------------------------------------------------------------------- */

static int open_files(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n;
}

static void a_temporary_store_touches_no_file(void **state)
{
    (void)state;
    struct error err = {0};
    int before = open_files(), most = before;
    int64_t c = 0, last = 0;
    struct store *s = history_open(NULL);
    history_ok(store_new(s, &c, &err), &err);
    char *text = malloc(1 << 20);
    memset(text, 'x', 1 << 20);
    history_ok(store_begin(s, &err), &err);
    for (int i = 0; i < 40; i++) {
        history_ok(store_append(s, c, last, STORE_USER, text, 1 << 20, NULL, &last, &err), &err);
        most = open_files() > most ? open_files() : most;
    }
    history_ok(store_end(s, true, &err), &err);
    struct store_hits hits = {0};
    history_ok(store_search(s, &(struct store_query){.text = "x"}, &hits, &err), &err);
    store_hits_free(&hits);
    assert_string_equal(store_path(s), "");
    assert_int_equal(most, before);
    store_close(s);
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    vfs_faulty_register();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_write_may_fail),
        cmocka_unit_test(opening_may_fail),
        cmocka_unit_test(reading_may_fail),
        cmocka_unit_test(a_full_disk_is_named),
        cmocka_unit_test(a_small_disk_fills_up),
        cmocka_unit_test(a_folder_may_be_read_only),
        cmocka_unit_test(a_lock_is_waited_for_and_then_named),
        cmocka_unit_test(without_patience_a_lock_is_not_waited_for),
        cmocka_unit_test(several_programs_work_at_once),
        cmocka_unit_test(what_another_deletes_does_not_upset),
        cmocka_unit_test(a_temporary_store_touches_no_file),
    };
    return cmocka_run_group_tests(tests, set_up, history_clean);
}
