/* Tests of the messages that wait: their order, and what is kept of them; and of a chat that sends them. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/queue.h"
#include "tests/cmocka.h"
#include "tests/source.h"

/* ---- the queue -------------------------------------------------------------------------------------------------- */

static void push(struct queue *q, const char *text)
{
    assert_true(queue_insert(q, queue_count(q), text, strlen(text)));
}

static void keeps_an_order(void **state)
{
    (void)state;
    struct queue *q = queue_new();
    push(q, "one");
    push(q, "three");
    assert_true(queue_insert(q, 1, "two\0more", 8));
    assert_int_equal(queue_count(q), 3);
    assert_string_equal(queue_text(q, 1), "two more");
    char *text = queue_take(q, 0);
    assert_string_equal(text, "one");
    assert_string_equal(queue_text(q, 1), "three");
    free(text);
    assert_false(queue_is_due(q));
    queue_set_due(q, true);
    assert_true(queue_is_due(q));
    queue_clear(q);
    assert_false(queue_is_due(q));
    queue_free(q);
    queue_free(NULL);
}

static void any_text_is_kept(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "7:", "a\n12:b", "\xff\xfe", "ends in a digit 3"};
    struct queue *q = queue_new(), *again = queue_new();
    struct buf kept;
    buf_init(&kept, 1 << 20);
    for (size_t i = 0; i < 5; i++)
        push(q, texts[i]);
    assert_true(queue_write(q, &kept));
    assert_true(queue_read(again, buf_text(&kept)));
    assert_int_equal(queue_count(again), 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(queue_text(again, i), texts[i]);
    buf_free(&kept);
    queue_free(q);
    queue_free(again);
}

static void what_is_damaged_ends_it(void **state)
{
    (void)state;
    static const char *const damaged[] = {"3:one99:two", "3:one-1:x", "3:onetwo", "3:one18446744073709551615:x",
                                          "3:one5",      "3:one:"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        struct queue *q = queue_new();
        assert_true(queue_read(q, damaged[i]));
        assert_int_equal(queue_count(q), 1);
        assert_string_equal(queue_text(q, 0), "one");
        queue_free(q);
    }
}

/* ---- a chat ----------------------------------------------------------------------------------------------------- */

enum { PATIENCE = 600000 };

struct fixture {
    struct options options;
    struct chat_view view;
    struct chat *chat;
    char model[4096];
    int queued, ended;
};

static void on_queued(void *context)
{
    ((struct fixture *)context)->queued++;
}

static void on_ended(void *context, const struct chat_message *answer)
{
    (void)answer;
    ((struct fixture *)context)->ended++;
}

static struct fixture *open_chat(int32_t longest)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err = {0};
    snprintf(f->model, sizeof f->model, "%s/tests/fixtures/tiny-llama.gguf", source_folder());
    f->options = (struct options){.model = f->model, .context = 512, .threads = 1, .sampling = sampling_defaults()};
    f->options.paths.config_dir = f->options.paths.data_dir = "/nonexistent"; /* kept in memory */
    f->options.sampling.max_new_tokens = longest;
    f->view = (struct chat_view){.context = f, .queued = on_queued, .ended = on_ended};
    f->chat = chat_open(&f->options, &f->view, &err);
    assert_non_null(f->chat);
    return f;
}

static void turn(struct fixture *f)
{
    struct pollfd fd = {.fd = chat_fd(f->chat), .events = POLLIN};
    int due = chat_due(f->chat);
    assert_true(poll(&fd, 1, due < 0 ? PATIENCE : due) >= 0);
    chat_handle(f->chat);
    chat_tick(f->chat);
}

static void say(struct fixture *f, const char *text)
{
    struct error err = {0};
    if ((chat_is_busy(f->chat) ? chat_queue : chat_send)(f->chat, text, strlen(text), &err) != ERR_NONE)
        fail_msg("%s", err.message);
}

static void a_chat_sends_them_in_turn(void **state)
{
    (void)state;
    struct fixture *f = open_chat(3);
    say(f, "one"); /* waits for the model, and those behind it for its answer */
    say(f, "two");
    say(f, "three");
    assert_int_equal(chat_queued(f->chat), 2);
    while (f->ended < 3)
        turn(f);
    assert_int_equal(chat_queued(f->chat), 0);
    assert_int_equal(chat_count(f->chat), 6);
    assert_string_equal(buf_text(&chat_message(f->chat, 2)->text), "two");
    assert_string_equal(buf_text(&chat_message(f->chat, 4)->text), "three");
    assert_int_equal(f->queued, 4);
    chat_free(f->chat);
    free(f);
}

static void a_stopped_answer_holds_them(void **state)
{
    (void)state;
    struct fixture *f = open_chat(-1);
    while (chat_state(f->chat) == CHAT_LOADING)
        turn(f);
    say(f, "one"); /* longer than what the engine makes ahead of the chat */
    say(f, "two");
    chat_stop(f->chat);
    while (chat_is_busy(f->chat))
        turn(f);
    chat_tick(f->chat);
    assert_false(chat_is_busy(f->chat));
    assert_int_equal(chat_queued(f->chat), 1);
    assert_true(chat_requeue(f->chat, "first"));
    char *text = chat_unqueue(f->chat, 1);
    assert_string_equal(text, "two");
    free(text);
    assert_string_equal(chat_queued_text(f->chat, 0), "first");
    chat_free(f->chat);
    free(f);
}

static void one_that_cannot_be_sent_waits(void **state)
{
    (void)state;
    struct fixture *f = open_chat(3);
    char large[8000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    say(f, "one");
    say(f, large);
    while (f->ended < 1)
        turn(f);
    chat_tick(f->chat);
    assert_int_equal(chat_queued(f->chat), 1);
    assert_string_equal(chat_queued_text(f->chat, 0), large);
    assert_int_equal(chat_count(f->chat), 2);
    chat_free(f->chat);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_an_order),
        cmocka_unit_test(any_text_is_kept),
        cmocka_unit_test(what_is_damaged_ends_it),
        cmocka_unit_test(a_chat_sends_them_in_turn),
        cmocka_unit_test(a_stopped_answer_holds_them),
        cmocka_unit_test(one_that_cannot_be_sent_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
