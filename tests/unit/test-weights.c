/* Tests of the readers of published checkpoints: what torch and safetensors wrote is read as they hold it, and whatever is
 * cut off, turned or hostile ends with an error that says so. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cmocka.h"
#include <jansson.h>

#include "engine/file/weights.h"
#include "tests/source.h"
#include "tests/unit/vectors.h"

typedef enum error_code reader(struct weights *all, const char *file, const unsigned char *bytes, uint64_t size,
                               struct error *err);

static const struct {
    const char *name;
    reader *read;
} forms[] = {
    {"whole.safetensors", safetensors_read},
    {"whole.pth", torch_read},
    {"whole.old.pth", torch_read},
    {"nested.pth", torch_read},
};
enum { FORMS = sizeof forms / sizeof *forms };

/* A fixture's bytes in memory of just their size, so that a read beyond them is seen. */
static unsigned char *load(const char *name, uint64_t *size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/fixtures/weights/%s", source_folder(), name);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("%s: not found", path);
    fseek(f, 0, SEEK_END);
    *size = (uint64_t)ftell(f);
    rewind(f);
    unsigned char *bytes = malloc((size_t)*size);
    assert_int_equal(fread(bytes, 1, (size_t)*size, f), *size);
    fclose(f);
    return bytes;
}

static const struct weight *find(const struct weights *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->at[i].name, name) == 0)
            return &all->at[i];
    fail_msg("%s is missing", name);
    return NULL;
}

static void check_weight(const struct weight *w, const json_t *want)
{
    const json_t *shape = json_object_get(want, "shape"), *values = json_object_get(want, "values");
    const char *type = json_string_value(json_object_get(want, "type"));
    assert_int_equal(w->type, strcmp(type, "float32") == 0   ? TENSOR_F32
                              : strcmp(type, "float16") == 0 ? TENSOR_F16
                                                             : TENSOR_BF16);
    assert_int_equal(w->n_dims, json_array_size(shape));
    for (int32_t i = 0; i < w->n_dims; i++)
        assert_int_equal(w->dims[i], json_integer_value(json_array_get(shape, (size_t)i)));
    const size_t n = (size_t)weight_elements(w);
    float *got = malloc(n * sizeof *got);
    assert_int_equal(n, json_array_size(values));
    tensor_traits(w->type)->unpack(w->data, got, n);
    for (size_t i = 0; i < n; i++)
        assert_true(got[i] == (float)json_real_value(json_array_get(values, i)));
    free(got);
}

static void every_form_holds_what_was_saved(void **state)
{
    (void)state;
    json_t *want = vectors_load("weights/whole.json"), *entry;
    const char *name;
    for (int i = 0; i < FORMS; i++) {
        uint64_t size;
        unsigned char *bytes = load(forms[i].name, &size);
        struct weights all = {0};
        struct error err = {0};
        if (forms[i].read(&all, forms[i].name, bytes, size, &err) != ERR_NONE)
            fail_msg("%s", err.message);
        assert_int_equal(all.n, json_object_size(want));
        json_object_foreach(want, name, entry)
            check_weight(find(&all, name), entry);
        weights_free(&all);
        free(bytes);
    }
    json_decref(want);
}

static void only_a_view_in_another_order_is_copied(void **state)
{
    (void)state;
    uint64_t size;
    unsigned char *bytes = load("whole.pth", &size);
    struct weights all = {0};
    assert_int_equal(torch_read(&all, "whole.pth", bytes, size, NULL), ERR_NONE);
    for (size_t i = 0; i < all.n; i++) {
        const bool strided = strcmp(all.at[i].name, "turned") == 0 || strcmp(all.at[i].name, "part") == 0;
        assert_int_equal(all.at[i].owned != NULL, strided);
        assert_int_equal(all.at[i].data >= bytes && all.at[i].data < bytes + size, !strided);
    }
    weights_free(&all);
    free(bytes);
}

/* The error of reading the first n bytes of a form; "" for none. */
static const char *read_part(int form, const unsigned char *bytes, uint64_t n)
{
    static struct error err;
    struct weights all = {0};
    unsigned char *part = malloc((size_t)n + 1);
    memcpy(part, bytes, (size_t)n);
    err = (struct error){0};
    forms[form].read(&all, forms[form].name, part, n, &err);
    weights_free(&all);
    free(part);
    return err.message;
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    for (int i = 0; i < FORMS; i++) {
        uint64_t size;
        unsigned char *bytes = load(forms[i].name, &size);
        for (uint64_t n = 0; n < size; n++)
            if (*read_part(i, bytes, n) == '\0')
                fail_msg("%s cut at %llu passes", forms[i].name, (unsigned long long)n);
        free(bytes);
    }
}

static void a_cut_says_how_much_is_missing(void **state)
{
    (void)state;
    uint64_t size;
    unsigned char *bytes = load("whole.safetensors", &size);
    assert_non_null(strstr(read_part(0, bytes, size - 10), " cut off, 10 of its bytes are missing"));
    free(bytes);
    bytes = load("whole.pth", &size);
    assert_non_null(strstr(read_part(1, bytes, 1200), " cut off, at least "));
    free(bytes);
    bytes = load("whole.old.pth", &size);
    assert_non_null(strstr(read_part(2, bytes, size - 3), " cut off, at least 3 of its bytes are missing"));
    free(bytes);
}

/* Whatever one byte becomes, reading ends, and no tensor reaches beyond the file; a sanitizer sees the rest. */
static void no_changed_byte_does_harm(void **state)
{
    (void)state;
    static const unsigned char changes[] = {0x01, 0x80, 0xff, 0x28};
    for (int i = 0; i < FORMS; i++) {
        uint64_t size;
        unsigned char *bytes = load(forms[i].name, &size);
        for (uint64_t n = 0; n < size; n++)
            for (size_t k = 0; k < sizeof changes; k++) {
                struct weights all = {0};
                float value;
                bytes[n] ^= changes[k];
                forms[i].read(&all, forms[i].name, bytes, size, NULL);
                for (size_t w = 0; w < all.n; w++) {
                    assert_true(all.at[w].owned != NULL ||
                                (all.at[w].data >= bytes && all.at[w].data + weight_bytes(&all.at[w]) <= bytes + size));
                    tensor_traits(all.at[w].type)->unpack(all.at[w].data, &value, 1);
                }
                weights_free(&all);
                bytes[n] ^= changes[k];
            }
        free(bytes);
    }
}

static void a_pickle_calls_nothing(void **state)
{
    (void)state;
    uint64_t size;
    unsigned char *bytes = load("evil.pth", &size);
    struct weights all = {0};
    struct error err = {0};
    assert_int_equal(torch_read(&all, "evil.pth", bytes, size, &err), ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "wants to call posix.system"));
    weights_free(&all);
    free(bytes);
}

static void refuse_header(const char *header, const char *reason)
{
    struct weights all = {0};
    struct error err = {0};
    const size_t n = strlen(header);
    unsigned char *bytes = calloc(1, n + 8 + 64);
    bytes[0] = (unsigned char)n;
    bytes[1] = (unsigned char)(n >> 8);
    memcpy(bytes + 8, header, n);
    assert_int_not_equal(safetensors_read(&all, "x.safetensors", bytes, n + 8 + 64, &err), ERR_NONE);
    if (strstr(err.message, reason) == NULL)
        fail_msg("%s: %s", header, err.message);
    weights_free(&all);
    free(bytes);
}

static void odd_headers_are_refused(void **state)
{
    (void)state;
    refuse_header("[]", "header is damaged");
    refuse_header("{\"a\":1}", "lacks a type");
    refuse_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", "bytes that its shape needs");
    refuse_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "impossible shape");
    refuse_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,16],\"data_offsets\":[0,8]}}",
                  "impossible shape");
    refuse_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "lacks a type or its place");
    refuse_header("{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}}", "has the type F8_E4M3");
    refuse_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                  "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
                  "tensors a and b lie in the same bytes");
    refuse_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[20],\"data_offsets\":[0,80]}}", "16 of its bytes are missing");
    refuse_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                  "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
                  "damaged");
}

static bool needs_all(const char *name)
{
    (void)name;
    return true;
}

/* Whole numbers are no weights: left out beside them, refused in their place, with file and tensor named. */
static void whole_numbers_are_no_weights(void **state)
{
    static const char *const names[] = {"whole.safetensors", "whole.pth", "whole.old.pth"};
    static const char *const reasons[] = {"has the type I64", "lies in a LongStorage", "lies in a LongStorage"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        uint64_t size;
        unsigned char *bytes = load(names[i], &size);
        struct weights all = {.needs = needs_all};
        struct error err = {0};
        assert_int_equal(forms[i].read(&all, names[i], bytes, size, &err), ERR_UNSUPPORTED);
        assert_non_null(strstr(err.message, names[i]));
        assert_non_null(strstr(err.message, "tensor count "));
        if (strstr(err.message, reasons[i]) == NULL)
            fail_msg("%s", err.message);
        weights_free(&all);
        free(bytes);
    }
}

static void a_tar_archive_is_named(void **state)
{
    (void)state;
    unsigned char bytes[1024] = {0};
    struct weights all = {0};
    struct error err = {0};
    memcpy(bytes + 257, "ustar", 5);
    assert_int_equal(torch_read(&all, "old.pth", bytes, sizeof bytes, &err), ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "old.pth: this is the form of torch before 0.1.10"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_holds_what_was_saved),
        cmocka_unit_test(only_a_view_in_another_order_is_copied),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(a_cut_says_how_much_is_missing),
        cmocka_unit_test(no_changed_byte_does_harm),
        cmocka_unit_test(a_pickle_calls_nothing),
        cmocka_unit_test(odd_headers_are_refused),
        cmocka_unit_test(whole_numbers_are_no_weights),
        cmocka_unit_test(a_tar_archive_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
