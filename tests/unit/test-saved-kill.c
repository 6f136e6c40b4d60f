/* Tests of saved sessions whose writing comes to no end: the process is killed, or the disk is full, at each write in turn,
 * before it and in the midst of it. Whatever is left is read only where it is what would be computed, to the bit. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"
#include "engine/run/saved.h"
#include "engine/run/session.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/unit/vectors.h"

enum { CONTEXT = 320, OLD = 200, NEW = 280, COMMON = 100, ORIGIN = 5, PLENTY = 1 << 30, WRITES_MOST = 100 };

/* ---- writes that fail ------------------------------------------------------------------------------------------- */

enum failing { FAIL_NEVER, FAIL_KILLED, FAIL_DISK_FULL };

static enum failing failing;
static int writes_left; /* before it fails */
static bool fails_midway;

/* In the place of the C library's. */
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    if (failing == FAIL_NEVER || writes_left-- > 0)
        return syscall(SYS_pwrite64, fd, bytes, size, at);
    if (fails_midway) {
        fails_midway = false;
        syscall(SYS_pwrite64, fd, bytes, size / 2, at);
    }
    if (failing == FAIL_KILLED)
        kill(getpid(), SIGKILL);
    errno = ENOSPC;
    return -1;
}

/* ---- sessions --------------------------------------------------------------------------------------------------- */

static struct model *model;
static struct runner *runner;
static struct session *old, *newer; /* two ways that a conversation went, with a common beginning */

static void fill_prompt(int32_t *ids, size_t n, int way)
{
    for (size_t i = 0; i < n; i++)
        ids[i] = i == 0 ? 1 : 40 + (int32_t)((i * 7919 + (i < COMMON ? 0 : (size_t)way * 31)) % 200);
}

static struct session *read_prompt(int way, size_t n)
{
    int32_t ids[CONTEXT];
    struct error err = {0};
    fill_prompt(ids, n, way);
    struct session *s = session_new(runner, 0, &err);
    return s != NULL && session_sync(s, ids, n, NULL, NULL, NULL, &err) == ERR_NONE ? s : NULL;
}

static int open_sessions(void **state)
{
    (void)state;
    struct error err = {0};
    char *path = vectors_path("tiny-llama.gguf");
    if (path != NULL && (model = model_open(path, NULL, &err)) != NULL)
        runner = runner_open(model, &(struct session_options){.context = CONTEXT, .threads = 2}, &err);
    free(path);
    if (runner == NULL)
        return -1;
    old = read_prompt(1, OLD);
    newer = read_prompt(2, NEW);
    return old != NULL && newer != NULL ? 0 : -1;
}

static int close_sessions(void **state)
{
    (void)state;
    session_free(old);
    session_free(newer);
    runner_free(runner);
    model_free(model);
    return 0;
}

static enum error_code save(const struct session *s, struct error *err)
{
    const struct saved_session saved = {ORIGIN, session_kv(s), session_ids(s), session_length(s)};
    return saved_write(test_folder, "talk", &saved, PLENTY, NULL, NULL, err);
}

/* Saves in a program of its own whose write number n fails so; what became of the program. */
static int save_failing(const struct session *s, enum failing how, int n, bool midway)
{
    int status = -1;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error err = {0};
        failing = how;
        writes_left = n;
        fails_midway = midway;
        const enum error_code code = save(s, &err);
        _exit(code == ERR_NONE ? 0 : code == ERR_IO && strstr(err.message, "talk") != NULL ? 1 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Reads what the folder has of a session. All of it is as it was computed, and so is what follows from it. Returns how
 * much there is. */
static size_t check_restored(const struct session *s)
{
    struct error err = {0};
    const struct kv *kv = session_kv(s);
    struct pool *pool = pool_new(2, &err);
    struct session *restored = session_new(runner, 0, &err);
    struct saved_file file = saved_find(test_folder, ORIGIN, kv, session_ids(s), session_length(s), 1);
    struct kv read = *kv;
    read.blocks = calloc((size_t)kv->capacity / KV_BLOCK, sizeof *read.blocks);
    const size_t n = file.fd >= 0 ? saved_read(&file, &read, pool) : 0;
    if (n > 0)
        session_take(restored, &read, session_ids(s), n);
    size_t reused;
    assert_int_equal(session_sync(restored, session_ids(s), session_length(s), NULL, NULL, &reused, &err), ERR_NONE);
    assert_true(reused == n || reused == n - 1);
    assert_memory_equal(session_logits(restored), session_logits(s), (size_t)model_info(model)->vocab * sizeof(float));
    for (size_t i = 0; i < session_length(s) / KV_BLOCK; i++)
        assert_memory_equal(session_kv(restored)->blocks[i], kv->blocks[i], kv->block_size);
    saved_close(&file);
    kv_free(&read);
    session_free(restored);
    pool_free(pool);
    return n;
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

/* What a failure left can be read as far as it goes, written to, and is whole again. */
static void check_aftermath(void)
{
    struct error err = {0};
    check_restored(old);
    check_restored(newer);
    assert_int_equal(save(newer, &err), ERR_NONE);
    assert_int_equal(check_restored(newer), NEW);
    const struct saved_report report = session_check_saved(test_folder);
    assert_true(report.files == 1 && report.damaged == 0);
    session_forget_saved(test_folder, "talk");
}

/* Every write of a first session, and of one that replaces a part of another. */
static void a_program_killed_while_saving_leaves_nothing_false(void **state)
{
    (void)state;
    struct error err = {0};
    for (int variant = 0; variant < 4; variant++) {
        int n = 0, status = 0;
        do {
            if (variant >= 2)
                assert_int_equal(save(old, &err), ERR_NONE);
            status = save_failing(newer, FAIL_KILLED, n++, variant % 2 == 1);
            assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
            check_aftermath();
        } while (WIFSIGNALED(status) && n < WRITES_MOST);
        assert_true(WIFEXITED(status));
        assert_true(n > 3 * (NEW - COMMON) / KV_BLOCK); /* each record is three writes */
    }
}

/* What was complete before stays, and what is broken is cut off at once: a full disk is a shorter session. */
static void a_full_disk_leaves_whole_records_alone(void **state)
{
    (void)state;
    struct error err = {0};
    for (int variant = 0; variant < 4; variant++) {
        int n = 0, status = 0;
        do {
            if (variant >= 2)
                assert_int_equal(save(old, &err), ERR_NONE);
            status = save_failing(newer, FAIL_DISK_FULL, n++, variant % 2 == 1);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
            assert_int_equal(session_check_saved(test_folder).damaged, 0);
            assert_true(check_restored(newer) >= (variant >= 2 ? KV_BLOCK : 0));
            check_aftermath();
        } while (WEXITSTATUS(status) == 1 && n < WRITES_MOST);
        assert_int_equal(status, 0);
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, test_folder_make, test_folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_program_killed_while_saving_leaves_nothing_false),
        IN_FOLDER(a_full_disk_leaves_whole_records_alone),
    };
    return cmocka_run_group_tests(tests, open_sessions, close_sessions);
}
