/* Tests of models written in all three forms: what a 70B looks like, but narrow, opens from each, is one model, and computes
 * the same bits. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/shaped.h"

static const char *const form_names[] = {"GGUF 3", "Hugging Face", "Meta"};
enum { FORMS = 3 };

/* The model in a form, in a folder of its own. */
static struct model *make(const struct shape *s, enum shaped_form form)
{
    char path[128];
    struct error err = {0};
    test_folder_remove(NULL);
    assert_int_equal(test_folder_make(NULL), 0);
    shaped_write(s, form, test_folder);
    snprintf(path, sizeof path, "%s%s", test_folder, form == SHAPED_GGUF ? "/model.gguf" : "");
    struct model *m = model_open(path, NULL, &err);
    if (m == NULL)
        fail_msg("%s", err.message);
    return m;
}

/* The logits after a few tokens, malloc'ed. */
static float *evaluate(const struct model *m)
{
    static const int32_t ids[] = {1, 300, 301, 302, 17, 260, 261};
    struct error err = {0};
    struct session *s = session_open(m, &(struct session_options){.context = 64, .threads = 2}, &err);
    if (s == NULL || session_sync(s, ids, sizeof ids / sizeof *ids, NULL, NULL, NULL, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    const size_t size = (size_t)model_info(m)->vocab * sizeof(float);
    float *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, session_logits(s), size);
    session_free(s);
    return copy;
}

/* 80 layers, 64 heads that share 8 for keys and values, 8 files. */
static void a_narrow_70b_computes_the_same_bits(void **state)
{
    static const struct shape shape = {
        .layers = 80,
        .width = 128,
        .heads = 64,
        .kv_heads = 8,
        .ff_width = 64,
        .vocab = 400,
        .parts = 8,
        .type = TENSOR_BF16,
    };
    float *first = NULL;
    uint64_t fingerprint = 0;
    (void)state;
    for (int form = 0; form < FORMS; form++) {
        struct model *m = make(&shape, (enum shaped_form)form);
        const struct model_info *info = model_info(m);
        assert_string_equal(info->format, form_names[form]);
        assert_string_equal(info->type, "BF16");
        assert_int_equal(info->layers, 80);
        assert_int_equal(info->heads, 64);
        assert_int_equal(info->kv_heads, 8);
        assert_int_equal(info->ff_width, 64);
        assert_int_equal(info->vocab, 400);
        assert_int_equal(info->parameters, 80 * (128 * 128 * 2 + 128 * 16 * 2 + 128 * 64 * 3 + 256) + 128 * 801);
        float *logits = evaluate(m);
        if (form == 0) {
            first = logits;
            fingerprint = info->fingerprint;
        } else {
            assert_int_equal(info->fingerprint, fingerprint);
            assert_memory_equal(logits, first, (size_t)info->vocab * sizeof *logits);
            free(logits);
        }
        model_free(m);
    }
    free(first);
}

/* What positions are is said in two ways, and computed the same. */
static void positions_are_the_same_in_both_folders(void **state)
{
    static const struct {
        const char *config, *params, *scaling;
    } ropes[] = {
        {"", "", "none"},
        {",\"rope_theta\":500000", ",\"rope_theta\":500000.0", "none"},
        {",\"rope_theta\":500000,\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":32,\"low_freq_factor\":1,"
         "\"high_freq_factor\":4,\"original_max_position_embeddings\":8192}",
         ",\"rope_theta\":500000,\"use_scaled_rope\":true", "llama3"},
    };
    uint64_t before = 0;
    (void)state;
    for (size_t i = 0; i < sizeof ropes / sizeof *ropes; i++) {
        const struct shape shape = {
            .layers = 2,
            .width = 64,
            .heads = 2,
            .kv_heads = 1,
            .ff_width = 96,
            .vocab = 384,
            .parts = 2,
            .type = TENSOR_BF16,
            .config = ropes[i].config,
            .params = ropes[i].params,
        };
        struct model *hf = make(&shape, SHAPED_HF), *meta = make(&shape, SHAPED_META);
        assert_string_equal(model_info(hf)->rope_scaling, ropes[i].scaling);
        assert_string_equal(model_info(meta)->rope_scaling, ropes[i].scaling);
        assert_int_equal(model_info(hf)->fingerprint, model_info(meta)->fingerprint);
        assert_int_not_equal(model_info(hf)->fingerprint, before);
        before = model_info(hf)->fingerprint;
        float *a = evaluate(hf), *b = evaluate(meta);
        assert_memory_equal(a, b, (size_t)shape.vocab * sizeof *a);
        free(a);
        free(b);
        model_free(hf);
        model_free(meta);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_narrow_70b_computes_the_same_bits, test_folder_remove),
        cmocka_unit_test_teardown(positions_are_the_same_in_both_folders, test_folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
