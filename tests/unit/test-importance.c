/* Tests of measuring importance: sums that can be computed from the weights, the same bits however the work is cut, and
 * nothing of a chunk that did not end. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/convert/imatrix.h"
#include "engine/engine.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

enum { N = 48 };

static struct model *model;
static char folder[] = "/tmp/palaver-importance.XXXXXX";
static char path[64], other[64];
static int32_t ids[2 * N];

static int open_model(void **state)
{
    (void)state;
    struct error err = {0};
    char *name = vectors_path("tiny-llama.gguf");
    model = name != NULL ? model_open(name, NULL, &err) : NULL;
    free(name);
    if (model == NULL || mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/one.gguf", folder);
    snprintf(other, sizeof other, "%s/two.gguf", folder);
    for (int32_t i = 0; i < 2 * N; i++)
        ids[i] = (i * 37 + 5) % model->info.vocab;
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    model_free(model);
    return rmdir(folder);
}

static struct importance *open_importance(int32_t threads, int32_t batch)
{
    struct error err = {0};
    const struct session_options options = {.context = N, .threads = threads, .batch = batch};
    struct importance *x = importance_open(model, &options, &err);
    if (x == NULL)
        fail_msg("%s", err.message);
    return x;
}

static void add(struct importance *x, const int32_t *chunk)
{
    struct error err = {0};
    if (importance_add(x, chunk, N, NULL, NULL, &err) != ERR_NONE)
        fail_msg("%s", err.message);
}

static void write_to(const struct importance *x, const char *to)
{
    struct error err = {0};
    if (importance_write(x, to, "text.txt", false, &err) != ERR_NONE)
        fail_msg("%s", err.message);
}

/* Whether both files are the same to the byte; deletes them. */
static bool same_files(void)
{
    FILE *a = fopen(path, "rb"), *b = fopen(other, "rb");
    assert_non_null(a);
    assert_non_null(b);
    int x, y;
    do {
        x = getc(a);
        y = getc(b);
    } while (x == y && x != EOF);
    fclose(a);
    fclose(b);
    unlink(path);
    unlink(other);
    return x == y;
}

/* The first layer's projections are given the norm of the embeddings, which is computed here by its definition. */
static void sums_are_those_of_the_definition(void **state)
{
    (void)state;
    struct importance *x = open_importance(2, 0);
    add(x, ids);
    add(x, ids + N);
    write_to(x, path);
    importance_free(x);
    const size_t width = (size_t)model->info.width;
    double *sums = calloc(width, sizeof *sums);
    float *row = malloc(width * sizeof *row);
    const float *weight = model->layers[0].attn_norm.data;
    for (size_t i = 0; i < 2 * N; i++) {
        double squares = 0;
        tensor_unpack_row(&model->embedding, (uint64_t)ids[i], row);
        for (size_t c = 0; c < width; c++)
            squares += (double)row[c] * (double)row[c];
        const double scale = 1 / sqrt(squares / (double)width + (double)model->info.norm_epsilon);
        for (size_t c = 0; c < width; c++)
            sums[c] += pow((double)row[c] * scale * (double)weight[c], 2);
    }
    struct error err = {0};
    struct imatrix *m = imatrix_open(path, &err);
    assert_non_null(m);
    for (int k = 0; k < 3; k++) {
        const char *const names[] = {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight"};
        const struct imatrix_entry *e = imatrix_find(m, names[k]);
        assert_non_null(e);
        assert_int_equal(e->n, width);
        for (size_t c = 0; c < width; c++)
            if (fabs((double)e->values[c] - sums[c] / (2 * N)) > 1e-5 * sums[c] / (2 * N) + 1e-12)
                fail_msg("%s, column %zu: %g instead of %g", names[k], c, (double)e->values[c], sums[c] / (2 * N));
    }
    imatrix_free(m);
    free(row);
    free(sums);
    unlink(path);
}

static void a_file_tells_of_every_matrix_of_a_layer(void **state)
{
    (void)state;
    static const char *const matrices[] = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                           "ffn_gate", "ffn_up", "ffn_down"};
    struct error err = {0};
    struct importance *x = open_importance(1, 0);
    add(x, ids);
    write_to(x, path);
    importance_free(x);
    struct imatrix *m = imatrix_open(path, &err);
    assert_non_null(m);
    assert_int_equal(imatrix_size(m), 7 * (size_t)model->info.layers);
    for (int32_t i = 0; i < model->info.layers; i++)
        for (size_t k = 0; k < 7; k++) {
            char name[64];
            snprintf(name, sizeof name, "blk.%d.%s.weight", (int)i, matrices[k]);
            assert_non_null(imatrix_find(m, name));
        }
    assert_int_equal(imatrix_chunks(m), 1);
    assert_string_equal(imatrix_dataset(m), "text.txt");
    imatrix_free(m);
    struct source *s = source_open(path, false, &err); /* the keys and counts that other programs look for */
    const char *type;
    uint64_t size, chunk;
    struct tensor counts;
    float count;
    assert_true(source_string(s, "general.type", &type, &size) && size == 7 && memcmp(type, "imatrix", 7) == 0);
    assert_true(source_uint(s, "imatrix.chunk_size", &chunk) && chunk == N);
    assert_true(source_tensor(s, "blk.0.ffn_down.weight.counts", &counts) && counts.cols == 1 && counts.rows == 1);
    tensor_unpack_row(&counts, 0, &count);
    assert_true(count == (float)N);
    source_free(s);
    unlink(path);
}

static void threads_and_batches_change_no_bit(void **state)
{
    (void)state;
    struct importance *a = open_importance(1, 0), *b = open_importance(3, 7);
    add(a, ids);
    add(a, ids + N);
    add(b, ids);
    add(b, ids + N);
    write_to(a, path);
    write_to(b, other);
    importance_free(a);
    importance_free(b);
    assert_true(same_files());
}

static bool stop_now(void *context, size_t done, size_t total)
{
    (void)context;
    (void)done;
    (void)total;
    return false;
}

static void a_stopped_chunk_adds_nothing(void **state)
{
    (void)state;
    struct importance *a = open_importance(2, 0), *b = open_importance(2, 4);
    struct error err = {0};
    add(a, ids);
    add(b, ids);
    assert_int_equal(importance_add(b, ids + N, N, stop_now, NULL, &err), ERR_STOPPED);
    assert_int_equal(importance_chunks(b), 1);
    write_to(a, path);
    write_to(b, other);
    importance_free(a);
    importance_free(b);
    assert_true(same_files());
}

/* An infinite weight, as a damaged file may have it. */
static void numbers_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    struct tensor *gate = &model->layers[0].gate, sound = *gate;
    const size_t n = (size_t)(gate->rows * gate->cols);
    float *weights = malloc(n * sizeof *weights);
    for (size_t i = 0; i < n; i++)
        weights[i] = INFINITY;
    *gate = (struct tensor){.type = TENSOR_F32, .rows = gate->rows, .cols = gate->cols, .data = weights};
    struct importance *x = open_importance(2, 0);
    struct error err = {0};
    assert_int_equal(importance_add(x, ids, N, NULL, NULL, &err), ERR_CORRUPT);
    assert_int_equal(importance_chunks(x), 0);
    importance_free(x);
    *gate = sound;
    free(weights);
}

static void what_is_out_of_range_is_refused(void **state)
{
    (void)state;
    struct importance *x = open_importance(1, 0);
    struct error err = {0};
    const int32_t wrong = model->info.vocab;
    assert_int_equal(importance_add(x, &wrong, 1, NULL, NULL, &err), ERR_ARGUMENT);
    error_clear(&err);
    assert_int_equal(importance_add(x, ids, N + 1, NULL, NULL, &err), ERR_CONTEXT);
    assert_int_equal(importance_chunks(x), 0);
    importance_free(x);
}

static void a_file_that_is_there_stays(void **state)
{
    (void)state;
    struct importance *x = open_importance(1, 0);
    struct error err = {0};
    assert_int_equal(importance_try(x, path, false, &err), ERR_NONE);
    assert_int_equal(access(path, F_OK), -1);
    add(x, ids);
    write_to(x, path);
    assert_int_not_equal(importance_try(x, path, false, &err), ERR_NONE);
    assert_int_equal(err.code, ERR_ARGUMENT);
    assert_int_equal(importance_try(x, path, true, NULL), ERR_NONE);
    assert_int_equal(access(path, F_OK), 0);
    importance_free(x);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_the_definition),
        cmocka_unit_test(a_file_tells_of_every_matrix_of_a_layer),
        cmocka_unit_test(threads_and_batches_change_no_bit),
        cmocka_unit_test(a_stopped_chunk_adds_nothing),
        cmocka_unit_test(numbers_that_are_not_finite_are_refused),
        cmocka_unit_test(what_is_out_of_range_is_refused),
        cmocka_unit_test(a_file_that_is_there_stays),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
