/* Tests of the text of an answer: characters and stop strings that tokens cut anywhere. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/text/textstream.h"
#include "tests/cmocka.h"

static struct sampling stopping_at(const char *const *stops)
{
    struct sampling s = sampling_defaults();
    struct error err = {0};
    for (; *stops != NULL; stops++)
        assert_int_equal(sampling_set(&s, "stop", *stops, &err), ERR_NONE);
    return s;
}

/* Pushes text in pieces of so many bytes; every part given out must be whole characters. Returns whether it stopped. */
static bool stream(const struct sampling *s, const char *text, size_t size, size_t piece, struct buf *out)
{
    struct textstream t;
    textstream_init(&t);
    for (size_t at = 0; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece, before = out->size;
        assert_true(textstream_push(&t, s, text + at, n, out));
        assert_int_equal(utf8_check(buf_text(out) + before, out->size - before), out->size - before);
    }
    bool stopped = t.stopped;
    assert_true(textstream_end(&t, out));
    textstream_free(&t);
    return stopped;
}

/* Whatever the pieces, the same comes out. */
static void gives(const char *const *stops, const char *text, const char *want, bool stops_here)
{
    struct sampling s = stopping_at(stops);
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        struct buf out;
        buf_init(&out, 1 << 16);
        bool stopped = stream(&s, text, strlen(text), piece, &out);
        if (strcmp(buf_text(&out), want) != 0 || stopped != stops_here)
            fail_msg("'%s' in pieces of %zu gives '%s'", text, piece, buf_text(&out));
        buf_free(&out);
    }
}

static const char *const none[] = {NULL};

static void characters_stay_whole(void **state)
{
    (void)state;
    gives(none, "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA6\x99z", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA6\x99z", false);
    gives(none, "\xF0\x9F\xA6\x99\xF0\x9F\xA6\x99", "\xF0\x9F\xA6\x99\xF0\x9F\xA6\x99", false);
}

static void ill_formed_bytes_are_replaced(void **state)
{
    (void)state;
    gives(none, "a\xFFz", "a\xEF\xBF\xBDz", false);
    gives(none, "a\xF0\x9F", "a\xEF\xBF\xBD", false); /* cut by the end */
    gives(none, "\xC3(", "\xEF\xBF\xBD(", false);
    gives(none, "x\xED\xA0\x80y", "x\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDy", false); /* a surrogate */
}

static void nothing_is_held_longer_than_needed(void **state)
{
    (void)state;
    struct sampling s = stopping_at((const char *const[]){"STOP", NULL});
    struct textstream t;
    struct buf out;
    textstream_init(&t);
    buf_init(&out, 1 << 16);
    static const struct {
        const char *piece, *then;
    } steps[] = {
        {"abc", "abc"},
        {" S", "abc "},
        {"T", "abc "},
        {"A", "abc STA"},
        {"S", "abc STA"},
        {"S", "abc STAS"},
        {"TO", "abc STAS"},
        {"\xF0\x9F", "abc STASSTO"},
        {"\xA6\x99", "abc STASSTO\xF0\x9F\xA6\x99"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_true(textstream_push(&t, &s, steps[i].piece, strlen(steps[i].piece), &out));
        assert_string_equal(buf_text(&out), steps[i].then);
    }
    buf_free(&out);
    textstream_free(&t);
}

static void stops_are_found_across_pieces(void **state)
{
    (void)state;
    gives((const char *const[]){"STOP", NULL}, "go on STOP not this", "go on ", true);
    gives((const char *const[]){"STOP", NULL}, "go SSTOP", "go S", true);
    gives((const char *const[]){"STOP", NULL}, "go STO", "go STO", false);
    gives((const char *const[]){"STOP", NULL}, "STOP", "", true);
    gives((const char *const[]){"aab", NULL}, "aaaab!", "aa", true);
    gives((const char *const[]){"\n\nUser:", "END", NULL}, "yes\n\n\nUser: hm", "yes\n", true);
    gives((const char *const[]){"END", "\nUser:", NULL}, "yes\nUser: END", "yes", true);
    gives((const char *const[]){"\xF0\x9F\xA6\x99", NULL},
          "a\xF0\x9F\xA6\x9A"
          "b\xF0\x9F\xA6\x99"
          "c",
          "a\xF0\x9F\xA6\x9A"
          "b",
          true);
}

static void nothing_follows_a_stop(void **state)
{
    (void)state;
    struct sampling s = stopping_at((const char *const[]){"x", NULL});
    struct textstream t;
    struct buf out;
    textstream_init(&t);
    buf_init(&out, 1 << 16);
    assert_true(textstream_push(&t, &s, "ax", 2, &out));
    assert_true(t.stopped);
    assert_true(textstream_push(&t, &s, "more", 4, &out));
    assert_true(textstream_end(&t, &out));
    assert_string_equal(buf_text(&out), "a");
    textstream_reset(&t);
    assert_true(textstream_push(&t, &s, "b", 1, &out));
    assert_string_equal(buf_text(&out), "ab");
    buf_free(&out);
    textstream_free(&t);
}

/* A stop string that comes while its beginning is held counts; what was given out before does not. */
static void a_stop_may_come_late(void **state)
{
    (void)state;
    struct sampling without = stopping_at(none), with = stopping_at((const char *const[]){"lama", NULL});
    struct textstream t;
    struct buf out;
    textstream_init(&t);
    buf_init(&out, 1 << 16);
    assert_true(textstream_push(&t, &without, "lla", 3, &out));
    assert_true(textstream_push(&t, &with, "ma la", 5, &out));
    assert_false(t.stopped);
    assert_string_equal(buf_text(&out), "llama ");
    assert_true(textstream_push(&t, &with, "ma", 2, &out));
    assert_true(t.stopped);
    assert_string_equal(buf_text(&out), "llama ");
    buf_free(&out);
    textstream_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_stay_whole),
        cmocka_unit_test(ill_formed_bytes_are_replaced),
        cmocka_unit_test(nothing_is_held_longer_than_needed),
        cmocka_unit_test(stops_are_found_across_pieces),
        cmocka_unit_test(nothing_follows_a_stop),
        cmocka_unit_test(a_stop_may_come_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
