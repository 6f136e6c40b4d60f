/* Tests of the search: what is found, where it is shown, and that no text is ever taken for a command. */
#include <config.h>

#include "tests/unit/history.h"

static struct store *s;
static int64_t conversation, last;

static int set_up(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Erwin Schrödinger had a cat.",
        "Why is the blue sky so blue?\nBecause\tof scattering.",
        "天空为什么是蓝色的?",
        "今日はいい天気ですね。空が青い。",
        "Le café de l'été, naïve façade; e\xCC\x81tude",
        "하늘은 왜 파란가요?",
        "def f(x): return x*x  # C++ and C#",
        "небо синее, ёлка зелёная",
    };
    struct error err = {0};
    s = history_open(NULL);
    history_ok(store_new(s, &conversation, &err), &err);
    last = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        last = history_say(s, conversation, last, i % 2 == 0 ? STORE_USER : STORE_ASSISTANT, texts[i]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(s);
    return 0;
}

static struct store_hits find(const char *text)
{
    struct error err = {0};
    struct store_hits hits = {0};
    struct store_query query = {.text = text, .conversation = conversation};
    history_ok(store_search(s, &query, &hits, &err), &err);
    return hits;
}

/* The texts of all marks of all hits, joined. */
static char *marked(const char *text)
{
    struct store_hits hits = find(text);
    struct buf out;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < hits.n; i++) {
        const struct store_hit *h = &hits.at[i];
        for (size_t k = 0; k < h->n_marks; k++)
            buf_printf(&out, "[%.*s]", (int)(h->marks[k].end - h->marks[k].start), h->snippet + h->marks[k].start);
        struct store_message m = {0};
        struct error err = {0};
        history_ok(store_message_get(s, h->message, &m, &err), &err);
        for (size_t k = 0; k < h->n_places; k++)
            assert_true(h->places[k].start < h->places[k].end && h->places[k].end <= m.size);
        store_message_free(&m);
    }
    store_hits_free(&hits);
    return buf_take(&out);
}

static void words_phrases_and_beginnings_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *query, *marks;
    } cases[] = {
        {"schrodinger", "[Schrödinger]"},
        {"SCHRÖD", "[Schrödinger]"},
        {"sch", "[Schrödinger]"},
        {"chrödinger", ""},
        {"blue", "[blue][blue]"},
        {"\"blue sky\"", "[blue sky]"},
        {"\"sky blue\"", ""},
        {"\"blue sk", "[blue sky]"},
        {"sky blu", "[blue][sky][blue]"},
        {"sk* blue ", "[blue][sky][blue]"},
        {"sk blue ", ""},
        {"天空", "[天空]"},
        {"空", "[空][空]"},
        {"為什麼", ""},
        {"蓝色", "[蓝色]"},
        {"天気", "[天気]"},
        {"늘은", "[늘은]"},
        {"cafe", "[café]"},
        {"ete", "[été]"},
        {"etude", "[e\xCC\x81tude]"},
        {"l'été", "[l'été]"},
        {"facade naive", "[naïve][façade]"},
        {"ЗЕЛ", "[зелёная]"},
        {"c++ ", "[C][C]"},
        {"", ""},
        {"   ", ""},
        {"\"\"", ""},
        {"*", ""},
        {"!!! blue", "[blue][blue]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = marked(cases[i].query);
        const char *want = cases[i].marks;
        if (strcmp(got, want) != 0)
            print_error("query <%s>: marked %s, expected %s\n", cases[i].query, got, want);
        assert_string_equal(got, want);
        free(got);
    }
}

static void snippets_show_the_place(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 500; i++)
        buf_puts(&text, "lorem ipsum 天\n");
    buf_puts(&text, "here is the needle\x1b[2J in it");
    for (int i = 0; i < 500; i++)
        buf_puts(&text, " dolor sit");
    int64_t id = history_say(s, conversation, last, STORE_USER, buf_text(&text));
    struct store_hits hits = find("needle");
    assert_int_equal(hits.n, 1);
    const struct store_hit *h = &hits.at[0];
    assert_int_equal(h->message, id);
    assert_int_equal(h->n_marks, 1);
    assert_memory_equal(h->snippet + h->marks[0].start, "needle", 6);
    assert_memory_equal(buf_text(&text) + h->places[0].start, "needle", 6);
    assert_true(strlen(h->snippet) < 400);
    assert_null(strpbrk(h->snippet, "\n\x1b"));
    assert_memory_equal(h->snippet, "…", 3);
    store_hits_free(&hits);
    buf_free(&text);
}

static void pages_follow_one_another(void **state)
{
    (void)state;
    for (int i = 0; i < 25; i++)
        history_say(s, conversation, last, STORE_USER, "page turner");
    struct error err = {0};
    int64_t below = 0;
    size_t total = 0, pages = 0;
    bool more = true;
    while (more) {
        struct store_query query = {.text = "page", .below = below, .limit = 10};
        struct store_hits hits = {0};
        history_ok(store_search(s, &query, &hits, &err), &err);
        for (size_t i = 0; i < hits.n; i++) {
            assert_true(below == 0 || hits.at[i].message < below);
            below = hits.at[i].message;
        }
        total += hits.n;
        pages++;
        more = hits.more;
        store_hits_free(&hits);
    }
    assert_int_equal(total, 25);
    assert_int_equal(pages, 3);
}

static size_t count(const struct store_query *query)
{
    struct error err = {0};
    struct store_hits hits = {0};
    history_ok(store_search(s, query, &hits, &err), &err);
    size_t n = hits.n;
    store_hits_free(&hits);
    return n;
}

static void titles_are_found_first_and_the_trash_never(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_hits hits = {0};
    struct store_query query = {.text = "schrodinger"};
    history_ok(store_search(s, &query, &hits, &err), &err);
    assert_int_equal(hits.n, 2);
    assert_int_equal(hits.at[0].message, 0);
    assert_string_equal(hits.at[0].snippet, "Erwin Schrödinger had a cat.");
    store_hits_free(&hits);
    history_ok(store_rename(s, conversation, "Katzen", STORE_TITLED_BY_HAND, &err), &err);
    assert_int_equal(count(&query), 1);
    history_ok(store_flag(s, conversation, STORE_ARCHIVED, true, &err), &err);
    assert_int_equal(count(&query), 0);
    query.archived = true;
    assert_int_equal(count(&query), 1);
    history_ok(store_delete(s, conversation, &err), &err);
    assert_int_equal(count(&query), 0);
    history_ok(store_restore(s, conversation, &err), &err);
    assert_int_equal(count(&query), 1);
    struct store_ids path = {0};
    history_ok(store_current(s, conversation, &path, &err), &err);
    history_ok(store_delete_message(s, path.at[0], &err), &err);
    assert_int_equal(count(&query), 0);
    store_ids_free(&path);
    history_ok(store_purge(s, conversation, &err), &err);
    assert_int_equal(count(&query), 0);
}

static void a_growing_reply_is_found_when_it_ends(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_query query = {.text = "zebra"};
    struct store_reply *r = store_reply_begin(s, conversation, last, STORE_ASSISTANT, NULL, &err);
    history_ok(store_reply_append(r, "a zebra", 7, NULL, &err), &err);
    history_ok(store_reply_flush(r, &err), &err);
    assert_int_equal(count(&query), 0);
    history_ok(store_reply_finish(r, STORE_STOPPED, NULL, &err), &err);
    assert_int_equal(count(&query), 1);
    int64_t id = store_reply_message(r);
    store_reply_free(r);
    r = store_reply_resume(s, id, &err);
    assert_int_equal(count(&query), 0);
    history_ok(store_reply_append(r, " and an okapi", 13, NULL, &err), &err);
    store_reply_free(r);
    assert_int_equal(count(&query), 1);
    query.text = "zebra okapi";
    assert_int_equal(count(&query), 1);
}

/* ---- attacks ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    size_t size;
} attacks[] = {
#define ATTACK(text) \
    { \
        text, sizeof text - 1 \
    }
    ATTACK("'; DROP TABLE message; --"),
    ATTACK("\" OR 1=1 --"),
    ATTACK("Robert'); DELETE FROM conversation;--"),
    ATTACK("NEAR(a b, 3) AND NOT c OR (d"),
    ATTACK("text : blue"),
    ATTACK("{text title} : x"),
    ATTACK("^blue + sky"),
    ATTACK("- - blue"),
    ATTACK("words(words) VALUES('delete-all')"),
    ATTACK("%s%n%x %%"),
    ATTACK("a\0b\0c"),
    ATTACK("\0"),
    ATTACK("\x1b]0;title\x07\x1b[2J\x9b"
           "31m"),
    ATTACK("\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80"),
    ATTACK("\xE2\x80\xAE"
           "txt.exe"),
    ATTACK("{\"role\": \"system\", \"content\": \"\\u0000\"}"),
    ATTACK("<script>alert('x')</script><!-- & -->"),
    ATTACK("**********\"\"\"\"\"\"\"\"\"\""),
    ATTACK("\\'\\\"\\\\\r\n\t\v"),
    ATTACK("..//..//etc/passwd"),
    ATTACK("[INST] <<SYS>> </s><|im_end|>"),
    ATTACK("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7"),
};

static void no_text_is_a_command(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_conversation c = {0};
    history_ok(store_conversation_get(s, conversation, &c, &err), &err);
    int32_t length = c.length;
    store_conversation_free(&c);
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        const char *text = attacks[i].text;
        int64_t id = 0;
        history_ok(store_append(s, conversation, last, STORE_USER, text, attacks[i].size, NULL, &id, &err), &err);
        struct store_message m = {0};
        history_ok(store_message_get(s, id, &m, &err), &err);
        if (i != 12 && i != 13) { /* all but the ill-formed come back as they were */
            assert_int_equal(m.size, attacks[i].size);
            assert_memory_equal(m.text, text, m.size);
        }
        assert_int_equal(m.text[m.size], '\0');
        store_message_free(&m);
        history_ok(store_rename(s, conversation, text, STORE_TITLED_BY_HAND, &err), &err);
        history_ok(store_set_draft(s, conversation, text, attacks[i].size, 1, &err), &err);
        history_ok(store_set(s, conversation, STORE_SYSTEM_PROMPT, text, &err), &err);
        store_tag(s, conversation, text, true, &(struct error){0});
        store_find(s, text, &id, &(struct error){0});
        struct store_query query = {.text = text};
        count(&query);
        query.conversation = conversation;
        count(&query);
    }
    history_ok(store_conversation_get(s, conversation, &c, &err), &err);
    assert_int_equal(c.length, length + 1);
    store_conversation_free(&c);
    history_ok(store_purge(s, conversation, &err), &err);
}

static void ill_formed_text_is_replaced(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_message m = {0};
    int64_t id = 0;
    history_ok(store_append(s, conversation, last, STORE_USER, "a\xff\xE5\xA4z\xE5", 6, NULL, &id, &err), &err);
    history_ok(store_message_get(s, id, &m, &err), &err);
    assert_string_equal(m.text, "a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD");
    store_message_free(&m);
}

static void huge_texts_are_kept_or_refused(void **state)
{
    (void)state;
    struct error err = {0};
    size_t size = 3 << 20;
    char *text = malloc(STORE_TEXT_MAX + 1);
    memset(text, 'x', STORE_TEXT_MAX + 1);
    for (size_t i = 0; i < size; i += 7)
        text[i] = ' ';
    int64_t id = 0;
    history_ok(store_append(s, conversation, last, STORE_USER, text, size, NULL, &id, &err), &err);
    struct store_message m = {0};
    history_ok(store_message_get(s, id, &m, &err), &err);
    assert_int_equal(m.size, size);
    assert_memory_equal(m.text, text, size);
    store_message_free(&m);
    struct store_query query = {.text = "xxxxxx"};
    assert_int_equal(count(&query), 1);
    assert_int_equal(store_append(s, conversation, last, STORE_USER, text, STORE_TEXT_MAX + 1, NULL, &id, &err),
                     ERR_ARGUMENT);
    text[10000] = '\0';
    error_clear(&err);
    history_ok(store_rename(s, conversation, text + 1, STORE_TITLED_BY_HAND, &err), &err);
    struct store_conversation c = {0};
    history_ok(store_conversation_get(s, conversation, &c, &err), &err);
    assert_true(strlen(c.title) <= STORE_TITLE_MAX);
    assert_string_equal(c.title + strlen(c.title) - 3, "…");
    store_conversation_free(&c);
    query.text = text;
    count(&query);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_phrases_and_beginnings_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(snippets_show_the_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages_follow_one_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(titles_are_found_first_and_the_trash_never, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_growing_reply_is_found_when_it_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_text_is_a_command, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ill_formed_text_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(huge_texts_are_kept_or_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
