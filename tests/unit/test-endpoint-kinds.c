/* Tests of remote/: kinds of servers of models: what they say of themselves, and what they are sent. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "remote/remote.h"
#include "tests/cmocka.h"
#include "tests/unit/hostile.h"
#include "tests/unit/outcome.h"

#define OLLAMA_LIST "{\"data\":[{\"id\":\"m\",\"owned_by\":\"library\"}]}"
#define LM_STUDIO_LIST "{\"data\":[{\"id\":\"m\",\"owned_by\":\"organization_owner\"}]}"

/* The bodies of the replies to the requests that come from now on. */
static void reply_with(const char *const *bodies, size_t n)
{
    char bytes[4][1000];
    struct hostile_reply replies[4];
    for (size_t i = 0; i < n; i++) {
        snprintf(bytes[i], sizeof bytes[i], "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(bodies[i]),
                 bodies[i]);
        replies[i] = (struct hostile_reply){.bytes = bytes[i]};
    }
    hostile_set(outcome_server(), replies, n);
}

static void assert_sent(const char *text)
{
    char *sent = hostile_request(outcome_server());
    if (strstr(sent, text) == NULL)
        fail_msg("no %s in %s", text, sent);
    free(sent);
}

static struct outcome look(struct endpoint *e, const char *const *bodies, size_t n)
{
    struct error err = {0};
    reply_with(bodies, n);
    assert_int_equal(endpoint_look(e, &err), ERR_NONE);
    return outcome_take(e, 0);
}

static void servers_are_known_by_what_they_say(void **state)
{
    (void)state;
    static const struct {
        const char *bodies[2];
        size_t n;
        enum endpoint_kind kind;
        int32_t context;
        bool loose;
    } cases[] = {
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\",\"max_model_len\":8192}]}"}, 1, ENDPOINT_VLLM, 8192, false},
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\",\"meta\":{\"n_ctx_train\":99}}]}",
          "{\"default_generation_settings\":{\"n_ctx\":2048}}"},
         2,
         ENDPOINT_LLAMA_SERVER,
         2048,
         false},
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\"}]}", "not JSON"}, 2, ENDPOINT_LLAMA_SERVER, 0, false},
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"palaver\",\"meta\":{\"n_ctx\":4096}}]}"},
         1,
         ENDPOINT_PALAVER,
         4096,
         false},
        {{OLLAMA_LIST, "404 page not found"}, 2, ENDPOINT_OLLAMA, 0, false},
        {{"{\"data\":[{\"id\":\"m\",\"owned_by\":\"somebody\"},{\"no\":1,\"owned_by\":\"library\"}]}",
          "404 page not found"},
         2,
         ENDPOINT_OLLAMA,
         0,
         false},
        {{OLLAMA_LIST, "{\"models\":[{\"name\":\"x\",\"context_length\":5},{\"name\":\"m\",\"context_length\":4096}]}"},
         2,
         ENDPOINT_OLLAMA,
         4096,
         false},
        {{LM_STUDIO_LIST, "{\"error\":\"no\"}"}, 2, ENDPOINT_LM_STUDIO, 0, false},
        {{LM_STUDIO_LIST, "{\"data\":[7,{\"id\":\"m\",\"max_context_length\":131072,\"loaded_context_length\":8192}]}"},
         2,
         ENDPOINT_LM_STUDIO,
         8192,
         false},
        {{LM_STUDIO_LIST, "{\"data\":[{\"id\":\"m\",\"max_context_length\":131072}]}"},
         2,
         ENDPOINT_LM_STUDIO,
         131072,
         true},
        {{"{\"data\":[{\"id\":\"m\"},{\"no\":1},7,null]}"}, 1, ENDPOINT_OPENAI, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct endpoint *e = outcome_open((struct endpoint_place){0});
        const struct outcome o = look(e, cases[i].bodies, cases[i].n);
        if (o.failed)
            fail_msg("%zu: %s", i, o.error.message);
        const struct endpoint_about about = endpoint_about(e);
        assert_int_equal(about.kind, cases[i].kind);
        assert_int_equal(about.n_models, 1);
        assert_string_equal(about.models[0], "m");
        assert_int_equal(about.contexts[0], cases[i].context);
        assert_int_equal(about.loose[0], cases[i].loose);
        assert_int_equal(hostile_requests(outcome_server()), cases[i].n);
        endpoint_free(e);
    }
}

/* The context that Ollama runs a model with is told of one that is loaded, or that sets it; else how much it could hold. */
static void a_model_of_ollama_is_looked_at_by_itself(void **state)
{
    (void)state;
    static const struct {
        const char *running, *shown;
        int32_t context;
        bool loose;
    } cases[] = {
        {"{\"models\":[]}", "{\"model_info\":{\"llama.rope.dimension_count\":64,\"llama.context_length\":131072}}",
         131072, true},
        {"{\"models\":[]}",
         "{\"parameters\":\"stop  \\\"x\\\"\\nnum_ctx                        8192\",\"model_info\":{\"llama.context_length\":131072}}",
         8192, false},
        {"{\"models\":[]}", "{\"parameters\":\"num_ctx 8192\",\"model_info\":{\"llama.context_length\":2048}}", 2048,
         false},
        {"{\"models\":[]}", "{\"parameters\":\"num_ctx_more 7\\nnum_ctx x\",\"model_info\":{\"a.context_length\":-1}}",
         0, false},
        {"no JSON", "no JSON", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const list[] = {OLLAMA_LIST, "{}"};
        struct endpoint *e = outcome_open((struct endpoint_place){0});
        assert_false(look(e, list, 2).failed);
        reply_with((const char *const[]){cases[i].running, cases[i].shown}, 2);
        assert_true(endpoint_look_at(e, 0));
        assert_false(outcome_take(e, 0).failed);
        assert_int_equal(endpoint_about(e).contexts[0], cases[i].context);
        assert_int_equal(endpoint_about(e).loose[0], cases[i].loose);
        assert_sent("\"model\":\"m\"");
        reply_with((const char *const[]){"{\"models\":[{\"name\":\"m\",\"context_length\":4096}]}"},
                   1); /* once it is loaded */
        assert_int_equal(endpoint_look_at(e, 0), cases[i].context == 0 || cases[i].loose);
        if (cases[i].context == 0 || cases[i].loose) {
            assert_false(outcome_take(e, 0).failed);
            assert_int_equal(endpoint_about(e).contexts[0], 4096);
            assert_false(endpoint_about(e).loose[0]);
        }
        assert_false(endpoint_look_at(e, 0));
        assert_false(endpoint_look_at(e, 1));
        endpoint_free(e);
    }
}

/* What a user wants goes first. */
static void a_question_ends_a_look(void **state)
{
    (void)state;
    const char *const list[] = {OLLAMA_LIST, "{}"};
    struct endpoint *e = outcome_open((struct endpoint_place){0});
    assert_false(look(e, list, 2).failed);
    assert_true(endpoint_look_at(e, 0));
    hostile_set(outcome_server(), &(struct hostile_reply){.bytes = HEAD DELTA("Hello") DONE}, 1);
    outcome_ask(e);
    assert_string_equal(outcome_take(e, 0).text, "Hello");
    endpoint_free(e);
}

/* A fingerprint is stored after the answer's end, when the next request may be under way. */
static void a_look_after_an_answer_leaves_its_fingerprint(void **state)
{
    (void)state;
    static const char answer[] = "data: {\"choices\":[],\"system_fingerprint\":\"fp_7\"}\n\n";
    const char *const list[] = {OLLAMA_LIST, "{}"};
    char bytes[300];
    struct endpoint *e = outcome_open((struct endpoint_place){0});
    assert_false(look(e, list, 2).failed);
    snprintf(bytes, sizeof bytes, "%s%s%s", HEAD DELTA("Hello"), answer, DONE);
    hostile_set(outcome_server(), &(struct hostile_reply){.bytes = bytes}, 1);
    outcome_ask(e);
    assert_false(outcome_take(e, 0).failed);
    assert_string_equal(endpoint_about(e).fingerprint, "fp_7");
    reply_with((const char *const[]){"{}"}, 1);
    assert_true(endpoint_look_at(e, 0));
    assert_string_equal(endpoint_about(e).fingerprint, "fp_7");
    assert_false(outcome_take(e, 0).failed);
    assert_string_equal(endpoint_about(e).fingerprint, "fp_7");
    endpoint_free(e);
}

/* ---- counting --------------------------------------------------------------------------------------------------- */

/* Asks for an answer to a prompt of at most 100 tokens, of a server of this kind. */
static struct outcome ask_counted(enum endpoint_kind kind, const char *const *bodies, size_t n, bool stop)
{
    static const struct endpoint_message messages[] = {{"user", "Hi", 2}};
    struct error err = {0};
    reply_with(bodies, n);
    struct endpoint *e = outcome_open((struct endpoint_place){.kind = kind});
    const struct endpoint_question q = {.model = "m", .messages = messages, .n = 1, .most = 100};
    assert_int_equal(endpoint_ask(e, &q, &err), ERR_NONE);
    if (stop)
        endpoint_stop(e);
    const struct outcome o = outcome_take(e, 0);
    endpoint_free(e);
    return o;
}

static void a_prompt_is_counted_before_it_is_asked(void **state)
{
    (void)state;
    static const char answer[] = "{\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}";
    static const struct {
        enum endpoint_kind kind;
        const char *bodies[3];
        size_t n;
        int64_t counted;
    } cases[] = {
        {ENDPOINT_VLLM, {"{\"count\":100,\"tokens\":[1]}", answer}, 2, 100},
        {ENDPOINT_PALAVER, {"{\"tokens\":[1,2,3]}", answer}, 2, 3},
        {ENDPOINT_LLAMA_SERVER, {"{\"prompt\":\"<s>Hi\"}", "{\"tokens\":[1,2]}", answer}, 3, 2},
        {ENDPOINT_OLLAMA, {answer}, 1, 0},
        /* servers that can't */
        {ENDPOINT_VLLM, {"{\"detail\":\"Not Found\"}", answer}, 2, 0},
        {ENDPOINT_VLLM, {"no JSON", answer}, 2, 0},
        {ENDPOINT_LLAMA_SERVER, {"{\"prompt\":7}", answer}, 2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct outcome o = ask_counted(cases[i].kind, cases[i].bodies, cases[i].n, false);
        assert_string_equal(o.text, "Hello");
        assert_int_equal(o.counted, cases[i].counted);
        assert_int_equal(hostile_requests(outcome_server()), cases[i].n);
    }
}

static void a_prompt_that_is_too_long_is_not_asked(void **state)
{
    (void)state;
    const struct outcome o = ask_counted(ENDPOINT_VLLM, (const char *const[]){"{\"count\":101}"}, 1, false);
    assert_true(o.failed);
    assert_int_equal(o.error.code, ERR_CONTEXT);
    assert_non_null(strstr(o.error.message, "a prompt of 101 tokens, and its context has room for 100"));
    assert_int_equal(o.counted, 101);
    assert_int_equal(hostile_requests(outcome_server()), 1);
    assert_sent("\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]");
}

static void counting_can_be_stopped(void **state)
{
    (void)state;
    const struct outcome o = ask_counted(ENDPOINT_VLLM, (const char *const[]){"{\"count\":7}"}, 1, true);
    assert_false(o.failed);
    assert_int_equal(o.finish, ENDPOINT_STOPPED);
}

static void what_lists_no_models_is_told(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{}", "[]", "", "<html>", "{\"data\":{}}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct endpoint *e = outcome_open((struct endpoint_place){0});
        const struct outcome o = look(e, &bodies[i], 1);
        assert_true(o.failed);
        endpoint_free(e);
    }
}

/* As an answer is: llama-server refuses everything while it loads its model. */
static void a_server_that_loads_is_waited_for(void **state)
{
    (void)state;
    static const char list[] = "{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\"}]}";
    char known[200];
    struct error err = {0};
    snprintf(known, sizeof known, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", sizeof list - 1, list);
    const struct hostile_reply loading = {
        .bytes = "HTTP/1.1 503 Loading\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"};
    const struct hostile_reply replies[] = {loading, loading, {.bytes = known}};
    for (int stays = 0; stays < 2; stays++) {
        hostile_set(outcome_server(), replies, stays ? 1 : 3);
        struct endpoint *e = outcome_open((struct endpoint_place){0});
        assert_int_equal(endpoint_look(e, &err), ERR_NONE);
        const struct outcome o = outcome_take(e, 0);
        assert_int_equal(o.failed, stays);
        assert_int_equal(o.waits, stays ? 10 : 2);
        assert_int_equal(hostile_requests(outcome_server()), stays ? 11 : 3);
        assert_int_equal(endpoint_about(e).n_models, stays ? 0 : 1);
        endpoint_free(e);
    }
}

/* Nothing follows then, and another question is possible. */
static void waiting_for_a_server_that_loads_can_be_stopped(void **state)
{
    (void)state;
    struct error err = {0};
    struct endpoint_event event = {.kind = ENDPOINT_READING};
    const struct hostile_reply loading = {
        .bytes = "HTTP/1.1 503 Loading\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n"};
    hostile_set(outcome_server(), &loading, 1);
    struct endpoint *e = outcome_open((struct endpoint_place){0});
    assert_int_equal(endpoint_look(e, &err), ERR_NONE);
    while (!endpoint_next(e, &event))
        poll(&(struct pollfd){.fd = endpoint_fd(e), .events = POLLIN}, 1, -1);
    assert_int_equal(event.kind, ENDPOINT_WAITING);
    assert_int_equal(event.seconds, 600);
    endpoint_stop(e);
    assert_false(endpoint_next(e, &event));
    assert_int_equal(endpoint_look(e, &err), ERR_NONE);
    endpoint_free(e);
}

/* ---- what is sent ----------------------------------------------------------------------------------------------- */

static void settings_are_sent_as_each_kind_calls_them(void **state)
{
    (void)state;
    static const struct endpoint_setting settings[] = {
        {.name = "temperature", .value = 0.8f},         {.name = "top_k", .value = 0, .neutral = true},
        {.name = "repetition_penalty", .value = 1.1f},  {.name = "max_new_tokens", .value = 7},
        {.name = "top_p", .value = 1, .neutral = true}, {.name = "seed", .seed = 4000000000u},
        {.name = "mirostat_tau", .value = 5.0},         {.name = "dry_multiplier", .value = 0.5}};
    static const struct {
        enum endpoint_kind kind;
        const char *has[6], *has_not[3];
    } cases[] = {
        {ENDPOINT_OPENAI,
         {"\"temperature\":0.8", "\"max_completion_tokens\":7", "\"seed\":4000000000"},
         {"top_k", "top_p", "penalty"}},
        {ENDPOINT_VLLM,
         {"\"top_k\":-1", "\"repetition_penalty\":1.1", "\"top_p\":1", "\"max_tokens\":7"},
         {"mirostat", "dry", "return_progress"}},
        {ENDPOINT_LLAMA_SERVER,
         {"\"top_k\":0", "\"repeat_penalty\":1.1", "\"mirostat\":2", "\"dry_multiplier\":0.5",
          "\"return_progress\":true"},
         {"repetition_penalty"}},
        {ENDPOINT_PALAVER, {"\"top_k\":0", "\"repetition_penalty\":1.1", "\"top_logprobs\":5"}, {"mirostat"}},
        {ENDPOINT_OLLAMA, {"\"temperature\":0.8", "\"max_tokens\":7"}, {"top_k", "penalty", "logprobs"}},
    };
    static const struct endpoint_message messages[] = {{"system", "\xFF", 1}, {"user", "a\"b", 3}};
    static const char *const stops[] = {"###"};
    const struct hostile_reply reply = {.bytes = HEAD DONE};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        hostile_set(outcome_server(), &reply, 1);
        struct endpoint *e = outcome_open((struct endpoint_place){.kind = cases[i].kind, .logprobs = -1});
        const struct endpoint_question q = {"m",   messages, 2, false, settings, sizeof settings / sizeof *settings,
                                            stops, 1,        0};
        assert_int_equal(endpoint_ask(e, &q, &err), ERR_NONE);
        outcome_take(e, 0);
        char *sent = hostile_request(outcome_server());
        assert_non_null(strstr(sent, "\"stop\":[\"###\"]"));
        assert_non_null(strstr(sent, "{\"role\":\"user\",\"content\":\"a\\\"b\"}"));
        for (size_t k = 0; k < 6 && cases[i].has[k] != NULL; k++)
            if (strstr(sent, cases[i].has[k]) == NULL)
                fail_msg("%s: no %s in %s", endpoint_kind_name(cases[i].kind), cases[i].has[k],
                         strstr(sent, "\r\n\r\n"));
        for (size_t k = 0; k < 3 && cases[i].has_not[k] != NULL; k++)
            if (strstr(sent, cases[i].has_not[k]) != NULL)
                fail_msg("%s: %s in %s", endpoint_kind_name(cases[i].kind), cases[i].has_not[k],
                         strstr(sent, "\r\n\r\n"));
        free(sent);
        endpoint_free(e);
    }
}

/* The older name of the length is the one that all have. */
static void the_length_has_a_name_that_the_server_knows(void **state)
{
    (void)state;
    static const char *const models = "{\"data\":[{\"id\":\"m\",\"owned_by\":\"me\"}]}";
    static const struct endpoint_setting length = {.name = "max_new_tokens", .value = 7};
    static const struct endpoint_message message = {"user", "Hi", 2};
    const struct endpoint_question q = {
        .model = "m", .messages = &message, .n = 1, .settings = &length, .n_settings = 1};
    for (int openai = 0; openai < 2; openai++) {
        struct error err = {0};
        struct endpoint *e = outcome_open((struct endpoint_place){.kind = openai ? ENDPOINT_OPENAI : ENDPOINT_ANY});
        look(e, &models, 1);
        assert_int_equal(endpoint_about(e).kind, ENDPOINT_OPENAI);
        hostile_set(outcome_server(), &(struct hostile_reply){.bytes = HEAD DONE}, 1);
        assert_int_equal(endpoint_ask(e, &q, &err), ERR_NONE);
        outcome_take(e, 0);
        char *sent = hostile_request(outcome_server());
        assert_int_equal(strstr(sent, "\"max_tokens\":7") != NULL, !openai);
        assert_int_equal(strstr(sent, "\"max_completion_tokens\":7") != NULL, openai);
        free(sent);
        endpoint_free(e);
    }
}

static void an_answer_is_continued_as_the_kind_wants_it(void **state)
{
    (void)state;
    static const struct endpoint_message messages[] = {{"user", "Hi", 2}, {"assistant", "Hel", 3}};
    struct error err = {0};
    hostile_set(outcome_server(), &(struct hostile_reply){.bytes = HEAD DELTA("lo") DONE}, 1);
    struct endpoint *e = outcome_open((struct endpoint_place){.kind = ENDPOINT_VLLM});
    const struct endpoint_question q = {.model = "m", .messages = messages, .n = 2, .continues = true};
    assert_int_equal(endpoint_ask(e, &q, &err), ERR_NONE);
    assert_string_equal(outcome_take(e, 0).text, "lo");
    char *sent = hostile_request(outcome_server());
    assert_non_null(strstr(sent, "\"continue_final_message\":true"));
    assert_non_null(strstr(sent, "\"add_generation_prompt\":false"));
    free(sent);
    endpoint_free(e);
    assert_false(endpoint_continues(ENDPOINT_OPENAI));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_known_by_what_they_say),
        cmocka_unit_test(a_model_of_ollama_is_looked_at_by_itself),
        cmocka_unit_test(a_question_ends_a_look),
        cmocka_unit_test(a_look_after_an_answer_leaves_its_fingerprint),
        cmocka_unit_test(a_prompt_is_counted_before_it_is_asked),
        cmocka_unit_test(a_prompt_that_is_too_long_is_not_asked),
        cmocka_unit_test(counting_can_be_stopped),
        cmocka_unit_test(what_lists_no_models_is_told),
        cmocka_unit_test(a_server_that_loads_is_waited_for),
        cmocka_unit_test(waiting_for_a_server_that_loads_can_be_stopped),
        cmocka_unit_test(settings_are_sent_as_each_kind_calls_them),
        cmocka_unit_test(the_length_has_a_name_that_the_server_knows),
        cmocka_unit_test(an_answer_is_continued_as_the_kind_wants_it),
    };
    return cmocka_run_group_tests(tests, outcome_begin, outcome_end);
}
