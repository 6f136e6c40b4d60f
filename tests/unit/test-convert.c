/* Tests of conversions: what is written is what was read, in every type and from every form, and nothing is left behind
 * when it can't be written. Which types tensors get is test-recipe's. */
#include <config.h>

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/gguf-writer.h"
#include "engine/file/metadata.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/kernels/quantize.h"
#include "engine/kernels/tensor.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"

/* A path in the test's own folder; the text lasts until the fourth call after. */
static const char *own(const char *name)
{
    static char paths[4][128];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", test_folder, name);
    return paths[next];
}

/* How many entries the folder has, hidden ones too. */
static int count_files(void)
{
    int n = 0;
    DIR *dir = opendir(test_folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return n;
}

static struct model *open_model(const char *path)
{
    struct error err = {0};
    struct model *m = model_open(path, NULL, &err);
    if (m == NULL)
        fail_msg("%s", err.message);
    return m;
}

static struct source *open_source(const char *path)
{
    struct error err = {0};
    struct source *s = source_open(path, false, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

/* Converts with 2 threads, replacing what is there. ERR_NONE, or what failed. */
static enum error_code try_convert(const char *from, const char *to, const struct conversion_options *o,
                                   struct error *err)
{
    struct model *m = open_model(from);
    struct conversion *c = conversion_new(m, o, to, err);
    if (c != NULL)
        conversion_write(c, true, 2, NULL, NULL, err);
    conversion_free(c);
    model_free(m);
    return err->code;
}

static void convert(const char *from, const char *to, const struct conversion_options *o)
{
    struct error err = {0};
    if (try_convert(from, to, o, &err) != ERR_NONE)
        fail_msg("%s", err.message);
}

static void check_error(const struct error *err, enum error_code code, const char *says)
{
    if (err->code != code || strstr(err->message, says) == NULL)
        fail_msg("error %d '%s' is not %d with '%s'", err->code, err->message, code, says);
}

/* ---- a model of our own ------------------------------------------------------------------------------------------ */

enum { LAYERS = 2, WIDTH = 256, FF = 512, VOCAB = 384, TENSORS = 3 + 9 * LAYERS };

static const float *random_floats(size_t n)
{
    static float values[FF * WIDTH];
    static uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = ((float)(state >> 8) / 16777216.0f - 0.5f) * 0.2f;
    }
    return values;
}

static void name_tensors(struct gguf_entry *entries, char names[TENSORS][32], enum tensor_type type)
{
    static const struct {
        const char *name;
        uint64_t rows, cols;
    } parts[] = {
        {"attn_norm", 1, WIDTH},      {"attn_q", WIDTH, WIDTH}, {"attn_k", WIDTH / 2, WIDTH},
        {"attn_v", WIDTH / 2, WIDTH}, {"ffn_norm", 1, WIDTH},   {"attn_output", WIDTH, WIDTH},
        {"ffn_gate", FF, WIDTH},      {"ffn_up", FF, WIDTH},    {"ffn_down", WIDTH, FF},
    };
    size_t n = 0;
    entries[n++] = (struct gguf_entry){"output_norm.weight", TENSOR_F32, 1, WIDTH};
    entries[n++] = (struct gguf_entry){"output.weight", type, VOCAB, WIDTH};
    entries[n++] = (struct gguf_entry){"token_embd.weight", type, VOCAB, WIDTH};
    for (int layer = 0; layer < LAYERS; layer++)
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++, n++) {
            snprintf(names[n], 32, "blk.%d.%s.weight", layer, parts[i].name);
            entries[n] =
                (struct gguf_entry){names[n], parts[i].rows > 1 ? type : TENSOR_F32, parts[i].rows, parts[i].cols};
        }
}

/* The keys of tiny-llama.gguf with the sizes of this model. */
static void describe(struct metadata *m)
{
    static const struct {
        const char *key;
        uint32_t value;
    } sizes[] = {
        {"llama.block_count", LAYERS},
        {"llama.embedding_length", WIDTH},
        {"llama.feed_forward_length", FF},
        {"llama.attention.head_count", 4},
        {"llama.attention.head_count_kv", 2},
        {"llama.rope.dimension_count", WIDTH / 4},
        {"llama.attention.key_length", WIDTH / 4},
        {"llama.attention.value_length", WIDTH / 4},
    };
    struct source *s = open_source(source_fixture("tiny-llama.gguf"));
    const char *key;
    const struct value *value;
    for (uint64_t i = 0; source_value_at(s, i, &key, &value); i++) {
        size_t k = 0;
        while (k < sizeof sizes / sizeof *sizes && strcmp(sizes[k].key, key) != 0)
            k++;
        if (k == sizeof sizes / sizeof *sizes)
            metadata_value(m, key, value);
    }
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        metadata_uint(m, sizes[k].key, sizes[k].value);
    source_free(s);
}

/* Writes the model with `bad` as one of its weights, unless that is 0. */
static void write_model(const char *path, enum tensor_type type, float bad)
{
    static unsigned char packed[FF * WIDTH * 4];
    struct gguf_entry entries[TENSORS];
    char names[TENSORS][32];
    struct metadata m;
    struct error err = {0};
    metadata_init(&m);
    describe(&m);
    name_tensors(entries, names, type);
    struct gguf_writer *w = gguf_writer_new(path, &m, entries, TENSORS, 0, &err);
    assert_non_null(w);
    assert_int_equal(gguf_writer_begin(w, true, &err), ERR_NONE);
    for (size_t i = 0; i < TENSORS; i++) {
        static float values[FF * WIDTH];
        memcpy(values, random_floats((size_t)(entries[i].rows * entries[i].cols)), sizeof values);
        if (bad != 0 && strcmp(entries[i].name, "blk.1.attn_v.weight") == 0)
            values[5 * WIDTH + 3] = bad;
        quantize_rows(entries[i].type, values, entries[i].rows, entries[i].cols, NULL, packed);
        assert_int_equal(gguf_writer_append(w, packed, (size_t)gguf_entry_bytes(&entries[i]), &err), ERR_NONE);
    }
    assert_int_equal(gguf_writer_end(w, &err), ERR_NONE);
    gguf_writer_free(w);
    metadata_free(&m);
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static uint64_t tensor_bytes(const struct tensor *t)
{
    return tensor_row_bytes(t) * t->rows;
}

/* That two files have the same tensors with the same bytes; matrices: of vectors, only that they are there. */
static void compare_tensors(const char *a, const char *b, bool matrices)
{
    struct source *s = open_source(a), *other = open_source(b);
    const char *name;
    struct tensor t, u;
    uint64_t n = 0;
    for (; source_tensor_at(s, n, &name, &t); n++) {
        if (!source_tensor(other, name, &u) || u.type != t.type || u.rows != t.rows || u.cols != t.cols ||
            ((t.rows > 1 || !matrices) && memcmp(t.data, u.data, (size_t)tensor_bytes(&t)) != 0))
            fail_msg("%s differs between %s and %s", name, a, b);
    }
    assert_true(n > 0);
    assert_false(source_tensor_at(other, n, &name, &t));
    source_free(s);
    source_free(other);
}

static void check_same_tensors(const char *a, const char *b)
{
    compare_tensors(a, b, false);
}

/* That each tensor is what the quantiser makes of the source's values. */
static void check_packed(const char *from, const char *to, const char *type)
{
    static float values[FF * WIDTH];
    static unsigned char packed[FF * WIDTH * 4];
    struct source *s = open_source(from), *made = open_source(to);
    const char *name;
    struct tensor t, u;
    for (uint64_t i = 0; source_tensor_at(s, i, &name, &t); i++) {
        assert_true(source_tensor(made, name, &u));
        for (uint64_t row = 0; row < t.rows; row++)
            tensor_unpack_row(&t, row, values + row * t.cols);
        quantize_rows(u.type, values, t.rows, t.cols, NULL, packed);
        if (memcmp(packed, u.data, (size_t)tensor_bytes(&u)) != 0)
            fail_msg("%s: %s is not what its values are packed to", type, name);
    }
    source_free(s);
    source_free(made);
}

/* ---- forms and types --------------------------------------------------------------------------------------------- */

/* The fixtures' norms are float32 in one and bfloat16 in the other. */
static void every_form_gives_the_same_bytes(void **state)
{
    (void)state;
    static const char *const types[] = {"f32", "f16", "bf16"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct conversion_options o = {.type = types[i]};
        convert(source_fixture("folder-hf"), own("hf.gguf"), &o);
        convert(source_fixture("folder-meta"), own("meta.gguf"), &o);
        compare_tensors(own("hf.gguf"), own("meta.gguf"), true);
        convert(own("hf.gguf"), own("again.gguf"), &o);
        check_same_tensors(own("hf.gguf"), own("again.gguf"));
    }
}

static void every_type_holds_what_its_quantiser_makes(void **state)
{
    (void)state;
    const char *type;
    struct error err = {0};
    write_model(own("model.gguf"), TENSOR_F32, 0);
    for (size_t i = 0; (type = conversion_type(i)) != NULL; i++) {
        convert(own("model.gguf"), own("out.gguf"), &(struct conversion_options){.type = type});
        struct model *m = model_open(own("out.gguf"), NULL, &err);
        if (m == NULL)
            fail_msg("%s: %s", type, err.message);
        model_free(m);
        check_packed(own("model.gguf"), own("out.gguf"), type);
    }
}

static void threads_do_not_change_a_byte(void **state)
{
    (void)state;
    struct error err = {0};
    write_model(own("model.gguf"), TENSOR_F16, 0);
    struct model *m = open_model(own("model.gguf"));
    for (int32_t threads = 1; threads <= 5; threads += 2) {
        char name[32];
        snprintf(name, sizeof name, "%d.gguf", (int)threads);
        struct conversion *c = conversion_new(m, &(struct conversion_options){.type = "q4_k_m"}, own(name), &err);
        assert_non_null(c);
        assert_int_equal(conversion_write(c, false, threads, NULL, NULL, &err), ERR_NONE);
        conversion_free(c);
        check_same_tensors(own("1.gguf"), own(name));
    }
    model_free(m);
}

/* Keys that say how the file came about, or how it is laid out, are told anew. */
static bool is_new_key(const char *key)
{
    return strcmp(key, "general.file_type") == 0 || strcmp(key, "general.quantization_version") == 0 ||
           strcmp(key, "general.alignment") == 0 || strncmp(key, "split.", 6) == 0;
}

static void keys_are_kept_as_they_are(void **state)
{
    (void)state;
    static const char *const names[] = {"tiny-llama.gguf", "tiny-llama3.gguf", "folder-hf",
                                        "tiny-llama-split-00001-of-00003.gguf"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *key, *other;
        const struct value *value, *kept;
        convert(source_fixture(names[i]), own("out.gguf"), &(struct conversion_options){0});
        struct source *s = open_source(source_fixture(names[i])), *made = open_source(own("out.gguf"));
        for (uint64_t k = 0; source_value_at(s, k, &key, &value); k++) {
            bool found = is_new_key(key);
            for (uint64_t j = 0; !found && source_value_at(made, j, &other, &kept); j++)
                found = strcmp(key, other) == 0 && kept->type == value->type && kept->size == value->size &&
                        memcmp(kept->bytes, value->bytes, (size_t)value->size) == 0;
            if (!found)
                fail_msg("%s: %s is not kept", names[i], key);
        }
        source_free(made);
        source_free(s);
    }
}

static void check_uint(const char *path, const char *key, uint64_t expected)
{
    struct source *s = open_source(path);
    uint64_t value;
    assert_true(source_uint(s, key, &value));
    assert_int_equal(value, expected);
    source_free(s);
}

static void file_says_its_type(void **state)
{
    (void)state;
    write_model(own("model.gguf"), TENSOR_BF16, 0);
    convert(own("model.gguf"), own("out.gguf"), &(struct conversion_options){.type = "q5_k_s"});
    check_uint(own("out.gguf"), "general.file_type", 16);
    check_uint(own("out.gguf"), "general.quantization_version", 2);
    convert(source_fixture("folder-hf"), own("out.gguf"), &(struct conversion_options){0});
    check_uint(own("out.gguf"), "general.file_type", 32);
}

static void quantised_models_are_packed_anew_only_when_asked(void **state)
{
    (void)state;
    struct error err = {0};
    write_model(own("model.gguf"), TENSOR_Q8_0, 0);
    try_convert(own("model.gguf"), own("out.gguf"), &(struct conversion_options){.type = "q4_0"}, &err);
    check_error(&err, ERR_ARGUMENT, "--allow-requantize");
    convert(own("model.gguf"), own("out.gguf"), &(struct conversion_options){.type = "q4_0", .requantize = true});
    check_packed(own("model.gguf"), own("out.gguf"), "q4_0");
    convert(own("model.gguf"), own("out.gguf"), &(struct conversion_options){0});
    check_same_tensors(own("model.gguf"), own("out.gguf"));
}

static void values_that_a_type_cannot_hold_are_named(void **state)
{
    (void)state;
    struct error err = {0};
    write_model(own("model.gguf"), TENSOR_F32, 70000);
    try_convert(own("model.gguf"), own("out.gguf"), &(struct conversion_options){.type = "f16"}, &err);
    check_error(&err, ERR_UNSUPPORTED, "row 5 of tensor blk.1.attn_v.weight has a value beyond the 65504");
    error_clear(&err);
    convert(own("model.gguf"), own("out.gguf"), &(struct conversion_options){.type = "bf16"});
    write_model(own("model.gguf"), TENSOR_F32, NAN);
    try_convert(own("model.gguf"), own("new.gguf"), &(struct conversion_options){.type = "q4_k_m"}, &err);
    check_error(&err, ERR_CORRUPT, "row 5 of tensor blk.1.attn_v.weight has a value that is no finite number");
    assert_int_equal(count_files(), 2);
}

/* ---- several files ----------------------------------------------------------------------------------------------- */

static void large_models_lie_in_several_files(void **state)
{
    (void)state;
    write_model(own("model.gguf"), TENSOR_F16, 0);
    convert(own("model.gguf"), own("whole.gguf"), &(struct conversion_options){0});
    convert(own("model.gguf"), own("part.gguf"), &(struct conversion_options){.part_bytes = 1000000});
    assert_int_equal(count_files(), 2 + 3);
    check_same_tensors(own("whole.gguf"), own("part-00001-of-00003.gguf"));
    check_uint(own("part-00001-of-00003.gguf"), "split.count", 3);
    check_uint(own("part-00001-of-00003.gguf"), "split.tensors.count", TENSORS);
    check_uint(own("part-00001-of-00003.gguf"), "split.no", 0);
    convert(own("part-00002-of-00003.gguf"), own("joined.gguf"), &(struct conversion_options){0});
    check_same_tensors(own("whole.gguf"), own("joined.gguf"));
    convert(own("model.gguf"), own("one.gguf"), &(struct conversion_options){.part_bytes = 1000000000});
    check_same_tensors(own("whole.gguf"), own("one-00001-of-00001.gguf"));
}

/* ---- importance -------------------------------------------------------------------------------------------------- */

/* Importance 1 + column % 7 for every matrix of a layer. count: as if so many values had been summed up. */
static float importance(uint64_t col)
{
    return 1 + (float)(col % 7);
}

static void put_number(FILE *f, int32_t number)
{
    fwrite(&number, 4, 1, f);
}

/* The older form, with one of its values changed. */
static void write_binary(const char *path, const char *bad_name, float bad)
{
    struct gguf_entry entries[TENSORS];
    char names[TENSORS][32];
    name_tensors(entries, names, TENSOR_F32);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    put_number(f, 7 * LAYERS);
    for (size_t i = 0; i < TENSORS; i++) {
        if (strncmp(entries[i].name, "blk.", 4) != 0 || entries[i].rows == 1)
            continue;
        put_number(f, (int32_t)strlen(entries[i].name));
        fputs(entries[i].name, f);
        put_number(f, 4);
        put_number(f, (int32_t)entries[i].cols);
        for (uint64_t col = 0; col < entries[i].cols; col++) {
            float value = importance(col) * 4;
            if (col == 9 && bad_name != NULL && strcmp(entries[i].name, bad_name) == 0)
                value = bad;
            fwrite(&value, 4, 1, f);
        }
    }
    put_number(f, 12);
    put_number(f, 8);
    fputs("wiki.txt", f);
    fclose(f);
}

/* GGUF's form, of this many columns for the matrices that read the model's width. */
static void write_sums(const char *path, uint64_t width)
{
    struct gguf_entry shapes[TENSORS], entries[2 * TENSORS];
    char names[TENSORS][32], ends[2 * TENSORS][48];
    struct metadata m;
    struct error err = {0};
    size_t n = 0;
    name_tensors(shapes, names, TENSOR_F32);
    for (size_t i = 0; i < TENSORS; i++)
        for (int k = 0; strncmp(shapes[i].name, "blk.", 4) == 0 && shapes[i].rows > 1 && k < 2; k++, n++) {
            snprintf(ends[n], sizeof ends[n], "%s.%s", shapes[i].name, k == 0 ? "in_sum2" : "counts");
            const uint64_t cols = shapes[i].cols == WIDTH ? width : shapes[i].cols;
            entries[n] = (struct gguf_entry){ends[n], TENSOR_F32, 1, k == 0 ? cols : 1};
        }
    metadata_init(&m);
    metadata_text(&m, "general.type", "imatrix", 7);
    metadata_uint(&m, "imatrix.chunk_count", 12);
    metadata_begin_texts(&m, "imatrix.datasets");
    metadata_add_text(&m, "wiki.txt", 8);
    metadata_end(&m);
    struct gguf_writer *w = gguf_writer_new(path, &m, entries, n, 0, &err);
    assert_int_equal(gguf_writer_begin(w, true, &err), ERR_NONE);
    for (size_t i = 0; i < n; i++)
        for (uint64_t col = 0; col < entries[i].cols; col++) {
            const float value = i % 2 == 0 ? importance(col) * 64 : 64;
            assert_int_equal(gguf_writer_append(w, &value, sizeof value, &err), ERR_NONE);
        }
    assert_int_equal(gguf_writer_end(w, &err), ERR_NONE);
    gguf_writer_free(w);
    metadata_free(&m);
}

static void both_forms_of_importance_weigh_alike(void **state)
{
    (void)state;
    struct conversion_options o = {.type = "q4_k_s"};
    write_model(own("model.gguf"), TENSOR_F32, 0);
    write_binary(own("i.dat"), NULL, 0);
    write_sums(own("i.gguf"), WIDTH);
    convert(own("model.gguf"), own("plain.gguf"), &o);
    o.imatrix = own("i.dat");
    convert(own("model.gguf"), own("binary.gguf"), &o);
    check_uint(own("binary.gguf"), "quantize.imatrix.entries_count", 7 * LAYERS);
    check_uint(own("binary.gguf"), "quantize.imatrix.chunks_count", 12);
    o.imatrix = own("i.gguf");
    convert(own("model.gguf"), own("sums.gguf"), &o);
    check_uint(own("sums.gguf"), "quantize.imatrix.chunks_count", 12);
    check_same_tensors(own("binary.gguf"), own("sums.gguf"));
    struct source *plain = open_source(own("plain.gguf")), *weighed = open_source(own("sums.gguf"));
    struct tensor t, u;
    assert_true(source_tensor(plain, "blk.0.attn_q.weight", &t) && source_tensor(weighed, "blk.0.attn_q.weight", &u));
    assert_memory_not_equal(t.data, u.data, (size_t)tensor_bytes(&t));
    assert_true(source_tensor(plain, "output.weight", &t) && source_tensor(weighed, "output.weight", &u));
    assert_memory_equal(t.data, u.data, (size_t)tensor_bytes(&t));
    source_free(plain);
    source_free(weighed);
}

static void refuse_imatrix(const char *name, enum error_code code, const char *says)
{
    struct error err = {0};
    const struct conversion_options o = {.type = "q4_0", .imatrix = own(name)};
    try_convert(own("model.gguf"), own("out.gguf"), &o, &err);
    check_error(&err, code, says);
}

static void other_models_importance_is_refused(void **state)
{
    (void)state;
    write_model(own("model.gguf"), TENSOR_F32, 0);
    write_sums(own("i.gguf"), 128);
    refuse_imatrix("i.gguf", ERR_FORMAT, "attn_q.weight has 128 columns in it and 256 in");
    write_binary(own("i.dat"), NULL, 0);
    struct error err = {0};
    const struct conversion_options o = {.type = "q4_0", .imatrix = own("i.dat")};
    try_convert(source_fixture("folder-hf"), own("out.gguf"), &o, &err);
    check_error(&err, ERR_FORMAT, "another model's");
}

static void damaged_importance_is_refused(void **state)
{
    (void)state;
    write_model(own("model.gguf"), TENSOR_F32, 0);
    write_binary(own("i.dat"), "blk.1.ffn_up.weight", NAN);
    refuse_imatrix("i.dat", ERR_FORMAT, "column 9 of blk.1.ffn_up.weight has the importance");
    write_binary(own("i.dat"), "blk.1.ffn_up.weight", -1);
    refuse_imatrix("i.dat", ERR_FORMAT, "column 9 of blk.1.ffn_up.weight has the importance -0.25");
    write_binary(own("i.dat"), NULL, 0);
    struct stat st;
    assert_int_equal(stat(own("i.dat"), &st), 0);
    assert_int_equal(truncate(own("i.dat"), st.st_size / 2), 0);
    refuse_imatrix("i.dat", ERR_FORMAT, "cut off or damaged at byte");
    assert_int_equal(truncate(own("i.dat"), 3), 0);
    refuse_imatrix("i.dat", ERR_FORMAT, "cut off or damaged");
    refuse_imatrix("model.gguf", ERR_FORMAT, "holds no importance matrix");
    refuse_imatrix("none.dat", ERR_NOT_FOUND, "none.dat");
}

/* Cut off and changed all over, it is refused or read, and nothing else happens. */
static void damaged_importance_never_crashes(void **state)
{
    (void)state;
    static unsigned char bytes[20000], changed[sizeof bytes];
    write_model(own("model.gguf"), TENSOR_F32, 0);
    struct model *m = open_model(own("model.gguf"));
    write_binary(own("i.dat"), NULL, 0);
    FILE *f = fopen(own("i.dat"), "r");
    const size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_in_range(size, 15000, sizeof bytes - 1);
    const struct conversion_options o = {.type = "q4_0", .imatrix = own("changed.dat")};
    for (size_t i = 0; i < size; i += i < 64 ? 1 : 61) {
        struct error err = {0};
        memcpy(changed, bytes, size);
        changed[i] ^= 0xff;
        f = fopen(own("changed.dat"), "w");
        fwrite(changed, 1, i % 2 == 0 ? size : i, f);
        fclose(f);
        conversion_free(conversion_new(m, &o, own("out.gguf"), &err));
    }
    model_free(m);
}

/* ---- nothing is lost --------------------------------------------------------------------------------------------- */

/* Converts the model in the folder to out.gguf. */
static enum error_code write_out(bool replace, conversion_progress *progress, struct error *err)
{
    struct model *m = open_model(own("model.gguf"));
    struct conversion *c = conversion_new(m, &(struct conversion_options){.type = "q8_0"}, own("out.gguf"), err);
    if (c != NULL)
        conversion_write(c, replace, 1, progress, NULL, err);
    conversion_free(c);
    model_free(m);
    return err->code;
}

static void put_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void check_text(const char *path, const char *text)
{
    char found[64] = "";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fread(found, 1, sizeof found - 1, f), strlen(text));
    fclose(f);
    assert_string_equal(found, text);
}

static void what_is_there_is_replaced_only_when_asked(void **state)
{
    (void)state;
    struct error err = {0};
    write_model(own("model.gguf"), TENSOR_F16, 0);
    put_text(own("out.gguf"), "mine");
    write_out(false, NULL, &err);
    check_error(&err, ERR_ARGUMENT, "--force");
    check_text(own("out.gguf"), "mine");
    error_clear(&err);
    assert_int_equal(write_out(true, NULL, &err), ERR_NONE);
    check_packed(own("model.gguf"), own("out.gguf"), "q8_0");
    assert_int_equal(count_files(), 2);
}

static void link_is_followed_to_the_file_that_is_replaced(void **state)
{
    (void)state;
    struct error err = {0};
    struct stat st;
    write_model(own("model.gguf"), TENSOR_F16, 0);
    put_text(own("far.gguf"), "old");
    assert_int_equal(symlink("far.gguf", own("out.gguf")), 0);
    assert_int_equal(write_out(true, NULL, &err), ERR_NONE);
    assert_int_equal(lstat(own("out.gguf"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    check_packed(own("model.gguf"), own("far.gguf"), "q8_0");
}

static void source_is_not_written_over_by_any_name(void **state)
{
    (void)state;
    struct error err = {0};
    write_model(own("model.gguf"), TENSOR_F16, 0);
    assert_int_equal(symlink("model.gguf", own("out.gguf")), 0);
    write_out(true, NULL, &err);
    check_error(&err, ERR_ARGUMENT, "is the model that is read");
    model_free(open_model(own("model.gguf")));
}

static bool stop_at_half(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    return done < total / 2;
}

static void stopping_leaves_nothing_behind(void **state)
{
    (void)state;
    struct error err = {0};
    write_model(own("model.gguf"), TENSOR_F16, 0);
    put_text(own("out.gguf"), "mine");
    assert_int_equal(write_out(true, stop_at_half, &err), ERR_STOPPED);
    check_text(own("out.gguf"), "mine");
    assert_int_equal(count_files(), 2);
}

static bool die_at_half(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    if (done >= total / 2)
        raise(SIGKILL);
    return true;
}

static void killed_process_leaves_the_file_that_was_there(void **state)
{
    (void)state;
    struct error err = {0};
    int status = 0;
    write_model(own("model.gguf"), TENSOR_F16, 0);
    put_text(own("out.gguf"), "mine");
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        write_out(true, die_at_half, &err);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    check_text(own("out.gguf"), "mine");
}

/* A limit on the size of files stands for a full disk: the write fails in the same way. */
static void full_disk_leaves_nothing_behind(void **state)
{
    (void)state;
    struct error err = {0};
    struct rlimit before, limit;
    write_model(own("model.gguf"), TENSOR_F16, 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){200000, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    write_out(false, NULL, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    check_error(&err, ERR_IO, "out.gguf: can't be written");
    assert_int_equal(count_files(), 1);
}

static void places_that_cannot_be_written_are_named(void **state)
{
    (void)state;
    struct error err = {0};
    const struct conversion_options o = {.type = "q8_0"};
    write_model(own("model.gguf"), TENSOR_F16, 0);
    try_convert(own("model.gguf"), own("none/out.gguf"), &o, &err);
    check_error(&err, ERR_IO, "out.gguf: can't be written");
    error_clear(&err);
    try_convert(own("model.gguf"), test_folder, &o, &err);
    check_error(&err, ERR_ARGUMENT, "is a folder");
    error_clear(&err);
    try_convert(own("model.gguf"), "/dev/null", &o, &err);
    check_error(&err, ERR_ARGUMENT, "no regular file");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_folder_make, test_folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_form_gives_the_same_bytes),
        TEST(every_type_holds_what_its_quantiser_makes),
        TEST(threads_do_not_change_a_byte),
        TEST(keys_are_kept_as_they_are),
        TEST(file_says_its_type),
        TEST(quantised_models_are_packed_anew_only_when_asked),
        TEST(values_that_a_type_cannot_hold_are_named),
        TEST(large_models_lie_in_several_files),
        TEST(both_forms_of_importance_weigh_alike),
        TEST(other_models_importance_is_refused),
        TEST(damaged_importance_is_refused),
        TEST(damaged_importance_never_crashes),
        TEST(what_is_there_is_replaced_only_when_asked),
        TEST(link_is_followed_to_the_file_that_is_replaced),
        TEST(source_is_not_written_over_by_any_name),
        TEST(stopping_leaves_nothing_behind),
        TEST(killed_process_leaves_the_file_that_was_there),
        TEST(full_disk_leaves_nothing_behind),
        TEST(places_that_cannot_be_written_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
