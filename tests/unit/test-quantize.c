/* Packing float32: errors against llama.cpp's on the same numbers, what must come back as it was, and odd values. */
#include <config.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kernels/half.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/quantize-tile.h"
#include "engine/kernels/quantize.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { ROWS = 16, COLS = 768, N = ROWS * COLS };

/* ---- the numbers of tests/fixtures/make_quantize.py -------------------------------------------------------------- */

static int32_t draw(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return (int32_t)(*state >> 20);
}

static int32_t bell(uint32_t *state)
{
    int32_t sum = -8190;
    for (int i = 0; i < 4; i++)
        sum += draw(state);
    return sum;
}

static int32_t heavy(uint32_t *state)
{
    const int64_t one = bell(state), two = bell(state), product = one * two * bell(state), unit = 1 << 25;
    return (int32_t)(product >= 0 ? product / unit : -((unit - 1 - product) / unit));
}

static int32_t bell_at(uint32_t *state, int i)
{
    (void)i;
    return bell(state);
}

static int32_t heavy_at(uint32_t *state, int i)
{
    (void)i;
    return heavy(state);
}

static int32_t outlier_at(uint32_t *state, int i)
{
    (void)i;
    const int32_t x = bell(state);
    return draw(state) % 64 == 0 ? 16 * x : x;
}

static int32_t channel_at(uint32_t *state, int i)
{
    return bell(state) * (i % 7 + 1);
}

static int32_t shifted_at(uint32_t *state, int i)
{
    return bell(state) + (i / 32 % 7 - 3) * 8000;
}

static int32_t rare_at(uint32_t *state, int i)
{
    (void)i;
    const int32_t x = bell(state);
    return draw(state) % 4 == 0 ? x : 0;
}

static const struct {
    const char *name;
    int32_t (*at)(uint32_t *state, int i);
} sets[] = {
    {"bell", bell_at},        {"heavy tails", heavy_at}, {"outliers", outlier_at},
    {"channels", channel_at}, {"shifted", shifted_at},   {"mostly zero", rare_at},
};
enum { SETS = sizeof sets / sizeof *sets };

static void set_make(int set, float x[N])
{
    uint32_t state = (uint32_t)set + 1;
    for (int i = 0; i < N; i++)
        x[i] = (float)sets[set].at(&state, i) * 0x1p-18f;
}

static void importance_make(float importance[COLS])
{
    uint32_t state = 7;
    for (int i = 0; i < COLS; i++) {
        const int64_t x = heavy(&state);
        importance[i] = (float)(x * x / 4096);
    }
}

/* ---- help -------------------------------------------------------------------------------------------------------- */

/* The types with blocks, one after another; NULL past the last. */
static const struct tensor_traits *blocks_at(int index, enum tensor_type *type)
{
    for (uint32_t t = 0; t < TENSOR_TYPE_LIMIT; t++)
        if (tensor_traits(t) != NULL && tensor_traits(t)->block > 1 && index-- == 0) {
            *type = t;
            return tensor_traits(t);
        }
    return NULL;
}

/* The sum of squared errors, relative to the sum of squares; both weighted. */
static double error_of(const struct tensor_traits *traits, const float *x, const void *packed, const float *importance)
{
    static float back[N];
    double error = 0, square = 0;
    traits->unpack(packed, back, N);
    for (int i = 0; i < N; i++) {
        const double w = importance != NULL ? (double)importance[i % COLS] : 1, off = (double)back[i] - (double)x[i];
        error += w * off * off;
        square += w * (double)x[i] * (double)x[i];
    }
    return error / square;
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void check_errors(const struct tensor_traits *traits, enum tensor_type type, const json_t *errors)
{
    static float x[N];
    static uint8_t packed[2 * N];
    float importance[COLS];
    double worst = 0;
    importance_make(importance);
    for (int set = 0; set < SETS; set++) {
        set_make(set, x);
        const json_t *pair = json_object_get(errors, sets[set].name);
        for (size_t weighted = 0; weighted < 2; weighted++) {
            const double peer = json_real_value(json_array_get(pair, weighted));
            const float *w = weighted ? importance : NULL;
            assert_true(peer > 0);
            quantize_rows(type, x, ROWS, COLS, w, packed);
            const double ratio = error_of(traits, x, packed, w) / peer;
            if (!(ratio <= 1))
                fail_msg("%s, %s%s: %.4f of llama.cpp's error", traits->name, sets[set].name,
                         weighted ? ", weighted" : "", ratio);
            worst = ratio > worst ? ratio : worst;
        }
    }
    print_message("%-6s at most %.3f of llama.cpp's error\n", traits->name, worst);
}

static void no_error_is_larger_than_llama_cpps(void **state)
{
    (void)state;
    json_t *all = vectors_load_path(vectors_own("quantize.json"));
    enum tensor_type type;
    const struct tensor_traits *traits;
    int checked = 0;
    for (; (traits = blocks_at(checked, &type)) != NULL; checked++)
        check_errors(traits, type, json_object_get(all, traits->name));
    assert_int_equal(checked, json_object_size(all));
    json_decref(all);
}

static void importance_lowers_the_error_where_it_counts(void **state)
{
    (void)state;
    static float x[N];
    static uint8_t packed[2 * N];
    float importance[COLS];
    enum tensor_type type;
    const struct tensor_traits *traits;
    importance_make(importance);
    set_make(0, x);
    for (int i = 0; (traits = blocks_at(i, &type)) != NULL; i++) {
        quantize_rows(type, x, ROWS, COLS, NULL, packed);
        const double before = error_of(traits, x, packed, importance);
        quantize_rows(type, x, ROWS, COLS, importance, packed);
        assert_true(error_of(traits, x, packed, importance) < 0.99 * before);
    }
}

/* Random blocks of the type, whose sub-blocks reach the ends of what their codes can say. */
static void check_representable(enum tensor_type type, const struct tensor_traits *traits)
{
    static float x[N];
    static uint8_t packed[2 * N];
    set_make(0, x);
    for (int i = 0; i < N; i += 16) { /* both ends in each sub-block */
        x[i] = -0.05f;
        x[i + 1] = 0.05f;
    }
    quantize_rows(type, x, ROWS, COLS, NULL, packed);
    traits->unpack(packed, x, N);
    quantize_rows(type, x, ROWS, COLS, NULL, packed);
    const double error = error_of(traits, x, packed, NULL);
    print_message("%-6s packed again: %.2g\n", traits->name, error);
    assert_true(error <= 1e-6);
}

static void what_was_packed_comes_back_as_it_is(void **state)
{
    (void)state;
    enum tensor_type type;
    const struct tensor_traits *traits;
    for (int i = 0; (traits = blocks_at(i, &type)) != NULL; i++)
        check_representable(type, traits);
}

static void float_types_are_rounded_to_the_nearest(void **state)
{
    (void)state;
    static const float x[8] = {1.0f, -2.5f, 0.0f, 1.00390625f, 1.01171875f, 1e30f, INFINITY, -FLT_MAX};
    static const float as_bf16[8] = {1.0f, -2.5f, 0.0f, 1.0f, 1.015625f, 1e30f, INFINITY, -INFINITY};
    static const float as_f16[8] = {1.0f, -2.5f, 0.0f, 1.00390625f, 1.01171875f, INFINITY, INFINITY, -INFINITY};
    float back[8];
    uint8_t packed[32];
    quantize_rows(TENSOR_F32, x, 2, 4, NULL, packed);
    assert_memory_equal(packed, x, sizeof x);
    quantize_rows(TENSOR_F16, x, 2, 4, NULL, packed);
    tensor_traits(TENSOR_F16)->unpack(packed, back, 8);
    assert_memory_equal(back, as_f16, sizeof back);
    quantize_rows(TENSOR_BF16, x, 2, 4, NULL, packed);
    tensor_traits(TENSOR_BF16)->unpack(packed, back, 8);
    for (int i = 0; i < 8; i++)
        assert_true(back[i] == as_bf16[i] || fabsf(back[i] / as_bf16[i] - 1) < 0.004f);
    static const uint32_t odd = 0x7f800001;
    float nan_in;
    memcpy(&nan_in, &odd, sizeof nan_in);
    quantize_rows(TENSOR_BF16, &nan_in, 1, 1, NULL, packed);
    tensor_traits(TENSOR_BF16)->unpack(packed, back, 1);
    assert_true(isnan(back[0]));
}

/* Blocks of one value each. */
static void constants_stay_what_they_are(void **state)
{
    (void)state;
    static const float values[] = {0.0f, 1.0f, -1.0f, 0.37f, -123.0f, 0.25f};
    enum tensor_type type;
    const struct tensor_traits *traits;
    for (int i = 0; (traits = blocks_at(i, &type)) != NULL; i++)
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            float x[256], back[256];
            uint8_t packed[512];
            for (int j = 0; j < 256; j++)
                x[j] = values[k];
            quantize_rows(type, x, 1, 256, NULL, packed);
            traits->unpack(packed, back, 256);
            for (int j = 0; j < 256; j++)
                if (!(fabsf(back[j] - x[j]) <= 1e-3f * fabsf(x[j])))
                    fail_msg("%s: %g became %g", traits->name, (double)x[j], (double)back[j]);
        }
}

/* What odd values leave of the others in their block, and that all is finite. */
static void check_odd(enum tensor_type type, const struct tensor_traits *traits, float odd, const float *importance)
{
    float x[512], back[512];
    uint8_t packed[1024];
    for (int i = 0; i < 512; i++)
        x[i] = i == 5 ? odd : (float)(i % 13 - 6) * 0.01f;
    quantize_rows(type, x, 1, 512, importance, packed);
    traits->unpack(packed, back, 512);
    for (int i = 0; i < 512; i++) {
        assert_true(isfinite(back[i]));
        if (i >= 256 || isnan(odd))
            assert_true(fabsf(back[i] - (i == 5 ? 0 : x[i])) < 0.025f);
    }
    if (fabsf(odd) > 1e6f) /* the largest that a half can say, or more, and the right sign */
        assert_true(odd * back[5] > 0 && fabsf(back[5]) > 65000.0f);
}

static void odd_values_harm_their_block_alone(void **state)
{
    (void)state;
    static const float odd[] = {NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, 1e-45f, -1e-39f, 1e9f};
    float importance[512];
    enum tensor_type type;
    const struct tensor_traits *traits;
    for (int i = 0; i < 512; i++)
        importance[i] = i % 5 == 0 ? 0 : i % 5 == 1 ? NAN : i % 5 == 2 ? -1 : i % 5 == 3 ? 1e38f : 1e-38f;
    for (int i = 0; (traits = blocks_at(i, &type)) != NULL; i++)
        for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
            check_odd(type, traits, odd[k], NULL);
            float x[256];
            uint8_t packed[512];
            for (int j = 0; j < 256; j++)
                x[j] = j % 3 == 0 ? odd[k] : 1e-44f * (float)j;
            quantize_rows(type, x, 1, 256, importance, packed);
            traits->unpack(packed, x, 256);
            for (int j = 0; j < 256; j++)
                assert_true(isfinite(x[j]));
        }
}

static void bits_do_not_depend_on_how_rows_are_divided(void **state)
{
    (void)state;
    static float x[N];
    static uint8_t whole[2 * N], parts[2 * N];
    float importance[COLS];
    enum tensor_type type;
    const struct tensor_traits *traits;
    importance_make(importance);
    set_make(1, x);
    for (int i = 0; (traits = blocks_at(i, &type)) != NULL; i++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const size_t row = COLS / traits->block * traits->block_bytes;
            const float *w = weighted ? importance : NULL;
            quantize_rows(type, x, ROWS, COLS, w, whole);
            for (size_t r = 0; r < ROWS; r += 1 + r % 3) {
                const size_t rows = r + 1 + r % 3 <= ROWS ? 1 + r % 3 : ROWS - r;
                quantize_rows(type, x + r * COLS, rows, COLS, w, parts + r * row);
            }
            assert_memory_equal(whole, parts, row * ROWS);
        }
}

/* Those that this processor can run. */
static int tables(const struct quantize_kernels *out[3])
{
    int n = 0;
    out[n++] = &quantize_portable;
#ifdef CPU_X86
    for (int i = 0; kernels_at(i) != NULL; i++) {
        if (strcmp(kernels_at(i)->name, "avx2") == 0)
            out[n++] = &quantize_avx2;
        if (strcmp(kernels_at(i)->name, "avx512") == 0)
            out[n++] = &quantize_avx512;
    }
#endif
    return n;
}

static void check_tables(const struct quantize_form *form, const struct quantize_stretch *from)
{
    const struct quantize_kernels *table[3];
    const int n = tables(table);
    struct quantize_packed first = {0}, other = {0};
    struct quantize_tile t;
    for (int i = 0; i < n; i++) {
        table[i]->fill(&t, form, from);
        table[i]->choose(&t, form, i == 0 ? &first : &other);
        if (i > 0)
            assert_memory_equal(&first, &other, sizeof first);
    }
}

static void every_instruction_set_gives_the_same_bits(void **state)
{
    (void)state;
    static float x[N];
    float importance[COLS];
    enum tensor_type type;
    importance_make(importance);
    for (int set = 0; set < SETS; set++) {
        set_make(set, x);
        x[700] = NAN;
        x[1500] = -INFINITY;
        for (int i = 0; blocks_at(i, &type) != NULL; i++)
            for (int at = 0; at + 512 <= N; at += 512) {
                const struct quantize_form *form = quantize_form(type);
                const int blocks = QUANTIZE_LANES / form->subs;
                const struct quantize_stretch plain = {x + at, blocks, NULL, (uint64_t)at % COLS, COLS};
                const struct quantize_stretch weighted = {x + at, blocks - blocks / 2, importance, (uint64_t)at % COLS,
                                                          COLS};
                check_tables(form, &plain);
                check_tables(form, &weighted);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_error_is_larger_than_llama_cpps),
        cmocka_unit_test(importance_lowers_the_error_where_it_counts),
        cmocka_unit_test(what_was_packed_comes_back_as_it_is),
        cmocka_unit_test(float_types_are_rounded_to_the_nearest),
        cmocka_unit_test(constants_stay_what_they_are),
        cmocka_unit_test(odd_values_harm_their_block_alone),
        cmocka_unit_test(bits_do_not_depend_on_how_rows_are_divided),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
