/* Comparing: each side is what its settings give alone, tokens come in turns, all is stored as alternatives; and which
 * words of two texts differ. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/manner.h"
#include "tests/cmocka.h"
#include "ui/panes/compare.h"
#include "tests/source.h"

enum { TOKENS = 20 };

struct fixture {
    struct options options;
    struct chat_view view;
    struct chat *chat;
    char turns[4096]; /* the sides of which the view was told, in order */
    size_t n_turns;
};

static char model[4096], another[4096];

static void on_compared(void *context, size_t side)
{
    struct fixture *f = context;
    if (f->n_turns + 1 < sizeof f->turns)
        f->turns[f->n_turns++] = (char)('0' + side);
}

static void turn(struct chat *c)
{
    struct pollfd fd = {.fd = chat_fd(c), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    chat_handle(c);
    chat_tick(c);
}

static void settle(struct chat *c)
{
    while (chat_compared(c) == 0 && (chat_is_busy(c) || chat_state(c) == CHAT_LOADING))
        turn(c);
}

static void begin(struct fixture *f)
{
    struct error err = {0};
    *f = (struct fixture){0};
    assert_int_equal(options_init(&f->options, &err), ERR_NONE);
    f->view = (struct chat_view){.context = f, .compared = on_compared};
    f->options.model = strdup(model);
    f->options.exact = true;
    f->options.no_save = true;
    f->options.threads = 1;
    f->options.sampling.temperature = 1;
    f->options.sampling.max_new_tokens = TOKENS;
    f->chat = chat_open(&f->options, &f->view, &err);
    assert_non_null(f->chat);
    chat_fix_seed(f->chat, true);
    settle(f->chat);
    if (chat_send(f->chat, "The llama", 9, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    settle(f->chat);
}

static void end(struct fixture *f)
{
    chat_free(f->chat);
    options_free(&f->options);
}

static struct chat_side side(const struct fixture *f, const char *label, float temperature, uint64_t seed)
{
    struct chat_side s = {.label = label, .sampling = *chat_sampling(f->chat)};
    s.sampling.temperature = temperature;
    s.sampling.seed = seed;
    return s;
}

static void compare(struct fixture *f, const struct chat_side *sides, size_t n)
{
    struct error err = {0};
    f->n_turns = 0;
    if (chat_compare(f->chat, sides, n, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    assert_int_equal(chat_compared(f->chat), n);
    while (chat_compare_runs(f->chat))
        turn(f->chat);
}

static char *text_of(const struct chat *c, size_t i)
{
    return strdup(buf_text(&chat_compared_side(c, i).answer->text));
}

static void sides_are_what_they_are_alone(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    begin(&f);
    char *before = strdup(buf_text(&chat_message(f.chat, 1)->text));
    const struct chat_side sides[] = {side(&f, "cold", 0, 7), side(&f, "warm", 1, 7), side(&f, "same", 1, 7)};
    compare(&f, sides, 3);
    char *cold = text_of(f.chat, 0), *warm = text_of(f.chat, 1), *same = text_of(f.chat, 2);
    assert_string_equal(warm, same);
    assert_string_not_equal(cold, warm);
    for (size_t i = 0; i < 3; i++) {
        struct chat_compared s = chat_compared_side(f.chat, i);
        assert_null(s.error);
        assert_false(s.running);
        assert_string_equal(s.label, sides[i].label);
        assert_int_equal(s.answer->seed, 7);
        assert_true(s.answer->timings.answer_tokens > 4);
    }
    assert_int_equal(chat_compare_end(f.chat, 1, &err), ERR_NONE);
    assert_int_equal(chat_compared(f.chat), 0);
    assert_int_equal(chat_count(f.chat), 2);
    assert_string_equal(buf_text(&chat_message(f.chat, 1)->text), warm);
    assert_int_equal(chat_message(f.chat, 1)->siblings, 4);
    /* alone, with the same settings and seed */
    chat_set_sampling(f.chat, &sides[1].sampling);
    chat_fix_seed(f.chat, true);
    assert_int_equal(chat_regenerate(f.chat, &err), ERR_NONE);
    settle(f.chat);
    struct chat_message *m = (struct chat_message *)chat_message(f.chat, 1);
    if (m->seed == 7)
        assert_string_equal(buf_text(&m->text), warm);
    while (chat_alternative(f.chat, 1, -1, &err) == ERR_NONE)
        ;
    assert_string_equal(buf_text(&chat_message(f.chat, 1)->text), before);
    free(before);
    free(cold);
    free(warm);
    free(same);
    end(&f);
}

static void tokens_come_in_turns(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    begin(&f);
    const struct chat_side sides[] = {side(&f, "a", 0, 1), side(&f, "b", 0, 1)};
    compare(&f, sides, 2);
    f.turns[f.n_turns] = '\0';
    if (strstr(f.turns, "01010101010101") == NULL)
        fail_msg("turns: %s", f.turns);
    assert_int_equal(chat_compare_end(f.chat, SIZE_MAX, &err), ERR_NONE);
    assert_int_equal(chat_message(f.chat, 1)->sibling, 0); /* the one shown before */
    assert_int_equal(chat_message(f.chat, 1)->siblings, 3);
    end(&f);
}

static void records_come_with_them(void **state)
{
    struct fixture f;
    struct error err = {0};
    struct store_records r = {0};
    (void)state;
    begin(&f);
    const struct chat_side sides[] = {side(&f, "a", 0.5f, 1), side(&f, "b", 1.5f, 1)};
    compare(&f, sides, 2);
    assert_int_equal(chat_compare_end(f.chat, 1, &err), ERR_NONE);
    assert_int_equal(store_records(home_store(chat_home(f.chat)), chat_message(f.chat, 1)->id, &r, &err), ERR_NONE);
    assert_int_equal(r.n, chat_message(f.chat, 1)->timings.answer_tokens);
    assert_true(manner_of(chat_message(f.chat, 1)).temperature == 1.5f);
    store_records_free(&r);
    end(&f);
}

static void what_came_is_kept_when_it_is_stopped(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    begin(&f);
    struct chat_side sides[] = {side(&f, "a", 0, 1), side(&f, "b", 0, 1)};
    sides[0].sampling.max_new_tokens = sides[1].sampling.max_new_tokens = 200;
    assert_int_equal(chat_compare(f.chat, sides, 2, &err), ERR_NONE);
    assert_int_equal(chat_send(f.chat, "x", 1, &err), ERR_BUSY);
    error_clear(&err);
    assert_int_equal(chat_compare_end(f.chat, 0, &err), ERR_BUSY);
    error_clear(&err);
    while (chat_compared_side(f.chat, 1).answer->text.size == 0)
        turn(f.chat);
    chat_stop(f.chat);
    while (chat_compare_runs(f.chat))
        turn(f.chat);
    char *text = text_of(f.chat, 1);
    assert_int_equal(chat_compare_end(f.chat, 1, &err), ERR_NONE);
    assert_string_equal(buf_text(&chat_message(f.chat, 1)->text), text);
    assert_int_equal(chat_message(f.chat, 1)->state, STORE_STOPPED);
    free(text);
    /* the chat continues */
    assert_int_equal(chat_send(f.chat, "And then?", 9, &err), ERR_NONE);
    settle(f.chat);
    assert_int_equal(chat_count(f.chat), 4);
    /* and can end in the middle of a comparison */
    assert_int_equal(chat_compare(f.chat, sides, 2, &err), ERR_NONE);
    turn(f.chat);
    end(&f);
}

static void another_model_is_a_side(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    begin(&f);
    struct chat_side sides[] = {side(&f, "this", 0, 1), side(&f, "sea", 0, 1), side(&f, "none", 0, 1)};
    sides[1].model = another;
    sides[2].model = "/nowhere/none.gguf";
    compare(&f, sides, 3);
    assert_non_null(chat_compared_side(f.chat, 2).error); /* the others continue without it */
    assert_non_null(strstr(buf_text(&chat_compared_side(f.chat, 1).answer->text), "The sea was calm"));
    assert_true(chat_compared_side(f.chat, 0).answer->text.size > 0);
    assert_int_equal(chat_compare_end(f.chat, 1, &err), ERR_NONE);
    assert_string_equal(chat_message(f.chat, 1)->model, "sea");
    end(&f);
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* expected has p below each byte of a word at which text parts from other, x below what differs after it. */
static void check_words(const char *text, const char *other, const char *expected)
{
    unsigned char marks[256];
    char shown[256] = "";
    compare_words(text, strlen(text), other, strlen(other), marks);
    for (size_t i = 0; i < strlen(text); i++)
        shown[i] = " xp"[marks[i]];
    assert_string_equal(shown, expected);
}

static void words_at_which_texts_part_are_marked(void **state)
{
    (void)state;
    check_words("", "", "");
    check_words("one two", "", "pppxxxx");
    check_words("one two three", "one two three", "             ");
    check_words("one two three", "one TWO three", "    ppp      ");
    check_words("one two three", "one three", "    ppp      ");
    check_words("one three", "one two three", "         ");
    check_words("the seal", "the sea", "    pppp");
    check_words("the sea", "the seal", "    ppp");
    check_words("x\ny z", "x y  z", "     ");
}

static void few_words_in_common_are_chance(void **state)
{
    (void)state;
    check_words("a b c d e", "b d e f", "pxxxxxxxx");
    check_words("so it is a big red cat", "so it was a small blue cat", "      ppxxxxxxxxxx    ");
    check_words("so my big cat sat on the mat", "so a cat sat on a mat", "   ppxxxx            ppp    ");
}

int main(void)
{
    const char *source = source_folder();
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", source);
    snprintf(another, sizeof another, "%s/tests/fixtures/sea.gguf", source);
    char home[] = "/tmp/palaver-test.XXXXXX", command[64];
    if (mkdtemp(home) == NULL)
        return 1;
    setenv("HOME", home, 1);
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_CONFIG_HOME");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_are_what_they_are_alone),  cmocka_unit_test(tokens_come_in_turns),
        cmocka_unit_test(records_come_with_them),         cmocka_unit_test(what_came_is_kept_when_it_is_stopped),
        cmocka_unit_test(another_model_is_a_side),        cmocka_unit_test(words_at_which_texts_part_are_marked),
        cmocka_unit_test(few_words_in_common_are_chance),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf %s", home);
    return system(command) != 0 || failed;
}
