/* Tests of encoders: ids and vectors are those of transformers, the same to the bit whatever is beside a text, and the
 * loops give the same bits with every instruction set. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/file/gguf-writer.h"
#include "engine/file/metadata.h"
#include "engine/kernels/encode.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantize.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { TEXTS = 60, MOST_TOKENS = 24, WIDTH = 64, FF = 96, LAYERS = 2, VOCAB = 40 };

struct opened {
    struct model *model;
    struct encoder *encoder;
};

static struct opened open_path(const char *path, int32_t threads, bool exact)
{
    struct error err = {0};
    struct opened o = {.model = model_open(path, NULL, &err)};
    if (o.model != NULL)
        o.encoder = encoder_open(o.model, &(struct encoder_options){.threads = threads, .exact = exact}, &err);
    if (o.encoder == NULL)
        fail_msg("%s", err.message);
    return o;
}

static void close_opened(struct opened *o)
{
    encoder_free(o->encoder);
    model_free(o->model);
}

/* ---- transformers ----------------------------------------------------------------------------------------------- */

static double largest_difference(const float *vector, const json_t *numbers)
{
    double largest = 0;
    for (size_t i = 0; i < json_array_size(numbers); i++)
        largest = fmax(largest, fabs((double)vector[i] - json_number_value(json_array_get(numbers, i))));
    return largest;
}

static void check_ids(const json_t *text, const struct ids *ids)
{
    size_t n;
    int32_t *expected = vectors_ids(json_object_get(text, "ids"), &n);
    if (ids->n != n || memcmp(ids->at, expected, n * sizeof *expected) != 0)
        fail_msg("other ids than transformers: %.60s", json_string_value(json_object_get(text, "text")));
    free(expected);
}

/* The largest difference of a text's vector; name is "mean" and the like. */
static double check_vector(struct encoder *e, const json_t *text, const char *name, enum pooling pooling)
{
    struct error err = {0};
    struct ids ids = {0};
    const json_t *string = json_object_get(text, "text"), *norm = json_object_get(text, "norm");
    const size_t width = (size_t)encoder_width(e);
    float *vector = malloc(width * sizeof *vector);
    double sum = 0;
    assert_non_null(vector);
    assert_int_equal(encoder_tokens(e, json_string_value(string), json_string_length(string), 0, &ids, NULL, &err),
                     ERR_NONE);
    check_ids(text, &ids);
    assert_int_equal(encoder_encode(e, &ids, 1, pooling, vector, NULL, NULL, &err), ERR_NONE);
    for (size_t i = 0; i < width; i++)
        sum += (double)vector[i] * (double)vector[i];
    if (norm != NULL && pooling == POOLING_MEAN)
        assert_true(fabs(sqrt(sum) / json_number_value(norm) - 1) < 1e-5);
    const double largest = largest_difference(vector, json_object_get(text, name));
    free(vector);
    ids_free(&ids);
    return largest;
}

static void check_model(const char *path, json_t *file)
{
    struct opened o = open_path(path, 2, false);
    const json_t *texts = json_object_get(file, "texts");
    double largest = 0;
    assert_true(json_array_size(texts) > 0);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const json_t *text = json_array_get(texts, i);
        largest = fmax(largest, check_vector(o.encoder, text, "mean", POOLING_MEAN));
        largest = fmax(largest, check_vector(o.encoder, text, "cls", POOLING_CLS));
        largest = fmax(largest, check_vector(o.encoder, text, "vector", POOLING_MEAN));
        largest = fmax(largest, check_vector(o.encoder, text, "first8", POOLING_MEAN));
    }
    print_message("%s: the largest difference is %.3g\n", path, largest);
    assert_true(largest < 2e-5);
    close_opened(&o);
    json_decref(file);
}

static void vectors_are_those_of_transformers(void **state)
{
    (void)state;
    char *path = vectors_own("tiny-bert");
    check_model(path, vectors_load_path(vectors_own("tiny-bert.json")));
    free(path);
}

/* In every form in which they are published; where the larger vectors are. */
static void vectors_are_those_of_the_larger_references(void **state)
{
    static const struct {
        const char *vectors, *model;
    } rows[] = {
        {"tiny-bert-uncased.json", "tiny-bert-uncased-hf"},
        {"tiny-bert-uncased.json", "tiny-bert-uncased-bin"},
        {"tiny-bert-cased.json", "tiny-bert-cased-hf"},
        {"tiny-bert-cased.json", "tiny-bert-cased-bin"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *path = vectors_path(rows[i].model);
        json_t *file = path != NULL ? vectors_load(rows[i].vectors) : NULL;
        if (file != NULL)
            check_model(path, file);
        free(path);
    }
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

static void long_texts_are_cut_before_their_last_token(void **state)
{
    (void)state;
    struct error err = {0};
    struct ids ids = {0}, whole = {0};
    bool cut = false;
    char *path = vectors_own("tiny-bert");
    struct opened o = open_path(path, 1, false);
    assert_int_equal(encoder_tokens(o.encoder, "the cat is in", 13, 0, &whole, &cut, &err), ERR_NONE);
    assert_false(cut);
    assert_int_equal(whole.n, 6);
    assert_int_equal(encoder_tokens(o.encoder, "the cat is in", 13, 6, &ids, &cut, &err), ERR_NONE);
    assert_false(cut);
    ids.n = 0;
    assert_int_equal(encoder_tokens(o.encoder, "the cat is in", 13, 4, &ids, &cut, &err), ERR_NONE);
    assert_true(cut);
    assert_int_equal(ids.n, 4);
    assert_memory_equal(ids.at, whole.at, 3 * sizeof *ids.at);
    assert_int_equal(ids.at[3], whole.at[5]);
    assert_int_equal(encoder_tokens(o.encoder, "", 0, 1, &ids, &cut, &err), ERR_ARGUMENT);
    assert_int_equal(ids.n, 4);
    ids_free(&ids);
    ids_free(&whole);
    close_opened(&o);
    free(path);
}

static void models_of_the_other_kind_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    char *bert = vectors_own("tiny-bert"), *llama = vectors_own("tiny-llama.gguf");
    struct model *encoder = model_open(bert, NULL, &err), *writer = model_open(llama, NULL, &err);
    assert_non_null(encoder);
    assert_non_null(writer);
    assert_true(model_info(encoder)->encoder);
    assert_false(model_info(writer)->encoder);
    assert_null(runner_open(encoder, NULL, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "palaver embed"));
    err = (struct error){0};
    assert_null(encoder_open(writer, NULL, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "take an encoder"));
    model_free(encoder);
    model_free(writer);
    free(bert);
    free(llama);
}

static void ids_out_of_range_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    char *path = vectors_own("tiny-bert");
    struct opened o = open_path(path, 1, false);
    int32_t many[MOST_TOKENS + 1] = {0}, wrong = model_info(o.model)->vocab;
    float vector[8];
    const struct ids none = {0}, outside = {&wrong, 1, 1}, longer = {many, MOST_TOKENS + 1, MOST_TOKENS + 1};
    assert_int_equal(encoder_encode(o.encoder, &none, 1, POOLING_MEAN, vector, NULL, NULL, &err), ERR_ARGUMENT);
    err = (struct error){0};
    assert_int_equal(encoder_encode(o.encoder, &outside, 1, POOLING_MEAN, vector, NULL, NULL, &err), ERR_ARGUMENT);
    err = (struct error){0};
    assert_int_equal(encoder_encode(o.encoder, &longer, 1, POOLING_MEAN, vector, NULL, NULL, &err), ERR_CONTEXT);
    close_opened(&o);
    free(path);
}

/* ---- bits ------------------------------------------------------------------------------------------------------- */

static struct ids texts[TEXTS];

/* Of 1 to MOST_TOKENS tokens: more than one batch of them all. */
static void make_texts(int32_t vocab)
{
    srand(3);
    for (size_t i = 0; i < TEXTS; i++) {
        texts[i].n = 0;
        for (size_t n = i == 0 ? MOST_TOKENS : (size_t)(1 + rand() % MOST_TOKENS); n > 0; n--) {
            const int32_t id = rand() % vocab;
            assert_true(ids_append(&texts[i], &id, 1));
        }
    }
}

static float *encode_all(const char *path, int32_t threads, bool alone)
{
    struct error err = {0};
    struct opened o = open_path(path, threads, false);
    const size_t width = (size_t)encoder_width(o.encoder);
    float *vectors = calloc(TEXTS * width, sizeof *vectors);
    assert_non_null(vectors);
    make_texts(model_info(o.model)->vocab);
    for (size_t i = 0; i < (alone ? TEXTS : 1); i++)
        assert_int_equal(encoder_encode(o.encoder, &texts[i], alone ? 1 : TEXTS, POOLING_MEAN, vectors + i * width,
                                        NULL, NULL, &err),
                         ERR_NONE);
    close_opened(&o);
    return vectors;
}

static void check_bits(const char *path, size_t width)
{
    float *alone = encode_all(path, 1, true);
    for (int32_t threads = 1; threads <= 3; threads++) {
        float *together = encode_all(path, threads, false);
        assert_memory_equal(alone, together, TEXTS * width * sizeof *alone);
        free(together);
    }
    free(alone);
    for (size_t i = 0; i < TEXTS; i++) {
        ids_free(&texts[i]);
        texts[i] = (struct ids){0};
    }
}

static void float_vectors_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    char *path = vectors_own("tiny-bert");
    check_bits(path, 8);
    free(path);
}

/* ---- quantised weights ------------------------------------------------------------------------------------------ */

struct making {
    struct gguf_entry entries[5 + 16 * LAYERS];
    char names[5 + 16 * LAYERS][64];
    size_t n;
};

static void plan_tensor(struct making *m, int layer, const char *name, uint64_t rows, uint64_t cols)
{
    char *full = m->names[m->n];
    if (layer < 0)
        snprintf(full, sizeof m->names[0], "%s", name);
    else
        snprintf(full, sizeof m->names[0], "blk.%d.%s", layer, name);
    m->entries[m->n++] = (struct gguf_entry){full, rows > 1 && layer >= 0 ? TENSOR_Q8_0 : TENSOR_F32, rows, cols};
}

static void plan_tensors(struct making *m)
{
    static const struct {
        const char *name;
        uint64_t rows, cols;
    } rows[] = {
        {"attn_q", WIDTH, WIDTH},       {"attn_k", WIDTH, WIDTH},        {"attn_v", WIDTH, WIDTH},
        {"attn_output", WIDTH, WIDTH},  {"ffn_up", FF, WIDTH},           {"ffn_down", WIDTH, FF},
        {"attn_output_norm", 1, WIDTH}, {"layer_output_norm", 1, WIDTH},
    };
    char name[48];
    plan_tensor(m, -1, "token_embd.weight", VOCAB, WIDTH);
    plan_tensor(m, -1, "position_embd.weight", MOST_TOKENS, WIDTH);
    plan_tensor(m, -1, "token_types.weight", 2, WIDTH);
    plan_tensor(m, -1, "token_embd_norm.weight", 1, WIDTH);
    plan_tensor(m, -1, "token_embd_norm.bias", 1, WIDTH);
    for (int layer = 0; layer < LAYERS; layer++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            snprintf(name, sizeof name, "%s.weight", rows[i].name);
            plan_tensor(m, layer, name, rows[i].rows, rows[i].cols);
            snprintf(name, sizeof name, "%s.bias", rows[i].name);
            plan_tensor(m, layer, name, 1, rows[i].rows > 1 ? rows[i].rows : WIDTH);
        }
}

static void describe(struct metadata *m)
{
    char word[16];
    metadata_init(m);
    metadata_text(m, "general.architecture", "bert", 4);
    metadata_uint(m, "bert.block_count", LAYERS);
    metadata_uint(m, "bert.context_length", MOST_TOKENS);
    metadata_uint(m, "bert.embedding_length", WIDTH);
    metadata_uint(m, "bert.feed_forward_length", FF);
    metadata_uint(m, "bert.attention.head_count", 4);
    metadata_float(m, "bert.attention.layer_norm_epsilon", 1e-12f);
    metadata_text(m, "tokenizer.ggml.model", "bert", 4);
    metadata_begin_texts(m, "tokenizer.ggml.tokens");
    metadata_add_text(m, "[UNK]", 5);
    metadata_add_text(m, "[CLS]", 5);
    metadata_add_text(m, "[SEP]", 5);
    for (int i = 3; i < VOCAB; i++)
        metadata_add_text(m, word, (size_t)snprintf(word, sizeof word, "\xE2\x96\x81w%d", i));
    metadata_end(m);
}

static void write_tensor(struct gguf_writer *w, const struct gguf_entry *e)
{
    struct error err = {0};
    float x[FF * WIDTH];
    unsigned char packed[FF * WIDTH * 2];
    for (size_t i = 0; i < e->rows * e->cols; i++)
        x[i] = ((float)rand() / (float)RAND_MAX - 0.5f) / (e->rows > 1 ? 4.0f : 1.0f) +
               (strstr(e->name, "norm.weight") != NULL);
    const void *bytes = x;
    if (e->type == TENSOR_Q8_0) {
        quantize_rows(TENSOR_Q8_0, x, e->rows, e->cols, NULL, packed);
        bytes = packed;
    }
    assert_int_equal(gguf_writer_append(w, bytes, (size_t)gguf_entry_bytes(e), &err), ERR_NONE);
}

/* A random model with matrices in Q8_0. */
static void make_quantised(const char *path)
{
    struct error err = {0};
    struct metadata metadata;
    struct making *m = calloc(1, sizeof *m);
    assert_non_null(m);
    srand(11);
    describe(&metadata);
    plan_tensors(m);
    struct gguf_writer *w = gguf_writer_new(path, &metadata, m->entries, m->n, 0, &err);
    assert_non_null(w);
    assert_int_equal(gguf_writer_begin(w, true, &err), ERR_NONE);
    for (size_t i = 0; i < m->n; i++)
        write_tensor(w, &m->entries[i]);
    assert_int_equal(gguf_writer_end(w, &err), ERR_NONE);
    gguf_writer_free(w);
    metadata_free(&metadata);
    free(m);
}

static float *encode_one(const char *path, bool exact)
{
    struct error err = {0};
    struct opened o = open_path(path, 1, exact);
    float *vector = malloc(WIDTH * sizeof *vector);
    assert_non_null(vector);
    make_texts(VOCAB);
    assert_int_equal(encoder_encode(o.encoder, texts, 1, POOLING_MEAN, vector, NULL, NULL, &err), ERR_NONE);
    vector_normalize(vector, WIDTH);
    close_opened(&o);
    return vector;
}

static void quantised_vectors_are_near_and_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    char folder[] = "/tmp/palaver-encoder-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/q8.gguf", folder);
    make_quantised(path);
    float *fast = encode_one(path, false), *exact = encode_one(path, true);
    print_message("cosine of Q8_0 and the same weights in float32: %.7f\n", (double)vector_dot(fast, exact, WIDTH));
    assert_true(vector_dot(fast, exact, WIDTH) > 0.999f);
    assert_true(memcmp(fast, exact, WIDTH * sizeof *fast) != 0);
    check_bits(path, WIDTH);
    free(fast);
    free(exact);
    unlink(path);
    rmdir(folder);
}

/* ---- loops ------------------------------------------------------------------------------------------------------ */

/* Those that this processor can run. */
static int find_tables(const struct encode_kernels *out[3])
{
    int n = 0;
    out[n++] = &encode_portable;
#ifdef CPU_X86
    for (int i = 0; kernels_at(i) != NULL; i++) {
        if (strcmp(kernels_at(i)->name, "avx2") == 0)
            out[n++] = &encode_avx2;
        if (strcmp(kernels_at(i)->name, "avx512") == 0)
            out[n++] = &encode_avx512;
    }
#endif
    return n;
}

enum { LOOP_MOST = 3 * 40 * 24 };

static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(rand() % 2000) / 100.0f - 10.0f;
}

static void check_gelu(const struct encode_kernels *k, const float *in, float *out, size_t n)
{
    memcpy(out, in, n * sizeof *out);
    k->gelu(out, n);
    for (size_t i = 0; i < n; i++) {
        const double x = (double)in[i];
        assert_true(fabs((double)out[i] - x * 0.5 * (1 + erf(x / sqrt(2)))) < 1e-6);
    }
}

static void check_norm(const struct encode_kernels *k, const float *in, float *out, size_t n)
{
    double mean = 0, variance = 0;
    const float *add = in + n, *weight = in + 2 * n, *bias = in;
    memcpy(out, in, n * sizeof *out);
    k->norm(out, add, weight, bias, n, 1e-12f);
    for (size_t i = 0; i < n; i++)
        mean += ((double)in[i] + (double)add[i]) / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += pow((double)in[i] + (double)add[i] - mean, 2) / (double)n;
    for (size_t i = 0; i < n && variance > 1e-3; i++) {
        const double x = ((double)in[i] + (double)add[i] - mean) / sqrt(variance) * (double)weight[i] + (double)bias[i];
        assert_true(fabs((double)out[i] - x) < 1e-4);
    }
}

/* Rows of n tokens, heads of `width`; the definition in double. */
static void check_attention(const struct encode_kernels *k, const float *in, float *out, size_t n, size_t width)
{
    const float *q = in, *key = in + n * width, *value = in + 2 * n * width;
    float *scratch = aligned_alloc(64, (encode_scratch(n, width) * sizeof(float) + 63) / 64 * 64);
    assert_non_null(scratch);
    k->attend(&(struct encode_head){q, key, value, width, n, width, out, width, scratch});
    free(scratch);
    for (size_t r = 0; r < n; r++) {
        double weights[64], top = -INFINITY, sum = 0;
        for (size_t j = 0; j < n; j++) {
            weights[j] = 0;
            for (size_t i = 0; i < width; i++)
                weights[j] += (double)q[r * width + i] * (double)key[j * width + i] / sqrt((double)width);
            top = fmax(top, weights[j]);
        }
        for (size_t j = 0; j < n; j++)
            sum += weights[j] = exp(weights[j] - top);
        for (size_t i = 0; i < width; i++) {
            double x = 0;
            for (size_t j = 0; j < n; j++)
                x += weights[j] / sum * (double)value[j * width + i];
            assert_true(fabs((double)out[r * width + i] - x) < 1e-3); /* scores of up to 500 */
        }
    }
}

static void loops_do_what_they_say_with_the_same_bits_everywhere(void **state)
{
    (void)state;
    static float in[LOOP_MOST], first[LOOP_MOST], out[LOOP_MOST];
    static const size_t sizes[] = {1, 3, 15, 16, 17, 33, 40}, widths[] = {1, 8, 16, 19, 24};
    const struct encode_kernels *tables[3];
    const int n = find_tables(tables);
    srand(5);
    fill(in, LOOP_MOST);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int t = 0; t < n; t++) {
            float *to = t == 0 ? first : out;
            check_gelu(tables[t], in, to, sizes[s]);
            assert_memory_equal(to, first, sizes[s] * sizeof *out);
        }
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int t = 0; t < n; t++) {
            float *to = t == 0 ? first : out;
            check_norm(tables[t], in, to, sizes[s]);
            assert_memory_equal(to, first, sizes[s] * sizeof *out);
        }
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
            for (int t = 0; t < n; t++) {
                float *to = t == 0 ? first : out;
                check_attention(tables[t], in, to, sizes[s], widths[w]);
                assert_memory_equal(to, first, sizes[s] * widths[w] * sizeof *out);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_those_of_transformers),
        cmocka_unit_test(vectors_are_those_of_the_larger_references),
        cmocka_unit_test(long_texts_are_cut_before_their_last_token),
        cmocka_unit_test(models_of_the_other_kind_are_refused),
        cmocka_unit_test(ids_out_of_range_are_refused),
        cmocka_unit_test(float_vectors_do_not_depend_on_the_batch),
        cmocka_unit_test(quantised_vectors_are_near_and_do_not_depend_on_the_batch),
        cmocka_unit_test(loops_do_what_they_say_with_the_same_bits_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
