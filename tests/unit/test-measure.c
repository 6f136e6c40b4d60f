/* Tests of measuring models that servers have: what is asked, what comes back, servers that can't do it, and an evaluation
 * by palaver serve's own server that is the same as without it. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "app/eval/evaluator.h"
#include "app/eval/respondent.h"
#include "engine/engine.h"
#include "remote/remote.h"
#include "serve/serve.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/unit/hostile.h"
#include "tests/unit/vectors.h"

#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define MODELS JSON "{\"data\":[{\"id\":\"m\",\"owned_by\":\"somebody\",\"max_model_len\":100}]}"
#define NO_IDS JSON "{\"tokens\":[]}"
#define LEAD JSON "{\"tokens\":[1]}"
#define IDS JSON "{\"tokens\":[1,5,6]}"
#define CHOICE(index, logps) \
    "{\"index\":" index ",\"logprobs\":{\"tokens\":[\"<s>\",\" a\",\"b\",\"!\"],\"token_logprobs\":" logps \
    ",\"top_logprobs\":[null,{\" a\":-0.5},{\"b\":-3,\" c\":-0.25},{}]}}"
#define SCORED JSON "{\"system_fingerprint\":\"f1\",\"choices\":[" CHOICE("0", "[null,-0.5,-3,-1]") "]}"

static struct hostile *server;

/* Who waits: stops when `most` questions were asked about going on; counts being told to wait. */
struct waiting {
    size_t calls, most;
    int waits;
};

static bool go_on(void *context)
{
    struct waiting *w = context;
    return w->calls++ < w->most;
}

static void count_waits(void *context, int seconds, const char *host)
{
    struct waiting *w = context;
    w->waits += seconds > 0;
    assert_non_null(strstr(host, "127.0.0.1"));
}

/* Opens the hostile server's model with these replies; NULL with *err filled. */
static struct endpoint_scorer *open_with(const char *const *replies, size_t n, const struct endpoint_watch *watch,
                                         struct error *err)
{
    struct hostile_reply sent[16] = {{0}};
    char url[100];
    for (size_t i = 0; i < n; i++)
        sent[i].bytes = replies[i];
    hostile_set(server, sent, n);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1", (unsigned)hostile_port(server));
    const struct endpoint_place place = {.name = (char *)(uintptr_t) "test", .url = url, .kind = ENDPOINT_OPENAI};
    return endpoint_scorer_open(&place, "", watch, err);
}

static enum error_code take_nothing(void *context, size_t i, struct error *err)
{
    size_t *taken = context;
    (void)i;
    ++*taken;
    return err->code;
}

static enum error_code score(struct endpoint_scorer *s, float *logp, bool *greedy, struct error *err)
{
    static const int32_t ids[] = {1, 5, 6};
    size_t taken = 0;
    struct endpoint_scored text = {.ids = ids, .n = 3, .logp = logp, .greedy = greedy};
    struct endpoint_group group = {&text, 1};
    const enum error_code code = endpoint_scorer_score(s, &group, 1, take_nothing, &taken, err);
    assert_int_equal(taken, code == ERR_NONE);
    return code;
}

static void likelihoods_are_those_that_the_server_tells(void **state)
{
    static const char *const replies[] = {MODELS, LEAD, IDS, SCORED};
    struct waiting w = {.most = SIZE_MAX};
    const struct endpoint_watch watch = {go_on, count_waits, &w};
    struct error err = {0};
    float logp[2];
    bool greedy[2];
    (void)state;
    struct endpoint_scorer *s = open_with(replies, 4, &watch, &err);
    assert_non_null(s);
    const struct endpoint_scorer_about about = endpoint_scorer_about(s);
    assert_string_equal(about.model, "m");
    assert_string_equal(about.fingerprint, "f1");
    assert_int_equal(about.lead, 1);
    assert_int_equal(about.context, 100);
    assert_int_equal(about.longest, 99); /* it makes a token behind them in any case */
    assert_int_equal(score(s, logp, greedy, &err), ERR_NONE);
    assert_true(logp[0] == -0.5f && logp[1] == -3.0f);
    assert_true(greedy[0] && !greedy[1]);
    char *request = hostile_request(server);
    assert_non_null(strstr(request, "POST /v1/completions "));
    assert_non_null(strstr(request, "\"prompt\":[[1,5,6]],\"max_tokens\":1,\"echo\":true,\"logprobs\":1"));
    free(request);
    struct buf piece;
    buf_init(&piece, 100);
    assert_int_equal(endpoint_scorer_piece(s, 5, &piece, &err), ERR_NONE);
    assert_string_equal(buf_text(&piece), " a"); /* known from the likelihoods */
    buf_free(&piece);
    endpoint_scorer_free(s);
}

static void a_model_without_a_leading_id_has_none(void **state)
{
    static const char *const replies[] = {MODELS, NO_IDS, IDS, SCORED};
    struct waiting w = {.most = SIZE_MAX};
    const struct endpoint_watch watch = {go_on, count_waits, &w};
    struct error err = {0};
    (void)state;
    struct endpoint_scorer *s = open_with(replies, 4, &watch, &err);
    assert_non_null(s);
    assert_int_equal(endpoint_scorer_about(s).lead, -1);
    endpoint_scorer_free(s);
}

static void servers_that_cannot_do_it_are_refused_in_advance(void **state)
{
    static const struct {
        const char *replies[4];
        enum error_code code;
        const char *says;
    } cases[] = {
        {{MODELS, "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n"}, ERR_UNSUPPORTED, "(/tokenize)"},
        {{MODELS, JSON "{\"error\":{\"message\":\"no\"}}"}, ERR_UNSUPPORTED, "(/tokenize)"},
        {{MODELS, JSON "{\"tokens\":[1,-5]}"}, ERR_UNSUPPORTED, "(/tokenize)"},
        {{MODELS, JSON "{\"tokens\":[\"a\",\"b\"]}"}, ERR_UNSUPPORTED, "(/tokenize)"},
        {{MODELS, JSON "{\"tokens\":[99999999999]}"}, ERR_UNSUPPORTED, "(/tokenize)"},
        {{MODELS, JSON "<html>"}, ERR_FORMAT, "no JSON"},
        {{MODELS, LEAD, JSON "{\"tokens\":[7]}"}, ERR_UNSUPPORTED, "(echo)"},
        {{MODELS, LEAD, IDS, "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n"}, ERR_UNSUPPORTED, "(echo)"},
        {{MODELS, LEAD, IDS, JSON "{}"}, ERR_UNSUPPORTED, "(echo)"},
        {{MODELS, LEAD, IDS, JSON "{\"choices\":[{\"text\":\" blue\",\"logprobs\":null}]}"}, ERR_UNSUPPORTED, "(echo)"},
        {{MODELS, LEAD, IDS,
          JSON "{\"choices\":[{\"text\":\"x\",\"logprobs\":{\"tokens\":[\"x\"],\"token_logprobs\":[-1]}}]}"},
         ERR_UNSUPPORTED,
         "(echo)"},
        {{MODELS, LEAD, IDS, JSON "{\"choices\":[" CHOICE("7", "[null,-1,-1,-1]") "]}"}, ERR_UNSUPPORTED, "(echo)"},
        {{MODELS, LEAD, IDS, JSON "{\"choices\":[" CHOICE("-1", "[null,-1,-1,-1]") "]}"}, ERR_UNSUPPORTED, "(echo)"},
        {{MODELS, LEAD, IDS, JSON "{\"choices\":[" CHOICE("0", "[null,\"-1\",null]") "]}"}, ERR_UNSUPPORTED, "(echo)"},
        {{MODELS, LEAD, IDS, "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n{\"error\":{\"message\":\"echo is off\"}}"},
         ERR_IO,
         "echo is off"},
        {{MODELS, LEAD, IDS, "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n"}, ERR_ARGUMENT, "wants a key"},
        {{JSON "{\"data\":[]}"}, ERR_NOT_FOUND, "has 0 models"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct waiting w = {.most = SIZE_MAX};
        const struct endpoint_watch watch = {go_on, count_waits, &w};
        struct error err = {0};
        size_t n = 0;
        while (n < 4 && cases[i].replies[n] != NULL)
            n++;
        struct endpoint_scorer *s = open_with(cases[i].replies, n, &watch, &err);
        if (s != NULL || err.code != cases[i].code || strstr(err.message, cases[i].says) == NULL)
            fail_msg("case %zu: %d, %s", i, (int)err.code, err.message);
    }
}

static void a_busy_server_is_asked_again(void **state)
{
    static const char *const replies[] = {
        MODELS, "HTTP/1.1 429 Many\r\nRetry-After: 0\r\nConnection: close\r\n\r\n",
        LEAD,   "HTTP/1.1 503 Loading\r\nRetry-After: 1\r\nConnection: close\r\n\r\n{\"error\":\"loading\"}",
        IDS,    SCORED};
    struct waiting w = {.most = SIZE_MAX};
    const struct endpoint_watch watch = {go_on, count_waits, &w};
    struct error err = {0};
    (void)state;
    struct endpoint_scorer *s = open_with(replies, 6, &watch, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    assert_true(w.waits > 0); /* of the second */
    assert_int_equal(hostile_requests(server), 6);
    endpoint_scorer_free(s);
}

static void a_server_that_stays_busy_is_given_up(void **state)
{
    static const char *const replies[] = {MODELS, "HTTP/1.1 503 No\r\nRetry-After: 0\r\nConnection: close\r\n\r\n"};
    struct waiting w = {.most = SIZE_MAX};
    const struct endpoint_watch watch = {go_on, count_waits, &w};
    struct error err = {0};
    (void)state;
    assert_null(open_with(replies, 2, &watch, &err));
    assert_int_equal(err.code, ERR_BUSY);
}

static void waiting_can_be_stopped(void **state)
{
    static const char *const replies[] = {MODELS, "HTTP/1.1 503 No\r\nRetry-After: 600\r\nConnection: close\r\n\r\n"};
    struct waiting w = {.most = 20};
    const struct endpoint_watch watch = {go_on, count_waits, &w};
    struct error err = {0};
    (void)state;
    assert_null(open_with(replies, 2, &watch, &err));
    assert_int_equal(err.code, ERR_STOPPED);
}

static void answers_end_where_the_server_ends_them(void **state)
{
    static const char *const replies[] = {MODELS,
                                          LEAD,
                                          IDS,
                                          SCORED,
                                          JSON "{\"choices\":[{\"text\":\" ok\",\"finish_reason\":\"length\"}]}",
                                          JSON "{\"choices\":[{\"text\":7}]}"};
    static const char *const stops[] = {"\n", "Q:"};
    static const int32_t ids[] = {1, 5};
    struct waiting w = {.most = SIZE_MAX};
    const struct endpoint_watch watch = {go_on, count_waits, &w};
    struct error err = {0};
    struct endpoint_writing writing = {.ids = ids, .n = 2, .most = 9, .stops = stops, .n_stops = 2};
    size_t taken = 0;
    (void)state;
    struct endpoint_scorer *s = open_with(replies, 6, &watch, &err);
    assert_non_null(s);
    assert_int_equal(endpoint_scorer_write(s, &writing, 1, take_nothing, &taken, &err), ERR_NONE);
    assert_true(taken == 1 && writing.cut && writing.size == 3);
    char *request = hostile_request(server);
    assert_non_null(strstr(request, "\"prompt\":[1,5],\"max_tokens\":9,\"temperature\":0,\"stop\":[\"\\n\",\"Q:\"]"));
    free(request);
    assert_int_equal(endpoint_scorer_write(s, &writing, 1, take_nothing, &taken, &err), ERR_UNSUPPORTED);
    endpoint_scorer_free(s);
}

/* ---- an evaluation ---------------------------------------------------------------------------------------------- */

enum { QUESTIONS = 24, CONTEXT = 60 };

/* Entries as they came, null where none did; stops after so many. */
struct evaluation {
    json_t *entries;
    size_t asked, most;
};

static bool watch_asked(void *context)
{
    const struct evaluation *e = context;
    return e->asked < e->most;
}

static bool watch_always(void *context)
{
    (void)context;
    return true;
}

static void wait_for_nobody(void *context, int seconds, const char *host)
{
    (void)context;
    (void)host;
    assert_int_equal(seconds, 0);
}

static void take_entry(void *context, size_t index, json_t *entry, bool asked)
{
    struct evaluation *e = context;
    e->asked += asked;
    while (json_array_size(e->entries) <= index)
        json_array_append_new(e->entries, json_null());
    json_array_set(e->entries, index, entry);
}

/* Runs a task; the entries as text. */
static char *evaluate(struct respondent *r, const char *task, const char *data, size_t most, const char *kept,
                      enum error_code wanted, size_t *asked)
{
    struct error err = {0};
    struct evaluation e = {.entries = json_array(), .most = most};
    const struct eval_listener listener = {watch_asked, take_entry, &e};
    char place[200];
    struct eval_tally tally;
    snprintf(place, sizeof place, "%s/%s", test_folder, kept);
    const struct eval_setting setting = {.data = data, .folder = place, .name = "tiny"};
    struct evaluator *evaluator = evaluator_new(r, &setting, &err);
    struct eval_set *set = eval_set_open(eval_task_find(task), data, 0, false, 0, &err);
    if (evaluator_run(evaluator, set, &tally, &listener, &err) != wanted)
        fail_msg("%s", err.message);
    *asked = e.asked;
    eval_set_free(set);
    eval_tally_free(&tally);
    evaluator_free(evaluator);
    char *text = json_dumps(e.entries, JSON_COMPACT | JSON_REAL_PRECISION(9)); /* as they are kept */
    json_decref(e.entries);
    return text;
}

/* The last question is longer than the context. */
static void write_questions(char *path, size_t size)
{
    snprintf(path, size, "%s/piqa.jsonl", test_folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < QUESTIONS; i++) {
        fprintf(file, "{\"goal\":\"");
        for (int k = 0; i + 1 == QUESTIONS && k < CONTEXT; k++)
            fprintf(file, "far ");
        fprintf(file, "goal %d\",\"sol1\":\"red %d\",\"sol2\":\"blue sea\",\"label\":%d}\n", i, i, i % 2);
    }
    fclose(file);
}

static void an_evaluation_is_the_same_here_and_there(void **state)
{
    struct error err = {0};
    char *path = vectors_own("tiny-llama.gguf"), data[200], url[100];
    struct model *model = model_open(path, NULL, &err);
    const struct session_options session = {.context = CONTEXT, .threads = 1};
    const struct serve_options options = {.name = "tiny",
                                          .settings = sampling_defaults(),
                                          .session = session,
                                          .parallel = 4};
    const struct endpoint_watch watch = {watch_always, wait_for_nobody, NULL};
    size_t asked;
    (void)state;
    free(path);
    assert_non_null(model);
    write_questions(data, sizeof data);
    struct respondent *r = respondent_here(model, &session, &err);
    assert_non_null(r);
    char *here = evaluate(r, "piqa", data, SIZE_MAX, "here", ERR_NONE, &asked);
    respondent_free(r);

    struct serve *s = serve_start(model, NULL, &options, &err);
    assert_non_null(s);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/v1", (unsigned)serve_port(s));
    const struct endpoint_place place = {.name = (char *)(uintptr_t) "test", .url = url};
    r = respondent_there(&place, "", &watch, &err);
    if (r == NULL)
        fail_msg("%s", err.message);
    assert_string_equal(r->name, "tiny@test");
    char *some = evaluate(r, "piqa", data, 3, "there", ERR_STOPPED, &asked);
    assert_true(asked >= 3 && asked < QUESTIONS); /* those that were through are kept */
    const size_t before = asked;
    char *there = evaluate(r, "piqa", data, SIZE_MAX, "there", ERR_NONE, &asked);
    assert_int_equal(before + asked, QUESTIONS);
    assert_string_equal(here, there);
    struct buf piece;
    buf_init(&piece, 100);
    assert_int_equal(respondent_piece(r, 300, &piece, &err), ERR_NONE); /* whichever it is, the server tells */
    buf_free(&piece);
    respondent_free(r);
    serve_stop(s);
    model_free(model);
    free(here);
    free(some);
    free(there);
}

static int start(void **state)
{
    (void)state;
    server = hostile_start();
    return test_folder_make(state);
}

static int end(void **state)
{
    hostile_stop(server);
    return test_folder_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likelihoods_are_those_that_the_server_tells),
        cmocka_unit_test(a_model_without_a_leading_id_has_none),
        cmocka_unit_test(servers_that_cannot_do_it_are_refused_in_advance),
        cmocka_unit_test(a_busy_server_is_asked_again),
        cmocka_unit_test(a_server_that_stays_busy_is_given_up),
        cmocka_unit_test(waiting_can_be_stopped),
        cmocka_unit_test(answers_end_where_the_server_ends_them),
        cmocka_unit_test(an_evaluation_is_the_same_here_and_there),
    };
    return cmocka_run_group_tests(tests, start, end);
}
