/* Passes over logits: every table against plain loops, in odd lengths, and all tables with the same bits. */
#include <config.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/scan.h"
#include "tests/cmocka.h"

enum { MOST = 1000 };

static const int32_t sizes[] = {1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 200, 999, MOST};

/* Those that this processor can run. */
static int tables(const struct scan_kernels *out[3])
{
    int n = 0;
    out[n++] = &scan_portable;
#ifdef CPU_X86
    for (int i = 0; kernels_at(i) != NULL; i++) {
        if (strcmp(kernels_at(i)->name, "avx2") == 0)
            out[n++] = &scan_avx2;
        if (strcmp(kernels_at(i)->name, "avx512") == 0)
            out[n++] = &scan_avx512;
    }
#endif
    return n;
}

static void fill(float *x)
{
    srand(7);
    for (int i = 0; i < MOST; i++)
        x[i] = (float)(rand() % 4000) / 100.0f - 20.0f; /* some of them alike */
    x[3] = -INFINITY;
    x[70] = -200.0f;
}

static void check_table(const struct scan_kernels *k, const float *x, int32_t n)
{
    float out[MOST], max = -INFINITY;
    double sum = 0, weighted = 0;
    for (int32_t i = 0; i < n; i++)
        max = fmaxf(max, x[i]);
    for (int32_t i = 0; i < n; i++) {
        double d = (double)x[i] - (double)max, e = exp(d);
        sum += e;
        weighted += e > 0 ? e * d : 0;
    }
    assert_true(k->largest(x, n) == max);
    struct moments m = k->moments(x, n, max);
    assert_true(fabs(m.sum - sum) <= 1e-6 * sum);
    assert_true(fabs(m.weighted - weighted) <= 1e-6 * (1 - weighted));
    k->clean(x, out, n);
    assert_memory_equal(out, x, (size_t)n * sizeof *x);
    k->divide(out, n, 0.7f);
    for (int32_t i = 0; i < n; i++)
        assert_true(out[i] == x[i] / 0.7f);
    for (int32_t id = 0; id < n; id += 7) {
        int32_t rank = 1;
        for (int32_t i = 0; i < n; i++)
            rank += x[i] > x[id] || (x[i] == x[id] && i < id);
        assert_int_equal(k->rank(x, n, id), rank);
    }
}

/* Every element above the bound lies in a stretch that is found, and every stretch that is found has one. */
static void check_beyond(const struct scan_kernels *k, const float *x, int32_t n, int32_t start, float bound)
{
    int32_t expected = 0, found = 0;
    for (int32_t i = start; i < n; i++)
        expected += x[i] > bound;
    for (int32_t at = start; (at = k->beyond(x, n, at, bound)) < n; at += SCAN_STRETCH) {
        int32_t here = 0;
        assert_int_equal((at - start) % SCAN_STRETCH, 0);
        for (int32_t i = at; i < n && i < at + SCAN_STRETCH; i++)
            here += x[i] > bound;
        assert_true(here > 0);
        found += here;
    }
    assert_int_equal(found, expected);
}

static void tables_do_as_plain_loops(void **state)
{
    const struct scan_kernels *all[3];
    float x[MOST];
    (void)state;
    fill(x);
    int count = tables(all);
    for (int t = 0; t < count; t++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            check_table(all[t], x, sizes[i]);
            for (float bound = -25; bound < 25; bound += 2.5f)
                check_beyond(all[t], x, sizes[i], (int32_t)i < sizes[i] ? (int32_t)i : 0, bound);
            check_beyond(all[t], x, sizes[i], 0, -INFINITY);
        }
    print_message("%d tables\n", count);
}

static void tables_give_the_same_bits(void **state)
{
    const struct scan_kernels *all[3];
    float x[MOST];
    (void)state;
    fill(x);
    int count = tables(all);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct moments first = scan_portable.moments(x, sizes[i], 20);
        for (int t = 1; t < count; t++) {
            struct moments m = all[t]->moments(x, sizes[i], 20);
            assert_true(m.sum == first.sum && m.weighted == first.weighted);
        }
    }
}

static void what_is_no_number_is_least(void **state)
{
    const struct scan_kernels *all[3];
    float x[20], out[20];
    (void)state;
    for (int i = 0; i < 20; i++)
        x[i] = i % 3 == 0 ? NAN : (float)i;
    int count = tables(all);
    for (int t = 0; t < count; t++) {
        all[t]->clean(x, out, 20);
        for (int i = 0; i < 20; i++)
            assert_true(out[i] == (i % 3 == 0 ? -INFINITY : (float)i));
    }
}

static void the_exponential_is_near(void **state)
{
    (void)state;
    for (float x = 0; x > -87.0f; x -= 0.0173f)
        assert_true(fabs((double)scan_exponential(x) / exp((double)x) - 1) < 2e-7 * (1 - (double)x));
    assert_true(scan_exponential(-88.0f) == 0.0f);
    assert_true(scan_exponential(-INFINITY) == 0.0f);
    assert_true(scan_exponential(0) == 1.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_do_as_plain_loops),
        cmocka_unit_test(tables_give_the_same_bits),
        cmocka_unit_test(what_is_no_number_is_least),
        cmocka_unit_test(the_exponential_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
