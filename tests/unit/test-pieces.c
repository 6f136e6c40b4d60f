/* Tests of weights that lie in several places, and of query and key rows in Hugging Face's order: the same bits as the same
 * weights in one piece. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"
#include "engine/run/matmul.h"
#include "engine/run/pool.h"
#include "tests/source.h"

/* ---- cutting ---------------------------------------------------------------------------------------------------- */

/* What the tests allocated, freed at the end of each. */
static void *blocks[4096];
static size_t n_blocks;

static void *keep(void *block)
{
    assert_non_null(block);
    assert_true(n_blocks < sizeof blocks / sizeof *blocks);
    return blocks[n_blocks++] = block;
}

static int free_blocks(void **state)
{
    (void)state;
    while (n_blocks > 0)
        free(blocks[--n_blocks]);
    return 0;
}

static size_t bytes_of(enum tensor_type type, uint64_t cols)
{
    const struct tensor_traits *traits = tensor_traits(type);
    return (size_t)(cols / traits->block) * traits->block_bytes;
}

/* A copy of the rectangle in memory of its own. */
static struct tensor_piece cut_piece(const struct tensor *t, uint64_t row, uint64_t rows, uint64_t col, uint64_t cols)
{
    const size_t size = bytes_of(t->type, cols);
    unsigned char *data = keep(malloc(size * (size_t)rows));
    for (uint64_t r = 0; r < rows; r++)
        memcpy(data + r * size,
               (const unsigned char *)t->data + (row + r) * tensor_row_bytes(t) + bytes_of(t->type, col), size);
    return (struct tensor_piece){row, col, rows, cols, data};
}

/* The same tensor cut before these rows and columns (0 ends a list), its pieces in an order of their own. */
static struct tensor cut(const struct tensor *t, const uint64_t *rows, const uint64_t *cols)
{
    struct tensor_piece *pieces = keep(calloc(64, sizeof *pieces));
    size_t n = 0;
    for (size_t r = 0; r == 0 || rows[r - 1] != 0; r++)
        for (size_t c = 0; c == 0 || cols[c - 1] != 0; c++) {
            const uint64_t top = r == 0 ? 0 : rows[r - 1], left = c == 0 ? 0 : cols[c - 1];
            const uint64_t bottom = rows[r] == 0 ? t->rows : rows[r], right = cols[c] == 0 ? t->cols : cols[c];
            pieces[n++] = cut_piece(t, top, bottom - top, left, right - left);
        }
    for (size_t i = 0; i < n / 2; i++) {
        struct tensor_piece first = pieces[i];
        pieces[i] = pieces[n - 1 - i];
        pieces[n - 1 - i] = first;
    }
    struct tensor out = *t;
    out.pieces = pieces;
    out.n_pieces = n;
    out.data = pieces[0].data;
    assert_true(tensor_is_sound(&out));
    return out;
}

static const uint64_t uncut[] = {0};

/* ---- products --------------------------------------------------------------------------------------------------- */

enum { ROWS = 100, COLS = 768, MOST = 20 };

struct product_run {
    struct matmul *m;
    struct matmul_job job;
    const float *x;
    size_t n;
};

static void run_product(void *context, int32_t thread, int32_t threads)
{
    (void)threads;
    const struct product_run *run = context;
    matmul_run(run->m, thread, &run->job, 1, run->x, COLS, run->n, NULL);
}

/* Random bits, but for scales that are finite. */
static struct tensor make_weights(enum tensor_type type)
{
    struct tensor t = {.type = type, .rows = ROWS, .cols = COLS};
    const size_t size = tensor_row_bytes(&t) * ROWS;
    unsigned char *data = keep(malloc(size));
    uint32_t state = 7 + type;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (unsigned char)(state >> 24) & 0x3b; /* no exponent of F16, BF16 or F32 is that of NaN */
    }
    t.data = data;
    return t;
}

/* Every type, cut inside panels and between them, by rows, columns and both; a few rows of X and many. */
static void products_of_pieces_are_the_same_bits(void **state)
{
    (void)state;
    static const enum tensor_type types[] = {TENSOR_F32,  TENSOR_F16,  TENSOR_BF16, TENSOR_Q4_0,  TENSOR_Q5_1,
                                             TENSOR_Q8_0, TENSOR_Q4_K, TENSOR_Q6_K, TENSOR_IQ4_XS};
    static const uint64_t rows[][4] = {{0}, {32, 64, 0}, {8, 51, 0}, {0}, {13, 0}};
    static const uint64_t cols[][4] = {{512, 0}, {0}, {0}, {256, 512, 0}, {256, 0}};
    static const size_t ns[] = {1, 3, MOST};
    static float x[MOST * COLS], want[MOST * ROWS], got[MOST * ROWS], bias[ROWS];
    struct error err = {0};
    struct pool *pool = pool_new(2, &err);
    for (size_t i = 0; i < MOST * COLS; i++)
        x[i] = (float)(i * 2654435761u % 1000) / 500.0f - 1.0f;
    for (size_t i = 0; i < ROWS; i++)
        bias[i] = (float)i / 3;
    for (int exact = 0; exact < 2; exact++) {
        struct matmul *m = matmul_new(pool, COLS, MOST, exact != 0, &err);
        for (size_t i = 0; m != NULL && i < sizeof types / sizeof *types; i++)
            for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
                for (size_t j = 0; j < sizeof ns / sizeof *ns; j++) {
                    struct tensor whole = make_weights(types[i]), pieces = cut(&whole, rows[k], cols[k]);
                    struct product_run run = {m, {&whole, bias, want, ROWS}, x, ns[j]};
                    pool_run(pool, run_product, &run);
                    run.job.weights = &pieces;
                    run.job.out = got;
                    pool_run(pool, run_product, &run);
                    assert_memory_equal(got, want, ns[j] * ROWS * sizeof *got);
                }
        matmul_free(m);
        error_clear(&err); /* OpenBLAS may be absent */
    }
    pool_free(pool);
}

/* Float types may be cut inside a block of columns. */
static void floats_are_cut_anywhere(void **state)
{
    (void)state;
    static const uint64_t rows[] = {5, 60, 0}, cols[] = {40, 700, 0};
    static float x[3 * COLS], want[3 * ROWS], got[3 * ROWS];
    struct error err = {0};
    struct pool *pool = pool_new(1, &err);
    struct matmul *m = matmul_new(pool, COLS, 3, false, &err);
    for (size_t i = 0; i < 3 * COLS; i++)
        x[i] = (float)(i % 17) - 8;
    for (size_t n = 1; n <= 3; n += 2) {
        struct tensor whole = make_weights(TENSOR_BF16), pieces = cut(&whole, rows, cols);
        struct product_run run = {m, {&whole, NULL, want, ROWS}, x, n};
        pool_run(pool, run_product, &run);
        run.job = (struct matmul_job){&pieces, NULL, got, ROWS};
        pool_run(pool, run_product, &run);
        assert_memory_equal(got, want, n * ROWS * sizeof *got);
    }
    matmul_free(m);
    pool_free(pool);
}

static void pieces_must_make_up_the_matrix(void **state)
{
    (void)state;
    static const uint64_t rows[] = {32, 0}, cols[] = {256, 0};
    struct tensor whole = make_weights(TENSOR_Q4_0), good = cut(&whole, rows, cols);
    struct tensor_piece *p = keep(malloc(4 * sizeof *p));
    struct tensor bad = good;
    bad.pieces = p;
    const struct {
        size_t piece;
        struct tensor_piece change;
    } changes[] = {
        {0, {.rows = 1}}, {1, {.cols = 32}}, {2, {.row = 1}},
        {3, {.col = 32}}, {0, {.cols = 16}}, {3, {.rows = UINT64_MAX - 40}},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        memcpy(p, good.pieces, 4 * sizeof *p);
        struct tensor_piece *q = &p[changes[i].piece];
        q->row += changes[i].change.row;
        q->col += changes[i].change.col;
        q->rows += changes[i].change.rows;
        q->cols += changes[i].change.cols;
        assert_false(tensor_is_sound(&bad));
    }
    memcpy(p, good.pieces, 4 * sizeof *p);
    assert_true(tensor_is_sound(&bad));
    bad.n_pieces = 3;
    assert_false(tensor_is_sound(&bad));
    bad.n_pieces = 4;
    p[1] = p[0];
    assert_false(tensor_is_sound(&bad));
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

enum { LENGTH = 90 };

static struct model *open_fixture(const char *name)
{
    struct error err = {0};
    struct model *m = model_open(source_fixture(name), NULL, &err);
    if (m == NULL)
        fail_msg("%s", err.message);
    return m;
}

/* The logits after LENGTH tokens, read in batches and token by token. */
static float *logits_of(const struct model *m, bool exact)
{
    const int32_t vocab = model_info(m)->vocab;
    float *logits = keep(malloc(2 * (size_t)vocab * sizeof *logits));
    int32_t ids[LENGTH];
    for (int32_t i = 0; i < LENGTH; i++)
        ids[i] = (i * 7919 + 13) % vocab;
    struct error err = {0};
    struct session *s =
        session_open(m, &(struct session_options){.context = 100, .threads = 2, .batch = 40, .exact = exact}, &err);
    assert_non_null(s);
    assert_int_equal(session_sync(s, ids, LENGTH, NULL, NULL, NULL, &err), ERR_NONE);
    memcpy(logits, session_logits(s), (size_t)vocab * sizeof *logits);
    assert_int_equal(session_push(s, 5, &err), ERR_NONE);
    memcpy(logits + vocab, session_logits(s), (size_t)vocab * sizeof *logits);
    session_free(s);
    return logits;
}

static void check_same_logits(const struct model *changed, const struct model *plain)
{
    for (int exact = 0; exact < 2; exact++)
        assert_memory_equal(logits_of(changed, exact != 0), logits_of(plain, exact != 0),
                            2 * (size_t)model_info(plain)->vocab * sizeof(float));
}

/* As Meta's files are: the embedding, wo and down by columns, everything else by rows. */
static void cut_model(struct model *m)
{
    const struct model_info *info = model_info(m);
    const uint64_t heads[] = {(uint64_t)(info->heads * info->head_width / 2), 0};
    const uint64_t kv_heads[] = {(uint64_t)(info->kv_heads * info->head_width / 2), 0};
    const uint64_t ff[] = {(uint64_t)info->ff_width / 2 / 32 * 32, 0}, vocab[] = {(uint64_t)info->vocab / 2 + 1, 0};
    const uint64_t width[] = {(uint64_t)info->width / 2, 0};
    m->embedding = cut(&m->embedding, uncut, width);
    m->output = cut(&m->output, vocab, uncut);
    for (int32_t i = 0; i < info->layers; i++) {
        struct model_layer *l = &m->layers[i];
        l->wq = cut(&l->wq, heads, uncut);
        l->wk = cut(&l->wk, kv_heads, uncut);
        l->wv = cut(&l->wv, kv_heads, uncut);
        l->wo = cut(&l->wo, uncut, heads);
        l->gate = cut(&l->gate, ff, uncut);
        l->up = cut(&l->up, ff, uncut);
        l->down = cut(&l->down, uncut, ff);
    }
}

/* The same rows, or elements of a bias, in Hugging Face's order. */
static struct tensor to_halves(const struct tensor *t, int32_t head_width, int32_t turned)
{
    const uint64_t rows = t->rows > 1 ? t->rows : t->cols;
    const size_t row = t->rows > 1 ? tensor_row_bytes(t) : sizeof(float);
    if (t->data == NULL)
        return *t;
    unsigned char *data = keep(malloc(row * (size_t)rows));
    for (uint64_t r = 0; r < rows; r++) {
        const uint64_t head = r / (uint64_t)head_width * (uint64_t)head_width;
        const int32_t i = (int32_t)(r - head);
        const int32_t to = i >= turned ? i : i % 2 == 0 ? i / 2 : turned / 2 + i / 2;
        memcpy(data + (head + (uint64_t)to) * row, (const unsigned char *)t->data + r * row, row);
    }
    struct tensor out = *t;
    out.data = data;
    out.order = ROWS_HALVES;
    return out;
}

static void halve_model(struct model *m)
{
    const struct model_info *info = model_info(m);
    for (int32_t i = 0; i < info->layers; i++) {
        struct model_layer *l = &m->layers[i];
        l->wq = to_halves(&l->wq, info->head_width, 2 * m->rope_pairs);
        l->wk = to_halves(&l->wk, info->head_width, 2 * m->rope_pairs);
        l->bq = to_halves(&l->bq, info->head_width, 2 * m->rope_pairs);
        l->bk = to_halves(&l->bk, info->head_width, 2 * m->rope_pairs);
    }
}

static void models_in_pieces_give_the_same_bits(void **state)
{
    (void)state;
    const char *const names[] = {"tiny-llama.gguf", "tiny-llama3.gguf"};
    for (size_t i = 0; i < 2; i++) {
        struct model *plain = open_fixture(names[i]), *changed = open_fixture(names[i]);
        cut_model(changed);
        check_same_logits(changed, plain);
        model_free(changed);
        model_free(plain);
    }
}

static void rows_in_halves_give_the_same_bits(void **state)
{
    (void)state;
    const char *const names[] = {"tiny-llama.gguf", "tiny-llama3.gguf"};
    for (size_t i = 0; i < 2; i++) {
        struct model *plain = open_fixture(names[i]), *changed = open_fixture(names[i]);
        halve_model(changed);
        check_same_logits(changed, plain);
        cut_model(changed);
        check_same_logits(changed, plain);
        model_free(changed);
        model_free(plain);
    }
}

/* A part of each head that is not turned stays where it is. */
static void partly_turned_heads_give_the_same_bits(void **state)
{
    (void)state;
    struct model *plain = open_fixture("tiny-llama.gguf"), *changed = open_fixture("tiny-llama.gguf");
    plain->rope_pairs /= 2;
    changed->rope_pairs /= 2;
    halve_model(changed);
    check_same_logits(changed, plain);
    model_free(changed);
    model_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(products_of_pieces_are_the_same_bits, free_blocks),
        cmocka_unit_test_teardown(floats_are_cut_anywhere, free_blocks),
        cmocka_unit_test_teardown(pieces_must_make_up_the_matrix, free_blocks),
        cmocka_unit_test_teardown(models_in_pieces_give_the_same_bits, free_blocks),
        cmocka_unit_test_teardown(rows_in_halves_give_the_same_bits, free_blocks),
        cmocka_unit_test_teardown(partly_turned_heads_give_the_same_bits, free_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
