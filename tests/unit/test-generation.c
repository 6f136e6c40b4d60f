/* Tests of answers side by side: each is what it would be alone, with whatever others, and however it began. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { CONTEXT = 64, ANSWERS = 6, MOST = 24, PROMPT = 9 };

static struct model *model;
static struct runner *runner;

static int open_model(void **state)
{
    (void)state;
    char *path = vectors_path("tiny-llama.gguf");
    struct error err = {0};
    const struct session_options options = {.context = CONTEXT, .threads = 2, .batch = 8};
    if (path != NULL && (model = model_open(path, NULL, &err)) != NULL)
        runner = runner_open(model, &options, &err);
    free(path);
    return runner == NULL ? -1 : 0;
}

static int close_model(void **state)
{
    (void)state;
    runner_free(runner);
    model_free(model);
    return 0;
}

/* One answer: its settings, its prompt, and the ids that it came to. */
struct answer {
    struct sampling settings;
    int32_t prompt[PROMPT], ids[MOST];
    float logp[MOST];
    size_t n;
    enum finish finish;
    char text[4096];
    bool ended;
};

/* Prompts begin alike, so that caches are shared; temperatures and seeds differ. */
static struct answer make_answer(size_t i)
{
    struct answer a = {.settings = sampling_defaults()};
    a.settings.temperature = i % 3 == 0 ? 0.0f : 0.9f;
    a.settings.seed = 40 + i;
    a.settings.max_new_tokens = (int32_t)(MOST - 2 * i);
    a.settings.repetition_penalty = i % 2 == 0 ? 1.2f : 1.0f;
    for (size_t p = 0; p < PROMPT; p++)
        a.prompt[p] = (int32_t)(p < 6 ? 10 + p : 20 + 3 * i + p);
    return a;
}

static enum speculate speculating = SPECULATE_OFF;
static size_t guessed, right; /* of all answers */

static struct generation *begin(const struct answer *a, struct generation *const *siblings, size_t n)
{
    struct error err = {0};
    struct generation *g = generation_new(runner, 0, &err);
    if (g == NULL || generation_speculate(g, speculating, &err) != ERR_NONE ||
        generation_begin(g, a->prompt, PROMPT, &a->settings, 3, siblings, n, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    while (!generation_read(g, &err))
        if (err.code != ERR_NONE)
            fail_msg("%s", err.message);
    return g;
}

static void take(struct answer *a, const struct generated *g)
{
    assert_int_equal(g->error.code, ERR_NONE);
    assert_int_equal(g->n_likely, 3);
    a->logp[a->n] = g->logp;
    a->ids[a->n++] = g->id;
    strncat(a->text, g->text, g->text_size);
    a->ended = g->ended;
    a->finish = g->finish;
}

static void run_alone(struct answer *a)
{
    struct generation *g = begin(a, NULL, 0);
    while (!a->ended) {
        struct generated step;
        generations_step(&g, 1, &step);
        take(a, &step);
    }
    generation_free(g);
}

/* Each begins `stagger` steps after the one before. */
static void run_together(struct answer *answers, size_t n, size_t stagger)
{
    struct generation *all[ANSWERS];
    for (size_t begun = 0, steps = 0, left = n; left > 0; steps++) {
        while (begun < n && steps >= begun * stagger) {
            all[begun] = begin(&answers[begun], all, begun);
            begun++;
        }
        struct generation *active[ANSWERS];
        struct generated out[ANSWERS];
        size_t of[ANSWERS], count = 0;
        for (size_t i = 0; i < begun; i++)
            if (!answers[i].ended) {
                of[count] = i;
                active[count++] = all[i];
            }
        generations_step(active, count, out);
        for (size_t i = 0; i < count; i++) {
            take(&answers[of[i]], &out[i]);
            left -= answers[of[i]].ended;
        }
        for (size_t i = 0; i < n && left == 0; i++) {
            size_t tried, chosen;
            generation_guesses(all[i], &tried, &chosen);
            guessed += tried;
            right += chosen;
            generation_free(all[i]);
        }
    }
}

static void assert_same(const struct answer *a, const struct answer *b)
{
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->ids, b->ids, a->n * sizeof *a->ids);
    assert_memory_equal(a->logp, b->logp, a->n * sizeof *a->logp);
    assert_string_equal(a->text, b->text);
    assert_int_equal(a->finish, b->finish);
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void an_answer_is_that_of_a_session_and_a_sampler(void **state)
{
    (void)state;
    struct error err = {0};
    struct sampler *sampler = sampler_new(model_info(model)->vocab, &err);
    struct session *session = session_new(runner, 0, &err);
    for (size_t i = 0; i < ANSWERS; i++) {
        struct answer a = make_answer(i);
        int32_t ids[PROMPT + MOST];
        memcpy(ids, a.prompt, sizeof a.prompt);
        run_alone(&a);
        sampler_seed(sampler, a.settings.seed);
        for (size_t n = 0; n < a.n; n++) {
            struct candidate chosen;
            assert_int_equal(session_sync(session, ids, PROMPT + n, NULL, NULL, NULL, &err), ERR_NONE);
            ids[PROMPT + n] =
                sampler_choose(sampler, &a.settings, session_logits(session), ids, PROMPT + n, &chosen, NULL, NULL);
            assert_int_equal(a.ids[n], ids[PROMPT + n]);
        }
    }
    session_free(session);
    sampler_free(sampler);
}

static void answers_side_by_side_are_those_alone(void **state)
{
    (void)state;
    for (size_t stagger = 0; stagger < 4; stagger++) {
        struct answer alone[ANSWERS], together[ANSWERS];
        for (size_t i = 0; i < ANSWERS; i++)
            alone[i] = together[i] = make_answer(i);
        for (size_t i = 0; i < ANSWERS; i++)
            run_alone(&alone[i]);
        run_together(together, ANSWERS, stagger);
        for (size_t i = 0; i < ANSWERS; i++)
            assert_same(&alone[i], &together[i]);
    }
}

/* Answers that repeat themselves; some guesses are longer than the batch has room for beside the others. */
static void guesses_change_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    struct runner *small = runner;
    runner = runner_open(model, &(struct session_options){.context = CONTEXT, .threads = 2, .batch = 20}, &err);
    assert_non_null(runner);
    for (size_t n = 1; n <= 3; n++) {
        struct answer plain[3], with[3];
        for (size_t i = 0; i < n; i++) {
            plain[i] = make_answer(n + i);
            plain[i].settings.repetition_penalty = 1;
            plain[i].settings.frequency_penalty = -2;
            with[i] = plain[i];
            speculating = SPECULATE_OFF;
            run_alone(&plain[i]);
        }
        speculating = SPECULATE_ALWAYS;
        run_together(with, n, n);
        for (size_t i = 0; i < n; i++)
            assert_same(&plain[i], &with[i]);
    }
    speculating = SPECULATE_OFF;
    assert_true(right > 0 && right < guessed);
    runner_free(runner);
    runner = small;
}

static void a_generation_is_used_again(void **state)
{
    (void)state;
    struct answer first = make_answer(1), again = make_answer(1), other = make_answer(2);
    struct error err = {0};
    run_alone(&first);
    struct generation *g = begin(&other, NULL, 0);
    struct generated step;
    generations_step(&g, 1, &step);
    assert_int_equal(generation_begin(g, again.prompt, PROMPT, &again.settings, 3, &g, 1, &err), ERR_NONE);
    assert_int_equal(generation_reused(g), 6);
    while (!generation_read(g, &err))
        assert_int_equal(err.code, ERR_NONE);
    while (!again.ended) {
        generations_step(&g, 1, &step);
        take(&again, &step);
    }
    assert_same(&first, &again);
    generation_free(g);
}

static void a_cache_is_shared_with_a_sibling(void **state)
{
    (void)state;
    struct error err = {0};
    struct answer a = make_answer(0);
    int32_t ids[40];
    for (int32_t i = 0; i < 40; i++)
        ids[i] = 5 + i;
    struct generation *one = generation_new(runner, 0, &err), *other = generation_new(runner, 0, &err);
    assert_int_equal(generation_begin(one, ids, 38, &a.settings, 0, NULL, 0, &err), ERR_NONE);
    while (!generation_read(one, &err))
        assert_int_equal(err.code, ERR_NONE);
    struct generation *const siblings[] = {one, other};
    assert_int_equal(generation_begin(other, ids, 40, &a.settings, 0, siblings, 2, &err), ERR_NONE);
    assert_int_equal(generation_reused(other), 38);
    generation_free(one);
    generation_free(other);
}

static void a_full_context_ends_an_answer(void **state)
{
    (void)state;
    struct answer a = make_answer(0);
    struct error err = {0};
    int32_t ids[CONTEXT + 1] = {0};
    struct generation *g = generation_new(runner, 0, &err);
    a.settings.max_new_tokens = -1;
    assert_int_equal(generation_begin(g, ids, CONTEXT + 1, &a.settings, 0, NULL, 0, &err), ERR_CONTEXT);
    struct error again = {0};
    assert_int_equal(generation_begin(g, ids, 0, &a.settings, 0, NULL, 0, &again), ERR_ARGUMENT);
    generation_free(g);
    g = begin(&a, NULL, 0);
    struct generated step = {0};
    size_t n = 0;
    for (; !step.ended; n++)
        generations_step(&g, 1, &step);
    assert_true(step.finish == FINISH_CONTEXT || step.finish == FINISH_END);
    assert_true(n <= CONTEXT - PROMPT + 1);
    generation_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_that_of_a_session_and_a_sampler),
        cmocka_unit_test(answers_side_by_side_are_those_alone),
        cmocka_unit_test(guesses_change_nothing),
        cmocka_unit_test(a_generation_is_used_again),
        cmocka_unit_test(a_cache_is_shared_with_a_sibling),
        cmocka_unit_test(a_full_context_ends_an_answer),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
