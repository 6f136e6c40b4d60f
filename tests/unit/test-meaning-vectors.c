/* Tests of the file of vectors: what is put is found, by whichever program; what is damaged, of another form or of another
 * encoder is made anew and nothing wrong is ever told. */
#include <config.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/meaning/vectors.h"
#include "tests/unit/history.h"

enum { WIDTH = 20, ENCODER = 77, RECORD = 40 + 24 };

/* A vector that points to element `to` with most of its length. */
static void make_vector(int8_t *v, size_t to)
{
    for (size_t i = 0; i < WIDTH; i++)
        v[i] = (int8_t)(i == to % WIDTH ? 120 : i * 7 % 5);
}

static struct vectors *open_writer(uint64_t encoder)
{
    struct error err = {0};
    struct vectors *v = vectors_write(history_file("v"), encoder, WIDTH, &err);
    if (v == NULL)
        fail_msg("%s", err.message);
    return v;
}

static void put(struct vectors *v, int64_t message, uint64_t hash, size_t n, size_t to)
{
    struct error err = {0};
    int8_t bytes[8][WIDTH];
    struct vectors_passage passages[8];
    for (size_t i = 0; i < n; i++) {
        make_vector(bytes[i], to + i);
        passages[i] = (struct vectors_passage){(uint32_t)(10 * i), 9, 0.008F, bytes[i]};
    }
    history_ok(vectors_put(v, message, hash, passages, n, &err), &err);
}

/* The likest message to a vector that points to this element; 0: none. */
static int64_t find(struct vectors *v, size_t to, struct vectors_found *out)
{
    struct error err = {0};
    struct vectors_found found[4];
    int8_t query[WIDTH];
    size_t n = 4;
    make_vector(query, to);
    history_ok(vectors_search(v, query, 0.008F, found, &n, &err), &err);
    if (n > 0 && out != NULL)
        *out = found[0];
    return n > 0 ? found[0].message : 0;
}

static struct vectors *open_reader(void)
{
    struct error err = {0};
    struct vectors *v = vectors_read(history_file("v"), ENCODER, WIDTH, &err);
    if (v == NULL)
        fail_msg("%s", err.message);
    return v;
}

static int begin(void **state)
{
    (void)state;
    unlink(history_file("v"));
    return 0;
}

static void what_is_put_is_found_and_stays(void **state)
{
    struct vectors_found found = {0};
    uint64_t hash = 0;
    (void)state;
    struct vectors *w = open_writer(ENCODER);
    put(w, 5, 50, 1, 0);
    put(w, 9, 90, 3, 1);
    put(w, 7, 70, 1, 8);
    struct vectors *r = open_reader();
    assert_int_equal(find(r, 0, NULL), 5);
    assert_int_equal(find(r, 3, &found), 9);
    assert_int_equal(found.start, 20);
    assert_int_equal(found.size, 9);
    assert_true(fabsf(found.likeness - 0.008F * 0.008F * (120 * 120 + 86)) < 0.02F);
    vectors_free(w);
    w = open_writer(ENCODER);
    assert_int_equal(vectors_messages(w), 3);
    assert_int_equal(vectors_passages(w), 5);
    assert_true(vectors_has(w, 9, &hash) && hash == 90);
    assert_false(vectors_has(w, 6, &hash));
    vectors_free(w);
    vectors_free(r);
}

static void a_reader_sees_what_is_written_meanwhile(void **state)
{
    struct error err = {0};
    (void)state;
    struct vectors *w = open_writer(ENCODER), *r = open_reader();
    assert_int_equal(find(r, 4, NULL), 0);
    put(w, 1, 1, 1, 4);
    assert_int_equal(find(r, 4, NULL), 1);
    history_ok(vectors_drop(w, 1, &err), &err);
    assert_int_equal(find(r, 4, NULL), 0);
    put(w, 2, 2, 1, 4); /* where the other was */
    assert_int_equal(vectors_bytes(w), 64 + RECORD);
    assert_int_equal(find(r, 4, NULL), 2);
    vectors_free(w);
    w = open_writer(ENCODER + 1); /* a new file */
    assert_int_equal(vectors_messages(w), 0);
    int8_t query[WIDTH] = {0};
    size_t n = 1;
    struct vectors_found found[1];
    assert_int_equal(vectors_search(r, query, 1, found, &n, &err), ERR_NOT_FOUND);
    assert_int_equal(n, 0);
    vectors_free(w);
    vectors_free(r);
}

static void one_program_writes(void **state)
{
    struct error err = {0};
    (void)state;
    struct vectors *w = open_writer(ENCODER);
    assert_null(vectors_write(history_file("v"), ENCODER, WIDTH, &err));
    assert_int_equal(err.code, ERR_BUSY);
    vectors_free(w);
    vectors_free(open_writer(ENCODER));
}

static void a_changed_message_takes_the_place_of_the_old(void **state)
{
    uint64_t hash;
    (void)state;
    struct vectors *w = open_writer(ENCODER);
    put(w, 1, 10, 2, 2);
    put(w, 1, 11, 1, 9);
    assert_true(vectors_has(w, 1, &hash) && hash == 11);
    assert_int_equal(vectors_passages(w), 1);
    struct vectors *r = open_reader();
    struct vectors_found found;
    assert_int_equal(find(r, 9, &found), 1);
    assert_true(found.likeness > 0.8F);
    vectors_free(w);
    vectors_free(r);
}

/* Most of what was put is dropped: the file becomes small again, and what is left is found in it. */
static void a_file_that_is_mostly_free_is_written_anew(void **state)
{
    struct error err = {0};
    uint64_t hash;
    (void)state;
    struct vectors *w = open_writer(ENCODER);
    for (int64_t i = 1; i <= 2000; i++)
        put(w, i, (uint64_t)i, 1 + (size_t)i % 3, (size_t)i);
    struct vectors *r = open_reader();
    const uint64_t before = vectors_bytes(w);
    for (int64_t i = 1; i <= 2000; i++)
        if (i % 10 != 0)
            history_ok(vectors_drop(w, i, &err), &err);
    assert_true(vectors_bytes(w) < before / 2);
    assert_int_equal(vectors_messages(w), 200);
    assert_true(find(r, 0, NULL) % 10 == 0 && find(r, 0, NULL) != 0);
    vectors_free(w);
    w = open_writer(ENCODER);
    assert_int_equal(vectors_messages(w), 200);
    for (int64_t i = 10; i <= 2000; i += 10)
        assert_true(vectors_has(w, i, &hash) && hash == (uint64_t)i);
    vectors_free(w);
    vectors_free(r);
}

static void write_byte(const char *path, off_t at, unsigned char byte)
{
    const int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* Each byte of a record in turn; the search tells nothing of it, the writer has all but this message. */
/* Even where half of all messages are about the same, they are told before the others. */
static void what_much_is_about_is_found(void **state)
{
    struct error err = {0};
    struct vectors_found found[40];
    int8_t query[WIDTH];
    size_t n = 40;
    (void)state;
    struct vectors *w = open_writer(ENCODER);
    for (int64_t i = 1; i <= 40; i++)
        put(w, i, 1, 1, i % 2 == 0 ? 3 : (size_t)i);
    struct vectors *r = open_reader();
    make_vector(query, 3);
    history_ok(vectors_search(r, query, 0.008F, found, &n, &err), &err);
    assert_in_range(n, 20, 22); /* and two with an odd number */
    vectors_free(w);
    vectors_free(r);
}

static void a_damaged_record_costs_its_message(void **state)
{
    uint64_t hash;
    (void)state;
    for (off_t at = 0; at < RECORD; at++) {
        unlink(history_file("v"));
        struct vectors *w = open_writer(ENCODER);
        put(w, 1, 10, 1, 3);
        put(w, 2, 20, 1, 5);
        put(w, 3, 30, 1, 11);
        vectors_free(w);
        write_byte(history_file("v"), 64 + RECORD + at, 0xA5);
        struct vectors *r = open_reader();
        assert_int_not_equal(find(r, 5, NULL), 2);
        vectors_free(r);
        w = open_writer(ENCODER);
        assert_int_equal(vectors_messages(w), 2);
        assert_true(vectors_has(w, 1, &hash) && vectors_has(w, 3, &hash) && !vectors_has(w, 2, &hash));
        put(w, 2, 20, 2, 5);
        vectors_free(w);
        r = open_reader();
        assert_int_equal(find(r, 5, NULL), 2);
        vectors_free(r);
    }
}

/* A program that ended in the middle of a write left a part at the end, of whatever length. */
static void a_file_cut_anywhere_keeps_what_is_whole(void **state)
{
    (void)state;
    for (off_t size = 0; size <= 64 + 4 * RECORD; size += 7) {
        unlink(history_file("v"));
        struct vectors *w = open_writer(ENCODER);
        put(w, 1, 10, 1, 3);
        put(w, 2, 20, 3, 5);
        vectors_free(w);
        assert_int_equal(truncate(history_file("v"), size), 0);
        w = open_writer(ENCODER);
        assert_int_equal(vectors_messages(w), size < 64 + RECORD ? 0 : size < 64 + 4 * RECORD ? 1 : 2);
        put(w, 4, 40, 1, 9);
        vectors_free(w);
        struct vectors *r = open_reader();
        assert_int_equal(find(r, 9, NULL), 4);
        vectors_free(r);
    }
}

static void anything_else_is_replaced(void **state)
{
    (void)state;
    static const char *const others[] = {"", "palavect",
                                         "SQLite format 3 and so on, longer than the header of the form"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        FILE *out = fopen(history_file("v"), "w");
        fputs(others[i], out);
        fclose(out);
        struct vectors *w = open_writer(ENCODER);
        assert_int_equal(vectors_messages(w), 0);
        put(w, 1, 1, 1, 1);
        vectors_free(w);
        w = open_writer(ENCODER);
        assert_int_equal(vectors_messages(w), 1);
        vectors_free(w);
    }
    struct vectors *w = open_writer(ENCODER + 1);
    assert_int_equal(vectors_messages(w), 0);
    vectors_free(w);
}

/* With vectors of 384 elements a history of 100,000 messages takes 45 MB at most, however long the messages are. */
static void the_file_has_a_limit(void **state)
{
    enum { MINILM = 384, MESSAGES = 100000 };
    struct error err = {0};
    int8_t bytes[MINILM] = {1};
    struct vectors_passage passages[3];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        passages[i] = (struct vectors_passage){0, 1, 1, bytes};
    struct vectors *w = vectors_write(history_file("v"), ENCODER, MINILM, &err);
    assert_non_null(w);
    assert_true(vectors_room(w, 1000, VECTORS_PASSAGES));
    int64_t message = 0;
    size_t several = 0;
    for (size_t left = MESSAGES; left > 0; left--) { /* as fill does it */
        const size_t n = vectors_room(w, MESSAGES, 3) ? 3 : 1;
        several += n == 3;
        history_ok(vectors_put(w, ++message, 1, passages, n, &err), &err);
    }
    assert_int_equal(vectors_messages(w), MESSAGES);
    assert_true(vectors_bytes(w) <= 45000000);
    assert_true(several > MESSAGES / 50);
    vectors_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_put_is_found_and_stays, begin),
        cmocka_unit_test_setup(a_reader_sees_what_is_written_meanwhile, begin),
        cmocka_unit_test_setup(one_program_writes, begin),
        cmocka_unit_test_setup(a_changed_message_takes_the_place_of_the_old, begin),
        cmocka_unit_test_setup(a_file_that_is_mostly_free_is_written_anew, begin),
        cmocka_unit_test_setup(what_much_is_about_is_found, begin),
        cmocka_unit_test_setup(a_damaged_record_costs_its_message, begin),
        cmocka_unit_test_setup(a_file_cut_anywhere_keeps_what_is_whole, begin),
        cmocka_unit_test_setup(anything_else_is_replaced, begin),
        cmocka_unit_test_setup(the_file_has_a_limit, begin),
    };
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
