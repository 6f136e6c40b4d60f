/* Tests of the sampling settings by name: values and their ranges, what counts as off, stop strings. */
#include <config.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"

static const char *get(const struct sampling *s, const char *name)
{
    static char text[64];
    sampling_get(s, sampling_field(name), text, sizeof text);
    return text;
}

static void set(struct sampling *s, const char *name, const char *value)
{
    struct error err = {0};
    if (sampling_set(s, name, value, &err) != ERR_NONE)
        fail_msg("%s", err.message);
}

/* Refused with a message that names the setting and the value, and nothing changed. */
static void refused(const char *name, const char *value)
{
    struct sampling s = sampling_defaults(), before = s;
    struct error err = {0};
    assert_int_equal(sampling_set(&s, name, value, &err), ERR_ARGUMENT);
    assert_non_null(strstr(err.message, sampling_field(name)->name));
    if (strstr(err.message, value) == NULL)
        fail_msg("'%s' isn't in: %s", value, err.message);
    assert_memory_equal(&s, &before, sizeof s);
}

static void every_field_keeps_its_range(void **state)
{
    (void)state;
    for (const struct sampling_field *f = sampling_fields; f->name != NULL; f++) {
        struct sampling s = sampling_defaults();
        char text[64];
        snprintf(text, sizeof text, "%.9g", f->low);
        set(&s, f->name, text);
        snprintf(text, sizeof text, "%.9g", f->low - 1);
        refused(f->name, text);
        if (f->kind == FIELD_SEED)
            continue;
        snprintf(text, sizeof text, "%.9g", f->high);
        set(&s, f->name, text);
        snprintf(text, sizeof text, "%.9g", f->high + 1);
        refused(f->name, text);
        assert_true(strlen(f->help) > 10);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "x", "1x", "0.5 0.6", "nan", "inf", "-inf", "1e999", "--1", "1,5"};
    for (const struct sampling_field *f = sampling_fields; f->name != NULL; f++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            refused(f->name, bad[i]);
    refused("top_k", "1.5");
    refused("seed", "-1");
    refused("seed", "18446744073709551616");
    refused("seed", " 1");
}

static void off_is_the_neutral_value(void **state)
{
    (void)state;
    static const char *const have[] = {"repetition_penalty", "presence_penalty", "frequency_penalty", "temperature",
                                       "top_k", "top_p", "min_p", "typical_p", "max_new_tokens"};
    struct sampling s = sampling_defaults();
    for (size_t i = 0; i < sizeof have / sizeof *have; i++) {
        set(&s, have[i], i % 2 == 0 ? "off" : "Off");
        assert_string_equal(get(&s, have[i]), "Off");
        char text[40];
        snprintf(text, sizeof text, "%g", sampling_field(have[i])->neutral);
        set(&s, have[i], text);
        assert_string_equal(get(&s, have[i]), "Off");
    }
    assert_true(s.top_p == 1.0f && s.top_k == 0 && s.min_p == 0.0f && s.max_new_tokens == -1);
    refused("seed", "off");
    refused("repetition_window", "off");
}

/* What sampling_get writes, sampling_set reads. */
static void values_come_back(void **state)
{
    (void)state;
    static const char *const values[][2] = {
        {"temperature", "0.7"}, {"temperature", "0"}, {"top_p", "0.95"}, {"min_p", "0.05"}, {"typical_p", "0.123456"},
        {"repetition_penalty", "1.1"}, {"presence_penalty", "-0.5"}, {"frequency_penalty", "2"}, {"top_k", "40"},
        {"repetition_window", "-1"}, {"repetition_window", "0"}, {"max_new_tokens", "0"}, {"seed", "0"},
        {"seed", "18446744073709551615"},
    };
    struct sampling s = sampling_defaults();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        set(&s, values[i][0], values[i][1]);
        assert_string_equal(get(&s, values[i][0]), values[i][1]);
    }
    assert_true(s.seed == UINT64_MAX);
}

static void names_have_other_spellings(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"top-p", "top_p"}, {"temp", "temperature"}, {"repeat-penalty", "repetition_penalty"},
        {"repeat_last_n", "repetition_window"}, {"n-predict", "max_new_tokens"}, {"max_tokens", "max_new_tokens"},
        {"typical", "typical_p"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_non_null(sampling_field(names[i][0]));
        assert_string_equal(sampling_field(names[i][0])->name, names[i][1]);
    }
    static const char *const none[] = {"", "top", "top_pp", "topp", "stop", "Temperature"};
    struct sampling s = sampling_defaults();
    struct error err = {0};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_null(sampling_field(none[i]));
    assert_int_equal(sampling_set(&s, "warmth", "1", &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "warmth"));
}

static void stops_are_collected(void **state)
{
    (void)state;
    struct sampling s = sampling_defaults();
    char text[SAMPLING_STOP_BYTES + 1];
    struct error err = {0};
    memset(text, 'x', sizeof text);
    text[SAMPLING_STOP_BYTES] = '\0';
    assert_int_equal(sampling_set(&s, "stop", text, &err), ERR_ARGUMENT);
    error_clear(&err);
    assert_int_equal(sampling_set(&s, "stop", "", &err), ERR_ARGUMENT);
    assert_int_equal(s.n_stops, 0);
    text[SAMPLING_STOP_BYTES - 1] = '\0';
    set(&s, "stop", text);
    assert_string_equal(s.stops[0], text);
    for (int i = 1; i < SAMPLING_STOPS; i++) {
        snprintf(text, sizeof text, "stop %d", i);
        set(&s, "stop", text);
        assert_string_equal(s.stops[i], text);
    }
    error_clear(&err);
    assert_int_equal(sampling_set(&s, "stop", "one more", &err), ERR_ARGUMENT);
    assert_int_equal(s.n_stops, SAMPLING_STOPS);
}

/* What is used unasked must itself be allowed. */
static void defaults_are_in_range(void **state)
{
    (void)state;
    struct sampling s = sampling_defaults(), copy = s;
    for (const struct sampling_field *f = sampling_fields; f->name != NULL; f++)
        set(&copy, f->name, get(&s, f->name));
    for (const struct sampling_field *f = sampling_fields; f->name != NULL; f++) {
        char text[64];
        sampling_get(&copy, f, text, sizeof text);
        assert_string_equal(get(&s, f->name), text);
    }
    assert_true(s.n_stops == 0 && s.temperature > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_keeps_its_range), cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(off_is_the_neutral_value),    cmocka_unit_test(values_come_back),
        cmocka_unit_test(names_have_other_spellings),  cmocka_unit_test(stops_are_collected),
        cmocka_unit_test(defaults_are_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
