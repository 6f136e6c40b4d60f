/* Tests of the chat with a small model of random weights and a context of a few hundred tokens: what the model sees,
 * what is left out, and what is taken back. What the model says does not matter. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "tests/cmocka.h"
#include "tests/source.h"

/* What the chat told its view. */
struct told {
    int loaded, ended, refused, failed;
    size_t window, window_tokens;
    int windows;
    struct buf text;
    struct error error;
    enum finish finish;
    char remark[512];
};

static void on_loaded(void *context)
{
    ((struct told *)context)->loaded++;
}

static void on_token(void *context, const struct event *event)
{
    buf_append(&((struct told *)context)->text, event->text, event->text_size);
}

static void on_window(void *context, size_t messages, size_t tokens)
{
    struct told *t = context;
    t->window = messages;
    t->window_tokens = tokens;
    t->windows++;
}

static void on_ended(void *context, const struct chat_message *answer)
{
    struct told *t = context;
    t->ended++;
    t->finish = answer->finish;
}

static void on_refused(void *context, const char *text, const struct error *err)
{
    struct told *t = context;
    (void)text;
    t->refused++;
    t->error = *err;
}

static void on_failed(void *context, const struct error *err)
{
    struct told *t = context;
    t->failed++;
    t->error = *err;
}

static void on_remark(void *context, bool trouble, const char *text)
{
    struct told *t = context;
    (void)trouble;
    snprintf(t->remark, sizeof t->remark, "%s", text);
}

enum { PATIENCE = 600000 }; /* milliseconds a test waits at most, far more than it needs */

/* A chat and all that it needs. */
struct fixture {
    struct options options;
    struct told told;
    struct chat_view view;
    struct chat *chat;
    char model[4096];
};

static struct fixture *open_chat(int32_t context, int32_t longest)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err = {0};
    const char *source = source_folder();
    snprintf(f->model, sizeof f->model, "%s/tests/fixtures/tiny-llama.gguf", source);
    f->options = (struct options){.model = f->model, .context = context, .threads = 1, .sampling = sampling_defaults()};
    f->options.exact = true; /* the same answers with every table of kernels */
    f->options.sampling.seed = 7;
    f->options.paths.config_dir = f->options.paths.data_dir = "/nonexistent";
    f->options.sampling.max_new_tokens = longest;
    f->view = (struct chat_view){.context = &f->told,
                                 .loaded = on_loaded,
                                 .token = on_token,
                                 .window = on_window,
                                 .ended = on_ended,
                                 .refused = on_refused,
                                 .failed = on_failed,
                                 .remark = on_remark};
    buf_init(&f->told.text, 1 << 24);
    f->chat = chat_open(&f->options, &f->view, &err);
    assert_non_null(f->chat);
    chat_fix_seed(f->chat, true); /* or the answers, and with them the prompts' lengths, were others each time */
    return f;
}

static void close_chat(struct fixture *f)
{
    chat_free(f->chat);
    buf_free(&f->told.text);
    free(f);
}

/* Handles events until the model is loaded and no answer is under way. */
static void settle(struct fixture *f)
{
    while (chat_is_busy(f->chat) || chat_state(f->chat) == CHAT_LOADING) {
        struct pollfd fd = {.fd = chat_fd(f->chat), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, PATIENCE), 1);
        chat_handle(f->chat);
    }
}

static void say(struct fixture *f, const char *text)
{
    struct error err = {0};
    if (chat_send(f->chat, text, strlen(text), &err) != ERR_NONE)
        fail_msg("%s", err.message);
    settle(f);
    assert_int_equal(f->told.failed + f->told.refused, 0);
}

/* A message sent while the model loads is answered as soon as it is loaded. */
static void waits_for_the_model(void **state)
{
    (void)state;
    struct fixture *f = open_chat(512, 8);
    say(f, "The llama looked at the ships.");
    assert_int_equal(f->told.loaded, 1);
    assert_int_equal(f->told.ended, 1);
    assert_int_equal(chat_count(f->chat), 2);
    const struct chat_message *answer = chat_message(f->chat, 1);
    assert_int_equal(answer->role, ROLE_ASSISTANT);
    assert_string_equal(buf_text(&answer->text), buf_text(&f->told.text));
    assert_true(answer->timings.answer_tokens <= 8);
    assert_non_null(chat_last_prompt(f->chat));
    assert_non_null(strstr(buf_text(&chat_last_prompt(f->chat)->text), "The llama looked at the ships."));
    close_chat(f);
}

/* The oldest messages are left out when the context is full, and the view is told how many; the prompt always fits. */
static void drops_the_oldest(void **state)
{
    (void)state;
    struct fixture *f = open_chat(256, 16);
    struct error err = {0};
    assert_int_equal(chat_set_system(f->chat, "Be a gull.", &err), ERR_NONE);
    for (int i = 0; i < 12; i++) {
        char text[100];
        snprintf(text, sizeof text, "Message %d: the gull looked at the sea, and at the ships.", i);
        say(f, text);
        const struct prompt *prompt = chat_last_prompt(f->chat);
        assert_true(prompt->ids.n <= 256 - 64);
        assert_non_null(strstr(buf_text(&prompt->text), "Be a gull."));
        assert_non_null(strstr(buf_text(&prompt->text), text));
        assert_int_equal(f->told.window, chat_first_visible(f->chat));
    }
    assert_true(f->told.window > 0);
    assert_int_equal(f->told.window % 2, 0);
    assert_true(f->told.window_tokens > 0);
    assert_true(f->told.windows < 10); /* not at every message */
    assert_int_equal(chat_count(f->chat), 24);
    assert_null(strstr(buf_text(&chat_last_prompt(f->chat)->text), "Message 0:"));
    close_chat(f);
}

/* A message that can't fit is refused with both numbers, and nothing is added. */
static void refuses_what_is_too_long(void **state)
{
    (void)state;
    struct fixture *f = open_chat(256, -1);
    struct error err = {0};
    struct buf text;
    buf_init(&text, 1 << 20);
    settle(f);
    for (int i = 0; i < 300; i++)
        buf_puts(&text, "the sea and the ships ");
    assert_int_equal(chat_send(f->chat, buf_text(&text), text.size, &err), ERR_CONTEXT);
    assert_non_null(strstr(err.message, "256"));
    assert_int_equal(chat_count(f->chat), 0);
    assert_false(chat_is_busy(f->chat));
    say(f, "Short.");
    assert_int_equal(chat_count(f->chat), 2);
    close_chat(f);

    f = open_chat(256, -1);
    err = (struct error){0};
    assert_int_equal(chat_send(f->chat, buf_text(&text), text.size, &err), ERR_NONE);
    settle(f);
    assert_int_equal(f->told.refused, 1);
    assert_int_equal(f->told.error.code, ERR_CONTEXT);
    assert_int_equal(chat_count(f->chat), 0);
    buf_free(&text);
    close_chat(f);
}

/* An answer that fills the context continues while older messages can be left out, and ends by itself or there. */
static void goes_on_in_a_renewed_context(void **state)
{
    (void)state;
    struct fixture *f = open_chat(256, 20);
    struct sampling s = *chat_sampling(f->chat);
    s.temperature = 0;
    chat_set_sampling(f->chat, &s);
    for (int i = 0; i < 3; i++)
        say(f, "What is the use of going away, she asked the old gull?");
    s.max_new_tokens = 400;
    chat_set_sampling(f->chat, &s);
    int windows = f->told.windows;
    say(f, "Go on.");
    const struct chat_message *answer = chat_message(f->chat, 7);
    assert_true(f->told.windows > windows);
    assert_true(f->told.finish == FINISH_CONTEXT || f->told.finish == FINISH_END);
    assert_true(answer->timings.answer_tokens > 20);
    close_chat(f);
}

static void takes_back_and_gives_again(void **state)
{
    (void)state;
    struct fixture *f = open_chat(512, 4);
    struct error err = {0};
    const char *text;
    assert_int_equal(chat_undo(f->chat, &text, &err), ERR_NOT_FOUND);
    say(f, "One.");
    say(f, "Two.");
    assert_int_equal(chat_undo(f->chat, &text, &err), ERR_NONE);
    assert_string_equal(text, "Two.");
    assert_int_equal(chat_undo(f->chat, &text, &err), ERR_NONE);
    assert_string_equal(text, "One.");
    assert_int_equal(chat_count(f->chat), 0);
    assert_int_equal(chat_redo(f->chat, &text, &err), ERR_NONE);
    assert_string_equal(text, "One.");
    assert_int_equal(chat_redo(f->chat, &text, &err), ERR_NONE);
    assert_string_equal(text, "Two.");
    assert_int_equal(chat_count(f->chat), 4);
    assert_int_equal(chat_message(f->chat, 3)->role, ROLE_ASSISTANT);
    assert_int_equal(chat_undo(f->chat, NULL, &err), ERR_NONE);
    say(f, "Three.");
    err = (struct error){0};
    assert_int_equal(chat_redo(f->chat, &text, &err), ERR_NOT_FOUND);
    close_chat(f);
}

static void regenerates_and_continues(void **state)
{
    (void)state;
    struct fixture *f = open_chat(512, 6);
    struct error err = {0};
    settle(f);
    assert_int_equal(chat_regenerate(f->chat, &err), ERR_NOT_FOUND);
    err = (struct error){0};
    say(f, "The gull");
    uint64_t seed = chat_message(f->chat, 1)->seed;
    assert_int_equal(chat_regenerate(f->chat, &err), ERR_NONE);
    assert_int_equal(chat_send(f->chat, "x", 1, &(struct error){0}), ERR_BUSY);
    settle(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_true(chat_message(f->chat, 1)->seed != seed);
    char *before = strdup(buf_text(&chat_message(f->chat, 1)->text));
    assert_int_equal(chat_continue(f->chat, &err), ERR_NONE);
    settle(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_int_equal(strncmp(buf_text(&chat_message(f->chat, 1)->text), before, strlen(before)), 0);
    free(before);
    close_chat(f);
}

/* The same seed gives the same answer. */
static void repeats_with_a_seed(void **state)
{
    (void)state;
    struct fixture *f = open_chat(512, 12);
    struct sampling s = *chat_sampling(f->chat);
    struct error err = {0};
    s.seed = 7;
    chat_set_sampling(f->chat, &s);
    chat_fix_seed(f->chat, true);
    say(f, "The ships");
    char *first = strdup(buf_text(&chat_message(f->chat, 1)->text));
    assert_int_equal(chat_new(f->chat, true, &err), ERR_NONE);
    say(f, "The ships");
    assert_string_equal(buf_text(&chat_message(f->chat, 1)->text), first);
    assert_int_equal(chat_message(f->chat, 1)->seed, 7);
    free(first);
    close_chat(f);
}

static void stops(void **state)
{
    (void)state;
    struct fixture *f = open_chat(100000, -1);
    struct sampling s = *chat_sampling(f->chat);
    s.temperature = 0;
    s.repetition_penalty = 0.01f; /* it repeats itself for ever: it can't end before it is stopped */
    s.repetition_window = -1;
    chat_set_sampling(f->chat, &s);
    struct error err = {0};
    settle(f);
    assert_int_equal(chat_send(f->chat, "The sea", 7, &err), ERR_NONE);
    chat_stop(f->chat);
    settle(f);
    assert_int_equal(f->told.ended, 1);
    assert_int_equal(f->told.finish, FINISH_STOPPED);
    assert_int_equal(chat_count(f->chat), 2);
    close_chat(f);

    f = open_chat(512, -1);
    assert_int_equal(chat_send(f->chat, "The sea", 7, &err), ERR_NONE);
    chat_stop(f->chat);
    assert_int_equal(f->told.refused, 1);
    assert_int_equal(chat_count(f->chat), 0);
    close_chat(f);
}

static void keeps_the_model_when_another_fails(void **state)
{
    (void)state;
    struct fixture *f = open_chat(512, 4);
    struct error err = {0};
    settle(f);
    assert_int_equal(chat_set_model(f->chat, "/dev/null", &err), ERR_NONE);
    settle(f);
    assert_int_equal(f->told.failed, 1);
    assert_int_equal(chat_state(f->chat), CHAT_IDLE);
    f->told.failed = 0;
    say(f, "Still there?");
    assert_int_equal(chat_set_model(f->chat, f->model, &err), ERR_NONE);
    settle(f);
    assert_int_equal(f->told.loaded, 2);
    say(f, "And now?");
    assert_int_equal(chat_count(f->chat), 4);
    close_chat(f);
}

/* ---- a summary in place of the oldest messages ------------------------------------------------------------------ */

static struct fixture *open_long_chat(void)
{
    struct fixture *f = open_chat(512, 12);
    char text[300];
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text,
                 "Message %d: the llama looked at the ships, the gulls, the sea and the stones, and "
                 "then it looked at the sea, the stones, the ships and the gulls once more.",
                 i);
        say(f, text);
    }
    assert_int_equal(chat_count(f->chat), 8);
    return f;
}

static void sums_up_the_oldest(void **state)
{
    (void)state;
    struct fixture *f = open_long_chat();
    struct error err = {0};
    assert_int_equal(chat_compact(f->chat, &err), ERR_NONE);
    assert_memory_equal(f->told.remark, "summing up, ", 12);
    while (strncmp(f->told.remark, "summing up, ", 12) == 0) {
        struct pollfd fd = {.fd = chat_fd(f->chat), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 60000), 1);
        chat_handle(f->chat);
    }
    assert_memory_equal(f->told.remark, "a summary stands for the first ", 31);
    assert_in_range(chat_count(f->chat), 2, 6);
    assert_memory_equal(buf_text(&chat_message(f->chat, chat_count(f->chat) - 2)->text), "Message 3", 9);
    assert_memory_equal(chat_system(f->chat), "The conversation so far", 23);
    say(f, "And now?");
    assert_non_null(strstr(buf_text(&chat_last_prompt(f->chat)->text), "The conversation so far"));
    close_chat(f);
    f = open_chat(512, 4);
    say(f, "The sea");
    assert_int_equal(chat_compact(f->chat, &err), ERR_NOT_FOUND);
    close_chat(f);
}

/* Work aside never holds up a message, and what it still brings then is dropped. */
static void a_message_ends_summing_up(void **state)
{
    (void)state;
    struct fixture *f = open_long_chat();
    struct error err = {0};
    assert_int_equal(chat_compact(f->chat, &err), ERR_NONE);
    say(f, "And now?");
    assert_string_equal(f->told.remark, "not summed up");
    assert_int_equal(chat_count(f->chat), 10);
    assert_string_equal(chat_system(f->chat), "");
    /* another model takes the slot away, and the requests of both count from 1 */
    assert_int_equal(chat_compact(f->chat, &err), ERR_NONE);
    assert_int_equal(chat_set_model(f->chat, f->model, &err), ERR_NONE);
    settle(f);
    say(f, "And then?");
    assert_int_equal(chat_count(f->chat), 12);
    assert_string_equal(chat_system(f->chat), "");
    close_chat(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_for_the_model),
        cmocka_unit_test(drops_the_oldest),
        cmocka_unit_test(refuses_what_is_too_long),
        cmocka_unit_test(goes_on_in_a_renewed_context),
        cmocka_unit_test(takes_back_and_gives_again),
        cmocka_unit_test(regenerates_and_continues),
        cmocka_unit_test(repeats_with_a_seed),
        cmocka_unit_test(stops),
        cmocka_unit_test(keeps_the_model_when_another_fails),
        cmocka_unit_test(sums_up_the_oldest),
        cmocka_unit_test(a_message_ends_summing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
