/* Tests of importing what other programs export: each form from a small file in tests/fixtures/import, and files with
 * single faults, of which the sound part comes in and the rest is counted. */
#include <config.h>

#include "tests/unit/history.h"
#include "tests/source.h"

#include <string.h>

#include <sqlite3.h>

#include "history/store.h"

static struct store_import_report import_text(struct store *s, const char *bytes, size_t size)
{
    struct error err = {0};
    struct store_import_report report = {0};
    history_ok(store_import(s, "t.json", bytes, size, &report, &err), &err);
    return report;
}

static struct store_import_report import_fixture(struct store *s, const char *name)
{
    char path[512];
    struct error err = {0};
    struct store_import_report report = {0};
    snprintf(path, sizeof path, "%s/tests/fixtures/import/%s", source_folder(), name);
    history_ok(store_import_file(s, path, &report, &err), &err);
    return report;
}

/* All messages of conversation number n, from 1, as lines "1 user Hello", "2<1 assistant Hi", with a star at the
 * leaf. */
static char *tree_of(struct store *s, int n)
{
    static const char sql[] = "SELECT m.id - f.first, m.parent - f.first, m.role, m.text, m.id = c.leaf FROM message m "
                              "JOIN conversation c ON c.id = m.conversation "
                              "JOIN (SELECT conversation, min(id) - 1 AS first FROM message GROUP BY conversation) f "
                              "ON f.conversation = c.id WHERE c.id = ? ORDER BY m.id";
    sqlite3_stmt *q = NULL;
    struct buf text;
    buf_init(&text, 1 << 20);
    assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &q, NULL), SQLITE_OK);
    sqlite3_bind_int(q, 1, n);
    while (sqlite3_step(q) == SQLITE_ROW) {
        buf_printf(&text, "%d", sqlite3_column_int(q, 0));
        if (sqlite3_column_type(q, 1) != SQLITE_NULL)
            buf_printf(&text, "<%d", sqlite3_column_int(q, 1));
        buf_printf(&text, " %s %s%s\n", store_role_name((enum store_role)sqlite3_column_int(q, 2)),
                   (const char *)sqlite3_column_text(q, 3), sqlite3_column_int(q, 4) ? " *" : "");
    }
    sqlite3_finalize(q);
    return buf_take(&text);
}

static void assert_tree(struct store *s, int n, const char *expected)
{
    char *tree = tree_of(s, n);
    assert_string_equal(tree, expected);
    free(tree);
}

static struct store_conversation get_conversation(struct store *s, int64_t id)
{
    struct error err = {0};
    struct store_conversation c = {0};
    history_ok(store_conversation_get(s, id, &c, &err), &err);
    return c;
}

/* ---- forms ------------------------------------------------------------------------------------------------------- */

static void claude_is_imported(void **state)
{
    (void)state;
    struct store *s = history_open("claude.db");
    struct store_import_report r = import_fixture(s, "claude.json");
    assert_int_equal(r.conversations, 2);
    assert_int_equal(r.messages, 6);
    assert_int_equal(r.odd[STORE_SKIPPED_PARTS], 3); /* two files, one use of a tool; thoughts are no loss */
    assert_tree(s, 1, "1 user Which river is longer?\n2<1 assistant The Nile.\nOr not. *\n");
    assert_tree(s, 2,
                "1 user Hello there\n2<1 assistant First answer\n3<2 user Go on *\n"
                "4<1 assistant Second answer\n");
    struct store_conversation c = get_conversation(s, 1);
    assert_string_equal(c.title, "Rivers");
    assert_int_equal(c.created, INT64_C(1714557600250));
    assert_int_equal(c.changed, INT64_C(1714557660000));
    struct error err = {0};
    struct store_ids ids = {0};
    struct store_message m = {0};
    history_ok(store_current(s, 1, &ids, &err), &err);
    history_ok(store_message_get(s, ids.at[0], &m, &err), &err);
    assert_int_equal(m.created, INT64_C(1714557610000));
    store_message_free(&m);
    store_ids_free(&ids);
    store_conversation_free(&c);
    c = get_conversation(s, 2);
    assert_string_equal(c.title, "Hello there"); /* it had none */
    store_conversation_free(&c);
    store_close(s);
    history_sound(history_file("claude.db"));
}

static void open_webui_is_imported(void **state)
{
    (void)state;
    struct store *s = history_open("webui.db");
    struct store_import_report r = import_fixture(s, "openwebui.json");
    assert_int_equal(r.conversations, 2);
    assert_int_equal(r.messages, 7);
    assert_int_equal(r.odd[STORE_SKIPPED_PARTS], 2);
    assert_int_equal(r.odd[STORE_IGNORED_LINKS], 1);
    assert_tree(s, 1,
                "1 user Which tea?\n2<1 assistant Black.\n3<1 assistant Green.\n4<3 user Why? *\n"
                "5<4 assistant Because\n");
    assert_tree(s, 2, "1 user One\n2<1 assistant Two *\n");
    struct store_conversation c = get_conversation(s, 1);
    assert_string_equal(c.title, "Tea");
    assert_string_equal(c.system, "Be brief.");
    assert_true(c.pinned && c.archived);
    assert_int_equal(c.created, INT64_C(1714557600000));
    store_conversation_free(&c);
    assert_int_equal(history_count(history_file("webui.db"), "SELECT state FROM message WHERE text = 'Because'"),
                     STORE_INTERRUPTED);
    store_close(s);
    history_sound(history_file("webui.db"));
}

static void sillytavern_is_imported(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open("tavern.db");
    struct store_import_report r = import_fixture(s, "sillytavern.jsonl");
    assert_int_equal(r.conversations, 1);
    assert_int_equal(r.messages, 6);
    assert_tree(s, 1,
                "1 assistant Hello.\n2 assistant Good evening.\n3 assistant Hi.\n4<2 user Tell me a story.\n"
                "5<4 assistant Once upon a time\n6<5 system The lights go out. *\n");
    struct store_conversation c = get_conversation(s, 1);
    assert_string_equal(c.title, "Chat with Mira");
    store_conversation_free(&c);
    struct store_ids ids = {0};
    struct store_messages list = {0};
    history_ok(store_current(s, 1, &ids, &err), &err);
    history_ok(store_load(s, ids.at, ids.n, &list, &err), &err);
    assert_int_equal(list.at[0].sibling, 1);
    assert_int_equal(list.at[0].siblings, 3);
    assert_int_equal(list.at[1].created - list.at[0].created, 125 * 60000);
    assert_int_equal(list.at[2].created, INT64_C(1714565160000));
    assert_string_equal(list.at[2].made.model, "mira-7b");
    assert_int_equal(list.at[3].created, INT64_C(1714565220000));
    store_messages_free(&list);
    store_ids_free(&ids);
    store_close(s);
    history_sound(history_file("tavern.db"));
}

static void llama_server_keeps_its_branches(void **state)
{
    (void)state;
    struct store *s = history_open("page.db");
    struct store_import_report r = import_fixture(s, "llamaserver.json");
    assert_int_equal(r.conversations, 2);
    assert_int_equal(r.messages, 5);
    assert_int_equal(r.odd[STORE_SKIPPED_PARTS], 1);
    assert_int_equal(r.odd[STORE_SKIPPED_MESSAGES], 0);
    assert_tree(s, 1, "1 user Red or blue?\n2<1 assistant Red.\n3<1 assistant Blue. *\n");
    assert_tree(s, 2, "1 user One\n2<1 assistant Two *\n");
    struct store_conversation c = get_conversation(s, 1);
    assert_string_equal(c.title, "Colours");
    assert_int_equal(c.changed, INT64_C(1714557600000));
    store_conversation_free(&c);
    store_close(s);
    history_sound(history_file("page.db"));
}

static void sharegpt_is_imported(void **state)
{
    (void)state;
    struct store *s = history_open(NULL);
    struct store_import_report r = import_fixture(s, "sharegpt.jsonl");
    assert_int_equal(r.conversations, 2);
    assert_tree(s, 1, "1 user Hello\n2<1 assistant Hi\n3<2 tool rain *\n");
    assert_tree(s, 2, "1 user Bye\n2<1 assistant So long *\n");
    struct store_conversation c = get_conversation(s, 1);
    assert_string_equal(c.system, "Be kind.");
    store_conversation_free(&c);
    r = import_fixture(s, "sharegpt.json");
    assert_tree(s, 3, "1 user Hello\n2<1 assistant Hi *\n");
    store_close(s);
}

static void the_form_is_known_by_its_structure(void **state)
{
    (void)state;
    static const struct {
        const char *json, *tree;
    } cases[] = {
        {"{\"chat_messages\":[{\"sender\":\"human\",\"text\":\"a\"}]}", "1 user a *\n"},
        {"{\"chats\":[{\"chat\":{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}}]}", "1 user a *\n"},
        {"{\"conversations\":[{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}]}", "1 user a *\n"},
        {"{\"name\":\"You\",\"is_user\":true,\"mes\":\"a\"}\n{\"name\":\"B\",\"is_user\":false,\"mes\":\"b\"}\n",
         "1 user a\n2<1 assistant b *\n"},
        {"{\"user_name\":\"You\",\"character_name\":\"B\"}\n", ""},
        {"{\"conv\":{},\"messages\":[{\"id\":1,\"role\":\"user\",\"content\":\"a\"}]}", "1 user a *\n"},
        {"[{\"from\":\"human\",\"value\":\"a\"},{\"from\":\"gpt\",\"value\":\"b\"}]", "1 user a\n2<1 assistant b *\n"},
        {"[null,{\"role\":\"user\",\"content\":\"a\"}]", "1 user a *\n"},
        {"{\"mapping\":null}", ""},
        {"{\"chat_messages\":null}", ""},
        {"{\"chat\":{}}", ""},
        {"{\"chat\":{\"history\":{\"messages\":null},\"messages\":null}}", ""},
        {"{\"conv\":{},\"messages\":null}", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store *s = history_open(NULL);
        assert_int_equal(import_text(s, cases[i].json, strlen(cases[i].json)).conversations, 1);
        assert_tree(s, 1, cases[i].tree);
        store_close(s);
    }
    struct error err = {0};
    struct store *s = history_open(NULL);
    assert_int_equal(store_import(s, "t.json", "[{\"full_name\":\"Ada\"}]", 21, NULL, &err), ERR_FORMAT);
    static const char *const named[] = {"Palaver",     "ChatGPT",      "Claude",   "Open WebUI",
                                        "SillyTavern", "llama-server", "ShareGPT", "role and content"};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strstr(err.message, named[i]) == NULL)
            fail_msg("%s: does not name %s", err.message, named[i]);
    store_close(s);
}

/* ---- single faults ----------------------------------------------------------------------------------------------- */

#define ASKED(content) "[{\"role\":\"user\",\"content\":" content "},{\"role\":\"assistant\",\"content\":\"A\"}]"
#define NODE(author, content) \
    "[{\"mapping\":{\"a\":{\"message\":{" author "\"content\":" content "},\"children\":[\"b\"]}," \
    "\"b\":{\"parent\":\"a\",\"message\":{\"author\":{\"role\":\"assistant\"},\"content\":{\"parts\":[\"A\"]}}}}}]"
#define BY_USER "\"author\":{\"role\":\"user\"},"

static const struct {
    const char *json, *tree;
    enum store_import_oddity odd;
    size_t n;
} oddities[] = {
    /* characters */
    {ASKED("\"x \\ud83d y\""), "1 user x \xEF\xBF\xBD y\n2<1 assistant A *\n", STORE_REPLACED_CHARACTERS, 1},
    {ASKED("\"\\ude02\\ud83d\""), "1 user \xEF\xBF\xBD\xEF\xBF\xBD\n2<1 assistant A *\n", STORE_REPLACED_CHARACTERS, 2},
    {ASKED("\"\\ud83d\\u0041 \\uD83D\\uDE02 \\\\ud83d\""),
     "1 user \xEF\xBF\xBD"
     "A \xF0\x9F\x98\x82 \\ud83d\n"
     "2<1 assistant A *\n",
     STORE_REPLACED_CHARACTERS, 1},
    {ASKED("\"x \xED\xA0\xBD\xED\xB8\x82 y\""), "1 user x \xF0\x9F\x98\x82 y\n2<1 assistant A *\n",
     STORE_REPLACED_CHARACTERS, 1},
    {ASKED("\"x \xED\xA0\xBD y\""), "1 user x \xEF\xBF\xBD y\n2<1 assistant A *\n", STORE_REPLACED_CHARACTERS, 1},
    {ASKED("\"caf\xE9 \xC0\xAF\""), "1 user caf\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\n2<1 assistant A *\n",
     STORE_REPLACED_CHARACTERS, 3},
    {ASKED("\"x\ty\x01z\""), "1 user x\ty\x01z\n2<1 assistant A *\n", STORE_REPLACED_CHARACTERS, 2},
    {ASKED("\"Q\",\"a\\u0000b\":1"), "1 user Q\n2<1 assistant A *\n", STORE_REPLACED_CHARACTERS, 1},
    {ASKED("\"Q\",\"\\ud83d\":1"), "1 user Q\n2<1 assistant A *\n", STORE_REPLACED_CHARACTERS, 1},
    /* numbers */
    {ASKED("\"Q\",\"n\":123456789012345678901234567890"), "1 user Q\n2<1 assistant A *\n", STORE_REPLACED_NUMBERS, 1},
    {ASKED("\"Q\",\"n\":[-9223372036854775809,9223372036854775807]"), "1 user Q\n2<1 assistant A *\n",
     STORE_REPLACED_NUMBERS, 1},
    {ASKED("\"Q\",\"n\":[1e999,-1.5E+400]"), "1 user Q\n2<1 assistant A *\n", STORE_REPLACED_NUMBERS, 2},
    {ASKED("\"Q\",\"n\":[NaN,Infinity,-Infinity]"), "1 user Q\n2<1 assistant A *\n", STORE_REPLACED_NUMBERS, 3},
    /* messages without text */
    {"[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"tool_calls\":[]},"
     "{\"role\":\"assistant\",\"content\":\"A\"}]",
     "1 user Q\n2<1 assistant A *\n", STORE_SKIPPED_MESSAGES, 1},
    {ASKED("null"), "1 assistant A *\n", STORE_SKIPPED_MESSAGES, 1},
    {ASKED("[]"), "1 assistant A *\n", STORE_SKIPPED_MESSAGES, 1},
    {ASKED("5"), "1 assistant A *\n", STORE_SKIPPED_PARTS, 1},
    {ASKED("[null,{\"text\":\"Q\"},true]"), "1 user Q\n2<1 assistant A *\n", STORE_SKIPPED_PARTS, 2},
    {NODE(BY_USER, "null"), "1 assistant A *\n", STORE_SKIPPED_MESSAGES, 1},
    {NODE(BY_USER, "{\"parts\":null}"), "1 assistant A *\n", STORE_SKIPPED_MESSAGES, 1},
    {NODE(BY_USER, "{}"), "1 assistant A *\n", STORE_SKIPPED_MESSAGES, 1},
    {NODE(BY_USER, "{\"parts\":[null,\"Q\"]}"), "1 user Q\n2<1 assistant A *\n", STORE_SKIPPED_PARTS, 1},
    {NODE(BY_USER, "{\"parts\":[\"\"]}"), "1 assistant A *\n", STORE_SKIPPED_MESSAGES, 0}, /* on purpose */
    /* authors */
    {NODE("\"author\":null,", "{\"parts\":[\"Q\"]}"), "1 user Q\n2<1 assistant A *\n", STORE_GUESSED_AUTHORS, 1},
    {NODE("", "{\"parts\":[\"Q\"]}"), "1 user Q\n2<1 assistant A *\n", STORE_GUESSED_AUTHORS, 1},
    {NODE("\"author\":{\"role\":null},", "{\"parts\":[\"Q\"]}"), "1 user Q\n2<1 assistant A *\n", STORE_GUESSED_AUTHORS,
     1},
    {"[{\"content\":\"Q\"},{\"role\":\"alien\",\"content\":\"A\"},{\"role\":null,\"content\":\"B\"}]",
     "1 user Q\n2<1 assistant A\n3<2 user B *\n", STORE_GUESSED_AUTHORS, 3},
    /* links */
    {"{\"conv\":{\"currNode\":\"x\"},\"messages\":[{\"id\":\"1\",\"role\":\"user\",\"content\":\"Q\",\"children\":"
     "[\"2\",\"2\",\"9\",\"1\"]},{\"id\":\"2\",\"parent\":\"7\",\"role\":\"assistant\",\"content\":\"A\"}]}",
     "1 user Q\n2<1 assistant A *\n", STORE_IGNORED_LINKS, 3},
    {"{\"conv\":{},\"messages\":[{\"id\":\"1\",\"parent\":\"2\",\"role\":\"user\",\"content\":\"Q\"},"
     "{\"id\":\"2\",\"parent\":\"1\",\"role\":\"assistant\",\"content\":\"A\"}]}",
     "1 user Q\n2<1 assistant A *\n", STORE_IGNORED_LINKS, 1}, /* a cycle */
};

static void what_is_sound_is_kept_and_the_rest_is_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof oddities / sizeof *oddities; i++) {
        struct store *s = history_open(NULL);
        struct store_import_report r = import_text(s, oddities[i].json, strlen(oddities[i].json));
        if (r.odd[oddities[i].odd] != oddities[i].n)
            fail_msg("%s\n  counts %zu %s", oddities[i].json, r.odd[oddities[i].odd],
                     store_import_oddity_name(oddities[i].odd));
        assert_tree(s, 1, oddities[i].tree);
        store_close(s);
    }
}

static void one_fault_among_lines_costs_no_line(void **state)
{
    (void)state;
    static const char lines[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"one\"}]}\n"
                                "{\"messages\":[{\"role\":\"user\",\"content\":\"\\udead\"}]}\n"
                                "{\"messages\":[{\"role\":\"user\",\"content\":\"three\",\"logit\":NaN}]}\n";
    struct store *s = history_open(NULL);
    struct store_import_report r = import_text(s, lines, sizeof lines - 1);
    assert_int_equal(r.conversations, 3);
    assert_int_equal(r.messages, 3);
    assert_int_equal(r.odd[STORE_REPLACED_CHARACTERS], 1);
    assert_int_equal(r.odd[STORE_REPLACED_NUMBERS], 1);
    store_close(s);
}

static void faults_of_structure_import_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *json, *where;
    } cases[] = {
        {"[{\"role\":\"user\",\"content\":\"\\ud83d\"},]", "line 1, column 37"},
        {"[{\"role\":\"user\",\"content\":\"\\ud83d", "line 1"},
        {"[{\"role\":\"user\",\"content\":\"a\nb\"}]", "line 1"},
        {"{\"messages\":5}", "messages: expected an array"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"},7]}", "messages[1]: expected a message"},
        {"{\"chat_messages\":{}}", "chat_messages: expected an array"},
        {"[{\"chat\":{\"messages\":\"x\"}}]", "[0].chat.messages: expected an array"},
        {"{\"conv\":{},\"messages\":[{\"id\":\"1\",\"content\":\"Q\"},{\"id\":\"1\",\"content\":\"A\"}]}",
         "messages[1].id: \"1\" stands for two messages"},
        {"{\"conv\":{},\"messages\":[{\"content\":\"Q\"}]}", "messages[0].id: expected"},
        {"{\"user_name\":\"a\",\"character_name\":\"b\"}\n{\"mes\":\"c\"}\n", NULL},
        {"[{\"mes\":\"c\"},5]", "[1]: expected a message"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        struct store *s = history_open("structure.db");
        enum error_code code = store_import(s, "t.json", cases[i].json, strlen(cases[i].json), NULL, &err);
        assert_int_equal(code, cases[i].where != NULL ? ERR_FORMAT : ERR_NONE);
        if (cases[i].where != NULL && strstr(err.message, cases[i].where) == NULL)
            fail_msg("%s\n  does not say \"%s\"", err.message, cases[i].where);
        assert_int_equal(history_count(history_file("structure.db"), "SELECT count(*) FROM message"), code == ERR_NONE);
        store_close(s);
        remove(history_file("structure.db"));
    }
}

/* A string that no message can hold: the file and the place are named. */
static void a_text_too_long_names_its_file(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open(NULL);
    struct buf json;
    buf_init(&json, 2 * STORE_TEXT_MAX);
    buf_puts(&json, "[{\"role\":\"user\",\"content\":\"");
    char *piece = malloc(1 << 20);
    memset(piece, 'a', 1 << 20);
    for (size_t n = 0; n <= STORE_TEXT_MAX; n += 1 << 20)
        buf_append(&json, piece, 1 << 20);
    free(piece);
    buf_puts(&json, "\"}]");
    assert_false(buf_failed(&json));
    assert_int_equal(store_import(s, "big.json", buf_text(&json), json.size, NULL, &err), ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "big.json: [0]: a text of 68157440 bytes is too long, at most 67108864"));
    buf_free(&json);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claude_is_imported),
        cmocka_unit_test(open_webui_is_imported),
        cmocka_unit_test(sillytavern_is_imported),
        cmocka_unit_test(llama_server_keeps_its_branches),
        cmocka_unit_test(sharegpt_is_imported),
        cmocka_unit_test(the_form_is_known_by_its_structure),
        cmocka_unit_test(what_is_sound_is_kept_and_the_rest_is_counted),
        cmocka_unit_test(one_fault_among_lines_costs_no_line),
        cmocka_unit_test(faults_of_structure_import_nothing),
        cmocka_unit_test(a_text_too_long_names_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
