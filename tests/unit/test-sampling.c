/* Tests of the sampling settings by name: values and their ranges, what counts as off, stop strings. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/source.h"

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
    static const char *const have[] = {
        "repetition_penalty", "presence_penalty", "frequency_penalty", "temperature", "top_k", "top_p", "min_p",
        "typical_p",          "max_new_tokens"};
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
        {"temperature", "0.7"},
        {"temperature", "0"},
        {"top_p", "0.95"},
        {"min_p", "0.05"},
        {"typical_p", "0.123456"},
        {"repetition_penalty", "1.1"},
        {"presence_penalty", "-0.5"},
        {"frequency_penalty", "2"},
        {"top_k", "40"},
        {"repetition_window", "-1"},
        {"repetition_window", "0"},
        {"max_new_tokens", "0"},
        {"seed", "0"},
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
        {"top-p", "top_p"},
        {"temp", "temperature"},
        {"repeat-penalty", "repetition_penalty"},
        {"repeat_last_n", "repetition_window"},
        {"n-predict", "max_new_tokens"},
        {"max_tokens", "max_new_tokens"},
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

/* ---- lists as people write them --------------------------------------------------------------------------------- */

static struct model *vocabulary(const char *name)
{
    struct error err = {0};
    struct model *model = model_open(source_fixture(name), &(struct model_options){.vocab_only = true}, &err);
    if (model == NULL)
        fail_msg("%s", err.message);
    return model;
}

/* Reads into an empty list and writes it again. */
static void check_list(enum sampling_list list, const char *text, const struct tokenizer *t, const char *expected)
{
    struct sampling s = {0};
    struct error err = {0};
    struct buf out;
    buf_init(&out, 1 << 16);
    if (sampling_list_read(&s, list, text, t, &err) != ERR_NONE)
        fail_msg("%s: %s", text, err.message);
    assert_true(sampling_list_write(&s, list, t, &out));
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
}

/* Refused with these words, and the list is as it was. */
static void check_refused(enum sampling_list list, const char *text, const struct tokenizer *t, const char *words)
{
    struct sampling s = sampling_defaults(), before = s;
    struct error err = {0};
    assert_int_equal(sampling_list_read(&s, list, text, t, &err), ERR_ARGUMENT);
    if (strstr(err.message, words) == NULL)
        fail_msg("'%s' isn't in: %s", words, err.message);
    assert_memory_equal(&s, &before, sizeof s);
}

static void texts_stand_in_quotes(void **state)
{
    (void)state;
    check_list(LIST_STOP, "\"###\" \"\\n\\n\"", NULL, "\"###\" \"\\n\\n\"");
    check_list(LIST_STOP, "  ### end", NULL, "\"### end\"");
    check_list(LIST_STOP, "'a\\n', \"b\\\"\\\\\\x07\\t\"", NULL, "\"a\\\\n\" \"b\\\"\\\\\\x07\\t\"");
    check_list(LIST_STOP, ",", NULL, "\",\"");
    check_list(LIST_STOP, "", NULL, "");
    check_list(LIST_DRY_SEQUENCE_BREAKERS, "\"\\n\" \"é\"", NULL, "\"\\n\" \"é\"");
    check_refused(LIST_STOP, "\"one\" two", NULL, "not two");
    check_refused(LIST_STOP, "\"open", NULL, "not closed");
    check_refused(LIST_STOP, "\"\"", NULL, "at least one");
    check_refused(LIST_STOP, "\"a\\x00b\"", NULL, "\\x00");
    char many[8 * (SAMPLING_STOPS + 1)] = "";
    for (int i = 0; i <= SAMPLING_STOPS; i++)
        sprintf(many + strlen(many), "\"%d\" ", i);
    check_refused(LIST_STOP, many, NULL, "not more");
}

static void biases_name_tokens(void **state)
{
    (void)state;
    struct model *model = vocabulary("tiny-llama3.gguf");
    const struct tokenizer *t = model_tokenizer(model);
    check_list(LIST_LOGIT_BIAS, "\" the\" -2", t, "\" the\" -2");
    check_list(LIST_LOGIT_BIAS, "258 -2", t, "\" the\" -2");
    check_list(LIST_LOGIT_BIAS, "258=-2, \"t\"=1.5 he 3", t, "\" the\" -2 \"t\" 1.5 \"he\" 3");
    check_list(LIST_LOGIT_BIAS, "\" the\" -2 258 0", t, "");
    check_list(LIST_LOGIT_BIAS, "7 -100", NULL, "7 -100");
    check_list(LIST_LOGIT_BIAS, "", t, "");
    check_refused(LIST_LOGIT_BIAS, "\"the\" -2", t, "2: \"t\" \"he\"");
    check_refused(LIST_LOGIT_BIAS, "\" the\" 200", t, "100");
    check_refused(LIST_LOGIT_BIAS, "\" the\" much", t, "much");
    check_refused(LIST_LOGIT_BIAS, "\" the\"", t, "added to its score");
    check_refused(LIST_LOGIT_BIAS, "9999999 1", t, "there is no token 9999999");
    check_refused(LIST_LOGIT_BIAS, "\" the\" 1", NULL, "by its id");
    model_free(model);
}

/* Every token of the vocabulary is written so that it is read again. */
static void every_token_can_be_named(void **state)
{
    static const char *const names[] = {"tiny-llama3.gguf", "llama2-vocab.gguf"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct model *model = vocabulary(names[i]);
        const struct tokenizer *t = model_tokenizer(model);
        struct error err = {0};
        struct buf text;
        buf_init(&text, 1 << 20);
        for (int32_t id = 0; id < tokenizer_size(t); id++) {
            struct sampling s = {.n_biases = 1, .biases = {{id, 1.0f}}}, back = {0};
            buf_clear(&text);
            assert_true(sampling_list_write(&s, LIST_LOGIT_BIAS, t, &text));
            if (sampling_list_read(&back, LIST_LOGIT_BIAS, buf_text(&text), t, &err) != ERR_NONE)
                fail_msg("%s: %s", buf_text(&text), err.message);
            assert_int_equal(back.biases[0].id, id);
        }
        buf_free(&text);
        model_free(model);
    }
}

/* ---- what has an effect ----------------------------------------------------------------------------------------- */

static const char *idle(const struct sampling *s, const char *name)
{
    const char *why = sampling_idle(s, sampling_field(name));
    return why != NULL ? why : "";
}

static void what_has_no_effect_says_why(void **state)
{
    (void)state;
    struct sampling s = sampling_defaults();
    assert_string_equal(idle(&s, "top_k"), "");
    assert_string_equal(idle(&s, "repetition_window"), "the penalties are off");
    s.presence_penalty = 1;
    assert_string_equal(idle(&s, "repetition_window"), "");
    s.repetition_window = 0;
    assert_string_equal(idle(&s, "presence_penalty"), "repetition_window is 0");
    s.mirostat_tau = 5;
    static const char *const after[] = {"top_n_sigma", "top_k", "top_p", "min_p", "typical_p", "xtc_probability"};
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++)
        assert_string_equal(idle(&s, after[i]), "mirostat is on");
    assert_string_equal(idle(&s, "mirostat_eta"), "");
    assert_string_equal(idle(&s, "seed"), "");
    s.temperature = 0;
    static const char *const dead[] = {"dynatemp_range", "mirostat_tau", "top_k", "xtc_threshold", "seed"};
    for (size_t i = 0; i < sizeof dead / sizeof dead[0]; i++)
        assert_string_equal(idle(&s, dead[i]), "temperature is 0");
    assert_string_equal(idle(&s, "temperature"), "");
    assert_string_equal(idle(&s, "dry_multiplier"), "");
    assert_string_equal(idle(&s, "max_new_tokens"), "");
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
        cmocka_unit_test(defaults_are_in_range),       cmocka_unit_test(texts_stand_in_quotes),
        cmocka_unit_test(biases_name_tokens),          cmocka_unit_test(every_token_can_be_named),
        cmocka_unit_test(what_has_no_effect_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
