/* Tests of the worker with small models of random weights: its events, settings that change under way, stops, and
 * requests aside.
 *
 * The ring holds 256 events, and the worker waits while it is full: so what it may still do after an order is counted,
 * not timed. Such a model ends an answer now and then; prompts full of end tokens and a penalty for repeating keep it. */
#include <config.h>

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/source.h"

enum { PATIENCE = 600000, RING = 256, CONTEXT = 4000, PROMPT = 60 };

static const char *fixture(const char *name)
{
    static char path[4096];
    const char *source = source_folder();
    snprintf(path, sizeof path, "%s/tests/fixtures/%s", source, name);
    return path;
}

static struct worker *start(const char *path, int32_t context, int32_t batch)
{
    struct error err = {0};
    struct worker *w = worker_start(
        &(struct worker_options){.model_path = path, .session = {.context = context, .threads = 1, .batch = batch}}, &err);
    assert_non_null(w);
    return w;
}

static struct event next(struct worker *w)
{
    struct event e = {0};
    while (!worker_next(w, &e)) {
        struct pollfd fd = {.fd = worker_fd(w), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, PATIENCE), 1);
    }
    return e;
}

static struct worker *loaded(int32_t context, int32_t batch)
{
    struct worker *w = start(fixture("tiny-llama.gguf"), context, batch);
    assert_int_equal(next(w).kind, EVENT_LOADED);
    return w;
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static struct sampling greedy(int32_t longest)
{
    struct sampling s = {.repetition_penalty = 1, .top_p = 1, .typical_p = 1, .max_new_tokens = longest};
    return s;
}

/* Never ends by itself when the prompt is fill_endless's. */
static struct sampling endless(void)
{
    struct sampling s = greedy(-1);
    s.repetition_window = -1;
    s.frequency_penalty = 2;
    return s;
}

static void fill_endless(const struct worker *w, int32_t *ids)
{
    for (int i = 0; i < PROMPT; i++)
        ids[i] = i == 0 ? 1 : i % 5 == 0 ? 50 + i : tokenizer_eos(model_tokenizer(worker_model(w)));
}

static uint64_t ask(struct worker *w, const int32_t *ids, size_t n, const struct sampling *s)
{
    struct error err = {0};
    uint64_t request = worker_generate(w, ids, n, s, &err);
    if (request == 0)
        fail_msg("%s", err.message);
    return request;
}

/* Asks for an answer that goes on until it is stopped, and waits until it has begun. */
static uint64_t ask_endless(struct worker *w, const struct sampling *s)
{
    int32_t ids[PROMPT];
    fill_endless(w, ids);
    uint64_t request = ask(w, ids, PROMPT, s);
    while (next(w).kind != EVENT_TOKEN)
        ;
    return request;
}

/* What came of one request. */
struct result {
    struct event last;
    int32_t ids[CONTEXT];
    int n;          /* tokens */
    int prefills;
    struct buf text;
};

static void collect(struct worker *w, uint64_t request, struct result *r)
{
    size_t done = 0;
    memset(r, 0, sizeof *r);
    buf_init(&r->text, 1 << 20);
    for (;;) {
        struct event e = next(w);
        assert_int_equal(e.request, request);
        if (e.kind == EVENT_PREFILL) {
            assert_true(r->n == 0 && e.done >= done && e.done <= e.total);
            done = e.done;
            r->prefills++;
        } else if (e.kind == EVENT_TOKEN) {
            assert_int_equal(e.text[e.text_size], '\0'); /* there may be others inside */
            buf_append(&r->text, e.text, e.text_size);
            assert_true(e.id < 0 || r->n < CONTEXT);
            if (e.id >= 0)
                r->ids[r->n++] = e.id;
        } else {
            r->last = e;
            return;
        }
    }
}

static struct result *answer(struct worker *w, const int32_t *ids, size_t n, const struct sampling *s)
{
    struct result *r = malloc(sizeof *r);
    collect(w, ask(w, ids, n, s), r);
    assert_int_equal(r->last.kind, EVENT_DONE);
    return r;
}

static void free_result(struct result *r)
{
    buf_free(&r->text);
    free(r);
}

/* Waits until the worker has filled the ring and waits itself, or a second. Only makes the counts below sharp. */
static void let_it_fill(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
}

/* ---- loading ---------------------------------------------------------------------------------------------------- */

static void loads(void **state)
{
    (void)state;
    struct worker *w = start(fixture("tiny-llama.gguf"), 100, 0);
    struct event e;
    assert_null(worker_model(w));
    e = next(w);
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

static void says_what_does_not_load(void **state)
{
    (void)state;
    const char *const paths[] = {"/nonexistent/model.gguf", "/dev/null", "/"};
    for (int i = 0; i < 4; i++) {
        struct worker *w = start(i < 3 ? paths[i] : fixture("llama2-vocab.gguf"), 100, 0);
        struct event e = next(w);
        struct error err = {0};
        assert_int_equal(e.kind, EVENT_FAILED);
        assert_int_equal(e.request, 0);
        assert_true(e.error.code != ERR_NONE && e.error.message[0] != '\0');
        assert_null(worker_model(w));
        struct sampling s = greedy(1);
        assert_int_equal(worker_generate(w, (const int32_t[]){1}, 1, &s, &err), 0);
        assert_int_equal(err.code, ERR_BUSY);
        worker_free(w);
    }
}

/* A session that can't be: the model is there, the request isn't. */
static void says_when_there_is_no_room(void **state)
{
    (void)state;
    struct worker *w = start(fixture("tiny-llama.gguf"), -5, 0);
    struct event e = next(w);
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
    struct sampling s = greedy(30);
    struct worker *w = loaded(100, 2);
    struct result *r = answer(w, prompt, 5, &s);
    struct session *by_hand = session_open(worker_model(w), &(struct session_options){.context = 100, .threads = 1, .batch = 2}, NULL);
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
    free_result(r);
    worker_free(w);
}

static void says_why_it_ended(void **state)
{
    (void)state;
    struct worker *w = loaded(PROMPT + 40, 0);
    int32_t ids[PROMPT];
    fill_endless(w, ids);
    struct sampling s = endless();
    struct result *r = answer(w, ids, PROMPT, &s);
    assert_int_equal(r->last.finish, FINISH_CONTEXT);
    assert_in_range(r->n, 40, 41); /* the last one need not be evaluated */
    free_result(r);
    s.max_new_tokens = 7;
    r = answer(w, ids, PROMPT, &s);
    assert_int_equal(r->last.finish, FINISH_LENGTH);
    assert_int_equal(r->n, 7);
    free_result(r);
    s.max_new_tokens = 0;
    r = answer(w, ids, PROMPT, &s);
    assert_int_equal(r->last.finish, FINISH_LENGTH);
    assert_int_equal(r->n, 0);
    assert_true(r->last.timings.reused_tokens >= PROMPT - 1);
    free_result(r);
    worker_free(w);
}

static void ends_at_an_end_token(void **state)
{
    (void)state;
    struct worker *w = loaded(512, 0);
    bool ended = false;
    for (uint64_t seed = 0; !ended && seed < 30; seed++) {
        struct sampling s = greedy(-1);
        s.temperature = 2;
        s.seed = seed;
        struct result *r = answer(w, (const int32_t[]){1, 60}, 2, &s);
        ended = r->last.finish == FINISH_END;
        for (int i = 0; i < r->n; i++)
            assert_false(tokenizer_is_end(model_tokenizer(worker_model(w)), r->ids[i]));
        free_result(r);
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
    struct worker *w = loaded(CONTEXT, 0);
    int32_t ids[PROMPT];
    fill_endless(w, ids);
    struct sampling s = endless();
    s.max_new_tokens = 60;
    struct result *whole = answer(w, ids, PROMPT, &s);
    const char *text = buf_text(&whole->text);
    char stop[5] = {0};
    memcpy(stop, text + find_plain(text, whole->text.size, whole->text.size / 3), 4);
    size_t at = (size_t)((const char *)memmem(text, whole->text.size, stop, 4) - text); /* it may come earlier too */
    struct error err = {0};
    assert_int_equal(sampling_set(&s, "stop", stop, &err), ERR_NONE);
    struct result *r = answer(w, ids, PROMPT, &s);
    assert_int_equal(r->last.finish, FINISH_STOP_STRING);
    assert_int_equal(r->text.size, at);
    assert_memory_equal(buf_text(&r->text), text, at);
    assert_true(r->n < whole->n);
    free_result(r);
    free_result(whole);
    worker_free(w);
}

static void refuses_what_it_can_not_do(void **state)
{
    (void)state;
    struct worker *w = loaded(100, 0);
    struct sampling s = greedy(3);
    struct error err = {0};
    int32_t ids[101] = {1};
    assert_int_equal(worker_generate(w, ids, 0, &s, &err), 0);
    assert_int_equal(err.code, ERR_ARGUMENT);
    struct result r;
    collect(w, ask(w, ids, 101, &s), &r);
    assert_int_equal(r.last.kind, EVENT_FAILED);
    assert_int_equal(r.last.error.code, ERR_CONTEXT);
    ids[3] = 384;
    collect(w, ask(w, ids, 5, &s), &r);
    assert_int_equal(r.last.kind, EVENT_FAILED);
    assert_int_equal(r.last.error.code, ERR_ARGUMENT);
    ids[3] = 383;
    free_result(answer(w, ids, 5, &s));
    worker_free(w);
}

static void has_one_answer_at_a_time(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = endless();
    struct error err = {0};
    struct result r;
    uint64_t request = ask_endless(w, &s);
    assert_int_equal(worker_generate(w, (const int32_t[]){1}, 1, &s, &err), 0);
    assert_int_equal(err.code, ERR_BUSY);
    worker_stop(w);
    collect(w, request, &r);
    buf_free(&r.text);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    assert_true(ask(w, (const int32_t[]){1}, 1, &s) > request);
    worker_free(w);
}

/* ---- settings under way ----------------------------------------------------------------------------------------- */

/* Settings of even numbers are greedy, of odd ones not. */
static struct sampling flipped(uint32_t number)
{
    struct sampling s = endless();
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
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = flipped(0);
    uint32_t set = 0, seen = 0, unsure = 0, changes = 0;
    uint64_t request = ask_endless(w, &s);
    while (seen < FLIPS) {
        struct event e = next(w);
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
    struct result r;
    collect(w, request, &r);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    buf_free(&r.text);
    worker_free(w);
}

/* With the ring full and one event in the worker's hand no other token may be chosen with the old settings. */
static void settings_act_on_the_next_token(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = flipped(0);
    ask_endless(w, &s);
    let_it_fill();
    s = flipped(1);
    worker_set_sampling(w, &s);
    int old = 0;
    for (struct event e = next(w); !is_token(&e) || e.settings == 0; e = next(w))
        old += is_token(&e);
    assert_true(old <= RING + 1);
    worker_free(w);
}

/* ---- stopping --------------------------------------------------------------------------------------------------- */

static void stops_within_a_token(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = endless();
    uint64_t request = ask_endless(w, &s);
    let_it_fill();
    worker_stop(w);
    struct result r;
    collect(w, request, &r);
    assert_int_equal(r.last.kind, EVENT_DONE);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    assert_true(r.n <= RING + 1);
    buf_free(&r.text);
    worker_stop(w); /* nothing runs: nothing happens to the next one */
    s.max_new_tokens = 3;
    struct result *after = answer(w, (const int32_t[]){1, 60}, 2, &s);
    assert_true(after->last.finish != FINISH_STOPPED);
    free_result(after);
    worker_free(w);
}

/* A long prompt: no token comes, and what was read is not read again. */
static void stops_while_it_reads(void **state)
{
    (void)state;
    enum { LONG = 3000, BATCH = 4 }; /* more batches than the ring holds */
    struct worker *w = loaded(CONTEXT, BATCH);
    int32_t *ids = malloc(LONG * sizeof *ids);
    for (int i = 0; i < LONG; i++)
        ids[i] = 10 + i % 300;
    struct sampling s = greedy(2);
    uint64_t request = ask(w, ids, LONG, &s);
    assert_int_equal(next(w).kind, EVENT_PREFILL);
    worker_stop(w);
    struct result r;
    collect(w, request, &r);
    assert_int_equal(r.last.kind, EVENT_DONE);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    assert_true(r.n == 0 && r.prefills <= RING + 1);
    assert_int_equal(r.last.timings.prompt_tokens, LONG);
    buf_free(&r.text);
    struct result *again = answer(w, ids, LONG, &s);
    assert_true(r.prefills < 2 || again->last.timings.reused_tokens > 0);
    assert_int_equal(again->last.timings.reused_tokens % BATCH, 0);
    assert_true(again->last.timings.reused_tokens < LONG);
    free_result(again);
    free(ids);
    worker_free(w);
}

/* ---- ending while it works -------------------------------------------------------------------------------------- */

static void can_be_freed_at_any_time(void **state)
{
    (void)state;
    struct sampling s = endless();
    for (int i = 0; i < 10; i++) {
        worker_free(start(fixture("tiny-llama.gguf"), 100, 0)); /* loading */
        struct worker *w = start(fixture("tiny-llama.gguf"), CONTEXT, 0);
        ask(w, (const int32_t[]){1, 2}, 2, &s);                 /* with a request that waits */
        worker_free(w);
        w = loaded(CONTEXT, 1);
        int32_t ids[PROMPT];
        fill_endless(w, ids);
        ask(w, ids, PROMPT, &s);                                /* reading or answering */
        if (i % 2 == 0)
            next(w);
        worker_free(w);
    }
    struct worker *w = loaded(CONTEXT, 0); /* waiting for the reader */
    ask_endless(w, &s);
    let_it_fill();
    worker_free(w);
}

/* ---- aside ------------------------------------------------------------------------------------------------------ */

static uint64_t ask_aside(struct worker *w, const struct sampling *s)
{
    int32_t ids[PROMPT];
    struct error err = {0};
    fill_endless(w, ids);
    ids[1] = 77; /* nothing that the conversation begins with */
    uint64_t request = worker_generate_aside(w, ids, PROMPT, s, &err);
    if (request == 0)
        fail_msg("%s", err.message);
    return request;
}

/* The conversation's cache outlives it, and the answer is the same as without. */
static void aside_leaves_the_conversation(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    int32_t ids[PROMPT + 5];
    fill_endless(w, ids);
    struct sampling s = endless();
    s.max_new_tokens = 5;
    struct result *first = answer(w, ids, PROMPT, &s), aside;
    struct sampling few = endless();
    few.max_new_tokens = 20;
    collect(w, ask_aside(w, &few), &aside);
    assert_int_equal(aside.last.kind, EVENT_DONE);
    assert_int_equal(aside.last.finish, FINISH_LENGTH);
    assert_int_equal(aside.n, 20);
    assert_int_equal(aside.last.timings.reused_tokens, 0);
    memcpy(ids + PROMPT, first->ids, 5 * sizeof *ids);
    struct result *second = answer(w, ids, PROMPT + 5, &s);
    assert_int_equal(second->last.timings.reused_tokens, PROMPT + 5);
    free_result(second);
    struct result *again = answer(w, ids, PROMPT, &s);
    assert_int_equal(again->n, 5);
    assert_memory_equal(again->ids, first->ids, 5 * sizeof *ids);
    free_result(again);
    free_result(first);
    buf_free(&aside.text);
    worker_free(w);
}

/* A real request does not wait: the one aside ends before its next token, and first. */
static void aside_gives_way(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = endless(), few = endless();
    struct error err = {0};
    s.max_new_tokens = WORKER_ASIDE_MOST;
    few.max_new_tokens = 3;
    for (int i = 0; i < 5; i++) {
        uint64_t request = ask_aside(w, &s);
        assert_int_equal(worker_generate_aside(w, (const int32_t[]){1}, 1, &few, &err), 0);
        assert_int_equal(err.code, ERR_BUSY);
        if (i == 3)
            next(w);
        if (i == 4)
            let_it_fill();
        uint64_t real = ask(w, (const int32_t[]){1, 60}, 2, &few);
        assert_true(real > request);
        struct result aside, r;
        collect(w, request, &aside);
        assert_int_equal(aside.last.finish, FINISH_STOPPED);
        assert_true(aside.n <= RING + 1);
        collect(w, real, &r);
        assert_true(r.last.kind == EVENT_DONE && r.n <= 3 && r.last.finish != FINISH_STOPPED);
        buf_free(&aside.text);
        buf_free(&r.text);
    }
    worker_free(w);
}

static void aside_has_limits(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = endless();
    struct error err = {0};
    int32_t ids[WORKER_ASIDE_MOST + 1] = {1};
    assert_int_equal(worker_generate_aside(w, ids, 2, &s, &err), 0); /* without end */
    assert_int_equal(err.code, ERR_ARGUMENT);
    error_clear(&err);
    s.max_new_tokens = 3;
    assert_int_equal(worker_generate_aside(w, ids, WORKER_ASIDE_MOST + 1, &s, &err), 0);
    assert_int_equal(err.code, ERR_ARGUMENT);
    error_clear(&err);
    struct sampling forever = endless();
    uint64_t request = ask_endless(w, &forever);
    assert_int_equal(worker_generate_aside(w, ids, 2, &s, &err), 0); /* only beside an idle one */
    assert_int_equal(err.code, ERR_BUSY);
    worker_stop(w);
    struct result r;
    collect(w, request, &r);
    buf_free(&r.text);
    s.max_new_tokens = WORKER_ASIDE_MOST;
    request = ask_aside(w, &s);
    worker_stop(w);
    collect(w, request, &r);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    buf_free(&r.text);
    ask_aside(w, &s);
    worker_free(w);
}

/* What the conversation has read is not read again aside. */
static void aside_shares_what_is_read(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct error err = {0};
    int32_t ids[PROMPT + 3];
    fill_endless(w, ids);
    for (int i = PROMPT; i < PROMPT + 3; i++)
        ids[i] = 100 + i;
    struct sampling s = endless();
    s.max_new_tokens = 40;
    struct result *alone = answer(w, ids, PROMPT + 3, &s), aside;
    struct result *other = answer(w, ids, PROMPT, &s);
    collect(w, worker_generate_aside(w, ids, PROMPT + 3, &s, &err), &aside);
    assert_int_equal(aside.last.kind, EVENT_DONE);
    assert_int_equal(aside.last.timings.reused_tokens, PROMPT);
    assert_int_equal(aside.n, alone->n);
    assert_memory_equal(aside.ids, alone->ids, (size_t)alone->n * sizeof *ids);
    memcpy(ids + PROMPT, other->ids, 3 * sizeof *ids);
    struct result *again = answer(w, ids, PROMPT + 3, &s); /* its own has not changed */
    assert_int_equal(again->last.timings.reused_tokens, PROMPT + 2);
    assert_memory_equal(again->ids, other->ids + 3, 30 * sizeof *ids);
    buf_free(&aside.text);
    free_result(again);
    free_result(alone);
    free_result(other);
    worker_free(w);
}

/* ---- several workers -------------------------------------------------------------------------------------------- */

static struct worker *beside(struct worker *w, int32_t context)
{
    struct error err = {0};
    struct worker *side = worker_start(&(struct worker_options){.beside = w, .session = {.context = context}}, &err);
    assert_non_null(side);
    assert_int_equal(next(side).kind, EVENT_LOADED);
    assert_ptr_equal(worker_model(side), worker_model(w));
    return side;
}

/* Answers of several at once are those that each gives alone, and a common prompt is read once. */
static void workers_beside_share_a_prompt(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    int32_t ids[PROMPT];
    fill_endless(w, ids);
    struct sampling s = endless(), warm = endless();
    s.max_new_tokens = warm.max_new_tokens = 50;
    warm.temperature = 1;
    struct result *cold_alone = answer(w, ids, PROMPT, &s), *warm_alone = answer(w, ids, PROMPT, &warm), cold, hot;
    struct worker *side = beside(w, PROMPT + 60);
    uint64_t request = ask(w, ids, PROMPT, &s), other = ask(side, ids, PROMPT, &warm);
    collect(side, other, &hot);
    collect(w, request, &cold);
    assert_int_equal(cold.n, cold_alone->n);
    assert_memory_equal(cold.ids, cold_alone->ids, (size_t)cold.n * sizeof *ids);
    assert_int_equal(hot.n, warm_alone->n);
    assert_memory_equal(hot.ids, warm_alone->ids, (size_t)hot.n * sizeof *ids);
    assert_true(hot.last.timings.reused_tokens >= PROMPT - 1);
    worker_free(w); /* in any order */
    request = ask(side, ids, PROMPT, &warm);
    buf_free(&hot.text);
    collect(side, request, &hot);
    assert_memory_equal(hot.ids, warm_alone->ids, (size_t)hot.n * sizeof *ids);
    worker_free(side);
    buf_free(&cold.text);
    buf_free(&hot.text);
    free_result(cold_alone);
    free_result(warm_alone);
}

/* One whose events are not read, or that waits for its turn, does not keep the other from its work. */
static void workers_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0), *side = beside(w, 0), *third = beside(w, 500);
    struct sampling s = endless(), few = endless();
    int32_t ids[PROMPT];
    struct result r;
    fill_endless(w, ids);
    few.max_new_tokens = 20;
    ask_endless(w, &s);
    let_it_fill();
    worker_pace(third, 0);
    ask(third, ids, PROMPT, &few);
    collect(side, ask(side, ids, PROMPT, &few), &r);
    assert_int_equal(r.n, 20);
    buf_free(&r.text);
    worker_free(third);
    worker_free(side);
    worker_free(w);
}

static void a_longer_worker_beside_is_refused(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct error err = {0};
    struct worker *side = worker_start(&(struct worker_options){.beside = w, .session = {.context = CONTEXT + 1}}, &err);
    struct event e = next(side);
    assert_int_equal(e.kind, EVENT_FAILED);
    assert_non_null(strstr(e.error.message, "4001"));
    struct sampling s = greedy(1);
    assert_int_equal(worker_generate(side, (const int32_t[]){1}, 1, &s, &err), 0);
    worker_free(side);
    worker_free(w);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* The prompt is what prompt_render makes of the messages, and the answer that of its ids with the template's stops. */
static void answers_messages(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct error err = {0};
    struct chat_template *t = template_load("vicuna", NULL, &err);
    assert_non_null(t);
    char text[] = "a question";
    const struct message messages[] = {{ROLE_USER, "dropped"}, {ROLE_ASSISTANT, "too"}, {ROLE_USER, text}};
    struct prompt want, got;
    struct sampling s = endless();
    s.max_new_tokens = 30;
    assert_int_equal(prompt_render(t, model_tokenizer(worker_model(w)), messages + 2, 1, 0, &want, &err), ERR_NONE);
    struct result *by_ids = answer(w, want.ids.at, want.ids.n, &s), r;
    assert_false(worker_take_prompt(w, &got));
    struct worker_question q = {.messages = messages, .n = 3, .template = t, .limit = want.ids.n};
    uint64_t request = worker_ask(w, &q, &s, &err);
    assert_true(request > 0);
    memset(text, 'x', 3); /* it was copied */
    struct event e = next(w);
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
    collect(w, request, &r);
    assert_int_equal(r.last.kind, EVENT_DONE);
    assert_int_equal(r.n, by_ids->n);
    assert_memory_equal(r.ids, by_ids->ids, (size_t)r.n * sizeof *r.ids);
    buf_free(&r.text);
    free_result(by_ids);
    prompt_free(&got);
    prompt_free(&want);
    worker_free(w);
}

/* Messages that do not fit end the request with what prompt_render says. */
static void says_when_messages_do_not_fit(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct error err = {0};
    struct chat_template *t = template_load("vicuna", NULL, &err);
    struct sampling s = greedy(3);
    const struct message message = {ROLE_USER, "a question"};
    struct worker_question q = {.messages = &message, .n = 1, .template = t, .limit = 2};
    uint64_t request = worker_ask(w, &q, &s, &err);
    struct event e = next(w);
    assert_int_equal(e.kind, EVENT_FAILED);
    assert_int_equal(e.request, request);
    assert_int_equal(e.error.code, ERR_CONTEXT);
    worker_pace(w, 0); /* freed while it waits, its prompt not taken */
    q.limit = 0;
    request = worker_ask(w, &q, &s, &err);
    assert_int_equal(next(w).kind, EVENT_PROMPT);
    worker_free(w);
    template_free(t);
}

/* ---- pace ------------------------------------------------------------------------------------------------------- */

static struct event next_of(struct worker *w, enum event_kind kind)
{
    struct event e = next(w);
    while (e.kind == EVENT_PREFILL)
        e = next(w);
    assert_int_equal(e.kind, kind);
    return e;
}

static void no_event_waits(struct worker *w)
{
    struct event e;
    struct pollfd fd = {.fd = worker_fd(w), .events = POLLIN};
    poll(&fd, 1, 30);
    assert_false(worker_next(w, &e));
}

/* Token by token the answer is what it is at once, and each token was among those foretold. */
static void goes_at_a_pace(void **state)
{
    enum { TOKENS = 12 };
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = greedy(TOKENS);
    s.temperature = 1;
    s.seed = 4;
    int32_t ids[PROMPT];
    fill_endless(w, ids);
    struct result *whole = answer(w, ids, PROMPT, &s);
    worker_pace(w, 0);
    ask(w, ids, PROMPT, &s);
    for (int i = 0; i < whole->n; i++) {
        struct event before = next_of(w, EVENT_PREVIEW);
        assert_int_equal(before.id, -1);
        no_event_waits(w);
        worker_pace(w, 1);
        struct event e = next_of(w, EVENT_TOKEN);
        assert_int_equal(e.id, whole->ids[i]);
        assert_false(e.forced);
        for (int32_t j = 0; j < e.n_best; j++)
            assert_true(e.best[j].id == before.best[j].id && e.best[j].after == before.best[j].after);
    }
    if (whole->last.finish != FINISH_LENGTH) { /* it ends with a token that is not told */
        next_of(w, EVENT_PREVIEW);
        worker_pace(w, 1);
    }
    struct event end = next_of(w, EVENT_DONE);
    assert_int_equal(end.finish, whole->last.finish);
    free_result(whole);
    worker_free(w);
}

/* A token that is put stands where it was put, and the model goes on from there as from a prompt. */
static void takes_a_token_that_is_put(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = greedy(8);
    int32_t ids[PROMPT + 1];
    fill_endless(w, ids);
    worker_pace(w, 0);
    ask(w, ids, PROMPT, &s);
    struct event before = next_of(w, EVENT_PREVIEW);
    assert_int_equal(before.survivors, 1); /* greedy */
    s.temperature = 1;
    worker_set_sampling(w, &s);
    before = next_of(w, EVENT_PREVIEW);
    assert_true(before.survivors > 1);
    s.temperature = 0;
    worker_set_sampling(w, &s);
    next_of(w, EVENT_PREVIEW);
    worker_force(w, before.best[3].id);
    struct event e = next_of(w, EVENT_TOKEN);
    assert_true(e.forced);
    assert_int_equal(e.id, before.best[3].id);
    assert_int_equal(e.rank, 4);
    assert_true(e.chosen.before == before.best[3].before && e.chosen.after == 0.0f);
    next_of(w, EVENT_PREVIEW);
    worker_pace(w, -1);
    int32_t rest[8], n = 0;
    struct event last;
    for (last = next(w); last.kind == EVENT_TOKEN; last = next(w))
        if (last.id >= 0 && n < 8)
            rest[n++] = last.id;
    ids[PROMPT] = e.id;
    s.max_new_tokens = 7;
    struct result *fresh = answer(w, ids, PROMPT + 1, &s);
    assert_int_equal(n, fresh->n);
    assert_memory_equal(rest, fresh->ids, (size_t)n * sizeof *rest);
    free_result(fresh);
    worker_free(w);
}

/* One that waits is stopped, and freed, like any other. */
static void stops_while_it_waits(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = endless();
    int32_t ids[PROMPT];
    fill_endless(w, ids);
    worker_pace(w, 2);
    ask(w, ids, PROMPT, &s);
    next_of(w, EVENT_TOKEN);
    next_of(w, EVENT_TOKEN);
    next_of(w, EVENT_PREVIEW);
    worker_stop(w);
    struct event e = next_of(w, EVENT_DONE);
    assert_int_equal(e.finish, FINISH_STOPPED);
    assert_int_equal(e.timings.answer_tokens, 2);
    ask(w, ids, PROMPT, &s);
    next_of(w, EVENT_PREVIEW);
    worker_free(w);
}

/* A request aside is not held: there is nobody who would ask for its tokens. */
static void the_pace_holds_nothing_aside(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling few = endless();
    few.max_new_tokens = 20;
    worker_pace(w, 0);
    struct result r;
    collect(w, ask_aside(w, &few), &r);
    assert_int_equal(r.last.finish, FINISH_LENGTH);
    assert_int_equal(r.n, 20);
    buf_free(&r.text);
    worker_free(w);
}

/* A seed that changes during an answer acts on the next token, as if the answer so far had been its prompt. */
static void a_new_seed_acts_at_once(void **state)
{
    enum { BEFORE = 3, AFTER = 12 };
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    struct sampling s = endless();
    int32_t ids[PROMPT + BEFORE], after[AFTER];
    s.temperature = 1;
    s.seed = 4;
    s.max_new_tokens = BEFORE + AFTER;
    fill_endless(w, ids);
    struct result *unchanged = answer(w, ids, PROMPT, &s);
    worker_pace(w, BEFORE);
    ask(w, ids, PROMPT, &s);
    for (int i = 0; i < BEFORE; i++)
        ids[PROMPT + i] = next_of(w, EVENT_TOKEN).id;
    next_of(w, EVENT_PREVIEW);
    s.seed = 9;
    worker_set_sampling(w, &s);
    next_of(w, EVENT_PREVIEW);
    worker_pace(w, -1);
    for (int i = 0; i < AFTER; i++)
        after[i] = next_of(w, EVENT_TOKEN).id;
    next_of(w, EVENT_DONE);
    struct result *fresh = answer(w, ids, PROMPT + BEFORE, &s);
    assert_memory_equal(ids + PROMPT, unchanged->ids, BEFORE * sizeof *ids);
    assert_memory_equal(after, fresh->ids, sizeof after);
    assert_memory_not_equal(after, unchanged->ids + BEFORE, sizeof after);
    free_result(fresh);
    free_result(unchanged);
    worker_free(w);
}

/* ---- sequence breakers ------------------------------------------------------------------------------------------ */

/* What settings make of the token that the prompt before repeated; before: what the model alone does. */
static float share_of(struct worker *w, const struct sampling *s, int32_t id, float *before)
{
    assert_true(worker_preview(w, s));
    struct event e = next_of(w, EVENT_PREVIEW);
    for (int32_t i = 0; i < e.n_best; i++)
        if (e.best[i].id == id) {
            *before = e.best[i].before;
            return e.best[i].after;
        }
    *before = 0;
    return 0;
}

/* A token that the model likes to repeat and that is plain text; a prompt of such tokens has been read. */
static int32_t read_repetition(struct worker *w, char *text, size_t size)
{
    enum { TIMES = 8 };
    const struct sampling none = greedy(0);
    struct sampling all = greedy(0);
    const struct tokenizer *t = model_tokenizer(worker_model(w));
    all.temperature = 1;
    for (int32_t id = 260; id < tokenizer_size(t); id++) {
        int32_t ids[TIMES];
        float before;
        for (int i = 0; i < TIMES; i++)
            ids[i] = i == 0 ? 1 : id;
        free_result(answer(w, ids, TIMES, &none));
        struct buf piece;
        buf_init(&piece, size - 1);
        bool found = share_of(w, &all, id, &before) > 0.02f && tokenizer_piece(t, id, &piece) && piece.size > 0 &&
                     buf_text(&piece)[0] > ' ' && buf_text(&piece)[0] < 0x7F;
        snprintf(text, size, "%s", buf_text(&piece));
        buf_free(&piece);
        if (found)
            return id;
    }
    fail_msg("no token is repeated");
    return -1;
}

/* Changed sequence breakers count at once, after others were used too. */
static void changed_breakers_count(void **state)
{
    (void)state;
    struct worker *w = loaded(CONTEXT, 0);
    char text[40];
    float before;
    struct error err = {0};
    int32_t id = read_repetition(w, text, sizeof text);
    struct sampling s = greedy(0), other;
    s.temperature = 1;
    s.dry_multiplier = 2;
    s.dry_base = 1.5f;
    s.dry_allowed_length = 1;
    other = s;
    assert_int_equal(sampling_set(&s, "dry_sequence_breakers", "\n", &err), ERR_NONE);
    assert_int_equal(sampling_set(&other, "dry_sequence_breakers", text, &err), ERR_NONE);
    assert_true(share_of(w, &s, id, &before) < before / 4);
    assert_true(share_of(w, &other, id, &before) > before * 0.99f);
    assert_true(share_of(w, &s, id, &before) < before / 4);
    worker_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_at_a_pace),
        cmocka_unit_test(takes_a_token_that_is_put),
        cmocka_unit_test(stops_while_it_waits),
        cmocka_unit_test(the_pace_holds_nothing_aside),
        cmocka_unit_test(a_new_seed_acts_at_once),
        cmocka_unit_test(changed_breakers_count),
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
        cmocka_unit_test(aside_leaves_the_conversation),
        cmocka_unit_test(aside_gives_way),
        cmocka_unit_test(aside_has_limits),
        cmocka_unit_test(aside_shares_what_is_read),
        cmocka_unit_test(workers_beside_share_a_prompt),
        cmocka_unit_test(workers_do_not_wait_for_each_other),
        cmocka_unit_test(a_longer_worker_beside_is_refused),
        cmocka_unit_test(answers_messages),
        cmocka_unit_test(says_when_messages_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
