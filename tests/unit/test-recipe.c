/* Tests of recipes against what llama.cpp's llama-quantize does (--dry-run, its tree of November 2026) with random models
 * of these shapes, tensor by tensor. */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "engine/convert/recipe.h"
#include "engine/kernels/tensor.h"
#include "tests/cmocka.h"

/* The shapes: as a 7B model has them, with and without an importance matrix; 4 query heads for a key/value head; 70B; one
 * whose embedding serves as its output; one whose width 256 does not divide. */
enum shape { MODEL_7B, MODEL_7B_IMATRIX, MODEL_SHARED, MODEL_70B, MODEL_TIED, MODEL_NARROW };

static const struct {
    struct recipe_model model;
    uint64_t width, ff_width;
    bool imatrix;
} shapes[] = {
    [MODEL_7B] = {{32, 4, 4, false}, 256, 512, false},     [MODEL_7B_IMATRIX] = {{32, 4, 4, false}, 256, 512, true},
    [MODEL_SHARED] = {{32, 8, 2, false}, 256, 512, false}, [MODEL_70B] = {{80, 8, 1, false}, 256, 512, false},
    [MODEL_TIED] = {{13, 4, 4, true}, 256, 512, false},    [MODEL_NARROW] = {{9, 6, 3, true}, 288, 768, false},
};

/* A matrix of each layer: its usual type, and another one in the layers that have a 1. */
struct mix {
    const char *usual, *other, *layers;
};

#define MORE_32 "11110010010010010010010010011111"
#define MORE_80 "11111111110010010010010010010010010010010010010010010010010010010010011111111111"

static const struct answer {
    enum shape shape;
    const char *type, *embedding, *output; /* output NULL: there is none */
    const char *others;                    /* queries, keys, gate and up */
    const char *attention_output;
    struct mix value, down;
} answers[] = {
    {MODEL_7B, "Q8_0", "Q8_0", "Q8_0", "Q8_0", "Q8_0", {.usual = "Q8_0"}, {.usual = "Q8_0"}},
    {MODEL_7B, "Q4_0", "Q4_0", "Q6_K", "Q4_0", "Q4_0", {.usual = "Q4_0"}, {.usual = "Q4_0"}},
    {MODEL_7B, "Q4_1", "Q4_1", "Q6_K", "Q4_1", "Q4_1", {.usual = "Q4_1"}, {.usual = "Q4_1"}},
    {MODEL_7B, "Q5_0", "Q5_0", "Q6_K", "Q5_0", "Q5_0", {.usual = "Q5_0"}, {.usual = "Q5_0"}},
    {MODEL_7B, "Q5_1", "Q5_1", "Q6_K", "Q5_1", "Q5_1", {.usual = "Q5_1"}, {.usual = "Q5_1"}},
    {MODEL_7B, "Q2_K", "Q2_K", "Q6_K", "Q2_K", "Q3_K", {.usual = "Q3_K"}, {.usual = "Q3_K"}},
    {MODEL_7B, "Q3_K_S", "Q3_K", "Q6_K", "Q3_K", "Q3_K", {.usual = "Q3_K"}, {.usual = "Q3_K"}},
    {MODEL_7B, "Q3_K_M", "Q3_K", "Q6_K", "Q3_K", "Q4_K", {"Q4_K", "Q5_K", "11"}, {"Q4_K", "Q5_K", "11"}},
    {MODEL_7B, "Q3_K_L", "Q3_K", "Q6_K", "Q3_K", "Q5_K", {.usual = "Q5_K"}, {.usual = "Q5_K"}},
    {MODEL_7B, "Q4_K_S", "Q4_K", "Q6_K", "Q4_K", "Q4_K", {"Q4_K", "Q5_K", "1111"}, {"Q4_K", "Q5_K", "1111"}},
    {MODEL_7B, "Q4_K_M", "Q4_K", "Q6_K", "Q4_K", "Q4_K", {"Q4_K", "Q6_K", MORE_32}, {"Q4_K", "Q6_K", MORE_32}},
    {MODEL_7B, "Q5_K_S", "Q5_K", "Q6_K", "Q5_K", "Q5_K", {.usual = "Q5_K"}, {.usual = "Q5_K"}},
    {MODEL_7B, "Q5_K_M", "Q5_K", "Q6_K", "Q5_K", "Q5_K", {"Q5_K", "Q6_K", MORE_32}, {"Q5_K", "Q6_K", MORE_32}},
    {MODEL_7B, "Q6_K", "Q6_K", "Q6_K", "Q6_K", "Q6_K", {.usual = "Q6_K"}, {.usual = "Q6_K"}},
    {MODEL_7B, "IQ4_NL", "IQ4_NL", "Q6_K", "IQ4_NL", "IQ4_NL", {.usual = "IQ4_NL"}, {"IQ4_NL", "Q5_K", "1111"}},
    {MODEL_7B, "IQ4_XS", "IQ4_XS", "Q6_K", "IQ4_XS", "IQ4_XS", {.usual = "IQ4_XS"}, {"IQ4_XS", "Q5_K", "1111"}},
    {MODEL_7B_IMATRIX, "Q4_0", "Q4_0", "Q6_K", "Q4_0", "Q4_0", {.usual = "Q4_0"}, {"Q4_0", "Q4_1", "1111"}},
    {MODEL_7B_IMATRIX, "Q5_0", "Q5_0", "Q6_K", "Q5_0", "Q5_0", {.usual = "Q5_0"}, {"Q5_0", "Q5_1", "1111"}},
    {MODEL_7B_IMATRIX, "Q4_K_M", "Q4_K", "Q6_K", "Q4_K", "Q4_K", {"Q4_K", "Q6_K", MORE_32}, {"Q4_K", "Q6_K", MORE_32}},
    {MODEL_7B_IMATRIX, "IQ4_NL", "IQ4_NL", "Q6_K", "IQ4_NL", "IQ4_NL", {.usual = "IQ4_NL"}, {.usual = "IQ4_NL"}},
    {MODEL_7B_IMATRIX, "IQ4_XS", "IQ4_XS", "Q6_K", "IQ4_XS", "IQ4_XS", {.usual = "IQ4_XS"}, {.usual = "IQ4_XS"}},
    {MODEL_SHARED, "Q2_K", "Q2_K", "Q6_K", "Q2_K", "Q3_K", {.usual = "Q4_K"}, {.usual = "Q3_K"}},
    {MODEL_SHARED, "Q4_K_M", "Q4_K", "Q6_K", "Q4_K", "Q4_K", {"Q4_K", "Q6_K", MORE_32}, {"Q4_K", "Q6_K", MORE_32}},
    {MODEL_SHARED, "IQ4_NL", "IQ4_NL", "Q6_K", "IQ4_NL", "IQ4_NL", {.usual = "Q5_K"}, {"IQ4_NL", "Q5_K", "1111"}},
    {MODEL_SHARED, "IQ4_XS", "IQ4_XS", "Q6_K", "IQ4_XS", "IQ4_XS", {.usual = "Q5_K"}, {"IQ4_XS", "Q5_K", "1111"}},
    {MODEL_70B, "Q2_K", "Q2_K", "Q6_K", "Q2_K", "Q3_K", {.usual = "Q5_K"}, {.usual = "Q3_K"}},
    {MODEL_70B, "Q3_K_S", "Q3_K", "Q6_K", "Q3_K", "Q3_K", {.usual = "Q5_K"}, {.usual = "Q3_K"}},
    {MODEL_70B, "Q3_K_M", "Q3_K", "Q6_K", "Q3_K", "Q4_K", {.usual = "Q5_K"}, {"Q4_K", "Q5_K", "11111"}},
    {MODEL_70B, "Q4_K_S", "Q4_K", "Q6_K", "Q4_K", "Q4_K", {.usual = "Q5_K"}, {"Q4_K", "Q5_K", "1111111111"}},
    {MODEL_70B, "Q4_K_M", "Q4_K", "Q6_K", "Q4_K", "Q4_K", {"Q5_K", "Q6_K", MORE_80}, {"Q4_K", "Q6_K", MORE_80}},
    {MODEL_70B, "Q5_K_M", "Q5_K", "Q6_K", "Q5_K", "Q5_K", {"Q5_K", "Q6_K", MORE_80}, {"Q5_K", "Q6_K", MORE_80}},
    {MODEL_70B, "IQ4_XS", "IQ4_XS", "Q6_K", "IQ4_XS", "IQ4_XS", {.usual = "Q5_K"}, {"IQ4_XS", "Q5_K", "1111111111"}},
    {MODEL_TIED, "Q8_0", "Q8_0", NULL, "Q8_0", "Q8_0", {.usual = "Q8_0"}, {.usual = "Q8_0"}},
    {MODEL_TIED, "Q4_0", "Q6_K", NULL, "Q4_0", "Q4_0", {.usual = "Q4_0"}, {.usual = "Q4_0"}},
    {MODEL_TIED,
     "Q4_K_M",
     "Q6_K",
     NULL,
     "Q4_K",
     "Q4_K",
     {"Q4_K", "Q6_K", "1001001001011"},
     {"Q4_K", "Q6_K", "1001001001011"}},
    {MODEL_NARROW, "Q2_K", "Q8_0", NULL, "Q4_0", "Q4_0", {.usual = "Q4_0"}, {.usual = "Q3_K"}},
    {MODEL_NARROW, "Q3_K_M", "Q8_0", NULL, "Q4_0", "Q5_0", {"Q5_0", "Q5_1", "11"}, {.usual = "Q4_K"}},
    {MODEL_NARROW, "Q4_K_M", "Q8_0", NULL, "Q5_0", "Q5_0", {"Q8_0", "Q5_0", "011011"}, {"Q6_K", "Q4_K", "011011"}},
    {MODEL_NARROW, "Q5_K_M", "Q8_0", NULL, "Q5_1", "Q5_1", {"Q8_0", "Q5_1", "011011"}, {"Q6_K", "Q5_K", "011011"}},
    {MODEL_NARROW, "Q6_K", "Q8_0", NULL, "Q8_0", "Q8_0", {.usual = "Q8_0"}, {.usual = "Q6_K"}},
    {MODEL_NARROW, "Q4_0", "Q8_0", NULL, "Q4_0", "Q4_0", {.usual = "Q4_0"}, {.usual = "Q4_0"}},
    {MODEL_NARROW, "IQ4_XS", "Q8_0", NULL, "IQ4_NL", "IQ4_NL", {.usual = "IQ4_NL"}, {"IQ4_XS", "Q5_K", "1"}},
};

static void check(const struct recipe *r, const char *name, uint64_t cols, const char *expected)
{
    const struct tensor t = {.type = TENSOR_F16, .rows = 64, .cols = cols};
    if (strcmp(tensor_traits(recipe_choose(r, name, &t))->name, expected) != 0)
        fail_msg("%s of a %s model is %s, llama.cpp makes it %s", name, recipe_type(r)->name,
                 tensor_traits(recipe_choose(r, name, &t))->name, expected);
}

static void check_layer(const struct recipe *r, int layer, const char *part, uint64_t cols, const struct mix *mix)
{
    char name[64];
    const bool other = mix->layers != NULL && (size_t)layer < strlen(mix->layers) && mix->layers[layer] == '1';
    snprintf(name, sizeof name, "blk.%d.%s.weight", layer, part);
    check(r, name, cols, other ? mix->other : mix->usual);
}

static void mixtures_are_llama_cpps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct answer *a = &answers[i];
        const uint64_t width = shapes[a->shape].width, ff_width = shapes[a->shape].ff_width;
        const struct recipe_options o = {.type = a->type, .imatrix = shapes[a->shape].imatrix};
        struct error err = {0};
        struct recipe *r = recipe_new(&o, &shapes[a->shape].model, &err);
        assert_non_null(r);
        check(r, "token_embd.weight", width, a->embedding);
        if (a->output != NULL)
            check(r, "output.weight", width, a->output);
        for (int layer = 0; layer < shapes[a->shape].model.layers; layer++) {
            static const char *const parts[] = {"attn_q", "attn_k", "ffn_gate", "ffn_up"};
            const struct mix others = {.usual = a->others}, output = {.usual = a->attention_output};
            for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
                check_layer(r, layer, parts[k], width, &others);
            check_layer(r, layer, "attn_output", width, &output);
            check_layer(r, layer, "attn_v", width, &a->value);
            check_layer(r, layer, "ffn_down", ff_width, &a->down);
        }
        recipe_free(r);
    }
}

static struct recipe *make(const struct recipe_options *o)
{
    struct error err = {0};
    struct recipe *r = recipe_new(o, &shapes[MODEL_7B].model, &err);
    if (r == NULL)
        fail_msg("%s", err.message);
    return r;
}

static void vectors_are_float32_and_rows_of_any_length_have_a_type(void **state)
{
    (void)state;
    const struct tensor norm = {.type = TENSOR_BF16, .rows = 1, .cols = 256};
    struct recipe *r = make(&(struct recipe_options){.type = "q4_k_m"});
    assert_int_equal(recipe_choose(r, "blk.0.attn_norm.weight", &norm), TENSOR_F32);
    check(r, "blk.5.attn_q.weight", 40, "F16");
    recipe_free(r);
}

static void without_a_type_matrices_keep_theirs(void **state)
{
    (void)state;
    const struct tensor t = {.type = TENSOR_BF16, .rows = 8, .cols = 256};
    struct recipe *r = make(&(struct recipe_options){.output_type = "q8_0"});
    assert_null(recipe_type(r));
    assert_int_equal(recipe_choose(r, "blk.0.attn_q.weight", &t), TENSOR_BF16);
    assert_int_equal(recipe_choose(r, "output.weight", &t), TENSOR_Q8_0);
    recipe_free(r);
}

static void what_is_asked_for_goes_before_the_mixture(void **state)
{
    (void)state;
    struct recipe *r = make(&(struct recipe_options){.type = "Q4_K_M", .pure = true});
    check(r, "blk.0.attn_v.weight", 256, "Q4_K");
    check(r, "output.weight", 256, "Q4_K");
    recipe_free(r);
    r = make(&(struct recipe_options){.type = "Q4_K_M",
                                      .output_type = "q8_0",
                                      .embedding_type = "q5_k",
                                      .tensor_types = "attn_v=q8_0\nffn_(up|down)=q5_1"});
    check(r, "output.weight", 256, "Q8_0");
    check(r, "token_embd.weight", 256, "Q5_K");
    check(r, "blk.0.attn_v.weight", 256, "Q8_0");
    check(r, "blk.31.ffn_down.weight", 512, "Q5_1");
    check(r, "blk.31.ffn_gate.weight", 512, "Q4_K");
    recipe_free(r);
}

/* What is added to every token costs every token. */
static void positions_of_an_encoder_stay_unless_they_are_named(void **state)
{
    (void)state;
    struct recipe *r = make(&(struct recipe_options){.type = "Q4_0"});
    check(r, "position_embd.weight", 256, "F16");
    check(r, "token_types.weight", 256, "F16");
    recipe_free(r);
    r = make(&(struct recipe_options){.type = "Q4_0", .tensor_types = "position=q8_0"});
    check(r, "position_embd.weight", 256, "Q8_0");
    check(r, "token_types.weight", 256, "F16");
    recipe_free(r);
}

static void refuse(const struct recipe_options *o, const char *says)
{
    struct error err = {0};
    assert_null(recipe_new(o, &shapes[MODEL_7B].model, &err));
    assert_int_equal(err.code, ERR_ARGUMENT);
    if (strstr(err.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, says);
}

static void what_is_no_type_is_refused_with_those_there_are(void **state)
{
    (void)state;
    refuse(&(struct recipe_options){.type = "q4_k_x"}, "there are F32 F16 BF16 Q8_0");
    refuse(&(struct recipe_options){.type = "q4_k_m", .output_type = "q4_k_m"}, "no type of a tensor");
    refuse(&(struct recipe_options){.type = "q4_k_m", .tensor_types = "attn_v"}, "is not NAME=TYPE");
    refuse(&(struct recipe_options){.type = "q4_k_m", .tensor_types = "=q8_0"}, "is not NAME=TYPE");
    refuse(&(struct recipe_options){.type = "q4_k_m", .tensor_types = "(=q8_0"}, "no regular expression");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixtures_are_llama_cpps),
        cmocka_unit_test(vectors_are_float32_and_rows_of_any_length_have_a_type),
        cmocka_unit_test(without_a_type_matrices_keep_theirs),
        cmocka_unit_test(what_is_asked_for_goes_before_the_mixture),
        cmocka_unit_test(positions_of_an_encoder_stay_unless_they_are_named),
        cmocka_unit_test(what_is_no_type_is_refused_with_those_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
