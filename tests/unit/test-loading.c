/* Tests of loading in fewer bits: the bytes and the bits that come out, what stays, and what goes wrong. And of weights
 * that are read from disk as they are needed: the same bits as those that lie in memory. */
#include <config.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/kernels/quantize.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"
#include "engine/run/forward.h"
#include "engine/run/loading.h"
#include "engine/run/runner.h"
#include "engine/run/stream.h"
#include "tests/cmocka.h"
#include "tests/source.h"

enum { LENGTH = 70 };

static struct model *open_fixture(const char *name)
{
    struct error err = {0};
    struct model *m = model_open(source_fixture(name), NULL, &err);
    if (m == NULL)
        fail_msg("%s", err.message);
    return m;
}

static struct model *load_fixture(const char *name, enum model_load load, int32_t threads)
{
    struct error err = {0};
    struct model *m = open_fixture(name);
    if (model_load_in(m, load, threads, NULL, NULL, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    return m;
}

/* A tensor's rows as floats, malloc'ed. */
static float *floats_of(const struct tensor *t)
{
    float *x = malloc(t->rows * t->cols * sizeof *x);
    assert_non_null(x);
    for (uint64_t r = 0; r < t->rows; r++)
        tensor_unpack_row(t, r, x + r * t->cols);
    return x;
}

/* The logits after LENGTH tokens, and after one more; malloc'ed. */
static float *logits_of(struct session *s, const struct model *m)
{
    const int32_t vocab = model_info(m)->vocab;
    float *logits = malloc(2 * (size_t)vocab * sizeof *logits);
    int32_t ids[LENGTH];
    struct error err = {0};
    assert_non_null(logits);
    for (int32_t i = 0; i < LENGTH; i++)
        ids[i] = (i * 7919 + 13) % vocab;
    assert_int_equal(session_sync(s, ids, LENGTH, NULL, NULL, NULL, &err), ERR_NONE);
    memcpy(logits, session_logits(s), (size_t)vocab * sizeof *logits);
    assert_int_equal(session_push(s, 5, &err), ERR_NONE);
    memcpy(logits + vocab, session_logits(s), (size_t)vocab * sizeof *logits);
    return logits;
}

static float *model_logits(const struct model *m)
{
    struct error err = {0};
    struct session *s = session_open(m, &(struct session_options){.context = 100, .threads = 2, .batch = 40}, &err);
    assert_non_null(s);
    float *logits = logits_of(s, m);
    session_free(s);
    return logits;
}

static void check_same_logits(const struct model *a, const struct model *b)
{
    float *x = model_logits(a), *y = model_logits(b);
    assert_memory_equal(x, y, 2 * (size_t)model_info(a)->vocab * sizeof *x);
    free(x);
    free(y);
}

/* ---- what comes out --------------------------------------------------------------------------------------------- */

/* Each float matrix of `plain` packed as the rule says, one after another and without threads, in its place. */
static void convert_by_hand(struct model *plain, enum model_load load, void *blocks[], size_t *n)
{
    const char *name;
    struct tensor t;
    struct error err = {0};
    for (uint64_t i = 0; source_tensor_at(plain->source, i, &name, &t); i++) {
        const enum tensor_type type = loading_type(plain, load, &t);
        if (type == t.type)
            continue;
        float *x = floats_of(&t);
        struct tensor packed = {.type = type, .rows = t.rows, .cols = t.cols, .order = t.order};
        packed.data = blocks[(*n)++] = malloc(t.rows * tensor_row_bytes(&packed));
        assert_non_null(packed.data);
        quantize_rows(type, x, t.rows, t.cols, NULL, blocks[*n - 1]);
        source_set_tensor(plain->source, i, packed);
        free(x);
    }
    assert_int_equal(model_reread_weights(plain, &(struct model_loaded){.load = load}, &err), ERR_NONE);
}

static void answers_have_the_bits_of_a_model_packed_beforehand(void **state)
{
    (void)state;
    for (enum model_load load = LOAD_8BIT; load <= LOAD_4BIT; load++)
        for (int32_t threads = 1; threads <= 3; threads += 2) {
            void *blocks[64];
            size_t n = 0;
            struct model *loaded = load_fixture("tiny-llama3.gguf", load, threads),
                         *plain = open_fixture("tiny-llama3.gguf");
            convert_by_hand(plain, load, blocks, &n);
            assert_true(n > 10);
            check_same_logits(loaded, plain);
            model_free(loaded);
            model_free(plain);
            while (n > 0)
                free(blocks[--n]);
        }
}

static void matrices_become_8_bits_and_vectors_stay(void **state)
{
    (void)state;
    struct model *m = load_fixture("tiny-llama3.gguf", LOAD_8BIT, 2), *plain = open_fixture("tiny-llama3.gguf");
    const char *name;
    struct tensor t, before;
    for (uint64_t i = 0; source_tensor_at(m->source, i, &name, &t); i++) {
        assert_true(source_tensor_at(plain->source, i, &name, &before));
        assert_int_equal(t.type, t.rows > 1 && t.cols % 32 == 0 ? TENSOR_Q8_0 : before.type);
    }
    model_free(plain);
    assert_string_equal(model_info(m)->type, "Q8_0");
    assert_int_equal(model_info(m)->load, LOAD_8BIT);
    assert_true(model_info(m)->load_bytes > 0 && model_info(m)->load_bytes < model_info(m)->load_file_bytes);
    model_free(m);
}

static void in_4_bits_the_matrices_over_the_vocabulary_get_8(void **state)
{
    (void)state;
    struct model *m = load_fixture("tiny-llama3.gguf", LOAD_4BIT, 2);
    assert_int_equal(m->embedding.type, TENSOR_Q8_0);
    assert_int_equal(m->output.type, TENSOR_Q8_0);
    assert_int_equal(m->layers[0].wq.type, TENSOR_Q4_0);
    assert_int_equal(m->layers[2].down.type, TENSOR_Q4_0);
    const struct tensor wide = {.type = TENSOR_BF16, .rows = 64, .cols = 512};
    assert_int_equal(loading_type(m, LOAD_4BIT, &wide), TENSOR_Q4_K);
    assert_int_equal(loading_type(m, LOAD_8BIT, &wide), TENSOR_Q8_0);
    assert_int_equal(loading_type(m, LOAD_AS_IS, &wide), TENSOR_BF16);
    model_free(m);
}

static void rows_that_are_no_whole_blocks_stay(void **state)
{
    (void)state;
    struct model *m = load_fixture("folder-meta", LOAD_8BIT, 2), *plain = open_fixture("folder-meta");
    assert_int_equal(m->layers[0].wq.cols % 32, 8);
    assert_int_equal(m->layers[0].wq.type, TENSOR_BF16);
    assert_int_equal(model_info(m)->load, LOAD_AS_IS);
    assert_int_equal(model_info(m)->fingerprint, model_info(plain)->fingerprint);
    check_same_logits(m, plain);
    model_free(m);
    model_free(plain);
}

static void what_is_quantised_already_stays(void **state)
{
    (void)state;
    struct model *m = load_fixture("tiny-llama.gguf", LOAD_4BIT, 2);
    const char *name;
    struct tensor t;
    int kept = 0;
    for (uint64_t i = 0; source_tensor_at(m->source, i, &name, &t); i++)
        kept += strstr(name, "attn_q.weight") != NULL && t.type == TENSOR_Q8_0;
    assert_int_equal(kept, 2);
    model_free(m);
}

/* A matrix in two pieces, one under the other, as model-parallel files have it. */
static void pieces_are_packed_to_one_matrix(void **state)
{
    (void)state;
    struct model *cut = open_fixture("tiny-llama3.gguf"), *whole = load_fixture("tiny-llama3.gguf", LOAD_8BIT, 2);
    struct error err = {0};
    const char *name;
    struct tensor t;
    uint64_t i = 0;
    while (source_tensor_at(cut->source, i, &name, &t) && strcmp(name, "blk.1.ffn_up.weight") != 0)
        i++;
    const uint64_t half = t.rows / 2;
    struct tensor_piece *pieces = calloc(2, sizeof *pieces);
    assert_non_null(pieces);
    pieces[0] = (struct tensor_piece){0, 0, half, t.cols, t.data};
    pieces[1] =
        (struct tensor_piece){half, 0, t.rows - half, t.cols, (const char *)t.data + half * tensor_row_bytes(&t)};
    t.pieces = pieces;
    t.n_pieces = 2;
    source_set_tensor(cut->source, i, t);
    assert_int_equal(model_load_in(cut, LOAD_8BIT, 2, NULL, NULL, &err), ERR_NONE);
    assert_int_equal(cut->layers[1].up.n_pieces, 0);
    check_same_logits(cut, whole);
    model_free(cut);
    model_free(whole);
}

static void each_way_of_loading_has_its_fingerprint(void **state)
{
    (void)state;
    struct model *plain = open_fixture("tiny-llama3.gguf");
    uint64_t prints[3];
    for (enum model_load load = LOAD_AS_IS; load <= LOAD_4BIT; load++) {
        struct model *m = load_fixture("tiny-llama3.gguf", load, 1);
        prints[load] = model_info(m)->fingerprint;
        assert_int_equal(prints[load], model_fingerprint_in(plain, load));
        assert_int_equal(model_fingerprint_in(m, LOAD_AS_IS), model_info(plain)->fingerprint);
        model_free(m);
    }
    assert_int_not_equal(prints[LOAD_AS_IS], prints[LOAD_8BIT]);
    assert_int_not_equal(prints[LOAD_AS_IS], prints[LOAD_4BIT]);
    assert_int_not_equal(prints[LOAD_8BIT], prints[LOAD_4BIT]);
    model_free(plain);
}

/* ---- what goes wrong -------------------------------------------------------------------------------------------- */

static bool refuse(void *context, uint64_t done, uint64_t total)
{
    assert_true(done <= total);
    ++*(int *)context;
    return false;
}

static void loading_stops_when_it_is_told(void **state)
{
    (void)state;
    struct model *m = open_fixture("tiny-llama3.gguf");
    struct error err = {0};
    int calls = 0;
    assert_int_equal(model_load_in(m, LOAD_8BIT, 2, refuse, &calls, &err), ERR_STOPPED);
    assert_int_equal(calls, 1);
    model_free(m);
}

static void damaged_weights_are_named(void **state)
{
    (void)state;
    struct model *m = open_fixture("tiny-llama3.gguf");
    struct error err = {0};
    const char *name;
    struct tensor t;
    uint64_t i = 0;
    while (source_tensor_at(m->source, i, &name, &t) && strcmp(name, "blk.1.ffn_up.weight") != 0)
        i++;
    float *x = floats_of(&t);
    x[77] = NAN;
    source_set_tensor(m->source, i, (struct tensor){.type = TENSOR_F32, .rows = t.rows, .cols = t.cols, .data = x});
    assert_int_equal(model_load_in(m, LOAD_8BIT, 2, NULL, NULL, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.message, "blk.1.ffn_up.weight"));
    model_free(m);
    free(x);
}

/* ---- plans of models -------------------------------------------------------------------------------------------- */

static void the_plan_before_loading_is_that_after_it(void **state)
{
    (void)state;
    const struct session_options options = {.context = 512, .threads = 2};
    struct memory_plan before, after;
    struct model *m = open_fixture("tiny-llama3.gguf");
    struct error err = {0};
    model_plan(m, &options, LOAD_8BIT, false, &before);
    assert_int_equal(model_load_in(m, LOAD_8BIT, 2, NULL, NULL, &err), ERR_NONE);
    model_plan(m, &options, LOAD_AS_IS, false, &after);
    assert_true(before.copied && after.copied);
    assert_int_equal(after.weights, before.weights);
    assert_int_equal(before.file_weights, after.file_weights);
    assert_int_equal(before.cache, after.cache);
    assert_int_equal(before.buffers, after.buffers);
    model_free(m);
}

static void a_plan_counts_the_cache(void **state)
{
    (void)state;
    struct model *m = open_fixture("tiny-llama3.gguf");
    const struct model_info *i = model_info(m);
    struct memory_plan small, large, exact;
    model_plan(m, &(struct session_options){.context = 512}, LOAD_AS_IS, false, &small);
    model_plan(m, &(struct session_options){.context = 1024}, LOAD_AS_IS, false, &large);
    model_plan(m, &(struct session_options){.context = 1024, .exact = true}, LOAD_AS_IS, false, &exact);
    const int32_t key = i->head_width, value = (i->head_width + 15) / 16 * 16; /* values are padded for vectors */
    const int32_t heads = i->layers * i->kv_heads;
    assert_int_equal(large.cache - small.cache, heads * ((key + value) * 2 + 8) * 512); /* with two scales */
    assert_int_equal(exact.cache, heads * (key + value) * 4 * 1024);
    model_free(m);
}

/* ---- weights from disk ------------------------------------------------------------------------------------------ */

/* A runner that streams all but `resident` bytes of a round, whatever the machine has. */
static struct runner *open_streaming(const struct model *m, uint64_t resident, struct stream **stream)
{
    struct error err = {0};
    struct runner *r = runner_open(m, &(struct session_options){.context = 100, .threads = 2, .batch = 40}, &err);
    assert_non_null(r);
    *stream = stream_new(m, &(struct plan_room){.resident = resident, .window = 4096}, &err);
    assert_non_null(*stream);
    forward_tell(r->forward, stream_reach, *stream);
    return r;
}

static void streamed_weights_give_the_same_bits(void **state)
{
    (void)state;
    const char *const names[] = {"tiny-llama3.gguf", "tiny-llama.gguf", "folder-meta"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (uint64_t resident = 0; resident < 60000; resident += 20000) {
            struct model *m = open_fixture(names[i]);
            struct error err = {0};
            struct stream *stream;
            struct runner *r = open_streaming(m, resident, &stream);
            struct session *s = session_new(r, 0, &err);
            assert_non_null(s);
            float *streamed = logits_of(s, m), *plain = model_logits(m);
            assert_memory_equal(streamed, plain, 2 * (size_t)model_info(m)->vocab * sizeof *plain);
            session_free(s);
            stream_free(stream);
            runner_free(r);
            free(streamed);
            free(plain);
            model_free(m);
        }
}

static uint64_t round_bytes(const struct model *m, const struct plan_room *room)
{
    struct error err = {0};
    struct stream *s = stream_new(m, room, &err);
    assert_non_null(s);
    const uint64_t bytes = stream_round_bytes(s);
    stream_free(s);
    return bytes;
}

static void what_stays_is_nearly_as_much_as_may(void **state)
{
    (void)state;
    struct model *m = open_fixture("tiny-llama3.gguf");
    const struct plan_products products = stream_products(m);
    const uint64_t all = round_bytes(m, &(struct plan_room){.window = 4096});
    for (uint64_t resident = products.output; resident <= all; resident += 1000)
        for (int output = 0; output < 2; output++) {
            const struct plan_room room = {.resident = resident, .output = output != 0, .window = 4096};
            const uint64_t most = room.output || resident < all - products.output ? resident : all - products.output;
            const uint64_t stays = all - round_bytes(m, &room);
            assert_true(stays <= most);
            assert_true(stays + products.layer > most);
        }
    model_free(m);
}

static void a_stretch_that_was_let_go_is_read_again(void **state)
{
    (void)state;
    struct model *m = open_fixture("tiny-llama3.gguf");
    const struct source_map *map = &m->source->maps[0];
    unsigned char *copy = malloc(map->size);
    assert_non_null(copy);
    memcpy(copy, map->bytes, map->size);
    source_let_go(m->source, map->bytes, map->size);
    source_let_go(m->source, copy, map->size); /* no part of the source: nothing happens */
    assert_true(source_resident_bytes(map->bytes, map->size) <= map->size);
    assert_memory_equal(copy, map->bytes, map->size);
    assert_int_equal(source_resident_bytes(map->bytes, map->size), map->size);
    free(copy);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_have_the_bits_of_a_model_packed_beforehand),
        cmocka_unit_test(matrices_become_8_bits_and_vectors_stay),
        cmocka_unit_test(in_4_bits_the_matrices_over_the_vocabulary_get_8),
        cmocka_unit_test(rows_that_are_no_whole_blocks_stay),
        cmocka_unit_test(what_is_quantised_already_stays),
        cmocka_unit_test(pieces_are_packed_to_one_matrix),
        cmocka_unit_test(each_way_of_loading_has_its_fingerprint),
        cmocka_unit_test(loading_stops_when_it_is_told),
        cmocka_unit_test(damaged_weights_are_named),
        cmocka_unit_test(the_plan_before_loading_is_that_after_it),
        cmocka_unit_test(a_plan_counts_the_cache),
        cmocka_unit_test(streamed_weights_give_the_same_bits),
        cmocka_unit_test(what_stays_is_nearly_as_much_as_may),
        cmocka_unit_test(a_stretch_that_was_let_go_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
