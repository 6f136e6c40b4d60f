/* Tests of token records: precision, size, and that damaged parts are refused. */
#include <config.h>

#include "tests/unit/history.h"

#include <math.h>

#include "history/records.h"

static void records_come_back_within_their_precision(void **state)
{
    (void)state;
    struct buf packed;
    buf_init(&packed, 1 << 20);
    double worst = 0;
    for (int i = 0; i < 2000; i++) {
        float p = expf(-(float)i / 70.0f);
        struct store_token t = {.chosen = {i * 64, p, i % 3 == 0 ? 0 : p, (uint8_t)(i % 16)},
                                .bytes = (uint32_t)i,
                                .epoch = (uint32_t)i,
                                .rank = (uint32_t)i,
                                .entropy = (float)i / 150,
                                .forced = i % 2 == 1,
                                .n_best = 1,
                                .best = {{INT32_MAX, 1, p, 0}}};
        assert_true(records_pack(&packed, &t));
    }
    struct store_records out = {0};
    assert_true(records_unpack((unsigned char *)packed.data, packed.size, &out));
    assert_int_equal(out.n, 2000);
    for (int i = 0; i < 2000; i++) {
        const struct store_token *t = &out.at[i];
        float p = expf(-(float)i / 70.0f);
        worst = fmax(worst, fabs((double)(t->chosen.before / p) - 1));
        assert_int_equal(t->chosen.id, i * 64);
        assert_int_equal(t->bytes, i);
        assert_int_equal(t->epoch, i);
        assert_int_equal(t->rank, i);
        assert_int_equal(t->forced, i % 2 == 1);
        assert_true(fabsf(t->entropy - (float)i / 150) < 1e-3f);
        assert_true(i % 3 != 0 || t->chosen.after == 0);
        assert_int_equal(t->chosen.removed_by, i % 3 == 0 ? i % 16 : 0);
        assert_int_equal(t->best[0].id, INT32_MAX);
        assert_true(t->best[0].before == 1.0f);
    }
    print_message("largest relative difference of a probability: %.2e\n", worst);
    assert_true(worst < 1.0 / 4000);
    store_records_free(&out);
    buf_free(&packed);
}

static void a_token_takes_less_than_100_bytes(void **state)
{
    (void)state;
    struct buf packed;
    buf_init(&packed, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        struct store_token t = {.chosen = {127000 + i, 0.3f, 0.4f, 0},
                                .bytes = 5,
                                .epoch = 3,
                                .rank = 2,
                                .entropy = 2,
                                .n_best = STORE_CANDIDATES};
        for (int k = 0; k < STORE_CANDIDATES; k++)
            t.best[k] = (struct store_candidate){128000 - k, 0.1f, k > 7 ? 0 : 0.1f, k > 7 ? (uint8_t)(6 + k) : 0};
        records_pack(&packed, &t);
    }
    print_message("%.1f bytes per token with ten alternatives\n", (double)packed.size / 1000);
    assert_true(packed.size < 100 * 1000);
    buf_free(&packed);
}

static void odd_values_are_packed(void **state)
{
    (void)state;
    struct buf packed;
    buf_init(&packed, 1 << 20);
    const float odd[] = {NAN, INFINITY, -INFINITY, -1, 2, 1e-30f, 0};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct store_token t = {.chosen = {-1, odd[i], odd[i], 0}, .entropy = odd[i], .n_best = i % 2 == 0 ? 99 : -5};
        assert_true(records_pack(&packed, &t));
    }
    struct store_records out = {0};
    assert_true(records_unpack((unsigned char *)packed.data, packed.size, &out));
    for (size_t i = 0; i < out.n; i++)
        assert_true(out.at[i].chosen.before >= 0 && out.at[i].chosen.before <= 1);
    store_records_free(&out);
    buf_free(&packed);
}

static void damaged_parts_are_refused(void **state)
{
    (void)state;
    struct buf packed;
    buf_init(&packed, 1 << 20);
    struct store_token t = {.chosen = {300, 0.3f, 0.4f, 0}, .entropy = 2, .n_best = 3};
    records_pack(&packed, &t);
    for (size_t cut = 2; cut < packed.size; cut++) {
        struct store_records out = {0};
        assert_false(records_unpack((unsigned char *)packed.data, cut, &out));
        store_records_free(&out);
    }
    uint32_t seed = 1;
    for (int i = 0; i < 20000; i++) { /* any bytes: no crash, no runaway */
        unsigned char junk[64];
        for (size_t k = 0; k < sizeof junk; k++)
            junk[k] = (unsigned char)((seed = seed * 1664525 + 1013904223) >> 24);
        junk[0] = 1;
        struct store_records out = {0};
        records_unpack(junk, sizeof junk, &out);
        assert_true(out.n < sizeof junk);
        store_records_free(&out);
    }
    buf_free(&packed);
}

/* An answer of tokens first, first + 1, ... by a model. */
static void answer(struct store *s, int64_t conversation, uint64_t fingerprint, int32_t first, int n)
{
    struct error err = {0};
    char name[] = "some model";
    const struct store_making made = {.model = name, .fingerprint = fingerprint};
    struct store_reply *r = store_reply_begin(s, conversation, 0, STORE_ASSISTANT, &made, &err);
    assert_non_null(r);
    for (int i = 0; i < n; i++) {
        const struct store_token t = {.chosen = {first + i, 0.5f, 0.5f, 0}, .bytes = 1};
        history_ok(store_reply_append(r, "x", 1, &t, &err), &err);
        if (i % 3 == 2) /* in several parts */
            history_ok(store_reply_flush(r, &err), &err);
    }
    history_ok(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err);
    store_reply_free(r);
}

static void the_tokens_of_a_model_come_newest_first(void **state)
{
    (void)state;
    struct error err = {0};
    int64_t conversation = 0;
    int32_t *ids;
    size_t n;
    struct store *s = history_open(NULL);
    history_ok(store_new(s, &conversation, &err), &err);
    history_ok(store_chosen(s, 7, 100, &ids, &n, &err), &err);
    assert_true(ids == NULL && n == 0);
    answer(s, conversation, 7, 100, 4);
    answer(s, conversation, UINT64_MAX - 7, 200, 5);
    answer(s, conversation, 7, 300, 2);
    history_ok(store_chosen(s, 7, 100, &ids, &n, &err), &err);
    assert_int_equal(n, 8);
    assert_memory_equal(ids, ((int32_t[]){300, 301, -1, 100, 101, 102, 103, -1}), n * sizeof *ids);
    free(ids);
    history_ok(store_chosen(s, 7, 5, &ids, &n, &err), &err);
    assert_int_equal(n, 5);
    free(ids);
    history_ok(store_chosen(s, UINT64_MAX - 7, 100, &ids, &n, &err), &err);
    assert_true(n == 6 && ids[4] == 204);
    free(ids);
    store_close(s);
}

/* ---- changed settings -------------------------------------------------------------------------------------------- */

/* Appends n tokens of three bytes. */
static void say(struct store_reply *r, int n)
{
    struct error err = {0};
    for (int i = 0; i < n; i++) {
        const struct store_token t = {.chosen = {i, 0.5f, 0.5f, 0}, .bytes = 3, .entropy = 1, .rank = 300, .n_best = 2};
        history_ok(store_reply_append(r, "abc", 3, &t, &err), &err);
    }
    history_ok(store_reply_flush(r, &err), &err);
}

static void set(struct store_reply *r, const char *settings)
{
    struct error err = {0};
    history_ok(store_reply_settings(r, settings, &err), &err);
}

static void places_where_settings_changed_are_found(void **state)
{
    (void)state;
    struct error err = {0};
    int64_t conversation = 0;
    struct store_changes c;
    struct store *s = history_open(NULL);
    char first[] = "{\"temperature\":0.5}";
    const struct store_making made = {.settings = first};
    history_ok(store_new(s, &conversation, &err), &err);
    struct store_reply *r = store_reply_begin(s, conversation, 0, STORE_ASSISTANT, &made, &err);
    assert_non_null(r);
    const int64_t message = store_reply_message(r);
    say(r, 4);
    history_ok(store_changes(s, message, &c, &err), &err);
    assert_int_equal(c.n, 0);
    set(r, "{\"temperature\":1}");
    say(r, 2);
    set(r, "{\"temperature\":1.5}");
    set(r, "{\"temperature\":2}"); /* before a token came: the one before was never in force */
    say(r, 1);
    history_ok(store_reply_finish(r, STORE_STOPPED, NULL, &err), &err);
    store_reply_free(r);
    r = store_reply_resume(s, message, &err);
    assert_non_null(r);
    set(r, "{\"top_k\":1}");
    say(r, 1);
    set(r, "{\"top_k\":2}"); /* nothing comes after it */
    history_ok(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err);
    store_reply_free(r);
    history_ok(store_changes(s, message, &c, &err), &err);
    static const struct store_change expected[] = {{0, "{\"temperature\":0.5}"},
                                                   {12, "{\"temperature\":1}"},
                                                   {18, "{\"temperature\":2}"},
                                                   {21, "{\"top_k\":1}"}};
    assert_int_equal(c.n, 4);
    for (size_t i = 0; i < c.n; i++) {
        assert_int_equal(c.at[i].at, expected[i].at);
        assert_string_equal(c.at[i].settings, expected[i].settings);
    }
    store_changes_free(&c);
    store_close(s);
}

/* What the user wrote was made under no settings: those of what follows are no change. */
static void continuing_what_was_written_changes_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    int64_t conversation = 0, message = 0;
    struct store_changes c;
    struct store *s = history_open(NULL);
    history_ok(store_new(s, &conversation, &err), &err);
    history_ok(store_append(s, conversation, 0, STORE_ASSISTANT, "By hand: ", 9, NULL, &message, &err), &err);
    struct store_reply *r = store_reply_resume(s, message, &err);
    assert_non_null(r);
    set(r, "{\"max_new_tokens\":12}");
    say(r, 2);
    history_ok(store_changes(s, message, &c, &err), &err);
    store_changes_free(&c);
    assert_int_equal(c.n, 0);
    set(r, "{\"temperature\":2}");
    say(r, 1);
    history_ok(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err);
    store_reply_free(r);
    history_ok(store_changes(s, message, &c, &err), &err);
    static const struct store_change expected[] = {{9, "{\"max_new_tokens\":12}"}, {15, "{\"temperature\":2}"}};
    assert_int_equal(c.n, 2);
    for (size_t i = 0; i < c.n; i++) {
        assert_int_equal(c.at[i].at, expected[i].at);
        assert_string_equal(c.at[i].settings, expected[i].settings);
    }
    store_changes_free(&c);
    store_close(s);
}

static void ignore_token(void *context, uint32_t bytes, uint32_t epoch)
{
    (void)bytes;
    (void)epoch;
    ++*(size_t *)context;
}

/* Walking takes for well-formed what unpacking does, and sees as many tokens. */
static void walking_agrees_with_unpacking(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        unsigned char junk[48];
        for (size_t k = 0; k < sizeof junk; k++)
            junk[k] = (unsigned char)((seed = seed * 1664525 + 1013904223) >> 24) & (i % 2 == 0 ? 0x71 : 0xFF);
        junk[0] = 1;
        struct store_records out = {0};
        size_t n = 0;
        assert_int_equal(records_walk(junk, sizeof junk, ignore_token, &n), records_unpack(junk, sizeof junk, &out));
        assert_int_equal(n, out.n);
        store_records_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_within_their_precision),
        cmocka_unit_test(a_token_takes_less_than_100_bytes),
        cmocka_unit_test(odd_values_are_packed),
        cmocka_unit_test(damaged_parts_are_refused),
        cmocka_unit_test(the_tokens_of_a_model_come_newest_first),
        cmocka_unit_test(places_where_settings_changed_are_found),
        cmocka_unit_test(continuing_what_was_written_changes_nothing),
        cmocka_unit_test(walking_agrees_with_unpacking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
