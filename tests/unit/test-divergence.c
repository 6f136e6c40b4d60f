/* Tests of references and divergences: numbers that can be computed by hand or by the definition in double, and files
 * that must be refused. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands/divergence.h"
#include "app/commands/reference.h"
#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { N = 40, SMALL = 4 };

static struct model *model;
static char folder[] = "/tmp/palaver-divergence.XXXXXX";
static char path[64];

static int open_model(void **state)
{
    (void)state;
    struct error err = {0};
    char *name = vectors_path("tiny-llama.gguf");
    model = name != NULL ? model_open(name, NULL, &err) : NULL;
    free(name);
    if (model == NULL || mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/reference", folder);
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    model_free(model);
    return rmdir(folder);
}

static const int32_t small_ids[] = {5, 6, 7};

/* Three tokens, of which two are predicted, of a vocabulary of SMALL. */
static struct reference_text small_text(void)
{
    return (struct reference_text){
        .ids = small_ids, .n = 3, .predicted = 2, .window = 8, .tokenizer = model_tokenizer(model), .vocab = SMALL};
}

static void write_reference(const struct reference_text *t, const float *logits, const float *nll)
{
    struct error err = {0};
    struct reference *r = reference_create(path, t, &err);
    for (size_t i = 0; r != NULL && i < t->predicted; i++)
        assert_int_equal(reference_write(r, logits + i * (size_t)t->vocab, nll[i], &err), ERR_NONE);
    if (r == NULL || reference_keep(r, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    reference_free(r);
}

/* Compares logits with what the file holds. */
static struct divergence_summary compare(const struct reference_text *t, const float *logits, const float *nll,
                                         float *each)
{
    struct error err = {0};
    struct divergence d;
    struct reference *r = reference_open(path, t, &err);
    if (r == NULL)
        fail_msg("%s", err.message);
    assert_true(divergence_init(&d, t->predicted));
    for (size_t i = 0; i < t->predicted; i++) {
        struct reference_row row;
        assert_int_equal(reference_read(r, &row, &err), ERR_NONE);
        divergence_add(&d, &row, logits + i * (size_t)t->vocab, t->vocab, nll[i]);
    }
    if (each != NULL)
        memcpy(each, d.each, t->predicted * sizeof *each);
    const struct divergence_summary s = divergence_sum_up(&d);
    divergence_free(&d);
    reference_free(r);
    return s;
}

static void assert_near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.12g is not %.12g to %g", a, b, tolerance);
}

/* p = 1/2, 1/4, 1/8, 1/8 against q = 1/4 each: log 4 minus an entropy of 1.75 bits. */
static void numbers_by_hand(void **state)
{
    (void)state;
    const float ln2 = 0.693147181f;
    const float p[] = {2 * ln2, ln2, 0, 0, 9, 9, 9, 10}, q[] = {3, 3, 3, 3, 1, 1, 1, 2};
    const float p_nll[] = {ln2, 1}, q_nll[] = {2 * ln2, 1};
    const struct reference_text t = small_text();
    write_reference(&t, p, p_nll);
    float each[2];
    const struct divergence_summary s = compare(&t, q, q_nll, each);
    assert_near((double)each[0], 0.25 * log(2), 1e-4);
    assert_near((double)each[1], 0, 1e-7);
    assert_near(s.mean.value, 0.125 * log(2), 1e-4);
    assert_near(s.median, 0.125 * log(2), 1e-4);
    assert_near(s.greatest, 0.25 * log(2), 1e-4);
    assert_near(s.mean.error, 0.125 * log(2), 1e-4); /* |a - b| / 2 for two values */
    assert_near(s.same_top.value, 1, 0);
    assert_near(s.perplexity_ratio.value, sqrt(2), 1e-6);
    unlink(path);
}

static void another_likeliest_token_is_counted(void **state)
{
    (void)state;
    const float p[] = {1, 2, 0, 0, 5, 1, 1, 1}, q[] = {2, 1, 0, 0, 5, 1, 1, 1}, nll[] = {1, 1};
    const struct reference_text t = small_text();
    write_reference(&t, p, nll);
    assert_near(compare(&t, q, nll, NULL).same_top.value, 0.5, 0);
    unlink(path);
}

/* A token that the reference all but excludes has no part in the sum, whatever the model gives it. */
static void tokens_far_below_count_nothing(void **state)
{
    (void)state;
    const float p[] = {0, -1e30f, -40, -1, 0, 0, 0, 0}, nll[] = {1, 1};
    const struct reference_text t = small_text();
    write_reference(&t, p, nll);
    assert_near(compare(&t, p, nll, NULL).greatest, 0, 1e-7);
    unlink(path);
}

static void percentiles_lie_between_values(void **state)
{
    (void)state;
    struct divergence d;
    assert_true(divergence_init(&d, 201));
    for (int i = 0; i <= 200; i++)
        d.each[d.n++] = (float)((i * 73) % 201); /* 0 to 200, mixed */
    const struct divergence_summary s = divergence_sum_up(&d);
    assert_near(s.median, 100, 0);
    assert_near(s.percentile_99, 198, 0);
    assert_near(s.greatest, 200, 0);
    divergence_free(&d);
}

/* ---- a model ---------------------------------------------------------------------------------------------------- */

struct rows {
    float *logits; /* (N, vocab) */
    float nll[N];
};

static bool take_rows(void *context, const float *logits, size_t first, size_t n)
{
    struct rows *rows = context;
    const size_t vocab = (size_t)model_info(model)->vocab;
    memcpy(rows->logits + first * vocab, logits, n * vocab * sizeof *logits);
    return true;
}

static void score(struct rows *rows, const int32_t *ids, double temper)
{
    struct error err = {0};
    const size_t vocab = (size_t)model_info(model)->vocab;
    const struct session_options options = {.context = N + 1, .threads = 2};
    struct session *s = session_open(model, &options, &err);
    rows->logits = malloc(N * vocab * sizeof *rows->logits);
    if (s == NULL || session_score_rows(s, ids, N + 1, rows->nll, take_rows, NULL, rows, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < N * vocab; i++)
        rows->logits[i] *= (float)temper;
    session_free(s);
}

/* By the definition, from both rows of logits. */
static double defined(const float *p, const float *q, size_t n)
{
    double p_sum = 0, q_sum = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        p_sum += exp((double)p[i]);
        q_sum += exp((double)q[i]);
    }
    for (size_t i = 0; i < n; i++) {
        const double p_log = (double)p[i] - log(p_sum), q_log = (double)q[i] - log(q_sum);
        sum += exp(p_log) * (p_log - q_log);
    }
    return sum;
}

/* A model and the same at another temperature; the file's steps change no divergence by more than 1 in 1000. */
static void a_model_is_compared_as_defined(void **state)
{
    (void)state;
    const size_t vocab = (size_t)model_info(model)->vocab;
    int32_t ids[N + 1];
    for (int32_t i = 0; i <= N; i++)
        ids[i] = (i * 37 + 5) % (int32_t)vocab;
    struct rows p, q;
    score(&p, ids, 1);
    score(&q, ids, 0.8);
    const struct reference_text t = {.ids = ids,
                                     .n = N + 1,
                                     .predicted = N,
                                     .window = N + 1,
                                     .tokenizer = model_tokenizer(model),
                                     .vocab = (int32_t)vocab};
    write_reference(&t, p.logits, p.nll);
    float each[N];
    double sum = 0;
    const struct divergence_summary s = compare(&t, q.logits, q.nll, each);
    for (size_t i = 0; i < N; i++) {
        const double right = defined(p.logits + i * vocab, q.logits + i * vocab, vocab);
        assert_near((double)each[i], right, 1e-3 * right + 1e-6);
        sum += right;
    }
    assert_near(s.mean.value, sum / N, 1e-3 * sum / N);
    assert_near(compare(&t, p.logits, p.nll, NULL).greatest, 0, 1e-6); /* with itself */
    free(p.logits);
    free(q.logits);
    unlink(path);
}

/* The logits that are handed out are those behind the scores. */
static void rows_are_what_scores_are_made_of(void **state)
{
    (void)state;
    const size_t vocab = (size_t)model_info(model)->vocab;
    int32_t ids[N + 1];
    for (int32_t i = 0; i <= N; i++)
        ids[i] = (i * 11 + 3) % (int32_t)vocab;
    struct rows rows;
    score(&rows, ids, 1);
    for (size_t i = 0; i < N; i++) {
        const float *logits = rows.logits + i * vocab;
        double sum = 0;
        for (size_t k = 0; k < vocab; k++)
            sum += exp((double)logits[k]);
        assert_near((double)rows.nll[i], log(sum) - (double)logits[ids[i + 1]], 1e-5);
    }
    free(rows.logits);
}

static bool stop_at_once(void *context, const float *logits, size_t first, size_t n)
{
    (void)context;
    (void)logits;
    (void)first;
    (void)n;
    return false;
}

static void taking_rows_can_stop(void **state)
{
    (void)state;
    const int32_t ids[] = {1, 2, 3, 4};
    float nll[4];
    struct error err = {0};
    struct session *s = session_open(model, NULL, &err);
    assert_non_null(s);
    assert_int_equal(session_score_rows(s, ids, 4, nll, stop_at_once, NULL, NULL, &err), ERR_STOPPED);
    session_free(s);
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void assert_refused(const struct reference_text *t, enum error_code code, const char *words)
{
    struct error err = {0};
    struct reference *r = reference_open(path, t, &err);
    assert_null(r);
    assert_int_equal(err.code, code);
    if (strstr(err.message, words) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, words);
}

static void what_belongs_to_another_text_is_refused(void **state)
{
    (void)state;
    const float p[SMALL * 2] = {0}, nll[2] = {0};
    const int32_t others[] = {5, 9, 7};
    struct reference_text t = small_text();
    write_reference(&t, p, nll);
    t.window = 16;
    assert_refused(&t, ERR_ARGUMENT, "give -c 8");
    t = small_text();
    t.vocab = 5;
    assert_refused(&t, ERR_ARGUMENT, "another vocabulary");
    t = small_text();
    t.n = 2;
    assert_refused(&t, ERR_ARGUMENT, "it has 3 tokens, this one 2");
    t = small_text();
    t.ids = others;
    assert_refused(&t, ERR_ARGUMENT, "token 2 of 3 differs");
    unlink(path);
}

static void what_is_damaged_is_refused(void **state)
{
    (void)state;
    const float p[SMALL * 2] = {0}, nll[2] = {0};
    const struct reference_text t = small_text();
    write_reference(&t, p, nll);
    assert_int_equal(truncate(path, (off_t)reference_bytes(&t) - 1), 0);
    assert_refused(&t, ERR_FORMAT, "write it again");
    assert_int_equal(truncate(path, 20), 0);
    assert_refused(&t, ERR_FORMAT, "cut off");
    unlink(path);
    FILE *file = fopen(path, "w");
    fputs("a text of at least forty-eight bytes, which is no reference at all", file);
    fclose(file);
    assert_refused(&t, ERR_FORMAT, "not a reference");
    unlink(path);
}

static void a_row_out_of_range_is_refused(void **state)
{
    (void)state;
    const float p[SMALL * 2] = {0}, nll[2] = {0};
    const struct reference_text t = small_text();
    const int32_t wild = 1 << 30;
    struct error err = {0};
    struct reference_row row;
    write_reference(&t, p, nll);
    FILE *file = fopen(path, "r+");
    fseek(file, (long)reference_bytes(&t) - SMALL * 2 - 4, SEEK_SET); /* the likeliest token of the last row */
    fwrite(&wild, sizeof wild, 1, file);
    fclose(file);
    struct reference *r = reference_open(path, &t, &err);
    assert_non_null(r);
    assert_int_equal(reference_read(r, &row, &err), ERR_NONE);
    assert_int_equal(reference_read(r, &row, &err), ERR_CORRUPT);
    reference_free(r);
    unlink(path);
}

static void nothing_is_left_or_overwritten(void **state)
{
    (void)state;
    const float p[SMALL * 2] = {0}, nll[2] = {0};
    struct error err = {0};
    struct reference_text t = small_text();
    struct reference *r = reference_create(path, &t, &err);
    assert_int_equal(reference_write(r, p, 1, &err), ERR_NONE);
    reference_free(r); /* as when interrupted: close_model finds the folder empty */
    assert_int_equal(access(path, F_OK), -1);
    write_reference(&t, p, nll);
    assert_null(reference_create(path, &t, &err));
    assert_int_equal(err.code, ERR_ARGUMENT);
    unlink(path);
    t.predicted = (size_t)1 << 50;
    error_clear(&err);
    assert_null(reference_create(path, &t, &err));
    assert_non_null(strstr(err.message, "its disk has"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_by_hand),
        cmocka_unit_test(another_likeliest_token_is_counted),
        cmocka_unit_test(tokens_far_below_count_nothing),
        cmocka_unit_test(percentiles_lie_between_values),
        cmocka_unit_test(a_model_is_compared_as_defined),
        cmocka_unit_test(rows_are_what_scores_are_made_of),
        cmocka_unit_test(taking_rows_can_stop),
        cmocka_unit_test(what_belongs_to_another_text_is_refused),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(a_row_out_of_range_is_refused),
        cmocka_unit_test(nothing_is_left_or_overwritten),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
