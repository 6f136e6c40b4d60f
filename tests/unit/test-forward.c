/* Tests of the forward pass and the session against the reference implementation's logits, likelihoods and greedy ids,
 * in the exact and in the fast mode, and of one promise: a token's logits are the same bits however the tokens before
 * it were split into batches and whatever the number of threads. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/kernels/kernels.h"
#include "engine/run/attention.h"
#include "engine/run/forward.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"
#include "tests/cmocka.h"
#include "tests/sanitized.h"
#include "tests/unit/vectors.h"

static struct model *open_model(char *path)
{
    struct error err = {0};
    if (path == NULL) {
        print_message("the model is not here: skipped\n");
        skip();
    }
    struct model *model = model_open(path, NULL, &err);
    if (model == NULL)
        fail_msg("%s", err.message);
    free(path);
    return model;
}

static struct session *open_session(const struct model *model, int32_t threads, int32_t batch, bool exact)
{
    struct error err = {0};
    struct session_options options = {.context = 700, .threads = threads, .batch = batch, .exact = exact};
    struct session *s = session_open(model, &options, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

static void sync_ids(struct session *s, const int32_t *ids, size_t n)
{
    struct error err = {0};
    if (session_sync(s, ids, n, NULL, NULL, NULL, &err) != ERR_NONE)
        fail_msg("%s", err.message);
}

static int32_t likeliest(const float *logits, int32_t n)
{
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

/* ---- against the reference -------------------------------------------------------------------------------------- */

enum { BATCH = 256 };

/* What the mode at hand may differ by; a negative bound is not checked. */
struct bounds {
    bool exact;    /* and so all greedy ids equal */
    bool slow;     /* these in one batch */
    double logits; /* absolute */
    double nll;    /* of the mean over all tokens, relative */
    double token;  /* of one token's nll, root mean square: a mean alone hides errors that cancel, and over the dozen of
                      tokens of one case it is chance */
    double clear;  /* the likeliest token is equal where the reference's first two differ by more */
};

struct seen {
    double logit;                   /* the largest difference */
    double sum, reference, squares; /* of nlls, and of their differences */
    size_t tokens;
    int cases, clear, greedy;
};

static double top_logit(const json_t *c, size_t i, int32_t *id)
{
    const json_t *pair = json_array_get(json_object_get(c, "top_logits"), i);
    *id = (int32_t)json_integer_value(json_array_get(pair, 0));
    return json_number_value(json_array_get(pair, 1));
}

static void check_logits(struct session *s, int32_t vocab, const json_t *c, const struct bounds *b, struct seen *seen)
{
    const float *logits = session_logits(s);
    assert_non_null(logits);
    int32_t first, id;
    const double best = top_logit(c, 0, &first), second = top_logit(c, 1, &id);
    for (size_t i = 0; i < json_array_size(json_object_get(c, "top_logits")); i++) {
        const double expected = top_logit(c, i, &id), difference = fabs(logits[id] - expected);
        assert_false(isnan(difference));
        seen->logit = difference > seen->logit ? difference : seen->logit;
    }
    if (best - second > b->clear) {
        assert_int_equal(likeliest(logits, vocab), first);
        seen->clear++;
    }
}

static void add_nll(const float *nll, const json_t *c, size_t n, struct seen *seen)
{
    const json_t *expected = json_object_get(c, "nll_per_token");
    assert_int_equal(json_array_size(expected), n);
    for (size_t i = 0; i < n; i++) {
        const double reference = json_number_value(json_array_get(expected, i)), difference = nll[i] - reference;
        assert_false(isnan(difference));
        seen->sum += nll[i];
        seen->reference += reference;
        seen->squares += difference * difference;
    }
    seen->tokens += n;
}

static void check_greedy(struct session *s, int32_t vocab, const json_t *c, struct seen *seen)
{
    size_t n;
    int32_t *expected = vectors_ids(json_object_get(c, "greedy_ids"), &n);
    struct error err = {0};
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(likeliest(session_logits(s), vocab), expected[i]);
        if (i + 1 < n)
            assert_int_equal(session_push(s, expected[i], &err), ERR_NONE);
        seen->greedy++;
    }
    free(expected);
}

/* The same for a model that is slow in the exact mode: the answer is read with its prompt in one batch, and each of its
 * tokens must be the likeliest where it stands, which is what choosing them one by one comes to. */
static void check_greedy_at_once(struct forward *f, int32_t vocab, const json_t *c, struct seen *seen)
{
    size_t n, more;
    int32_t ids[BATCH], *prompt = vectors_ids(json_object_get(c, "ids"), &n);
    int32_t *answer = vectors_ids(json_object_get(c, "greedy_ids"), &more);
    assert_true(n + more <= BATCH);
    memcpy(ids, prompt, n * sizeof *ids);
    memcpy(ids + n, answer, more * sizeof *ids);
    float *logits = malloc(more * (size_t)vocab * sizeof *logits);
    struct kv kv;
    struct batch_row rows[BATCH];
    assert_true(forward_kv_init(f, &kv, BATCH, NULL) && kv_reserve(&kv, 0, (int32_t)(n + more), NULL));
    for (size_t i = 0; i < n + more; i++)
        rows[i] = (struct batch_row){.id = ids[i], .position = (int32_t)i, .kv = &kv};
    const struct forward_batch batch = {.rows = rows, .n = (int32_t)(n + more), .want = FORWARD_ALL};
    assert_true(forward_run(f, &batch));
    forward_logits(f, (int32_t)n - 1, (int32_t)more, logits);
    for (size_t i = 0; i < more; i++, seen->greedy++)
        assert_int_equal(likeliest(logits + i * (size_t)vocab, vocab), answer[i]);
    kv_free(&kv);
    free(logits);
    free(prompt);
    free(answer);
}

static void check_case(struct session *s, int32_t vocab, const json_t *c, const struct bounds *b, struct seen *seen)
{
    size_t n;
    struct error err = {0};
    int32_t *ids = vectors_ids(json_object_get(c, "ids"), &n);
    float *nll = calloc(n, sizeof *nll);
    assert_int_equal(session_score(s, ids, n, nll, NULL, NULL, &err), ERR_NONE);
    add_nll(nll, c, n - 1, seen);
    check_logits(s, vocab, c, b, seen);
    sync_ids(s, ids, n);
    if (b->exact && !b->slow)
        check_greedy(s, vocab, c, seen);
    seen->cases++;
    free(nll);
    free(ids);
}

static void check_all_greedy(struct model *model, const json_t *cases, struct seen *seen)
{
    struct error err = {0};
    const struct forward_options options = {.context = BATCH, .batch = BATCH, .exact = true};
    struct pool *pool = pool_new(engine_cores(), &err);
    struct forward *f = pool != NULL ? forward_new(model, pool, &options, &err) : NULL;
    if (f == NULL)
        fail_msg("%s", err.message);
    size_t i;
    json_t *c;
    json_array_foreach(cases, i, c)
        check_greedy_at_once(f, model_info(model)->vocab, c, seen);
    forward_free(f);
    pool_free(pool);
}

static void check_model(struct model *model, const char *vectors, const struct bounds *b)
{
    json_t *json = vectors_load(vectors);
    struct seen seen = {0};
    size_t i;
    json_t *c;
    struct session *s = open_session(model, 0, 0, b->exact);
    json_array_foreach(json_object_get(json, "cases"), i, c)
        check_case(s, model_info(model)->vocab, c, b, &seen);
    if (b->slow)
        check_all_greedy(model, json_object_get(json, "cases"), &seen);
    const double mean = fabs(seen.sum / seen.reference - 1), token = sqrt(seen.squares / (double)seen.tokens);
    print_message("%s, %s: %d cases, a logit at most %.2g off, a token's nll %.2g, their mean %.2g%%, "
                  "%d clear tokens and %d greedy ones equal\n",
                  vectors, b->exact ? "exact" : session_kernels(s), seen.cases, seen.logit, token, mean * 100,
                  seen.clear, seen.greedy);
    session_free(s);
    json_decref(json);
    assert_true(seen.cases > 0);
    assert_true(b->logits < 0 || seen.logit <= b->logits);
    assert_true(b->nll < 0 || mean <= b->nll);
    assert_true(b->token < 0 || token <= b->token);
}

static void check_pair(const char *gguf, const char *vectors, const struct bounds *b)
{
    struct model *model = open_model(vectors_path(gguf));
    check_model(model, vectors, b);
    model_free(model);
}

/* Of the larger vectors, which only some machines have. */
static void check_pair_if_there(const char *gguf, const char *vectors, const struct bounds *b)
{
    char *path = vectors_path(gguf);
    if (path == NULL)
        return;
    free(path);
    check_pair(gguf, vectors, b);
}

static const struct bounds tiny_exact = {.exact = true, .logits = 0.002, .nll = 1e-4, .token = 1e-3};
static const struct bounds tiny_fast = {.logits = 0.1, .nll = 1e-3, .token = 0.02, .clear = 0.5};
/* With Q8_0 among the weights. */
static const struct bounds tiny_rounded = {.logits = 0.4, .nll = 0.01, .token = 0.1, .clear = 1};
static const struct bounds smollm2_exact = {.exact = true, .slow = true, .logits = 0.01, .nll = 1e-4, .token = 1e-3};
static const struct bounds smollm2_fast = {.logits = -1, .nll = 0.01, .token = 0.1, .clear = 0.5};

/* Models as they are published by Hugging Face, in both kinds of files, and by Meta, in one and two parts. */
static void check_forms(void)
{
    static const char *const forms[] = {"hf", "hf-bin", "meta"};
    check_pair("folder-hf", "hf-llama.json", &tiny_exact);
    check_pair("folder-meta", "folder-meta.json", &tiny_exact);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char name[32];
        snprintf(name, sizeof name, "tiny-mha-%s", forms[i]);
        check_pair_if_there(name, "tiny-mha.json", &tiny_exact);
        snprintf(name, sizeof name, "tiny-gqa-%s", forms[i]);
        check_pair_if_there(name, "tiny-gqa.json", &tiny_exact);
    }
}

static void transformers_is_equalled_in_exact_mode(void **state)
{
    (void)state;
    check_pair("hf-llama.gguf", "hf-llama.json", &tiny_exact);
    check_pair("hf-llama3.gguf", "hf-llama3.json", &tiny_exact);
    check_pair("tiny-llama.gguf", "hf-tiny-llama.json", &tiny_exact);
    check_pair_if_there("tiny-mha.gguf", "tiny-mha.json", &tiny_exact);
    check_pair_if_there("tiny-gqa.gguf", "tiny-gqa.json", &tiny_exact);
    check_forms();
}

static void transformers_is_equalled_in_fast_mode(void **state)
{
    (void)state;
    check_pair("hf-llama.gguf", "hf-llama.json", &tiny_fast);
    check_pair("hf-llama3.gguf", "hf-llama3.json", &tiny_fast);
    check_pair("tiny-llama.gguf", "hf-tiny-llama.json", &tiny_rounded);
    check_pair_if_there("tiny-mha.gguf", "tiny-mha.json", &tiny_fast);
    check_pair_if_there("tiny-gqa.gguf", "tiny-gqa.json", &tiny_fast);
}

static void tiny_llama_exact(void **state)
{
    (void)state;
    check_pair("tiny-llama.gguf", "tiny-llama.json", &tiny_exact);
}

static void tiny_llama_fast(void **state)
{
    (void)state;
    check_pair("tiny-llama.gguf", "tiny-llama.json", &tiny_rounded);
}

static void tiny_llama3_exact(void **state)
{
    (void)state;
    check_pair("tiny-llama3.gguf", "tiny-llama3.json", &tiny_exact);
}

static void tiny_llama3_fast(void **state)
{
    (void)state;
    check_pair("tiny-llama3.gguf", "tiny-llama3.json", &tiny_fast);
}

static void check_smollm2(const struct bounds *b)
{
    struct model *model = open_model(vectors_default_model());
    check_model(model, "hf-smollm2.json", b);
    json_t *larger = vectors_load("smollm2.json");
    if (larger != NULL)
        check_model(model, "smollm2.json", b);
    json_decref(larger);
    model_free(model);
}

static void smollm2_in_exact_mode(void **state)
{
    (void)state;
    check_smollm2(&smollm2_exact);
}

static void smollm2_in_fast_mode(void **state)
{
    (void)state;
    check_smollm2(&smollm2_fast);
}

/* ---- the same bits ---------------------------------------------------------------------------------------------- */

enum { LENGTH = 300, SHORT = 70 };

/* Evaluates ids[0..LENGTH) in pieces of pseudo-random lengths. */
static void in_pieces(struct session *s, const int32_t *ids, size_t length, uint32_t seed)
{
    for (size_t n = 0; n < length;) {
        seed = seed * 1664525u + 1013904223u;
        const size_t piece = 1 + (seed >> 24) % 70;
        n = n + piece < length ? n + piece : length;
        sync_ids(s, ids, n);
    }
}

static void check_same_bits(struct model *model, size_t length)
{
    static const int32_t threads[] = {1, 3, 2, 8};
    const size_t n_threads = SANITIZED ? 2 : sizeof threads / sizeof *threads;
    const int32_t vocab = model_info(model)->vocab;
    const size_t size = (size_t)vocab * sizeof(float);
    int32_t ids[LENGTH];
    for (int32_t i = 0; i < LENGTH; i++)
        ids[i] = (i * 7919 + 13) % (vocab < 1000 ? vocab : 1000);
    float *expected = malloc(size);
    for (size_t t = 0; t < n_threads; t++) {
        struct session *s = open_session(model, threads[t], 0, false);
        sync_ids(s, ids, length);
        if (t == 0)
            memcpy(expected, session_logits(s), size);
        assert_memory_equal(session_logits(s), expected, size);
        for (uint32_t seed = 2; seed < 4; seed++) {
            sync_ids(s, ids + 1, 1);
            in_pieces(s, ids, length, seed);
            assert_memory_equal(session_logits(s), expected, size);
        }
        session_free(s);
    }
    struct session *s = open_session(model, 2, 0, false);
    for (size_t n = 1; n <= length; n++)
        sync_ids(s, ids, n);
    assert_memory_equal(session_logits(s), expected, size);
    session_free(s);
    free(expected);
}

static void tiny_batches_give_the_same_bits(void **state)
{
    (void)state;
    static const char *const names[] = {"tiny-mha.gguf",    "tiny-gqa.gguf", "tiny-llama.gguf",
                                        "tiny-llama3.gguf", "hf-llama.gguf", "hf-llama3.gguf"};
    int checked = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = vectors_path(names[i]);
        if (path == NULL)
            continue;
        struct model *model = open_model(path);
        check_same_bits(model, LENGTH);
        model_free(model);
        checked++;
    }
    assert_true(checked > 0);
}

/* Runs with one table of kernels after another; what PALAVER_KERNELS says is put back. */
struct tables {
    int next;
    char *before;
};

static struct tables tables_begin(void)
{
    const char *chosen = getenv("PALAVER_KERNELS");
    return (struct tables){.before = chosen != NULL ? strdup(chosen) : NULL};
}

static const char *tables_next(struct tables *t)
{
    const struct kernels *table = kernels_at(t->next++);
    if (table != NULL) {
        setenv("PALAVER_KERNELS", table->name, 1);
        return table->name;
    }
    if (t->before != NULL)
        setenv("PALAVER_KERNELS", t->before, 1);
    else
        unsetenv("PALAVER_KERNELS");
    free(t->before);
    return NULL;
}

static void each_table_keeps_its_bits_in_batches(void **state)
{
    (void)state;
    struct model *model = open_model(vectors_path("tiny-llama.gguf"));
    struct tables tables = tables_begin();
    while (tables_next(&tables) != NULL) {
        check_same_bits(model, LENGTH);
        check_model(model, "tiny-llama.json", &tiny_rounded);
    }
    model_free(model);
}

/* Logits after each of a few lengths of one text, (lengths, vocab), from a session with the table in force. */
static void logits_by_length(const struct model *model, const size_t *lengths, size_t n, float *out)
{
    const size_t vocab = (size_t)model_info(model)->vocab;
    int32_t ids[LENGTH];
    for (int32_t i = 0; i < LENGTH; i++)
        ids[i] = (i * 7919 + 13) % (vocab < 1000 ? (int32_t)vocab : 1000);
    struct session *s = open_session(model, 2, 0, false);
    for (size_t i = 0; i < n; i++) {
        sync_ids(s, ids, lengths[i]);
        memcpy(out + i * vocab, session_logits(s), vocab * sizeof *out);
    }
    session_free(s);
}

/* Whole models, each table against the first. but: a table that is left out, NULL for none. */
static void check_tables(const struct model *model, const char *but, const size_t *lengths, size_t n)
{
    const size_t count = n * (size_t)model_info(model)->vocab;
    float *first = malloc(count * sizeof *first), *other = malloc(count * sizeof *other);
    bool begun = false;
    struct tables tables = tables_begin();
    for (const char *name; (name = tables_next(&tables)) != NULL;) {
        if (but != NULL && strcmp(name, but) == 0)
            continue;
        logits_by_length(model, lengths, n, begun ? other : first);
        if (begun && memcmp(first, other, count * sizeof *first) != 0)
            fail_msg("%s: the table %s gives other bits", model_info(model)->path, name);
        begun = true;
    }
    free(first);
    free(other);
}

static void all_tables_give_the_same_logits(void **state)
{
    (void)state;
    static const char *const names[] = {"tiny-llama.gguf", "sea.gguf"};
    static const size_t lengths[] = {1, 10, 75, LENGTH};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct model *model = open_model(vectors_path(names[i]));
        check_tables(model, NULL, lengths, sizeof lengths / sizeof *lengths);
        model_free(model);
    }
}

/* Products of float weights by bfloat16 instructions are those of machines that have them. */
static void float_weights_give_the_same_logits_without_bfloat16(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 10, 75, LENGTH};
    struct model *model = open_model(vectors_path("tiny-llama3.gguf"));
    check_tables(model, "avx512bf16", lengths, sizeof lengths / sizeof *lengths);
    model_free(model);
}

static void smollm2_gives_the_same_logits_with_all_tables(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 40, 41};
    struct model *model = open_model(vectors_default_model());
    check_tables(model, NULL, lengths, sizeof lengths / sizeof *lengths);
    model_free(model);
}

static void smollm2_batches_give_the_same_bits(void **state)
{
    (void)state;
    struct model *model = open_model(vectors_default_model());
    check_same_bits(model, SHORT);
    model_free(model);
}

/* ---- stopping --------------------------------------------------------------------------------------------------- */

static bool stop_at_zero(void *context, double done)
{
    assert_true(done >= 0 && done < 1);
    return --*(int *)context != 0;
}

static void a_batch_stops_at_any_question(void **state)
{
    (void)state;
    struct model *model = open_model(vectors_path("tiny-llama.gguf"));
    const size_t size = (size_t)model_info(model)->vocab * sizeof(float);
    float *expected = malloc(size), *logits = malloc(size);
    const struct forward_options options = {.context = 64, .batch = 40};
    for (int32_t threads = 1; threads <= 3; threads++) {
        struct error err = {0};
        struct pool *pool = pool_new(threads, &err);
        struct forward *f = forward_new(model, pool, &options, &err);
        struct kv kv;
        assert_true(forward_kv_init(f, &kv, 40, &err) && kv_reserve(&kv, 0, 40, &err));
        struct batch_row rows[40];
        for (int32_t i = 0; i < 40; i++)
            rows[i] = (struct batch_row){.id = i * 5, .position = i, .kv = &kv};
        int left = -1;
        struct forward_batch batch = {.rows = rows,
                                      .n = 40,
                                      .want = FORWARD_LAST,
                                      .logits = expected,
                                      .progress = stop_at_zero,
                                      .context = &left};
        assert_true(forward_run(f, &batch));
        batch.logits = logits;
        for (int question = 1; question <= 2 * model_info(model)->layers; question++) {
            left = question;
            assert_false(forward_run(f, &batch));
            left = -1;
            assert_true(forward_run(f, &batch));
            assert_memory_equal(logits, expected, size);
        }
        kv_free(&kv);
        forward_free(f);
        pool_free(pool);
    }
    free(expected);
    free(logits);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transformers_is_equalled_in_exact_mode),
        cmocka_unit_test(transformers_is_equalled_in_fast_mode),
        cmocka_unit_test(tiny_llama_exact),
        cmocka_unit_test(tiny_llama_fast),
        cmocka_unit_test(tiny_llama3_exact),
        cmocka_unit_test(tiny_llama3_fast),
        cmocka_unit_test(tiny_batches_give_the_same_bits),
        cmocka_unit_test(each_table_keeps_its_bits_in_batches),
        cmocka_unit_test(all_tables_give_the_same_logits),
        cmocka_unit_test(float_weights_give_the_same_logits_without_bfloat16),
        cmocka_unit_test(smollm2_gives_the_same_logits_with_all_tables),
        cmocka_unit_test(a_batch_stops_at_any_question),
        cmocka_unit_test(smollm2_in_exact_mode),
        cmocka_unit_test(smollm2_in_fast_mode),
        cmocka_unit_test(smollm2_batches_give_the_same_bits),
    };
    if (SANITIZED) /* the same functions as with the small models; test-scenarios answers with that one */
        cmocka_set_skip_filter("smollm2_*");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
