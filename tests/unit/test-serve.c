/* Tests of the server: what it answers, in whole and in streams. */
#include <config.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "serve/serve.h"
#include "tests/cmocka.h"
#include "tests/unit/client.h"
#include "tests/unit/serving.h"
#include "tests/unit/vectors.h"

static void health_and_models_are_told(void **state)
{
    (void)state;
    struct reply r = client_ask(serving_port(), "GET", "/health", "", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
    r = client_ask(serving_port(), "GET", "/v1/models", "", NULL);
    json_t *list = json_loads(buf_text(&r.body), 0, NULL);
    const json_t *first = json_array_get(json_object_get(list, "data"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "id")), "tiny");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "meta"), "n_ctx")), SERVING_CONTEXT);
    json_decref(list);
    reply_free_client(&r);
}

static void the_same_seed_gives_the_same_answer(void **state)
{
    (void)state;
    static const char body[] = "{\"prompt\": \"the cat\", \"max_tokens\": 20, \"temperature\": 0.9, \"seed\": 7}";
    json_t *one = client_post(serving_port(), COMPLETIONS, 200, body),
           *two = client_post(serving_port(), COMPLETIONS, 200, body);
    assert_string_equal(serving_text_of(one, 0), serving_text_of(two, 0));
    json_decref(one);
    json_decref(two);
}

/* Three answers at a time, with every likelihood; what repeats itself is guessed, and some of it rightly. */
static void guesses_change_no_answer(void **state)
{
    (void)state;
    struct serve *plain = serving_start_speculating(NULL, SPECULATE_OFF),
                 *ahead = serving_start_speculating(NULL, SPECULATE_ALWAYS);
    json_int_t right = 0, wrong = 0;
    for (int i = 0; i < 8; i++) {
        char body[256];
        snprintf(
            body, sizeof body,
            "{\"prompt\": [\"the cat the cat\", \"a\", [1, 50, 60, 50]], \"max_tokens\": 60, \"temperature\": %.1f, "
            "\"frequency_penalty\": %d, \"logprobs\": 2, \"seed\": %d}",
            0.3 * i, i % 2 == 0 ? -2 : 0, i);
        json_t *without = client_post(serve_port(plain), COMPLETIONS, 200, body);
        json_t *with = client_post(serve_port(ahead), COMPLETIONS, 200, body);
        assert_int_equal(json_array_size(json_object_get(with, "choices")), 3);
        assert_true(json_equal(json_object_get(without, "choices"), json_object_get(with, "choices")));
        json_t *usage = json_object_get(with, "usage"), *details = json_object_get(usage, "completion_tokens_details");
        right += json_integer_value(json_object_get(details, "accepted_prediction_tokens"));
        wrong += json_integer_value(json_object_get(details, "rejected_prediction_tokens"));
        assert_null(json_object_get(json_object_get(without, "usage"), "completion_tokens_details"));
        json_decref(without);
        json_decref(with);
    }
    assert_true(right > 0 && wrong > 0);
    serve_stop(plain);
    serve_stop(ahead);
}

/* What lm-evaluation-harness counts on: one entry for each token of the prompt and one more, the first null. */
static void echo_has_an_entry_for_each_token_and_one_more(void **state)
{
    (void)state;
    json_t *a =
        client_post(serving_port(), COMPLETIONS, 200,
                    "{\"prompt\": [[1, 50, 60, 70], [1, 50, 60, 71, 72]], \"temperature\": 0, \"max_tokens\": 1, "
                    "\"logprobs\": 1, \"seed\": 1234, \"echo\": true}");
    for (size_t i = 0; i < 2; i++) {
        const json_t *logps = serving_logprobs_of(a, i, "token_logprobs"),
                     *tops = serving_logprobs_of(a, i, "top_logprobs");
        assert_int_equal(json_array_size(logps), 5 + i);
        assert_int_equal(json_array_size(tops), 5 + i);
        assert_int_equal(json_array_size(serving_logprobs_of(a, i, "tokens")), 5 + i);
        assert_int_equal(json_array_size(serving_logprobs_of(a, i, "text_offset")), 5 + i);
        assert_true(json_is_null(json_array_get(logps, 0)));
        for (size_t k = 1; k < 5 + i; k++) {
            assert_true(json_real_value(json_array_get(logps, k)) <= 0);
            assert_int_equal(json_object_size(json_array_get(tops, k)), 1);
        }
        assert_int_equal(json_integer_value(json_object_get(serving_choice_of(a, i), "index")), i);
    }
    json_decref(a);
}

/* A text gets a BOS, for which there is no entry: programs cut the lists where their own context ends. */
static void a_text_has_an_entry_for_each_token_of_its_own(void **state)
{
    (void)state;
    static const char rest[] = "\"max_tokens\": 1, \"temperature\": 0, \"logprobs\": 1, \"echo\": true}";
    char body[512];
    json_t *ids =
        client_post(serving_port(), "/tokenize", 200, "{\"prompt\": \"the cat\", \"add_special_tokens\": false}");
    json_t *with = client_post(serving_port(), "/tokenize", 200, "{\"prompt\": \"the cat\"}");
    const size_t n = json_array_size(json_object_get(ids, "tokens"));
    assert_int_equal(json_array_size(json_object_get(with, "tokens")), n + 1);
    snprintf(body, sizeof body, "{\"prompt\": \"the cat\", %s", rest);
    json_t *text = client_post(serving_port(), COMPLETIONS, 200, body);
    char *list = json_dumps(json_object_get(with, "tokens"), JSON_COMPACT);
    snprintf(body, sizeof body, "{\"prompt\": %s, %s", list, rest);
    json_t *listed = client_post(serving_port(), COMPLETIONS, 200, body);
    assert_int_equal(json_array_size(serving_logprobs_of(text, 0, "token_logprobs")), n + 1);
    assert_int_equal(json_array_size(serving_logprobs_of(listed, 0, "token_logprobs")), n + 2);
    for (size_t i = 0; i <= n; i++)
        assert_true(json_equal(json_array_get(serving_logprobs_of(text, 0, "token_logprobs"), i),
                               json_array_get(serving_logprobs_of(listed, 0, "token_logprobs"), i + 1)));
    assert_int_equal(json_integer_value(json_array_get(serving_logprobs_of(text, 0, "text_offset"), 0)), 0);
    assert_int_equal(json_integer_value(json_array_get(serving_logprobs_of(text, 0, "text_offset"), n)), 7);
    assert_memory_equal(serving_text_of(text, 0), "the cat", 7);
    free(list);
    json_decref(ids);
    json_decref(with);
    json_decref(text);
    json_decref(listed);
}

static void likelihoods_are_the_engines(void **state)
{
    (void)state;
    const int32_t ids[] = {1, 50, 60, 70, 80, 90};
    float nll[6];
    struct error err = {0};
    const struct session_options options = {.context = SERVING_CONTEXT, .threads = 2};
    struct session *session = session_open(serving_model(), &options, &err);
    assert_int_equal(session_score(session, ids, 6, nll, NULL, NULL, &err), ERR_NONE);
    session_free(session);
    json_t *a =
        client_post(serving_port(), COMPLETIONS, 200,
                    "{\"prompt\": [1, 50, 60, 70, 80, 90], \"max_tokens\": 0, \"logprobs\": 1, \"echo\": true}");
    const json_t *logps = serving_logprobs_of(a, 0, "token_logprobs");
    assert_int_equal(json_array_size(logps), 6);
    for (size_t i = 1; i < 6; i++)
        assert_true(fabs(json_real_value(json_array_get(logps, i)) + (double)nll[i - 1]) < 1e-5);
    json_decref(a);
}

/* The pieces of a stream, joined. */
static void stream_text(const char *body, struct buf *out, size_t *pieces)
{
    *pieces = 0;
    for (const char *at = body; (at = strstr(at, "data: ")) != NULL; (*pieces)++) {
        at += 6;
        const char *end = strstr(at, "\n\n");
        assert_non_null(end);
        json_t *piece = json_loadb(at, (size_t)(end - at), JSON_ALLOW_NUL, NULL);
        const json_t *choice = serving_choice_of(piece, 0);
        const char *text = json_string_value(json_object_get(choice, "text"));
        if (text == NULL)
            text = json_string_value(json_object_get(json_object_get(choice, "delta"), "content"));
        buf_puts(out, text != NULL ? text : "");
        json_decref(piece);
    }
}

static void a_stream_says_what_a_whole_answer_says(void **state)
{
    (void)state;
    static const struct {
        const char *path, *rest;
    } cases[] = {
        {COMPLETIONS, "\"prompt\": \"the cat\", \"max_tokens\": 12, \"temperature\": 0.8, \"seed\": 3"},
        {COMPLETIONS,
         "\"prompt\": \"the cat\", \"max_tokens\": 12, \"temperature\": 0, \"echo\": true, \"logprobs\": 2"},
        {CHAT, "\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 12, \"temperature\": 0"},
    };
    for (size_t i = 0; i < 3; i++) {
        char body[512];
        size_t pieces;
        struct buf joined;
        buf_init(&joined, 1 << 20);
        snprintf(body, sizeof body, "{%s}", cases[i].rest);
        json_t *whole = client_post(serving_port(), cases[i].path, 200, body);
        snprintf(body, sizeof body, "{%s, \"stream\": true, \"stream_options\": {\"include_usage\": true}}",
                 cases[i].rest);
        struct reply r = client_ask(serving_port(), "POST", cases[i].path, "", body);
        assert_int_equal(r.status, 200);
        assert_non_null(strstr(buf_text(&r.head), "text/event-stream"));
        stream_text(buf_text(&r.body), &joined, &pieces);
        assert_string_equal(buf_text(&joined), serving_text_of(whole, 0));
        assert_non_null(strstr(buf_text(&r.body), "\"usage\""));
        assert_non_null(strstr(buf_text(&r.body), "data: [DONE]\n\n"));
        json_decref(whole);
        reply_free_client(&r);
        buf_free(&joined);
    }
}

static void messages_come_in_all_published_forms(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"messages\": [{\"role\": \"system\", \"content\": \"s\"}, {\"role\": \"user\", \"content\": \"q\"}], "
        "\"temperature\": 0, \"max_tokens\": 6}",
        "{\"messages\": [{\"role\": \"developer\", \"content\": \"s\"}, {\"role\": \"user\", \"content\": "
        "[{\"type\": \"text\", \"text\": \"q\"}]}], \"temperature\": 0, \"max_completion_tokens\": 6, \"unknown\": 1}",
    };
    json_t *one = client_post(serving_port(), CHAT, 200, bodies[0]),
           *two = client_post(serving_port(), CHAT, 200, bodies[1]);
    assert_string_equal(serving_text_of(one, 0), serving_text_of(two, 0));
    json_decref(one);
    json_decref(two);
}

static void chat_likelihoods_have_bytes_and_alternatives(void **state)
{
    (void)state;
    json_t *a = client_post(serving_port(), CHAT, 200,
                            "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}], \"temperature\": 0, "
                            "\"max_tokens\": 4, \"logprobs\": true, \"top_logprobs\": 3}");
    const json_t *content = serving_logprobs_of(a, 0, "content"), *first = json_array_get(content, 0);
    assert_true(json_array_size(content) >= 1);
    assert_int_equal(json_array_size(json_object_get(first, "top_logprobs")), 3);
    assert_true(json_is_array(json_object_get(first, "bytes")));
    const json_t *best = json_array_get(json_object_get(first, "top_logprobs"), 0);
    assert_true(json_equal(json_object_get(first, "logprob"), json_object_get(best, "logprob")));
    json_decref(a);
}

static void tokens_go_there_and_back(void **state)
{
    (void)state;
    json_t *a =
        client_post(serving_port(), "/tokenize", 200, "{\"prompt\": \"the cat sat\", \"add_special_tokens\": false}");
    char body[512];
    char *ids = json_dumps(json_object_get(a, "tokens"), JSON_COMPACT);
    snprintf(body, sizeof body, "{\"tokens\": %s}", ids);
    json_t *b = client_post(serving_port(), "/detokenize", 200, body);
    assert_string_equal(json_string_value(json_object_get(b, "prompt")), "the cat sat");
    free(ids);
    json_decref(a);
    json_decref(b);
}

static void a_special_token_is_one_token_in_a_prompt(void **state)
{
    (void)state;
    struct reply r = client_ask(serving_port(), "GET", "/tokenizer_info", "", NULL);
    json_t *about = json_loads(buf_text(&r.body), 0, NULL);
    char body[256];
    snprintf(body, sizeof body, "{\"prompt\": \"%s\", \"add_special_tokens\": false}",
             json_string_value(json_object_get(about, "eos_token")));
    json_t *a = client_post(serving_port(), "/tokenize", 200, body);
    assert_int_equal(json_integer_value(json_object_get(a, "count")), 1);
    json_decref(a);
    json_decref(about);
    reply_free_client(&r);
}

/* The bytes of a base64 text, as many as fit. */
static size_t decode_base64(const char *text, unsigned char *out, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    size_t n = 0, held = 0;
    for (; *text != '\0' && *text != '=' && n < size; text++) {
        const char *digit = strchr(digits, *text);
        assert_non_null(digit);
        bits = bits << 6 | (uint32_t)(digit - digits);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = (unsigned char)(bits >> held);
        }
    }
    return n;
}

static const json_t *embedding_of(const json_t *answer, size_t i)
{
    return json_object_get(json_array_get(json_object_get(answer, "data"), i), "embedding");
}

/* The vectors are the encoder's own, of length 1, in both forms; what an encoder cannot do is refused. */
static void an_encoder_makes_embeddings(void **state)
{
    (void)state;
    struct error err = {0};
    char *path = vectors_own("tiny-bert");
    assert_non_null(path);
    struct model *bert = model_open(path, NULL, &err);
    const struct serve_options options = {.name = "bert", .settings = sampling_defaults(), .parallel = 1};
    struct serve *s = bert != NULL ? serve_start(bert, NULL, &options, &err) : NULL;
    if (s == NULL)
        fail_msg("%s", err.message);
    const uint16_t at = serve_port(s);

    struct encoder *encoder = encoder_open(bert, NULL, &err);
    const size_t width = (size_t)encoder_width(encoder);
    struct ids ids = {0};
    float own[1024], sent[1024];
    assert_true(width <= 1024);
    assert_int_equal(encoder_tokens(encoder, "two words", 9, 0, &ids, NULL, &err), ERR_NONE);
    assert_int_equal(encoder_encode(encoder, &ids, 1, encoder_pooling(encoder), own, NULL, NULL, &err), ERR_NONE);
    vector_normalize(own, width);

    json_t *a = client_post(at, "/v1/embeddings", 200, "{\"input\": [\"one\", \"two words\"]}");
    assert_int_equal(json_array_size(json_object_get(a, "data")), 2);
    assert_int_equal(json_array_size(embedding_of(a, 1)), width);
    for (size_t i = 0; i < width; i++)
        assert_true((float)json_real_value(json_array_get(embedding_of(a, 1), i)) == own[i]);
    json_decref(a);
    a = client_post(at, "/v1/embeddings", 200, "{\"input\": \"two words\", \"encoding_format\": \"base64\"}");
    assert_int_equal(decode_base64(json_string_value(embedding_of(a, 0)), (unsigned char *)sent, sizeof sent),
                     width * sizeof *sent);
    assert_memory_equal(sent, own, width * sizeof *own);
    json_decref(a);

    static const struct {
        const char *path, *body;
    } wrong[] = {{COMPLETIONS, "{\"prompt\": \"a\"}"},
                 {CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}"},
                 {"/v1/embeddings", "{}"},
                 {"/v1/embeddings", "{\"input\": []}"},
                 {"/v1/embeddings", "{\"input\": [1]}"},
                 {"/v1/embeddings", "{\"input\": \"a\", \"encoding_format\": \"int8\"}"},
                 {"/v1/embeddings", "{\"input\": \"a\", \"dimensions\": 3}"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        json_decref(client_post(at, wrong[i].path, 400, wrong[i].body));
    serve_stop(s);
    encoder_free(encoder);
    ids_free(&ids);
    model_free(bert);
    free(path);
}

/* OpenAI takes four of them, and harnesses send a dozen. */
static void many_stop_strings_are_heeded(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, 1 << 16);
    buf_puts(&body, "{\"prompt\": \"the cat\", \"max_tokens\": 20, \"seed\": 1, \"temperature\": 0");
    json_t *whole = client_post(serving_port(), COMPLETIONS, 200, strcat(strcpy((char[128]){0}, buf_text(&body)), "}"));
    const char *text = serving_text_of(whole, 0);
    size_t at = 0;
    while (text[at] != '\0' && !isalnum((unsigned char)text[at]))
        at++;
    assert_true(text[at] != '\0');
    buf_puts(&body, ", \"stop\": [");
    for (int i = 0; i < SAMPLING_STOPS - 1; i++)
        buf_printf(&body, "\"never %d\", ", i);
    const size_t before = body.size;
    buf_printf(&body, "\"%c\"]}", text[at]);
    json_t *cut = client_post(serving_port(), COMPLETIONS, 200, buf_text(&body));
    assert_string_equal(json_string_value(json_object_get(serving_choice_of(cut, 0), "finish_reason")), "stop");
    assert_int_equal(strlen(serving_text_of(cut, 0)), at); /* up to the first such letter */
    buf_truncate(&body, before);
    buf_puts(&body, "\"a\", \"b\"]}");
    json_t *refused = client_post(serving_port(), COMPLETIONS, 400, buf_text(&body));
    assert_string_equal(json_string_value(json_object_get(json_object_get(refused, "error"), "param")), "stop");
    json_decref(refused);
    json_decref(cut);
    json_decref(whole);
    buf_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_and_models_are_told),
        cmocka_unit_test(the_same_seed_gives_the_same_answer),
        cmocka_unit_test(guesses_change_no_answer),
        cmocka_unit_test(echo_has_an_entry_for_each_token_and_one_more),
        cmocka_unit_test(a_text_has_an_entry_for_each_token_of_its_own),
        cmocka_unit_test(likelihoods_are_the_engines),
        cmocka_unit_test(a_stream_says_what_a_whole_answer_says),
        cmocka_unit_test(messages_come_in_all_published_forms),
        cmocka_unit_test(chat_likelihoods_have_bytes_and_alternatives),
        cmocka_unit_test(tokens_go_there_and_back),
        cmocka_unit_test(a_special_token_is_one_token_in_a_prompt),
        cmocka_unit_test(an_encoder_makes_embeddings),
        cmocka_unit_test(many_stop_strings_are_heeded),
    };
    return cmocka_run_group_tests(tests, serving_open, serving_close);
}
