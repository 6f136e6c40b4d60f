/* Tests of opening models: sizes and tensors of the fixtures, rotary frequencies, and what is said of models that are
 * wrong. The wrong ones are made from a fixture by changing some of its bytes. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/model.h"
#include "engine/file/source-kind.h"
#include "tests/cmocka.h"
#include "tests/source.h"

/* ---- helpers ---------------------------------------------------------------------------------------------------- */

static struct model *open_fixture(const char *name)
{
    struct error err = {0};
    struct model *m = model_open(source_fixture(name), NULL, &err);
    assert_string_equal(err.message, "");
    assert_non_null(m);
    return m;
}

/* A file in memory that is changed before it is opened. */
struct patient {
    unsigned char *bytes;
    size_t size;
};

static struct patient take(const char *name)
{
    FILE *f = fopen(source_fixture(name), "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    struct patient p = {.size = (size_t)ftell(f)};
    rewind(f);
    p.bytes = malloc(p.size);
    assert_non_null(p.bytes);
    assert_int_equal(fread(p.bytes, 1, p.size, f), p.size);
    fclose(f);
    return p;
}

/* The first place where text stands with its length before it, as keys and names do; past the text. */
static unsigned char *find(struct patient *p, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= p->size; i++)
        if (p->bytes[i] == text[0] && memcmp(p->bytes + i, text, length) == 0 && i >= 8 && p->bytes[i - 8] == length)
            return p->bytes + i + length;
    fail_msg("no %s in the fixture", text);
    return NULL;
}

/* Overwrites the end of a key or name with as many other characters. */
static void rename_to(struct patient *p, const char *old, const char *new)
{
    assert_int_equal(strlen(old), strlen(new));
    memcpy(find(p, old) - strlen(old), new, strlen(new));
}

static void set_u32(struct patient *p, const char *key, uint32_t value)
{
    unsigned char *at = find(p, key) + 4; /* past the type */
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static void set_f32(struct patient *p, const char *key, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    set_u32(p, key, bits);
}

static void refuse(struct patient *p, const char *says)
{
    struct error err = {0};
    struct source *s = source_open_memory("bad.gguf", p->bytes, p->size, false, &err);
    struct model *m = s == NULL ? NULL : model_from_source(s, "bad.gguf", NULL, &err);
    if (m != NULL)
        fail_msg("opened, though it should say '%s'", says);
    if (strstr(err.message, says) == NULL || strncmp(err.message, "bad.gguf: ", 10) != 0)
        fail_msg("'%s' does not say '%s'", err.message, says);
    assert_null(strchr(err.message, '\n'));
    free(p->bytes);
}

/* ---- good models ------------------------------------------------------------------------------------------------ */

static void sizes_are_read(void **state)
{
    (void)state;
    struct model *m = open_fixture("tiny-llama.gguf");
    const struct model_info *info = model_info(m);
    assert_string_equal(info->name, "Tiny Llama");
    assert_string_equal(info->architecture, "llama");
    assert_string_equal(info->format, "GGUF 3");
    assert_string_equal(info->tokenizer, "SentencePiece BPE");
    assert_string_equal(info->type, "Q8_0");
    assert_string_equal(info->rope_scaling, "none");
    assert_non_null(strstr(info->chat_template, "[INST]"));
    const int32_t got[] = {info->layers,     info->width,    info->heads, info->kv_heads,
                           info->head_width, info->ff_width, info->vocab, info->context};
    static const int32_t expected[] = {2, 64, 4, 2, 16, 96, 384, 512};
    assert_memory_equal(got, expected, sizeof got);
    assert_true(fabsf(info->norm_epsilon - 1e-5f) < 1e-9f);
    assert_int_equal(info->parameters, 2 * 384 * 64 + 64 + 2 * (2 * 64 + 2 * 64 * 64 + 2 * 32 * 64 + 3 * 96 * 64));
    assert_ptr_not_equal(m->output.data, m->embedding.data);
    assert_null(m->layers[0].bq.data);
    model_free(m);
}

static void types_add_up(void **state)
{
    (void)state;
    struct model *m = open_fixture("tiny-llama.gguf");
    const char *type;
    int tensors, all = 0, rows = 0;
    uint64_t bytes, sum = 0, before = UINT64_MAX;
    for (; model_type_row(m, rows, &type, &tensors, &bytes); rows++) {
        assert_true(bytes <= before);
        before = bytes;
        all += tensors;
        sum += bytes;
    }
    assert_int_equal(rows, 3);
    assert_int_equal(all, 2 * 9 + 3);
    assert_true(sum < model_info(m)->file_bytes && sum > model_info(m)->file_bytes * 8 / 10);
    model_free(m);
}

static void llama3_parts_are_read(void **state)
{
    (void)state;
    struct model *m = open_fixture("tiny-llama3.gguf");
    const struct model_info *info = model_info(m);
    assert_string_equal(info->tokenizer, "byte-level BPE (llama-bpe)");
    assert_string_equal(info->rope_scaling, "llama3");
    assert_int_equal(info->head_width, 24);
    assert_int_equal(m->rope_pairs, 8);
    assert_ptr_equal(m->output.data, m->embedding.data);
    assert_int_equal(m->layers[2].b_gate.cols, 64);
    assert_int_equal(m->layers[1].bq.cols, 48);
    static const double factors[] = {1, 1, 1, 1.5, 3, 6, 8, 8};
    double worst = 0;
    for (int i = 0; i < 8; i++) {
        double expected = pow(500000, -i / 8.0) / factors[i];
        worst = fmax(worst, fabs((double)m->rope_frequency[i] / expected - 1));
    }
    print_message("largest relative difference of a rotary frequency: %.2g\n", worst);
    assert_true(worst < 1e-6);
    model_free(m);
}

static void linear_scaling_divides_positions(void **state)
{
    (void)state;
    struct patient p = take("tiny-llama.gguf");
    rename_to(&p, "llama.rope.dimension_count", "llama.rope.dimension_counX"); /* absent: the whole head turns */
    struct error err = {0};
    struct source *s = source_open_memory("linear", p.bytes, p.size, false, &err);
    struct value four = {.type = VALUE_F32, .bytes = (const unsigned char *)"\0\0\x80\x40", .size = 4};
    assert_int_equal(source_add_value(s, "linear", "llama.rope.scale_linear", four, &err), ERR_NONE);
    struct model *m = model_from_source(s, "linear", NULL, &err);
    assert_string_equal(err.message, "");
    assert_string_equal(model_info(m)->rope_scaling, "linear");
    assert_int_equal(m->rope_pairs, 8);
    assert_true(fabsf(m->rope_frequency[0] - 0.25f) < 1e-7f);
    model_free(m);
    free(p.bytes);
}

/* A model of 64 positions stretched fourfold by YaRN: keys of type yarn reach the frequencies and the angles' size. */
static void yarn_is_read(void **state)
{
    (void)state;
    struct patient p = take("tiny-llama.gguf");
    rename_to(&p, "llama.rope.dimension_count", "llama.rope.dimension_counX"); /* absent: the whole head turns */
    struct error err = {0};
    struct source *s = source_open_memory("yarn", p.bytes, p.size, false, &err);
    const struct value type = {.type = VALUE_STRING, .bytes = (const unsigned char *)"yarn", .size = 4};
    const struct value four = {.type = VALUE_F32, .bytes = (const unsigned char *)"\0\0\x80\x40", .size = 4};
    const struct value trained = {.type = VALUE_U32, .bytes = (const unsigned char *)"\x40\0\0\0", .size = 4};
    assert_int_equal(source_add_value(s, "yarn", "llama.rope.scaling.type", type, &err), ERR_NONE);
    assert_int_equal(source_add_value(s, "yarn", "llama.rope.scaling.factor", four, &err), ERR_NONE);
    assert_int_equal(source_add_value(s, "yarn", "llama.rope.scaling.original_context_length", trained, &err),
                     ERR_NONE);
    struct model *m = model_from_source(s, "yarn", NULL, &err);
    assert_string_equal(err.message, "");
    assert_string_equal(model_info(m)->rope_scaling, "yarn");
    assert_int_equal(m->rope.trained, 64);
    assert_true(m->rope_frequency[0] == 1.0f);
    assert_true(fabs((double)m->rope_attention - (0.1 * log(4) + 1)) < 1e-6);
    model_free(m);
    free(p.bytes);
}

static void vocabulary_alone_opens(void **state)
{
    (void)state;
    struct error err = {0};
    const struct model_options options = {.vocab_only = true};
    struct model *m = model_open(source_fixture("tiny-llama3.gguf"), &options, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(model_info(m)->vocab, 256 + 96 + 5);
    model_free(m);
}

/* Vectors that are not aligned float32 are unpacked; here the file is moved by one byte. */
static void unaligned_files_open(void **state)
{
    (void)state;
    struct patient p = take("tiny-llama.gguf");
    unsigned char *moved = malloc(p.size + 1);
    assert_non_null(moved);
    memcpy(moved + 1, p.bytes, p.size);
    struct error err = {0};
    struct source *s = source_open_memory("moved", moved + 1, p.size, false, &err);
    struct model *m = model_from_source(s, "moved", NULL, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(m->n_vectors, 5);
    assert_int_equal((uintptr_t)m->output_norm.data % sizeof(float), 0);
    model_free(m);
    free(moved);
    free(p.bytes);
}

/* ---- wrong models ----------------------------------------------------------------------------------------------- */

static void wrong_counts_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        uint32_t value;
        const char *says;
    } rows[] = {
        {"llama.attention.head_count", 0, "llama.attention.head_count is 0"},
        {"llama.attention.head_count", 3, "3 heads cannot share 2 key/value heads"},
        {"llama.attention.head_count", 8, "tensor blk.0.attn_q.weight is 64 x 64"},
        {"llama.attention.head_count_kv", 0, "llama.attention.head_count_kv is 0"},
        {"llama.attention.head_count_kv", 4, "tensor blk.0.attn_k.weight is 64 x 32"},
        {"llama.attention.key_length", 0xFFFFFFFF, "key_length is 4294967295"},
        {"llama.attention.value_length", 8, "keys of 16 and values of 8"},
        {"llama.block_count", 0, "llama.block_count is 0"},
        {"llama.block_count", 3, "tensor blk.2.attn_norm.weight is missing"},
        {"llama.block_count", 1, "tensor blk.1.attn_norm.weight belongs to no Llama model of 1 layers"},
        {"llama.block_count", 65000, "65000 layers announced"},
        {"llama.embedding_length", 128, "its model's sizes call for"},
        {"llama.embedding_length", 0x7FFFFFFF, "llama.embedding_length is 2147483647"},
        {"llama.feed_forward_length", 64, "blk.0.ffn_gate.weight is 64 x 96"},
        {"llama.context_length", 0, "llama.context_length is 0"},
        {"llama.context_length", 0x80000000, "llama.context_length is 2147483648"},
        {"llama.rope.dimension_count", 18, "llama.rope.dimension_count is 18"},
        {"llama.rope.dimension_count", 7, "llama.rope.dimension_count is 7"},
        {"llama.rope.dimension_count", 0, "llama.rope.dimension_count is 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct patient p = take("tiny-llama.gguf");
        set_u32(&p, rows[i].key, rows[i].value);
        refuse(&p, rows[i].says);
    }
}

static void wrong_numbers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        float value;
        const char *says;
    } rows[] = {
        {"llama.rope.freq_base", 0, "llama.rope.freq_base is 0"},
        {"llama.rope.freq_base", NAN, "llama.rope.freq_base is"},
        {"llama.attention.layer_norm_rms_epsilon", -1, "rms_epsilon is -1"},
        {"llama.attention.layer_norm_rms_epsilon", NAN, "rms_epsilon is"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct patient p = take("tiny-llama.gguf");
        set_f32(&p, rows[i].key, rows[i].value);
        refuse(&p, rows[i].says);
    }
}

static void a_score_that_is_no_number_is_refused(void **state)
{
    (void)state;
    enum { BEFORE = 4 + 4 + 8, TOKEN = 300 }; /* the array's type, its elements' type and its length */
    struct patient p = take("tiny-llama.gguf");
    const float nan = NAN;
    memcpy(find(&p, "tokenizer.ggml.scores") + BEFORE + TOKEN * sizeof nan, &nan, sizeof nan);
    refuse(&p, "token 300 has no number as its score");
}

static void missing_pieces_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *other, *says;
    } rows[] = {
        {"llama.block_count", "llama.block_counX", "the key llama.block_count is missing"},
        {"llama.attention.head_count", "llama.attention.head_counX", "head_count is missing"},
        {"llama.attention.layer_norm_rms_epsilon", "llama.attention.layer_norm_rms_epsiloX", "is missing"},
        {"tokenizer.ggml.tokens", "tokenizer.ggml.tokenX", "holds no vocabulary"},
        {"blk.1.ffn_up.weight", "blk.1.ffn_uX.weight", "tensor blk.1.ffn_up.weight is missing"},
        {"blk.1.ffn_up.weight", "blk.0.ffn_up.weight", "there twice"},
        {"token_embd.weight", "token_embX.weight", "tensor token_embd.weight is missing"},
        {"output.weight", "outpuX.weight", "tensor outpuX.weight belongs to no Llama model"},
        {"general.architecture", "general.architecturX", "says nothing of its architecture"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct patient p = take("tiny-llama.gguf");
        rename_to(&p, rows[i].name, rows[i].other);
        refuse(&p, rows[i].says);
    }
}

static void other_kinds_are_refused(void **state)
{
    (void)state;
    struct patient p = take("tiny-llama.gguf");
    memcpy(find(&p, "general.architecture") + 12, "qwen2", 5);
    refuse(&p, "architecture 'qwen2' is not supported, Palaver runs 'llama', 'bert' models");
    static const struct {
        const char *key;
        struct value value;
        const char *says;
    } rows[] = {
        {"llama.rope.scaling.type",
         {.type = VALUE_STRING, .bytes = (const unsigned char *)"longrope", .size = 8},
         "RoPE scaling of type 'longrope' is not supported"},
        {"llama.expert_count",
         {.type = VALUE_U32, .bytes = (const unsigned char *)"\x08\0\0", .size = 4},
         "a mixture of 8 experts"},
        {"llama.attention.scale",
         {.type = VALUE_F32, .bytes = (const unsigned char *)"\0\0\x80\x3F", .size = 4},
         "llama.attention.scale is 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error err = {0};
        struct source *s = source_open(source_fixture("tiny-llama.gguf"), false, &err);
        assert_int_equal(source_add_value(s, "bad", rows[i].key, rows[i].value, &err), ERR_NONE);
        assert_null(model_from_source(s, "bad", NULL, &err));
        if (strstr(err.message, rows[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", err.message, rows[i].says);
    }
}

static void damaged_norms_are_refused(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *says;
    } rows[] = {
        {NAN, "blk.1.ffn_norm.weight is not a number"},
        {-INFINITY, "blk.1.ffn_norm.weight is infinite"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct patient p = take("tiny-llama.gguf");
        struct error err = {0};
        struct source *s = source_open_memory("x", p.bytes, p.size, false, &err);
        struct tensor t;
        assert_true(source_tensor(s, "blk.1.ffn_norm.weight", &t));
        memcpy(p.bytes + ((const unsigned char *)t.data - p.bytes) + 60, &rows[i].value, sizeof(float));
        source_free(s);
        refuse(&p, rows[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(types_add_up),
        cmocka_unit_test(llama3_parts_are_read),
        cmocka_unit_test(linear_scaling_divides_positions),
        cmocka_unit_test(yarn_is_read),
        cmocka_unit_test(vocabulary_alone_opens),
        cmocka_unit_test(unaligned_files_open),
        cmocka_unit_test(wrong_counts_are_refused),
        cmocka_unit_test(wrong_numbers_are_refused),
        cmocka_unit_test(a_score_that_is_no_number_is_refused),
        cmocka_unit_test(missing_pieces_are_named),
        cmocka_unit_test(other_kinds_are_refused),
        cmocka_unit_test(damaged_norms_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
