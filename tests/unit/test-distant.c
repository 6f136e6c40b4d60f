/* Tests of chats with a server's model: what is asked of it beside the conversation, and what comes of that. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/chat/chat.h"
#include "app/chat/titling.h"
#include "base/buf.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"
#include "tests/unit/hostile.h"
#include "tests/unit/outcome.h"

#define MODELS HEAD "{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\",\"max_model_len\":400}]}"
/* An answer by the server of a system_fingerprint. */
#define BY(print, text) \
    HEAD "data: {\"system_fingerprint\":\"" print "\",\"choices\":[{\"delta\":{\"content\":\"" text \
         "\"}}]}\n\n" STOP DONE
/* One of two tokens, of which the second has this log-probability. */
#define TOKENS(one, two, logp) \
    HEAD "data: {\"choices\":[{\"delta\":{\"content\":\"" one two "\"},\"logprobs\":{\"content\":[{\"token\":\"" one \
         "\",\"logprob\":-0.5,\"top_logprobs\":[]},{\"token\":\"" two "\",\"logprob\":" logp \
         ",\"top_logprobs\":[]}]}}]}\n\n" STOP DONE

struct fixture {
    struct options options;
    struct chat_view view;
    struct chat *chat;
    struct buf remarks;
    char title[256];
};

static void on_remark(void *context, bool trouble, const char *text)
{
    struct fixture *f = context;
    (void)trouble;
    buf_printf(&f->remarks, "%s\n", text);
}

static void on_titled(void *context, const char *title)
{
    struct fixture *f = context;
    snprintf(f->title, sizeof f->title, "%s", title);
}

static void on_failed(void *context, const struct error *err)
{
    struct fixture *f = context;
    buf_printf(&f->remarks, "failed: %s\n", err->message);
}

static void write_endpoints(const char *more)
{
    char path[100];
    snprintf(path, sizeof path, "%s/endpoints", test_folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "[big]\nurl = http://127.0.0.1:%u\n%s", (unsigned)hostile_port(outcome_server()), more);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
}

/* A chat with a model, while requests are answered by replies[0..n), of which the last repeats. */
static void open_chat_with(struct fixture *f, char *model, const char *more, const struct hostile_reply *replies,
                           size_t n)
{
    struct error err = {0};
    hostile_set(outcome_server(), replies, n);
    *f = (struct fixture){0};
    assert_int_equal(test_folder_make(NULL), 0);
    write_endpoints(more);
    buf_init(&f->remarks, 1 << 16);
    f->options = (struct options){.model = model, .threads = 1, .sampling = sampling_defaults()};
    f->options.paths.config_dir = f->options.paths.data_dir = test_folder;
    f->view = (struct chat_view){.context = f, .titled = on_titled, .remark = on_remark, .failed = on_failed};
    f->chat = chat_open(&f->options, &f->view, &err);
    if (f->chat == NULL)
        fail_msg("%s", err.message);
}

/* The first request asks for the models, the others are answered by replies[0..n). */
static void open_chat(struct fixture *f, const char *more, const struct hostile_reply *replies, size_t n)
{
    static char model[] = "m@big";
    struct hostile_reply all[8] = {{.bytes = MODELS}};
    memcpy(all + 1, replies, n * sizeof *replies);
    open_chat_with(f, model, more, all, n + 1);
}

static void close_chat(struct fixture *f)
{
    chat_free(f->chat);
    buf_free(&f->remarks);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* Waits as front ends do. */
static void wait_once(struct fixture *f)
{
    struct pollfd fd = {.fd = chat_fd(f->chat), .events = POLLIN};
    const int due = chat_due(f->chat);
    poll(&fd, 1, due >= 0 && due < 5000 ? due : 5000);
    chat_handle(f->chat);
    chat_tick(f->chat);
}

static void say(struct fixture *f, const char *text)
{
    struct error err = {0};
    if (chat_send(f->chat, text, strlen(text), &err) != ERR_NONE)
        fail_msg("%s", err.message);
    while (chat_is_busy(f->chat) || chat_state(f->chat) == CHAT_LOADING)
        wait_once(f);
}

static void wait_for(struct fixture *f, const char *remark)
{
    for (int i = 0; strstr(buf_text(&f->remarks), remark) == NULL; i++) {
        if (i == 100)
            fail_msg("no '%s' in: %s", remark, buf_text(&f->remarks));
        wait_once(f);
    }
}

static void requests_are(int n)
{
    assert_int_equal(hostile_requests(outcome_server()), n);
}

static void last_request_has(const char *text, bool has)
{
    char *request = hostile_request(outcome_server());
    if ((strstr(request, text) != NULL) != has)
        fail_msg("%s '%s' in %s", has ? "no" : "there is", text, request);
    free(request);
}

/* A server that counts is asked to, before it is asked to answer. */
#define UNCOUNTED "kind = openai\ncontext = 400\n"

static void say_much(struct fixture *f)
{
    char text[200];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 3; i++)
        say(f, text);
}

/* ---- titles ----------------------------------------------------------------------------------------------------- */

static void titles_are_asked_for_where_the_user_wants_them(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {{.bytes = BY("a", "They wade.")},
                                            {.bytes = BY("a", "<think>\\nHm\\n</think>\\n\\nLlamas in Rivers")}};
    struct fixture f;
    open_chat(&f, "", replies, 2);
    say(&f, "How do llamas cross a river?");
    assert_int_equal(chat_title_due(f.chat), -1);
    close_chat(&f);
    open_chat(&f, "titles = yes\n", replies, 2);
    say(&f, "How do llamas cross a river?");
    assert_true(chat_title_due(f.chat) >= 0);
    while (*f.title == '\0')
        wait_once(&f);
    assert_string_equal(f.title, "Llamas in Rivers");
    requests_are(3);
    last_request_has("Write a title", true);
    last_request_has("\"system\"", false);
    close_chat(&f);
}

static void a_title_that_fails_is_told(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {{.bytes = BY("a", "They wade.")},
                                            {.bytes =
                                                 "HTTP/1.1 500 No\r\nContent-Length: 16\r\n\r\n{\"error\":\"boom\"}"}};
    struct fixture f;
    open_chat(&f, "titles = yes\n", replies, 2);
    say(&f, "How do llamas cross a river?");
    wait_for(&f, "no title was made");
    wait_for(&f, "boom");
    close_chat(&f);
}

/* The connection of what is made aside is closed, and nothing of it gets into the answer. */
static void a_message_ends_what_is_made_aside(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {{.bytes = BY("a", "They wade.")},
                                            {.bytes = HEAD DELTA("Llamas in"), .stays = true},
                                            {.bytes = BY("a", "They swim.")}};
    struct fixture f;
    open_chat(&f, "titles = yes\n", replies, 3);
    say(&f, "How do llamas cross a river?");
    while (hostile_requests(outcome_server()) < 3)
        wait_once(&f);
    say(&f, "And a lake?");
    assert_string_equal(buf_text(&chat_message(f.chat, 3)->text), "They swim.");
    assert_int_equal(chat_message(f.chat, 3)->finish, FINISH_END);
    hostile_wait_closed(outcome_server());
    assert_string_equal(f.title, "");
    close_chat(&f);
}

/* ---- verify ----------------------------------------------------------------------------------------------------- */

static void an_answer_that_is_asked_for_again_is_compared(void **state)
{
    (void)state;
    static const struct {
        const char *was, *is, *says[2];
    } cases[] = {
        {BY("a", "Hello you"), BY("a", "Hello you"), {"identical, 9 bytes\n"}},
        {BY("a", "Hello you"), BY("b", "Hello you"), {"identical, 9 bytes; its system_fingerprint is another now"}},
        {BY("a", "Hello you"),
         BY("a", "Hello there"),
         {"differs after 6 bytes: it was 'you', now it is 'there'", "the same: a server that answers several"}},
        {BY("a", "Hello you"), BY("b", "Hello there"), {"after 6 bytes", "model or software changed"}},
        {BY("a", "Hello you"),
         HEAD DELTA("Hellish") STOP DONE,
         {"it was 'o you', now it is 'ish'", "not say whether its model is the same"}},
        {BY("fp_ollama", "Hello you"), BY("fp_ollama", "Hello there"), {"not say whether its model is the same"}},
        {BY("a", "Hello you"),
         HEAD DELTA("Hello there") "data: {\"system_fingerprint\":\"b\",\"choices\":[]}\n\n" STOP DONE,
         {"it was 'you', now it is 'there'", "model or software changed"}},
        {BY("a", "na\xC3\xAFve"), BY("a", "na\xC3\xA9"), {"it was '\xC3\xAFve', now it is '\xC3\xA9'"}},
        {BY("a", "Hello"), BY("a", "Hello you"), {"differs at the end: now the answer goes on"}},
        {BY("a", "Hello"), BY("a", "Hel"), {"now the answer ends after 3 of 5 bytes"}},
        {BY("a", "Hello"), HEAD DELTA("Hel"), {"not verified: 127.0.0.1", "before the answer's end"}},
        {TOKENS("Hello", " you", "-0.1"),
         TOKENS("Hello", " you", "-0.1"),
         {"identical, 2 tokens, with the same probabilities\n"}},
        {TOKENS("Hello", " you", "-0.1"),
         TOKENS("Hello", " you", "-0.2"),
         {"identical, 2 tokens, with probabilities that differ by up to 8.6%\n"}},
        {TOKENS("Hello", " you", "-0.1"),
         TOKENS("Hello", " there", "-0.1"),
         {"differs at token 2: it was ' you', now it is ' there'"}},
        {TOKENS("Hello", " you", "-0.1"), BY("a", "Hello you"), {"identical, 2 tokens\n"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        struct fixture f;
        open_chat(&f, "", (const struct hostile_reply[]){{.bytes = cases[i].was}, {.bytes = cases[i].is}}, 2);
        say(&f, "Hi");
        if (chat_verify(f.chat, 1, &err) != ERR_NONE)
            fail_msg("%s", err.message);
        for (size_t k = 0; k < 2 && cases[i].says[k] != NULL; k++)
            wait_for(&f, cases[i].says[k]);
        requests_are(3);
        assert_int_equal(chat_count(f.chat), 2);
        close_chat(&f);
    }
}

/* By the same seed; and the connection is closed as soon as there is nothing more to compare. */
static void only_what_is_compared_is_asked_for(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {
        {.bytes = HEAD "data: {\"choices\":[{\"text\":\"Hello\",\"finish_reason\":\"length\"}]}\n\n" DONE},
        {.bytes = HEAD DELTA("Hel") DELTA("lo"), .stays = true}};
    struct error err = {0};
    struct fixture f;
    char seed[40];
    open_chat(&f, "", replies, 2);
    say(&f, "Hi");
    snprintf(seed, sizeof seed, "\"seed\":%llu", (unsigned long long)(chat_message(f.chat, 1)->seed & INT64_MAX));
    assert_int_equal(chat_verify(f.chat, 1, &err), ERR_NONE);
    wait_for(&f, "identical, 5 bytes");
    hostile_wait_closed(outcome_server());
    last_request_has(seed, true);
    close_chat(&f);
}

/* What the user put is given to the server as the beginning. */
static void a_fork_is_verified_behind_what_was_put(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {{.bytes = TOKENS("Hello", " you", "-0.1")},
                                            {.bytes = TOKENS(" are", " here", "-0.1")}};
    struct error err = {0};
    struct fixture f;
    open_chat(&f, "", replies, 2);
    say(&f, "Hi");
    if (chat_fork_words(f.chat, 1, 1, " we", &err) != ERR_NONE)
        fail_msg("%s", err.message);
    while (chat_is_busy(f.chat))
        wait_once(&f);
    assert_string_equal(buf_text(&chat_message(f.chat, 1)->text), "Hello we are here");
    assert_int_equal(chat_verify(f.chat, 1, &err), ERR_NONE);
    wait_for(&f, "identical, 2 tokens, with the same probabilities");
    last_request_has("\"Hello we\"", true);
    last_request_has("\"continue_final_message\":true", true);
    close_chat(&f);
}

/* It was asked for with another beginning. */
static void of_an_answer_that_was_continued_the_first_part_is_verified(void **state)
{
    (void)state;
    static const char *const says[] = {"identical, 2 tokens, with the same probabilities; what follows was asked",
                                       "this answer was continued, and its server tells no tokens"};
    for (int told = 0; told < 2; told++) {
        const struct hostile_reply replies[] = {
            {.bytes = told == 0 ? TOKENS("Hello", " you", "-0.1") : BY("a", "Hello you")},
            {.bytes = told == 0 ? TOKENS(" are", " here", "-0.1") : BY("a", " are here")},
            {.bytes = TOKENS("Hello", " you", "-0.1")}};
        struct error err = {0};
        struct fixture f;
        open_chat(&f, "", replies, 3);
        say(&f, "Hi");
        assert_int_equal(chat_continue(f.chat, &err), ERR_NONE);
        while (chat_is_busy(f.chat))
            wait_once(&f);
        assert_string_equal(buf_text(&chat_message(f.chat, 1)->text), "Hello you are here");
        if (chat_verify(f.chat, 1, &err) == ERR_NONE)
            wait_for(&f, says[told]);
        else
            assert_non_null(strstr(err.message, says[told]));
        close_chat(&f);
    }
}

/* The record has not what was sent: what does not fit now is left out, and that is said. */
static void messages_left_out_of_a_verification_are_told(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {{.bytes = BY("a", "Yes.")}};
    struct error err = {0};
    struct fixture f;
    open_chat(&f, UNCOUNTED, replies, 1);
    say_much(&f);
    say_much(&f);
    assert_int_equal(chat_verify(f.chat, 1, &err), ERR_NONE);
    wait_for(&f, "identical, 4 bytes\n");
    assert_int_equal(chat_verify(f.chat, 11, &err), ERR_NONE);
    wait_for(&f, "identical, 4 bytes; asked without the first 8 messages, for which today's context has no room\n");
    close_chat(&f);
}

/* ---- summaries -------------------------------------------------------------------------------------------------- */

/* What the model thought before is no part of it. */
static void a_server_sums_up_the_oldest_messages(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {{.bytes = BY("a", "Yes.")},
                                            {.bytes = BY("a", "Yes.")},
                                            {.bytes = BY("a", "Yes.")},
                                            {.bytes = BY("a", "<think>\\nHm\\n</think>\\n\\nThey agreed.")}};
    struct error err = {0};
    struct fixture f;
    open_chat(&f, UNCOUNTED, replies, 4);
    say_much(&f);
    if (chat_compact(f.chat, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    wait_for(&f, "a summary stands for the first");
    requests_are(5);
    last_request_has("Sum up this part", true);
    assert_non_null(strstr(chat_system(f.chat), "They agreed."));
    assert_null(strstr(chat_system(f.chat), "Hm"));
    close_chat(&f);
}

static void a_summary_that_does_not_come_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *reply, *says;
    } cases[] = {
        {BY("a", "<think>\\nHm"), "answered without a summary"},
        {HEAD STOP DONE, "answered without a summary"},
        {"HTTP/1.1 500 No\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{\"error\":\"boom\"}", "boom"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hostile_reply yes = {.bytes = BY("a", "Yes.")};
        struct error err = {0};
        struct fixture f;
        open_chat(&f, UNCOUNTED, (const struct hostile_reply[]){yes, yes, yes, {.bytes = cases[i].reply}}, 4);
        say_much(&f);
        assert_int_equal(chat_compact(f.chat, &err), ERR_NONE);
        wait_for(&f, cases[i].says);
        assert_int_equal(chat_count(f.chat), 6);
        close_chat(&f);
    }
}

/* ---- counts ----------------------------------------------------------------------------------------------------- */

#define COUNTED(tokens) \
    HEAD \
        "data: {\"choices\":[{\"delta\":{\"content\":\"Yes.\"}}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":" tokens \
        "}}\n\n" STOP DONE

/* Of a short question the template is most: a long one after it has not thirty tokens for every two bytes. */
static void a_short_question_says_little_of_a_long_one(void **state)
{
    (void)state;
    static char text[5000];
    struct fixture f;
    memset(text, 'a', sizeof text - 1);
    open_chat(&f, "kind = openai\ncontext = 4096\n",
              (const struct hostile_reply[]){{.bytes = COUNTED("30")}, {.bytes = COUNTED("1300")}}, 2);
    say(&f, "Hi");
    say(&f, text);
    requests_are(3);
    last_request_has("aaaa", true);
    assert_int_equal(chat_first_visible(f.chat), 0);
    assert_null(strstr(buf_text(&f.remarks), "counted"));
    close_chat(&f);
}

/* What a model here was given is not what the server has counted. */
static void another_model_was_asked_nothing_yet(void **state)
{
    (void)state;
    const struct hostile_reply replies[] = {{.bytes = MODELS}, {.bytes = BY("a", "Yes.")}};
    char model[600];
    struct error err = {0};
    struct fixture f;
    snprintf(model, sizeof model, "%s", source_fixture("tiny-llama.gguf"));
    open_chat_with(&f, model, "", replies, 2);
    struct sampling s = *chat_sampling(f.chat);
    s.max_new_tokens = 4;
    chat_set_sampling(f.chat, &s);
    say(&f, "Hi");
    assert_true(chat_last_used(f.chat) > 0);
    assert_int_equal(chat_set_model(f.chat, "m@big", &err), ERR_NONE);
    while (chat_state(f.chat) == CHAT_LOADING || chat_host(f.chat) == NULL)
        wait_once(&f);
    assert_int_equal(chat_last_used(f.chat), 0);
    assert_null(chat_last_prompt(f.chat));
    say(&f, "Hi");
    assert_true(chat_last_used(f.chat) > 0);
    assert_true(chat_last_used_is_estimated(f.chat));
    close_chat(&f);
}

/* A look that a question cancels comes after its answer. */
static void a_context_is_looked_for_until_it_is_told(void **state)
{
    (void)state;
    static char model[] = "m@big";
    const struct hostile_reply replies[] = {{.bytes = HEAD "{\"data\":[{\"id\":\"m\",\"owned_by\":\"library\"}]}"},
                                            {.bytes = HEAD "{\"models\":[]}"},
                                            {.bytes = HEAD "{\"models\":[]}"},
                                            {.bytes = HEAD "{\"model_info\":{\"llama.context_length\":131072}}"},
                                            {.bytes = BY("a", "Yes.")},
                                            {.bytes = HEAD "{\"models\":[", .stays = true},
                                            {.bytes = BY("a", "No.")},
                                            {.bytes = HEAD "{\"models\":[{\"name\":\"m\",\"context_length\":4096}]}"},
                                            {.bytes = BY("a", "Yes.")}};
    struct fixture f;
    open_chat_with(&f, model, "", replies, 9);
    say(&f, "Hi");
    while (hostile_requests(outcome_server()) < 6)
        wait_once(&f);
    assert_int_equal(chat_capacity(f.chat), 131072);
    say(&f, "Hi");
    hostile_wait_closed(outcome_server());
    for (int i = 0; i < 100 && chat_capacity(f.chat) != 4096; i++)
        wait_once(&f);
    assert_int_equal(chat_capacity(f.chat), 4096);
    say(&f, "Hi");
    requests_are(9); /* and not again */
    close_chat(&f);
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

static void what_the_server_does_not_take_is_told(void **state)
{
    (void)state;
    const struct hostile_reply reply = {.bytes = BY("a", "Yes.")};
    struct fixture f;
    struct sampling s = sampling_defaults();
    s.dry_multiplier = 0.5f;
    s.min_p = 0.2f;
    open_chat(&f, "", &reply, 1);
    chat_set_sampling(f.chat, &s);
    say(&f, "Hi");
    wait_for(&f, "does not take these settings, and they are not sent: dry_multiplier\n");
    close_chat(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_are_asked_for_where_the_user_wants_them),
        cmocka_unit_test(a_title_that_fails_is_told),
        cmocka_unit_test(a_message_ends_what_is_made_aside),
        cmocka_unit_test(an_answer_that_is_asked_for_again_is_compared),
        cmocka_unit_test(only_what_is_compared_is_asked_for),
        cmocka_unit_test(a_fork_is_verified_behind_what_was_put),
        cmocka_unit_test(of_an_answer_that_was_continued_the_first_part_is_verified),
        cmocka_unit_test(messages_left_out_of_a_verification_are_told),
        cmocka_unit_test(a_server_sums_up_the_oldest_messages),
        cmocka_unit_test(a_summary_that_does_not_come_is_told),
        cmocka_unit_test(a_short_question_says_little_of_a_long_one),
        cmocka_unit_test(another_model_was_asked_nothing_yet),
        cmocka_unit_test(a_context_is_looked_for_until_it_is_told),
        cmocka_unit_test(what_the_server_does_not_take_is_told),
    };
    return cmocka_run_group_tests(tests, outcome_begin, outcome_end);
}
