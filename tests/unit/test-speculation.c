/* Tests of speculation: where a text repeats itself, which guesses are worth it, and that answers are the same bytes with
 * it and without. */
#include <config.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/run/costs.h"
#include "engine/run/session.h"
#include "engine/run/speculation.h"
#include "engine/run/suffix.h"
#include "tests/cmocka.h"
#include "tests/sanitized.h"
#include "tests/source.h"
#include "tests/unit/asking.h"

/* ---- the automaton ---------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* The longest end of ids[0..n) that stands in ids[0..n - 1), by looking everywhere. */
static size_t longest_by_hand(const int32_t *ids, size_t n, bool own)
{
    size_t best = 0;
    for (size_t end = 1; end < n + !own; end++) {
        size_t length = 0;
        while (length < end && ids[end - 1 - length] == ids[n - 1 - length] && ids[n - 1 - length] >= 0)
            length++;
        best = length > best ? length : best;
    }
    return best;
}

static void check_place(const int32_t *ids, const int32_t *text, size_t n, struct suffix_match m)
{
    assert_true(m.length <= m.next);
    assert_memory_equal(ids + m.next - m.length, text + n - m.length, m.length * sizeof *ids);
}

static void finds_the_longest_repetition(void **state)
{
    (void)state;
    enum { TOKENS = 700 };
    for (uint32_t seed = 1; seed <= 12; seed++) {
        int32_t ids[TOKENS];
        uint32_t random = seed;
        struct suffix *s = suffix_new(TOKENS);
        for (size_t n = 1; n <= TOKENS; n++) {
            const uint32_t kind = next_random(&random);
            ids[n - 1] = n > 40 && seed % 3 == 0 && kind % 5 != 0 ? ids[n - 30] : (int32_t)(kind % (1 + seed));
            if (kind % 97 == 0)
                ids[n - 1] = -1;
            assert_true(suffix_append(s, ids[n - 1]));
            const struct suffix_match m = suffix_own(s);
            assert_int_equal(m.length, longest_by_hand(ids, n, true));
            check_place(ids, ids, n, m);
            assert_true(m.length == 0 || m.next < n);
        }
        assert_false(suffix_append(s, 1));
        assert_memory_equal(suffix_ids(s), ids, sizeof ids);
        suffix_free(s);
    }
}

static void follows_another_text(void **state)
{
    (void)state;
    enum { TOKENS = 400 };
    int32_t ids[TOKENS], text[2 * TOKENS];
    uint32_t random = 5;
    struct suffix *s = suffix_new(TOKENS);
    for (size_t i = 0; i < TOKENS; i++)
        suffix_append(s, ids[i] = (int32_t)(next_random(&random) % 6));
    struct suffix_match m = {0};
    memcpy(text, ids, sizeof ids);
    for (size_t n = 1; n <= TOKENS; n++) {
        text[TOKENS + n - 1] = n % 50 > 20 ? ids[n] : (int32_t)(next_random(&random) % 7);
        m = suffix_follow(s, m, text[TOKENS + n - 1]);
        size_t longest = 0;
        for (size_t end = 1; end <= TOKENS; end++) {
            size_t length = 0;
            while (length < end && length < n && ids[end - 1 - length] == text[TOKENS + n - 1 - length])
                length++;
            longest = length > longest ? length : longest;
        }
        assert_int_equal(m.length, longest);
        check_place(ids, text + TOKENS, n, m);
    }
    suffix_free(s);
}

static void is_as_new_when_cleared(void **state)
{
    (void)state;
    struct suffix *s = suffix_new(1000);
    for (int i = 0; i < 600; i++)
        suffix_append(s, i % 7);
    suffix_clear(s);
    assert_int_equal(suffix_length(s), 0);
    assert_int_equal(suffix_follow(s, (struct suffix_match){0}, 3).length, 0);
    for (int i = 0; i < 5; i++)
        suffix_append(s, i);
    assert_int_equal(suffix_own(s).length, 0);
    suffix_append(s, 2);
    assert_int_equal(suffix_own(s).length, 1);
    assert_int_equal(suffix_own(s).next, 3);
    suffix_free(s);
    suffix_free(NULL);
}

/* ---- guesses ---------------------------------------------------------------------------------------------------- */

static const int32_t verse[] = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30};
enum { VERSE = sizeof verse / sizeof *verse };

static struct costs costs;

static struct speculation *speculate(enum speculate mode, const struct suffix *history)
{
    struct error err = {0};
    costs = (struct costs){0};
    struct speculation *s = speculation_new(mode, 1000, history, &costs, &err);
    assert_non_null(s);
    return s;
}

/* Says the verse, and n tokens of it once more. */
static void recite(struct speculation *s, size_t n)
{
    int32_t text[2 * VERSE];
    memcpy(text, verse, sizeof verse);
    memcpy(text + VERSE, verse, n * sizeof *verse);
    speculation_begin(s, text, VERSE + n);
}

/* Batches of n cost (1 + slope (n - 1)) times one token. */
static void price(double slope)
{
    for (int32_t n = 1; n <= COSTS_MOST; n++)
        costs_measure(&costs, n, 0.01 * (1 + slope * (n - 1)));
}

static void guesses_what_followed(void **state)
{
    (void)state;
    int32_t out[SPECULATION_MOST];
    struct speculation *s = speculate(SPECULATE_AUTO, NULL);
    recite(s, 4);
    assert_int_equal(speculation_guess(s, 10, out), 0); /* what it costs is not known */
    price(0.05);
    const int32_t n = speculation_guess(s, 10, out);
    assert_in_range(n, 4, 10);
    assert_memory_equal(out, verse + 4, (size_t)n * sizeof *out);
    assert_int_equal(speculation_guess(s, 3, out), 3);
    assert_int_equal(speculation_guess(s, 0, out), 0);
    speculation_append(s, 99);
    assert_int_equal(speculation_guess(s, 10, out), 0);
    speculation_free(s);
}

static void guesses_less_where_batches_cost_more(void **state)
{
    (void)state;
    int32_t out[SPECULATION_MOST], before = SPECULATION_MOST;
    const double slopes[] = {0.02, 0.2, 0.5, 1.1};
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++) {
        struct speculation *s = speculate(SPECULATE_AUTO, NULL);
        recite(s, 5);
        price(slopes[i]);
        const int32_t n = speculation_guess(s, SPECULATION_MOST, out);
        assert_true(n <= before);
        before = n;
        speculation_free(s);
    }
    assert_int_equal(before, 0);
}

/* Beside others the batch is larger already: a guess must be worth more, and there is room for sixteen tokens in all. */
static void guesses_less_beside_others(void **state)
{
    (void)state;
    int32_t out[SPECULATION_MOST], before = SPECULATION_MOST;
    struct speculation *s = speculate(SPECULATE_AUTO, NULL);
    recite(s, 5);
    price(0.1);
    for (int32_t others = 1; others <= COSTS_MOST; others++) {
        struct speculation_batch b = {.rows = others, .made = others};
        const int32_t n = speculation_guess_beside(s, SPECULATION_MOST, &b, out);
        assert_true(n <= before && others + n <= COSTS_MOST);
        assert_int_equal(b.rows, others + n);
        assert_true(n == 0 ? b.made == others : b.made > others && b.made <= others + n);
        before = n;
    }
    assert_int_equal(before, 0);
    speculation_free(s);
}

/* What never comes true is not guessed for long, and what always does the longer. */
static void learns_from_what_comes(void **state)
{
    (void)state;
    int32_t out[SPECULATION_MOST];
    struct speculation *s = speculate(SPECULATE_AUTO, NULL);
    recite(s, 3);
    price(0.2);
    assert_true(speculation_guess(s, SPECULATION_MOST, out) > 0);
    for (int i = 0; i < 60; i++) {
        speculation_append(s, 50 + i); /* something else each time */
        for (int k = 0; k < 3; k++)
            speculation_append(s, verse[k]);
    }
    assert_int_equal(speculation_guess(s, SPECULATION_MOST, out), 0);
    speculation_free(s);
}

static void repeats_what_repeats(void **state)
{
    (void)state;
    int32_t out[SPECULATION_MOST];
    struct speculation *s = speculate(SPECULATE_ALWAYS, NULL);
    speculation_begin(s, (const int32_t[]){7, 8, 7, 8, 7}, 5);
    const int32_t n = speculation_guess(s, SPECULATION_MOST, out);
    assert_true(n > 3);
    for (int32_t i = 0; i < n; i++)
        assert_int_equal(out[i], i % 2 == 0 ? 8 : 7);
    speculation_free(s);
}

static void guesses_from_the_history(void **state)
{
    (void)state;
    int32_t out[SPECULATION_MOST];
    struct suffix *history = suffix_new(100);
    for (size_t i = 0; i < VERSE; i++)
        suffix_append(history, verse[i]);
    suffix_append(history, -1);
    struct speculation *s = speculate(SPECULATE_ALWAYS, history);
    speculation_begin(s, (const int32_t[]){1, 2, 3, 13, 14, 15}, 6);
    assert_int_equal(speculation_guess(s, 5, out), 5);
    assert_memory_equal(out, verse + 5, 5 * sizeof *out);
    for (size_t i = 5; i < VERSE - 2; i++)
        speculation_append(s, verse[i]);
    assert_int_equal(speculation_guess(s, 5, out), 2); /* the answer ended there */
    speculation_free(s);
    suffix_free(history);
}

/* ---- the session ------------------------------------------------------------------------------------------------ */

static void guesses_change_no_bit(void **state)
{
    (void)state;
    struct error err = {0};
    struct model *model = model_open(source_fixture("tiny-llama.gguf"), NULL, &err);
    const struct session_options options = {.context = 80, .threads = 2};
    struct session *plain = session_open(model, &options, &err), *ahead = session_open(model, &options, &err);
    const size_t size = (size_t)model_info(model)->vocab * sizeof(float);
    int32_t prompt[] = {1, 60, 70}, guesses[SESSION_AHEAD], ids[80];
    for (int32_t i = 0; i < 80; i++)
        ids[i] = 40 + i * 7 % 90;
    session_sync(plain, prompt, 3, NULL, NULL, NULL, &err);
    session_sync(ahead, prompt, 3, NULL, NULL, NULL, &err);
    for (int32_t i = 0; i < 77; i++) {
        int32_t n = i % 9; /* of which the first i % 5 come true */
        for (int32_t k = 0; k < n; k++)
            guesses[k] = k < i % 5 ? ids[i + 1 + k < 80 ? i + 1 + k : 79] : 33;
        assert_int_equal(session_push(plain, ids[i], &err), ERR_NONE);
        assert_int_equal(session_push_ahead(ahead, ids[i], guesses, &n, &err), ERR_NONE);
        assert_int_equal(session_length(ahead), session_length(plain));
        assert_memory_equal(session_logits(ahead), session_logits(plain), size);
    }
    int32_t n = 3;
    assert_int_equal(session_push_ahead(ahead, 40, guesses, &n, &err), ERR_CONTEXT);
    session_free(plain);
    session_free(ahead);
    model_free(model);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

enum { ANSWERS = SANITIZED ? 100 : 1000, LONGEST = 12, PROMPT = 40 };

static struct worker *speculating_worker_start(enum speculate mode)
{
    struct error err = {0};
    struct worker *w = worker_start(&(struct worker_options){.model_path = source_fixture("tiny-llama.gguf"),
                                                             .session = {.context = 300, .threads = 1},
                                                             .speculate = mode},
                                    &err);
    assert_non_null(w);
    assert_int_equal(asking_next(w).kind, EVENT_LOADED);
    return w;
}

static struct sampling vary_settings(int i)
{
    static const float temperatures[] = {0, 0.3F, 0.8F, 1, 1.7F};
    struct sampling s = sampling_defaults();
    s.temperature = temperatures[i % 5];
    s.top_k = i % 3 == 0 ? 20 : 0;
    s.top_p = i % 4 == 0 ? 0.9F : 1;
    s.repetition_penalty = i % 7 == 0 ? 1.2F : 1;
    s.dry_multiplier = i % 11 == 0 ? 0.8F : 0;
    s.mirostat_tau = i % 13 == 0 ? 3 : 0;
    s.xtc_probability = i % 17 == 0 ? 0.5F : 0;
    s.seed = (uint64_t)i;
    s.max_new_tokens = LONGEST;
    return s;
}

/* The events of a request as one text of bytes, without those that tell of guesses and time. */
static struct timings read_answer(struct worker *w, uint64_t request, struct buf *out)
{
    for (;;) {
        struct event e = asking_next(w);
        if (e.request != request || e.kind == EVENT_PREFILL)
            continue;
        if (e.kind == EVENT_DONE) {
            buf_append(out, &e.finish, sizeof e.finish);
            return e.timings;
        }
        assert_int_equal(e.kind, EVENT_TOKEN);
        buf_append(out, &e.id, sizeof e.id);
        buf_append(out, &e.chosen, sizeof e.chosen);
        buf_append(out, e.best, (size_t)e.n_best * sizeof *e.best);
        buf_append(out, &e.entropy, sizeof e.entropy);
        buf_append(out, &e.rank, sizeof e.rank);
        buf_append(out, &e.survivors, sizeof e.survivors);
        buf_append(out, &e.settings, sizeof e.settings);
        buf_append(out, e.text, e.text_size);
    }
}

static void fill_prompt(int32_t *ids, int i)
{
    for (int k = 0; k < PROMPT; k++)
        ids[k] = k == 0 ? 1 : 40 + (k % (5 + i % 4)) * 3 + i % 8;
}

static void answers_are_the_same_bytes(void **state)
{
    (void)state;
    struct worker *with = speculating_worker_start(SPECULATE_ALWAYS),
                  *without = speculating_worker_start(SPECULATE_OFF);
    struct buf a, b;
    size_t guessed = 0, right = 0;
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    for (int i = 0; i < ANSWERS; i++) {
        int32_t ids[PROMPT];
        const struct sampling s = vary_settings(i);
        fill_prompt(ids, i);
        buf_clear(&a);
        buf_clear(&b);
        const uint64_t request = asking_generate(with, ids, PROMPT, &s);
        const uint64_t other = asking_generate(without, ids, PROMPT, &s);
        const struct timings t = read_answer(with, request, &a);
        assert_int_equal(read_answer(without, other, &b).guessed_tokens, 0);
        assert_true(!buf_failed(&a) && a.size == b.size);
        assert_memory_equal(a.data, b.data, a.size);
        assert_true(t.true_guesses <= t.guessed_tokens);
        guessed += t.guessed_tokens;
        right += t.true_guesses;
    }
    print_message("guessed: %zu, right: %zu\n", guessed, right);
    assert_true(right > ANSWERS / 4 && guessed > 2 * right);
    buf_free(&a);
    buf_free(&b);
    worker_free(with);
    worker_free(without);
}

static void add_token(const struct event *e, struct buf *out)
{
    buf_append(out, &e->id, sizeof e->id);
    buf_append(out, &e->chosen, sizeof e->chosen);
    buf_append(out, &e->settings, sizeof e->settings);
}

/* Lets an answer make a few tokens, changes what it is made by, looks at what may come, and continues or puts a token. */
static void step_through(struct worker *w, struct buf *out)
{
    int32_t ids[PROMPT];
    struct sampling s = vary_settings(1);
    fill_prompt(ids, 3);
    s.max_new_tokens = 60;
    worker_pace(w, 0);
    asking_generate(w, ids, PROMPT, &s);
    int round = 0;
    bool changed = false;
    for (struct event e; (e = asking_next(w)).kind != EVENT_DONE;) {
        if (e.kind == EVENT_TOKEN)
            add_token(&e, out);
        if (e.kind != EVENT_PREVIEW)
            continue;
        if (!changed) {
            s = vary_settings(++round);
            s.max_new_tokens = 60;
            worker_set_sampling(w, &s);
        } else {
            buf_append(out, e.best, (size_t)e.n_best * sizeof *e.best);
            if (round % 4 == 3)
                worker_force(w, 50 + round);
            else
                worker_pace(w, 5);
        }
        changed = !changed;
    }
}

static void settings_act_on_the_same_token(void **state)
{
    (void)state;
    struct worker *with = speculating_worker_start(SPECULATE_ALWAYS),
                  *without = speculating_worker_start(SPECULATE_OFF);
    struct buf a, b;
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    step_through(with, &a);
    step_through(without, &b);
    assert_true(a.size > 1000 && a.size == b.size);
    assert_memory_equal(a.data, b.data, a.size);
    buf_free(&a);
    buf_free(&b);
    worker_free(with);
    worker_free(without);
}

/* What was taught is guessed: the same answer once more, from its first tokens on. */
static void guesses_what_it_was_taught(void **state)
{
    (void)state;
    struct worker *w = speculating_worker_start(SPECULATE_ALWAYS);
    int32_t ids[PROMPT];
    struct sampling s = vary_settings(2);
    s.max_new_tokens = 2 * LONGEST;
    fill_prompt(ids, 2);
    struct asking_result *first = asking_answer(w, ids, PROMPT, &s);
    worker_free(w);
    assert_true(first->n > 10);
    w = speculating_worker_start(SPECULATE_ALWAYS);
    first->ids[first->n] = -1;
    worker_teach(w, first->ids, (size_t)first->n + 1);
    struct asking_result *second = asking_answer(w, ids, PROMPT, &s);
    assert_int_equal(second->n, first->n);
    assert_memory_equal(second->ids, first->ids, (size_t)first->n * sizeof *first->ids);
    assert_true(second->last.timings.true_guesses > first->last.timings.true_guesses);
    assert_true(second->last.timings.true_guesses > (size_t)first->n / 2);
    worker_free(w);
    asking_result_free(first);
    asking_result_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_longest_repetition),
        cmocka_unit_test(follows_another_text),
        cmocka_unit_test(is_as_new_when_cleared),
        cmocka_unit_test(guesses_what_followed),
        cmocka_unit_test(guesses_less_where_batches_cost_more),
        cmocka_unit_test(guesses_less_beside_others),
        cmocka_unit_test(learns_from_what_comes),
        cmocka_unit_test(repeats_what_repeats),
        cmocka_unit_test(guesses_from_the_history),
        cmocka_unit_test(guesses_change_no_bit),
        cmocka_unit_test(answers_are_the_same_bytes),
        cmocka_unit_test(guesses_what_it_was_taught),
        cmocka_unit_test(settings_act_on_the_same_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
