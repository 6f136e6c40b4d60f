/* Tests of the history: conversations, the tree of messages, replies that grow, names, the trash. */
#include <config.h>

#include "tests/unit/history.h"

#include <sys/stat.h>
#include <time.h>

/* ---- files ------------------------------------------------------------------------------------------------------ */

static void files_are_for_their_owner_only(void **state)
{
    (void)state;
    struct stat st;
    struct store *s = history_open("private.db");
    int64_t id = 0;
    struct error err = {0};
    history_ok(store_new(s, &id, &err), &err);
    const char *const names[] = {"private.db", "private.db-wal", "private.db-shm"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stat(history_file(names[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    store_close(s);
    s = history_open("new/folder/of.db");
    assert_int_equal(stat(history_file("new/folder"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    store_close(s);
    remove(history_file("new/folder/of.db"));
    remove(history_file("new/folder"));
    remove(history_file("new"));
}

static void what_is_no_history_is_left_alone(void **state)
{
    (void)state;
    struct error err = {0};
    assert_int_equal(history_count(history_file("private.db"), "PRAGMA user_version"), 3);
    FILE *f = fopen(history_file("letter.db"), "w");
    for (int i = 0; i < 2000; i++)
        fputs("Dear Ada, this is no database. ", f);
    fclose(f);
    assert_null(store_open(history_file("letter.db"), NULL, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    size_t size = 0;
    char *bytes = history_read(history_file("letter.db"), &size);
    assert_int_equal(size, 62000);
    assert_memory_equal(bytes, "Dear Ada", 8);
    free(bytes);
    error_clear(&err);
    assert_null(store_open("", NULL, &err));
    assert_int_equal(err.code, ERR_ARGUMENT);
}

/* ---- the tree --------------------------------------------------------------------------------------------------- */

static void editing_overwrites_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open(NULL);
    int64_t c = 0, edited = 0;
    history_ok(store_new(s, &c, &err), &err);
    int64_t one = history_say(s, c, 0, STORE_USER, "one");
    int64_t two = history_say(s, c, one, STORE_ASSISTANT, "two");
    history_say(s, c, two, STORE_USER, "three");
    history_ok(store_edit(s, one, "uno", 3, &edited, &err), &err);
    char *path = history_path(s, c);
    assert_string_equal(path, "uno");
    free(path);
    struct store_message m = {0};
    history_ok(store_message_get(s, edited, &m, &err), &err);
    assert_int_equal(m.sibling, 1);
    assert_int_equal(m.siblings, 2);
    assert_int_equal(m.role, STORE_USER);
    store_message_free(&m);
    history_say(s, c, edited, STORE_ASSISTANT, "due");
    history_ok(store_select(s, one, &err), &err);
    path = history_path(s, c);
    assert_string_equal(path, "one|two|three");
    free(path);
    history_ok(store_select(s, edited, &err), &err);
    path = history_path(s, c);
    assert_string_equal(path, "uno|due");
    free(path);
    history_ok(store_select_leaf(s, two, &err), &err);
    path = history_path(s, c);
    assert_string_equal(path, "one|two");
    free(path);
    store_close(s);
}

static void deleted_messages_come_back(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open(NULL);
    int64_t c = 0;
    history_ok(store_new(s, &c, &err), &err);
    int64_t a = history_say(s, c, 0, STORE_USER, "a");
    int64_t b = history_say(s, c, a, STORE_ASSISTANT, "b");
    int64_t b2 = history_say(s, c, a, STORE_ASSISTANT, "B");
    int64_t d = history_say(s, c, b2, STORE_USER, "d");
    history_ok(store_delete_message(s, d, &err), &err);
    history_ok(store_delete_message(s, b2, &err), &err);
    char *path = history_path(s, c);
    assert_string_equal(path, "a|b");
    free(path);
    struct store_message m = {0};
    history_ok(store_message_get(s, b, &m, &err), &err);
    assert_int_equal(m.siblings, 1);
    store_message_free(&m);
    assert_int_equal(store_select(s, d, &err), ERR_NOT_FOUND);
    error_clear(&err);
    history_ok(store_restore_message(s, b2, &err), &err);
    path = history_path(s, c);
    assert_string_equal(path, "a|B"); /* d was deleted by another call */
    free(path);
    history_ok(store_restore_message(s, d, &err), &err);
    path = history_path(s, c);
    assert_string_equal(path, "a|B|d");
    free(path);
    history_ok(store_delete_message(s, a, &err), &err);
    path = history_path(s, c);
    assert_string_equal(path, "");
    free(path);
    history_say(s, c, d, STORE_ASSISTANT, "e"); /* writing below a deleted message brings it back */
    path = history_path(s, c);
    assert_string_equal(path, "a|B|d|e");
    free(path);
    store_close(s);
}

static void the_trash_is_emptied(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open("trash.db");
    int64_t c = 0;
    history_ok(store_new(s, &c, &err), &err);
    int64_t a = history_say(s, c, 0, STORE_USER, "stays");
    int64_t b = history_say(s, c, a, STORE_ASSISTANT, "goes");
    int64_t d = history_say(s, c, b, STORE_USER, "goes too");
    history_ok(store_delete_message(s, d, &err), &err);
    history_ok(store_delete_message(s, b, &err), &err);
    history_ok(store_purge_trash(s, 1000, NULL, &err), &err); /* nothing was deleted that long ago */
    history_ok(store_restore_message(s, b, &err), &err);
    history_ok(store_delete_message(s, b, &err), &err);
    history_ok(store_purge_trash(s, INT64_MAX, NULL, &err), &err);
    assert_int_equal(store_restore_message(s, b, &err), ERR_NOT_FOUND);
    error_clear(&err);
    struct store_hits hits = {0};
    history_ok(store_search(s, &(struct store_query){.text = "goes"}, &hits, &err), &err);
    assert_int_equal(hits.n, 0);
    char *path = history_path(s, c);
    assert_string_equal(path, "stays");
    free(path);
    history_say(s, c, a, STORE_ASSISTANT, "new");
    store_close(s);
    history_sound(history_file("trash.db"));
    assert_int_equal(history_count(history_file("trash.db"), "SELECT count(*) FROM message"), 2);
}

static void branching_copies(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open(NULL);
    int64_t c = 0, copy = 0, again = 0;
    history_ok(store_new(s, &c, &err), &err);
    int64_t a = history_say(s, c, 0, STORE_USER, "Why is the sky blue?");
    int64_t b = history_say(s, c, a, STORE_ASSISTANT, "It scatters.");
    history_say(s, c, b, STORE_USER, "And at sunset?");
    history_ok(store_set(s, c, STORE_SYSTEM_PROMPT, "Be brief.", &err), &err);
    history_ok(store_tag(s, c, "physics", true, &err), &err);
    history_ok(store_branch(s, b, &copy, &err), &err);
    history_ok(store_branch(s, b, &again, &err), &err);
    char *path = history_path(s, copy);
    assert_string_equal(path, "Why is the sky blue?|It scatters.");
    free(path);
    struct store_conversation from = {0}, to = {0}, third = {0};
    history_ok(store_conversation_get(s, c, &from, &err), &err);
    history_ok(store_conversation_get(s, copy, &to, &err), &err);
    history_ok(store_conversation_get(s, again, &third, &err), &err);
    assert_string_equal(from.title, "Why is the sky blue?");
    assert_string_equal(to.title, "Why is the sky blue? (2)");
    assert_string_equal(third.title, "Why is the sky blue? (3)");
    assert_string_equal(to.branched_from, from.public_id);
    assert_string_equal(to.system, "Be brief.");
    assert_string_equal(to.tags[0], "physics");
    assert_int_equal(to.length, 2);
    store_conversation_free(&from);
    store_conversation_free(&to);
    store_conversation_free(&third);
    store_close(s);
}

static void a_very_long_conversation_works(void **state)
{
    (void)state;
    enum { DEEP = 5000 };
    struct error err = {0};
    struct store *s = history_open(NULL);
    int64_t c = 0, at = 0, middle = 0;
    history_ok(store_new(s, &c, &err), &err);
    history_ok(store_begin(s, &err), &err);
    for (int i = 0; i < DEEP; i++) {
        at = history_say(s, c, at, i % 2 == 0 ? STORE_USER : STORE_ASSISTANT, "m");
        middle = i == DEEP / 2 ? at : middle;
    }
    history_ok(store_end(s, true, &err), &err);
    struct store_ids ids = {0};
    history_ok(store_current(s, c, &ids, &err), &err);
    assert_int_equal(ids.n, DEEP);
    store_ids_free(&ids);
    history_ok(store_delete_message(s, middle, &err), &err);
    history_ok(store_restore_message(s, middle, &err), &err);
    history_ok(store_select(s, middle, &err), &err);
    struct store_conversation conversation = {0};
    history_ok(store_conversation_get(s, c, &conversation, &err), &err);
    assert_int_equal(conversation.length, DEEP);
    store_conversation_free(&conversation);
    history_ok(store_purge(s, c, &err), &err);
    store_close(s);
}

/* ---- replies ---------------------------------------------------------------------------------------------------- */

static void a_reply_is_stored_while_it_grows(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open("grow.db"), *other = history_open("grow.db");
    int64_t c = 0;
    history_ok(store_new(s, &c, &err), &err);
    int64_t q = history_say(s, c, 0, STORE_USER, "Count.");
    char model[] = "tiny", settings[] = "{\"temperature\": 0.8, \"top_k\": 40}", finish[] = "end";
    struct store_making made = {.model = model,
                                .fingerprint = 0xfedcba9876543210u,
                                .settings = settings,
                                .has_seed = true,
                                .seed = UINT64_MAX,
                                .finish = finish,
                                .answer_tokens = 3,
                                .decode_seconds = 0.5};
    struct store_reply *r = store_reply_begin(s, c, q, STORE_ASSISTANT, &made, &err);
    assert_non_null(r);
    assert_int_equal(store_reply_due(r), -1);
    struct store_token token = {
        .chosen = {5, 0.25f, 0.5f}, .bytes = 3, .entropy = -1, .n_best = 1, .best = {{5, 0.25f, 0.5f}}};
    history_ok(store_reply_append(r, "one", 3, &token, &err), &err);
    assert_true(store_reply_due(r) > 0 && store_reply_due(r) <= 250);
    history_ok(store_reply_settings(r, "{\"temperature\": 1.4}", &err), &err);
    history_ok(store_reply_append(r, " \xE5\xA4", 3, &token, &err), &err); /* half a character waits */
    history_ok(store_reply_flush(r, &err), &err);
    struct store_message m = {0};
    history_ok(store_message_get(other, store_reply_message(r), &m, &err), &err);
    assert_string_equal(m.text, "one ");
    assert_int_equal(m.state, STORE_STREAMING);
    store_message_free(&m);
    assert_int_equal(store_reply_resume(other, store_reply_message(r), &err) == NULL, 1);
    assert_int_equal(err.code, ERR_BUSY);
    error_clear(&err);
    history_ok(store_reply_append(r, "\xA9", 1, &token, &err), &err);
    history_ok(store_reply_finish(r, STORE_COMPLETE, &made, &err), &err);
    history_ok(store_message_get(other, store_reply_message(r), &m, &err), &err);
    assert_string_equal(m.text, "one \xE5\xA4\xA9");
    assert_int_equal(m.state, STORE_COMPLETE);
    assert_string_equal(m.made.model, "tiny");
    assert_string_equal(m.made.finish, "end");
    assert_string_equal(m.made.settings, "{\"temperature\":0.8,\"top_k\":40}");
    assert_true(m.made.seed == UINT64_MAX && m.made.has_seed);
    assert_true(m.made.fingerprint == 0xfedcba9876543210u);
    assert_int_equal(m.made.answer_tokens, 3);
    store_message_free(&m);
    struct store_records records = {0};
    history_ok(store_records(other, store_reply_message(r), &records, &err), &err);
    assert_int_equal(records.n, 3);
    assert_int_equal(records.n_epochs, 2);
    assert_int_equal(records.at[0].epoch, 0);
    assert_int_equal(records.at[1].epoch, 1);
    assert_string_equal(records.epochs[1], "{\"temperature\":1.4}");
    store_records_free(&records);
    store_reply_free(r);
    store_close(s);
    store_close(other);
    history_sound(history_file("grow.db"));
}

static void an_appended_reply_is_written_when_due(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open("due.db"), *other = history_open("due.db");
    int64_t c = 0;
    history_ok(store_new(s, &c, &err), &err);
    struct store_reply *r = store_reply_begin(s, c, 0, STORE_ASSISTANT, NULL, &err);
    history_ok(store_reply_append(r, "a", 1, NULL, &err), &err);
    nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
    assert_int_equal(store_reply_due(r), 0);
    history_ok(store_reply_append(r, "b", 1, NULL, &err), &err);
    assert_int_equal(store_reply_due(r), -1);
    assert_true(store_changed(other));
    assert_false(store_changed(other));
    assert_false(store_changed(s));
    char *path = history_path(other, c);
    assert_string_equal(path, "ab");
    free(path);
    history_ok(store_reply_append(r, "c", 1, NULL, &err), &err);
    store_close(s); /* ends it */
    store_reply_free(r);
    struct store_conversation conversation = {0};
    history_ok(store_conversation_get(other, c, &conversation, &err), &err);
    struct store_message m = {0};
    history_ok(store_message_get(other, conversation.leaf, &m, &err), &err);
    assert_string_equal(m.text, "abc");
    assert_int_equal(m.state, STORE_INTERRUPTED);
    r = store_reply_resume(other, m.id, &err);
    history_ok(store_reply_append(r, "d", 1, NULL, &err), &err);
    history_ok(store_reply_finish(r, STORE_STOPPED, NULL, &err), &err);
    store_reply_free(r);
    store_conversation_free(&conversation);
    store_message_free(&m);
    path = history_path(other, c);
    assert_string_equal(path, "abcd");
    free(path);
    store_close(other);
    assert_int_equal(history_count(history_file("due.db"), "SELECT count(*) FROM writer"), 0);
}

/* ---- conversations ---------------------------------------------------------------------------------------------- */

static int64_t clock_value;
static int64_t test_clock(void)
{
    return clock_value;
}

static void the_list_is_in_order(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_options options = {.now = test_clock};
    clock_value = 1000000000;
    struct store *s = store_open(NULL, &options, &err);
    int64_t ids[5];
    for (int i = 0; i < 5; i++) {
        char title[] = {(char)('a' + i), '\0'};
        history_ok(store_new(s, &ids[i], &err), &err);
        history_ok(store_rename(s, ids[i], title, STORE_TITLED_BY_HAND, &err), &err);
        clock_value -= 5000; /* a clock that goes backwards does not upset the order */
    }
    history_say(s, ids[1], 0, STORE_USER, "again");
    history_ok(store_flag(s, ids[0], STORE_PINNED, true, &err), &err);
    history_ok(store_flag(s, ids[2], STORE_ARCHIVED, true, &err), &err);
    history_ok(store_delete(s, ids[3], &err), &err);
    struct store_conversations list = {0};
    struct store_list_query query = {.view = STORE_VIEW_CURRENT};
    history_ok(store_list(s, &query, &list, &err), &err);
    assert_int_equal(list.n, 3);
    assert_string_equal(list.at[0].title, "a");
    assert_string_equal(list.at[1].title, "b");
    assert_string_equal(list.at[2].title, "e");
    assert_true(list.at[0].pinned);
    store_conversations_free(&list);
    query = (struct store_list_query){.view = STORE_VIEW_ALL, .first = 2, .limit = 1};
    history_ok(store_list(s, &query, &list, &err), &err);
    assert_int_equal(list.n, 1);
    assert_int_equal(list.total, 4);
    store_conversations_free(&list);
    query.uncounted = true; /* the same stretch, and no more is read */
    history_ok(store_list(s, &query, &list, &err), &err);
    assert_int_equal(list.n, 1);
    assert_int_equal(list.total, 3);
    store_conversations_free(&list);
    query = (struct store_list_query){.view = STORE_VIEW_TRASH};
    history_ok(store_list(s, &query, &list, &err), &err);
    assert_int_equal(list.n, 1);
    assert_true(list.at[0].trashed > 0);
    store_conversations_free(&list);
    int64_t last = 0;
    history_ok(store_last(s, NULL, &last, &err), &err);
    assert_int_equal(last, ids[1]);
    size_t purged = 0;
    history_ok(store_purge_trash(s, clock_value + 1, &purged, &err), &err);
    assert_int_equal(purged, 1);
    assert_int_equal(store_restore(s, ids[3], &err), ERR_NOT_FOUND);
    store_close(s);
}

static void those_of_a_tag_can_stand_last(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open(NULL);
    struct store_conversations list = {0};
    const struct store_list_query query = {.view = STORE_VIEW_CURRENT, .last = "aside"};
    int64_t ids[3], last = 0;
    for (int i = 0; i < 3; i++)
        history_ok(store_new(s, &ids[i], &err), &err);
    history_ok(store_tag(s, ids[1], "aside", true, &err), &err);
    history_ok(store_tag(s, ids[2], "aside", true, &err), &err);
    history_ok(store_list(s, &query, &list, &err), &err);
    assert_int_equal(list.n, 3);
    assert_int_equal(list.at[0].id, ids[0]);
    assert_int_equal(list.at[1].id, ids[2]);
    store_conversations_free(&list);
    history_ok(store_last(s, "aside", &last, &err), &err);
    assert_int_equal(last, ids[0]);
    history_ok(store_last(s, NULL, &last, &err), &err);
    assert_int_equal(last, ids[2]);
    history_ok(store_delete(s, ids[0], &err), &err);
    assert_int_equal(store_last(s, "aside", &last, &err), ERR_NOT_FOUND);
    store_close(s);
}

/* An answer of so many tokens in so many seconds, stored at this time. */
static void answer_at(struct store *s, int64_t conversation, int64_t when, int64_t tokens, double seconds)
{
    struct error err = {0};
    char model[] = "m";
    const struct store_making made = {.model = model,
                                      .fingerprint = 7,
                                      .answer_tokens = tokens,
                                      .decode_seconds = seconds};
    int64_t id;
    clock_value = when;
    history_ok(store_append(s, conversation, 0, STORE_ASSISTANT, "x", 1, &made, &id, &err), &err);
}

static void the_pace_is_that_of_the_newest_answer(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = store_open(NULL, &(struct store_options){.now = test_clock}, &err);
    int64_t conversation;
    double tokens = 1;
    history_ok(store_new(s, &conversation, &err), &err);
    history_ok(store_pace(s, 7, &tokens, &err), &err);
    assert_true(tokens == 0);
    answer_at(s, conversation, 3000, 100, 4);
    answer_at(s, conversation, 1000, 100, 2); /* stored later, as by an import, but made before */
    answer_at(s, conversation, 4000, 3, 1);   /* too short to tell */
    history_ok(store_pace(s, 7, &tokens, &err), &err);
    assert_true(tokens == 25);
    history_ok(store_pace(s, 8, &tokens, &err), &err);
    assert_true(tokens == 0);
    store_close(s);
}

static void conversations_are_found_by_name(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open(NULL);
    int64_t a = 0, b = 0, found = 0;
    history_ok(store_new(s, &a, &err), &err);
    history_ok(store_new(s, &b, &err), &err);
    history_ok(store_rename(s, a, "Sky colours", STORE_TITLED_BY_HAND, &err), &err);
    history_ok(store_rename(s, b, "Sorting\nin\x1b C", STORE_TITLED_BY_HAND, &err), &err);
    struct store_conversation c = {0};
    history_ok(store_conversation_get(s, b, &c, &err), &err);
    assert_string_equal(c.title, "Sorting in C");
    history_ok(store_find(s, c.public_id, &found, &err), &err);
    assert_int_equal(found, b);
    c.public_id[6] = '\0';
    history_ok(store_find(s, c.public_id, &found, &err), &err);
    assert_int_equal(found, b);
    store_conversation_free(&c);
    history_ok(store_find(s, "sky colours", &found, &err), &err);
    assert_int_equal(found, a);
    history_ok(store_find(s, "colou", &found, &err), &err);
    assert_int_equal(found, a);
    assert_int_equal(store_find(s, "s", &found, &err), ERR_ARGUMENT);
    error_clear(&err);
    assert_int_equal(store_find(s, "100%", &found, &err), ERR_NOT_FOUND);
    error_clear(&err);
    assert_int_equal(store_find(s, "", &found, &err), ERR_NOT_FOUND);
    history_ok(store_rename(s, a, "by model", STORE_TITLED_BY_MODEL, &err), &err);
    history_ok(store_find(s, "Sky colours", &found, &(struct error){0}), &err);
    store_close(s);
}

static void drafts_tags_personas_and_presets_are_kept(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open("names.db");
    int64_t id = 0;
    history_ok(store_new(s, &id, &err), &err);
    history_ok(store_set_draft(s, id, "half a thought", 14, 4, &err), &err);
    history_ok(store_set_draft(s, 0, "a\0b", 3, 99, &err), &err);
    history_ok(store_tag(s, id, "Work", true, &err), &err);
    history_ok(store_tag(s, id, "work", true, &err), &err);
    history_ok(store_tag(s, id, "llama", true, &err), &err);
    char name[] = "Pirate", system[] = "Arr.", broken[] = "{\"a\":", settings[] = "{\"temperature\":1.2}";
    struct store_persona p = {.name = name, .system = system, .settings = settings};
    history_ok(store_persona_put(s, &p, &err), &err);
    p.settings = broken;
    assert_int_equal(store_persona_put(s, &p, &err), ERR_FORMAT);
    error_clear(&err);
    assert_int_equal(store_preset_put(s, "x", "[1]", &err), ERR_FORMAT);
    error_clear(&err);
    history_ok(store_preset_put(s, "precise", "{\"temperature\": 0.1}", &err), &err);
    history_ok(store_remember(s, "pane", "folded", &err), &err);
    store_close(s);
    s = history_open("names.db");
    struct store_conversation c = {0};
    history_ok(store_conversation_get(s, id, &c, &err), &err);
    assert_string_equal(c.draft, "half a thought");
    assert_int_equal(c.draft_cursor, 4);
    assert_string_equal(c.tags[0], "llama");
    assert_string_equal(c.tags[1], "Work");
    assert_null(c.tags[2]);
    store_conversation_free(&c);
    char *text = NULL;
    size_t cursor = 0;
    history_ok(store_new_draft(s, &text, &cursor, &err), &err);
    assert_string_equal(text, "a b");
    assert_int_equal(cursor, 3);
    free(text);
    struct store_personas personas = {0};
    history_ok(store_personas(s, &personas, &err), &err);
    assert_int_equal(personas.n, 1);
    assert_string_equal(personas.at[0].settings, "{\"temperature\":1.2}");
    store_personas_free(&personas);
    history_ok(store_preset_get(s, "PRECISE", &text, &err), &err);
    assert_string_equal(text, "{\"temperature\":0.1}");
    free(text);
    history_ok(store_recall(s, "pane", &text, &err), &err);
    assert_string_equal(text, "folded");
    free(text);
    history_ok(store_persona_delete(s, "pirate", &err), &err);
    assert_int_equal(store_persona_delete(s, "pirate", &err), ERR_NOT_FOUND);
    error_clear(&err);
    history_ok(store_tag(s, id, "WORK", false, &err), &err);
    struct store_tags tags = {0};
    history_ok(store_tags(s, &tags, &err), &err);
    assert_int_equal(tags.n, 1);
    assert_string_equal(tags.at[0].name, "llama");
    store_tags_free(&tags);
    store_close(s);
}

static void a_failed_transaction_changes_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open("half.db");
    int64_t id = 0;
    history_ok(store_new(s, &id, &err), &err);
    history_ok(store_begin(s, &err), &err);
    history_say(s, id, 0, STORE_USER, "gone");
    assert_int_equal(store_append(s, id, 4711, STORE_USER, "x", 1, NULL, NULL, &err), ERR_NOT_FOUND);
    error_clear(&err);
    history_say(s, id, 0, STORE_USER, "gone too");
    history_ok(store_end(s, false, &err), &err);
    char *path = history_path(s, id);
    assert_string_equal(path, "");
    free(path);
    store_close(s);
    history_sound(history_file("half.db"));
    assert_int_equal(history_count(history_file("half.db"), "SELECT count(*) FROM message"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_for_their_owner_only),
        cmocka_unit_test(what_is_no_history_is_left_alone),
        cmocka_unit_test(editing_overwrites_nothing),
        cmocka_unit_test(deleted_messages_come_back),
        cmocka_unit_test(the_trash_is_emptied),
        cmocka_unit_test(branching_copies),
        cmocka_unit_test(a_very_long_conversation_works),
        cmocka_unit_test(a_reply_is_stored_while_it_grows),
        cmocka_unit_test(an_appended_reply_is_written_when_due),
        cmocka_unit_test(the_list_is_in_order),
        cmocka_unit_test(those_of_a_tag_can_stand_last),
        cmocka_unit_test(the_pace_is_that_of_the_newest_answer),
        cmocka_unit_test(conversations_are_found_by_name),
        cmocka_unit_test(drafts_tags_personas_and_presets_are_kept),
        cmocka_unit_test(a_failed_transaction_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
