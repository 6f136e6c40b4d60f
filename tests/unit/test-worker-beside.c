/* Tests of requests aside from the conversation and of workers beside another. */
#include <config.h>

#include <string.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/unit/asking.h"

/* ---- aside ------------------------------------------------------------------------------------------------------ */

static uint64_t ask_aside(struct worker *w, const struct sampling *s)
{
    int32_t ids[ASKING_PROMPT];
    struct error err = {0};
    asking_fill_endless(w, ids);
    ids[1] = 77; /* nothing that the conversation begins with */
    uint64_t request = worker_generate_aside(w, ids, ASKING_PROMPT, s, &err);
    if (request == 0)
        fail_msg("%s", err.message);
    return request;
}

/* The conversation's cache outlives it, and the answer is the same as without. */
static void aside_leaves_the_conversation(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    int32_t ids[ASKING_PROMPT + 5];
    asking_fill_endless(w, ids);
    struct sampling s = asking_endless();
    s.max_new_tokens = 5;
    struct asking_result *first = asking_answer(w, ids, ASKING_PROMPT, &s), aside;
    struct sampling few = asking_endless();
    few.max_new_tokens = 20;
    asking_collect(w, ask_aside(w, &few), &aside);
    assert_int_equal(aside.last.kind, EVENT_DONE);
    assert_int_equal(aside.last.finish, FINISH_LENGTH);
    assert_int_equal(aside.n, 20);
    assert_int_equal(aside.last.timings.reused_tokens, 0);
    memcpy(ids + ASKING_PROMPT, first->ids, 5 * sizeof *ids);
    struct asking_result *second = asking_answer(w, ids, ASKING_PROMPT + 5, &s);
    assert_int_equal(second->last.timings.reused_tokens, ASKING_PROMPT + 5);
    asking_result_free(second);
    struct asking_result *again = asking_answer(w, ids, ASKING_PROMPT, &s);
    assert_int_equal(again->n, 5);
    assert_memory_equal(again->ids, first->ids, 5 * sizeof *ids);
    asking_result_free(again);
    asking_result_free(first);
    buf_free(&aside.text);
    worker_free(w);
}

/* A real request does not wait: the one aside ends before its next token, and first. */
static void aside_gives_way(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = asking_endless(), few = asking_endless();
    struct error err = {0};
    s.max_new_tokens = WORKER_ASIDE_MOST;
    few.max_new_tokens = 3;
    for (int i = 0; i < 5; i++) {
        uint64_t request = ask_aside(w, &s);
        assert_int_equal(worker_generate_aside(w, (const int32_t[]){1}, 1, &few, &err), 0);
        assert_int_equal(err.code, ERR_BUSY);
        if (i == 3)
            asking_next(w);
        if (i == 4)
            asking_let_ring_fill();
        uint64_t real = asking_generate(w, (const int32_t[]){1, 60}, 2, &few);
        assert_true(real > request);
        struct asking_result aside, r;
        asking_collect(w, request, &aside);
        assert_int_equal(aside.last.finish, FINISH_STOPPED);
        assert_true(aside.n <= ASKING_RING + 1);
        asking_collect(w, real, &r);
        assert_true(r.last.kind == EVENT_DONE && r.n <= 3 && r.last.finish != FINISH_STOPPED);
        buf_free(&aside.text);
        buf_free(&r.text);
    }
    worker_free(w);
}

static void aside_has_limits(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = asking_endless();
    struct error err = {0};
    int32_t ids[WORKER_ASIDE_MOST + 1] = {1};
    assert_int_equal(worker_generate_aside(w, ids, 2, &s, &err), 0); /* without end */
    assert_int_equal(err.code, ERR_ARGUMENT);
    error_clear(&err);
    s.max_new_tokens = 3;
    assert_int_equal(worker_generate_aside(w, ids, WORKER_ASIDE_MOST + 1, &s, &err), 0);
    assert_int_equal(err.code, ERR_ARGUMENT);
    error_clear(&err);
    struct sampling forever = asking_endless();
    uint64_t request = asking_generate_endless(w, &forever);
    assert_int_equal(worker_generate_aside(w, ids, 2, &s, &err), 0); /* only beside an idle one */
    assert_int_equal(err.code, ERR_BUSY);
    worker_stop(w);
    struct asking_result r;
    asking_collect(w, request, &r);
    buf_free(&r.text);
    s.max_new_tokens = WORKER_ASIDE_MOST;
    request = ask_aside(w, &s);
    worker_stop(w);
    asking_collect(w, request, &r);
    assert_int_equal(r.last.finish, FINISH_STOPPED);
    buf_free(&r.text);
    ask_aside(w, &s);
    worker_free(w);
}

/* What the conversation has read is not read again aside. */
static void aside_shares_what_is_read(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct error err = {0};
    int32_t ids[ASKING_PROMPT + 3];
    asking_fill_endless(w, ids);
    for (int i = ASKING_PROMPT; i < ASKING_PROMPT + 3; i++)
        ids[i] = 100 + i;
    struct sampling s = asking_endless();
    s.max_new_tokens = 40;
    struct asking_result *alone = asking_answer(w, ids, ASKING_PROMPT + 3, &s), aside;
    struct asking_result *other = asking_answer(w, ids, ASKING_PROMPT, &s);
    asking_collect(w, worker_generate_aside(w, ids, ASKING_PROMPT + 3, &s, &err), &aside);
    assert_int_equal(aside.last.kind, EVENT_DONE);
    assert_int_equal(aside.last.timings.reused_tokens, ASKING_PROMPT);
    assert_int_equal(aside.n, alone->n);
    assert_memory_equal(aside.ids, alone->ids, (size_t)alone->n * sizeof *ids);
    memcpy(ids + ASKING_PROMPT, other->ids, 3 * sizeof *ids);
    struct asking_result *again = asking_answer(w, ids, ASKING_PROMPT + 3, &s); /* its own has not changed */
    assert_int_equal(again->last.timings.reused_tokens, ASKING_PROMPT + 2);
    assert_memory_equal(again->ids, other->ids + 3, 30 * sizeof *ids);
    buf_free(&aside.text);
    asking_result_free(again);
    asking_result_free(alone);
    asking_result_free(other);
    worker_free(w);
}

/* ---- several workers -------------------------------------------------------------------------------------------- */

static struct worker *beside(struct worker *w, int32_t context)
{
    struct error err = {0};
    struct worker *side = worker_start(&(struct worker_options){.beside = w, .session = {.context = context}}, &err);
    assert_non_null(side);
    assert_int_equal(asking_next(side).kind, EVENT_LOADED);
    assert_ptr_equal(worker_model(side), worker_model(w));
    return side;
}

/* Answers of several at once are those that each gives alone, and a common prompt is read once. */
static void workers_beside_share_a_prompt(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    int32_t ids[ASKING_PROMPT];
    asking_fill_endless(w, ids);
    struct sampling s = asking_endless(), warm = asking_endless();
    s.max_new_tokens = warm.max_new_tokens = 50;
    warm.temperature = 1;
    struct asking_result *cold_alone = asking_answer(w, ids, ASKING_PROMPT, &s);
    struct asking_result *warm_alone = asking_answer(w, ids, ASKING_PROMPT, &warm), cold, hot;
    struct worker *side = beside(w, ASKING_PROMPT + 60);
    uint64_t request = asking_generate(w, ids, ASKING_PROMPT, &s);
    uint64_t other = asking_generate(side, ids, ASKING_PROMPT, &warm);
    asking_collect(side, other, &hot);
    asking_collect(w, request, &cold);
    assert_int_equal(cold.n, cold_alone->n);
    assert_memory_equal(cold.ids, cold_alone->ids, (size_t)cold.n * sizeof *ids);
    assert_int_equal(hot.n, warm_alone->n);
    assert_memory_equal(hot.ids, warm_alone->ids, (size_t)hot.n * sizeof *ids);
    assert_true(hot.last.timings.reused_tokens >= ASKING_PROMPT - 1);
    worker_free(w); /* in any order */
    request = asking_generate(side, ids, ASKING_PROMPT, &warm);
    buf_free(&hot.text);
    asking_collect(side, request, &hot);
    assert_memory_equal(hot.ids, warm_alone->ids, (size_t)hot.n * sizeof *ids);
    worker_free(side);
    buf_free(&cold.text);
    buf_free(&hot.text);
    asking_result_free(cold_alone);
    asking_result_free(warm_alone);
}

/* A guest uses what the others have read, and nobody takes over what it has. */
static void guests_take_and_do_not_give(void **state)
{
    (void)state;
    struct error err = {0};
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct worker *guest = worker_start(&(struct worker_options){.beside = w, .guest = true}, &err);
    assert_non_null(guest);
    assert_int_equal(asking_next(guest).kind, EVENT_LOADED);
    int32_t ids[ASKING_PROMPT + 30];
    asking_fill_endless(w, ids);
    struct sampling s = asking_endless();
    s.max_new_tokens = 30;
    struct asking_result *first = asking_answer(w, ids, ASKING_PROMPT / 2, &s);
    struct asking_result *said = asking_answer(guest, ids, ASKING_PROMPT, &s);
    assert_true(said->last.timings.reused_tokens >= ASKING_PROMPT / 2 - 1);
    memcpy(ids + ASKING_PROMPT, said->ids, 30 * sizeof *ids);
    struct asking_result *other = asking_answer(w, ids, ASKING_PROMPT + 30, &s);
    assert_int_equal(other->last.timings.reused_tokens, ASKING_PROMPT / 2); /* of its own prompt before */
    worker_free(guest);
    asking_result_free(first);
    asking_result_free(said);
    asking_result_free(other);
    worker_free(w);
}

/* One whose events are not read, or that waits for its turn, does not keep the other from its work. */
static void workers_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0), *side = beside(w, 0), *third = beside(w, 500);
    struct sampling s = asking_endless(), few = asking_endless();
    int32_t ids[ASKING_PROMPT];
    struct asking_result r;
    asking_fill_endless(w, ids);
    few.max_new_tokens = 20;
    asking_generate_endless(w, &s);
    asking_let_ring_fill();
    worker_pace(third, 0);
    asking_generate(third, ids, ASKING_PROMPT, &few);
    asking_collect(side, asking_generate(side, ids, ASKING_PROMPT, &few), &r);
    assert_int_equal(r.n, 20);
    buf_free(&r.text);
    worker_free(third);
    worker_free(side);
    worker_free(w);
}

static void a_longer_worker_beside_is_refused(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct error err = {0};
    struct worker *side =
        worker_start(&(struct worker_options){.beside = w, .session = {.context = ASKING_CONTEXT + 1}}, &err);
    struct event e = asking_next(side);
    assert_int_equal(e.kind, EVENT_FAILED);
    assert_non_null(strstr(e.error.message, "4001"));
    struct sampling s = asking_greedy(1);
    assert_int_equal(worker_generate(side, (const int32_t[]){1}, 1, &s, &err), 0);
    worker_free(side);
    worker_free(w);
}

/* A request aside is not held: none of its tokens is ever asked for. */
static void the_pace_holds_nothing_aside(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling few = asking_endless();
    few.max_new_tokens = 20;
    worker_pace(w, 0);
    struct asking_result r;
    asking_collect(w, ask_aside(w, &few), &r);
    assert_int_equal(r.last.finish, FINISH_LENGTH);
    assert_int_equal(r.n, 20);
    buf_free(&r.text);
    worker_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pace_holds_nothing_aside),
        cmocka_unit_test(aside_leaves_the_conversation),
        cmocka_unit_test(aside_gives_way),
        cmocka_unit_test(aside_has_limits),
        cmocka_unit_test(aside_shares_what_is_read),
        cmocka_unit_test(workers_beside_share_a_prompt),
        cmocka_unit_test(guests_take_and_do_not_give),
        cmocka_unit_test(workers_do_not_wait_for_each_other),
        cmocka_unit_test(a_longer_worker_beside_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
