/* Tests of saved sessions: an answer after restoring is the one without, and what is damaged, of another model or of other
 * settings is not read. */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"
#include "engine/run/saved-folder.h"
#include "engine/run/saved.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"
#include "tests/unit/asking.h"

enum { CONTEXT = 600, PROMPT = 300, PLENTY = 1 << 30 };

static struct worker *saving_worker_start(const char *model, enum model_load load, bool exact, uint64_t most)
{
    struct error err = {0};
    struct worker *w =
        worker_start(&(struct worker_options){.model_path = source_fixture(model),
                                              .load = load,
                                              .session = {.context = CONTEXT, .threads = 2, .exact = exact},
                                              .saved_folder = test_folder,
                                              .saved_most = most},
                     &err);
    assert_non_null(w);
    while (asking_next(w).kind == EVENT_LOADING)
        ;
    assert_non_null(worker_model(w));
    return w;
}

static void fill_prompt(int32_t *ids, size_t n, int seed)
{
    for (size_t i = 0; i < n; i++)
        ids[i] = i == 0 ? 1 : 40 + (int32_t)((i * 7919 + (size_t)seed * 31) % 200);
}

/* Asks in a program of its own; tokens that came from the cache. */
static size_t ask_as(const char *model, bool exact, uint64_t most, const char *name, int seed, size_t n,
                     struct asking_result *out)
{
    int32_t ids[CONTEXT];
    struct sampling s = asking_greedy(10);
    s.temperature = 1;
    s.seed = 7;
    fill_prompt(ids, n, seed);
    struct worker *w = saving_worker_start(model, LOAD_AS_IS, exact, most);
    worker_keep(w, name);
    struct asking_result *r = asking_answer(w, ids, n, &s);
    worker_free(w);
    const size_t reused = r->last.timings.reused_tokens;
    if (out != NULL)
        *out = *r;
    buf_free(&r->text);
    free(r);
    return reused;
}

static size_t ask(const char *name, int seed, size_t n, struct asking_result *out)
{
    return ask_as("tiny-llama.gguf", false, PLENTY, name, seed, n, out);
}

static const char *file_of(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s" SAVED_SUFFIX, test_folder, name);
    return path;
}

static off_t size_of(const char *name)
{
    struct stat st;
    return stat(file_of(name), &st) == 0 ? st.st_size : -1;
}

/* ---- reading what was saved ------------------------------------------------------------------------------------- */

static void an_answer_after_restoring_is_the_same(void **state)
{
    (void)state;
    static struct asking_result fresh, restored;
    assert_int_equal(ask(NULL, 1, PROMPT + 20, &fresh), 0);
    assert_int_equal(ask("one", 1, PROMPT, NULL), 0);
    assert_int_equal(ask("one", 1, PROMPT + 20, &restored), PROMPT);
    assert_int_equal(fresh.n, restored.n);
    assert_memory_equal(fresh.ids, restored.ids, (size_t)fresh.n * sizeof *fresh.ids);
}

static void logits_after_restoring_are_the_same_bits(void **state)
{
    (void)state;
    struct error err = {0};
    int32_t ids[PROMPT];
    fill_prompt(ids, PROMPT, 2);
    ask("bits", 2, PROMPT, NULL);
    struct model *model = model_open(source_fixture("tiny-llama.gguf"), NULL, &err);
    struct event events[2];
    for (int i = 0; i < 2; i++) {
        struct worker *w = saving_worker_start("tiny-llama.gguf", LOAD_AS_IS, false, i == 0 ? PLENTY : 0);
        struct sampling s = asking_greedy(1);
        s.temperature = 1;
        worker_generate(w, ids, PROMPT, &s, &err);
        if (i == 1)
            session_forget_saved(test_folder, "bits");
        while ((events[i] = asking_next(w)).kind != EVENT_TOKEN)
            ;
        worker_free(w);
        ask("bits", 2, PROMPT, NULL);
    }
    assert_int_equal(events[0].id, events[1].id);
    assert_memory_equal(events[0].best, events[1].best, sizeof events[0].best);
    assert_true(events[0].entropy == events[1].entropy);
    model_free(model);
}

static void nothing_is_saved_without_a_name(void **state)
{
    (void)state;
    ask(NULL, 1, PROMPT, NULL);
    assert_int_equal(session_check_saved(test_folder).files, 0);
}

/* A prompt of which a part is read when the program ends: the next one reads the rest. The ring of events holds the worker
 * back, so that it can't have read all. */
static void what_is_half_read_is_kept(void **state)
{
    enum { LONG = 580, SEEN = 200 };
    (void)state;
    int32_t ids[LONG];
    struct error err = {0};
    struct sampling s = asking_greedy(4);
    fill_prompt(ids, LONG, 1);
    struct worker *w = worker_start(&(struct worker_options){.model_path = source_fixture("tiny-llama.gguf"),
                                                             .session = {.context = CONTEXT, .threads = 2, .batch = 1},
                                                             .saved_folder = test_folder,
                                                             .saved_most = PLENTY},
                                    &err);
    assert_non_null(w);
    while (asking_next(w).kind == EVENT_LOADING)
        ;
    worker_keep(w, "one");
    asking_generate(w, ids, LONG, &s);
    for (int i = 0; i < SEEN; i++)
        assert_int_equal(asking_next(w).kind, EVENT_PREFILL);
    worker_free(w);
    const size_t reused = ask("one", 1, LONG, NULL);
    assert_true(reused > 0);
    assert_true(reused < LONG - 1);
}

/* Another conversation that begins alike takes what it has in common. */
static void a_common_beginning_is_shared(void **state)
{
    (void)state;
    int32_t ids[PROMPT];
    struct sampling s = asking_greedy(4);
    ask("one", 1, PROMPT, NULL);
    fill_prompt(ids, PROMPT, 1);
    for (size_t i = 150; i < PROMPT; i++)
        ids[i] = 41;
    struct worker *w = saving_worker_start("tiny-llama.gguf", LOAD_AS_IS, false, PLENTY);
    worker_keep(w, "two");
    struct asking_result *r = asking_answer(w, ids, PROMPT, &s);
    assert_int_equal(r->last.timings.reused_tokens, 150);
    asking_result_free(r);
    worker_free(w);
    assert_int_equal(session_check_saved(test_folder).files, 2);
}

/* A conversation that takes another way is saved as that. */
static void the_newest_way_is_saved(void **state)
{
    (void)state;
    assert_int_equal(ask("one", 1, PROMPT, NULL), 0);
    assert_int_equal(ask("one", 3, PROMPT, NULL), 0);
    assert_int_equal(ask(NULL, 3, PROMPT, NULL), PROMPT - 1);
    assert_int_equal(ask(NULL, 1, PROMPT, NULL), 0);
    const struct saved_report report = session_check_saved(test_folder);
    assert_true(report.files == 1 && report.damaged == 0);
}

static void only_the_user_may_read_it(void **state)
{
    struct stat st;
    (void)state;
    ask("one", 1, PROMPT, NULL);
    assert_int_equal(stat(file_of("one"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* ---- what is not read ------------------------------------------------------------------------------------------- */

static void what_another_model_saved_is_not_read(void **state)
{
    (void)state;
    ask("one", 1, PROMPT, NULL);
    assert_int_equal(ask_as("tiny-llama3.gguf", false, PLENTY, NULL, 1, PROMPT, NULL), 0);
    assert_int_equal(ask_as("tiny-llama.gguf", true, PLENTY, NULL, 1, PROMPT, NULL), 0); /* a cache of floats */
    assert_int_equal(ask_as("tiny-llama.gguf", false, PLENTY, NULL, 1, PROMPT, NULL), PROMPT - 1);
}

/* Writes a byte into the file. */
static void damage(const char *name, off_t at)
{
    const int fd = open(file_of(name), O_RDWR);
    char byte = 0;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* Wherever it is damaged, what stands before is read, and the answer is the same. */
static void what_is_damaged_is_computed(void **state)
{
    (void)state;
    static struct asking_result fresh, r;
    ask(NULL, 1, PROMPT, &fresh);
    ask("one", 1, PROMPT, NULL);
    const off_t size = size_of("one"), records = (PROMPT + 9 + KV_BLOCK - 1) / KV_BLOCK,
                record = (size - 4096) / records;
    const off_t places[] = {0, 9, 4096, 4096 + 300, 4096 + 600, 4096 + record + 8, 4096 + 2 * record + 1000, size - 1};
    const size_t good[] = {0, 0, 0, 0, 0, 64, 128, 256};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        ask("one", 1, PROMPT, NULL);
        damage("one", places[i]);
        const size_t reused = ask(NULL, 1, PROMPT, &r);
        if (places[i] != 4096 + 300) /* between a head and its block lies nothing */
            assert_int_equal(reused, good[i]);
        assert_memory_equal(fresh.ids, r.ids, (size_t)fresh.n * sizeof *fresh.ids);
    }
}

static void what_is_cut_off_is_shorter(void **state)
{
    (void)state;
    ask("one", 1, PROMPT, NULL);
    const off_t size = size_of("one");
    for (off_t cut = size - 1; cut >= 0; cut -= size / 7) {
        struct asking_result r;
        ask("one", 1, PROMPT, NULL);
        assert_int_equal(size_of("one"), size);
        assert_int_equal(truncate(file_of("one"), cut), 0);
        assert_true(ask(NULL, 1, PROMPT, &r) < PROMPT);
    }
}

static void doctor_hears_of_damage(void **state)
{
    (void)state;
    ask("one", 1, PROMPT, NULL);
    ask("two", 2, PROMPT, NULL);
    struct saved_report report = session_check_saved(test_folder);
    assert_true(report.files == 2 && report.damaged == 0);
    assert_int_equal(report.bytes, size_of("one") + size_of("two"));
    damage("two", 6000);
    report = session_check_saved(test_folder);
    assert_true(report.files == 2 && report.damaged == 1);
}

/* ---- room ------------------------------------------------------------------------------------------------------- */

/* As if it had been written then. */
static void date(const char *name, time_t when)
{
    const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    assert_int_equal(utimensat(AT_FDCWD, file_of(name), times, 0), 0);
}

static void the_oldest_goes_first(void **state)
{
    (void)state;
    ask("one", 1, PROMPT, NULL);
    const uint64_t size = (uint64_t)size_of("one");
    ask("two", 2, PROMPT, NULL);
    date("one", 1000);
    date("two", 2000);
    assert_int_equal(ask(NULL, 1, PROMPT, NULL), PROMPT - 1); /* "two" is the older one now */
    ask_as("tiny-llama.gguf", false, 2 * size + 10, "three", 3, PROMPT, NULL);
    assert_true(size_of("one") > 0 && size_of("three") > 0);
    assert_int_equal(size_of("two"), -1);
    date("three", 3000);
    ask_as("tiny-llama.gguf", false, size + 10, "one", 1, PROMPT, NULL);
    assert_true(size_of("one") > 0 && size_of("three") == -1);
}

static void what_is_larger_than_the_room_is_cut(void **state)
{
    (void)state;
    ask("one", 1, PROMPT, NULL);
    const uint64_t record = ((uint64_t)size_of("one") - 4096) / ((PROMPT + 9 + KV_BLOCK - 1) / KV_BLOCK);
    session_forget_saved(test_folder, "one");
    ask_as("tiny-llama.gguf", false, 4096 + 2 * record + 1, "one", 1, PROMPT, NULL);
    assert_int_equal(ask(NULL, 1, PROMPT, NULL), 2 * KV_BLOCK);
    session_forget_saved(test_folder, "one");
    ask_as("tiny-llama.gguf", false, 4096, "one", 1, PROMPT, NULL);
    assert_int_equal(size_of("one"), -1);
}

static void a_folder_that_cannot_be_made_is_no_trouble(void **state)
{
    (void)state;
    char before[sizeof test_folder];
    memcpy(before, test_folder, sizeof test_folder);
    snprintf(test_folder, sizeof test_folder, "/proc/self/none/saved");
    assert_int_equal(ask("one", 1, PROMPT, NULL), 0);
    assert_int_equal(session_check_saved(test_folder).files, 0);
    memcpy(test_folder, before, sizeof test_folder);
}

/* ---- writing that ends early ------------------------------------------------------------------------------------ */

static bool stops_after_two(void *context, uint64_t left)
{
    int *n = context;
    assert_true(left > 0);
    return ++*n <= 2;
}

/* A cache of one layer with one head, whose values are its block's number. */
static void make_cache(struct kv *kv, int blocks, struct error *err)
{
    assert_true(kv_init(kv, 1, 1, 16, blocks * KV_BLOCK, true, err));
    assert_true(kv_reserve(kv, 0, blocks * KV_BLOCK, err));
    for (int i = 0; i < blocks; i++)
        memset(kv->blocks[i], i + 1, kv->block_size);
}

static void what_was_stopped_is_a_shorter_session(void **state)
{
    (void)state;
    struct kv kv, empty;
    struct error err = {0};
    int32_t ids[4 * KV_BLOCK];
    struct pool *pool = pool_new(2, &err);
    fill_prompt(ids, 4 * KV_BLOCK, 1);
    make_cache(&kv, 4, &err);
    const struct saved_session s = {.origin = 5, .kv = &kv, .ids = ids, .n = 4 * KV_BLOCK - 3};
    int n = 0;
    assert_int_equal(saved_write(test_folder, "cut", &s, PLENTY, stops_after_two, &n, &err), ERR_NONE);
    struct saved_file file = saved_find(test_folder, 5, &kv, ids, s.n, 1);
    assert_int_equal(file.common, 2 * KV_BLOCK);
    saved_close(&file);
    n = 0; /* what is there is not written again */
    assert_int_equal(saved_write(test_folder, "cut", &s, PLENTY, stops_after_two, &n, &err), ERR_NONE);
    assert_int_equal(n, 2);
    file = saved_find(test_folder, 5, &kv, ids, s.n, 1);
    assert_int_equal(file.common, s.n);
    assert_true(kv_init(&empty, 1, 1, 16, 4 * KV_BLOCK, true, &err));
    assert_int_equal(saved_read(&file, &empty, pool), s.n);
    for (int i = 0; i < 4; i++)
        assert_memory_equal(empty.blocks[i], kv.blocks[i], kv.block_size);
    saved_close(&file);
    assert_int_equal(saved_find(test_folder, 6, &kv, ids, s.n, 1).fd, -1);
    kv_free(&kv);
    kv_free(&empty);
    pool_free(pool);
}

static void what_another_program_writes_is_left_alone(void **state)
{
    (void)state;
    struct kv kv;
    struct error err = {0};
    int32_t ids[KV_BLOCK];
    fill_prompt(ids, KV_BLOCK, 1);
    make_cache(&kv, 1, &err);
    const struct saved_session s = {.origin = 5, .kv = &kv, .ids = ids, .n = KV_BLOCK};
    assert_int_equal(saved_write(test_folder, "busy", &s, PLENTY, NULL, NULL, &err), ERR_NONE);
    const int fd = open(file_of("busy"), O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(saved_write(test_folder, "busy", &s, PLENTY, NULL, NULL, &err), ERR_BUSY);
    assert_int_equal(saved_find(test_folder, 5, &kv, ids, KV_BLOCK, 1).fd, -1);
    close(fd);
    kv_free(&kv);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, test_folder_make, test_folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_answer_after_restoring_is_the_same),
        IN_FOLDER(logits_after_restoring_are_the_same_bits),
        IN_FOLDER(nothing_is_saved_without_a_name),
        IN_FOLDER(what_is_half_read_is_kept),
        IN_FOLDER(a_common_beginning_is_shared),
        IN_FOLDER(the_newest_way_is_saved),
        IN_FOLDER(only_the_user_may_read_it),
        IN_FOLDER(what_another_model_saved_is_not_read),
        IN_FOLDER(what_is_damaged_is_computed),
        IN_FOLDER(what_is_cut_off_is_shorter),
        IN_FOLDER(doctor_hears_of_damage),
        IN_FOLDER(the_oldest_goes_first),
        IN_FOLDER(what_is_larger_than_the_room_is_cut),
        IN_FOLDER(a_folder_that_cannot_be_made_is_no_trouble),
        IN_FOLDER(what_was_stopped_is_a_shorter_session),
        IN_FOLDER(what_another_program_writes_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
