/* Tests of the worker: its events, settings that change under way, stops, and questions of messages. */
#include <config.h>

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/source.h"
#include "tests/unit/asking.h"

/* ---- loading ---------------------------------------------------------------------------------------------------- */

static void loads(void **state)
{
    (void)state;
    struct worker *w = asking_start(source_fixture("tiny-llama.gguf"), 100, 0);
    struct event e;
    assert_null(worker_model(w));
    e = asking_next(w);
    assert_int_equal(e.kind, EVENT_LOADED);
    assert_int_equal(e.request, 0);
    assert_non_null(worker_model(w));
    assert_string_equal(model_info(worker_model(w))->name, "Tiny Llama");
    assert_false(worker_next(w, &e));
    struct pollfd fd = {.fd = worker_fd(w), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 0), 0);
    worker_free(w);
    worker_free(NULL);
}

#ifdef SCHED_BATCH

/* How many threads of this process, but for the one that asks, run in that way; a sanitizer may have one of its own beside. */
static int count_batch_threads(void)
{
    int batch = 0;
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        const pid_t thread = (pid_t)atoi(e->d_name);
        batch += thread > 0 && thread != getpid() && sched_getscheduler(thread) == SCHED_BATCH;
    }
    closedir(folder);
    return batch;
}

/* The worker's own and two of its pool. The first test: no thread of another is about to end. */
static void gives_way_to_the_screen(void **state)
{
    (void)state;
    const int before = sched_getscheduler(0);
    const struct worker_options options = {
        .model_path = source_fixture("tiny-llama.gguf"),
        .session = {.context = 100, .threads = 3},
    };
    if (access("/proc/self/task", R_OK) != 0)
        skip();
    struct worker *w = worker_start(&options, NULL);
    assert_int_equal(asking_next(w).kind, EVENT_LOADED);
    assert_int_equal(count_batch_threads(), 3);
    assert_int_equal(sched_getscheduler(0), before);
    worker_free(w);
}

#endif

static void says_what_does_not_load(void **state)
{
    (void)state;
    const char *const paths[] = {"/nonexistent/model.gguf", "/dev/null", "/"};
    for (int i = 0; i < 4; i++) {
        struct worker *w = asking_start(i < 3 ? paths[i] : source_fixture("llama2-vocab.gguf"), 100, 0);
        struct event e = asking_next(w);
        struct error err = {0};
        assert_int_equal(e.kind, EVENT_FAILED);
        assert_int_equal(e.request, 0);
        assert_true(e.error.code != ERR_NONE && e.error.message[0] != '\0');
        assert_null(worker_model(w));
        struct sampling s = asking_greedy(1);
        assert_int_equal(worker_generate(w, (const int32_t[]){1}, 1, &s, &err), 0);
        assert_int_equal(err.code, ERR_BUSY);
        worker_free(w);
    }
}

/* A session that can't be: the model is there, the request isn't. */
static void says_when_there_is_no_room(void **state)
{
    (void)state;
    struct worker *w = asking_start(source_fixture("tiny-llama.gguf"), -5, 0);
    struct event e = asking_next(w);
    assert_int_equal(e.kind, EVENT_FAILED);
    assert_int_equal(e.error.code, ERR_ARGUMENT);
    worker_free(w);
}

/* ---- answering -------------------------------------------------------------------------------------------------- */

/* The tokens and the text are those that a session and the tokenizer give by hand. */
static void answers_as_a_session_does(void **state)
{
    (void)state;
    const int32_t prompt[] = {1, 60, 70, 80, 90};
    struct sampling s = asking_greedy(30);
    struct worker *w = asking_worker_start(100, 2);
    struct asking_result *r = asking_answer(w, prompt, 5, &s);
    struct session *by_hand =
        session_open(worker_model(w), &(struct session_options){.context = 100, .threads = 1, .batch = 2}, NULL);
    struct buf text;
    buf_init(&text, 1 << 20);
    assert_int_equal(session_sync(by_hand, prompt, 5, NULL, NULL, NULL, NULL), ERR_NONE);
    for (int i = 0; i < r->n; i++) {
        const float *logits = session_logits(by_hand);
        for (int32_t id = 0; id < tokenizer_size(model_tokenizer(worker_model(w))); id++)
            assert_true(logits[id] <= logits[r->ids[i]]);
        assert_int_equal(session_push(by_hand, r->ids[i], NULL), ERR_NONE);
        tokenizer_piece(model_tokenizer(worker_model(w)), r->ids[i], &text);
    }
    assert_true(r->n > 0 && r->prefills >= 3);
    assert_true(r->last.timings.prompt_tokens == 5 && r->last.timings.answer_tokens == (size_t)r->n);
    assert_true(r->last.timings.reused_tokens == 0 && r->last.timings.first_token_seconds > 0);
    if (strstr(buf_text(&r->text), "\xEF\xBF\xBD") == NULL)
        assert_string_equal(buf_text(&r->text), buf_text(&text));
    buf_free(&text);
    session_free(by_hand);
    asking_result_free(r);
    worker_free(w);
}

static void says_why_it_ended(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_PROMPT + 40, 0);
    int32_t ids[ASKING_PROMPT];
    asking_fill_endless(w, ids);
    struct sampling s = asking_endless();
    struct asking_result *r = asking_answer(w, ids, ASKING_PROMPT, &s);
    assert_int_equal(r->last.finish, FINISH_CONTEXT);
    assert_in_range(r->n, 40, 41); /* the last one need not be evaluated */
    asking_result_free(r);
    s.max_new_tokens = 7;
    r = asking_answer(w, ids, ASKING_PROMPT, &s);
    assert_int_equal(r->last.finish, FINISH_LENGTH);
    assert_int_equal(r->n, 7);
    asking_result_free(r);
    s.max_new_tokens = 0;
    r = asking_answer(w, ids, ASKING_PROMPT, &s);
    assert_int_equal(r->last.finish, FINISH_LENGTH);
    assert_int_equal(r->n, 0);
    assert_true(r->last.timings.reused_tokens >= ASKING_PROMPT - 1);
    asking_result_free(r);
    worker_free(w);
}

static void ends_at_an_end_token(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(512, 0);
    bool ended = false;
    for (uint64_t seed = 0; !ended && seed < 30; seed++) {
        struct sampling s = asking_greedy(-1);
        s.temperature = 2;
        s.seed = seed;
        struct asking_result *r = asking_answer(w, (const int32_t[]){1, 60}, 2, &s);
        ended = r->last.finish == FINISH_END;
        for (int i = 0; i < r->n; i++)
            assert_false(tokenizer_is_end(model_tokenizer(worker_model(w)), r->ids[i]));
        asking_result_free(r);
    }
    assert_true(ended);
    worker_free(w);
}

/* The first four ASCII letters or signs in a row at or after an offset: bytes of a text may have been replaced. */
static size_t find_plain(const char *text, size_t size, size_t at)
{
    for (size_t n = 0; at < size; at++)
        if ((n = text[at] >= ' ' && text[at] <= '~' ? n + 1 : 0) == 4)
            return at - 3;
    fail_msg("no letters");
    return 0;
}

static void ends_at_a_stop_string(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    int32_t ids[ASKING_PROMPT];
    asking_fill_endless(w, ids);
    struct sampling s = asking_endless();
    s.max_new_tokens = 60;
    struct asking_result *whole = asking_answer(w, ids, ASKING_PROMPT, &s);
    const char *text = buf_text(&whole->text);
    char stop[5] = {0};
    memcpy(stop, text + find_plain(text, whole->text.size, whole->text.size / 3), 4);
    size_t at = (size_t)((const char *)memmem(text, whole->text.size, stop, 4) - text); /* it may come earlier too */
    struct error err = {0};
    assert_int_equal(sampling_set(&s, "stop", stop, &err), ERR_NONE);
    struct asking_result *r = asking_answer(w, ids, ASKING_PROMPT, &s);
    assert_int_equal(r->last.finish, FINISH_STOP_STRING);
    assert_int_equal(r->text.size, at);
    assert_memory_equal(buf_text(&r->text), text, at);
    assert_true(r->n < whole->n);
    asking_result_free(r);
    asking_result_free(whole);
    worker_free(w);
}

static void refuses_what_it_can_not_do(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(100, 0);
    struct sampling s = asking_greedy(3);
    struct error err = {0};
    int32_t ids[101] = {1};
    assert_int_equal(worker_generate(w, ids, 0, &s, &err), 0);
    assert_int_equal(err.code, ERR_ARGUMENT);
    struct asking_result r;
    asking_collect(w, asking_generate(w, ids, 101, &s), &r);
    assert_int_equal(r.last.kind, EVENT_FAILED);
    assert_int_equal(r.last.error.code, ERR_CONTEXT);
    ids[3] = 384;
    asking_collect(w, asking_generate(w, ids, 5, &s), &r);
    assert_int_equal(r.last.kind, EVENT_FAILED);
    assert_int_equal(r.last.error.code, ERR_ARGUMENT);
    ids[3] = 383;
    asking_result_free(asking_answer(w, ids, 5, &s));
    worker_free(w);
}

static void has_one_answer_at_a_time(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = asking_endless();
    struct error err = {0};
    struct asking_result r;
    uint64_t request = asking_generate_endless(w, &s);
    assert_int_equal(worker_generate(w, (const int32_t[]){1}, 1, &s, &err), 0);
    assert_int_equal(err.code, ERR_BUSY);
    worker_stop(w);
    asking_collect(w, request, &r);
    buf_free(&r.text);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    assert_true(asking_generate(w, (const int32_t[]){1}, 1, &s) > request);
    worker_free(w);
}

/* ---- settings under way ----------------------------------------------------------------------------------------- */

/* Settings of even numbers are greedy, of odd ones not. */
static struct sampling flipped(uint32_t number)
{
    struct sampling s = asking_endless();
    if (number % 2 == 1) {
        s.temperature = 1.5f;
        s.top_k = 20;
        s.seed = number;
    }
    return s;
}

static bool is_token(const struct event *e)
{
    return e->kind == EVENT_TOKEN && e->id >= 0;
}

/* A thousand changes during one answer: every token says under which it was chosen, and was. */
static void settings_flip_during_an_answer(void **state)
{
    (void)state;
    enum { FLIPS = 1000 };
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = flipped(0);
    uint32_t set = 0, seen = 0, unsure = 0, changes = 0;
    uint64_t request = asking_generate_endless(w, &s);
    while (seen < FLIPS) {
        struct event e = asking_next(w);
        assert_int_equal(e.kind, EVENT_TOKEN);
        assert_int_equal(e.request, request);
        if (is_token(&e)) {
            assert_true(e.settings >= seen && e.settings <= set);
            changes += e.settings != seen;
            seen = e.settings;
            assert_true(seen % 2 == 1 || e.chosen.after == 1.0f);
            unsure += seen % 2 == 1 && e.chosen.after < 1.0f;
        }
        if (set < FLIPS) {
            s = flipped(++set);
            worker_set_sampling(w, &s);
        }
    }
    assert_true(changes > 0 && unsure > 0);
    worker_stop(w);
    struct asking_result r;
    asking_collect(w, request, &r);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    buf_free(&r.text);
    worker_free(w);
}

/* With the ring full and one event in the worker's hand no other token may be chosen with the old settings. */
static void settings_act_on_the_next_token(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = flipped(0);
    asking_generate_endless(w, &s);
    asking_let_ring_fill();
    s = flipped(1);
    worker_set_sampling(w, &s);
    int old = 0;
    for (struct event e = asking_next(w); !is_token(&e) || e.settings == 0; e = asking_next(w))
        old += is_token(&e);
    assert_true(old <= ASKING_RING + 1);
    worker_free(w);
}

/* ---- stopping --------------------------------------------------------------------------------------------------- */

static void stops_within_a_token(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = asking_endless();
    uint64_t request = asking_generate_endless(w, &s);
    asking_let_ring_fill();
    worker_stop(w);
    struct asking_result r;
    asking_collect(w, request, &r);
    assert_int_equal(r.last.kind, EVENT_DONE);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    assert_true(r.n <= ASKING_RING + 1);
    buf_free(&r.text);
    worker_stop(w); /* nothing runs: nothing happens to the next one */
    s.max_new_tokens = 3;
    struct asking_result *after = asking_answer(w, (const int32_t[]){1, 60}, 2, &s);
    assert_true(after->last.finish != FINISH_STOPPED);
    asking_result_free(after);
    worker_free(w);
}

/* A long prompt: no token comes, and what was read is not read again. */
static void stops_while_it_reads(void **state)
{
    (void)state;
    enum { LONG = 3000, BATCH = 4 }; /* more batches than the ring holds */
    struct worker *w = asking_worker_start(ASKING_CONTEXT, BATCH);
    int32_t *ids = malloc(LONG * sizeof *ids);
    for (int i = 0; i < LONG; i++)
        ids[i] = 10 + i % 300;
    struct sampling s = asking_greedy(2);
    uint64_t request = asking_generate(w, ids, LONG, &s);
    assert_int_equal(asking_next(w).kind, EVENT_PREFILL);
    worker_stop(w);
    struct asking_result r;
    asking_collect(w, request, &r);
    assert_int_equal(r.last.kind, EVENT_DONE);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    assert_true(r.n == 0 && r.prefills <= ASKING_RING + 1);
    assert_int_equal(r.last.timings.prompt_tokens, LONG);
    buf_free(&r.text);
    struct asking_result *again = asking_answer(w, ids, LONG, &s);
    assert_true(r.prefills < 2 || again->last.timings.reused_tokens > 0);
    assert_int_equal(again->last.timings.reused_tokens % BATCH, 0);
    assert_true(again->last.timings.reused_tokens < LONG);
    asking_result_free(again);
    free(ids);
    worker_free(w);
}

/* ---- ending while it works -------------------------------------------------------------------------------------- */

static void can_be_freed_at_any_time(void **state)
{
    (void)state;
    struct sampling s = asking_endless();
    for (int i = 0; i < 10; i++) {
        worker_free(asking_start(source_fixture("tiny-llama.gguf"), 100, 0)); /* loading */
        struct worker *w = asking_start(source_fixture("tiny-llama.gguf"), ASKING_CONTEXT, 0);
        asking_generate(w, (const int32_t[]){1, 2}, 2, &s); /* with a request that waits */
        worker_free(w);
        w = asking_worker_start(ASKING_CONTEXT, 1);
        int32_t ids[ASKING_PROMPT];
        asking_fill_endless(w, ids);
        asking_generate(w, ids, ASKING_PROMPT, &s); /* reading or answering */
        if (i % 2 == 0)
            asking_next(w);
        worker_free(w);
    }
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0); /* waiting for the reader */
    asking_generate_endless(w, &s);
    asking_let_ring_fill();
    worker_free(w);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* The prompt is what prompt_render makes of the messages, and the answer that of its ids with the template's stops. */
static void answers_messages(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct error err = {0};
    struct chat_template *t = template_load("vicuna", NULL, &err);
    assert_non_null(t);
    char text[] = "a question";
    const struct message messages[] = {{ROLE_USER, "dropped"}, {ROLE_ASSISTANT, "too"}, {ROLE_USER, text}};
    struct prompt want, got;
    struct sampling s = asking_endless();
    s.max_new_tokens = 30;
    assert_int_equal(prompt_render(t, model_tokenizer(worker_model(w)), messages + 2, 1, 0, &want, &err), ERR_NONE);
    struct asking_result *by_ids = asking_answer(w, want.ids.at, want.ids.n, &s), r;
    assert_false(worker_take_prompt(w, &got));
    struct worker_question q = {.messages = messages, .n = 3, .template = t, .limit = want.ids.n};
    uint64_t request = worker_ask(w, &q, &s, &err);
    assert_true(request > 0);
    memset(text, 'x', 3); /* it was copied */
    struct event e = asking_next(w);
    assert_int_equal(e.kind, EVENT_PROMPT);
    assert_int_equal(e.request, request);
    assert_int_equal(e.total, want.ids.n);
    assert_int_equal(e.dropped, 2);
    assert_int_equal(e.first_kept, 2);
    template_free(t);
    assert_true(worker_take_prompt(w, &got));
    assert_false(worker_take_prompt(w, &got));
    assert_int_equal(got.ids.n, want.ids.n);
    assert_memory_equal(got.ids.at, want.ids.at, want.ids.n * sizeof *want.ids.at);
    asking_collect(w, request, &r);
    assert_int_equal(r.last.kind, EVENT_DONE);
    assert_int_equal(r.n, by_ids->n);
    assert_memory_equal(r.ids, by_ids->ids, (size_t)r.n * sizeof *r.ids);
    buf_free(&r.text);
    asking_result_free(by_ids);
    prompt_free(&got);
    prompt_free(&want);
    worker_free(w);
}

/* Messages that do not fit end the request with what prompt_render says. */
static void says_when_messages_do_not_fit(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct error err = {0};
    struct chat_template *t = template_load("vicuna", NULL, &err);
    struct sampling s = asking_greedy(3);
    const struct message message = {ROLE_USER, "a question"};
    struct worker_question q = {.messages = &message, .n = 1, .template = t, .limit = 2};
    uint64_t request = worker_ask(w, &q, &s, &err);
    struct event e = asking_next(w);
    assert_int_equal(e.kind, EVENT_FAILED);
    assert_int_equal(e.request, request);
    assert_int_equal(e.error.code, ERR_CONTEXT);
    worker_pace(w, 0); /* freed while it waits, its prompt not taken */
    q.limit = 0;
    request = worker_ask(w, &q, &s, &err);
    assert_int_equal(asking_next(w).kind, EVENT_PROMPT);
    worker_free(w);
    template_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef SCHED_BATCH
        cmocka_unit_test(gives_way_to_the_screen),
#endif
        cmocka_unit_test(loads),
        cmocka_unit_test(says_what_does_not_load),
        cmocka_unit_test(says_when_there_is_no_room),
        cmocka_unit_test(answers_as_a_session_does),
        cmocka_unit_test(says_why_it_ended),
        cmocka_unit_test(ends_at_an_end_token),
        cmocka_unit_test(ends_at_a_stop_string),
        cmocka_unit_test(refuses_what_it_can_not_do),
        cmocka_unit_test(has_one_answer_at_a_time),
        cmocka_unit_test(settings_flip_during_an_answer),
        cmocka_unit_test(settings_act_on_the_next_token),
        cmocka_unit_test(stops_within_a_token),
        cmocka_unit_test(stops_while_it_reads),
        cmocka_unit_test(can_be_freed_at_any_time),
        cmocka_unit_test(answers_messages),
        cmocka_unit_test(says_when_messages_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
