/* A conversation that is one text: its pieces are joined as they are, the mode is kept, and any byte of it is edited. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"
#include "tests/cmocka.h"
#include "tests/unit/keeping.h"

static struct keeping *begin(int32_t longest, int32_t context)
{
    struct error err = {0};
    struct keeping *f = keeping_new(longest);
    f->options.raw = true;
    f->options.context = context;
    f->options.sampling.temperature = 0;
    f->options.sampling.n_biases = 1; /* the model does not end by itself */
    f->options.sampling.biases[0] = (struct logit_bias){.id = 2, .bias = -100};
    assert_true(keeping_chat_open(f, &err));
    keeping_settle(f);
    return f;
}

static void read_whole(const struct keeping *f, struct buf *out)
{
    buf_clear(out);
    assert_true(chat_append_text(f->chat, out));
}

static void pieces_are_joined_as_they_are(void **state)
{
    (void)state;
    struct keeping *f = begin(5, 512);
    struct buf before;
    buf_init(&before, CHAT_TEXT_MOST);
    keeping_say(f, "The llama ");
    assert_string_equal(buf_text(&chat_last_prompt(f->chat)->text), "<s>The llama ");
    read_whole(f, &before);
    keeping_say(f, "\n\n ");
    buf_puts(&before, "\n\n ");
    assert_int_equal(strncmp(buf_text(&chat_last_prompt(f->chat)->text), "<s>", 3), 0);
    assert_string_equal(buf_text(&chat_last_prompt(f->chat)->text) + 3, buf_text(&before));
    assert_int_equal(chat_last_prompt(f->chat)->ids.at[0], 1);
    for (size_t i = 1; i < chat_last_prompt(f->chat)->ids.n; i++)
        assert_int_not_equal(chat_last_prompt(f->chat)->ids.at[i], 1);
    buf_free(&before);
    keeping_close(f);
}

/* Chosen in the conversation, it is there after a restart without any option. */
static void the_mode_is_kept(void **state)
{
    (void)state;
    struct error err = {0};
    struct keeping *f = keeping_open(5);
    keeping_settle(f);
    keeping_say(f, "The gull");
    assert_false(chat_continues_text(f->chat));
    assert_int_equal(chat_set_raw(f->chat, true, &err), ERR_NONE);
    keeping_restart(f);
    assert_true(chat_continues_text(f->chat)); /* before the model is loaded */
    keeping_settle(f);
    assert_true(chat_continues_text(f->chat));
    assert_int_equal(chat_set_raw(f->chat, false, &err), ERR_NONE);
    assert_false(chat_continues_text(f->chat));
    keeping_restart(f);
    keeping_settle(f);
    assert_false(chat_continues_text(f->chat));
    keeping_close(f);
}

/* A piece longer than the context is no error; the prompt is the end of the text, and an answer may outgrow it. */
static void a_long_text_loses_its_beginning(void **state)
{
    (void)state;
    enum { CONTEXT = 200, LONGEST = 300 };
    struct keeping *f = begin(LONGEST, CONTEXT);
    struct buf text;
    buf_init(&text, CHAT_TEXT_MOST);
    while (text.size < 4000)
        buf_puts(&text, "The llama looked at the ships, and the ships at the gull. ");
    keeping_say(f, buf_text(&text));
    assert_int_equal(f->refused, 0);
    const struct chat_message *answer = chat_message(f->chat, 1);
    assert_int_equal(answer->finish, FINISH_LENGTH);
    assert_int_equal(answer->timings.answer_tokens, LONGEST);
    read_whole(f, &text);
    const struct buf *prompt = &chat_last_prompt(f->chat)->text;
    assert_non_null(strstr(buf_text(&text), buf_text(prompt) + 3));
    assert_in_range(chat_last_prompt(f->chat)->ids.n, CONTEXT / 4, CONTEXT);
    size_t start = chat_first_byte(f->chat) +
                   (chat_first_visible(f->chat) == 1 ? chat_message(f->chat, 0)->text.size : 0);
    assert_int_equal(strncmp(buf_text(&text) + start, buf_text(prompt) + 3, prompt->size - 3), 0);
    buf_free(&text);
    keeping_close(f);
}

/* ---- editing ---------------------------------------------------------------------------------------------------- */

/* Four pieces: typed, said, typed, said. */
static struct keeping *begin_tale(void)
{
    struct keeping *f = begin(4, 512);
    keeping_say(f, "The gull");
    keeping_say(f, " and the crow 鳥");
    assert_int_equal(chat_count(f->chat), 4);
    return f;
}

static void check_roles(const struct keeping *f)
{
    for (size_t i = 1; i < chat_count(f->chat); i++)
        assert_int_not_equal(chat_message(f->chat, i)->role, chat_message(f->chat, i - 1)->role);
}

/* Whatever is cut out and put in at any place, the text is what it was made, the pieces before keep their ids, and the
 * history has it. */
static void any_edit_gives_that_text(void **state)
{
    (void)state;
    static const char *const put[] = {"", "x", " long ago, 海"};
    struct keeping *f = begin_tale();
    struct error err = {0};
    struct buf old, now, is;
    buf_init(&old, CHAT_TEXT_MOST);
    buf_init(&now, CHAT_TEXT_MOST);
    buf_init(&is, CHAT_TEXT_MOST);
    for (unsigned i = 0; i < 60; i++) {
        read_whole(f, &old);
        int64_t first = chat_message(f->chat, 0)->id;
        size_t first_size = chat_message(f->chat, 0)->text.size;
        size_t at = i * 7 % old.size, cut = i * 5 % 11;
        while (at > 0 && ((unsigned char)old.data[at] & 0xC0) == 0x80)
            at--;
        cut = cut < old.size - at ? cut : old.size - at;
        while (at + cut < old.size && ((unsigned char)old.data[at + cut] & 0xC0) == 0x80)
            cut++;
        buf_clear(&now);
        buf_append(&now, old.data, at);
        buf_puts(&now, put[i % 3]);
        buf_append(&now, old.data + at + cut, old.size - at - cut);
        assert_int_equal(chat_edit_text(f->chat, buf_text(&now), now.size, &err), ERR_NONE);
        read_whole(f, &is);
        assert_string_equal(buf_text(&is), buf_text(&now));
        if (at > first_size)
            assert_int_equal(chat_message(f->chat, 0)->id, first);
        check_roles(f);
        keeping_assert_stored(f);
    }
    buf_free(&old);
    buf_free(&now);
    buf_free(&is);
    keeping_close(f);
}

/* Replaces one word in the text by another. */
static void replace(struct keeping *f, const char *word, const char *by)
{
    struct error err = {0};
    struct buf old, now;
    buf_init(&old, CHAT_TEXT_MOST);
    buf_init(&now, CHAT_TEXT_MOST);
    read_whole(f, &old);
    const char *at = strstr(buf_text(&old), word);
    assert_non_null(at);
    buf_append(&now, old.data, (size_t)(at - old.data));
    buf_puts(&now, by);
    buf_puts(&now, at + strlen(word));
    assert_int_equal(chat_edit_text(f->chat, buf_text(&now), now.size, &err), ERR_NONE);
    buf_free(&old);
    buf_free(&now);
}

static void an_edit_is_a_branch(void **state)
{
    (void)state;
    struct keeping *f = begin_tale();
    struct error err = {0};
    struct buf old, is;
    buf_init(&old, CHAT_TEXT_MOST);
    buf_init(&is, CHAT_TEXT_MOST);
    read_whole(f, &old);
    replace(f, "crow", "owl");
    assert_int_equal(f->changed_from, 2);
    assert_int_equal(chat_count(f->chat), 4);
    assert_int_equal(chat_message(f->chat, 2)->siblings, 2);
    assert_int_equal(chat_message(f->chat, 2)->role, ROLE_USER);
    assert_int_equal(chat_message(f->chat, 3)->role, ROLE_ASSISTANT);
    /* nothing was asked; to continue continues the last piece */
    size_t size = chat_message(f->chat, 3)->text.size;
    assert_int_equal(chat_continue(f->chat, &err), ERR_NONE);
    keeping_settle(f);
    assert_int_equal(chat_count(f->chat), 4);
    assert_true(chat_message(f->chat, 3)->text.size > size);
    assert_non_null(strstr(buf_text(&chat_last_prompt(f->chat)->text), "and the owl"));
    assert_int_equal(chat_alternative(f->chat, 2, -1, &err), ERR_NONE);
    read_whole(f, &is);
    assert_string_equal(buf_text(&is), buf_text(&old));
    buf_free(&old);
    buf_free(&is);
    keeping_close(f);
}

/* What is cut off at the end comes back by redo; what is all gone is refused. */
static void the_end_may_be_cut_off(void **state)
{
    (void)state;
    struct keeping *f = begin_tale();
    struct error err = {0};
    struct buf old, is;
    buf_init(&old, CHAT_TEXT_MOST);
    buf_init(&is, CHAT_TEXT_MOST);
    read_whole(f, &old);
    assert_int_equal(chat_edit_text(f->chat, "The gull", 8, &err), ERR_NONE);
    assert_int_equal(chat_count(f->chat), 1);
    assert_int_equal(chat_redo(f->chat, NULL, &err), ERR_NONE);
    read_whole(f, &is);
    assert_string_equal(buf_text(&is), buf_text(&old));
    assert_int_equal(chat_edit_text(f->chat, "", 0, &err), ERR_ARGUMENT);
    read_whole(f, &is);
    assert_string_equal(buf_text(&is), buf_text(&old));
    error_clear(&err);
    assert_int_equal(chat_set_raw(f->chat, false, &err), ERR_NONE);
    assert_int_equal(chat_edit_text(f->chat, "x", 1, &err), ERR_UNSUPPORTED);
    buf_free(&old);
    buf_free(&is);
    keeping_close(f);
}

/* ---- what else works on it --------------------------------------------------------------------------------------- */

static void pieces_are_forked_and_verified(void **state)
{
    (void)state;
    struct keeping *f = begin_tale();
    struct error err = {0};
    assert_int_equal(chat_verify(f->chat, 3, &err), ERR_NONE);
    for (int i = 0; i < 100000 && strstr(f->remark, "identical") == NULL && strstr(f->remark, "differs") == NULL; i++)
        keeping_wait(f);
    assert_string_equal(f->remark, "identical, 4 tokens");
    struct ids before = {0};
    const struct prompt *p = chat_last_prompt(f->chat);
    assert_true(ids_append(&before, p->ids.at, p->ids.n));
    assert_int_equal(chat_fork(f->chat, 3, 0, -1, &err), ERR_NONE);
    keeping_settle(f);
    p = chat_last_prompt(f->chat);
    assert_int_equal(p->ids.n, before.n);
    assert_memory_equal(p->ids.at, before.at, before.n * sizeof *before.at);
    ids_free(&before);
    keeping_close(f);
}

/* Another model continues the text too, whatever its own template: the same one does so alike. */
static void sides_continue_the_text(void **state)
{
    (void)state;
    struct error err = {0};
    struct keeping *f = begin(6, 512);
    keeping_say(f, "The gull");
    const struct sampling s = *chat_sampling(f->chat);
    const struct chat_side sides[] = {{.label = "this", .sampling = s},
                                      {.label = "that", .sampling = s, .model = f->model}};
    assert_int_equal(chat_compare(f->chat, sides, 2, &err), ERR_NONE);
    while (chat_compare_runs(f->chat))
        keeping_wait(f);
    const char *text = keeping_text(f, 1);
    assert_string_equal(buf_text(&chat_compared_side(f->chat, 0).answer->text), text);
    assert_string_equal(buf_text(&chat_compared_side(f->chat, 1).answer->text), text);
    assert_int_equal(chat_compare_end(f->chat, 1, &err), ERR_NONE);
    keeping_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_joined_as_they_are),
        cmocka_unit_test(the_mode_is_kept),
        cmocka_unit_test(a_long_text_loses_its_beginning),
        cmocka_unit_test(any_edit_gives_that_text),
        cmocka_unit_test(an_edit_is_a_branch),
        cmocka_unit_test(the_end_may_be_cut_off),
        cmocka_unit_test(pieces_are_forked_and_verified),
        cmocka_unit_test(sides_continue_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
