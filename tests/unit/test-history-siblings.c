/* Tests of the history with many alternatives of one message: what a call costs is counted in steps of SQLite's virtual
 * machine, which depend on no clock and no load. */
#include <config.h>

#include "tests/unit/history.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "history/store.h"

enum { FEW = 500, MANY = 4000 };

/* ---- counting ---------------------------------------------------------------------------------------------------- */

static int64_t steps;

static int count_step(void *context)
{
    (void)context;
    steps++;
    return 0;
}

/* A conversation with n alternatives below one question; *last is one of them. */
static struct store *with_siblings(int n, int64_t *conversation, int64_t *question, int64_t *last)
{
    struct error err = {0};
    struct store *s = history_open(NULL);
    history_ok(store_begin(s, &err), &err);
    history_ok(store_new(s, conversation, &err), &err);
    *question = history_say(s, *conversation, 0, STORE_USER, "q");
    for (int i = 0; i < n; i++)
        *last = history_say(s, *conversation, *question, STORE_ASSISTANT, "a");
    history_ok(store_end(s, true, &err), &err);
    sqlite3_progress_handler(s->db, 1, count_step, NULL);
    return s;
}

struct scene {
    struct store *s;
    int64_t conversation, question, last, other;
};

static void get_message(struct scene *c)
{
    struct error err = {0};
    struct store_message m = {0};
    history_ok(store_message_get(c->s, c->last, &m, &err), &err);
    assert_int_equal(m.sibling, m.siblings - 1);
    store_message_free(&m);
}

static void add_sibling(struct scene *c)
{
    c->last = history_say(c->s, c->conversation, c->question, STORE_ASSISTANT, "another");
}

static void select_first(struct scene *c)
{
    struct error err = {0};
    history_ok(store_select(c->s, c->other, &err), &err);
}

static void select_question(struct scene *c)
{
    struct error err = {0};
    history_ok(store_select(c->s, c->question, &err), &err);
}

static void delete_and_restore(struct scene *c)
{
    struct error err = {0};
    history_ok(store_select(c->s, c->last, &err), &err);
    history_ok(store_delete_message(c->s, c->last, &err), &err);
    history_ok(store_restore_message(c->s, c->last, &err), &err);
}

static void edit_message(struct scene *c)
{
    struct error err = {0};
    history_ok(store_edit(c->s, c->last, "edited", 6, &c->last, &err), &err);
}

static int64_t cost(int n, void (*call)(struct scene *c))
{
    struct error err = {0};
    struct store_ids ids = {0};
    struct scene c;
    c.s = with_siblings(n, &c.conversation, &c.question, &c.last);
    history_ok(store_siblings(c.s, c.last, &ids, &err), &err);
    assert_int_equal(ids.n, n);
    c.other = ids.at[0];
    call(&c); /* statements are prepared, the cache is warm */
    steps = 0;
    call(&c);
    int64_t taken = steps;
    store_ids_free(&ids);
    store_close(c.s);
    return taken;
}

static void calls_about_one_message_do_not_look_at_its_siblings(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*call)(struct scene *c);
    } calls[] = {
        {"get", get_message},
        {"add", add_sibling},
        {"select", select_first},
        {"select above", select_question},
        {"delete and restore", delete_and_restore},
        {"edit", edit_message},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        int64_t few = cost(FEW, calls[i].call), many = cost(MANY, calls[i].call);
        print_message("%s: %lld steps with %d siblings, %lld with %d\n", calls[i].name, (long long)few, FEW,
                      (long long)many, MANY);
        assert_in_range(many, 1, 2 * few + 100);
    }
}

/* ---- whole files ------------------------------------------------------------------------------------------------- */

static bool count_bytes(void *context, const char *bytes, size_t size)
{
    (void)bytes;
    *(size_t *)context += size;
    return true;
}

/* Alternatives that were deleted are exported too, and what one costs does not depend on their number. */
static int64_t export_deleted(int n)
{
    struct error err = {0};
    struct scene c;
    struct store_ids ids = {0};
    size_t size = 0;
    c.s = with_siblings(n, &c.conversation, &c.question, &c.last);
    history_ok(store_siblings(c.s, c.last, &ids, &err), &err);
    history_ok(store_begin(c.s, &err), &err);
    for (size_t i = 0; i < ids.n; i++)
        history_ok(store_delete_message(c.s, ids.at[ids.n - 1 - i], &err), &err);
    history_ok(store_end(c.s, true, &err), &err);
    store_ids_free(&ids);
    steps = 0;
    history_ok(store_export(c.s, STORE_JSON, NULL, 0, count_bytes, &size, &err), &err);
    assert_true(size > 50 * (size_t)n);
    store_close(c.s);
    return steps;
}

static void export_of_deleted_siblings_grows_with_their_number(void **state)
{
    (void)state;
    int64_t few = export_deleted(FEW), many = export_deleted(MANY);
    print_message("%lld steps a message with %d deleted siblings, %lld with %d\n", (long long)few / FEW, FEW,
                  (long long)many / MANY, MANY);
    assert_in_range(many / MANY, 1, 2 * few / FEW);
}

/* A file of ChatGPT's form: one root with n answers. */
static void make_file(struct buf *json, int n)
{
    buf_init(json, 1 << 26);
    buf_puts(json, "[{\"title\":\"wide\",\"mapping\":{\"r\":{\"message\":null,\"children\":[");
    for (int i = 0; i < n; i++)
        buf_printf(json, "%s\"n%d\"", i > 0 ? "," : "", i);
    buf_puts(json, "]}");
    for (int i = 0; i < n; i++)
        buf_printf(json,
                   ",\"n%d\":{\"parent\":\"r\",\"children\":[],\"message\":{\"author\":{\"role\":\"user\"},"
                   "\"content\":{\"parts\":[\"m\"]}}}",
                   i);
    buf_puts(json, "}}]");
}

static void import_and_export(int n, int64_t *import, int64_t *export)
{
    struct error err = {0};
    struct buf json;
    size_t size = 0;
    struct store *s = history_open(NULL);
    sqlite3_progress_handler(s->db, 1, count_step, NULL);
    make_file(&json, n);
    steps = 0;
    history_ok(store_import(s, "wide.json", buf_text(&json), json.size, NULL, &err), &err);
    *import = steps;
    steps = 0;
    history_ok(store_export(s, STORE_JSON, NULL, 0, count_bytes, &size, &err), &err);
    *export = steps;
    buf_free(&json);
    store_close(s);
}

static void import_and_export_of_siblings_grow_with_their_number(void **state)
{
    (void)state;
    int64_t few[2], many[2];
    import_and_export(FEW, &few[0], &few[1]);
    import_and_export(MANY, &many[0], &many[1]);
    for (int i = 0; i < 2; i++) {
        print_message("%s: %lld steps a message with %d siblings, %lld with %d\n", i == 0 ? "import" : "export",
                      (long long)few[i] / FEW, FEW, (long long)many[i] / MANY, MANY);
        assert_in_range(many[i] / MANY, 1, 2 * few[i] / FEW);
    }
}

/* ---- places among siblings --------------------------------------------------------------------------------------- */

/* The place of a message as "2/5", static. */
static const char *place_of(struct store *s, int64_t message)
{
    static char text[2][32];
    static int turn;
    struct error err = {0};
    struct store_message m = {0};
    turn = !turn;
    history_ok(store_message_get(s, message, &m, &err), &err);
    snprintf(text[turn], sizeof text[turn], "%d/%d", m.sibling, m.siblings);
    store_message_free(&m);
    return text[turn];
}

static int64_t far_future(void)
{
    return INT64_C(4000000000000);
}

static void places_stay_right_when_siblings_go_and_come(void **state)
{
    (void)state;
    for (int below = 0; below < 2; below++) { /* first messages, and answers to one */
        struct error err = {0};
        struct store *s = history_open(below ? "below.db" : "first.db");
        int64_t conversation = 0, m[6];
        history_ok(store_new(s, &conversation, &err), &err);
        int64_t parent = below ? history_say(s, conversation, 0, STORE_USER, "q") : 0;
        for (int i = 0; i < 6; i++)
            m[i] = history_say(s, conversation, parent, STORE_USER, "m");
        assert_string_equal(place_of(s, m[4]), "4/6");
        history_ok(store_delete_message(s, m[1], &err), &err);
        history_ok(store_delete_message(s, m[5], &err), &err);
        assert_string_equal(place_of(s, m[0]), "0/4");
        assert_string_equal(place_of(s, m[4]), "3/4");
        history_ok(store_restore_message(s, m[1], &err), &err);
        assert_string_equal(place_of(s, m[1]), "1/5");
        history_ok(store_delete_message(s, m[2], &err), &err);
        history_ok(store_delete_message(s, m[0], &err), &err);
        store_close(s);
        s = store_open(history_file(below ? "below.db" : "first.db"), &(struct store_options){.now = far_future}, &err);
        assert_non_null(s);
        history_ok(store_purge_trash(s, far_future(), NULL, &err), &err); /* 0, 2 and 5 are destroyed */
        assert_string_equal(place_of(s, m[1]), "0/3");
        assert_string_equal(place_of(s, m[4]), "2/3");
        int64_t added = history_say(s, conversation, parent, STORE_USER, "new");
        assert_string_equal(place_of(s, added), "3/4");
        store_close(s);
        history_sound(history_file(below ? "below.db" : "first.db"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_about_one_message_do_not_look_at_its_siblings),
        cmocka_unit_test(import_and_export_of_siblings_grow_with_their_number),
        cmocka_unit_test(export_of_deleted_siblings_grows_with_their_number),
        cmocka_unit_test(places_stay_right_when_siblings_go_and_come),
    };
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
