/* Tests of export and import: what goes out comes back equal, broken files change nothing and say where they broke. */
#include <config.h>

#include "tests/unit/history.h"

#include <unistd.h>

/* ---- help ------------------------------------------------------------------------------------------------------- */

static bool keep(void *context, const char *bytes, size_t size)
{
    return buf_append(context, bytes, size);
}

static char *exported(struct store *s, enum store_format format)
{
    struct error err = {0};
    struct buf out;
    buf_init(&out, 1 << 26);
    history_ok(store_export(s, format, NULL, 0, keep, &out, &err), &err);
    return buf_take(&out);
}

static struct store_import_report import(struct store *s, const char *json)
{
    struct error err = {0};
    struct store_import_report report = {0};
    history_ok(store_import(s, "test.json", json, strlen(json), &report, &err), &err);
    return report;
}

static size_t conversations(struct store *s)
{
    struct error err = {0};
    struct store_conversations list = {0};
    history_ok(store_list(s, &(struct store_list_query){.view = STORE_VIEW_ALL}, &list, &err), &err);
    size_t n = list.n;
    store_conversations_free(&list);
    return n;
}

/* An answer with token records and a change of settings in it. */
static int64_t add_answer(struct store *s, int64_t conversation, int64_t parent)
{
    struct error err = {0};
    char model[] = "tiny \"one\"", template[] = "chatml", finish[] = "length";
    char settings[] = "{\"temperature\":0.8,\"stops\":[\"</s>\\u0000\"]}";
    struct store_making made = {.model = model,
                                .fingerprint = 0xfedcba9876543210u,
                                .template_name = template,
                                .settings = settings,
                                .has_seed = true,
                                .seed = UINT64_MAX,
                                .finish = finish,
                                .prompt_tokens = 7,
                                .answer_tokens = 20,
                                .prefill_seconds = 0.1,
                                .first_token_seconds = 1.0 / 3,
                                .decode_seconds = 2e-7};
    struct store_reply *r = store_reply_begin(s, conversation, parent, STORE_ASSISTANT, &made, &err);
    for (int i = 0; i < 20; i++) {
        struct store_token t = {.chosen = {i * 5000, 0.1f * (float)(i % 11), 1.0f / (float)(i + 1)},
                                .bytes = 2,
                                .rank = (uint32_t)i,
                                .entropy = (float)i * 0.37f,
                                .forced = i == 7,
                                .n_best = i % 11};
        for (int k = 0; k < t.n_best; k++)
            t.best[k] =
                (struct store_candidate){k * 9999, 0.9f / (float)(k * k + 1), k > 4 ? 0 : 0.5f, k > 4 ? (uint8_t)k : 0};
        if (i == 10)
            history_ok(store_reply_settings(r, "{\"temperature\":1.4}", &err), &err);
        history_ok(store_reply_append(r, "ab", 2, &t, &err), &err);
        history_ok(store_reply_flush(r, &err), &err);
    }
    history_ok(store_reply_finish(r, STORE_STOPPED, &made, &err), &err);
    int64_t id = store_reply_message(r);
    store_reply_free(r);
    return id;
}

/* A store with something of everything. */
static struct store *rich_store(void)
{
    struct error err = {0};
    struct store *s = history_open(NULL);
    int64_t a = 0, b = 0, c = 0, edited = 0;
    history_ok(store_new(s, &a, &err), &err);
    int64_t q = history_say(s, a, 0, STORE_USER,
                            "What is \"this\"?\n\t<b>&amp;</b> 天空 "
                            "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7");
    int64_t answer = add_answer(s, a, q);
    add_answer(s, a, q);
    int64_t third = history_say(s, a, answer, STORE_USER, "below the first");
    history_ok(store_edit(s, third, "a\0b\x1b[2J\\", 8, &edited, &err), &err);
    history_ok(store_delete_message(s, third, &err), &err);
    history_ok(store_select_leaf(s, answer, &err), &err);
    history_ok(store_set(s, a, STORE_SYSTEM_PROMPT, "Be\nbrief.", &err), &err);
    history_ok(store_set(s, a, STORE_SETTINGS, "{\"top_p\": 0.9, \"x\": [1, null, true]}", &err), &err);
    history_ok(store_set(s, a, STORE_PERSONA, "Pirate", &err), &err);
    history_ok(store_tag(s, a, "work", true, &err), &err);
    history_ok(store_tag(s, a, "ärger", true, &err), &err);
    history_ok(store_flag(s, a, STORE_PINNED, true, &err), &err);
    history_ok(store_set_draft(s, a, "half", 4, 2, &err), &err);
    history_ok(store_branch(s, answer, &b, &err), &err);
    history_ok(store_new(s, &c, &err), &err);
    history_ok(store_rename(s, c, "empty one", STORE_TITLED_BY_HAND, &err), &err);
    char name[] = "Pirate", system[] = "Arr";
    history_ok(store_persona_put(s, &(struct store_persona){.name = name, .system = system}, &err), &err);
    history_ok(store_preset_put(s, "precise", "{\"temperature\":0.1}", &err), &err);
    return s;
}

/* ---- there and back --------------------------------------------------------------------------------------------- */

static void what_goes_out_comes_back_equal(void **state)
{
    (void)state;
    struct store *s = rich_store(), *other = history_open("imported.db");
    char *first = exported(s, STORE_JSON);
    struct store_import_report report = import(other, first);
    assert_int_equal(report.conversations, 3);
    assert_int_equal(report.messages, 7);
    char *second = exported(other, STORE_JSON);
    assert_string_equal(first, second);
    report = import(other, first); /* once more: all is there already */
    assert_int_equal(report.conversations, 0);
    assert_int_equal(report.known, 3);
    struct error err = {0};
    int64_t id = 0;
    history_ok(store_find(other, "empty one", &id, &err), &err);
    history_say(other, id, 0, STORE_USER, "not empty any more");
    report = import(other, first);
    assert_int_equal(report.conversations, 1);
    assert_int_equal(report.known, 2);
    history_ok(store_find(other, "empty one (2)", &id, &err), &err);
    free(first);
    free(second);
    store_close(s);
    store_close(other);
    history_sound(history_file("imported.db"));
}

static void readable_forms_are_safe(void **state)
{
    (void)state;
    struct store *s = rich_store();
    char *html = exported(s, STORE_HTML);
    assert_non_null(strstr(html, "&lt;b&gt;&amp;amp;&lt;/b&gt; 天空"));
    assert_null(strstr(html, "<b>"));
    assert_null(strchr(html, 0x1b));
    assert_null(strstr(html, "http://"));
    free(html);
    char *markdown = exported(s, STORE_MARKDOWN);
    assert_non_null(strstr(markdown, "# What is \"this\"? <b>"));
    assert_non_null(strstr(markdown, "> Be\n> brief.\n"));
    assert_non_null(strstr(markdown, "**Palaver**"));
    assert_null(strchr(markdown, 0x1b));
    free(markdown);
    char *plain = exported(s, STORE_PLAIN);
    assert_non_null(strstr(plain, "You ("));
    assert_non_null(strstr(plain, "abab"));
    free(plain);
    enum store_format format;
    assert_true(store_format_parse("chat.HTML", &format) && format == STORE_HTML);
    assert_true(store_format_parse("md", &format) && format == STORE_MARKDOWN);
    assert_false(store_format_parse("chat.docx", &format));
    store_close(s);
}

static bool refuse(void *context, const char *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    (void)size;
    return false;
}

static void a_full_disk_ends_an_export(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = rich_store();
    assert_int_equal(store_export(s, STORE_JSON, NULL, 0, refuse, NULL, &err), ERR_IO);
    store_close(s);
}

/* ---- other programs' files --------------------------------------------------------------------------------------- */

static const char chatgpt[] =
    "[{\"title\": \"Sky\", \"create_time\": 1700000000.5, \"update_time\": 1700000100, \"current_node\": \"e\","
    "\"mapping\": {"
    "\"r\": {\"id\": \"r\", \"message\": null, \"parent\": null, \"children\": [\"s\"]},"
    "\"s\": {\"message\": {\"author\": {\"role\": \"system\"}, \"content\": {\"content_type\": \"text\","
    " \"parts\": [\"\"]}}, \"parent\": \"r\", \"children\": [\"a\"]},"
    "\"a\": {\"message\": {\"author\": {\"role\": \"user\"}, \"create_time\": 1700000001, \"content\": {\"content_type\":"
    " \"multimodal_text\", \"parts\": [{\"content_type\": \"image_asset_pointer\"}, \"Why blue?\"]}},"
    " \"parent\": \"s\", \"children\": [\"b\", \"e\"]},"
    "\"b\": {\"message\": {\"author\": {\"role\": \"assistant\"}, \"content\": {\"content_type\": \"text\","
    " \"parts\": [\"first\"]}, \"metadata\": {\"model_slug\": \"gpt-4\"}}, \"parent\": \"a\", \"children\": [\"c\"]},"
    "\"c\": {\"message\": {\"author\": {\"role\": \"tool\"}, \"content\": {\"content_type\": \"execution_output\","
    " \"text\": \"42\"}}, \"parent\": \"b\", \"children\": []},"
    "\"e\": {\"message\": {\"author\": {\"role\": \"assistant\"}, \"content\": {\"content_type\": \"thoughts\","
    " \"thoughts\": []}}, \"parent\": \"a\", \"children\": [\"f\"]},"
    "\"f\": {\"message\": {\"author\": {\"role\": \"assistant\"}, \"content\": {\"content_type\": \"text\","
    " \"parts\": [\"second\"]}}, \"parent\": \"e\", \"children\": []}"
    "}}]";

static void chatgpt_trees_are_imported(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open(NULL);
    struct store_import_report report = import(s, chatgpt);
    assert_int_equal(report.conversations, 1);
    assert_int_equal(report.messages, 4);
    assert_int_equal(report.odd[STORE_SKIPPED_PARTS], 1);
    char *path = history_path(s, report.first);
    assert_string_equal(path, "[picture]\nWhy blue?"); /* the current node has no text: it stands at the one above */
    free(path);
    struct store_conversation c = {0};
    history_ok(store_conversation_get(s, report.first, &c, &err), &err);
    assert_string_equal(c.title, "Sky");
    assert_int_equal(c.created, 1700000000500);
    assert_int_equal(c.changed, 1700000100000);
    history_ok(store_select(s, c.leaf, &err), &err);
    store_conversation_free(&c);
    path = history_path(s, report.first);
    assert_string_equal(path, "[picture]\nWhy blue?|second");
    free(path);
    struct store_query query = {.text = "first"};
    struct store_hits hits = {0};
    history_ok(store_search(s, &query, &hits, &err), &err);
    assert_int_equal(hits.n, 1);
    store_hits_free(&hits);
    store_close(s);
}

static void plain_conversations_are_imported(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *path;
        size_t n;
    } cases[] = {
        {"[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]", "a|b", 1},
        {"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":"
         "[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\"},\"b\"]}]}",
         "a\nb", 1},
        {"{\"conversations\":[{\"from\":\"human\",\"value\":\"a\"},{\"from\":\"gpt\",\"value\":\"b\"}]}", "a|b", 1},
        {"[{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]},{\"messages\":[]}]", "x", 2},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"one\"}]}\n\n{\"messages\":[]}\r\n{\"messages\":[]}\n", "one",
         3},
        {"\xEF\xBB\xBF[{\"role\":\"user\",\"content\":\"bom\"}]", "bom", 1},
        {"[]", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store *s = history_open(NULL);
        struct store_import_report report = import(s, cases[i].json);
        assert_int_equal(report.conversations, cases[i].n);
        if (cases[i].path != NULL) {
            char *path = history_path(s, report.first);
            assert_string_equal(path, cases[i].path);
            free(path);
        }
        store_close(s);
    }
}

/* ---- broken files ----------------------------------------------------------------------------------------------- */

static void broken_files_change_nothing_and_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *json, *where;
    } cases[] = {
        {"", "line 1, column 1"},
        {"{", "line 1, column 1"},
        {"[{\"role\":\"user\",\n  \"content\": tru}]", "line 2, column 16"},
        {"{\"messages\":[]}\n{\"messages\":[}\n", "line 2, column 14"},
        {"\"just a string\"", "line 1"},
        {"{\"x\":1}", "t.json: not a conversation"},
        {"[[5]]", "[0][0]: expected a message"},
        {"{\"a\":1,\"a\":2}", "duplicate"},
        {"[{\"mapping\": 5}]", "[0].mapping: expected an object"},
        {"[{\"mapping\": {\"a\": {\"children\": [\"zz\"]}}}]", "[0].mapping.a.children: number 0"},
        {"[{\"mapping\": {\"a\": {\"parent\": \"b\"}, \"b\": {\"parent\": \"a\"}}}]", "hang on no root"},
        {"[{\"mapping\": {\"a\": {\"children\": [\"b\", \"b\"]}, \"b\": {\"parent\": \"a\"}}}]", "below two nodes"},
        {"[{\"mapping\": {\"a\": {\"children\": [\"a\"]}}}]", "[0].mapping.a: is below two nodes"},
        {"[{\"mapping\": {\"a\": {}}, \"current_node\": \"q\"}]", "[0].current_node"},
        {"{\"format\":\"palaver-history\",\"version\":9,\"conversations\":[]}", "version: 9 is unknown"},
        {"{\"format\":\"palaver-history\",\"version\":1,\"conversations\":[{\"id\":\"../../etc\"}]}",
         "conversations[0].id"},
        {"{\"format\":\"palaver-history\",\"version\":1,\"conversations\":[{\"id\":\"abcd1234\",\"messages\":["
         "{\"id\":1,\"role\":\"user\",\"text\":\"a\"},{\"id\":2,\"parent\":2,\"role\":\"user\",\"text\":\"a\"}]}]}",
         "conversations[0].messages[1].parent"},
        {"{\"format\":\"palaver-history\",\"version\":1,\"conversations\":[{\"id\":\"abcd1234\",\"messages\":["
         "{\"id\":1,\"role\":\"user\",\"text\":\"a\",\"tokens\":[{\"id\":5},{\"id\":-1}]}]}]}",
         "conversations[0].messages[0].tokens[1].id"},
        {"{\"format\":\"palaver-history\",\"version\":1,\"conversations\":[{\"id\":\"abcd1234\",\"leaf\":3,"
         "\"messages\":[]}]}",
         "conversations[0].leaf"},
        {"{\"format\":\"palaver-history\",\"version\":1,\"conversations\":[{\"id\":\"abcd1234\",\"messages\":["
         "{\"id\":1,\"role\":\"user\",\"text\":\"a\",\"deleted\":5},{\"id\":2,\"parent\":1,\"role\":\"user\","
         "\"text\":\"a\"}]}]}",
         "hangs below a deleted one"},
        {"{\"format\":\"palaver-history\",\"version\":1,\"conversations\":[{\"id\":\"abcd1234\",\"messages\":["
         "{\"id\":1,\"role\":\"user\",\"text\":\"a\",\"seed\":\"x\"}]}]}",
         "messages[0].seed"},
    };
    struct store *s = rich_store();
    char *before = exported(s, STORE_JSON);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        struct store_import_report report = {0};
        assert_int_equal(store_import(s, "t.json", cases[i].json, strlen(cases[i].json), &report, &err), ERR_FORMAT);
        if (strstr(err.message, cases[i].where) == NULL)
            fail_msg("%s\n  does not say \"%s\"", err.message, cases[i].where);
        assert_int_equal(report.conversations, 0);
    }
    char *after = exported(s, STORE_JSON);
    assert_string_equal(before, after);
    free(before);
    free(after);
    store_close(s);
}

static void a_file_cut_anywhere_changes_nothing(void **state)
{
    (void)state;
    struct store *s = rich_store(), *other = history_open(NULL);
    char *json = exported(s, STORE_JSON);
    size_t size = strlen(json) - 1; /* without the line end, which may be missing */
    for (size_t cut = 0; cut < size; cut += 1 + size / 200) {
        struct error err = {0};
        assert_int_equal(store_import(other, "cut.json", json, cut, NULL, &err), ERR_FORMAT);
    }
    assert_int_equal(conversations(other), 0);
    free(json);
    store_close(s);
    store_close(other);
}

static void another_encoding_is_named(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open(NULL);
    assert_int_equal(store_import(s, "t.json", "\xFF\xFE[\0]\0", 6, NULL, &err), ERR_FORMAT);
    assert_non_null(strstr(err.message, "t.json: the text is UTF-16"));
    store_close(s);
}

static void deep_nesting_is_refused_and_deep_trees_are_not(void **state)
{
    (void)state;
    enum { DEEP = 5000 };
    struct error err = {0};
    struct store *s = history_open(NULL);
    char *brackets = malloc(1000000);
    memset(brackets, '[', 1000000);
    assert_int_equal(store_import(s, "deep.json", brackets, 1000000, NULL, &err), ERR_FORMAT);
    free(brackets);
    struct buf json;
    buf_init(&json, 1 << 24);
    buf_puts(&json, "[{\"mapping\":{");
    for (int i = 0; i < DEEP; i++)
        buf_printf(&json,
                   "%s\"n%d\":{\"parent\":\"n%d\",\"children\":[\"n%d\"],\"message\":"
                   "{\"author\":{\"role\":\"user\"},\"content\":{\"parts\":[\"m\"]}}}",
                   i > 0 ? "," : "", i, i - 1, i + 1);
    buf_printf(&json, ",\"n%d\":{\"parent\":\"n%d\"}}}]", DEEP, DEEP - 1);
    struct store_import_report report = import(s, buf_text(&json));
    assert_int_equal(report.messages, DEEP);
    buf_free(&json);
    store_close(s);
}

static void files_are_read(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = history_open(NULL);
    const char *path = history_file("chats.json");
    assert_int_equal(store_import_file(s, path, NULL, &err), ERR_NOT_FOUND);
    error_clear(&err);
    FILE *f = fopen(path, "w");
    fputs(chatgpt, f);
    fclose(f);
    struct store_import_report report = {0};
    history_ok(store_import_file(s, path, &report, &err), &err);
    assert_int_equal(report.messages, 4);
    assert_int_equal(store_import_file(s, "/", NULL, &err), ERR_FORMAT);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_out_comes_back_equal),
        cmocka_unit_test(readable_forms_are_safe),
        cmocka_unit_test(a_full_disk_ends_an_export),
        cmocka_unit_test(chatgpt_trees_are_imported),
        cmocka_unit_test(plain_conversations_are_imported),
        cmocka_unit_test(broken_files_change_nothing_and_say_where),
        cmocka_unit_test(a_file_cut_anywhere_changes_nothing),
        cmocka_unit_test(another_encoding_is_named),
        cmocka_unit_test(deep_nesting_is_refused_and_deep_trees_are_not),
        cmocka_unit_test(files_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
