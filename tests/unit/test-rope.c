/* Tests of RoPE's scaling against the frequencies that transformers computes, and through the keys of a model. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/model/rope-scaling.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { PAIRS_MOST = 128 };

static double number(const json_t *row, const char *key, double otherwise)
{
    const json_t *value = json_object_get(row, key);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static struct rope_scaling scaling_of(const json_t *row)
{
    const char *kind = json_string_value(json_object_get(row, "kind"));
    struct rope_scaling r = {
        .base = number(row, "base", 0),
        .factor = number(row, "factor", 1),
        .attention = 1,
        .beta_fast = number(row, "beta_fast", 32),
        .beta_slow = number(row, "beta_slow", 1),
        .pairs = (int32_t)number(row, "width", 0) / 2,
        .trained = (int32_t)number(row, "trained", 0),
    };
    assert_true(rope_kind_parse(kind, strlen(kind), &r.kind));
    const double given = number(row, "attention_factor", 0);
    if (given > 0)
        r.attention = given / (0.1 * log(r.factor) + 1);
    return r;
}

static void frequencies_are_those_of_transformers(void **state)
{
    (void)state;
    json_t *rows = vectors_load("rope.json"), *row;
    size_t i;
    double worst = 0;
    json_array_foreach(rows, i, row) {
        const struct rope_scaling r = scaling_of(row);
        const json_t *want = json_object_get(row, "frequencies");
        const int32_t length = (int32_t)number(row, "length", 0);
        float got[PAIRS_MOST];
        assert_int_equal(r.pairs, json_array_size(want));
        rope_frequencies(&r, got);
        for (int32_t p = 0; p < r.pairs; p++) {
            const double expected = json_real_value(json_array_get(want, (size_t)p));
            const double own = r.kind == ROPE_DYNAMIC ? (double)rope_dynamic_frequency(&r, length - 1, p)
                                                      : (double)got[p];
            worst = fmax(worst, fabs(own / expected - 1));
        }
        assert_true(fabs((double)rope_attention_factor(&r) - number(row, "attention", 0)) < 1e-6);
    }
    json_decref(rows);
    print_message("%zu rows, largest relative difference %.2g\n", i, worst);
    assert_true(i > 0 && worst < 2e-6);
}

static void short_texts_turn_as_trained_with_dynamic_scaling(void **state)
{
    (void)state;
    const struct rope_scaling r = {.kind = ROPE_DYNAMIC, .base = 10000, .factor = 4, .pairs = 8, .trained = 100};
    const struct rope_scaling plain = {.kind = ROPE_NONE, .base = 10000, .factor = 1, .pairs = 8};
    float expected[8];
    rope_frequencies(&plain, expected);
    for (int32_t p = 0; p < 8; p++) {
        assert_true(rope_dynamic_frequency(&r, 0, p) == expected[p]);
        assert_true(rope_dynamic_frequency(&r, 99, p) == expected[p]);
        assert_true(p == 0 || rope_dynamic_frequency(&r, 100, p) < expected[p]);
    }
}

static void kinds_have_names(void **state)
{
    (void)state;
    enum rope_kind kind;
    for (int k = ROPE_NONE; k <= ROPE_LLAMA3; k++) {
        const char *name = rope_kind_name((enum rope_kind)k);
        assert_true(rope_kind_parse(name, strlen(name), &kind) && (int)kind == k);
    }
    assert_false(rope_kind_parse("longrope", 8, &kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frequencies_are_those_of_transformers),
        cmocka_unit_test(short_texts_turn_as_trained_with_dynamic_scaling),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
