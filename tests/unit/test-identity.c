/* Tests of fingerprints: one for a model whatever its form, another for another model, and those of version 0.1 known. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/source.h"
#include "tests/unit/vectors.h"

static struct model *open_model(const char *name)
{
    struct error err = {0};
    struct model *m = model_open(name, NULL, &err);
    if (m == NULL)
        fail_msg("%s", err.message);
    return m;
}

static uint64_t fingerprint(const char *name)
{
    struct model *m = open_model(name);
    const uint64_t f = model_info(m)->fingerprint;
    model_free(m);
    return f;
}

static uint64_t fingerprint_of(const char *name)
{
    return fingerprint(source_fixture(name));
}

static void every_form_has_the_same(void **state)
{
    (void)state;
    assert_int_equal(fingerprint_of("hf-llama.gguf"), fingerprint_of("folder-hf"));
    assert_int_equal(fingerprint_of("tiny-llama.gguf"), fingerprint_of("tiny-llama-split-00001-of-00003.gguf"));
}

/* The same weights and vocabulary with other positions: Meta's form of folder-hf knows no scaling. */
static void other_models_have_others(void **state)
{
    (void)state;
    const uint64_t all[] = {fingerprint_of("hf-llama.gguf"),   fingerprint_of("folder-meta"),
                            fingerprint_of("tiny-llama.gguf"), fingerprint_of("tiny-llama3.gguf"),
                            fingerprint_of("hf-llama3.gguf"),  fingerprint_of("sea.gguf")};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(all[i], all[k]);
}

/* The forms of the reference models, where they are: BF16 and F16, one Meta file and two. */
static void the_reference_models_agree(void **state)
{
    static const char *const models[][4] = {
        {"tiny-mha.gguf", "tiny-mha-hf", "tiny-mha-hf-bin", "tiny-mha-meta"},
        {"tiny-gqa.gguf", "tiny-gqa-hf", "tiny-gqa-hf-bin", "tiny-gqa-meta"},
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint64_t all[4];
        for (size_t k = 0; k < 4; k++) {
            char *name = vectors_path(models[i][k]);
            if (name == NULL)
                skip();
            all[k] = fingerprint(name);
            free(name);
            assert_int_equal(all[k], all[0]);
        }
    }
}

/* ---- changed files ---------------------------------------------------------------------------------------------- */

/* A copy of hf-llama.gguf in which the byte at `after` bytes past the first place of `text` is turned. */
static uint64_t changed(const char *text, size_t after)
{
    char copy[] = "/tmp/palaver-identity.XXXXXX";
    FILE *f = fopen(source_fixture("hf-llama.gguf"), "rb");
    assert_non_null(f);
    static unsigned char bytes[1 << 18];
    const size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    unsigned char *at = memmem(bytes, size, text, strlen(text));
    assert_non_null(at);
    at[strlen(text) + after] ^= 1;
    const int fd = mkstemp(copy);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    const uint64_t print = fingerprint(copy);
    unlink(copy);
    return print;
}

/* A number stands after its key and 4 bytes of its type, an array's elements after 8 more of their kind and count. */
static void what_does_not_change_answers_does_not_count(void **state)
{
    (void)state;
    const uint64_t whole = fingerprint_of("hf-llama.gguf");
    assert_int_equal(whole, changed("general.name", 4 + 8));
    assert_int_equal(whole, changed("llama.context_length", 4));
    assert_int_equal(whole, changed("tokenizer.ggml.token_type", 4 + 4 + 8 + 4 * 3));
    assert_int_equal(whole, changed("tokenizer.ggml.eos_token_id", 4));
}

static void what_changes_answers_counts(void **state)
{
    (void)state;
    const uint64_t whole = fingerprint_of("hf-llama.gguf");
    assert_int_not_equal(whole, changed("llama.rope.freq_base", 4 + 2));
    assert_int_not_equal(whole, changed("llama.rope.scaling.factor", 4 + 2));
    assert_int_not_equal(whole, changed("llama.attention.layer_norm_rms_epsilon", 4 + 1));
    assert_int_not_equal(whole, changed("<0xFF>", 8)); /* the spelling of the next token */
}

/* ---- what version 0.1 stored ------------------------------------------------------------------------------------ */

static void fingerprints_of_before_are_known(void **state)
{
    (void)state;
    struct model *m = open_model(source_fixture("tiny-llama.gguf"));
    assert_true(model_is(m, UINT64_C(0x6ff449bfd1506eb3)));
    assert_true(model_is(m, model_info(m)->fingerprint));
    assert_false(model_is(m, 0));
    assert_false(model_is(m, model_info(m)->fingerprint + 1));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_has_the_same),     cmocka_unit_test(other_models_have_others),
        cmocka_unit_test(the_reference_models_agree),  cmocka_unit_test(what_does_not_change_answers_does_not_count),
        cmocka_unit_test(what_changes_answers_counts), cmocka_unit_test(fingerprints_of_before_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
