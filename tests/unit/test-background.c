/* Tests of answers that go on while another conversation is open: that they are the same as ever, are stored, and are
 * there again. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "history/history.h"
#include "tests/cmocka.h"
#include "tests/source.h"
#include "tests/unit/asking.h"
#include "tests/unit/history.h"
#include "tests/unit/keeping.h"

/* Tokens of an answer that ends by itself: for the chat it is under way until its events are taken. */
enum { LONGEST = 60 };

static int heard; /* of answers elsewhere */

static void on_elsewhere(void *context)
{
    (void)context;
    heard++;
}

static struct keeping *open_chat(int32_t longest)
{
    struct keeping *f = keeping_new(longest);
    struct error err = {0};
    f->view.elsewhere = on_elsewhere;
    if (longest < 0)
        keeping_answer_endlessly(f);
    if (!keeping_chat_open(f, &err))
        fail_msg("%s", err.message);
    keeping_settle(f);
    return f;
}

/* Sends a message; the conversation's id. Of an answer without an end it waits for the first token. */
static int64_t begin_answer(struct keeping *f, const char *text)
{
    struct error err = {0};
    keeping_settle(f);
    history_ok(chat_send(f->chat, text, strlen(text), &err), &err);
    while (f->options.sampling.max_new_tokens < 0 && chat_state(f->chat) != CHAT_ANSWERING)
        keeping_wait(f);
    return home_conversation(chat_home(f->chat));
}

static void begin_new(struct keeping *f)
{
    struct error err = {0};
    history_ok(chat_new(f->chat, false, &err), &err);
}

static void open_again(struct keeping *f, int64_t conversation)
{
    struct error err = {0};
    history_ok(chat_open_conversation(f->chat, conversation, &err), &err);
}

static void wait_for_others(struct keeping *f)
{
    while (chat_answers_elsewhere(f->chat) > 0 || chat_elsewhere_fd(f->chat) >= 0)
        keeping_wait(f);
}

static bool is_unread(const struct keeping *f, int64_t conversation)
{
    struct store *s = keeping_look(f);
    struct store_conversation c = {0};
    struct error err = {0};
    history_ok(store_conversation_get(s, conversation, &c, &err), &err);
    bool unread = c.unread;
    store_conversation_free(&c);
    store_close(s);
    return unread;
}

/* The answer to a question when nothing else goes on; malloc'ed. */
static char *answer_alone(const char *question)
{
    struct keeping *f = open_chat(LONGEST);
    keeping_say(f, question);
    char *text = strdup(keeping_text(f, 1));
    keeping_close(f);
    return text;
}

/* ---- going on --------------------------------------------------------------------------------------------------- */

static void an_answer_goes_on_and_is_the_same(void **state)
{
    (void)state;
    char *alone = answer_alone("The llama");
    struct keeping *f = open_chat(LONGEST);
    int64_t id = begin_answer(f, "The llama");
    begin_new(f);
    assert_int_equal(chat_count(f->chat), 0);
    assert_int_equal(chat_answers_elsewhere(f->chat), 1);
    assert_int_equal(home_conversation(chat_home(f->chat)), 0);
    wait_for_others(f);
    assert_true(heard > 0);
    assert_true(is_unread(f, id));
    open_again(f, id);
    assert_false(is_unread(f, id));
    assert_string_equal(keeping_text(f, 1), alone);
    assert_int_equal(chat_message(f->chat, 1)->state, STORE_COMPLETE);
    keeping_assert_stored(f);
    assert_int_equal(f->troubles, 0);
    keeping_close(f);
    free(alone);
}

static void two_answers_grow_at_once_and_are_the_same(void **state)
{
    (void)state;
    char *first = answer_alone("The llama"), *second = answer_alone("Once there was a ship");
    struct keeping *f = open_chat(LONGEST);
    int64_t id = begin_answer(f, "The llama");
    begin_new(f);
    begin_answer(f, "Once there was a ship");
    keeping_settle(f);
    assert_string_equal(keeping_text(f, 1), second);
    wait_for_others(f);
    open_again(f, id);
    assert_string_equal(keeping_text(f, 1), first);
    keeping_close(f);
    free(first);
    free(second);
}

static void a_growing_answer_is_there_again_and_stops(void **state)
{
    (void)state;
    struct keeping *f = open_chat(-1);
    int64_t first = begin_answer(f, "The llama");
    begin_new(f);
    int64_t second = begin_answer(f, "Once there was a ship");
    assert_true(first != second);
    open_again(f, first); /* and the second one goes on */
    assert_true(chat_is_busy(f->chat));
    assert_int_equal(chat_answers_elsewhere(f->chat), 1);
    size_t size = chat_message(f->chat, 1)->text.size;
    while (chat_message(f->chat, 1)->text.size == size)
        keeping_wait(f);
    open_again(f, first); /* is open */
    assert_true(chat_is_busy(f->chat));
    chat_stop(f->chat);
    keeping_settle(f);
    assert_int_equal(chat_message(f->chat, 1)->state, STORE_STOPPED);
    assert_int_equal(chat_answers_elsewhere(f->chat), 1);
    open_again(f, second);
    assert_true(chat_is_busy(f->chat));
    assert_int_equal(chat_answers_elsewhere(f->chat), 0);
    chat_stop(f->chat);
    keeping_settle(f);
    keeping_assert_stored(f);
    assert_false(is_unread(f, first) || is_unread(f, second));
    keeping_close(f);
}

static void messages_that_wait_follow_there(void **state)
{
    (void)state;
    struct keeping *f = open_chat(LONGEST);
    struct error err = {0};
    int64_t id = begin_answer(f, "one");
    history_ok(chat_queue(f->chat, "two", 3, &err), &err);
    begin_new(f);
    assert_int_equal(chat_queued(f->chat), 0);
    wait_for_others(f);
    open_again(f, id);
    assert_int_equal(chat_queued(f->chat), 0);
    assert_int_equal(chat_count(f->chat), 4);
    assert_string_equal(keeping_text(f, 2), "two");
    keeping_close(f);
}

static void those_behind_a_stopped_answer_wait_in_their_conversation(void **state)
{
    (void)state;
    struct keeping *f = open_chat(-1);
    struct error err = {0};
    int64_t id = begin_answer(f, "one");
    history_ok(chat_queue(f->chat, "two", 3, &err), &err);
    chat_stop(f->chat);
    keeping_settle(f);
    begin_new(f);
    assert_int_equal(chat_queued(f->chat), 0);
    open_again(f, id);
    assert_int_equal(chat_queued(f->chat), 1);
    keeping_restart(f);
    assert_int_equal(chat_queued(f->chat), 1);
    assert_string_equal(chat_queued_text(f->chat, 0), "two");
    keeping_close(f);
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static void the_end_interrupts_and_stores_them(void **state)
{
    (void)state;
    struct keeping *f = open_chat(-1);
    int64_t id = begin_answer(f, "The llama");
    begin_new(f);
    begin_answer(f, "Once there was a ship");
    f->options.continue_last = false;
    keeping_restart(f);
    open_again(f, id);
    assert_int_equal(chat_count(f->chat), 2);
    assert_int_equal(chat_message(f->chat, 1)->state, STORE_INTERRUPTED);
    assert_true(chat_message(f->chat, 1)->text.size > 0);
    keeping_close(f);
}

static void nothing_unsaved_is_left_out_at_the_end(void **state)
{
    (void)state;
    struct keeping *f = open_chat(-1);
    struct error err = {0};
    size_t unsaved = 99;
    begin_answer(f, "The llama");
    begin_new(f);
    history_ok(chat_save_rest(f->chat, &unsaved, &err), &err);
    assert_int_equal(unsaved, 0);
    history_ok(chat_close(f->chat, &unsaved, &err), &err);
    assert_int_equal(unsaved, 0);
    keeping_close(f);
}

/* ---- what can't go on alone -------------------------------------------------------------------------------------- */

static void refuses_to_leave(struct keeping *f, const char *reason)
{
    struct error err = {0};
    assert_int_equal(chat_new(f->chat, false, &err), ERR_BUSY);
    assert_non_null(strstr(err.message, reason));
    assert_true(chat_is_busy(f->chat));
    chat_stop(f->chat);
    while (chat_is_busy(f->chat))
        keeping_wait(f);
}

static void says_why_an_answer_must_be_stopped_first(void **state)
{
    (void)state;
    struct keeping *f = open_chat(-1);
    struct error err = {0};
    f->view.elsewhere = NULL;
    begin_answer(f, "one");
    refuses_to_leave(f, "stop it first");
    f->view.elsewhere = on_elsewhere;
    chat_set_stepping(f->chat, true);
    history_ok(chat_send(f->chat, "two", 3, &err), &err);
    while (!chat_waits(f->chat))
        keeping_wait(f);
    refuses_to_leave(f, "at each token");
    chat_set_stepping(f->chat, false);
    history_ok(chat_new(f->chat, true, &err), &err);
    begin_answer(f, "three");
    refuses_to_leave(f, "temporary");
    keeping_close(f);
}

static void four_are_the_most_and_none_is_lost(void **state)
{
    (void)state;
    struct keeping *f = open_chat(-1);
    struct error err = {0};
    for (int i = 0; i < 4; i++) {
        begin_answer(f, "The llama");
        begin_new(f);
    }
    begin_answer(f, "The llama");
    assert_int_equal(chat_new(f->chat, false, &err), ERR_BUSY);
    assert_int_equal(chat_answers_elsewhere(f->chat), 4);
    assert_true(chat_is_busy(f->chat));
    keeping_close(f);
}

/* Another model is chosen for the open conversation. The answer elsewhere keeps its own, and opening it brings that back. */
static void another_model_leaves_an_answer_its_own(void **state)
{
    (void)state;
    struct keeping *f = open_chat(-1);
    struct error err = {0}, deleting = {0};
    char first[4096];
    int64_t id = begin_answer(f, "The llama");
    snprintf(first, sizeof first, "%s", chat_model_path(f->chat));
    begin_new(f);
    keeping_settle(f);
    history_ok(chat_set_model(f->chat, source_fixture("tiny-llama3.gguf"), &err), &err);
    while (chat_state(f->chat) == CHAT_LOADING)
        keeping_wait(f);
    assert_non_null(strstr(chat_model_path(f->chat), "tiny-llama3"));
    assert_int_equal(chat_answers_elsewhere(f->chat), 1);
    int64_t second = begin_answer(f, "Another");
    assert_int_equal(chat_check_still(f->chat, id, &deleting), ERR_BUSY);
    open_again(f, id);
    assert_string_equal(chat_model_path(f->chat), first);
    assert_true(chat_is_busy(f->chat));
    chat_stop(f->chat);
    keeping_settle(f);
    error_clear(&deleting);
    assert_int_equal(chat_check_still(f->chat, id, &deleting), ERR_NONE);
    open_again(f, second);
    assert_non_null(strstr(chat_model_path(f->chat), "tiny-llama3"));
    chat_stop(f->chat);
    keeping_settle(f);
    keeping_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_goes_on_and_is_the_same),
        cmocka_unit_test(two_answers_grow_at_once_and_are_the_same),
        cmocka_unit_test(a_growing_answer_is_there_again_and_stops),
        cmocka_unit_test(messages_that_wait_follow_there),
        cmocka_unit_test(those_behind_a_stopped_answer_wait_in_their_conversation),
        cmocka_unit_test(the_end_interrupts_and_stores_them),
        cmocka_unit_test(nothing_unsaved_is_left_out_at_the_end),
        cmocka_unit_test(says_why_an_answer_must_be_stopped_first),
        cmocka_unit_test(four_are_the_most_and_none_is_lost),
        cmocka_unit_test(another_model_leaves_an_answer_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
