/* Tests of scoring: the numbers are those of one text alone, to the bit, whatever is beside it, before it or kept. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { CONTEXT = 96, TEXTS = 40, MOST = 60, TOP = 5 };

static struct model *model;

static int open_model(void **state)
{
    (void)state;
    char *path = vectors_path("tiny-llama.gguf");
    struct error err = {0};
    if (path != NULL && (model = model_open(path, NULL, &err)) == NULL)
        print_message("%s\n", err.message);
    free(path);
    return model == NULL ? -1 : 0;
}

static int close_model(void **state)
{
    (void)state;
    model_free(model);
    return 0;
}

/* A text with room for its answers. */
struct text {
    int32_t ids[MOST];
    float logp[MOST];
    struct likely likely[MOST * TOP];
    struct scored_text scored;
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Texts that begin alike in many ways: each copies a part of an earlier one and goes on. Some are equal, some stand
 * whole in front of others. */
static void make_texts(struct text *texts, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        struct text *t = &texts[i];
        memset(t, 0, sizeof *t);
        size_t length = 0;
        if (i > 0) {
            const struct text *from = &texts[next_random(&seed) % i];
            length = next_random(&seed) % (from->scored.n + 1);
            memcpy(t->ids, from->ids, length * sizeof *t->ids);
        }
        size_t end = length + next_random(&seed) % 12;
        end = end < 1 ? 1 : end > MOST - 1 ? MOST - 1 : end;
        for (; length < end; length++)
            t->ids[length] = (int32_t)(next_random(&seed) % (uint32_t)model_info(model)->vocab);
        t->scored = (struct scored_text){.ids = t->ids,
                                         .n = end,
                                         .from = 1 + next_random(&seed) % end,
                                         .next = next_random(&seed) % 2 == 0,
                                         .top = (int32_t)(next_random(&seed) % (TOP + 1)),
                                         .logp = t->logp,
                                         .likely = t->likely};
    }
}

static struct runner *open_runner(int32_t batch)
{
    struct error err = {0};
    const struct session_options options = {.context = CONTEXT, .threads = 2, .batch = batch};
    struct runner *r = runner_open(model, &options, &err);
    if (r == NULL)
        fail_msg("%s", err.message);
    return r;
}

static struct scorer *open_scorer(struct runner *r)
{
    struct error err = {0};
    struct scorer *s = scorer_new(r, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

static void score(struct scorer *s, struct text *texts, size_t n)
{
    struct error err = {0};
    struct scored_text *list = calloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = texts[i].scored;
    if (scorer_run(s, list, n, NULL, NULL, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    free(list);
}

static void clear_answers(struct text *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        memset(texts[i].logp, 0x7f, sizeof texts[i].logp);
        memset(texts[i].likely, 0x7f, sizeof texts[i].likely);
    }
}

static void assert_same_answers(const struct text *texts, const struct text *others, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct scored_text *t = &texts[i].scored;
        const size_t places = t->n - t->from, rows = places + (t->next ? 1 : 0);
        assert_memory_equal(texts[i].logp, others[i].logp, places * sizeof(float));
        assert_memory_equal(texts[i].likely, others[i].likely, rows * (size_t)t->top * sizeof(struct likely));
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void likelihoods_are_those_of_a_session(void **state)
{
    (void)state;
    static struct text texts[TEXTS];
    make_texts(texts, TEXTS, 1);
    struct runner *r = open_runner(32);
    struct scorer *s = open_scorer(r);
    score(s, texts, TEXTS);
    struct error err = {0};
    struct session *session = session_new(r, 0, &err);
    for (size_t i = 0; i < TEXTS; i++) {
        const struct scored_text *t = &texts[i].scored;
        float nll[MOST];
        assert_int_equal(session_score(session, t->ids, t->n, nll, NULL, NULL, &err), ERR_NONE);
        for (size_t p = t->from; p < t->n; p++)
            assert_true(fabsf(texts[i].logp[p - t->from] + nll[p - 1]) < 2e-6f * (1 + nll[p - 1]));
    }
    session_free(session);
    scorer_free(s);
    runner_free(r);
}

static void likely_tokens_are_those_of_the_largest_logits(void **state)
{
    (void)state;
    static struct text texts[TEXTS];
    make_texts(texts, TEXTS, 2);
    struct runner *r = open_runner(32);
    struct scorer *s = open_scorer(r);
    score(s, texts, TEXTS);
    struct error err = {0};
    struct session *session = session_new(r, 0, &err);
    const int32_t vocab = model_info(model)->vocab;
    size_t rows = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        const struct scored_text *t = &texts[i].scored;
        const size_t end = t->next ? t->n : t->n - 1;
        for (size_t p = t->from; p <= end && t->top > 0; p++, rows++) {
            assert_int_equal(session_sync(session, t->ids, p, NULL, NULL, NULL, &err), ERR_NONE);
            const float *logits = session_logits(session);
            const struct likely *likely = &texts[i].likely[(p - t->from) * (size_t)t->top];
            for (int32_t k = 0; k < t->top; k++) {
                int32_t better = 0;
                for (int32_t id = 0; id < vocab; id++)
                    better += logits[id] > logits[likely[k].id] ||
                              (logits[id] == logits[likely[k].id] && id < likely[k].id);
                assert_int_equal(better, k);
            }
            if (p < t->n && t->ids[p] == likely[0].id)
                assert_true(texts[i].logp[p - t->from] == likely[0].logp);
        }
    }
    assert_true(rows > 20);
    session_free(session);
    scorer_free(s);
    runner_free(r);
}

static void bits_do_not_depend_on_what_is_beside_a_text(void **state)
{
    (void)state;
    static struct text together[TEXTS], alone[TEXTS];
    for (uint32_t seed = 3; seed < 8; seed++) {
        make_texts(together, TEXTS, seed);
        make_texts(alone, TEXTS, seed);
        clear_answers(together, TEXTS);
        struct runner *r = open_runner(seed % 2 == 0 ? 7 : 64);
        struct scorer *s = open_scorer(r);
        score(s, together, TEXTS);
        scorer_free(s);
        for (size_t i = 0; i < TEXTS; i++) {
            struct scorer *one = open_scorer(r);
            score(one, &alone[i], 1);
            scorer_free(one);
        }
        for (size_t i = 0; i < TEXTS; i++)
            together[i].scored = alone[i].scored;
        assert_same_answers(together, alone, TEXTS);
        runner_free(r);
    }
}

static void bits_do_not_depend_on_what_was_kept(void **state)
{
    (void)state;
    static struct text first[TEXTS], again[TEXTS];
    make_texts(first, TEXTS, 9);
    make_texts(again, TEXTS, 9);
    struct runner *r = open_runner(16);
    struct scorer *fresh = open_scorer(r), *used = open_scorer(r);
    score(fresh, first, TEXTS);
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < TEXTS; i++) {
            clear_answers(&again[i], 1);
            score(used, &again[i], 1);
        }
    for (size_t i = 0; i < TEXTS; i++)
        again[i].scored = first[i].scored;
    assert_same_answers(first, again, TEXTS);
    scorer_free(fresh);
    scorer_free(used);
    runner_free(r);
}

struct count {
    size_t calls, first, done, total, stop_at; /* first: done at the first call */
};

static bool count_progress(void *context, size_t done, size_t total)
{
    struct count *c = context;
    c->first = c->calls++ == 0 ? done : c->first;
    c->done = done;
    c->total = total;
    return c->stop_at == 0 || c->calls < c->stop_at;
}

/* Eight answers to one question of 40 tokens: 40 + 8 * 3 tokens are read, not 8 * 43. */
static void a_common_beginning_is_read_once(void **state)
{
    (void)state;
    static struct text texts[8];
    memset(texts, 0, sizeof texts);
    for (size_t i = 0; i < 8; i++) {
        for (size_t p = 0; p < 43; p++)
            texts[i].ids[p] = (int32_t)(p < 40 ? p + 3 : 50 + i * 5 + p);
        texts[i].scored =
            (struct scored_text){.ids = texts[i].ids, .n = 43, .from = 40, .next = true, .logp = texts[i].logp};
    }
    struct scored_text list[8];
    for (size_t i = 0; i < 8; i++)
        list[i] = texts[i].scored;
    struct runner *r = open_runner(64);
    struct scorer *s = open_scorer(r);
    struct count c = {0};
    struct error err = {0};
    assert_int_equal(scorer_run(s, list, 8, count_progress, &c, &err), ERR_NONE);
    assert_int_equal(c.total, 40 + 8 * 3);
    scorer_free(s);
    runner_free(r);
}

/* What a program asks that sends answers one by one, with likelihoods of all tokens: of the second only what is new is
 * read, and the token before it, which something else follows. */
static void a_beginning_that_comes_again_is_not_read_again(void **state)
{
    (void)state;
    static struct text texts[2], alone;
    memset(texts, 0, sizeof texts);
    struct runner *r = open_runner(64);
    struct scorer *s = open_scorer(r), *fresh = open_scorer(r);
    for (size_t i = 0; i < 2; i++) {
        struct count c = {0};
        struct error err = {0};
        for (size_t p = 0; p < 43; p++)
            texts[i].ids[p] = (int32_t)(p < 40 ? p + 3 : 50 + i * 5 + p);
        texts[i].scored = (struct scored_text){.ids = texts[i].ids,
                                               .n = 43,
                                               .from = 1,
                                               .next = true,
                                               .top = TOP,
                                               .logp = texts[i].logp,
                                               .likely = texts[i].likely};
        assert_int_equal(scorer_run(s, &texts[i].scored, 1, count_progress, &c, &err), ERR_NONE);
        assert_int_equal(c.first, i == 0 ? 0 : 39);
    }
    alone = texts[1];
    alone.scored.logp = alone.logp;
    alone.scored.likely = alone.likely;
    clear_answers(&alone, 1);
    score(fresh, &alone, 1);
    assert_same_answers(&texts[1], &alone, 1);
    scorer_free(s);
    scorer_free(fresh);
    runner_free(r);
}

static void impossible_texts_are_refused(void **state)
{
    (void)state;
    struct runner *r = open_runner(16);
    struct scorer *s = open_scorer(r);
    int32_t ids[CONTEXT + 1] = {0}, wrong[2] = {1, model_info(model)->vocab};
    float logp[CONTEXT + 1];
    const struct {
        struct scored_text text;
        enum error_code code;
    } cases[] = {
        {{.ids = ids, .n = 0, .from = 1, .logp = logp}, ERR_ARGUMENT},
        {{.ids = ids, .n = 4, .from = 0, .logp = logp}, ERR_ARGUMENT},
        {{.ids = ids, .n = 4, .from = 5, .logp = logp}, ERR_ARGUMENT},
        {{.ids = ids, .n = 4, .from = 1, .logp = logp, .top = SCORE_TOP + 1}, ERR_ARGUMENT},
        {{.ids = wrong, .n = 2, .from = 1, .logp = logp}, ERR_ARGUMENT},
        {{.ids = ids, .n = CONTEXT + 1, .from = 1, .next = true, .logp = logp}, ERR_CONTEXT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scored_text text = cases[i].text;
        struct error err = {0};
        assert_int_equal(scorer_run(s, &text, 1, NULL, NULL, &err), cases[i].code);
    }
    struct error err = {0};
    struct scored_text one = {.ids = ids, .n = 1, .from = 1, .logp = logp};
    assert_int_equal(scorer_run(s, &one, 1, NULL, NULL, &err), ERR_NONE);
    assert_int_equal(scorer_run(s, NULL, 0, NULL, NULL, &err), ERR_NONE);
    scorer_free(s);
    runner_free(r);
}

/* Progress is asked for the first time in the middle of a batch, when a tenth of a second has passed since the epoch of
 * the clock, and then stops it; the scorer can be used on. */
static void stopping_leaves_the_scorer_usable(void **state)
{
    (void)state;
    static struct text texts[TEXTS], fresh[TEXTS];
    make_texts(texts, TEXTS, 11);
    make_texts(fresh, TEXTS, 11);
    struct scored_text list[TEXTS];
    for (size_t i = 0; i < TEXTS; i++)
        list[i] = texts[i].scored;
    struct runner *r = open_runner(16);
    struct scorer *s = open_scorer(r), *other = open_scorer(r);
    struct count c = {.stop_at = 1};
    struct error err = {0};
    assert_int_equal(scorer_run(s, list, TEXTS, count_progress, &c, &err), ERR_STOPPED);
    score(s, texts, TEXTS);
    score(other, fresh, TEXTS);
    for (size_t i = 0; i < TEXTS; i++)
        texts[i].scored = fresh[i].scored;
    assert_same_answers(texts, fresh, TEXTS);
    scorer_free(s);
    scorer_free(other);
    runner_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likelihoods_are_those_of_a_session),
        cmocka_unit_test(likely_tokens_are_those_of_the_largest_logits),
        cmocka_unit_test(bits_do_not_depend_on_what_is_beside_a_text),
        cmocka_unit_test(bits_do_not_depend_on_what_was_kept),
        cmocka_unit_test(a_common_beginning_is_read_once),
        cmocka_unit_test(a_beginning_that_comes_again_is_not_read_again),
        cmocka_unit_test(impossible_texts_are_refused),
        cmocka_unit_test(stopping_leaves_the_scorer_usable),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
