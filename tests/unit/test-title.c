/* Tests of titles by the model: what counts as one, what is asked, and that asking disturbs nothing. The small model of
 * random weights never says a title; the one that quickstart fetches, where it is, may. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/script.h"
#include "app/chat/title.h"
#include "base/buf.h"
#include "tests/cmocka.h"
#include "tests/sanitized.h"
#include "tests/unit/vectors.h"
#include "tests/source.h"

/* ---- what is a title -------------------------------------------------------------------------------------------- */

static const char answer[] = "They wade in a row, the oldest first.";
static const char question[] = "How do llamas cross a river in flood? My neighbour says that they swim.";

static void takes(const char *said, const char *want)
{
    char title[TITLE_BYTES] = "";
    if (!title_clean(said, true, question, answer, title))
        fail_msg("refused: %s", said);
    assert_string_equal(title, want);
}

static void refuses(const char *said)
{
    char title[TITLE_BYTES] = "unchanged";
    if (title_clean(said, true, question, answer, title))
        fail_msg("taken: %s", title);
    assert_string_equal(title, "unchanged");
}

static void titles_are_cleaned(void **state)
{
    (void)state;
    takes("Llamas in Rivers", "Llamas in Rivers");
    takes("\n\n  \"Llamas in Rivers\"\n\nThis title says it all.", "Llamas in Rivers");
    takes("Title: Llamas in Rivers.", "Llamas in Rivers");
    takes("**Title:** *Llamas in Rivers*", "Llamas in Rivers");
    takes("# Llamas' Swimming\r\n", "Llamas' Swimming");
    takes("Llamas in Rivers: How They Cross Them in a Flood", "Llamas in Rivers");
    takes("\xE2\x80\x9CLlamas: a Swim\xE2\x80\x9D", "Llamas: a Swim");
    takes("<think>\nA title of six words.\n</think>\n\nLlamas in Rivers", "Llamas in Rivers");
    takes("\xC2\xAB Lamas et rivi\xC3\xA8res \xC2\xBB", "Lamas et rivi\xC3\xA8res");
}

static void what_is_no_title_is_refused(void **state)
{
    (void)state;
    static const char *const none[] = {
        "",
        " \n\n ",
        "\"\"",
        "...",
        "1. 2. 3.",
        "x",
        "One two three four five six seven eight nine",
        "Incomprehensibilities Incomprehensibility Incomprehensibleness",
        "river river river crossing",
        "Sure, here is a title",
        "Here is your title: Llamas",
        "I'm a helpful assistant",
        "As an AI model",
        "Write a title of at most six words",
        "conversation below",
        "Question: How do llamas",
        "How do llamas cross a river",
        "They wade in a row",
        "Sure: one two three four five six seven eight nine",
        "Llamas\tand rivers",
        "Llamas \x1b[31mred",
        "Llamas \xE2\x80\xAErivers",
        "Llamas \xEF\xBF\xBD rivers",
        "Llamas \xFF",
        "<think>\nA title of six words.",
        "<think>\nA title of six words.\n</think>",
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        refuses(none[i]);
    char title[TITLE_BYTES], longest[61] = "", too_long[128] = "";
    assert_false(title_clean("Llamas in Rivers and", false, question, answer, title)); /* cut */
    assert_true(title_clean("Llamas in Rivers\nand", false, question, answer, title));
    memset(longest, 'a', 60);
    takes(longest, longest);
    snprintf(too_long, sizeof too_long, "%sa", longest);
    refuses(too_long);
}

/* ---- what is asked ---------------------------------------------------------------------------------------------- */

static void the_request_is_short(void **state)
{
    (void)state;
    char path[4096], *text = malloc(100001);
    const char *source = source_folder();
    struct error err = {0};
    struct prompt p = {0};
    snprintf(path, sizeof path, "%s/tests/fixtures/tiny-llama.gguf", source);
    struct model *model = model_open(path, NULL, &err);
    assert_non_null(model);
    struct chat_template *t = template_for_model(model, NULL, NULL, &err);
    memset(text, 'a', 100000);
    for (size_t i = 399; i < 100000; i += 2) /* the cut falls inside a character */
        memcpy(text + i - 1, "\xC3\xA9", 2);
    text[100000] = '\0';
    struct buf task;
    buf_init(&task, TITLE_TASK_MOST);
    title_write_task(&task, question, text);
    assert_int_equal(script_render_task(t, model_tokenizer(model), TITLE_SYSTEM, &task, &p, &err), ERR_NONE);
    buf_free(&task);
    assert_true(p.ids.n < WORKER_ASIDE_MOST);
    assert_non_null(strstr(buf_text(&p.text), question));
    assert_null(strstr(buf_text(&p.text), "\xEF\xBF\xBD"));
    assert_true(p.text.size < 1200);
    prompt_free(&p);
    template_free(t);
    model_free(model);
    free(text);
}

/* ---- in a chat -------------------------------------------------------------------------------------------------- */

struct fixture {
    struct options options;
    struct chat_view view;
    struct chat *chat;
    int titled;
    char folder[64], *model;
    char remark[256]; /* the last one */
};

static void on_titled(void *context, const char *title)
{
    struct fixture *f = context;
    f->titled++;
    assert_true(title[0] != '\0');
}

static void on_remark(void *context, bool important, const char *text)
{
    struct fixture *f = context;
    (void)important;
    snprintf(f->remark, sizeof f->remark, "%s", text);
}

static struct fixture *open_chat(char *model, bool exact, int32_t longest)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err = {0};
    snprintf(f->folder, sizeof f->folder, "/tmp/palaver-title.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->model = model;
    f->options = (struct options){.model = model, .context = 2048, .threads = 1, .sampling = sampling_defaults()};
    f->options.exact = exact;
    f->options.sampling.temperature = 0;
    f->options.sampling.max_new_tokens = longest;
    f->options.paths.config_dir = f->options.paths.data_dir = f->folder;
    f->view = (struct chat_view){.context = f, .titled = on_titled, .remark = on_remark};
    f->chat = chat_open(&f->options, &f->view, &err);
    if (f->chat == NULL)
        fail_msg("%s", err.message);
    chat_fix_seed(f->chat, true);
    return f;
}

static void close_chat(struct fixture *f)
{
    char command[128];
    chat_free(f->chat);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
    free(f->model);
    free(f);
}

static char *tiny(void)
{
    const char *source = source_folder();
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/fixtures/tiny-llama.gguf", source);
    return strdup(path);
}

/* Waits as front ends do, but at most this long. */
static bool wait_once(struct fixture *f, int most)
{
    struct pollfd fd = {.fd = chat_fd(f->chat), .events = POLLIN};
    int due = chat_due(f->chat);
    bool came = poll(&fd, 1, due >= 0 && due < most ? due : most) > 0;
    chat_handle(f->chat);
    chat_tick(f->chat);
    return came;
}

static void say(struct fixture *f, const char *text)
{
    struct error err = {0};
    if (chat_send(f->chat, text, strlen(text), &err) != ERR_NONE)
        fail_msg("%s", err.message);
    while (chat_is_busy(f->chat) || chat_state(f->chat) == CHAT_LOADING)
        wait_once(f, 5000);
}

/* Until events come that belong to no answer: the model was asked for a title. */
static void wait_for_aside(struct fixture *f)
{
    for (int i = 0; !wait_once(f, 5000); i++)
        assert_true(i < 100);
}

static struct store_conversation conversation(const struct fixture *f)
{
    struct store_conversation c = {0};
    struct error err = {0};
    const struct home *k = chat_home(f->chat);
    assert_int_equal(store_conversation_get(home_store(k), home_conversation(k), &c, &err), ERR_NONE);
    return c;
}

static void check_titled(const struct fixture *f, enum store_titled by, const char *title)
{
    struct store_conversation c = conversation(f);
    assert_int_equal(c.titled, by);
    if (title != NULL)
        assert_string_equal(c.title, title);
    store_conversation_free(&c);
}

/* Nonsense is not a title, and the next message finds its cache as it was. */
static void asking_costs_the_conversation_nothing(void **state)
{
    (void)state;
    struct fixture *f = open_chat(tiny(), true, 8);
    say(f, "The gull and the sea");
    const struct timings first = chat_message(f->chat, 1)->timings;
    size_t held = first.prompt_tokens + first.answer_tokens;
    wait_for_aside(f);
    for (int i = 0; i < 4; i++)
        wait_once(f, 300);
    check_titled(f, STORE_TITLED_BY_WORDS, "The gull and the sea");
    say(f, "And the ships?");
    /* The last token of an answer that was cut is not evaluated, its text may be cut into other tokens; all before is. */
    assert_true(chat_message(f->chat, 3)->timings.reused_tokens + 8 >= held);
    assert_true(chat_message(f->chat, 3)->timings.reused_tokens >= first.prompt_tokens);
    assert_int_equal(f->titled, 0);
    close_chat(f);
}

/* A message that is sent while the model makes a title is answered. */
static void a_message_comes_first(void **state)
{
    (void)state;
    struct fixture *f = open_chat(tiny(), true, 8);
    say(f, "The gull and the sea");
    wait_for_aside(f);
    say(f, "And the ships?");
    assert_int_equal(chat_count(f->chat), 4);
    assert_int_equal(chat_message(f->chat, 3)->role, ROLE_ASSISTANT);
    assert_true(chat_message(f->chat, 3)->finish != FINISH_STOPPED);
    struct error err = {0};
    wait_once(f, 100);
    assert_int_equal(chat_new(f->chat, false, &err), ERR_NONE);
    close_chat(f);
}

/* What the user asks for stops a title that is being made, and is not refused because of it. */
static void verifying_comes_before_a_title(void **state)
{
    (void)state;
    struct fixture *f = open_chat(tiny(), true, 8);
    struct error err = {0};
    say(f, "The gull and the sea");
    wait_for_aside(f); /* the title's prompt is being read, or more */
    if (chat_verify(f->chat, 1, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    for (int i = 0; strstr(f->remark, "identical, 8 tokens") == NULL; i++) {
        if (i == 100)
            fail_msg("told: %s", f->remark);
        wait_once(f, 5000);
    }
    close_chat(f);
}

/* No title is asked for when the user gave one, nor in temporary chats. */
static void what_a_person_named_stays(void **state)
{
    (void)state;
    struct fixture *f = open_chat(tiny(), true, 8);
    struct error err = {0};
    say(f, "The gull and the sea");
    const struct home *k = chat_home(f->chat);
    assert_int_equal(store_rename(home_store(k), home_conversation(k), "Mine", STORE_TITLED_BY_HAND, &err), ERR_NONE);
    for (int i = 0; i < 6; i++)
        assert_false(wait_once(f, 400));
    check_titled(f, STORE_TITLED_BY_HAND, "Mine");
    assert_int_equal(chat_new(f->chat, true, &err), ERR_NONE);
    say(f, "The gull and the sea");
    for (int i = 0; i < 6; i++)
        assert_false(wait_once(f, 400));
    check_titled(f, STORE_TITLED_BY_WORDS, NULL);
    close_chat(f);
}

static void a_model_names_the_conversation(void **state)
{
    (void)state;
    char *model = vectors_default_model();
    if (model == NULL) {
        print_message("no model: skipped\n");
        skip();
    }
    struct fixture *f = open_chat(model, false, 40);
    say(f, "Can you give me a recipe for tomato soup with basil?");
    wait_for_aside(f);
    for (int i = 0; i < 60 && f->titled == 0; i++)
        wait_once(f, 500);
    struct store_conversation c = conversation(f);
    print_message("title: %s%s\n", c.title, f->titled > 0 ? " (by the model)" : "");
    assert_int_equal(c.titled, f->titled > 0 ? STORE_TITLED_BY_MODEL : STORE_TITLED_BY_WORDS);
    store_conversation_free(&c);
    close_chat(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_are_cleaned),        cmocka_unit_test(what_is_no_title_is_refused),
        cmocka_unit_test(the_request_is_short),      cmocka_unit_test(asking_costs_the_conversation_nothing),
        cmocka_unit_test(a_message_comes_first),     cmocka_unit_test(verifying_comes_before_a_title),
        cmocka_unit_test(what_a_person_named_stays), cmocka_unit_test(a_model_names_the_conversation),
    };
    if (SANITIZED) /* the others go the same ways with a small one */
        cmocka_set_skip_filter("a_model_names_the_conversation");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
