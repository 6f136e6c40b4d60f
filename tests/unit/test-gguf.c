/* Tests of the GGUF reader: what a good file gives, and that no bad one does more than an error of one line.
 *
 * Bad files are parsed in blocks of exactly their size, so that a sanitizer sees every byte read too far. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "engine/file/source-kind.h"
#include "tests/cmocka.h"
#include "tests/source.h"

/* ---- helpers ---------------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/palaver-gguf-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* A file's bytes, the caller's. */
static unsigned char *load(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    unsigned char *bytes = malloc(*size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    fclose(f);
    return bytes;
}

static void save(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void put(struct buf *b, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        assert_true(buf_putc(b, i < 8 ? (char)(value >> (8 * i)) : 0));
}

static void put_string(struct buf *b, const char *text)
{
    put(b, strlen(text), 8);
    assert_true(buf_puts(b, text));
}

static void put_header(struct buf *b, uint32_t version, uint64_t tensors, uint64_t values)
{
    buf_init(b, 1 << 20);
    assert_true(buf_puts(b, "GGUF"));
    put(b, version, 4);
    put(b, tensors, 8);
    put(b, values, 8);
}

static void put_key(struct buf *b, const char *key, enum value_type type)
{
    put_string(b, key);
    put(b, type, 4);
}

static void put_tensor(struct buf *b, const char *name, uint32_t n_dims, const uint64_t *dims, uint32_t type,
                       uint64_t offset)
{
    put_string(b, name);
    put(b, n_dims, 4);
    for (uint32_t i = 0; i < n_dims; i++)
        put(b, dims[i], 8);
    put(b, type, 4);
    put(b, offset, 8);
}

static void pad(struct buf *b, size_t alignment)
{
    while (b->size % alignment != 0)
        put(b, 0, 1);
}

static void check_error(const struct error *err, const char *says)
{
    assert_int_not_equal(err->code, ERR_NONE);
    assert_null(strchr(err->message, '\n'));
    if (strstr(err->message, says) == NULL)
        fail_msg("'%s' does not say '%s'", err->message, says);
}

/* Parses bytes and asks for all that a good file gives. */
static bool parse(const void *bytes, size_t size, struct error *err)
{
    unsigned char *exact = malloc(size == 0 ? 1 : size);
    assert_non_null(exact);
    if (size > 0)
        memcpy(exact, bytes, size);
    *err = (struct error){0};
    struct source *s = source_open_memory("bad.gguf", exact, size, false, err);
    const char *name;
    struct tensor t;
    unsigned sum = 0;
    for (uint64_t i = 0; s != NULL && source_tensor_at(s, i, &name, &t); i++)
        sum += ((const unsigned char *)t.data)[t.rows * tensor_row_bytes(&t) - 1];
    uint64_t n;
    for (uint64_t i = 0; s != NULL && source_array_string(s, "tokenizer.ggml.tokens", i, &name, &n); i++)
        sum += n > 0 ? (unsigned char)name[n - 1] : 0;
    bool opened = s != NULL && sum < UINT32_MAX;
    assert_true(s != NULL || err->code != ERR_NONE);
    if (s == NULL)
        assert_int_equal(strncmp(err->message, "bad.gguf: ", 10), 0);
    source_free(s);
    free(exact);
    return opened;
}

static void refuse(struct buf *b, const char *says)
{
    struct error err;
    assert_false(parse(b->data, b->size, &err));
    check_error(&err, says);
    buf_free(b);
}

/* ---- good files ------------------------------------------------------------------------------------------------- */

static void put_all_kinds(struct buf *b)
{
    static const struct {
        const char *key;
        enum value_type type;
        uint64_t bits;
        size_t bytes;
    } rows[] = {
        {"u8", VALUE_U8, 200, 1},
        {"i8", VALUE_I8, 0xFE, 1},
        {"u16", VALUE_U16, 60000, 2},
        {"i16", VALUE_I16, 0xFFFE, 2},
        {"u32", VALUE_U32, 4000000000u, 4},
        {"i32", VALUE_I32, 7, 4},
        {"f32", VALUE_F32, 0x3FC00000, 4},
        {"bool", VALUE_BOOL, 1, 1},
        {"u64", VALUE_U64, UINT64_MAX, 8},
        {"i64", VALUE_I64, (uint64_t)-5, 8},
        {"f64", VALUE_F64, UINT64_C(0xC004000000000000), 8},
    };
    put_header(b, 2, 0, 15);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_key(b, rows[i].key, rows[i].type);
        put(b, rows[i].bits, rows[i].bytes);
    }
    put_key(b, "string", VALUE_STRING);
    put_string(b, "llama");
    put_key(b, "strings", VALUE_ARRAY);
    put(b, VALUE_STRING, 4);
    put(b, 3, 8);
    put_string(b, "a");
    put_string(b, "");
    put_string(b, "ccc");
    put_key(b, "nested", VALUE_ARRAY); /* two arrays: of one string, of two bytes */
    put(b, VALUE_ARRAY, 4);
    put(b, 2, 8);
    put(b, VALUE_STRING, 4);
    put(b, 1, 8);
    put_string(b, "deep");
    put(b, VALUE_U8, 4);
    put(b, 2, 8);
    put(b, 0x0201, 2);
    put_key(b, "ints", VALUE_ARRAY);
    put(b, VALUE_I16, 4);
    put(b, 2, 8);
    put(b, 3, 2);
    put(b, 0xFFFF, 2);
}

static void all_kinds_are_read(void **state)
{
    (void)state;
    struct buf b;
    put_all_kinds(&b);
    struct error err = {0};
    struct source *s = source_open_memory("kinds", b.data, b.size, false, &err);
    assert_string_equal(err.message, "");
    uint64_t u;
    double f;
    bool yes;
    assert_true(source_uint(s, "u8", &u) && u == 200);
    assert_true(source_uint(s, "i32", &u) && u == 7);
    assert_true(source_uint(s, "u64", &u) && u == UINT64_MAX);
    assert_false(source_uint(s, "i8", &u) || source_uint(s, "f32", &u) || source_uint(s, "absent", &u));
    assert_true(source_float(s, "i8", &f) && f == -2);
    assert_true(source_float(s, "i16", &f) && f == -2);
    assert_true(source_float(s, "i64", &f) && f == -5);
    assert_true(source_float(s, "f32", &f) && f == 1.5);
    assert_true(source_float(s, "f64", &f) && f == -2.5);
    assert_true(source_float(s, "u32", &f) && f == 4e9);
    assert_true(source_bool(s, "bool", &yes) && yes);
    assert_false(source_bool(s, "u8", &yes));
    assert_string_equal(source_format(s), "GGUF 2");
    assert_int_equal(source_file_bytes(s), b.size);
    source_free(s);
    buf_free(&b);
}

static void arrays_are_read(void **state)
{
    (void)state;
    struct buf b;
    put_all_kinds(&b);
    struct error err = {0};
    struct source *s = source_open_memory("kinds", b.data, b.size, false, &err);
    const char *bytes;
    uint64_t n, size;
    assert_true(source_string(s, "string", &bytes, &size) && size == 5 && memcmp(bytes, "llama", 5) == 0);
    assert_true(source_array(s, "strings", &n) && n == 3);
    assert_true(source_array_string(s, "strings", 2, &bytes, &size) && size == 3 && memcmp(bytes, "ccc", 3) == 0);
    assert_true(source_array_string(s, "strings", 1, &bytes, &size) && size == 0);
    assert_false(source_array_string(s, "strings", 3, &bytes, &size) ||
                 source_array_string(s, "ints", 0, &bytes, &size));
    assert_true(source_array(s, "nested", &n) && n == 2);
    int32_t *ints = source_array_ints(s, "ints", &n, &err);
    assert_true(ints != NULL && n == 2 && ints[0] == 3 && ints[1] == -1);
    float *floats = source_array_floats(s, "ints", &n, &err);
    assert_true(floats != NULL && n == 2 && floats[1] == -1);
    assert_null(source_array_ints(s, "strings", &n, &err));
    assert_int_equal(err.code, ERR_NONE);
    free(ints);
    free(floats);
    source_free(s);
    buf_free(&b);
}

static void fixture_has_its_tensors(void **state)
{
    (void)state;
    struct error err = {0};
    struct source *s = source_open(source_fixture("tiny-llama.gguf"), false, &err);
    assert_string_equal(err.message, "");
    struct tensor t;
    assert_true(source_tensor(s, "blk.1.attn_k.weight", &t));
    assert_int_equal(t.type, TENSOR_F16);
    assert_int_equal(t.rows, 32);
    assert_int_equal(t.cols, 64);
    assert_true(source_tensor(s, "output_norm.weight", &t) && t.rows == 1 && t.cols == 64);
    assert_false(source_tensor(s, "blk.2.attn_k.weight", &t));
    source_free(s);
}

static uint64_t fingerprint(const char *path)
{
    struct error err = {0};
    struct source *s = source_open(path, false, &err);
    assert_string_equal(err.message, "");
    uint64_t f = source_fingerprint(s);
    source_free(s);
    return f;
}

static void copy_fixture(const char *name, const char *as)
{
    size_t size;
    unsigned char *bytes = load(source_fixture(name), &size);
    save(in_folder(as), bytes, size);
    free(bytes);
}

static void fingerprint_knows_weights_and_not_places(void **state)
{
    (void)state;
    uint64_t whole = fingerprint(source_fixture("tiny-llama.gguf"));
    assert_int_equal(whole, fingerprint(source_fixture("tiny-llama-split-00001-of-00003.gguf")));
    assert_int_not_equal(whole, fingerprint(source_fixture("tiny-llama3.gguf")));
    copy_fixture("tiny-llama.gguf", "copy.gguf");
    assert_int_equal(whole, fingerprint(in_folder("copy.gguf")));

    size_t size;
    unsigned char *bytes = load(source_fixture("tiny-llama.gguf"), &size);
    for (size_t i = size / 2; i < size; i++) /* the data's end: other weights */
        bytes[i] ^= 1;
    save(in_folder("copy.gguf"), bytes, size);
    assert_int_not_equal(whole, fingerprint(in_folder("copy.gguf")));
    free(bytes);
}

/* ---- split files ------------------------------------------------------------------------------------------------ */

static void any_part_opens_the_whole(void **state)
{
    (void)state;
    struct error err = {0};
    struct source *whole = source_open(source_fixture("tiny-llama.gguf"), false, &err);
    struct source *parts = source_open(source_fixture("tiny-llama-split-00002-of-00003.gguf"), false, &err);
    assert_string_equal(err.message, "");
    const char *name;
    struct tensor a, b;
    for (uint64_t i = 0; source_tensor_at(whole, i, &name, &a); i++) {
        assert_true(source_tensor(parts, name, &b));
        assert_true(a.type == b.type && a.rows == b.rows && a.cols == b.cols);
        assert_memory_equal(a.data, b.data, a.rows * tensor_row_bytes(&a));
    }
    source_free(whole);
    source_free(parts);
}

static void refuse_path(const char *path, const char *says)
{
    struct error err = {0};
    assert_null(source_open(path, false, &err));
    check_error(&err, says);
}

static void missing_part_is_named(void **state)
{
    (void)state;
    copy_fixture("tiny-llama-split-00001-of-00003.gguf", "m-00001-of-00003.gguf");
    copy_fixture("tiny-llama-split-00003-of-00003.gguf", "m-00003-of-00003.gguf");
    refuse_path(in_folder("m-00001-of-00003.gguf"), "m-00002-of-00003.gguf: part 2 of 3 of the model is missing");
    copy_fixture("tiny-llama-split-00003-of-00003.gguf", "m-00002-of-00003.gguf");
    refuse_path(in_folder("m-00001-of-00003.gguf"), "named part 2 of 3, but holds part 3 of 3");
    unlink(in_folder("m-00001-of-00003.gguf"));
    refuse_path(in_folder("m-00003-of-00003.gguf"), "m-00001-of-00003.gguf: part 1 of 3 of the model is missing");
    copy_fixture("tiny-llama-split-00001-of-00003.gguf", "renamed.gguf");
    refuse_path(in_folder("renamed.gguf"), "holds part 1 of 3 of a model, but is not named so");
}

/* ---- bad files -------------------------------------------------------------------------------------------------- */

static void truncated_files_are_refused(void **state)
{
    (void)state;
    size_t size, opened = 0;
    unsigned char *bytes = load(source_fixture("tiny-llama3.gguf"), &size);
    struct error err;
    for (size_t n = 0; n < size; n += n < 16384 ? 1 + n / 512 : 61) {
        if (parse(bytes, n, &err))
            fail_msg("%zu of %zu bytes opened", n, size);
        check_error(&err, n < 4 ? "" : "fetch it again");
    }
    opened = parse(bytes, size, &err);
    assert_int_equal(opened, 1);
    free(bytes);
}

static void damaged_bytes_never_crash(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = load(source_fixture("tiny-llama3.gguf"), &size);
    static const unsigned char masks[] = {0x01, 0x80, 0xFF};
    struct error err;
    size_t refused = 0;
    for (size_t i = 0; i < 16384; i += i < 1024 ? 1 : 7)
        for (size_t k = 0; k < sizeof masks; k++) {
            bytes[i] ^= masks[k];
            refused += !parse(bytes, size, &err);
            bytes[i] ^= masks[k];
        }
    assert_in_range(refused, 500, 100000);
    free(bytes);
}

static void absurd_counts_are_refused(void **state)
{
    (void)state;
    struct buf b;
    put_header(&b, 3, UINT64_C(1) << 63, 0);
    refuse(&b, "tensors: 9223372036854775808 announced");
    put_header(&b, 3, 0, UINT64_C(1) << 40);
    refuse(&b, "metadata entries: 1099511627776 announced");
    put_header(&b, 3, 0, 1);
    put(&b, UINT64_C(1) << 60, 8);
    put(&b, 0, 64);
    refuse(&b, "in the middle of a metadata key (at byte 24)");
    static const enum value_type elements[] = {VALUE_STRING, VALUE_ARRAY, VALUE_U8, VALUE_F64};
    for (size_t i = 0; i < 4; i++) {
        put_header(&b, 3, 0, 1);
        put_key(&b, "k", VALUE_ARRAY);
        put(&b, elements[i], 4);
        put(&b, UINT64_C(1) << 61, 8);
        put(&b, 0, 64);
        refuse(&b, "k: 2305843009213693952 announced");
    }
    put_header(&b, 3, 0, 1);
    put_key(&b, "deep", VALUE_ARRAY);
    for (int i = 0; i < 9; i++) {
        put(&b, VALUE_ARRAY, 4);
        put(&b, 1, 8);
    }
    refuse(&b, "nested too deep");
}

static void bad_metadata_is_refused(void **state)
{
    (void)state;
    struct buf b;
    for (int again = 0; again < 2; again++) {
        put_header(&b, 3, 0, 1);
        put_key(&b, "k", again ? 13 : 99);
        put(&b, 0, 16);
        refuse(&b, "unknown type");
    }
    put_header(&b, 3, 0, 2);
    put_key(&b, "k", VALUE_U8);
    put(&b, 1, 1);
    put_key(&b, "k", VALUE_U8);
    put(&b, 1, 1);
    refuse(&b, "the key 'k' is there twice");
    put_header(&b, 3, 0, 1);
    put_key(&b, "", VALUE_U8);
    put(&b, 0, 16);
    refuse(&b, "a name that is empty");
    put_header(&b, 3, 0, 1);
    put_key(&b, "general.alignment", VALUE_U32);
    put(&b, 33, 4);
    refuse(&b, "general.alignment is 33");
}

static void bad_tensors_are_refused(void **state)
{
    (void)state;
    const uint64_t big = UINT64_C(1) << 62, odd = 33;
    static const uint64_t none[4] = {0, 1, 1, 1};
    const struct {
        uint32_t n_dims;
        uint64_t dims[5];
        uint32_t type;
        uint64_t offset;
        const char *says;
    } rows[] = {
        {1, {8}, 99, 0, "tensor t has the unknown type 99"},
        {1, {256}, 16, 0, "tensor t is stored as IQ2_XXS"},
        {1, {8}, TENSOR_F32, 7, "not a multiple of the alignment"},
        {1, {8}, TENSOR_F32, 96, "bytes are missing at the end, from tensor t on"},
        {1, {8}, TENSOR_F32, big, "bytes are missing at the end, from tensor t on"},
        {1, {8}, TENSOR_F32, UINT64_MAX - 31, "bytes are missing at the end, from tensor t on"},
        {1, {100}, TENSOR_F32, 0, "bytes are missing at the end, from tensor t on"},
        {1, {odd}, TENSOR_Q8_0, 0, "rows of 33 elements, not a multiple of the 32"},
        {2, {big, 4}, TENSOR_F32, 0, "impossible shape"},
        {4, {2, big, 4, 4}, TENSOR_F32, 0, "impossible shape"},
        {1, {none[0]}, TENSOR_F32, 0, "impossible shape"},
        {2, {8, 0}, TENSOR_F32, 0, "impossible shape"},
        {0, {0}, TENSOR_F32, 0, "without dimensions"},
        {5, {1, 1, 1, 1, 8}, TENSOR_F32, 0, "more than 4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        put_header(&b, 3, 1, 0);
        put_tensor(&b, "t", rows[i].n_dims, rows[i].dims, rows[i].type, rows[i].offset);
        pad(&b, 32);
        put(&b, 0, 8);
        for (int k = 0; k < 11; k++)
            put(&b, 0, 8);
        refuse(&b, rows[i].says);
    }
}

static void tensors_that_share_bytes_are_refused(void **state)
{
    static const uint64_t dims[4] = {16, 1, 1, 1};
    static const struct {
        uint64_t first, second;
        const char *says;
    } rows[] = {
        {0, 32, "tensors a and b lie in the same bytes"},
        {32, 0, "tensors b and a lie in the same bytes"},
        {32, 32, "lie in the same bytes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        put_header(&b, 3, 2, 0);
        put_tensor(&b, "a", 1, dims, TENSOR_F32, rows[i].first);
        put_tensor(&b, "b", 1, dims, TENSOR_F32, rows[i].second);
        pad(&b, 32);
        for (int k = 0; k < 12; k++)
            put(&b, 0, 8);
        refuse(&b, rows[i].says);
    }
}

static void twins_and_long_names_are_refused(void **state)
{
    (void)state;
    const uint64_t dims[] = {8};
    struct buf b;
    put_header(&b, 3, 2, 0);
    put_tensor(&b, "t", 1, dims, TENSOR_F32, 0);
    put_tensor(&b, "t", 1, dims, TENSOR_F32, 0);
    pad(&b, 32);
    for (int k = 0; k < 4; k++)
        put(&b, 0, 8);
    refuse(&b, "tensor 't' is there twice");
    char name[100];
    memset(name, 'n', sizeof name);
    name[99] = '\0';
    put_header(&b, 3, 1, 0);
    put_tensor(&b, name, 1, dims, TENSOR_F32, 0);
    refuse(&b, "a name that is too long");
}

static void other_versions_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t version;
        const char *says;
    } rows[] = {
        {1, "GGUF version 1 is not supported"},
        {4, "Palaver reads 2 and 3"},
        {0x03000000, "big-endian"},
        {0, "GGUF version 0 is not supported"},
        {0x78787878, "not a GGUF file, or damaged"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        put_header(&b, rows[i].version, 0, 0);
        refuse(&b, rows[i].says);
    }
}

static void what_is_no_model_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *says;
    } rows[] = {
        {"", "the file is empty"},
        {"Hello\n", "not a model"},
        {"GG", "not a model"},
        {"<html><body>", "a web page"},
        {"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"},
        {"PK\003\004xxxx", "zip archive"},
        {"tjgg\001", "GGML format"},
        {"GGUF", "in the middle of the header (at byte 4)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        save(in_folder("no-model"), rows[i].bytes, strlen(rows[i].bytes));
        refuse_path(in_folder("no-model"), rows[i].says);
    }
    refuse_path(folder, "the folder is no model");
    refuse_path("/dev/null", "not a regular file");
    refuse_path(in_folder("nowhere.gguf"), "No such file");
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    refuse_path(in_folder("pipe"), "not a regular file");
    save(in_folder("locked"), "GGUF", 4);
    chmod(in_folder("locked"), 0);
    if (geteuid() != 0)
        refuse_path(in_folder("locked"), "Permission denied");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {
        "copy.gguf",
        "m-00001-of-00003.gguf",
        "m-00002-of-00003.gguf",
        "m-00003-of-00003.gguf",
        "renamed.gguf",
        "no-model",
        "pipe",
        "locked",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_are_read),
        cmocka_unit_test(arrays_are_read),
        cmocka_unit_test(fixture_has_its_tensors),
        cmocka_unit_test(fingerprint_knows_weights_and_not_places),
        cmocka_unit_test(any_part_opens_the_whole),
        cmocka_unit_test(missing_part_is_named),
        cmocka_unit_test(truncated_files_are_refused),
        cmocka_unit_test(damaged_bytes_never_crash),
        cmocka_unit_test(absurd_counts_are_refused),
        cmocka_unit_test(bad_metadata_is_refused),
        cmocka_unit_test(bad_tensors_are_refused),
        cmocka_unit_test(tensors_that_share_bytes_are_refused),
        cmocka_unit_test(twins_and_long_names_are_refused),
        cmocka_unit_test(other_versions_are_refused),
        cmocka_unit_test(what_is_no_model_is_named),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
