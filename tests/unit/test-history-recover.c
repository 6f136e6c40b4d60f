/* Tests of the doctor's part: what a damaged database is found to be, and how much is saved of it. */
#include <config.h>

#include "tests/unit/history.h"

#include <unistd.h>

#define CONVERSATIONS 30
#define MESSAGES 20
#define TOTAL (CONVERSATIONS * MESSAGES)

/* ---- a database to damage ---------------------------------------------------------------------------------------- */

static void fill(struct store *s)
{
    struct error err = {0};
    struct store_token token = {.chosen = {7, 0.5f, 0.5f}, .bytes = 1, .entropy = 1, .n_best = 5};
    char model[] = "tiny", settings[] = "{\"top_k\":40}";
    struct store_making made = {.model = model, .settings = settings};
    history_ok(store_begin(s, &err), &err);
    for (int i = 0; i < CONVERSATIONS; i++) {
        int64_t c = 0, last = 0;
        history_ok(store_new(s, &c, &err), &err);
        history_ok(store_tag(s, c, i % 2 == 0 ? "even" : "odd", true, &err), &err);
        for (int k = 0; k < MESSAGES; k++) {
            char text[6000];
            int size = snprintf(text, sizeof text, "message %d of conversation %d ", k, i);
            if (k == 5) { /* longer than a page */
                memset(text + size, 'x', sizeof text - (size_t)size);
                size = sizeof text;
            }
            history_ok(store_append(s, c, last, k % 2 == 0 ? STORE_USER : STORE_ASSISTANT, text, (size_t)size, &made,
                                    &last, &err),
                       &err);
        }
    }
    history_ok(store_end(s, true, &err), &err);
    struct store_conversation c = {0};
    history_ok(store_conversation_get(s, 3, &c, &err), &err);
    struct store_reply *r = store_reply_resume(s, c.leaf, &err);
    for (int i = 0; i < 100; i++)
        history_ok(store_reply_append(r, "y", 1, &token, &err), &err);
    history_ok(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err);
    store_reply_free(r);
    store_conversation_free(&c);
}

/* Makes the database anew in the folder; returns its path. */
static const char *make(const char *name)
{
    store_close(history_open(name)); /* makes the file */
    struct store *s = history_open(name);
    fill(s);
    store_close(s);
    return history_file(name);
}

static void overwrite(const char *path, size_t at, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, (long)at, SEEK_SET);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

struct findings {
    int good, bad;
};

static void note(void *context, bool good, const char *line)
{
    struct findings *f = context;
    (void)line;
    good ? f->good++ : f->bad++;
}

static enum error_code check(const char *path, struct findings *f)
{
    struct error err = {0};
    *f = (struct findings){0};
    return store_check(path, note, f, &err);
}

/* Recovers and holds what came out against what must be there. */
static struct store_recovery recover(const char *path, size_t messages_at_least)
{
    struct error err = {0};
    struct store_recovery report = {0};
    struct findings f;
    size_t before = 0, after = 0;
    char *damaged = history_read(path, &before);
    history_ok(store_recover(path, &report, &err), &err);
    char *aside = history_read(report.set_aside, &after);
    assert_int_equal(before, after); /* the damaged file is never written to */
    assert_memory_equal(damaged, aside, before);
    free(damaged);
    free(aside);
    assert_int_equal(check(path, &f), ERR_NONE);
    assert_int_equal(f.bad, 0);
    history_sound(path);
    print_message("saved %zu conversations, %zu of %d messages; %zu damaged\n", report.conversations, report.messages,
                  TOTAL, report.damaged);
    assert_true(report.messages >= messages_at_least);
    return report;
}

static size_t hits_for(struct store *s, const char *text)
{
    struct error err = {0};
    struct store_hits hits = {0};
    history_ok(store_search(s, &(struct store_query){.text = text, .limit = 1000}, &hits, &err), &err);
    size_t n = hits.n;
    store_hits_free(&hits);
    return n;
}

/* Everything is as it was. */
static void check_whole(const char *name)
{
    struct error err = {0};
    struct store *s = history_open(name);
    struct store_conversations list = {0};
    history_ok(store_list(s, &(struct store_list_query){.view = STORE_VIEW_ALL}, &list, &err), &err);
    assert_int_equal(list.n, CONVERSATIONS);
    for (size_t i = 0; i < list.n; i++)
        assert_int_equal(list.at[i].length, MESSAGES);
    assert_int_equal(hits_for(s, "\"message 4 of\""), CONVERSATIONS);
    struct store_records records = {0};
    struct store_conversation c = {0};
    history_ok(store_conversation_get(s, 3, &c, &err), &err);
    history_ok(store_records(s, c.leaf, &records, &err), &err);
    assert_int_equal(records.n, 100);
    store_records_free(&records);
    store_conversation_free(&c);
    int64_t id = history_say(s, 3, 0, STORE_USER, "it goes on");
    assert_true(id > TOTAL);
    store_conversations_free(&list);
    store_close(s);
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void a_sound_database_is_found_sound(void **state)
{
    (void)state;
    struct findings f;
    assert_int_equal(check(history_file("absent.db"), &f), ERR_NONE);
    assert_int_equal(f.bad, 0);
    const char *path = make("sound.db");
    assert_int_equal(check(path, &f), ERR_NONE);
    assert_int_equal(f.bad, 0);
    assert_true(f.good >= 5);
    assert_int_equal(recover(path, TOTAL).damaged, 0);
    check_whole("sound.db");
}

static void without_its_first_page_all_is_saved(void **state)
{
    (void)state;
    static const unsigned char zeros[4096];
    static const size_t sizes[] = {16, 100, 4096};
    for (size_t i = 0; i < 3; i++) {
        struct error err = {0};
        struct findings f;
        char name[32];
        snprintf(name, sizeof name, "header-%zu.db", i);
        const char *path = make(name);
        overwrite(path, 0, zeros, sizes[i]);
        assert_null(store_open(path, NULL, &err));
        assert_int_equal(err.code, ERR_CORRUPT);
        assert_non_null(strstr(err.message, "palaver doctor"));
        assert_int_equal(check(path, &f), ERR_CORRUPT);
        assert_true(f.bad > 0);
        recover(path, TOTAL);
        struct store *s = history_open(name);
        assert_int_equal(hits_for(s, "\"message 4 of\""), CONVERSATIONS);
        store_close(s);
    }
}

static void around_bad_pages_the_rest_is_saved(void **state)
{
    (void)state;
    unsigned char junk[4096];
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (unsigned char)(i * 131 + 7);
    for (uint32_t round = 0; round < 6; round++) {
        char name[32];
        struct findings f;
        size_t size = 0;
        snprintf(name, sizeof name, "pages-%u.db", round);
        const char *path = make(name);
        free(history_read(path, &size));
        for (size_t k = 1; k <= 4; k++)
            overwrite(path, size / 4096 * (k * 19 + round * 7) / 97 * 4096, junk, sizeof junk);
        check(path, &f);
        recover(path, TOTAL / 2);
    }
}

static void of_a_cut_file_the_first_part_is_saved(void **state)
{
    (void)state;
    size_t size = 0;
    const char *path = make("cut.db");
    free(history_read(path, &size));
    assert_int_equal(truncate(path, (off_t)(size * 6 / 10)), 0);
    recover(path, TOTAL / 5);
}

static void damage_found_in_use_stops_all_writing(void **state)
{
    (void)state;
    struct error err = {0};
    unsigned char junk[4096];
    memset(junk, 0xA5, sizeof junk);
    size_t size = 0, after = 0;
    const char *path = make("use.db");
    struct store *s = history_open("use.db");
    free(history_read(path, &size));
    for (size_t at = 8192; at + 4096 <= size; at += 4096)
        overwrite(path, at, junk, sizeof junk);
    char *damaged = history_read(path, &size);
    enum error_code code = ERR_NONE;
    for (int64_t c = 1; c <= CONVERSATIONS && code == ERR_NONE; c++) {
        struct store_ids ids = {0};
        struct store_messages messages = {0};
        code = store_current(s, c, &ids, &err);
        if (code == ERR_NONE)
            code = store_load(s, ids.at, ids.n, &messages, &err);
        store_ids_free(&ids);
        store_messages_free(&messages);
    }
    assert_int_equal(code, ERR_CORRUPT);
    error_clear(&err);
    int64_t id = 0;
    assert_int_equal(store_new(s, &id, &err), ERR_CORRUPT);
    store_close(s);
    char *now = history_read(path, &after);
    assert_int_equal(size, after);
    assert_memory_equal(damaged, now, size);
    free(damaged);
    free(now);
}

static void what_only_the_wal_holds_is_saved(void **state)
{
    (void)state;
    static const unsigned char zeros[100];
    struct store *s = history_open("wal.db");
    fill(s);
    size_t size = 0, wal_size = 0; /* as a power cut would leave them: not yet checkpointed */
    char *main_file = history_read(history_file("wal.db"), &size);
    char *wal = history_read(history_file("wal.db-wal"), &wal_size);
    store_close(s);
    FILE *f = fopen(history_file("left.db"), "wb");
    fwrite(main_file, 1, size, f);
    fclose(f);
    f = fopen(history_file("left.db-wal"), "wb");
    fwrite(wal, 1, wal_size, f);
    fclose(f);
    free(main_file);
    free(wal);
    overwrite(history_file("left.db"), 0, zeros, sizeof zeros);
    recover(history_file("left.db"), TOTAL);
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    uint32_t seed = 1;
    const char *path = history_file("junk.db");
    for (int round = 0; round < 20; round++) {
        struct error err = {0};
        struct store_recovery report = {0};
        FILE *f = fopen(path, "wb");
        for (int i = 0; i < 5 * 4096; i++) { /* pages that claim to be leaves */
            seed = seed * 1664525 + 1013904223;
            fputc(i % 4096 == 0 ? 13 : i % 4096 < 9 ? (int)(seed >> 30) : (int)(seed >> 24), f);
        }
        fclose(f);
        history_ok(store_recover(path, &report, &err), &err);
        assert_int_equal(report.messages, 0);
        remove(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_database_is_found_sound),
        cmocka_unit_test(without_its_first_page_all_is_saved),
        cmocka_unit_test(around_bad_pages_the_rest_is_saved),
        cmocka_unit_test(of_a_cut_file_the_first_part_is_saved),
        cmocka_unit_test(damage_found_in_use_stops_all_writing),
        cmocka_unit_test(what_only_the_wal_holds_is_saved),
        cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
