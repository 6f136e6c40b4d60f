/* Tests of the server: every field, every refusal, streams, and clients that misbehave. */
#include <config.h>

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "engine/engine.h"
#include "serve/exchange.h"
#include "serve/internal.h"
#include "serve/serve.h"
#include "tests/cmocka.h"
#include "tests/unit/client.h"
#include "tests/unit/vectors.h"

enum { CONTEXT = 448, LONG = 440, CLIENTS = 64 };

#define COMPLETIONS "/v1/completions"
#define CHAT "/v1/chat/completions"

static struct model *model;
static struct chat_template *template;
static struct serve *server;
static uint16_t port;
static atomic_int notes, gone;

static void count_note(void *context, const struct serve_note *n)
{
    (void)context;
    notes++;
    gone += n->gone;
}

static struct serve *start_speculating(const char *key, enum speculate speculate)
{
    struct error err = {0};
    const struct serve_options options = {.key = key,
                                          .name = "tiny",
                                          .settings = sampling_defaults(),
                                          .session = {.context = CONTEXT, .threads = 2, .batch = 16},
                                          .speculate = speculate,
                                          .parallel = 4,
                                          .note = count_note};
    struct serve *s = serve_start(model, template, &options, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

static struct serve *start(const char *key)
{
    return start_speculating(key, SPECULATE_AUTO);
}

static int open_server(void **state)
{
    (void)state;
    char *path = vectors_path("tiny-llama.gguf");
    struct error err = {0};
    if (path != NULL && (model = model_open(path, NULL, &err)) != NULL)
        template = template_load("chatml", NULL, &err);
    free(path);
    if (template == NULL)
        return -1;
    server = start(NULL);
    port = serve_port(server);
    return 0;
}

static int close_server(void **state)
{
    (void)state;
    serve_stop(server);
    template_free(template);
    model_free(model);
    return 0;
}

static const json_t *choice_of(const json_t *answer, size_t i)
{
    return json_array_get(json_object_get(answer, "choices"), i);
}

static const char *text_of(const json_t *answer, size_t i)
{
    const char *text = json_string_value(json_object_get(choice_of(answer, i), "text"));
    return text != NULL
               ? text
               : json_string_value(json_object_get(json_object_get(choice_of(answer, i), "message"), "content"));
}

static const json_t *logprobs_of(const json_t *answer, size_t i, const char *list)
{
    return json_object_get(json_object_get(choice_of(answer, i), "logprobs"), list);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static void health_and_models_are_told(void **state)
{
    (void)state;
    struct reply r = client_ask(port, "GET", "/health", "", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
    r = client_ask(port, "GET", "/v1/models", "", NULL);
    json_t *list = json_loads(buf_text(&r.body), 0, NULL);
    const json_t *first = json_array_get(json_object_get(list, "data"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "id")), "tiny");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "meta"), "n_ctx")), CONTEXT);
    json_decref(list);
    reply_free_client(&r);
}

static void the_same_seed_gives_the_same_answer(void **state)
{
    (void)state;
    static const char body[] = "{\"prompt\": \"the cat\", \"max_tokens\": 20, \"temperature\": 0.9, \"seed\": 7}";
    json_t *one = client_post(port, COMPLETIONS, 200, body), *two = client_post(port, COMPLETIONS, 200, body);
    assert_string_equal(text_of(one, 0), text_of(two, 0));
    json_decref(one);
    json_decref(two);
}

/* Three answers at a time, with every likelihood; what repeats itself is guessed, and some of it rightly. */
static void guesses_change_no_answer(void **state)
{
    (void)state;
    struct serve *plain = start_speculating(NULL, SPECULATE_OFF), *ahead = start_speculating(NULL, SPECULATE_ALWAYS);
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
        client_post(port, COMPLETIONS, 200,
                    "{\"prompt\": [[1, 50, 60, 70], [1, 50, 60, 71, 72]], \"temperature\": 0, \"max_tokens\": 1, "
                    "\"logprobs\": 1, \"seed\": 1234, \"echo\": true}");
    for (size_t i = 0; i < 2; i++) {
        const json_t *logps = logprobs_of(a, i, "token_logprobs"), *tops = logprobs_of(a, i, "top_logprobs");
        assert_int_equal(json_array_size(logps), 5 + i);
        assert_int_equal(json_array_size(tops), 5 + i);
        assert_int_equal(json_array_size(logprobs_of(a, i, "tokens")), 5 + i);
        assert_int_equal(json_array_size(logprobs_of(a, i, "text_offset")), 5 + i);
        assert_true(json_is_null(json_array_get(logps, 0)));
        for (size_t k = 1; k < 5 + i; k++) {
            assert_true(json_real_value(json_array_get(logps, k)) <= 0);
            assert_int_equal(json_object_size(json_array_get(tops, k)), 1);
        }
        assert_int_equal(json_integer_value(json_object_get(choice_of(a, i), "index")), i);
    }
    json_decref(a);
}

/* A text gets a BOS, for which there is no entry: programs cut the lists where their own context ends. */
static void a_text_has_an_entry_for_each_token_of_its_own(void **state)
{
    (void)state;
    static const char rest[] = "\"max_tokens\": 1, \"temperature\": 0, \"logprobs\": 1, \"echo\": true}";
    char body[512];
    json_t *ids = client_post(port, "/tokenize", 200, "{\"prompt\": \"the cat\", \"add_special_tokens\": false}");
    json_t *with = client_post(port, "/tokenize", 200, "{\"prompt\": \"the cat\"}");
    const size_t n = json_array_size(json_object_get(ids, "tokens"));
    assert_int_equal(json_array_size(json_object_get(with, "tokens")), n + 1);
    snprintf(body, sizeof body, "{\"prompt\": \"the cat\", %s", rest);
    json_t *text = client_post(port, COMPLETIONS, 200, body);
    char *list = json_dumps(json_object_get(with, "tokens"), JSON_COMPACT);
    snprintf(body, sizeof body, "{\"prompt\": %s, %s", list, rest);
    json_t *listed = client_post(port, COMPLETIONS, 200, body);
    assert_int_equal(json_array_size(logprobs_of(text, 0, "token_logprobs")), n + 1);
    assert_int_equal(json_array_size(logprobs_of(listed, 0, "token_logprobs")), n + 2);
    for (size_t i = 0; i <= n; i++)
        assert_true(json_equal(json_array_get(logprobs_of(text, 0, "token_logprobs"), i),
                               json_array_get(logprobs_of(listed, 0, "token_logprobs"), i + 1)));
    assert_int_equal(json_integer_value(json_array_get(logprobs_of(text, 0, "text_offset"), 0)), 0);
    assert_int_equal(json_integer_value(json_array_get(logprobs_of(text, 0, "text_offset"), n)), 7);
    assert_memory_equal(text_of(text, 0), "the cat", 7);
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
    const struct session_options options = {.context = CONTEXT, .threads = 2};
    struct session *session = session_open(model, &options, &err);
    assert_int_equal(session_score(session, ids, 6, nll, NULL, NULL, &err), ERR_NONE);
    session_free(session);
    json_t *a =
        client_post(port, COMPLETIONS, 200,
                    "{\"prompt\": [1, 50, 60, 70, 80, 90], \"max_tokens\": 0, \"logprobs\": 1, \"echo\": true}");
    const json_t *logps = logprobs_of(a, 0, "token_logprobs");
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
        const json_t *choice = choice_of(piece, 0);
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
        json_t *whole = client_post(port, cases[i].path, 200, body);
        snprintf(body, sizeof body, "{%s, \"stream\": true, \"stream_options\": {\"include_usage\": true}}",
                 cases[i].rest);
        struct reply r = client_ask(port, "POST", cases[i].path, "", body);
        assert_int_equal(r.status, 200);
        assert_non_null(strstr(buf_text(&r.head), "text/event-stream"));
        stream_text(buf_text(&r.body), &joined, &pieces);
        assert_string_equal(buf_text(&joined), text_of(whole, 0));
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
    json_t *one = client_post(port, CHAT, 200, bodies[0]), *two = client_post(port, CHAT, 200, bodies[1]);
    assert_string_equal(text_of(one, 0), text_of(two, 0));
    json_decref(one);
    json_decref(two);
}

static void chat_likelihoods_have_bytes_and_alternatives(void **state)
{
    (void)state;
    json_t *a = client_post(port, CHAT, 200,
                            "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}], \"temperature\": 0, "
                            "\"max_tokens\": 4, \"logprobs\": true, \"top_logprobs\": 3}");
    const json_t *content = logprobs_of(a, 0, "content"), *first = json_array_get(content, 0);
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
    json_t *a = client_post(port, "/tokenize", 200, "{\"prompt\": \"the cat sat\", \"add_special_tokens\": false}");
    char body[512];
    char *ids = json_dumps(json_object_get(a, "tokens"), JSON_COMPACT);
    snprintf(body, sizeof body, "{\"tokens\": %s}", ids);
    json_t *b = client_post(port, "/detokenize", 200, body);
    assert_string_equal(json_string_value(json_object_get(b, "prompt")), "the cat sat");
    free(ids);
    json_decref(a);
    json_decref(b);
}

static void a_special_token_is_one_token_in_a_prompt(void **state)
{
    (void)state;
    struct reply r = client_ask(port, "GET", "/tokenizer_info", "", NULL);
    json_t *about = json_loads(buf_text(&r.body), 0, NULL);
    char body[256];
    snprintf(body, sizeof body, "{\"prompt\": \"%s\", \"add_special_tokens\": false}",
             json_string_value(json_object_get(about, "eos_token")));
    json_t *a = client_post(port, "/tokenize", 200, body);
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

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static void what_is_impossible_is_refused_with_its_field(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body, *param;
    } cases[] = {
        {COMPLETIONS, "{}", "prompt"},
        {COMPLETIONS, "{\"prompt\": []}", "prompt"},
        {COMPLETIONS, "{\"prompt\": [1, -1]}", "prompt"},
        {COMPLETIONS, "{\"prompt\": [1, 99999999]}", "prompt"},
        {COMPLETIONS, "{\"prompt\": [1, \"a\"]}", "prompt"},
        {COMPLETIONS, "{\"prompt\": {\"a\": 1}}", "prompt"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"n\": 2}", "n"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"best_of\": 3}", "best_of"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"suffix\": \"b\"}", "suffix"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"max_tokens\": -1}", "max_tokens"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"max_tokens\": \"b\"}", "max_tokens"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"temperature\": -1}", "temperature"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"temperature\": \"hot\"}", "temperature"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"top_p\": 2}", "top_p"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"logprobs\": 21}", "logprobs"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"stream\": 1}", "stream"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"echo\": \"yes\"}", "echo"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"stop\": [1]}", "stop"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"seed\": 1.5}", "seed"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"logit_bias\": {\"x\": 1}}", "logit_bias"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"logit_bias\": {\"1\": 1000}}", "logit_bias"},
        {COMPLETIONS, "{\"prompt\": \"a\", \"response_format\": {\"type\": \"json_object\"}}", "response_format"},
        {CHAT, "{}", "messages"},
        {CHAT, "{\"messages\": []}", "messages"},
        {CHAT, "{\"messages\": [{\"role\": \"king\", \"content\": \"a\"}]}", "messages[0].role"},
        {CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": 1}]}", "messages[0].content"},
        {CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}",
         "messages[0].content"},
        {CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"top_logprobs\": 2}", "top_logprobs"},
        {"/tokenize", "{}", "prompt"},
        {"/detokenize", "{\"tokens\": [-1]}", "tokens"},
        {"/v1/embeddings", "{\"input\": \"a\"}", "model"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *a = client_post(port, cases[i].path, 400, cases[i].body);
        const json_t *error = json_object_get(a, "error");
        const char *param = json_string_value(json_object_get(error, "param"));
        if (param == NULL || strcmp(param, cases[i].param) != 0)
            fail_msg("%s: param %s instead of %s", cases[i].body, param != NULL ? param : "null", cases[i].param);
        assert_non_null(json_string_value(json_object_get(error, "message")));
        assert_string_equal(json_string_value(json_object_get(error, "type")), "invalid_request_error");
        json_decref(a);
    }
}

static void bodies_that_are_no_json_are_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "{",
                                         "[]",
                                         "\"a\"",
                                         "null",
                                         "{\"prompt\": \"a\",}",
                                         "{\"a\": \"\xff\"}",
                                         "{\"prompt\": \"a\", \"prompt\": \"b\"}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        json_decref(client_post(port, COMPLETIONS, 400, bodies[i]));
}

static void a_prompt_longer_than_the_context_is_refused(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_puts(&body, "{\"prompt\": [1");
    for (int i = 0; i < CONTEXT; i++)
        buf_puts(&body, ",5");
    buf_puts(&body, "]}");
    json_t *a = client_post(port, COMPLETIONS, 400, buf_text(&body));
    assert_string_equal(json_string_value(json_object_get(json_object_get(a, "error"), "code")),
                        "context_length_exceeded");
    json_decref(a);
    buf_free(&body);
}

static void wrong_paths_and_methods_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        int status;
    } cases[] = {{"GET", "/", 404},          {"GET", "/v1/nothing", 404}, {"GET", COMPLETIONS, 405},
                 {"DELETE", "/health", 405}, {"POST", "/v1/models", 405}, {"HEAD", "/health", 200}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = client_begin(port, cases[i].method, cases[i].path, "Connection: close\r\n", NULL);
        char line[64] = "";
        assert_true(recv(fd, line, sizeof line - 1, 0) > 12);
        assert_int_equal(atoi(line + 9), cases[i].status);
        close(fd);
    }
}

static void pages_of_other_sites_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {"Origin: https://evil.example\r\n", "Origin: null\r\n",
                                          "Origin: http://127.0.0.1.evil.example\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct reply r = client_ask(port, "GET", "/v1/models", headers[i], NULL);
        assert_int_equal(r.status, 403);
        reply_free_client(&r);
    }
    int fd = client_connect(port);
    static const char rebound[] = "GET /v1/models HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n";
    client_send(fd, rebound, sizeof rebound - 1);
    struct reply r = client_read(fd);
    assert_int_equal(r.status, 403);
    reply_free_client(&r);
    close(fd);
    r = client_ask(port, "GET", "/v1/models", "Origin: http://localhost:3000\r\n", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
}

static void a_key_is_asked_for_when_there_is_one(void **state)
{
    (void)state;
    struct serve *s = start("secret");
    static const struct {
        const char *headers;
        int status;
    } cases[] = {{"", 401},
                 {"Authorization: Bearer \r\n", 401},
                 {"Authorization: Bearer secre\r\n", 401},
                 {"Authorization: Bearer secrets\r\n", 401},
                 {"Authorization: Basic secret\r\n", 401},
                 {"Authorization: Bearer secret\r\n", 200}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply r = client_ask(serve_port(s), "GET", "/v1/models", cases[i].headers, NULL);
        assert_int_equal(r.status, cases[i].status);
        assert_null(strstr(buf_text(&r.body), "secret"));
        reply_free_client(&r);
    }
    struct reply r = client_ask(serve_port(s), "GET", "/health", "", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
    serve_stop(s);
}

static void an_empty_key_is_fine_when_none_is_asked_for(void **state)
{
    (void)state;
    struct reply r = client_ask(port, "GET", "/v1/models", "Authorization: Bearer \r\n", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
}

/* ---- clients ---------------------------------------------------------------------------------------------------- */

struct caller {
    pthread_t thread;
    unsigned number;
    char text[2048];
};

static void caller_body(unsigned number, char *out, size_t size)
{
    snprintf(out, size, "{\"prompt\": \"the cat %u\", \"max_tokens\": %u, \"temperature\": 0.7, \"seed\": %u}",
             number % 7, 5 + number % 9, number);
}

static void *call(void *context)
{
    struct caller *c = context;
    char body[256];
    caller_body(c->number, body, sizeof body);
    json_t *a = client_post(port, COMPLETIONS, 200, body);
    snprintf(c->text, sizeof c->text, "%s", text_of(a, 0));
    json_decref(a);
    return NULL;
}

/* While an answer is being made a long prompt is scored in slices. */
static void likelihoods_are_the_same_beside_an_answer(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_puts(&body, "{\"max_tokens\": 1, \"temperature\": 0, \"logprobs\": 2, \"echo\": true, \"prompt\": [1");
    for (int i = 1; i < LONG; i++)
        buf_printf(&body, ",%d", 10 + i * 7 % 300);
    buf_puts(&body, "]}");
    struct serve *s = start(NULL);
    static const char endless[] =
        "{\"prompt\": \"a\", \"max_tokens\": 400, \"stream\": true, \"logit_bias\": {\"2\": -100}}";
    const int fd = client_begin(serve_port(s), "POST", COMPLETIONS, "", endless);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 1);
    json_t *beside = client_post(serve_port(s), COMPLETIONS, 200, buf_text(&body));
    json_t *alone = client_post(port, COMPLETIONS, 200, buf_text(&body));
    assert_int_equal(json_array_size(logprobs_of(beside, 0, "token_logprobs")), LONG + 1);
    assert_true(json_equal(json_object_get(choice_of(beside, 0), "logprobs"),
                           json_object_get(choice_of(alone, 0), "logprobs")));
    close(fd);
    serve_stop(s);
    json_decref(beside);
    json_decref(alone);
    buf_free(&body);
}

static void many_clients_at_once_get_what_each_gets_alone(void **state)
{
    (void)state;
    static struct caller callers[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        callers[i].number = i;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        pthread_join(callers[i].thread, NULL);
    for (unsigned i = 0; i < CLIENTS; i += 5) {
        struct caller alone = {.number = i};
        call(&alone);
        assert_string_equal(alone.text, callers[i].text);
    }
}

/* Waits, without a limit but that of the test run, until the counter has grown. */
static void wait_for(const atomic_int *counter, int value)
{
    while (*counter < value)
        usleep(1000);
}

static void a_client_that_goes_away_ends_its_answer(void **state)
{
    (void)state;
    const int before = gone;
    static const char *const bodies[] = {
        "{\"prompt\": \"a\", \"max_tokens\": 200, \"temperature\": 1, \"seed\": 5, \"logit_bias\": {\"2\": -100}}",
        "{\"prompt\": \"a\", \"max_tokens\": 200, \"temperature\": 1, \"stream\": true, \"logit_bias\": {\"2\": -100}}",
    };
    for (int i = 0; i < 2; i++) {
        int fds[40];
        for (int k = 0; k < 40; k++)
            fds[k] = client_begin(port, "POST", COMPLETIONS, "", bodies[i]);
        for (int k = 0; k < 40; k++)
            close(fds[k]);
    }
    wait_for(&gone, before + 1); /* some were answered before they were gone, hardly all 80 */
    json_decref(client_post(port, COMPLETIONS, 200, "{\"prompt\": \"a\", \"max_tokens\": 1}"));
}

static void bodies_may_come_byte_by_byte_and_be_too_large(void **state)
{
    (void)state;
    static const char body[] = "{\"prompt\": \"a\", \"max_tokens\": 2}";
    char head[256];
    int fd = client_connect(port);
    int n = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n",
                     COMPLETIONS, sizeof body - 1);
    for (int i = 0; i < n; i++)
        assert_true(client_send(fd, head + i, 1));
    for (size_t i = 0; i < sizeof body - 1; i++)
        assert_true(client_send(fd, body + i, 1));
    struct reply r = client_read(fd);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
    close(fd);

    const size_t large = (size_t)100 << 20;
    char *bytes = malloc(large);
    memset(bytes, 'a', large);
    fd = client_connect(port);
    n = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", COMPLETIONS,
                 large);
    client_send(fd, head, (size_t)n);
    client_send(fd, bytes, large);
    r = client_read(fd);
    assert_int_equal(r.status, 413);
    reply_free_client(&r);
    free(bytes);
    close(fd);
}

static void several_requests_come_on_one_connection(void **state)
{
    (void)state;
    static const char one[] = "POST " COMPLETIONS " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 32\r\n\r\n"
                              "{\"prompt\": \"a\", \"max_tokens\": 2}";
    int fd = client_connect(port);
    for (int i = 0; i < 3; i++) /* pipelined: all before the first answer */
        client_send(fd, one, sizeof one - 1);
    for (int i = 0; i < 3; i++) {
        struct reply r = client_read(fd);
        assert_int_equal(r.status, 200);
        reply_free_client(&r);
    }
    close(fd);
}

static void a_client_may_wait_to_be_asked_for_its_body(void **state)
{
    (void)state;
    static const char head[] = "POST " COMPLETIONS " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                               "Content-Length: 32\r\n\r\n";
    static const char body[] = "{\"prompt\": \"a\", \"max_tokens\": 2}";
    char line[64] = "";
    const int fd = client_connect(port);
    client_send(fd, head, sizeof head - 1);
    assert_true(recv(fd, line, 25, MSG_WAITALL) == 25);
    assert_string_equal(line, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send(fd, body, sizeof body - 1);
    struct reply r = client_read(fd);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
    close(fd);
}

static void hostile_requests_leave_the_server_serving(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "\r\n\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET /health HTTP/9.9\r\n\r\n",
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a",
        "GET /%00%ff/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int fd = client_connect(port);
        client_send(fd, requests[i], strlen(requests[i]));
        close(fd);
    }
    struct buf header;
    buf_init(&header, 1 << 24);
    buf_puts(&header, "X-Long: ");
    for (int i = 0; i < 200000; i++)
        buf_putc(&header, 'a');
    buf_puts(&header, "\r\n");
    struct reply r = client_ask(port, "GET", "/health", buf_text(&header), NULL);
    assert_true(r.status == 0 || r.status >= 400);
    reply_free_client(&r);
    buf_free(&header);
    r = client_ask(port, "GET", "/health", "", NULL);
    assert_int_equal(r.status, 200);
    reply_free_client(&r);
}

/* More than the sockets hold: most of it waits in the server until it is read. */
static void a_stream_that_nobody_reads_for_long_comes_whole_later(void **state)
{
    (void)state;
    enum { SLOW = 2 };
    static const char body[] =
        "{\"prompt\": [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\"], \"max_tokens\": 400, \"logprobs\": 20, "
        "\"temperature\": 1, \"seed\": 1, \"stream\": true, \"logit_bias\": {\"2\": -100}}";
    int fds[SLOW];
    const int room = 65536;
    for (int i = 0; i < SLOW; i++) {
        fds[i] = client_begin(port, "POST", COMPLETIONS, "", body);
        setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }
    json_decref(client_post(port, COMPLETIONS, 200, "{\"prompt\": \"a\", \"max_tokens\": 4}")); /* others go on */
    while (serve_look(server).requests > 0)
        usleep(1000);
    for (int i = 0; i < SLOW; i++) {
        struct reply r = client_read(fds[i]);
        size_t ends = 0;
        assert_int_equal(r.status, 200);
        assert_true(r.body.size > 2000000);
        for (const char *at = buf_text(&r.body); (at = strstr(at, "\"finish_reason\":\"length\"")) != NULL; at++)
            ends++;
        assert_int_equal(ends, 8);
        assert_non_null(strstr(buf_text(&r.body) + r.body.size - 32, "data: [DONE]\n\n"));
        reply_free_client(&r);
        close(fds[i]);
    }
}

/* A stream takes no more memory than its client is behind, and a client that is too far behind is given up. */
static void what_waits_for_a_slow_reader_is_bounded(void **state)
{
    (void)state;
    enum { PIECE = 1 << 20 };
    struct serve none = {0};
    char *piece = malloc(PIECE);
    assert_non_null(piece);
    memset(piece, 'x', PIECE);
    struct exchange *e = exchange_new(&none, NULL, "POST", COMPLETIONS);
    assert_non_null(e);
    for (int i = 0; i < 3 * (UNREAD_MOST / PIECE); i++) { /* read as it comes, a piece behind */
        exchange_write(e, piece, PIECE);
        if (i > 0)
            assert_int_equal(exchange_take(e, piece, PIECE), PIECE);
    }
    assert_false(exchange_is_gone(e));
    for (int i = 0; i < UNREAD_MOST / PIECE; i++)
        exchange_write(e, piece, PIECE);
    assert_true(exchange_is_gone(e));
    assert_int_equal(exchange_take(e, piece, PIECE), EXCHANGE_BROKEN);
    exchange_release(e);
    free(piece);
}

/* OpenAI takes four of them, and harnesses send a dozen. */
static void many_stop_strings_are_heeded(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, 1 << 16);
    buf_puts(&body, "{\"prompt\": \"the cat\", \"max_tokens\": 20, \"seed\": 1, \"temperature\": 0");
    json_t *whole = client_post(port, COMPLETIONS, 200, strcat(strcpy((char[128]){0}, buf_text(&body)), "}"));
    const char *text = text_of(whole, 0);
    size_t at = 0;
    while (text[at] != '\0' && !isalnum((unsigned char)text[at]))
        at++;
    assert_true(text[at] != '\0');
    buf_puts(&body, ", \"stop\": [");
    for (int i = 0; i < SAMPLING_STOPS - 1; i++)
        buf_printf(&body, "\"never %d\", ", i);
    const size_t before = body.size;
    buf_printf(&body, "\"%c\"]}", text[at]);
    json_t *cut = client_post(port, COMPLETIONS, 200, buf_text(&body));
    assert_string_equal(json_string_value(json_object_get(choice_of(cut, 0), "finish_reason")), "stop");
    assert_int_equal(strlen(text_of(cut, 0)), at); /* up to the first such letter */
    buf_truncate(&body, before);
    buf_puts(&body, "\"a\", \"b\"]}");
    json_t *refused = client_post(port, COMPLETIONS, 400, buf_text(&body));
    assert_string_equal(json_string_value(json_object_get(json_object_get(refused, "error"), "param")), "stop");
    json_decref(refused);
    json_decref(cut);
    json_decref(whole);
    buf_free(&body);
}

static void stopping_ends_answers_under_way(void **state)
{
    (void)state;
    struct serve *s = start(NULL);
    int fds[8];
    for (int i = 0; i < 8; i++)
        fds[i] = client_begin(serve_port(s), "POST", COMPLETIONS, "",
                              "{\"prompt\": \"a\", \"max_tokens\": 200, \"logit_bias\": {\"2\": -100}}");
    serve_stop(s);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
}

static void a_port_that_is_taken_is_told(void **state)
{
    (void)state;
    struct error err = {0};
    const struct serve_options options = {
        .port = port, .name = "tiny", .settings = sampling_defaults(), .session = {.context = 32}, .parallel = 1};
    assert_null(serve_start(model, template, &options, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.message, "--port"));
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
        cmocka_unit_test(what_is_impossible_is_refused_with_its_field),
        cmocka_unit_test(bodies_that_are_no_json_are_refused),
        cmocka_unit_test(a_prompt_longer_than_the_context_is_refused),
        cmocka_unit_test(wrong_paths_and_methods_are_told),
        cmocka_unit_test(pages_of_other_sites_are_refused),
        cmocka_unit_test(a_key_is_asked_for_when_there_is_one),
        cmocka_unit_test(an_empty_key_is_fine_when_none_is_asked_for),
        cmocka_unit_test(likelihoods_are_the_same_beside_an_answer),
        cmocka_unit_test(many_clients_at_once_get_what_each_gets_alone),
        cmocka_unit_test(a_client_that_goes_away_ends_its_answer),
        cmocka_unit_test(bodies_may_come_byte_by_byte_and_be_too_large),
        cmocka_unit_test(several_requests_come_on_one_connection),
        cmocka_unit_test(a_client_may_wait_to_be_asked_for_its_body),
        cmocka_unit_test(hostile_requests_leave_the_server_serving),
        cmocka_unit_test(a_stream_that_nobody_reads_for_long_comes_whole_later),
        cmocka_unit_test(what_waits_for_a_slow_reader_is_bounded),
        cmocka_unit_test(many_stop_strings_are_heeded),
        cmocka_unit_test(stopping_ends_answers_under_way),
        cmocka_unit_test(a_port_that_is_taken_is_told),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
