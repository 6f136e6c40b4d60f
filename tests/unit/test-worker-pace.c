/* Tests of the worker at a pace: token by token, tokens that are put, and settings that change in between. */
#include <config.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/unit/asking.h"

/* ---- pace ------------------------------------------------------------------------------------------------------- */

static struct event next_of(struct worker *w, enum event_kind kind)
{
    struct event e = asking_next(w);
    while (e.kind == EVENT_PREFILL)
        e = asking_next(w);
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
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = asking_greedy(TOKENS);
    s.temperature = 1;
    s.seed = 4;
    int32_t ids[ASKING_PROMPT];
    asking_fill_endless(w, ids);
    struct asking_result *whole = asking_answer(w, ids, ASKING_PROMPT, &s);
    worker_pace(w, 0);
    asking_generate(w, ids, ASKING_PROMPT, &s);
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
    asking_result_free(whole);
    worker_free(w);
}

/* A token that is put stands where it was put, and the model goes on from there as from a prompt. */
static void takes_a_token_that_is_put(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = asking_greedy(8);
    int32_t ids[ASKING_PROMPT + 1];
    asking_fill_endless(w, ids);
    worker_pace(w, 0);
    asking_generate(w, ids, ASKING_PROMPT, &s);
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
    for (last = asking_next(w); last.kind == EVENT_TOKEN; last = asking_next(w))
        if (last.id >= 0 && n < 8)
            rest[n++] = last.id;
    ids[ASKING_PROMPT] = e.id;
    s.max_new_tokens = 7;
    struct asking_result *fresh = asking_answer(w, ids, ASKING_PROMPT + 1, &s);
    assert_int_equal(n, fresh->n);
    assert_memory_equal(rest, fresh->ids, (size_t)n * sizeof *rest);
    asking_result_free(fresh);
    worker_free(w);
}

/* One that waits is stopped, and freed, like any other. */
static void stops_while_it_waits(void **state)
{
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = asking_endless();
    int32_t ids[ASKING_PROMPT];
    asking_fill_endless(w, ids);
    worker_pace(w, 2);
    asking_generate(w, ids, ASKING_PROMPT, &s);
    next_of(w, EVENT_TOKEN);
    next_of(w, EVENT_TOKEN);
    next_of(w, EVENT_PREVIEW);
    worker_stop(w);
    struct event e = next_of(w, EVENT_DONE);
    assert_int_equal(e.finish, FINISH_STOPPED);
    assert_int_equal(e.timings.answer_tokens, 2);
    asking_generate(w, ids, ASKING_PROMPT, &s);
    next_of(w, EVENT_PREVIEW);
    worker_free(w);
}

/* A seed that changes during an answer acts on the next token, as if the answer so far had been its prompt. */
static void a_new_seed_acts_at_once(void **state)
{
    enum { BEFORE = 3, AFTER = 12 };
    (void)state;
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    struct sampling s = asking_endless();
    int32_t ids[ASKING_PROMPT + BEFORE], after[AFTER];
    s.temperature = 1;
    s.seed = 4;
    s.max_new_tokens = BEFORE + AFTER;
    asking_fill_endless(w, ids);
    struct asking_result *unchanged = asking_answer(w, ids, ASKING_PROMPT, &s);
    worker_pace(w, BEFORE);
    asking_generate(w, ids, ASKING_PROMPT, &s);
    for (int i = 0; i < BEFORE; i++)
        ids[ASKING_PROMPT + i] = next_of(w, EVENT_TOKEN).id;
    next_of(w, EVENT_PREVIEW);
    s.seed = 9;
    worker_set_sampling(w, &s);
    next_of(w, EVENT_PREVIEW);
    worker_pace(w, -1);
    for (int i = 0; i < AFTER; i++)
        after[i] = next_of(w, EVENT_TOKEN).id;
    next_of(w, EVENT_DONE);
    struct asking_result *fresh = asking_answer(w, ids, ASKING_PROMPT + BEFORE, &s);
    assert_memory_equal(ids + ASKING_PROMPT, unchanged->ids, BEFORE * sizeof *ids);
    assert_memory_equal(after, fresh->ids, sizeof after);
    assert_memory_not_equal(after, unchanged->ids + BEFORE, sizeof after);
    asking_result_free(fresh);
    asking_result_free(unchanged);
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
    const struct sampling none = asking_greedy(0);
    struct sampling all = asking_greedy(0);
    const struct tokenizer *t = model_tokenizer(worker_model(w));
    all.temperature = 1;
    for (int32_t id = 260; id < tokenizer_size(t); id++) {
        int32_t ids[TIMES];
        float before;
        for (int i = 0; i < TIMES; i++)
            ids[i] = i == 0 ? 1 : id;
        asking_result_free(asking_answer(w, ids, TIMES, &none));
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
    struct worker *w = asking_worker_start(ASKING_CONTEXT, 0);
    char text[40];
    float before;
    struct error err = {0};
    int32_t id = read_repetition(w, text, sizeof text);
    struct sampling s = asking_greedy(0), other;
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
        cmocka_unit_test(goes_at_a_pace),         cmocka_unit_test(takes_a_token_that_is_put),
        cmocka_unit_test(stops_while_it_waits),   cmocka_unit_test(a_new_seed_acts_at_once),
        cmocka_unit_test(changed_breakers_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
