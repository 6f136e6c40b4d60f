/* Tests of the session: what is reused, what is refused, stopping, and that scores agree with logits. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/run/kv.h"
#include "engine/model/model.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { CONTEXT = 200 };

static struct model *model;

static int open_model(void **state)
{
    (void)state;
    char *path = vectors_path("tiny-gqa.gguf");
    path = path != NULL ? path : vectors_path("tiny-llama.gguf");
    struct error err = {0};
    if (path != NULL && (model = model_open(path, NULL, &err)) == NULL)
        print_message("%s\n", err.message);
    free(path);
    return path != NULL && model == NULL ? -1 : 0;
}

static int close_model(void **state)
{
    (void)state;
    model_free(model);
    return 0;
}

static struct session *open_session(int32_t batch)
{
    if (model == NULL) {
        print_message("the model is not here: skipped\n");
        skip();
    }
    const struct session_options options = {.context = CONTEXT, .threads = 2, .batch = batch};
    struct error err = {0};
    struct session *s = session_open(model, &options, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

static void fill_ids(int32_t *ids, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        ids[i] = (int32_t)((i * 7919 + seed * 31 + 5) % (size_t)model_info(model)->vocab);
}

static size_t reused_by(struct session *s, const int32_t *ids, size_t n)
{
    size_t reused = 9999;
    assert_int_equal(session_sync(s, ids, n, NULL, NULL, &reused, NULL), ERR_NONE);
    assert_int_equal(session_length(s), n);
    assert_non_null(session_logits(s));
    return reused;
}

static void the_common_prefix_is_reused(void **state)
{
    (void)state;
    struct session *s = open_session(0);
    int32_t ids[100], other[100];
    assert_null(session_logits(s));
    assert_int_equal(session_length(s), 0);
    fill_ids(ids, 100, 1);
    memcpy(other, ids, sizeof ids);
    other[60] += 1;
    assert_int_equal(reused_by(s, ids, 100), 0);
    assert_int_equal(reused_by(s, ids, 100), 100);
    assert_int_equal(reused_by(s, other, 100), 60);
    assert_int_equal(reused_by(s, other, 80), 79);
    assert_int_equal(session_push(s, other[80], NULL), ERR_NONE);
    assert_int_equal(reused_by(s, other, 81), 81);
    assert_int_equal(reused_by(s, other, 100), 81);
    session_free(s);
}

static void reuse_changes_no_bit(void **state)
{
    (void)state;
    struct session *fresh = open_session(0), *used = open_session(7);
    const size_t size = (size_t)model_info(model)->vocab * sizeof(float);
    int32_t ids[100];
    fill_ids(ids, 100, 2);
    reused_by(fresh, ids, 100);
    fill_ids(ids, 90, 3);
    reused_by(used, ids, 90);
    fill_ids(ids, 100, 2);
    reused_by(used, ids, 40);
    for (int i = 40; i < 100; i++)
        assert_int_equal(session_push(used, ids[i], NULL), ERR_NONE);
    assert_memory_equal(session_logits(fresh), session_logits(used), size);
    reused_by(used, ids, 50);
    reused_by(used, ids, 100);
    assert_memory_equal(session_logits(fresh), session_logits(used), size);
    session_free(fresh);
    session_free(used);
}

static void too_much_is_refused(void **state)
{
    (void)state;
    struct session *s = open_session(0);
    int32_t ids[CONTEXT + 1];
    fill_ids(ids, CONTEXT + 1, 4);
    struct error err = {0};
    assert_int_equal(session_capacity(s), CONTEXT);
    assert_int_equal(session_sync(s, ids, CONTEXT + 1, NULL, NULL, NULL, &err), ERR_CONTEXT);
    assert_non_null(strstr(err.message, "--ctx"));
    assert_int_equal(session_score(s, ids, CONTEXT + 1, NULL, NULL, NULL, NULL), ERR_CONTEXT);
    assert_int_equal(reused_by(s, ids, CONTEXT), 0);
    assert_int_equal(session_push(s, 1, NULL), ERR_CONTEXT);
    assert_int_equal(session_length(s), CONTEXT);
    ids[3] = model_info(model)->vocab;
    assert_int_equal(session_sync(s, ids, 5, NULL, NULL, NULL, NULL), ERR_ARGUMENT);
    ids[3] = -1;
    assert_int_equal(session_sync(s, ids, 5, NULL, NULL, NULL, NULL), ERR_ARGUMENT);
    assert_int_equal(session_length(s), CONTEXT);
    session_free(s);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    session_free(open_session(0));
    static const struct session_options wrong[] = {
        {.context = -1}, {.context = 2000000}, {.threads = -1}, {.threads = 100000}, {.batch = -1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error err = {0};
        assert_null(session_open(model, &wrong[i], &err));
        assert_int_equal(err.code, ERR_ARGUMENT);
    }
}

/* A name that is none, or none that this processor can run, is not passed over. */
static void unknown_kernels_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    const char *chosen = getenv("PALAVER_KERNELS");
    char *before = chosen != NULL ? strdup(chosen) : NULL;
    setenv("PALAVER_KERNELS", "avx3", 1);
    assert_null(session_open(model, &(struct session_options){.context = 50}, &err));
    assert_int_equal(err.code, ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "'avx3'"));
    assert_non_null(strstr(err.message, "portable"));
    setenv("PALAVER_KERNELS", "portable", 1);
    struct session *s = open_session(0);
    assert_string_equal(session_kernels(s), "portable");
    session_free(s);
    unsetenv("PALAVER_KERNELS");
    if (before != NULL)
        setenv("PALAVER_KERNELS", before, 1);
    free(before);
}

static void a_cache_larger_than_memory_is_refused(void **state)
{
    (void)state;
    struct kv kv;
    struct error err = {0};
    assert_false(kv_init(&kv, 126, 128, 1024, 1 << 20, true, &err));
    assert_int_equal(err.code, ERR_MEMORY);
    assert_non_null(strstr(err.message, "--ctx"));
    assert_non_null(strstr(err.message, "1048576"));
    kv_free(&kv);
    assert_true(kv_init(&kv, 2, 3, 20, 100, true, &err));
    assert_int_equal(kv.capacity, 128);
    assert_true(kv_reserve(&kv, 0, 128, &err));
    assert_ptr_equal(kv_keys(&kv, 0, 0, 64), kv.blocks[1]);
    assert_ptr_equal(kv_keys(&kv, 0, 0, 63), kv.blocks[0]);
    assert_true((char *)kv_values(&kv, 1, 2, 127) + 64 * 32 * 2 <= kv.blocks[1] + kv.block_size);
    kv_free(&kv);
}

struct watch {
    size_t calls, last, total, stop_at;
};

static bool watch(void *context, size_t done, size_t total)
{
    struct watch *w = context;
    assert_true(done >= w->last && done <= total);
    w->calls++;
    w->last = done;
    w->total = total;
    return done < w->stop_at;
}

static void progress_is_told_and_stops(void **state)
{
    (void)state;
    struct session *s = open_session(10);
    int32_t ids[100];
    fill_ids(ids, 100, 5);
    struct watch w = {.stop_at = 30};
    struct error err = {0};
    size_t reused = 9999;
    assert_int_equal(session_sync(s, ids, 100, watch, &w, NULL, &err), ERR_STOPPED);
    assert_int_equal(w.last, 30);
    assert_int_equal(w.total, 100);
    assert_int_equal(session_length(s), 30);
    assert_null(session_logits(s));
    w = (struct watch){.stop_at = 1000};
    assert_int_equal(session_sync(s, ids, 100, watch, &w, &reused, NULL), ERR_NONE);
    assert_int_equal(reused, 30);
    assert_int_equal(w.total, 70);
    assert_int_equal(w.last, 70);
    assert_true(w.calls >= 8);
    w = (struct watch){.stop_at = 0};
    assert_int_equal(session_score(s, ids, 100, (float[100]){0}, watch, &w, NULL), ERR_STOPPED);
    session_free(s);
}

/* What was asked for last is not evaluated, so that the logits of the prompt before are nobody's. */
static void a_stopped_prompt_has_no_logits(void **state)
{
    (void)state;
    struct session *s = open_session(10);
    int32_t ids[100];
    fill_ids(ids, 20, 7);
    reused_by(s, ids, 20);
    fill_ids(ids, 100, 8);
    struct watch w = {.stop_at = 30};
    assert_int_equal(session_sync(s, ids, 100, watch, &w, NULL, NULL), ERR_STOPPED);
    assert_null(session_logits(s));
    session_free(s);
}

/* All ids are in the cache then, but the logits after the last of them are not there. */
static void as_far_as_it_was_stopped_gives_logits(void **state)
{
    (void)state;
    struct session *s = open_session(10), *fresh = open_session(10);
    int32_t ids[100];
    fill_ids(ids, 100, 9);
    struct watch w = {.stop_at = 30};
    assert_int_equal(session_sync(s, ids, 100, watch, &w, NULL, NULL), ERR_STOPPED);
    assert_int_equal(session_length(s), 30);
    reused_by(s, ids, 30);
    reused_by(fresh, ids, 30);
    assert_memory_equal(session_logits(s), session_logits(fresh), (size_t)model_info(model)->vocab * sizeof(float));
    session_free(s);
    session_free(fresh);
}

static void scores_are_those_of_the_logits(void **state)
{
    (void)state;
    struct session *s = open_session(33), *other = open_session(0);
    const int32_t vocab = model_info(model)->vocab;
    int32_t ids[90];
    float nll[90], largest = 0;
    fill_ids(ids, 90, 6);
    assert_int_equal(session_score(s, ids, 90, nll, NULL, NULL, NULL), ERR_NONE);
    assert_int_equal(session_length(s), 90);
    for (size_t n = 1; n < 90; n++) {
        reused_by(other, ids, n);
        const float *logits = session_logits(other);
        double sum = 0;
        for (int32_t i = 0; i < vocab; i++)
            sum += exp(logits[i]);
        const float difference = fabsf(nll[n - 1] - (float)(log(sum) - logits[ids[n]]));
        assert_false(isnan(difference));
        largest = difference > largest ? difference : largest;
    }
    print_message("largest difference of a score %.2g\n", (double)largest);
    assert_true(largest < 1e-5);
    reused_by(other, ids, 90);
    assert_memory_equal(session_logits(s), session_logits(other), (size_t)vocab * sizeof(float));
    assert_int_equal(reused_by(s, ids, 90), 90);
    assert_int_equal(session_score(s, ids, 1, nll, NULL, NULL, NULL), ERR_NONE);
    assert_non_null(session_logits(s));
    session_free(s);
    session_free(other);
}

/* ---- several sequences ------------------------------------------------------------------------------------------ */

static struct runner *open_runner(int32_t batch)
{
    session_free(open_session(0)); /* skips without a model */
    struct error err = {0};
    struct runner *r =
        runner_open(model, &(struct session_options){.context = CONTEXT, .threads = 2, .batch = batch}, &err);
    if (r == NULL)
        fail_msg("%s", err.message);
    return r;
}

/* The logits after ids[0..n) in a session that nobody shares with. */
static float *logits_alone(const int32_t *ids, size_t n)
{
    const size_t size = (size_t)model_info(model)->vocab * sizeof(float);
    struct session *s = open_session(0);
    reused_by(s, ids, n);
    float *copy = malloc(size);
    memcpy(copy, session_logits(s), size);
    session_free(s);
    return copy;
}

static void check_logits(const struct session *s, const int32_t *ids, size_t n)
{
    float *alone = logits_alone(ids, n);
    assert_memory_equal(session_logits(s), alone, (size_t)model_info(model)->vocab * sizeof(float));
    free(alone);
}

/* Wherever a fork begins, and whoever of the two writes first or ends first. */
static void forks_share_and_change_no_bit(void **state)
{
    (void)state;
    static const size_t at[] = {1, 63, 64, 70, 128, 150};
    int32_t ids[160], other[160];
    fill_ids(ids, 160, 8);
    for (size_t i = 0; i < 2 * sizeof at / sizeof *at; i++) {
        const size_t n = at[i / 2];
        struct runner *r = open_runner(33);
        struct session *s = session_new(r, 0, NULL), *fork;
        reused_by(s, ids, 150);
        fork = session_fork(s, n, 160, NULL);
        assert_int_equal(session_length(fork), n);
        assert_int_equal(session_common(fork, ids, 160), n);
        assert_true((session_logits(fork) != NULL) == (n == 150));
        if (n == 150)
            check_logits(fork, ids, n);
        fill_ids(other, 160, 9);
        memcpy(other, ids, n * sizeof *ids);
        if (i % 2 == 0) {
            reused_by(s, ids, 160);
            check_logits(s, ids, 160);
        }
        assert_int_equal(reused_by(fork, other, 160), n);
        check_logits(fork, other, 160);
        session_free(i % 2 == 0 ? s : fork);
        struct session *left = i % 2 == 0 ? fork : s;
        assert_int_equal(reused_by(left, ids, 160), i % 2 == 0 ? n : 150);
        check_logits(left, ids, 160);
        session_free(left);
        runner_free(r);
    }
}

static void caches_share_blocks_until_they_are_written(void **state)
{
    (void)state;
    struct kv a, b;
    struct error err = {0};
    assert_true(kv_init(&a, 2, 3, 20, 200, true, &err) && kv_init(&b, 2, 3, 20, 130, true, &err));
    assert_true(kv_reserve(&a, 0, 190, &err));
    memset(a.blocks[1], 7, a.block_size);
    kv_share(&b, &a, 100);
    assert_ptr_equal(b.blocks[0], a.blocks[0]);
    assert_ptr_equal(b.blocks[1], a.blocks[1]);
    assert_null(b.blocks[2]);
    assert_true(kv_reserve(&b, 100, 130, &err)); /* inside the second block */
    assert_ptr_equal(b.blocks[0], a.blocks[0]);
    assert_ptr_not_equal(b.blocks[1], a.blocks[1]);
    assert_memory_equal(b.blocks[1], a.blocks[1], a.block_size);
    char *own = b.blocks[1];
    assert_true(kv_reserve(&b, 101, 102, &err));
    assert_ptr_equal(b.blocks[1], own);
    char *first = a.blocks[0];
    kv_free(&b);
    assert_true(kv_reserve(&a, 0, 190, &err)); /* alone again */
    assert_ptr_equal(a.blocks[0], first);
    kv_free(&a);
}

/* A token for each of several sequences in one batch: the bits that each gets alone. */
static void sequences_in_one_batch_change_no_bit(void **state)
{
    (void)state;
    enum { N = 5, STEPS = 4 };
    struct runner *r = open_runner(3); /* two batches for five sequences */
    struct session *s[N];
    int32_t ids[N][160], next[N];
    for (size_t i = 0; i < N; i++) {
        fill_ids(ids[i], 160, i < 3 ? 1 : (uint32_t)i);
        s[i] = i == 2 ? session_fork(s[1], 40, 0, NULL) : session_new(r, 0, NULL);
        reused_by(s[i], ids[i], 20 + 30 * i);
    }
    for (size_t step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < N; i++)
            next[i] = ids[i][20 + 30 * i + step];
        assert_int_equal(sessions_push(s, next, N, NULL), ERR_NONE);
    }
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(session_length(s[i]), 20 + 30 * i + STEPS);
        check_logits(s[i], ids[i], session_length(s[i]));
    }
    next[4] = model_info(model)->vocab;
    assert_int_equal(sessions_push(s, next, N, NULL), ERR_ARGUMENT);
    assert_int_equal(session_length(s[0]), 20 + STEPS);
    for (size_t i = 0; i < N; i++)
        session_free(s[i]);
    assert_null(session_new(r, CONTEXT + 1, NULL));
    runner_free(r);
}

/* ---- damaged weights -------------------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *size = (size_t)ftell(f);
    rewind(f);
    char *bytes = malloc(*size);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    fclose(f);
    return bytes;
}

/* A copy of the model whose tensor begins with a NaN, which these bytes are for F16, BF16 and the scale of Q8_0; the
 * path goes into `copy`. */
static void write_damaged(const struct tensor *tensor, char *copy)
{
    static const unsigned char nan[] = {0xff, 0x7f};
    size_t size, at = 0;
    char *bytes = read_file(model_info(model)->path, &size);
    const size_t row = tensor_row_bytes(tensor);
    while (memcmp(bytes + at, tensor->data, row) != 0)
        assert_true(++at + row <= size);
    memcpy(bytes + at, nan, sizeof nan);
    int fd = mkstemp(copy);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "wb");
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    free(bytes);
}

static void weights_that_are_no_numbers_are_told(void **state)
{
    (void)state;
    session_free(open_session(0));
    const struct tensor *tensors[] = {&model->layers[0].wq, &model->layers[1].down, &model->output};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        char copy[] = "/tmp/palaver-test-XXXXXX";
        write_damaged(tensors[i], copy);
        struct error err = {0};
        struct model *damaged = model_open(copy, NULL, &err);
        unlink(copy);
        if (damaged == NULL)
            fail_msg("%s", err.message);
        struct session *s = session_open(damaged, &(struct session_options){.context = 50, .threads = 1}, &err);
        assert_non_null(s);
        assert_int_equal(session_sync(s, (int32_t[]){1, 2, 3}, 3, NULL, NULL, NULL, &err), ERR_CORRUPT);
        assert_non_null(strstr(err.message, "NaN"));
        assert_null(session_logits(s));
        assert_int_equal(session_push(s, 1, NULL), ERR_CORRUPT);
        assert_int_equal(session_score(s, (int32_t[]){1, 2, 3}, 3, (float[3]){0}, NULL, NULL, NULL), ERR_CORRUPT);
        session_free(s);
        model_free(damaged);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_common_prefix_is_reused),
        cmocka_unit_test(reuse_changes_no_bit),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(unknown_kernels_are_refused),
        cmocka_unit_test(a_cache_larger_than_memory_is_refused),
        cmocka_unit_test(progress_is_told_and_stops),
        cmocka_unit_test(a_stopped_prompt_has_no_logits),
        cmocka_unit_test(as_far_as_it_was_stopped_gives_logits),
        cmocka_unit_test(scores_are_those_of_the_logits),
        cmocka_unit_test(forks_share_and_change_no_bit),
        cmocka_unit_test(caches_share_blocks_until_they_are_written),
        cmocka_unit_test(sequences_in_one_batch_change_no_bit),
        cmocka_unit_test(weights_that_are_no_numbers_are_told),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
