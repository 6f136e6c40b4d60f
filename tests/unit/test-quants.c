/* Tests of unpacking: every block type of quants.gguf against what another implementation unpacked it to. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file/source.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { TYPES = 12 };

/* The largest difference of one tensor from its float32 neighbour, relative to the larger of the two. */
static double difference(const struct tensor *packed, const struct tensor *want)
{
    float *row = malloc(packed->cols * sizeof *row), *neighbour = malloc(packed->cols * sizeof *row);
    double worst = 0;
    assert_true(row != NULL && neighbour != NULL);
    for (uint64_t r = 0; r < packed->rows; r++) {
        tensor_unpack_row(packed, r, row);
        tensor_unpack_row(want, r, neighbour);
        for (uint64_t c = 0; c < packed->cols; c++) {
            double size = fmax(fabs(row[c]), fabs(neighbour[c]));
            double off = size > 0 ? fabs((double)row[c] - neighbour[c]) / size : 0;
            worst = off > worst || isnan(off) ? off : worst;
        }
    }
    free(row);
    free(neighbour);
    return worst;
}

static void check_types(char *path)
{
    struct error err = {0};
    struct source *source = source_open(path, false, &err);
    free(path);
    if (source == NULL)
        fail_msg("%s", err.message);
    int checked = 0;
    const char *name;
    struct tensor packed, want;
    for (uint64_t i = 0; source_tensor_at(source, i, &name, &packed); i++) {
        char neighbour[64];
        snprintf(neighbour, sizeof neighbour, "%s.f32", name);
        if (!source_tensor(source, neighbour, &want))
            continue;
        double worst = difference(&packed, &want);
        print_message("%-6s largest relative difference %.2g\n", name, worst);
        assert_true(worst <= 1e-6);
        checked++;
    }
    assert_int_equal(checked, TYPES);
    source_free(source);
}

static void types_unpack_as_the_reference(void **state)
{
    (void)state;
    check_types(vectors_own("quants.gguf"));
    check_types(vectors_path("quants.gguf"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(types_unpack_as_the_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
